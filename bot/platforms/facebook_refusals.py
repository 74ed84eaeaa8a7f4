"""What the Graph API's errors ask for: tables, and how one answer is looked up in them.

The rows follow Meta's documents (Graph API, error handling and rate limiting, read in November 2026) and the numbers
that publishing tools have met in production. In one point they depart from Meta's advice to wait and try again: after
1, 2, a server error or whatever is called transient, posts have appeared all the same (koala, thread 699), so these
leave it open what happened. Only a reached limit stays one, which Meta calls transient too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.delivery import Remedy
from bot.platforms.facebook_usage import regained
from bot.platforms.outcomes import Meaning, Reply, Verdict, as_object, as_text

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)

_TOKEN = "it does not accept the page's token"
_THROTTLED = Meaning(Remedy.WAIT, "too many calls for this page for now", longest=_HOUR)
_APP_THROTTLED = Meaning(Remedy.WAIT_APP, "too many calls by the app for now", longest=_HOUR)
_TOO_FAST = Meaning(Remedy.WAIT, "the page posts too fast", wait=_HOUR, longest=_DAY)
_BLOCKED = Meaning(
    Remedy.WAIT,
    "it blocks the page for a while for what it takes for abuse; see the page's support inbox on facebook.com",
    wait=4 * _HOUR,
    longest=_DAY,
    quoted=True,
)
_NO_PERMISSION = Meaning(Remedy.MEND_ACCOUNT, "the app or the person behind the token may not post for this page")
_NO_CAPABILITY = Meaning(Remedy.MEND_ACCOUNT, "the app may not do this")
_NO_ROLE = Meaning(
    Remedy.MEND_ACCOUNT, "the person behind the token has no role at the page any more; a new token does not help"
)
_SESSION_ENDED = Meaning(Remedy.MEND_ACCOUNT, "the session of the page's token has ended; connect it again")
_PAGE_LOCKED = Meaning(Remedy.MEND_ACCOUNT, "it wants a security check of the page or its owner; see facebook.com")
_PERSON = Meaning(Remedy.MEND_ACCOUNT, "the token is a person's; it takes the page's own")
_NO_PROOF = Meaning(Remedy.MEND_ACCOUNT, "the app secret in the settings is missing, or not that of the token's app")
_NOT_VALID = Meaning(Remedy.CHANGE_TEXT, "a part of the post is not valid", quoted=True)
_BAD_PHOTO = Meaning(Remedy.CHANGE_TEXT, "the photo has a size or format that it does not take")
_OWN_LINK = Meaning(Remedy.CHANGE_TEXT, "it does not take links to facebook.com")
_REPORTED = Meaning(Remedy.ASK, "the content was reported or breaks its community standards")
_NOT_LISTED = Meaning(Remedy.ASK, "it gave an error that is not known here", quoted=True)
_NO_PREVIEW = Meaning(Remedy.ONCE_MORE, "it could not read the page that the link leads to")
_REPEATED = Meaning(Remedy.REPEATED, "it repeats an earlier post; change the text")
_POSTED = Meaning(Remedy.DUPLICATE, "it says that this was posted already")
_FAILED = Meaning(Remedy.LOOK, "it failed inside, after which a post may still appear")
_SHOWN_ALL_THE_SAME = Meaning(Remedy.LOOK, "it says that it blocked the post, but has shown such posts all the same")

CODES = {
    1: _FAILED,
    2: _FAILED,
    3: _NO_CAPABILITY,
    4: _APP_THROTTLED,
    10: _NO_PERMISSION,
    17: _THROTTLED,
    32: _THROTTLED,
    100: _NOT_VALID,
    102: _SESSION_ENDED,
    190: Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}; make a new one"),
    **dict.fromkeys(range(200, 300), _NO_PERMISSION),
    341: _THROTTLED,
    368: _BLOCKED,
    506: _REPEATED,
    613: _THROTTLED,
    1705: _PERSON,
    **dict.fromkeys(range(80000, 80015), _THROTTLED),
}

PAIRS = {
    (4, 2207051): _SHOWN_ALL_THE_SAME,
    (100, 33): Meaning(Remedy.MEND_ACCOUNT, "there is no such page, or the token may not see it"),
    (190, 458): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: the app was removed; allow it again"),
    (190, 459): Meaning(
        Remedy.MEND_ACCOUNT, "it wants its owner to sign in at facebook.com; the token may still be good"
    ),
    (190, 460): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: the password was changed; connect it again"),
    (190, 463): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: it has expired; make a new one"),
    (190, 464): Meaning(Remedy.MEND_ACCOUNT, "it wants its owner to confirm the account; the token may still be good"),
    (190, 467): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: it is no longer valid; make a new one"),
    (190, 492): _NO_ROLE,
}
"""Small subcodes mean something only together with their code."""

SUBCODES = {
    1705: _PERSON,
    1346003: _REPORTED,
    1366046: _BAD_PHOTO,
    1366051: _POSTED,
    1390008: _TOO_FAST,
    1404006: _PAGE_LOCKED,
    1404078: _PAGE_LOCKED,
    1404102: _REPORTED,
    1404112: _PAGE_LOCKED,
    1609005: _NO_PREVIEW,
    1609008: _OWN_LINK,
    2069019: _BAD_PHOTO,
    2207051: _SHOWN_ALL_THE_SAME,
    4854002: _PAGE_LOCKED,
}
"""Large ones have one meaning wherever they stand, also as a code."""

SENTENCES = (
    (368, re.compile(r"(\(#368\) )?You've already posted this\..*", re.DOTALL), _REPEATED),
    (100, re.compile(r"(\(#100\) )?Invalid appsecret_proof provided.*", re.DOTALL), _NO_PROOF),
    (100, re.compile(r"(\(#100\) )?API calls from the server require an appsecret_proof.*", re.DOTALL), _NO_PROOF),
    (190, re.compile(r".*must be granted before impersonating a user's page.*", re.DOTALL), _NO_ROLE),
)
"""Meanings that only the wording tells (koala, thread 422; postiz-app, thread 2045; python-facebook, thread 101)."""

_GONE = (100, 33)


def judge(reply: Reply, now: datetime) -> Verdict | None:
    """What an error in the Graph API's own form asks for, at `now` (aware); None if the answer is in any other."""
    error = as_object(reply.content().get("error"))
    code, message = error.get("code"), as_text(error.get("message"))
    if type(code) is not int or not message:
        return None
    meaning = _meaning(code, error, message)
    if meaning is _NOT_LISTED and not as_text(error.get("type")):
        return None  # others answer with a code and a message too, but only the Graph API says what type it is
    verdict = Verdict(meaning=meaning, code=str(code), detail=message)
    if not verdict.waits:
        return verdict
    return Verdict(meaning=meaning, code=str(code), detail=message, until=regained(reply.headers, now))


def says_gone(reply: Reply) -> bool:
    """Whether it says that there is no such object. It says the same where the token may not see the object."""
    error = as_object(reply.content().get("error"))
    return reply.status < 500 and (error.get("code"), error.get("error_subcode")) == _GONE


def _meaning(code: int, error: Mapping[str, object], message: str) -> Meaning:
    """The most telling row, unless the error is called transient: that leaves open any but a limit."""
    subcode = error.get("error_subcode")
    number = subcode if type(subcode) is int else 0
    worded = (meaning for its, sentence, meaning in SENTENCES if its == code and sentence.fullmatch(message))
    meaning = (
        PAIRS.get((code, number))
        or SUBCODES.get(number)
        or next(worded, None)
        or CODES.get(code)
        or SUBCODES.get(code, _NOT_LISTED)
    )
    is_limit = meaning.remedy in (Remedy.WAIT, Remedy.WAIT_APP)
    return _FAILED if error.get("is_transient") is True and not is_limit else meaning
