"""What every verb works with: the settings, the clock, the database, the templates and the platforms."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from platform import node

from bot.account import Account
from bot.clock import Clock
from bot.configuring.edition import Editions, is_later
from bot.configuring.values import did_you_mean
from bot.errors import UsageError
from bot.platforms.base import Platform
from bot.settings import Settings
from bot.store import lanes
from bot.store.database import Database, Transaction
from bot.store.lastrun import LastRun
from bot.templating import Templates
from bot.timetable import language
from bot.timetable.language import Timetable

_INSTANT = timedelta(microseconds=1)


def _new_owner() -> str:
    """A name for this process that no earlier or later one has: process numbers come back."""
    return f"{node()}:{secrets.token_hex(6)}"


@dataclass(slots=True)
class Nightdesk:
    """One newspaper's desk at work. `connect(settings, account, live)` gives the real or the rehearsal platform."""

    settings: Settings
    clock: Clock
    database: Database
    templates: Templates
    connect: Callable[[Settings, Account, bool], Platform]
    editions: Editions
    owner: str = field(default_factory=_new_owner)
    handed_over: dict[str, int] = field(default_factory=dict)  # account → fence: calls made or to be made, not recorded
    troubles: dict[str, str] = field(default_factory=dict)  # why accounts could not be served, as `meta` has it
    asked_late: float | None = None  # when this process last asked which posts are late, on the uptime's clock
    met: bool = False  # every account of the settings has its lane
    _lease_until: datetime | None = None
    noted: LastRun | None = None  # what this process last wrote to `data/last-run`
    _connecting: threading.Lock = field(default_factory=threading.Lock)
    _platforms: dict[tuple[str, bool], Platform] = field(default_factory=dict)
    _timetables: dict[str, Timetable] = field(default_factory=dict)

    def account(self, name: str) -> Account:
        """The account of that name; UsageError names the ones there are."""
        try:
            return self.settings.accounts[name]
        except KeyError:
            known = ", ".join(self.settings.accounts) or "none"
            like = did_you_mean(name, self.settings.accounts) or "."
            raise UsageError(f"There is no account {name!r}{like}", f"The settings have: {known}.") from None

    def is_live(self, tx: Transaction, account: Account) -> bool:
        """Live needs both: the settings' word and a recorded `golive`."""
        if not account.live:
            return False
        lane = lanes.get(tx, account.name)
        return lane is not None and lane.golive_at is not None

    def timetable(self, account: Account) -> Timetable:
        if account.name not in self._timetables:
            self._timetables[account.name] = language.parse(account.timetable, account.zone)
        return self._timetables[account.name]

    def platform(self, account: Account, live: bool) -> Platform:
        """The client for that account, made at first use and kept."""
        key = account.name, live
        with self._connecting:
            if key not in self._platforms:
                self._platforms[key] = self.connect(self.settings, account, live)
            return self._platforms[key]

    def meet_accounts(self, tx: Transaction) -> None:
        """Note accounts seen for the first time: their slots count from now, earlier ones never existed."""
        lanes.ensure(tx, self.settings.accounts, self.clock.desk_now())

    def lease_now(self) -> datetime:
        """The time by which leases are judged: the database's own, where several machines share it."""
        return self.clock.real_now() + self.database.skew

    def look_now(self) -> datetime:
        """The time by which looks are judged, likewise; the clocks' difference is only known to about a second."""
        return self.clock.real_now() + timedelta(seconds=round(self.database.skew.total_seconds()))

    def new_lease(self) -> datetime:
        """Until when a lease lasts that begins now; never the same moment twice."""
        until = self.lease_now() + self.settings.delivery.lease
        if self._lease_until is not None and until <= self._lease_until:
            until = self._lease_until + _INSTANT
        self._lease_until = until
        return until

    def is_outdated(self, newest: str) -> bool:
        """Whether `newest`, the edition that another worker has accepted, is a later one than ours."""
        return is_later(newest, than=self.editions.now())

    def adopt(self, settings: Settings) -> None:
        """Go on with changed settings; not while a post is under way. Database and home stay what they are."""
        self._disconnect()
        self._timetables.clear()
        self.settings = settings
        self.editions.take_settings()
        self.met = False

    def close(self) -> None:
        self._disconnect()
        self.database.close()

    def _disconnect(self) -> None:
        for platform in self._platforms.values():
            platform.close()
        self._platforms.clear()
