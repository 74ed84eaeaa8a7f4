"""Articles: each is kept once, and found again by id, address or words of its title."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.article import Article
from bot.identity import canonical_url
from bot.store import deliveries
from bot.store.columns import storable
from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made, values
from bot.store.schema import articles, identities
from bot.store.search import fold, has_words

MOST_FOUND = 50
_ID = re.compile(r"a?(\d{1,18})", re.ASCII)
_LONGEST_IDENTITY = 500  # PostgreSQL cannot index much more; longer ones are kept as their hash
_AT_ONCE = 500


def keep(tx: Transaction, article: Article, identified_by: Sequence[str], now: datetime) -> tuple[Article, bool]:
    """The article as it is kept, and whether it is new.

    It is known already when any of its identities (strongest first) is; identities that were not known of it are
    noted. `now` becomes `first_seen` unless the article has one. Two who keep the same at once get the same article.
    """
    keys = [_key(identity) for identity in identified_by]
    while True:
        known = _known(tx, keys)
        if known is not None:
            _note_identities(tx, known, keys)
            return get(tx, known), False
        added = _add(tx, replace(article, first_seen=article.first_seen or now), keys)
        if added is not None:
            return added, True


def update(tx: Transaction, article: Article) -> None:
    """Store the article's fields anew, under its id; its open deliveries follow (`deliveries.follow_article`)."""
    tx.execute(sa.update(articles).where(articles.c.id == article.id).values(**_columns(article)))
    if article.id is not None:
        deliveries.follow_article(tx, article.id)


def get(tx: Transaction, article: int) -> Article:
    """The article of that id; KeyError when there is none."""
    return get_many(tx, [article])[article]


def get_many(tx: Transaction, ids: Iterable[int]) -> dict[int, Article]:
    """Those of the articles that exist, by id."""
    wanted, found = sorted(set(ids)), {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = sa.select(articles).where(articles.c.id.in_(wanted[start : start + _AT_ONCE]))
        found.update({row.id: made(Article, row, articles) for row in tx.execute(some)})
    return found


def newest(tx: Transaction, most: int) -> list[Article]:
    """The articles that came last, the newest first, at most `most` of them."""
    latest = sa.select(articles).order_by(articles.c.id.desc()).limit(most)
    return [made(Article, row, articles) for row in tx.execute(latest)]


def find(tx: Transaction, name: str) -> list[Article]:
    """The articles a person may mean: of that id (`a12` or `12`), else of that address, else with all those words in
    the title, newest first and at most MOST_FOUND."""
    name = name.strip()
    if (match := _ID.fullmatch(name)) and (found := get_many(tx, [int(match[1])])):
        return list(found.values())
    if name.startswith(("http://", "https://")):
        return _of_address(tx, name)
    if not fold(name):
        return []
    by_words = sa.select(articles).where(has_words(articles.c.folded_title, name))
    return [
        made(Article, row, articles) for row in tx.execute(by_words.order_by(articles.c.id.desc()).limit(MOST_FOUND))
    ]


def _columns(article: Article) -> dict[str, Any]:
    return {**values(article), "folded_title": fold(article.title)}


def _key(identity: str) -> str:
    identity = storable(identity)
    if len(identity) <= _LONGEST_IDENTITY:
        return identity
    return f"{identity.partition(':')[0]}:sha256:{hashlib.sha256(identity.encode()).hexdigest()}"


def _known(tx: Transaction, keys: Sequence[str]) -> int | None:
    """The article of the strongest key that is known."""
    rows = tx.execute(sa.select(identities).where(identities.c.identity.in_(keys)))
    known = {row.identity: int(row.article) for row in rows}
    return next((known[key] for key in keys if key in known), None)


def _add(tx: Transaction, article: Article, keys: Sequence[str]) -> Article | None:
    """None: another transaction was faster with one of the keys, and nothing was added."""
    with tx.begin_nested() as savepoint:
        number = tx.execute(sa.insert(articles).values(**_columns(article)).returning(articles.c.id)).scalar_one()
        if _note_identities(tx, number, keys) == len(set(keys)):
            return get(tx, number)
        savepoint.rollback()
    return None


def _note_identities(tx: Transaction, article: int, keys: Sequence[str]) -> int:
    """How many of the keys were free, and are this article's now."""
    rows = [{"identity": key, "article": article} for key in sorted(set(keys))]  # in order, so that two never deadlock
    noted = insert(tx, identities).values(rows).on_conflict_do_nothing().returning(identities.c.identity)
    return len(tx.execute(noted).all()) if rows else 0


def _of_address(tx: Transaction, url: str) -> list[Article]:
    known = _known(tx, [_key(f"url:{canonical_url(url)}")])
    if known is not None:
        return [get(tx, known)]
    return [
        made(Article, row, articles)
        for row in tx.execute(sa.select(articles).where(articles.c.url == url).limit(MOST_FOUND))
    ]
