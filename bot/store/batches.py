"""Many rows in one statement: a batch goes in as one JSON parameter, and on SQLite comes out as one JSON value.

SQLite's driver gives the interpreter lock away at each step and each row, and beside busy sender threads gets it back
only milliseconds later; on PostgreSQL each statement is a journey.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.store.columns import Moment, microseconds

_KINDS: dict[type, tuple[str, sa.types.TypeEngine[Any]]] = {
    int: ("bigint", sa.BigInteger()),
    str: ("text", sa.Text()),
    bool: ("boolean", sa.Boolean()),
    float: ("double precision", sa.Float(53)),
    datetime: ("bigint", Moment()),
}


def table_of(dialect: str, **columns: type) -> sa.Subquery:
    """The parameter that `rows_in` makes as a table with these columns: int, str, bool, float or datetime."""
    each = "json_each(:rows)" if dialect == "sqlite" else "json_array_elements(CAST(:rows AS json)) AS t(value)"
    field = "json_extract(value, '$[{0}]') AS {1}" if dialect == "sqlite" else "CAST(value->>{0} AS {2}) AS {1}"
    fields = ", ".join(field.format(i, name, _KINDS[kind][0]) for i, (name, kind) in enumerate(columns.items()))
    kinds = {name: _KINDS[kind][1] for name, kind in columns.items()}
    return sa.text(f"SELECT {fields} FROM {each}").columns(**kinds).subquery("r")


def rows_in(rows: Sequence[Sequence[object]]) -> dict[str, str]:
    """The parameter for `table_of`: a value a column, in their order. Texts must be storable already."""
    return {"rows": json.dumps(rows, default=microseconds, separators=(",", ":"))}


def list_of(dialect: str, select: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    """The rows of a correlated `select` as one value, a list of lists, moments in microseconds."""
    inner = select.subquery()
    if dialect == "sqlite":
        rows = sa.func.json_group_array(sa.func.json_array(*inner.c))
        return sa.select(sa.func.json(rows)).scalar_subquery()
    return sa.select(sa.func.json_agg(sa.func.json_build_array(*inner.c))).scalar_subquery()


def fetch(tx: sa.Connection, select: sa.Select[Any], values: dict[str, Any]) -> list[Sequence[Any]]:
    """All rows of a small result, at once. `select` is one that is kept, for what is made of it is kept too."""
    if tx.dialect.name != "sqlite":
        return list(tx.execute(select, values).all())
    packed, readers = _packed(select)
    rows = json.loads(tx.execute(packed, values).scalar_one())
    return [[value if read is None else read(value) for read, value in zip(readers, row, strict=True)] for row in rows]


@cache
def _packed(select: sa.Select[Any]) -> tuple[sa.Select[Any], list[Callable[[Any], Any] | None]]:
    inner = select.subquery()
    columns = [sa.func.json(c) if isinstance(c.type, sa.types.NullType) else c for c in inner.c]
    return sa.select(sa.func.json_group_array(sa.func.json_array(*columns))), [_reader(c.type) for c in inner.c]


def _reader(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """How a value of that type is read back from JSON; None: as it stands."""
    if isinstance(kind, sa.Boolean):
        return lambda value: None if value is None else bool(value)
    if isinstance(kind, sa.types.TypeDecorator) and type(kind).process_result_value is not _UNREAD:
        return lambda value: kind.process_result_value(value, _SQLITE)
    return None


_SQLITE = sqlite.dialect()
_UNREAD = sa.types.TypeDecorator.process_result_value
