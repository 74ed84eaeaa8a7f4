"""Moments as people write them and read them: with an offset or in a zone, or as "two hours ago"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from bot.errors import UsageError

_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)  # calendars end somewhere; we do before
_HINT = "Write it like 2026-11-22T18:00, with an offset like 2026-11-22T18:00+04:00, or as a length of time like 2h."


class Direction(Enum):
    """Where a length of time points: `2h` is two hours ago for --since, and two hours ahead for --at."""

    AGO = -1
    AHEAD = 1


def moment(text: str, *, zone: ZoneInfo, now: datetime, direction: Direction | None = None) -> datetime:
    """The moment that `text` means, in UTC. Raises UsageError in plain words.

    With an offset it stands for itself; without one it is wall time in `zone`. `18:00` is the nearest one in the
    `direction`; `2h`, `30min`, `3d` count from `now` in it. Without a direction only a full date and time will do.
    """
    try:
        found = _read(text.strip(), zone, now, direction)
        if FIRST <= found < END:
            return found
    except OverflowError:
        pass
    except ValueError:
        raise UsageError(f"{text!r} is not a moment.", _HINT) from None
    raise UsageError(f"{text!r} is too far away.", f"A moment lies in the years {FIRST.year} to {END.year - 1}.")


def _read(written: str, zone: ZoneInfo, now: datetime, direction: Direction | None) -> datetime:
    if direction and (length := _length(written)) is not None:
        return now + direction.value * length
    if direction and _TIME_OF_DAY.fullmatch(written):
        return _nearest(time.fromisoformat(written.zfill(5)), zone, now, direction)
    return _in_utc(datetime.fromisoformat(written), zone)


def _length(text: str) -> timedelta | None:
    from bot.configuring.values import duration

    try:
        return duration(text)
    except ValueError:
        return None


def _nearest(of_day: time, zone: ZoneInfo, now: datetime, direction: Direction) -> datetime:
    today = now.astimezone(zone).date()
    for days in (0, direction.value):
        found = _in_utc(datetime.combine(today + timedelta(days=days), of_day), zone)
        if (found - now) * direction.value >= timedelta():
            break
    return found


def _in_utc(written: datetime, zone: ZoneInfo) -> datetime:
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    first, second = (written.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    wall, readings = _short(written), f"{spoken_iso(first, zone)} or {spoken_iso(second, zone)}"
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == written
    what = "comes twice, because clocks go back" if exists else "does not exist, because clocks go forward"
    raise UsageError(f"{wall} {what} in {zone.key}.", f"Write which is meant: {readings}.")


def _short(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes" if not moment.second else "seconds")


def spoken_iso(moment: datetime, zone: ZoneInfo) -> str:
    """ISO 8601 with the zone's offset, to the second: how a moment is written for programs."""
    return moment.astimezone(UTC).astimezone(zone).isoformat(timespec="seconds")


def place(zone: ZoneInfo) -> str:
    """A zone in a word: `Baku`, `New York`."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def spoken(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """How a moment is written for people: `Sun 22 Nov 18:00`, with the year where it is not this one."""
    there, today = moment.astimezone(zone), now.astimezone(zone)
    return there.strftime("%a %d %b %H:%M" if there.year == today.year else "%a %d %b %Y %H:%M")
