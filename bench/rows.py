"""The rows of the table: who does the work, who is compared with whom, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from bench.hostile import LONG, SHORT, growth, texts
from bench.material import POSTS, headlines, overrunning, posts
from bench.peers import CannotInstall, Contender, Runner
from bot.platforms.registry import rules_for
from bot.text.fit import mark, solve
from bot.text.measures import graphemes
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions_or_lists
from bot.text.xlength import limit_length

WARM_UP, TURNS = 2, 7
TURN = 0.3
"""CPU seconds of a contender's turn at least. A machine may be slow for a tenth of one, which one alone would meet."""
MOST_GROWTH = 12.0
"""How much longer a text ten times as long may take."""
NOTICEABLE = 0.005
"""CPU seconds: what takes less for the long text only shows how fast memory is, which no target is about."""

PARSER = Contender(
    name="twitter-text-parser 3.0.0",
    program="length_twitter_text_parser.py",
    packages=("twitter-text-parser==3.0.0", "setuptools<81"),
)
HERALD = Contender(name="herald-post 0.2.0", program="length_herald_post.py", packages=("herald-post==0.2.0",))
NPM = Contender(name="npm twitter-text 3.1.0", program="length_npm.js", packages=("twitter-text@3.1.0",))
BREVITY = Contender(name="brevity 0.2.17", program="post_brevity.py", packages=("brevity==0.2.17",))
JINJA = Contender(name="plain Jinja2", program="post_jinja2.py")


OVERRUNS = ((3, 20, 0), (21, 80, 0), (81, 250, 10), (251, 800, 10))
"""Weighted characters over the limit, from and to, and how many times as fast as brevity we must be.

Where there is little to cut, brevity has little to do: see `docs/benchmarks.md`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One kind of work: our program, and each peer with how many times as fast as it we must be (0: no target)."""

    title: str
    unit: str
    ours: Contender
    material: Sequence[Any]
    peers: Sequence[tuple[Contender, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: our microseconds an item and the peer's, their ratio, and what it must be at least."""

    work: str
    ours: float
    peer: str
    theirs: float
    target: float
    skipped: str = ""

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours

    @property
    def met(self) -> bool:
        return bool(self.skipped) or self.ratio >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One kind of work on one hostile family: CPU seconds for the short text and for the long one."""

    family: str
    work: str
    short: float
    long: float

    @property
    def times(self) -> float:
        return self.long / self.short

    @property
    def met(self) -> bool:
        return self.times <= MOST_GROWTH or self.long < NOTICEABLE


def works() -> list[Work]:
    lines, to_cut, whole = headlines(), posts(must_be_cut=True), posts(must_be_cut=False)
    measured = f"of {len(lines):,} headlines"
    return [
        Work(
            title=f"weighted length {measured}",
            unit="headline",
            ours=Contender(name="Nightdesk", program="length_nightdesk.py"),
            material=lines,
            peers=[(PARSER, 25), (HERALD, 12), (NPM, 0.5)],
        ),
        Work(
            title=f"length held against the limit, by newer tables too, {measured}",
            unit="headline",
            ours=Contender(name="Nightdesk", program="limit_nightdesk.py"),
            material=lines,
            peers=[(NPM, 0)],
        ),
        Work(
            title=f"all that twitter-text says {measured}",
            unit="headline",
            ours=Contender(name="Nightdesk", program="parse_nightdesk.py"),
            material=lines,
            peers=[(NPM, 0)],
        ),
        Work(
            title=f"render and fit {len(to_cut)} posts that must be cut",
            unit="post",
            ours=Contender(name="Nightdesk", program="post_nightdesk.py"),
            material=to_cut,
            peers=[(BREVITY, 10)],
        ),
        *(
            Work(
                title=f"render and fit {POSTS} posts that are {least}–{most} over",
                unit="post",
                ours=Contender(name="Nightdesk", program="post_nightdesk.py"),
                material=overrunning(least, most),
                peers=[(BREVITY, target), (JINJA, 0)],
            )
            for least, most, target in OVERRUNS
        ),
        Work(
            title=f"render and fit {len(whole)} posts that fit whole",
            unit="post",
            ours=Contender(name="Nightdesk", program="post_nightdesk.py"),
            material=whole,
            peers=[(JINJA, 0.06)],
        ),
    ]


def measured(work: Work) -> Iterator[Row]:
    """A row for each peer. All are measured in turns, so that a slower moment of the machine is everybody's."""
    runners: dict[str, Runner] = {}
    reasons: dict[str, str] = {}
    for contender in [work.ours, *(peer for peer, _ in work.peers)]:
        try:
            runners[contender.name] = Runner(contender, work.material)
        except CannotInstall as reason:
            reasons[contender.name] = str(reason)
    micro = _medians(runners, len(work.material))
    for peer, target in work.peers:
        yield Row(
            work=work.title,
            ours=micro[work.ours.name],
            peer=peer.name,
            theirs=micro.get(peer.name, 0.0),
            target=target,
            skipped=reasons.get(peer.name, ""),
        )


def _medians(runners: dict[str, Runner], items: int) -> dict[str, float]:
    """Microseconds an item, the median of the turns after the first ones, which only warm up."""
    turns = [{name: _turn(runner) for name, runner in runners.items()} for _ in range(WARM_UP + TURNS)]
    for runner in runners.values():
        runner.close()
    return {name: median(one[name] for one in turns[WARM_UP:]) / items * 1e6 for name in runners}


def _turn(runner: Runner) -> float:
    """CPU seconds of one pass, the mean of as many as make a turn."""
    passes = [runner.seconds()]
    while sum(passes) < TURN:
        passes.append(runner.seconds())
    return mean(passes)


def growths() -> Iterator[Growth]:
    for (family, short), (_, long) in zip(texts(SHORT), texts(LONG), strict=True):
        for name, work in HOSTILE_WORK.items():
            before, after = growth(work, short, long, MOST_GROWTH)
            yield Growth(family=family, work=name, short=before, long=after)


def find_entities(text: str) -> None:
    """Hashtags, mentions and cashtags."""
    extract_hashtags(text)
    extract_mentions_or_lists(text)
    extract_cashtags(text)


def cut_for_x(text: str) -> None:
    """A post of nothing but the text and a link."""
    solve(f"{mark(text)} https://example.com/", rules_for("x").limit)


HOSTILE_WORK = {
    "count": limit_length,
    "hashtags, mentions, cashtags": find_entities,
    "graphemes": graphemes,
    "cut to fit X": cut_for_x,
}
