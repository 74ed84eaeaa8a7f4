"""The family `nightdesk queue`: what waits, and a person's hand in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, known_account, opened, person, spoken, zone_of
from bot.cli.output import Line
from bot.cli.times import Direction
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.article import Article
    from bot.delivery import Delivery, State
    from bot.nightdesk import Nightdesk
    from bot.report import QueueLine
    from bot.store.database import Transaction

    Decision = Callable[[Nightdesk, Transaction, Delivery], Delivery | None]

queue = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
commands = typer.Typer(rich_markup_mode=None)
commands.add_typer(
    queue, name="queue", help="What waits to be posted, and your hand in it.", epilog="Example: nightdesk queue list"
)

COLUMNS = ("due", "post", "account", "mode", "state", "article")

Posts = Annotated[
    list[str], typer.Argument(metavar="DELIVERY...", help="Its id (d34), or the article's id, address or words.")
]
Post = Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id (d34), or the article's id, address or words.")]
OnAccount = Annotated[str | None, typer.Option("--account", metavar="A", help="The one on this account.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; it is kept in the history.")]


@queue.command("list", epilog="Example: nightdesk queue list --account x-main --state all")
def list_(
    context: typer.Context,
    account: Annotated[str | None, typer.Option("--account", metavar="A", help="Only this account.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="S", help="Only this state, or all (else what is open).")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List what waits, in its order. Each with the moment it is foreseen to go out."""
    from bot.report import queue as queue_lines

    with opened(context, now) as desk:
        lines = queue_lines(desk, states=_states(state), account=known_account(desk, account))
        output.listing(
            lines,
            record=lambda line: output.record(line, zone_of(desk.settings, line.account)),
            columns=COLUMNS,
            line=lambda line: _line(desk, line),
            as_json=as_json,
            nothing="Nothing waits.",
        )


@queue.command(epilog="Example: nightdesk queue move d34 --before d12")
def move(
    context: typer.Context,
    delivery: Post,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DELIVERY", help="To the place before this one.")
    ] = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="DELIVERY", help="To the place after this one.")
    ] = None,
    first: Annotated[bool, typer.Option("--first", help="To the top of its account's queue.")] = False,
    last: Annotated[bool, typer.Option("--last", help="To the bottom.")] = False,
    account: OnAccount = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Give a post another place in the queue. Breaking news and priority still go first."""
    from bot import decide
    from bot.finding import delivery_named

    if [before is not None, after is not None, first, last].count(True) != 1:
        raise UsageError("Say where to.", "Give one of --before, --after, --first and --last.")

    def moved(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
        other = delivery_named(tx, before or after or "", its.account)[0].id if before or after else None
        decide.move(
            desk,
            tx,
            its,
            before=other if before else None,
            after=other if after else None,
            to_top=first,
            actor=person(),
        )

    _decide(context, [delivery], account, now, as_json, moved)


@queue.command(epilog='Example: nightdesk queue hold d34 --reason "the ministry has not confirmed"')
def hold(
    context: typer.Context,
    delivery: Posts,
    reason: Reason = "",
    account: OnAccount = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Take posts out of the queue until they are released."""
    from bot import decide

    _decide(
        context, delivery, account, now, as_json,
        lambda desk, tx, its: decide.hold(desk, tx, its, reason=reason, actor=person()),
    )  # fmt: skip


@queue.command(epilog="Example: nightdesk queue release d34")
def release(
    context: typer.Context, delivery: Posts, account: OnAccount = None, now: Now = None, as_json: AsJson = False
) -> None:
    """Put held posts back into the queue."""
    from bot import decide

    _decide(
        context, delivery, account, now, as_json, lambda desk, tx, its: decide.release(desk, tx, its, actor=person())
    )


@queue.command(epilog='Example: nightdesk queue skip d34 --reason "overtaken by events"')
def skip(
    context: typer.Context,
    delivery: Posts,
    reason: Reason = "",
    account: OnAccount = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Decide that posts will not be sent."""
    from bot import decide

    _decide(
        context, delivery, account, now, as_json,
        lambda desk, tx, its: decide.skip(desk, tx, its, reason=reason, actor=person()),
    )  # fmt: skip


@queue.command(epilog="Example: nightdesk queue pin d34 --at 18:00")
def pin(
    context: typer.Context,
    delivery: Post,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="The moment, such as 18:00, 2h or 2026-11-22T18:00.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the pin away again.")] = False,
    account: OnAccount = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Give a post a moment of its own."""
    from bot import decide

    if (at is None) is not remove:
        raise UsageError("Say when.", "Give --at T, or --remove to take a pin away.")

    def pinned(desk: Nightdesk, tx: Transaction, its: Delivery) -> None:
        zone, moment = zone_of(desk.settings, its.account), desk.clock.desk_now()
        when = None if at is None else times.moment(at, zone=zone, now=moment, direction=Direction.AHEAD)
        decide.pin(desk, tx, its, when, actor=person())

    _decide(context, [delivery], account, now, as_json, pinned)


@queue.command(epilog="Example: nightdesk queue again d34")
def again(
    context: typer.Context, delivery: Posts, account: OnAccount = None, now: Now = None, as_json: AsJson = False
) -> None:
    """Queue posts that have ended once more, as their next round."""
    from bot import decide

    _decide(context, delivery, account, now, as_json, lambda desk, tx, its: decide.again(desk, tx, its, actor=person()))


def _states(state: str | None) -> Sequence[State] | None:
    from bot.cli.home import known_state
    from bot.delivery import OPEN_STATES, State

    if state == "all":
        return None
    return OPEN_STATES if state is None else (State(known_state(state, [*State, "all"])),)


def _line(desk: Nightdesk, line: QueueLine) -> Line:
    due = spoken(desk, line.account, line.due_at) if line.due_at else "-"
    state = f"{line.state}, pinned" if line.pinned else str(line.state)
    return Line([due, line.delivery, line.account, output.mode(line.live), state, line.title], [line.reason])


def _decide(
    context: typer.Context,
    names: Sequence[str],
    account: str | None,
    now: str | None,
    as_json: bool,
    decision: Decision,
) -> None:
    """Do the same with each of the posts, all or none, and tell how they stand now."""
    from bot import decide
    from bot.finding import delivery_named

    with opened(context, now) as desk:
        with desk.database.begin() as tx:
            found = {its.id: (its, article) for its, article in (delivery_named(tx, name, account) for name in names)}
            hand = decide.in_hand(tx, [delivery for delivery, _ in found.values()])
            changed = [(decision(desk, tx, delivery) or delivery, found[delivery.id][1]) for delivery in hand]
        tell(desk, changed, as_json)


def tell(desk: Nightdesk, changed: Sequence[tuple[Delivery, Article]], as_json: bool) -> None:
    """How the posts stand after a decision: a line each, or their rows as JSON lines."""
    from bot.report import queue_lines

    for line in queue_lines(desk, changed):
        if as_json:
            output.json_line(output.record(line, zone_of(desk.settings, line.account)))
            continue
        due = f", due {spoken(desk, line.account, line.due_at)}" if line.due_at else ""
        output.say(f"{line.delivery} {line.title} on {line.account} ({output.mode(line.live)}): {line.state}{due}")
