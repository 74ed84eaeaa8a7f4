"""Which posts a command is for: named one by one, or chosen by account, state and time; listed, and confirmed."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import known_account, known_state, zone_of
from bot.cli.times import Direction
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.article import Article
    from bot.delivery import Delivery, State
    from bot.nightdesk import Nightdesk
    from bot.store.database import Transaction

    Post = tuple[Delivery, Article]

MOST_LISTED = 50

Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DELIVERY]...", help="Its id (d34), or the article's id, address or words."),
]
OnAccount = Annotated[
    str | None, typer.Option("--account", metavar="A", help="The one on this account; alone: all of this account.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="T", help="All that came to this state since then, such as 2h.")
]
InState = Annotated[str | None, typer.Option("--state", metavar="S", help="All in this state.")]
Why = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; it is kept in the history.")]
Confirm = Annotated[
    list[str] | None,
    typer.Option("--confirm", metavar="ACCOUNT", help="The account's name once more, instead of typing it."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asked for: names, or else a choice. `states`: those the command handles, the usual one first."""

    verb: str
    names: Sequence[str]
    account: str | None
    since: str | None
    state: str | None
    states: Sequence[State]

    @property
    def chosen(self) -> bool:
        """Whether posts are chosen, and not named."""
        return not self.names

    def check(self) -> None:
        """Raises UsageError when it says nothing, or two things."""
        if self.names and (self.since is not None or self.state is not None):
            raise UsageError("Name posts, or choose them by --since and --state, not both.")
        if self.chosen and (self.account, self.since, self.state) == (None, None, None):
            hint = f"Name them: `nightdesk {self.verb} d34`, or choose them by --account, --since and --state."
            raise UsageError("Say which posts.", hint)


def posts(desk: Nightdesk, tx: Transaction, wish: Wish) -> list[Post]:
    """The posts that are wished for, each once. Those chosen have the stamp that their account has now."""
    from bot.finding import delivery_named

    wish.check()
    if not wish.chosen:
        found = [delivery_named(tx, name, wish.account) for name in wish.names]
        return list({delivery.id: (delivery, article) for delivery, article in found}.values())
    every = list(_chosen(desk, tx, wish))
    same = [post for post in every if _has_the_accounts_stamp(desk, tx, post[0])]
    if len(same) < len(every):
        left = output.counted(len(every) - len(same), "post")
        output.note(f"{left} left out, whose account was in rehearsal then and is LIVE now, or the other way round.")
    return same


def _chosen(desk: Nightdesk, tx: Transaction, wish: Wish) -> Iterator[Post]:
    from bot.delivery import State
    from bot.store import deliveries

    usual, *_ = wish.states
    states = (usual,) if wish.state is None else (State(known_state(wish.state, wish.states)),)
    account, start, after = known_account(desk, wish.account), None, 0
    if wish.since is not None:
        zone = zone_of(desk.settings, account)
        start = times.moment(wish.since, zone=zone, now=desk.clock.desk_now(), direction=Direction.AGO)
    while page := deliveries.listing(tx, states=states, account=account, since=start, after=after):
        yield from page
        after = page[-1][0].id


def _has_the_accounts_stamp(desk: Nightdesk, tx: Transaction, delivery: Delivery) -> bool:
    account = desk.settings.accounts.get(delivery.account)
    return account is None or desk.is_live(tx, account) == delivery.live


def show(found: Sequence[Post], what: str) -> None:
    """What is about to be done, and to which posts, before anything is."""
    output.heading(f"{output.counted(len(found), 'post')} to {what}:")
    for delivery, article in found[:MOST_LISTED]:
        output.heading(f"  d{delivery.id}  {delivery.account}  {output.mode(delivery.live)}  {article.title}")
    if len(found) > MOST_LISTED:
        output.heading(f"  and {len(found) - MOST_LISTED} more")


def confirm_accounts(found: Sequence[Post], given: Collection[str] | None) -> None:
    """Each account of a live post, confirmed by its name; what is rehearsed needs no confirmation."""
    needed = list(dict.fromkeys(delivery.account for delivery, _ in found if delivery.live))
    for name in given or ():
        if name not in needed:
            known = ", ".join(needed) or "none: nothing of this is live"
            raise UsageError(f"Nothing was changed: --confirm {name} is not asked for.", f"Asked for is {known}.")
    for name in needed:
        confirm_account(name, name if name in (given or ()) else None)


def confirm_account(account: str, confirm: str | None) -> None:
    """The account's name, typed by whoever decides; a script has to give it with --confirm."""
    if confirm is None and sys.stdin.isatty():
        sys.stderr.write(f"Type {account} to make this real: ")
        sys.stderr.flush()
        confirm = sys.stdin.readline().strip()
    if confirm is None:
        raise UsageError("Nothing was changed: this needs a confirmation.", f"Say --confirm {account}")
    if confirm != account:
        raise UsageError(f"Nothing was changed: {confirm!r} is not {account!r}.", f"Say --confirm {account}")
