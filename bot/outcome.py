"""TX3: what came of the calls is written down, even when it comes late.

Most are accepted, and are written together. Anything else is looked at by itself: meanwhile the lease may have ended,
another worker may have handed the attempt to a person, and the person may have decided. So an outcome counts only where
it says more than what is known, and the lane is moved only while it is ours.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot import identity_check, retry
from bot.claim import Answered, Claim, Finding
from bot.delivery import Attempt, Outcome, Remedy, Result, State
from bot.golive import follow_stamp
from bot.nightdesk import Nightdesk
from bot.pausing import close_lane, door_of, open_when_settled
from bot.retry import Decision
from bot.store import attempts, deliveries, doors, lanes, slots, turns
from bot.store.database import Transaction
from bot.store.lanes import AT_ONCE, Return
from bot.store.turns import Acceptance
from bot.summary import ACTOR, Step

log = logging.getLogger(__name__)

# An acceptance is proof: it corrects whatever was believed meanwhile. Anything else only ends its own attempt.
_PROVEN = frozenset(State) - {State.PUBLISHED, State.WITHDRAWN}
_OWN = frozenset({State.SENDING, State.UNCONFIRMED})
_PUBLISHED = Decision(state=State.PUBLISHED)


def record_outcomes(desk: Nightdesk, tx: Transaction, answers: Sequence[Answered]) -> list[Step]:
    """Write what came back; returns what there is to tell. Writing the same again changes nothing."""
    calls = [(a.lease, a.answer) for a in answers if isinstance(a.lease, Claim) and isinstance(a.answer, Result)]
    results = _with_ids_of_their_own(tx, calls)
    plain = [(claim, result) for claim, result in results if _is_plain(result)]
    if not _accept_all(desk, tx, plain):
        plain = []
    told = {claim.account.name for claim, _ in plain}
    steps = [Step.of(claim, _PUBLISHED, result) for claim, result in plain]
    for claim, result in sorted(results, key=_door):  # doors are locked in one order, too
        if claim.account.name not in told and (decision := write_outcome(desk, tx, claim, result)):
            steps.append(Step.of(claim, decision, result))
    found = [(a.lease, a.answer) for a in answers if not isinstance(a.lease, Claim)]
    for lease, finding in found:
        finding = finding if isinstance(finding, Finding) else Finding(words=finding.error)
        if step := identity_check.record(desk, tx, lease, finding):
            steps.append(step)
    return steps


def _with_ids_of_their_own(tx: Transaction, results: Sequence[tuple[Claim, Result]]) -> list[tuple[Claim, Result]]:
    """An id that another delivery has already proves nothing: such an answer leaves it open what happened."""
    checked, owners = list(results), dict[tuple[str, bool], int]()
    for live in (True, False):
        ids = [result.platform_id for claim, result in results if result.platform_id and claim.live is live]
        owners |= {(its, live): number for its, number in attempts.claimed(tx, ids, live=live, but=0).items()}
    for place, (claim, result) in enumerate(results):
        if not result.platform_id:
            continue
        owner = owners.setdefault((result.platform_id, claim.live), claim.delivery.id)
        if owner != claim.delivery.id:
            error = f"It was answered with the id of another post, d{owner}; this one may be live too."
            checked[place] = claim, Result(outcome=Outcome.UNKNOWN, remedy=Remedy.LOOK, error=error)
    return checked


def _door(call: tuple[Claim, Result]) -> str:
    return door_of(call[0].account, call[0].live)


def _is_plain(result: Result) -> bool:
    return result.outcome is Outcome.ACCEPTED and result.until is None and result.slowdown is None


def _accept_all(desk: Nightdesk, tx: Transaction, plain: Sequence[tuple[Claim, Result]]) -> bool:
    accepted = [
        Acceptance(
            delivery=claim.delivery.id,
            account=claim.account.name,
            fence=claim.fence,
            platform_id=result.platform_id,
            post_url=result.post_url,
            look_at=claim.look_at,
            counted_to=claim.turn.counted_to,
        )
        for claim, result in plain
    ]
    return turns.accept(tx, accepted, actor=ACTOR, desk_now=desk.clock.desk_now(), now=desk.clock.real_now())


def write_outcome(desk: Nightdesk, tx: Transaction, claim: Claim, result: Result) -> Decision | None:
    """The attempt's outcome, what becomes of the delivery, and the lane's next state.

    None: others had settled the attempt already, and this result adds nothing.
    """
    number, name, real_now = claim.delivery.id, claim.account.name, desk.clock.real_now()
    made = attempts.of(tx, number)
    attempt = next((a for a in made if a.account == name and a.fence == claim.fence), None)
    if attempt is None:
        lanes.release(tx, name, fence=claim.fence)
        return None
    recent = attempts.recent_remedies(tx, name, claim.live, but=attempt.id)
    past = retry.past_of([a for a in made if a.id < attempt.id], recent, result.remedy)
    decision = retry.decide(result, past=past, now=real_now, settings=desk.settings.delivery, delivery=f"d{number}")
    if not attempts.finish(tx, attempt.id, result=result, now=real_now):
        lanes.release(tx, name, fence=claim.fence)
        if (attempt.outcome, attempt.platform_id) == (result.outcome, result.platform_id):
            return decision  # it was written before, in a transaction whose answer was lost
        log.warning("attempt t%s: %s came late; it had been settled.", attempt.id, result.outcome)
        return None
    _tell_if_twice(desk, tx, claim, result, made)
    if made[-1].id == attempt.id or result.outcome is Outcome.ACCEPTED:
        _change_delivery(desk, tx, claim, decision)
    _move_lane(desk, tx, claim, decision, result)
    if attempt.outcome is Outcome.UNKNOWN and not decision.close_lane:
        open_when_settled(desk, tx, name)  # it had been closed for this very attempt
    log.info("%s: d%s %s %s", name, number, decision.state, decision.reason)
    return decision


def _tell_if_twice(desk: Nightdesk, tx: Transaction, claim: Claim, result: Result, made: Sequence[Attempt]) -> None:
    """A late acceptance, after a person had said that it was not posted and it was sent again: two posts are out."""
    number, now = claim.delivery.id, desk.clock.desk_now()
    other = next((a for a in made if a.outcome is Outcome.ACCEPTED and a.platform_id != result.platform_id), None)
    if result.outcome is not Outcome.ACCEPTED or other is None:
        return
    words = f"it is out twice: {other.post_url} and {result.post_url}"
    deliveries.note(tx, number, words, actor=ACTOR, now=now, note="delete one of them there")
    log.error("%s: d%s: %s; delete one of them there.", claim.account.name, number, words)


def call_off(desk: Nightdesk, tx: Transaction, account: str, fence: int) -> None:
    """A lease of ours that nobody works on: what was claimed or intended in a turn that failed was never sent."""
    attempt = attempts.of_lease(tx, account, fence)
    if attempt is not None and attempt.outcome is None:
        never = "not sent: the database did not say whether the attempt was written"
        attempts.finish(tx, attempt.id, result=Result(outcome=Outcome.NOT_SENT, error=never), now=desk.clock.real_now())
        now, to = desk.clock.desk_now(), State.QUEUED
        deliveries.change(tx, attempt.delivery, when={State.SENDING}, to=to, reason=never, actor=ACTOR, now=now)
        if attempt.slot:
            slots.give_back(tx, account, attempt.slot)
    lanes.release(tx, account, fence=fence)


def _change_delivery(desk: Nightdesk, tx: Transaction, claim: Claim, decision: Decision) -> None:
    when = _PROVEN if decision.state is State.PUBLISHED else _OWN
    number, now = claim.delivery.id, desk.clock.desk_now()
    state, reason, task = decision.state, decision.reason, decision.task
    deliveries.change(tx, number, when=when, to=state, reason=reason, task=task, actor=ACTOR, now=now)
    if decision.state is State.QUEUED:
        follow_stamp(desk, tx, number, actor=ACTOR)


def _move_lane(desk: Nightdesk, tx: Transaction, claim: Claim, decision: Decision, result: Result) -> None:
    """While it is ours the lane goes on, waits or closes; the slot is used, or given back when nothing was sent."""
    name, turn, slot = claim.account.name, claim.turn, claim.turn.slot
    given_back = bool(decision.give_slot_back and slot)
    published = decision.state is State.PUBLISHED
    back = Return(
        account=name,
        fence=claim.fence,
        look_at=None if decision.next_try else claim.look_at if published else AT_ONCE,
        wake_at=decision.next_try,
        counted_to=None if given_back else turn.counted_to,
    )
    if not lanes.give_back(tx, [back]):
        return
    if given_back and slot:
        slots.give_back(tx, name, slot.key)
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
