"""Commands by which a person decides: resolve, pause, resume, golive, rehearse."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, opened, person, zone_of
from bot.cli.output import Record
from bot.cli.times import Direction
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.delivery import Delivery
    from bot.golive import Change

commands = typer.Typer(rich_markup_mode=None)

MOST_NAMED = 10  # posts that are listed before `golive` asks


@commands.command(epilog="Example: nightdesk resolve d34 --posted https://x.com/example/status/1234")
def resolve(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="Its id (d34), or the article's id, address or words.")
    ],
    posted: Annotated[str | None, typer.Option("--posted", metavar="URL", help="It is there: its address.")] = None,
    not_posted: Annotated[bool, typer.Option("--not-posted", help="It is not there: queue it again.")] = False,
    account: Annotated[str | None, typer.Option("--account", metavar="A", help="The one on this account.")] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of an unconfirmed post. Its account goes on after that."""
    from bot import decide
    from bot.cli.queue import tell
    from bot.finding import delivery_named

    if (posted is None) is not not_posted:
        raise UsageError("Say what you saw.", "Give --posted URL, or --not-posted.")
    with opened(context, now) as desk:
        with desk.database.begin() as tx:
            found, article = delivery_named(tx, delivery, account)
            if posted is not None:
                decide.resolve_posted(desk, tx, found, posted, actor=person())
            else:
                decide.resolve_not_posted(desk, tx, found, actor=person())
        tell(desk, [(found, article)], as_json)


@commands.command(epilog='Example: nightdesk pause --account x-main --reason "tragedy in the news" --until 3h')
def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; every listing will say so.")],
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Only this account (else everything).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="End by itself then, such as 3h or 18:00.")
    ] = None,
    now: Now = None,
) -> None:
    """Stop everything, or one account, before its next call."""
    from bot import pausing

    if not reason.strip():
        raise UsageError("A pause needs a reason.", "Write it after --reason; every listing will say so.")
    with opened(context, now) as desk:
        zone, end = zone_of(desk.settings, account), None
        if until is not None:
            end = times.moment(until, zone=zone, now=desk.clock.desk_now(), direction=Direction.AHEAD)
            if end <= desk.clock.desk_now():
                raise UsageError(f"--until {until} is over already.", "Give a moment to come, or leave --until away.")
        pausing.pause(desk, account=account, reason=reason.strip(), until=end, actor=person())
    lasts = f"until {times.spoken_iso(end, zone)}" if end else "until `nightdesk resume`"
    output.say(f"{account or 'Everything'} is paused {lasts}: {reason.strip()}")


@commands.command(epilog="Example: nightdesk resume --account x-main --then publish")
def resume(
    context: typer.Context,
    account: Annotated[
        str | None, typer.Option("--account", metavar="A", help="Only this account (else everything).")
    ] = None,
    then: Annotated[
        str,
        typer.Option(
            "--then", metavar="WHAT", help="publish what waited, skip-stale (skip what is too old), or skip-all."
        ),
    ] = "skip-stale",
    now: Now = None,
) -> None:
    """End a pause, and let an account that was closed go on."""
    from bot import pausing
    from bot.configuring.values import did_you_mean

    choices = [str(choice) for choice in pausing.Then]
    if then not in choices:
        raise UsageError(
            f"--then {then} is unknown{did_you_mean(then, choices) or '.'}", f"Known are {', '.join(choices)}."
        )
    with opened(context, now) as desk:
        resumed = pausing.resume(desk, account=account, then=pausing.Then(then), actor=person())
        for name in resumed.still_closed:
            output.note(f"{name} stays closed while a post of it is unconfirmed: look, then `nightdesk resolve` it.")
        if (desk.settings.home / "PAUSE").exists():
            output.note(f"The file {desk.settings.home / 'PAUSE'} still stops everything; remove it.")
    output.say(f"{account or 'Everything'} goes on: {resumed.waiting} posts wait, {resumed.skipped} were skipped.")


@commands.command(epilog="Example: nightdesk golive x-main")
def golive(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the settings.")],
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="ACCOUNT", help="The name once more, instead of typing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take an account live. First it shows what is about to become real."""
    from bot import golive as going

    with opened(context) as desk:
        change = going.foresee_golive(desk, account)
        if not as_json:
            _tell_change(change)
        _confirm(account, confirm)
        change = going.golive(desk, account, actor=person())
    if as_json:
        output.json_line(_record(change, live=True))
    else:
        output.say(f"{account} is LIVE: from now on its posts go to {change.account.platform}.")


@commands.command(epilog="Example: nightdesk rehearse x-main")
def rehearse(
    context: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the settings.")],
    as_json: AsJson = False,
) -> None:
    """Take an account back to rehearsal. What waits for it is rehearsed from now on."""
    from bot import golive as going

    with opened(context) as desk:
        change = going.rehearse(desk, account, actor=person())
    if as_json:
        output.json_line(_record(change, live=False))
    else:
        output.say(f"{account} is in rehearsal: nothing of it reaches {change.account.platform} any more.")
        output.say(f"{len(change.restamped)} posts that waited are rehearsed now.")


def _tell_change(change: Change) -> None:
    account = change.account
    output.say(f"{account.name} is {account.identity} on {account.platform}. Going LIVE means:")
    output.say(f"  {len(change.restamped)} posts that wait become real{_named(change.restamped)}")
    output.say(
        f"  {len(change.duplicates)} are skipped, because they are published live already{_named(change.duplicates)}"
    )
    output.say(f"  {len(change.dropped)} that were rehearsed and are unconfirmed are dropped{_named(change.dropped)}")


def _named(found: Sequence[Delivery]) -> str:
    if not found:
        return "."
    names = [f"d{delivery.id}" for delivery in found[:MOST_NAMED]]
    return f": {', '.join(names)}{' …' if len(found) > MOST_NAMED else ''}"


def _confirm(account: str, confirm: str | None) -> None:
    """The account's name, typed by whoever decides; a script has to give it with --confirm."""
    if confirm is None and sys.stdin.isatty():
        sys.stderr.write(f"Type {account} to make this real: ")
        sys.stderr.flush()
        confirm = sys.stdin.readline().strip()
    if confirm is None:
        raise UsageError("Nothing was changed: this needs a confirmation.", f"Say --confirm {account}")
    if confirm != account:
        raise UsageError(f"Nothing was changed: {confirm!r} is not {account!r}.", f"Say --confirm {account}")


def _record(change: Change, *, live: bool) -> Record:
    return {
        "account": change.account.name,
        "platform": change.account.platform,
        "live": live,
        "restamped": [f"d{delivery.id}" for delivery in change.restamped],
        "duplicates": [f"d{delivery.id}" for delivery in change.duplicates],
        "dropped": [f"d{delivery.id}" for delivery in change.dropped],
    }
