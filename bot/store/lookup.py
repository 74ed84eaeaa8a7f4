"""What a turn of the desk reads, for many accounts at once: standing orders, queues, what was sent, posts to write.

Each function is one statement, whatever the number of accounts, and reads a bounded part of each queue by its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.article import Article
from bot.delivery import Delivery, Outcome
from bot.store.batches import fetch, list_of, rows_in, table_of
from bot.store.columns import EPOCH, MICROSECOND, Moment
from bot.store.database import Transaction
from bot.store.deliveries import CANDIDATE
from bot.store.dialect import DIALECTS
from bot.store.schema import (
    IN_FLIGHT,
    IN_LINE,
    IN_ORDER,
    IS_PIN,
    IS_UNKNOWN,
    articles,
    attempts,
    deliveries,
    doors,
    meta,
    pauses,
    slots_used,
)
from bot.timetable.lineup import Candidate

MOST_IN_LINE = 2
"""So many are read from the head of a queue: the next one, and whether another could follow."""
MOST_STALE = 20
MOST_PINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One account whose queue is wanted. `live` is its stamp now; `counted_to` (desk time) as its lane has it.

    What is dated before `stale` (desk time) is too old by now.
    """

    account: str
    live: bool
    counted_to: datetime
    stale: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What the planner asks about one account, all in desk time.

    `candidates`: the head of the queue, what is stale, the next embargo to end and the next pins, each delivery once.
    `whole`: there are no others. `oldest`: the date of the oldest in line that is not stale yet. `sent`: when it posted
    or may have posted, ascending. `used`: slots used already.
    """

    candidates: list[Candidate]
    oldest: datetime | None
    whole: bool
    sent: list[datetime]
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Orders that hold for every account: pauses as (scope, reason, until), closed doors, single facts of `meta`."""

    pauses: list[tuple[str, str, datetime | None]]
    doors: dict[str, str]
    facts: dict[str, str]


def standing(tx: Transaction, facts: Sequence[str]) -> Standing:
    """The orders as they are at this moment, and the named facts that `meta` has."""
    row = fetch(tx, _STANDING[tx.dialect.name], rows_in([(name,) for name in facts]))[0]
    told, closed, found = (part or [] for part in row)
    return Standing(
        pauses=[(scope, reason, _moment(until)) for scope, reason, until in told],
        doors={key: reason for key, reason in closed},
        facts=dict(found),
    )


def queues(tx: Transaction, asked: Sequence[Asked], *, now: datetime, sent_since: datetime) -> dict[str, Queue]:
    """The queue of each account at `now` (desk time), by account."""
    rows = rows_in([(one.account, one.live, one.counted_to, one.stale) for one in asked])
    found = fetch(tx, _QUEUES[tx.dialect.name], {**rows, "now": now, "since": sent_since})
    return {account: _queue(*parts) for account, *parts in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToWrite:
    """What a post is written from. `frozen`: text and link of an attempt that may be live, to be sent again as they
    were."""

    delivery: Delivery
    article: Article
    frozen: tuple[str, str] | None


def posts_to_write(tx: Transaction, numbers: Sequence[int]) -> dict[int, ToWrite]:
    """What the posts of these deliveries are written from, by delivery."""
    found = {}
    for text, link, *row in fetch(tx, _TO_WRITE[tx.dialect.name], rows_in([(number,) for number in numbers])):
        delivery = _made(Delivery, _DELIVERY, row[: len(_DELIVERY)])
        article = _made(Article, _ARTICLE, row[len(_DELIVERY) :])
        frozen = None if text is None else (text, link)
        found[delivery.id] = ToWrite(delivery=delivery, article=article, frozen=frozen)
    return found


def _queue(line: Any, stale: Any, oldest: Any, embargoed: Any, pins: Any, sent: Any, used: Any) -> Queue:
    lists = [part or [] for part in (line, stale, embargoed, pins)]
    found = {row[0]: row for part in lists for row in part}
    whole = all(len(part) < most for part, most in zip(lists, (MOST_IN_LINE, MOST_STALE, 1, MOST_PINS), strict=True))
    return Queue(
        candidates=[_candidate(*row) for row in found.values()],
        whole=whole,
        oldest=_moment(oldest[0][0]) if oldest else None,
        sent=[EPOCH + at * MICROSECOND for (at,) in sent or ()],
        used=frozenset(key for (key,) in used or ()),
    )


def _candidate(
    number: int, article: int, breaking: Any, priority: int, position: float, pinned: Any, dated: Any, exempt: Any,
    section: str,
) -> Candidate:  # fmt: skip
    return Candidate(
        number, article, bool(breaking), priority, position, _moment(pinned), _moment(dated), bool(exempt), section
    )


def _moment(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


def _made(kind: Any, columns: list[sa.Column[Any]], values: Sequence[Any]) -> Any:
    return kind(**{column.name: value for column, value in zip(columns, values, strict=True)})


# -- the statements ----------------------------------------------------------------------------------------------

_DELIVERY = [deliveries.c[field.name] for field in fields(Delivery)]
_ARTICLE = [articles.c[field.name] for field in fields(Article)]


def _standing(dialect: str) -> sa.Select[Any]:
    r = table_of(dialect, key=str)
    orders = sa.select(pauses.c.scope, pauses.c.reason, pauses.c.until).order_by(pauses.c.scope)
    facts = sa.select(meta.c.key, meta.c.value).where(meta.c.key.in_(sa.select(r.c.key)))
    lists = (orders, sa.select(doors.c.key, doors.c.reason), facts)
    return sa.select(*(list_of(dialect, part).label(name) for name, part in zip("abc", lists, strict=True)))


def _queues(dialect: str) -> sa.Select[Any]:
    r = table_of(dialect, account=str, live=bool, counted_to=datetime, stale=datetime)
    d, now = deliveries.c, sa.bindparam("now", type_=Moment)
    mine = (d.account == r.c.account, d.live == r.c.live)
    released = sa.or_(d.dated.is_(None), d.dated <= now)
    queued = sa.select(*CANDIDATE).correlate(r)
    grows_old = sa.or_(sa.not_(d.evergreen), d.round == 1)
    may_be_out = sa.or_(IN_FLIGHT, attempts.c.outcome.in_([Outcome.ACCEPTED, Outcome.UNKNOWN]))
    since = attempts.c.desk_at >= sa.bindparam("since", type_=Moment)
    parts = {
        "line": queued.where(IN_LINE, *mine, released).order_by(*IN_ORDER).limit(MOST_IN_LINE),
        "stale": queued.where(IN_LINE, *mine, d.dated < r.c.stale, grows_old).order_by(d.dated).limit(MOST_STALE),
        "oldest": sa.select(d.dated)
        .where(IN_LINE, *mine, d.dated >= r.c.stale, d.dated <= now, grows_old)
        .order_by(d.dated)
        .limit(1)
        .correlate(r),
        "embargoed": queued.where(IN_LINE, *mine, d.dated > now).order_by(d.dated).limit(1),
        "pins": queued.where(IS_PIN, *mine).order_by(d.pinned).limit(MOST_PINS),
        "sent": sa.select(attempts.c.desk_at)
        .where(attempts.c.account == r.c.account, attempts.c.live == r.c.live, since, attempts.c.counts, may_be_out)
        .order_by(attempts.c.desk_at)
        .correlate(r),
        "used": sa.select(slots_used.c.slot)
        .where(slots_used.c.account == r.c.account, slots_used.c.at >= r.c.counted_to)
        .correlate(r),
    }
    return sa.select(r.c.account, *(list_of(dialect, part).label(name) for name, part in parts.items()))


def _to_write(dialect: str) -> sa.Select[Any]:
    r = table_of(dialect, delivery=int)
    frozen = (attempts.c.text.label("frozen_text"), attempts.c.link.label("frozen_link"))
    may_be_live = sa.and_(attempts.c.id == deliveries.c.frozen, IS_UNKNOWN)
    return (
        sa.select(*frozen, *(column.label(f"d_{column.name}") for column in _DELIVERY), *_ARTICLE)
        .join_from(r, deliveries, deliveries.c.id == r.c.delivery)
        .join(articles, articles.c.id == deliveries.c.article)
        .outerjoin(attempts, may_be_live)
    )


_STANDING = {name: _standing(name) for name in DIALECTS}
_QUEUES = {name: _queues(name) for name in DIALECTS}
_TO_WRITE = {name: _to_write(name) for name in DIALECTS}
