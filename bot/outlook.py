"""What the planner says of one account at this moment, with its whole queue: for people who ask, not for a pass."""

from __future__ import annotations

from datetime import datetime

from bot.account import Account
from bot.claiming import COUNTED_PAST
from bot.nightdesk import Nightdesk
from bot.pausing import pause_reason
from bot.store import attempts, deliveries, lanes, meta, slots
from bot.store.database import Transaction
from bot.timetable import planner
from bot.timetable.planner import LaneView, Turn


def turn_now(desk: Nightdesk, tx: Transaction, account: Account) -> Turn:
    """What the account's timetable, queue, caps and pauses say about this moment."""
    now, timetable = desk.clock.desk_now(), desk.timetable(account)
    view = lane_view(desk, tx, account, now)
    if reason := pause_reason(desk, tx, account, now):
        return planner.paused_turn(timetable, view, now, reason)
    waiting = deliveries.waiting(tx, account.name, desk.is_live(tx, account))
    return planner.plan_turn(timetable, account.caps, view, waiting, now)


def lane_view(desk: Nightdesk, tx: Transaction, account: Account, now: datetime) -> LaneView:
    """What the planner needs to know about the account's past: counted to, posts of the last day, slots used."""
    lane = lanes.get(tx, account.name)
    assert lane is not None, "accounts are met before they are served"
    live = desk.is_live(tx, account)
    return LaneView(
        counted_to=lane.counted_to,
        last_pass=meta.last_pass(tx),
        sent=attempts.sent(tx, account.name, live, now - COUNTED_PAST),
        used=slots.used_keys(tx, account.name, lane.counted_to),
        closed_for=lane.closed_reason or "",
    )
