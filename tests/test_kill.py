"""kill -9 between any two steps: never a second post, nothing lost, and what is unclear is found or says so.

The failpoints are found in the source. Each is reached in one of the situations below, where a real process dies at it;
one at which no process dies fails the suite. What must come of it follows from what the platform has and what the
database had when the process died, so that a new failpoint needs no entry anywhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.matrix import AFTER_A_CRASH, OTHER_WAYS
from faults.nursery import Nursery
from faults.points import failpoints
from tests.faults_rig import SETTLE, Night, night


def plain(made: Night) -> None:
    """Two posts are due."""


def after_a_crash(made: Night) -> None:
    """A run has died with its request under way, and the platform took the post."""
    assert made.killed_at("called")
    made.lease_is_over()


def after_a_lost_reply(made: Night) -> None:
    """The platform took the post and reset the connection; the settle time is over."""
    made.made.order(kind="reset_after", method="POST")
    assert made.run("once") in (0, 4, 5)
    time.sleep(SETTLE + 0.2)


def after_a_vanished_post(made: Night) -> None:
    """The connection broke and the post is not there; the settle time is over."""
    made.made.order(kind="reset_before", method="POST")
    assert made.run("once") in (0, 4, 5)
    time.sleep(SETTLE + 0.2)


TESTS = Path(__file__).parent
# Those of ways of their own (a post is taken back, a backup restored) are in tests of their own.
HERE = [point for point, module in failpoints().items() if module not in OTHER_WAYS]
ELSEWHERE = {point for point in failpoints() if point not in HERE}

SITUATIONS: tuple[Callable[[Night], None], ...] = (plain, after_a_vanished_post, after_a_crash, after_a_lost_reply)


# Many places are passed in every turn, and each turn does something else.
CASES = [(point, 1) for point in HERE] + [(point, 2) for point in HERE if failpoints()[point] not in AFTER_A_CRASH]


@pytest.mark.parametrize(("point", "count"), CASES)
def test_a_process_killed_at_any_place_never_posts_twice_and_loses_nothing(
    tmp_path: Path, database_url: str, database_kind: str, nursery: Nursery, point: str, count: int
) -> None:
    after_trouble = failpoints()[point] in AFTER_A_CRASH
    for number, situation in enumerate(reversed(SITUATIONS) if after_trouble else SITUATIONS):
        home = tmp_path / str(number)
        home.mkdir()
        url = database_url if number == 0 or database_kind == "postgresql" else _another(tmp_path, number)
        if number and database_kind == "postgresql":
            _empty(url)
        with night(home, url, nursery) as made:
            made.made.add("One", "Two")
            situation(made)
            if made.killed_at(point, count=count):
                _judge(made, point)
                return
    if count == 1:
        pytest.fail(f"no process died at {point} in any situation: {[each.__name__ for each in SITUATIONS]}")


def test_a_process_dies_at_every_other_failpoint_in_another_test() -> None:
    lists = r'parametrize\("point", \[((?:"\w+"(?:, )?)+)\]\)'
    found = "".join(part for file in TESTS.glob("test_*.py") for part in re.findall(lists, file.read_text("utf-8")))
    assert set(re.findall(r'"(\w+)"', found)) >= ELSEWHERE


def _judge(made: Night, point: str) -> None:
    """What each delivery must come to, from what is on the platform and what was written when the process died."""
    made.to_rest()
    made.nothing_unrecorded()
    posted = {post["text"] for post in made.posts()}
    ends = made.ends()
    by_delivery = {row.delivery: row for row in made.attempts()}
    for number, (state, reason) in enumerate(ends, start=1):
        attempt = by_delivery.get(number)
        there = attempt is not None and attempt.text in posted
        if there:
            assert state == "published", (point, number, state, reason)
        else:
            assert attempt is not None, (point, number, state, reason)
            assert (state, reason, attempt.outcome) == ("unconfirmed", "not_found", "unknown"), (point, number)


def _another(folder: Path, number: int) -> str:
    return f"sqlite:///{folder}/{number}/nightdesk.db"


def _empty(url: str) -> None:
    """Make the database as good as new."""
    import sqlalchemy as sa

    from bot.store.schema import metadata

    engine = sa.create_engine(url)
    with engine.begin() as tx:
        tx.execute(
            sa.text(
                "TRUNCATE " + ", ".join(f'"{table.name}"' for table in metadata.sorted_tables) + " RESTART IDENTITY"
            )
        )
    engine.dispose()
