"""Long lists of deliveries, page by page: each page is a short transaction of its own, and no list is held whole.

What waits is told in the order of its account's queue. The bulk of it, queued without a pin, lies in that order in an
index; the rest of an account (pins, what is held, being sent or unconfirmed) is sorted by its keys and merged in.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from bot.article import Article
from bot.delivery import OPEN_STATES, Delivery, State
from bot.store import deliveries as singles
from bot.store.database import Database, Transaction
from bot.store.rows import made
from bot.store.schema import IN_LINE, IN_ORDER, IS_OPEN, IS_PIN, IS_UNSETTLED, articles, deliveries

PAGE = 500

Pair = tuple[Delivery, Article]
Key = tuple[bool, int, float, int]
"""Where a delivery stands in its account's queue: breaking first, then higher priority, lower position, older."""

_D = deliveries.c


def by_number(
    database: Database, states: Collection[State] | None, account: str | None, *, page: int = PAGE
) -> Iterator[Pair]:
    """The deliveries in these states (None: in any) in the order they were made."""
    after = 0
    while True:
        with database.read() as tx:
            found = singles.listing(tx, states=states, account=account, after=after, limit=page)
        yield from found
        if len(found) < page:
            return
        after = found[-1][0].id


def accounts_with_open(tx: Transaction) -> list[str]:
    """The accounts that have open deliveries, by name."""
    return list(tx.execute(sa.select(_D.account).where(IS_OPEN).distinct().order_by(_D.account)).scalars())


def in_order(database: Database, account: str, states: Collection[State], *, page: int = PAGE) -> Iterator[Pair]:
    """The account's open deliveries in these states, in the order of its queue, rehearsed and live together."""
    wanted = set(states) & set(OPEN_STATES)
    if not wanted:
        return iter(())
    parts = [_apart(database, account, wanted, page)]
    if State.QUEUED in wanted:
        parts += [_line(database, account, live, page) for live in (False, True)]
    return heapq.merge(*parts, key=lambda pair: key_of(*pair))


def key_of(delivery: Delivery, article: Article) -> Key:
    """The delivery's place in its account's queue."""
    return not article.breaking, -delivery.priority, delivery.position, delivery.id


def _line(database: Database, account: str, live: bool, page: int) -> Iterator[Pair]:
    """What is queued without a pin."""
    after: Key | None = None
    while True:
        with database.read() as tx:
            found = _page_of_line(tx, account, live, after, page)
        yield from found
        if len(found) < page:
            return
        after = key_of(*found[-1])


def _page_of_line(tx: Transaction, account: str, live: bool, after: Key | None, limit: int) -> list[Pair]:
    found: list[Pair] = []
    for beyond in _stretches(after):
        query = _pairs().where(IN_LINE, _D.account == account, _D.live == live, *beyond)
        found += _fetched(tx, query.order_by(*IN_ORDER).limit(limit - len(found)))
        if len(found) == limit:
            break
    return found


def _stretches(after: Key | None) -> Sequence[Sequence[sa.ColumnElement[bool]]]:
    """What lies beyond that place, as stretches of the index, one after the other: a single condition for all of it
    would have to be sorted anew for each page."""
    if after is None:
        return [()]
    not_breaking, minus_priority, position, number = after
    same = (not not_breaking) == _D.breaking
    behind = sa.tuple_(_D.position, _D.id) > sa.tuple_(sa.literal(position), sa.literal(number))
    stretches: list[Sequence[Any]] = [(same, _D.priority == -minus_priority, behind)]
    stretches.append((same, _D.priority < -minus_priority))
    return stretches if not_breaking else [*stretches, (sa.false() == _D.breaking,)]


def _apart(database: Database, account: str, states: set[State], page: int) -> Iterator[Pair]:
    """The account's pins, and what is held, being sent or unconfirmed."""
    with database.read() as tx:
        keys = sorted(_keys_apart(tx, account, states))
    numbers = [key[-1] for key in keys]
    for start in range(0, len(numbers), page):
        with database.read() as tx:
            query = _pairs().where(_D.id.in_(numbers[start : start + page]), _D.state.in_(list(states)))
            found = _fetched(tx, query)
        yield from sorted(found, key=lambda pair: key_of(*pair))


def _keys_apart(tx: Transaction, account: str, states: set[State]) -> Iterator[Key]:
    unsettled = states - {State.QUEUED}
    kinds: list[Sequence[Any]] = [(IS_UNSETTLED, _D.state.in_(list(unsettled)))] if unsettled else []
    kinds += [(IS_PIN,)] if State.QUEUED in states else []
    for kind in kinds:
        columns = sa.select(_D.breaking, _D.priority, _D.position, _D.id)
        for breaking, priority, position, number in tx.execute(columns.where(_D.account == account, *kind)):
            yield not breaking, -priority, position, number


def _pairs() -> sa.Select[Any]:
    return sa.select(deliveries, articles).join_from(deliveries, articles)


def _fetched(tx: Transaction, query: sa.Select[Any]) -> list[Pair]:
    return [(made(Delivery, row, deliveries), made(Article, row, articles)) for row in tx.execute(query)]
