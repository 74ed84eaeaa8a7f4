"""TX3: what came of a call is written down, even when it comes late.

Meanwhile the lease may have ended: another worker may have handed the attempt to a person, and the person may have
decided. So an outcome counts only where it says more than what is known, and the lane is moved only while it is ours.
"""

from __future__ import annotations

import logging

from bot import clock, retry
from bot.claim import Claim
from bot.delivery import Attempt, Outcome, Remedy, Result, State
from bot.errors import TryAgainLater
from bot.golive import follow_stamp
from bot.nightdesk import Nightdesk
from bot.pausing import close_lane, door_of, open_when_settled
from bot.retry import Decision
from bot.store import attempts, deliveries, doors, lanes, slots
from bot.store.database import Transaction

log = logging.getLogger(__name__)

ACTOR = "nightdesk"
WRITE_RETRY_SECONDS, WRITE_RETRIES = 1.0, 60

# An acceptance is proof: it corrects whatever was believed meanwhile. Anything else only ends its own attempt.
_PROVEN = frozenset(State) - {State.PUBLISHED, State.WITHDRAWN}
_OWN = frozenset({State.SENDING, State.UNCONFIRMED})


def record_outcome(desk: Nightdesk, claim: Claim, attempt: Attempt, result: Result) -> Decision | None:
    """Write it, trying the transaction again while the database is busy; the call itself is never made again.

    None: others had settled the attempt already, and this result adds nothing.
    """
    for left in reversed(range(WRITE_RETRIES)):
        try:
            return write_outcome(desk, claim, attempt, result)
        except TryAgainLater as error:
            where = " ".join(filter(None, (result.platform_id, result.post_url)))
            log.error("attempt t%s: %s %s is not written yet: %s", attempt.id, result.outcome, where, error)
            if not left:
                raise
            clock.wait(WRITE_RETRY_SECONDS)
    raise AssertionError("the last try returns or raises")


def write_outcome(desk: Nightdesk, claim: Claim, attempt: Attempt, result: Result) -> Decision | None:
    """One transaction: the attempt's outcome, what becomes of the delivery, and the lane's next state."""
    number, name = claim.delivery.id, claim.account.name
    with desk.database.begin() as tx:
        real_now = desk.clock.real_now()
        made = attempts.of(tx, number)
        recent = attempts.recent_remedies(tx, name, claim.live, but=attempt.id)
        past = retry.past_of([a for a in made if a.id < attempt.id], recent, result.remedy)
        decision = retry.decide(result, past=past, now=real_now, settings=desk.settings.delivery, delivery=f"d{number}")
        if not attempts.finish(tx, attempt.id, result=result, now=real_now):
            log.warning("attempt t%s: %s came late; it had been settled.", attempt.id, result.outcome)
            lanes.release(tx, name, fence=claim.fence)
            return None
        if made[-1].id == attempt.id or result.outcome is Outcome.ACCEPTED:
            _change_delivery(desk, tx, claim, decision)
        if lanes.release(tx, name, fence=claim.fence, next_try=decision.next_try):
            _move_lane(desk, tx, claim, decision, result)
        if any(a.id == attempt.id and a.outcome is Outcome.UNKNOWN for a in made) and not decision.close_lane:
            open_when_settled(desk, tx, name)  # it had been closed for this very attempt
    log.info("%s: d%s %s %s", name, number, decision.state, decision.reason)
    return decision


def _change_delivery(desk: Nightdesk, tx: Transaction, claim: Claim, decision: Decision) -> None:
    when = _PROVEN if decision.state is State.PUBLISHED else _OWN
    number, now = claim.delivery.id, desk.clock.desk_now()
    state, reason, task = decision.state, decision.reason, decision.task
    deliveries.change(tx, number, when=when, to=state, reason=reason, task=task, actor=ACTOR, now=now)
    if decision.state is State.QUEUED:
        follow_stamp(desk, tx, number, actor=ACTOR)


def _move_lane(desk: Nightdesk, tx: Transaction, claim: Claim, decision: Decision, result: Result) -> None:
    """The lane goes on, waits or closes; the slot is used, or given back when nothing was sent."""
    name, turn = claim.account.name, claim.turn
    if decision.give_slot_back and turn.slot:
        slots.give_back(tx, name, turn.slot.key)
    else:
        lanes.count_to(tx, name, fence=claim.fence, counted_to=turn.counted_to)
    if decision.close_lane:
        close_lane(
            desk,
            tx,
            name,
            claim.live,
            reason=decision.close_lane,
            until=decision.closed_until,
            by_answer=result.remedy in (Remedy.LOOK, Remedy.MEND_ACCOUNT),
            delivery=claim.delivery.id if decision.state is State.UNCONFIRMED else None,
        )
    if decision.close_door:
        key = door_of(claim.account, claim.live)
        doors.close(tx, key, reason=decision.close_door, until=decision.door_until, slowed=decision.slowed)
