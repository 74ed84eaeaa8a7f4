"""Slots of an account: those that were used, each at most once, and the stretches that were missed, with the reason."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.schema import slots_missed, slots_used


def use(tx: Transaction, account: str, key: str, *, at: datetime, delivery: int) -> bool:
    """Mark the slot used; False when it was used already."""
    new = insert(tx, slots_used).values(account=account, slot=key, at=at, delivery=delivery)
    return tx.execute(new.on_conflict_do_nothing().returning(slots_used.c.slot)).first() is not None


def give_back(tx: Transaction, account: str, key: str) -> bool:
    """The slot may be used again; False when it was not used."""
    mine = (slots_used.c.account == account, slots_used.c.slot == key)
    return tx.execute(sa.delete(slots_used).where(*mine)).rowcount == 1


def used_keys(tx: Transaction, account: str, since: datetime) -> frozenset[str]:
    """The keys of the used slots at or after `since`."""
    used = sa.select(slots_used.c.slot).where(slots_used.c.account == account, slots_used.c.at >= since)
    return frozenset(tx.execute(used).scalars())


def missed(
    tx: Transaction,
    account: str,
    *,
    first: datetime,
    last: datetime,
    count: int,
    reason: str,
    live: bool,
    now: datetime,
) -> None:
    """Record a stretch of `count` missed slots. One that goes on, for the same reason and with no slot used in
    between, is made longer. All moments are desk time; `now` is when it was noticed."""
    before = _latest_stretch(tx, account, live)
    if before is not None and before["reason"] == reason and _goes_on(tx, account, before["last"], first):
        longer = {"last": last, "slots": before["slots"] + count, "recorded": now}
        tx.execute(sa.update(slots_missed).where(slots_missed.c.id == before["id"]).values(**longer))
        return
    stretch = {"first": first, "last": last, "slots": count, "reason": reason, "recorded": now}
    tx.execute(sa.insert(slots_missed).values(account=account, live=live, **stretch))


def _latest_stretch(tx: Transaction, account: str, live: bool) -> sa.RowMapping | None:
    mine = (slots_missed.c.account == account, slots_missed.c.live == live)
    return (
        tx.execute(sa.select(slots_missed).where(*mine).order_by(slots_missed.c.id.desc()).limit(1)).mappings().first()
    )


def _goes_on(tx: Transaction, account: str, last: datetime, first: datetime) -> bool:
    """Whether the slot `first` follows the stretch that ended with `last`, with none used in between."""
    between = (slots_used.c.account == account, slots_used.c.at > last, slots_used.c.at < first)
    return last < first and not tx.execute(sa.select(sa.exists().where(*between))).scalar_one()
