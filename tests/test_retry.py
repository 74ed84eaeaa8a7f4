"""What becomes of a delivery after each outcome that an attempt can have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import Attempt, Outcome, Remedy, Result, Slowdown, State
from bot.retry import Decision, Past, backoff, decide, past_of
from bot.settings import DeliverySettings

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=7)
QUARTER = NOW + timedelta(minutes=15)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECOND_TRY = NOW + backoff(2, "d34")
SAID = "X said no."

REFUSED, NOT_SENT, UNKNOWN = Outcome.REFUSED, Outcome.NOT_SENT, Outcome.UNKNOWN
MAY_BE_LIVE = "d34 may be live: its timeline is read back 120 s after the attempt"
SAYS_DUPLICATE = "d34: the platform says it has this text already; its timeline is read back first"


ONCE_MORE = decide(
    Result(outcome=REFUSED, remedy=Remedy.ONCE_MORE), now=NOW, settings=DeliverySettings(), delivery="d34"
).next_try


def queued(**more: Any) -> Decision:
    return Decision(state=State.QUEUED, reason=SAID, give_slot_back=True, **more)


TABLE = {
    "accepted": (Result(outcome=Outcome.ACCEPTED), Decision(state=State.PUBLISHED)),
    "accepted, and the page is slowed": (
        Result(outcome=Outcome.ACCEPTED, slowdown=Slowdown(until=SOON, reason="slow")),
        Decision(state=State.PUBLISHED, close_lane="slow", closed_until=SOON, slowed=True),
    ),
    "accepted, and the app is slowed": (
        Result(outcome=Outcome.ACCEPTED, slowdown=Slowdown(until=SOON, reason="slow", app=True)),
        Decision(state=State.PUBLISHED, close_door="slow", door_until=SOON, slowed=True),
    ),
    "accepted, and slowed until a moment in the past": (
        Result(outcome=Outcome.ACCEPTED, slowdown=Slowdown(until=NOW, reason="slow")),
        Decision(state=State.PUBLISHED),
    ),
    "accepted, and slowed for a month": (
        Result(outcome=Outcome.ACCEPTED, slowdown=Slowdown(until=NOW + timedelta(days=30), reason="slow")),
        Decision(state=State.PUBLISHED, close_lane="slow", closed_until=NOW + timedelta(days=1), slowed=True),
    ),
    "refused for good, and slowed": (
        Result(outcome=REFUSED, remedy=Remedy.CHANGE_TEXT, error=SAID, slowdown=Slowdown(until=SOON, reason="slow")),
        Decision(state=State.FAILED, reason=SAID, close_lane="slow", closed_until=SOON, slowed=True),
    ),
    "unclear, and slowed: that it is unclear counts": (
        Result(outcome=UNKNOWN, remedy=Remedy.LOOK, slowdown=Slowdown(until=SOON, reason="slow")),
        Decision(state=State.UNCONFIRMED, reason="settling", close_lane=MAY_BE_LIVE),
    ),
    "no connection": (
        Result(outcome=NOT_SENT, remedy=Remedy.RETRY, error=SAID),
        queued(next_try=SECOND_TRY),
    ),
    "no connection, no remedy named": (
        Result(outcome=NOT_SENT, error=SAID),
        queued(next_try=SECOND_TRY),
    ),
    "a post that can never be put together": (
        Result(outcome=NOT_SENT, remedy=Remedy.CHANGE_TEXT, error=SAID),
        Decision(state=State.FAILED, reason=SAID),
    ),
    "a refusal for the moment": (
        Result(outcome=REFUSED, remedy=Remedy.RETRY, error=SAID),
        queued(next_try=SECOND_TRY),
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
    "a rate limit with no end, whose pauses grow": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID, wait=HOUR, longest_wait=3 * HOUR),
        queued(next_try=NOW + 2 * HOUR, close_lane=SAID, closed_until=NOW + 2 * HOUR),
    ),
    "a rate limit that ended in the past, and its pause for that": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT, error=SAID, until=NOW, wait=MINUTE, longest_wait=15 * MINUTE),
        queued(next_try=NOW + 2 * MINUTE, close_lane=SAID, closed_until=NOW + 2 * MINUTE),
    ),
    "no credits, asked again in an hour": (
        Result(outcome=REFUSED, remedy=Remedy.WAIT_APP, error=SAID, wait=HOUR, longest_wait=HOUR),
        queued(close_door=SAID, door_until=NOW + HOUR),
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
    "a refusal that a person has to judge": (
        Result(outcome=REFUSED, remedy=Remedy.ASK, error=SAID),
        Decision(
            state=State.FAILED,
            reason=f"{SAID} See to it, then `nightdesk retry d34` sends it again, "
            "`nightdesk resolve d34 --drop` leaves it.",
            task=True,
        ),
    ),
    "a link that could not be read": (
        Result(outcome=REFUSED, remedy=Remedy.ONCE_MORE, error=SAID),
        queued(next_try=ONCE_MORE),
    ),
    "the same text as another post": (
        Result(outcome=REFUSED, remedy=Remedy.REPEATED, error=SAID),
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
    assert decide(result, past=Past(tries=2), now=NOW, settings=DeliverySettings(), delivery="d34") == decision


def again(remedy: Remedy, past: Past, **more: Any) -> Decision:
    result = Result(outcome=REFUSED, remedy=remedy, error=SAID, **more)
    return decide(result, past=past, now=NOW, settings=DeliverySettings(), delivery="d34")


def test_a_link_that_could_not_be_read_twice_fails() -> None:
    assert again(Remedy.ONCE_MORE, Past(unread=True)) == Decision(state=State.FAILED, reason=SAID)


@pytest.mark.parametrize("delivery", ["d1", "d2", "d34", "d999999"])
def test_once_more_is_after_five_to_ten_minutes(delivery: str) -> None:
    result = Result(outcome=REFUSED, remedy=Remedy.ONCE_MORE)
    next_try = decide(result, now=NOW, settings=DeliverySettings(), delivery=delivery).next_try
    assert next_try is not None
    assert 5 * MINUTE <= next_try - NOW <= 10 * MINUTE


def test_the_same_text_as_another_post_after_an_unclear_attempt_is_looked_at() -> None:
    decision = again(Remedy.REPEATED, Past(may_be_out=True))
    assert decision == Decision(state=State.UNCONFIRMED, reason="duplicate_reported", close_lane=SAYS_DUPLICATE)


def test_a_block_of_hours_doubles_up_to_a_day() -> None:
    ends = [
        again(Remedy.WAIT, Past(tries=tries), wait=4 * HOUR, longest_wait=24 * HOUR).closed_until
        for tries in (1, 2, 3, 4, 5, 10**9)
    ]
    assert [end - NOW for end in ends if end] == [4 * HOUR, 8 * HOUR, 16 * HOUR, 24 * HOUR, 24 * HOUR, 24 * HOUR]


def attempt(remedy: Remedy) -> Attempt:
    return Attempt(
        id=1, delivery=34, account="x-main", live=True, fence=1, text="", link="", slot=None,
        desk_at=NOW, started=NOW, remedy=remedy,
    )  # fmt: skip


WAIT, RETRY, NONE = Remedy.WAIT, Remedy.RETRY, Remedy.NONE
PAST: dict[str, tuple[list[Remedy], list[Remedy], Remedy, Past]] = {
    "nothing": ([], [], RETRY, Past()),
    "the third in a row": ([], [RETRY, RETRY, NONE, RETRY], RETRY, Past(tries=3)),
    "another thing in between": ([], [WAIT, RETRY], RETRY, Past()),
    "the second wait of the account": ([], [WAIT], WAIT, Past(tries=2)),
    "what does not grow": ([], [Remedy.ASK, Remedy.ASK], Remedy.ASK, Past()),
    "a link not read before": ([Remedy.ONCE_MORE, RETRY], [RETRY], Remedy.ONCE_MORE, Past(unread=True)),
    "unclear before": ([Remedy.LOOK], [], Remedy.REPEATED, Past(may_be_out=True)),
    "a duplicate before": ([Remedy.DUPLICATE], [], Remedy.REPEATED, Past(may_be_out=True)),
    "refused before": ([Remedy.CHANGE_TEXT, Remedy.REPEATED], [], Remedy.REPEATED, Past()),
}


@pytest.mark.parametrize(("made", "recent", "remedy", "past"), PAST.values(), ids=PAST)
def test_what_went_before(made: list[Remedy], recent: list[Remedy], remedy: Remedy, past: Past) -> None:
    assert past_of([attempt(its) for its in made], recent, remedy) == past


def test_pauses_double_from_15_seconds_to_15_minutes_and_are_up_to_a_quarter_shorter() -> None:
    longest = [15, 30, 60, 120, 240, 480, 900, 900]
    for seed in ("d1", "d2", "d34"):
        pauses = [backoff(tries, seed).total_seconds() for tries in range(1, 9)]
        assert all(0.75 * most <= pause <= most for pause, most in zip(pauses, longest, strict=True))
        assert pauses == [backoff(tries, seed).total_seconds() for tries in range(1, 9)]


def test_deliveries_that_failed_together_do_not_come_back_together() -> None:
    pauses = [backoff(3, f"d{number}") for number in range(1000)]
    assert len(set(pauses)) > 990
    quarters = [int((1 - pause / MINUTE) * 16) for pause in pauses]  # four equal parts of the jitter
    assert all(200 < quarters.count(part) < 300 for part in range(4))


@given(st.integers(-5, 10**9))
def test_a_delivery_that_was_not_sent_is_never_failed_by_count(tries: int) -> None:
    decision = decide(Result(outcome=NOT_SENT), past=Past(tries=tries), now=NOW, settings=DeliverySettings())
    assert decision.state is State.QUEUED
    assert decision.next_try is not None
    assert timedelta(seconds=11.25) <= decision.next_try - NOW <= timedelta(minutes=15)


@pytest.mark.parametrize(("outcome", "remedy"), list(product(Outcome, Remedy)))
@pytest.mark.parametrize("until", [None, NOW - timedelta(days=1), SOON, NOW + timedelta(days=4000)])
def test_whatever_a_platform_says(outcome: Outcome, remedy: Remedy, until: datetime | None) -> None:
    """What holds for every pair of outcome and remedy, the senseless ones included."""
    result = Result(outcome=outcome, remedy=remedy, until=until)
    decision = decide(result, now=NOW, settings=DeliverySettings())
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
