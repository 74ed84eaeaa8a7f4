"""The matrix: which runs there are, how they are spread over the machine, and what came of them all."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from faults.behaviours import BEHAVIOURS, BEYOND_LIMITS
from faults.judge import Verdict
from faults.nursery import Nursery
from faults.play import ON_THE_WIRE, Outcome, Plan, play
from faults.points import failpoints
from faults.servers import POSTGRESQL, Servers

NO_KILL = "none"
AT_ONCE = 8  # runs side by side: they mostly wait; more of them make two cores too slow for the deadlines of calls

# What only a run after a crash does is reached after a kill that left something open.
AFTER_A_CRASH = ("recovery.py", "reconcile.py", "reconciled.py")
# Ways that no run of the matrix goes: a person takes a post back, a backup is restored. Tests of their own kill there.
OTHER_WAYS = ("unpublish.py", "restored.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many behaviours share a run of the matrix, and how big it is; the same for a run with all of them.

    Two accounts on each platform for each behaviour are the least, for one of them may be killed before its time.
    """

    behaviours: int = 9
    lanes: int = 36
    articles: int = 2
    mixed_lanes: int = 96
    mixed_articles: int = 3
    far: float = BEYOND_LIMITS


def points() -> list[str]:
    """Where processes are killed: nowhere, with a request on its way, and at every failpoint of the source."""
    return [NO_KILL, ON_THE_WIRE, *(name for name, module in failpoints().items() if module not in OTHER_WAYS)]


def plans(seed: int, databases: Sequence[str], size: Size) -> Iterator[Plan]:
    """Every crash point × every behaviour × every database, on both platforms; and all behaviours together."""
    dice, number = random.Random(seed), 0
    for point in points():
        for database in databases:
            for cast in _casts(dice, size):
                mixed = len(cast) > size.behaviours
                lanes = size.mixed_lanes if mixed else size.lanes
                articles = size.mixed_articles if mixed else size.articles
                yield Plan(
                    number=number,
                    seed=dice.randrange(2**32),
                    point=point,
                    kills=tuple(_kills(point, lanes * articles, dice)),
                    database=database,
                    behaviours=cast,
                    lanes=lanes,
                    articles=articles,
                    far=size.far,
                    workers=dice.choice((1, 2)) if database == POSTGRESQL else 1,
                )
                number += 1


def _casts(dice: random.Random, size: Size) -> list[tuple[str, ...]]:
    """All behaviours in one run, a few of them in each of the others, in an order of its own; some stay alone."""
    together = [behaviour.name for behaviour in BEHAVIOURS if not behaviour.alone]
    alone = [(behaviour.name,) for behaviour in BEHAVIOURS if behaviour.alone]
    mixed = dice.sample(together, len(together))
    few = [tuple(mixed[first : first + size.behaviours]) for first in range(0, len(mixed), size.behaviours)]
    return [tuple(together), *few, *alone]


def _kills(point: str, deliveries: int, dice: random.Random) -> Iterator[tuple[str, str, int]]:
    """The processes of a run that are to die: command, place, and the how-many-eth time there."""
    if point == NO_KILL:
        return
    if failpoints().get(point) in AFTER_A_CRASH:
        yield "run", ON_THE_WIRE, dice.randint(1, 3)
        yield "run", point, 1
        return
    yield dice.choice(("once", "run")), point, dice.randint(1, min(3, deliveries))
    if dice.random() < 0.5:
        yield dice.choice(("once", "run")), point, dice.randint(1, 3)


@dataclass(slots=True)
class Row:
    """One behaviour over all runs."""

    runs: int = 0
    kills: int = 0
    verdict: Verdict = field(default_factory=Verdict)


@dataclass(slots=True)
class Result:
    """What the whole matrix came to. `killed`: (place, database) → kills there."""

    rows: dict[str, Row]
    killed: Counter[tuple[str, str]]
    runs: int
    total: Verdict
    kills: int


def run_all(
    chosen: Sequence[Plan],
    servers: Servers,
    nursery: Nursery,
    folder: Path,
    *,
    at_once: int = AT_ONCE,
    tell: Callable[[int, Outcome], None] = lambda done, outcome: None,
) -> Result:
    """Play the plans, several side by side. Those that wait for leases start first."""
    rows: defaultdict[str, Row] = defaultdict(Row)
    result = Result(rows={}, killed=Counter(), runs=len(chosen), total=Verdict(), kills=0)
    ordered = sorted(chosen, key=lambda plan: (plan.database != POSTGRESQL, -plan.lanes, plan.number))
    with ThreadPoolExecutor(at_once) as pool:
        playing = [pool.submit(play, plan, servers, nursery, folder) for plan in ordered]
        for done, future in enumerate(as_completed(playing), start=1):
            outcome = future.result()
            for name, verdict in outcome.verdicts.items():
                row = rows[name]
                row.runs += 1
                row.kills += len(outcome.kills)
                row.verdict.add(verdict)
                result.total.add(verdict)
            result.kills += len(outcome.kills)
            result.killed.update((place, outcome.plan.database) for place in outcome.kills)
            tell(done, outcome)
    result.rows = {behaviour.name: rows[behaviour.name] for behaviour in BEHAVIOURS if behaviour.name in rows}
    return result


def never_killed(chosen: Sequence[Plan], result: Result) -> list[tuple[str, str]]:
    """The places where no process died, though it was planned: there the matrix would have proved nothing."""
    planned = {(plan.point, plan.database) for plan in chosen if plan.kills}
    return sorted(planned - result.killed.keys())
