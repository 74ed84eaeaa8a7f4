"""Attempts: the calls to the platforms, each recorded before it is made. Together they are the post log.

They are written in `turns.intend`, which also says when a call must not be made; `finish` writes what came of one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.delivery import Attempt, Delivery, Outcome, Remedy, Result
from bot.store.database import Transaction
from bot.store.rows import made
from bot.store.schema import HAS_ID, IN_FLIGHT, IS_OPEN, IS_UNKNOWN, attempts, lanes
from bot.store.schema import deliveries as deliveries_table
from bot.store.search import fold

_AT_ONCE = 500  # values in one list of a query
_MAY_BE_OUT = (Outcome.ACCEPTED, Outcome.UNKNOWN)


def finish(tx: Transaction, attempt: int, *, result: Result, now: datetime) -> bool:
    """Write what the call came to; False when the attempt's outcome stays as it is. `now`: real time.

    An open attempt takes any result, one that is unknown anything better. An acceptance, which carries the platform's
    own id, corrects every other outcome, and nothing corrects it.
    """
    better: list[sa.ColumnElement[bool]] = [IN_FLIGHT]
    if result.outcome is not Outcome.UNKNOWN:
        better.append(attempts.c.outcome == Outcome.UNKNOWN)
    if result.outcome is Outcome.ACCEPTED:
        better.append(attempts.c.outcome != Outcome.ACCEPTED)
    return _write(tx, attempt, sa.or_(*better), result, finished=now, remedy=result.remedy)


def settle(tx: Transaction, attempt: int, *, result: Result) -> bool:
    """Write what a person, or a look at the timeline, found out; False when the attempt's outcome is not unknown."""
    return _write(tx, attempt, attempts.c.outcome == Outcome.UNKNOWN, result)


def frozen(tx: Transaction, delivery: Delivery) -> Attempt | None:
    """The attempt whose post is to be sent again as it was, because that one may be live; else None."""
    attempt = get(tx, delivery.frozen) if delivery.frozen else None
    return attempt if attempt and attempt.outcome is Outcome.UNKNOWN else None


def correct(tx: Transaction, attempt: Attempt, *, result: Result, now: datetime) -> None:
    """The post was found: write its id and address, whatever the platform's answer had been. `now`: real time."""
    if not settle(tx, attempt.id, result=result):
        finish(tx, attempt.id, result=result, now=attempt.finished or now)


def claimed(tx: Transaction, platform_ids: Collection[str], *, live: bool, but: int) -> dict[str, int]:
    """Those of the platform's ids that are posts of other deliveries than `but`, and whose."""
    a, found = attempts.c, dict[str, int]()
    wanted = list(platform_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = sa.select(a.platform_id, a.delivery).where(HAS_ID, a.platform_id.in_(some), a.live == live)
        found.update((row.platform_id, row.delivery) for row in tx.execute(query.where(a.delivery != but)))
    return found


def seen_at(tx: Transaction, delivery: Delivery, url: str) -> int | None:
    """Which other delivery of the account has its post at that address, if any."""
    a = attempts.c
    mine = (a.account == delivery.account, a.live == delivery.live, a.delivery != delivery.id)
    return tx.execute(sa.select(a.delivery).where(*mine, a.post_url == url).limit(1)).scalar()


def in_doubt(tx: Transaction, accounts: Collection[str], *, live: bool, since: datetime, but: int) -> list[Attempt]:
    """Attempts since then (real time) on these accounts, of other deliveries than `but`, of which nobody knows whether
    they are out, the delivery being open, or under what id: a person saw the post."""
    mine = (attempts.c.account.in_(list(accounts)), attempts.c.live == live, attempts.c.delivery != but)
    found = [
        made(Attempt, row, attempts)
        for unclear in (IS_UNKNOWN, IN_FLIGHT)
        for row in tx.execute(sa.select(attempts).where(unclear, *mine, attempts.c.started >= since))
    ]
    numbers = {attempt.delivery for attempt in found}
    is_open = sa.select(deliveries_table.c.id).where(deliveries_table.c.id.in_(numbers), IS_OPEN)
    still = set(tx.execute(is_open).scalars()) if numbers else set()
    nameless = (attempts.c.outcome == Outcome.ACCEPTED, sa.not_(HAS_ID))
    seen = tx.execute(sa.select(attempts).where(*nameless, *mine, attempts.c.started >= since))
    return [attempt for attempt in found if attempt.delivery in still] + [made(Attempt, row, attempts) for row in seen]


def highest(tx: Transaction) -> int:
    """The newest attempt's id, 0 where there is none."""
    return tx.execute(sa.select(sa.func.max(attempts.c.id))).scalar() or 0


def adopt(
    tx: Transaction,
    delivery: Delivery,
    *,
    text: str,
    link: str,
    created: datetime,
    platform_id: str,
    post_url: str,
    cost: float,
    owner: str,
    now: datetime,
) -> None:
    """Write down a call that a lost database knew of, from the post that it left. `created`, `now`: real time."""
    raised = sa.update(lanes).where(lanes.c.account == delivery.account).values(fence=lanes.c.fence + 1)
    fence = tx.execute(raised.returning(lanes.c.fence)).scalar_one()
    row = {
        "delivery": delivery.id,
        "account": delivery.account,
        "live": delivery.live,
        "owner": owner,
        "fence": fence,
        "text": text,
        "link": link,
        "folded": fold(f"{text} {link}"),
        "desk_at": created,
        "counts": True,
        "started": created,
        "finished": now,
        "outcome": Outcome.ACCEPTED,
        "platform_id": platform_id,
        "post_url": post_url,
        "error": "",
        "cost": cost,
    }
    tx.execute(sa.insert(attempts).values(**row))


def last_started(tx: Transaction) -> datetime | None:
    """When the newest attempt began (real time)."""
    newest = sa.select(attempts.c.started).order_by(attempts.c.id.desc()).limit(1)
    return tx.execute(newest).scalar()


def get(tx: Transaction, attempt: int) -> Attempt | None:
    """The attempt of that id, None when there is none."""
    return _first(tx, attempts.c.id == attempt)


def of_lease(tx: Transaction, account: str, fence: int) -> Attempt | None:
    """The attempt made under that lease of the account, if there is one.

    It tells what became of an intent when the answer to its commit was lost.
    """
    return _first(tx, attempts.c.account == account, attempts.c.fence == fence)


def of(tx: Transaction, delivery: int) -> list[Attempt]:
    """All attempts of a delivery, the newest last."""
    rows = tx.execute(sa.select(attempts).where(attempts.c.delivery == delivery).order_by(attempts.c.id))
    return [made(Attempt, row, attempts) for row in rows]


def recent_remedies(tx: Transaction, account: str, live: bool, *, but: int, limit: int = 8) -> list[Remedy]:
    """What the account's last finished attempts asked for, the newest first, without the attempt `but`."""
    mine = (attempts.c.account == account, attempts.c.live == live, attempts.c.id != but, ~IN_FLIGHT)
    newest = sa.select(attempts.c.remedy).where(*mine).order_by(attempts.c.desk_at.desc(), attempts.c.id.desc())
    return list(tx.execute(newest.limit(limit)).scalars())


def open_ones(tx: Transaction, *, abandoned_before: datetime | None) -> list[Attempt]:
    """The open attempts whose lease was over by that moment (real time); with None all open ones."""
    query = sa.select(attempts).where(IN_FLIGHT).order_by(attempts.c.account)  # by id the whole history would be read
    if abandoned_before is not None:
        over = sa.or_(
            lanes.c.account.is_(None),
            lanes.c.fence != attempts.c.fence,
            lanes.c.owner.is_(None),
            lanes.c.lease_until <= abandoned_before,
        )
        query = query.outerjoin(lanes, lanes.c.account == attempts.c.account).where(over)
    return sorted((made(Attempt, row, attempts) for row in tx.execute(query)), key=lambda attempt: attempt.id)


def sent(tx: Transaction, account: str, live: bool, since: datetime) -> list[datetime]:
    """When (desk time) the account posted or may have posted since then, the newest last: what caps and gaps count.

    Accepted, unknown and open attempts with that stamp; none from a simulated future that was called off.
    """
    may_be_out = sa.or_(IN_FLIGHT, attempts.c.outcome.in_(_MAY_BE_OUT))
    mine = (attempts.c.account == account, attempts.c.live == live, attempts.c.desk_at >= since, attempts.c.counts)
    return list(
        tx.execute(sa.select(attempts.c.desk_at).where(*mine, may_be_out).order_by(attempts.c.desk_at)).scalars()
    )


def _write(tx: Transaction, attempt: int, condition: sa.ColumnElement[bool], result: Result, **more: Any) -> bool:
    told = {
        "outcome": result.outcome,
        "platform_id": result.platform_id,
        "post_url": result.post_url,
        "error": result.error,
    }
    return (
        tx.execute(sa.update(attempts).where(attempts.c.id == attempt, condition).values(**told, **more)).rowcount == 1
    )


def _first(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> Attempt | None:
    row = tx.execute(sa.select(attempts).where(*conditions)).first()
    return made(Attempt, row, attempts) if row else None
