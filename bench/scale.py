"""What must not grow with the history or the queue: `status`, the last page of `log`, and claiming lanes that are due.

`python -m bench.scale` measures each on a small database and on large ones of both kinds, in turns within one run. Only
ratios count. `--quick` takes a tenth of the sizes, to try things out.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from bench.peers import CannotInstall
from bench.posting.databases import Databases, SQLiteFiles, disk_folder, postgresql_server
from bench.scale_fill import HELD, LANES, NOW, UNCONFIRMED, account, past, queue
from bot.account import Account
from bot.configuring import SETTINGS_FILE
from bot.configuring.edition import Editions
from bot.nightdesk import Nightdesk
from bot.report import latest
from bot.settings import Settings
from bot.status import status
from bot.store import lanes, lookup
from bot.store.database import Database
from bot.store.logbook import Filter
from bot.templating import Templates

TITLE = "Scale"
MOST_GROWTH = 2.0
ROUNDS = 15
MAX_AGE = timedelta(hours=24)
PAGE_OF_LOG = 51
HUNDRED = 100
PASTS = (10_000, 1_000_000)
QUEUES = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One kind of work on one kind of database: milliseconds by size, the smallest first."""

    work: str
    database: str
    unit: str
    times: Mapping[int, float]

    @property
    def growth(self) -> float:
        """How many times as long the largest takes as the smallest."""
        sizes = sorted(self.times)
        return self.times[sizes[-1]] / self.times[sizes[0]]

    @property
    def met(self) -> bool:
        return self.growth <= MOST_GROWTH

    def line(self) -> str:
        told = ", ".join(f"{size:,} {self.unit} {taken:.2f} ms" for size, taken in self.times.items())
        verdict = "ok    " if self.met else "MISSED"
        return f"{verdict} {self.work}, {self.database}: {told}: {self.growth:.2f} × (must be ≤ {MOST_GROWTH:g} ×)"


@dataclass(slots=True)
class _Clock:
    """Both clocks stand where the generated past ends."""

    simulated: bool = False

    def desk_now(self) -> datetime:
        return NOW

    def real_now(self) -> datetime:
        return NOW


@dataclass(slots=True)
class _Claims:
    """Whoever claims needs a moment that is later at each claim."""

    times: int = field(default=0)

    def until(self) -> datetime:
        self.times += 1
        return NOW + timedelta(minutes=1, microseconds=self.times)


_claims = _Claims()


def claim_hundred(database: Database) -> list[tuple[str, int]]:
    """One transaction as the desk does it: claim a hundred lanes that are due, and ask for the queue of each.

    Returns account and fence of each.
    """
    with database.begin() as tx:
        claimed = lanes.claim(tx, owner="bench", desk_now=NOW, until=_claims.until(), most=HUNDRED)
        asked = [
            lookup.Asked(account=lane.account, live=False, counted_to=lane.counted_to, stale=NOW - MAX_AGE)
            for lane in claimed
        ]
        found = lookup.queues(tx, asked, now=NOW, sent_since=NOW - timedelta(hours=25))
    assert len(found) == len(claimed)
    return [(lane.account, lane.fence) for lane in claimed]


def give_back(database: Database, claimed: Sequence[tuple[str, int]]) -> None:
    """Put the claimed lanes back as they were; this is not measured."""
    with database.begin() as tx:
        for name, fence in claimed:
            lanes.release(tx, name, fence=fence)


def desk_over(url: str, folder: Path) -> Nightdesk:
    """A desk with an account for each lane, without the reading of so many settings."""
    zone = ZoneInfo("Europe/Berlin")
    slots = ("daily at 09:00, 12:30 and 18:00",)
    known = {
        name: Account(name=name, platform="x", identity=name, template="posts/x.txt.j2", timetable=slots, zone=zone)
        for name in map(account, range(LANES))
    }
    settings = Settings(home=folder, zone=zone, database=url, accounts=known)

    def unconnected(*_: object) -> object:
        raise AssertionError("nothing is sent here")

    return Nightdesk(
        settings=settings,
        clock=_Clock(),
        database=Database.open(url),
        templates=Templates([folder]),
        editions=Editions(folder / SETTINGS_FILE, settings.templates),
        connect=unconnected,  # type: ignore[arg-type]
    )


# -- the rows ----------------------------------------------------------------------------------------------------


def growths(say: Callable[[str], None], *, scale: float = 1.0, rounds: int = ROUNDS) -> Iterator[Growth]:
    """All rows, on SQLite and on PostgreSQL where it can be had."""
    for name, opened in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        try:
            with opened() as (databases, folder):
                yield from _of_past(name, databases, folder, say, scale, rounds)
                yield from _of_queue(name, databases, say, scale, rounds)
        except CannotInstall as reason:
            say(f"SKIPPED {reason}")


def _of_past(
    name: str, databases: Databases, folder: Path, say: Callable[[str], None], scale: float, rounds: int
) -> Iterator[Growth]:
    with ExitStack() as stack:
        desks = {}
        for size in _sizes(PASTS, scale):
            url = _filled(databases, past, size, say)
            desks[size] = desk_over(url, folder)
            stack.callback(desks[size].close)
        check = status(next(iter(desks.values())))
        assert (check.totals.queued, check.totals.unconfirmed, check.totals.held) == (LANES, UNCONFIRMED, HELD)
        works: Mapping[str, Callable[[Nightdesk], object]] = {
            "status": status,
            "the last page of log": lambda desk: latest(desk, Filter(), PAGE_OF_LOG),
        }
        for work, do in works.items():
            times = _measured({size: _calling(do, desk) for size, desk in desks.items()}, rounds)
            yield Growth(work=work, database=name, unit="attempts", times=times)


def _calling(do: Callable[[Nightdesk], object], desk: Nightdesk) -> Callable[[], float]:
    return lambda: _timed(lambda: do(desk))


def _of_queue(
    name: str, databases: Databases, say: Callable[[str], None], scale: float, rounds: int
) -> Iterator[Growth]:
    with ExitStack() as stack:
        opened = {}
        for size in _sizes(QUEUES, scale):
            opened[size] = Database.open(_filled(databases, queue, size, say))
            stack.callback(opened[size].close)
        times = _measured({size: _claiming(database) for size, database in opened.items()}, rounds)
    work = f"claiming {HUNDRED} due lanes of {LANES:,}"
    yield Growth(work=work, database=name, unit="queued", times=times)


def _claiming(database: Database) -> Callable[[], float]:
    def once() -> float:
        claimed: list[tuple[str, int]] = []
        taken = _timed(lambda: claimed.extend(claim_hundred(database)))
        assert len(claimed) == HUNDRED
        give_back(database, claimed)
        return taken

    return once


def _measured(works: Mapping[int, Callable[[], float]], rounds: int) -> dict[int, float]:
    """Milliseconds: the median of the rounds after two that only warm up. All take turns, so that a slower moment of the
    machine is everybody's."""
    taken = [{size: work() for size, work in works.items()} for _ in range(rounds + 2)][2:]
    return {size: median(one[size] for one in taken) * 1e3 for size in works}


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    work()
    spent = time.perf_counter() - start
    gc.enable()
    return spent


def _sizes(sizes: Sequence[int], scale: float) -> list[int]:
    return [max(int(size * scale), 100) for size in sizes]


def _filled(databases: Databases, fill: Callable[[str, int], None], size: int, say: Callable[[str], None]) -> str:
    url, start = databases.new(), time.perf_counter()
    fill(url, size)
    say(f"       filled a {fill.__name__} of {size:,} in {time.perf_counter() - start:.0f} s")
    return url


@contextmanager
def _sqlite() -> Iterator[tuple[Databases, Path]]:
    with disk_folder() as folder:
        yield SQLiteFiles(folder), folder


@contextmanager
def _postgresql() -> Iterator[tuple[Databases, Path]]:
    with disk_folder() as folder, postgresql_server() as server:
        yield server, folder


# -- telling -----------------------------------------------------------------------------------------------------


def section(found: Sequence[Growth], measured_on: str) -> str:
    """The section of `docs/benchmarks.md`, without its heading."""
    lines = [_INTRODUCTION, measured_on, "", "| work | database | small | large | growth | must be |"]
    lines.append("|---|---|---:|---:|---:|---:|")
    for each in found:
        small, *_, large = (f"{taken:.2f} ms ({size:,} {each.unit})" for size, taken in each.times.items())
        lines.append(
            f"| {each.work} | {each.database} | {small} | {large} | {each.growth:.2f} × | ≤ {MOST_GROWTH:g} × |"
        )
    return "\n".join([*lines, ""])


_INTRODUCTION = f"""\
What must not grow with the history or with the queue, on databases with {LANES:,} accounts that the bench fills itself.
Milliseconds are wall clock, each the median of {ROUNDS} rounds in which small and large take turns.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes, a few rounds")
    options = parser.parse_args()
    missed = 0
    for growth in growths(_say, scale=0.1 if options.quick else 1.0, rounds=5 if options.quick else ROUNDS):
        missed += not growth.met
        _say(growth.line())
    _say(f"{missed} missed" if missed else "every target is met")
    return 1 if missed else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
