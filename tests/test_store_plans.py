"""What the desk asks at every pass is answered by an index, however long the history is.

A partial index serves a query only if the query repeats its predicate with literals; one changed word would lose it
silently, so the database's own plans are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import State
from bot.store import attempts, deliveries, lanes, logbook, looks, lookup, slots
from bot.store.database import Database, Transaction
from bot.store.logbook import Filter
from bot.store.lookup import Asked
from tests.databases import MINUTE, NOW, claim, intend, queue

ASKED: dict[str, tuple[Callable[[Transaction], Any], set[str]]] = {
    "the queue of an account": (lambda tx: deliveries.waiting(tx, "x-main", False), {"ix_deliveries_open"}),
    "its open deliveries": (lambda tx: deliveries.open_of(tx, "x-main", live=False), {"ix_deliveries_open"}),
    "the end of a queue": (lambda tx: deliveries._after_the_last(tx, "x-main"), {"ix_deliveries_open"}),
    "is any lane due": (lambda tx: lanes.any_due(tx, NOW), {"ix_lanes_free"}),
    "claim the lanes that are due": (
        lambda tx: lanes.claim(tx, owner="other", desk_now=NOW, until=NOW + MINUTE, most=10),
        {"ix_lanes_free"},
    ),
    "the queues of claimed lanes": (
        lambda tx: lookup.queues(
            tx,
            [Asked(account="x-main", live=False, counted_to=NOW, stale=NOW - 60 * MINUTE)],
            now=NOW,
            sent_since=NOW - 60 * MINUTE,
        ),
        {
            "ix_deliveries_line",
            "ix_deliveries_ages",
            "ix_deliveries_pins",
            "ix_attempts_by_account",
            "ix_slots_used_by_time",
        },
    ),
    "what a lane is held by": (lambda tx: lanes.held_by(tx, "me"), {"ix_lanes_held"}),
    "whose rest is over": (lambda tx: lanes.any_rested(tx, NOW), {"ix_lanes_resting"}),
    "what is in flight": (lambda tx: attempts.open_ones(tx, abandoned_before=None), {"ix_attempts_in_flight"}),
    "what the dead left in flight": (
        lambda tx: attempts.open_ones(tx, abandoned_before=NOW),
        {"ix_attempts_in_flight"},
    ),
    "what was posted": (lambda tx: attempts.sent(tx, "x-main", False, NOW), {"ix_attempts_by_account"}),
    "used slots": (lambda tx: slots.used_keys(tx, "x-main", NOW), {"ix_slots_used_by_time"}),
    "unclear posts that nobody looks after": (lambda tx: looks.unmet(tx, 10), {"ix_deliveries_unconfirmed"}),
    "unclear posts that may be looked for": (
        lambda tx: looks.due(tx, NOW, farthest=NOW + MINUTE, limit=10),
        {"ix_looks_at"},
    ),
    "is a lane's unclear post unread": (lambda tx: looks.unread(tx, "x-main"), {"ix_deliveries_unconfirmed"}),
    "whose a post is": (
        lambda tx: attempts.claimed(tx, ["17", "18"], live=False, but=1),
        {"ix_attempts_by_platform_id"},
    ),
    "which other posts are in doubt": (
        lambda tx: attempts.in_doubt(tx, ["x-main"], live=False, since=NOW, but=1),
        {"ix_attempts_unknown", "ix_attempts_in_flight"},
    ),
    "which lanes the platforms closed": (lambda tx: lanes.answered_since(tx, NOW), {"ix_lanes_answered"}),
    "the newest attempt": (lambda tx: attempts.highest(tx), {"attempts"}),
    "a page of the log": (
        lambda tx: logbook.rows(tx, Filter(), after=(NOW, 0, 1)),
        {"ix_attempts_by_time", "ix_deliveries_ended", "ix_slots_missed_by_time"},
    ),
}


@pytest.mark.new_database  # what earlier tests have left of empty pages changes a plan
@pytest.mark.parametrize("name", ASKED)
def test_it_is_answered_by_an_index(database: Database, name: str) -> None:
    ask, indexes = ASKED[name]
    with database.begin() as tx:
        delivery, fence = queue(tx), claim(tx)
        assert fence is not None
        assert intend(tx, delivery, fence, slot="08:00", due_at=NOW) is not None
        queue(tx, state=State.SKIPPED, now=NOW + MINUTE)
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a small table is quicker read as a whole
            tx.exec_driver_sql("SET LOCAL enable_sort = off")
        plans = "\n".join(plan(tx, *statement) for statement in statements_of(tx, ask))
    assert {index for index in indexes if index not in plans} == set(), plans


def statements_of(tx: Transaction, ask: Callable[[Transaction], Any]) -> list[tuple[str, Any]]:
    """What the question is in SQL, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        seen.append((statement, parameters))

    sa.event.listen(tx, "before_cursor_execute", note)
    try:
        ask(tx)
    finally:
        sa.event.remove(tx, "before_cursor_execute", note)
    return seen


def plan(tx: Transaction, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row) for row in tx.exec_driver_sql(f"{explain} {statement}", parameters))
