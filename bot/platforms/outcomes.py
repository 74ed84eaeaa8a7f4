"""From what came over the wire to one of the four outcomes, and to the remedy a person or the next step needs.

What the client libraries make of an answer is not used: both raise after the platform accepted a post, and one
returns a server error as success. The answer itself (`Reply`) is judged, by tables; the rules that hold on every
platform stand here, the platform's own codes in its module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.delivery import Outcome, Remedy
from bot.logs import scrub

SHORTEST_WAIT = timedelta(minutes=1)  # for a reset that lies in the past: the clocks differ
USUAL_WAIT = timedelta(minutes=15)  # for a limit that names no end; the length of X's own window
LONGEST_WAIT = timedelta(hours=24)  # a reset further ahead is a mistake or somebody else's limit

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}", re.ASCII)
_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One complete answer: the HTTP status, the `x-…` headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def content(self) -> dict[str, object]:
        """The JSON object in the body; empty where it holds anything else."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


class Stage(StrEnum):
    """How far a call came. Up to and with SECURING no byte of the request had left; the text says what failed."""

    PREPARING = "the request could not be put together"
    STARTING = "the connection could not be started"
    LOOKING_UP = "its address could not be found"
    CONNECTING = "no connection could be made"
    SECURING = "no secure connection could be agreed on"
    SENT = "the connection broke before the answer was complete"
    OVERSIZED = "its answer was too large to be its own"


class NotAnswered(Exception):
    """No complete answer came. Of the request it holds only host and port, so that no secret can travel with it."""

    def __init__(self, stage: Stage, *, late: bool, address: str) -> None:
        super().__init__(stage)
        self.stage = stage
        self.late = late
        self.address = address

    @property
    def sent(self) -> bool:
        """Whether any byte of the request may have reached the platform."""
        return self.stage in (Stage.SENT, Stage.OVERSIZED)

    def words(self) -> str:
        """For the end of a sentence: `no connection could be made in time (127.0.0.1:8390)`."""
        if self.sent:
            return "no complete answer came in time" if self.late else str(self.stage)
        return f"{self.stage}{' in time' if self.late else ''}{f' ({self.address})' if self.address else ''}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of a platform's table: what an answer asks for, in plain words.

    `wait` counts where the remedy is to wait and the platform names no end; each time in a row doubles it, up to
    `longest`. `quoted`: the platform's own explanation helps and is added; never where it could repeat a token.
    """

    remedy: Remedy
    words: str
    wait: timedelta = USUAL_WAIT
    longest: timedelta = USUAL_WAIT
    quoted: bool = False

    @property
    def outcome(self) -> Outcome:
        return Outcome.UNKNOWN if self.remedy is Remedy.LOOK else Outcome.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A meaning with what this one answer adds: the platform's number for it, its own words, the end it names."""

    meaning: Meaning
    code: str
    detail: str = ""
    until: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether waiting is the remedy."""
        return self.meaning.remedy in (Remedy.WAIT, Remedy.WAIT_APP)

    def words(self) -> str:
        """For the end of a sentence: `too many posts for now (429)`."""
        words = f"{self.meaning.words} ({self.code})."
        quote = _quotable(self.detail) if self.meaning.quoted else ""
        return f"{words} It says: “{quote}”" if quote else words


# What holds on every platform, whatever the body says: such an answer never proves that nothing was taken.
_NEVER_DEFINITE = (
    (range(100, 200), Meaning(Remedy.LOOK, "its answer stopped half-way")),
    (range(300, 400), Meaning(Remedy.LOOK, "it pointed to another address, which is never followed")),
    (range(500, 600), Meaning(Remedy.LOOK, "its server failed")),
)
_NO_ID = Meaning(Remedy.LOOK, "it agreed but gave no id")
_NOT_ITS_OWN = Meaning(Remedy.LOOK, "the answer is not in its own form; something on the way may have sent it")


def never_definite(reply: Reply) -> Verdict | None:
    """The verdict on an answer whose status alone leaves it open what happened, else None."""
    for statuses, meaning in _NEVER_DEFINITE:
        if reply.status in statuses:
            return Verdict(meaning=meaning, code=str(reply.status))
    return None


def not_understood(reply: Reply) -> Verdict:
    """The verdict on an answer that neither gives an id nor refuses in the platform's own form."""
    meaning = _NO_ID if 200 <= reply.status < 300 else _NOT_ITS_OWN
    return Verdict(meaning=meaning, code=str(reply.status))


def as_id(value: object) -> str:
    """A platform's id as text, or "" for what cannot be one: it goes into addresses."""
    text = str(value) if type(value) in (str, int) else ""
    return text if _ID.fullmatch(text) else ""


def as_object(value: object) -> dict[str, object]:
    """A JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """A JSON array, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """A JSON string, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def bounded(until: datetime, now: datetime) -> datetime:
    """When to come back, never sooner than in a minute and never later than in a day."""
    return min(max(until, now + SHORTEST_WAIT), now + LONGEST_WAIT)


def _quotable(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in scrub(text)).split())
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE].rstrip() + "…"
