"""Slots on the days when clocks change, against an oracle that watches a wall clock minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.timetable.language import Timetable, parse
from bot.timetable.slots import next_slot, slots_between

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

# Zone and UTC day of a change of its clocks, or another day on which calendars go wrong.
ODD_DAYS = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 3, 14, tzinfo=UTC)),  # from 00:01 to 01:01
    ("America/St_Johns", datetime(2010, 11, 7, tzinfo=UTC)),  # from 00:01 to 23:01 of the day before
    ("America/Asuncion", datetime(2023, 10, 1, tzinfo=UTC)),  # midnight does not exist
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),  # a whole day is left out
    ("Asia/Baku", datetime(2026, 12, 31, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2026, 12, 31, tzinfo=UTC)),
    ("UTC", datetime(2028, 2, 28, tzinfo=UTC)),
]


def slots_by_watching(timetable: Timetable, after: datetime, until: datetime) -> dict[datetime, set[str]]:
    """Every minute look at a clock on the wall: what it shows for the first time, or has skipped, falls due."""
    found: dict[datetime, set[str]] = {}
    for rule in timetable.rules:
        now = after - 2 * DAY
        shown = now.astimezone(rule.zone).replace(tzinfo=None, fold=0)
        while now < until:
            now += MINUTE
            on_the_wall = now.astimezone(rule.zone).replace(tzinfo=None, fold=0)
            while shown < on_the_wall:
                shown += MINUTE
                if now > after and shown.weekday() in rule.days and shown.time() in rule.times:
                    found.setdefault(now, set()).add(f"{shown:%Y-%m-%dT%H:%M} {rule.zone.key}")
    return found


def assert_same(timetable: Timetable, after: datetime, until: datetime) -> None:
    slots = list(slots_between(timetable, after, until))
    watched = slots_by_watching(timetable, after, until)
    assert [slot.at for slot in slots] == sorted(watched)
    assert all(slot.key in watched[slot.at] for slot in slots)
    assert all(slot.at.tzinfo is UTC for slot in slots)


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS, ids=str)
def test_slots_fall_where_a_watched_clock_shows_them(zone: str, day: datetime) -> None:
    lines = ["every 10 min from 00:00 to 23:59", "daily at 02:15 and 23:59", "weekends at 00:01"]
    assert_same(parse(lines, ZoneInfo(zone)), day - DAY, day + 2 * DAY)


lines = st.lists(
    st.builds(
        "{} at {:02}:{:02} {}".format,
        st.sampled_from(["daily", "weekdays", "sat and sun"]),
        st.sampled_from([0, 1, 2, 3, 23]),
        st.integers(0, 59),
        st.sampled_from(sorted({zone for zone, _ in ODD_DAYS})),
    ),
    min_size=1,
    max_size=4,
)
odd_moments = st.builds(
    lambda day, minutes: day + minutes * MINUTE,
    st.sampled_from([day for _, day in ODD_DAYS]),
    st.integers(-1500, 1500),
)


@settings(max_examples=40, deadline=None)
@given(lines, odd_moments, st.integers(0, 1500))
def test_slots_of_several_zones_fall_where_watched_clocks_show_them(
    lines: Sequence[str], after: datetime, minutes: int
) -> None:
    assert_same(parse(lines, ZoneInfo("Asia/Baku")), after, after + minutes * MINUTE)


@settings(deadline=None)
@given(lines, odd_moments, st.lists(st.integers(0, 2000), max_size=6))
def test_a_stretch_has_the_slots_of_its_parts_each_once(
    lines: Sequence[str], after: datetime, cuts: Sequence[int]
) -> None:
    timetable = parse(lines, ZoneInfo("Asia/Baku"))
    ends = [after, *(after + minutes * MINUTE for minutes in sorted(cuts)), after + 2001 * MINUTE]
    whole = list(slots_between(timetable, ends[0], ends[-1]))
    parts = [slot for start, end in zip(ends, ends[1:], strict=False) for slot in slots_between(timetable, start, end)]
    assert parts == whole
    assert len({slot.key for slot in whole}) == len(whole)


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS, ids=str)
def test_a_night_looked_at_in_short_stretches_loses_no_slot(zone: str, day: datetime) -> None:
    timetable = parse(["every 10 min from 00:00 to 23:59"], ZoneInfo(zone))
    ends = [day - DAY + 7 * minutes * MINUTE for minutes in range(500)]
    parts = [slot for start, end in zip(ends, ends[1:], strict=False) for slot in slots_between(timetable, start, end)]
    assert parts == list(slots_between(timetable, ends[0], ends[-1]))


def keys(lines: Sequence[str], zone: str, after: str, until: str) -> list[tuple[str, str]]:
    found = slots_between(parse(lines, ZoneInfo(zone)), datetime.fromisoformat(after), datetime.fromisoformat(until))
    return [(f"{slot.at:%d %H:%MZ}", slot.key) for slot in found]


def test_a_slot_left_out_in_spring_moves_to_the_first_minute_that_exists() -> None:
    found = keys(["daily at 02:30"], "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T12:00Z")
    assert found == [("29 01:00Z", "2026-03-29T02:30 Europe/Berlin"), ("30 00:30Z", "2026-03-30T02:30 Europe/Berlin")]


def test_a_slot_that_comes_twice_in_autumn_counts_once_at_its_first_coming() -> None:
    found = keys(["daily at 02:30"], "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-26T00:00Z")
    assert found == [("25 00:30Z", "2026-10-25T02:30 Europe/Berlin")]


def test_lines_that_name_the_same_moment_make_one_slot() -> None:
    lines = ["daily at 08:00", "weekdays at 08:00 and 09:00", "daily at 12:00 Asia/Baku"]
    found = keys(lines, "UTC", "2026-11-23T00:00Z", "2026-11-24T00:00Z")
    assert found == [("23 08:00Z", "2026-11-23T08:00 UTC"), ("23 09:00Z", "2026-11-23T09:00 UTC")]


def test_a_moved_slot_gives_way_to_one_that_stands_there() -> None:
    found = keys(["daily at 02:00, 02:30 and 03:00"], "Europe/Berlin", "2026-03-29T00:00Z", "2026-03-29T12:00Z")
    assert found == [("29 01:00Z", "2026-03-29T03:00 Europe/Berlin")]


def test_a_stretch_leaves_out_its_start_and_includes_its_end() -> None:
    found = keys(["daily at 08:00"], "UTC", "2026-11-23T08:00Z", "2026-11-24T08:00Z")
    assert found == [("24 08:00Z", "2026-11-24T08:00 UTC")]


def test_a_timetable_without_slots_has_no_next_one() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert next_slot(parse([], ZoneInfo("UTC")), now) is None
    assert next_slot(parse(["breaking: at once"], ZoneInfo("UTC")), now) is None


@pytest.mark.parametrize(("zone", "day"), ODD_DAYS, ids=str)
def test_the_next_slot_is_the_first_of_those_to_come(zone: str, day: datetime) -> None:
    timetable = parse(["sun at 02:30"], ZoneInfo(zone))
    assert next_slot(timetable, day) == next(slots_between(timetable, day, day + 30 * DAY))


def test_a_far_end_costs_nothing_until_it_is_reached() -> None:
    always = slots_between(
        parse(["every 1 min from 00:00 to 23:59"], ZoneInfo("Europe/Berlin")),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    )
    assert [f"{slot.at:%H:%M}" for slot in islice(always, 3)] == ["00:01", "00:02", "00:03"]
