"""The way of an article: from the queue to the platform, once, and into the log.

Read `deliver` and `take_turn`: they are the whole way on one screen. One thread, the desk, does all SQL of it. Each of
its turns is one transaction that serves many accounts at once; the calls are made by sender threads.

    TX3  outcomes that have come in: published, queued again, failed or unconfirmed; their lanes are free  (outcome.py)
    TX2  posts that are written: the plan asked again, attempt written, delivery `sending`, text frozen    (intents.py)
    TX1  lanes whose moment has come: claimed, stale and missed ones settled, the next delivery picked     (claiming.py)
    -- commit --
         the posts of TX2 are handed to the senders: one call each (senders.py, platforms/)
         posts for the lanes of TX1 are written, outside any transaction                                   (writing.py)

A crash before TX2's commit leaves a queued delivery and a lease that ends: nothing to mend. A crash after it leaves an
open attempt, which the next run finds, makes `unconfirmed` (recovery.py) and looks for (reconcile.py). What follows
from an outcome is decided in retry.py.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from bot import clock
from bot.claim import Answered, Job, Written
from bot.claiming import Claimed, claim_due
from bot.errors import NightdeskError, TryAgainLater
from bot.failpoints import reach
from bot.intents import Intended, record_intents
from bot.nightdesk import Nightdesk
from bot.outcome import call_off, record_outcomes
from bot.senders import Senders
from bot.store import lanes
from bot.store.database import Transaction
from bot.summary import Step, Summary
from bot.writing import Unwritten, forget_troubles, record_unwritten, write_posts

Tell = Callable[[Step], None]

LOOK_SECONDS = 1.0  # so long the desk sleeps at most while calls are under way
RETRY_SECONDS, PATIENCE = 1.0, 60  # how often, and how many times in a row, a turn that is refused is tried again
PATIENCE_WITH_NOTHING_AT_STAKE = 2  # enough to call off what may have been written in the first

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Flow:
    """What is under way between two turns. `until`: nothing that comes due later (desk time) is begun; None: now.

    `handed_over` is the desk's: what an earlier pass gave to its senders, and could not record, is there as well.
    """

    tell: Tell
    stopping: Callable[[], bool]
    meanwhile: Callable[[], None]
    summary: Summary
    handed_over: dict[str, int]
    until: datetime | None = None
    flying: int = 0  # calls under way
    answers: list[Answered] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    unwritten: list[Unwritten] = field(default_factory=list)
    fruitless: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    failures: int = 0

    def start(self, jobs: list[Job]) -> list[Job]:
        """These jobs are under way from now on."""
        self.handed_over.update((job.lease.account.name, job.lease.fence) for job in jobs)
        return jobs

    def accounts(self) -> list[str]:
        """Whose outcomes and posts the next turn writes."""
        leases = [answer.lease for answer in self.answers] + [post.claim for post in self.written]
        return [lease.account.name for lease in leases + [one.lease for one in self.unwritten]]

    def recorded(self) -> None:
        """The turn is committed."""
        for answer in self.answers:
            self.handed_over.pop(answer.lease.account.name, None)
        self.answers, self.written, self.unwritten, self.failures = [], [], [], 0

    def refused(self, error: NightdeskError) -> None:
        """The database refused the turn: what was only planned is dropped, outcomes are tried again in a second.

        Raises the error when that has gone on for too long; what the platforms said is then in the log alone. With
        calls under way even a refusal that looks final is tried again: a server that changes places may give one.
        """
        self.written, self.unwritten, self.failures = [], [], self.failures + 1
        at_stake = bool(self.answers or self.flying)
        self.log_answers(error)
        patience = PATIENCE if at_stake else PATIENCE_WITH_NOTHING_AT_STAKE
        if self.failures >= patience or not (at_stake or isinstance(error, TryAgainLater)):
            raise error
        clock.wait(RETRY_SECONDS)

    def log_answers(self, error: Exception) -> None:
        """What the platforms said, while it stands nowhere else."""
        for answer in self.answers:
            log.error("%s: an outcome is not written yet: %s (%s)", answer.lease.account.name, answer.answer, error)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one committed turn gives: calls that may be made now, lanes to write posts for, steps to tell."""

    intended: list[Intended]
    claimed: Claimed
    steps: list[Step]


def deliver(desk: Nightdesk, flow: Flow) -> int:
    """Do all that is due, turn after turn, until nothing is due and nothing is under way; returns the lanes claimed."""
    with Senders(desk.settings.delivery.senders) as senders:
        busy, lanes_claimed = True, 0
        while busy or senders.flying or flow.answers:  # what could not be written yet is written before we go
            flow.answers += senders.finished(wait=0 if busy else LOOK_SECONDS)
            flow.flying = senders.flying
            room = senders.room(len(flow.written))
            turn = take_turn(desk, flow, room=room)
            if turn is None:
                continue
            reach("committed")
            jobs = [publishing(desk, intended) for intended in turn.intended]  # only now, after the commit
            flow.written, checks, flow.unwritten = write_posts(desk, turn.claimed)
            senders.start(flow.start(jobs + checks), backlog=turn.claimed.lanes >= room)
            for step in turn.steps:
                flow.tell(step)
            flow.meanwhile()
            lanes_claimed += turn.claimed.lanes
            busy = bool(turn.claimed.lanes or flow.unwritten)
    flow.summary.most_ahead = max(flow.summary.most_ahead, senders.most_ahead)
    return lanes_claimed


def take_turn(desk: Nightdesk, flow: Flow, *, room: int) -> Turn | None:
    """One transaction. None: the database refused it; outcomes are kept for the next turn, and nothing is sent."""
    now, halted = desk.clock.desk_now(), flow.stopping()
    room = 0 if halted else room
    try:
        with desk.database.begin() as tx:
            ours = lanes.held_by(tx, desk.owner) if flow.failures else []
            lanes.lock(tx, flow.accounts() + [name for name, _ in ours])
            _take_stock(desk, tx, flow, ours)
            steps = record_outcomes(desk, tx, flow.answers)  # TX3
            steps += record_unwritten(desk, tx, flow.unwritten, flow.summary)
            intended = record_intents(desk, tx, flow.written, flow.changes, halted=halted)  # TX2
            claimed = claim_due(desk, tx, most=room, until=min(now, flow.until or now), fruitless=flow.fruitless)  # TX1
            broken = [Unwritten(lease, words) for lease, words in claimed.broken]
            steps += record_unwritten(desk, tx, broken, flow.summary)
            forget_troubles(desk, tx, [*(one.written.claim.account.name for one in intended), *claimed.quiet])
            reach("turning")
    except NightdeskError as error:
        flow.refused(error)
        return None
    except Exception as error:  # a mistake of ours ends the pass; what the platforms said must not end with it
        flow.log_answers(error)
        raise
    flow.recorded()
    return Turn(intended, claimed, steps + claimed.steps)


def publishing(desk: Nightdesk, intended: Intended) -> Job:
    """The one call to the platform."""
    claim, post = intended.written.claim, intended.written.post
    platform = desk.platform(claim.account, claim.live)
    return Job(lease=claim, call=partial(platform.publish, post, intended=intended.at))


def _take_stock(desk: Nightdesk, tx: Transaction, flow: Flow, ours: list[tuple[str, int]]) -> None:
    """After a turn whose commit may or may not have come through: call off our leases that nobody works on.

    Never one that was handed over to a sender, be it in an earlier pass: its post may be out.
    """
    for account, fence in ours:
        if flow.handed_over.get(account) != fence:
            call_off(desk, tx, account, fence)
