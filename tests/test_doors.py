"""A platform app in trouble is one alarm: its door closes, is asked first, and opens in the pass in which it works."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.asking import LONGEST_PAUSE, ask, due_doors, pause_after
from bot.golive import golive
from bot.nightdesk import Nightdesk
from bot.pausing import close_lane, open_door
from bot.recovery import recover
from bot.store import doors, lanes
from bot.store.doors import Door
from tests.test_reconcile import newsroom
from tests.world import World

NAMES = ("x-a", "x-b", "x-c", "x-d")
DOOR = "x live env:COURIER_KEY"
LIVE = """
[accounts.{name}]
platform = "x"
handle = "@courier"
live = true
caps = {{ min_gap = "0 s", per_hour = 100, per_day = 100 }}
credentials.api_key = {{ env = "COURIER_KEY" }}
credentials.api_secret = {{ env = "COURIER_KEY" }}
credentials.access_token = {{ env = "COURIER_KEY" }}
credentials.access_secret = {{ env = "COURIER_KEY" }}
"""


@contextmanager
def live_accounts(
    home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, names: Sequence[str]
) -> Iterator[World]:
    """A newsroom with live accounts of one app on X, whose address is that of the sandbox."""
    monkeypatch.setenv("COURIER_KEY", "rehearsal:x-a:courier")
    with newsroom(home, database_url, "") as made:
        file = made.home / "config" / "nightdesk.toml"
        text = file.read_text("utf-8").replace('"10 s"', '"64 s"')
        accounts = "".join(LIVE.format(name=name) for name in names)
        file.write_text(f'{text}{accounts}[platforms]\nx = "{made.sandbox.url}"\n', "utf-8")
        made.clock.simulated = False
        made.clock.now = made.clock.real
        with made.desk() as desk:
            for name in names:
                golive(desk, name, actor="person:anna")
        yield made


@pytest.fixture
def four(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Four live accounts of one app; each of the first three has a post of its own that is due."""
    with live_accounts(tmp_path, database_url, monkeypatch, NAMES) as made:
        for name in NAMES[:3]:
            made.add(f"News of {name}", accounts=[name])
        yield made


def door(made: World) -> Door | None:
    with made.desk() as desk, desk.database.read() as tx:
        return doors.get(tx, DOOR)


def test_three_lanes_closed_by_its_answers_close_the_door_with_one_alarm(
    four: World, caplog: pytest.LogCaptureFixture
) -> None:
    four.order(kind="error_before", times=99)
    with caplog.at_level(logging.ERROR):
        four.once()
        four.add("News of x-d", accounts=["x-d"])
        four.once()
    assert four.states() == {name: ["unconfirmed"] for name in NAMES[:3]} | {"x-d": ["queued"]}
    closed = door(four)
    assert closed is not None
    assert closed.by_answers
    assert closed.reason.startswith("3 of its accounts were closed within 10 minutes (x-")
    assert len([record for record in caplog.records if DOOR in record.message]) == 1


def test_one_timeline_that_can_be_read_opens_the_door_and_everything_goes_on_in_that_pass(four: World) -> None:
    four.order(kind="reset_after", method="POST", times=3)
    four.once()
    assert door(four) is not None
    four.add("News of x-d", accounts=["x-d"])
    four.order(kind="error_before", method="GET")
    four.once()
    assert door(four) is not None
    assert four.states()["x-d"] == ["queued"]
    four.clock.forward(seconds=65)
    four.order(kind="error_before", method="GET")  # the read-back that is tried first
    four.once()
    assert door(four) is not None
    assert four.states()["x-d"] == ["queued"]
    four.clock.forward(seconds=65)
    four.once()
    assert door(four) is None
    assert four.states() == {name: ["published"] for name in NAMES}
    assert len(four.posts()) == 4


def test_a_crash_of_ours_closes_no_door(four: World) -> None:
    with four.desk() as desk, desk.database.begin() as tx:
        for name in NAMES:
            close_lane(desk, tx, name, True, reason="d1 may be live", until=None, by_answer=False, delivery=1)
        assert doors.closed(tx) == []
    with four.desk() as desk:
        assert recover(desk) == 0


def test_lanes_that_closed_long_ago_or_behind_another_door_do_not_count(four: World) -> None:
    with four.desk() as desk:
        _close(desk, "x-a", "x-b")
        four.clock.forward(minutes=11)
        _close(desk, "x-c")
        assert door(four) is None
        with desk.database.begin() as tx:
            close_lane(desk, tx, "x-a", False, reason="trouble", until=None, by_answer=True)  # in rehearsal
        _close(desk, "x-d")
        closed = door(four)
        assert closed is not None
        assert "x-a, x-c, x-d" in closed.reason


def test_a_door_that_opened_needs_three_lanes_again(four: World) -> None:
    with four.desk() as desk:
        _close(desk, "x-a", "x-b", "x-c")
        with desk.database.begin() as tx:
            assert open_door(desk, tx, DOOR)
            assert not open_door(desk, tx, DOOR)
        _close(desk, "x-d")
        assert door(four) is None


def test_an_open_door_wakes_its_lanes_and_tells_them_why_they_waited(four: World) -> None:
    with four.desk() as desk, desk.database.begin() as tx:
        doors.close(tx, DOOR, reason="no credits", until=None)
        lanes.close(tx, "x-a", reason="its own trouble", until=None)
        open_door(desk, tx, DOOR)
        found = {name: lanes.get(tx, name) for name in NAMES}
        told = {name: (lane.closed_reason, lane.closed_until) for name, lane in found.items() if lane}
        assert told["x-a"] == ("its own trouble", None)
        assert told["x-b"] == ("no credits", four.clock.real)


def test_a_door_is_asked_by_one_worker_ever_more_rarely_and_through_another_account_each_time(four: World) -> None:
    with four.desk() as desk, four.desk() as other:
        with desk.database.begin() as tx:
            doors.close(tx, DOOR, reason="trouble", until=None, by_answers=True)
        for tries in range(3):
            four.order(kind="error_before", method="GET")
            [closed] = due_doors(desk)
            assert closed.tries == tries
            assert not ask(desk, closed)
            assert due_doors(other) == []
            assert not ask(other, closed)  # it was read before the first one asked
            four.clock.forward(seconds=pause_after(tries + 1).total_seconds())
        [closed] = due_doors(desk)
        assert ask(desk, closed)
        assert door(four) is None


def test_the_pauses_are_bounded() -> None:
    assert [pause_after(tries).total_seconds() for tries in range(1, 8)] == [15, 30, 60, 120, 240, 300, 300]
    assert pause_after(10**6) == LONGEST_PAUSE


def test_a_door_nobody_stands_behind_is_left_alone(four: World) -> None:
    with four.desk() as desk:
        with desk.database.begin() as tx:
            doors.close(tx, "x live env:OTHER", reason="no credits", until=None)
        [closed] = due_doors(desk)
        assert not ask(desk, closed)


def _close(desk: Nightdesk, *names: str) -> None:
    for name in names:
        with desk.database.begin() as tx:
            close_lane(desk, tx, name, True, reason="d1 may be live", until=None, by_answer=True, delivery=1)
