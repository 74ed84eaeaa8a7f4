"""Lanes: an account's moving state. How far its timetable is counted, who holds it, and why it is closed.

`look_at` says when a lane wants to be looked at; `claim` takes those whose moment has come by one conditional update,
so a pass costs the number of accounts that are due. A claim takes `look_at` away and raises the `fence`, by which the
holder of a lease that has run out is told apart from the next one. Whoever changes what the planner knows wakes the
lane (`wake`); a lane woken while it is held is looked at again as soon as it is given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.batches import fetch, rows_in, table_of
from bot.store.columns import EPOCH, Moment
from bot.store.database import Transaction
from bot.store.dialect import DIALECTS, insert
from bot.store.rows import made
from bot.store.schema import IS_FREE, IS_HELD, LANE_IS_OPEN, attempts, lanes, slots_used

AT_ONCE = EPOCH  # earlier than any moment a desk may have, real or simulated
_ALL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One account's lane. `counted_to` and `look_at` are desk time, all else real time.

    `look_at`: from then on it may be claimed; None: not before it is woken, or until it was given back. It rests until
    `wake_at` (rate limit, backoff, a closing that ends). `closed_reason` closes it: until `closed_until`, or with None
    until somebody opens it; `closed_for` is the delivery whose unclear post closed it, if that did. `golive_at` None:
    in rehearsal. `identity_key`: what the last identity check that passed was made of.
    """

    account: str
    counted_to: datetime
    look_at: datetime | None = None
    wake_at: datetime | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    fence: int = 0
    closed_until: datetime | None = None
    closed_reason: str | None = None
    golive_at: datetime | None = None
    closed_for: int | None = None
    answered_at: datetime | None = None
    identity_key: str = ""
    identity_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing closes it any more; the reason of a closing that is over stays for the turn that tells it."""
        return not self.closed_reason or (self.wake_at is None and self.closed_until is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How a lane is given back by the holder of `fence`: see `give_back`."""

    account: str
    fence: int
    look_at: datetime | None = None
    wake_at: datetime | None = None
    counted_to: datetime | None = None


def ensure(tx: Transaction, accounts: Iterable[str], counted_to: datetime) -> None:
    """Meet the accounts: their slots count from now on. Nothing happens to those that are known."""
    met = set(tx.execute(sa.select(lanes.c.account)).scalars())
    new = [{"account": name, "counted_to": counted_to, "fence": 0, "look_at": AT_ONCE} for name in accounts]
    if new := [lane for lane in new if lane["account"] not in met]:
        tx.execute(insert(tx, lanes).on_conflict_do_nothing(), new)


def get(tx: Transaction, account: str) -> Lane | None:
    """The account's lane, None before it was met."""
    row = tx.execute(sa.select(lanes).where(lanes.c.account == account)).first()
    return made(Lane, row, lanes) if row else None


def every(tx: Transaction) -> list[Lane]:
    """All lanes, by account; also those of accounts that are no longer in the settings."""
    return [made(Lane, row, lanes) for row in tx.execute(sa.select(lanes).order_by(lanes.c.account))]


# -- claiming and giving back ------------------------------------------------------------------------------------


def any_due(tx: Transaction, desk_now: datetime) -> bool:
    """Whether a claim at that moment (desk time) would find anything."""
    return (
        tx.execute(sa.select(lanes.c.account).where(IS_FREE, lanes.c.look_at <= desk_now).limit(1)).first() is not None
    )


def claim(tx: Transaction, *, owner: str, desk_now: datetime, until: datetime, most: int = _ALL) -> list[Lane]:
    """Lease up to `most` lanes whose moment has come (desk time) until `until` (real time), the longest waiting first.

    Each has a new fence. `until` must be later than that of the owner's claims before, for it finds the lanes again.
    """
    values = {"owner": owner, "now": desk_now, "until": until, "most": most}
    if not tx.execute(_CLAIM[tx.dialect.name], values).rowcount:
        return []
    return [Lane(**dict(zip(_NAMES, row, strict=True))) for row in fetch(tx, _CLAIMED, values)]


def give_back(tx: Transaction, returns: Sequence[Return]) -> int:
    """Give lanes back, those whose fence is still theirs; returns how many.

    `look_at` is when to look again, `wake_at` rests it until then, with neither it waits to be woken. A lane that was
    woken meanwhile is looked at all the same, a closed one stays as its closing left it. `counted_to` never goes back.
    """
    if not returns:
        return 0
    rows = [(r.account, r.fence, r.look_at, r.wake_at, r.counted_to) for r in returns]
    return tx.execute(_GIVE_BACK[tx.dialect.name], rows_in(rows)).rowcount


def release(tx: Transaction, account: str, *, fence: int, wake_at: datetime | None = None) -> bool:
    """Give one lane back, to be looked at once more at once, or not before `wake_at`; False when it is another's."""
    again = None if wake_at else AT_ONCE
    return give_back(tx, [Return(account=account, fence=fence, look_at=again, wake_at=wake_at)]) == 1


def held_by(tx: Transaction, owner: str) -> list[tuple[str, int]]:
    """The lanes that the owner holds, each with its fence."""
    mine = sa.select(lanes.c.account, lanes.c.fence).where(IS_HELD, lanes.c.owner == owner)
    return [(row.account, row.fence) for row in tx.execute(mine)]


def lock_abandoned(tx: Transaction, accounts: Iterable[str], *, before: datetime | None) -> None:
    """Lock these lanes, as `lock` does, and with them those that `free_abandoned` would free."""
    lock(tx, sa.select(lanes.c.account).where(sa.or_(_abandoned(before), lanes.c.account.in_(list(accounts)))))


def free_abandoned(tx: Transaction, *, before: datetime | None) -> list[str]:
    """End the leases that ran out by `before` (real time), or all of them; returns the accounts. The fences stay."""
    over = _abandoned(before)
    look = sa.case((LANE_IS_OPEN, sa.literal(AT_ONCE, Moment)), else_=lanes.c.look_at)
    freed = sa.update(lanes).where(over).values(owner=None, lease_until=None, look_at=look)
    return sorted(tx.execute(freed.returning(lanes.c.account)).scalars())


# -- waking, resting, closing ------------------------------------------------------------------------------------


def wake(tx: Transaction, accounts: str | Sequence[str] | None) -> None:
    """Something has changed for the account, for several or (None) for all: look at once. Rest and closing stay."""
    if not isinstance(accounts, str):
        lock(tx, accounts)
    awake: list[sa.ColumnElement[bool]] = [LANE_IS_OPEN, lanes.c.wake_at.is_(None)]
    if isinstance(accounts, str):
        awake.append(lanes.c.account == accounts)
    elif accounts is not None:
        awake.append(lanes.c.account.in_(_NAMED[tx.dialect.name]))
    values = {} if isinstance(accounts, str) or accounts is None else rows_in([(name,) for name in accounts])
    tx.execute(sa.update(lanes).where(*awake).values(look_at=AT_ONCE), values)


def rouse(tx: Transaction, accounts: Sequence[str]) -> None:
    """End the rest of these accounts, too, unless they are closed."""
    lock(tx, accounts)
    named = lanes.c.account.in_(_NAMED[tx.dialect.name])
    awake = sa.update(lanes).where(named, LANE_IS_OPEN).values(look_at=AT_ONCE, wake_at=None)
    tx.execute(awake, rows_in([(name,) for name in accounts]))


def wake_rested(tx: Transaction, now: datetime) -> int:
    """End the rests and closings that are over (real time); what a lane was closed for stays for its next turn."""
    return tx.execute(_WAKE_RESTED[tx.dialect.name], {"now": now}).rowcount


def any_rested(tx: Transaction, now: datetime) -> bool:
    """Whether `wake_rested` would find anything."""
    return tx.execute(sa.select(lanes.c.account).where(lanes.c.wake_at <= now).limit(1)).first() is not None


def close(tx: Transaction, account: str, *, reason: str, until: datetime | None, closed_for: int | None = None) -> None:
    """Nothing is claimed on it until `until` (real time), or with None until it is opened.

    `closed_for`: the delivery whose unclear post closes it; its story opens it again.
    """
    closing = {"closed_reason": reason, "closed_until": until, "closed_for": closed_for}
    _change(tx, account, **closing, wake_at=until, look_at=None)


def note_answer(tx: Transaction, account: str, at: datetime) -> None:
    """The platform's answer closed it at `at` (real time)."""
    _change(tx, account, answered_at=at)


def answered_since(tx: Transaction, since: datetime) -> list[str]:
    """The accounts whose lanes the platforms' answers closed since then (real time), in alphabetical order."""
    return sorted(tx.execute(sa.select(lanes.c.account).where(lanes.c.answered_at >= since)).scalars())


def forget_answers(tx: Transaction, accounts: Sequence[str]) -> None:
    """Their platform app is open again: what it answered before counts no more."""
    tx.execute(sa.update(lanes).where(lanes.c.account.in_(accounts)).values(answered_at=None))


def lock(tx: Transaction, accounts: Iterable[str] | sa.Select[tuple[str]] | None) -> None:
    """Nothing of these lanes, or (None) of any, is changed by others until the transaction ends; a select names them.

    Two transactions must not wait for each other in a circle. So whoever changes several lanes, or other rows of an
    account besides, locks the lanes first and all at once; they are locked in the order of their names, and doors
    come after lanes. On SQLite a transaction has the whole database to itself.
    """
    if tx.dialect.name == "sqlite":
        return
    if accounts is None or isinstance(accounts, sa.Select):
        tx.execute(_in_order(sa.true() if accounts is None else lanes.c.account.in_(accounts))).all()
    elif names := [(name,) for name in accounts]:
        tx.execute(_LOCK_NAMED, rows_in(names)).all()


def reopen(tx: Transaction, account: str) -> None:
    """Open a closed lane, to be looked at at once."""
    opened = {"closed_reason": None, "closed_until": None, "closed_for": None}
    _change(tx, account, **opened, wake_at=None, look_at=AT_ONCE)


def forget_closing(tx: Transaction, accounts: Sequence[str]) -> None:
    """The closings of these lanes are over, and their turns have told what they cost."""
    if accounts:
        named = lanes.c.account.in_(_NAMED[tx.dialect.name])
        over = sa.update(lanes).where(named, lanes.c.wake_at.is_(None))
        opened = {"closed_reason": None, "closed_until": None, "closed_for": None}
        tx.execute(over.values(**opened), rows_in([(name,) for name in accounts]))


# -- counting, passes, identity ----------------------------------------------------------------------------------


def count_to(tx: Transaction, account: str, *, counted_to: datetime) -> bool:
    """The timetable is settled up to that moment (desk time); it never goes back."""
    mine = [lanes.c.account == account, lanes.c.counted_to < counted_to]
    return tx.execute(sa.update(lanes).where(*mine).values(counted_to=counted_to)).rowcount == 1


def count_idle_to(tx: Transaction, moment: datetime) -> None:
    """Lanes that wanted no look before that moment (desk time) had no slot before it: they are settled up to it."""
    lock(tx, None)
    idle = sa.or_(lanes.c.look_at.is_(None), lanes.c.look_at > moment)
    untouched = (IS_FREE, lanes.c.closed_reason.is_(None), lanes.c.wake_at.is_(None))
    tx.execute(sa.update(lanes).where(idle, *untouched, lanes.c.counted_to < moment).values(counted_to=moment))


def counted_beyond(tx: Transaction, moment: datetime) -> bool:
    """Whether any account's timetable is counted beyond that moment (desk time)."""
    return bool(tx.execute(sa.select(sa.exists().where(lanes.c.counted_to > moment))).scalar_one())


def reset_counting(tx: Transaction, now: datetime, *, closings: bool = False) -> None:
    """Back from a future, simulated or of a wrong clock: every account counts from the real `now`, and what was done
    in a moment that has not come yet uses no slot and fills no cap. Waits are over, as their ends may be wrong, and
    with `closings` also those that end by themselves; the daily checks of that future count as not made."""
    lock(tx, None)
    stays = sa.not_(LANE_IS_OPEN)
    if closings:
        stays = lanes.c.closed_reason.is_not(None) & lanes.c.closed_until.is_(None)
    rests = sa.case((stays, lanes.c.wake_at), else_=None)
    look = sa.case((stays, lanes.c.look_at), else_=sa.literal(AT_ONCE, Moment))
    checked = sa.case((lanes.c.identity_at > now, None), else_=lanes.c.identity_at)
    tx.execute(sa.update(lanes).values(counted_to=now, wake_at=rests, look_at=look, identity_at=checked))
    tx.execute(sa.delete(slots_used).where(slots_used.c.at > now))
    tx.execute(sa.update(attempts).where(attempts.c.desk_at > now).values(counts=False))


def record_golive(tx: Transaction, account: str, *, at: datetime) -> None:
    """A person took the account live. Whether it sends live also needs the settings' word."""
    _change(tx, account, golive_at=at)


def record_rehearse(tx: Transaction, account: str) -> None:
    """A person took the account back to rehearsal."""
    _change(tx, account, golive_at=None)


def record_identity(tx: Transaction, account: str, *, key: str, at: datetime) -> None:
    """The platform takes us for the account of the settings, as `key` describes it."""
    _change(tx, account, identity_key=key, identity_at=at)


def _abandoned(before: datetime | None) -> sa.ColumnElement[bool]:
    return IS_HELD if before is None else sa.and_(IS_HELD, lanes.c.lease_until <= before)


def _change(tx: Transaction, account: str, **changes: Any) -> None:
    tx.execute(sa.update(lanes).where(lanes.c.account == account).values(**changes))


# -- the statements ----------------------------------------------------------------------------------------------

_NAMES = [column.name for column in lanes.c]
_NAMED = {name: sa.select(table_of(name, account=str).c.account) for name in DIALECTS}


def _in_order(which: sa.ColumnElement[bool]) -> sa.Select[tuple[str]]:
    """Locks these lanes, one after the other by their names."""
    return sa.select(lanes.c.account).where(which).order_by(lanes.c.account).with_for_update(key_share=True)


_LOCK_NAMED = _in_order(lanes.c.account.in_(_NAMED["postgresql"]))


def _claim(dialect: str) -> sa.Update:
    now, most = sa.bindparam("now", type_=Moment), sa.bindparam("most", type_=sa.Integer)
    due = sa.select(lanes.c.account).where(IS_FREE, lanes.c.look_at <= now).order_by(lanes.c.look_at, lanes.c.account)
    some = due.limit(most).with_for_update(skip_locked=True)
    # As an array PostgreSQL finds the rows first and once; IN (… LIMIT …) may become a scan of all lanes.
    one_of = lanes.c.account.in_(some) if dialect == "sqlite" else lanes.c.account == sa.any_(_array(some))
    lease = {"owner": sa.bindparam("owner", type_=sa.Text), "lease_until": sa.bindparam("until", type_=Moment)}
    return sa.update(lanes).where(one_of, IS_FREE).values(**lease, fence=lanes.c.fence + 1, look_at=None)


def _array(select: sa.Select[Any]) -> Any:
    return sa.func.array(select.scalar_subquery())


def _wake_rested(dialect: str) -> sa.Update:
    over = lanes.c.wake_at <= sa.bindparam("now", type_=Moment)
    those = over if dialect == "sqlite" else lanes.c.account == sa.any_(_array(_in_order(over)))
    return sa.update(lanes).where(those).values(look_at=AT_ONCE, wake_at=None)


def _give_back(dialect: str) -> sa.Update:
    r = table_of(dialect, account=str, fence=int, look_at=datetime, wake_at=datetime, counted_to=datetime)
    sooner = sa.case(
        (lanes.c.look_at < r.c.look_at, lanes.c.look_at), else_=sa.func.coalesce(r.c.look_at, lanes.c.look_at)
    )
    closed = sa.not_(LANE_IS_OPEN)
    return (
        sa.update(lanes)
        .where(lanes.c.account == r.c.account, lanes.c.fence == r.c.fence)
        .values(
            owner=None,
            lease_until=None,
            look_at=sa.case((closed, lanes.c.look_at), (r.c.wake_at.is_not(None), None), else_=sooner),
            wake_at=sa.case((closed, lanes.c.wake_at), else_=r.c.wake_at),
            counted_to=sa.case((lanes.c.counted_to < r.c.counted_to, r.c.counted_to), else_=lanes.c.counted_to),
        )
    )


_CLAIM = {name: _claim(name) for name in DIALECTS}
_WAKE_RESTED = {name: _wake_rested(name) for name in DIALECTS}
_GIVE_BACK = {name: _give_back(name) for name in DIALECTS}
_CLAIMED = (
    sa.select(lanes)
    .where(IS_HELD, lanes.c.owner == sa.bindparam("owner", type_=sa.Text))
    .where(lanes.c.lease_until == sa.bindparam("until", type_=Moment))
)
