"""Posts on a timeline that no delivery claims, kept after a restored backup: what was lost with it may come again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import orphans


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A post of the account as its platform shows it; `live` says on which, `created` is the platform's time."""

    account: str
    platform_id: str
    live: bool
    text: str
    links: tuple[str, ...]
    created: datetime
    url: str


def keep(tx: Transaction, found: Iterable[Orphan]) -> None:
    """Keep them; one that is kept already stays as it is."""
    for orphan in found:
        columns = {name: getattr(orphan, name) for name in Orphan.__slots__}
        tx.execute(insert(tx, orphans).values(**columns).on_conflict_do_nothing())


def of(tx: Transaction, account: str, *, live: bool) -> list[Orphan]:
    """Those of the account on that platform, the oldest first."""
    mine = sa.select(orphans).where(orphans.c.account == account, orphans.c.live == live)
    return [made(Orphan, row, orphans) for row in tx.execute(mine.order_by(orphans.c.created, orphans.c.platform_id))]


def adopt(tx: Transaction, account: str, platform_id: str) -> None:
    """A delivery has claimed it."""
    tx.execute(sa.delete(orphans).where(orphans.c.account == account, orphans.c.platform_id == platform_id))


def forget(tx: Transaction, before: datetime) -> None:
    """Drop those created before that moment."""
    tx.execute(sa.delete(orphans).where(orphans.c.created < before))
