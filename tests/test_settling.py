"""The rest of an unclear post is never shortened: not by a wall clock that jumps, not by a restart of the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import clock
from bot.settling import NOTHING, Instant, is_lost, passed, still_to_rest

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=120)
DAY = 86_400.0
INTENT = Instant(START, 1_000.0, "boot-1")

seconds = st.floats(min_value=0, max_value=3 * DAY)
jumps = st.floats(min_value=-3 * DAY, max_value=3 * DAY)


def later(intent: Instant, by_wall: float, by_uptime: float, boot: str | None = None) -> Instant:
    return Instant(
        intent.at + timedelta(seconds=by_wall), intent.uptime + by_uptime, intent.boot if boot is None else boot
    )


@pytest.mark.parametrize(
    ("by_wall", "by_uptime", "rests"),
    [
        (120, 120, False),
        (119, 119, True),
        (DAY, 10, True),  # the wall clock jumped ahead
        (10, DAY, True),  # the machine's uptime makes no sense
        (-DAY, 119, True),  # the wall clock was set back: the uptime alone knows
        (-DAY, 120, False),
        (60, 3_600, True),
    ],
)
def test_on_the_same_boot_both_clocks_must_agree(by_wall: float, by_uptime: float, rests: bool) -> None:
    now = later(INTENT, by_wall, by_uptime)
    assert (still_to_rest(INTENT, now, now, SETTLE) > NOTHING) is rests


def test_after_a_restart_the_wall_clock_and_the_first_sight_must_agree() -> None:
    seen = later(INTENT, 30, -900, "boot-2")
    assert still_to_rest(INTENT, seen, later(seen, 119, 119), SETTLE) > NOTHING
    assert still_to_rest(INTENT, seen, later(seen, DAY, 10), SETTLE) > NOTHING  # the clock was set after the start
    assert still_to_rest(INTENT, seen, later(seen, 120, 120), SETTLE) <= NOTHING


def test_a_wall_clock_behind_the_intent_waits_from_the_first_sight() -> None:
    seen = later(INTENT, -DAY, -900, "boot-2")
    assert still_to_rest(INTENT, seen, seen, SETTLE) == SETTLE
    assert still_to_rest(INTENT, seen, later(seen, 119, 119), SETTLE) > NOTHING
    assert still_to_rest(INTENT, seen, later(seen, 120, 120), SETTLE) <= NOTHING


def test_a_mark_that_no_clock_can_measure_from_is_lost() -> None:
    behind = later(INTENT, -60, -900, "boot-2")
    assert is_lost(INTENT, behind)
    assert not is_lost(INTENT, later(INTENT, 60, -900, "boot-2"))
    assert not is_lost(INTENT, later(INTENT, -60, 60))


@given(wall=seconds, jump=jumps)
def test_no_jump_of_the_wall_clock_shortens_the_rest(wall: float, jump: float) -> None:
    """True time passes by `wall` seconds while the wall clock also jumps; the uptime tells the truth."""
    now = later(INTENT, wall + jump, wall)
    if still_to_rest(INTENT, now, now, SETTLE) <= NOTHING:
        assert wall >= SETTLE.total_seconds() - 0.001


@given(before=seconds, jump=jumps, after=seconds, second_jump=jumps)
def test_no_jump_shortens_it_after_a_restart_either(
    before: float, jump: float, after: float, second_jump: float
) -> None:
    seen = Instant(START + timedelta(seconds=before + jump), 50.0, "boot-2")
    now = Instant(seen.at + timedelta(seconds=after + second_jump), 50.0 + after, "boot-2")
    if still_to_rest(INTENT, seen, now, SETTLE) <= NOTHING:
        assert before + after >= SETTLE.total_seconds() - 0.001


@given(wall=jumps, up=seconds, boot=st.sampled_from(["boot-1", "boot-2", ""]))
def test_it_always_ends(wall: float, up: float, boot: str) -> None:
    """Wherever the clocks stand when an attempt is first seen, ten minutes of true time are enough."""
    seen = Instant(START + timedelta(seconds=wall), 1_000.0 + up, boot)
    now = later(seen, 600, 600)
    intent = INTENT if wall >= 0 or boot != "boot-1" else Instant(START, 1_000.0 + up, "boot-1")
    assert is_lost(seen, now) or still_to_rest(intent, seen, now, SETTLE) <= max(-timedelta(seconds=wall), NOTHING)


def test_without_a_name_for_the_boot_the_wall_clock_decides() -> None:
    nameless = Instant(START, 1_000.0, "")
    assert passed(nameless, later(nameless, 60, 5)) == timedelta(seconds=60)
    assert passed(nameless, later(nameless, -60, 5)) == NOTHING


def test_the_machine_names_its_boot() -> None:
    assert clock.boot_id() == clock.boot_id() != ""
