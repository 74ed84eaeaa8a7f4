"""The way of an article: from the queue to the platform, once, and into the log.

Read `send_next` first: it is the whole way on one screen. Three short transactions surround one call.

    TX1  claim the account's lane, settle what is stale or missed, pick what is due
         write the post (outside any transaction)
    TX2  ask the plan again, then the intent: delivery `sending`, text frozen, attempt written, slot used
         the one call to the platform
    TX3  the outcome: published, queued again, failed or unconfirmed; the lane is free

A crash before TX2 leaves a queued delivery and a lease that ends: nothing to mend. A crash after it leaves an
open attempt, which the next run finds, makes `unconfirmed` (`recovery.py`) and looks for (`reconcile.py`). What follows
from an outcome is decided in `retry.py` and written by `outcome.py`; what is due, and when, is said by the planner.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import Enum, auto

from bot import clock
from bot.account import Account
from bot.claim import Claim
from bot.compose import compose
from bot.delivery import Attempt, Outcome, Remedy, Result, State
from bot.errors import CannotFit, TemplateBroken, TemplateFailed, TryAgainLater
from bot.failpoints import reach
from bot.nightdesk import Nightdesk
from bot.outcome import ACTOR, record_outcome, write_outcome
from bot.pausing import closed_door, pause_reason
from bot.post import Post, PostRules
from bot.store import articles, attempts, deliveries, lanes, slots
from bot.store.database import Transaction
from bot.summary import Step
from bot.timetable import planner
from bot.timetable.planner import Turn
from bot.timetable.slots import slots_between

log = logging.getLogger(__name__)

COUNTING_LAG = timedelta(minutes=5)  # how far "counted to" may trail when nothing else is to be written
MOST_CHANGES = 3  # of plan between claim and intent, in one pass over an account

Tell = Callable[[Step], None]


class Progress(Enum):
    """What one call of `send_next` came to."""

    NOTHING = auto()  # nothing is due, or the lane is not ours
    SETTLED = auto()  # a delivery ended without a call; the next may be due at once
    CHANGED = auto()  # the plan changed before the intent was written: ask again
    SENT = auto()  # one call was made


def serve(desk: Nightdesk, account: Account, tell: Tell, stopping: Callable[[], bool] = lambda: False) -> None:
    """One account's part of a pass: one post for a timetable; without one, all that gap and caps allow."""
    at_once, changes = desk.timetable(account).at_once, 0
    while not stopping():
        progress = send_next(desk, account, tell)
        changes += progress is Progress.CHANGED
        if progress is Progress.NOTHING or changes > MOST_CHANGES or (progress is Progress.SENT and not at_once):
            return


def send_next(desk: Nightdesk, account: Account, tell: Tell) -> Progress:
    """Send the delivery that is due next on this account, if there is one. The whole way of an article."""
    claim = claim_next(desk, account, tell)  # TX1
    if claim is None:
        return Progress.NOTHING
    reach("claimed")
    platform = desk.platform(account, claim.live)
    post = write_post(desk, claim, platform.rules, tell)
    if post is None:
        return Progress.SETTLED
    reach("written")
    intended = clock.uptime()
    attempt = record_intent(desk, claim, post, cost=platform.rules.cost(post))  # TX2
    if attempt is None:
        return Progress.CHANGED
    reach("intended")
    result = platform.publish(post, intended=intended)
    reach("called")
    decision = record_outcome(desk, claim, attempt, result)  # TX3
    reach("recorded")
    if decision:
        tell(Step.of(claim, decision, result))
    return Progress.SENT


# -- TX1 ---------------------------------------------------------------------------------------------------------


def claim_next(desk: Nightdesk, account: Account, tell: Tell) -> Claim | None:
    """Lease the lane if something is to be done on it; write down what is skipped and missed; name what is due."""
    with desk.database.read() as tx:
        if _nothing_to_write(desk, tx, account):
            return None
    with desk.database.begin() as tx:
        now = desk.clock.real_now()
        fence = lanes.claim(tx, account.name, owner=desk.owner, now=now, until=now + desk.settings.delivery.lease)
        if fence is None:
            return None
        turn = plan(desk, tx, account)
        steps = _settle(desk, tx, account, turn)
        lanes.reopen(tx, account.name)  # a closing that is over; the turn has told what was missed for it
        lanes.count_to(tx, account.name, fence=fence, counted_to=_settled_to(turn))
        claim = _claim(desk, tx, account, fence, turn)
        if claim is None:
            lanes.release(tx, account.name, fence=fence)
    for step in steps:
        tell(step)
    return claim


def plan(desk: Nightdesk, tx: Transaction, account: Account) -> Turn:
    """What the account's timetable, queue, caps and pauses say about this moment."""
    now, timetable = desk.clock.desk_now(), desk.timetable(account)
    view = lane_view(desk, tx, account, now)
    if reason := pause_reason(desk, tx, account, now):
        return planner.paused_turn(timetable, view, now, reason)
    waiting = deliveries.waiting(tx, account.name, desk.is_live(tx, account))
    return planner.plan_turn(timetable, account.caps, view, waiting, now)


def lane_view(desk: Nightdesk, tx: Transaction, account: Account, now: datetime) -> planner.LaneView:
    """What the planner needs to know about the account's past: counted to, posts of the last day, slots used."""
    lane = lanes.get(tx, account.name)
    assert lane is not None, "accounts are met before they are served"
    live = desk.is_live(tx, account)
    return planner.LaneView(
        counted_to=lane.counted_to,
        last_pass=lane.last_pass,
        sent=attempts.sent(tx, account.name, live, now - timedelta(hours=25)),
        used=slots.used_keys(tx, account.name, lane.counted_to),
        closed_for=lane.closed_reason or "",
    )


def _nothing_to_write(desk: Nightdesk, tx: Transaction, account: Account) -> bool:
    """A cheap look first: most passes find nothing, and a look needs no lock and no disk."""
    if closed_door(desk, tx, account):
        return True
    lane, turn = lanes.get(tx, account.name), plan(desk, tx, account)
    if lane is None or turn.send or turn.skips or turn.missed:
        return False
    passed = next(slots_between(desk.timetable(account), lane.counted_to, turn.counted_to), None)
    return passed is None and turn.counted_to - lane.counted_to < COUNTING_LAG


def _settle(desk: Nightdesk, tx: Transaction, account: Account, turn: Turn) -> list[Step]:
    now, steps = desk.clock.desk_now(), []
    for candidate, reason in turn.skips:
        number = candidate.delivery
        if deliveries.change(tx, number, when={State.QUEUED}, to=State.SKIPPED, reason=reason, actor=ACTOR, now=now):
            steps.append(Step(account=account.name, delivery=number, state=State.SKIPPED, reason=reason))
    if missed := turn.missed:
        live = desk.is_live(tx, account)
        slots.missed(tx, account.name, **asdict(missed), live=live, now=now)
        steps.append(Step(account=account.name, delivery=None, state=None, missed=missed.count, reason=missed.reason))
    return steps


def _settled_to(turn: Turn) -> datetime:
    """The slot about to be used is not settled yet: a crash before the intent must leave it due."""
    if turn.send and turn.slot:
        return planner.give_back(turn.counted_to, turn.slot.at)
    return turn.counted_to


def _claim(desk: Nightdesk, tx: Transaction, account: Account, fence: int, turn: Turn) -> Claim | None:
    if turn.send is None:
        return None
    delivery = deliveries.get(tx, turn.send.delivery)
    if delivery is None:
        return None
    return Claim(account=account, live=delivery.live, fence=fence, turn=turn, delivery=delivery)


# -- the post ----------------------------------------------------------------------------------------------------


def write_post(desk: Nightdesk, claim: Claim, rules: PostRules, tell: Tell) -> Post | None:
    """The post as it will be sent. One that cannot be written ends here, before any call.

    Too long: it fails. No template can write this one, or a mistake of ours: it is held, and the next one goes on. A
    template that is broken for every article is the account's trouble (TemplateBroken): its queue stays as it is.
    """
    try:
        with desk.database.read() as tx:
            article = articles.get(tx, claim.delivery.article)
            frozen = attempts.frozen(tx, claim.delivery)
        if frozen:
            return Post(text=frozen.text, link=frozen.link)
        text, round = claim.delivery.text, claim.delivery.round
        return compose(article, claim.account, rules, desk.templates, text=text, round=round)
    except CannotFit as error:
        _give_up(desk, claim, State.FAILED, f"cannot fit: {error}", tell)
    except TemplateBroken:
        with desk.database.begin() as tx:
            lanes.release(tx, claim.account.name, fence=claim.fence)
        raise
    except TemplateFailed as error:
        _give_up(desk, claim, State.HELD, f"template: {error}", tell)
    except TryAgainLater:
        raise
    except Exception as error:
        log.exception("d%s could not be written", claim.delivery.id)
        _give_up(desk, claim, State.HELD, f"a mistake in Nightdesk: {type(error).__name__}; please report it", tell)
    return None


def _give_up(desk: Nightdesk, claim: Claim, state: State, reason: str, tell: Tell) -> None:
    now, number = desk.clock.desk_now(), claim.delivery.id
    with desk.database.begin() as tx:
        ended = deliveries.change(tx, number, when={State.QUEUED}, to=state, reason=reason, actor=ACTOR, now=now)
        lanes.release(tx, claim.account.name, fence=claim.fence)
    if ended:
        tell(Step(account=claim.account.name, delivery=number, state=state, reason=reason))


# -- TX2 ---------------------------------------------------------------------------------------------------------


def record_intent(desk: Nightdesk, claim: Claim, post: Post, *, cost: float) -> Attempt | None:
    """Write the attempt before the first byte leaves. None: the plan has changed or the lane is lost, so no call."""
    try:
        with desk.database.begin() as tx:
            attempt = _intend(desk, tx, claim, post, cost) if _still_right(desk, tx, claim) else None
            if attempt is None:
                lanes.release(tx, claim.account.name, fence=claim.fence)
    except TryAgainLater:
        _call_off(desk, claim)
        raise
    return attempt


def _intend(desk: Nightdesk, tx: Transaction, claim: Claim, post: Post, cost: float) -> Attempt | None:
    slot, now = claim.turn.slot, desk.clock.real_now()
    return attempts.intend(
        tx,
        delivery=claim.delivery.id,
        account=claim.account.name,
        live=claim.live,
        owner=desk.owner,
        fence=claim.fence,
        text=post.text,
        link=post.link,
        slot=slot.key if slot else None,
        due_at=slot.at if slot else claim.turn.due_at,
        cost=cost,
        desk_now=desk.clock.desk_now(),
        real_now=now,
        lease_until=now + desk.settings.delivery.lease,
    )


def _call_off(desk: Nightdesk, claim: Claim) -> None:
    """The answer to the intent's commit was lost. If it was written after all, it was never sent: say so."""
    with desk.database.read() as tx:
        attempt = attempts.of_lease(tx, claim.account.name, claim.fence)
    if attempt is not None and attempt.outcome is None:
        never = "not sent: the database did not say whether the attempt was written"
        write_outcome(desk, claim, attempt, Result(outcome=Outcome.NOT_SENT, remedy=Remedy.RETRY, error=never))


def _still_right(desk: Nightdesk, tx: Transaction, claim: Claim) -> bool:
    """Pause, live, caps, gap, age and order, asked once more in the transaction that writes the intent."""
    if claim.live != desk.is_live(tx, claim.account) or closed_door(desk, tx, claim.account):
        return False
    turn = plan(desk, tx, claim.account)
    return turn.send is not None and turn.send.delivery == claim.delivery.id and turn.slot == claim.turn.slot
