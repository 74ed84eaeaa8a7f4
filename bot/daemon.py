"""The daemon: APScheduler says when, the dispatcher does the work, SIGTERM ends both cleanly.

APScheduler holds nothing that could be lost: its jobs live in memory and are added again at every start. Its tick only
rings the dispatcher's bell; what is due, and what was missed, is decided by our own timetable from the database, so a
late tick, a suspended machine or a stepped clock delays a pass but never loses one. Sources are read in APScheduler's
threads, so that a slow one never keeps a post from its minute.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.deliver import Tell
from bot.dispatch import connect_live, run_pass
from bot.errors import NightdeskError, TryAgainLater
from bot.fetching import fetch_source
from bot.nightdesk import Nightdesk
from bot.stopping import Bell, stopping_on_signals

log = logging.getLogger(__name__)

TICK_SECONDS = 1
SOURCES_AT_A_TIME = 4


def run(desk: Nightdesk, tell: Tell = lambda step: None) -> None:
    """Post what comes due and read the sources, until SIGTERM or SIGINT; a call that is under way is finished first."""
    connect_live(desk)
    bell = Bell()
    with stopping_on_signals(bell), _ticking(desk, bell):
        log.info("Running: %d accounts, %d sources.", len(desk.settings.accounts), len(desk.settings.sources))
        while bell.wait():
            _do_pass(desk, bell, tell)
    log.info("Stopped.")


def _do_pass(desk: Nightdesk, bell: Bell, tell: Tell) -> None:
    """Trouble with the database or one account's settings ends a pass, never the daemon."""
    try:
        run_pass(desk, tell, lambda: bell.stopped)
    except TryAgainLater as error:
        log.warning("%s", error)
    except NightdeskError as error:
        log.error("%s", error)


def _read(desk: Nightdesk, source: str, bell: Bell) -> None:
    try:
        fetched = fetch_source(desk, desk.settings.sources[source], actor="nightdesk run")
    except NightdeskError as error:
        log.warning("%s: %s", source, error)
        return
    for problem in fetched.problems:
        log.warning("%s: %s", source, problem)
    if fetched.added:
        bell.ring()


@contextmanager
def _ticking(desk: Nightdesk, bell: Bell) -> Iterator[None]:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1), "sources": ThreadPoolExecutor(SOURCES_AT_A_TIME)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(bell.ring, "interval", seconds=TICK_SECONDS)
    for source in desk.settings.sources.values():
        if source.every:
            scheduler.add_job(
                _read,
                "interval",
                args=[desk, source.name, bell],
                executor="sources",
                seconds=source.every.total_seconds(),
                next_run_time=desk.clock.real_now(),  # the first read is now, not one interval later
            )
    bell.ring()
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=True)
