"""What goes from hand to hand on the way of an article: the claim of a lane, the post written for it, the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.account import Account
from bot.delivery import Delivery, Result
from bot.post import Post
from bot.store.lookup import Queue, ToWrite
from bot.timetable.planner import LaneView, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lane that is ours until its lease ends. `fence` names the lease: whoever claims the lane next has a higher one.

    `live`: the account's stamp at the claim.
    """

    account: Account
    live: bool
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Lease):
    """A lease with the delivery that is due on it. `turn` says why it goes now, from what is in `view` and `queue`.

    `work` is what its post is written from.

    `look_at`: when the lane wants to be looked at after this post (desk time; None: not before it is woken).
    """

    turn: Turn
    view: LaneView
    queue: Queue
    work: ToWrite
    look_at: datetime | None

    @property
    def delivery(self) -> Delivery:
        return self.work.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an identity check found. `words`: why the account may not send, "" when all is well.

    `until`: when to ask again where the platform could not be asked; None: a person has to mend the account.
    """

    words: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A post that is ready to be recorded and sent."""

    claim: Claim
    post: Post
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call for a sender thread. What it gives comes back with the lease it is made under; it never raises."""

    lease: Lease
    call: Callable[[], Result | Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of a job: of a publish call its Result, of an identity check what it found."""

    lease: Lease
    answer: Result | Finding
