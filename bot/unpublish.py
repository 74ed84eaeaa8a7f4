"""Taking a post back: it is deleted on the platform that it was sent to, and the delivery is `withdrawn`.

The call is written down before it is made, with what it costs. Whatever interrupts it, asking again is safe: a post
that is gone already counts as withdrawn. An answer that leaves it open leaves the delivery `published`.
"""

from __future__ import annotations

import logging

from bot.account import Account
from bot.delivery import Delivery, Outcome, Result, State
from bot.errors import UsageError
from bot.failpoints import reach
from bot.nightdesk import Nightdesk
from bot.store import attempts, deletions, deliveries
from bot.store.database import Transaction
from bot.wording import instead_of

log = logging.getLogger(__name__)

_CHARGED = (Outcome.ACCEPTED, Outcome.UNKNOWN)


def unpublish(desk: Nightdesk, delivery: Delivery, *, why: str, actor: str) -> Result:
    """Delete its post where it was sent, and say what came of it: accepted means that it is gone.

    Raises UsageError, before anything is done, when it cannot be deleted from here. A rehearsed post is deleted in the
    sandbox, whatever the account is now; a live one only while its account is live.
    """
    with desk.database.read() as tx:
        account, platform_id = may_be_deleted(desk, tx, delivery)
    platform = desk.platform(account, delivery.live)
    cost = platform.rules.delete_cost if delivery.live else 0.0
    with desk.database.begin() as tx:
        number = deletions.begin(tx, delivery, cost=cost, actor=actor, now=desk.clock.real_now())
    reach("deletion_noted")
    result = platform.delete(platform_id)
    reach("deleted")
    with desk.database.begin() as tx:
        charged = cost if result.outcome in _CHARGED else 0.0
        deletions.finish(tx, number, result=result, cost=charged, now=desk.clock.real_now())
        _write_down(desk, tx, delivery, result, why=why, actor=actor)
    log.info("%s: d%s deletion %s %s", account.name, delivery.id, result.outcome, result.error)
    return result


def may_be_deleted(desk: Nightdesk, tx: Transaction, delivery: Delivery) -> tuple[Account, str]:
    """The account and the platform's id of the post; UsageError with what to do instead when it cannot be deleted."""
    number = delivery.id
    if delivery.state is not State.PUBLISHED:
        message = f"d{number} is {delivery.state}; only a post that is published can be taken back by `unpublish`."
        raise UsageError(message, instead_of(delivery))
    account = desk.account(delivery.account)
    made = next((a for a in reversed(attempts.of(tx, number)) if a.outcome is Outcome.ACCEPTED), None)
    if made is None or not made.platform_id:
        raise UsageError(f"The id that d{number} has on {account.platform} is not known.", "Delete it there by hand.")
    if delivery.live and not desk.is_live(tx, account):
        raise UsageError(
            f"d{number} is LIVE, and {account.name} is in rehearsal: nothing of it reaches {account.platform}.",
            f"Delete it there by hand ({made.post_url}), or take the account live first.",
        )
    return account, made.platform_id


def _write_down(desk: Nightdesk, tx: Transaction, delivery: Delivery, result: Result, *, why: str, actor: str) -> None:
    number, now = delivery.id, desk.clock.desk_now()
    if result.outcome is not Outcome.ACCEPTED:
        deliveries.note(tx, number, f"not taken back: {result.error}", actor=actor, now=now, note=why)
        return
    when, to = {State.PUBLISHED}, State.WITHDRAWN
    reason = f"taken back: {result.error or 'deleted on the platform'}"
    if copies := [a.post_url for a in attempts.of(tx, number) if a.outcome is Outcome.ACCEPTED][:-1]:
        reason += f"; it was out twice, delete the other by hand: {', '.join(copies)}"
    deliveries.change(tx, number, when=when, to=to, reason=reason, actor=actor, now=now, note=why)
