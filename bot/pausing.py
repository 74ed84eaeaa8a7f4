"""The switch: pause and resume, and lanes and doors that closed and open again.

A pause (everything, or one account) is looked at in the transaction before every call. It comes from the command
line, or from a file `PAUSE` in the home, which works even when nothing else does; its first line is the reason.
What a pause parks is never flushed by itself: slots that come due meanwhile are missed, and `resume` says what
becomes of the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bot.account import Account
from bot.delivery import State
from bot.nightdesk import Nightdesk
from bot.store import deliveries, doors, lanes, pauses, slots
from bot.store.database import Transaction
from bot.timetable import planner
from bot.timetable.lineup import Dropped, Lineup

EVERYTHING = "all"
DOOR_PROBE_EVERY = timedelta(minutes=5)


class Then(StrEnum):
    """What becomes of the queued deliveries when a pause ends."""

    PUBLISH = "publish"  # all stay queued and go out as timetable, gap and caps allow
    SKIP_STALE = "skip-stale"  # those too old by now are skipped, the rest stays queued
    SKIP_ALL = "skip-all"  # nothing of what waited is posted


def scope_of(account: str | None) -> str:
    return EVERYTHING if account is None else f"account:{account}"


def pause(desk: Nightdesk, *, account: str | None, reason: str, until: datetime | None, actor: str) -> None:
    """Stop everything, or one account, before its next call."""
    if account is not None:
        desk.account(account)
    with desk.database.begin() as tx:
        pauses.set(tx, scope_of(account), reason=reason, until=until, at=desk.clock.desk_now(), actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """How many deliveries still wait, how many were skipped, and the accounts that an unconfirmed post keeps closed."""

    waiting: int
    skipped: int
    still_closed: tuple[str, ...] = ()


def resume(desk: Nightdesk, *, account: str | None, then: Then, actor: str) -> Resumed:
    """Lift the pause; with an account named, also open its lane if it waited for a person."""
    names: Sequence[str] = list(desk.settings.accounts) if account is None else [desk.account(account).name]
    skipped = waiting = 0
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        for name in names:
            _record_missed(desk, tx, desk.account(name))
        pauses.lift(tx, scope_of(account))
        for name in names:
            left, gone = _thin_out(desk, tx, desk.account(name), then, actor)
            waiting, skipped = waiting + left, skipped + gone
            _ask_again(desk, tx, desk.account(name))
        closed = [] if account is None or open_when_settled(desk, tx, account) else [account]
        lanes.wake(tx, names)
    return Resumed(waiting=waiting, skipped=skipped, still_closed=tuple(closed))


def _record_missed(desk: Nightdesk, tx: Transaction, account: Account) -> None:
    """Slots that came due during the pause were missed because of it, whether or not a pass has run meanwhile."""
    now, lane = desk.clock.desk_now(), lanes.get(tx, account.name)
    reason = pause_reason(desk, tx, account, now)
    if lane is None or not reason:
        return
    used = slots.used_keys(tx, account.name, lane.counted_to)
    turn = planner.paused_turn(
        desk.timetable(account), planner.LaneView(counted_to=lane.counted_to, used=used), now, reason
    )
    if missed := turn.missed:
        slots.missed(tx, account.name, **asdict(missed), live=desk.is_live(tx, account), now=now)
    lanes.count_to(tx, account.name, counted_to=turn.counted_to)


def _ask_again(desk: Nightdesk, tx: Transaction, account: Account) -> None:
    """A closed platform app is asked in the next pass whether it is open, whatever it said before."""
    key = door_of(account, desk.is_live(tx, account))
    if door := doors.get(tx, key):
        doors.close(tx, key, reason=door.reason, until=desk.clock.real_now())


def pause_reason(desk: Nightdesk, tx: Transaction, account: Account, now: datetime) -> str:
    """Why the account may not post now, or an empty string."""
    if switched := switched_off(desk.settings.home):
        return switched
    wanted = {EVERYTHING, scope_of(account.name)}
    return next((pause.reason for pause in pauses.active(tx, now) if pause.scope in wanted), "")


def open_when_settled(desk: Nightdesk, tx: Transaction, account: str) -> bool:
    """Let a closed lane go on, unless one of its posts is unconfirmed: then only that post's story opens it.

    The next pass still reads why it was closed, and what it missed for that. Returns whether the way is free.
    """
    if deliveries.count(tx, account, states={State.UNCONFIRMED}):
        return False
    lane = lanes.get(tx, account)
    if lane is not None and lane.closed_reason:
        lanes.close(tx, account, reason=lane.closed_reason, until=desk.clock.real_now())
    return True


def door_of(account: Account, live: bool) -> str:
    """The platform app that an account posts through: its limits and credits are shared by all its accounts.

    The settings tell apps apart by where their key is kept; a Page token alone names no app, so those share a door.
    In rehearsal every account has keys of its own, and so an app of its own.
    """
    if not live:
        return f"{account.platform} rehearsal {account.name}"
    key = account.credentials.get("api_key") or account.credentials.get("app_id")
    return f"{account.platform} live {key.kind}:{key.name}" if key else f"{account.platform} live"


def closed_door(desk: Nightdesk, tx: Transaction, account: Account) -> str:
    """Why the account's platform app is closed, or an empty string."""
    door = doors.get(tx, door_of(account, desk.is_live(tx, account)))
    return door.reason if door else ""


def _thin_out(desk: Nightdesk, tx: Transaction, account: Account, then: Then, actor: str) -> tuple[int, int]:
    """Skip what the person chose to skip; returns how many deliveries (still wait, were skipped)."""
    now = desk.clock.desk_now()
    waiting = deliveries.waiting(tx, account.name, desk.is_live(tx, account))
    dropped: Sequence[Dropped] = ()
    if then is Then.SKIP_ALL:
        dropped = [(candidate, "cancelled: skipped when the pause ended") for candidate in waiting]
    elif then is Then.SKIP_STALE:
        dropped = Lineup(waiting, account.caps, account.zone).move_on(now)
    for candidate, reason in dropped:
        deliveries.change(
            tx, candidate.delivery, when={State.QUEUED}, to=State.SKIPPED, reason=reason, actor=actor, now=now
        )
    return len(waiting) - len(dropped), len(dropped)


def switched_off(home: Path) -> str:
    """What the file PAUSE says. One that cannot be read still stops everything: somebody put it there."""
    try:
        text = (home / "PAUSE").read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError:
        return "there is a PAUSE in the home that cannot be read"
    return next((line.strip() for line in text.splitlines() if line.strip()), "the file PAUSE is in the home")
