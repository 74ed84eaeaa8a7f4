"""Workers, persons, looks and doors at once on one PostgreSQL database: none may wait for another in a circle.

SQLite has one writer at a time, so nobody there can.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from bot import decide, lastrun
from bot.app import open_home
from bot.article import Article
from bot.claim import Answered, Finding, Lease
from bot.deliver import Flow, take_turn
from bot.delivery import Delivery, State
from bot.dispatch import run_pass, wake_lanes
from bot.ingest import add_article
from bot.nightdesk import Nightdesk
from bot.pausing import EVERYTHING, Then, close_lane, open_door, pause, resume
from bot.store import deliveries, doors, lanes, pauses
from bot.store.database import Transaction
from bot.store.lastrun import LastRun
from bot.summary import Summary
from tests.test_doors import DOOR, live_accounts
from tests.world import World

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

SECONDS = 3.0
BREATH = 0.02  # seconds between two rounds of most: else the workers would hardly come to their turn
NAMES = [f"x-{letter}" for letter in "abcdefghij"]
Act = Callable[[Nightdesk, random.Random], None]
Given = TypeVar("Given")


@pytest.fixture
def ten(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Ten live accounts of one app; PostgreSQL looks for circles after 10 ms of waiting, not after a second."""
    quick = f"{database_url}&options=-c%20deadlock_timeout%3D10ms"
    with live_accounts(tmp_path, quick, monkeypatch, NAMES) as made:
        yield made


def test_whoever_works_on_the_same_accounts_at_once_never_waits_in_a_circle(ten: World, database_url: str) -> None:
    acts: Sequence[Act] = (_work, _work, _decide, _decide, _trouble, _open, _wake, _add, _pause)
    troubles: list[str] = []
    rounds: Counter[int] = Counter()
    threads = [
        threading.Thread(target=_again_and_again, args=(ten.home, act, seed, troubles, rounds))
        for seed, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert _circles(database_url) == 0
    assert len(rounds) == len(acts), "somebody never came to do anything"


def _again_and_again(home: Path, act: Act, seed: int, troubles: list[str], rounds: Counter[int]) -> None:
    chance, until = random.Random(seed), time.monotonic() + SECONDS
    with open_home(home) as desk:
        while time.monotonic() < until and not troubles:
            try:
                act(desk, chance)
                rounds[seed] += 1
            except Exception as error:  # whatever it is: in a thread of its own nobody would see it
                troubles.append(f"{act.__name__}: {error}")


def _work(desk: Nightdesk, chance: random.Random) -> None:
    run_pass(desk)


def _decide(desk: Nightdesk, chance: random.Random) -> None:
    """As the commands do it with several posts, which come in any order."""
    with desk.database.begin() as tx:
        waiting = [its for its, _ in deliveries.listing(tx, states=[State.QUEUED, State.HELD])]
        some = chance.sample(waiting, min(5, len(waiting)))
        for its in decide.in_hand(tx, some):
            _one(desk, tx, its)
    time.sleep(BREATH)


def _one(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
    if its.state is State.QUEUED:
        decide.hold(desk, tx, its, reason="", actor="anna")
    elif its.state is State.HELD:
        decide.release(desk, tx, its, actor="anna")


def _trouble(desk: Nightdesk, chance: random.Random) -> None:
    now = desk.clock.real_now()
    for name in chance.sample(NAMES, 2):
        with desk.database.begin() as tx:
            close_lane(desk, tx, name, True, reason="its server failed", until=now, by_answer=True)
            doors.close(tx, DOOR, reason="its server failed", until=None, by_answers=True)
    time.sleep(BREATH)


def _open(desk: Nightdesk, chance: random.Random) -> None:
    with desk.database.begin() as tx:
        open_door(desk, tx, DOOR)


def _wake(desk: Nightdesk, chance: random.Random) -> None:
    wake_lanes(desk)
    with desk.database.begin() as tx:
        lanes.wake(tx, None)
    time.sleep(BREATH)


def _add(desk: Nightdesk, chance: random.Random) -> None:
    """Articles of their own, since the accounts are one on the platform; the last is for several, tomorrow."""
    for name in chance.sample(NAMES, 3):
        add_article(desk, _article(chance), accounts=[name], actor="test")
    later = desk.clock.desk_now() + timedelta(days=1)
    add_article(desk, _article(chance), accounts=chance.sample(NAMES, 5), pinned=later, actor="test")


def _article(chance: random.Random) -> Article:
    number = chance.random()
    return Article(title=f"News {number}", url=f"https://courier.example/{number}")


def _pause(desk: Nightdesk, chance: random.Random) -> None:
    name = chance.choice([None, *NAMES])
    pause(desk, account=name, reason="lunch", until=None, actor="anna")
    resume(desk, account=name, then=chance.choice([Then.PUBLISH, Then.SKIP_STALE]), actor="anna")
    time.sleep(BREATH)


def test_leases_of_which_stock_is_taken_are_locked_in_order_with_the_lanes_of_the_turn(ten: World) -> None:
    """After a refused turn: an answer for x-b is recorded, and what was never sent on x-a is called off."""
    with open_home(ten.home) as desk, open_home(ten.home) as other:
        now = desk.clock.real_now()
        with desk.database.begin() as tx:
            lanes.wake(tx, None)
            held = lanes.claim(tx, owner=desk.owner, desk_now=now, until=now + timedelta(minutes=1), most=2)
        fences = {lane.account: lane.fence for lane in held}
        assert list(fences) == ["x-a", "x-b"]
        lease = Lease(account=desk.account("x-b"), live=True, fence=fences["x-b"])
        answers = [Answered(lease=lease, answer=Finding())]
        flow = Flow(print, lambda: True, lambda: None, Summary(), {"x-b": fences["x-b"]}, answers=answers, failures=1)
        turn = _beside(
            other,
            lambda: take_turn(desk, flow, room=0),
            first=lambda tx: lanes.lock(tx, ["x-a"]),
            then=lambda tx: lanes.lock(tx, ["x-b"]),
        )
        assert turn is not None
        with desk.database.read() as tx:
            assert lanes.held_by(tx, desk.owner) == []


def test_a_restored_backup_locks_the_lanes_before_it_pauses_everything(ten: World) -> None:
    with open_home(ten.home) as desk, open_home(ten.home) as other:
        now = desk.clock.real_now()

        def stop() -> bool:
            with desk.database.begin() as tx:
                lastrun._stop_everything(desk, tx, LastRun(database="a", run=1, attempt=1, at=now))
            return True

        assert _beside(
            other,
            stop,
            first=lambda tx: lanes.lock(tx, ["x-a"]),
            then=lambda tx: pauses.set(tx, EVERYTHING, reason="lunch", until=None, at=now, actor="anna"),
        )


def test_of_several_workers_that_begin_at_once_none_takes_the_count_of_runs_back(ten: World) -> None:
    """A count that went back would look like an older copy of the database, and stop everything."""
    with open_home(ten.home) as desk, open_home(ten.home) as other:
        now, counted = desk.clock.real_now(), []

        def count() -> int:
            with desk.database.begin() as tx:
                return lastrun._count_run(tx, now)

        ours = _beside(
            other,
            count,
            first=lambda tx: counted.append(lastrun._count_run(tx, now)),
            then=lambda tx: None,
        )
        assert [ours] == [counted[0] + 1]


def _beside(
    other: Nightdesk,
    work: Callable[[], Given],
    *,
    first: Callable[[Transaction], None],
    then: Callable[[Transaction], None],
) -> Given:
    """What our work gives when another transaction wants the same, has its `first` already, and only then the rest.

    The work waits, and it must hold nothing that the other one still wants.
    """
    with ThreadPoolExecutor(1) as pool:
        with other.database.begin() as tx:
            first(tx)
            working = pool.submit(work)
            while not _somebody_waits(tx):
                assert not working.done(), f"it had nothing to wait for: {working.result()}"
            then(tx)
        return working.result(timeout=30)


def _somebody_waits(tx: Transaction) -> bool:
    waits_for_us = "NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    return bool(tx.exec_driver_sql(f"SELECT EXISTS (SELECT FROM pg_locks WHERE {waits_for_us})").scalar_one())


def _circles(database_url: str) -> int:
    """How many PostgreSQL has found in this database, and broken."""
    engine = sa.create_engine(database_url)
    try:
        with engine.connect() as connection:
            asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            return int(connection.exec_driver_sql(asked).scalar_one())
    finally:
        engine.dispose()
