"""Two workers on one database: late outcomes, lost leases, and persons who decide while a call is under way."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot import deliver, outcome
from bot.app import open_home
from bot.claim import Answered, Written
from bot.claiming import claim_due
from bot.decide import resolve_not_posted
from bot.delivery import Outcome, Remedy, Result, State
from bot.dispatch import run_pass
from bot.errors import ConfigurationError, TryAgainLater
from bot.golive import golive, rehearse
from bot.nightdesk import Nightdesk
from bot.outcome import record_outcomes
from bot.pausing import Then, pause, resume
from bot.recovery import recover
from bot.store import attempts, history, lanes
from bot.store.database import Transaction
from bot.summary import Step
from bot.unpublish import unpublish
from bot.writing import write_posts
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
def two_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, ONE_X + ONE_X.replace("x-main", "x-two").replace("@courier", "@two")) as made:
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


def _sent_again(one_x: World, slow: Nightdesk, other: Nightdesk) -> tuple[Written, Written]:
    """A post on its way for so long that a person said it was not posted, and its second attempt, on its way too."""
    added = one_x.add("One")[0]
    written = claimed(slow)
    intended(slow, written)
    one_x.clock.forward(seconds=95)
    recover(other)
    with other.database.begin() as tx:
        resolve_not_posted(other, tx, one_x.fresh(tx, added), actor="person:anna")
    second = claimed(other)
    intended(other, second)
    return written, second


def _refuse_once(monkeypatch: pytest.MonkeyPatch, error: Exception, *, with_answers: bool) -> list[Exception]:
    """The next turn, or the next that has answers to write, ends with that error; returned is what is still to come."""
    real, errors = outcome.record_outcomes, [error]

    def refusing(desk: Nightdesk, tx: Transaction, answers: Sequence[Answered]) -> list[Step]:
        if errors and (answers or not with_answers):
            raise errors.pop()
        return real(desk, tx, answers)

    monkeypatch.setattr(deliver, "record_outcomes", refusing)
    monkeypatch.setattr(deliver, "RETRY_SECONDS", 0.0)
    return errors


def test_a_post_that_is_out_twice_after_all_is_told(one_x: World, caplog: pytest.LogCaptureFixture) -> None:
    with one_x.desk() as slow, one_x.desk() as other:
        written, second = _sent_again(one_x, slow, other)
        ended(other, second, publish(other, second))
        late = Result(outcome=Outcome.ACCEPTED, platform_id="77", post_url="https://x.com/courier/status/77")
        ended(slow, written, late)
        assert any("is out twice" in line and "/status/77" in line for line in caplog.messages)
        with other.database.read() as tx:
            assert "is out twice" in history.of(tx, 1)[-1].reason
        unpublish(other, one_x.delivery(1), why="one is enough", actor="person:anna")
    state, reason = one_x.story(1)[-1]
    assert state == "withdrawn"
    assert "delete the other by hand: https://x.com/courier/status/77" in reason


def test_what_an_earlier_pass_gave_to_its_senders_is_never_called_off(
    two_x: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A pass that ends with a post out, and not recorded; then one of which a turn is refused."""
    two_x.add("One", accounts=["x-main"])
    with two_x.desk() as desk:
        _refuse_once(monkeypatch, RuntimeError("a mistake of ours"), with_answers=True)
        with pytest.raises(RuntimeError):
            run_pass(desk)
        assert any("an outcome is not written yet" in line and "accepted" in line.lower() for line in caplog.messages)
        two_x.add("Two", accounts=["x-two"])
        refusals = _refuse_once(monkeypatch, TryAgainLater("the database went away"), with_answers=False)
        assert run_pass(desk).as_json()["published"] == 1
        assert refusals == []
        assert two_x.states() == {"x-main": ["sending"], "x-two": ["published"]}
    two_x.clock.forward(seconds=95)
    two_x.once()
    assert two_x.states()["x-main"] == ["unconfirmed"]
    assert len(two_x.posts()) == 2


def test_with_a_call_under_way_even_a_refusal_that_looks_final_is_tried_again(
    one_x: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = ConfigurationError("The database refuses us: no such role.")
    one_x.add("One")
    with one_x.desk() as desk:
        refusals = _refuse_once(monkeypatch, final, with_answers=True)
        assert run_pass(desk).as_json()["published"] == 1
        assert refusals == []
        one_x.add("Two")
        _refuse_once(monkeypatch, final, with_answers=False)
        with pytest.raises(ConfigurationError):
            run_pass(desk)
    assert len(one_x.posts()) == 1


def test_answers_that_come_in_while_a_pass_ends_with_a_mistake_are_in_the_log(
    two_x: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    two_x.add("One")
    two_x.order(kind="slow", account="x-two", seconds=1.0)
    _refuse_once(monkeypatch, RuntimeError("a mistake of ours"), with_answers=True)
    with two_x.desk() as desk, pytest.raises(RuntimeError):
        run_pass(desk)
    assert any(line.startswith("x-main: an outcome is not written yet") for line in caplog.messages)
    assert any(line.startswith("x-two: an outcome was not written") for line in caplog.messages)


def test_outcomes_are_written_in_the_order_of_their_doors(two_x: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two turns that close the same doors must lock them in the same order."""
    two_x.add("One")
    doors: list[str] = []
    monkeypatch.setattr(outcome, "write_outcome", lambda desk, tx, claim, result: doors.append(claim.account.name))
    with two_x.desk() as desk:
        with desk.database.begin() as tx:
            desk.meet_accounts(tx)
            found = claim_due(desk, tx, most=10, until=desk.clock.desk_now(), fruitless=Counter())
        written, _, _ = write_posts(desk, found)
        refused = Result(outcome=Outcome.REFUSED, remedy=Remedy.WAIT_APP, error="no credits")
        for order in (written, written[::-1]):
            with desk.database.begin() as tx:
                record_outcomes(desk, tx, [Answered(lease=one.claim, answer=refused) for one in order])
    assert doors == ["x-main", "x-two"] * 2


def test_a_late_refusal_to_connect_never_touches_a_newer_attempt(one_x: World) -> None:
    late = Result(outcome=Outcome.NOT_SENT, remedy=Remedy.RETRY, error="no connection")
    with one_x.desk() as slow, one_x.desk() as other:
        written, second = _sent_again(one_x, slow, other)
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
