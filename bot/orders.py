"""The standing orders of a moment: what is paused, which apps are closed, whose settings are the newest.

They are read inside the transaction that acts on them: before intents are written, and after lanes were claimed, so
that whoever lifts a pause and wakes the lanes meanwhile is either seen or wakes them once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.account import Account
from bot.nightdesk import Nightdesk
from bot.pausing import EVERYTHING, door_of, scope_of, switched_off
from bot.store import unread
from bot.store.database import Transaction
from bot.store.lookup import Standing, standing
from bot.store.meta import EDITION, LAST_PASS


@dataclass(frozen=True, slots=True)
class Orders:
    """`switch`: the reason in the file PAUSE, or an empty string. `now`: desk time.

    `outdated`: another worker has accepted newer settings or templates than ours, so nothing may be begun here.
    `unread`: accounts whose timelines have to be read back first, as a backup was restored.
    """

    now: datetime
    switch: str
    told: Standing
    outdated: bool
    unread: frozenset[str]

    def pause(self, account: Account) -> tuple[str, datetime | None]:
        """Why the account may not post now, or an empty string, and when that ends of itself."""
        if self.switch:
            return self.switch, None
        for scope in (EVERYTHING, scope_of(account.name)):
            for paused, reason, until in self.told.pauses:
                if paused == scope and (until is None or until > self.now):
                    return reason, until
        return "", None

    def closed_door(self, account: Account, live: bool) -> str:
        """Why the account's platform app is closed, or an empty string."""
        return self.told.doors.get(door_of(account, live), "") if self.told.doors else ""

    @property
    def last_pass(self) -> datetime | None:
        """When a pass last ran (desk time)."""
        known = self.told.facts.get(LAST_PASS)
        return datetime.fromisoformat(known) if known else None


def read_orders(desk: Nightdesk, tx: Transaction) -> Orders:
    """The orders as they stand in this transaction."""
    told = standing(tx, (LAST_PASS, EDITION, unread.KEY))
    outdated = desk.is_outdated(told.facts.get(EDITION, ""))
    to_read = frozenset(unread.names_in(told.facts.get(unread.KEY)))
    return Orders(desk.clock.desk_now(), switched_off(desk.settings.home), told, outdated, to_read)
