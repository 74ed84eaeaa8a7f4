"""Nights that go wrong as a whole: a platform down for hours, one lost reply and nobody awake, no memory, no files."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from faults.nursery import Nursery
from tests.faults_rig import BOTH, DEADLINE, ONE_X, SETTLE, Night, eventually, night
from tests.world import World, world


@pytest.fixture
def one_x(tmp_path: Path, database_url: str, nursery: Nursery) -> Iterator[Night]:
    with night(tmp_path, database_url, nursery) as made:
        yield made


def asked(made: World, method: str) -> list[dict[str, Any]]:
    seen = requests.get(f"{made.sandbox.url}/sandbox/requests", timeout=5).json()
    return [each for each in seen if each["method"] == method]


# -- hours, in simulated desk time ----------------------------------------

EVERY_TEN = (
    '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\n'
    'timetable = ["every 10 min from 00:00 to 23:50"]\n'
    'caps = { min_gap = "0 s", per_hour = 100, per_day = 200, max_age = "48 h" }\n'
)
TWO_AT_NIGHT = datetime(2026, 6, 2, 0, 0, tzinfo=UTC)  # 02:00 in Berlin


@pytest.fixture
def timetabled(tmp_path: Path, database_url: str, nursery: Nursery) -> Iterator[World]:
    """An account that posts every ten minutes; its desk's clock stands at two in the morning, real time goes on."""
    with night(tmp_path, database_url, nursery, EVERY_TEN) as made:
        made.made.clock.simulated = True
        made.made.clock.now = TWO_AT_NIGHT - timedelta(minutes=1)
        made.made.once()
        yield made.made


def minutes_pass(made: World, minutes: int) -> None:
    """A pass every five minutes of the desk's clock; real time stands nearly still meanwhile."""
    for _ in range(minutes // 5):
        made.clock.now += timedelta(minutes=5)
        made.clock.real = datetime.now(UTC)
        made.once()


def settle(made: World) -> None:
    """The settle time, which is real and never shortened."""
    time.sleep(SETTLE + 0.3)
    made.clock.real = datetime.now(UTC)


def test_one_lost_reply_at_two_and_nobody_awake_the_rest_of_the_night_goes_out(timetabled: World) -> None:
    timetabled.add(*(f"Story {n}" for n in range(8)))
    timetabled.order(kind="reset_before", method="POST")
    minutes_pass(timetabled, 5)
    assert timetabled.states() == {"x-main": ["unconfirmed", *["queued"] * 7]}
    settle(timetabled)
    minutes_pass(timetabled, 75)
    assert timetabled.states() == {"x-main": ["unconfirmed", *["published"] * 7]}
    assert timetabled.delivery(1).reason == "not_found"
    assert len(timetabled.posts()) == 7
    assert len(asked(timetabled, "POST")) == 8, "the lost one is never sent again by itself"


def test_a_storm_of_two_hours_over_a_full_queue_costs_one_question_and_no_second_post(timetabled: World) -> None:
    """Everything answers 503, the timeline too: the first lost reply closes the account until the platform is back."""
    timetabled.add(*(f"Story {n}" for n in range(20)))
    timetabled.order(kind="error_before", status=503, times=100_000)
    minutes_pass(timetabled, 5)
    settle(timetabled)
    minutes_pass(timetabled, 115)
    assert Counter(timetabled.states()["x-main"]) == {"unconfirmed": 1, "queued": 19}
    assert len(asked(timetabled, "POST")) == 1
    requests.delete(f"{timetabled.sandbox.url}/sandbox/faults", timeout=5)
    _until_read_back(timetabled)
    minutes_pass(timetabled, 60)
    states = Counter(timetabled.states()["x-main"])
    assert states["unconfirmed"] == 1
    assert states["published"] >= 5
    texts = [post["text"] for post in timetabled.posts()]
    assert len(texts) == len(set(texts)) == states["published"]


def test_a_storm_that_only_posts_suffer_from_asks_a_person_for_each_and_loses_none(timetabled: World) -> None:
    """POST answers 503, and every second time it had taken the post; the timeline can be read."""
    timetabled.add(*(f"Story {n}" for n in range(6)))
    for _ in range(2):
        timetabled.order(kind="error_before", status=503, method="POST")
        timetabled.order(kind="error_after", status=503, method="POST")
    for _ in range(5):
        minutes_pass(timetabled, 10)
        settle(timetabled)
    minutes_pass(timetabled, 30)
    states = Counter(timetabled.states()["x-main"])
    assert states == {"unconfirmed": 2, "published": 4}
    assert len(timetabled.posts()) == 4


def _until_read_back(made: World) -> None:
    """Until the account goes on: a failed read-back is made again after a pause, which is real time."""
    made.clock.real = datetime.now(UTC) + timedelta(hours=1)
    for _ in range(3):
        made.once()


# -- times of calls -----------------------------------------------------------


def test_a_call_that_hangs_keeps_its_worker_no_longer_than_the_deadline(one_x: Night) -> None:
    one_x.made.order(kind="hang_after", method="POST", seconds=30)
    one_x.made.add("One")
    one_x.once()
    [attempt] = one_x.attempts()
    assert (attempt.finished - attempt.started).total_seconds() < DEADLINE + 1
    one_x.to_rest()
    assert one_x.ends()[0][0] == "published"
    assert len(one_x.posts()) == 1


def test_a_revoked_key_closes_the_account_after_one_call_and_keeps_the_queue(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    with night(tmp_path, database_url, nursery, BOTH) as made:
        made.made.add("One", "Two", "Three")
        made.made.order(kind="revoked", platform="x", after=1, method="POST")
        made.once()
        before = len(asked(made.made, "POST"))
        for _ in range(3):
            made.once()
        assert len(asked(made.made, "POST")) == before
        assert made.made.states() == {
            "x-main": ["published", "queued", "queued"],
            "fb-page": ["published", "published", "published"],
        }
        assert made.run("status") == 4


def test_a_limit_of_one_account_keeps_nobody_else_waiting_and_no_call_sleeps(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    with night(tmp_path, database_url, nursery, BOTH) as made:
        made.made.add("One", "Two")
        made.made.order(kind="rate_limit", platform="x", reset=15 * 24 * 3600)
        began = time.monotonic()
        made.once()
        assert time.monotonic() - began < 10
        assert made.made.states() == {"x-main": ["queued", "queued"], "fb-page": ["published", "published"]}


# -- what the machine runs out of ---------------------------------------------


def test_where_nothing_can_be_said_any_more_posts_go_out_and_are_written_down(one_x: Night) -> None:
    """A full disk under the log."""
    one_x.made.add("One", "Two")
    one_x.start("once", log=Path("/dev/full")).wait(120)
    assert one_x.ends() == [("published", ""), ("published", "")]
    assert len(one_x.posts()) == 2


def test_a_daemon_whose_log_is_full_goes_on(one_x: Night) -> None:
    worker = one_x.start("run", log=Path("/dev/full"))
    one_x.made.add("One")
    eventually(lambda: len(one_x.posts()) == 1)
    one_x.made.add("Two")
    eventually(lambda: [state for state, _ in one_x.ends()] == ["published", "published"])
    worker.signal(15)
    assert worker.wait(120) is not None
    assert len(one_x.posts()) == 2


@pytest.mark.parametrize("files", [6, 9, 12, 15, 18, 24])
def test_without_a_free_file_descriptor_no_call_is_made_that_is_not_written_down(one_x: Night, files: int) -> None:
    one_x.made.add("One", "Two")
    one_x.run("once", files=files)
    one_x.nothing_unrecorded()
    one_x.to_rest()
    one_x.nothing_unrecorded()
    assert {state for state, _ in one_x.ends()} == {"published"}
    assert len(one_x.posts()) == 2


def test_an_article_whose_writing_needs_too_much_memory_is_held_and_the_others_go_out(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bot.writing

    real = bot.writing.compose

    def compose(article: Any, *args: Any, **options: Any) -> Any:
        if article.title == "Monster":
            raise MemoryError
        return real(article, *args, **options)

    monkeypatch.setattr(bot.writing, "compose", compose)
    with world(tmp_path, database_url, ONE_X) as made:
        made.add("Monster", "Mouse")
        made.once()
        assert made.states() == {"x-main": ["held", "published"]}


# -- what the machine's clock may do -------------------------------------------


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps_while_a_post_is_unclear_floods_nothing_and_posts_nothing_again(
    one_x: Night, days: int
) -> None:
    one_x.made.order(kind="reset_after", method="POST")
    one_x.made.add("One", "Two", "Three")
    one_x.once()
    one_x.made.clock.forward(days=days)
    for _ in range(3):
        one_x.made.once()
    one_x.nothing_unrecorded()
    assert len(one_x.posts()) <= 3
    one_x.made.clock.forward(days=-days)
    one_x.to_rest()
    one_x.nothing_unrecorded()
    assert Counter(state for state, _ in one_x.ends())["published"] <= len(one_x.posts()) <= 3
