"""Reconcile: what became of a post whose fate is unclear is looked up on the platform's own timeline.

An attempt is unclear when its answer was lost, was no proof, or was never written down because the machine died.
Read `look` first: it is the whole way on one screen. Two short transactions surround one reading call.

    claim the look, if the post has rested long enough (`settling.py`)
    read our own timeline back, as far as the attempt
    compare (`search.py`, `matching.py`), book what the reading cost, write down what was found (`reconciled.py`)

Killed anywhere, it is begun again; two workers come to the same end. As soon as one reading has succeeded the account
goes on with its other posts, whatever was found.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import clock
from bot.delivery import Delivery, State
from bot.errors import ConfigurationError, NightdeskError, TryAgainLater, UsageError
from bot.failpoints import reach
from bot.nightdesk import Nightdesk
from bot.pausing import door_of
from bot.platforms.base import TimelinePost
from bot.reconciled import ACTOR, LONGEST_WAIT, write_down
from bot.search import Case, case_of, intent_of
from bot.settling import NOTHING, Instant, is_lost, still_to_rest
from bot.store import attempts, deliveries, doors, looks
from bot.store.database import Transaction
from bot.store.looks import Look
from bot.summary import Step

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200  # looks that one pass begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a person's wish to look came to. `words` is a sentence; `state` and `reason` are the delivery's now.

    `not_before` (real time): it was too early, nothing was read; look again then. `post_url`: of the post found.
    """

    state: State
    reason: str
    words: str
    not_before: datetime | None = None
    post_url: str = ""


@dataclass(frozen=True, slots=True)
class _TooEarly:
    until: datetime


def due(desk: Nightdesk) -> list[int]:
    """The attempts that may be looked for now, the longest waiting first; hand each to `look`.

    Those behind a door that the platform's answers closed wait: one of them is tried by `asking.py`.
    """
    come = _due(desk)
    with desk.database.read() as tx:
        shut = {door.key for door in doors.closed(tx) if door.by_answers} if come else set()
        return [look.attempt for look in come if not shut or door_behind(desk, tx, look) not in shut]


def due_behind(desk: Nightdesk, key: str) -> int | None:
    """The attempt that may be looked for now behind that door and has waited longest, None when there is none."""
    come = _due(desk)
    with desk.database.read() as tx:
        return next((look.attempt for look in come if door_behind(desk, tx, look) == key), None)


def look(desk: Nightdesk, attempt: int) -> Step | None:
    """Look for the post of that attempt. None: it was not its time, another worker does it, or it has ended."""
    case = _claim(desk, attempt)
    if not isinstance(case, Case):
        return None
    reach("look_claimed")
    seen = _read(desk, case)
    reach("look_read")
    step = write_down(desk, case, seen)
    reach("look_written")
    return step


def look_now(desk: Nightdesk, delivery: Delivery | int, *, actor: str = ACTOR) -> Looked:
    """A person wants it looked for at once: read back if it has rested long enough, else say when.

    Raises UsageError when the delivery is not unconfirmed, TryAgainLater when another worker is looking just now. A
    timeline that cannot be read is told in `words`.
    """
    number = delivery if isinstance(delivery, int) else delivery.id
    _due(desk)  # nobody may look after it yet
    with desk.database.read() as tx:
        its, made = deliveries.get(tx, number), attempts.of(tx, number)
    if its is None or its.state is not State.UNCONFIRMED or not made:
        state = its.state if its else "not there"
        hint = f"`nightdesk show d{number}` tells its story."
        raise UsageError(f"d{number} is {state}; only a post that is unconfirmed can be looked for.", hint)
    case = _claim(desk, made[-1].id, by_person=True)
    if isinstance(case, _TooEarly):
        words = "it is too early to look: the post may still appear"
        return Looked(state=its.state, reason=its.reason, words=words, not_before=case.until)
    if case is None:
        raise TryAgainLater(f"d{number} is being looked for right now.", "Try again in a minute.")
    step = write_down(desk, case, _read(desk, case), by_person=actor)
    with desk.database.read() as tx:
        now = deliveries.get(tx, number) or its
    words, url = (step.detail, step.url) if step else ("", "")
    return Looked(state=now.state, reason=now.reason, words=words or now.reason, post_url=url)


def door_behind(desk: Nightdesk, tx: Transaction, look: Look) -> str:
    """The door that the look's account stands behind; empty when the account has left the settings."""
    account, its = desk.settings.accounts.get(look.account), deliveries.get(tx, look.delivery)
    return door_of(account, its.live) if account and its else ""


def _due(desk: Nightdesk) -> list[Look]:
    """What may be looked for by the wall clock, whatever door it is behind; the claim asks both clocks."""
    now = _instant(desk)
    with desk.database.read() as tx:
        fresh = looks.unmet(tx, MOST_AT_ONCE)
    if fresh:
        with desk.database.begin() as tx:
            for one in fresh:
                attempt, settle = attempts.get(tx, one.attempt), desk.settings.delivery.settle
                rest = still_to_rest(intent_of(attempt), now, now, settle) if attempt else NOTHING
                looks.meet(tx, one, at=now.at + max(rest, NOTHING), mark=now)
    with desk.database.read() as tx:
        return looks.due(tx, now.at, farthest=now.at + _farthest(desk), limit=MOST_AT_ONCE)


def _farthest(desk: Nightdesk) -> timedelta:
    """No look is ever put off for longer, so one that lies beyond was put there before a clock was set back."""
    return LONGEST_WAIT + desk.settings.delivery.settle + _hold(desk)


def _claim(desk: Nightdesk, attempt: int, *, by_person: bool = False) -> Case | _TooEarly | None:
    """Claim the look if its time has come. A person need not wait for that, but for the post's rest."""
    with desk.database.begin() as tx:
        found = looks.get(tx, attempt)
        case = case_of(desk, tx, found) if found else None
        if found is None or case is None:
            looks.drop(tx, attempt)
            return None
        now, settle = _instant(desk), desk.settings.delivery.settle
        if is_lost(found.mark, now):
            looks.move(tx, found, at=found.at and now.at + settle, mark=now)
            return _TooEarly(now.at + settle)
        rest = still_to_rest(None if found.empty and not by_person else case.intent, found.mark, now, settle)
        if rest > NOTHING:
            looks.move(tx, found, at=found.at and now.at + rest)
            return _TooEarly(now.at + rest)
        if not (by_person or _has_come(desk, found, now.at)):
            return None
        held = now.at + _hold(desk)
        return replace(case, held=held) if looks.move(tx, found, at=held) else None


def _has_come(desk: Nightdesk, look: Look, now: datetime) -> bool:
    return look.at is not None and (look.at <= now or look.at > now + _farthest(desk))


def _hold(desk: Nightdesk) -> timedelta:
    """How long a claimed look is left to its worker: reading takes two calls at most, each with its deadline."""
    return 2 * desk.settings.delivery.deadline + timedelta(seconds=5)


def _read(desk: Nightdesk, case: Case) -> list[TimelinePost] | NightdeskError:
    """Our timeline as far back as needed, or why it could not be read."""
    try:
        if case.account is None:
            name = case.delivery.account
            hint = "Put it back, or look yourself and use `nightdesk resolve`."
            raise ConfigurationError(f"{name} is not in the settings any more, so its posts cannot be read.", hint)
        return desk.platform(case.account, case.delivery.live).read_back(case.sent.since)
    except NightdeskError as error:
        return error
    except Exception as error:
        log.exception("%s could not be read", case.delivery.account)
        return NightdeskError(f"a mistake in Nightdesk: {type(error).__name__}; please report it")


def _instant(desk: Nightdesk) -> Instant:
    return Instant(desk.look_now(), desk.clock.uptime(), clock.boot_id())
