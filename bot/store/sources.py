"""Sources: how far each has been read, what its server said last, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.rows import made
from bot.store.schema import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source. `first_read` None: never read with success. `etag` and `last_modified` are the server's own words.
    `address` is what was read: another one under the same name is another source.

    `failures` counts reads that failed since the last success; `last_error` is a scrubbed sentence.
    """

    name: str
    first_read: datetime | None = None
    last_read: datetime | None = None
    last_tried: datetime | None = None
    etag: str = ""
    last_modified: str = ""
    address: str = ""
    last_error: str = ""
    failures: int = 0


def get(tx: Transaction, name: str, address: str | None = None) -> SourceState:
    """The source's state; an empty one if it was never read, or (with `address`) only at another address."""
    row = tx.execute(sa.select(sources).where(sources.c.name == name)).first()
    state = made(SourceState, row, sources) if row else SourceState(name=name)
    moved = address is not None and state.first_read is not None and state.address != address
    return SourceState(name=name) if moved else state


def note_read(tx: Transaction, name: str, *, address: str, etag: str, last_modified: str, at: datetime) -> None:
    """The source was read at `at`; errors before that are forgotten."""
    first = get(tx, name, address).first_read or at
    _write(
        tx,
        name,
        first_read=first,
        last_read=at,
        last_tried=at,
        etag=etag,
        last_modified=last_modified,
        address=address,
        last_error="",
        failures=0,
    )


def note_failure(tx: Transaction, name: str, *, error: str, at: datetime) -> None:
    """A read failed at `at`; what is known from the last good one stays."""
    _write(tx, name, last_tried=at, last_error=error, failures=get(tx, name).failures + 1)


def _write(tx: Transaction, name: str, **changes: Any) -> None:
    empty = {"etag": "", "last_modified": "", "address": "", "last_error": "", "failures": 0}
    new = insert(tx, sources).values(name=name, **{**empty, **changes})
    tx.execute(new.on_conflict_do_update(index_elements=[sources.c.name], set_=changes))
