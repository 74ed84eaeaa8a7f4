"""Opening a database: made, upgraded, refused, and what a person reads when it cannot be used."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bot.errors import ConfigurationError, NewerDatabase
from bot.store import lanes, meta, upgrading
from bot.store.database import Database
from bot.store.schema import metadata
from tests.databases import NOW


@pytest.fixture
def raw(empty_database_url: str) -> Iterator[sa.Engine]:
    """Our back door: the same database without the store."""
    engine = sa.create_engine(empty_database_url)
    yield engine
    engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())


def test_an_empty_database_gets_all_tables_and_says_so_once(empty_database_url: str, raw: sa.Engine) -> None:
    said: list[str] = []
    Database.open(empty_database_url, on_progress=said.append).close()
    Database.open(empty_database_url, on_progress=said.append).close()
    assert tables(raw) == {*metadata.tables, upgrading.VERSION_TABLE}
    assert len(said) == 1
    assert said[0].startswith("Making the database ")


def test_a_newer_database_is_refused_and_left_alone(empty_database_url: str, raw: sa.Engine) -> None:
    Database.open(empty_database_url).close()
    with raw.begin() as connection:
        connection.execute(sa.text(f"UPDATE {upgrading.VERSION_TABLE} SET version_num = '0999'"))
    with pytest.raises(NewerDatabase, match="written by a newer Nightdesk .*0999"):
        Database.open(empty_database_url)
    with raw.connect() as connection:
        assert connection.scalar(sa.text(f"SELECT version_num FROM {upgrading.VERSION_TABLE}")) == "0999"


def test_a_database_of_another_program_is_not_touched(empty_database_url: str, raw: sa.Engine) -> None:
    with raw.begin() as connection:
        connection.execute(sa.text("CREATE TABLE articles (body TEXT)"))
    with pytest.raises(ConfigurationError, match="belongs to another program .*'articles'"):
        Database.open(empty_database_url)
    assert tables(raw) == {"articles"}


def test_an_upgrade_that_fails_changes_nothing_and_the_next_one_succeeds(
    empty_database_url: str, raw: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(connection: sa.Connection) -> None:
        migrate(connection)
        raise KeyboardInterrupt

    migrate = upgrading._migrate
    monkeypatch.setattr(upgrading, "_migrate", break_off)
    with pytest.raises(KeyboardInterrupt):
        Database.open(empty_database_url)
    assert tables(raw) == set()
    monkeypatch.undo()
    Database.open(empty_database_url).close()
    assert metadata.tables.keys() <= tables(raw)


def test_many_who_open_an_empty_database_at_once_make_it_once(empty_database_url: str) -> None:
    said: list[str] = []
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            Database.open(empty_database_url, on_progress=said.append).close()
        except BaseException as error:
            failures.append(error)

    crowd = [threading.Thread(target=open_it) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert failures == []
    assert len(said) == 1


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    def write_and_fail() -> None:
        with database.begin() as tx:
            meta.set(tx, "half", "written")
            raise RuntimeError("the power went")

    with database.begin() as tx:
        meta.set(tx, "whole", "written")
    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.read() as tx:
        assert (meta.get(tx, "whole"), meta.get(tx, "half")) == ("written", None)


def test_mistakes_of_ours_are_not_dressed_up_as_trouble_with_the_database(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.begin() as tx:
        tx.execute(sa.insert(metadata.tables["meta"]).values(key="no value"))
    with pytest.raises(sa.exc.StatementError, match="needs a time zone"), database.begin() as tx:
        lanes.ensure(tx, "x-main", NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root@host/db", "cannot use a mysql database"),
        ("nightdesk.db", "is not a URL"),
        ("sqlite://", "is not a plain file"),
        ("sqlite:///:memory:", "is not a plain file"),
        ("sqlite:///file:x.db?mode=ro&uri=true", "is not a plain file"),
    ],
)
def test_a_url_that_cannot_work_is_refused_in_a_sentence(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Database.open(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg//editor:s3cret@host/db",
        "postgresql://editor:s3cret@host:port/db",
        "mysql://editor:s3cret@host/db",
        "postgresql://editor@127.0.0.1:1/db?password=s3cret&no_such_option=1",
        "postgresql://editor:s3cret@127.0.0.1:1/db?port=nonsense",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Database.open(url)
    assert "s3cret" not in str(caught.value)
