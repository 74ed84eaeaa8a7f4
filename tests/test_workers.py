"""Two workers on one database: late outcomes, lost leases, and persons who decide while a call is under way."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import open_home
from bot.decide import resolve_not_posted
from bot.delivery import Outcome, Remedy, Result, State
from bot.dispatch import run_pass
from bot.errors import TryAgainLater
from bot.golive import golive, rehearse
from bot.pausing import Then, pause, resume
from bot.recovery import recover
from bot.store import attempts, lanes
from tests.steps import claimed, ended, intended, may_send, publish
from tests.test_golive import live_home
from tests.world import World, world

# On SQLite one run works at a time, so there is nobody to race with.
pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""


@pytest.fixture
def one_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, ONE_X) as made:
        yield made


@pytest.fixture
def live_world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with live_home(tmp_path, database_url, monkeypatch) as made:
        yield made


def test_an_acceptance_that_comes_after_recovery_publishes_and_opens_the_lane(one_x: World) -> None:
    one_x.add("One", "Two")
    with one_x.desk() as slow, one_x.desk() as other:
        written = claimed(slow)
        intended(slow, written)
        one_x.clock.forward(seconds=95)
        assert recover(other) == 1
        ended(slow, written, publish(slow, written))
    one_x.once()
    assert one_x.states() == {"x-main": ["published", "published"]}
    assert len(one_x.posts()) == 2


def test_an_acceptance_corrects_a_person_who_said_it_was_not_posted(one_x: World) -> None:
    added = one_x.add("One")[0]
    with one_x.desk() as slow, one_x.desk() as other:
        written = claimed(slow)
        intended(slow, written)
        result = publish(slow, written)
        one_x.clock.forward(seconds=95)
        recover(other)
        with other.database.begin() as tx:
            resolve_not_posted(other, tx, one_x.fresh(tx, added), actor="person:anna")
        ended(slow, written, result)
        assert run_pass(other).as_json()["due"] == 0
    assert one_x.states() == {"x-main": ["published"]}


def test_a_late_refusal_to_connect_never_touches_a_newer_attempt(one_x: World) -> None:
    added = one_x.add("One")[0]
    late = Result(outcome=Outcome.NOT_SENT, remedy=Remedy.RETRY, error="no connection")
    with one_x.desk() as slow, one_x.desk() as other:
        written = claimed(slow)
        intended(slow, written)
        one_x.clock.forward(seconds=95)
        recover(other)
        with other.database.begin() as tx:
            resolve_not_posted(other, tx, one_x.fresh(tx, added), actor="person:anna")
        second = claimed(other)
        intended(other, second)
        assert ended(slow, written, late) == []
        assert one_x.states() == {"x-main": ["sending"]}
        ended(other, second, publish(other, second))
    assert one_x.states() == {"x-main": ["published"]}
    one_x.once()
    assert len(one_x.posts()) == 1


def test_the_intent_renews_the_lease_for_the_call(one_x: World) -> None:
    one_x.add("One")
    with one_x.desk() as slow, one_x.desk() as other:
        written = claimed(slow)
        one_x.clock.forward(seconds=88)
        intended(slow, written)
        one_x.clock.forward(seconds=3)
        assert recover(other) == 0
        ended(slow, written, publish(slow, written))
    assert one_x.states() == {"x-main": ["published"]}


def test_recovery_leaves_a_living_workers_call_alone(one_x: World) -> None:
    one_x.add("One")
    with one_x.desk() as busy, one_x.desk() as other:
        written = claimed(busy)
        intended(busy, written)
        assert recover(other) == 0
        assert run_pass(other).as_json()["due"] == 0
        ended(busy, written, publish(busy, written))
    assert one_x.states() == {"x-main": ["published"]}


def test_a_lane_that_was_taken_over_gives_no_intent(one_x: World) -> None:
    one_x.add("One")
    with one_x.desk() as slow, one_x.desk() as other:
        written = claimed(slow)
        one_x.clock.forward(seconds=95)
        assert run_pass(other).as_json()["published"] == 1
        assert not may_send(slow, written)
    assert len(one_x.posts()) == 1


def test_a_lane_that_another_worker_has_its_hands_on_is_asked_for_again_in_the_same_pass(one_x: World) -> None:
    with one_x.desk() as other, one_x.desk() as worker:
        assert run_pass(worker).as_json()["due"] == 0
        one_x.add("One")
        held = threading.Event()

        def wake_and_linger() -> None:
            with other.database.begin() as tx:
                lanes.wake(tx, None)
                held.set()
                time.sleep(0.25)

        holder = threading.Thread(target=wake_and_linger)
        holder.start()
        assert held.wait(5)
        assert run_pass(worker).as_json()["published"] == 1
        holder.join()


def test_a_lane_that_stays_in_other_hands_is_left_to_the_next_pass(one_x: World) -> None:
    one_x.add("One")
    with one_x.desk() as other, one_x.desk() as worker:
        run_pass(other)
        one_x.add("Two")
        with other.database.begin() as tx:
            lanes.lock(tx, ["x-main"])
            assert run_pass(worker).as_json()["due"] == 0
        assert run_pass(worker).as_json()["published"] == 1


def test_going_live_waits_for_a_post_on_its_way(live_world: World) -> None:
    live_world.add("One")
    with live_world.desk() as worker, live_world.desk() as person:
        written = claimed(worker)
        intended(worker, written)
        with pytest.raises(TryAgainLater):
            golive(person, "x-main", actor="person:anna")
        ended(worker, written, publish(worker, written))
        golive(person, "x-main", actor="person:anna")
    assert not live_world.delivery(1).live


def test_a_rehearsed_claim_is_not_sent_after_going_live(live_world: World) -> None:
    live_world.add("One")
    with live_world.desk() as worker, live_world.desk() as person:
        written = claimed(worker)
        golive(person, "x-main", actor="person:anna")
        assert not may_send(worker, written)
    live_world.once()
    assert (len(live_world.posts()), len(live_world.live_posts())) == (0, 1)


def test_a_live_post_on_its_way_keeps_its_stamp_in_rehearsal(live_world: World) -> None:
    with live_world.desk() as person:
        golive(person, "x-main", actor="person:anna")
    live_world.add("One")
    with live_world.desk() as worker, live_world.desk() as person:
        written = claimed(worker)
        intended(worker, written)
        rehearse(person, "x-main", actor="person:anna")
        ended(worker, written, publish(worker, written))
    delivery = live_world.delivery(1)
    assert (delivery.live, delivery.state) == (True, State.PUBLISHED)


def test_a_live_post_that_was_not_sent_is_rehearsed_after_going_back(live_world: World) -> None:
    with live_world.desk() as person:
        golive(person, "x-main", actor="person:anna")
    live_world.add("One")
    late = Result(outcome=Outcome.NOT_SENT, remedy=Remedy.RETRY, error="no connection")
    with live_world.desk() as worker, live_world.desk() as person:
        written = claimed(worker)
        intended(worker, written)
        rehearse(person, "x-main", actor="person:anna")
        ended(worker, written, late)
    live_world.clock.forward(minutes=5)
    live_world.once()
    assert (len(live_world.posts()), len(live_world.live_posts())) == (1, 0)


def test_four_workers_and_a_meddling_person_send_everything_once(tmp_path: Path, database_url: str) -> None:
    accounts = "".join(
        f'[accounts.x-{n}]\nplatform = "x"\nhandle = "@courier{n}"\n'
        'caps = { min_gap = "0 s", per_hour = 1000, per_day = 1000 }\n'
        for n in range(3)
    )
    dice = random.Random(7)
    with world(tmp_path, database_url, accounts) as made:
        made.clock.simulated = False
        made.clock.now = made.clock.real
        made.add(*(f"Article {n}" for n in range(8)))

        def work() -> None:
            with open_home(made.home) as desk:
                for _ in range(6):
                    run_pass(desk)

        def meddle() -> None:
            with open_home(made.home) as desk:
                for _ in range(15):
                    account = f"x-{dice.randrange(3)}"
                    pause(desk, account=account, reason="meddling", until=None, actor="test")
                    resume(desk, account=account, then=Then.PUBLISH, actor="test")

        threads = [threading.Thread(target=target) for target in (work, work, work, work, meddle)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with open_home(made.home) as desk:
            run_pass(desk)
        sent = Counter((post["account"], post["text"]) for post in made.posts())
        assert len(sent) == 24
        assert set(sent.values()) == {1}
        with made.desk() as desk, desk.database.read() as tx:
            assert not attempts.open_ones(tx, abandoned_before=None)
            assert all(lane.owner is None for lane in lanes.every(tx))
