"""All that differs between SQLite and PostgreSQL: opening, locking, copying, and what their errors mean.

SQLite (a file of one newspaper): every write transaction takes the write lock at its beginning, so a claim never
meets another one half-way, and every commit is on the disk before it returns. PostgreSQL (many workers): row locks,
and the server's own durability.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot import clock
from bot.errors import AlreadyRunning, ConfigurationError, NightdeskError, TryAgainLater

# Before 3.51.3 two processes that write to one WAL at the same moment can corrupt it (sqlite.org/wal.html, 2026-03-13).
FIRST_SAFE_WAL = (3, 51, 3)
DIALECTS = ("sqlite", "postgresql")
UPGRADE_LOCK = 0x6E69676874  # any number that only Nightdesk takes: "night"
POLL_SECONDS = 0.05
CONNECT_SECONDS = "10"


class Dialect(ABC):
    """One kind of database: `name` is SQLAlchemy's; `exclusive` says that the instance lock shuts out all other runs.

    `patience` is how long a transaction waits for another one's lock before it gives up.
    """

    name: ClassVar[str]
    exclusive: ClassVar[bool]

    def __init__(self, url: sa.URL, patience: timedelta) -> None:
        self.url = url
        self.patience = patience

    @property
    @abstractmethod
    def title(self) -> str:
        """How a message names the database; never with its password."""

    @abstractmethod
    def engine(self) -> sa.Engine:
        """A pool of connections with the settings that durability and locking need."""

    @abstractmethod
    def reading(self, connection: sa.Connection) -> sa.Connection:
        """The connection, set to read one consistent state in its next transaction and to write nothing."""

    @abstractmethod
    def now(self, connection: sa.Connection) -> datetime | None:
        """The database's own clock, None where it is this machine's."""

    @abstractmethod
    def upgrading(self, engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
        """A write transaction in which no other process creates or upgrades the tables."""

    @abstractmethod
    def keep_copy(self, label: str) -> str:
        """Keep the database as it is now, before a change of its tables; returns the copy's name, or "" for none."""

    @abstractmethod
    def instance_lock(self, name: str) -> AbstractContextManager[None]:
        """Held by the one `run` or `once` that works; AlreadyRunning when another process has it."""

    @abstractmethod
    def explain(self, error: sa.exc.DBAPIError) -> NightdeskError | None:
        """The error in words of ours, or None when it is a mistake in Nightdesk itself."""


class SQLite(Dialect):
    """A file. One writer at a time, which waits its turn for `patience`."""

    name = "sqlite"
    exclusive = True

    def __init__(self, url: sa.URL, patience: timedelta) -> None:
        super().__init__(url, patience)
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise ConfigurationError(
                f"The database {url.render_as_string()} is not a plain file.",
                "Write it as sqlite:///data/nightdesk.db in the settings.",
            )
        self.file = Path(url.database)

    @property
    def title(self) -> str:
        return f"database {self.file}"

    def engine(self) -> sa.Engine:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._trouble(f"its folder cannot be made ({error.strerror})") from None
        engine = sa.create_engine(self.url, hide_parameters=True)
        sa.event.listen(engine, "connect", self._set_up)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def _set_up(self, connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late: see _begin
        for pragma in (
            f"busy_timeout = {self.patience // timedelta(milliseconds=1)}",
            f"journal_mode = {journal_mode(sqlite3.sqlite_version_info)}",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def reading(self, connection: sa.Connection) -> sa.Connection:
        return connection.execution_options(reads_only=True)

    def now(self, connection: sa.Connection) -> datetime | None:
        return None

    @contextmanager
    def upgrading(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with self._upgrade_lock(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _upgrade_lock(self) -> Iterator[None]:
        with self._lock_file(".upgrade") as lock:
            for _ in range(int(self.patience.total_seconds() / POLL_SECONDS) + 1):
                if _locked(lock):
                    break
                clock.wait(POLL_SECONDS)
            else:
                raise self._trouble("another process has been upgrading it for too long")
            yield

    def keep_copy(self, label: str) -> str:
        copy, unfinished = self._beside(f".before-{label}"), self._beside(f".before-{label}.unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(unfinished)) as target:
                target.execute("PRAGMA synchronous = FULL").close()
                source.backup(target)
            unfinished.replace(copy)
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(f"before its upgrade the copy {copy} cannot be made ({error})") from None
        return str(copy)

    @contextmanager
    def instance_lock(self, name: str) -> Iterator[None]:
        # The kernel frees the lock when the process ends, however it ends; the file itself stays and says nothing.
        with self._lock_file(".lock") as lock:
            if not _locked(lock):
                lock.seek(0)
                raise AlreadyRunning(
                    f"`nightdesk {lock.read(20).strip() or 'run'}` is already at work with the {self.title}.",
                    "Only one `run` or `once` works at a time with SQLite; let it finish or stop it first.",
                )
            try:  # past the file's buffer: what a full disk refuses must not be refused again when the file closes
                os.ftruncate(lock.fileno(), 0)
                os.write(lock.fileno(), name.encode())
            except OSError as error:
                raise self._unwritable(".lock", error) from None
            yield

    def explain(self, error: sa.exc.DBAPIError) -> NightdeskError | None:
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest a detail
        if code in _SQLITE_TROUBLE:
            return self._trouble(_SQLITE_TROUBLE[code])
        if code in _SQLITE_WRONG:
            what, hint = _SQLITE_WRONG[code]
            return ConfigurationError(f"The {self.title} cannot be used: {what}.", hint)
        return None

    def _lock_file(self, ending: str) -> IO[str]:
        try:
            return open(self._beside(ending), "a+", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(ending, error) from None

    def _unwritable(self, ending: str, error: OSError) -> TryAgainLater:
        return self._trouble(f"its lock file {self._beside(ending)} cannot be written ({error.strerror})")

    def _beside(self, ending: str) -> Path:
        file = self.file.resolve()  # two links to one file have one lock
        return file.with_name(file.name + ending)

    def _trouble(self, what: str) -> TryAgainLater:
        return TryAgainLater(f"The {self.title} cannot be used now: {what}.")


class PostgreSQL(Dialect):
    """A server. Any number of workers; the lease of a lane is what keeps them apart."""

    name = "postgresql"
    exclusive = False

    @property
    def title(self) -> str:
        shown = {name: value for name, value in self.url.query.items() if name in ("host", "port")}
        return f"database {self.url.set(query=shown).render_as_string(hide_password=True)}"

    def engine(self) -> sa.Engine:
        url = self.url.set(query={"connect_timeout": CONNECT_SECONDS, **self.url.query})
        try:
            # pre_ping: a connection that a restarted server has dropped is replaced before it is used.
            engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
            engine.dialect.create_connect_args(url)  # only to see that it can be understood
        except sa.exc.ArgumentError as error:
            raise ConfigurationError(f"The address of the {self.title} is not right: {error}.", _URL_HINT) from None
        except ImportError:
            raise ConfigurationError(
                "PostgreSQL needs the driver psycopg, which is not installed.",
                "Install it with: pip install 'nightdesk[postgres]'",
            ) from None
        sa.event.listen(engine, "connect", self._set_up)
        return engine

    def _set_up(self, connection: Any, record: object) -> None:
        patience = self.patience // timedelta(milliseconds=1)
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {patience}")
            # An intent must be on the disk before its call, even where the server's default says otherwise.
            cursor.execute("SHOW synchronous_commit")
            if cursor.fetchone()[0] == "off":
                cursor.execute("SET synchronous_commit = on")
        connection.commit()

    def reading(self, connection: sa.Connection) -> sa.Connection:
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def now(self, connection: sa.Connection) -> datetime | None:
        return connection.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))).scalar_one()

    @contextmanager
    def upgrading(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            yield connection

    def keep_copy(self, label: str) -> str:
        return ""  # the server's own backups; its changes of tables are transactions too

    def instance_lock(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def explain(self, error: sa.exc.DBAPIError) -> NightdeskError | None:
        said = self._first_line(error)
        state = getattr(error.orig, "sqlstate", None) or ""
        unavailable = isinstance(error, sa.exc.OperationalError) or error.connection_invalidated
        misspelt = error.statement is None and not unavailable  # refused by the driver before any server was asked
        if state.startswith(_POSTGRES_REFUSALS) or _REFUSED_AT_THE_DOOR.search(said) or misspelt:
            hint = "Check its address, name, user and password, and that the user may create tables in it."
            return ConfigurationError(f"The {self.title} refuses us: {said}.", hint)
        if unavailable or state in _POSTGRES_READ_ONLY:
            return TryAgainLater(f"The {self.title} cannot be used now: {said}.")
        return None

    def _first_line(self, error: sa.exc.DBAPIError) -> str:
        line = str(error.orig).strip().partition("\n")[0].rstrip(".")
        return line.replace(self.url.password, "***") if self.url.password else line


def dialect_for(url: str, patience: timedelta) -> Dialect:
    """The dialect a database URL asks for; ConfigurationError for one that is neither SQLite nor PostgreSQL."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # its text may hold the URL, and so the password
        raise ConfigurationError("The database's address in the settings is not a URL.", _URL_HINT) from None
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        return SQLite(parsed.set(drivername="sqlite"), patience)
    if kind in ("postgresql", "postgres"):
        return PostgreSQL(parsed.set(drivername="postgresql+psycopg"), patience)
    raise ConfigurationError(f"Nightdesk cannot use a {kind} database.", _URL_HINT)


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal that is safe with this version of the SQLite library."""
    return "WAL" if version >= FIRST_SAFE_WAL else "TRUNCATE"


def insert(tx: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, which both have but SQLAlchemy keeps apart."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def _begin(connection: sa.Connection) -> None:
    """A writer takes the lock at once: a reader that turns into a writer half-way could be refused without waiting."""
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _locked(file: IO[Any]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_URL_HINT = "Write sqlite:///data/nightdesk.db or postgresql+psycopg://user@host/name."

_SQLITE_TROUBLE = {
    sqlite3.SQLITE_BUSY: "another program holds it locked",
    sqlite3.SQLITE_LOCKED: "another program holds it locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it may only be read; whoever runs nightdesk must be able to write it and its folder",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; see that it is a file, in a folder we may write",
    sqlite3.SQLITE_PERM: "the file may not be opened",
}
_SQLITE_WRONG = {
    sqlite3.SQLITE_NOTADB: ("the file is not a SQLite database", "Name another file in the settings."),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", "Put a backup in its place."),
}

# Classes of SQLSTATE (PostgreSQL documentation, appendix A): sign-in, no such database, no privilege.
_POSTGRES_REFUSALS = ("28", "3D", "42501")
_POSTGRES_READ_ONLY = ("25006",)  # a standby, or a server that was set so
# Before a session exists the library reports no SQLSTATE, only the server's sentence.
_REFUSED_AT_THE_DOOR = re.compile(
    r"FATAL: .*(authentication failed|does not exist|no pg_hba\.conf entry|not permitted)"
)
