"""What becomes of a delivery after each outcome that an attempt can have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import Outcome, Remedy, Result, State
from bot.retry import Decision, backoff, decide
from bot.settings import DeliverySettings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=7)
QUARTER = NOW + timedelta(minutes=15)
SAID = "X said no."

REFUSED, NOT_SENT, UNKNOWN = Outcome.REFUSED, Outcome.NOT_SENT, Outcome.UNKNOWN
MAY_BE_LIVE = "d34 may be live: look at the account 120 s after the attempt or later, then resolve it"
SAYS_DUPLICATE = "d34: the platform says it has this text already; look at the account, then resolve it"


def queued(**more: Any) -> Decision:
    return Decision(state=State.QUEUED, reason=SAID, give_slot_back=True, **more)


TABLE = {
    "accepted": (Result(outcome=Outcome.ACCEPTED), Decision(state=State.PUBLISHED)),
    "accepted, and the limit is used up by it": (
        Result(outcome=Outcome.ACCEPTED, until=SOON),
        Decision(state=State.PUBLISHED, close_lane="the account's rate limit is used up", closed_until=SOON),
    ),
    "accepted, with a reset in the past": (
        Result(outcome=Outcome.ACCEPTED, until=NOW),
        Decision(state=State.PUBLISHED),
    ),
    "no connection": (
        Result(outcome=NOT_SENT, remedy=Remedy.RETRY, error=SAID),
        queued(next_try=NOW + timedelta(seconds=30)),
    ),
    "no connection, no remedy named": (
        Result(outcome=NOT_SENT, error=SAID),
        queued(next_try=NOW + timedelta(seconds=30)),
    ),
    "a post that can never be put together": (
        Result(outcome=NOT_SENT, remedy=Remedy.CHANGE_TEXT, error=SAID),
        Decision(state=State.FAILED, reason=SAID),
    ),
    "a refusal for the moment": (
        Result(outcome=REFUSED, remedy=Remedy.RETRY, error=SAID),
        queued(next_try=NOW + timedelta(seconds=30)),
    ),
    "a rate limit": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID, until=SOON),
        queued(next_try=SOON, close_lane=SAID, closed_until=SOON),
    ),
    "a rate limit with no end": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID),
        queued(next_try=QUARTER, close_lane=SAID, closed_until=QUARTER),
    ),
    "a rate limit that ended in the past": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID, until=NOW - timedelta(hours=1)),
        queued(next_try=QUARTER, close_lane=SAID, closed_until=QUARTER),
    ),
    "a rate limit of fifteen days": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID, until=NOW + timedelta(days=15)),
        queued(next_try=NOW + timedelta(days=1), close_lane=SAID, closed_until=NOW + timedelta(days=1)),
    ),
    "the app's limit": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT_APP, error=SAID, until=SOON),
        queued(close_door=SAID, door_until=SOON),
    ),
    "no credits": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT_APP, error=SAID),
        queued(close_door=SAID),
    ),
    "a text the platform will not have": (
        Result(outcome=REFUSED, remedy=Remedy.CHANGE_TEXT, error=SAID),
        Decision(state=State.FAILED, reason=SAID),
    ),
    "a refusal that names no remedy": (
        Result(outcome=REFUSED, error=SAID),
        Decision(state=State.FAILED, reason=SAID),
    ),
    "a sign-in that is refused": (
        Result(outcome=REFUSED, remedy=Remedy.MEND_ACCOUNT, error=SAID),
        queued(close_lane=SAID),
    ),
    "a duplicate, says the platform": (
        Result(outcome=REFUSED, remedy=Remedy.DUPLICATE, error=SAID),
        Decision(state=State.UNCONFIRMED, reason="duplicate_reported", close_lane=SAYS_DUPLICATE),
    ),
    "a lost answer": (
        Result(outcome=UNKNOWN, remedy=Remedy.LOOK, error=SAID),
        Decision(state=State.UNCONFIRMED, reason="settling", close_lane=MAY_BE_LIVE),
    ),
}


@pytest.mark.parametrize(("result", "decision"), TABLE.values(), ids=TABLE)
def test_after(result: Result, decision: Decision) -> None:
    assert decide(result, tries=2, now=NOW, settings=DeliverySettings(), delivery="d34") == decision


def test_pauses_double_from_15_seconds_to_15_minutes() -> None:
    pauses = [backoff(tries).total_seconds() for tries in range(1, 9)]
    assert pauses == [15, 30, 60, 120, 240, 480, 900, 900]


@given(st.integers(-5, 10**9))
def test_a_delivery_that_was_not_sent_is_never_failed_by_count(tries: int) -> None:
    decision = decide(Result(outcome=NOT_SENT), tries=tries, now=NOW, settings=DeliverySettings())
    assert decision.state is State.QUEUED
    assert decision.next_try is not None
    assert timedelta(seconds=15) <= decision.next_try - NOW <= timedelta(minutes=15)


@pytest.mark.parametrize(("outcome", "remedy"), list(product(Outcome, Remedy)))
@pytest.mark.parametrize("until", [None, NOW - timedelta(days=1), SOON, NOW + timedelta(days=4000)])
def test_whatever_a_platform_says(outcome: Outcome, remedy: Remedy, until: datetime | None) -> None:
    """What holds for every pair of outcome and remedy, the senseless ones included."""
    result = Result(outcome=outcome, remedy=remedy, until=until)
    decision = decide(result, tries=1, now=NOW, settings=DeliverySettings())
    assert decision.give_slot_back == (decision.state is State.QUEUED)
    assert (decision.state is State.PUBLISHED) == (outcome is Outcome.ACCEPTED)
    assert decision.state is State.PUBLISHED or decision.reason
    if outcome is UNKNOWN:
        assert decision.state is State.UNCONFIRMED
    if decision.state is State.UNCONFIRMED:
        assert decision.close_lane
        assert decision.closed_until is None
    for moment in (decision.next_try, decision.closed_until, decision.door_until):
        assert moment is None or NOW < moment <= NOW + timedelta(days=1)
