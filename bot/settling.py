"""How long an unclear post still has to rest before the timeline may be believed. Never shortened, by no clock.

A reply may be lost and the post appear late; a timeline may be behind. So a read-back counts only when `settle` has
passed since the intent. Two clocks say how much has passed: the wall clock, which people and time servers move, and
the machine's uptime, which nobody moves but which begins anew with each start of a machine (`boot`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment on both clocks: `at` aware, `uptime` in seconds. `boot` is empty where the system names none."""

    at: datetime
    uptime: float
    boot: str

    def same_boot(self, other: Instant) -> bool:
        """Whether the uptimes can be compared. One that ran backwards is another machine's under a copied name."""
        return bool(self.boot) and self.boot == other.boot and self.uptime <= other.uptime


def still_to_rest(intent: Instant | None, mark: Instant, now: Instant, rest: timedelta) -> timedelta:
    """How much of `rest` is left; nothing or less: the timeline may be read.

    On the boot of the intent both clocks must agree that enough has passed since then; a wall clock that is behind the
    intent has been set back since and has no say. On any other boot the wall clock alone knows of the intent, so
    enough must also have passed since the `mark`, when the attempt was first seen to be unclear. `intent` None:
    measured from the mark alone.
    """
    if intent is None:
        return rest - passed(mark, now)
    if intent.same_boot(now):
        return rest - passed(intent, now)
    since_intent = now.at - intent.at
    known = passed(mark, now) if since_intent < NOTHING else min(since_intent, passed(mark, now))
    return rest - known


def passed(since: Instant, now: Instant) -> timedelta:
    """The least that has passed, as far as the clocks can say; nothing if neither can."""
    by_wall = now.at - since.at
    if not since.same_boot(now):
        return max(by_wall, NOTHING)
    by_uptime = timedelta(seconds=now.uptime - since.uptime)
    return by_uptime if by_wall < NOTHING else min(by_wall, by_uptime)


def is_lost(mark: Instant, now: Instant) -> bool:
    """Whether neither clock can measure from the mark any more: another boot, and a wall clock that is behind it."""
    return not mark.same_boot(now) and now.at < mark.at
