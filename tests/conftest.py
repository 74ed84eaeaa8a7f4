"""What every test may use: a database of either kind, and the folder of shared reference data, where there is one."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer.testing

from bot.store import dialect
from bot.store.database import Database
from faults.nursery import Nursery
from tests.databases import TEMPLATE, PostgreSQL, postgresql_server

SHARED = Path(__file__).resolve().parents[2] / "shared"
RAN_ON = "database"


def pytest_configure() -> None:
    """A shell that starts the tests in the background has SIGINT ignored, by all processes of theirs as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout (official test cases, samples); a stranger's checkout has none."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder `shared` beside the checkout, which is not there")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[None]:
    """Compiled SQL is shared by all engines of the run: each test opens several, and compiling took half their time."""
    known: dict[str, sa.Engine] = {}
    with pytest.MonkeyPatch.context() as patch:
        for kind in (dialect.SQLite, dialect.PostgreSQL):
            patch.setattr(kind, "engine", _remembering(kind.engine, known))
        yield


@pytest.fixture(scope="session", autouse=True)
def commands() -> Iterator[None]:
    """The command line is put together once, and not anew for each command that a test runs in its own process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.testing._get_command))
        yield


def _remembering(make: Callable[[Any], sa.Engine], known: dict[str, sa.Engine]) -> Callable[[Any], sa.Engine]:
    def engine(self: Any) -> sa.Engine:
        made = make(self)
        first = known.get(made.dialect.name)
        if first and getattr(first.dialect, "server_version_info", None):  # connected once, it knows its server
            made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        else:
            known[made.dialect.name] = made
        return made

    return engine


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A real PostgreSQL server, shared by all workers of the run."""
    base = tmp_path_factory.getbasetemp()
    with postgresql_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as server:
        yield server


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that has our tables, to copy."""
    file = tmp_path_factory.mktemp("ready") / "nightdesk.db"
    Database.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Whatever uses it, directly or not, runs on both; the summary at the end says how often on each."""
    kind = str(request.param)
    server = request.getfixturevalue("postgresql") if kind == "postgresql" else None
    ran_on = f"PostgreSQL {server.version}" if server else "SQLite"
    request.node.user_properties.append((RAN_ON, ran_on))
    return kind


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has no tables yet."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/nightdesk.db"
        return
    server = request.getfixturevalue("postgresql")
    with server.fresh() as name:
        yield server.url(name)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with our tables and nothing in them.

    PostgreSQL's may have served other tests, unless the test is marked `new_database`.
    """
    if database_kind == "sqlite":
        shutil.copyfile(request.getfixturevalue("ready_sqlite"), tmp_path / "nightdesk.db")
        yield f"sqlite:///{tmp_path}/nightdesk.db"
        return
    server = request.getfixturevalue("postgresql")
    with server.fresh(TEMPLATE) if request.node.get_closest_marker("new_database") else server.ready() as name:
        yield server.url(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with nothing in it."""
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts `nightdesk` processes without the second that importing takes."""
    with Nursery() as mother:
        yield mother


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on each database, so that a suite that lost one of them cannot look complete."""
    finished = (report for key in ("passed", "failed") for report in terminalreporter.stats.get(key, []))
    ran = Counter(
        value
        for report in finished
        for name, value in getattr(report, "user_properties", ())
        if name == RAN_ON and report.when == "call"
    )
    if ran:
        missing = "" if any(name.startswith("PostgreSQL") for name in ran) else "; none on PostgreSQL"
        told = ", ".join(f"{number} tests on {name}" for name, number in sorted(ran.items(), reverse=True))
        terminalreporter.write_line(f"database: {told}{missing}")
