"""PostgreSQL: what is said when it is away or refuses us, and that no secret is said with it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.article import Article
from bot.errors import ConfigurationError, TryAgainLater
from bot.store import articles, lanes, meta
from bot.store.database import Database
from tests.databases import NOW, PASSWORD, ROLE_WITH_PASSWORD, TEMPLATE, PostgreSQL


@pytest.fixture
def name(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.fresh(TEMPLATE) as made:
        yield made


@pytest.fixture
def database(postgresql: PostgreSQL, name: str) -> Iterator[Database]:
    opened = Database.open(postgresql.url(name))
    yield opened
    opened.close()


def test_a_server_that_is_down_can_be_tried_later() -> None:
    with pytest.raises(TryAgainLater, match="Connection refused") as caught:
        Database.open(f"postgresql://{ROLE_WITH_PASSWORD}:{PASSWORD}@127.0.0.1:1/night")
    said = str(caught.value)
    assert PASSWORD not in said
    assert "127.0.0.1:1/night" in said
    assert "\n" not in said


def test_a_password_among_the_options_is_not_shown_either() -> None:
    with pytest.raises(TryAgainLater, match="Connection refused") as caught:
        Database.open(f"postgresql://127.0.0.1:1/night?password={PASSWORD}")
    assert PASSWORD not in str(caught.value)


def test_a_wrong_password_is_a_matter_of_the_settings_and_is_not_repeated(postgresql: PostgreSQL, name: str) -> None:
    wrong = "wr0ng-" + PASSWORD
    with pytest.raises(ConfigurationError, match="password authentication failed") as caught:
        Database.open(postgresql.url(name, f"{ROLE_WITH_PASSWORD}:{wrong}"))
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__, "the driver's own words must not be shown with ours"


def test_a_database_that_does_not_exist_is_a_matter_of_the_settings(postgresql: PostgreSQL) -> None:
    with pytest.raises(ConfigurationError, match=r'"nowhere" does not exist'):
        Database.open(postgresql.url("nowhere"))


def test_a_user_who_may_not_make_tables_is_told_so(postgresql: PostgreSQL) -> None:
    with postgresql.fresh() as empty, pytest.raises(ConfigurationError, match="permission denied for schema public"):
        Database.open(postgresql.url(empty, f"{ROLE_WITH_PASSWORD}:{PASSWORD}"))


def test_without_the_driver_the_message_says_what_to_install(
    postgresql: PostgreSQL, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'nightdesk\[postgres\]'"):
        Database.open(postgresql.url(name))


def test_an_intent_is_durable_even_where_the_database_says_that_speed_matters_more(
    postgresql: PostgreSQL, name: str
) -> None:
    postgresql.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = Database.open(postgresql.url(name))
    with database.begin() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def cut_off(server: PostgreSQL, name: str) -> None:
    """End all sessions on the database, as a restart of the server does."""
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_a_connection_that_breaks_in_a_transaction_is_told_and_the_next_transaction_works(
    postgresql: PostgreSQL, name: str, database: Database
) -> None:
    def write() -> None:
        with database.begin() as tx:
            meta.set(tx, "half", "written")
            cut_off(postgresql, name)
            meta.set(tx, "other half", "written")

    with pytest.raises(TryAgainLater, match="cannot be used now"):
        write()
    with database.begin() as tx:
        assert meta.get(tx, "half") is None


def test_a_connection_that_broke_between_transactions_is_replaced_unnoticed(
    postgresql: PostgreSQL, name: str, database: Database
) -> None:
    with database.begin() as tx:
        meta.set(tx, "first", "written")
    cut_off(postgresql, name)
    with database.begin() as tx:
        assert meta.get(tx, "first") == "written"


def test_a_commit_that_is_cut_off_is_told(postgresql: PostgreSQL, name: str, database: Database) -> None:
    def write() -> None:
        with database.begin() as tx:
            meta.set(tx, "half", "written")
            cut_off(postgresql, name)

    with pytest.raises(TryAgainLater, match="cannot be used now"):
        write()


def test_a_row_that_another_worker_holds_is_waited_for_and_then_given_up(
    postgresql: PostgreSQL, name: str, database: Database
) -> None:
    impatient = Database.open(postgresql.url(name), patience=timedelta(milliseconds=200))
    with database.begin() as worker:
        worker.execute(sa.text("LOCK TABLE meta"))
        with pytest.raises(TryAgainLater, match="lock timeout"), impatient.begin() as tx:
            meta.set(tx, "key", "value")
    impatient.close()


def test_a_server_that_only_reads_is_told(database: Database) -> None:
    def write() -> None:
        with database.begin() as tx:
            tx.exec_driver_sql("SET TRANSACTION READ ONLY")  # as on a standby
            meta.set(tx, "key", "value")

    with pytest.raises(TryAgainLater, match="read-only transaction"):
        write()


def test_any_number_of_workers_may_run(database: Database) -> None:
    assert not database.exclusive
    with database.instance_lock("run"), database.instance_lock("run"):
        pass


def test_a_shared_database_may_have_tables_of_others(postgresql: PostgreSQL) -> None:
    with postgresql.fresh() as shared:
        engine = sa.create_engine(postgresql.url(shared))
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE recipes (name TEXT)"))
            connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        Database.open(postgresql.url(shared)).close()
        assert {"recipes", "articles"} <= set(sa.inspect(engine).get_table_names())
        engine.dispose()


def test_a_read_transaction_sees_one_state_throughout(database: Database) -> None:
    """So it is with SQLite, where a writer waits for the reader instead."""
    with database.read() as reader:
        before = lanes.every(reader)
        with database.begin() as writer:
            lanes.ensure(writer, "x-main", NOW)
        assert lanes.every(reader) == before == []


def test_who_loses_the_race_for_an_article_gets_the_first_ones_and_leaves_nothing_behind(database: Database) -> None:
    """Two bring one article at once. In slow motion: the first is not committed yet when the second begins to add."""
    results: list[tuple[Article, bool]] = []

    def bring() -> None:
        with database.begin() as tx:
            results.append(articles.keep(tx, Article(title="second"), ["url:1", "guid:2"], NOW))

    second = threading.Thread(target=bring)
    with database.begin() as tx:
        first = articles.keep(tx, Article(title="first"), ["url:1"], NOW)[0]
        second.start()
        second.join(0.5)
        assert second.is_alive(), "it waits"
    second.join()
    assert results == [(first, False)]
    with database.read() as tx:
        assert articles.find(tx, "second") == []
