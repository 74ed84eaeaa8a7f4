"""From rehearsal to live and back: two keys, one step, and nothing rehearsed is ever taken for real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.decide import again
from bot.errors import ConfigurationError
from bot.golive import foresee_golive, golive, rehearse
from bot.status import status
from bot.store import articles, deliveries
from bot.story import story
from tests.world import World, world

LIVE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
live = true
caps = {{ min_gap = "0 s", per_hour = 100, per_day = 100 }}
credentials.api_key = {{ env = "{key}" }}
credentials.api_secret = {{ env = "{key}" }}
credentials.access_token = {{ env = "{key}" }}
credentials.access_secret = {{ env = "{key}" }}

[platforms]
x = "{url}"
"""


@contextmanager
def live_home(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A home that says live = true, and a second sandbox that plays the live X."""
    monkeypatch.setenv("COURIER_KEY", "rehearsal:x-main:courier")
    with world(tmp_path / "live", database_url) as platform, world(tmp_path / "home", database_url, "") as made:
        settings = made.home / "config" / "nightdesk.toml"
        text = settings.read_text("utf-8").replace("accounts = []", 'accounts = ["x-main"]')
        settings.write_text(text + LIVE_X.format(key="COURIER_KEY", url=platform.sandbox.url), "utf-8")
        made.clock.simulated = False
        made.clock.now = made.clock.real
        made.live = platform
        yield made


@pytest.fixture
def live_world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with live_home(tmp_path, database_url, monkeypatch) as made:
        yield made


def test_the_settings_word_alone_is_still_a_rehearsal(live_world: World) -> None:
    live_world.add("One")
    live_world.once()
    assert (len(live_world.posts()), len(live_world.live_posts())) == (1, 0)


def test_going_live_restamps_what_waits_and_sends_it_to_the_real_platform(live_world: World) -> None:
    live_world.add("Rehearsed")
    live_world.once()
    live_world.add("Waiting")
    with live_world.desk() as desk:
        foreseen = foresee_golive(desk, "x-main")
        assert [d.state for d in foreseen.restamped] == ["queued"]
        golive(desk, "x-main", actor="person:anna")
    live_world.once()
    assert [post["text"].split(" http")[0] for post in live_world.posts()] == ["Rehearsed"]
    assert [post["text"].split(" http")[0] for post in live_world.live_posts()] == ["Waiting"]
    assert [row["live"] for row in live_world.lines("log")] == [False, True]


def test_an_article_that_is_live_already_is_skipped_as_a_duplicate(live_world: World) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("Once only")
    live_world.once()
    with live_world.desk() as desk:
        rehearse(desk, "x-main", actor="person:anna")
    live_world.add("Once only")
    with live_world.desk() as desk:
        change = golive(desk, "x-main", actor="person:anna")
    assert [d.account for d in change.duplicates] == ["x-main"]
    live_world.once()
    assert len(live_world.live_posts()) == 1


def test_keys_of_another_account_are_refused(live_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURIER_KEY", "rehearsal:x-main:somebody-else".replace("-else", ""))
    with live_world.desk() as desk, pytest.raises(ConfigurationError, match="belong to somebody"):
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One")
    live_world.once()
    assert not live_world.live_posts()


def test_a_missing_secret_is_told_and_nothing_of_that_account_is_done(
    live_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One")
    monkeypatch.delenv("COURIER_KEY")
    done = live_world.command("once")
    assert done.returncode == 3
    assert "COURIER_KEY" in done.stderr
    assert live_world.states() == {"x-main": ["queued"]}


def test_back_in_rehearsal_nothing_reaches_the_real_platform(live_world: World) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One")
    with live_world.desk() as desk:
        change = rehearse(desk, "x-main", actor="person:anna")
    assert len(change.restamped) == 1
    live_world.once()
    assert (len(live_world.posts()), len(live_world.live_posts())) == (1, 0)


def test_what_failed_in_rehearsal_is_no_task_to_be_retried_live(live_world: World) -> None:
    live_world.order(kind="refuse", platform="x", status=403, message="Not today.")
    live_world.add("One")
    live_world.once()
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
        [task] = [each for each in status(desk).tasks if each.delivery == "d1"]
        assert task.command == "nightdesk queue again d1 or nightdesk resolve d1 --drop"
        with desk.database.read() as tx:
            failed = deliveries.get(tx, 1)
            assert failed is not None
            assert story(desk, failed, articles.get(tx, failed.article)).command == task.command


def test_simulated_time_is_refused_while_an_account_is_live(live_world: World) -> None:
    done = live_world.command("once", "--now", "2026-06-01T08:00")
    assert done.returncode == 2
    assert "x-main" in done.stderr


def test_a_post_queued_again_is_the_next_round(live_world: World) -> None:
    added = live_world.add("Evergreen")[0]
    live_world.once()
    with live_world.desk() as desk, desk.database.begin() as tx:
        made = again(desk, tx, live_world.fresh(tx, added), actor="person:anna")
        assert made.round == 2
        assert len(deliveries.of_article(tx, made.article)) == 2
