"""Deletions: the calls that took a post from its platform again, each written down before it is made.

Asking twice does no harm, so there may be several for a delivery; what they cost is booked with the call.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.delivery import Delivery, Result
from bot.store.database import Transaction
from bot.store.schema import deletions


def begin(tx: Transaction, delivery: Delivery, *, cost: float, actor: str, now: datetime) -> int:
    """Note that the post is about to be deleted; returns the deletion's id. `now` is real time."""
    row = {
        "delivery": delivery.id,
        "account": delivery.account,
        "live": delivery.live,
        "actor": actor,
        "started": now,
        "error": "",
        "cost": cost,
    }
    number: int = tx.execute(sa.insert(deletions).values(**row).returning(deletions.c.id)).scalar_one()
    return number


def finish(tx: Transaction, deletion: int, *, result: Result, cost: float, now: datetime) -> None:
    """Write what the call came to, and what it cost after all. `now` is real time."""
    told = {"outcome": result.outcome, "error": result.error, "cost": cost, "finished": now}
    tx.execute(sa.update(deletions).where(deletions.c.id == deletion).values(**told))


def cost_of(tx: Transaction, delivery: int) -> float:
    """What deleting the delivery's post has cost so far, in USD."""
    its = sa.select(sa.func.coalesce(sa.func.sum(deletions.c.cost), 0.0)).where(deletions.c.delivery == delivery)
    return float(tx.execute(its).scalar_one())
