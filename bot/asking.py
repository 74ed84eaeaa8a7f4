"""Closed doors are asked whether they are open: one read-back that is due anyway, else one identity read.

Success opens the door in that pass. One that stays closed is asked ever more rarely, by another of its accounts each
time, since the first may have a trouble of its own.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.errors import NightdeskError
from bot.nightdesk import Nightdesk
from bot.pausing import accounts_behind, open_door
from bot.reconcile import due_behind, look
from bot.store import doors, lanes
from bot.store.doors import Door

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)


def due_doors(desk: Nightdesk) -> list[Door]:
    """The closed doors that may be asked now; hand each to `ask`."""
    now = desk.clock.real_now()
    with desk.database.read() as tx:
        return [door for door in doors.closed(tx) if door.until is None or door.until <= now]


def open_doors(desk: Nightdesk) -> None:
    """Ask at every door whose time is over."""
    for door in due_doors(desk):
        ask(desk, door)


def ask(desk: Nightdesk, door: Door) -> bool:
    """Ask at one door, once, unless another worker does; whether it is open now."""
    now = desk.clock.real_now()
    with desk.database.begin() as tx:
        behind = accounts_behind(desk, tx, door.key)
        if door.slowed:
            lanes.lock(tx, [account.name for account, _ in behind])
        if not behind or not doors.ask_again(tx, door, at=now, until=now + pause_after(door.tries + 1)):
            return False
        if door.slowed:
            lanes.wake(tx, [account.name for account, _ in behind])
            return doors.open(tx, door.key)
    unclear = due_behind(desk, door.key) if door.by_answers else None
    if unclear is not None:
        look(desk, unclear)  # a timeline that could be read opens the door by itself
    else:
        account, live = behind[door.tries % len(behind)]
        try:
            desk.platform(account, live).whoami()
        except NightdeskError as error:
            log.warning("%s stays closed: %s", door.key, error)
            return False
        with desk.database.begin() as tx:
            open_door(desk, tx, door.key)
    with desk.database.read() as tx:
        return doors.get(tx, door.key) is None


def pause_after(tries: int) -> timedelta:
    """15 s, 30 s, 1 min … 5 min."""
    return min(FIRST_PAUSE * (1 << min(tries - 1, 10)), LONGEST_PAUSE)
