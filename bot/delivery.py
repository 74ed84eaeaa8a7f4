"""The delivery, the row everything turns on, and the attempts made for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands. Every change is one row of history with reason and actor."""

    HELD = "held"  # waits for a person
    QUEUED = "queued"  # waits for its account's next moment
    SENDING = "sending"  # an attempt is open, exactly that
    PUBLISHED = "published"  # the platform gave an id, or a person saw the post
    UNCONFIRMED = "unconfirmed"  # it may be live: never released or retried by itself
    FAILED = "failed"  # refused for good
    SKIPPED = "skipped"  # will not be sent
    WITHDRAWN = "withdrawn"  # deleted from the platform again


OPEN_STATES = (State.HELD, State.QUEUED, State.SENDING, State.UNCONFIRMED)
TERMINAL_STATES = (State.PUBLISHED, State.FAILED, State.SKIPPED, State.WITHDRAWN)


class Doubt(StrEnum):
    """Why a delivery is unconfirmed: the `reason` of that state, in `--json` as it stands."""

    SETTLING = "settling"  # too early to look: it may still appear
    NOT_FOUND = "not_found"  # read back, and nothing like it is there
    AMBIGUOUS = "ambiguous"  # something like it is there, or more than one
    READBACK_FAILED = "readback_failed"  # the timeline could not be read; it is tried again
    DUPLICATE_REPORTED = "duplicate_reported"  # the platform says it has this text already


class Outcome(StrEnum):
    """What is known of one attempt. There are four, never two."""

    ACCEPTED = "accepted"  # the platform took it and gave an id
    REFUSED = "refused"  # provably not taken
    NOT_SENT = "not_sent"  # no connection was ever made
    UNKNOWN = "unknown"  # anything else, a crash included


class Remedy(StrEnum):
    """What has to be done about an attempt that was not accepted; the platforms' errors are named by it."""

    NONE = "none"  # nothing: accepted
    RETRY = "retry"  # not reached: try the same again after a while
    WAIT = "wait"  # the account's rate limit: wait until `until`
    WAIT_APP = "wait_app"  # the platform app's limit or credits: its door closes
    CHANGE_TEXT = "change_text"  # this post is refused for good; the next one may pass
    ASK = "ask"  # this post is refused for a reason that only a person can judge: it fails, and is a task
    ONCE_MORE = "once_more"  # refused for the moment: the same once more after some minutes, then it fails
    MEND_ACCOUNT = "mend_account"  # sign-in, permission, suspension: a person must act, the lane closes
    LOOK = "look"  # it may be live: look before anything else
    DUPLICATE = "duplicate_reported"  # the platform says it has this text already: look
    REPEATED = "repeated"  # the same, but it proves nothing unless an earlier attempt was unclear; else change the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowdown:
    """The answer's headers say that a limit is nearly or wholly used up: the next call had better wait.

    `reason` says which limit, in words. `app`: it is the platform app's, so all accounts of the app wait.
    """

    until: datetime
    reason: str
    app: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one call to a platform came to. `error` is a scrubbed sentence.

    Where the remedy is to wait, `until` is the end that the platform named. Where it named none, `wait` is how long to
    wait the first time; each time in a row doubles it, up to `longest_wait`. `slowdown` may come with any answer.
    """

    outcome: Outcome
    platform_id: str = ""
    post_url: str = ""
    remedy: Remedy = Remedy.NONE
    error: str = ""
    until: datetime | None = None
    wait: timedelta | None = None
    longest_wait: timedelta | None = None
    slowdown: Slowdown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One article to one account. Unique on (article, account, live, round).

    `position` orders the queue (lower goes first); `pinned` is the moment a person gave it, if any;
    `text` is a post typed by hand that replaces the template's; `frozen` is the attempt whose post is sent again to
    the byte for as long as that attempt's outcome is unknown. `task`: it failed for a reason that only a person can
    judge, and is listed as a task until its state changes again.
    """

    id: int
    article: int
    account: str
    live: bool
    round: int
    state: State
    reason: str = ""
    position: float = 0.0
    priority: int = 0
    pinned: datetime | None = None
    created: datetime
    text: str | None = None
    task: bool = False
    frozen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call to a platform, recorded before it is made. `outcome` None: the attempt is open.

    `desk_at` is the intent on the desk's clock (caps and gaps count it); `started`, `finished` are real time. `uptime`
    and `boot` are `clock.uptime()` and `clock.boot_id()` of the intent: no change of the wall clock touches them.
    `remedy` is what its answer asked for; it stays when somebody finds out later what really happened.
    """

    id: int
    delivery: int
    account: str
    live: bool
    fence: int
    text: str
    link: str
    slot: str | None
    desk_at: datetime
    started: datetime
    finished: datetime | None = None
    outcome: Outcome | None = None
    platform_id: str = ""
    post_url: str = ""
    error: str = ""
    cost: float = 0.0
    remedy: Remedy = Remedy.NONE
    uptime: float | None = None
    boot: str | None = None
