"""The tables as the migrations make them are the tables as the code describes them, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.delivery import State
from bot.store import upgrading
from bot.store.columns import Moment, OneOf, Prose, Words
from bot.store.database import Database
from bot.store.schema import metadata


def test_the_migrations_lead_to_the_tables_of_the_code(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": upgrading.VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_indexes_and_keys_are_the_same_too(database_url: str, empty_database_url: str, database_kind: str) -> None:
    """Alembic compares no predicates of partial indexes, and on SQLite no constraints."""
    if database_kind == "sqlite":
        empty_database_url = empty_database_url.replace("nightdesk.db", "from-code.db")
    migrated, from_code = sa.create_engine(database_url), sa.create_engine(empty_database_url)
    metadata.create_all(from_code)
    assert described(migrated) == described(from_code)
    migrated.dispose()
    from_code.dispose()


def described(engine: sa.Engine) -> dict[str, object]:
    look = sa.inspect(engine)
    return {
        table: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)),
            look.get_pk_constraint(table),
            sorted(
                (i["name"], str(i["column_names"]), str(i["unique"]), condition(i)) for i in look.get_indexes(table)
            ),
            sorted(str(sorted(u.items(), key=str)) for u in look.get_unique_constraints(table)),
            sorted(str(sorted(f.items(), key=str)) for f in look.get_foreign_keys(table)),
        )
        for table in metadata.tables
    }


def condition(index: object) -> str:
    options = index.get("dialect_options", {})  # type: ignore[attr-defined]
    return str(next((text for name, text in options.items() if name.endswith("_where")), ""))


def test_the_newest_migration_is_the_one_the_code_asks_for() -> None:
    script = ScriptDirectory(str(upgrading.MIGRATIONS))
    assert script.get_heads() == [upgrading.HEAD]
    assert all(revision.revision.isdigit() for revision in script.walk_revisions())


BERLIN_SUMMER = timezone(timedelta(hours=2))
KINDS = {
    "a moment comes back in UTC, to the microsecond": (
        Moment(),
        datetime(2026, 3, 29, 3, 0, 0, 123457, tzinfo=BERLIN_SUMMER),
        datetime(2026, 3, 29, 1, 0, 0, 123457, tzinfo=timezone.utc),  # noqa: UP017 (to differ from what the store uses)
    ),
    "a moment before 1970": (
        Moment(),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc),  # noqa: UP017
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=timezone.utc),  # noqa: UP017
    ),
    "no moment": (Moment(), None, None),
    "plain text": (Prose(), "Bakı 日本 👩‍👩‍👧", "Bakı 日本 👩‍👩‍👧"),
    "NUL, which PostgreSQL refuses": (Prose(), "a\0b", "a\ufffdb"),
    "a lone surrogate, which neither can hold": (Prose(), "a\ud800b", "a\ufffdb"),
    "no text": (Prose(), None, None),
    "words": (Words(), ("Bakı", 'a "b"', "c,d"), ("Bakı", 'a "b"', "c,d")),
    "no words": (Words(), (), ()),
    "a state": (OneOf(State), State.UNCONFIRMED, State.UNCONFIRMED),
    "no state": (OneOf(State), None, None),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_goes_into_a_column_comes_out_of_it(database: Database, name: str) -> None:
    kind, put, expected = KINDS[name]
    table = sa.Table("kinds", sa.MetaData(), sa.Column("value", kind))
    with database.begin() as tx:
        table.create(tx)
        tx.execute(sa.insert(table).values(value=put))
        found = tx.execute(sa.select(table.c.value)).scalar()
    assert found == expected
    assert type(found) is type(expected)
