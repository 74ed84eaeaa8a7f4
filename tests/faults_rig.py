"""A newsroom whose processes can be killed, frozen and starved: a `World` with short times and real clocks."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.app import open_home
from bot.clock import SystemClock
from bot.dispatch import run_pass
from bot.store.schema import attempts, lanes, looks
from bot.summary import Summary
from faults.nursery import Nursery, Process
from faults.records import Records
from tests.world import World, world

DEADLINE, SETTLE, LEASE = 3.0, 1.5, 34.0

CAPS = 'caps = { min_gap = "0 s", per_hour = 1000, per_day = 1000 }'
ONE_X = f'[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\n{CAPS}\n'
ONE_PAGE = f'[accounts.fb-page]\nplatform = "facebook"\npage_id = "1234567890"\n{CAPS}\n'
BOTH = ONE_X + ONE_PAGE


@dataclass(slots=True)
class Night:
    """One home at work with real processes and real time."""

    made: World
    nursery: Nursery

    @property
    def home(self) -> Path:
        return self.made.home

    @property
    def said(self) -> str:
        """What all the processes have said."""
        log = self.home / "said.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def start(self, *words: str, files: int | None = None, log: Path | None = None, **environment: str) -> Process:
        """A `nightdesk` process; `files`: how many it may have open; `log`: where it says what it has to say."""
        output = log or self.home / "said.log"
        return self.nursery.start("nightdesk", ["--home", str(self.home), *words], output, environment, files)

    def run(self, *words: str, seconds: float = 120, files: int | None = None, **environment: str) -> int:
        """A process from its start to its end; its exit status, or the signal that killed it below zero."""
        process = self.start(*words, files=files, **environment)
        status = process.wait(seconds)
        assert status is not None, f"{words} did not end in {seconds} s: {self.said}"
        return status

    def killed_at(self, point: str, command: str = "once", count: int = 1) -> bool:
        """Whether a process died at that failpoint; it ends by itself where it does not come there."""
        return self.run(command, NIGHTDESK_CRASH_AT=f"{point}:{count}") == -signal.SIGKILL

    def once(self) -> Summary:
        """A pass in this process, with the machine's own clock."""
        with open_home(self.home, clock=SystemClock()) as desk, desk.database.instance_lock("once"):
            return run_pass(desk)

    def to_rest(self, seconds: float = 120) -> None:
        """Let the dead be taken for dead, and go on until only a person could do more."""
        self.lease_is_over()
        until = time.monotonic() + seconds
        while True:
            self.once()
            if not self._restless():
                return
            assert time.monotonic() < until, f"no rest: {self.made.states()}"
            time.sleep(0.3)

    def lease_is_over(self) -> None:
        """As if all that a killed process held had run out: its lanes (SQLite knows at once) and its looks."""
        with self.made.desk() as desk, desk.database.begin() as tx:
            past = SystemClock().real_now()
            tx.execute(sa.update(lanes).where(lanes.c.owner.isnot(None)).values(lease_until=past))
            tx.execute(sa.update(looks).where(looks.c.at.isnot(None)).values(at=past))

    def ends(self) -> list[tuple[str, str]]:
        """(state, reason) of every delivery, oldest first."""
        from bot.store import deliveries

        with self.made.desk() as desk, desk.database.read() as tx:
            return [(str(each.state), each.reason) for each, _ in deliveries.listing(tx)]

    def _restless(self) -> bool:
        with Records(self.made.database_url) as records:
            return bool(records.restless())

    def attempts(self) -> list[Any]:
        with self.made.desk() as desk, desk.database.read() as tx:
            return list(tx.execute(sa.select(attempts).order_by(attempts.c.id)))

    def posts(self) -> list[dict[str, Any]]:
        return self.made.posts()

    def nothing_unrecorded(self) -> None:
        """Every post on a platform was written down beforehand, byte for byte, and none is there twice."""
        written = [(row.account, row.text) for row in self.attempts()]
        posted = [(post["account"], post["text"]) for post in self.posts()]
        assert set(posted) <= set(written)
        assert len(set(posted)) == len(posted), posted


@contextmanager
def night(
    home: Path, database_url: str, nursery: Nursery, accounts: str = ONE_X, deadline: float = DEADLINE, **sandbox: Any
) -> Iterator[Night]:
    """A newsroom with these accounts; `deadline` of a call in seconds, `sandbox` are options of the sandbox."""
    with world(home, database_url, accounts, **sandbox) as made:
        file = home / "config" / "nightdesk.toml"
        lease = LEASE - DEADLINE + deadline
        times = f'deadline = "{deadline:g} s"\nsettle = "{SETTLE:g} s"\nlease = "{lease:g} s"\n'
        file.write_text(file.read_text("utf-8").replace('deadline = "2 s"\n', times), "utf-8")
        made.clock.simulated = False
        made.clock.now = made.clock.real
        yield Night(made, nursery)


def eventually(condition: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
