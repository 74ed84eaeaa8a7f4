"""A small newspaper to test with: a home, a sandbox and a desk whose clocks stand where the test puts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bot.app import open_home
from bot.article import Article
from bot.clock import uptime
from bot.delivery import Delivery
from bot.dispatch import run_pass
from bot.ingest import Added, add_article
from bot.nightdesk import Nightdesk
from bot.sandbox.server import Sandbox
from bot.store import deliveries, history
from bot.store.database import Transaction
from bot.summary import Summary

MONDAY = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)

TWO_ACCOUNTS = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""


@dataclass(slots=True)
class FakeClock:
    """Both clocks, moved by hand. `simulated` as with --now."""

    now: datetime = MONDAY
    real: datetime = field(default_factory=lambda: datetime.now(UTC))
    simulated: bool = True
    moved: float = 0.0  # seconds that the uptime was moved as well

    def desk_now(self) -> datetime:
        return self.now

    def real_now(self) -> datetime:
        return self.real

    def uptime(self) -> float:
        return uptime() + self.moved

    def forward(self, **length: float) -> datetime:
        self.now += timedelta(**length)
        self.real += timedelta(**length)
        self.moved += timedelta(**length).total_seconds()
        return self.now


MOST_POSTS = 300


@dataclass(slots=True)
class World:
    """One home with its sandbox. `desk()` opens it as a process would; `command()` runs a real one."""

    home: Path
    sandbox: Sandbox
    database_url: str
    clock: FakeClock = field(default_factory=FakeClock)
    live: World | None = None  # whose sandbox plays the live platforms, where a test needs them

    @contextmanager
    def desk(self) -> Iterator[Nightdesk]:
        with open_home(self.home, clock=self.clock) as desk:
            yield desk

    def add(self, *titles: str, **options: Any) -> list[Added]:
        fields = {key: options.pop(key) for key in tuple(options) if key not in ("accounts", "pinned")}
        with self.desk() as desk:
            return [
                add_article(desk, Article(title=title, **{"url": _address(title), **fields}), actor="test", **options)
                for title in titles
            ]

    def once(self) -> Summary:
        with self.desk() as desk, desk.database.instance_lock("once"):
            return run_pass(desk, stopping=self.is_flooded)

    def is_flooded(self) -> bool:
        """More than any test posts: a safeguard that is broken must make a test fail, not run for ever."""
        return len(self.sandbox.all_posts()) > MOST_POSTS

    def posts(self, platform: str | None = None) -> list[dict[str, Any]]:
        posts = requests.get(f"{self.sandbox.url}/sandbox/posts", timeout=5).json()
        return [post for post in posts if platform in (None, post["platform"])]

    def live_posts(self) -> list[dict[str, Any]]:
        assert self.live is not None
        return self.live.posts()

    def order(self, **fault: Any) -> None:
        """Order a fault from the sandbox; see docs/sandbox.md."""
        requests.post(f"{self.sandbox.url}/sandbox/faults", json=fault, timeout=5).raise_for_status()

    def delivery(self, number: int) -> Delivery:
        with self.desk() as desk, desk.database.read() as tx:
            found = deliveries.get(tx, number)
            assert found is not None
            return found

    @staticmethod
    def fresh(tx: Transaction, added: Added) -> Delivery:
        """The article's first delivery as it is now."""
        found = deliveries.get(tx, added.deliveries[0].id)
        assert found is not None
        return found

    def states(self) -> dict[str, list[str]]:
        """Account → states of its deliveries, oldest first."""
        found: dict[str, list[str]] = {}
        with self.desk() as desk, desk.database.read() as tx:
            for delivery, _ in deliveries.listing(tx):
                found.setdefault(delivery.account, []).append(str(delivery.state))
        return found

    def story(self, number: int) -> list[tuple[str, str]]:
        with self.desk() as desk, desk.database.read() as tx:
            return [(str(change.to_state), change.reason) for change in history.of(tx, number)]

    def command(self, *words: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """A real `nightdesk` process in this home."""
        return subprocess.run(
            [sys.executable, "-m", "bot", "--home", str(self.home), *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environment},
        )

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """What a command with `--json` prints, one object a line."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def world(home: Path, database_url: str, accounts: str = TWO_ACCOUNTS, **sandbox: Any) -> Iterator[World]:
    """A home written for these accounts, with every one of them under [add]."""
    with Sandbox(**sandbox) as platforms:
        write_home(home, database_url, platforms.url, accounts)
        yield World(home, platforms, database_url)


def write_home(home: Path, database_url: str, rehearsal: str, accounts: str) -> None:
    names = [line[len("[accounts.") : -1] for line in accounts.splitlines() if line.startswith("[accounts.")]
    settings = home / "config" / "nightdesk.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        f'timezone = "Europe/Berlin"\ndatabase = "{database_url}"\nrehearsal = "{rehearsal}"\n'
        f'[delivery]\ndeadline = "2 s"\n[add]\naccounts = {json.dumps(names)}\n{accounts}',
        "utf-8",
    )


def _address(title: str) -> str:
    return f"https://courier.example/{'-'.join(title.lower().split())}"
