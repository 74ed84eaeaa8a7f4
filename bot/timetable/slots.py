"""The moments of a timetable as instants: pure calendar arithmetic, with a rule for the days when clocks change.

A slot falls on the first moment at which the local clock shows its wall time or later. So a time that is left out in
spring moves to the first minute that exists, and one that comes twice in autumn counts once, at its first coming.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from bot.timetable.language import Timetable, Week

_MINUTE = timedelta(minutes=1)
_LONGER_THAN_A_WEEK = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment of a timetable: `at` in UTC, and `key`, its wall time as written with the zone, by which it is known.

    A key such as `2026-03-29T08:00 Europe/Berlin` stays the same when the zone's rules change: no slot is used twice.
    """

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    wall: datetime
    zone: ZoneInfo
    moved: bool


def slots_between(timetable: Timetable, after: datetime, until: datetime) -> Iterator[Slot]:
    """The slots with after < at <= until, ascending, one an instant.

    Lines that name the same instant make one slot; it is known by a wall time that was not moved, if there is one.
    Lazy: a slot costs a few microseconds when it is reached, a day without slots next to nothing.
    """
    moments = merge(*(_moments(zone, week, after, until) for zone, week in timetable.weeks), key=_at)
    for at, same in groupby(moments, key=_at):
        best = min(same, key=attrgetter("moved"))
        yield Slot(at, f"{best.wall:%Y-%m-%dT%H:%M} {best.zone.key}")


def next_slot(timetable: Timetable, after: datetime) -> Slot | None:
    """The first slot later than `after`; None when the timetable has no slots."""
    return next(slots_between(timetable, after, after + _LONGER_THAN_A_WEEK), None)


_at = attrgetter("at")


def _moments(zone: ZoneInfo, week: Week, after: datetime, until: datetime) -> Iterator[_Moment]:
    first = after.astimezone(zone).toordinal()
    # One day more than the local date: where clocks go back over midnight, the next day had already begun once.
    last = min(until.astimezone(zone).toordinal() + 1, date.max.toordinal())
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        walls = [datetime.combine(day, moment) for moment in week[day.weekday()]]
        start = bisect_right(walls, after, key=lambda wall: _first_moment(wall, zone).at)
        for wall in walls[start:]:
            moment = _first_moment(wall, zone)
            if moment.at > until:
                return
            yield moment


def _first_moment(wall: datetime, zone: ZoneInfo) -> _Moment:
    # fold=0, the default of a naive wall time, is the first of two comings.
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return _Moment(at, wall, zone, moved=False)
    return _Moment(_end_of_gap(wall, zone, at), wall, zone, moved=True)


def _end_of_gap(wall: datetime, zone: ZoneInfo, beyond: datetime) -> datetime:
    """The instant at which clocks jump over `wall`; `beyond` is `wall` read with the offset before the jump."""
    # Read with the offset after the jump (fold=1), the same wall time is an instant before it.
    short_of = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset_after = beyond.astimezone(zone).utcoffset()
    minutes = bisect_left(
        range((beyond - short_of) // _MINUTE),
        True,
        key=lambda minute: (short_of + minute * _MINUTE).astimezone(zone).utcoffset() == offset_after,
    )
    return short_of + minutes * _MINUTE
