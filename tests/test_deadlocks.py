"""Workers, persons, looks and doors at once on one PostgreSQL database: none may wait for another in a circle.

SQLite has one writer at a time, so nobody there can.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import decide
from bot.app import open_home
from bot.article import Article
from bot.delivery import Delivery, State
from bot.dispatch import run_pass, wake_lanes
from bot.ingest import add_article
from bot.nightdesk import Nightdesk
from bot.pausing import Then, close_lane, open_door, pause, resume
from bot.store import deliveries, doors, lanes
from bot.store.database import Transaction
from tests.test_doors import DOOR, live_accounts
from tests.world import World

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)

SECONDS = 3.0
BREATH = 0.02  # seconds between two rounds of most: else the workers would hardly come to their turn
NAMES = [f"x-{letter}" for letter in "abcdefghij"]
Act = Callable[[Nightdesk, random.Random], None]


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


def _circles(database_url: str) -> int:
    """How many PostgreSQL has found in this database, and broken."""
    engine = sa.create_engine(database_url)
    try:
        with engine.connect() as connection:
            asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            return int(connection.exec_driver_sql(asked).scalar_one())
    finally:
        engine.dispose()
