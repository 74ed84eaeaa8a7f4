"""Is this the database of the last run, or an older copy of it? Noted as it is used, asked when a run begins."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from bot.nightdesk import Nightdesk
from bot.pausing import EVERYTHING
from bot.store import attempts, deliveries, lanes, lastrun, meta, orphans, pauses, unread
from bot.store.database import Transaction
from bot.store.lastrun import LastRun

log = logging.getLogger(__name__)

NOTE_EVERY = timedelta(minutes=1)  # how often the database itself is told that it is in use
KEPT = timedelta(days=30)  # posts that nobody claims, after a restored backup
UNKNOWN_SINCE = timedelta(days=7)  # how far to look back when the older copy does not say when it was used

ACTOR = "nightdesk"
DATABASE, RUN, USED_AT = "database", "run", "used at"  # keys of `meta`
HANDLED, SINCE = "restored: handled", "restored: since"
PAUSED = (
    "the database is older than the last run, as after restoring a backup; every account's timeline is read back "
    "before anything is sent. Read `nightdesk queue list --state held` and `nightdesk log`, then `nightdesk resume`"
)
NOT_READ = "restored backup: its timeline has not been read back yet"


def note_run(desk: Nightdesk) -> None:
    """Note how far the database has come: call it after commits. Cheap where there is nothing new.

    A database that was replaced while it was in use is noticed here.
    """
    now = desk.clock.real_now()
    with desk.database.read() as tx:
        newest = attempts.highest(tx)
    noted = desk.noted
    if noted is None or newest < noted.attempt:
        begin_run(desk)
        return
    minute_over = abs(now - noted.at) >= NOTE_EVERY
    if newest == noted.attempt and not minute_over:
        return
    if minute_over:
        with desk.database.begin() as tx:
            noted = replace(noted, run=_count_run(tx, now), at=now)
    _note(desk, replace(noted, attempt=newest))


def begin_run(desk: Nightdesk) -> bool:
    """Compare the database with the file and stop everything where the file is ahead: at the beginning of a process,
    and when the database is older than this process has seen it.

    Returns whether that was so: the database is an older copy, and what it does not know has to be read back.
    """
    if desk.noted is not None and not _went_back(desk, desk.noted):
        return False
    desk.noted = None
    now, last = desk.clock.real_now(), lastrun.read(desk.settings.home)
    with desk.database.begin() as tx:
        name, new = _name(tx)
        older = last is not None and _is_older(tx, last, name, new)
        if older and last is not None:
            _stop_everything(desk, tx, last)
        orphans.forget(tx, now - KEPT)
        run = max(_count_run(tx, now), last.run + 1 if older and last else 0)
        meta.set(tx, RUN, str(run))
        newest = attempts.highest(tx)
    if last is not None and last.database != name and not older:
        log.warning(
            "This is another database than the one of the last run (%s). If it should be the same, stop here and look "
            "at `database` in the settings.",
            last.at.isoformat(timespec="seconds"),
        )
    if older:
        log.error("Everything is paused: %s.", PAUSED)
    _note(desk, LastRun(database=name, run=run, attempt=newest, at=now))
    return older


def _went_back(desk: Nightdesk, noted: LastRun) -> bool:
    """Whether the database was replaced by an older copy while this process was at work."""
    with desk.database.read() as tx:
        return attempts.highest(tx) < noted.attempt or int(meta.get(tx, RUN) or 0) < noted.run


def _name(tx: Transaction) -> tuple[str, bool]:
    """The database's own name, which every copy of it shares, and whether it has just been given."""
    new = secrets.token_hex(8)
    name = meta.get(tx, DATABASE) or meta.locked(tx, DATABASE, new)
    return name, name == new


def _is_older(tx: Transaction, last: LastRun, name: str, new: bool) -> bool:
    """Whether the file knows of later things. A database that has just been named but holds deliveries is a copy from
    before names were given; an empty one is simply a new database."""
    if meta.get(tx, HANDLED) == _mark(last):
        return False
    if new:
        return bool(deliveries.listing(tx, limit=1))
    if last.database != name:
        return False
    return last.attempt > attempts.highest(tx) or last.run > int(meta.get(tx, RUN) or 0)


def _stop_everything(desk: Nightdesk, tx: Transaction, last: LastRun) -> None:
    """A pause for a person to lift; and each account stays closed until its own timeline was read, whoever lifts it."""
    since = meta.get_time(tx, USED_AT) or attempts.last_started(tx) or last.at - UNKNOWN_SINCE
    desk.meet_accounts(tx)
    lanes.lock(tx, None)  # before all else, as everybody does
    pauses.set(tx, EVERYTHING, reason=PAUSED, until=None, at=desk.clock.desk_now(), actor=ACTOR)
    for account in desk.settings.accounts:
        lanes.close(tx, account, reason=NOT_READ, until=None)
    unread.keep(tx, desk.settings.accounts)
    meta.set_time(tx, SINCE, since)
    meta.set(tx, HANDLED, _mark(last))


def _mark(last: LastRun) -> str:
    return f"{last.database} {last.run} {last.attempt}"


def _count_run(tx: Transaction, now: datetime) -> int:
    run = int(meta.locked(tx, RUN, "0")) + 1  # it never goes back: that is how an older copy is known
    meta.set(tx, RUN, str(run))
    meta.set_time(tx, USED_AT, now)
    return run


def _note(desk: Nightdesk, last: LastRun) -> None:
    """After the commit, never before it."""
    first, desk.noted = desk.noted is None, last
    try:
        lastrun.write(desk.settings.home, last)
    except OSError as error:
        if first:
            log.warning("data/last-run cannot be written (%s): a restored backup would not be noticed.", error.strerror)
