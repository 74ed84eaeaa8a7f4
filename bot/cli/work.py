"""Commands that do the work: once (for cron) and run (the daemon)."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from bot.cli import output
from bot.cli.home import AsJson, Now, opened
from bot.delivery import State
from bot.errors import TryAgainLater

if TYPE_CHECKING:
    from bot.nightdesk import Nightdesk
    from bot.summary import Step, Summary

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: nightdesk fetch; nightdesk once")
def once(context: typer.Context, now: Now = None, as_json: AsJson = False) -> None:
    """Post all that is due now, then stop. It never waits for a gap and reads no source."""
    from bot.dispatch import run_pass
    from bot.stopping import Bell, stopping_on_signals

    bell = Bell()
    with opened(context, now) as desk, desk.database.instance_lock("once"), stopping_on_signals(bell):
        summary = run_pass(desk, lambda step: _tell(in_words(desk, step)), lambda: bell.stopped)
        _say_what_stops(desk)
    for trouble in summary.troubles:
        output.note(output.about(trouble.account, trouble.message))
    _say_what_to_do(summary, desk.settings.rehearsal)
    if as_json:
        output.json_line(summary.as_json())
    else:
        output.say(_in_one_line(summary))
    raise typer.Exit(summary.exit_status())


def _tell(words: str) -> None:
    """Where nothing can be said any more the work goes on all the same: calls are under way, and are written down."""
    with suppress(OSError):
        output.note(words)


@commands.command(epilog="Example: nightdesk --home /srv/newsroom run")
def run(context: typer.Context) -> None:
    """Stay, read the sources and post what comes due. SIGTERM or Ctrl-C ends it cleanly."""
    from bot import daemon

    house = logging.getLogger("bot")
    house.setLevel(min(logging.INFO, house.level))
    with opened(context) as desk, desk.database.instance_lock("run"):
        daemon.run(desk)


def in_words(desk: Nightdesk, step: Step) -> str:
    """What became of one delivery, for whoever watches."""
    if step.delivery is None:
        return (
            f"{step.account}: {step.missed} missed, {step.reason}" if step.missed else f"{step.account}: {step.reason}"
        )
    state = "queued again" if step.state is State.QUEUED else str(step.state)
    told = f"{step.account}: d{step.delivery} {_named(desk, step)} {state}"
    if step.state is State.UNCONFIRMED:
        return f"{told}: it may be live ({step.detail or step.reason})"
    return ": ".join(part for part in (told, step.reason, step.url) if part)


def _named(desk: Nightdesk, step: Step) -> str:
    """The post's title and whether it is live; nothing where the database cannot say it now, for the work goes on."""
    from bot.store import articles, deliveries

    if step.title:
        return f"“{step.title}” ({output.mode(step.live)})"
    try:
        with desk.database.read() as tx:
            delivery = deliveries.get(tx, step.delivery) if step.delivery else None
            title = articles.get(tx, delivery.article).title if delivery else ""
    except TryAgainLater:
        return ""
    return f"“{title}” ({output.mode(delivery.live)})" if delivery else ""


def _in_one_line(summary: Summary) -> str:
    counts = summary.as_json()
    due, missed = counts.pop("due"), counts.pop("missed")
    became = [f"{count} {_SHORT.get(name, name)}" for name, count in counts.items() if count]
    line = f"{due} due: {', '.join(became)}" if due else "Nothing was due"
    return f"{line}; {output.counted(missed, 'slot')} missed." if missed else f"{line}."


_SHORT = {"requeued": "queued again"}


def _say_what_stops(desk: Nightdesk) -> None:
    """Why accounts sent nothing, if something stops them; a database that cannot say it now changes no pass."""
    from bot.cli.standing import stops, waits

    with suppress(TryAgainLater):
        for words in (*(stop.words for stop in stops(desk)), *waits(desk)):
            output.note(words)


def _say_what_to_do(summary: Summary, sandbox: str) -> None:
    """`sandbox`: where rehearsed posts go."""
    if summary.as_json()["unconfirmed"]:
        output.note(
            "An unconfirmed post may be live: it is looked for by itself; `nightdesk resolve` is for what you saw."
        )
    if summary.sandbox_not_reached:
        output.note(f"Is `nightdesk sandbox` running? The settings expect it at {sandbox}.")
