"""A few facts about the database as a whole, by key: such as how far simulated time went."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.schema import meta


def get(tx: Transaction, key: str) -> str | None:
    """The value, None where there is none."""
    return tx.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()


def under(tx: Transaction, prefix: str) -> dict[str, str]:
    """All values whose key begins so, by the rest of the key."""
    begins = sa.select(meta).where(meta.c.key.startswith(prefix, autoescape=True))
    return {row.key.removeprefix(prefix): row.value for row in tx.execute(begins)}


def set(tx: Transaction, key: str, value: str | None) -> None:
    """Store the value; None takes it away."""
    if value is None:
        tx.execute(sa.delete(meta).where(meta.c.key == key))
        return
    new = insert(tx, meta).values(key=key, value=value)
    tx.execute(new.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value}))


def get_time(tx: Transaction, key: str) -> datetime | None:
    """A moment stored by `set_time`, None where there is none."""
    value = get(tx, key)
    return None if value is None else datetime.fromisoformat(value)


def set_time(tx: Transaction, key: str, moment: datetime | None) -> None:
    """Store an aware moment; None takes it away."""
    set(tx, key, None if moment is None else moment.isoformat())
