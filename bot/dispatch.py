"""One pass over all accounts: keep the time, look after what a crash left, then serve each account in turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.deliver import Tell, serve
from bot.errors import NightdeskError
from bot.nightdesk import Nightdesk
from bot.pausing import DOOR_PROBE_EVERY, door_of
from bot.recovery import recover
from bot.store import doors, lanes, meta
from bot.store.database import Transaction
from bot.summary import Step, Summary

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=20)  # how often a pass that finds nothing still leaves a trace that it ran


def run_pass(
    desk: Nightdesk,
    tell: Tell = lambda step: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Summary:
    """Do all that is due now, on every account, and return what became of it."""
    summary = Summary()

    def note(step: Step) -> None:
        summary.add(step)
        tell(step)

    if not keep_time(desk):
        return summary
    recover(desk)
    open_doors(desk)
    for account in desk.settings.accounts.values():
        if stopping():
            break
        serve(desk, account, note, stopping)
    beat(desk)
    return summary


def connect_live(desk: Nightdesk) -> None:
    """Make the clients of the live accounts now, so that a missing secret is told before anything is done."""
    with desk.database.read() as tx:
        live = [account for account in desk.settings.accounts.values() if desk.is_live(tx, account)]
    for account in live:
        desk.platform(account, True)


def keep_time(desk: Nightdesk) -> bool:
    """Meet new accounts and see to the desk's clock. False: this moment is earlier than one already served."""
    now = desk.clock.desk_now()
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        last = meta.get_time(tx, "simulated_to")
        if desk.clock.simulated:
            if last is not None and now < last:
                log.warning("Nothing is due: %s is earlier than the last simulated run, %s.", _iso(now), _iso(last))
                return False
            meta.set_time(tx, "simulated_to", now)
        elif last is not None:
            back_to_real_time(tx, now)
    return True


def back_to_real_time(tx: Transaction, now: datetime) -> None:
    """After simulated runs every lane counts from the real now again."""
    lanes.reset_counting(tx, now)
    meta.set_time(tx, "simulated_to", None)
    log.warning("Earlier runs were simulated (--now); every account counts from the real time again.")


def open_doors(desk: Nightdesk) -> None:
    """Ask at a closed door once its time is over: one identity read, and success opens it in this pass."""
    now = desk.clock.real_now()
    with desk.database.read() as tx:
        closed = {door.key: door for door in doors.closed(tx) if door.until is None or door.until <= now}
        first = {door_of(a, desk.is_live(tx, a)): a for a in reversed(desk.settings.accounts.values())}
    for key in closed.keys() & first.keys():
        account = first[key]
        try:
            desk.platform(account, key.endswith(" live")).whoami()
        except NightdeskError as error:
            log.warning("%s stays closed: %s", key, error)
            with desk.database.begin() as tx:
                doors.close(tx, key, reason=closed[key].reason, until=now + DOOR_PROBE_EVERY)
        else:
            with desk.database.begin() as tx:
                doors.open(tx, key)


def beat(desk: Nightdesk) -> None:
    """Leave word that a pass has run: `status` and the reasons of missed slots read it."""
    now = desk.clock.desk_now()
    with desk.database.read() as tx:
        last = lanes.last_pass(tx)
    if last is None or abs(now - last) >= HEARTBEAT:
        with desk.database.begin() as tx:
            lanes.note_pass(tx, now)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
