"""Slots are used once, given back, and told as stretches when they are missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import slots
from bot.store.database import Database, Transaction
from bot.store.schema import slots_missed
from tests.databases import MINUTE, NOW, queue


def at(minutes: int) -> datetime:
    return NOW + minutes * MINUTE


def test_a_slot_is_used_once_by_each_account_and_again_after_it_was_given_back(database: Database) -> None:
    with database.begin() as tx:
        number = queue(tx).id
        assert slots.use(tx, "x-main", "08:00", at=NOW, delivery=number)
        assert not slots.use(tx, "x-main", "08:00", at=NOW, delivery=number)
        assert slots.use(tx, "fb-page", "08:00", at=NOW, delivery=number)
        assert slots.use(tx, "x-main", "12:30", at=at(270), delivery=number)
        assert slots.used_keys(tx, "x-main", NOW) == {"08:00", "12:30"}
        assert slots.used_keys(tx, "x-main", at(1)) == {"12:30"}
        assert slots.give_back(tx, "x-main", "08:00")
        assert not slots.give_back(tx, "x-main", "08:00")
        assert slots.used_keys(tx, "x-main", NOW) == {"12:30"}
        assert slots.used_keys(tx, "fb-page", NOW) == {"08:00"}
        assert slots.use(tx, "x-main", "08:00", at=NOW, delivery=number)


def miss(tx: Transaction, first: int, last: int, **changes: Any) -> None:
    told = {"account": "x-main", "count": 2, "reason": "paused: election", "live": False, "now": at(last), **changes}
    slots.missed(tx, told.pop("account"), first=at(first), last=at(last), **told)


def stretches(tx: Transaction) -> list[tuple[datetime, datetime, int, datetime]]:
    its = slots_missed.c
    rows = tx.execute(sa.select(its.first, its.last, its.slots, its.recorded).order_by(its.id))
    return [tuple(row) for row in rows]


def test_a_stretch_that_goes_on_stays_one(database: Database) -> None:
    with database.begin() as tx:
        miss(tx, 0, 10)
        miss(tx, 20, 30, count=3)
        assert stretches(tx) == [(at(0), at(30), 5, at(30))]


SEPARATE: dict[str, dict[str, Any]] = {
    "another reason": {"reason": "down 01:10-02:55"},
    "another account": {"account": "fb-page"},
    "the other stamp": {"live": True},
}


@pytest.mark.parametrize("name", SEPARATE)
def test_stretches_are_told_apart_by(database: Database, name: str) -> None:
    with database.begin() as tx:
        miss(tx, 0, 10)
        miss(tx, 20, 30, **SEPARATE[name])
        assert stretches(tx) == [(at(0), at(10), 2, at(10)), (at(20), at(30), 2, at(30))]


def test_a_used_slot_in_between_ends_a_stretch(database: Database) -> None:
    with database.begin() as tx:
        miss(tx, 0, 10)
        slots.use(tx, "fb-page", "another account's", at=at(15), delivery=queue(tx).id)
        miss(tx, 20, 30)
        slots.use(tx, "x-main", "08:35", at=at(35), delivery=queue(tx).id)
        miss(tx, 40, 50)
        assert stretches(tx) == [(at(0), at(30), 4, at(30)), (at(40), at(50), 2, at(50))]


def test_a_stretch_of_an_earlier_time_is_one_of_its_own(database: Database) -> None:
    """After simulated days the desk's clock goes back."""
    with database.begin() as tx:
        miss(tx, 100, 110)
        miss(tx, 0, 10)
        assert len(stretches(tx)) == 2
