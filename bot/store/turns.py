"""What a turn of the desk writes, for many deliveries at once: intents before the calls, outcomes after them.

The single forms of the same, for the rare cases, are in `attempts` and `deliveries`. (account, fence) names an attempt:
one lease has one attempt, so no id has to come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import clock
from bot.delivery import Outcome, Remedy, State
from bot.store.batches import fetch, rows_in, table_of
from bot.store.columns import Moment, storable
from bot.store.database import Transaction
from bot.store.dialect import DIALECTS
from bot.store.schema import IN_FLIGHT, LANE_IS_OPEN, attempts, deliveries, history, lanes, slots_used
from bot.store.search import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One call that is about to be made; `pinned` is the pin it was picked with. `due_at` is desk time.

    `heed`: not if anything has changed for the account since its lane was claimed.
    """

    delivery: int
    account: str
    live: bool
    fence: int
    text: str
    link: str
    slot: str | None
    pinned: datetime | None
    due_at: datetime | None
    cost: float
    heed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One post that the platform took. `look_at`, `counted_to` (desk time): how the lane goes on."""

    delivery: int
    account: str
    fence: int
    platform_id: str
    post_url: str
    look_at: datetime | None
    counted_to: datetime


def intend(
    tx: Transaction,
    intents: Sequence[Intent],
    *,
    owner: str,
    desk_now: datetime,
    real_now: datetime,
    uptime: float,
    lease_now: datetime,
    lease_until: datetime,
) -> set[int]:
    """Write the attempts, make their deliveries `sending` and mark their slots used; then the calls may be made.

    Returns the deliveries whose intent was written. The others must not be sent, and nothing of theirs has changed:
    the lease is over, another's or used up, the lane was woken, the account is no longer live, the delivery is no
    longer queued, has another stamp or another pin, its slot is used, or something is in flight on the account. Leases
    are renewed to `lease_until`.
    `uptime` is `clock.uptime()` at the intent.
    """
    if not intents:
        return set()
    rows = rows_in([_row(intent) for intent in intents])
    times = {"owner": owner, "desk_now": desk_now, "now": real_now, "lease_now": lease_now, "lease_until": lease_until}
    times |= {"uptime": uptime, "boot": clock.boot_id()}
    statements = _INTEND[tx.dialect.name]
    written = tx.execute(statements["attempt"], {**rows, **times}).rowcount
    good = {intent.delivery for intent in intents}
    if written != len(intents):
        good = {number for (number,) in fetch(tx, statements["written"], rows)}
    if good:
        intents = [intent for intent in intents if intent.delivery in good]
        rows = rows_in([_row(intent) for intent in intents])
        tx.execute(statements["history"], {**rows, **times})
        tx.execute(statements["sending"], {**rows, **times})
        tx.execute(statements["lease"], {**rows, **times})
        if any(intent.slot for intent in intents):
            tx.execute(statements["slot"], {**rows, **times})
    return good


def accept(tx: Transaction, accepted: Sequence[Acceptance], *, actor: str, desk_now: datetime, now: datetime) -> bool:
    """Write what the platform took, free the lanes, and say that the posts are published.

    False, with nothing done: one of the attempts had been settled otherwise meanwhile, so each wants a look of its own.
    """
    if not accepted:
        return True
    rows = rows_in([_accepted(one) for one in accepted])
    values = {**rows, "actor": actor, "desk_now": desk_now, "now": now}
    statements = _ACCEPT[tx.dialect.name]
    with tx.begin_nested() as savepoint:
        if tx.execute(statements["attempt"], values).rowcount != len(accepted):
            savepoint.rollback()
            return False
        if tx.execute(statements["delivery"], values).rowcount != len(accepted):
            savepoint.rollback()
            return False
        tx.execute(statements["history"], values)
        tx.execute(statements["lane"], values)
    return True


def _row(intent: Intent) -> tuple[object, ...]:
    text, link = storable(intent.text), storable(intent.link)
    due, pinned = intent.due_at, intent.pinned
    known = (intent.delivery, intent.account, intent.live, intent.fence, text, link, storable(fold(f"{text} {link}")))
    return (*known, intent.slot, pinned, due, intent.cost, intent.heed)


def _accepted(one: Acceptance) -> tuple[object, ...]:
    answer = (storable(one.platform_id), storable(one.post_url))
    return (one.delivery, one.account, one.fence, *answer, one.look_at, one.counted_to)


# -- the statements ----------------------------------------------------------------------------------------------


def _intend(dialect: str) -> dict[str, Any]:
    r = table_of(
        dialect, delivery=int, account=str, live=bool, fence=int, text=str, link=str, folded=str, slot=str,
        pinned=datetime, due_at=datetime, cost=float, heed=bool,
    )  # fmt: skip
    owner, desk_now = sa.bindparam("owner", type_=sa.Text), sa.bindparam("desk_now", type_=Moment)
    now, lease_now = sa.bindparam("now", type_=Moment), sa.bindparam("lease_now", type_=Moment)
    d, nothing = deliveries.c, sa.literal("", sa.Text)
    values = {
        "delivery": r.c.delivery, "account": r.c.account, "live": r.c.live, "owner": owner, "fence": r.c.fence,
        "text": r.c.text, "link": r.c.link, "folded": r.c.folded, "slot": r.c.slot, "due_at": r.c.due_at,
        "desk_at": desk_now, "counts": sa.true(), "started": now, "platform_id": nothing, "post_url": nothing,
        "error": nothing, "cost": r.c.cost, "remedy": sa.literal(Remedy.NONE.value, sa.Text),
        "uptime": sa.bindparam("uptime", type_=sa.Float(53)), "boot": sa.bindparam("boot", type_=sa.Text),
    }  # fmt: skip
    same_pin = sa.or_(d.pinned == r.c.pinned, sa.and_(d.pinned.is_(None), r.c.pinned.is_(None)))
    slot_taken = sa.exists().where(slots_used.c.account == r.c.account, slots_used.c.slot == r.c.slot)
    in_flight = sa.exists().where(attempts.c.account == r.c.account, IN_FLIGHT)
    lease_used = sa.exists().where(attempts.c.account == r.c.account, attempts.c.fence == r.c.fence)
    good = (
        sa.select(*(value.label(name) for name, value in values.items()))
        .join_from(r, lanes, lanes.c.account == r.c.account)
        .join(deliveries, d.id == r.c.delivery)
        .where(lanes.c.fence == r.c.fence, lanes.c.owner == owner, lanes.c.lease_until > lease_now)
        .where(sa.or_(sa.not_(r.c.live), lanes.c.golive_at.is_not(None)))
        .where(sa.or_(sa.not_(r.c.heed), lanes.c.look_at.is_(None)))  # a lane that was woken wants a look first
        .where(d.state == State.QUEUED, d.account == r.c.account, d.live == r.c.live, same_pin)
        .where(~slot_taken, ~in_flight, ~lease_used)
        .with_for_update(of=[lanes, deliveries])
    )
    mine = sa.select(r.c.delivery)
    its_lane = (lanes.c.account == r.c.account, lanes.c.fence == r.c.fence)
    its_attempt = sa.and_(attempts.c.account == r.c.account, attempts.c.fence == r.c.fence, IN_FLIGHT)
    changed = {
        "delivery": r.c.delivery, "at": desk_now, "from_state": sa.literal(State.QUEUED.value, sa.Text),
        "to_state": sa.literal(State.SENDING.value, sa.Text), "reason": nothing, "actor": owner, "note": nothing,
    }  # fmt: skip
    used = sa.select(r.c.account, r.c.slot, sa.func.coalesce(r.c.due_at, desk_now), r.c.delivery)
    return {
        "attempt": sa.insert(attempts).from_select(list(values), good),
        "written": sa.select(r.c.delivery).join_from(r, attempts, its_attempt),
        "history": sa.insert(history).from_select(list(changed), sa.select(*changed.values())),
        "sending": sa.update(deliveries).where(d.id.in_(mine)).values(state=State.SENDING, reason="", changed=desk_now),
        "lease": sa.update(lanes).where(*its_lane).values(lease_until=sa.bindparam("lease_until", type_=Moment)),
        "slot": sa.insert(slots_used).from_select(
            ["account", "slot", "at", "delivery"], used.where(r.c.slot.is_not(None))
        ),
    }


def _accept(dialect: str) -> dict[str, Any]:
    r = table_of(
        dialect, delivery=int, account=str, fence=int, platform_id=str, post_url=str, look_at=datetime,
        counted_to=datetime,
    )  # fmt: skip
    desk_now, now = sa.bindparam("desk_now", type_=Moment), sa.bindparam("now", type_=Moment)
    nothing, c = sa.literal("", sa.Text), lanes.c
    changed = {
        "delivery": r.c.delivery, "at": desk_now, "from_state": sa.literal(State.SENDING.value, sa.Text),
        "to_state": sa.literal(State.PUBLISHED.value, sa.Text), "reason": nothing,
        "actor": sa.bindparam("actor", type_=sa.Text), "note": nothing,
    }  # fmt: skip
    told = {"platform_id": r.c.platform_id, "post_url": r.c.post_url, "error": "", "finished": now}
    open_now = (c.account == r.c.account, c.fence == r.c.fence)
    closed = sa.not_(LANE_IS_OPEN)
    sooner = sa.case((c.look_at < r.c.look_at, c.look_at), else_=sa.func.coalesce(r.c.look_at, c.look_at))
    freed = {
        "owner": None,
        "lease_until": None,
        "look_at": sa.case((closed, c.look_at), else_=sooner),
        "counted_to": sa.case((c.counted_to < r.c.counted_to, r.c.counted_to), else_=c.counted_to),
    }
    return {
        "attempt": sa.update(attempts)
        .where(attempts.c.account == r.c.account, attempts.c.fence == r.c.fence, IN_FLIGHT)
        .values(outcome=Outcome.ACCEPTED, **told),
        "delivery": sa.update(deliveries)
        .where(deliveries.c.id == r.c.delivery, deliveries.c.state == State.SENDING)
        .values(state=State.PUBLISHED, reason="", changed=desk_now),
        "history": sa.insert(history).from_select(list(changed), sa.select(*changed.values())),
        "lane": sa.update(lanes).where(*open_now).values(**freed),
    }


_INTEND = {name: _intend(name) for name in DIALECTS}
_ACCEPT = {name: _accept(name) for name in DIALECTS}
