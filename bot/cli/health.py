"""The command `nightdesk status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output
from bot.cli.home import AsJson, Now, opened, spoken, zone_of
from bot.cli.output import Line, Record

if TYPE_CHECKING:
    from datetime import datetime

    from bot.health import AccountHealth, Closed, DeskHealth, Totals
    from bot.nightdesk import Nightdesk
    from bot.tasks import Task

commands = typer.Typer(rich_markup_mode=None)

COLUMNS = ("account", "mode", "queued", "due", "in flight", "held", "unconfirmed", "next", "health")
MOST_CLOSED = 10  # that are named on a terminal; each account's own line says more


@commands.command(epilog="Example: nightdesk status || mail -s 'Nightdesk needs you' editor@news.example")
def status(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="All accounts and tasks, however many they are.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the desk is healthy. Exit 0: yes; 4: a person is needed; 75: something is due and nobody works."""
    from bot.status import status as health_of

    with opened(context, now) as desk:
        health = health_of(desk, everything=everything)
        if as_json:
            output.json_line(_record(desk, health))
        else:
            _tell(desk, health)
    raise typer.Exit(health.exit_status)


def _record(desk: Nightdesk, health: DeskHealth) -> Record:
    zone = desk.settings.zone
    listed = ("paused", "closed", "doors", "sources")
    return {
        "healthy": health.exit_status == 0,
        "health": health.health,
        "last_pass": output.jsonable(health.last_pass, zone),
        **output.record(health.totals, zone),
        "oldest": health.oldest and output.record(health.oldest, zone_of(desk.settings, health.oldest.account)),
        "tasks": [output.record(task, zone_of(desk.settings, task.account)) for task in health.tasks],
        "more_tasks": health.more_tasks,
        "accounts": [output.record(account, zone_of(desk.settings, account.account)) for account in health.accounts],
        "more_accounts": health.more_accounts,
        **{name: output.jsonable(getattr(health, name), zone) for name in listed},
    }


def _tell(desk: Nightdesk, health: DeskHealth) -> None:
    last = f"the last pass was {spoken(desk, None, health.last_pass)}" if health.last_pass else "no pass has run yet"
    output.heading(f"{str(health.health).capitalize()}; {last}.")
    for sentence in _sentences(desk, health):
        output.heading(sentence)
    output.listing(
        health.accounts,
        record=lambda account: output.record(account, zone_of(desk.settings, account.account)),
        columns=COLUMNS,
        line=lambda account: _line(desk, account),
        as_json=False,
        nothing="The settings have no accounts.",
    )
    if health.more_accounts:
        output.note(f"{_and(health.more_accounts, 'account')} not shown; `nightdesk status --all` lists all.")
    for source in health.sources:
        if source.error:
            output.note(f"Source {source.source}: failed {source.failures} times in a row: {source.error}")


def _sentences(desk: Nightdesk, health: DeskHealth) -> Iterator[str]:
    yield _counted(health.totals)
    if oldest := health.oldest:
        since, reason = spoken(desk, oldest.account, oldest.since), f" ({oldest.reason})" if oldest.reason else ""
        state = f"{oldest.state}{reason}, waiting since {since}"
        yield f"Oldest not ended: {oldest.delivery} {oldest.title} on {oldest.account}, {state}."
    for pause in health.paused:
        scope = "Everything" if pause.scope == "all" else pause.scope.replace(":", " ").capitalize()
        yield f"{scope} is paused{_until(desk, pause.until)}: {pause.reason}"
    for door in health.doors:
        yield f"The app {door.name} is closed{_until(desk, door.until)}: {door.reason}"
    yield from (_closed(desk, lane) for lane in health.closed[:MOST_CLOSED])
    if len(health.closed) > MOST_CLOSED:
        yield f"{_and(len(health.closed) - MOST_CLOSED, 'account')} closed."
    if health.tasks:
        yield "To do:"
    yield from (f"  {_task(desk, task)}" for task in health.tasks)
    if health.more_tasks:
        yield f"  {_and(health.more_tasks, 'task')} not shown; `nightdesk status --all` lists all."


def _counted(totals: Totals) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(totals.unconfirmed_for.items()))
    told = {
        "queued": totals.queued,
        "due": totals.due,
        "in flight": totals.in_flight,
        "held": totals.held,
        "unconfirmed": totals.unconfirmed,
        "late": totals.late,
    }
    line = ", ".join(f"{number:,} {name}" for name, number in told.items())
    return f"{line} ({reasons})." if reasons else f"{line}."


def _task(desk: Nightdesk, task: Task) -> str:
    subject = " ".join(part for part in (task.delivery, task.title and f"“{task.title}”") if part)
    where = f"{subject} on {task.account}" if subject else task.account or ""
    due = f", due {spoken(desk, task.account, task.since)}" if task.since else ""
    told = f"{where}{due}: {task.what}" if where else task.what
    return f"{told} → {task.command}"


def _closed(desk: Nightdesk, lane: Closed) -> str:
    return f"{lane.name} is closed{_until(desk, lane.until, lane.name)}: {lane.reason}"


def _until(desk: Nightdesk, until: datetime | None, account: str | None = None) -> str:
    return f" until {spoken(desk, account, until)}" if until else ""


def _and(number: int, noun: str) -> str:
    return f"And {output.counted(number, f'more {noun}')}"


def _line(desk: Nightdesk, line: AccountHealth) -> Line:
    due = spoken(desk, line.account, line.next_due) if line.next_due else "-"
    numbers = (line.queued, line.due, line.in_flight, line.held, line.unconfirmed)
    counts = [str(count) for count in numbers]
    return Line([line.account, output.mode(line.live), *counts, due, str(line.health)], [line.why])
