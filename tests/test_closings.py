"""What was closed goes on when that is over, whatever else was closed meanwhile; live accounts of one app."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.claiming import claim_due
from bot.dispatch import wake_lanes
from bot.golive import rehearse
from bot.pausing import close_lane
from bot.store import doors, lanes
from tests.test_doors import DOOR, live_accounts
from tests.world import World

NAMES = ("x-a", "x-b", "x-c")
REST = 66  # seconds, after which an unclear post may be looked for


@pytest.fixture
def live(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with live_accounts(tmp_path, database_url, monkeypatch, NAMES) as made:
        yield made


def news_of(made: World, name: str, **fault: object) -> None:
    """An article for the account, and what its post comes to."""
    made.order(method="POST", **fault)
    made.add(f"News of {name} at {made.clock.now}", accounts=[name])
    made.once()


def the_door_is_to_be_asked(made: World) -> None:
    with made.desk() as desk, desk.database.begin() as tx:
        door = doors.get(tx, DOOR)
        assert door is not None
        doors.close(tx, DOOR, reason=door.reason, until=made.clock.real)
    made.once()
    assert doors_closed(made) == []


def doors_closed(made: World) -> list[str]:
    with made.desk() as desk, desk.database.read() as tx:
        return [door.key for door in doors.closed(tx)]


def test_a_limit_that_ended_behind_a_closed_door_holds_nothing_when_it_opens(live: World) -> None:
    news_of(live, "x-a", kind="rate_limit", reset=60)
    news_of(live, "x-b", kind="credits_depleted")
    live.clock.forward(minutes=2)
    live.once()
    assert live.states() == {"x-a": ["queued"], "x-b": ["queued"]}
    the_door_is_to_be_asked(live)
    assert live.states() == {"x-a": ["published"], "x-b": ["published"]}


def test_a_post_found_behind_a_closed_door_lets_its_account_go_on_when_it_opens(live: World) -> None:
    news_of(live, "x-a", kind="reset_after")
    news_of(live, "x-b", kind="credits_depleted")
    live.add("More of x-a", accounts=["x-a"])
    live.clock.forward(seconds=REST)
    live.once()
    assert live.states() == {"x-a": ["published", "queued"], "x-b": ["queued"]}
    the_door_is_to_be_asked(live)
    assert live.states() == {"x-a": ["published", "published"], "x-b": ["published"]}


def test_an_account_slowed_down_for_less_than_its_app_goes_on_with_it(live: World) -> None:
    now = live.clock.real
    with live.desk() as desk, desk.database.begin() as tx:
        close_lane(desk, tx, "x-a", True, reason="slow", until=now + timedelta(minutes=1), by_answer=False)
        doors.close(tx, DOOR, reason="slow", until=now + timedelta(minutes=2), slowed=True)
    live.add("News of x-a", accounts=["x-a"])
    for _ in range(2):
        live.clock.forward(seconds=70)
        live.once()
    assert live.states() == {"x-a": ["published"]}


def test_a_crash_right_after_a_limit_has_ended_leaves_no_account_behind(live: World) -> None:
    """The process dies while it asks whose the token is, so that no turn has told what the limit cost."""
    news_of(live, "x-a", kind="rate_limit", reset=60)
    live.clock.forward(minutes=2)
    with live.desk() as desk:
        wake_lanes(desk)
        with desk.database.begin() as tx:
            lane = lanes.get(tx, "x-a")
            assert lane is not None
            lanes.record_identity(tx, "x-a", key=lane.identity_key, at=live.clock.real - timedelta(hours=25))
            claimed = claim_due(desk, tx, most=1, until=live.clock.now, fruitless=Counter())
        assert [lease.account.name for lease in claimed.unchecked] == ["x-a"]
    with live.desk() as desk, desk.database.begin() as tx:  # on PostgreSQL a lease ends by the server's clock
        assert lanes.free_abandoned(tx, before=None) == ["x-a"]
    live.once()
    assert live.states() == {"x-a": ["published"]}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # of several workers one may be ahead all the time
def test_after_a_clock_that_was_ahead_is_set_back_nothing_waits_for_its_future(live: World) -> None:
    ahead = timedelta(hours=5)
    live.clock.now += ahead
    live.clock.real += ahead
    with live.desk() as desk, desk.database.begin() as tx:
        until = live.clock.real + timedelta(minutes=5)
        close_lane(desk, tx, "x-a", True, reason="too many", until=until, by_answer=False)
        doors.close(tx, DOOR, reason="no credits", until=until)
        lanes.record_identity(tx, "x-b", key="", at=live.clock.real)
    live.once()
    live.clock.now -= ahead
    live.clock.real -= ahead
    live.add("News of x-a", accounts=["x-a"])
    live.once()
    live.once()
    assert doors_closed(live) == []
    assert live.states() == {"x-a": ["published"]}
    with live.desk() as desk, desk.database.read() as tx:
        lane = lanes.get(tx, "x-b")
        assert lane is not None
        assert lane.identity_at is None or lane.identity_at <= live.clock.real


def test_live_posts_are_read_back_also_when_all_accounts_of_their_app_are_rehearsed_again(live: World) -> None:
    for name in NAMES:
        live.add(f"News of {name}", accounts=[name])
    live.order(kind="reset_after", method="POST", times=3)
    live.once()
    assert doors_closed(live) == [DOOR]
    with live.desk() as desk:
        for name in NAMES:
            rehearse(desk, name, actor="person:anna")
    assert doors_closed(live) == []
    live.clock.forward(seconds=REST)
    live.once()
    assert live.states() == {name: ["published"] for name in NAMES}


def test_another_accounts_token_in_the_old_place_sends_nothing(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live.add("One", accounts=["x-a"])
    live.once()
    monkeypatch.setenv("COURIER_KEY", "rehearsal:x-z:rivalpaper")
    live.add("Two", accounts=["x-a"])
    live.once()
    assert live.states() == {"x-a": ["published", "queued"]}
    assert [post["account"] for post in live.posts()] == ["x-a"]
    with live.desk() as desk, desk.database.read() as tx:
        lane = lanes.get(tx, "x-a")
        assert lane is not None
        assert "belong to rivalpaper" in (lane.closed_reason or "")
        assert "COURIER_KEY" not in lane.identity_key
