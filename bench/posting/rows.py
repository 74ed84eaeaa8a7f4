"""The rows of the posting table: which race each comes from, what is held beside what, and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench.peers import CannotInstall
from bench.posting.databases import Databases, SQLiteFiles, disk_folder, filesystem_of, postgresql_server
from bench.posting.homes import Newsroom
from bench.posting.races import ROUNDS, SLOT, Contender, Race, Results, Run, run_race
from bot.settings import DeliverySettings

Say = Callable[[str], None]

TWEEPY = Contender(name="tweepy", library="tweepy")
PYFACEBOOK = Contender(name="pyfacebook", library="pyfacebook")
SQLITE = Contender(name="Nightdesk on SQLite", database="sqlite")
POSTGRESQL = Contender(name="Nightdesk on PostgreSQL", database="postgresql")
NO_TARGET = "–"
SENDERS = DeliverySettings().senders
"""What a worker has by default."""
TWO = Contender(name="two Nightdesks on PostgreSQL", database="postgresql", workers=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table. `met` None: it has no target, or was skipped for the reason in `ratio`."""

    work: str
    ours: str
    peer: str
    theirs: str
    ratio: str
    must: str
    met: bool | None


Judge = Callable[[Results], Iterator[Line]]


def races(scale: float) -> list[tuple[Race, Judge]]:
    """All races and what is read from each; `scale` below 1 makes them smaller, for trying things out."""

    def so_many(accounts: int) -> int:
        return max(int(accounts * scale), 10)

    lanes, at_once, shared = so_many(1000), so_many(10_000), so_many(2000)
    each = 5
    return [
        *(
            (
                Race(
                    title=f"{lanes * each:,} posts on {lanes:,} accounts of {name}, 32 threads, no latency",
                    newsroom=Newsroom(platform=platform, accounts=lanes, each=each),
                    threads=32,
                    contenders=[peer, SQLITE, POSTGRESQL],
                ),
                as_fast(peer, {SQLITE: 0.70, POSTGRESQL: 0.60}),
            )
            for platform, name, peer in (("x", "X", TWEEPY), ("facebook", "Facebook", PYFACEBOOK))
        ),
        (
            Race(
                title=f"{at_once:,} accounts due at the same second, composing included, 256 threads, 300 ms",
                newsroom=Newsroom(platform="x", accounts=at_once, composed=True, slot=SLOT),
                threads=256,
                latency=0.3,
                contenders=[TWEEPY, SQLITE],
            ),
            at_the_same_second,
        ),
        *(
            (
                Race(
                    title=f"{shared:,} posts, {threads} threads a process, 300 ms",
                    newsroom=Newsroom(platform="x", accounts=shared),
                    threads=threads,
                    latency=0.3,
                    contenders=[POSTGRESQL, TWO],
                ),
                as_fast(POSTGRESQL, {TWO: target}),
            )
            # With 64 one worker, its database and the server take most of two slow cores: then that row tells of them.
            for threads, target in ((SENDERS, 1.8), (2 * SENDERS, None))
        ),
    ]


def as_fast(peer: Contender, targets: Mapping[Contender, float | None]) -> Judge:
    """Posts a second beside the peer's, at least so many times as many; None: it is told and has no target."""

    def judge(results: Results) -> Iterator[Line]:
        for ours, target in targets.items():
            yield _faster(results, ours, peer, target)

    return judge


def _faster(results: Results, ours: Contender, peer: Contender, target: float | None) -> Line:
    work, must = f"{results.race.title}: {ours.name}", NO_TARGET if target is None else f"≥ {target:g} ×"
    mine, theirs = results.runs.get(ours.name), results.runs.get(peer.name)
    if not mine or not theirs:
        return Line(
            work=work, ours="–", peer=peer.name, theirs="–", ratio="skipped: no PostgreSQL", must=must, met=None
        )
    ratio = _ratio(theirs, mine)
    return Line(
        work=work,
        ours=_rate(results, mine),
        peer=peer.name,
        theirs=_rate(results, theirs),
        ratio=f"{ratio:.2f} × as fast (by CPU {_ratio(theirs, mine, 'cpu'):.2f} ×)",
        must=must,
        met=None if target is None else ratio >= target,
    )


def at_the_same_second(results: Results) -> Iterator[Line]:
    """No more than 1.7 times as long as the bare library, in 200 MB, its settings read in 3 s."""
    mine, theirs = results.runs[SQLITE.name], results.runs[TWEEPY.name]
    title, ratio = results.race.title, _ratio(mine, theirs)
    yield Line(
        work=title,
        ours=f"{median(run.seconds for run in mine):.1f} s",
        peer=TWEEPY.name,
        theirs=f"{median(run.seconds for run in theirs):.1f} s",
        ratio=f"{ratio:.2f} × as long (by CPU {_ratio(mine, theirs, 'cpu'):.2f} ×)",
        must="≤ 1.7 ×",
        met=ratio <= 1.7,
    )
    most, bare = max(run.megabytes for run in mine), max(run.megabytes for run in theirs)
    yield Line(
        work="the same: memory of the process at its peak",
        ours=f"{most:.0f} MB",
        peer=TWEEPY.name,
        theirs=f"{bare:.0f} MB",
        ratio=f"{most / bare:.2f} × as much",
        must="≤ 200 MB",
        met=most <= 200,
    )
    loading = median(run.loading for run in mine)
    yield Line(
        work="the same: reading the settings of all accounts",
        ours=f"{loading:.2f} s CPU",
        peer="",
        theirs="",
        ratio="",
        must="≤ 3 s",
        met=loading <= 3,
    )


def _ratio(above: Sequence[Run], below: Sequence[Run], what: str = "seconds") -> float:
    """The median of the rounds' own ratios: what slows the machine for a while slows both of a round."""
    return median(getattr(one, what) / getattr(other, what) for one, other in zip(above, below, strict=True))


def _rate(results: Results, runs: Sequence[Run]) -> str:
    return f"{results.race.newsroom.size / median(run.seconds for run in runs):,.0f} posts/s"


def remarks(results: Results) -> Iterator[str]:
    """What else the runs of a race told: durability, intents ahead, memory, CPU a post."""
    for name, runs in results.runs.items():
        cpu = median(run.cpu for run in runs) / results.race.newsroom.size * 1e6
        said = [f"{cpu:,.0f} µs CPU a post", f"{max(run.megabytes for run in runs):.0f} MB"]
        if runs[0].durability:
            said.append(runs[0].durability)
        if ahead := [run.ahead for run in runs if run.ahead is not None]:
            said.append(f"at most {max(ahead)} intents committed ahead of the senders")
        yield f"{name}: {', '.join(said)}"


def measured(
    say: Say, *, rounds: int = ROUNDS, scale: float = 1.0, only: str = ""
) -> Iterator[tuple[Results, list[Line]]]:
    """Every race whose title has the words `only`, and its lines."""
    chosen = [(race, judge) for race, judge in races(scale) if only in race.title]
    with ExitStack() as stack:
        databases = stack.enter_context(databases_at_hand(say)) if chosen else {}
        for race, judge in chosen:
            say(f"{race.title}:")
            results = run_race(race, databases, say, rounds)
            yield results, list(judge(results))


@contextmanager
def databases_at_hand(say: Say) -> Iterator[dict[str, Databases]]:
    """SQLite, and PostgreSQL where its package is installed."""
    with ExitStack() as stack:
        folder = stack.enter_context(disk_folder())
        say(f"databases are in {filesystem_of(folder) or 'a folder of unknown kind'}")
        databases: dict[str, Databases] = {SQLITE.database: SQLiteFiles(folder)}
        try:
            databases[POSTGRESQL.database] = stack.enter_context(postgresql_server())
        except CannotInstall as reason:
            say(f"SKIPPED {reason}")
        yield databases
