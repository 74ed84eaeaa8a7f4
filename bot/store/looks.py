"""Looks: what is known of an unclear attempt's search on the timeline, and when to look next.

One row an attempt. A look is claimed by moving its `at` on, a conditional update whose row count is checked; whoever
comes second finds that it has moved, and a worker that dies while it looks leaves one that comes due again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.delivery import Doubt
from bot.settling import Instant
from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import IS_UNCONFIRMED, attempts, deliveries, looks

_NOT_LOOKED = (Doubt.SETTLING, Doubt.DUPLICATE_REPORTED)
_NOT_READ = (Doubt.SETTLING, Doubt.DUPLICATE_REPORTED, Doubt.READBACK_FAILED)
# A delivery's last attempt is the one whose outcome is in doubt.
_LAST = (
    sa.select(sa.func.max(attempts.c.id))
    .where(attempts.c.delivery == deliveries.c.id)
    .correlate(deliveries)  # also where it stands two levels deep
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The search for one attempt's post. All moments are real time.

    `at` None: nothing more is looked for by itself. `duplicate`: the platform refused it as a repetition. `failed`
    counts read-backs that failed in a row, `empty` those that found nothing; `read_at` is the last that succeeded.
    """

    attempt: int
    delivery: int
    account: str
    at: datetime | None
    duplicate: bool
    failed: int
    empty: int
    read_at: datetime | None
    marked: datetime
    marked_uptime: float
    marked_boot: str

    @property
    def mark(self) -> Instant:
        return Instant(self.marked, self.marked_uptime, self.marked_boot)


@dataclass(frozen=True, slots=True)
class Unmet:
    """An unclear attempt that nobody looks after yet."""

    attempt: int
    delivery: int
    account: str
    duplicate: bool


def unmet(tx: Transaction, limit: int) -> list[Unmet]:
    """The unconfirmed deliveries whose last attempt has no look yet."""
    return [
        Unmet(row.attempt, row.id, row.account, row.reason == Doubt.DUPLICATE_REPORTED)
        for row in tx.execute(_UNMET, {"most": limit})
        if row.attempt is not None
    ]


def _unmet() -> sa.Select[Any]:
    known = sa.exists().where(looks.c.attempt == _LAST).correlate(deliveries)
    fresh = (IS_UNCONFIRMED, deliveries.c.reason.in_([str(reason) for reason in _NOT_LOOKED]), ~known)
    columns = (_LAST.label("attempt"), deliveries.c.id, deliveries.c.account, deliveries.c.reason)
    return sa.select(*columns).where(*fresh).limit(sa.bindparam("most"))


_UNMET = _unmet()


def meet(tx: Transaction, attempt: Unmet, *, at: datetime, mark: Instant) -> None:
    """Look after it from now on; nothing happens when another worker already does."""
    new = insert(tx, looks).values(
        attempt=attempt.attempt,
        delivery=attempt.delivery,
        account=attempt.account,
        at=at,
        duplicate=attempt.duplicate,
        failed=0,
        empty=0,
        **_marked(mark),
    )
    tx.execute(new.on_conflict_do_nothing())


def due(tx: Transaction, now: datetime, *, farthest: datetime, limit: int) -> list[Look]:
    """Those whose time has come, and those that lie beyond `farthest` because a clock was set back, oldest first."""
    rows = tx.execute(_DUE, {"now": now, "farthest": farthest, "most": limit})
    return [made(Look, row, looks) for row in rows]


_COME = sa.or_(looks.c.at <= sa.bindparam("now"), looks.c.at > sa.bindparam("farthest"))
_DUE = sa.select(looks).where(_COME).order_by(looks.c.at).limit(sa.bindparam("most"))


def get(tx: Transaction, attempt: int) -> Look | None:
    """The look for that attempt, None where there is none."""
    row = tx.execute(sa.select(looks).where(looks.c.attempt == attempt)).first()
    return made(Look, row, looks) if row else None


def move(tx: Transaction, look: Look, *, at: datetime | None, mark: Instant | None = None, **told: Any) -> bool:
    """Set the next moment and what else is told, if nobody has moved it since it was read; else False."""
    unmoved = looks.c.at.is_(None) if look.at is None else looks.c.at == look.at
    values = {"at": at, **told, **(_marked(mark) if mark else {})}
    return tx.execute(sa.update(looks).where(looks.c.attempt == look.attempt, unmoved).values(**values)).rowcount == 1


def drop(tx: Transaction, attempt: int) -> None:
    """Its story has ended."""
    tx.execute(sa.delete(looks).where(looks.c.attempt == attempt))


def hurry(tx: Transaction, account: str, now: datetime) -> None:
    """Look at once where read-backs of the account have failed: a person has mended it."""
    failing = (looks.c.account == account, looks.c.failed > 0, looks.c.at > now)
    tx.execute(sa.update(looks).where(*failing).values(at=now))


def unread(tx: Transaction, account: str) -> int | None:
    """A delivery of the account that is unconfirmed and whose timeline nobody has been able to read yet, if any."""
    read = sa.exists().where(looks.c.attempt == _LAST, looks.c.read_at.is_not(None)).correlate(deliveries)
    mine = (IS_UNCONFIRMED, deliveries.c.reason.in_([str(reason) for reason in _NOT_READ]))
    found = sa.select(deliveries.c.id).where(*mine, deliveries.c.account == account, ~read).limit(1)
    return tx.execute(found).scalar()


def _marked(mark: Instant) -> dict[str, Any]:
    return {"marked": mark.at, "marked_uptime": mark.uptime, "marked_boot": mark.boot}
