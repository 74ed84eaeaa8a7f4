"""Whose token is it? Asked before a live account sends, daily and after its settings changed; never in rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.golive import golive
from bot.pausing import Then, resume
from bot.store import lanes
from tests.test_golive import live_home
from tests.world import World


@pytest.fixture
def live_world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with live_home(tmp_path, database_url, monkeypatch) as made, made.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
        yield made


def asked(made: World) -> int:
    """How often the live platform was asked who we are."""
    assert made.live is not None
    seen = requests.get(f"{made.live.sandbox.url}/sandbox/requests", timeout=5).json()
    return sum(request["path"] == "/2/users/me" for request in seen)


def reason(made: World) -> str:
    with made.desk() as desk, desk.database.read() as tx:
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        return lane.closed_reason or ""


def test_what_golive_asked_serves_for_a_day_and_then_it_is_asked_once_more(live_world: World) -> None:
    live_world.add("One")
    assert live_world.once().as_json()["published"] == 1
    assert asked(live_world) == 1
    live_world.clock.forward(hours=25)
    live_world.add("Two", "Three")
    assert live_world.once().as_json()["published"] == 2
    assert asked(live_world) == 2


def test_changed_settings_are_asked_about_and_a_stranger_s_token_sends_nothing(
    live_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "rehearsal:other:somebody")
    settings = live_world.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8").replace("COURIER_KEY", "OTHER_KEY"), "utf-8")
    live_world.add("One", "Two")
    summary = live_world.once()
    assert (summary.as_json()["due"], summary.exit_status()) == (0, 5)
    assert "belong to somebody, not to courier" in reason(live_world)
    assert live_world.once().as_json()["due"] == 0
    assert asked(live_world) == 2, "one alert, and no further call"
    assert not live_world.live_posts()

    settings.write_text(settings.read_text("utf-8").replace("OTHER_KEY", "COURIER_KEY"), "utf-8")
    with live_world.desk() as desk:
        resume(desk, account="x-main", then=Then.PUBLISH, actor="person:anna")
    assert live_world.once().as_json()["published"] == 2


def test_a_daily_question_that_gets_no_answer_takes_nothing_away(live_world: World) -> None:
    assert live_world.live is not None
    live_world.clock.forward(hours=25)
    live_world.live.order(kind="error_before", method="GET", times=1)
    live_world.add("One")
    assert live_world.once().as_json()["published"] == 1
    live_world.clock.forward(minutes=30)
    live_world.add("Two")
    live_world.once()
    live_world.clock.forward(minutes=31)
    live_world.add("Three")
    live_world.once()
    assert asked(live_world) == 3, "an hour later it is asked again"
    assert len(live_world.live_posts()) == 3


def test_a_first_question_that_gets_no_answer_is_waited_for(live_world: World) -> None:
    assert live_world.live is not None
    with live_world.desk() as desk, desk.database.begin() as tx:
        lanes.record_identity(tx, "x-main", key="of other settings", at=live_world.clock.real)
    live_world.live.order(kind="error_before", method="GET", times=1)
    live_world.add("One")
    assert live_world.once().as_json()["due"] == 0
    assert not live_world.live_posts()
    live_world.clock.forward(minutes=2)
    assert live_world.once().as_json()["published"] == 1


def test_a_refused_sign_in_closes_the_account_before_any_post(live_world: World) -> None:
    assert live_world.live is not None
    live_world.clock.forward(hours=25)
    live_world.live.order(kind="revoked", method="GET")
    live_world.add("One")
    summary = live_world.once()
    assert (summary.as_json()["due"], summary.exit_status()) == (0, 5)
    assert "x-main" in reason(live_world)
    assert live_world.states() == {"x-main": ["queued"]}
