"""TX1: lanes whose moment has come are leased, what is stale or missed is settled, and what is due is picked.

The planner (pure) decides for each account from a bounded part of its queue. Many accounts are served by the same few
statements; only what is rare, a skip or a missed stretch, is written one by one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from bot import identity_check
from bot.account import Account
from bot.claim import Claim, Lease
from bot.delivery import State
from bot.nightdesk import Nightdesk
from bot.orders import Orders, read_orders
from bot.store import deliveries, lanes, lookup, meta, slots
from bot.store.database import Transaction
from bot.store.lanes import AT_ONCE, Lane, Return
from bot.store.lookup import Asked, Queue, ToWrite
from bot.summary import ACTOR, Step
from bot.timetable import planner
from bot.timetable.planner import LaneView, Turn

log = logging.getLogger(__name__)

COUNTED_PAST = timedelta(hours=25)  # of posts, for caps and gaps
SOON = timedelta(seconds=1)  # for a lane that says "now" but can do nothing now
AN_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Claimed:
    """What one TX1 came to. `unchecked`: live accounts whose identity must be asked for before they may send.

    `lanes`: how many were claimed; `quiet`: the accounts that have nothing to send now.
    `broken`: leases with the words for a mistake of ours.
    """

    claims: list[Claim] = field(default_factory=list)
    unchecked: list[Lease] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    lanes: int = 0
    quiet: list[str] = field(default_factory=list)
    broken: list[tuple[Lease, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Look:
    """One leased lane and what the planner said about it."""

    lease: Lease
    lane: Lane
    view: LaneView
    queue: Queue
    turn: Turn
    paused: bool


def claim_due(desk: Nightdesk, tx: Transaction, *, most: int, until: datetime, fruitless: Counter[str]) -> Claimed:
    """Lease up to `most` lanes that want a look by `until` (desk time), and say what is to be sent on them.

    `fruitless` counts the looks in a row at each account that came to nothing.
    """
    claimed = Claimed()
    taken = lanes.claim(tx, owner=desk.owner, desk_now=until, until=desk.new_lease(), most=most) if most > 0 else []
    if not taken:
        return claimed
    orders = read_orders(desk, tx)  # after the claim: see there
    if orders.outdated:  # the lanes are for workers with newer settings
        lanes.give_back(tx, [Return(account=lane.account, fence=lane.fence, look_at=AT_ONCE) for lane in taken])
        return claimed
    if orders.switch:  # noted with the rest it causes: a file that is gone in a moment must not leave them asleep
        meta.set(tx, meta.SWITCH, "on")
    claimed.lanes = len(taken)
    leases = {lane.account: _lease(desk, lane) for lane in taken}
    moving, returns = [], []
    for lane in taken:
        if _may_move(orders, leases[lane.account]):
            moving.append(lane)
        else:
            returns.append(Return(account=lane.account, fence=lane.fence))
    unchecked = {lane.account for lane in moving if identity_check.is_due(desk, leases[lane.account], lane)}
    claimed.unchecked = [lease for lane in moving if (lease := leases[lane.account]) and lane.account in unchecked]
    looks = _looks(desk, tx, orders, [lane for lane in moving if lane.account not in unchecked], leases, claimed)
    for look in looks:
        claimed.steps += _settle(desk, tx, look)
    lanes.forget_closing(tx, [look.lane.account for look in looks if look.lane.closed_reason])
    sending = [look for look in looks if look.turn.send]
    posts = lookup.posts_to_write(tx, [look.turn.send.delivery for look in sending if look.turn.send])
    for look in looks:
        chosen = posts.get(look.turn.send.delivery) if look.turn.send else None
        look_at = _look_again(look, orders.now, fruitless)
        if chosen is None:
            claimed.quiet.append(look.lane.account)
            returns.append(_nothing_to_send(look, look_at))
        else:
            claimed.claims.append(_claim(look, chosen, look_at))
    lanes.give_back(tx, returns)
    return claimed


def _lease(desk: Nightdesk, lane: Lane) -> Lease | None:
    account = desk.settings.accounts.get(lane.account)
    if account is None:
        return None
    return Lease(account=account, live=account.live and lane.golive_at is not None, fence=lane.fence)


def _may_move(orders: Orders, lease: Lease | None) -> bool:
    """An account that left the settings rests, one whose app is closed until its door opens, and one whose timeline has
    to be read back until it was; all are woken."""
    if lease is None or lease.account.name in orders.unread:
        return False
    return not orders.closed_door(lease.account, lease.live)


def _looks(
    desk: Nightdesk,
    tx: Transaction,
    orders: Orders,
    moving: Sequence[Lane],
    leases: dict[str, Lease | None],
    claimed: Claimed,
) -> list[_Look]:
    asked = [
        Asked(
            account=lane.account,
            live=lease.live,
            counted_to=lane.counted_to,
            stale=orders.now - lease.account.caps.max_age,
        )
        for lane in moving
        if (lease := leases[lane.account])
    ]
    if not asked:
        return []
    found = lookup.queues(tx, asked, now=orders.now, sent_since=orders.now - COUNTED_PAST)
    looks = []
    for lane in moving:
        if lease := leases[lane.account]:
            queue = found[lane.account]
            view = LaneView(
                counted_to=lane.counted_to,
                last_pass=orders.last_pass,
                sent=queue.sent,
                used=queue.used,
                closed_for=lane.closed_reason or "",
            )
            try:
                turn = plan(desk, orders, lease.account, view, queue)
            except Exception as error:  # a mistake of ours with one account must not keep the others
                log.exception("%s could not be served", lane.account)
                claimed.broken.append((lease, f"a mistake in Nightdesk: {type(error).__name__}; please report it"))
            else:
                looks.append(_Look(lease, lane, view, queue, turn, paused=bool(orders.pause(lease.account)[0])))
    return looks


def plan(desk: Nightdesk, orders: Orders, account: Account, view: LaneView, queue: Queue) -> Turn:
    """What the account's timetable, queue, caps and pauses say about this moment."""
    timetable = desk.timetable(account)
    reason, ends = orders.pause(account)
    if not reason:
        return planner.plan_turn(timetable, account.caps, view, queue.candidates, orders.now)
    turn = planner.paused_turn(timetable, view, orders.now, reason)
    return replace(turn, again=_sooner(turn.again, ends))


def _settle(desk: Nightdesk, tx: Transaction, look: _Look) -> list[Step]:
    """Write down what is skipped and missed; a crash before the intent leaves the slot that is about to be used due."""
    now, name, turn, steps = desk.clock.desk_now(), look.lane.account, look.turn, []
    for candidate, reason in turn.skips:
        number = candidate.delivery
        if deliveries.change(tx, number, when={State.QUEUED}, to=State.SKIPPED, reason=reason, actor=ACTOR, now=now):
            steps.append(Step(account=name, delivery=number, state=State.SKIPPED, reason=reason))
    if missed := turn.missed:
        slots.missed(tx, name, **asdict(missed), live=look.lease.live, now=now)
        lanes.count_to(tx, name, counted_to=_settled_to(turn))
        steps.append(Step(account=name, delivery=None, state=None, missed=missed.count, reason=missed.reason))
    return steps


def _settled_to(turn: Turn) -> datetime:
    """The slot about to be used is not settled yet: a crash before the intent must leave it due."""
    if turn.send and turn.slot:
        return planner.give_back(turn.counted_to, turn.slot.at)
    return turn.counted_to


def _look_again(look: _Look, now: datetime, fruitless: Counter[str]) -> datetime | None:
    """When the lane wants its next look. What says "at once" without coming to anything is looked at in a second."""
    name, turn = look.lane.account, look.turn
    came_to_nothing = not (turn.send or turn.skips or turn.missed)
    fruitless[name] = fruitless[name] + 1 if came_to_nothing else 0
    if turn.skips and not look.queue.whole:
        return AT_ONCE  # behind those that were dropped there may be others
    again = _sooner(turn.again, None if look.paused else _next_stale(look))
    if again is None or again > now:
        return again
    return now + SOON if fruitless[name] > 1 else AT_ONCE


def _next_stale(look: _Look) -> datetime | None:
    """When the next of those that wait is too old."""
    oldest = look.queue.oldest
    return oldest + look.lease.account.caps.max_age + AN_INSTANT if oldest else None


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def _nothing_to_send(look: _Look, look_at: datetime | None) -> Return:
    counted_to = look.turn.counted_to
    return Return(account=look.lane.account, fence=look.lane.fence, look_at=look_at, counted_to=counted_to)


def _claim(look: _Look, work: ToWrite, look_at: datetime | None) -> Claim:
    return Claim(
        account=look.lease.account,
        live=look.lease.live,
        fence=look.lease.fence,
        turn=look.turn,
        view=look.view,
        queue=look.queue,
        work=work,
        look_at=look_at,
    )
