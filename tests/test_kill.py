"""kill -9 between any two steps of the way: never a second post, and what is unclear says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.store import lanes
from tests.world import World, world

BOT = Path(__file__).resolve().parents[1] / "bot"
VERBS = [path.read_text("utf-8") for path in BOT.glob("*.py") if path.name != "failpoints.py"]
FAILPOINTS = set(re.findall(r'reach\("(\w+)"\)', "".join(VERBS)))

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""

# failpoint → (posts on the platform right after the kill, the delivery's state after the next run)
ENDS = {
    "claimed": (0, "published"),
    "written": (0, "published"),
    "intended": (0, "unconfirmed"),
    "called": (1, "unconfirmed"),
    "recorded": (1, "published"),
}


def test_every_failpoint_of_the_way_is_in_the_table() -> None:
    elsewhere = {"recovered", "deletion_noted", "deleted"}  # the last two: see test_cli_repairing.py
    assert FAILPOINTS - elsewhere == set(ENDS)


@pytest.mark.parametrize("point", ENDS)
def test_a_killed_run_never_posts_twice(tmp_path: Path, database_url: str, point: str) -> None:
    posts, state = ENDS[point]
    with world(tmp_path, database_url, ONE_X) as made:
        made.clock.simulated = False
        made.clock.now = made.clock.real
        made.add("The only one")
        killed = made.command("once", NIGHTDESK_CRASH_AT=point)
        assert killed.returncode == -9
        assert len(made.posts()) == posts
        _after_the_lease(made)
        made.once()
        made.once()
        assert made.states() == {"x-main": [state]}
        assert len(made.posts()) == max(posts, 1 if state == "published" else 0)


@pytest.mark.parametrize("point", ["recovered"])
def test_a_run_killed_while_it_recovers_recovers_again(tmp_path: Path, database_url: str, point: str) -> None:
    with world(tmp_path, database_url, ONE_X) as made:
        made.clock.simulated = False
        made.clock.now = made.clock.real
        made.add("The only one")
        assert made.command("once", NIGHTDESK_CRASH_AT="called").returncode == -9
        with made.desk() as desk, desk.database.begin() as tx:
            lanes.free_abandoned(tx, before=None)  # as if the lease had run out
        assert made.command("once", NIGHTDESK_CRASH_AT=point).returncode == -9
        _after_the_lease(made)
        made.once()
        assert made.states() == {"x-main": ["unconfirmed"]}
        assert "may be live" in made.lines("log")[-1]["error"]
        assert len(made.posts()) == 1


def _after_the_lease(made: World) -> None:
    """With PostgreSQL a dead worker is known by its lease running out."""
    made.clock.forward(minutes=5)
