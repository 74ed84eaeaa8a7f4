"""What X's refusals ask for: tables, and how one answer is looked up in them.

The rows follow X's documents (docs.x.com, errors and rate limits, August 2026) and answers that others captured. An
answer that no row is for, or that is not in X's own form, is never taken for a refusal: a post may be live.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery import Remedy, Slowdown
from bot.platforms.outcomes import (
    SHORTEST_WAIT,
    USUAL_WAIT,
    Meaning,
    Reply,
    Verdict,
    as_list,
    as_object,
    as_text,
    bounded,
)

_HOUR = timedelta(hours=1)

_SUSPENDED = Meaning(Remedy.MEND_ACCOUNT, "the account or its app is suspended")
_LOCKED = Meaning(Remedy.MEND_ACCOUNT, "it has locked the account for now; sign in at x.com and see")
_BAD_KEYS = Meaning(Remedy.MEND_ACCOUNT, "it does not accept the account's keys")
_BAD_CLOCK = Meaning(Remedy.MEND_ACCOUNT, "this machine's clock is wrong, so the signature is not accepted")
_READ_ONLY = Meaning(
    Remedy.MEND_ACCOUNT, "the app may only read; allow it to read and write, then make new access tokens"
)
_NOT_ENROLLED = Meaning(Remedy.MEND_ACCOUNT, "the app's access level does not allow this")
_NOT_ALLOWED = Meaning(Remedy.ASK, "it does not allow this", quoted=True)
_LOOKS_AUTOMATED = Meaning(Remedy.ASK, "it takes the post for a robot's")
_NOT_VALID = Meaning(Remedy.CHANGE_TEXT, "the post is not valid", quoted=True)
_NO_ADDRESS = Meaning(Remedy.CHANGE_TEXT, "there is no such address", quoted=True)
_TOO_LARGE = Meaning(Remedy.CHANGE_TEXT, "the post is too large")
_TOO_LONG = Meaning(Remedy.CHANGE_TEXT, "the text is too long")
_DUPLICATE = Meaning(Remedy.DUPLICATE, "not allowed to create a duplicate")
_TOO_MANY = Meaning(Remedy.WAIT, "too many posts for now")
_DAY_IS_FULL = Meaning(Remedy.WAIT, "the account's posts of the day are used up", wait=_HOUR, longest=4 * _HOUR)
_NO_CREDITS = Meaning(Remedy.WAIT_APP, "the app has no credits left; buy some", wait=_HOUR, longest=_HOUR)
_CAPPED = Meaning(Remedy.WAIT_APP, "the app's usage cap is reached", wait=_HOUR, longest=_HOUR)
_APP_LIMIT = Meaning(Remedy.WAIT_APP, "the app's posts of the day are used up")
_FAILED = Meaning(Remedy.LOOK, "it failed inside")

STATUSES = {
    400: _NOT_VALID,
    401: _BAD_KEYS,
    402: _NO_CREDITS,
    403: _NOT_ALLOWED,
    404: _NO_ADDRESS,
    413: _TOO_LARGE,
    422: _NOT_VALID,
    429: _TOO_MANY,
}
"""The statuses with which X refuses, when the body is its own. Any other status leaves it open what happened."""

PROBLEMS = {
    "app-suspended": _SUSPENDED,
    "client-forbidden": _NOT_ENROLLED,
    "client-not-enrolled": _NOT_ENROLLED,
    "credits": _NO_CREDITS,
    "internal-error": _FAILED,
    "invalid-request": _NOT_VALID,
    "oauth1-permissions": _READ_ONLY,
    "rate-limit-exceeded": _TOO_MANY,
    "unsupported-authentication": _BAD_KEYS,
    "usage-capped": _CAPPED,
    "user-suspended": _SUSPENDED,
}
"""The last part of a problem's `type`: its beginning is api.x.com in the documents and api.twitter.com in answers."""

TITLES = {"CreditsDepleted": _NO_CREDITS}

CODES = {
    32: _BAD_KEYS,
    63: _SUSPENDED,
    64: _SUSPENDED,
    88: _TOO_MANY,
    89: _BAD_KEYS,
    130: _FAILED,
    131: _FAILED,
    135: _BAD_CLOCK,
    185: _DAY_IS_FULL,
    186: _TOO_LONG,
    187: _DUPLICATE,
    215: _BAD_KEYS,
    226: _LOOKS_AUTOMATED,
    261: _READ_ONLY,
    326: _LOCKED,
    453: _NOT_ENROLLED,
}
"""Numbers of the older error form, `{"errors": [{"code": …, "message": …}]}`, still seen now and then."""

GONE = ("resource-not-found", 34, 144)
"""What X calls a post that is not there: a problem's type, or codes of the older form."""

# A duplicate has neither a type nor a code of its own, only this sentence (seen in February 2026, with "Tweet").
# It is matched whole, so that no post's own words, quoted in some other answer, can pass for it.
_DUPLICATE_DETAIL = re.compile(r"You are not allowed to create a (Tweet|Post) with duplicate content\.?")

_SUSPENDED_DETAIL = re.compile(r"Your (account|app|application) (is|has been) suspended\b")  # as with the code 64

# The windows that X counts, by the beginning of their headers, the longest first. The 24-hour ones are not
# documented but have been seen (node-twitter-api-v2, threads 495 and 553).
_WINDOWS = (
    ("x-app-limit-24hour", _APP_LIMIT, "the app's posts of the day are used up"),
    ("x-user-limit-24hour", _DAY_IS_FULL, "the account's posts of the day are used up"),
    ("x-rate-limit", _TOO_MANY, "the account's rate limit is used up"),
)


def judge(reply: Reply, now: datetime) -> Verdict | None:
    """What a refusal in X's own form asks for, at `now` (aware); None if the answer is in any other form."""
    problem = reply.content()
    codes = _codes(problem)
    if reply.status not in STATUSES or not (codes or _is_problem(problem)):
        return None
    verdict = Verdict(
        meaning=_meaning(problem, codes, reply.status), code=str(reply.status), detail=_explanation(problem)
    )
    return _waiting(verdict, reply.headers, now) if verdict.waits else verdict


def says_gone(reply: Reply) -> bool:
    """Whether the answer says, in X's own form, that there is no such post (any more)."""
    problem = reply.content()
    errors = [as_object(error) for error in as_list(problem.get("errors"))]
    if any(code in GONE for code in _codes(problem)):
        return reply.status == 404
    if reply.status == 404 and _is_problem(problem):
        return _kind(problem) in GONE
    only_errors = bool(errors) and "data" not in problem and 200 <= reply.status < 300
    return only_errors and all(_kind(error) in GONE for error in errors)


def slowdown(headers: Mapping[str, str], now: datetime) -> Slowdown | None:
    """The limit that this very answer used up, if there is one: waiting is better than being refused."""
    for name, meaning, reason in _WINDOWS:
        if _is_used_up(headers, name):
            ended, until = _until(meaning, _reset(headers, name), now)
            return Slowdown(until=until or now + ended.wait, reason=reason, app=meaning.remedy is Remedy.WAIT_APP)
    return None


def _codes(problem: Mapping[str, object]) -> list[int]:
    """The numbers of the older form; without a message it is somebody else's."""
    errors = [as_object(error) for error in as_list(problem.get("errors"))]
    return [code for error in errors if type(code := error.get("code")) is int and as_text(error.get("message"))]


def _is_problem(problem: Mapping[str, object]) -> bool:
    """`{title, detail, type, status}`: what X's documents promise of every error."""
    return bool(as_text(problem.get("title")) and (as_text(problem.get("type")) or as_text(problem.get("detail"))))


def _kind(problem: Mapping[str, object]) -> str:
    return as_text(problem.get("type")).rstrip("/").rpartition("/")[2]


def _meaning(problem: Mapping[str, object], codes: list[int], status: int) -> Meaning:
    """The most telling row: the sentence for a duplicate, then code, type, title, and at last the status."""
    if _DUPLICATE_DETAIL.fullmatch(as_text(problem.get("detail"))):
        return _DUPLICATE
    known = [CODES[code] for code in codes if code in CODES]
    kind, reason = _kind(problem), as_text(problem.get("reason"))
    told = (
        known[0] if known else PROBLEMS.get(kind) or PROBLEMS.get(reason) or TITLES.get(as_text(problem.get("title")))
    )
    if told is None and ("suspended" in kind or _SUSPENDED_DETAIL.match(as_text(problem.get("detail")))):
        return _SUSPENDED
    return told or STATUSES[status]


def _explanation(problem: Mapping[str, object]) -> str:
    """X's own words: the messages among `errors` say more than `detail`, where there are any."""
    messages = [as_text(as_object(error).get("message")) for error in as_list(problem.get("errors"))]
    return next(filter(None, messages), as_text(problem.get("detail")))


def _waiting(verdict: Verdict, headers: Mapping[str, str], now: datetime) -> Verdict:
    """With which limit it is and when that ends. Credits and caps have no end that a header could tell."""
    if verdict.meaning in (_NO_CREDITS, _CAPPED):
        return verdict
    used_up = ((name, meaning) for name, meaning, _ in _WINDOWS if _is_used_up(headers, name))
    name, meaning = next(used_up, ("x-rate-limit", verdict.meaning))
    meaning, until = _until(meaning, _reset(headers, name), now)
    return replace(verdict, meaning=meaning, until=until)


def _until(meaning: Meaning, reset: datetime | None, now: datetime) -> tuple[Meaning, datetime | None]:
    """The end of the wait, within bounds. One that is over already is none: the clocks differ, so try again soon."""
    if reset is None:
        return meaning, None
    if reset <= now:
        return replace(meaning, wait=SHORTEST_WAIT, longest=USUAL_WAIT), None
    return meaning, bounded(reset, now)


def _is_used_up(headers: Mapping[str, str], name: str) -> bool:
    return headers.get(f"{name}-remaining", "").strip() == "0"


def _reset(headers: Mapping[str, str], name: str) -> datetime | None:
    """The `…-reset` header, in seconds since 1970; None where it is missing or makes no sense."""
    try:
        return datetime.fromtimestamp(int(headers[f"{name}-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
