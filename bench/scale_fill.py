"""Databases of any size for the rows of `scale.py`, filled by the database itself: a million rows take seconds.

Two kinds. A *past* has any number of published posts, each with its article, attempt and history, and beside them the
same open ones whatever its size. A *queue* has nothing but lanes that are due, and posts that wait on them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime

import sqlalchemy as sa

from bot.store import schema
from bot.store.database import Database

LANES = 10_000
UNCONFIRMED, HELD = 50, 20
NOW = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
_NOW = int(NOW.timestamp()) * 1_000_000
_SECOND = 1_000_000

Columns = Mapping[str, object]
"""Column -> its value, or (str) an SQL expression over the number `i` of the row. Those we do not have are left out."""


def account(lane: int) -> str:
    return f"lane-{lane}"


def past(url: str, posts: int) -> None:
    """A new database with that many published posts, one a second until now, and some open ones."""
    _fill(url, [*_lanes(look_at=_NOW + 3600 * _SECOND), *_published(posts), *_open(posts)])


def queue(url: str, posts: int) -> None:
    """A new database whose lanes are all due, with that many posts queued on them."""
    queued = {"state": "'queued'", "account": _lane_of("i"), "created": _NOW, "changed": _NOW, "dated": _NOW}
    _fill(url, [*_lanes(look_at=0), *_articles(posts), _insert("deliveries", 1, posts, _delivery(queued))])


# -- rows --------------------------------------------------------------------------------------------------------


def _lanes(*, look_at: int) -> Iterator[tuple[str, int, int, Columns]]:
    yield "meta", 1, 1, {"key": "'last_pass'", "value": f"'{NOW.isoformat()}'"}
    lane = {"account": "'lane-' || i", "counted_to": _NOW, "look_at": look_at, "fence": 0}
    yield _insert("lanes", 0, LANES - 1, lane)


def _published(posts: int) -> Iterator[tuple[str, int, int, Columns]]:
    at = f"{_NOW} - ({posts} - i) * {_SECOND}"
    yield from _articles(posts)
    told = {"state": "'published'", "account": _lane_of("i"), "created": at, "changed": at, "dated": at}
    yield _insert("deliveries", 1, posts, _delivery(told))
    yield _insert("attempts", 1, posts, _attempt(at, "'accepted'", f"i / {LANES} + 1"))
    for place, (before, after) in enumerate(
        [("NULL", "'queued'"), ("'queued'", "'sending'"), ("'sending'", "'published'")]
    ):
        yield _insert("history", 1, posts, _change(f"i * 3 - 2 + {place}", "i", at, before, after))


def _open(posts: int) -> Iterator[tuple[str, int, int, Columns]]:
    """One queued post a lane; on the first lanes also some that are unconfirmed or held."""
    first, last = posts + 1, posts + LANES
    yield from _articles(last + UNCONFIRMED + HELD, first)
    told = {"account": _lane_of(f"(i - {first})"), "created": _NOW, "changed": _NOW, "dated": _NOW}
    yield _insert("deliveries", first, last, _delivery({**told, "state": "'queued'"}))
    yield _insert("history", first, last, _change("i * 3 - 2", "i", str(_NOW), "NULL", "'queued'"))
    unsure = {**told, "state": "'unconfirmed'", "reason": "'not_found'"}
    yield _insert("deliveries", last + 1, last + UNCONFIRMED, _delivery(unsure))
    attempt = {**_attempt(str(_NOW), "'unknown'", "1000000"), "account": _lane_of(f"(i - {first})")}
    yield _insert("attempts", last + 1, last + UNCONFIRMED, attempt)
    held = {**told, "state": "'held'", "reason": "'ask the ministry'"}
    yield _insert("deliveries", last + UNCONFIRMED + 1, last + UNCONFIRMED + HELD, _delivery(held))


def _articles(last: int, first: int = 1) -> Iterator[tuple[str, int, int, Columns]]:
    words = "Ferry returns to the old port after the storm, "
    article = {
        "id": "i",
        "title": f"'{words}' || i",
        "folded_title": f"'{words.lower()}' || i",
        "url": "'https://courier.example/' || i",
        "tags": "'[]'",
        "first_seen": _NOW - 3600 * _SECOND,
        "priority": 0,
        **dict.fromkeys(("breaking", "evergreen", "typed"), "false"),
        **dict.fromkeys(("guid", "summary", "section", "author", "language", "image", "source"), "''"),
    }
    yield _insert("articles", first, last, article)


def _delivery(more: Columns) -> Columns:
    fixed = {"id": "i", "article": "i", "live": "false", "round": 1, "reason": "''", "position": "i", "priority": 0}
    return {**fixed, **more}


def _attempt(at: str, outcome: str, fence: str) -> Columns:
    text = "'Ferry returns to the old port after the storm https://courier.example/' || i"
    return {
        "id": "i",
        "delivery": "i",
        "account": _lane_of("i"),
        "live": "false",
        "owner": "'bench'",
        "fence": fence,
        "text": text,
        "folded": text,
        "link": "'https://courier.example/' || i",
        **dict.fromkeys(("due_at", "desk_at", "started", "finished"), at),
        "counts": "true",
        "outcome": outcome,
        "platform_id": "'' || i",
        "post_url": "'https://x.com/courier/status/' || i",
        "error": "''",
        "cost": 0.2,
    }


def _change(number: str, delivery: str, at: str, before: str, after: str) -> Columns:
    told = {"from_state": before, "to_state": after, "reason": "''", "actor": "'bench'", "note": "''"}
    return {"id": number, "delivery": delivery, "at": at, **told}


def _lane_of(number: str) -> str:
    return f"'lane-' || ({number} - {LANES} * ({number} / {LANES}))"


# -- filling -----------------------------------------------------------------------------------------------------


def _insert(table: str, first: int, last: int, columns: Columns) -> tuple[str, int, int, Columns]:
    return table, first, last, columns


def _fill(url: str, inserts: list[tuple[str, int, int, Columns]]) -> None:
    Database.open(url).close()
    if url.startswith("sqlite"):
        _fill_sqlite(sa.make_url(url).database or "", inserts)
    else:
        _fill_postgresql(url, inserts)


def _fill_sqlite(file: str, inserts: list[tuple[str, int, int, Columns]]) -> None:
    numbers = "(WITH RECURSIVE n(i) AS (SELECT {0} UNION ALL SELECT i + 1 FROM n WHERE i < {1}) SELECT i FROM n)"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "foreign_keys = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        known = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        indexes = connection.execute(known).fetchall()
        for name, _ in indexes:  # made anew at the end they take a fraction of the time
            connection.execute(f"DROP INDEX {name}")
        for table, first, last, columns in inserts:
            connection.execute(_sql(table, columns, numbers.format(first, last)))
        for _, made in indexes:
            connection.execute(made)
        connection.execute("COMMIT")


def _fill_postgresql(url: str, inserts: list[tuple[str, int, int, Columns]]) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys need no looking up
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        known = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        indexes = connection.execute(known).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        for table, first, last, columns in inserts:
            connection.execute(_sql(table, columns, f"generate_series({first}::bigint, {last}::bigint) AS n(i)"))
        for _, made in indexes:
            connection.execute(made)
        connection.execute("VACUUM ANALYZE")  # as the server does by itself before long


def _sql(table: str, columns: Columns, numbers: str) -> str:
    known = schema.metadata.tables[table].c
    ours = {name: value for name, value in columns.items() if name in known}
    return f"INSERT INTO {table} ({', '.join(ours)}) SELECT {', '.join(map(str, ours.values()))} FROM {numbers}"
