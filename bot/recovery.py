"""After a crash: what an earlier run left open is found and becomes `unconfirmed`, never sent again.

An open attempt is one whose outcome nobody wrote down: the request may have been taken. Its lane stays closed until
its post was looked for (`reconcile.py`), or until a person says what happened (`nightdesk resolve`).
"""

from __future__ import annotations

import logging

from bot.delivery import Attempt, Outcome, Remedy, Result, State
from bot.failpoints import reach
from bot.nightdesk import Nightdesk
from bot.pausing import close_lane
from bot.retry import decide
from bot.store import attempts, deliveries, lanes
from bot.store.database import Transaction

log = logging.getLogger(__name__)

LOST = Result(
    outcome=Outcome.UNKNOWN,
    remedy=Remedy.LOOK,
    error="the run that sent this ended before the answer was written down; it may be live",
)


def recover(desk: Nightdesk) -> int:
    """Close what dead runs left open; returns how many deliveries became unconfirmed.

    With SQLite the instance lock says that every open lease belongs to a dead run. With PostgreSQL other workers
    may be alive, so only leases that have run out count; a worker that was only slow corrects it when its answer comes.
    """
    with desk.database.begin() as tx:
        only_before = None if desk.database.exclusive else desk.lease_now()
        open_ones = attempts.open_ones(tx, abandoned_before=only_before)
        lanes.lock_abandoned(tx, [attempt.account for attempt in open_ones], before=only_before)
        lost = [attempt for attempt in open_ones if _hand_over(desk, tx, attempt)]
        lanes.free_abandoned(tx, before=only_before)
        reach("recovered")
    for attempt in lost:
        log.warning("d%s (%s) is unconfirmed: %s", attempt.delivery, attempt.account, LOST.error)
    return len(lost)


def _hand_over(desk: Nightdesk, tx: Transaction, attempt: Attempt) -> bool:
    """False when its own worker has written the outcome in the meantime."""
    real_now, named = desk.clock.real_now(), f"d{attempt.delivery}"
    decision = decide(LOST, now=real_now, settings=desk.settings.delivery, delivery=named)
    if not attempts.finish(tx, attempt.id, result=LOST, now=real_now):
        return False
    deliveries.change(
        tx,
        attempt.delivery,
        when={State.SENDING},
        to=decision.state,
        reason=decision.reason,
        actor="recovery",
        now=desk.clock.desk_now(),
    )
    close_lane(
        desk,
        tx,
        attempt.account,
        attempt.live,
        reason=decision.close_lane or decision.reason,
        until=decision.closed_until,
        by_answer=False,
        delivery=attempt.delivery,
    )
    return True
