"""Accounts whose timelines have still to be read back after a restored backup. Nothing is sent on them until then.

Kept apart from what else closes a lane, so that nothing which opens one can let them go on too early.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from bot.store import meta
from bot.store.database import Transaction

KEY = "restored: pending"


def listed(tx: Transaction) -> list[str]:
    """Their names, in the order of the settings at the time."""
    return names_in(meta.get(tx, KEY))


def names_in(value: str | None) -> list[str]:
    """The names in the fact that `meta` keeps of them."""
    return list(json.loads(value)) if value else []


def keep(tx: Transaction, accounts: Iterable[str]) -> None:
    """These are they."""
    names = list(accounts)
    meta.set(tx, KEY, json.dumps(names) if names else None)


def drop(tx: Transaction, account: str) -> None:
    """Its timeline was read back, or a person opens it all the same."""
    names = listed(tx)
    if account in names:
        keep(tx, [name for name in names if name != account])
