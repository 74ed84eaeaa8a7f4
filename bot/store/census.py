"""What is open, counted for all accounts at once, and what has gone on for too long: the questions of `status`.

Each is answered by partial indexes over what is open, so the length of the history does not matter.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.delivery import Delivery, State
from bot.store.database import Transaction
from bot.store.rows import made
from bot.store.schema import IN_LINE, IS_PIN, IS_TASK, IS_UNSETTLED, articles, attempts, deliveries, history


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many deliveries of the account are in that state for that reason; `first` is the one that was made first.

    Queued ones are counted whatever their reason (""); `live` is None where it is not asked.
    """

    account: str
    state: State
    reason: str = ""
    live: bool | None = None
    number: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """A delivery that is being sent or is unconfirmed, with its last attempt. `due_at`, `desk_at` are desk time."""

    delivery: int
    account: str
    live: bool
    state: State
    reason: str
    title: str
    due_at: datetime | None
    desk_at: datetime
    late_told: datetime | None


def queued(tx: Transaction) -> list[Count]:
    """The queued deliveries, counted by account and stamp."""
    d = deliveries.c
    columns = (d.account, d.live, sa.func.count().label("number"), sa.func.min(d.id).label("first"))
    rows = [
        row
        for kind in (IN_LINE, IS_PIN)
        for row in tx.execute(sa.select(*columns).where(kind).group_by(d.account, d.live))
    ]
    return [Count(state=State.QUEUED, **row._mapping) for row in rows]


def unsettled(tx: Transaction) -> list[Count]:
    """What is held, being sent or unconfirmed, counted by account, state and reason."""
    d = deliveries.c
    columns = (d.account, d.state, d.reason, sa.func.count().label("number"), sa.func.min(d.id).label("first"))
    rows = tx.execute(sa.select(*columns).where(IS_UNSETTLED).group_by(d.account, d.state, d.reason))
    return [Count(**row._mapping) for row in rows]


def pinned_accounts(tx: Transaction) -> set[str]:
    """The accounts that have a queued delivery with a pin."""
    return set(tx.execute(sa.select(deliveries.c.account).where(IS_PIN).distinct()).scalars())


def open_attempts(tx: Transaction, states: Collection[State], limit: int) -> list[OpenAttempt]:
    """The deliveries in these states (`sending`, `unconfirmed`) with their last attempts, oldest first."""
    d, a = deliveries.c, attempts.c
    last = sa.select(sa.func.max(a.id)).where(a.delivery == d.id).correlate(deliveries).scalar_subquery()
    columns = (d.id.label("delivery"), d.account, d.live, d.state, d.reason, articles.c.title, a.due_at, a.desk_at)
    found = (
        sa.select(*columns, d.late_told)
        .select_from(deliveries.join(articles, articles.c.id == d.article).join(attempts, a.id == last))
        .where(IS_UNSETTLED, d.state.in_(list(states)))
        .order_by(a.desk_at, d.id)
        .limit(limit)
    )
    return [OpenAttempt(**row._mapping) for row in tx.execute(found)]


def failed(tx: Transaction, limit: int) -> list[tuple[Delivery, str]]:
    """The failed deliveries that wait for a person, at most so many, each with its article's title."""
    columns = sa.select(deliveries, articles.c.title).join_from(deliveries, articles)
    rows = tx.execute(columns.where(IS_TASK).order_by(deliveries.c.account, deliveries.c.id).limit(limit))
    return [(made(Delivery, row, deliveries), row.title) for row in rows]


def entered_queue(tx: Transaction, delivery: int) -> datetime | None:
    """Since when (desk time) the delivery has been in the queue as it is.

    What came back from a call that was not made or not taken has been there all the time; a person's hand (a pin, a
    move, a release) begins it anew.
    """
    h = history.c
    touched = sa.or_(h.from_state.is_(None), h.from_state != State.SENDING)
    its = (h.delivery == delivery, h.to_state == State.QUEUED, touched)
    return tx.execute(sa.select(sa.func.max(h.at)).where(*its)).scalar()


def tell_late(tx: Transaction, delivery: int, since: datetime) -> bool:
    """Remember that the delivery was told to be late for that due moment; False when it had been told before."""
    d = deliveries.c
    new = sa.or_(d.late_told.is_(None), d.late_told != since)
    told = sa.update(deliveries).where(d.id == delivery, new).values(late_told=since)
    return tx.execute(told).rowcount == 1
