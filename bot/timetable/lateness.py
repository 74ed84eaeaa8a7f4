"""When a post is late: it was due `PATIENCE` ago and is still not out.

A queued post has no time of its own, so the planner says when it was due. It is late exactly if the plan for the moment
`now - PATIENCE`, made of all that is known now, would have sent it then. From this follows what is *not* late: a post
that waits for a slot, an embargo or a pin to come, for gap or caps, or behind another one in the queue; one that has
been in the queue for less than `PATIENCE`, or was moved, pinned or released since; and one whose slot is so old that it
counts as missed (`max_late`), for then it waits for the next slot. A pin stays due until it is used or given up.

What keeps a post back although it is due (a closed account, a rate limit, a missing secret, nobody at work) makes it
late: those are the cases a person wants to hear of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.account import Caps
from bot.timetable.language import Timetable
from bot.timetable.limits import freed
from bot.timetable.planner import Candidate, LaneView, Turn, plan_turn
from bot.timetable.slots import slots_between

PATIENCE = timedelta(minutes=10)
MOST_NEWCOMERS = 20  # first in line but new there: so many are passed over to see who has waited behind them


@dataclass(frozen=True, slots=True)
class Late:
    """A queued delivery that should have gone out, and since when (desk time)."""

    delivery: int
    since: datetime


def may_be_late(timetable: Timetable, caps: Caps, counted_to: datetime, now: datetime, *, pins: bool) -> bool:
    """A cheap look first, without the queue: False only where `late_one` finds nothing. `pins`: one may be there."""
    if pins or timetable.at_once or timetable.breaking_at_once:
        return True
    late = now - PATIENCE
    return next(slots_between(timetable, max(counted_to, late - caps.max_late - _INSTANT), late), None) is not None


def late_one(
    timetable: Timetable,
    caps: Caps,
    lane: LaneView,
    candidates: Sequence[Candidate],
    now: datetime,
    entered: Callable[[int], datetime],
) -> Late | None:
    """The post of one account that is late at `now`: the next in its line, as the others wait for it. None: none is.

    `candidates` are its queued deliveries; `entered` says since when a delivery has been in the queue as it is. An
    account that has sent something within the last ten minutes is moving, and keeps nobody waiting but by gap and caps.
    """
    late = now - PATIENCE
    if any(late < moment <= now for moment in lane.sent):
        return None
    line, then = list(candidates), replace(lane, counted_to=min(lane.counted_to, late))
    for _ in range(MOST_NEWCOMERS):
        turn = plan_turn(timetable, caps, then, line, late)
        first = _missed_pin(turn, late) or turn.send
        if first is None:
            return None
        since = _since(caps, lane, turn, first, entered(first.delivery), late)
        if since <= late:
            return Late(first.delivery, since)
        line.remove(first)
    return None


def _missed_pin(turn: Turn, late: datetime) -> Candidate | None:
    return next((gone for gone, _ in turn.skips if gone.pinned and max(gone.pinned, gone.dated or late) <= late), None)


def _since(caps: Caps, lane: LaneView, turn: Turn, first: Candidate, entered: datetime, late: datetime) -> datetime:
    """When the post could have gone: the last of the moments it had to wait for."""
    slot = turn.slot.at if turn.slot and first.pinned is None else None
    waited = [entered, first.pinned, first.dated, slot, freed(caps, lane.sent, late)]
    return max(moment for moment in waited if moment is not None)


_INSTANT = timedelta(microseconds=1)
