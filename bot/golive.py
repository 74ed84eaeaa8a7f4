"""The one step from rehearsal to live, and back.

An account sends live only if its settings say `live = true` *and* this step was recorded. It shows what is about to
become real first, re-stamps only posts that still wait, and never edits a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.account import Account
from bot.delivery import Delivery, State
from bot.errors import ConfigurationError, TryAgainLater, UsageError
from bot.identity_check import key_of
from bot.nightdesk import Nightdesk
from bot.pausing import accounts_behind, door_of
from bot.store import deliveries, doors, lanes, unread
from bot.store.database import Transaction

WAITING = (State.QUEUED, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a step does or would do: posts whose stamp changes, those live already, rehearsed ones left over."""

    account: Account
    restamped: tuple[Delivery, ...] = ()
    duplicates: tuple[Delivery, ...] = ()
    dropped: tuple[Delivery, ...] = ()


def foresee_golive(desk: Nightdesk, name: str) -> Change:
    """What `golive` would do, without doing it; ConfigurationError when the settings do not allow it."""
    account = _allowed(desk, name)
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        return _sort_out(tx, account)


def golive(desk: Nightdesk, name: str, *, actor: str) -> Change:
    """Ask the platform who we are, then record that the account is live and re-stamp what waits for it."""
    account = _allowed(desk, name)
    _same_identity(desk, account)
    now = desk.clock.desk_now()
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        lanes.record_golive(tx, name, at=now)  # first, because it locks the lane: nothing is sent meanwhile
        lanes.record_identity(tx, name, key=key_of(desk, account), at=desk.clock.real_now())
        change = _sort_out(tx, account)
        for delivery in change.duplicates:
            reason = "duplicate: this article is already published live on this account"
            deliveries.change(tx, delivery.id, when=WAITING, to=State.SKIPPED, reason=reason, actor=actor, now=now)
        for delivery in change.dropped:
            reason = "cancelled: it was rehearsed, and the account went live"
            deliveries.change(
                tx, delivery.id, when={State.UNCONFIRMED}, to=State.SKIPPED, reason=reason, actor=actor, now=now
            )
        for delivery in change.restamped:
            deliveries.restamp(tx, delivery.id, live=True, when=WAITING, actor=actor, now=now)
        if name not in unread.listed(tx):  # the copy may have forgotten what is out, as it has forgotten `golive`
            lanes.reopen(tx, name)
    return change


def rehearse(desk: Nightdesk, name: str, *, actor: str) -> Change:
    """Back to rehearsal: nothing of this account reaches the platform until the next `golive`."""
    account, now = desk.account(name), desk.clock.desk_now()
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        door = door_of(account, desk.is_live(tx, account))
        lanes.record_rehearse(tx, name)
        if not accounts_behind(desk, tx, door):  # nobody is left to ask there, and what may be out is to be read back
            doors.open(tx, door)
        waiting = deliveries.open_of(tx, name, live=True, states=WAITING)
        for delivery in waiting:
            deliveries.restamp(tx, delivery.id, live=False, when=WAITING, actor=actor, now=now)
    return Change(account=account, restamped=tuple(waiting))


def follow_stamp(desk: Nightdesk, tx: Transaction, number: int, *, actor: str) -> None:
    """A live post that is queued again after its account went back to rehearsal is rehearsed like the rest.

    Never the other way round: what was rehearsed becomes real by `golive` alone.
    """
    delivery = deliveries.get(tx, number)
    account = desk.settings.accounts.get(delivery.account) if delivery else None
    if delivery and account and delivery.live and not desk.is_live(tx, account):
        now = desk.clock.desk_now()
        deliveries.restamp(tx, number, live=False, when={State.QUEUED}, actor=actor, now=now)


def _allowed(desk: Nightdesk, name: str) -> Account:
    account = desk.account(name)
    if not account.live:
        hint = (
            f"Write `live = true` under [accounts.{name}] in config/nightdesk.toml first; this command never edits it."
        )
        raise ConfigurationError(f"The settings say that {name} is in rehearsal.", hint)
    return account


def _same_identity(desk: Nightdesk, account: Account) -> None:
    """A key of another account would post in the wrong name: the platform's word is compared with the settings'."""
    identity = desk.platform(account, True).whoami()
    if account.identity.casefold() != identity.known_as.casefold():
        raise ConfigurationError(
            f"The credentials of {account.name} belong to {identity.known_as}, not to {account.identity}.",
            "Put the keys of the right account in place.",
        )


def _sort_out(tx: Transaction, account: Account) -> Change:
    """Raises TryAgainLater while a post is on its way, UsageError while a live one may be out and nobody knows."""
    _refuse_in_flight(tx, account.name)
    rehearsed = deliveries.open_of(tx, account.name, live=False, states=(*WAITING, State.UNCONFIRMED))
    waiting = [delivery for delivery in rehearsed if delivery.state in WAITING]
    published = deliveries.published_articles(tx, account.name, live=True)
    return Change(
        account=account,
        restamped=tuple(d for d in waiting if d.article not in published),
        duplicates=tuple(d for d in waiting if d.article in published),
        dropped=tuple(d for d in rehearsed if d.state is State.UNCONFIRMED),
    )


def _refuse_in_flight(tx: Transaction, name: str) -> None:
    unsettled = (State.SENDING, State.UNCONFIRMED)
    live = deliveries.open_of(tx, name, live=True, states=unsettled)
    if any(d.state is State.SENDING for d in (*live, *deliveries.open_of(tx, name, live=False, states=unsettled))):
        raise TryAgainLater(f"A post of {name} is being sent right now.", "Try again in a minute.")
    if live:
        numbers = ", ".join(f"d{delivery.id}" for delivery in live)
        hint = "Look at the account, then `nightdesk resolve` it."
        raise UsageError(f"{name} has a live post that may be out: {numbers}.", hint)
