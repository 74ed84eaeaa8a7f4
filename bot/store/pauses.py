"""The switch: what is paused, why, until when and by whom. A scope is `all`, `account:NAME` or `section:NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One pause; `until` None lasts until a person lifts it."""

    scope: str
    reason: str
    until: datetime | None
    at: datetime
    actor: str


def set(tx: Transaction, scope: str, *, reason: str, until: datetime | None, at: datetime, actor: str) -> None:
    """Pause the scope, or give its pause another reason and end."""
    told = {"reason": reason, "until": until, "at": at, "actor": actor}
    new = insert(tx, pauses).values(scope=scope, **told)
    tx.execute(new.on_conflict_do_update(index_elements=[pauses.c.scope], set_=told))


def lift(tx: Transaction, scope: str) -> bool:
    """End the pause of exactly this scope; False when there was none."""
    return tx.execute(sa.delete(pauses).where(pauses.c.scope == scope)).rowcount == 1


def active(tx: Transaction, now: datetime) -> list[Pause]:
    """The pauses that hold at `now`, the widest (`all`) within the order of their names."""
    holds = sa.or_(pauses.c.until.is_(None), pauses.c.until > now)
    rows = tx.execute(sa.select(pauses).where(holds).order_by(pauses.c.scope != "all", pauses.c.scope))
    return [made(Pause, row, pauses) for row in rows]


def over(tx: Transaction, now: datetime) -> list[Pause]:
    """The pauses that have ended by themselves by `now`."""
    return [made(Pause, row, pauses) for row in tx.execute(sa.select(pauses).where(pauses.c.until <= now))]
