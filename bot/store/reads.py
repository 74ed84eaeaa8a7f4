"""Reads of a timeline, each with what it cost: the platform charges for them as for posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.rows import made, values
from bot.store.schema import reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read-back at `at` (real time): how many posts it brought, what that costs in USD, and what it was for."""

    account: str
    live: bool
    at: datetime
    delivery: int | None
    posts: int
    cost: float
    why: str


def add(tx: Transaction, read: Read) -> None:
    """Book one."""
    tx.execute(sa.insert(reads).values(**values(read)))


def of(tx: Transaction, delivery: int) -> list[Read]:
    """Those made for a delivery, the oldest first."""
    rows = tx.execute(sa.select(reads).where(reads.c.delivery == delivery).order_by(reads.c.id))
    return [made(Read, row, reads) for row in rows]


def cost(tx: Transaction, *, live: bool, since: datetime) -> float:
    """What all reads with that stamp have cost since then, in USD."""
    total = sa.select(sa.func.coalesce(sa.func.sum(reads.c.cost), 0.0))
    return float(tx.execute(total.where(reads.c.at >= since, reads.c.live == live)).scalar_one())
