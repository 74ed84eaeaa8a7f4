"""A few facts about the database as a whole, by key: such as how far simulated time went."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.schema import meta

LAST_PASS = "last_pass"  # when a pass last ran over all accounts (desk time)
SWITCH = "switch"  # whether lanes rest because of the file PAUSE, and have to be woken when it has gone
EDITION = "edition"  # the newest settings and templates that any worker has accepted


_VALUE = sa.select(meta.c.value).where(meta.c.key == sa.bindparam("key"))  # asked many times by each pass


def get(tx: Transaction, key: str) -> str | None:
    """The value, None where there is none."""
    return tx.execute(_VALUE, {"key": key}).scalar()


def set(tx: Transaction, key: str, value: str | None) -> None:
    """Store the value; None takes it away."""
    if value is None:
        tx.execute(sa.delete(meta).where(meta.c.key == key))
        return
    new = insert(tx, meta).values(key=key, value=value)
    tx.execute(new.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value}))


def locked(tx: Transaction, key: str, first: str) -> str:
    """The value, which nobody else changes until the transaction ends; `first` where there was none.

    Several who count on from what they read must not take each other's steps back.
    """
    tx.execute(insert(tx, meta).values(key=key, value=first).on_conflict_do_nothing())
    return str(tx.execute(sa.select(meta.c.value).where(meta.c.key == key).with_for_update()).scalar_one())


def beginning_with(tx: Transaction, prefix: str) -> dict[str, str]:
    """All facts whose key begins so, by the rest of their key."""
    found = tx.execute(sa.select(meta).where(meta.c.key.startswith(prefix, autoescape=True)))
    return {row.key[len(prefix) :]: row.value for row in found}


def get_time(tx: Transaction, key: str) -> datetime | None:
    """A moment stored by `set_time`, None where there is none."""
    value = get(tx, key)
    return None if value is None else datetime.fromisoformat(value)


def set_time(tx: Transaction, key: str, moment: datetime | None) -> None:
    """Store an aware moment; None takes it away."""
    set(tx, key, None if moment is None else moment.isoformat())


def last_pass(tx: Transaction) -> datetime | None:
    """When a pass last ran over any account (desk time)."""
    return get_time(tx, LAST_PASS)


def note_pass(tx: Transaction, now: datetime) -> None:
    """A pass ran over all accounts at `now` (desk time)."""
    set_time(tx, LAST_PASS, now)
