"""TX2: the attempt is written before the first byte leaves, or the call is not made.

Everything that must hold at that moment is asked again here: the pause, the app's door, the settings' edition, and the
whole plan (caps, gap, age, lateness) by the planner at the new `now`; lease, stamp, pin and state by the statement that
writes. What an account has sent cannot have changed: only the holder of its lease sends.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot import clock
from bot.budget import objection
from bot.claim import Written
from bot.claiming import plan
from bot.nightdesk import Nightdesk
from bot.orders import Orders, read_orders
from bot.store import lanes, turns
from bot.store.database import Transaction
from bot.store.lanes import AT_ONCE, Return
from bot.store.turns import Intent

MOST_CHANGES = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Intended:
    """A post whose attempt is written. `at`: the intent, in `clock.uptime()` seconds."""

    written: Written
    at: float


def record_intents(
    desk: Nightdesk, tx: Transaction, posts: Sequence[Written], changes: Counter[str], *, halted: bool = False
) -> list[Intended]:
    """Write the attempts of these posts; only those returned may be sent. The other lanes are looked at once more.

    `halted`: the run is to end, so nothing more is begun. `changes` counts for each account how often in a row
    something had changed between claim and intent; after MOST_CHANGES the post goes all the same, or a stream of new
    articles could hold an account back for ever.
    """
    if not posts:
        return []
    orders = read_orders(desk, tx)
    halted = halted or orders.outdated
    right = [post for post in posts if not halted and _apart(desk, orders, post)]
    at = clock.uptime()
    good = turns.intend(
        tx,
        [_intent(post, heed=changes[post.claim.account.name] < MOST_CHANGES) for post in right],
        owner=desk.owner,
        desk_now=orders.now,
        real_now=desk.clock.real_now(),
        uptime=at,
        lease_now=desk.lease_now(),
        lease_until=desk.new_lease(),
    )
    off = [post.claim for post in posts if post.claim.delivery.id not in good]
    for post in posts:
        name = post.claim.account.name
        changes[name] = 0 if post.claim.delivery.id in good else changes[name] + 1
    lanes.give_back(tx, [Return(account=c.account.name, fence=c.fence, look_at=AT_ONCE) for c in off])
    return [Intended(post, at) for post in right if post.claim.delivery.id in good]


def _apart(desk: Nightdesk, orders: Orders, post: Written) -> bool:
    try:
        return still_right(desk, orders, post)
    except Exception:  # a mistake of ours with one account: the next TX1 tells it as that account's trouble
        log.exception("%s could not be asked once more", post.claim.account.name)
        return False


def still_right(desk: Nightdesk, orders: Orders, post: Written) -> bool:
    """Whether the post may go at this moment as well, as far as no row has to be asked."""
    claim = post.claim
    if claim.account.name in orders.unread or orders.closed_door(claim.account, claim.live):
        return False
    if objection(desk, claim, cost=post.cost):
        return False
    turn = plan(desk, orders, claim.account, claim.view, claim.queue)
    return turn.send is not None and turn.send.delivery == claim.delivery.id and turn.slot == claim.turn.slot


def _intent(post: Written, *, heed: bool) -> Intent:
    claim = post.claim
    slot = claim.turn.slot
    return Intent(
        delivery=claim.delivery.id,
        account=claim.account.name,
        live=claim.live,
        fence=claim.fence,
        text=post.post.text,
        link=post.post.link,
        slot=slot.key if slot else None,
        pinned=claim.delivery.pinned,
        due_at=slot.at if slot else claim.turn.due_at,
        cost=post.cost,
        heed=heed,
    )
