"""What would go out, and when: the planner's own foresight, asked for every account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.account import Account
from bot.errors import UsageError
from bot.nightdesk import Nightdesk
from bot.outlook import lane_view
from bot.pausing import EVERYTHING, door_of, pause_reason, scope_of
from bot.store import articles, deliveries, doors, lanes, meta, pauses
from bot.store.database import Transaction
from bot.timetable import planner
from bot.timetable.planner import Foreseen, LaneView

HORIZON = timedelta(days=30)
FARTHEST = timedelta(days=2 * 366)  # every slot up to there is looked at
MOST_FORESEEN = 10_000  # of one account's queue: who stands farther behind is not foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One moment to come. `slot` None: a post that needs no slot. `delivery` None: a slot that stays empty."""

    at: datetime
    slot: str | None
    account: str
    delivery: str | None
    article: str | None
    title: str | None


def plan(
    desk: Nightdesk, *, start: datetime | None = None, length: timedelta, accounts: Sequence[str] = ()
) -> list[PlanLine]:
    """What goes out from `start` (else now) for that long, by time; also the slots that stay empty.

    Raises UsageError for an end that lies farther ahead than FARTHEST.
    """
    now = desk.clock.desk_now()
    start = start or now
    if start - now > FARTHEST - length:
        raise UsageError("That is too far ahead to plan.", f"A plan ends at most {FARTHEST.days} days from now.")
    until = start + length
    chosen = [desk.account(name) for name in accounts] or list(desk.settings.accounts.values())
    with desk.database.read() as tx:
        coming = [
            (account.name, foreseen)
            for account in chosen
            for foreseen in foresee(desk, tx, account, until)
            if foreseen.at >= start
        ]
        wanted = {foreseen.candidate.article for _, foreseen in coming if foreseen.candidate}
        titles = {number: article.title for number, article in articles.get_many(tx, wanted).items()}
    lines = [_line(account, foreseen, titles) for account, foreseen in coming]
    return sorted(lines, key=lambda line: line.at)


def due_times(desk: Nightdesk, tx: Transaction, account: Account) -> dict[int, datetime]:
    """When each waiting delivery of the account is foreseen to go, by its number, as far as can be seen."""
    coming = foresee(desk, tx, account, desk.clock.desk_now() + HORIZON)
    return {foreseen.candidate.delivery: foreseen.at for foreseen in coming if foreseen.candidate}


def next_due(desk: Nightdesk, tx: Transaction, account: Account) -> datetime | None:
    """When the account's next post is foreseen to go, None when none is."""
    now = desk.clock.desk_now()
    for ahead in (timedelta(hours=1), timedelta(days=1), HORIZON):
        coming = foresee(desk, tx, account, now + ahead)
        if first := next((foreseen.at for foreseen in coming if foreseen.candidate), None):
            return first
    return None


def foresee(desk: Nightdesk, tx: Transaction, account: Account, until: datetime) -> list[Foreseen]:
    """What the account sends until then; while it is stopped with no end in sight its slots stay empty."""
    now, timetable, view = desk.clock.desk_now(), desk.timetable(account), view_of(desk, tx, account)
    opens = opens_at(desk, tx, account)
    if opens is None:
        return planner.foresee(timetable, account.caps, view, [], now, until)
    waiting = deliveries.waiting(tx, account.name, desk.is_live(tx, account), most=MOST_FORESEEN)
    if opens <= now:
        return planner.foresee(timetable, account.caps, view, waiting, now, until)
    # Slots that come due while it is stopped are missed, not made up for.
    empty = planner.foresee(timetable, account.caps, view, [], now, min(opens, until))
    after = replace(view, counted_to=max(view.counted_to, opens))
    return empty + planner.foresee(timetable, account.caps, after, waiting, opens, until)


def view_of(desk: Nightdesk, tx: Transaction, account: Account) -> LaneView:
    """The account's past as the next pass will see it; an account that was never met has none."""
    now = desk.clock.desk_now()
    if lanes.get(tx, account.name) is None:
        return LaneView(counted_to=now)
    view = lane_view(desk, tx, account, now)
    if desk.clock.simulated or meta.get_time(tx, "simulated_to") is None:
        return view
    # The next pass will set the account back from a simulated time to this one.
    return LaneView(counted_to=now, sent=[moment for moment in view.sent if moment <= now])


def opens_at(desk: Nightdesk, tx: Transaction, account: Account) -> datetime | None:
    """When the account may post again: now, unless it is paused or closed; None: not before a person acts."""
    now = desk.clock.desk_now()
    moments: list[datetime | None] = [now, *_pauses_end(desk, tx, account, now)]
    lane, real_now = lanes.get(tx, account.name), desk.clock.real_now()
    if lane and lane.closed_reason:
        moments.append(lane.closed_until and now + max(lane.closed_until - real_now, timedelta()))
    if lane and lane.wake_at and not lane.closed_reason and lane.wake_at > real_now:
        moments.append(now + (lane.wake_at - real_now))
    door = doors.get(tx, door_of(account, desk.is_live(tx, account)))
    if door and door.until and door.until > real_now:
        moments.append(now + (door.until - real_now))
    known = [moment for moment in moments if moment is not None]
    return max(known) if len(known) == len(moments) else None


def _pauses_end(desk: Nightdesk, tx: Transaction, account: Account, now: datetime) -> list[datetime | None]:
    if not pause_reason(desk, tx, account, now):
        return []
    scopes = {EVERYTHING, scope_of(account.name)}
    ends = [pause.until for pause in pauses.active(tx, now) if pause.scope in scopes]
    return ends or [None]  # the file PAUSE says no end


def _line(account: str, foreseen: Foreseen, titles: dict[int, str]) -> PlanLine:
    candidate = foreseen.candidate
    return PlanLine(
        at=foreseen.at,
        slot=foreseen.slot.key if foreseen.slot else None,
        account=account,
        delivery=f"d{candidate.delivery}" if candidate else None,
        article=f"a{candidate.article}" if candidate else None,
        title=titles.get(candidate.article) if candidate else None,
    )
