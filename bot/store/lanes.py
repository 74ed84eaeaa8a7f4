"""Lanes: an account's moving state. How far its timetable is counted, who holds it, and why it is closed.

A lane is claimed by a conditional update whose row count is checked. The claim raises its `fence`, so the holder of
a lease that has run out is told apart from the next one and changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import IN_FLIGHT, attempts, lanes, slots_used


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One account's lane. `counted_to` and `last_pass` are desk time, all else real time.

    `next_try` holds it back (rate limit, backoff). `closed_reason` closes it: until `closed_until`, or with None until
    somebody opens it. `closed_for` is the delivery whose unclear post closed it, if that did. `golive_at` None: in
    rehearsal.
    """

    account: str
    counted_to: datetime
    last_pass: datetime | None
    next_try: datetime | None
    owner: str | None
    lease_until: datetime | None
    fence: int
    closed_until: datetime | None
    closed_reason: str | None
    golive_at: datetime | None
    closed_for: int | None = None


def ensure(tx: Transaction, account: str, counted_to: datetime) -> None:
    """Meet the account: its slots count from now on. Nothing happens when it is known."""
    new = insert(tx, lanes).values(account=account, counted_to=counted_to, fence=0)
    tx.execute(new.on_conflict_do_nothing())


def get(tx: Transaction, account: str) -> Lane | None:
    """The account's lane, None before it was met."""
    row = tx.execute(sa.select(lanes).where(lanes.c.account == account)).first()
    return made(Lane, row, lanes) if row else None


def every(tx: Transaction) -> list[Lane]:
    """All lanes, by account; also those of accounts that are no longer in the settings."""
    return [made(Lane, row, lanes) for row in tx.execute(sa.select(lanes).order_by(lanes.c.account))]


def due(tx: Transaction, now: datetime) -> list[str]:
    """The accounts whose lane could be claimed at `now` (real time)."""
    return list(tx.execute(sa.select(lanes.c.account).where(_claimable(now)).order_by(lanes.c.account)).scalars())


def claim(tx: Transaction, account: str, *, owner: str, now: datetime, until: datetime) -> int | None:
    """Lease the lane until `until` (real time) and return its new fence.

    None: another holds it, an attempt is in flight on it, it is closed, or its time has not come.
    """
    free = sa.select(lanes.c.account).where(lanes.c.account == account, _claimable(now))
    taken = (
        sa.update(lanes)
        .where(lanes.c.account.in_(free.with_for_update(skip_locked=True)), _claimable(now))
        .values(owner=owner, lease_until=until, fence=lanes.c.fence + 1)
        .returning(lanes.c.fence)
    )
    return tx.execute(taken).scalar()


def release(tx: Transaction, account: str, *, fence: int, next_try: datetime | None = None) -> bool:
    """Give the lane back; False when it is another's by now. `next_try` None: it may be claimed at once."""
    return _change(tx, account, fence, owner=None, lease_until=None, next_try=next_try)


def count_to(tx: Transaction, account: str, *, fence: int | None, counted_to: datetime) -> bool:
    """The timetable is settled up to that moment (desk time); it never goes back. With a fence only if still ours."""
    mine = [lanes.c.account == account, lanes.c.counted_to < counted_to]
    mine += [] if fence is None else [lanes.c.fence == fence]
    return tx.execute(sa.update(lanes).where(*mine).values(counted_to=counted_to)).rowcount == 1


def free_abandoned(tx: Transaction, *, before: datetime | None) -> list[str]:
    """End the leases that ran out by `before` (real time), or all of them; returns the accounts. The fences stay."""
    over = lanes.c.owner.is_not(None) if before is None else lanes.c.lease_until <= before
    freed = sa.update(lanes).where(over).values(owner=None, lease_until=None).returning(lanes.c.account)
    return sorted(tx.execute(freed).scalars())


def close(tx: Transaction, account: str, *, reason: str, until: datetime | None, closed_for: int | None = None) -> None:
    """Nothing is claimed on it until `until` (real time), or with None until it is opened.

    `closed_for`: the delivery whose unclear post closes it; its story opens it again.
    """
    _change(tx, account, None, closed_reason=reason, closed_until=until, closed_for=closed_for)


def note_answer(tx: Transaction, account: str, at: datetime) -> None:
    """The platform's answer closed it at `at` (real time)."""
    _change(tx, account, None, answered_at=at)


def answered_since(tx: Transaction, since: datetime) -> list[str]:
    """The accounts whose lanes the platforms' answers closed since then (real time)."""
    return list(
        tx.execute(
            sa.select(lanes.c.account).where(lanes.c.answered_at >= since).order_by(lanes.c.answered_at)
        ).scalars()
    )


def forget_answers(tx: Transaction, accounts: Sequence[str]) -> None:
    """Their platform app is open again: what it answered before counts no more."""
    tx.execute(sa.update(lanes).where(lanes.c.account.in_(accounts)).values(answered_at=None))


def lock(tx: Transaction, accounts: Sequence[str]) -> None:
    """Nothing of these lanes is changed by others until the transaction ends."""
    its = sa.select(lanes.c.account).where(lanes.c.account.in_(accounts)).order_by(lanes.c.account)
    tx.execute(its.with_for_update()).all()


def reopen(tx: Transaction, account: str) -> None:
    """Open a closed lane."""
    _change(tx, account, None, closed_reason=None, closed_until=None, closed_for=None)


def record_golive(tx: Transaction, account: str, *, at: datetime) -> None:
    """A person took the account live. Whether it sends live also needs the settings' word."""
    _change(tx, account, None, golive_at=at)


def record_rehearse(tx: Transaction, account: str) -> None:
    """A person took the account back to rehearsal."""
    _change(tx, account, None, golive_at=None)


def last_pass(tx: Transaction) -> datetime | None:
    """When a pass last ran over any account (desk time)."""
    return tx.execute(sa.select(sa.func.max(lanes.c.last_pass))).scalar()


def note_pass(tx: Transaction, now: datetime) -> None:
    """A pass ran over all accounts at `now` (desk time)."""
    tx.execute(sa.update(lanes).values(last_pass=now))


def counted_beyond(tx: Transaction, moment: datetime) -> bool:
    """Whether any account's timetable is counted beyond that moment (desk time)."""
    return bool(tx.execute(sa.select(sa.exists().where(lanes.c.counted_to > moment))).scalar_one())


def reset_counting(tx: Transaction, now: datetime) -> None:
    """Back from a future, simulated or of a wrong clock: every account counts from the real `now`, and what was done
    in a moment that has not come yet uses no slot and fills no cap. Waits are forgotten, as their ends may be wrong."""
    tx.execute(sa.update(lanes).values(counted_to=now, last_pass=None, next_try=None))
    tx.execute(sa.delete(slots_used).where(slots_used.c.at > now))
    tx.execute(sa.update(attempts).where(attempts.c.desk_at > now).values(counts=False))


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    """Free or abandoned, nothing in flight, not held back, not closed."""
    in_flight = sa.exists().where(attempts.c.account == lanes.c.account, IN_FLIGHT)
    return sa.and_(
        sa.or_(lanes.c.owner.is_(None), lanes.c.lease_until <= now),
        ~in_flight,
        sa.or_(lanes.c.next_try.is_(None), lanes.c.next_try <= now),
        sa.or_(lanes.c.closed_reason.is_(None), lanes.c.closed_until <= now),
    )


def _change(tx: Transaction, account: str, fence: int | None, **changes: Any) -> bool:
    mine = [lanes.c.account == account] + ([] if fence is None else [lanes.c.fence == fence])
    return tx.execute(sa.update(lanes).where(*mine).values(**changes)).rowcount == 1
