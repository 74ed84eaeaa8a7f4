"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli.times import Direction, moment, spoken
from bot.errors import UsageError
from tests.commands import nightdesk
from tests.world import TWO_ACCOUNTS, write_home

BAKU, BERLIN = ZoneInfo("Asia/Baku"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # 14:00 in Baku


@pytest.mark.parametrize(
    ("written", "direction", "meant"),
    [
        ("2026-11-22T18:00+01:00", None, "2026-11-22T17:00"),
        ("2026-11-22T18:00Z", None, "2026-11-22T18:00"),
        ("2026-11-22T18:00", None, "2026-11-22T14:00"),
        ("2026-11-22 18:00:30", None, "2026-11-22T14:00:30"),
        ("2026-11-22", None, "2026-11-21T20:00"),
        ("2h", Direction.AHEAD, "2026-11-22T12:00"),
        ("2h", Direction.AGO, "2026-11-22T08:00"),
        ("30min", Direction.AGO, "2026-11-22T09:30"),
        ("3d", Direction.AHEAD, "2026-11-25T10:00"),
        (" 90 s ", Direction.AHEAD, "2026-11-22T10:01:30"),
        ("18:00", Direction.AHEAD, "2026-11-22T14:00"),
        ("9:30", Direction.AHEAD, "2026-11-23T05:30"),
        ("14:00", Direction.AHEAD, "2026-11-22T10:00"),
        ("18:00", Direction.AGO, "2026-11-21T14:00"),
        ("9:30", Direction.AGO, "2026-11-22T05:30"),
    ],
)
def test_a_moment_is_understood_in_the_accounts_zone(written: str, direction: Direction | None, meant: str) -> None:
    found = moment(written, zone=BAKU, now=NOW, direction=direction)
    assert found == datetime.fromisoformat(meant).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "written", ["", "soon", "25:00", "2026-13-01", "2026-11-22T25:00", "2", "-2h", "2h ago", "99999999d"]
)
def test_what_is_no_moment_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UsageError) as refused:
        moment(written, zone=BAKU, now=NOW, direction=Direction.AHEAD)
    assert repr(written) in refused.value.message
    assert "2026-11-22T18:00" in refused.value.hint


def test_the_pretended_moment_is_no_length_of_time() -> None:
    with pytest.raises(UsageError):
        moment("2h", zone=BAKU, now=NOW)


@pytest.mark.parametrize(
    "written", ["0001-01-01", "1969-12-31T23:59Z", "2200-01-01T00:00Z", "9999-12-30", "9999-12-31T23:59-12:00"]
)
def test_a_moment_beyond_our_calendar_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="too far away") as refused:
        moment(written, zone=BAKU, now=NOW)
    assert "1970 to 2199" in refused.value.hint


def test_a_length_of_time_that_leads_out_of_our_calendar_is_refused() -> None:
    with pytest.raises(UsageError, match="too far away"):
        moment("3000d", zone=BAKU, now=datetime(2199, 1, 1, tzinfo=UTC), direction=Direction.AHEAD)


def test_a_wall_time_that_comes_twice_is_refused_with_both_readings() -> None:
    with pytest.raises(UsageError) as refused:
        moment("2026-10-25T02:30", zone=BERLIN, now=NOW)
    assert "2026-10-25 02:30 comes twice" in refused.value.message
    assert "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00" in refused.value.hint


def test_a_wall_time_that_never_comes_is_refused_with_both_readings() -> None:
    with pytest.raises(UsageError) as refused:
        moment("2026-03-29T02:30", zone=BERLIN, now=NOW)
    assert "2026-03-29 02:30 does not exist" in refused.value.message
    assert "2026-03-29T03:30:00+02:00 or 2026-03-29T01:30:00+01:00" in refused.value.hint


@pytest.mark.parametrize("written", ["2026-10-25T02:30+02:00", "2026-03-29T02:30+01:00"])
def test_with_an_offset_there_is_nothing_to_refuse(written: str) -> None:
    assert moment(written, zone=BERLIN, now=NOW) == datetime.fromisoformat(written)


def test_a_moment_is_spoken_with_its_year_only_where_it_is_another_one() -> None:
    assert spoken(datetime(2026, 11, 22, 14, 0, tzinfo=UTC), BAKU, NOW) == "Sun 22 Nov 18:00"
    assert spoken(datetime(2027, 1, 1, 0, 0, tzinfo=UTC), BAKU, NOW) == "Fri 01 Jan 2027 04:00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("once", "--now", "0001-01-01T00:00Z"), "'0001-01-01T00:00Z' is too far away."),
        (("plan", "--from", "9999-12-30", "--days", "5"), "'9999-12-30' is too far away."),
        (("plan", "--from", "2199-12-30", "--days", "5"), "too far ahead to plan"),
        (("plan", "--from", "2028-06-01", "--days", "30", "--now", "2026-06-01T06:00"), "too far ahead to plan"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_command_with_a_moment_out_of_reach_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    write_home(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db", "http://127.0.0.1:9", TWO_ACCOUNTS)
    done = nightdesk(*words, home=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
