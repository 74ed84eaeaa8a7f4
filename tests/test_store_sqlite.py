"""SQLite: safe settings, one run at a time, the copy before an upgrade, nothing half after a crash or a full disk."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import AlreadyRunning, ConfigurationError, NightdeskError, TryAgainLater
from bot.store import meta, upgrading
from bot.store.database import Database
from bot.store.dialect import dialect_for, journal_mode
from tests.databases import NOW, queue

SHORT = timedelta(milliseconds=200)


@pytest.fixture
def file(tmp_path: Path, ready_sqlite: Path) -> Path:
    copy = tmp_path / "nightdesk.db"
    copy.write_bytes(ready_sqlite.read_bytes())
    return copy


@pytest.fixture
def open_file() -> Iterator[Callable[..., Database]]:
    """Opens a file as a database, and closes it after the test."""
    opened: list[Database] = []

    def open_it(file: Path, patience: timedelta = SHORT) -> Database:
        opened.append(Database.open(f"sqlite:///{file}", patience=patience))
        return opened[-1]

    yield open_it
    for database in opened:
        database.close()


@pytest.mark.parametrize(
    ("version", "journal"),
    [((3, 40, 1), "TRUNCATE"), ((3, 51, 2), "TRUNCATE"), ((3, 51, 3), "WAL"), ((3, 52, 0), "WAL"), ((4, 0, 0), "WAL")],
)
def test_wal_is_used_only_where_two_processes_cannot_corrupt_it(version: tuple[int, ...], journal: str) -> None:
    assert journal_mode(version) == journal


def test_every_connection_is_durable_patient_and_checks_references(
    file: Path, open_file: Callable[..., Database]
) -> None:
    with open_file(file).begin() as tx:
        found = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "foreign_keys", "busy_timeout", "journal_mode")
        }
    full = 2
    expected = journal_mode(sqlite3.sqlite_version_info).lower()
    assert found == {"synchronous": full, "foreign_keys": 1, "busy_timeout": 200, "journal_mode": expected}


def test_the_folder_of_the_file_is_made(tmp_path: Path, open_file: Callable[..., Database]) -> None:
    open_file(tmp_path / "new" / "data" / "nightdesk.db")
    assert (tmp_path / "new" / "data" / "nightdesk.db").is_file()


def test_a_writer_has_the_lock_from_its_beginning_and_another_gives_up_in_the_end(
    file: Path, open_file: Callable[..., Database]
) -> None:
    one, other = open_file(file), open_file(file)
    with (
        one.begin(),
        pytest.raises(TryAgainLater, match="another program holds it locked"),
        other.begin(),
    ):
        pytest.fail("two writers at once")


def test_a_writer_waits_for_its_turn(file: Path, open_file: Callable[..., Database]) -> None:
    one, other = open_file(file), open_file(file, timedelta(seconds=20))
    begun = threading.Event()

    def write_slowly() -> None:
        with one.begin() as tx:
            begun.set()
            time.sleep(0.3)
            meta.set(tx, "first", "yes")

    slow = threading.Thread(target=write_slowly)
    slow.start()
    begun.wait()
    with other.begin() as tx:
        assert meta.get(tx, "first") == "yes"
    slow.join()


# -- what cannot be used ------------------------------------------------------------------------------------------


def make_text(file: Path) -> None:
    file.write_text("This is a letter to the editor, and certainly no database.\n" * 100)


def make_damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100:4096] = os.urandom(3996)
    file.write_bytes(content)


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (make_text, ConfigurationError, "is not a SQLite database"),
        (make_damage, ConfigurationError, "is damaged"),
        (make_folder, TryAgainLater, "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(
    file: Path, spoil: Callable[[Path], None], kind: type[NightdeskError], said: str
) -> None:
    spoil(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(kind, match=said) as caught:
        Database.open(f"sqlite:///{file}")
    assert str(file) in str(caught.value)
    assert (file.read_bytes() if file.is_file() else b"") == before


def test_a_database_of_another_program_is_refused_whatever_its_tables_are_called(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "recipes.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)").close()
    with pytest.raises(ConfigurationError, match="belongs to another program .*'recipes'"):
        Database.open(f"sqlite:///{tmp_path}/recipes.db")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(TryAgainLater, match="folder cannot be made"):
        Database.open(f"sqlite:///{tmp_path}/data/nightdesk.db")


@pytest.fixture
def read_only(ready_sqlite: Path) -> Iterator[Path]:
    """A database that the test's user may read but not write. The superuser becomes nobody for a moment."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "nightdesk.db")
        copy.write_bytes(ready_sqlite.read_bytes())
        copy.chmod(0o444)
        os.chmod(folder, 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(nobody)
        try:
            yield copy
        finally:
            os.seteuid(user)
            os.chmod(folder, 0o755)


def test_a_file_that_may_only_be_read_refuses_a_write(read_only: Path) -> None:
    """With a rollback journal it can at least be opened and read; a WAL needs its folder even for that."""
    opened: list[Database] = []

    def write() -> None:
        opened.append(Database.open(f"sqlite:///{read_only}"))
        with opened[0].begin() as tx:
            meta.set(tx, "anything", "new")

    with pytest.raises(TryAgainLater, match="it may only be read"):
        write()
    for database in opened:
        database.close()


def test_a_lock_file_that_cannot_be_written_is_named(read_only: Path) -> None:
    dialect = dialect_for(f"sqlite:///{read_only}", SHORT)
    with (
        pytest.raises(TryAgainLater, match=r"lock file .*nightdesk\.db\.lock cannot be written"),
        dialect.instance_lock("once"),
    ):
        pytest.fail("no lock without a lock file")


# -- a full disk, a crash -----------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_leaves_nothing_half_written(file: Path, open_file: Callable[..., Database]) -> None:
    database = open_file(file)

    def fill() -> None:
        with database.begin() as tx:
            tx.exec_driver_sql("PRAGMA max_page_count = 1").close()  # as large as it is, and no page more
            for number in range(1000):
                queue(tx, title=f"{number} " * 100)

    with pytest.raises(TryAgainLater, match="the disk is full"):
        fill()
    with database.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM articles").scalar() == 0
        assert tx.exec_driver_sql("SELECT count(*) FROM identities").scalar() == 0
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


DIE_IN_A_TRANSACTION = """
import os, signal, sys
from bot.store import meta
from bot.store.database import Database
from tests.databases import queue
database = Database.open(sys.argv[1])
with database.begin() as tx:
    tx.exec_driver_sql("PRAGMA cache_size = 5")  # pages go to the disk long before the commit
    tx.exec_driver_sql("PRAGMA cache_spill = 5")
    for number in range(300):
        queue(tx, title=f"{number} " * 200)
    meta.set(tx, "done", "yes")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60)


def size_on_disk(file: Path) -> int:
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*") if not part.name.endswith("-shm"))


def test_a_process_killed_in_a_transaction_leaves_nothing_of_it(file: Path, open_file: Callable[..., Database]) -> None:
    with open_file(file).begin() as tx:
        queue(tx, title="Before the crash")
    size = size_on_disk(file)
    died = run_python(DIE_IN_A_TRANSACTION, f"sqlite:///{file}")
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert size_on_disk(file) > size, "the crash must come after pages were written, or it proves nothing"
    with open_file(file).begin() as tx:
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert tx.exec_driver_sql("SELECT count(*) FROM articles").scalar() == 1
        assert meta.get(tx, "done") is None


# -- one run at a time --------------------------------------------------------------------------------------------


def test_a_disk_that_takes_nothing_more_is_named_and_the_lock_is_free_again(file: Path) -> None:
    dialect = dialect_for(f"sqlite:///{file}", SHORT)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(TryAgainLater, match=r"lock file .*nightdesk\.db\.lock cannot be written"):
            dialect.instance_lock("once").__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with dialect.instance_lock("once"):
        pass


HOLD_THE_LOCK = """
import sys, time
from bot.store.database import Database
with Database.open(sys.argv[1]).instance_lock("run"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_instance_lock_is_held_by_one_process_and_ends_with_it_however_it_ends(
    file: Path, open_file: Callable[..., Database]
) -> None:
    database = open_file(file)
    assert database.exclusive
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, f"sqlite:///{file}"], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match="`nightdesk run` is already at work"), database.instance_lock("once"):
            pytest.fail("two runs at once")
        with database.begin() as tx:
            meta.set(tx, "other commands", "still write")
        other.kill()
    with (
        database.instance_lock("once"),
        pytest.raises(AlreadyRunning, match="`nightdesk once`"),
        database.instance_lock("run"),
    ):
        pytest.fail("two runs at once")
    with database.instance_lock("run"):
        pass


def test_two_links_to_one_file_have_one_lock(file: Path, tmp_path: Path, open_file: Callable[..., Database]) -> None:
    (tmp_path / "link.db").symlink_to(file)
    one, other = open_file(file), open_file(tmp_path / "link.db")
    with one.instance_lock("run"), pytest.raises(AlreadyRunning), other.instance_lock("run"):
        pytest.fail("two runs at once")


# -- the copy before an upgrade -----------------------------------------------------------------------------------

SECOND_MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision = "0007"
down_revision = "0006"
def upgrade():
    op.add_column("meta", sa.Column("note", sa.Text()))
    {then}
"""


def prepare_upgrade(monkeypatch: pytest.MonkeyPatch, folder: Path, then: str = "pass") -> None:
    """The next Nightdesk: it has one migration more."""
    migrations = folder / "migrations %d"  # a home may have a per cent sign in its path
    versions = migrations / "versions"
    versions.mkdir(parents=True)
    for source in (upgrading.MIGRATIONS / "env.py", *(upgrading.MIGRATIONS / "versions").glob("0*.py")):
        target = migrations / source.relative_to(upgrading.MIGRATIONS)
        target.write_text(source.read_text())
    (versions / "0007_a_note.py").write_text(SECOND_MIGRATION.format(then=then))
    monkeypatch.setattr(upgrading, "MIGRATIONS", migrations)
    monkeypatch.setattr(upgrading, "HEAD", "0007")


def columns_of_meta(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[1] for row in connection.execute("PRAGMA table_info(meta)")]


def test_an_upgrade_keeps_a_copy_of_the_file_as_it_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_file: Callable[..., Database]
) -> None:
    with open_file(file).begin() as tx:
        delivery = queue(tx)
        meta.set_time(tx, "before", NOW)
    prepare_upgrade(monkeypatch, tmp_path)
    said: list[str] = []
    Database.open(f"sqlite:///{file}", on_progress=said.append).close()
    copy = tmp_path / "nightdesk.db.before-0007"
    assert columns_of_meta(file) == ["key", "value", "note"]
    assert columns_of_meta(copy) == ["key", "value"]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM deliveries").fetchall() == [(delivery.id,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "from 0006 to 0007" in said[0]
    assert str(copy) in said[0]
    assert not list(tmp_path.glob("*.unfinished"))


def test_without_room_for_the_copy_nothing_is_upgraded(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_file: Callable[..., Database]
) -> None:
    prepare_upgrade(monkeypatch, tmp_path)
    Path(f"{file}.before-0007.unfinished").mkdir()  # as good as a full disk: the copy cannot be written
    with pytest.raises(TryAgainLater, match=r"the copy .*nightdesk\.db\.before-0007 cannot be made"):
        open_file(file)
    assert columns_of_meta(file) == ["key", "value"]


def test_an_upgrade_killed_half_way_is_undone_and_succeeds_the_next_time(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_file: Callable[..., Database]
) -> None:
    prepare_upgrade(monkeypatch, tmp_path, then="import os; os.environ.get('DIE') and os.kill(os.getpid(), 9)")
    program = f"""
import sys
from pathlib import Path
from bot.store import upgrading
from bot.store.database import Database
upgrading.HEAD, upgrading.MIGRATIONS = "0007", Path({str(upgrading.MIGRATIONS)!r})
Database.open(sys.argv[1])
"""
    monkeypatch.setenv("DIE", "1")
    assert run_python(program, f"sqlite:///{file}").returncode == -signal.SIGKILL
    monkeypatch.delenv("DIE")
    assert columns_of_meta(file) == ["key", "value"]
    open_file(file)
    assert columns_of_meta(file) == ["key", "value", "note"]


def test_a_newer_nightdesk_opens_and_an_older_one_then_refuses(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_file: Callable[..., Database]
) -> None:
    prepare_upgrade(monkeypatch, tmp_path)
    open_file(file)
    monkeypatch.undo()
    with pytest.raises(ConfigurationError, match="newer Nightdesk"):
        open_file(file)


def test_an_upgrade_waits_for_another_and_gives_up_in_the_end(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_file: Callable[..., Database]
) -> None:
    prepare_upgrade(monkeypatch, tmp_path)
    with Path(f"{file}.upgrade").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(TryAgainLater, match="another process has been upgrading it"):
            open_file(file)
    assert columns_of_meta(file) == ["key", "value"]


def test_the_store_explains_what_the_driver_says_about_a_broken_disk() -> None:
    """An error code of the disk cannot be had from a real disk here; its translation can."""
    dialect = dialect_for("sqlite:///x.db", SHORT)
    driver_error = sqlite3.OperationalError("disk I/O error")
    driver_error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    explained = dialect.explain(sa.exc.OperationalError("COMMIT", None, driver_error))
    assert isinstance(explained, TryAgainLater)
    assert "the disk reports an error" in str(explained)
