"""What is looked for on a timeline: the post of an unclear attempt, when it may have appeared, and what it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import matching
from bot.account import Account
from bot.delivery import Attempt, Delivery, Doubt, Outcome, State
from bot.matching import Match, SeenPost, Sent, Window
from bot.nightdesk import Nightdesk
from bot.platforms.base import TimelinePost
from bot.settling import Instant
from bot.store import attempts, deliveries, history
from bot.store.database import Transaction
from bot.store.history import Change
from bot.store.looks import Look

ROUNDING = timedelta(seconds=1)  # the platforms give a post's moment in whole seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One search. `look` is as it was read; `doubtful` are the calls of the delivery that may have been taken.

    `account` None: it has left the settings. `siblings` are the accounts that post under the same identity. `held`:
    until when the look is claimed.
    """

    look: Look
    delivery: Delivery
    attempt: Attempt
    doubtful: tuple[Attempt, ...]
    sent: Sent
    account: Account | None
    siblings: tuple[str, ...]
    held: datetime | None = None

    @property
    def claimed(self) -> Look:
        """The look as the claim left it."""
        return replace(self.look, at=self.held)

    @property
    def intent(self) -> Instant:
        """When the last call was made ready, on both clocks."""
        return intent_of(self.attempt)

    def attempt_at(self, created: datetime) -> Attempt:
        """The call that a post of that moment comes from: the last one that began before, else the first."""
        began = [one for one in self.doubtful if one.started - ROUNDING <= created]
        return began[-1] if began else self.doubtful[0]


def intent_of(attempt: Attempt) -> Instant:
    return Instant(attempt.started, attempt.uptime or 0.0, attempt.boot or "")


def case_of(desk: Nightdesk, tx: Transaction, look: Look) -> Case | None:
    """The search of that look; None when there is nothing left to look for."""
    delivery, made = deliveries.get(tx, look.delivery), attempts.of(tx, look.delivery)
    if delivery is None or delivery.state is not State.UNCONFIRMED or made[-1].id != look.attempt:
        return None
    doubts = _doubts(made, history.of(tx, look.delivery), look)
    account = desk.settings.accounts.get(delivery.account)
    return Case(
        look=look,
        delivery=delivery,
        attempt=made[-1],
        doubtful=tuple(attempt for attempt, _ in doubts),
        sent=Sent(
            text=made[-1].text,
            link=made[-1].link,
            windows=tuple(window for _, window in doubts),
            repeats=look.duplicate,
        ),
        account=account,
        siblings=_siblings(desk, account) if account else (delivery.account,),
    )


def compare(tx: Transaction, case: Case, timeline: list[TimelinePost]) -> Match:
    """What the timeline says, knowing which of its posts other deliveries have claimed or may yet claim."""
    live, number = case.delivery.live, case.delivery.id
    claimed = attempts.claimed(tx, {post.id for post in timeline}, live=live, but=number)
    since = case.sent.since - matching.SOON
    others = attempts.in_doubt(tx, case.siblings, live=live, since=since, but=number)
    rivals = [Sent(text=one.text, link=one.link, windows=(Window.of(one.started),)) for one in others]
    return matching.match(case.sent, [seen(post) for post in timeline], claimed.keys(), rivals)


def seen(post: TimelinePost) -> SeenPost:
    """A post of the timeline as the comparison wants it."""
    return SeenPost(id=post.id, text=post.text, links=post.links, created=post.created, foreign=post.foreign)


def _doubts(made: list[Attempt], changes: list[Change], look: Look) -> list[tuple[Attempt, Window]]:
    """The calls that were ever unclear, also where a person has said since that they were not taken."""
    fates = _fates(changes)
    found = []
    for attempt, fate in zip(made, fates + [None] * (len(made) - len(fates)), strict=False):
        last = attempt.id == look.attempt
        unclear = fate is not None and fate.to_state is State.UNCONFIRMED
        if last or unclear or attempt.outcome is Outcome.UNKNOWN:
            refused = look.duplicate if last else fate is not None and fate.reason == Doubt.DUPLICATE_REPORTED
            found.append((attempt, Window.of(attempt.started, refused=refused)))
    return found


def _fates(changes: list[Change]) -> list[Change | None]:
    """For each time it was being sent, in order: the change that came next."""
    following = [*changes[1:], None]
    return [after for change, after in zip(changes, following, strict=True) if _starts_sending(change)]


def _starts_sending(change: Change) -> bool:
    return change.to_state is State.SENDING and change.from_state is not State.SENDING


def _siblings(desk: Nightdesk, account: Account) -> tuple[str, ...]:
    identity = account.platform, account.identity.casefold()
    every = desk.settings.accounts.values()
    return tuple(sorted(one.name for one in every if (one.platform, one.identity.casefold()) == identity))
