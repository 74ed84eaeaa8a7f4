"""The timetable's language: lines such as `weekdays at 08:00, 12:30 and 18:00` become rules, and rules lines again.

A line is one of

    DAYS at TIMES [ZONE]                             weekdays at 08:00, 12:30 and 6:30pm
    every N min|hours from TIME to TIME [on DAYS] [ZONE]    every 20 min from 08:00 to 20:00 on weekdays
    breaking: at once

DAYS are full or short names, ranges (`mon-thu`, also around the week's end: `fri-mon`), `weekdays`, `weekends` and
`daily`, joined by commas and `and`. A range of times includes both ends and stays within one day: one over midnight
is refused, because it would leave open to which day its second half belongs. ZONE is an Area/City name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

Week = tuple[tuple[time, ...], ...]
"""Seven tuples of wall times, Monday's first, each ascending and without repetition."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = tuple(name[:3] for name in _DAYS)
_EVERY_DAY = frozenset(range(7))
_GROUPS = {
    "daily": _EVERY_DAY,
    "day": _EVERY_DAY,
    "weekdays": frozenset(range(5)),
    "weekday": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
    "weekend": frozenset({5, 6}),
}
_MORE_SHORT_NAMES = {"tues": 1, "thur": 3, "thurs": 3}

_SHAPES = (
    "expected '<days> at <times>' such as 'weekdays at 08:00 and 12:30', "
    "'every 20 min from 08:00 to 20:00', or 'breaking: at once'"
)
_EVERY = re.compile(r"every (?:(\d+) ?)?([a-z]+) from (.+?) to (.+?)(?: on (.+))?")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))? ?(am|pm)?")
_AND = re.compile(r"\s*(?:,\s*and\b|,|\band\b)\s*")
_ZONE = re.compile(r"(?:UTC|[A-Za-z][\w+-]*(?:/[\w+-]+)+)")


class TimetableError(ValueError):
    """A timetable line cannot be understood; the message quotes the line and says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Moments of the week: at each of `times` (local wall time, ascending) on each of `days` (0 is Monday) in `zone`.

    `step` is the distance in minutes when the rule was written as `every …`. `str(rule)` is a line that any account's
    timetable reads back as this very rule.
    """

    days: frozenset[int]
    times: tuple[time, ...]
    zone: ZoneInfo
    step: int | None = None

    def __str__(self) -> str:
        if self.step is None:
            line = f"{_days_in_words(self.days)} at {_joined([f'{moment:%H:%M}' for moment in self.times])}"
        else:
            on = "" if self.days == _EVERY_DAY else f" on {_days_in_words(self.days)}"
            line = f"every {self.step} min from {self.times[0]:%H:%M} to {self.times[-1]:%H:%M}{on}"
        return f"{line} {self.zone.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When an account may post. `zone` is the account's own, in which its moments are spoken of.

    `at_once`: no line at all, so a post goes as soon as gap and caps allow. With `breaking: at once` as the only line
    there are no slots, and nothing but breaking news ever goes out. `weeks` are the rules laid together by zone.
    """

    zone: ZoneInfo
    rules: tuple[Rule, ...] = ()
    breaking_at_once: bool = False
    weeks: tuple[tuple[ZoneInfo, Week], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zones = dict.fromkeys(rule.zone for rule in self.rules)
        weeks = tuple((zone, _week([rule for rule in self.rules if rule.zone is zone])) for zone in zones)
        object.__setattr__(self, "weeks", weeks)

    @property
    def at_once(self) -> bool:
        return not self.rules and not self.breaking_at_once


def parse(lines: Sequence[str], zone: ZoneInfo) -> Timetable:
    """The timetable that the lines describe; a line without a zone of its own is in `zone`.

    Raises TimetableError for the first line that cannot be understood.
    """
    return _parsed(tuple(lines), zone)


@lru_cache(maxsize=4096)  # ten thousand accounts have a handful of timetables between them
def _parsed(lines: tuple[str, ...], zone: ZoneInfo) -> Timetable:
    rules = []
    breaking_at_once = False
    for line in lines:
        try:
            rule = _read(" ".join(line.split()), zone)
        except TimetableError as problem:
            raise TimetableError(f'timetable line "{line}": {problem}') from None
        if rule is None:
            breaking_at_once = True
        else:
            rules.append(rule)
    return Timetable(zone=zone, rules=tuple(rules), breaking_at_once=breaking_at_once)


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises TimetableError with the nearest name that exists."""
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # OSError: the name is that of a folder of zones, such as America/Indiana
    raise TimetableError(f"unknown time zone '{name}'{_nearest_zone(name)}")


def _nearest_zone(name: str) -> str:
    known = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(available_timezones())}
    known |= {zone.casefold(): zone for zone in known.values()}
    close = get_close_matches(name.casefold(), known, n=1, cutoff=0.75)
    return f"; did you mean '{known[close[0]]}'?" if close else " (expected one such as 'Asia/Baku')"


def _read(line: str, zone: ZoneInfo) -> Rule | None:
    """The rule of one line, its white space already folded; None for the line of breaking news."""
    words, zone = _split_zone(line, zone)
    words = words.lower().replace("–", "-")
    if words.startswith("breaking"):
        if not re.fullmatch(r"breaking ?: ?at once", words):
            raise TimetableError("breaking news can only be 'breaking: at once'")
        return None
    if match := _EVERY.fullmatch(words):
        number, unit, first, last, days = match.groups()
        return _every(_step(number, unit), _time(first), _time(last), _days(days or "daily"), zone)
    named, at, moments = words.partition(" at ")
    if not at:
        raise TimetableError(_SHAPES)
    return Rule(days=_days(named), times=tuple(sorted({_time(item) for item in _AND.split(moments)})), zone=zone)


def _split_zone(line: str, zone: ZoneInfo) -> tuple[str, ZoneInfo]:
    before, _, last = line.rpartition(" ")
    if "/" in last or last == "UTC":
        return before, find_zone(last)
    return line, zone


def _every(step: int, first: time, last: time, days: frozenset[int], zone: ZoneInfo) -> Rule:
    if last < first:
        raise TimetableError(
            "a range of times cannot run over midnight: "
            f"write one line from {first:%H:%M} to 23:59 and one from 00:00 to {last:%H:%M}"
        )
    minutes = range(_minute(first), _minute(last) + 1, step)
    return Rule(days=days, times=tuple(time(*divmod(minute, 60)) for minute in minutes), zone=zone, step=step)


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _step(number: str | None, unit: str) -> int:
    count = int((number or "1")[:9])
    if unit in ("min", "mins", "minute", "minutes"):
        minutes = count
    elif unit in ("h", "hour", "hours"):
        minutes = count * 60
    else:
        raise TimetableError(f"'{unit}' is not a unit here: expected min or hours")
    if not 1 <= minutes <= 24 * 60:
        raise TimetableError(f"'every {count} {unit}' is not between 1 minute and 24 hours")
    return minutes


def _time(item: str) -> time:
    """A time of day: `08:00`, `8:00`, `6:30pm` or `6pm`."""
    match = _TIME.fullmatch(item)
    if match and (match[2] or match[3]):
        hour, minute = int(match[1]), int(match[2] or 0)
        if match[3] and 1 <= hour <= 12:
            hour = hour % 12 + (12 if match[3] == "pm" else 0)
        elif match[3]:
            hour = 24
        if hour < 24 and minute < 60:
            return time(hour, minute)
    moment, _, rest = item.partition(" ")
    if rest.isalpha() and rest not in ("am", "pm") and _TIME.fullmatch(moment):
        raise TimetableError(f"unknown time zone '{rest}'{_nearest_zone(rest)}")
    raise TimetableError(f"'{item}' is not a time of day (00:00 to 23:59)")


def _days(words: str) -> frozenset[int]:
    return frozenset().union(*(_day_or_range(item) for item in _AND.split(words)))


def _day_or_range(item: str) -> frozenset[int]:
    item = item.removeprefix("every ")
    if item in _GROUPS:
        return _GROUPS[item]
    first, dash, last = (part.strip() for part in item.partition("-"))
    if not dash:
        return frozenset({_day(first)})
    start = _day(first)
    return frozenset((start + ahead) % 7 for ahead in range((_day(last) - start) % 7 + 1))


def _day(name: str) -> int:
    single = name.removesuffix("s") if len(name) > 5 else name
    for names in (_DAYS, _SHORT):
        if single in names:
            return names.index(single)
    if name in _MORE_SHORT_NAMES:
        return _MORE_SHORT_NAMES[name]
    raise TimetableError(f"'{name}' is not a day: expected mon to sun, monday to sunday, weekdays, weekends or daily")


def _days_in_words(days: frozenset[int]) -> str:
    for group in ("daily", "weekdays", "weekends"):
        if _GROUPS[group] == days:
            return group
    return _joined([_SHORT[day] for day in sorted(days)])


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _week(rules: Sequence[Rule]) -> Week:
    return tuple(tuple(sorted({t for rule in rules if day in rule.days for t in rule.times})) for day in range(7))
