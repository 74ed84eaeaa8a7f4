"""The daemon as a real process: it posts what comes due, reads its sources, and ends cleanly when it is told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.world import World, world

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""

FEED = """<rss version="2.0"><channel><title>T</title>{items}</channel></rss>"""
ITEM = "<item><title>Story {n}</title><link>https://courier.example/{n}</link><guid>{n}</guid></item>"


@contextmanager
def running(made: World, command: str = "run") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "--home", str(made.home), command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


@pytest.fixture
def now_world(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world whose clocks are the real ones, as the daemon's are."""
    with world(tmp_path, database_url, ONE_X) as made:
        made.clock.simulated = False
        made.clock.now = made.clock.real
        yield made


def test_it_posts_what_is_added_while_it_runs_and_ends_cleanly(now_world: World) -> None:
    with running(now_world) as process:
        now_world.add("One")
        eventually(lambda: len(now_world.posts()) == 1)
        now_world.add("Two")
        eventually(lambda: len(now_world.posts()) == 2)
        status, err = end(process)
    assert status == 0, err
    assert "Traceback" not in err
    assert now_world.states() == {"x-main": ["published", "published"]}


def test_a_post_in_flight_is_finished_before_it_ends(now_world: World) -> None:
    now_world.order(kind="slow", platform="x", seconds=1.5)
    now_world.add("One")
    with running(now_world) as process:
        eventually(lambda: now_world.states() == {"x-main": ["sending"]})
        status, _ = end(process)
    assert status == 0
    assert now_world.states() == {"x-main": ["published"]}
    assert len(now_world.posts()) == 1


def test_once_finishes_the_post_in_flight_when_it_is_told_to_stop(now_world: World) -> None:
    now_world.order(kind="slow", platform="x", seconds=1.5)
    now_world.add("One", "Two")
    with running(now_world, "once") as process:
        eventually(lambda: now_world.states() == {"x-main": ["sending", "queued"]})
        assert end(process)[0] == 0
    assert now_world.states() == {"x-main": ["published", "queued"]}
    assert len(now_world.posts()) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # PostgreSQL takes any number of workers
def test_a_second_one_is_refused_where_one_database_file_serves_one(now_world: World) -> None:
    with running(now_world) as process:
        now_world.add("One")
        eventually(lambda: len(now_world.posts()) == 1)  # so it has the lock
        assert now_world.command("once").returncode == 6
        second = now_world.command("run")
        assert end(process)[0] == 0
    assert second.returncode == 6
    assert "Traceback" not in second.stderr


def test_it_reads_its_sources_and_posts_only_what_is_new(tmp_path: Path, database_url: str) -> None:
    source = '\n[sources.site]\nfeed = "feed.xml"\nevery = "1 s"\naccounts = ["x-main"]\n'
    with world(tmp_path, database_url, ONE_X + source) as made:
        made.clock.simulated = False
        made.clock.now = made.clock.real
        _write_feed(made, 2)
        with running(made) as process:
            eventually(lambda: _baseline_read(made))
            _write_feed(made, 3)
            eventually(lambda: len(made.posts()) == 1)
            assert end(process)[0] == 0
        assert "Story 3" in made.posts()[0]["text"]


def test_changed_settings_are_taken_up_and_broken_ones_are_not(now_world: World) -> None:
    settings = now_world.home / "config" / "nightdesk.toml"
    good = settings.read_text("utf-8")
    with running(now_world) as process:
        now_world.add("One")
        eventually(lambda: len(now_world.posts()) == 1)
        settings.write_text(good + "\nnonsense", "utf-8")
        _break_off(now_world, settings, good)
        settings.write_text(good + '\n[accounts.fb-page]\nplatform = "facebook"\npage_id = "42"\n', "utf-8")
        now_world.add("Two", accounts=["fb-page"])
        eventually(lambda: len(now_world.posts("facebook")) == 1)
        status, err = end(process)
    assert status == 0, err
    assert "the old ones stay in force" in err


def _break_off(made: World, settings: Path, good: str) -> None:
    """Leave the broken settings in place for a few ticks of the daemon."""
    time.sleep(3)
    assert settings.read_text("utf-8") != good
    assert len(made.posts()) == 1


def _baseline_read(made: World) -> bool:
    from bot.store import sources

    with made.desk() as desk, desk.database.read() as tx:
        return sources.get(tx, "site").first_read is not None


def _write_feed(made: World, count: int) -> None:
    items = "".join(ITEM.format(n=n) for n in range(1, count + 1))
    (made.home / "feed.xml").write_text(FEED.format(items=items), "utf-8")
