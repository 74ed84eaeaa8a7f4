"""Workers that share a database agree on the newest settings and templates; leases go by the database's clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_home
from bot.configuring.edition import Editions, is_later
from bot.dispatch import run_pass
from bot.recovery import recover
from bot.store import lanes
from tests.steps import claimed, may_send
from tests.world import World, world

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""


@pytest.fixture
def one_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path / "home", database_url, ONE_X) as made:
        yield made


def write(file: Path, text: str, at: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    os.utime(file, (at, at))
    for folder in (file.parent, file.parent.parent):
        os.utime(folder, (at, at))


def edition(home: Path) -> str:
    editions = Editions(home / "config" / "nightdesk.toml", home / "templates")
    editions.take_settings()
    return editions.now()


def test_an_edition_is_later_by_its_newest_file_and_another_only_if_something_else_is_said(tmp_path: Path) -> None:
    for name, at in (("old", 1_000), ("new", 2_000), ("copy", 3_000)):
        text = "same" if name == "copy" else name
        write(tmp_path / name / "config" / "nightdesk.toml", text.replace("same", "new"), at)
        write(tmp_path / name / "templates" / "x.txt.j2", "{{ title }}", at)
    old, new, copy = (edition(tmp_path / name) for name in ("old", "new", "copy"))
    assert is_later(new, than=old)
    assert not is_later(old, than=new)
    assert not is_later(copy, than=new), "the same words, copied later"
    assert not is_later(new, than="")
    assert not is_later("", than=new)


def test_a_changed_added_or_deleted_template_makes_a_later_edition(tmp_path: Path) -> None:
    write(tmp_path / "config" / "nightdesk.toml", "settings", 1_000)
    write(tmp_path / "templates" / "posts" / "x.txt.j2", "{{ title }}", 1_000)
    editions = Editions(tmp_path / "config" / "nightdesk.toml", tmp_path / "templates")
    editions.take_settings()
    seen = [editions.now()]
    write(tmp_path / "templates" / "posts" / "x.txt.j2", "{{ title }}!", 2_000)
    seen.append(editions.now())
    write(tmp_path / "templates" / "posts" / "facebook.txt.j2", "{{ title }}", 3_000)
    seen.append(editions.now())
    (tmp_path / "templates" / "posts" / "facebook.txt.j2").unlink()
    seen.append(editions.now())
    assert all(is_later(after, than=before) for before, after in zip(seen, seen[1:], strict=False))
    assert editions.now() == seen[-1]


def test_settings_on_the_disk_count_only_once_they_are_in_force(tmp_path: Path) -> None:
    write(tmp_path / "config" / "nightdesk.toml", "good", 1_000)
    editions = Editions(tmp_path / "config" / "nightdesk.toml", tmp_path / "templates")
    editions.take_settings()
    before = editions.now()
    write(tmp_path / "config" / "nightdesk.toml", "broken", 2_000)
    assert editions.now() == before
    editions.take_settings()
    assert is_later(editions.now(), than=before)


def test_a_worker_with_older_settings_sends_nothing_and_says_so(
    one_x: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = tmp_path / "other"
    shutil.copytree(one_x.home, other)
    settings = one_x.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8").replace("per_day = 100", "per_day = 1"), "utf-8")
    os.utime(other / "config" / "nightdesk.toml", (1_000, 1_000))
    one_x.add("One", "Two")
    assert one_x.once().as_json()["published"] == 1  # by the new settings' cap
    with open_home(other, clock=one_x.clock) as outdated:
        summary = run_pass(outdated)
    assert (summary.as_json()["due"], summary.exit_status()) == (0, 3)
    assert "older than those another worker has taken up" in caplog.text
    assert len(one_x.posts()) == 1
    (other / "config" / "nightdesk.toml").touch()  # it is meant to be the newest
    with open_home(other, clock=one_x.clock) as newest:
        assert run_pass(newest).as_json()["published"] == 1


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)  # on SQLite one run works at a time
def test_settings_that_become_old_during_a_pass_end_it_before_the_call(one_x: World) -> None:
    one_x.add("One")
    with one_x.desk() as slow, one_x.desk() as quick:
        run_pass(slow, stopping=lambda: True)
        written = claimed(slow)
        settings = one_x.home / "config" / "nightdesk.toml"
        settings.write_text(settings.read_text("utf-8") + "\n# newer\n", "utf-8")
        quick.adopt(quick.settings)
        run_pass(quick)
        assert not may_send(slow, written)
        assert run_pass(quick).as_json()["published"] == 1
    assert len(one_x.posts()) == 1


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("wrong", [timedelta(days=-1), timedelta(days=1)])
def test_a_worker_whose_clock_is_wrong_neither_steals_leases_nor_loses_its_own(one_x: World, wrong: timedelta) -> None:
    one_x.add("One")
    with one_x.desk() as right, one_x.desk() as skewed:
        right.database.measure_skew()
        skewed.database.skew = right.database.skew - wrong  # as measured by a machine whose clock is ahead by `wrong`
        written = claimed(right)
        one_x.clock.real += wrong
        assert recover(skewed) == 0
        with skewed.database.read() as tx:
            lane = lanes.get(tx, "x-main")
            assert lane is not None
            assert lane.fence == written.claim.fence
            assert lane.owner == right.owner
            assert lane.lease_until is not None
            assert timedelta(seconds=80) < lane.lease_until - skewed.lease_now() <= timedelta(seconds=90)
