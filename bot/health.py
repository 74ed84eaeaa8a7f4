"""How a desk is: what `status` tells, as data. All moments are desk time unless they say otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.delivery import State
from bot.tasks import Task


class Health(StrEnum):
    """How a desk or an account is."""

    HEALTHY = "healthy"
    NEEDS_PERSON = "needs a person"
    STALLED = "stalled"  # something was due for ten minutes, and no pass has run since


EXIT_STATUS = {Health.HEALTHY: 0, Health.NEEDS_PERSON: 4, Health.STALLED: 75}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """One account. Counts are of deliveries; `next_due` is desk time; `why` is empty when there is nothing to tell.

    `unconfirmed` is told by reason as well.
    """

    account: str
    platform: str
    live: bool
    health: Health
    why: str
    queued: int
    due: int
    in_flight: int
    held: int
    unconfirmed: int
    unconfirmed_for: dict[str, int]
    closed_until: datetime | None
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source of the settings. `failures` counts reads that failed since the last good one."""

    source: str
    last_read: datetime | None
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed lane (`name` is the account) or door (the app). `until` is real time, None where no end is known."""

    name: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What is paused: `all`, or `account:NAME`. `until` is desk time; None: until a person resumes it."""

    scope: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """The delivery that has not ended for the longest time, and since when (desk time) it is there."""

    delivery: str
    title: str
    account: str
    state: State
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Deliveries of all accounts, also of those that the settings do not have any more."""

    queued: int
    due: int
    in_flight: int
    held: int
    unconfirmed: int
    unconfirmed_for: dict[str, int]
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskHealth:
    """The whole desk: its worst account's health, unless nothing else is wrong but the sources.

    `accounts` and `tasks` are cut to what a person can read unless all were asked for; the counts say what is missing.
    """

    health: Health
    last_pass: datetime | None
    totals: Totals
    oldest: Oldest | None
    paused: tuple[Paused, ...]
    closed: tuple[Closed, ...]
    doors: tuple[Closed, ...]
    tasks: tuple[Task, ...]
    more_tasks: int
    accounts: tuple[AccountHealth, ...]
    more_accounts: int
    sources: tuple[SourceHealth, ...]

    @property
    def exit_status(self) -> int:
        """0 healthy, 4 a person is needed, 75 nobody is at work."""
        return EXIT_STATUS[self.health]
