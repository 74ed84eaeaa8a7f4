"""The only module that reads a clock. Everything else is handed `now`.

Nightdesk has two clocks. `desk_now` drives what a reader would notice: slots, age, caps and gaps; it can
be simulated (`--now`). `real_now` drives what the machine must survive: leases, deadlines, settling,
rate-limit resets and the times written on attempts; it never is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Protocol

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The moment as the zone's clocks show it; as it came within a day of the years 0 and 10000, which none shows."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


class Clock(Protocol):
    """What the rest of the house may ask. All datetimes are aware and in UTC."""

    def desk_now(self) -> datetime: ...

    def real_now(self) -> datetime: ...

    def uptime(self) -> float: ...

    @property
    def simulated(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock; `pretended`, when given, is what the desk takes for now and does not move."""

    pretended: datetime | None = None

    def desk_now(self) -> datetime:
        return self.pretended or self.real_now()

    def real_now(self) -> datetime:
        return datetime.now(UTC)

    def uptime(self) -> float:
        return uptime()

    @property
    def simulated(self) -> bool:
        return self.pretended is not None


def uptime() -> float:
    """Seconds on a clock that only moves forward and also counts while the machine is suspended.

    Used for deadlines: a laptop closed in the middle of a delivery must not send hours later.
    Where the system has no such clock (CLOCK_BOOTTIME is Linux's), the monotonic one serves.
    """
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


@cache
def boot_id() -> str:
    """Names this start of this machine: two figures of `uptime` can be compared only under the same name.

    Empty where the system gives none (it is Linux's).
    """
    try:
        return BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def wait(seconds: float) -> None:
    """Do nothing for a while."""
    time.sleep(seconds)
