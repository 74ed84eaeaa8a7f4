"""The history of deliveries: one row for every change of state, with its reason and who did it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.delivery import State
from bot.store.database import Transaction
from bot.store.rows import made, values
from bot.store.schema import history


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change; `from_state` None is the delivery's beginning. `at` is desk time."""

    delivery: int
    at: datetime
    from_state: State | None
    to_state: State
    reason: str
    actor: str
    note: str = ""


def add(tx: Transaction, change: Change) -> None:
    """Write one change down."""
    tx.execute(sa.insert(history).values(**values(change)))


def of(tx: Transaction, delivery: int) -> list[Change]:
    """All changes of a delivery, the first one first."""
    rows = tx.execute(sa.select(history).where(history.c.delivery == delivery).order_by(history.c.id))
    return [made(Change, row, history) for row in rows]
