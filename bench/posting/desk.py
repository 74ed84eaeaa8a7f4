"""Nightdesk itself: it opens a real home and does what is due, pass by pass, until nothing is.

    python -m bench.posting.desk '{"home": "…", "now": "2026-06-01T12:00:05+00:00"}'

`now` simulates the desk's clock (None: the real one). The database's address comes by $NIGHTDESK_DATABASE.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.posting.contender import Posting, take_part
from bot.app import open_home
from bot.configuring import load
from bot.dispatch import run_pass
from bot.nightdesk import Nightdesk

DURABILITY = {
    "sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous"),
    "postgresql": ("SHOW fsync", "SHOW synchronous_commit"),
}
SYNCHRONOUS = {"2": "FULL", "3": "EXTRA"}
stack = ExitStack()


def prepare(told: dict[str, Any]) -> Posting:
    home, now = Path(told["home"]), told.get("now")
    start = time.process_time()
    load(home)
    loading = time.process_time() - start
    desk = stack.enter_context(open_home(home, now=datetime.fromisoformat(now) if now else None))
    connect_all(desk)

    def post_all() -> dict[str, Any]:
        return {**all_passes(desk), "loading": loading, "durability": durability(desk)}

    return post_all


def connect_all(desk: Nightdesk) -> None:
    """Have the client library in memory and a client an account, as a daemon has after its first posts, and as the bare
    contender has."""
    for account in desk.settings.accounts.values():
        desk.platform(account, live=False)


def all_passes(desk: Nightdesk) -> dict[str, Any]:
    """What was published, in how many passes, and `ahead`: the most intents that were committed ahead of the senders.

    `seconds` and `cpu` are counted until the last pass that found something to do has ended.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    published = passes = 0
    took = {"seconds": 0.0, "cpu": 0.0}
    ahead: int | None = None
    while True:
        summary = run_pass(desk)
        counts, passes = summary.as_json(), passes + 1
        if summary.troubles:
            raise SystemExit(f"{summary.troubles[0]}")
        if not counts["due"]:
            return {**took, "published": published, "passes": passes, "ahead": ahead}
        published += counts["published"]
        took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        if (at_most := getattr(summary, "most_ahead", None)) is not None:
            ahead = max(ahead or 0, at_most)


def durability(desk: Nightdesk) -> str:
    """What the database promises of a commit, in its own words: `journal_mode=delete, synchronous=FULL`."""
    said = []
    with desk.database.read() as tx:
        for question in DURABILITY[desk.database.dialect]:
            answer = str(tx.exec_driver_sql(question).scalar())
            said.append(f"{question.split()[1]}={SYNCHRONOUS.get(answer, answer)}")
    return ", ".join(said)


if __name__ == "__main__":
    with stack:
        take_part(prepare)
