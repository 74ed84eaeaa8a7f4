"""What stops everything or one account at this moment: said by `once`, and by `resume` where something still stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.account import Account
from bot.delivery import State
from bot.nightdesk import Nightdesk
from bot.outlook import turn_now
from bot.pausing import EVERYTHING, closed_door, pause_reason, scope_of
from bot.store import deliveries, lanes, pauses
from bot.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One reason why nothing is sent, and how it ends; `account` None: it stops everything."""

    account: str | None
    words: str
    ends: str


def stops(desk: Nightdesk) -> list[Stop]:
    """All that stops something now, the widest first."""
    with desk.database.read() as tx:
        found = [*_of_everything(desk, tx)]
        for account in desk.settings.accounts.values():
            found += _of_account(desk, tx, account)
    return found


def waits(desk: Nightdesk) -> list[str]:
    """What holds back posts that are due, an account a sentence: its gap or a cap, with the figures."""
    with desk.database.read() as tx:
        turns = [(account.name, turn_now(desk, tx, account)) for account in desk.settings.accounts.values()]
    return [f"{name} waits: {turn.blocked}" for name, turn in turns if turn.blocked]


def _of_everything(desk: Nightdesk, tx: Transaction) -> Iterator[Stop]:
    now, switch = desk.clock.desk_now(), desk.settings.home / "PAUSE"
    if switch.exists() and (anyone := next(iter(desk.settings.accounts.values()), None)):
        says = pause_reason(desk, tx, anyone, now)  # the file speaks first
        yield Stop(account=None, words=_all_paused(says), ends=f"It lasts until the file {switch} is removed.")
    for pause in pauses.active(tx, now):
        if pause.scope == EVERYTHING:
            yield Stop(account=None, words=_all_paused(pause.reason), ends="`nightdesk resume` ends it.")


def _all_paused(reason: str) -> str:
    return f"paused: {reason}; nothing is sent"


def _of_account(desk: Nightdesk, tx: Transaction, account: Account) -> Iterator[Stop]:
    name, lane = account.name, lanes.get(tx, account.name)
    resume = f"`nightdesk resume --account {name}`"
    for pause in pauses.active(tx, desk.clock.desk_now()):
        if pause.scope == scope_of(name):
            yield Stop(account=name, words=f"{name} is paused: {pause.reason}", ends=f"{resume} ends it.")
    if lane and lane.closed_reason:
        words = f"{name} is closed: {lane.closed_reason}"
        if deliveries.count(tx, name, states={State.UNCONFIRMED}):
            yield Stop(account=name, words=words, ends="`nightdesk resolve` opens it.")
        elif lane.closed_until is None:
            yield Stop(account=name, words=words, ends=f"When that is mended, {resume} opens it.")
        elif lane.closed_until > desk.clock.real_now():
            yield Stop(account=name, words=words, ends="It opens by itself.")
    if reason := closed_door(desk, tx, account):
        ends = f"{account.platform} is asked again by itself."
        yield Stop(account=name, words=f"{name} is closed with its {account.platform} app: {reason}", ends=ends)
