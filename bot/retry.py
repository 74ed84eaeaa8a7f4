"""What becomes of a delivery after one attempt: a table from what the platform said to what is done about it.

Nothing here looks at a platform's name or at an error's text; the platforms' own tables have named the remedy already.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.delivery import Attempt, Outcome, Remedy, Result, State
from bot.settings import DeliverySettings

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
JITTER = 0.25
"""By how much of itself a pause may be shorter, so that lanes that failed together do not come back together."""
ONCE_MORE_AFTER = timedelta(minutes=5)
"""At least; at most twice that. Facebook then often reads a page that it could not read before."""
UNSAID_WAIT = timedelta(minutes=15)
"""How long a limit is waited for when the platform says no end, or one in the past. X's windows are 15 minutes."""
LONGEST_WAIT = timedelta(hours=24)
"""No limit is believed for longer: X's longest window is 24 hours, and an absurd reset must not silence a lane."""

GROWING = frozenset({Remedy.NONE, Remedy.RETRY, Remedy.WAIT, Remedy.WAIT_APP})
"""The remedies whose pauses grow while the account's attempts end in nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What went before an attempt.

    `tries`: how often in a row, this one included, the account's attempts asked for the same growing pause.
    `unread`: this delivery was refused before because its link could not be read. `may_be_out`: an earlier attempt of
    it was unclear, or a duplicate, whatever was found out about it later.
    """

    tries: int = 1
    unread: bool = False
    may_be_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do after an attempt. All times are real time, in UTC.

    `state` and `reason` are the delivery's; `task`: it failed for a reason that only a person can judge.
    `give_slot_back`: the slot is free again, within `max_late`, which is so exactly when the delivery is queued again.
    `next_try`: not before then. `close_lane`, `close_door`: why the account, or the platform's app, makes no call until
    `closed_until`, `door_until`; None there with a reason means until a person acts (for a door: or until a look at
    the platform succeeds). `slowed`: it closes only to be slower, as the platform's own figures advise.
    """

    state: State
    reason: str = ""
    task: bool = False
    give_slot_back: bool = False
    next_try: datetime | None = None
    close_lane: str | None = None
    closed_until: datetime | None = None
    close_door: str | None = None
    door_until: datetime | None = None
    slowed: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    result: Result
    past: Past
    now: datetime
    settings: DeliverySettings
    delivery: str


def decide(
    result: Result,
    *,
    now: datetime,
    settings: DeliverySettings,
    past: Past = Past(),  # noqa: B008 (it never changes)
    delivery: str = "the delivery",
) -> Decision:
    """The decision for one finished attempt. `now` is real time; `delivery` is how reasons name it (`d34`).

    However often a delivery was not sent, it is never failed for that: age and lateness stop it.
    """
    return _slowed(_decided(_Case(result, past, now, settings, delivery)), result, now)


def past_of(made: Sequence[Attempt], recent: Sequence[Remedy], remedy: Remedy) -> Past:
    """What went before an attempt that asks for `remedy`.

    `made` are the delivery's earlier attempts; `recent` what the account's last ones asked for, the newest first.
    """
    asked = [attempt.remedy for attempt in made]
    return Past(
        tries=1 + _in_a_row(recent, remedy) if remedy in GROWING else 1,
        unread=Remedy.ONCE_MORE in asked,
        may_be_out=any(before in (Remedy.LOOK, Remedy.DUPLICATE) for before in asked),
    )


def _in_a_row(recent: Sequence[Remedy], remedy: Remedy) -> int:
    return next((number for number, before in enumerate(recent) if before is not remedy), len(recent))


def backoff(tries: int, seed: str) -> timedelta:
    """The pause after so many tries in a row: 15 s, 30 s, 1 min … 15 min, each up to a quarter shorter.

    By how much, follows from the seed (which delivery it is), so the same case always waits as long.
    """
    pause = _doubled(FIRST_PAUSE, tries, LONGEST_PAUSE)
    return pause * (1 - JITTER * _fraction(f"{seed} {tries}"))


def _doubled(first: timedelta, tries: int, most: timedelta) -> timedelta:
    doublings = min(max(tries, 1) - 1, 10)
    return min(first * (1 << doublings), most)


def _fraction(seed: str) -> float:
    """Evenly spread from 0 to 1, and always the same for the same seed."""
    return zlib.crc32(seed.encode()) / 0xFFFFFFFF


def _decided(case: _Case) -> Decision:
    result = case.result
    if result.outcome is Outcome.ACCEPTED:
        return Decision(state=State.PUBLISHED)
    if result.outcome is Outcome.UNKNOWN:
        return _unknown(case)
    if result.outcome is Outcome.NOT_SENT and result.remedy is Remedy.NONE:
        return _try_again(case)
    return _NOT_TAKEN[result.remedy](case)


def _slowed(decision: Decision, result: Result, now: datetime) -> Decision:
    """With the pause that the platform's own figures advise, unless the answer closes lane or door anyway."""
    slow = result.slowdown
    if slow is None or slow.until <= now or decision.close_lane or decision.close_door:
        return decision
    until = _bounded(slow.until, now)
    if slow.app:
        return replace(decision, close_door=slow.reason, door_until=until, slowed=True)
    return replace(decision, close_lane=slow.reason, closed_until=until, slowed=True)


def _try_again(case: _Case) -> Decision:
    reason = case.result.error or "not sent: the platform could not be reached"
    pause = backoff(case.past.tries, case.delivery)
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, next_try=case.now + pause)


def _once_more(case: _Case) -> Decision:
    if case.past.unread:
        return _failed(case)
    reason = case.result.error or "the platform could not read the link"
    pause = ONCE_MORE_AFTER * (1 + _fraction(case.delivery))
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, next_try=case.now + pause)


def _wait(case: _Case) -> Decision:
    until, reason = _end(case), case.result.error or "the account's rate limit is reached"
    return Decision(
        state=State.QUEUED, reason=reason, give_slot_back=True, next_try=until, close_lane=reason, closed_until=until
    )


def _wait_for_app(case: _Case) -> Decision:
    named = case.result.until or case.result.wait
    reason = case.result.error or "the platform app's limit or credits are used up"
    return Decision(
        state=State.QUEUED,
        reason=reason,
        give_slot_back=True,
        close_door=reason,
        door_until=_end(case) if named else None,
    )


def _failed(case: _Case) -> Decision:
    return Decision(state=State.FAILED, reason=case.result.error or "the platform refused the post")


def _ask(case: _Case) -> Decision:
    said = case.result.error or "the platform refused the post."
    what = f"`nightdesk retry {case.delivery}` sends it again, `nightdesk resolve {case.delivery} --drop` leaves it"
    return Decision(state=State.FAILED, reason=f"{said} See to it, then {what}.", task=True)


def _mend_account(case: _Case) -> Decision:
    reason = case.result.error or "the platform refused the account's sign-in or permission"
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, close_lane=reason)


def _duplicate(case: _Case) -> Decision:
    lane = f"{case.delivery}: the platform says it has this text already; its timeline is read back first"
    return Decision(state=State.UNCONFIRMED, reason="duplicate_reported", close_lane=lane)


def _repeated(case: _Case) -> Decision:
    """After an unclear attempt it is evidence that this went out; else another post has the text already."""
    return _duplicate(case) if case.past.may_be_out else _failed(case)


def _unknown(case: _Case) -> Decision:
    rest = round(case.settings.settle.total_seconds())
    lane = f"{case.delivery} may be live: its timeline is read back {rest} s after the attempt"
    return Decision(state=State.UNCONFIRMED, reason="settling", close_lane=lane)


def _end(case: _Case) -> datetime:
    """When the wait ends: as the platform named it, within bounds, else after a pause that grows where it may."""
    result = case.result
    if result.until and result.until > case.now:
        return _bounded(result.until, case.now)
    first = result.wait or UNSAID_WAIT
    return _bounded(case.now + _doubled(first, case.past.tries, result.longest_wait or first), case.now)


def _bounded(until: datetime, now: datetime) -> datetime:
    return min(until, now + LONGEST_WAIT)


_NOT_TAKEN: dict[Remedy, Callable[[_Case], Decision]] = {
    Remedy.RETRY: _try_again,
    Remedy.WAIT: _wait,
    Remedy.WAIT_APP: _wait_for_app,
    Remedy.ONCE_MORE: _once_more,
    Remedy.CHANGE_TEXT: _failed,
    Remedy.ASK: _ask,
    Remedy.MEND_ACCOUNT: _mend_account,
    Remedy.DUPLICATE: _duplicate,
    Remedy.REPEATED: _repeated,
    Remedy.LOOK: _unknown,
    # A refusal that names no remedy is a person's to read, and must not be sent again as it is.
    Remedy.NONE: _failed,
}
