"""Posts that are late: which they are, why, and one ERROR line for each.

Late is what is not out, and not given up, ten minutes after it was due:

- *queued*: as `timetable/lateness.py` says, the next in line of its account. Waiting for a slot, for gap or caps or
  behind another is not late, and neither is anything while the account is paused.
- *unconfirmed*: counts from the moment its last attempt was due for (its slot, its pin, else the attempt itself).
- *sending*: counts from the attempt, as one made late after a stop is nothing to worry about while it lasts.
- *held*: never; a person has decided that it waits.

`note` is called once a minute. However many workers call, it looks every half minute, and only at accounts that wanted
a look ten minutes ago and had none, or that something keeps (`Overview.restless`). What it has told stays in the
database: it tells a post again only when that is late for another due moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bot import tasks
from bot.account import Account
from bot.delivery import State
from bot.nightdesk import Nightdesk
from bot.overview import Overview
from bot.planning import MOST_FORESEEN, view_of
from bot.store import articles, census, deliveries, meta
from bot.store.database import Transaction
from bot.tasks import Kind, Task
from bot.timetable.lateness import PATIENCE, Late, late_one, may_be_late

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=30)  # desk time
MOST_ACCOUNTS = 300  # whose queues one look plans; the next look goes on with those behind them
MOST_ATTEMPTS = 5_000
MOST_LINES = 20  # ERROR lines of one look; the others are counted in one more
LOOKED, LOOKED_TO = "late looked", "late looked to"  # in `meta`: when, and up to which account where there were more


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePost:
    """One delivery that is late. `since` is the moment it was due (desk time); `why` is what keeps it, in words."""

    delivery: int
    account: str
    live: bool
    state: State
    title: str
    since: datetime
    why: str
    command: str

    def task(self) -> Task:
        """The same as something that waits for a person."""
        return Task(
            kind=Kind.LATE,
            account=self.account,
            delivery=f"d{self.delivery}",
            title=self.title,
            since=self.since,
            what=f"{self.state}: {self.why}",
            command=self.command,
        )


def note(desk: Nightdesk) -> int:
    """Tell each late post once, at ERROR; returns how many were told now. Cheap when it has just looked."""
    now = desk.clock.desk_now()
    with desk.database.read() as tx:
        looked = meta.get_time(tx, LOOKED)
        if looked is not None and timedelta() <= now - looked < LOOK_EVERY:
            return 0
        overview = Overview.read(desk, tx)
        suspects = _suspects(desk, tx, overview, after=meta.get(tx, LOOKED_TO) or "")
        found = _late_among(desk, tx, overview, suspects)
    with desk.database.begin() as tx:
        meta.set_time(tx, LOOKED, now)
        meta.set(tx, LOOKED_TO, suspects[-1].name if len(suspects) == MOST_ACCOUNTS else None)
        new = [late for late in found if census.tell_late(tx, late.delivery, late.since)]
    for late in new[:MOST_LINES]:
        log.error("%s", in_one_line(desk, late))
    if len(new) > MOST_LINES:
        log.error("%d more posts are late; `nightdesk status` lists them.", len(new) - MOST_LINES)
    return len(new)


def in_one_line(desk: Nightdesk, late: LatePost) -> str:
    """What happened, to which post, and what to do."""
    known = desk.settings.accounts.get(late.account)
    due = late.since.astimezone(known.zone if known else desk.settings.zone).isoformat(timespec="seconds")
    stamp = "LIVE" if late.live else "rehearsal"
    what = f"d{late.delivery} “{late.title}” on {late.account} ({stamp}) was due {due} and is {late.state}"
    return f"{what}: {late.why}. To settle it: {late.command}"


def late_posts(desk: Nightdesk, tx: Transaction, overview: Overview) -> list[LatePost]:
    """All posts that are late at this moment, the longest first; queued ones of MOST_ACCOUNTS accounts at most."""
    return _late_among(desk, tx, overview, _suspects(desk, tx, overview))


def _late_among(desk: Nightdesk, tx: Transaction, overview: Overview, suspects: Sequence[Account]) -> list[LatePost]:
    tried = [*_tried(desk, tx, overview)]
    waits_for_them = {its.account for its in tried if its.state is State.SENDING or overview.closed(its.account)}
    found = tried + [
        late
        for account in suspects
        if account.name not in waits_for_them and (late := _queued(desk, tx, overview, account))
    ]
    return sorted(found, key=lambda late: (late.since, late.delivery))


def _tried(desk: Nightdesk, tx: Transaction, overview: Overview) -> Iterator[LatePost]:
    """What is unconfirmed, or has been on its way, for too long."""
    late = overview.now - PATIENCE
    for made in census.open_attempts(tx, (State.SENDING, State.UNCONFIRMED), MOST_ATTEMPTS):
        since = made.desk_at if made.state is State.SENDING else made.due_at or made.desk_at
        if since <= late:
            named = f"d{made.delivery}"
            yield LatePost(
                delivery=made.delivery,
                account=made.account,
                live=made.live,
                state=made.state,
                title=made.title,
                since=since,
                why=tasks.in_words(made.state, made.reason),
                command=tasks.settled_by(made.state, made.reason, named) or f"nightdesk show {named}",
            )


def _suspects(desk: Nightdesk, tx: Transaction, overview: Overview, after: str = "") -> list[Account]:
    """The accounts whose queue is worth a look: they wanted one ten minutes ago, or something keeps them.

    By name, beginning behind the account `after`.
    """
    late = overview.now - PATIENCE
    restless = [account for account in overview.accounts.values() if overview.restless(account, late)]
    restless.sort(key=lambda account: (account.name <= after, account.name))
    pinned = census.pinned_accounts(tx) if restless else set()
    worth = (account for account in restless if _may_be_late(desk, overview, account, pins=account.name in pinned))
    return list(islice(worth, MOST_ACCOUNTS))


def _may_be_late(desk: Nightdesk, overview: Overview, account: Account, *, pins: bool) -> bool:
    lane = overview.lanes.get(account.name)
    if lane is None:
        return False
    return may_be_late(desk.timetable(account), account.caps, lane.counted_to, overview.now, pins=pins)


def _queued(desk: Nightdesk, tx: Transaction, overview: Overview, account: Account) -> LatePost | None:
    late = late_queued(desk, tx, overview, account)
    delivery = deliveries.get(tx, late.delivery) if late else None
    if late is None or delivery is None:
        return None
    why, command = overview.what_keeps(account, delivery.id)
    return LatePost(
        delivery=delivery.id,
        account=account.name,
        live=delivery.live,
        state=delivery.state,
        title=articles.get(tx, delivery.article).title,
        since=late.since,
        why=why,
        command=command,
    )


def late_queued(desk: Nightdesk, tx: Transaction, overview: Overview, account: Account) -> Late | None:
    """The queued delivery of the account that is late, if one is."""
    waiting = deliveries.waiting(tx, account.name, overview.is_live(account), most=MOST_FORESEEN)
    ended = overview.pause_ended(tx, account)

    def entered(delivery: int) -> datetime:
        moments = (census.entered_queue(tx, delivery), ended)
        return max((moment for moment in moments if moment is not None), default=overview.now)

    view = view_of(desk, tx, account)
    return late_one(desk.timetable(account), account.caps, view, waiting, overview.now, entered)
