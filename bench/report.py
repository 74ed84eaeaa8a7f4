"""How the results are shown: as lines while they come, and as the page that is kept."""

from __future__ import annotations

from collections.abc import Sequence

from bench.hostile import LONG, SHORT
from bench.page import measured_on
from bench.rows import MOST_GROWTH, NOTICEABLE, TURN, TURNS, WARM_UP, Growth, Row


def row_line(row: Row) -> str:
    if row.skipped:
        return f"SKIPPED {row.peer}: {row.skipped}"
    against = f"{row.ours:9.1f} µs against {row.theirs:9.1f} µs of {row.peer}: {row.ratio:.3g} ×"
    return f"{_verdict(row.met, row.target)} {against}{_must(row)}"


def growth_line(growth: Growth) -> str:
    return f"{_verdict(growth.met)} {growth.family}, {growth.work}: {_grown(growth)}"


def _verdict(met: bool, target: float = 1) -> str:
    return "      " if not target else "ok    " if met else "MISSED"


def _must(row: Row) -> str:
    return f" (must be ≥ {row.target:g} ×)" if row.target else ""


def sections(rows: Sequence[Row], growths: Sequence[Growth]) -> dict[str, str]:
    """The text engine's sections of `docs/benchmarks.md`, by heading."""
    table = [_INTRODUCTION, measured_on(), "", *_table(rows)]
    return {
        "The text engine": "\n".join(table),
        "Hostile text": "\n".join([_HOSTILE, measured_on(), "", *_hostile(growths)]),
    }


_INTRODUCTION = f"""\
Each peer is installed into a folder of its own at the first run; one that cannot be had is skipped and named. Times
are CPU time (user and system) of the contender's own process, an item of work each: the median of {TURNS} turns
after {WARM_UP} that only warm up. The contenders of a row take turns in one run: a pass, or as many as take {TURN} s.

Where a post is only a little over its limit, brevity has little to do: it takes words off the end, one after the other,
until the rest fits. Nightdesk looks for the best form of each field whatever there is to cut, which takes about as long
for a few characters as for hundreds.
"""

_HOSTILE = f"""\
Each family repeats one thing. In brackets, how many times as long {LONG:,} characters take as {SHORT:,} do:
{MOST_GROWTH:g} times at most. What takes less than {NOTICEABLE * 1e3:g} ms is only memory being read.
"""


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| work | Nightdesk | peer | its time | times as fast | must be |", "|---|---:|---|---:|---:|---:|"]
    for row in rows:
        theirs = "skipped" if row.skipped else f"{row.theirs:,.1f} µs"
        ratio = "–" if row.skipped else f"{row.ratio:.3g} ×"
        target = f"≥ {row.target:g} ×" if row.target else "–"
        lines.append(f"| {row.work} | {row.ours:,.1f} µs | {row.peer} | {theirs} | {ratio} | {target} |")
    return lines


def _hostile(growths: Sequence[Growth]) -> list[str]:
    works = list(dict.fromkeys(each.work for each in growths))
    families: dict[str, list[Growth]] = {}
    for each in growths:
        families.setdefault(each.family, []).append(each)
    return [
        f"| family | {' | '.join(works)} |",
        f"|---|{'---:|' * len(works)}",
        *(f"| {family} | {' | '.join(map(_grown, of_it))} |" for family, of_it in families.items()),
    ]


def _grown(growth: Growth) -> str:
    times = f" ({growth.times:.1f} ×)" if growth.long >= NOTICEABLE else ""
    return f"{growth.long * 1e3:,.1f} ms{times}"
