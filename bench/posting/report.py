"""How the posting rows are shown: as lines while they come, and as a section of the page that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.page import measured_on
from bench.posting.races import ROUNDS, Results
from bench.posting.rows import NO_TARGET, Line, remarks

TITLE = "Posting"


def line_of(line: Line) -> str:
    verdict = _VERDICTS[line.met] if line.must != NO_TARGET else "      "
    against = f" against {line.theirs} of {line.peer}: {line.ratio}" if line.peer else ""
    must = "no target" if line.must == NO_TARGET else f"must be {line.must}"
    return f"{verdict} {line.work}: {line.ours}{against} ({must})"


_VERDICTS = {None: "SKIPPED", True: "ok    ", False: "MISSED"}


def section(results: Sequence[tuple[Results, Sequence[Line]]]) -> str:
    """The section `Posting` of `docs/benchmarks.md`, without its heading."""
    return "\n".join([_INTRODUCTION, measured_on(), "", *_table(results), "", *_remarks(results)])


_INTRODUCTION = f"""\
The whole way of posts from the queue into the log: claim, intent, the call through the client library, outcome and
history, each in the database before the next step. The peers are the bare client libraries: one client per account,
made beforehand, one shared pool of connections, as many threads; they write nothing down. All post the same texts to
the same tiny server on this machine, one after the other, each in a process of its own; after each run the server's
count, the database and the ids must agree that every post went out exactly once. A ratio is the median of {ROUNDS}
rounds, in each of which all contenders take their turn, and is one of wall-clock time; that of CPU time beside it (the
processes' own, without a database server's) tells what another load on the machine did to it. Databases are on disk, at
full durability.
"""


def _table(results: Sequence[tuple[Results, Sequence[Line]]]) -> Iterator[str]:
    yield "| work | Nightdesk | beside | its figure | ratio | must be |"
    yield "|---|---:|---|---:|---:|---:|"
    for _, lines in results:
        for each in lines:
            cells = (each.work, each.ours, each.peer or "–", each.theirs or "–", each.ratio or "–", each.must)
            yield f"| {' | '.join(cells)} |"


def _remarks(results: Sequence[tuple[Results, Sequence[Line]]]) -> Iterator[str]:
    for of_race, _ in results:
        yield f"- {of_race.race.title}:"
        yield from (f"  - {remark}" for remark in remarks(of_race))
