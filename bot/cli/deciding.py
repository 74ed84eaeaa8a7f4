"""Commands by which a person decides about accounts: pause, resume, golive, rehearse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.choosing import confirm_account
from bot.cli.home import AsJson, Now, opened, person, zone_of
from bot.cli.output import Record
from bot.cli.times import Direction
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.delivery import Delivery
    from bot.golive import Change
    from bot.nightdesk import Nightdesk
    from bot.pausing import Resumed

commands = typer.Typer(rich_markup_mode=None)

Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", metavar="A", help="Only this account (else everything); may be repeated."),
]

MOST_NAMED = 10  # posts that are listed before `golive` asks


@commands.command(epilog='Example: nightdesk pause --account x-main --reason "tragedy in the news" --until 3h')
def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", metavar="WHY", help="Why; every listing will say so.")],
    account: Accounts = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="End by itself then, such as 3h or 18:00.")
    ] = None,
    now: Now = None,
) -> None:
    """Stop everything, or single accounts, before the next call."""
    from bot import pausing

    if not reason.strip():
        raise UsageError("A pause needs a reason.", "Write it after --reason; every listing will say so.")
    with opened(context, now) as desk:
        ends = {name: _end(desk, name, until) for name in _chosen(desk, account)}
        for name, end in ends.items():
            pausing.pause(desk, account=name, reason=reason.strip(), until=end, actor=person())
            zone = zone_of(desk.settings, name)
            lasts = f"until {times.spoken_iso(end, zone)}" if end else "until `nightdesk resume`"
            output.say(f"{name or 'Everything'} is paused {lasts}: {reason.strip()}")


@commands.command(epilog="Example: nightdesk resume --account x-main --then publish")
def resume(
    context: typer.Context,
    account: Accounts = None,
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
        ended = {
            name: pausing.resume(desk, account=name, then=pausing.Then(then), actor=person())
            for name in _chosen(desk, account)
        }
        _tell_resumed(desk, ended)


def _chosen(desk: Nightdesk, names: Sequence[str] | None) -> list[str | None]:
    """The accounts that are named, once each and all of them known, before anything is done; [None] for everything."""
    return [desk.account(name).name for name in dict.fromkeys(names or ())] or [None]


def _end(desk: Nightdesk, account: str | None, until: str | None) -> datetime | None:
    """When the pause ends by itself: 18:00 without an offset is each account's own 18:00."""
    if until is None:
        return None
    now = desk.clock.desk_now()
    end = times.moment(until, zone=zone_of(desk.settings, account), now=now, direction=Direction.AHEAD)
    if end <= now:
        raise UsageError(f"--until {until} is over already.", "Give a moment to come, or leave --until away.")
    return end


def _tell_resumed(desk: Nightdesk, ended: Mapping[str | None, Resumed]) -> None:
    """What goes on now, and what still stops the rest of it."""
    from bot.cli.standing import stops

    found = stops(desk)
    names = set(desk.settings.accounts) if None in ended else {name for name in ended if name}
    unsettled = {name for resumed in ended.values() for name in resumed.still_closed}
    stopped = names if any(stop.account is None for stop in found) else {stop.account for stop in found} & names
    for name, resumed in ended.items():
        waiting = output.counted(resumed.waiting, "post")
        what = f"{waiting} {'waits' if resumed.waiting == 1 else 'wait'}, {_were(resumed.skipped)} skipped."
        output.say(f"{_who_goes_on(name, names, stopped)}: {what}")
    for account in sorted(unsettled):
        output.note(f"{account} stays closed while a post of it is unconfirmed: look, then `nightdesk resolve` it.")
    for stop in found:
        if stop.account is None or stop.account in names - unsettled:
            output.note(f"Still {stop.words}. {stop.ends}" if stop.account is None else f"{stop.words}. {stop.ends}")


def _who_goes_on(name: str | None, names: Collection[str], stopped: Collection[str | None]) -> str:
    if name is not None:
        return f"{name} {'does not go on yet' if name in stopped else 'goes on'}"
    if not stopped:
        return "Everything goes on"
    return "Nothing goes on yet" if len(stopped) == len(names) else "Everything else goes on"


def _were(count: int) -> str:
    return f"{count} {'was' if count == 1 else 'were'}"


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
        confirm_account(account, confirm)
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
        waited = output.counted(len(change.restamped), "post")
        output.say(f"{waited} that waited {'is' if len(change.restamped) == 1 else 'are'} rehearsed now.")


def _tell_change(change: Change) -> None:
    account = change.account
    output.say(f"{account.name} is {account.identity} on {account.platform}. Going LIVE means:")
    for found, one, several in (
        (change.restamped, "post that waits becomes real", "posts that wait become real"),
        (change.duplicates, "is skipped, because it is published live already",
         "are skipped, because they are published live already"),
        (change.dropped, "that was rehearsed and is unconfirmed is dropped",
         "that were rehearsed and are unconfirmed are dropped"),
    ):  # fmt: skip
        output.say(f"  {len(found)} {one if len(found) == 1 else several}{_named(found)}")


def _named(found: Sequence[Delivery]) -> str:
    if not found:
        return "."
    names = [f"d{delivery.id}" for delivery in found[:MOST_NAMED]]
    return f": {', '.join(names)}{' …' if len(found) > MOST_NAMED else ''}"


def _record(change: Change, *, live: bool) -> Record:
    return {
        "account": change.account.name,
        "platform": change.account.platform,
        "live": live,
        "restamped": [f"d{delivery.id}" for delivery in change.restamped],
        "duplicates": [f"d{delivery.id}" for delivery in change.duplicates],
        "dropped": [f"d{delivery.id}" for delivery in change.dropped],
    }
