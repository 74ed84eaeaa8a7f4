"""The way from the command line into a home: its options, its desk, and who is sitting at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.cli import output, times
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.nightdesk import Nightdesk
    from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the command: `nightdesk --home DIR --verbose COMMAND …`."""

    home: Path | None
    verbose: bool


Now = Annotated[str | None, typer.Option("--now", metavar="T", help="Pretend that it is this moment (rehearsal only).")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@contextmanager
def opened(context: typer.Context, now: str | None = None) -> Iterator[Nightdesk]:
    """The desk of the home that the options name; `now`, when given, is the moment it takes for the present."""
    from bot.app import open_home
    from bot.clock import SystemClock
    from bot.configuring import find_home, load

    home = find_home(context.obj.home)
    simulated = None
    if now is not None:
        simulated = times.moment(now, zone=load(home).zone, now=SystemClock().real_now())
    with open_home(home, now=simulated, on_progress=output.progress) as desk:
        yield desk


def zone_of(settings: Settings, account: str | None) -> ZoneInfo:
    """The zone an account's moments are spoken in: its own, else (none, or one no longer there) the newspaper's."""
    known = settings.accounts.get(account or "")
    return known.zone if known else settings.zone


def spoken(desk: Nightdesk, account: str | None, moment: datetime) -> str:
    """The moment for people, in the account's zone, or (None) the newspaper's: `Sun 22 Nov 18:00`.

    Where the settings have more than one zone it is named: `Sun 22 Nov 18:00 Baku`.
    """
    settings, zone = desk.settings, zone_of(desk.settings, account)
    said = times.spoken(moment, zone, desk.clock.desk_now())
    zones = {settings.zone.key, *(known.zone.key for known in settings.accounts.values())}
    return f"{said} {times.place(zone)}" if len(zones) > 1 else said


def known_account(desk: Nightdesk, name: str | None) -> str | None:
    """The name, if the settings or the log know that account; UsageError otherwise."""
    if name is not None and name not in desk.settings.accounts:
        from bot.store import lanes

        with desk.database.read() as tx:
            if lanes.get(tx, name) is None:
                desk.account(name)
    return name


def known_state(name: str, states: Iterable[str]) -> str:
    """The name, if it is one of the states; UsageError names them otherwise."""
    from bot.configuring.values import did_you_mean

    known = [str(state) for state in states]
    if name not in known:
        raise UsageError(
            f"There is no state {name!r}{did_you_mean(name, known) or '.'}", f"Known are {', '.join(known)}."
        )
    return name


def person() -> str:
    """Who decides, for the history: `person:anna`."""
    import getpass

    try:
        return f"person:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user without a name
        import os

        return f"person:{os.getuid()}"
