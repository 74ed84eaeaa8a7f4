"""The log: every attempt, every delivery that ended without one, every stretch of missed slots, in order of time.

A page is one short transaction, so a reader who takes an hour over the log never stands in a post's way.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from bot.delivery import Outcome, State
from bot.store.database import Database, Transaction
from bot.store.schema import HAS_ENDED, articles, attempts, deliveries, slots_missed
from bot.store.search import has_words

PAGE = 500
MISSED = "missed"

Cursor = tuple[datetime, int, int]
"""Where a row stands in the log: its time, its kind and its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One row. `attempt` None: a delivery that ended without any. `delivery` None: `count` missed slots, from `due_at`
    to `due_last`.

    `at` is the desk's time of the attempt, of the end, or of noticing what was missed. `state` and `reason` are the
    delivery's now (`missed` for a stretch), `outcome` the attempt's (None while it is open). `due_at` is the
    delivery's pin, else the slot's moment. `cost` in USD.
    """

    cursor: Cursor
    at: datetime
    account: str
    live: bool
    state: str
    reason: str
    delivery: int | None = None
    attempt: int | None = None
    article: int | None = None
    title: str | None = None
    outcome: Outcome | None = None
    due_at: datetime | None = None
    due_last: datetime | None = None
    count: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    text: str | None = None
    link: str | None = None
    post_url: str | None = None
    platform_id: str | None = None
    cost: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for; empty fields ask for everything. `state` may be `missed`; `since` is desk time.

    `search`: every word must occur in the title, text or link, so missed slots are left out.
    """

    account: str | None = None
    state: str | None = None
    since: datetime | None = None
    search: str | None = None


def read(database: Database, wanted: Filter, *, after: Cursor | None = None, page: int = PAGE) -> Iterator[LogRow]:
    """All rows after the cursor, oldest first, read page by page with no transaction open in between."""
    while True:
        with database.read() as tx:
            found = rows(tx, wanted, after=after, limit=page)
        yield from found
        if len(found) < page:
            return
        after = found[-1].cursor


def rows(
    tx: Transaction, wanted: Filter, *, after: Cursor | None = None, limit: int = PAGE, newest_first: bool = False
) -> list[LogRow]:
    """One page of at most `limit` rows, oldest first (or newest first), beyond the cursor. Fewer means no more."""
    pages: list[list[LogRow]] = []
    edge: datetime | None = None  # what lies beyond cannot be on this page, so the other kinds need not look there
    for kind in _kinds(wanted):
        page = [kind.made(row) for row in tx.execute(kind.page(after, edge, limit, newest_first))]
        if len(page) == limit:
            edge = page[-1].at
        pages.append(page)
    in_order = heapq.merge(*pages, key=lambda row: row.cursor, reverse=newest_first)
    return list(islice(in_order, limit))


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the three kinds of row. Its query gives the fields of a LogRow under their names, but for the cursor."""

    number: int
    at: sa.Column[Any]
    id: sa.Column[Any]
    query: sa.Select[Any]

    def page(self, after: Cursor | None, edge: datetime | None, limit: int, newest_first: bool) -> sa.Select[Any]:
        query = self.query.add_columns(self.at.label("at"), self.id.label("number"))
        if after is not None:
            query = query.where(self._beyond(after, newest_first))
        if edge is not None:
            query = query.where(self.at >= edge if newest_first else self.at <= edge)
        order = (self.at.desc(), self.id.desc()) if newest_first else (self.at, self.id)
        return query.order_by(*order).limit(limit)

    def _beyond(self, after: Cursor, newest_first: bool) -> sa.ColumnElement[bool]:
        at, kind, number = after
        if kind == self.number:
            here, there = sa.tuple_(self.at, self.id), sa.tuple_(sa.literal(at, self.at.type), number)
            return here < there if newest_first else here > there
        if newest_first:
            return self.at <= at if self.number < kind else self.at < at
        return self.at >= at if self.number > kind else self.at > at

    def made(self, row: sa.Row[Any]) -> LogRow:
        told = row._asdict()
        return LogRow(cursor=(told["at"], self.number, told.pop("number")), **told)


def _kinds(wanted: Filter) -> list[_Kind]:
    """The kinds that may have what is wanted, with the filters in their queries."""
    stretches = _Kind(2, slots_missed.c.recorded, slots_missed.c.id, _stretches(wanted))
    if wanted.state == MISSED:
        return [stretches]
    attempted = _Kind(0, attempts.c.desk_at, attempts.c.id, _attempts(wanted))
    ended = _Kind(1, deliveries.c.changed, deliveries.c.id, _ended(wanted))
    return [attempted, ended] if wanted.state or wanted.search else [attempted, ended, stretches]


_OF_THE_DELIVERY = (
    deliveries.c.id.label("delivery"),
    deliveries.c.state,
    deliveries.c.reason,
    articles.c.id.label("article"),
    articles.c.title,
)


def _attempts(wanted: Filter) -> sa.Select[Any]:
    its = attempts.c
    query: sa.Select[Any] = sa.select(
        *_OF_THE_DELIVERY,
        its.id.label("attempt"),
        its.account,
        its.live,
        its.outcome,
        sa.func.coalesce(deliveries.c.pinned, its.due_at, type_=its.due_at.type).label("due_at"),
        its.started.label("started_at"),
        its.finished.label("finished_at"),
        its.text,
        its.cost,
        *(_unless_empty(column) for column in (its.link, its.post_url, its.platform_id, its.error)),
    ).select_from(attempts.join(deliveries, its.delivery == deliveries.c.id).join(articles))
    query = _filtered(query, wanted, its.account, its.desk_at)
    return _searched(query, wanted, articles.c.folded_title + " " + its.folded)


def _ended(wanted: Filter) -> sa.Select[Any]:
    never_tried = ~sa.exists().where(attempts.c.delivery == deliveries.c.id)
    its = deliveries.c
    told = (*_OF_THE_DELIVERY, its.account, its.live, its.pinned.label("due_at"))
    query: sa.Select[Any] = sa.select(*told).join_from(deliveries, articles)
    query = _filtered(query.where(HAS_ENDED, never_tried), wanted, its.account, its.changed)
    return _searched(query, wanted, articles.c.folded_title)


def _stretches(wanted: Filter) -> sa.Select[Any]:
    its = slots_missed.c
    query = sa.select(
        its.account,
        its.live,
        sa.literal(MISSED).label("state"),
        its.reason,
        its.first.label("due_at"),
        its.last.label("due_last"),
        its.slots.label("count"),
    )
    return _filtered(query, wanted, its.account, its.recorded)


def _unless_empty(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.func.nullif(column, "", type_=column.type).label(column.name)


def _filtered(query: sa.Select[Any], wanted: Filter, account: sa.Column[Any], at: sa.Column[Any]) -> sa.Select[Any]:
    if wanted.account:
        query = query.where(account == wanted.account)
    return query.where(at >= wanted.since) if wanted.since else query


def _searched(query: sa.Select[Any], wanted: Filter, folded: sa.ColumnElement[Any]) -> sa.Select[Any]:
    if wanted.state:
        query = query.where(deliveries.c.state == State(wanted.state))
    return query.where(has_words(folded, wanted.search)) if wanted.search else query
