"""What the clients of all platforms have in common: deadline, outcome, words. A platform adds its calls and tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from bot.account import Account
from bot.clock import SystemClock, uptime
from bot.delivery import Outcome, Remedy, Result, Slowdown
from bot.platforms.base import PlatformTrouble, TimelinePost
from bot.platforms.outcomes import (
    NotAnswered,
    Reply,
    Stage,
    Verdict,
    as_id,
    as_object,
    never_definite,
    not_understood,
)
from bot.post import Post, PostRules
from bot.settings import LATEST_START

if TYPE_CHECKING:  # it brings the HTTP library along, which the rules of a platform do not need
    from bot.platforms.transport import Line

MOST_PAGES = 10  # of a timeline in one read-back: a thousand posts

GONE_ALREADY = "it was gone already"

_PUBLISHING = {
    Outcome.REFUSED: "{title} refused the post: ",
    Outcome.UNKNOWN: "{title} may have taken the post: ",
    Outcome.NOT_SENT: "The post was not sent to {title}: ",
}
_DELETING = {
    Outcome.REFUSED: "{title} did not delete it: ",
    Outcome.UNKNOWN: "{title} may have deleted it: ",
    Outcome.NOT_SENT: "{title} was not asked to delete it: ",
}


class Client(ABC):
    """One account on one platform; see `bot.platforms.base.Platform` for what callers may expect."""

    title: ClassVar[str]
    """What people call the platform."""
    secrets: ClassVar[tuple[str, ...]]
    """The credentials it cannot do without."""
    rules: ClassVar[PostRules]
    fingerprint = ""

    def __init__(self, account: Account, line: Line, deadline: timedelta) -> None:
        self.account = account
        self._line = line
        self._deadline = deadline.total_seconds()

    @abstractmethod
    def _send(self, post: Post) -> object:
        """The library's call that publishes."""

    @abstractmethod
    def _accepted(self, reply: Reply) -> tuple[str, str] | None:
        """The id and the address of the post, if the answer gives an id."""

    @abstractmethod
    def _judge(self, reply: Reply, now: datetime) -> Verdict | None:
        """What an answer in the platform's own form asks for; None if it is in any other."""

    @abstractmethod
    def _slowdown(self, reply: Reply, now: datetime) -> Slowdown | None:
        """How long the next call had better wait, if the answer's headers say that a limit is nearly used up."""

    @abstractmethod
    def _send_deletion(self, platform_id: str) -> object:
        """The library's call that deletes a post."""

    @abstractmethod
    def _is_deleted(self, reply: Reply) -> bool:
        """Whether the answer says that the post was deleted."""

    @abstractmethod
    def _is_gone(self, reply: Reply, until: float) -> bool:
        """Whether the answer proves that there was no such post any more; it may ask once more, until then."""

    @abstractmethod
    def _request_page(self, since: datetime, cursor: str) -> object:
        """The library's call for a page of our own timeline, the newest one for an empty cursor."""

    @abstractmethod
    def _read_page(self, content: Mapping[str, object]) -> tuple[list[object], str]:
        """The raw posts of a page, and the cursor of the next page or "". Raises ValueError for any other content."""

    @abstractmethod
    def _read_post(self, raw: Mapping[str, object]) -> TimelinePost:
        """One raw post. Raises ValueError when it lacks what a post must have."""

    def close(self) -> None:
        """Give up the connections that no other account uses."""
        self._line.close()

    def publish(self, post: Post, *, intended: float) -> Result:
        """Send the post once. See `Platform.publish`."""
        start = uptime()
        if start - intended > self._deadline:
            words = f"more than {self._deadline:g} s had passed since it was made ready."
            return self._told(_PUBLISHING, Outcome.NOT_SENT, Remedy.RETRY, words)
        try:
            until = min(start, intended + LATEST_START.total_seconds()) + self._deadline
            reply = self._line.ask(lambda: self._send(post), until=until)
        except NotAnswered as silence:
            return self._unanswered(_PUBLISHING, silence)
        try:
            return self._answered(reply)
        except Exception:
            pass  # a mistake of ours in judging must not lose the post that went out
        return self._told(_PUBLISHING, Outcome.UNKNOWN, Remedy.LOOK, "its answer could not be judged.")

    def _answered(self, reply: Reply) -> Result:
        now = SystemClock().real_now()
        slowdown = self._slowdown(reply, now)
        accepted = self._accepted(reply)
        if accepted:
            platform_id, url = accepted
            return Result(outcome=Outcome.ACCEPTED, platform_id=platform_id, post_url=url, slowdown=slowdown)
        return replace(self._judged(_PUBLISHING, self._verdict(reply, now)), slowdown=slowdown)

    def delete(self, platform_id: str) -> Result:
        """Delete one of our posts. See `Platform.delete`."""
        until = uptime() + self._deadline
        if not as_id(platform_id):
            return self._told(_DELETING, Outcome.NOT_SENT, Remedy.ASK, "the post's id there is not known.")
        try:
            reply = self._line.ask(lambda: self._send_deletion(platform_id), until=until)
        except NotAnswered as silence:
            return self._unanswered(_DELETING, silence)
        try:
            return self._deleted(reply, platform_id, until)
        except Exception:
            pass  # as above
        return self._told(_DELETING, Outcome.UNKNOWN, Remedy.LOOK, "its answer could not be judged.")

    def _deleted(self, reply: Reply, platform_id: str, until: float) -> Result:
        if self._is_deleted(reply):
            return Result(outcome=Outcome.ACCEPTED, platform_id=platform_id)
        if self._is_gone(reply, until):
            return Result(outcome=Outcome.ACCEPTED, platform_id=platform_id, error=GONE_ALREADY)
        if 200 <= reply.status < 300 and "error" not in reply.content():
            words = f"its answer does not say so ({reply.status})."
            return self._told(_DELETING, Outcome.UNKNOWN, Remedy.LOOK, words)
        return self._judged(_DELETING, self._verdict(reply, SystemClock().real_now()))

    def _judged(self, doing: Mapping[Outcome, str], verdict: Verdict) -> Result:
        meaning = verdict.meaning
        told = self._told(doing, meaning.outcome, meaning.remedy, verdict.words())
        if not verdict.waits:
            return told
        return replace(told, until=verdict.until, wait=meaning.wait, longest_wait=meaning.longest)

    def _verdict(self, reply: Reply, now: datetime) -> Verdict:
        return never_definite(reply) or self._judge(reply, now) or not_understood(reply)

    def _unanswered(self, doing: Mapping[Outcome, str], silence: NotAnswered) -> Result:
        words = f"{silence.words()}."
        if silence.sent:
            return self._told(doing, Outcome.UNKNOWN, Remedy.LOOK, words)
        # What cannot even be put together will not be put together next time either.
        never = silence.stage is Stage.PREPARING and not silence.late
        return self._told(doing, Outcome.NOT_SENT, Remedy.CHANGE_TEXT if never else Remedy.RETRY, words)

    def _told(self, doing: Mapping[Outcome, str], outcome: Outcome, remedy: Remedy, words: str) -> Result:
        return Result(outcome=outcome, remedy=remedy, error=doing[outcome].format(title=self.title) + words)

    def read_back(self, since: datetime) -> list[TimelinePost]:
        """Our own posts since then. See `Platform.read_back`; all its pages together take one deadline at most."""
        until = uptime() + self._deadline
        posts: list[TimelinePost] = []
        cursor = ""
        for _ in range(MOST_PAGES):
            try:
                page, cursor = self._understood(self._read(partial(self._request_page, since, cursor), until))
            except PlatformTrouble as trouble:
                trouble.posts = len(posts)
                raise
            posts += [post for post in page if post.created >= since]
            # A single older post proves nothing: a timeline need not be in strict order.
            if not cursor or (page and all(post.created < since for post in page)):
                return sorted(posts, key=lambda post: post.created, reverse=True)
        too_many = self._trouble(
            f"there are more than {MOST_PAGES} pages of posts since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, "
            "too many to look through."
        )
        too_many.posts = len(posts)
        raise too_many

    def _understood(self, content: Mapping[str, object]) -> tuple[list[TimelinePost], str]:
        """The posts of a page and the cursor of the next. What is not understood must never pass for an empty page."""
        try:
            raw_posts, cursor = self._read_page(content)
            return [self._read_post(as_object(raw)) for raw in raw_posts], cursor
        except ValueError:
            pass  # its text could quote anything; what matters is said below
        raise self._trouble("its timeline is not in its own form.")

    def _read(self, request: Callable[[], object], until: float | None = None) -> dict[str, object]:
        """The JSON object that answers a reading request. Raises PlatformTrouble for any other answer.

        `until` is the deadline in `uptime()` seconds; without it the request has the account's whole one.
        """
        try:
            reply = self._line.ask(request, until=until or uptime() + self._deadline)
        except NotAnswered as silence:
            words = silence.words()
        else:
            return self._readable(reply)
        raise self._trouble(f"{words}.")

    def _readable(self, reply: Reply) -> dict[str, object]:
        content = reply.content()
        if not 200 <= reply.status < 300 or "error" in content:
            raise self._refused_reading(reply)
        if not content:
            raise self._trouble(f"its answer is not in its own form ({reply.status}).")
        return content

    def _refused_reading(self, reply: Reply) -> PlatformTrouble:
        now = SystemClock().real_now()
        verdict = self._verdict(reply, now)
        remedy = verdict.meaning.remedy
        if remedy not in (Remedy.WAIT, Remedy.WAIT_APP, Remedy.MEND_ACCOUNT):
            remedy = Remedy.RETRY  # nothing was to be published; the reading alone failed
        until = verdict.until or (now + verdict.meaning.wait if verdict.waits else None)
        return self._trouble(verdict.words(), remedy, until)

    def _trouble(self, words: str, remedy: Remedy = Remedy.RETRY, until: datetime | None = None) -> PlatformTrouble:
        hint = f"Mend the credentials of {self.account.name}." if remedy is Remedy.MEND_ACCOUNT else ""
        message = f"{self.account.name} could not be read from {self.title}: {words}"
        return PlatformTrouble(message, hint, remedy=remedy, until=until)


def moment(value: object) -> datetime:
    """A platform's time of day as an aware datetime in UTC. Raises ValueError."""
    when = datetime.fromisoformat(str(value))
    if when.tzinfo is None:
        raise ValueError("a time without a zone")
    return when.astimezone(UTC)
