"""What becomes of a delivery after one attempt: a table from what the platform said to what is done about it.

Nothing here looks at a platform's name or at an error's text; the platforms' own tables have named the remedy already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery import Outcome, Remedy, Result, State
from bot.settings import DeliverySettings

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
UNSAID_WAIT = timedelta(minutes=15)
"""How long a rate limit is waited for when the platform says no end, or one in the past. X's windows are 15 minutes."""
LONGEST_WAIT = timedelta(hours=24)
"""No rate limit is believed for longer: X's longest window is 24 hours, and an absurd reset must not silence a lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do after an attempt. All times are real time, in UTC.

    `state` and `reason` are the delivery's. `give_slot_back`: the slot is free again, within `max_late`, which is so
    exactly when the delivery is queued again. `next_try`: not before then. `close_lane`, `close_door`: why the account,
    or the platform's app, makes no call until `closed_until`, `door_until`; None there with a reason means until a
    person acts (for a door: or until a look at the platform succeeds).
    """

    state: State
    reason: str = ""
    give_slot_back: bool = False
    next_try: datetime | None = None
    close_lane: str | None = None
    closed_until: datetime | None = None
    close_door: str | None = None
    door_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    result: Result
    tries: int
    now: datetime
    settings: DeliverySettings
    delivery: str


def decide(
    result: Result, *, tries: int, now: datetime, settings: DeliverySettings, delivery: str = "the delivery"
) -> Decision:
    """The decision for one finished attempt. `now` is real time; `delivery` is how reasons name it (`d34`).

    `tries`: how often in a row, this one included, the delivery was not sent. However many they are, it is never failed
    for them: age and lateness stop it.
    """
    case = _Case(result, tries, now, settings, delivery)
    if result.outcome is Outcome.ACCEPTED:
        return _published(case)
    if result.outcome is Outcome.UNKNOWN:
        return _unknown(case)
    if result.outcome is Outcome.NOT_SENT and result.remedy is Remedy.NONE:
        return _try_again(case)
    return _NOT_TAKEN[result.remedy](case)


def backoff(tries: int) -> timedelta:
    """The pause after so many tries in a row: 15 s, 30 s, 1 min … 15 min."""
    doublings = min(max(tries, 1) - 1, 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _published(case: _Case) -> Decision:
    """Published; a limit that this very post used up is respected before the platform has to refuse."""
    until = case.result.until
    if until is None or until <= case.now:
        return Decision(state=State.PUBLISHED)
    reason = "the account's rate limit is used up"
    return Decision(state=State.PUBLISHED, close_lane=reason, closed_until=_bounded(until, case.now))


def _try_again(case: _Case) -> Decision:
    reason = case.result.error or "not sent: the platform could not be reached"
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, next_try=case.now + backoff(case.tries))


def _wait(case: _Case) -> Decision:
    until = _bounded(case.result.until or case.now, case.now)
    reason = case.result.error or "the account's rate limit is reached"
    return Decision(
        state=State.QUEUED, reason=reason, give_slot_back=True, next_try=until, close_lane=reason, closed_until=until
    )


def _wait_for_app(case: _Case) -> Decision:
    until = _bounded(case.result.until, case.now) if case.result.until else None
    reason = case.result.error or "the platform app's limit or credits are used up"
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, close_door=reason, door_until=until)


def _failed(case: _Case) -> Decision:
    return Decision(state=State.FAILED, reason=case.result.error or "the platform refused the post")


def _mend_account(case: _Case) -> Decision:
    reason = case.result.error or "the platform refused the account's sign-in or permission"
    return Decision(state=State.QUEUED, reason=reason, give_slot_back=True, close_lane=reason)


def _duplicate(case: _Case) -> Decision:
    lane = f"{case.delivery}: the platform says it has this text already; look at the account, then resolve it"
    return Decision(state=State.UNCONFIRMED, reason="duplicate_reported", close_lane=lane)


def _unknown(case: _Case) -> Decision:
    rest = round(case.settings.settle.total_seconds())
    lane = f"{case.delivery} may be live: look at the account {rest} s after the attempt or later, then resolve it"
    return Decision(state=State.UNCONFIRMED, reason="settling", close_lane=lane)


def _bounded(until: datetime, now: datetime) -> datetime:
    return min(until, now + LONGEST_WAIT) if until > now else now + UNSAID_WAIT


_NOT_TAKEN: dict[Remedy, Callable[[_Case], Decision]] = {
    Remedy.RETRY: _try_again,
    Remedy.WAIT: _wait,
    Remedy.WAIT_APP: _wait_for_app,
    Remedy.CHANGE_TEXT: _failed,
    Remedy.MEND_ACCOUNT: _mend_account,
    Remedy.DUPLICATE: _duplicate,
    Remedy.LOOK: _unknown,
    # A refusal that names no remedy is a person's to read, and must not be sent again as it is.
    Remedy.NONE: _failed,
}
