"""Commands by which a person settles what became of posts: resolve, retry, unpublish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import choosing, output
from bot.cli.choosing import Confirm, InState, Named, OnAccount, Since, Why, Wish
from bot.cli.home import AsJson, Now, opened, person, spoken
from bot.cli.queue import tell
from bot.delivery import State
from bot.errors import TryAgainLater, UsageError

if TYPE_CHECKING:
    from bot.cli.choosing import Post
    from bot.delivery import Delivery, Result
    from bot.nightdesk import Nightdesk
    from bot.store.database import Transaction

    Decision = Callable[[Nightdesk, Transaction, Delivery], None]

commands = typer.Typer(rich_markup_mode=None)

DONE, SOME_FAILED, SIGN_IN_REFUSED, TRY_LATER = 0, 4, 5, 75
UNSETTLED = (State.UNCONFIRMED, State.FAILED)

NotPosted = Annotated[bool, typer.Option("--not-posted", help="You looked, and it is not there: queue it again.")]


@commands.command(epilog="Example: nightdesk resolve d34 --posted https://x.com/example/status/1234")
def resolve(
    context: typer.Context,
    delivery: Named = None,
    posted: Annotated[str | None, typer.Option("--posted", metavar="URL", help="It is there: its address.")] = None,
    not_posted: NotPosted = False,
    drop: Annotated[bool, typer.Option("--drop", help="It is not there, and shall not be sent again.")] = False,
    look: Annotated[bool, typer.Option("--look", help="Let Nightdesk look for it on the platform now.")] = False,
    reason: Why = "",
    account: OnAccount = None,
    since: Since = None,
    state: InState = None,
    confirm: Confirm = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of unconfirmed posts, or of failed ones. Their account goes on after that."""
    from bot import decide

    if [posted is not None, not_posted, drop, look].count(True) != 1:
        raise UsageError("Say what you saw.", "Give one of --posted URL, --not-posted, --drop and --look.")
    wish = Wish(verb="resolve", names=delivery or (), account=account, since=since, state=state, states=UNSETTLED)
    wish.check()
    if posted is not None and (wish.chosen or len(wish.names) > 1):
        raise UsageError("--posted URL is the address of one post.", "Name it: `nightdesk resolve d34 --posted URL`")

    def decision(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
        if posted is not None:
            decide.resolve_posted(desk, tx, its, posted, why=reason, actor=person())
        elif not_posted:
            _warn_if_early(desk, tx, its)
            decide.resolve_not_posted(desk, tx, its, why=reason, actor=person())
        else:
            decide.drop(desk, tx, its, why=reason, actor=person())

    with opened(context, now) as desk:
        if look:
            _look(desk, _agreed(desk, wish, confirm, "be looked for"), as_json)
        else:
            what = "be queued again" if not_posted else "be settled"
            _decide(desk, _agreed(desk, wish, confirm, what), decision, as_json)


@commands.command(epilog="Example: nightdesk retry --account x-main --since 3h")
def retry(
    context: typer.Context,
    delivery: Named = None,
    not_posted: NotPosted = False,
    reason: Why = "",
    account: OnAccount = None,
    since: Since = None,
    state: InState = None,
    confirm: Confirm = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Send failed posts again, written anew. An unconfirmed one needs your word that it is not there."""
    from bot import decide

    states = (State.FAILED, State.UNCONFIRMED)
    wish = Wish(verb="retry", names=delivery or (), account=account, since=since, state=state, states=states)

    def decision(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
        if its.state is State.UNCONFIRMED and not_posted:
            _warn_if_early(desk, tx, its)
        decide.retry(desk, tx, its, not_posted=not_posted, why=reason, actor=person())

    with opened(context, now) as desk:
        _decide(desk, _agreed(desk, wish, confirm, "be queued again"), decision, as_json)


@commands.command(epilog='Example: nightdesk unpublish d34 --reason "the ministry denied it"')
def unpublish(
    context: typer.Context,
    delivery: Named = None,
    reason: Why = "",
    account: OnAccount = None,
    since: Since = None,
    state: InState = None,
    confirm: Confirm = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Delete published posts from their platform again. Asking twice does no harm."""
    from bot.unpublish import may_be_deleted
    from bot.unpublish import unpublish as take_back

    states = (State.PUBLISHED,)
    wish = Wish(verb="unpublish", names=delivery or (), account=account, since=since, state=state, states=states)
    with opened(context, now) as desk:
        with desk.database.read() as tx:
            found = choosing.posts(desk, tx, wish)
            for its, _ in found:
                may_be_deleted(desk, tx, its)
        whose = "its" if len(found) == 1 else "their"
        if not _agree(found, wish, confirm, f"be deleted from {whose} platform", always=True):
            return
        results = []
        for its, article in found:
            results.append(take_back(desk, its, why=reason, actor=person()))
            _tell_deletion(its, results[-1])
            tell(desk, [(its, article)], as_json)
    raise typer.Exit(_exit_status(results))


def _agreed(desk: Nightdesk, wish: Wish, confirm: Sequence[str] | None, what: str) -> list[Post]:
    """The posts of the wish, listed and confirmed where that is asked for; none when there are none."""
    with desk.database.read() as tx:
        found = choosing.posts(desk, tx, wish)
    return found if _agree(found, wish, confirm, what) else []


def _agree(
    found: Sequence[Post], wish: Wish, confirm: Sequence[str] | None, what: str, *, always: bool = False
) -> bool:
    """List what is about to be done, and have it confirmed: for posts that were chosen, or `always`."""
    if not found:
        output.note(f"Nothing to {wish.verb}.")
        return False
    if wish.chosen or always:
        choosing.show(found, what)
        choosing.confirm_accounts(found, confirm)
    return True


def _decide(desk: Nightdesk, found: Sequence[Post], decision: Decision, as_json: bool) -> None:
    """Do the same with each of the posts, all or none, and tell how they stand now."""
    from bot import decide

    with desk.database.begin() as tx:
        for its in decide.in_hand(tx, [its for its, _ in found]):
            decision(desk, tx, its)
    tell(desk, found, as_json)


def _warn_if_early(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
    from bot import decide

    if until := decide.rests_until(desk, tx, its):
        output.note(f"d{its.id} may still appear until {spoken(desk, its.account, until)}: look again then.")


def _look(desk: Nightdesk, found: Sequence[Post], as_json: bool) -> None:
    """Look for each of the posts on its platform, and tell what was found."""
    from bot import reconcile

    early = open_still = 0
    for its, article in found:
        try:
            looked = reconcile.look_now(desk, its, actor=person())
        except TryAgainLater as error:
            output.note(f"d{its.id}: {error}")
            early += 1
            continue
        if looked.not_before:
            output.note(f"d{its.id}: {looked.words}. Look again at {spoken(desk, its.account, looked.not_before)}.")
            early += 1
        else:
            output.note(f"d{its.id}: {looked.words}")
            open_still += looked.state is State.UNCONFIRMED
        tell(desk, [(its, article)], as_json)
    raise typer.Exit(SOME_FAILED if open_still else TRY_LATER if early else DONE)


def _tell_deletion(its: Delivery, result: Result) -> None:
    if result.error:
        output.note(f"d{its.id} on {its.account}: {result.error}")


def _exit_status(results: Sequence[Result]) -> int:
    """0 all gone · 4 some are not, or it is unclear · 5 none is, the sign-in was refused · 75 none is, try later."""
    from bot.delivery import Outcome, Remedy

    left = [result for result in results if result.outcome is not Outcome.ACCEPTED]
    if not left:
        return DONE
    if len(left) < len(results):
        return SOME_FAILED
    if any(result.remedy is Remedy.MEND_ACCOUNT for result in left):
        return SIGN_IN_REFUSED
    later = (Remedy.RETRY, Remedy.WAIT, Remedy.WAIT_APP)
    return TRY_LATER if all(result.remedy in later for result in left) else SOME_FAILED
