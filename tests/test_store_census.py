"""What `status` counts, what a listing reads in pages: the right rows, found by indexes however long the history is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.delivery import OPEN_STATES, State
from bot.store import census, deliveries, lists
from bot.store.database import Database, Transaction
from bot.store.lists import key_of
from tests.databases import MINUTE, NOW, attempted, queue
from tests.test_store_plans import plan, statements_of


def become(tx: Transaction, number: int, state: State) -> None:
    deliveries.change(tx, number, when=set(State), to=state, reason="", actor="test", now=NOW)


def test_the_counts_are_by_account_state_reason_and_stamp(database: Database) -> None:
    with database.begin() as tx:
        first = queue(tx)
        queue(tx, pinned=NOW)
        live = queue(tx, live=True)
        become(tx, queue(tx).id, State.PUBLISHED)
        held = queue(tx, "fb-page", state=State.HELD, reason="ask")
        unsure = [queue(tx, "fb-page") for _ in range(2)]
        for delivery, reason in zip(unsure, ("not_found", "ambiguous"), strict=True):
            attempted(tx, delivery, State.UNCONFIRMED, reason=reason)
        queued = {(c.account, c.live): 0 for c in census.queued(tx)}
        for count in census.queued(tx):
            queued[count.account, count.live] += count.number
        assert queued == {("x-main", False): 2, ("x-main", True): 1}
        assert min(count.first for count in census.queued(tx)) == first.id
        assert {c.first for c in census.queued(tx) if c.live} == {live.id}
        assert {(c.account, c.state, c.reason): (c.number, c.first) for c in census.unsettled(tx)} == {
            ("fb-page", State.HELD, "ask"): (1, held.id),
            ("fb-page", State.UNCONFIRMED, "not_found"): (1, unsure[0].id),
            ("fb-page", State.UNCONFIRMED, "ambiguous"): (1, unsure[1].id),
        }
        assert census.pinned_accounts(tx) == {"x-main"}


def test_an_open_attempt_is_told_with_its_last_attempt(database: Database) -> None:
    with database.begin() as tx:
        later, delivery = queue(tx, "fb-page"), queue(tx)
        attempted(tx, later, State.SENDING, NOW + MINUTE)
        attempted(tx, delivery, State.UNCONFIRMED)
        become(tx, delivery.id, State.QUEUED)
        attempted(tx, delivery, State.UNCONFIRMED, NOW + 2 * MINUTE, "ambiguous")
        found = census.open_attempts(tx, (State.SENDING, State.UNCONFIRMED), 10)
        assert [(its.delivery, its.reason, its.due_at) for its in found] == [
            (later.id, "", NOW + MINUTE),
            (delivery.id, "ambiguous", NOW + 2 * MINUTE),
        ]
        assert [its.delivery for its in census.open_attempts(tx, (State.SENDING,), 10)] == [later.id]
        assert len(census.open_attempts(tx, (State.SENDING, State.UNCONFIRMED), 1)) == 1


def test_what_comes_back_from_a_call_has_been_in_the_queue_all_the_time(database: Database) -> None:
    with database.begin() as tx:
        delivery = queue(tx)
        attempted(tx, delivery, State.SENDING, NOW + MINUTE)
        change: dict[str, Any] = {"when": {State.SENDING}, "to": State.QUEUED, "reason": "not sent", "actor": "test"}
        deliveries.change(tx, delivery.id, **change, now=NOW + 2 * MINUTE)
        assert census.entered_queue(tx, delivery.id) == NOW
        deliveries.pin(tx, delivery.id, NOW + 9 * MINUTE, actor="test", now=NOW + 3 * MINUTE)
        assert census.entered_queue(tx, delivery.id) == NOW + 3 * MINUTE
        assert census.entered_queue(tx, 999) is None


def test_late_is_remembered_for_each_due_moment(database: Database) -> None:
    with database.begin() as tx:
        number = queue(tx).id
        assert census.tell_late(tx, number, NOW)
        assert not census.tell_late(tx, number, NOW)
        assert census.tell_late(tx, number, NOW + MINUTE)


ASKED: dict[str, tuple[Callable[[Transaction], Any], set[str]]] = {
    "what is queued": (census.queued, {"ix_deliveries_pins"}),
    "what is unsettled": (census.unsettled, {"ix_deliveries_unsettled"}),
    "who has pins": (census.pinned_accounts, {"ix_deliveries_pins"}),
    "what has been tried": (
        lambda tx: census.open_attempts(tx, (State.SENDING, State.UNCONFIRMED), 10),
        {"ix_deliveries_unsettled", "ix_attempts_delivery"},
    ),
    "since when it is queued": (lambda tx: census.entered_queue(tx, 1), {"ix_history_delivery"}),
    "who waits": (lists.accounts_with_open, {"ix_deliveries_open"}),
    "a page of a queue": (
        lambda tx: lists._page_of_line(tx, "x-main", False, (False, -1, 1.0, 1), 500),
        {"ix_deliveries_line"},
    ),
    "what stands apart": (
        lambda tx: list(lists._keys_apart(tx, "x-main", set(OPEN_STATES))),
        {"ix_deliveries_unsettled", "ix_deliveries_pins"},
    ),
}


@pytest.mark.new_database  # what earlier tests have left of empty pages changes a plan
@pytest.mark.parametrize("name", ASKED)
def test_it_is_answered_by_an_index(database: Database, name: str) -> None:
    ask, indexes = ASKED[name]
    with database.begin() as tx:
        for _ in range(3):
            queue(tx)
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a small table is quicker read as a whole
        plans = [plan(tx, *statement) for statement in statements_of(tx, ask)]
    assert {index for index in indexes if index not in "\n".join(plans)} == set(), plans
    if name == "what is queued":  # either of the two has all that is asked for
        assert {told for told in plans if "ix_deliveries_line" in told or "ix_deliveries_ages" in told}, plans
    if name == "a page of a queue":  # a stretch of the index, in its order: nothing is sorted
        assert not [told for told in plans if "TEMP B-TREE" in told or "Sort" in told], plans


# -- lists -------------------------------------------------------------------------------------------------------


def crowd(tx: Transaction) -> None:
    """Deliveries of all kinds on two accounts, in no order."""
    for number in range(40):
        account = "x-main" if number % 3 else "fb-page"
        fields = {"breaking": number % 5 == 0}
        its = queue(
            tx,
            account,
            fields=fields,
            priority=number % 4 - 1,
            live=number % 2 == 0,
            pinned=NOW if number % 7 == 0 else None,
        )
        state = [State.QUEUED, State.QUEUED, State.QUEUED, State.HELD, State.PUBLISHED][number % 5]
        if state is not State.QUEUED:
            become(tx, its.id, state)


@pytest.mark.parametrize("page", [1, 2, 7, 500])
@pytest.mark.parametrize("states", [OPEN_STATES, (State.QUEUED,), (State.HELD,), (State.PUBLISHED,)])
def test_pages_of_any_size_miss_and_repeat_nothing(database: Database, states: tuple[State, ...], page: int) -> None:
    with database.begin() as tx:
        crowd(tx)
        everyone = deliveries.listing(tx)
    mine = [pair for pair in everyone if pair[0].account == "x-main" and pair[0].state in states]
    waits = [pair for pair in mine if pair[0].state in OPEN_STATES]
    found = list(lists.in_order(database, "x-main", states, page=page))
    assert found == sorted(waits, key=lambda pair: key_of(*pair))
    assert list(lists.by_number(database, states, "x-main", page=page)) == mine


def test_a_reader_in_the_middle_leaves_no_transaction_open(database: Database) -> None:
    with database.begin() as tx:
        crowd(tx)
        assert lists.accounts_with_open(tx) == ["fb-page", "x-main"]
    rows = lists.in_order(database, "x-main", OPEN_STATES, page=2)
    first = next(rows)
    with database.begin() as tx:
        queue(tx, "x-main", fields={"breaking": True}, priority=9)
    assert len([first, *rows]) >= 20
