"""The rows: who posts what, beside whom. A race is run in rounds; in each, the contenders post one after the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast
from urllib.request import urlopen

import sqlalchemy as sa

from bench.peers import ROOT
from bench.posting.databases import Databases
from bench.posting.homes import Newsroom, write_home

Say = Callable[[str], None]
ROUNDS = 5
PATIENCE = 600.0
"""Seconds until a contender that has not come to an end is given up."""
MORNING, AFTER_THE_SLOT, SLOT = "2026-06-01T06:00:00+00:00", "2026-06-01T12:00:05+00:00", "12:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Who posts: a client library on its own, or (`library` empty) so many Nightdesks on one kind of database."""

    name: str
    library: str = ""
    database: str = ""
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One newsroom's posts, sent by each contender through so many threads to a server of that latency (seconds)."""

    title: str
    newsroom: Newsroom
    threads: int
    contenders: Sequence[Contender]
    latency: float = 0.0


@dataclass(slots=True, kw_only=True)
class Run:
    """What one contender took once: seconds, CPU seconds and the most memory (MB) of its processes.

    Only of Nightdesk: `ahead`, intents committed ahead of the senders at the most (None: it does not tell);
    `loading`, CPU seconds to read the settings; `durability`, the database's own words.
    """

    seconds: float
    cpu: float
    megabytes: float
    ahead: int | None = None
    loading: float = 0.0
    durability: str = ""


@dataclass(slots=True)
class Results:
    """The runs of each contender, round by round."""

    race: Race
    runs: dict[str, list[Run]] = field(default_factory=dict)


class WentWrong(Exception):
    """A contender lost a post or sent one twice: no figure of this race means anything."""


def run_race(race: Race, databases: dict[str, Databases], say: Say, rounds: int = ROUNDS) -> Results:
    """All rounds of the race. `databases` are those to be had, by name; who needs another is left out."""
    results = Results(race)
    contenders = [each for each in race.contenders if each.library or each.database in databases]
    with ground_of(race, databases, contenders) as ground:
        for number in range(rounds):
            turn = number % len(contenders)
            for contender in contenders[turn:] + contenders[:turn]:
                run = ground.run(contender)
                results.runs.setdefault(contender.name, []).append(run)
                say(f"    {contender.name}: {race.newsroom.size / run.seconds:,.0f} posts/s, {_details(run)}")
    return results


def _details(run: Run) -> str:
    ahead = "" if run.ahead is None else f", {run.ahead} intents ahead"
    return f"{run.seconds:.2f} s, CPU {run.cpu:.2f} s, {run.megabytes:.0f} MB{ahead}"


@contextmanager
def ground_of(race: Race, databases: dict[str, Databases], contenders: Sequence[Contender]) -> Iterator[Ground]:
    """The server, the home, and a filled database of each kind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nightdesk-bench-")))
        address = stack.enter_context(server(race.latency))
        write_home(folder, race.newsroom, server=address, senders=race.threads)
        ground = Ground(race, folder, address, databases)
        for name in {each.database for each in contenders} - {""}:
            ground.fill(name)
        yield ground


class Ground:
    """Where a race takes place."""

    def __init__(self, race: Race, folder: Path, address: str, databases: dict[str, Databases]) -> None:
        self._race, self._folder, self._databases = race, folder, databases
        self.server = address
        self._filled: dict[str, str] = {}

    def fill(self, name: str) -> None:
        """Make the newsroom's queue in a database of that kind."""
        url, newsroom = self._databases[name].new(), self._race.newsroom
        now = MORNING if newsroom.slot else None
        told = {"home": str(self._folder), "posts": str(self._posts), "now": now}
        told |= {"each": newsroom.each, "composed": newsroom.composed}
        command = [sys.executable, "-m", "bench.posting.homes", json.dumps(told)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "NIGHTDESK_DATABASE": url}, check=True)
        self._filled[name] = url

    @property
    def _posts(self) -> Path:
        return self._folder / "posts.json"

    def run(self, contender: Contender, program: str = "desk") -> Run:
        """One contender posts everything. Raises WentWrong unless all arrived, each once, and is written down so.

        `program` is the module that a Nightdesk runs in.
        """
        self.forget()
        if contender.library:
            told = {"library": contender.library, "server": self.server}
            run = _measured("bare", [{**told, "threads": self._race.threads, "posts": str(self._posts)}], os.environ)
            self.check(contender, "")
            return run
        with self.filled(contender) as url:
            shutil.rmtree(self._folder / "data", ignore_errors=True)  # it notes which database the last run had
            told = {"home": str(self._folder), "now": AFTER_THE_SLOT if self._race.newsroom.slot else None}
            run = _measured(program, [told] * contender.workers, {**os.environ, "NIGHTDESK_DATABASE": url})
            self.check(contender, url)
        return run

    def filled(self, contender: Contender) -> AbstractContextManager[str]:
        """The URL of a database of the contender's kind, with the whole queue in it."""
        return self._databases[contender.database].copied(self._filled[contender.database])

    def check(self, contender: Contender, url: str) -> None:
        """Whether server and database (if there is a `url`) agree that everything went out once. Raises WentWrong."""
        tally, size = self._control("tally"), self._race.newsroom.size
        found = [tally["taken"], tally["distinct"], *(_written(url) if url else ())]
        if any(figure != size for figure in found):
            words = "posts taken, different ones, published, attempts accepted, ids of posts, in the history"
            raise WentWrong(f"{contender.name}, {self._race.title}: of {size} {words}: {found}")

    def forget(self) -> None:
        """The server counts from zero again."""
        self._control("reset")

    def bodies(self) -> list[str]:
        """What the server took, sorted."""
        return sorted(self._control("bodies")["bodies"])

    def _control(self, word: str) -> dict[str, Any]:
        with urlopen(f"{self.server}/{word}") as answer:
            return dict(json.load(answer))


def _written(url: str) -> list[int]:
    """Published deliveries, accepted attempts, different ids among them, and rows of history that say published."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        figures = [connection.execute(sa.text(question)).scalar_one() for question in _WRITTEN]
    engine.dispose()
    return figures


_WRITTEN = (
    "SELECT count(*) FROM deliveries WHERE state = 'published'",
    "SELECT count(*) FROM attempts WHERE outcome = 'accepted'",
    "SELECT count(DISTINCT platform_id) FROM attempts WHERE outcome = 'accepted'",
    "SELECT count(*) FROM history WHERE to_state = 'published'",
)


def _measured(module: str, told: Sequence[dict[str, Any]], environment: Any) -> Run:
    """Start a process for each, let them all begin at once, and add up what they say."""
    said = []
    with ExitStack() as stack:
        processes = [stack.enter_context(_process_of(module, each, environment)) for each in told]
        for process in processes:
            _expect(process, "ready")
        for process in processes:
            _tell(process, "go")
        for process in processes:
            said.append(json.loads(_expect(process)))
    return Run(
        seconds=max(each["seconds"] for each in said),
        cpu=sum(each["cpu"] for each in said),
        megabytes=max(each["megabytes"] for each in said),
        ahead=max((each["ahead"] for each in said if each.get("ahead") is not None), default=None),
        loading=max(each.get("loading", 0.0) for each in said),
        durability=said[0].get("durability", ""),
    )


@contextmanager
def _process_of(module: str, told: dict[str, Any], environment: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"bench.posting.{module}", json.dumps(told)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


@contextmanager
def server(latency: float) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.posting.server", "--latency", str(latency)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield f"http://127.0.0.1:{int(_expect(process))}"
        finally:
            process.kill()


def _tell(process: subprocess.Popen[str], word: str) -> None:
    pipe = cast(IO[str], process.stdin)
    pipe.write(f"{word}\n")
    pipe.flush()


def _expect(process: subprocess.Popen[str], word: str = "") -> str:
    line = cast(IO[str], process.stdout).readline().strip()
    if not line or (word and line != word):
        raise RuntimeError(f"{process.args!r} said {line!r} and ended with status {process.wait()}")
    return line
