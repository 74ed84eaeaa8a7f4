"""The planner's rules one by one, then as properties over random timetables, queues, outages and jumping clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.account import Caps
from bot.timetable.language import Timetable, parse
from bot.timetable.planner import Candidate, LaneView, Turn, foresee, give_back, paused_turn, plan_turn
from bot.timetable.slots import Slot, slots_between

BAKU = ZoneInfo("Asia/Baku")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

THREE_A_DAY = ("daily at 08:00, 12:30 and 18:00",)
CAPS = Caps(min_gap=5 * MINUTE)


def at(moment: str) -> datetime:
    """A wall time in Baku: `08:00`, of 23 November 2026 (a Monday) unless it names another day of that month."""
    day, _, clock = moment.rpartition(" ")
    return datetime.fromisoformat(f"2026-11-{day or '23'}T{clock}").replace(tzinfo=BAKU).astimezone(UTC)


def one(number: int, **more: Any) -> Candidate:
    return Candidate(delivery=number, article=number, position=float(number), **more)


def turn(
    now: str,
    *candidates: Candidate,
    lines: Sequence[str] = THREE_A_DAY,
    caps: Caps = CAPS,
    counted: str = "07:00",
    last_pass: str | None = None,
    sent: Sequence[str] = (),
    used: Sequence[str] = (),
    closed_for: str = "",
) -> Turn:
    lane = LaneView(
        counted_to=at(counted),
        last_pass=at(last_pass) if last_pass else None,
        sent=[at(moment) for moment in sent],
        used={f"2026-11-23T{moment} Asia/Baku" for moment in used},
        closed_for=closed_for,
    )
    return plan_turn(parse(lines, BAKU), caps, lane, candidates, at(now))


def sent_by(planned: Turn) -> tuple[int | None, str | None]:
    """The delivery that goes, and the local time of the slot it uses."""
    slot = planned.slot.key[11:16] if planned.slot else None
    return planned.send.delivery if planned.send else None, slot


# -- slots -------------------------------------------------------------------------------------------------------


def test_nothing_goes_before_a_slot() -> None:
    planned = turn("07:59", one(1))
    assert sent_by(planned) == (None, None)
    assert planned.again == at("08:00")
    assert planned.counted_to == at("07:59")


def test_the_first_of_the_queue_goes_at_the_slot_and_uses_it() -> None:
    planned = turn("08:00", one(2), one(1))
    assert sent_by(planned) == (1, "08:00")
    assert planned.due_at == at("08:00")
    assert planned.counted_to == at("08:00")
    assert planned.missed is None
    assert planned.again == at("12:30")


def test_a_slot_is_good_for_max_late_and_no_longer() -> None:
    assert sent_by(turn("08:30", one(1))) == (1, "08:00")
    late = turn("08:31", one(1))
    assert sent_by(late) == (None, None)
    assert late.missed is not None
    assert late.counted_to == at("08:31")


def test_a_slot_that_finds_nothing_to_send_passes_and_is_not_missed() -> None:
    planned = turn("08:00")
    assert (planned.send, planned.missed, planned.blocked) == (None, None, "")
    assert planned.counted_to == at("08:00")


def test_a_slot_used_already_does_not_send_again() -> None:
    planned = turn("08:05", one(1), used=["08:00"])
    assert sent_by(planned) == (None, None)
    assert planned.missed is None


def test_of_several_due_slots_the_newest_sends_and_the_older_are_one_missed_stretch() -> None:
    planned = turn("24 08:10", one(1), one(2), last_pass="23 07:10")
    assert sent_by(planned) == (1, "08:00")
    assert planned.missed is not None
    assert (planned.missed.first, planned.missed.last, planned.missed.count) == (at("08:00"), at("18:00"), 3)


def test_a_slot_given_back_is_due_once_more() -> None:
    first = turn("08:00", one(1))
    assert first.slot is not None
    lane = LaneView(counted_to=give_back(first.counted_to, first.slot.at))
    second = plan_turn(parse(THREE_A_DAY, BAKU), CAPS, lane, [one(1)], at("08:15"))
    assert sent_by(second) == (1, "08:00")
    assert second.missed is None


def test_when_the_clock_is_set_back_nothing_is_due_until_it_has_caught_up() -> None:
    for lines in (THREE_A_DAY, ()):
        planned = turn("08:00", one(1, pinned=at("07:59")), one(2), lines=lines, counted="08:01")
        assert (planned.send, planned.skips, planned.counted_to) == (None, (), at("08:01"))
        assert planned.again == at("08:01")


# -- why slots are missed ----------------------------------------------------------------------------------------

REASONS = {
    "nothing ran": (dict(now="11:00", last_pass="07:10"), "down 07:10–11:00"),
    "nothing ran overnight": (
        dict(now="24 07:00", counted="13:00", last_pass="17:00"),
        "down 2026-11-23 17:00–2026-11-24 07:00",
    ),
    "the gap": (
        dict(now="08:31", last_pass="08:30", sent=["08:00"], caps=replace(CAPS, min_gap=HOUR)),
        "gap: the last post was 30 min ago, the gap is 1 h",
    ),
    "a cap": (
        dict(now="08:31", last_pass="08:30", sent=["07:45", "07:50"], caps=replace(CAPS, per_hour=2)),
        "cap: 2 posts in 60 min, as many as are allowed",
    ),
    "a closed lane": (dict(now="08:31", last_pass="08:30", closed_for="d4 may be live"), "d4 may be live"),
    "it is not known": (dict(now="08:31", last_pass="08:30"), "late"),
    "no pass is on record": (dict(now="08:31"), "late"),
}


@pytest.mark.parametrize(("case", "reason"), REASONS.values(), ids=REASONS)
def test_slots_are_missed_because(case: dict[str, Any], reason: str) -> None:
    planned = turn(case["now"], one(1), **{name: value for name, value in case.items() if name != "now"})
    assert planned.missed is not None
    assert planned.missed.reason == reason


# -- the order of the queue --------------------------------------------------------------------------------------


def test_breaking_goes_before_priority_and_priority_before_position() -> None:
    queue = [one(1), one(2), one(3, priority=5), one(4, breaking=True), one(5, breaking=True, priority=-1)]
    order = []
    for hour in range(8, 13):
        planned = turn(f"{hour:02}:00", *queue, lines=["every 1 hour from 00:00 to 23:00"], counted=f"{hour - 1:02}:30")
        assert planned.send is not None
        queue.remove(planned.send)
        order.append(planned.send.delivery)
    assert order == [4, 5, 3, 1, 2]


def test_of_equal_places_the_older_delivery_goes_first() -> None:
    twins = [Candidate(delivery=number, article=number, position=1.0) for number in (8, 7)]
    assert sent_by(turn("08:00", *twins)) == (7, "08:00")


# -- age and embargo ---------------------------------------------------------------------------------------------


def test_what_is_older_than_max_age_is_skipped_and_the_next_goes() -> None:
    planned = turn("08:00", one(1, dated=at("22 06:00")), one(2, dated=at("22 08:00")))
    assert sent_by(planned) == (2, "08:00")
    assert [(candidate.delivery, reason) for candidate, reason in planned.skips] == [
        (1, "stale: 26 h old, the limit is 24 h")
    ]


def test_an_evergreen_repeat_and_a_story_without_a_date_never_grow_old() -> None:
    planned = turn("08:00", one(1, dated=at("01 06:00"), exempt_from_age=True), one(2))
    assert planned.skips == ()
    assert sent_by(planned) == (1, "08:00")


def test_what_is_dated_in_the_future_waits_until_then() -> None:
    embargoed = one(1, dated=at("09:00"))
    assert sent_by(turn("08:00", embargoed, one(2))) == (2, "08:00")
    assert sent_by(turn("12:30", embargoed, one(2))) == (1, "12:30")
    assert turn("08:00", embargoed, lines=()).again == at("09:00")


# -- pins --------------------------------------------------------------------------------------------------------


def test_a_pin_goes_at_its_moment_and_not_before() -> None:
    pin = one(1, pinned=at("09:17"))
    assert sent_by(turn("08:00", pin)) == (None, None)
    assert turn("08:00", pin).again == at("09:17")
    planned = turn("09:17", pin, counted="08:00")
    assert sent_by(planned) == (1, None)
    assert planned.due_at == at("09:17")


def test_the_earliest_pin_goes_before_other_pins_and_before_the_queue() -> None:
    planned = turn("08:02", one(1, breaking=True), one(2, pinned=at("08:02")), one(3, pinned=at("08:01")))
    assert planned.send is not None
    assert planned.send.delivery == 3


@pytest.mark.parametrize(
    ("pinned", "slot"),
    [("12:26", "12:30"), ("12:30", "12:30"), ("12:34", "12:30"), ("12:25", None), ("12:35", None)],
)
def test_a_pin_uses_the_slot_less_than_the_gap_away_from_it(pinned: str, slot: str | None) -> None:
    assert sent_by(turn(pinned, one(1, pinned=at(pinned)), counted="12:20")) == (1, slot)


def test_a_pin_uses_the_nearest_of_two_slots() -> None:
    planned = turn("08:06", one(1, pinned=at("08:06")), lines=["daily at 08:02 and 08:09"], counted="08:00")
    assert sent_by(planned) == (1, "08:09")


def test_a_pin_leaves_a_slot_alone_that_is_used_already() -> None:
    planned = turn("12:33", one(1, pinned=at("12:33")), counted="12:20", used=["12:30"])
    assert sent_by(planned) == (1, None)


def test_without_a_gap_a_pin_uses_the_slot_of_its_very_minute() -> None:
    no_gap = replace(CAPS, min_gap=timedelta(0))
    assert sent_by(turn("08:00", one(1, pinned=at("08:00")), caps=no_gap)) == (1, "08:00")
    assert sent_by(turn("08:01", one(1, pinned=at("08:01")), caps=no_gap, counted="08:00")) == (1, None)


def test_a_slot_is_kept_for_a_pin_that_comes_within_the_gap() -> None:
    kept = turn("08:00", one(1), one(2, pinned=at("08:03")))
    assert sent_by(kept) == (None, None)
    assert kept.blocked == "kept for the post pinned for 08:03"
    assert kept.again == at("08:03")
    assert kept.counted_to < at("08:00")
    assert sent_by(turn("08:03", one(1), one(2, pinned=at("08:03")), counted="07:59")) == (2, "08:00")


def test_a_slot_is_not_kept_for_a_pin_that_could_go_as_well() -> None:
    assert sent_by(turn("08:00", one(1), one(2, pinned=at("08:05")))) == (1, "08:00")


def test_a_slot_is_not_kept_for_a_pin_under_embargo() -> None:
    assert sent_by(turn("08:00", one(1), one(2, pinned=at("08:03"), dated=at("08:20")))) == (1, "08:00")


def test_a_slot_is_not_kept_for_a_pin_that_comes_too_late_for_it() -> None:
    wide = replace(CAPS, min_gap=HOUR)
    assert sent_by(turn("08:00", one(1), one(2, pinned=at("08:31")), caps=wide)) == (1, "08:00")
    assert sent_by(turn("08:00", one(1), one(2, pinned=at("08:30")), caps=wide)) == (None, None)
    assert sent_by(turn("08:31", one(2, pinned=at("08:29")), caps=wide)) == (2, None)


def test_a_slot_that_a_pin_does_not_use_stays_due_behind_it() -> None:
    planned = turn("08:10", one(1), one(2, pinned=at("08:10")))
    assert sent_by(planned) == (2, None)
    assert planned.counted_to < at("08:00")
    assert planned.again == at("08:15")
    assert sent_by(turn("08:15", one(1), counted="07:59", sent=["08:10"])) == (1, "08:00")


def test_a_late_pin_that_uses_an_older_slot_leaves_the_newer_one_due() -> None:
    lines = ["daily at 08:00, 08:10 and 08:20"]
    planned = turn("08:21", one(1), one(2, pinned=at("08:01")), lines=lines)
    assert sent_by(planned) == (2, "08:00")
    assert planned.counted_to == at("08:00")
    assert planned.missed is None


def test_a_pin_is_exempt_from_age_but_not_from_lateness() -> None:
    old = one(1, pinned=at("08:00"), dated=at("20 08:00"))
    assert sent_by(turn("08:30", old, counted="08:00")) == (1, None)
    missed = turn("08:31", old, counted="08:00")
    assert missed.send is None
    assert missed.skips == ((old, "missed: pinned for 08:00, more than 30 min late"),)


def test_a_pin_waits_for_its_embargo_and_is_missed_when_that_is_too_long() -> None:
    short, long = (one(1, pinned=at("08:00"), dated=at(until)) for until in ("08:20", "10:00"))
    assert turn("08:00", short, counted="08:00").again == at("08:20")
    assert sent_by(turn("08:20", short, counted="08:00")) == (1, None)
    assert turn("08:31", long, counted="08:00").skips == (
        (long, "missed: pinned for 08:00, but its story is dated 10:00"),
    )


# -- gap and caps ------------------------------------------------------------------------------------------------


def test_what_the_gap_forbids_stays_due_and_says_so() -> None:
    planned = turn("08:00", one(1), sent=["07:57"])
    assert sent_by(planned) == (None, None)
    assert planned.blocked == "gap: the last post was 3 min ago, the gap is 5 min"
    assert planned.again == at("08:02")
    assert planned.counted_to < at("08:00")
    assert planned.due_at == at("08:00")
    assert sent_by(turn("08:02", one(1), sent=["07:57"], counted="07:59")) == (1, "08:00")


def test_a_post_exactly_an_hour_ago_no_longer_counts() -> None:
    caps = replace(CAPS, per_hour=2)
    held = turn("08:00", one(1), sent=["07:01", "07:20"], caps=caps)
    assert held.blocked == "cap: 2 posts in 60 min, as many as are allowed"
    assert held.again == at("08:01")
    assert sent_by(turn("08:00", one(1), sent=["07:00", "07:20"], caps=caps)) == (1, "08:00")


def test_the_cap_of_the_day_holds_for_24_hours() -> None:
    caps = replace(CAPS, per_day=2)
    held = turn("08:00", one(1), sent=["22 08:01", "22 20:00"], caps=caps)
    assert held.blocked == "cap: 2 posts in 24 h, as many as are allowed"
    assert held.again == at("08:01")
    assert sent_by(turn("08:01", one(1), sent=["22 08:01", "22 20:00"], caps=caps)) == (1, "08:00")


def test_of_several_limits_the_longest_is_told() -> None:
    held = turn("08:00", one(1), sent=["07:10", "07:58"], caps=replace(CAPS, per_hour=2))
    assert held.blocked.startswith("cap: 2 posts in 60 min")
    assert held.again == at("08:10")
    held = turn("08:00", one(1), sent=["07:01", "07:58"], caps=replace(CAPS, per_hour=2))
    assert held.blocked.startswith("gap")
    assert held.again == at("08:03")


def test_a_cap_of_nought_holds_for_ever() -> None:
    held = turn("08:00", one(1), lines=(), caps=replace(CAPS, per_hour=0))
    assert held.blocked == "cap: no posts are allowed in 60 min"
    assert held.again is None


def test_posts_stamped_later_than_now_hold_no_longer_than_their_window() -> None:
    """The clock ran a year ahead when they went out, or an hour, and was set right since."""
    assert sent_by(turn("08:00", one(1), sent=["29 08:00"])) == (1, "08:00")
    held = turn("08:00", one(1), sent=["08:01"])
    assert held.blocked == "gap: the last post was 1 min ahead of the clock, the gap is 5 min"
    assert held.again == at("08:06")


def test_what_is_settled_stays_settled_to_the_microsecond() -> None:
    held = turn("08:00", one(1), sent=["07:57"], counted="07:59:59.500000")
    assert held.counted_to == at("07:59:59.500000")


def test_an_empty_slot_passes_although_the_gap_would_have_held_it() -> None:
    planned = turn("08:00", sent=["07:59"])
    assert (planned.blocked, planned.counted_to) == ("", at("08:00"))


# -- at once, breaking, paused -----------------------------------------------------------------------------------


def test_without_a_timetable_the_queue_goes_as_gap_and_caps_allow() -> None:
    planned = turn("03:00", one(2), one(1), lines=(), counted="02:00")
    assert sent_by(planned) == (1, None)
    assert planned.again == at("03:05")
    assert turn("03:00", one(1), lines=(), counted="02:00").again is None
    assert turn("03:02", one(2), lines=(), counted="03:00", sent=["03:00"]).again == at("03:05")


def test_breaking_news_goes_at_once_under_its_line_and_uses_no_slot() -> None:
    lines = [*THREE_A_DAY, "breaking: at once"]
    queue = (one(1), one(2, breaking=True))
    assert sent_by(turn("07:10", *queue, lines=lines)) == (2, None)
    assert turn("07:10", *queue, lines=lines, sent=["07:09"]).blocked.startswith("gap")
    assert sent_by(turn("07:10", *queue)) == (None, None)
    at_the_slot = turn("08:00", *queue, lines=lines)
    assert sent_by(at_the_slot) == (2, None)
    assert at_the_slot.again == at("08:05")
    assert sent_by(turn("08:05", one(1), lines=lines, counted="07:59", sent=["08:00"])) == (1, "08:00")


def test_a_paused_account_misses_its_slots_and_keeps_its_queue() -> None:
    lane = LaneView(counted_to=at("07:00"), last_pass=at("07:00"), used={"2026-11-23T12:30 Asia/Baku"})
    planned = paused_turn(parse(THREE_A_DAY, BAKU), lane, at("18:00"), "elections")
    assert planned.missed is not None
    assert (planned.missed.first, planned.missed.last, planned.missed.count) == (at("08:00"), at("18:00"), 2)
    assert planned.missed.reason == "paused: elections"
    assert (planned.send, planned.skips, planned.counted_to) == (None, (), at("18:00"))
    assert planned.again == at("24 08:00")
    assert paused_turn(parse(THREE_A_DAY, BAKU), lane, at("06:00"), "elections").counted_to == at("07:00")


# -- foresight ---------------------------------------------------------------------------------------------------


def test_foresight_lists_posts_and_empty_slots_in_order() -> None:
    queue = [one(1), one(2, pinned=at("12:33")), one(3, dated=at("25 00:00"))]
    lane = LaneView(counted_to=at("07:00"))
    foreseen = foresee(parse(THREE_A_DAY, BAKU), CAPS, lane, queue, at("07:00"), at("24 12:30"))
    assert [
        (row.at, row.slot and row.slot.key[8:16], row.candidate and row.candidate.delivery) for row in foreseen
    ] == [
        (at("08:00"), "23T08:00", 1),
        (at("12:33"), "23T12:30", 2),
        (at("18:00"), "23T18:00", None),
        (at("24 08:00"), "24T08:00", None),
        (at("24 12:30"), "24T12:30", None),
    ]


def test_foresight_spreads_an_account_without_timetable_by_gap_and_caps() -> None:
    caps = Caps(min_gap=20 * MINUTE, per_hour=2, per_day=4)
    foreseen = foresee(
        parse([], BAKU), caps, LaneView(counted_to=at("07:00")), [one(n) for n in range(6)], at("07:00"), at("24 07:00")
    )
    assert [row.at for row in foreseen] == [at(moment) for moment in ("07:00", "07:20", "08:00", "08:20", "24 07:00")]


def test_foresight_counts_posts_stamped_later_than_now() -> None:
    lane = LaneView(counted_to=at("07:00"), sent=[at("07:12")])
    foreseen = foresee(parse([], BAKU), CAPS, lane, [one(n) for n in range(4)], at("07:00"), at("08:00"))
    assert [row.at for row in foreseen] == [at("07:00"), at("07:05"), at("07:17"), at("07:22")]


def test_foresight_goes_on_after_what_was_sent_has_grown_old() -> None:
    lane, queue = LaneView(counted_to=at("07:00")), [one(1, dated=at("07:00")), one(2, dated=at("26 00:00"))]
    foreseen = foresee(parse(THREE_A_DAY, BAKU), CAPS, lane, queue, at("07:00"), at("27 00:00"))
    assert [row.at for row in foreseen if row.candidate] == [at("08:00"), at("26 08:00")]


def test_foresight_begins_when_a_clock_set_back_has_caught_up() -> None:
    foreseen = foresee(parse([], BAKU), CAPS, LaneView(counted_to=at("08:00")), [one(1)], at("07:00"), at("09:00"))
    assert [row.at for row in foreseen] == [at("08:00")]


# -- properties --------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """One account that is served by passes at any moments, and the books that the properties are checked against."""

    timetable: Timetable
    caps: Caps
    start: datetime
    queue: list[Candidate]
    counted_to: datetime = field(init=False)
    last_pass: datetime | None = None
    sent: list[datetime] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    settled: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counted_to = self.start

    def serve(self, now: datetime, *, reached: bool = True) -> Turn:
        """One pass; `reached` False: the post was not sent, the slot is given back."""
        lane = LaneView(
            counted_to=self.counted_to, last_pass=self.last_pass, sent=tuple(self.sent), used=frozenset(self.used)
        )
        waiting = tuple(self.queue)
        planned = plan_turn(self.timetable, self.caps, lane, waiting, now)
        self.check(planned, lane, waiting, now)
        self.book(planned, now, reached)
        self.last_pass = now
        return planned

    def check(self, planned: Turn, lane: LaneView, waiting: Sequence[Candidate], now: datetime) -> None:
        skipped = {candidate.delivery for candidate, _ in planned.skips}
        assert planned.again is None or planned.again >= now
        assert planned.counted_to >= lane.counted_to
        for candidate, reason in planned.skips:
            late = candidate.pinned is not None and now - candidate.pinned > self.caps.max_late
            old = candidate.dated is not None and now - candidate.dated > self.caps.max_age
            assert late if candidate.pinned else old and not candidate.exempt_from_age
            assert reason.startswith("missed: " if late else "stale: ")
        if planned.send is None:
            return
        chosen = planned.send
        assert chosen in waiting
        assert chosen.delivery not in skipped
        assert not planned.blocked
        assert chosen.dated is None or chosen.dated <= now
        for earlier in lane.sent:
            assert abs(now - earlier) >= self.caps.min_gap
        for window, most in ((HOUR, self.caps.per_hour), (DAY, self.caps.per_day)):
            assert sum(abs(now - earlier) < window for earlier in lane.sent) < most
        if chosen.pinned:
            assert timedelta(0) <= now - chosen.pinned <= self.caps.max_late
            assert planned.slot is None or abs(planned.slot.at - chosen.pinned) <= self.caps.min_gap
            return
        assert chosen.exempt_from_age or chosen.dated is None or now - chosen.dated <= self.caps.max_age
        rivals = [c for c in waiting if not c.pinned and c.delivery not in skipped and (not c.dated or c.dated <= now)]
        assert chosen == min(rivals, key=lambda c: (-c.breaking, -c.priority, c.position, c.delivery))
        if planned.slot:
            assert timedelta(0) <= now - planned.slot.at <= self.caps.max_late
            assert planned.slot.at > lane.counted_to
        else:
            assert self.timetable.at_once or (self.timetable.breaking_at_once and chosen.breaking)

    def book(self, planned: Turn, now: datetime, reached: bool) -> None:
        for candidate, _ in planned.skips:
            self.queue.remove(candidate)
        newly = [
            s for s in slots_between(self.timetable, self.counted_to, planned.counted_to) if s.key not in self.used
        ]
        if planned.slot:
            assert planned.slot.key not in self.used
            self.used.add(planned.slot.key)
            newly = [slot for slot in newly if slot != planned.slot]
        self.book_missed(planned, newly, now)
        self.counted_to = planned.counted_to
        if planned.send and reached:
            self.queue.remove(planned.send)
            self.sent = sorted([*self.sent, now])
            if planned.slot:
                self.settle(planned.slot, "used")
        elif planned.slot:
            self.used.remove(planned.slot.key)
            self.counted_to = give_back(self.counted_to, planned.slot.at)

    def book_missed(self, planned: Turn, newly: list[Slot], now: datetime) -> None:
        missed = newly[: planned.missed.count] if planned.missed else []
        if planned.missed:
            assert (missed[0].at, missed[-1].at) == (planned.missed.first, planned.missed.last)
            assert planned.missed.reason
        empty = newly[len(missed) :]
        assert len(empty) <= 1
        for slot in missed:
            self.settle(slot, "missed")
        for slot in empty:
            self.settle(slot, "empty")
            assert planned.send is None
            assert now - slot.at <= self.caps.max_late
            assert not any(not c.pinned and (c.dated is None or c.dated <= now) for c in self.queue)

    def settle(self, slot: Slot, how: str) -> None:
        assert slot.key not in self.settled, f"{slot.key} was {self.settled[slot.key]} and is {how}"
        self.settled[slot.key] = how


STARTS = [
    datetime(2026, 3, 28, 21, tzinfo=UTC),
    datetime(2026, 10, 24, 21, tzinfo=UTC),
    datetime(2026, 12, 31, 18, tzinfo=UTC),
    datetime(2026, 11, 23, 4, tzinfo=UTC),
]

times_of_day = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 3, 10, 30]))
weekly_lines = st.one_of(
    st.builds("daily at {}".format, st.lists(times_of_day, min_size=1, max_size=6).map(", ".join)),
    st.builds("every {} min from 00:00 to 23:59".format, st.sampled_from([1, 5, 20, 45, 180])),
    st.builds("daily at {} Europe/Berlin".format, times_of_day),
)
timetables = st.builds(
    lambda lines, breaking: parse([*lines, *breaking], ZoneInfo("Europe/Berlin")),
    st.lists(weekly_lines, min_size=1, max_size=3) | st.just([]),
    st.sampled_from([(), (), ("breaking: at once",)]),
)
spans = st.sampled_from([0, 1, 2, 5, 17, 60])
some_caps = st.builds(
    lambda hour, day, gap, age, late: Caps(
        per_hour=hour, per_day=day, min_gap=gap * MINUTE, max_age=age * HOUR, max_late=late * MINUTE
    ),
    st.integers(1, 6),
    st.integers(1, 12),
    spans,
    st.integers(1, 30),
    spans,
)


@st.composite
def desks(draw: st.DrawFn, most: int = 12, hours: int = 40) -> Desk:
    start = draw(st.sampled_from(STARTS))
    moments = st.none() | st.integers(-600, hours * 60).map(lambda minutes: start + minutes * MINUTE)
    queue = [
        Candidate(
            delivery=number,
            article=number,
            breaking=draw(st.integers(0, 9)) == 0,
            priority=draw(st.sampled_from([0, 0, 0, 1, -2])),
            position=draw(st.sampled_from([0.0, 1.0, 1.5, 7.0])),
            pinned=draw(moments) if draw(st.integers(0, 4)) == 0 else None,
            dated=draw(moments),
            exempt_from_age=draw(st.integers(0, 6)) == 0,
        )
        for number in range(draw(st.integers(most // 2, most)))
    ]
    return Desk(timetable=draw(timetables), caps=draw(some_caps), start=start, queue=queue)


waits = st.sampled_from([0, 1, 1, 5, 5, 15, 29, 31, 60, 60, 200, 200, 1500])
jumps = st.sampled_from([1, 5, 15, 60, 60, 200, 200, 1500, -1, -15, -90, -1440])
luck = st.integers(0, 4)


@settings(max_examples=100, deadline=None)
@given(
    desks(),
    st.lists(st.tuples(waits, st.sampled_from([0, 0, 31]), luck), min_size=10, max_size=50)
    | st.lists(st.tuples(jumps, st.sampled_from([0, 0, 31]), luck), min_size=10, max_size=50),
)
def test_no_sequence_of_passes_breaks_a_rule(desk: Desk, passes: Sequence[tuple[int, int, int]]) -> None:
    """Outages, cron at odd minutes, clocks set back and forth, posts that were not sent: the desk checks each turn."""
    now = desk.start
    for minutes, seconds, luck in passes:
        now += minutes * MINUTE + timedelta(seconds=seconds)
        desk.serve(now, reached=luck > 0)
    event(f"{min(len(desk.sent), 5)} sent, {min(sum(how == 'missed' for how in desk.settled.values()), 5)} missed")
    assert_windows_hold(desk)


@settings(max_examples=50, deadline=None)
@given(desks(most=20), st.integers(0, 4_000), st.integers(1, 7))
def test_no_flood_after_downtime(desk: Desk, down: int, every: int) -> None:
    now = desk.start + down * MINUTE
    for _ in range(30):
        desk.serve(now)
        now += every * MINUTE
    assert_windows_hold(desk)


def assert_windows_hold(desk: Desk) -> None:
    for window, most in ((desk.caps.min_gap, 1), (HOUR, desk.caps.per_hour), (DAY, desk.caps.per_day)):
        for first in desk.sent:
            assert sum(first <= moment < first + window for moment in desk.sent) <= max(most, 0 if window else 99)


@settings(max_examples=50, deadline=None)
@given(desks(most=8, hours=6), st.integers(0, 120))
def test_passes_every_minute_send_exactly_what_was_foreseen(desk: Desk, down: int) -> None:
    now = desk.start + down * MINUTE
    until = now + 5 * HOUR
    lane = LaneView(counted_to=desk.counted_to)
    foreseen = foresee(desk.timetable, desk.caps, lane, tuple(desk.queue), now, until)
    sent = []
    while now <= until:
        while (planned := desk.serve(now)).send:
            sent.append((now, planned.slot, planned.send))
        now += MINUTE
    event(f"{min(len(sent), 6)} sent")
    assert [(row.at, row.slot, row.candidate) for row in foreseen if row.candidate] == sent
    assert [row.at for row in foreseen] == sorted(row.at for row in foreseen)
    unused = {row.slot.key for row in foreseen if row.slot and not row.candidate}
    coming = {slot.key for slot in slots_between(desk.timetable, desk.start + down * MINUTE, until)}
    assert unused == coming - desk.used


@settings(max_examples=50, deadline=None)
@given(desks(most=8, hours=6), st.integers(0, 120))
def test_a_pass_between_two_looks_changes_nothing(desk: Desk, down: int) -> None:
    """`again` is never later than the first moment at which a pass would send."""
    now = desk.start + down * MINUTE
    looked = desk.serve(now)
    for _ in range(150):
        now += MINUTE
        before = looked.again
        looked = desk.serve(now)
        if looked.send:
            assert before is not None
            assert before <= now


def test_a_month_ahead_is_looked_at_in_one_go() -> None:
    """Thirty days of half-hourly slots and a thousand queued: every slot filled in order, and no slow square."""
    start = at("00:10")
    queue = [one(number, dated=start) for number in range(1_000, 0, -1)]
    caps = Caps(max_age=timedelta(days=60))
    timetable = parse(["every 30 min from 00:00 to 23:59"], BAKU)
    foreseen = foresee(timetable, caps, LaneView(counted_to=start), queue, start, start + 30 * DAY)
    assert len(foreseen) == 30 * 48
    assert [row.candidate.delivery for row in foreseen if row.candidate] == list(range(1, 1_001))
