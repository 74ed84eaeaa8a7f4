"""No intent, no call: an attempt is written only while every condition holds, and its outcome only gets better."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import clock
from bot.delivery import Attempt, Outcome, Result, State
from bot.store import attempts, deliveries, history, lanes, slots
from bot.store.database import Database, Transaction
from bot.store.schema import attempts as table
from bot.store.schema import metadata
from tests.databases import MINUTE, NOW, claim, intend, queue, start

SLOT = "2026-06-01T08:00 Europe/Berlin"
ACCEPTED = Result(outcome=Outcome.ACCEPTED, platform_id="17", post_url="https://x.com/courier/status/17")
REFUSED = Result(outcome=Outcome.REFUSED, error="too long")
NOT_SENT = Result(outcome=Outcome.NOT_SENT, error="connection refused")
UNKNOWN = Result(outcome=Outcome.UNKNOWN, error="no answer in 30 s")


def everything(tx: Transaction) -> dict[str, list[Any]]:
    """All rows of all tables, to see that nothing changed."""
    return {name: sorted(tx.execute(sa.select(t)).all(), key=str) for name, t in metadata.tables.items()}


def test_an_intent_is_an_open_attempt_a_sending_delivery_a_used_slot_and_a_row_of_history(database: Database) -> None:
    with database.begin() as tx:
        delivery = queue(tx)
        fence = claim(tx)
        assert fence is not None
        attempt = intend(
            tx, delivery, fence, slot=SLOT, due_at=NOW - MINUTE, desk_now=NOW, real_now=NOW + timedelta(seconds=1)
        )
        assert attempt == Attempt(
            id=attempt.id if attempt else 0,
            delivery=delivery.id,
            account="x-main",
            live=False,
            fence=fence,
            text="Ferry returns",
            link="https://courier.example/ferry",
            slot=SLOT,
            desk_at=NOW,
            started=NOW + timedelta(seconds=1),
            cost=0.2,
            uptime=attempt.uptime if attempt else None,
            boot=clock.boot_id(),
        )
        assert 0 <= clock.uptime() - (attempt.uptime or 0.0) < 60
        sending = deliveries.get(tx, delivery.id)
        assert sending is not None
        assert sending.state is State.SENDING
        assert slots.used_keys(tx, "x-main", NOW - MINUTE) == {SLOT}
        change = history.of(tx, delivery.id)[-1]
        assert (change.from_state, change.to_state, change.actor) == (State.QUEUED, State.SENDING, "me")
        assert attempts.of(tx, delivery.id) == [attempt]
        assert attempts.get(tx, attempt.id) == attempts.of_lease(tx, "x-main", fence) == attempt


NO_INTENT: dict[str, dict[str, Any]] = {
    "the lease is another's": {"owner": "other"},
    "the lane was claimed again since": {"fence_off": -1},
    "the lease is over": {"real_now": NOW + MINUTE},
    "the delivery has the other stamp": {"live": True},
    "the delivery is another account's": {"of": "fb-page"},
    "the delivery is held": {"state": State.HELD},
    "the delivery is published": {"state": State.PUBLISHED},
    "the slot is used": {"slot": "used", "due_at": NOW},
    "a person has pinned it to another moment": {"pinned": NOW},
}


@pytest.mark.parametrize("name", NO_INTENT)
def test_there_is_no_intent_and_no_trace_of_one_when(database: Database, name: str) -> None:
    told = dict(NO_INTENT[name])
    state, of, off = told.pop("state", State.QUEUED), told.pop("of", "x-main"), told.pop("fence_off", 0)
    with database.begin() as tx:
        delivery = queue(tx, of, state=state)
        fence = claim(tx)
        assert fence is not None
        slots.use(tx, "x-main", "used", at=NOW, delivery=delivery.id)
        before = everything(tx)
        row = {"account": "x-main", "live": False, "pinned": None}
        assert intend(tx, delivery, fence + off, **{**row, **told}) is None
        assert everything(tx) == before


def test_the_same_intent_is_made_when_all_conditions_hold(database: Database) -> None:
    """The table above must fail for its one reason, not for another."""
    with database.begin() as tx:
        delivery, fence = queue(tx), claim(tx)
        assert fence is not None
        assert intend(tx, delivery, fence, real_now=NOW + MINUTE - timedelta(microseconds=1)) is not None


def test_a_lane_that_was_woken_wants_a_look_before_its_intent(database: Database) -> None:
    with database.begin() as tx:
        delivery, fence = queue(tx), claim(tx)
        assert fence is not None
        queue(tx)
        assert intend(tx, delivery, fence) is None
        assert intend(tx, delivery, fence, heed=False) is not None


def test_the_database_itself_forbids_two_attempts_in_flight_on_one_account(database: Database) -> None:
    """Even if all our own checks were wrong."""
    with database.begin() as tx:
        first = start(tx, queue(tx))
        second = queue(tx)
        row = dict(tx.execute(sa.select(table).where(table.c.id == first.id)).mappings().one())
        row |= {"id": first.id + 1, "delivery": second.id, "fence": first.fence + 1}
        with pytest.raises(sa.exc.IntegrityError), tx.begin_nested():
            tx.execute(sa.insert(table).values(row))
        tx.execute(sa.insert(table).values(row | {"account": "fb-page"}))
        tx.execute(sa.insert(table).values(row | {"id": first.id + 2, "outcome": Outcome.UNKNOWN}))


def test_one_lease_makes_one_attempt(database: Database) -> None:
    with database.begin() as tx:
        first = start(tx, queue(tx))
        attempts.finish(tx, first.id, result=NOT_SENT, now=NOW)
        before = everything(tx)
        again = queue(tx)
        assert intend(tx, again, first.fence) is None
        assert deliveries.get(tx, again.id) == again
        assert len(everything(tx)["attempts"]) == len(before["attempts"])


def test_an_attempt_that_another_lane_holder_left_open_prevents_an_intent(database: Database) -> None:
    """The lane was freed by hand while a call was out; the unique index is the last guard."""
    with database.begin() as tx:
        start(tx, queue(tx))
        tx.execute(sa.update(metadata.tables["lanes"]).values(owner="me", lease_until=NOW + MINUTE, fence=7))
        before = everything(tx)
        second = queue(tx)
        assert intend(tx, second, 7) is None
        assert everything(tx)["attempts"] == before["attempts"]
        assert deliveries.get(tx, second.id) == second


# was → (what comes, is it written, what it is then)
OUTCOMES: list[tuple[Result | None, Result, bool]] = [
    (None, ACCEPTED, True),
    (None, REFUSED, True),
    (None, NOT_SENT, True),
    (None, UNKNOWN, True),
    (UNKNOWN, ACCEPTED, True),
    (UNKNOWN, REFUSED, True),
    (UNKNOWN, NOT_SENT, True),
    (UNKNOWN, UNKNOWN, False),
    (REFUSED, ACCEPTED, True),
    (REFUSED, UNKNOWN, False),
    (REFUSED, NOT_SENT, False),
    (NOT_SENT, ACCEPTED, True),
    (NOT_SENT, REFUSED, False),
    (ACCEPTED, REFUSED, False),
    (ACCEPTED, UNKNOWN, False),
    (ACCEPTED, NOT_SENT, False),
    (ACCEPTED, Result(outcome=Outcome.ACCEPTED, platform_id="18"), False),
]


def outcome_name(value: object) -> str | None:
    return value.outcome.value if isinstance(value, Result) else "open" if value is None else None


@pytest.mark.parametrize(("before", "comes", "written"), OUTCOMES, ids=outcome_name)
def test_a_late_outcome_may_only_correct_what_was_known_less_well(
    database: Database, before: Result | None, comes: Result, written: bool
) -> None:
    with database.begin() as tx:
        attempt = start(tx, queue(tx))
        if before:
            assert attempts.finish(tx, attempt.id, result=before, now=NOW + MINUTE)
        assert attempts.finish(tx, attempt.id, result=comes, now=NOW + 2 * MINUTE) == written
        found = attempts.get(tx, attempt.id)
        valid = comes if written else before
        assert found is not None
        assert valid is not None
        assert (found.outcome, found.platform_id, found.error) == (valid.outcome, valid.platform_id, valid.error)
        assert found.post_url == valid.post_url
        assert found.finished == NOW + (2 if written else 1) * MINUTE


@pytest.mark.parametrize(("before", "settled"), [(UNKNOWN, True), (None, False), (ACCEPTED, False), (REFUSED, False)])
def test_only_an_unknown_attempt_can_be_settled(database: Database, before: Result | None, settled: bool) -> None:
    found = Result(outcome=Outcome.ACCEPTED, platform_id="99", post_url="https://x.com/courier/status/99")
    with database.begin() as tx:
        attempt = start(tx, queue(tx))
        if before:
            attempts.finish(tx, attempt.id, result=before, now=NOW + MINUTE)
        assert attempts.settle(tx, attempt.id, result=found) == settled
        after = attempts.get(tx, attempt.id)
        assert after is not None
        assert (after.platform_id == "99") == settled
        assert after.finished == (NOW + MINUTE if before else None)


def test_what_the_dead_left_open_is_found(database: Database) -> None:
    with database.begin() as tx:
        expired = start(tx, queue(tx, "expired"), now=NOW - 2 * MINUTE, lease_until=NOW - MINUTE)
        alive = start(tx, queue(tx, "alive"), now=NOW)
        freed = start(tx, queue(tx, "freed"), now=NOW)
        lanes.release(tx, "freed", fence=freed.fence)
        finished = start(tx, queue(tx, "finished"), now=NOW - 2 * MINUTE)
        attempts.finish(tx, finished.id, result=UNKNOWN, now=NOW)
        taken_over = start(tx, queue(tx, "taken-over"), now=NOW)
        tx.execute(sa.update(metadata.tables["lanes"]).where(sa.text("account = 'taken-over'")).values(fence=99))
        assert attempts.open_ones(tx, abandoned_before=NOW) == [expired, freed, taken_over]
        assert attempts.open_ones(tx, abandoned_before=NOW + MINUTE) == [expired, alive, freed, taken_over]
        assert attempts.open_ones(tx, abandoned_before=None) == [expired, alive, freed, taken_over]


def test_caps_and_gaps_count_what_is_or_may_be_out_with_the_same_stamp(database: Database) -> None:
    results = [REFUSED, ACCEPTED, NOT_SENT, UNKNOWN]
    with database.begin() as tx:
        for number, result in enumerate(results):
            for live in (False, True):
                moment = NOW + (2 * number + live) * MINUTE
                attempt = start(tx, queue(tx, live=live), now=moment)
                attempts.finish(tx, attempt.id, result=result, now=moment)
                lanes.release(tx, "x-main", fence=attempt.fence)
        last = NOW + 10 * MINUTE
        start(tx, queue(tx), now=last)
        start(tx, queue(tx, "fb-page"), now=last)
        accepted, unknown = NOW + 2 * MINUTE, NOW + 6 * MINUTE
        assert attempts.sent(tx, "x-main", False, NOW) == [accepted, unknown, last]
        assert attempts.sent(tx, "x-main", True, NOW) == [accepted + MINUTE, unknown + MINUTE]
        assert attempts.sent(tx, "x-main", False, accepted) == [accepted, unknown, last]
        assert attempts.sent(tx, "x-main", False, accepted + MINUTE) == [unknown, last]


def test_an_attempt_nobody_made_is_not_found(database: Database) -> None:
    with database.begin() as tx:
        assert attempts.get(tx, 1) is None
        assert attempts.of_lease(tx, "x-main", 1) is None
        assert not attempts.finish(tx, 1, result=ACCEPTED, now=NOW)
