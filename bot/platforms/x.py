"""X: posts through `tweepy.Client` with an account's own OAuth 1.0a keys, which do not expire.

The tables follow X's documents (docs.x.com, errors and rate limits, August 2026) and answers that others captured.
tweepy 4.17 signs for and calls api.twitter.com, which serves the same API as api.x.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.account import Account
from bot.delivery import Remedy
from bot.platforms.base import Identity, TimelinePost
from bot.platforms.client import Client, moment
from bot.platforms.outcomes import (
    Meaning,
    Reply,
    Verdict,
    as_id,
    as_list,
    as_object,
    as_text,
    bounded,
)
from bot.post import Limit, Post, PostRules
from bot.text.xlength import X_LIMIT, extract_urls, limit_length

# docs.x.com, pricing of 20 April 2026, in USD. Whether a bare domain is charged as a link is not documented, nor
# whether an address is whose top-level domain X does not know; counting both as links never understates the bill.
COST_WITH_LINK = 0.200
COST_WITHOUT_LINK = 0.015
COST_OF_A_READ = 0.001  # for each of our own posts in an answer ("owned reads")

_SUSPENDED = Meaning(Remedy.MEND_ACCOUNT, "the account or its app is suspended")
_BAD_KEYS = Meaning(Remedy.MEND_ACCOUNT, "it does not accept the account's keys")
_READ_ONLY = Meaning(
    Remedy.MEND_ACCOUNT, "the app may only read; allow it to read and write, then make new access tokens"
)
_NOT_ENROLLED = Meaning(Remedy.MEND_ACCOUNT, "the app's access level does not allow this")
_LOOKS_AUTOMATED = Meaning(Remedy.MEND_ACCOUNT, "it takes the account for a robot; sign in at x.com and see")
_NOT_VALID = Meaning(Remedy.CHANGE_TEXT, "the post is not valid", quoted=True)
_TOO_LONG = Meaning(Remedy.CHANGE_TEXT, "the text is too long")
_DUPLICATE = Meaning(Remedy.DUPLICATE, "not allowed to create a duplicate")
_TOO_MANY = Meaning(Remedy.WAIT, "too many posts for now")
_DAY_IS_FULL = Meaning(Remedy.WAIT, "the account's posts of the day are used up", wait=timedelta(hours=1))
_NO_CREDITS = Meaning(Remedy.WAIT_APP, "the app has no credits left; buy some", wait=timedelta(hours=1))
_CAPPED = Meaning(Remedy.WAIT_APP, "the app's usage cap is reached", wait=timedelta(hours=1))
_APP_LIMIT = Meaning(Remedy.WAIT_APP, "the app's posts of the day are used up")
_FAILED = Meaning(Remedy.LOOK, "it failed inside")

# The statuses with which X refuses for good, when the body is its own. Any other status leaves it open.
_STATUSES = {
    400: _NOT_VALID,
    401: _BAD_KEYS,
    402: _NO_CREDITS,
    403: Meaning(Remedy.MEND_ACCOUNT, "not allowed for this account", quoted=True),
    404: Meaning(Remedy.MEND_ACCOUNT, "there is no such address", quoted=True),
    413: Meaning(Remedy.CHANGE_TEXT, "the post is too large"),
    422: _NOT_VALID,
    429: _TOO_MANY,
}

# The last part of a problem's `type`: its beginning is api.x.com in the documents and api.twitter.com in answers.
_PROBLEMS = {
    "app-suspended": _SUSPENDED,
    "client-forbidden": _NOT_ENROLLED,
    "client-not-enrolled": _NOT_ENROLLED,
    "credits": _NO_CREDITS,
    "internal-error": _FAILED,
    "invalid-request": _NOT_VALID,
    "oauth1-permissions": _READ_ONLY,
    "rate-limit-exceeded": _TOO_MANY,
    "unsupported-authentication": _BAD_KEYS,
    "usage-capped": _CAPPED,
    "user-suspended": _SUSPENDED,
}

_TITLES = {"CreditsDepleted": _NO_CREDITS}

# Numbers of the older error form, `{"errors": [{"code": …}]}`, still seen now and then.
_CODES = {
    32: _BAD_KEYS,
    63: _SUSPENDED,
    64: _SUSPENDED,
    88: _TOO_MANY,
    89: _BAD_KEYS,
    130: _FAILED,
    131: _FAILED,
    135: Meaning(Remedy.MEND_ACCOUNT, "this machine's clock is wrong, so the signature is not accepted"),
    185: _DAY_IS_FULL,
    186: _TOO_LONG,
    187: _DUPLICATE,
    215: _BAD_KEYS,
    226: _LOOKS_AUTOMATED,
    261: _READ_ONLY,
    326: _LOOKS_AUTOMATED,
    453: _NOT_ENROLLED,
}

# A duplicate has neither a type nor a code of its own, only this sentence (seen in February 2026, with "Tweet").
# It is matched whole, so that no post's own words, quoted in some other answer, can pass for it.
_DUPLICATE_DETAIL = re.compile(r"You are not allowed to create a (Tweet|Post) with duplicate content\.?")

# The windows that X counts, by the beginning of their headers, the longest first. The 24-hour ones are not
# documented but have been seen (node-twitter-api-v2, threads 495 and 553).
_WINDOWS = (
    ("x-app-limit-24hour", _APP_LIMIT),
    ("x-user-limit-24hour", _DAY_IS_FULL),
    ("x-rate-limit", _TOO_MANY),
)

_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


_ADDRESS = re.compile("https?://", re.IGNORECASE | re.ASCII)


def _cost(post: Post) -> float:
    has_link = _ADDRESS.search(post.text) or extract_urls(post.text)
    return COST_WITH_LINK if has_link else COST_WITHOUT_LINK


class X(Client):
    """One X account. See `bot.platforms.base.Platform`."""

    title = "X"
    secrets = ("api_key", "api_secret", "access_token", "access_secret")
    rules = PostRules(
        limit=Limit(X_LIMIT, limit_length), link_apart=False, cost=_cost, read_cost=COST_OF_A_READ, proves_absence=True
    )

    def __init__(
        self, account: Account, *, base_url: str | None, secrets: Mapping[str, str], deadline: timedelta
    ) -> None:
        from requests import Response
        from tweepy import Client as Tweepy

        from bot.platforms.transport import Line

        line = Line(base_url)
        super().__init__(account, line, deadline)
        self._tweepy = Tweepy(
            consumer_key=secrets["api_key"],
            consumer_secret=secrets["api_secret"],
            access_token=secrets["access_token"],
            access_token_secret=secrets["access_secret"],
            return_type=Response,
            wait_on_rate_limit=False,
        )
        line.serve(self._tweepy.session)
        self._me: Identity | None = None

    def whoami(self) -> Identity:
        """Whom the keys belong to. Raises PlatformTrouble."""
        content = self._read(self._tweepy.get_me)
        user = as_object(content.get("data"))
        number, handle = as_id(user.get("id")), as_id(user.get("username"))
        if not number or not handle:
            raise self._trouble("it does not say whose the keys are.")
        return Identity(id=number, name=handle, known_as=handle)

    def read_back(self, since: datetime) -> list[TimelinePost]:
        """Our own posts since then. See `Platform.read_back`; the first time it also asks who we are."""
        self._me = self._me or self.whoami()
        return super().read_back(since)

    def _send(self, post: Post) -> object:
        return self._tweepy.create_tweet(text=post.text)

    def _accepted(self, reply: Reply) -> tuple[str, str] | None:
        number = as_id(as_object(reply.content().get("data")).get("id"))
        return (number, self._address(number)) if number and 200 <= reply.status < 300 else None

    def _address(self, number: str) -> str:
        return f"https://x.com/{self.account.identity}/status/{number}"

    def _judge(self, reply: Reply, now: datetime) -> Verdict | None:
        return judge(reply, now)

    def _used_up(self, reply: Reply, now: datetime) -> datetime | None:
        used_up = _used_up(reply.headers, now)
        return used_up[1] if used_up else None

    def _request_page(self, since: datetime, cursor: str) -> object:
        assert self._me is not None
        return self._tweepy.get_users_tweets(
            self._me.id,
            max_results=100,
            start_time=since,
            pagination_token=cursor or None,
            tweet_fields=["created_at", "entities", "note_tweet"],
            user_auth=True,
        )

    def _read_page(self, content: Mapping[str, object]) -> tuple[list[object], str]:
        """An empty timeline has `meta` alone, without `data`."""
        if "meta" not in content:
            raise ValueError("no page of posts")
        return as_list(content.get("data")), as_text(as_object(content["meta"]).get("next_token"))

    def _read_post(self, raw: Mapping[str, object]) -> TimelinePost:
        number = as_id(raw.get("id"))
        if not number:
            raise ValueError("a post without an id")
        whole = as_object(raw.get("note_tweet")) or raw  # the full text, where `text` is only its beginning
        links = _links(whole) or _links(raw)
        return TimelinePost(
            id=number,
            text=_written_out(as_text(whole.get("text")), links),
            links=tuple(links.values()),
            created=moment(raw.get("created_at")),
            url=self._address(number),
        )


def judge(reply: Reply, now: datetime) -> Verdict | None:
    """What a refusal in X's own form asks for, at `now` (aware); None if the answer is in any other form."""
    problem = reply.content()
    codes = [code for error in as_list(problem.get("errors")) if type(code := as_object(error).get("code")) is int]
    if reply.status not in _STATUSES or not (codes or _is_problem(problem)):
        return None
    meaning = _meaning(problem, codes, reply.status)
    until = None
    if meaning.remedy in (Remedy.WAIT, Remedy.WAIT_APP):
        meaning, until = _waiting(meaning, reply.headers, now)
    return Verdict(meaning=meaning, code=str(reply.status), detail=_explanation(problem), until=until)


def _is_problem(problem: Mapping[str, object]) -> bool:
    """`{title, detail, type, status}`: what X's documents promise of every error."""
    return bool(as_text(problem.get("title")) and (as_text(problem.get("type")) or as_text(problem.get("detail"))))


def _meaning(problem: Mapping[str, object], codes: list[int], status: int) -> Meaning:
    if _DUPLICATE_DETAIL.fullmatch(as_text(problem.get("detail"))):
        return _DUPLICATE
    known = [_CODES[code] for code in codes if code in _CODES]
    kind = as_text(problem.get("type")).rstrip("/").rpartition("/")[2]
    return known[0] if known else _PROBLEMS.get(kind) or _TITLES.get(as_text(problem.get("title"))) or _STATUSES[status]


def _explanation(problem: Mapping[str, object]) -> str:
    """X's own words: the messages among `errors` say more than `detail`, where there are any."""
    messages = [as_text(as_object(error).get("message")) for error in as_list(problem.get("errors"))]
    return next(filter(None, messages), as_text(problem.get("detail")))


def _waiting(meaning: Meaning, headers: Mapping[str, str], now: datetime) -> tuple[Meaning, datetime]:
    """Which limit it is and when it ends. Credits and caps have no end that a header could tell."""
    if meaning in (_NO_CREDITS, _CAPPED):
        return meaning, now + meaning.wait
    used_up = _used_up(headers, now)
    if used_up:
        return used_up
    reset = _reset(headers, "x-rate-limit")
    return meaning, bounded(reset, now) if reset else now + meaning.wait


def _used_up(headers: Mapping[str, str], now: datetime) -> tuple[Meaning, datetime] | None:
    """The longest window with nothing left in it, and when it opens again."""
    for name, meaning in _WINDOWS:
        if headers.get(f"{name}-remaining", "").strip() == "0":
            reset = _reset(headers, name)
            return meaning, bounded(reset, now) if reset else now + meaning.wait
    return None


def _reset(headers: Mapping[str, str], name: str) -> datetime | None:
    """The `…-reset` header, in seconds since 1970; None where it is missing or makes no sense."""
    try:
        return datetime.fromtimestamp(int(headers[f"{name}-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _links(source: Mapping[str, object]) -> dict[str, str]:
    """Each t.co link of a text and the address behind it."""
    entries = [as_object(entry) for entry in as_list(as_object(source.get("entities")).get("urls"))]
    return {
        as_text(entry.get("url")): as_text(entry.get("expanded_url"))
        for entry in entries
        if as_text(entry.get("url")) and as_text(entry.get("expanded_url"))
    }


def _written_out(text: str, links: Mapping[str, str]) -> str:
    """The text as it was sent: X escapes three characters and shortens every link.

    In one pass, so that nothing that comes out is taken for a link or an escape again.
    """
    replaced = {**_ESCAPES, **links}
    pattern = "|".join(re.escape(key) for key in sorted(replaced, key=len, reverse=True))
    return re.sub(pattern, lambda found: replaced[found[0]], text)
