"""The planner: what one account sends now, what it missed, and what it would send in the days to come.

Everything here is a pure function of what it is given, `now` included. The order of precedence in a turn:

1. a pin whose moment has come (the earliest first), then breaking news under `breaking: at once`, then the newest slot
   that is due and not later than `max_late`, or at once where there is no timetable;
2. gap and caps forbid any of them alike: what is due stays due until `max_late` is over;
3. a turn sends at most one post. Every slot ends exactly once: used, empty (nothing was there to send), or missed.

A pin takes the slot that lies less than `min_gap` from it, because both could not go out; a slot that comes due less
than `min_gap` before a coming pin is kept for it, so that the pin goes on the minute.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.account import Caps
from bot.timetable.language import Timetable
from bot.timetable.limits import Hold, hold
from bot.timetable.lineup import Candidate, Dropped, Lineup
from bot.timetable.slots import Slot, next_slot, slots_between
from bot.timetable.wording import stretch, time_of_day

__all__ = [
    "Candidate",
    "Foreseen",
    "LaneView",
    "MissedStretch",
    "Turn",
    "foresee",
    "give_back",
    "paused_turn",
    "plan_turn",
]

_INSTANT = timedelta(microseconds=1)
_SHORT_OF_A_SLOT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneView:
    """What the planner must know of an account's lane; all times are the desk's.

    `counted_to`: all slots up to here are settled. `sent`: when the posts that count for gap and caps (accepted and
    unknown ones) went out, ascending, of the last 25 hours at least. `used`: keys of the slots after `counted_to` that
    are used already. `last_pass`: when a pass last ran at all, for this account or another, so that the time since
    then is time in which nothing ran. `closed_for`: why this lane could not move meanwhile, when it was closed.
    """

    counted_to: datetime
    last_pass: datetime | None = None
    sent: Sequence[datetime] = ()
    used: Collection[str] = ()
    closed_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedStretch:
    """Slots that came due and will not be used: the first, the last, how many, and why in words."""

    first: datetime
    last: datetime
    count: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one account does now. All times are the desk's, in UTC.

    `send`: the post to make, in `slot` (None: at once, breaking, or a pin with no slot near it). `due_at`: when what is
    due came due; `now` when nothing is. `skips`: candidates to be skipped, with the reason. `missed`: slots that were
    missed. `counted_to`: every slot up to here is settled, once `slot` is marked as used. `blocked`: why something that
    is due does not go. `again`: when another look can change anything that is known now; None: not before the queue
    or the settings change. An empty queue wants its look too, or slots that found nothing to send count as missed.
    """

    counted_to: datetime
    due_at: datetime
    send: Candidate | None = None
    slot: Slot | None = None
    skips: tuple[Dropped, ...] = ()
    missed: MissedStretch | None = None
    blocked: str = ""
    again: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One post to come, or with no candidate a slot that nothing is foreseen for."""

    at: datetime
    slot: Slot | None
    candidate: Candidate | None


@dataclass(frozen=True, slots=True)
class _Choice:
    candidate: Candidate
    slot: Slot | None
    due_at: datetime


def plan_turn(timetable: Timetable, caps: Caps, lane: LaneView, candidates: Sequence[Candidate], now: datetime) -> Turn:
    """What the account does at `now` (desk time); `candidates` are its queued deliveries in any order.

    When `now` is earlier than `counted_to` the clock was set back, and nothing is due until it has caught up.
    """
    if now < lane.counted_to:
        return Turn(counted_to=lane.counted_to, due_at=now, again=lane.counted_to)
    return _turn(timetable, caps, lane, Lineup(candidates, caps, timetable.zone), now)


def paused_turn(timetable: Timetable, lane: LaneView, now: datetime, reason: str) -> Turn:
    """A turn of a paused account: its due slots are missed, its queue is left alone. `reason`: why it is paused."""
    if now < lane.counted_to:
        return Turn(counted_to=lane.counted_to, due_at=now, again=lane.counted_to)
    missed = _missed(_due(timetable, lane, now), f"paused: {reason}")
    following = next_slot(timetable, now)
    return Turn(counted_to=now, due_at=now, missed=missed, again=following.at if following else None)


def give_back(counted_to: datetime, slot_at: datetime) -> datetime:
    """The `counted_to` with which a slot whose post was not sent is due once more (its key is no longer used)."""
    return min(counted_to, slot_at - _SHORT_OF_A_SLOT)


def foresee(
    timetable: Timetable, caps: Caps, lane: LaneView, candidates: Sequence[Candidate], now: datetime, until: datetime
) -> list[Foreseen]:
    """What goes out from `now` to `until` (both included) if every pass comes on time and every post is accepted.

    Slots after `now` that are left without a post are listed too. Ascending by `at`.
    """
    lineup = Lineup(candidates, caps, timetable.zone)
    sent, used = list(lane.sent), set(lane.used)
    view = replace(lane, sent=sent, used=used)
    posts = []
    moment: datetime | None = max(now, lane.counted_to)
    while lineup and moment is not None and moment <= until:
        turn = _turn(timetable, caps, view, lineup, moment)
        if turn.send:
            posts.append(Foreseen(at=moment, slot=turn.slot, candidate=turn.send))
            insort(sent, moment)
        if turn.slot:
            used.add(turn.slot.key)
        view = replace(view, counted_to=turn.counted_to)
        moment = turn.again
    after = max(now, lane.counted_to)
    slots = (slot for slot in slots_between(timetable, after, until) if slot.key not in used)
    empty = [Foreseen(at=slot.at, slot=slot, candidate=None) for slot in slots]
    return sorted(posts + empty, key=lambda foreseen: foreseen.at)


def _turn(timetable: Timetable, caps: Caps, lane: LaneView, lineup: Lineup, now: datetime) -> Turn:
    """One turn at `now` >= counted_to; takes what it sends and what it skips out of the line-up."""
    skips = lineup.move_on(now)
    due = _due(timetable, lane, now)
    choice = _choose(timetable, caps, lane, lineup, due, now)
    held = hold(caps, lane.sent, now) if choice else None
    sent = choice if choice and not held else None
    if sent:
        lineup.take(sent.candidate)
    awaited = None if choice else _pin_awaited(caps, lineup, due, now)
    used = sent.slot if sent else None
    missed, still_open, counted_to = _settle(caps, lane, due, used, bool(choice or awaited), now)
    if sent and _choose(timetable, caps, lane, lineup, still_open, now):
        held = hold(caps, sorted([*lane.sent, now]), now) or Hold("", now)
    return Turn(
        counted_to=counted_to,
        due_at=choice.due_at if choice else now,
        send=sent.candidate if sent else None,
        slot=used,
        skips=skips,
        missed=_missed(missed, _why_missed(timetable, caps, lane, missed, now)),
        blocked=_blocked(timetable, held, awaited, sent),
        again=_again(timetable, lineup, held, now),
    )


def _due(timetable: Timetable, lane: LaneView, now: datetime) -> list[Slot]:
    return [slot for slot in slots_between(timetable, lane.counted_to, now) if slot.key not in lane.used]


def _choose(
    timetable: Timetable, caps: Caps, lane: LaneView, lineup: Lineup, due: Sequence[Slot], now: datetime
) -> _Choice | None:
    """What is next in turn at `now`, gap and caps apart."""
    if pin := lineup.due_pin(now):
        assert pin.pinned is not None
        return _Choice(pin, _slot_near(timetable, caps, lane, pin.pinned, now), pin.pinned)
    first = lineup.first()
    if first is None:
        return None
    if timetable.at_once or (timetable.breaking_at_once and first.breaking):
        return _Choice(first, None, now)
    newest = _newest(caps, due, now)
    if newest is None or _pin_awaited(caps, lineup, due, now):
        return None
    return _Choice(first, newest, newest.at)


def _newest(caps: Caps, due: Sequence[Slot], now: datetime) -> Slot | None:
    """The newest slot that is due, unless it is too late for it."""
    return due[-1] if due and now - due[-1].at <= caps.max_late else None


def _slot_near(timetable: Timetable, caps: Caps, lane: LaneView, pinned: datetime, now: datetime) -> Slot | None:
    """The unsettled slot, due or to come, that a pin takes: the nearest within its reach, if not too late for it."""
    reach = _reach(caps)
    after = max(lane.counted_to, pinned - reach, now - caps.max_late - _INSTANT)
    near = slots_between(timetable, after, pinned + reach - _INSTANT)
    return min((s for s in near if s.key not in lane.used), key=lambda slot: abs(slot.at - pinned), default=None)


def _pin_awaited(caps: Caps, lineup: Lineup, due: Sequence[Slot], now: datetime) -> Candidate | None:
    """The coming pin for which the newest slot is kept; it must come before the slot is too late."""
    newest = _newest(caps, due, now)
    reach = min(_reach(caps), caps.max_late + _INSTANT)
    return lineup.pin_within(now, newest.at, reach) if newest else None


def _reach(caps: Caps) -> timedelta:
    """A pin and a slot less than this apart cannot both send; without a gap, only the very same moment."""
    return max(caps.min_gap, _INSTANT)


def _settle(
    caps: Caps, lane: LaneView, due: Sequence[Slot], used: Slot | None, keep: bool, now: datetime
) -> tuple[Sequence[Slot], Sequence[Slot], datetime]:
    """What becomes of the due slots: those missed, those still due, and up to when all are settled.

    `keep`: something waits to be sent, so the newest slot, if not too late, stays due unless it is the one used.
    """
    if used and used in due:
        place = due.index(used)
        later = due[place + 1 :]
        return due[:place], later, used.at if later else now
    newest = _newest(caps, due, now)
    if newest and keep:
        return due[:-1], due[-1:], max(lane.counted_to, newest.at - _SHORT_OF_A_SLOT)
    return due[:-1] if newest else due, (), now


def _missed(slots: Sequence[Slot], reason: str) -> MissedStretch | None:
    if not slots:
        return None
    return MissedStretch(first=slots[0].at, last=slots[-1].at, count=len(slots), reason=reason)


def _why_missed(timetable: Timetable, caps: Caps, lane: LaneView, missed: Sequence[Slot], now: datetime) -> str:
    if not missed or lane.last_pass is None:
        return "late"
    last = missed[-1].at
    if lane.last_pass < last:
        return f"down {stretch(lane.last_pass, now, timetable.zone)}"
    # A pass saw the slot and left it due; the posts that held it back then are still among those sent.
    held = hold(caps, lane.sent, min(lane.last_pass, last + caps.max_late))
    return lane.closed_for or (held.reason if held else "late")


def _blocked(timetable: Timetable, held: Hold | None, awaited: Candidate | None, sent: _Choice | None) -> str:
    if sent:
        return ""
    if awaited and awaited.pinned:
        return f"kept for the post pinned for {time_of_day(awaited.pinned, timetable.zone)}"
    return held.reason if held else ""


def _again(timetable: Timetable, lineup: Lineup, held: Hold | None, now: datetime) -> datetime | None:
    """The earliest moment at which the same rules may decide otherwise; `held.until` may be `now` itself."""
    following = next_slot(timetable, now)
    no_slot_needed = timetable.at_once or timetable.breaking_at_once
    moments = (
        following.at if following else None,
        lineup.next_pin(now),
        lineup.next_release() if no_slot_needed else None,
        held.until if held else None,
    )
    return min((moment for moment in moments if moment is not None), default=None)
