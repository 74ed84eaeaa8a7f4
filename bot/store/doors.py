"""Doors: a platform app as a whole, closed on the platform's word (credits, app limits) or by what it did to several
of its lanes. An open door has no row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A closed door. `key` names the app, such as `x live env:X_KEY`; `until` (real time) is when to ask again.

    `by_answers`: nobody said so, but its answers have closed several lanes. `tries`: asked in vain so often since then.
    `slowed`: it is closed only to be slower, as the app's own figures advise, and opens then without being asked.
    """

    key: str
    reason: str
    until: datetime | None
    by_answers: bool = False
    tries: int = 0
    slowed: bool = False


def get(tx: Transaction, key: str) -> Door | None:
    """The door if it is closed, whether or not its time is over; None when it is open."""
    row = tx.execute(sa.select(doors).where(doors.c.key == key)).first()
    return made(Door, row, doors) if row else None


def closed(tx: Transaction) -> list[Door]:
    """All closed doors, by key."""
    return [made(Door, row, doors) for row in tx.execute(sa.select(doors).order_by(doors.c.key))]


def close(
    tx: Transaction,
    key: str,
    *,
    reason: str,
    until: datetime | None,
    by_answers: bool = False,
    tries: int = 0,
    slowed: bool = False,
) -> None:
    """Close it, or give a closed one another reason and time; slowing down never takes the place of real trouble."""
    told = {"reason": reason, "until": until, "by_answers": by_answers, "tries": tries, "slowed": slowed}
    new = insert(tx, doors).values(key=key, **told)
    tx.execute(
        new.on_conflict_do_update(index_elements=[doors.c.key], set_=told, where=doors.c.slowed if slowed else None)
    )


def ask_again(tx: Transaction, door: Door, *, at: datetime, until: datetime) -> bool:
    """Claim the asking: it is next asked at `until`. False when another has moved it since it was read."""
    unmoved = doors.c.until.is_(None) if door.until is None else doors.c.until == door.until
    mine = (doors.c.key == door.key, unmoved, sa.or_(doors.c.until.is_(None), doors.c.until <= at))
    return tx.execute(sa.update(doors).where(*mine).values(until=until, tries=doors.c.tries + 1)).rowcount == 1


def hurry(tx: Transaction, now: datetime) -> None:
    """Ask at each of them at `now`: the time they had was another clock's."""
    tx.execute(sa.update(doors).values(until=now))


def open(tx: Transaction, key: str) -> bool:
    """Open it; False when it was open."""
    return tx.execute(sa.delete(doors).where(doors.c.key == key)).rowcount == 1
