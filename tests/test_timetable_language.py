"""The timetable's language: what each way of writing means, what is refused in which words, and reading back."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.timetable.language import Rule, TimetableError, find_zone, parse

BAKU = ZoneInfo("Asia/Baku")
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = {0, 1, 2, 3, 4, 5, 6}

MEANINGS = {
    "weekdays at 08:00, 12:30 and 18:00": ({0, 1, 2, 3, 4}, "08:00 12:30 18:00"),
    "weekends at 10:00": ({5, 6}, "10:00"),
    "mon, wed and fri at 6:30pm": ({0, 2, 4}, "18:30"),
    "mon-thu at 9:00": ({0, 1, 2, 3}, "09:00"),
    "mon – thu at 9:00": ({0, 1, 2, 3}, "09:00"),
    "fri-mon at 9:00": ({4, 5, 6, 0}, "09:00"),
    "sun-sat at 9:00": (WEEK, "09:00"),
    "daily at 07:00": (WEEK, "07:00"),
    "every day at 07:00": (WEEK, "07:00"),
    "Every Monday at 07:00": ({0}, "07:00"),
    "Saturdays and sunday at 12am, 12pm and 12:05 AM": ({5, 6}, "00:00 00:05 12:00"),
    "tues, thur, thurs and wed at 23:59": ({1, 2, 3}, "23:59"),
    "  weekdays   at  18:00,08:00 , and 08:00 ": ({0, 1, 2, 3, 4}, "08:00 18:00"),
    "every 20 min from 08:00 to 09:00": (WEEK, "08:00 08:20 08:40 09:00"),
    "every 25 minutes from 8am to 9am on weekends": ({5, 6}, "08:00 08:25 08:50"),
    "every 2 hours from 08:00 to 12:00 on mon-wed": ({0, 1, 2}, "08:00 10:00 12:00"),
    "every hour from 22:00 to 23:59": (WEEK, "22:00 23:00"),
    "every 5 min from 10:00 to 10:00": (WEEK, "10:00"),
}

REFUSALS = {
    "weekdays at 25:00": "'25:00' is not a time of day (00:00 to 23:59)",
    "weekdays at 08:60": "'08:60' is not a time of day",
    "weekdays at 8": "'8' is not a time of day",
    "weekdays at 13pm": "'13pm' is not a time of day",
    "weekdays at 0am": "'0am' is not a time of day",
    "weekdays at 08:00,,12:30": "'' is not a time of day",
    "daily at 08:00 Asia/Bakuu": "unknown time zone 'Asia/Bakuu'; did you mean 'Asia/Baku'?",
    "daily at 08:00 asia/baku": "unknown time zone 'asia/baku'; did you mean 'Asia/Baku'?",
    "daily at 08:00 Baku": "did you mean 'Asia/Baku'?",
    "daily at 08:00 America/Indiana": "unknown time zone 'America/Indiana'",
    "daily at 08:00 ../../etc/passwd": "unknown time zone '../../etc/passwd'",
    "daily at 08:00 Xyzzy/Plugh": "unknown time zone 'Xyzzy/Plugh' (expected one such as 'Asia/Baku')",
    "moonday at 08:00": "'moonday' is not a day: expected mon to sun",
    "mon- at 08:00": "'' is not a day",
    "weekdays 08:00": "expected '<days> at <times>' such as 'weekdays at 08:00 and 12:30'",
    "": "expected '<days> at <times>'",
    "every 30 min from 22:00 to 02:00": "write one line from 22:00 to 23:59 and one from 00:00 to 02:00",
    "every 0 min from 08:00 to 09:00": "'every 0 min' is not between 1 minute and 24 hours",
    "every 25 hours from 08:00 to 09:00": "'every 25 hours' is not between 1 minute and 24 hours",
    "every 9999999999999999999999 min from 08:00 to 09:00": "is not between 1 minute and 24 hours",
    "every 30 s from 08:00 to 09:00": "'s' is not a unit here: expected min or hours",
    "breaking: soon": "breaking news can only be 'breaking: at once'",
}


def in_short(rule: Rule) -> tuple[set[int], str]:
    return set(rule.days), " ".join(f"{moment:%H:%M}" for moment in rule.times)


@pytest.mark.parametrize(("line", "meaning"), MEANINGS.items())
def test_a_line_means(line: str, meaning: tuple[set[int], str]) -> None:
    (rule,) = parse([line], BAKU).rules
    assert in_short(rule) == meaning
    assert rule.zone is BAKU


@pytest.mark.parametrize(("line", "words"), REFUSALS.items())
def test_a_line_is_refused_in_words_that_quote_it(line: str, words: str) -> None:
    with pytest.raises(TimetableError) as refusal:
        parse(["daily at 07:00", line], BAKU)
    assert words in str(refusal.value)
    assert f'"{line}"' in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("daily at 08:00 Europe/Berlin", "Europe/Berlin"),
        ("daily at 8am America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("every 20 min from 08:00 to 09:00 on weekdays UTC", "UTC"),
    ],
)
def test_a_line_may_end_in_a_zone_of_its_own(line: str, zone: str) -> None:
    (rule,) = parse([line], BAKU).rules
    assert rule.zone.key == zone


def test_no_lines_mean_at_once() -> None:
    assert parse([], BAKU).at_once
    assert not parse([], BAKU).breaking_at_once


def test_the_breaking_line_stands_beside_the_others() -> None:
    timetable = parse(["daily at 08:00", "Breaking : at once"], BAKU)
    assert timetable.breaking_at_once
    assert not timetable.at_once
    assert len(timetable.rules) == 1


def test_the_breaking_line_alone_gives_other_news_no_moment() -> None:
    timetable = parse(["breaking: at once"], BAKU)
    assert timetable.breaking_at_once
    assert not timetable.at_once


@pytest.mark.parametrize("name", ["Asia/Baku", "UTC", "America/Port-au-Prince", "Etc/GMT+5"])
def test_a_zone_is_found_by_its_name(name: str) -> None:
    assert find_zone(name).key == name


days = st.frozensets(st.integers(0, 6), min_size=1)
zones = st.sampled_from([BAKU, BERLIN, ZoneInfo("UTC"), ZoneInfo("America/Port-au-Prince")])
moments = st.times().map(lambda moment: time(moment.hour, moment.minute))


@st.composite
def repeated(draw: st.DrawFn) -> Rule:
    first, last, step = draw(st.integers(0, 1439)), draw(st.integers(0, 1439)), draw(st.integers(1, 1440))
    minutes = range(min(first, last), max(first, last) + 1, step)
    times = tuple(time(minute // 60, minute % 60) for minute in minutes)
    return Rule(days=draw(days), times=times, zone=draw(zones), step=step)


listed = st.builds(
    lambda days, times, zone: Rule(days=days, times=tuple(sorted(times)), zone=zone),
    days,
    st.sets(moments, min_size=1, max_size=6),
    zones,
)


@given(st.one_of(listed, repeated()))
def test_every_rule_is_read_back_from_its_own_words(rule: Rule) -> None:
    assert parse([str(rule)], BERLIN).rules == (rule,)


@given(st.text(alphabet="mon daily at every from to 0123456789:,-–/apmBU", max_size=40))
def test_any_line_is_understood_or_refused_in_words(line: str) -> None:
    try:
        parse([line], BAKU)
    except TimetableError:
        pass  # any other exception is a bug
