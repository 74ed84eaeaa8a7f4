"""The kinds of column the tables are made of: what Python holds and what the database stores."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Kind = TypeVar("Kind", bound=StrEnum)

# SQLite numbers the rows of a table by itself only where the key is declared INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def microseconds(moment: Any) -> int:
    """An aware moment as it is stored."""
    return int((moment - EPOCH) // MICROSECOND)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 in UTC. A naive one is refused (ValueError)."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value!r}")
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


def storable(text: str) -> str:
    """The text with NUL and lone surrogates, which one or the other database cannot hold, replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Prose(sa.types.TypeDecorator[str]):
    """Any text, as far as a database can hold it: see `storable`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable(value)


class Words(sa.types.TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, stored as a JSON list."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else json.dumps(value)  # plain ASCII, so no database can object

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


class OneOf(sa.types.TypeDecorator[Kind], Generic[Kind]):
    """A member of a StrEnum, stored as its value."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: type[Kind]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Kind | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Kind | None:
        return None if value is None else self.kind(value)
