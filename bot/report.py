"""What is told of the past and of the queue: the rows of `log` and `queue list`.

The rows carry the names of the contract, in its order; ids are strings such as `a12` and `d34`, moments are aware,
costs are USD.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot import clock
from bot.article import Article
from bot.delivery import OPEN_STATES, Delivery, Outcome, State
from bot.nightdesk import Nightdesk
from bot.planning import due_times
from bot.store import deliveries, lists, logbook
from bot.store.database import Transaction
from bot.store.logbook import Cursor, Filter, LogRow

FOLLOW_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One attempt; or a delivery that ended without any; or, with state `missed`, a stretch of slots nothing used.

    `finished_at` is real time for an attempt, and desk time for a delivery that ended without any.
    """

    delivery: str | None
    attempt: str | None
    article: str | None
    title: str | None
    account: str
    platform: str | None
    live: bool
    state: str
    reason: str
    outcome: str | None
    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    text: str | None
    link: str | None
    post_url: str | None
    platform_id: str | None
    cost: float | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One delivery. `due_at`: its pin, or when the planner foresees it; None when nothing is foreseen."""

    delivery: str
    account: str
    platform: str | None
    live: bool
    article: str
    title: str
    link: str | None
    state: State
    reason: str
    pinned: datetime | None
    due_at: datetime | None
    priority: int


# -- the log -----------------------------------------------------------------------------------------------------


def log(desk: Nightdesk, wanted: Filter) -> Iterator[LogLine]:
    """Every row that is wanted, oldest first, read in pages: however long it is, it stands in nobody's way."""
    return (_log_line(desk, row) for row in logbook.read(desk.database, wanted))


def latest(desk: Nightdesk, wanted: Filter, count: int) -> list[LogLine]:
    """The newest rows, at most `count` of them, oldest first."""
    with desk.database.read() as tx:
        rows = logbook.rows(tx, wanted, limit=count, newest_first=True)
    return [_log_line(desk, row) for row in reversed(rows)]


def follow(desk: Nightdesk, wanted: Filter) -> Iterator[LogLine]:
    """Every row that is wanted and then, without end, each new one; an attempt is told when it is finished."""
    start: Cursor | None = None
    told: set[Cursor] = set()
    while True:
        last, waits = start, False
        for row in logbook.read(desk.database, wanted, after=start):
            if row.attempt is not None and row.finished_at is None:
                waits = True
            elif row.cursor not in told:
                told.add(row.cursor)
                yield _log_line(desk, row)
            last = last if waits else row.cursor
        start, told = last, {cursor for cursor in told if last is None or cursor > last}
        clock.wait(FOLLOW_SECONDS)


def _log_line(desk: Nightdesk, row: LogRow) -> LogLine:
    return LogLine(
        delivery=f"d{row.delivery}" if row.delivery else None,
        attempt=f"t{row.attempt}" if row.attempt else None,
        article=f"a{row.article}" if row.article else None,
        title=row.title,
        account=row.account,
        platform=platform_of(desk, row.account),
        live=row.live,
        state=row.state,
        reason=_missed_in_words(row) if row.count > 1 else row.reason,
        outcome=row.outcome,
        due_at=row.due_at,
        started_at=row.started_at,
        finished_at=row.at if row.delivery and not row.attempt else row.finished_at,
        text=row.text,
        link=row.link,
        post_url=row.post_url,
        platform_id=row.platform_id,
        cost=charged(row.cost, row.outcome),
        error=row.error,
    )


def _missed_in_words(row: LogRow) -> str:
    return f"{row.count} slots: {row.reason}"


def charged(cost: float | None, outcome: Outcome | None) -> float | None:
    """What an attempt cost, in USD: a platform charges for posts it took, and an open or unknown one may be one."""
    return 0.0 if outcome in (Outcome.REFUSED, Outcome.NOT_SENT) else cost


# -- the queue ---------------------------------------------------------------------------------------------------


def queue(
    desk: Nightdesk, *, states: Collection[State] | None = OPEN_STATES, account: str | None = None
) -> Iterator[QueueLine]:
    """The deliveries in one of the states (None: in any), read in pages: however many there are, none is held back.

    First what has ended, in the order it was made; then what waits, by account, in the order of its queue.
    """
    wanted = set(State) if states is None else set(states)
    if ended := wanted - set(OPEN_STATES):
        for delivery, article in lists.by_number(desk.database, ended, account):
            yield queue_line(desk, delivery, article, {})
    if wanted & set(OPEN_STATES):
        for name in [account] if account else _with_open(desk):
            yield from _queue_of(desk, name, wanted)


def _with_open(desk: Nightdesk) -> list[str]:
    """The accounts that something waits on: in the order of the settings, then those that are there no more."""
    with desk.database.read() as tx:
        found = lists.accounts_with_open(tx)
    places = {name: place for place, name in enumerate(desk.settings.accounts)}
    return sorted(found, key=lambda name: (places.get(name, len(places)), name))


def _queue_of(desk: Nightdesk, account: str, states: Collection[State]) -> Iterator[QueueLine]:
    due: dict[int, datetime] | None = None
    for delivery, article in lists.in_order(desk.database, account, states):
        if due is None and delivery.state is State.QUEUED:
            with desk.database.read() as tx:
                due = foreseen_on(desk, tx, account)
        yield queue_line(desk, delivery, article, due or {})


def queue_lines(desk: Nightdesk, changed: Collection[tuple[Delivery, Article]]) -> list[QueueLine]:
    """The rows of these deliveries as they are now, in this order; each account is looked ahead on once."""
    with desk.database.read() as tx:
        now = [(deliveries.get(tx, delivery.id) or delivery, article) for delivery, article in changed]
        waiting = {delivery.account for delivery, _ in now if delivery.state is State.QUEUED}
        due = {name: foreseen_on(desk, tx, name) for name in waiting}
    return [queue_line(desk, delivery, article, due.get(delivery.account, {})) for delivery, article in now]


def queue_line(desk: Nightdesk, delivery: Delivery, article: Article, due: dict[int, datetime]) -> QueueLine:
    """The row of one delivery; `due` says when the planner foresees it."""
    is_open = delivery.state in OPEN_STATES
    return QueueLine(
        delivery=f"d{delivery.id}",
        account=delivery.account,
        platform=platform_of(desk, delivery.account),
        live=delivery.live,
        article=f"a{delivery.article}",
        title=article.title,
        link=article.url or None,
        state=delivery.state,
        reason=delivery.reason,
        pinned=delivery.pinned,
        due_at=(delivery.pinned or due.get(delivery.id)) if is_open else None,
        priority=delivery.priority,
    )


def foreseen_on(desk: Nightdesk, tx: Transaction, account: str) -> dict[int, datetime]:
    known = desk.settings.accounts.get(account)
    return due_times(desk, tx, known) if known else {}


def platform_of(desk: Nightdesk, account: str) -> str | None:
    """The account's platform, None for an account that is not in the settings any more."""
    known = desk.settings.accounts.get(account)
    return known.platform if known else None
