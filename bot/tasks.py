"""What waits for a person, each with the command that settles it; and states and reasons in words.

A delivery's reason may begin with one of a few fixed words, which programs read: `not_found`, or `not_found: …` with
particulars behind it. Here is what they mean and what to do about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.delivery import State


class Kind(StrEnum):
    """What a task is about."""

    LATE = "late"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    HELD = "held"
    CLOSED_LANE = "closed account"
    CLOSED_DOOR = "closed app"
    TROUBLE = "trouble"
    STRANDED = "wrong stamp"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that waits for a person. `command` settles it; several are parted by ` or `. `since` is desk time."""

    kind: Kind
    account: str | None
    delivery: str | None = None
    title: str | None = None
    since: datetime | None = None
    what: str
    command: str


@dataclass(frozen=True, slots=True)
class _Meaning:
    words: str
    command: str


_LOOK = "nightdesk resolve {0} --look"
_SAY = "nightdesk resolve {0} --posted URL or nightdesk resolve {0} --not-posted"

_OVERTAKEN = "nightdesk queue again {0} or nightdesk resolve {0} --drop"

UNCONFIRMED: Mapping[str, _Meaning] = {
    "settling": _Meaning("it may be live; its account's timeline is read back once the platform has settled", _LOOK),
    "not_found": _Meaning("the timeline was read back and does not show it; look for yourself", _SAY),
    "ambiguous": _Meaning("the timeline shows a post that may be this one, or another; look for yourself", _SAY),
    "readback_failed": _Meaning("the timeline could not be read back; it is tried again by itself", _LOOK),
    "duplicate_reported": _Meaning("the platform says it has this text already; the timeline is read back", _LOOK),
}
"""Reason of an unconfirmed delivery -> what it means, and what settles it."""

_PLAIN: Mapping[State, _Meaning] = {
    State.UNCONFIRMED: _Meaning("it may be live: look at the account", _SAY),
    State.HELD: _Meaning("it waits for a person", "nightdesk queue release {0} or nightdesk queue skip {0}"),
    State.FAILED: _Meaning("the platform refused it", "nightdesk retry {0} or nightdesk resolve {0} --drop"),
    State.WITHDRAWN: _Meaning("it was deleted from the platform again", "nightdesk queue again {0}"),
    State.PUBLISHED: _Meaning("the platform took it", ""),
    State.SENDING: _Meaning("it is being sent, or the run that sent it has died; the next run reads it back", ""),
    State.SKIPPED: _Meaning("it was skipped", ""),
    State.QUEUED: _Meaning("it waits for its turn", ""),
}


def in_words(state: State, reason: str) -> str:
    """The state and its reason as a sentence, the reason's own words included."""
    word, _, particulars = reason.partition(":")
    known = UNCONFIRMED.get(word) if state is State.UNCONFIRMED else None
    if known is None:
        return reason or _PLAIN[state].words
    return f"{word}: {known.words}" + (f" ({particulars.strip()})" if particulars.strip() else "")


def told(state: State, reason: str, delivery: str) -> str:
    """The state and its reason in words, and the command that settles it where the reason alone does not say so."""
    words, command = in_words(state, reason), settled_by(state, reason, delivery)
    return f"{words} → {command}" if command and state in (State.UNCONFIRMED, State.WITHDRAWN) else words


def settled_by(state: State, reason: str, delivery: str, *, overtaken: bool = False) -> str:
    """The command that settles such a delivery (`d34`), or "" where there is nothing to do.

    `overtaken`: it was rehearsed, and its account is live by now, so it is never retried.
    """
    if overtaken and state is State.FAILED:
        return _OVERTAKEN.format(delivery)
    meaning = UNCONFIRMED.get(reason.partition(":")[0]) if state is State.UNCONFIRMED else None
    return (meaning or _PLAIN[state]).command.format(delivery)
