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

from bot.configuring import SETTINGS_FILE, load
from bot.deliver import Tell
from bot.dispatch import run_pass
from bot.errors import NightdeskError, TryAgainLater
from bot.fetching import fetch_source
from bot.nightdesk import Nightdesk
from bot.settings import SourceSettings
from bot.stopping import Bell, stopping_on_signals

log = logging.getLogger(__name__)

TICK_SECONDS = 1
SOURCES_AT_A_TIME = 4


def run(desk: Nightdesk, tell: Tell = lambda step: None) -> None:
    """Post what comes due and read the sources, until SIGTERM or SIGINT; a call that is under way is finished first."""
    bell = Bell()
    with stopping_on_signals(bell), _ticking(desk, bell) as scheduler:
        log.info("Running: %d accounts, %d sources.", len(desk.settings.accounts), len(desk.settings.sources))
        stamp = _stamp(desk)
        while bell.wait():
            if (now_stamp := _stamp(desk)) != stamp:
                stamp = now_stamp
                _adopt_settings(desk, scheduler, bell)
            _do_pass(desk, bell, tell, stamp)
    log.info("Stopped.")


def _do_pass(desk: Nightdesk, bell: Bell, tell: Tell, stamp: object) -> None:
    """One pass, which changed settings cut short. Whatever ends a pass never ends the daemon."""
    try:
        summary = run_pass(desk, tell, lambda: bell.stopped or _stamp(desk) != stamp, stay=True)
    except TryAgainLater as error:
        log.warning("%s", error)
        return
    except NightdeskError as error:
        log.error("%s", error)
        return
    except Exception:
        log.exception("A pass ended with a mistake in Nightdesk; please report it.")
        return
    for trouble in summary.troubles:
        if trouble.new:
            log.error("%s: %s", trouble.account, trouble.message)


def _read(desk: Nightdesk, source: SourceSettings, bell: Bell) -> None:
    try:
        fetched = fetch_source(desk, source, actor="nightdesk run")
    except NightdeskError as error:
        log.warning("%s: %s", source.name, error)
        return
    for problem in fetched.problems:
        log.warning("%s: %s", source.name, problem)
    if fetched.added:
        bell.ring()


def _stamp(desk: Nightdesk) -> object:
    """Changes whenever the settings file does."""
    try:
        status = (desk.settings.home / SETTINGS_FILE).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _adopt_settings(desk: Nightdesk, scheduler: BackgroundScheduler, bell: Bell) -> None:
    """The settings have changed: go on with the new ones, or with the last good ones while they have a mistake."""
    try:
        settings = load(desk.settings.home)
    except NightdeskError as error:
        log.error("The changed settings cannot be used; the old ones stay in force. %s", error)
        return
    if settings.database != desk.settings.database:
        log.warning("Another database in the settings is used from the next start on.")
    desk.adopt(settings)
    _schedule_sources(desk, scheduler, bell)
    log.info("The settings have changed: %d accounts, %d sources.", len(settings.accounts), len(settings.sources))


@contextmanager
def _ticking(desk: Nightdesk, bell: Bell) -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1), "sources": ThreadPoolExecutor(SOURCES_AT_A_TIME)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    scheduler.add_job(bell.ring, "interval", seconds=TICK_SECONDS)
    _schedule_sources(desk, scheduler, bell)
    bell.ring()
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=True)


def _schedule_sources(desk: Nightdesk, scheduler: BackgroundScheduler, bell: Bell) -> None:
    """One job a source that is read by itself; those of earlier settings go."""
    for job in scheduler.get_jobs():
        if job.executor == "sources":
            job.remove()
    for source in desk.settings.sources.values():
        if source.every:
            scheduler.add_job(
                _read,
                "interval",
                args=[desk, source, bell],
                executor="sources",
                seconds=source.every.total_seconds(),
                next_run_time=desk.clock.real_now(),  # the first read is now, not one interval later
            )
