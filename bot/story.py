"""The story of one delivery, and why an article was posted or was not: what `show` and `why` tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot import tasks
from bot.article import Article
from bot.delivery import Attempt, Delivery, Outcome, State
from bot.nightdesk import Nightdesk
from bot.outlook import turn_now
from bot.pausing import closed_door, pause_reason
from bot.report import QueueLine, charged, foreseen_on, queue_line
from bot.store import attempts, deliveries, history, lanes, reads
from bot.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One change of a delivery: when (desk time), from what to what, why, and who did it."""

    at: datetime
    before: State | None
    after: State
    reason: str
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One call to a platform, as it was frozen before the call, and what came of it. Times are real time."""

    attempt: str
    outcome: Outcome | None
    slot: str | None
    started_at: datetime
    finished_at: datetime | None
    text: str
    link: str | None
    post_url: str | None
    platform_id: str | None
    cost: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """One look at the timeline for it: how many posts were read back, and what that cost in USD."""

    at: datetime
    posts: int
    cost: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known of one delivery. `words` say how it stands, `command` settles it ("": nothing is to do)."""

    queue: QueueLine
    round: int
    words: str
    command: str
    history: tuple[HistoryLine, ...]
    attempts: tuple[AttemptLine, ...]
    reads: tuple[ReadLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why an article was or was not posted on one account. `delivery` None: it was never queued there."""

    article: str
    title: str
    account: str
    platform: str | None
    live: bool
    delivery: str | None
    state: State | None
    posted: bool
    why: str
    due_at: datetime | None
    post_url: str | None


def story(desk: Nightdesk, delivery: Delivery, article: Article) -> Story:
    """The whole history of a delivery and all its attempts."""
    with desk.database.read() as tx:
        changes = history.of(tx, delivery.id)
        made = attempts.of(tx, delivery.id)
        looked = reads.of(tx, delivery.id)
        line = queue_line(desk, delivery, article, foreseen_on(desk, tx, delivery.account))
        account = desk.settings.accounts.get(delivery.account)
        overtaken = not delivery.live and account is not None and desk.is_live(tx, account)
    return Story(
        queue=line,
        round=delivery.round,
        words=tasks.in_words(delivery.state, delivery.reason),
        command=tasks.settled_by(delivery.state, delivery.reason, line.delivery, overtaken=overtaken),
        history=tuple(
            HistoryLine(
                at=change.at,
                before=change.from_state,
                after=change.to_state,
                reason=change.reason,
                actor=change.actor,
                note=change.note,
            )
            for change in changes
        ),
        attempts=tuple(_attempt_line(attempt) for attempt in made),
        reads=tuple(ReadLine(at=read.at, posts=read.posts, cost=read.cost, why=read.why) for read in looked),
    )


def _attempt_line(attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        attempt=f"t{attempt.id}",
        outcome=attempt.outcome,
        slot=attempt.slot,
        started_at=attempt.started,
        finished_at=attempt.finished,
        text=attempt.text,
        link=attempt.link or None,
        post_url=attempt.post_url or None,
        platform_id=attempt.platform_id or None,
        cost=charged(attempt.cost, attempt.outcome) or 0.0,
        error=attempt.error or None,
    )


def why(desk: Nightdesk, article: Article) -> list[Why]:
    """For each account, and each round on it: why the article was posted there, or was not, or not yet."""
    assert article.id is not None
    lines: list[Why] = []
    with desk.database.read() as tx:
        made = deliveries.of_article(tx, article.id)
        for name in dict.fromkeys([*desk.settings.accounts, *(delivery.account for delivery in made)]):
            rounds = [_why(desk, tx, article, delivery) for delivery in made if delivery.account == name]
            lines += rounds or [_never_queued(desk, tx, article, name)]
    return lines


def _why(desk: Nightdesk, tx: Transaction, article: Article, delivery: Delivery) -> Why:
    due = foreseen_on(desk, tx, delivery.account) if delivery.state is State.QUEUED else {}
    line = queue_line(desk, delivery, article, due)
    made = attempts.of(tx, delivery.id)
    return Why(
        article=line.article,
        title=line.title,
        account=line.account,
        platform=line.platform,
        live=line.live,
        delivery=line.delivery,
        state=line.state,
        posted=line.state is State.PUBLISHED,
        why=_reason(desk, tx, line),
        due_at=line.due_at,
        post_url=made[-1].post_url or None if made else None,
    )


def _never_queued(desk: Nightdesk, tx: Transaction, article: Article, name: str) -> Why:
    account = desk.account(name)
    source = desk.settings.sources.get(article.source)
    if source and name not in source.accounts:
        reason = f"the source {source.name} does not post to this account"
    else:
        reason = "it was never queued for this account"
    return Why(
        article=f"a{article.id}",
        title=article.title,
        account=name,
        platform=account.platform,
        live=desk.is_live(tx, account),
        delivery=None,
        state=None,
        posted=False,
        why=reason,
        due_at=None,
        post_url=None,
    )


def _reason(desk: Nightdesk, tx: Transaction, line: QueueLine) -> str:
    """The delivery's own reason, and for one that waits also what it waits for."""
    if line.state is not State.QUEUED:
        return tasks.told(line.state, line.reason, line.delivery)
    waits = _waits_for(desk, tx, line)
    return f"{waits} (before that: {line.reason})" if line.reason and line.reason not in waits else waits


def _waits_for(desk: Nightdesk, tx: Transaction, line: QueueLine) -> str:
    account = desk.settings.accounts.get(line.account)
    if account is None:
        return "its account is not in the settings any more"
    if line.live != desk.is_live(tx, account):
        return (
            "it is stamped live, and the account is in rehearsal"
            if line.live
            else "it was rehearsed; the account is live"
        )
    if reason := pause_reason(desk, tx, account, desk.clock.desk_now()):
        return f"paused: {reason}"
    lane = lanes.get(tx, account.name)
    if lane and lane.closed_reason and (lane.closed_until is None or lane.closed_until > desk.clock.real_now()):
        return f"the account is closed: {lane.closed_reason}"
    if reason := closed_door(desk, tx, account):
        return f"{account.platform} is closed for all its accounts: {reason}"
    if lane and (blocked := turn_now(desk, tx, account).blocked):
        return blocked
    return "it waits for its turn" if line.due_at else "nothing is foreseen for it in the next 30 days"
