"""A database older than the last run: everything stops, the timelines are read back, nothing is posted twice."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from bot.golive import golive
from bot.lastrun import NOT_READ
from bot.nightdesk import Nightdesk
from bot.pausing import Then, resume
from bot.restored import Restored, check_restored
from bot.store import attempts, lanes, pauses
from tests.world import FakeClock, World, world

Backup = Callable[[], Callable[[], None]]


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    clock = FakeClock(simulated=False)
    clock.now = clock.real
    with world(tmp_path, database_url, clock=clock) as made:
        made.clock = clock
        yield made


@pytest.fixture
def backup(request: pytest.FixtureRequest, database_kind: str, database_url: str, tmp_path: Path) -> Backup:
    """Takes a copy of the database; what it returns puts that copy back."""
    if database_kind == "sqlite":
        file, copy = Path(database_url.removeprefix("sqlite:///")), tmp_path / "copy.db"

        def take() -> Callable[[], None]:
            shutil.copyfile(file, copy)
            return lambda: shutil.copyfile(copy, file) and None

        return take
    server = request.getfixturevalue("postgresql")
    name = str(sa.make_url(database_url).database)

    def take_postgresql() -> Callable[[], None]:
        server.run(f"DROP DATABASE IF EXISTS {name}_copy WITH (FORCE)")
        server.run(f"CREATE DATABASE {name}_copy TEMPLATE {name} STRATEGY file_copy")

        def put_back() -> None:
            server.run(f"DROP DATABASE {name} WITH (FORCE)")
            server.run(f"CREATE DATABASE {name} TEMPLATE {name}_copy STRATEGY file_copy")

        request.addfinalizer(lambda: server.run(f"DROP DATABASE IF EXISTS {name}_copy WITH (FORCE)"))
        return put_back

    return take_postgresql


def last_run(made: World) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((made.home / "data" / "last-run").read_text("utf-8"))
    return told


def paused(made: World) -> list[str]:
    with made.desk() as desk, desk.database.read() as tx:
        return [pause.reason for pause in pauses.active(tx, made.clock.now)]


def go_on(made: World) -> None:
    with made.desk() as desk:
        resume(desk, account=None, then=Then.PUBLISH, actor="person:anna")


def test_what_was_posted_after_the_backup_is_found_and_never_posted_again(
    made: World, backup: Backup, caplog: pytest.LogCaptureFixture
) -> None:
    made.add("Before")
    made.once()
    made.add("One", "Two")
    put_back = backup()
    made.clock.forward(minutes=1)
    made.once()
    assert len(made.posts()) == 6
    put_back()
    assert made.states() == {"x-main": ["published", "queued", "queued"], "fb-page": ["published", "queued", "queued"]}
    made.clock.forward(seconds=30)
    with caplog.at_level(logging.WARNING):
        assert made.once().as_json()["due"] == 0
    assert made.states() == {"x-main": ["published"] * 3, "fb-page": ["published"] * 3}
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert "older than the last run" in paused(made)[0]
    with made.desk() as desk, desk.database.read() as tx:
        found = {post["id"] for post in made.posts()}
        assert {attempts.of(tx, number)[-1].platform_id for number in range(1, 7)} == found
    go_on(made)
    made.add("After")
    assert made.once().as_json()["published"] == 2
    assert len(made.posts()) == 8
    assert paused(made) == []


def test_a_post_that_only_resembles_a_queued_one_holds_it(made: World, backup: Backup) -> None:
    made.add("One", accounts=["x-main"])
    made.once()
    made.add("Two", accounts=["x-main"])
    put_back = backup()
    template = made.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True)
    template.write_text("Other words: {{ url }}", "utf-8")
    made.clock.forward(minutes=1)
    made.once()
    template.unlink()
    put_back()
    made.once()
    assert made.states() == {"x-main": ["published", "held"]}
    assert "https://x.com/courier/status/" in made.delivery(2).reason


def test_what_a_source_brings_again_is_held(made: World, backup: Backup) -> None:
    """The article came in after the backup, was posted, and is not in the older database at all."""
    made.add("Before")
    made.once()
    put_back = backup()
    made.clock.forward(minutes=1)
    made.add("Came later")
    made.once()
    put_back()
    made.once()
    go_on(made)
    made.add("Came later")
    made.add("Quite new")
    made.once()
    assert made.states() == {
        "x-main": ["published", "held", "published"],
        "fb-page": ["published", "held", "published"],
    }
    assert len(made.posts()) == 6


def test_an_account_that_cannot_be_read_stays_closed_whoever_resumes(made: World, backup: Backup) -> None:
    made.add("Before")
    made.once()
    made.add("One")
    put_back = backup()
    made.clock.forward(minutes=1)
    made.once()
    put_back()
    made.order(kind="error_before", platform="x", method="GET", times=2)
    made.once()
    go_on(made)
    made.add("Two")
    made.once()
    assert made.states() == {
        "x-main": ["published", "queued", "queued"],
        "fb-page": ["published", "published", "published"],
    }
    with made.desk() as desk, desk.database.read() as tx:
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert (lane.closed_reason, lane.closed_until) == (NOT_READ, None)
    for _ in range(2):
        made.clock.forward(minutes=1)
        made.once()
    assert made.states()["x-main"] == ["published", "published", "published"]
    assert len(made.posts("x")) == 3


def unread_since_the_backup(made: World, backup: Backup) -> None:
    """The copy is in place that knows nothing of a post on X, the timeline cannot be read, and a person has resumed."""
    made.add("Before", accounts=["x-main"])
    made.once()
    made.add("Posted since", accounts=["x-main"])
    put_back = backup()
    made.clock.forward(minutes=1)
    made.once()
    put_back()
    made.order(kind="error_before", platform="x", method="GET", times=100)
    made.once()
    go_on(made)


def backup_with_a_lost_reply(made: World, backup: Backup) -> Callable[[], None]:
    """A copy of the moment at which one post is unclear and the next waits behind it; what puts it back."""
    made.add("Before", accounts=["x-main"])
    made.once()
    made.add("Lost reply", "Next", accounts=["x-main"])
    made.order(kind="reset_after", method="POST")
    made.once()
    return backup()


def test_whatever_opens_an_account_nothing_is_sent_before_its_timeline_was_read(made: World, backup: Backup) -> None:
    unread_since_the_backup(made, backup)
    for _ in range(3):
        with made.desk() as desk, desk.database.begin() as tx:
            lanes.reopen(tx, "x-main")
        made.once()
        assert made.states() == {"x-main": ["published", "queued"]}
    requests.delete(f"{made.sandbox.url}/sandbox/faults", timeout=5)
    made.clock.forward(minutes=2)
    made.once()
    assert made.states() == {"x-main": ["published", "published"]}
    assert len(made.posts("x")) == 2


def test_going_live_opens_no_account_whose_timeline_was_not_read(
    made: World, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    unread_since_the_backup(made, backup)
    monkeypatch.setattr("bot.golive._allowed", lambda desk, name: desk.account(name))
    monkeypatch.setattr("bot.golive._same_identity", lambda desk, account: None)
    with made.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
        with desk.database.read() as tx:
            lane = lanes.get(tx, "x-main")
            assert lane is not None
            assert lane.closed_reason == NOT_READ


def test_a_person_may_open_an_account_that_cannot_be_read(made: World, backup: Backup) -> None:
    unread_since_the_backup(made, backup)
    with made.desk() as desk:
        resume(desk, account="x-main", then=Then.PUBLISH, actor="person:anna")
    made.once()
    assert made.states() == {"x-main": ["published", "unconfirmed"]}, "X has the text already, and says so"


def test_an_unclear_post_that_is_looked_for_opens_no_account_that_was_not_read(made: World, backup: Backup) -> None:
    put_back = backup_with_a_lost_reply(made, backup)
    made.clock.forward(minutes=2)
    made.once()
    assert made.states() == {"x-main": ["published", "published", "published"]}
    put_back()
    made.order(kind="error_before", platform="x", method="GET", times=1)
    made.once()
    go_on(made)
    made.order(kind="error_before", platform="x", method="GET", after=1, times=1)
    for _ in range(3):
        made.clock.forward(minutes=1)
        made.once()
    assert len(made.posts("x")) == 3


@pytest.mark.parametrize("point", ["restored_matched", "restored_written"])
def test_killed_while_it_reads_back_it_begins_again(made: World, backup: Backup, point: str) -> None:
    made.add("Before")
    made.once()
    made.add("One")
    put_back = backup()
    made.clock.forward(minutes=1)
    made.once()
    put_back()
    done: subprocess.CompletedProcess[str] = made.command("once", NIGHTDESK_CRASH_AT=point)
    assert done.returncode == -9
    assert paused(made)
    made.clock.forward(minutes=2)
    made.once()
    go_on(made)
    made.once()
    assert made.states() == {"x-main": ["published"] * 2, "fb-page": ["published"] * 2}
    assert len(made.posts()) == 4


# -- what is no restored backup ----------------------------------------------------------------------------------


def restored(made: World) -> tuple[Restored | None, list[str]]:
    with made.desk() as desk:
        return check_restored(desk), paused(made)


@pytest.mark.parametrize("point", ["committed", "calling", "called"])
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # the file is written in the same place on both
def test_a_crash_is_no_restored_backup(made: World, point: str) -> None:
    made.add("One", "Two")
    made.once()
    made.add("Three")
    assert made.command("once", NIGHTDESK_CRASH_AT=point).returncode == -9
    assert restored(made) == (None, [])


def test_neither_a_missing_nor_a_broken_file_stops_anything(made: World) -> None:
    made.add("One")
    made.once()
    file = made.home / "data" / "last-run"
    for content in (None, "", "{", "[]", '{"database": 1}', '{"database":"a","run":"x","attempt":1,"at":"2026-01-01"}'):
        file.unlink()
        if content is not None:
            file.write_text(content, "utf-8")
        assert restored(made) == (None, [])
        assert last_run(made)["attempt"] == 2


def test_a_new_database_in_an_old_home_is_told_and_nothing_more(
    made: World, backup: Backup, caplog: pytest.LogCaptureFixture
) -> None:
    put_back = backup()
    made.add("One")
    made.once()
    put_back()
    with caplog.at_level(logging.WARNING):
        assert restored(made) == (None, [])
    assert "another database" in caplog.text
    made.add("Two")
    assert made.once().as_json()["published"] == 2


def test_a_copy_from_before_databases_had_names_is_an_older_one(made: World, backup: Backup) -> None:
    made.add("One")
    put_back = backup()
    made.once()
    put_back()
    made.once()
    assert "older than the last run" in paused(made)[0]
    assert made.states() == {"x-main": ["published"], "fb-page": ["published"]}


def test_a_backup_in_which_only_decisions_are_missing_is_noticed_too(made: World, backup: Backup) -> None:
    made.add("One")
    made.once()
    put_back = backup()
    made.clock.forward(minutes=2)
    made.once()
    put_back()
    assert restored(made)[0] == Restored()
    assert paused(made)


def test_it_is_noticed_once_and_not_again_after_resume(made: World, backup: Backup) -> None:
    made.add("One")
    made.once()
    put_back = backup()
    made.add("Two")
    made.once()
    put_back()
    made.once()
    go_on(made)
    assert restored(made) == (None, [])
    assert restored(made) == (None, [])


def test_a_database_that_is_replaced_under_a_running_process_is_noticed(made: World, backup: Backup) -> None:
    from bot.dispatch import run_pass

    made.add("One")
    made.once()
    made.add("Two", accounts=["x-main"])
    put_back = backup()
    with made.desk() as desk:
        made.clock.forward(minutes=1)
        run_pass(desk)
        _reconnect(desk)
        put_back()
        run_pass(desk)
        run_pass(desk)
    assert made.states()["x-main"] == ["published", "published"]
    assert len(made.posts("x")) == 2
    assert paused(made)


def test_the_file_is_written_after_the_database_and_says_when(made: World) -> None:
    made.add("One")
    made.once()
    first = last_run(made)
    assert first["attempt"] == 2
    made.clock.forward(minutes=5)
    made.add("Two")
    made.once()
    second = last_run(made)
    assert (second["database"], second["attempt"]) == (first["database"], 4)
    assert second["run"] > first["run"]
    assert not list((made.home / "data").glob("last-run.*"))


def test_a_home_that_cannot_be_written_is_told_once(made: World, caplog: pytest.LogCaptureFixture) -> None:
    made.add("One")
    (made.home / "data").mkdir(exist_ok=True)
    (made.home / "data" / "last-run").mkdir()
    with caplog.at_level(logging.WARNING):
        assert made.once().as_json()["published"] == 2
    assert len([record for record in caplog.records if "data/last-run" in record.message]) == 1


def _reconnect(desk: Nightdesk) -> None:
    """Connections to the database that is about to be replaced are given up, as its server or file changes."""
    desk.database._engine.dispose()


def test_an_unclear_post_that_the_copy_knew_of_keeps_its_account_closed_until_it_was_looked_for(
    made: World, backup: Backup
) -> None:
    put_back = backup_with_a_lost_reply(made, backup)
    made.clock.forward(minutes=1)
    made.once()
    put_back()
    made.once()
    go_on(made)
    made.once()
    assert made.states() == {"x-main": ["published", "unconfirmed", "queued"]}
    made.clock.forward(minutes=2)
    made.once()
    assert made.states() == {"x-main": ["published", "published", "published"]}
    assert len(made.posts("x")) == 3
