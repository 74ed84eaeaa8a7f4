"""The daemon: APScheduler says when, one dispatcher thread does the work, SIGTERM ends both cleanly.

APScheduler holds nothing that could be lost: its jobs live in memory, are added again at every start, and only wake
the dispatcher. What is due, and what was missed, is decided by our own timetable from the database, so a late tick,
a suspended machine or a stepped clock delays a pass but never loses one.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from bot.deliver import Tell
from bot.dispatch import connect_live, run_pass
from bot.errors import NightdeskError, TryAgainLater
from bot.fetching import fetch_source
from bot.nightdesk import Nightdesk

log = logging.getLogger(__name__)

TICK_SECONDS = 1
_PASS = None  # what stands in the line of work for "do a pass"


def run(desk: Nightdesk, tell: Tell = lambda step: None) -> None:
    """Post what comes due and read the sources, until SIGTERM or SIGINT; what is in flight is finished or recorded."""
    stopping = threading.Event()
    work: queue.Queue[str | None] = queue.Queue()
    connect_live(desk)
    with _signals(stopping, work), _ticking(desk, work):
        log.info("Nightdesk is running; %d accounts, %d sources.", len(desk.settings.accounts), len(desk.settings.sources))
        _work_off(desk, work, stopping, tell)
    log.info("Nightdesk has stopped.")


def _work_off(desk: Nightdesk, work: queue.Queue[str | None], stopping: threading.Event, tell: Tell) -> None:
    """Take one piece of work after the other. Trouble with the database ends a piece, never the daemon."""
    while not stopping.is_set():
        source = work.get()
        _drop_repeats(work)
        if stopping.is_set():
            return
        try:
            if source is None:
                run_pass(desk, tell, stopping.is_set)
            else:
                fetch_source(desk, desk.settings.sources[source], actor="nightdesk run")
        except TryAgainLater as error:
            log.warning("%s", error)
            stopping.wait(TICK_SECONDS)
        except NightdeskError as error:
            log.error("%s", error)


def _drop_repeats(work: queue.Queue[str | None]) -> None:
    """Ticks that piled up during a long pass are one tick; reading a source twice in a row is once, too."""
    waiting = []
    while True:
        try:
            waiting.append(work.get_nowait())
        except queue.Empty:
            break
    for item in dict.fromkeys(waiting):
        work.put(item)


@contextmanager
def _ticking(desk: Nightdesk, work: queue.Queue[str | None]) -> Iterator[None]:
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_job(work.put, "interval", args=[_PASS], seconds=TICK_SECONDS)
    for source in desk.settings.sources.values():
        if source.every:
            scheduler.add_job(work.put, "interval", args=[source.name], seconds=source.every.total_seconds())
            work.put(source.name)
    work.put(_PASS)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


@contextmanager
def _signals(stopping: threading.Event, work: queue.Queue[str | None]) -> Iterator[None]:
    """SIGTERM and SIGINT ask for an end; the old handlers come back afterwards."""

    def stop(number: int, frame: object) -> None:
        log.info("Stopping: what is in flight is finished first.")
        stopping.set()
        work.put(_PASS)

    old: dict[int, Callable[..., object] | int | None] = {n: signal.signal(n, stop) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
