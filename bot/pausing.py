"""The switch: pause and resume, and lanes and doors that close and open again.

A pause (everything, or one account) is looked at in the transaction before every call. It comes from the command
line, or from a file `PAUSE` in the home, which works even when nothing else does; its first line is the reason.
What a pause parks is never flushed by itself: slots that come due meanwhile are missed, and `resume` says what
becomes of the queue.

A lane (one account) closes for an unclear post, a refused sign-in or a limit. A door (a platform app with all its
accounts) closes on the platform's word, or when its answers have closed three of its lanes within ten minutes: then it
is the platform that is in trouble, which is one alarm and not hundreds, and it is asked before anything else is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bot.account import Account
from bot.delivery import State
from bot.nightdesk import Nightdesk
from bot.store import deliveries, doors, lanes, looks, meta, pauses, slots, unread
from bot.store.database import Transaction
from bot.timetable import planner
from bot.timetable.lineup import Dropped, Lineup

log = logging.getLogger(__name__)

EVERYTHING = "all"
LANES_FOR_A_DOOR = 3
TROUBLE_WITHIN = timedelta(minutes=10)
AT_ONCE = 500  # accounts in one statement


class Then(StrEnum):
    """What becomes of the queued deliveries when a pause ends."""

    PUBLISH = "publish"  # all stay queued and go out as timetable, gap and caps allow
    SKIP_STALE = "skip-stale"  # those too old by now are skipped, the rest stays queued
    SKIP_ALL = "skip-all"  # nothing of what waited is posted


def scope_of(account: str | None) -> str:
    return EVERYTHING if account is None else f"account:{account}"


def resumed_key(scope: str) -> str:
    """Where the store's `meta` keeps when the scope was last resumed (desk time): nothing was due before."""
    return f"resumed {scope}"


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
        lanes.lock(tx, names)
        for name in names:
            _record_missed(desk, tx, desk.account(name))
        pauses.lift(tx, scope_of(account))
        meta.set_time(tx, resumed_key(scope_of(account)), desk.clock.desk_now())
        for name in names:
            left, gone = _thin_out(desk, tx, desk.account(name), then, actor)
            waiting, skipped = waiting + left, skipped + gone
            _ask_again(desk, tx, desk.account(name))
        closed = [] if account is None or open_when_settled(desk, tx, account, whatever=True) else [account]
        if account is not None and not closed:
            unread.drop(tx, account)
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
    """In the next pass a closed platform app is asked whether it is open, and what could not be read is read again."""
    key, now = door_of(account, desk.is_live(tx, account)), desk.clock.real_now()
    if door := doors.get(tx, key):
        doors.close(tx, key, reason=door.reason, until=now, by_answers=door.by_answers, slowed=door.slowed)
    looks.hurry(tx, account.name, desk.look_now())


def pause_reason(desk: Nightdesk, tx: Transaction, account: Account, now: datetime) -> str:
    """Why the account may not post now, or an empty string."""
    reasons = pause_reasons(desk, tx, now)
    return reasons.get(EVERYTHING) or reasons.get(scope_of(account.name), "")


def pause_reasons(desk: Nightdesk, tx: Transaction, now: datetime) -> dict[str, str]:
    """What is paused now, scope by scope, and why; the file PAUSE speaks first."""
    reasons = {pause.scope: pause.reason for pause in pauses.active(tx, now)}
    switched = switched_off(desk.settings.home)
    return {**reasons, EVERYTHING: switched} if switched else reasons


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


# -- lanes and doors ---------------------------------------------------------------------------------------------


def close_lane(
    desk: Nightdesk,
    tx: Transaction,
    account: str,
    live: bool,
    *,
    reason: str,
    until: datetime | None,
    by_answer: bool,
    delivery: int | None = None,
) -> None:
    """Close the account's lane until `until` (real time), or with None until its story or a person opens it.

    `by_answer`: what the platform did to a call was the reason, not a crash of ours nor an ordinary limit; it counts
    for the door. `delivery`: the one whose unclear post is the reason; it keeps the lane closed until it was read back.
    """
    lanes.close(tx, account, reason=reason, until=until, closed_for=delivery)
    known = desk.settings.accounts.get(account)
    if by_answer and known:
        lanes.note_answer(tx, account, desk.clock.real_now())
        _close_door_of_many(desk, tx, door_of(known, live), reason)


def _close_door_of_many(desk: Nightdesk, tx: Transaction, key: str, reason: str) -> None:
    door = doors.get(tx, key)
    if door and not door.slowed:
        return
    closed = lanes.answered_since(tx, desk.clock.real_now() - TROUBLE_WITHIN)
    behind = [account.name for account, _ in accounts_behind(desk, tx, key, closed)]
    if len(behind) < LANES_FOR_A_DOOR:
        return
    within = round(TROUBLE_WITHIN.total_seconds() / 60)
    words = (
        f"{len(behind)} of its accounts were closed within {within} minutes ({', '.join(behind)}); the last: {reason}"
    )
    doors.close(tx, key, reason=words, until=None, by_answers=True)
    log.error("%s is closed, nothing more is sent through it until it answers: %s", key, words)


def open_when_settled(desk: Nightdesk, tx: Transaction, account: str, *, whatever: bool = False) -> bool:
    """Let a lane go on that an unclear post closed, unless such a post has not been read back yet.

    With `whatever`, also one that is closed for another reason: a person says that it is mended. The next pass still
    reads why it was closed, and what it missed for that. Returns whether the way is free.
    """
    if looks.unread(tx, account):
        return False
    lane = lanes.get(tx, account)
    if lane is None or lane.is_open:
        return True
    if lane.closed_for is None and not whatever:
        return False
    lanes.close(tx, account, reason=lane.closed_reason or "", until=desk.clock.real_now())
    return True


def open_door(desk: Nightdesk, tx: Transaction, key: str) -> bool:
    """The platform app works again: its lanes go on in this pass. False when it was open."""
    door = doors.get(tx, key)
    if door is None:
        return False
    names = [account.name for account, _ in accounts_behind(desk, tx, key)]
    lanes.lock(tx, names)
    if not doors.open(tx, key):
        return False
    for start in range(0, len(names), AT_ONCE):
        lanes.forget_answers(tx, names[start : start + AT_ONCE])
    for name in names:
        _tell_what_it_cost(tx, name, door.reason, desk.clock.real_now())
    log.warning("%s is open again.", key)
    return True


def _tell_what_it_cost(tx: Transaction, account: str, reason: str, now: datetime) -> None:
    """Close the lane for a moment that is over already: its next turn names the reason for the slots it missed."""
    lane = lanes.get(tx, account)
    if lane is not None and lane.is_open:
        lanes.close(tx, account, reason=lane.closed_reason or reason, until=now)


def accounts_behind(
    desk: Nightdesk, tx: Transaction, key: str, names: list[str] | None = None
) -> list[tuple[Account, bool]]:
    """The accounts (all, or of these names) that post through that app, and whether they are live."""
    return [(account, live) for account, live in _stamped(desk, tx, names) if door_of(account, live) == key]


def _stamped(desk: Nightdesk, tx: Transaction, names: list[str] | None) -> Iterator[tuple[Account, bool]]:
    every = desk.settings.accounts
    for name in every if names is None else names:
        if name in every:
            yield every[name], desk.is_live(tx, every[name])


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
