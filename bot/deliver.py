"""The way of an article: from the queue to the platform, once, and into the log.

Read `send_next` first: it is the whole way on one screen. Three short transactions surround one call.

    TX1  claim the account's lane, settle what is stale or missed, pick what is due
         write the post (outside any transaction)
    TX2  ask the plan again, then the intent: delivery `sending`, text frozen, attempt written, slot used
         the one call to the platform
    TX3  the outcome: published, queued again, failed or unconfirmed; the lane is free

A crash before TX2 leaves a queued delivery and a lease that ends: nothing to mend. A crash after it leaves an
open attempt, which the next run finds and hands to a person as `unconfirmed` (see `recovery.py`). What follows
from an outcome is decided in `retry.py`; what is due, and when, in `timetable/planner.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from bot import clock, retry
from bot.account import Account
from bot.compose import compose
from bot.delivery import Attempt, Delivery, Remedy, Result, State
from bot.errors import CannotFit, TemplateFailed, TryAgainLater
from bot.failpoints import reach
from bot.nightdesk import Nightdesk
from bot.pausing import closed_door, door_of, pause_reason
from bot.post import Post
from bot.retry import Decision
from bot.store import articles, attempts, deliveries, doors, lanes, slots
from bot.store.database import Transaction
from bot.summary import Step
from bot.timetable import planner
from bot.timetable.planner import Turn
from bot.timetable.slots import slots_between

log = logging.getLogger(__name__)

ACTOR = "nightdesk"
COUNTING_LAG = timedelta(minutes=5)  # how far "counted to" may trail when nothing else is to be written
WRITE_RETRY_SECONDS, WRITE_RETRIES = 1.0, 60

Tell = Callable[[Step], None]


class Progress(Enum):
    """What one call of `send_next` came to."""

    NOTHING = auto()  # nothing is due, or the lane is not ours
    SETTLED = auto()  # no call was made, but the next delivery may be due at once
    SENT = auto()  # one call was made


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane that is ours until its lease ends, and the delivery that is due on it."""

    account: Account
    live: bool
    fence: int
    turn: Turn
    delivery: Delivery


def serve(desk: Nightdesk, account: Account, tell: Tell, stopping: Callable[[], bool] = lambda: False) -> None:
    """One account's part of a pass: one post for a timetable; without one, all that gap and caps allow."""
    at_once = desk.timetable(account).at_once
    while not stopping():
        progress = send_next(desk, account, tell)
        if progress is Progress.NOTHING or (progress is Progress.SENT and not at_once):
            return


def send_next(desk: Nightdesk, account: Account, tell: Tell) -> Progress:
    """Send the delivery that is due next on this account, if there is one. The whole way of an article."""
    claim = claim_next(desk, account, tell)  # TX1
    if claim is None:
        return Progress.NOTHING
    reach("claimed")
    post = write_post(desk, claim, tell)
    if post is None:
        return Progress.SETTLED
    reach("written")
    intended = clock.uptime()
    attempt = record_intent(desk, claim, post)  # TX2
    if attempt is None:
        return Progress.NOTHING
    reach("intended")
    result = desk.platform(account, claim.live).publish(post, intended=intended)
    reach("called")
    record_outcome(desk, claim, attempt, result, tell)  # TX3
    reach("recorded")
    return Progress.SENT


# -- TX1 ---------------------------------------------------------------------------------------------------------


def claim_next(desk: Nightdesk, account: Account, tell: Tell) -> Claim | None:
    """Lease the lane if something is to be done on it; write down what is skipped and missed; name what is due."""
    with desk.database.read() as tx:
        if _nothing_to_write(desk, tx, account):
            return None
    real_now, steps = desk.clock.real_now(), []
    with desk.database.begin() as tx:
        lease = real_now + desk.settings.delivery.lease
        fence = lanes.claim(tx, account.name, owner=desk.owner, now=real_now, until=lease)
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
        deliveries.change(
            tx, candidate.delivery, when={State.QUEUED}, to=State.SKIPPED, reason=reason, actor=ACTOR, now=now
        )
        steps.append(Step(account=account.name, delivery=candidate.delivery, state=State.SKIPPED, reason=reason))
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


def write_post(desk: Nightdesk, claim: Claim, tell: Tell) -> Post | None:
    """The post as it will be sent. One that cannot fit fails here, before any call; a broken template is held."""
    with desk.database.read() as tx:
        article = articles.get(tx, claim.delivery.article)
    rules = desk.platform(claim.account, claim.live).rules
    try:
        return compose(article, claim.account, rules, desk.templates, text=claim.delivery.text)
    except CannotFit as error:
        _give_up(desk, claim, State.FAILED, f"cannot fit: {error}", tell)
    except TemplateFailed as error:
        _give_up(desk, claim, State.HELD, f"template: {error}", tell)
    return None


def _give_up(desk: Nightdesk, claim: Claim, state: State, reason: str, tell: Tell) -> None:
    now, number = desk.clock.desk_now(), claim.delivery.id
    with desk.database.begin() as tx:
        deliveries.change(tx, number, when={State.QUEUED}, to=state, reason=reason, actor=ACTOR, now=now)
        lanes.release(tx, claim.account.name, fence=claim.fence)
    tell(Step(account=claim.account.name, delivery=number, state=state, reason=reason))


# -- TX2 ---------------------------------------------------------------------------------------------------------


def record_intent(desk: Nightdesk, claim: Claim, post: Post) -> Attempt | None:
    """Write the attempt before the first byte leaves. None: the plan has changed or the lane is lost, so no call."""
    account, slot = claim.account, claim.turn.slot
    rules = desk.platform(account, claim.live).rules
    with desk.database.begin() as tx:
        attempt = None
        if _still_right(desk, tx, claim):
            attempt = attempts.intend(
                tx,
                delivery=claim.delivery.id,
                account=account.name,
                live=claim.live,
                owner=desk.owner,
                fence=claim.fence,
                text=post.text,
                link=post.link,
                slot=slot.key if slot else None,
                due_at=slot.at if slot else claim.turn.due_at,
                cost=rules.cost(post),
                desk_now=desk.clock.desk_now(),
                real_now=desk.clock.real_now(),
            )
        if attempt is None:
            lanes.release(tx, account.name, fence=claim.fence)
    return attempt


def _still_right(desk: Nightdesk, tx: Transaction, claim: Claim) -> bool:
    """Pause, live, caps, gap, age and order, asked once more in the transaction that writes the intent."""
    if claim.live != desk.is_live(tx, claim.account) or closed_door(desk, tx, claim.account):
        return False
    turn = plan(desk, tx, claim.account)
    return turn.send is not None and turn.send.delivery == claim.delivery.id and turn.slot == claim.turn.slot


# -- TX3 ---------------------------------------------------------------------------------------------------------


def record_outcome(desk: Nightdesk, claim: Claim, attempt: Attempt, result: Result, tell: Tell) -> None:
    """Write what came of the call. The transaction is tried again while the database is busy; the call never is."""
    for left in reversed(range(WRITE_RETRIES)):
        try:
            decision = _write_outcome(desk, claim, attempt, result)
            break
        except TryAgainLater as error:
            log.error("the outcome of attempt %s (%s) is not written yet: %s", attempt.id, result.outcome, error)
            if not left:
                raise
            clock.wait(WRITE_RETRY_SECONDS)
    tell(
        Step(
            account=claim.account.name,
            delivery=claim.delivery.id,
            state=decision.state,
            reason=decision.reason,
            url=result.post_url,
            sign_in_refused=result.remedy is Remedy.MEND_ACCOUNT,
        )
    )


def _write_outcome(desk: Nightdesk, claim: Claim, attempt: Attempt, result: Result) -> Decision:
    account, number = claim.account.name, claim.delivery.id
    real_now, desk_now = desk.clock.real_now(), desk.clock.desk_now()
    with desk.database.begin() as tx:
        tries = attempts.count_tries(tx, number)
        decision = retry.decide(
            result, tries=tries, now=real_now, settings=desk.settings.delivery, delivery=f"d{number}"
        )
        attempts.finish(tx, attempt.id, result=result, now=real_now)
        deliveries.change(
            tx,
            number,
            when={State.SENDING, State.UNCONFIRMED},
            to=decision.state,
            reason=decision.reason,
            actor=ACTOR,
            now=desk_now,
        )
        _free_lane(desk, tx, claim, decision)
        log.info("%s: d%s %s %s", account, number, decision.state, decision.reason)
    return decision


def _free_lane(desk: Nightdesk, tx: Transaction, claim: Claim, decision: Decision) -> None:
    """The lane goes on, waits or closes; the slot is used, or given back when nothing was sent."""
    name, turn = claim.account.name, claim.turn
    if decision.give_slot_back and turn.slot:
        slots.give_back(tx, name, turn.slot.key)
    else:
        lanes.count_to(tx, name, fence=claim.fence, counted_to=turn.counted_to)
    if decision.close_lane:
        lanes.close(tx, name, reason=decision.close_lane, until=decision.closed_until)
    if decision.close_door:
        key = door_of(claim.account, claim.live)
        doors.close(tx, key, reason=decision.close_door, until=decision.door_until)
    lanes.release(tx, name, fence=claim.fence, next_try=decision.next_try)
