"""Is the desk healthy? What waits, what is wrong and what to do about it, for each account and over all.

All that is counted comes in a handful of queries over what is open, however many accounts there are and however long
the history is. The planner is asked only about accounts that are told of by name, and about those that may have
something due.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import tasks
from bot.account import Account
from bot.delivery import Delivery, State
from bot.due import due_now, is_stalled
from bot.health import AccountHealth, Closed, DeskHealth, Health, Oldest, Paused, SourceHealth, Totals
from bot.nightdesk import Nightdesk
from bot.overdue import MOST_ACCOUNTS, MOST_ATTEMPTS, LatePost, late_posts
from bot.overview import Overview
from bot.planning import next_due
from bot.store import articles, census, deliveries, sources
from bot.store.census import Count, OpenAttempt
from bot.store.database import Transaction
from bot.store.lanes import Lane
from bot.tasks import Kind, Task
from bot.timetable.lateness import PATIENCE

FAILURES_TO_TELL = 3  # reads of a source that failed in a row
MOST_TOLD = 50  # accounts, and tasks, unless all are asked for; those that need somebody come first


def status(desk: Nightdesk, *, everything: bool = False) -> DeskHealth:
    """How the desk is at this moment; `everything`: all accounts and tasks, however many they are."""
    with desk.database.read() as tx:
        look = _Look.taken(desk, tx)
        told = [_account(look, account) for account in desk.settings.accounts.values()]
        shown = told if everything else sorted(told, key=_urgency)[:MOST_TOLD]
        read = _sources(desk, tx)
        todo = [*_tasks(look), *_of_sources(read)]
        return DeskHealth(
            health=_worst([*(account.health for account in told), *(_NEEDED for _ in todo[:1])]),
            last_pass=look.overview.last_pass,
            totals=_totals(look),
            oldest=_oldest(tx, look.counts),
            paused=_paused(look.overview),
            closed=tuple(_closed(name, lane) for name, lane in look.closed.items()),
            doors=tuple(Closed(name=d.key, reason=d.reason, until=d.until) for d in look.overview.doors.values()),
            tasks=tuple(todo if everything else todo[:MOST_TOLD]),
            more_tasks=0 if everything else max(len(todo) - MOST_TOLD, 0),
            accounts=tuple(replace(line, next_due=_next(look, line)) for line in shown),
            more_accounts=len(told) - len(shown),
            sources=read,
        )


_NEEDED = Health.NEEDS_PERSON


@dataclass(slots=True)
class _Look:
    """One look at the database: what is open by account, what is late, what is due."""

    desk: Nightdesk
    tx: Transaction
    overview: Overview
    counts: list[Count]
    unconfirmed: list[OpenAttempt]
    failed: list[tuple[Delivery, str]]
    late: list[LatePost]
    late_of: dict[str, LatePost]
    closed: dict[str, Lane]
    due: dict[str, int] = field(default_factory=dict)
    states: dict[str, Counter[State]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    stamps: dict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    failures: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    stalls: int = 0

    @classmethod
    def taken(cls, desk: Nightdesk, tx: Transaction) -> _Look:
        overview, counts = Overview.read(desk, tx), [*census.queued(tx), *census.unsettled(tx)]
        unsure = any(count.state is State.UNCONFIRMED for count in counts)
        closed = {name: lane for name in overview.lanes if (lane := overview.closed(name))}
        late = late_posts(desk, tx, overview)
        # Where no pass runs the desk itself is stalled, and its queued posts are late for that alone.
        queue = [] if overview.nobody_works else [its for its in late if its.state is State.QUEUED]
        look = cls(
            desk,
            tx,
            overview,
            counts,
            unconfirmed=census.open_attempts(tx, (State.UNCONFIRMED,), MOST_ATTEMPTS) if unsure else [],
            failed=census.failed(tx, MOST_ATTEMPTS),
            late=late,
            late_of={its.account: its for its in queue},
            closed=closed,
        )
        look._tally()
        queued = {name: states[State.QUEUED] for name, states in look.states.items()}
        look.due = due_now(desk, tx, overview, queued)
        return look

    def _tally(self) -> None:
        for delivery, _ in self.failed:
            self.failures[delivery.account].append(delivery.id)
        for count in self.counts:
            self.states[count.account][count.state] += count.number
            if count.state is State.UNCONFIRMED:
                self.reasons[count.account][count.reason.partition(":")[0]] += count.number
            if count.live is not None:
                self.stamps[count.account][count.live] += count.number


# -- accounts ----------------------------------------------------------------------------------------------------


def _account(look: _Look, account: Account) -> AccountHealth:
    name, states = account.name, look.states.get(account.name, Counter())
    health, why = _health(look, account, states)
    closed = look.closed.get(name)
    return AccountHealth(
        account=name,
        platform=account.platform,
        live=look.overview.is_live(account),
        health=health,
        why=why,
        queued=states[State.QUEUED],
        due=look.due.get(name, 0),
        in_flight=states[State.SENDING],
        held=states[State.HELD],
        unconfirmed=states[State.UNCONFIRMED],
        unconfirmed_for=dict(look.reasons.get(name, {})),
        closed_until=closed.closed_until if closed else None,
        next_due=None,
    )


def _health(look: _Look, account: Account, states: Counter[State]) -> tuple[Health, str]:
    """The first thing that is wrong, in the order in which a person should look at them; else what is worth knowing."""
    overview, name = look.overview, account.name
    if states[State.UNCONFIRMED]:
        return _NEEDED, _unconfirmed(states[State.UNCONFIRMED], look.reasons[name])
    closed = look.closed.get(name)
    if closed and closed.closed_until is None:
        return _NEEDED, f"closed: {closed.closed_reason}; mend that, then `nightdesk resume --account {name}`"
    if trouble := overview.troubles.get(name):
        return _NEEDED, trouble
    if number := look.stamps.get(name, Counter())[not overview.is_live(account)]:
        return _NEEDED, _stranded(number, account, live=not overview.is_live(account))
    if late := look.late_of.get(name):
        return _NEEDED, f"d{late.delivery} is late: {late.why}"
    if held := states[State.HELD]:
        return _NEEDED, f"{held} held: `nightdesk queue list --state held` says why"
    if paused := overview.paused(account):
        return Health.HEALTHY, f"paused: {paused}"
    if failed := look.failures.get(name):
        return _NEEDED, f"{len(failed)} failed and wait for you: `nightdesk show d{failed[0]}` says why"
    door = overview.door(account)
    if door and not door.slowed:
        return _NEEDED, f"its {account.platform} app is closed: {door.reason}"
    if states[State.QUEUED] and _is_stalled(look, account):
        return Health.STALLED, f"{_STALLED}: is `nightdesk run` (or cron) at work?"
    if closed:
        return Health.HEALTHY, f"closed: {closed.closed_reason}; it opens by itself"
    return Health.HEALTHY, f"slowed down: {door.reason}" if door else ""


_STALLED = "something was due for ten minutes and no pass has run"


def _is_stalled(look: _Look, account: Account) -> bool:
    """Asked of so many accounts at most; once one is stalled the desk is."""
    overview = look.overview
    wanted = overview.nobody_works and overview.restless(account, overview.now - PATIENCE)
    if not wanted or look.stalls >= MOST_ACCOUNTS:
        return False
    look.stalls += 1
    return is_stalled(look.desk, look.tx, overview, account)


def _unconfirmed(number: int, reasons: Counter[str]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    return f"{number} unconfirmed ({told}): look whether they are posted, then `nightdesk resolve`"


def _stranded(number: int, account: Account, *, live: bool) -> str:
    """Queued posts with the other stamp than their account's are sent by nobody."""
    if live:
        what = f"{number} queued as LIVE, and the account is in rehearsal: `nightdesk rehearse {account.name}`"
        return f"{what} rehearses them too"
    return f"{number} queued as rehearsal, and the account is LIVE: `nightdesk golive {account.name}` takes them along"


def _urgency(line: AccountHealth) -> tuple[bool, bool, bool]:
    """What needs somebody comes first, then what has something to tell; else the order of the settings."""
    return line.health is not _NEEDED, line.health is not Health.STALLED, not line.why


def _next(look: _Look, line: AccountHealth) -> datetime | None:
    return next_due(look.desk, look.tx, look.overview.accounts[line.account]) if line.queued else None


# -- over all ----------------------------------------------------------------------------------------------------


def _worst(found: Iterable[Health]) -> Health:
    known = set(found)
    return next((health for health in (_NEEDED, Health.STALLED) if health in known), Health.HEALTHY)


def _totals(look: _Look) -> Totals:
    states = sum(look.states.values(), Counter[State]())
    return Totals(
        queued=states[State.QUEUED],
        due=sum(look.due.values()),
        in_flight=states[State.SENDING],
        held=states[State.HELD],
        unconfirmed=states[State.UNCONFIRMED],
        unconfirmed_for=dict(sum(look.reasons.values(), Counter[str]())),
        late=len(look.late),
    )


def _oldest(tx: Transaction, counts: Sequence[Count]) -> Oldest | None:
    if not counts:
        return None
    its = deliveries.get(tx, min(count.first for count in counts))
    assert its is not None
    return Oldest(
        delivery=f"d{its.id}",
        title=articles.get(tx, its.article).title,
        account=its.account,
        state=its.state,
        reason=its.reason,
        since=its.created,
    )


def _paused(overview: Overview) -> tuple[Paused, ...]:
    ends = {pause.scope: pause.until for pause in overview.pauses if overview.paused_for[pause.scope] == pause.reason}
    return tuple(Paused(scope=s, reason=r, until=ends.get(s)) for s, r in sorted(overview.paused_for.items()))


def _closed(name: str, lane: Lane) -> Closed:
    return Closed(name=name, reason=lane.closed_reason or "", until=lane.closed_until)


def _sources(desk: Nightdesk, tx: Transaction) -> tuple[SourceHealth, ...]:
    states = [sources.get(tx, name) for name in desk.settings.sources]
    return tuple(
        SourceHealth(source=s.name, last_read=s.last_read, failures=s.failures, error=s.last_error or None)
        for s in states
    )


# -- tasks -------------------------------------------------------------------------------------------------------


def _tasks(look: _Look) -> Iterator[Task]:
    """All that waits for a person, what is late first."""
    late = [each for each in look.late if each.state is not State.QUEUED or not look.overview.nobody_works]
    told = {each.delivery for each in late}
    yield from (each.task() for each in late)
    yield from (_to_resolve(made) for made in look.unconfirmed if made.delivery not in told)
    for name, lane in look.closed.items():
        if lane.closed_until is None and not look.states.get(name, Counter())[State.UNCONFIRMED]:
            yield _of_account(Kind.CLOSED_LANE, name, lane.closed_reason or "", f"nightdesk resume --account {name}")
    yield from (_failed(look.overview, delivery, title) for delivery, title in look.failed)
    for door in (door for door in look.overview.doors.values() if not door.slowed):
        yield Task(kind=Kind.CLOSED_DOOR, account=None, what=f"{door.key}: {door.reason}", command="nightdesk resume")
    for name, trouble in look.overview.troubles.items():
        if name in look.overview.accounts:
            yield _of_account(Kind.TROUBLE, name, trouble, "nightdesk check")
    for account in look.overview.accounts.values():
        yield from _of_queue(look, account)


def _of_queue(look: _Look, account: Account) -> Iterator[Task]:
    name, live = account.name, look.overview.is_live(account)
    if number := look.stamps.get(name, Counter())[not live]:
        command = f"nightdesk {'golive' if live else 'rehearse'} {name}"
        yield _of_account(Kind.STRANDED, name, _stranded(number, account, live=not live).partition(":")[0], command)
    if held := look.states.get(name, Counter())[State.HELD]:
        yield _of_account(Kind.HELD, name, f"{held} held", f"nightdesk queue list --state held --account {name}")


def _of_account(kind: Kind, name: str, what: str, command: str) -> Task:
    return Task(kind=kind, account=name, what=what, command=command)


def _failed(overview: Overview, delivery: Delivery, title: str) -> Task:
    named, account = f"d{delivery.id}", overview.accounts.get(delivery.account)
    overtaken = not delivery.live and account is not None and overview.is_live(account)
    return Task(
        kind=Kind.FAILED,
        account=delivery.account,
        delivery=named,
        title=title,
        what=tasks.in_words(delivery.state, delivery.reason),
        command=tasks.settled_by(delivery.state, delivery.reason, named, overtaken=overtaken),
    )


def _to_resolve(made: OpenAttempt) -> Task:
    named = f"d{made.delivery}"
    return Task(
        kind=Kind.UNCONFIRMED,
        account=made.account,
        delivery=named,
        title=made.title,
        since=made.due_at or made.desk_at,
        what=tasks.in_words(made.state, made.reason),
        command=tasks.settled_by(made.state, made.reason, named),
    )


def _of_sources(read: Iterable[SourceHealth]) -> Iterator[Task]:
    for source in read:
        if source.failures >= FAILURES_TO_TELL:
            what = f"{source.source} failed {source.failures} times in a row: {source.error}"
            yield Task(kind=Kind.SOURCE, account=None, what=what, command=f"nightdesk fetch {source.source}")
