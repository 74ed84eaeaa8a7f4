"""The queue of one account as the planner sees it: who is next, who must wait, and who is dropped for good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.account import Caps
from bot.timetable.wording import spoken, time_of_day


@dataclass(frozen=True, slots=True)
class Candidate:
    """One queued delivery, as far as its turn is concerned.

    `dated` is when its story's age starts (in the future: an embargo until then; None: it never grows old). `pinned` is
    the moment a person gave it. `exempt_from_age` is for evergreen repeats.
    """

    delivery: int
    article: int
    breaking: bool = False
    priority: int = 0
    position: float = 0.0
    pinned: datetime | None = None
    dated: datetime | None = None
    exempt_from_age: bool = False
    section: str = ""


Dropped = tuple[Candidate, str]
"""A candidate that will not be sent, and the reason in words."""


def order(candidate: Candidate) -> tuple[bool, int, float, int]:
    """The sort key of the queue: breaking first, then higher priority, lower position, older delivery."""
    return (not candidate.breaking, -candidate.priority, candidate.position, candidate.delivery)


class Lineup:
    """The candidates, sorted once and then moved on from moment to moment, so that a look far ahead stays cheap.

    The moments given to `move_on` must not go back; the other questions are about the last of them.
    """

    def __init__(self, candidates: Iterable[Candidate], caps: Caps, zone: ZoneInfo) -> None:
        everyone = list(candidates)
        free = [c for c in everyone if c.pinned is None]
        self._caps = caps
        self._zone = zone
        self._pins = sorted((c for c in everyone if c.pinned is not None), key=lambda c: (_pinned(c), order(c)))
        self._queue = sorted((c for c in free if c.dated is None), key=order)
        self._embargoed = sorted((c for c in free if c.dated is not None), key=_dated, reverse=True)
        self._ageing = [c for c in self._embargoed if not c.exempt_from_age]
        self._gone: set[int] = set()
        self._left = len(everyone)

    def __bool__(self) -> bool:
        return self._left > 0

    def move_on(self, now: datetime) -> tuple[Dropped, ...]:
        """Ends the embargoes that are over; drops and returns what is too old by now, and the missed pins."""
        released = []
        while self._embargoed and _dated(self._embargoed[-1]) <= now:
            released.append(self._embargoed.pop())
        if released:
            self._queue = sorted(self._queue + released, key=order)
        dropped = [(pin, self._missed(pin)) for pin in self._pins if now - _pinned(pin) > self._caps.max_late]
        while self._ageing and now - _dated(self._ageing[-1]) > self._caps.max_age:
            old = self._ageing.pop()
            if old.delivery not in self._gone:
                dropped.append((old, self._stale(old, now)))
        for candidate, _ in dropped:
            self.take(candidate)
        return tuple(dropped)

    def take(self, candidate: Candidate) -> None:
        """The candidate leaves the line."""
        self._left -= 1
        if candidate.pinned is not None:
            self._pins.remove(candidate)
            return
        self._gone.add(candidate.delivery)
        while self._queue and self._queue[0].delivery in self._gone:
            self._queue.pop(0)

    def first(self) -> Candidate | None:
        """The one whose turn it is, pins apart."""
        return self._queue[0] if self._queue else None

    def due_pin(self, now: datetime) -> Candidate | None:
        """The earliest pin whose moment has come, unless an embargo still holds it."""
        return next((pin for pin in self._pins if _ready(pin) <= now), None)

    def pin_within(self, now: datetime, moment: datetime, reach: timedelta) -> Candidate | None:
        """The next pin to come that lies less than `reach` after `moment`."""
        coming = (pin for pin in self._pins if now < _pinned(pin) < moment + reach and _ready(pin) == _pinned(pin))
        return next(coming, None)

    def next_pin(self, now: datetime) -> datetime | None:
        """When the next pin will be free to go, after `now`."""
        return min((ready for pin in self._pins if (ready := _ready(pin)) > now), default=None)

    def next_release(self) -> datetime | None:
        """When the next embargo ends."""
        return _dated(self._embargoed[-1]) if self._embargoed else None

    def _missed(self, pin: Candidate) -> str:
        reason = f"missed: pinned for {time_of_day(_pinned(pin), self._zone)}"
        if _ready(pin) > _pinned(pin) + self._caps.max_late:
            return f"{reason}, but its story is dated {time_of_day(_dated(pin), self._zone)}"
        return f"{reason}, more than {spoken(self._caps.max_late)} late"

    def _stale(self, old: Candidate, now: datetime) -> str:
        age, limit = spoken(now - _dated(old)), spoken(self._caps.max_age)
        return f"stale: {age} old, the limit is {limit}" if age != limit else f"stale: just over {limit} old, the limit"


def _pinned(candidate: Candidate) -> datetime:
    assert candidate.pinned is not None
    return candidate.pinned


def _dated(candidate: Candidate) -> datetime:
    assert candidate.dated is not None
    return candidate.dated


def _ready(pin: Candidate) -> datetime:
    pinned = _pinned(pin)
    return pinned if pin.dated is None else max(pinned, pin.dated)
