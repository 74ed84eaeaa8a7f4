"""Deliveries: one article to one account, the row everything turns on. Each change of state leaves a row of history."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.article import Article
from bot.delivery import OPEN_STATES, Delivery, State
from bot.store import history, lanes
from bot.store.database import Transaction
from bot.store.dialect import insert
from bot.store.history import Change
from bot.store.rows import made
from bot.store.schema import IN_ORDER, IS_OPEN, IS_QUEUED, IS_TASK, articles, deliveries
from bot.timetable.lineup import Candidate

PAGE = 500

_D = deliveries.c
CANDIDATE = (
    _D.id,
    _D.article,
    _D.breaking,
    _D.priority,
    _D.position,
    _D.pinned,
    _D.dated,
    sa.and_(_D.evergreen, _D.round > 1),
    _D.section,
)
"""A queued delivery's columns in the order of a `Candidate`'s fields."""


def create(
    tx: Transaction,
    *,
    article: int,
    account: str,
    live: bool,
    round: int = 1,
    priority: int = 0,
    pinned: datetime | None = None,
    text: str | None = None,
    state: State = State.QUEUED,
    reason: str = "",
    actor: str,
    now: datetime,
) -> tuple[Delivery, bool]:
    """Queue the article for the account, at the end. Returns the delivery, and whether it is new.

    A delivery of the same article, account, stamp and round that is there already is returned as it is. `now` is desk
    time; `text` is a post typed by hand.
    """
    lanes.lock(tx, [account])
    new = insert(tx, deliveries).values(
        article=article,
        account=account,
        live=live,
        round=round,
        state=state,
        reason=reason,
        position=_after_the_last(tx, account),
        priority=priority,
        pinned=pinned,
        text=text,
        created=now,
        changed=now,
        **_of_its_article(sa.literal(article)),
    )
    number = tx.execute(new.on_conflict_do_nothing().returning(deliveries.c.id)).scalar()
    if number is not None:
        _remember(tx, number, None, state, reason, actor, now)
        lanes.wake(tx, account)
    return _the_one(tx, article, account, live, round), number is not None


def get(tx: Transaction, delivery: int) -> Delivery | None:
    """The delivery of that id, None when there is none."""
    row = tx.execute(sa.select(deliveries).where(deliveries.c.id == delivery)).first()
    return made(Delivery, row, deliveries) if row else None


def of_article(tx: Transaction, article: int) -> list[Delivery]:
    """All deliveries of an article, the newest last."""
    its = sa.select(deliveries).where(deliveries.c.article == article).order_by(deliveries.c.id)
    return [made(Delivery, row, deliveries) for row in tx.execute(its)]


def latest_round(tx: Transaction, article: int, account: str, live: bool) -> Delivery | None:
    """The last round of the article on the account with that stamp, None when there was none."""
    same = (deliveries.c.article == article, deliveries.c.account == account, deliveries.c.live == live)
    row = tx.execute(sa.select(deliveries).where(*same).order_by(deliveries.c.round.desc()).limit(1)).first()
    return made(Delivery, row, deliveries) if row else None


def change(
    tx: Transaction,
    delivery: int,
    *,
    when: Collection[State],
    to: State,
    reason: str,
    actor: str,
    now: datetime,
    note: str = "",
    task: bool = False,
) -> bool:
    """Change the state if it is one of `when` at this moment; else False, and nothing is done. `now` is desk time.

    `task`: it waits for a person, until the next change.
    """
    _lock_lane(tx, delivery)
    its = sa.select(deliveries.c.state, deliveries.c.account).where(deliveries.c.id == delivery).with_for_update()
    before = tx.execute(its).first()
    fits = (deliveries.c.id == delivery, deliveries.c.state.in_(list(when)))
    told = {"state": to, "reason": reason, "changed": now, "task": task}
    done = tx.execute(sa.update(deliveries).where(*fits).values(**told)).rowcount
    if before is None or done != 1:
        return False
    _remember(tx, delivery, before.state, to, reason, actor, now, note)
    if to is State.QUEUED:
        lanes.wake(tx, before.account)
    return True


def freeze(tx: Transaction, delivery: int, attempt: int) -> None:
    """Its next post is that attempt's, to the byte, for as long as that attempt's outcome is unknown."""
    tx.execute(sa.update(deliveries).where(deliveries.c.id == delivery).values(frozen=attempt))


def waiting(tx: Transaction, account: str, live: bool, most: int | None = None) -> list[Candidate]:
    """The account's queue as the planner wants it, in its order: breaking, priority, position, age in the queue.

    An evergreen article's second and later rounds never grow old. `most`: only so many, the first ones.
    """
    mine = (IS_OPEN, deliveries.c.account == account, deliveries.c.live == live, IS_QUEUED)
    return [Candidate(*row) for row in tx.execute(sa.select(*CANDIDATE).where(*mine).order_by(*IN_ORDER).limit(most))]


def follow_article(tx: Transaction, article: int) -> None:
    """The article has changed: its open deliveries take over what the planner asks of it, and their lanes look."""
    its = (IS_OPEN, deliveries.c.article == article)
    lanes.lock(tx, sa.select(deliveries.c.account).where(*its))
    changed = sa.update(deliveries).where(*its).values(**_of_its_article(deliveries.c.article))
    if accounts := set(tx.execute(changed.returning(deliveries.c.account)).scalars()):
        lanes.wake(tx, sorted(accounts))


def queued_since(tx: Transaction, account: str, live: bool, moment: datetime) -> set[int]:
    """The account's queued deliveries with that stamp that were made later than `moment` (desk time)."""
    mine = (IS_OPEN, deliveries.c.account == account, deliveries.c.live == live, deliveries.c.state == State.QUEUED)
    return set(tx.execute(sa.select(deliveries.c.id).where(*mine, deliveries.c.created > moment)).scalars())


def open_of(tx: Transaction, account: str, *, live: bool, states: Collection[State] = OPEN_STATES) -> list[Delivery]:
    """The account's open deliveries with that stamp that are in one of the states, in the order of the queue."""
    mine = (IS_OPEN, deliveries.c.account == account, deliveries.c.live == live, deliveries.c.state.in_(list(states)))
    found = sa.select(deliveries).where(*mine).order_by(deliveries.c.position, deliveries.c.id)
    return [made(Delivery, row, deliveries) for row in tx.execute(found)]


def count(tx: Transaction, account: str, *, states: Collection[State]) -> int:
    """How many deliveries of the account are in one of the states, rehearsed and live together."""
    mine = (deliveries.c.account == account, deliveries.c.state.in_(list(states)))
    return tx.execute(sa.select(sa.func.count()).select_from(deliveries).where(*mine)).scalar_one()


def tasks(tx: Transaction, account: str | None = None) -> list[Delivery]:
    """The failed deliveries that wait for a person, of one account or of all."""
    mine = [IS_TASK] if account is None else [IS_TASK, deliveries.c.account == account]
    found = sa.select(deliveries).where(*mine).order_by(deliveries.c.account, deliveries.c.id)
    return [made(Delivery, row, deliveries) for row in tx.execute(found)]


def published_articles(tx: Transaction, account: str, *, live: bool) -> set[int]:
    """The ids of the articles that are published on the account with that stamp."""
    mine = (deliveries.c.account == account, deliveries.c.live == live, deliveries.c.state == State.PUBLISHED)
    return set(tx.execute(sa.select(deliveries.c.article).where(*mine)).scalars())


def listing(
    tx: Transaction,
    *,
    states: Collection[State] | None = None,
    account: str | None = None,
    since: datetime | None = None,
    after: int = 0,
    limit: int = PAGE,
) -> list[tuple[Delivery, Article]]:
    """A page of deliveries with their articles, in the order they were made, after the delivery `after`.

    `since` asks for those whose state changed then or later (desk time); `states` None for any state. Fewer than
    `limit` means that there are no more.
    """
    chosen: list[sa.ColumnElement[bool]] = [deliveries.c.id > after]
    chosen += [] if states is None else [deliveries.c.state.in_(list(states))]
    chosen += [] if account is None else [deliveries.c.account == account]
    chosen += [] if since is None else [deliveries.c.changed >= since]
    page = sa.select(deliveries, articles).join_from(deliveries, articles).where(*chosen)
    rows = tx.execute(page.order_by(deliveries.c.id).limit(limit))
    return [(made(Delivery, row, deliveries), made(Article, row, articles)) for row in rows]


def pin(tx: Transaction, delivery: int, at: datetime | None, *, actor: str, now: datetime) -> bool:
    """Give it a moment of its own, or (None) take that away; False when there is no such delivery."""
    reason = f"pinned to {at.isoformat()}" if at else "no longer pinned"
    return _note(tx, delivery, reason, actor, now, pinned=at)


def restamp(tx: Transaction, delivery: int, *, live: bool, when: Collection[State], actor: str, now: datetime) -> bool:
    """Stamp it live or rehearsed if it has the other stamp and one of the states at this moment; else False.

    It becomes the next round of those it joins.
    """
    its = get(tx, delivery)
    if its is None:
        return False
    lanes.lock(tx, [its.account])
    newest = latest_round(tx, its.article, its.account, live)
    round = its.round if newest is None else newest.round + 1
    fits = (deliveries.c.id == delivery, deliveries.c.live != live, deliveries.c.state.in_(list(when)))
    stamped = sa.update(deliveries).where(*fits).values(live=live, round=round).returning(deliveries.c.state)
    state = tx.execute(stamped).scalar()
    if state is None:
        return False
    _remember(tx, delivery, state, state, "stamped live" if live else "stamped rehearsal", actor, now)
    lanes.wake(tx, its.account)
    return True


def move(
    tx: Transaction,
    delivery: int,
    *,
    before: int | None = None,
    after: int | None = None,
    to_top: bool = False,
    actor: str,
    now: datetime,
) -> bool:
    """Move it within its account's queue: before or after another, to the top, or (none of these) to the bottom.

    False, and nothing done, when it or the other does not wait there. Breaking news and priority still go first.
    """
    its = get(tx, delivery)
    if its is None or its.state not in _WAITING:
        return False
    lanes.lock(tx, [its.account])
    queue = [d for d in open_of(tx, its.account, live=its.live, states=_WAITING) if d.id != delivery]
    other = before if before is not None else after
    place = 0 if to_top else len(queue)
    if other is not None:
        index = next((i for i, d in enumerate(queue) if d.id == other), None)
        if index is None:
            return False
        place = index if before is not None else index + 1
    position = _between(queue, place)
    if position is None:
        for number, neighbour in enumerate(queue, 1):
            tx.execute(sa.update(deliveries).where(deliveries.c.id == neighbour.id).values(position=float(number)))
        position = place + 0.5
    return _note(tx, delivery, "moved in the queue", actor, now, position=position)


_WAITING = (State.QUEUED, State.HELD)


def _between(queue: list[Delivery], place: int) -> float | None:
    """A position before the delivery at `place` and after the one above it; None when no number is left between."""
    if not queue:
        return 1.0
    if place == 0:
        return math.floor(queue[0].position) - 1.0
    above = queue[place - 1].position
    if place == len(queue):
        return math.floor(above) + 1.0
    below = queue[place].position
    middle = (above + below) / 2
    return middle if above < middle < below else None


def _of_its_article(number: sa.ColumnElement[int]) -> dict[str, Any]:
    """What a delivery repeats of its article, so that the planner's questions need no look at it."""
    a = articles.c
    dated = sa.func.coalesce(a.published, a.first_seen)
    columns = {"breaking": a.breaking, "evergreen": a.evergreen, "section": a.section, "dated": dated}
    return {
        name: sa.select(column).where(a.id == number).correlate(deliveries).scalar_subquery()
        for name, column in columns.items()
    }


def _after_the_last(tx: Transaction, account: str) -> float:
    last = sa.select(sa.func.max(deliveries.c.position)).where(IS_OPEN, deliveries.c.account == account)
    return math.floor(tx.execute(last).scalar() or 0.0) + 1.0


def _the_one(tx: Transaction, article: int, account: str, live: bool, round: int) -> Delivery:
    same = (deliveries.c.article == article, deliveries.c.account == account)
    stamp = (deliveries.c.live == live, deliveries.c.round == round)
    return made(Delivery, tx.execute(sa.select(deliveries).where(*same, *stamp)).one(), deliveries)


def note(tx: Transaction, delivery: int, reason: str, *, actor: str, now: datetime, note: str = "") -> None:
    """A row of history for something that changed nothing: what was tried in vain, and why."""
    its = get(tx, delivery)
    if its is not None:
        _remember(tx, delivery, its.state, its.state, reason, actor, now, note)


def _note(tx: Transaction, delivery: int, reason: str, actor: str, now: datetime, **changes: Any) -> bool:
    """Change something other than the state; history tells it as a change from the state to itself."""
    _lock_lane(tx, delivery)
    changed = sa.update(deliveries).where(deliveries.c.id == delivery).values(**changes)
    its = tx.execute(changed.returning(deliveries.c.state, deliveries.c.account)).first()
    if its is None:
        return False
    _remember(tx, delivery, its.state, its.state, reason, actor, now)
    lanes.wake(tx, its.account)
    return True


def _lock_lane(tx: Transaction, delivery: int) -> None:
    lanes.lock(tx, sa.select(deliveries.c.account).where(deliveries.c.id == delivery))


def _remember(
    tx: Transaction,
    delivery: int,
    before: State | None,
    to: State,
    reason: str,
    actor: str,
    now: datetime,
    note: str = "",
) -> None:
    history.add(
        tx,
        Change(delivery=delivery, at=now, from_state=before, to_state=to, reason=reason, actor=actor, note=note),
    )
