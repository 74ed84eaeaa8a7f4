"""How the planner's reasons speak of times: in the account's zone, and no longer than a person needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_TWO_DAYS = timedelta(days=2)


def spoken(span: timedelta) -> str:
    """A length of time in at most two units: `26 h`, `2 min 30 s`, `3 d 4 h`; whole seconds, never less than `0 s`."""
    rest = max(0, round(span.total_seconds()))
    parts: list[tuple[int, str]] = []
    for name, seconds in _UNITS if span >= _TWO_DAYS else _UNITS[1:]:
        count, rest = divmod(rest, seconds)
        if count or parts:
            parts.append((count, name))
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count) or "0 s"


def time_of_day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def stretch(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """From one moment to another: `01:10–02:55`, with both dates when they are not the same day."""
    start, end = first.astimezone(zone), last.astimezone(zone)
    shape = "%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M"
    return f"{start:{shape}}–{end:{shape}}"
