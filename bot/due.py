"""What is due at this moment, and whether somebody is at work who sends it.

The planner is asked one account after the other, so a cheap look at its timetable comes first: most accounts have
nothing due at any one moment.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.account import Account
from bot.nightdesk import Nightdesk
from bot.overview import Overview
from bot.planning import MOST_FORESEEN, opens_at, view_of
from bot.store import census, deliveries
from bot.store.database import Transaction
from bot.timetable import planner
from bot.timetable.lateness import PATIENCE
from bot.timetable.slots import slots_between

MOST_ACCOUNTS = 1_000  # so many are planned; where more have something due, the count is of these


def due_now(desk: Nightdesk, tx: Transaction, overview: Overview, waiting: Mapping[str, int]) -> dict[str, int]:
    """How many posts each account has due now, as gap and caps allow it; paused accounts have none.

    `waiting`: how many are queued, by account. Accounts with nothing due are left out.
    """
    pinned = census.pinned_accounts(tx)
    found: dict[str, int] = {}
    planned = 0
    for account in overview.accounts.values():
        if waiting.get(account.name) and _may_be_due(desk, overview, account, pins=account.name in pinned):
            planned += 1
            if number := _due(desk, tx, overview, account):
                found[account.name] = number
            if planned == MOST_ACCOUNTS:
                break
    return found


def _may_be_due(desk: Nightdesk, overview: Overview, account: Account, *, pins: bool) -> bool:
    lane, timetable = overview.lanes.get(account.name), desk.timetable(account)
    if lane is None or not overview.restless(account, overview.now):
        return False
    if pins or timetable.at_once or timetable.breaking_at_once:
        return True
    return next(slots_between(timetable, lane.counted_to, overview.now), None) is not None


def _due(desk: Nightdesk, tx: Transaction, overview: Overview, account: Account) -> int:
    now, view = overview.now, view_of(desk, tx, account)
    queue = deliveries.waiting(tx, account.name, overview.is_live(account), most=MOST_FORESEEN)
    coming = planner.foresee(desk.timetable(account), account.caps, view, queue, now, now)
    return sum(1 for foreseen in coming if foreseen.candidate)


def is_stalled(desk: Nightdesk, tx: Transaction, overview: Overview, account: Account) -> bool:
    """Whether something would have gone out at least ten minutes ago if a pass had run since the last one.

    Asked only where none has run for that long, of accounts that wanted a look.
    """
    now, late = overview.now, overview.now - PATIENCE
    opens = opens_at(desk, tx, account)
    if opens is None or opens > now:
        return False
    view, live = view_of(desk, tx, account), overview.is_live(account)
    start = overview.last_pass or view.counted_to
    queue = deliveries.waiting(tx, account.name, live, most=MOST_FORESEEN)
    new = deliveries.queued_since(tx, account.name, live, late)
    candidates = [candidate for candidate in queue if candidate.delivery not in new]
    coming = planner.foresee(desk.timetable(account), account.caps, view, candidates, start, late)
    return any(foreseen.candidate for foreseen in coming)
