"""What a read-back came to, written down in one transaction.

Found, exactly one: `published`. Nothing: `not_found`, which a person decides; only where the platform's list proves
absence and the settings say "retry", a second empty reading sends the same post again, to the byte. Something like it:
`ambiguous`. Not readable: `readback_failed`, and it is tried again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import clock
from bot.delivery import Doubt, Outcome, Result, State
from bot.errors import NightdeskError
from bot.failpoints import reach
from bot.golive import follow_stamp
from bot.matching import Kind, Match
from bot.nightdesk import Nightdesk
from bot.pausing import door_of, open_door, open_when_settled
from bot.platforms.base import PlatformTrouble, TimelinePost
from bot.platforms.registry import rules_for
from bot.post import PostRules
from bot.search import Case, compare
from bot.settling import Instant
from bot.store import attempts, deliveries, doors, lanes, looks, orphans, reads
from bot.store.database import Transaction
from bot.store.reads import Read
from bot.summary import Step

log = logging.getLogger(__name__)

ACTOR = "reconcile"
LONGEST_WAIT = timedelta(hours=1)  # between two tries to read
LEAST_WAIT = timedelta(seconds=1)
EMPTY_BEFORE_RETRY = 2  # readings that find nothing before the same post is sent again
MOST_CALLS = 3  # for one delivery, under `unconfirmed = "retry"`


@dataclass(frozen=True, slots=True)
class _Writing:
    """What every ending needs. `by_person`: who wished it looked for, if a person did."""

    desk: Nightdesk
    tx: Transaction
    case: Case
    by_person: str

    @property
    def now(self) -> datetime:
        """On the clock that looks are judged by."""
        return self.desk.look_now()


def write_down(
    desk: Nightdesk, case: Case, seen: list[TimelinePost] | NightdeskError, *, by_person: str = ""
) -> Step | None:
    """Write what was seen, or that nothing could be. None: others have settled it meanwhile.

    A claim that was held too long gives only proof: a post that was found is there, whoever looks.
    """
    if not isinstance(seen, NightdeskError):
        _door_answers(desk, case)
    with desk.database.begin() as tx:
        lanes.lock(tx, case.siblings)  # two looks must not take the same post for theirs
        _book(desk, tx, case, seen)
        its, look = deliveries.get(tx, case.delivery.id), looks.get(tx, case.look.attempt)
        if its is None or its.state is not State.UNCONFIRMED or look is None:
            return None
        writing, mine = _Writing(desk, tx, case, by_person), look.at == case.held
        if isinstance(seen, NightdeskError):
            step = _failed(writing, seen) if mine else None
        else:
            found = compare(tx, case, seen)
            reach("look_matched")
            step = _ENDS[found.kind](writing, found, seen) if mine or found.kind is Kind.FOUND else None
    if step:
        level = logging.ERROR if step.reason == Doubt.READBACK_FAILED else logging.WARNING
        words = ": ".join(dict.fromkeys((step.reason, step.detail)))
        log.log(level, "d%s (%s) %s, %s", step.delivery, step.account, step.state, words)
    return step


def _book(desk: Nightdesk, tx: Transaction, case: Case, seen: list[TimelinePost] | NightdeskError) -> None:
    """What was read is paid for, also where reading then failed."""
    count = len(seen) if isinstance(seen, list) else seen.posts if isinstance(seen, PlatformTrouble) else None
    rules = _rules(case)
    if count is None or rules is None:
        return
    read = Read(
        account=case.delivery.account,
        live=case.delivery.live,
        at=desk.clock.real_now(),
        delivery=case.delivery.id,
        posts=count,
        cost=round(count * rules.read_cost, 6),
        why="looked for an unconfirmed post",
    )
    reads.add(tx, read)


def _door_answers(desk: Nightdesk, case: Case) -> None:
    """A platform app that its answers had closed has just answered. A transaction of its own, as it locks all lanes
    behind the door, and looks at several of them end at once."""
    key = door_of(case.account, case.delivery.live) if case.account else ""
    with desk.database.read() as tx:
        door = doors.get(tx, key)
    if door and door.by_answers:
        with desk.database.begin() as tx:
            open_door(desk, tx, key)


# -- the ends ----------------------------------------------------------------------------------------------------


def _found(writing: _Writing, match: Match, seen: list[TimelinePost]) -> Step:
    """It is there: published, with its id; the attempt is corrected."""
    case, tx = writing.case, writing.tx
    post = next(post for post in seen if post.id == match.ids[0])
    result = Result(outcome=Outcome.ACCEPTED, platform_id=post.id, post_url=post.url)
    attempts.correct(tx, case.attempt_at(post.created), result=result, now=writing.now)
    looks.drop(tx, case.look.attempt)
    orphans.adopt(tx, case.delivery.account, post.id)
    return _end(writing, State.PUBLISHED, f"found on the timeline: {post.url}", url=post.url)


def _nothing(writing: _Writing, match: Match, seen: list[TimelinePost]) -> Step:
    case, look = writing.case, writing.case.look
    words = f"{_counted(seen)} since {_utc(case.sent.since)}, and none of them is like it"
    rules = _rules(case)
    if rules is None or not rules.proves_absence:
        words += "; this platform's list is no proof, so it may be there all the same"
    if look.duplicate:
        return _left_to_person(writing, Doubt.DUPLICATE_REPORTED, f"the platform says that it has this text: {words}")
    if not _may_retry(writing, rules):
        return _left_to_person(writing, Doubt.NOT_FOUND, words)
    if writing.by_person and look.empty:
        looks.move(writing.tx, case.claimed, at=look.at)
        return _end(writing, State.UNCONFIRMED, Doubt.NOT_FOUND, words)
    if look.empty + 1 < EMPTY_BEFORE_RETRY:
        return _look_once_more(writing, words)
    return _send_again(writing, words)


def _may_retry(writing: _Writing, rules: PostRules | None) -> bool:
    wanted = writing.desk.settings.delivery.unconfirmed == "retry"
    return wanted and rules is not None and rules.proves_absence and len(writing.case.doubtful) < MOST_CALLS


def _look_once_more(writing: _Writing, words: str) -> Step:
    desk, case = writing.desk, writing.case
    mark = Instant(writing.now, desk.clock.uptime(), clock.boot_id())
    again = writing.now + max(desk.settings.delivery.settle, LEAST_WAIT)
    looks.move(writing.tx, case.claimed, at=again, mark=mark, failed=0, empty=case.look.empty + 1, read_at=writing.now)
    return _end(writing, State.UNCONFIRMED, Doubt.NOT_FOUND, f"{words}; looked for once more at {_utc(again)}")


def _send_again(writing: _Writing, words: str) -> Step:
    """Twice it was not there: the same post goes back into the queue, frozen."""
    tx, case = writing.tx, writing.case
    looks.drop(tx, case.look.attempt)
    deliveries.freeze(tx, case.delivery.id, case.attempt.id)
    step = _end(writing, State.QUEUED, "read back twice and not there: the same post is sent again", words)
    follow_stamp(writing.desk, tx, case.delivery.id, actor=ACTOR)
    return step


def _something_like_it(writing: _Writing, match: Match, seen: list[TimelinePost]) -> Step:
    alike = ", ".join(post.url for post in seen if post.id in match.ids)
    return _left_to_person(writing, Doubt.AMBIGUOUS, f"like it on the timeline: {alike}")


def _left_to_person(writing: _Writing, reason: Doubt, words: str) -> Step:
    looks.move(writing.tx, writing.case.claimed, at=None, failed=0, read_at=writing.now)
    return _end(writing, State.UNCONFIRMED, reason, words)


def _failed(writing: _Writing, error: NightdeskError) -> Step | None:
    """It could not be read: once it says so, then it is tried again, ever more rarely. The lane stays closed."""
    case, look, its = writing.case, writing.case.look, writing.case.delivery
    until = error.until if isinstance(error, PlatformTrouble) else None
    wait = pause_after(look.failed + 1, writing.desk.settings.delivery.settle, case.attempt.id, until, writing.now)
    again = None if look.at is None else writing.now + wait
    looks.move(writing.tx, case.claimed, at=again, failed=look.failed + 1)
    words = str(error)
    if look.read_at is None:
        lane = lanes.get(writing.tx, its.account)
        if lane and lane.closed_for == its.id:
            reason = f"d{its.id} may be live, and its timeline could not be read: {words}"
            lanes.close(writing.tx, its.account, reason=reason, until=None, closed_for=its.id)
        if its.reason != Doubt.READBACK_FAILED or writing.by_person:
            return _end(writing, State.UNCONFIRMED, Doubt.READBACK_FAILED, words)
    return _step(writing, State.UNCONFIRMED, its.reason, words) if writing.by_person else None


def pause_after(failed: int, settle: timedelta, attempt: int, until: datetime | None, now: datetime) -> timedelta:
    """How long to wait after so many failed readings in a row: a quarter of `settle`, doubled each time, at most an
    hour, and up to a quarter more, different for each attempt, so that they do not all come back at once.

    `until`: the platform says when to come back; an hour is believed.
    """
    wait = max(settle / 4, LEAST_WAIT) * (1 << min(failed - 1, 16))
    spread = (attempt * 2_654_435_761 + failed * 40_503) % 1_000 / 4_000
    wait = min(wait, LONGEST_WAIT) * (1 + spread)
    return min(max(wait, until - now) if until else wait, LONGEST_WAIT)


_ENDS = {Kind.FOUND: _found, Kind.NONE: _nothing, Kind.AMBIGUOUS: _something_like_it}


# -- small things ------------------------------------------------------------------------------------------------


def _end(writing: _Writing, state: State, reason: str, words: str = "", *, url: str = "") -> Step:
    """The delivery's change, one row of history, and the account goes on if nothing else keeps it closed."""
    desk, tx, its = writing.desk, writing.tx, writing.case.delivery
    if (state, reason) != (its.state, its.reason) or writing.by_person:
        deliveries.change(
            tx,
            its.id,
            when={State.UNCONFIRMED},
            to=state,
            reason=reason,
            actor=writing.by_person or ACTOR,
            now=desk.clock.desk_now(),
            note=words,
        )
    open_when_settled(desk, tx, its.account)
    return _step(writing, state, reason, words, url)


def _step(writing: _Writing, state: State, reason: str, words: str, url: str = "") -> Step:
    its = writing.case.delivery
    detail = words or reason
    return Step(account=its.account, delivery=its.id, state=state, reason=reason, url=url, detail=detail, live=its.live)


def _rules(case: Case) -> PostRules | None:
    return rules_for(case.account.platform) if case.account else None


def _counted(posts: list[TimelinePost]) -> str:
    return f"{len(posts)} post{'' if len(posts) == 1 else 's'} read back"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
