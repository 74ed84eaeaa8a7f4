"""How everything stands at one moment, read once for all accounts: lanes, doors, pauses, troubles, the last pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.account import Account
from bot.nightdesk import Nightdesk
from bot.pausing import EVERYTHING, door_of, pause_reasons, resumed_key, scope_of
from bot.store import doors, lanes, meta, pauses
from bot.store.database import Transaction
from bot.store.doors import Door
from bot.store.lanes import Lane
from bot.store.pauses import Pause
from bot.summary import TROUBLE
from bot.timetable.lateness import PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`now` and `last_pass` are desk time, `real_now` is real. `paused_for` is by scope, `troubles` by account."""

    now: datetime
    real_now: datetime
    last_pass: datetime | None
    lanes: Mapping[str, Lane]
    doors: Mapping[str, Door]
    pauses: tuple[Pause, ...]
    paused_for: Mapping[str, str]
    troubles: Mapping[str, str]
    accounts: Mapping[str, Account]
    counts_anew: bool

    @classmethod
    def read(cls, desk: Nightdesk, tx: Transaction) -> Overview:
        """As the database has it now, in a handful of queries however many accounts there are."""
        now = desk.clock.desk_now()
        return cls(
            now=now,
            real_now=desk.clock.real_now(),
            last_pass=meta.last_pass(tx),
            lanes={lane.account: lane for lane in lanes.every(tx)},
            doors={door.key: door for door in doors.closed(tx)},
            pauses=tuple(pauses.active(tx, now)),
            paused_for=pause_reasons(desk, tx, now),
            troubles=meta.beginning_with(tx, TROUBLE),
            accounts=desk.settings.accounts,
            counts_anew=not desk.clock.simulated and meta.get(tx, "simulated_to") is not None,
        )

    @property
    def nobody_works(self) -> bool:
        """No pass has run for ten minutes, so any account may have something that is late."""
        return self.last_pass is None or self.last_pass <= self.now - PATIENCE

    def is_live(self, account: Account) -> bool:
        """Live needs both: the settings' word and a recorded `golive`."""
        lane = self.lanes.get(account.name)
        return account.live and lane is not None and lane.golive_at is not None

    def paused(self, account: Account) -> str:
        """Why the account may not post now, or an empty string."""
        return self.paused_for.get(EVERYTHING) or self.paused_for.get(scope_of(account.name), "")

    def door(self, account: Account) -> Door | None:
        """The account's platform app, if it is closed."""
        return self.doors.get(door_of(account, self.is_live(account)))

    def closed(self, account: str) -> Lane | None:
        """The account's lane, if it is closed now."""
        lane = self.lanes.get(account)
        if lane is None or not lane.closed_reason:
            return None
        return lane if lane.closed_until is None or lane.closed_until > self.real_now else None

    def resting(self, account: str) -> Lane | None:
        """The account's lane, if it waits to try again."""
        lane = self.lanes.get(account)
        rests = lane is not None and lane.wake_at is not None and lane.wake_at > self.real_now
        return lane if rests and not self.closed(account) else None

    def restless(self, account: Account, moment: datetime) -> bool:
        """Whether the account may have something that is due at that moment (desk time), now or earlier.

        A lane that is free and wanted no look until then has nothing: so the planner said at the last look.
        """
        lane = self.lanes.get(account.name)
        if lane is None or self.paused(account):
            return False
        wanted = lane.look_at is not None and lane.look_at <= moment
        lost = lane.lease_until is not None and lane.lease_until <= self.real_now
        kept = lane.closed_reason is not None or lane.wake_at is not None or account.name in self.troubles
        return wanted or lost or kept or self.counts_anew or self.door(account) is not None

    def pause_ended(self, tx: Transaction, account: Account) -> datetime | None:
        """When (desk time) the account's last pause ended, as far as that is known."""
        scopes = (EVERYTHING, scope_of(account.name))
        resumed = [meta.get_time(tx, resumed_key(scope)) for scope in scopes]
        over = [pause.until for pause in pauses.over(tx, self.now) if pause.scope in scopes]
        return max((moment for moment in (*resumed, *over) if moment and moment <= self.now), default=None)

    def what_keeps(self, account: Account, delivery: int) -> tuple[str, str]:
        """Why a queued delivery that is due does not go, and the command that settles it."""
        skip = f"nightdesk queue skip d{delivery}"
        if lane := self.closed(account.name):
            if lane.closed_until is None:
                return f"the account is closed: {lane.closed_reason}", f"nightdesk resume --account {account.name}"
            return f"the account is closed until {_at(account, lane.closed_until)}: {lane.closed_reason}", skip
        if trouble := self.troubles.get(account.name):
            return trouble, "nightdesk check"
        if (door := self.door(account)) and door.slowed:
            return f"the {account.platform} app of the account is slowed down: {door.reason}", skip
        if door:
            return f"the {account.platform} app of the account is closed: {door.reason}", skip
        if (lane := self.resting(account.name)) and lane.wake_at:
            return f"it could not be sent, and is tried again at {_at(account, lane.wake_at)}", skip
        if self.nobody_works:
            return "no pass has run since it was due", "nightdesk once"
        return "its account is at work with something else", f"nightdesk show d{delivery}"


def _at(account: Account, moment: datetime) -> str:
    return moment.astimezone(account.zone).isoformat(timespec="seconds")
