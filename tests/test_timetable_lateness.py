"""When a queued post is late: the cases one by one, then as properties of desks that work and that stand still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.account import Caps
from bot.timetable.language import parse
from bot.timetable.lateness import PATIENCE, Late, late_one, may_be_late
from bot.timetable.limits import freed, hold
from bot.timetable.planner import Candidate, LaneView, plan_turn

BAKU = ZoneInfo("Asia/Baku")
MINUTE = timedelta(minutes=1)
THREE_A_DAY = ("daily at 08:00, 12:30 and 18:00",)
AT_ONCE: tuple[str, ...] = ()


def at(clock: str) -> datetime:
    """A wall time of 23 November 2026 in Baku."""
    return datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=BAKU).astimezone(UTC)


def one(number: int = 1, **more: Any) -> Candidate:
    return Candidate(delivery=number, article=number, position=float(number), **more)


def late(
    now: str,
    *candidates: Candidate,
    lines: Sequence[str] = THREE_A_DAY,
    entered: Mapping[int, str] | None = None,
    counted: str = "07:00",
    sent: Sequence[str] = (),
    caps: Caps = Caps(min_gap=5 * MINUTE),  # noqa: B008 - frozen
) -> tuple[int, str] | None:
    """Number and due moment of the post that is late; `entered` is 06:00 unless it says otherwise."""
    lane = LaneView(counted_to=at(counted), sent=[at(moment) for moment in sent])
    since = {candidate.delivery: at((entered or {}).get(candidate.delivery, "06:00")) for candidate in candidates}
    timetable = parse(lines, BAKU)
    found = late_one(timetable, caps, lane, candidates, at(now), since.__getitem__)
    pins = any(candidate.pinned for candidate in candidates)
    assert found is None or may_be_late(timetable, caps, lane.counted_to, at(now), pins=pins)
    return found and (found.delivery, f"{found.since.astimezone(BAKU):%H:%M}")


def test_a_slot_that_nobody_used_makes_the_next_in_line_late() -> None:
    assert late("08:09:59", one(1), one(2)) is None
    assert late("08:10", one(1), one(2)) == (1, "08:00")
    assert late("08:39", one(1), one(2)) == (1, "08:00")


def test_a_slot_that_is_missed_makes_nobody_late_any_more() -> None:
    assert late("08:40", one()) == (1, "08:00")
    assert late("08:41", one()) is None
    assert late("12:40", one()) == (1, "12:30")


def test_before_its_slot_a_post_is_not_late_however_long_it_waits() -> None:
    assert late("07:59", one(), entered={1: "00:00"}) is None


def test_a_slot_that_is_settled_makes_nobody_late() -> None:
    assert late("08:15", one(), counted="08:01") is None


def test_without_a_timetable_it_counts_from_the_queue() -> None:
    assert late("06:09", one(), lines=AT_ONCE) is None
    assert late("06:10", one(), lines=AT_ONCE) == (1, "06:00")
    assert late("06:10", one(), lines=AT_ONCE, entered={1: "06:01"}) is None


def test_who_came_in_later_does_not_hide_one_that_waits_behind_it() -> None:
    newcomer = one(2, breaking=True)
    assert late("06:10", one(1), newcomer, lines=AT_ONCE, entered={2: "06:05"}) == (1, "06:00")


def test_an_embargo_holds_it_back() -> None:
    embargoed = one(dated=at("09:00"))
    assert late("09:09", embargoed, lines=AT_ONCE) is None
    assert late("09:10", embargoed, lines=AT_ONCE) == (1, "09:00")


def test_gap_and_caps_hold_it_back() -> None:
    assert late("06:20", one(), lines=AT_ONCE, sent=["06:08"]) is None  # moved on: free since 06:13
    assert late("06:23", one(), lines=AT_ONCE, sent=["06:08"]) == (1, "06:13")
    hourly = Caps(per_hour=1, min_gap=timedelta())
    assert late("07:00", one(), lines=AT_ONCE, sent=["06:08"], caps=hourly) is None
    assert late("07:18", one(), lines=AT_ONCE, sent=["06:08"], caps=hourly) == (1, "07:08")


def test_an_account_that_goes_on_keeps_nobody_waiting() -> None:
    assert late("07:00", one(), lines=AT_ONCE, sent=["06:51"]) is None
    assert late("07:05", one(), lines=AT_ONCE, sent=["06:51"]) is None
    assert late("07:06", one(), lines=AT_ONCE, sent=["06:51"]) == (1, "06:56")


def test_a_pin_is_late_until_it_is_used_or_given_up() -> None:
    pin = one(pinned=at("09:00"))
    assert late("09:09", pin) is None
    assert late("09:10", pin) == (1, "09:00")
    assert late("11:00", pin) == (1, "09:00")
    assert late("09:10", pin, entered={1: "09:05"}) is None


def test_stale_ones_are_passed_over() -> None:
    old, fresh = one(1, dated=at("05:00")), one(2)
    assert late("08:10", old, fresh, caps=Caps(max_age=timedelta(hours=1))) == (2, "08:00")


@pytest.mark.parametrize("now", ["06:00", "07:08", "08:00"])
def test_freed_is_when_a_hold_ended(now: str) -> None:
    caps = Caps(per_hour=1, per_day=5, min_gap=5 * MINUTE)
    sent = [at("06:08")]
    end = freed(caps, sent, at(now))
    assert end == (at("07:08") if at(now) >= at("07:08") else None)
    if end:
        assert hold(caps, sent, end - timedelta(microseconds=1))
        assert not hold(caps, sent, end)


# -- properties --------------------------------------------------------------------------------------------------

START = at("07:00")
MINUTES = st.integers(0, 240).map(lambda minutes: START + minutes * MINUTE)
LINES = st.sampled_from([AT_ONCE, THREE_A_DAY, ("daily at 07:30, 08:05, 08:10 and 09:00", "breaking: at once")])


@st.composite
def queues(draw: st.DrawFn) -> list[tuple[Candidate, datetime]]:
    """Candidates, each with the moment it comes in."""
    found = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        comes = draw(MINUTES)
        more = {
            "breaking": draw(st.booleans()),
            "priority": draw(st.integers(-1, 1)),
            "pinned": draw(st.none() | st.integers(1, 90).map(lambda ahead, comes=comes: comes + ahead * MINUTE)),
            "dated": draw(st.none() | MINUTES),
        }
        found.append((one(number, **more), comes))
    return found


CAPS = st.builds(
    Caps,
    per_hour=st.integers(1, 4),
    per_day=st.integers(1, 6),
    min_gap=st.integers(0, 30).map(lambda minutes: minutes * MINUTE),
    max_age=st.just(timedelta(hours=2)),
)


@settings(max_examples=60, deadline=None)
@given(LINES, CAPS, queues())
def test_while_a_pass_runs_each_minute_and_all_goes_well_nothing_is_ever_late(
    lines: Sequence[str], caps: Caps, coming: list[tuple[Candidate, datetime]]
) -> None:
    timetable, lane = parse(lines, BAKU), LaneView(counted_to=START, last_pass=START)
    entered, gone, sent = dict((c.delivery, comes) for c, comes in coming), set[int](), list[datetime]()
    for minute in range(300):
        now = START + minute * MINUTE
        while True:
            queue = [c for c, comes in coming if comes <= now and c.delivery not in gone]
            turn = plan_turn(timetable, caps, lane, queue, now)
            gone |= {skipped.delivery for skipped, _ in turn.skips}
            used = {*lane.used, turn.slot.key} if turn.slot else lane.used
            lane = replace(lane, counted_to=turn.counted_to, last_pass=now, used=used)
            if turn.send is None:
                break
            gone.add(turn.send.delivery)
            sent.append(now)
            lane = replace(lane, sent=list(sent))
        queue = [c for c, comes in coming if comes <= now and c.delivery not in gone]
        assert late_one(timetable, caps, lane, queue, now, entered.__getitem__) is None


@settings(max_examples=60, deadline=None)
@given(LINES, CAPS, queues(), MINUTES)
def test_what_is_late_was_due_ten_minutes_ago_and_the_cheap_look_does_not_miss_it(
    lines: Sequence[str], caps: Caps, coming: list[tuple[Candidate, datetime]], now: datetime
) -> None:
    timetable, lane = parse(lines, BAKU), LaneView(counted_to=START)
    queue, entered = [c for c, comes in coming if comes <= now], dict((c.delivery, comes) for c, comes in coming)
    found = late_one(timetable, caps, lane, queue, now, entered.__getitem__)
    if found is None:
        return
    assert isinstance(found, Late)
    its = next(c for c in queue if c.delivery == found.delivery)
    earliest = max(moment for moment in (entered[its.delivery], its.pinned, its.dated) if moment)
    assert earliest <= found.since <= now - PATIENCE
    assert may_be_late(timetable, caps, START, now, pins=any(c.pinned for c in queue))


@settings(max_examples=50, deadline=None)
@given(CAPS, MINUTES, st.integers(0, 120))
def test_at_once_and_alone_it_is_late_from_ten_minutes_on(caps: Caps, comes: datetime, waited: int) -> None:
    now, lane = comes + waited * MINUTE, LaneView(counted_to=START)
    found = late_one(parse(AT_ONCE, BAKU), caps, lane, [one()], now, lambda _: comes)
    assert found == (Late(1, comes) if waited >= 10 else None)
