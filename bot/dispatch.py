"""One pass over all accounts: keep the time, look after what a crash left, then serve each account in turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot import overdue
from bot.account import Account
from bot.deliver import Tell, serve
from bot.errors import NightdeskError, TryAgainLater
from bot.nightdesk import Nightdesk
from bot.pausing import DOOR_PROBE_EVERY, door_of
from bot.recovery import recover
from bot.store import doors, lanes, meta
from bot.store.database import Transaction
from bot.summary import EXIT_BUG, Step, Summary, Trouble, trouble_key

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=20)  # how often a pass that finds nothing still leaves a trace that it ran
CLOCK_SLACK = timedelta(minutes=5)  # how far ahead of now a timetable may be counted before the clock is doubted


def run_pass(
    desk: Nightdesk,
    tell: Tell = lambda step: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Summary:
    """Do all that is due now, on every account, and return what became of it.

    Raises TryAgainLater when the database fails; any other trouble is one account's own, and the others go on.
    """
    summary = Summary()

    def note(step: Step) -> None:
        summary.add(step)
        tell(step)

    if not keep_time(desk):
        return summary
    recover(desk)
    open_doors(desk)
    with desk.database.read() as tx:
        free = set(lanes.due(tx, desk.clock.real_now()))
    for account in desk.settings.accounts.values():
        if account.name in free and not stopping():
            _serve_apart(desk, account, summary, note, stopping)
    beat(desk)
    overdue.note(desk)
    return summary


def _serve_apart(desk: Nightdesk, account: Account, summary: Summary, tell: Tell, stopping: Callable[[], bool]) -> None:
    """Serve one account so that its trouble stays its own: a missing secret, or a mistake nobody foresaw."""
    trouble: Trouble | None = None
    try:
        with desk.database.read() as tx:
            live = desk.is_live(tx, account)
        desk.platform(account, live)  # before anything is claimed: a secret may be missing
        serve(desk, account, tell, stopping)
    except TryAgainLater:
        raise
    except NightdeskError as error:
        trouble = Trouble(account.name, str(error), error.exit_status)
    except Exception as error:
        log.exception("%s could not be served", account.name)
        words = f"a mistake in Nightdesk: {type(error).__name__}; please report it"
        trouble = Trouble(account.name, words, EXIT_BUG)
    if trouble:
        summary.troubles.append(trouble)
    _note_trouble(desk, account.name, trouble.message if trouble else None)


def _note_trouble(desk: Nightdesk, account: str, message: str | None) -> None:
    """Keep it where `status` reads it, until the account is served again."""
    with desk.database.read() as tx:
        known = meta.get(tx, trouble_key(account))
    if message != known:
        with desk.database.begin() as tx:
            meta.set(tx, trouble_key(account), message)


def keep_time(desk: Nightdesk) -> bool:
    """Meet new accounts and see to the desk's clock. False: this moment is earlier than one already served."""
    now = desk.clock.desk_now()
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        simulated_to = meta.get_time(tx, "simulated_to")
        if desk.clock.simulated:
            if simulated_to is not None and now < simulated_to:
                last = _iso(simulated_to)
                log.warning("Nothing is due: %s is earlier than the last simulated run, %s.", _iso(now), last)
                return False
            meta.set_time(tx, "simulated_to", now)
        elif simulated_to is not None:
            meta.set_time(tx, "simulated_to", None)
            lanes.reset_counting(tx, now)
            log.warning("Earlier runs were simulated (--now); every account counts from the real time again.")
        elif lanes.counted_beyond(tx, now + CLOCK_SLACK):
            lanes.reset_counting(tx, now)
            log.warning("This machine's clock was ahead and has been set back; every account counts from now again.")
    return True


def open_doors(desk: Nightdesk) -> None:
    """Ask at a closed door once its time is over: one identity read, and success opens it in this pass."""
    now = desk.clock.real_now()
    with desk.database.read() as tx:
        over = [door for door in doors.closed(tx) if door.until is None or door.until <= now]
        behind = {door.key: _behind(desk, tx, door.key) for door in over}
    for door in over:
        if not behind[door.key]:
            continue
        account, live = behind[door.key][0]
        try:
            desk.platform(account, live).whoami()
        except NightdeskError as error:
            log.warning("%s stays closed: %s", door.key, error)
            with desk.database.begin() as tx:
                doors.close(tx, door.key, reason=door.reason, until=now + DOOR_PROBE_EVERY)
        else:
            with desk.database.begin() as tx:
                doors.open(tx, door.key)
                for account, _ in behind[door.key]:
                    _tell_what_it_cost(tx, account.name, door.reason, now)


def _behind(desk: Nightdesk, tx: Transaction, key: str) -> list[tuple[Account, bool]]:
    """The accounts that post through that app, and whether they are live."""
    everyone = [(account, desk.is_live(tx, account)) for account in desk.settings.accounts.values()]
    return [(account, live) for account, live in everyone if door_of(account, live) == key]


def _tell_what_it_cost(tx: Transaction, account: str, reason: str, now: datetime) -> None:
    """Close the lane for a moment that is over already: its next turn names the reason for the slots it missed."""
    lane = lanes.get(tx, account)
    if lane is not None and not lane.closed_reason:
        lanes.close(tx, account, reason=reason, until=now)


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
