"""From a row to the frozen dataclass that the rest of the house knows, and back."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)


def made(kind: type[Record], row: sa.Row[Any], table: sa.Table) -> Record:
    """A `kind` from the row's columns of that table; each field has the column of its name."""
    found = row._mapping
    return kind(**{name: found[column] for name, column in _columns(kind, table)})


@cache
def _columns(kind: type[DataclassInstance], table: sa.Table) -> list[tuple[str, sa.Column[Any]]]:
    return [(field.name, table.c[field.name]) for field in fields(kind)]


def values(record: DataclassInstance) -> dict[str, Any]:
    """The record's fields as a row's values, without an id: the database gives that."""
    columns = asdict(record)
    columns.pop("id", None)
    return columns
