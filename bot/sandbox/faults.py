"""Ordered trouble: faults that strike chosen requests, so that a rehearsal can show what a bad night looks like.

A fault names its kind and which requests it is for; `docs/sandbox.md` describes them all. Faults wait in a queue:
the first one that fits a request strikes it, those behind it wait for their turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

MOST_FAULTS = 1_000


class Kind(StrEnum):
    """What can be ordered. `before` and `after` say whether the platform has done its work when it strikes."""

    REFUSE = "refuse"
    DUPLICATE_REPORTED = "duplicate_reported"
    RATE_LIMIT = "rate_limit"
    DAY_LIMIT = "day_limit"
    CREDITS_DEPLETED = "credits_depleted"
    REVOKED = "revoked"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    CUT_AFTER = "cut_after"
    HTML_AFTER = "html_after"
    NO_CONTENT_TYPE_AFTER = "no_content_type_after"
    EMPTY_JSON_AFTER = "empty_json_after"
    ANSWER_AFTER = "answer_after"
    SLOW = "slow"
    LATE_COMMIT = "late_commit"
    TIMELINE_LAG = "timeline_lag"
    OLD_TIMELINE = "old_timeline"


class BadFault(ValueError):
    """An order that cannot be understood; the message is a sentence that names what can."""


@dataclass(frozen=True, slots=True)
class _Option:
    """A key that some kinds have: its default, and what it may be (in words, and as a test)."""

    default: object
    words: str
    fits: Callable[[Any], bool]


def _whole(least: int, most: int, default: int | None) -> _Option:
    return _Option(default, f"a whole number from {least} to {most}", lambda value: _is_int(value, least, most))


def _is_int(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _seconds(default: float) -> _Option:
    return _Option(default, "seconds from 0 to 3600", lambda value: _is_number(value, 0, 3600))


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _one_of(*words: str) -> _Option:
    return _Option(words[0], " or ".join(f'"{word}"' for word in words), lambda value: value in words)


_RESET = _Option(
    900,
    "seconds from now (also below 0), or null for no such header",
    lambda value: value is None or _is_number(value, -(10**8), 10**8),
)
_TEXT = _Option(None, "a text", lambda value: isinstance(value, str))

OPTIONS: Mapping[Kind, Mapping[str, _Option]] = {
    Kind.REFUSE: {
        "status": _whole(400, 599, None),
        "body": _Option(None, "any JSON value", lambda value: True),
        "code": _whole(1, 10**7, 100),
        "subcode": _whole(1, 10**8, None),
        "message": _TEXT,
    },
    Kind.DUPLICATE_REPORTED: {},
    Kind.RATE_LIMIT: {
        "reset": _RESET,
        "code": _Option(80001, "4, 17, 32 or 80001", lambda value: value in (4, 17, 32, 80001)),
    },
    Kind.DAY_LIMIT: {
        "reset": replace(_RESET, default=86_400),
        "scope": _one_of("user", "app"),
        "limit": _whole(1, 10**6, 100),
    },
    Kind.CREDITS_DEPLETED: {},
    Kind.REVOKED: {},
    Kind.ERROR_BEFORE: {"status": _whole(500, 599, 503)},
    Kind.ERROR_AFTER: {"status": _whole(500, 599, 503)},
    Kind.HANG_BEFORE: {"seconds": _seconds(60)},
    Kind.HANG_AFTER: {"seconds": _seconds(60)},
    Kind.RESET_BEFORE: {},
    Kind.RESET_AFTER: {},
    Kind.CUT_AFTER: {},
    Kind.HTML_AFTER: {"status": _whole(200, 599, 200)},
    Kind.NO_CONTENT_TYPE_AFTER: {},
    Kind.EMPTY_JSON_AFTER: {},
    Kind.ANSWER_AFTER: {"status": _whole(200, 599, 200), "body": _Option(None, "any JSON value", lambda value: True)},
    Kind.SLOW: {"seconds": _seconds(2)},
    Kind.LATE_COMMIT: {"seconds": _seconds(5), "reply": _one_of("error", "hang")},
    Kind.TIMELINE_LAG: {"seconds": _seconds(60), "reply": _one_of("answer", "error")},
    Kind.OLD_TIMELINE: {"seconds": _seconds(60)},
}

# These concern a new post and would be wasted on a read.
CREATE_ONLY = frozenset({Kind.DUPLICATE_REPORTED, Kind.LATE_COMMIT, Kind.TIMELINE_LAG})
READ_ONLY = frozenset({Kind.OLD_TIMELINE})
X_ONLY = frozenset({Kind.DAY_LIMIT, Kind.CREDITS_DEPLETED})

_WHICH = {
    "platform": _one_of("x", "facebook"),
    "account": _TEXT,
    "method": _one_of("GET", "POST", "DELETE"),
    "path": _TEXT,
}
_COUNTS = {"times": _whole(1, 10**6, 1), "after": _whole(0, 10**6, 0)}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One order: which requests it is for, how many of them it lets pass (`after`) and then strikes (`times`)."""

    kind: Kind
    platform: str | None = None
    account: str | None = None
    method: str | None = None
    path: str | None = None
    times: int = 1
    after: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def fits(self, seen: Seen) -> bool:
        """Whether the request is one of those the fault is for."""
        return (
            self.platform in (None, seen.platform)
            and self.account in (None, seen.account)
            and self.method in (None, seen.method)
            and (self.path is None or fnmatchcase(seen.path, self.path))
            and (seen.creates or self.kind not in CREATE_ONLY)
            and (seen.method == "GET" or self.kind not in READ_ONLY)
            and (seen.platform == "x" or self.kind not in X_ONLY)
        )

    def as_json(self) -> dict[str, Any]:
        """As it was ordered, with what is left of `times` and `after`; defaults are filled in."""
        which = {name: value for name in _WHICH if (value := getattr(self, name)) is not None}
        options = {name: value for name, value in self.options.items() if value is not None or name == "reset"}
        return {"kind": str(self.kind), **which, "times": self.times, "after": self.after, **options}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a fault may look at in a request; `account` is None when it carries no key of the sandbox."""

    platform: str
    account: str | None
    method: str
    path: str
    creates: bool


def parse(value: object) -> list[Fault]:
    """Faults from JSON, an object or a list of them; raises BadFault with a sentence."""
    orders = value if isinstance(value, list) else [value]
    if len(orders) > MOST_FAULTS:
        raise BadFault(f"At most {MOST_FAULTS} faults can be ordered at once.")
    return [_parse_one(order) for order in orders]


def _parse_one(order: object) -> Fault:
    if not isinstance(order, dict):
        raise BadFault(
            f'A fault is a JSON object such as {{"kind": "reset_after"}}, or a list of them, not {order!r:.80}.'
        )
    kinds = ", ".join(Kind)
    if "kind" not in order:
        raise BadFault(f'A fault needs a "kind": one of {kinds}.')
    if order["kind"] not in tuple(Kind):
        raise BadFault(f"There is no fault {order['kind']!r:.80}; the kinds are {kinds}.")
    kind = Kind(order["kind"])
    allowed = {**_WHICH, **_COUNTS, **OPTIONS[kind]}
    for name, given in order.items():
        if name == "kind":
            continue
        if name not in allowed:
            raise BadFault(f"A fault {kind} has no key {name!r:.80}; its keys are kind, {', '.join(allowed)}.")
        if not allowed[name].fits(given):
            raise BadFault(f'"{name}" of the fault {kind} must be {allowed[name].words}, not {given!r:.80}.')
    chosen = {name: order[name] for name in (*_WHICH, *_COUNTS) if name in order}
    options = {name: order.get(name, option.default) for name, option in OPTIONS[kind].items()}
    return Fault(kind=kind, options=options, **chosen)


class Faults:
    """The queue. Not locked: the server handles one request at a time."""

    def __init__(self, faults: list[Fault] | None = None) -> None:
        self._waiting = list(faults or ())

    def add(self, faults: list[Fault]) -> None:
        if len(self._waiting) + len(faults) > MOST_FAULTS:
            raise BadFault(f"At most {MOST_FAULTS} faults can wait at a time; clear them with DELETE /sandbox/faults.")
        self._waiting += faults

    def clear(self) -> None:
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Those that have not struck as often as ordered, in order."""
        return list(self._waiting)

    def strike(self, seen: Seen) -> Fault | None:
        """The fault that strikes this request, if any. Counts the request for each fault asked before it."""
        for fault in self._waiting:
            if not fault.fits(seen):
                continue
            if fault.after:
                fault.after -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self._waiting.remove(fault)
            return fault
        return None
