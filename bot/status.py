"""Is the desk healthy? For each account and over all: what waits, what is wrong, and whether anybody is at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.account import Account
from bot.delivery import Delivery, State
from bot.nightdesk import Nightdesk
from bot.pausing import closed_door, pause_reason
from bot.planning import due_times, opens_at, view_of
from bot.store import deliveries, lanes, meta, sources
from bot.store.database import Transaction
from bot.summary import trouble_key
from bot.timetable import planner

PATIENCE = timedelta(minutes=10)  # how long something may be due without a pass before that is an alarm
FAILURES_TO_TELL = 3  # reads of a source that failed in a row


class Health(StrEnum):
    """How a desk or an account is."""

    HEALTHY = "healthy"
    NEEDS_PERSON = "needs a person"
    STALLED = "stalled"  # something was due for ten minutes, and no pass has run since


EXIT_STATUS = {Health.HEALTHY: 0, Health.NEEDS_PERSON: 4, Health.STALLED: 75}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """One account. Counts are of deliveries; `next_due` is desk time; `why` is empty when there is nothing to tell."""

    account: str
    platform: str
    live: bool
    health: Health
    why: str
    queued: int
    held: int
    unconfirmed: int
    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """One source of the settings. `failures` counts reads that failed since the last good one."""

    source: str
    last_read: datetime | None
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskHealth:
    """The whole desk: its worst account's health, unless nothing else is wrong but the sources."""

    health: Health
    last_pass: datetime | None
    accounts: tuple[AccountHealth, ...]
    sources: tuple[SourceHealth, ...]

    @property
    def exit_status(self) -> int:
        """0 healthy, 4 a person is needed, 75 nobody is at work."""
        return EXIT_STATUS[self.health]


def status(desk: Nightdesk) -> DeskHealth:
    """How the desk is at this moment."""
    with desk.database.read() as tx:
        last_pass = meta.last_pass(tx)
        accounts = tuple(_account(desk, tx, account, last_pass) for account in desk.settings.accounts.values())
        states = [sources.get(tx, name) for name in desk.settings.sources]
    read = tuple(
        SourceHealth(source=s.name, last_read=s.last_read, failures=s.failures, error=s.last_error or None)
        for s in states
    )
    found = {account.health for account in accounts}
    if any(source.failures >= FAILURES_TO_TELL for source in read):
        found.add(Health.NEEDS_PERSON)
    worst = next((health for health in (Health.NEEDS_PERSON, Health.STALLED) if health in found), Health.HEALTHY)
    return DeskHealth(health=worst, last_pass=last_pass, accounts=accounts, sources=read)


def _account(desk: Nightdesk, tx: Transaction, account: Account, last_pass: datetime | None) -> AccountHealth:
    held, unconfirmed = (deliveries.count(tx, account.name, states={s}) for s in (State.HELD, State.UNCONFIRMED))
    health, why = _health(desk, tx, account, last_pass, held=held, unconfirmed=unconfirmed)
    return AccountHealth(
        account=account.name,
        platform=account.platform,
        live=desk.is_live(tx, account),
        health=health,
        why=why,
        queued=deliveries.count(tx, account.name, states={State.QUEUED}),
        held=held,
        unconfirmed=unconfirmed,
        next_due=min(due_times(desk, tx, account).values(), default=None),
    )


def _health(
    desk: Nightdesk, tx: Transaction, account: Account, last_pass: datetime | None, *, held: int, unconfirmed: int
) -> tuple[Health, str]:
    """The first thing that is wrong, in the order in which a person should look at them; else what is worth knowing."""
    if unconfirmed:
        return Health.NEEDS_PERSON, f"{unconfirmed} unconfirmed: look whether they are posted, then `nightdesk resolve`"
    closed = _closed_for_good(tx, account)
    if closed:
        return Health.NEEDS_PERSON, f"closed: {closed}; mend that, then `nightdesk resume --account {account.name}`"
    if trouble := meta.get(tx, trouble_key(account.name)):
        return Health.NEEDS_PERSON, trouble
    if stranded := deliveries.open_of(tx, account.name, live=not desk.is_live(tx, account), states={State.QUEUED}):
        return Health.NEEDS_PERSON, _stranded(stranded, account)
    if held:
        return Health.NEEDS_PERSON, f"{held} held: `nightdesk queue list --state held` says why"
    if paused := pause_reason(desk, tx, account, desk.clock.desk_now()):
        return Health.HEALTHY, f"paused: {paused}"
    if door := closed_door(desk, tx, account):
        return Health.NEEDS_PERSON, f"its {account.platform} app is closed: {door}"
    if _overdue(desk, tx, account, last_pass):
        return (
            Health.STALLED,
            "something was due for ten minutes and no pass has run: is `nightdesk run` (or cron) at work?",
        )
    return Health.HEALTHY, ""


def _stranded(posts: list[Delivery], account: Account) -> str:
    """Queued posts with the other stamp than their account's are sent by nobody."""
    if posts[0].live:
        what = f"{len(posts)} queued as LIVE, and the account is in rehearsal: `nightdesk rehearse {account.name}`"
        return f"{what} rehearses them too"
    return (
        f"{len(posts)} queued as rehearsal, and the account is LIVE: `nightdesk golive {account.name}` takes them along"
    )


def _closed_for_good(tx: Transaction, account: Account) -> str:
    lane = lanes.get(tx, account.name)
    return lane.closed_reason or "" if lane and lane.closed_until is None else ""


def _overdue(desk: Nightdesk, tx: Transaction, account: Account, last_pass: datetime | None) -> bool:
    """Whether something would have gone out at least ten minutes ago if a pass had run since the last one."""
    now = desk.clock.desk_now()
    late, opens = now - PATIENCE, opens_at(desk, tx, account)
    if opens is None or opens > now or (last_pass is not None and last_pass > late):
        return False
    view = view_of(desk, tx, account)
    waited = {
        delivery.id
        for delivery in deliveries.open_of(tx, account.name, live=desk.is_live(tx, account), states={State.QUEUED})
        if delivery.created <= late
    }
    candidates = [c for c in deliveries.waiting(tx, account.name, desk.is_live(tx, account)) if c.delivery in waited]
    start = last_pass or view.counted_to
    coming = planner.foresee(desk.timetable(account), account.caps, view, candidates, start, late)
    return any(foreseen.candidate for foreseen in coming)
