"""The command `nightdesk log`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, known_account, known_state, opened, spoken, zone_of
from bot.cli.output import Line, Record
from bot.cli.times import Direction
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.nightdesk import Nightdesk
    from bot.report import LogLine
    from bot.store.logbook import Filter

commands = typer.Typer(rich_markup_mode=None)

ON_A_SCREEN = 50  # rows of the log on a terminal; a pipe gets all
COLUMNS = ("when", "post", "account", "mode", "state", "article")


@commands.command(epilog="Example: nightdesk log --account x-main --since 2d")
def log(
    context: typer.Context,
    account: Annotated[str | None, typer.Option("--account", metavar="A", help="Only this account.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="S", help="Only posts in this state, or missed slots.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="T", help="From then on, such as 2h, 3d or 2026-11-22.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Only posts with all these words.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with a header line.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Stay, and tell each new row, until interrupted.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of each post. A row for each attempt, and for what was skipped or missed without one."""
    if csv and (as_json or follow):
        raise UsageError("--csv goes neither with --json nor with --follow.", "Give one of them.")
    with opened(context, now) as desk:
        wanted = _wanted(desk, account, state, since, search)
        if csv:
            _as_csv(desk, wanted)
        elif follow:
            _follow(desk, wanted, as_json)
        else:
            _list(desk, wanted, as_json)


def _wanted(desk: Nightdesk, account: str | None, state: str | None, since: str | None, search: str | None) -> Filter:
    from bot.delivery import State
    from bot.store.logbook import MISSED, Filter

    start = None
    if since is not None:
        zone = zone_of(desk.settings, account)
        start = times.moment(since, zone=zone, now=desk.clock.desk_now(), direction=Direction.AGO)
    return Filter(
        account=known_account(desk, account),
        state=state and known_state(state, [*State, MISSED]),
        since=start,
        search=search,
    )


def _list(desk: Nightdesk, wanted: Filter, as_json: bool) -> None:
    from bot import report

    if as_json or not output.on_terminal():
        rows: Iterator[LogLine] = report.log(desk, wanted)
    else:
        newest = report.latest(desk, wanted, ON_A_SCREEN + 1)
        if len(newest) > ON_A_SCREEN:
            output.note(
                f"The newest {ON_A_SCREEN} rows; --since and the other filters ask for others, a pipe gets all."
            )
        rows = iter(newest[-ON_A_SCREEN:])
    output.listing(
        rows,
        record=lambda line: _record(desk, line),
        columns=COLUMNS,
        line=lambda line: _line(desk, line),
        as_json=as_json,
        nothing="The log has no such rows.",
    )


def _follow(desk: Nightdesk, wanted: Filter, as_json: bool) -> None:
    from bot import report

    for line in report.follow(desk, wanted):
        if as_json or not output.on_terminal():
            output.stream(_record(desk, line), as_json)
        else:
            shown = _line(desk, line)
            output.say(output.GAP.join([*shown.cells, *filter(None, shown.below)]))
        output.flush()


def _as_csv(desk: Nightdesk, wanted: Filter) -> None:
    from bot import report

    titles = [field.name for field in fields(report.LogLine)]
    output.write_csv((_record(desk, line) for line in report.log(desk, wanted)), titles)


def _record(desk: Nightdesk, line: LogLine) -> Record:
    """The contract's object; when an attempt began and ended is told to the millisecond."""
    zone = zone_of(desk.settings, line.account)
    record = output.record(line, zone)
    for name in ("started_at", "finished_at"):
        moment = getattr(line, name)
        record[name] = moment and moment.astimezone(zone).isoformat(timespec="milliseconds")
    return record


def _line(desk: Nightdesk, line: LogLine) -> Line:
    moment = line.started_at or line.finished_at or line.due_at
    when = spoken(desk, line.account, moment) if moment else "-"
    cells = [when, line.delivery or "-", line.account, output.mode(line.live), line.state, line.title or "-"]
    return Line(cells, [_below(line), line.post_url or ""])


def _below(line: LogLine) -> str:
    """What the attempt came to; where it is not known, what is done about it."""
    from bot import tasks
    from bot.delivery import State

    if line.delivery and line.state in (State.UNCONFIRMED, State.WITHDRAWN):
        told = tasks.told(State(line.state), line.reason, line.delivery)
        return f"{line.error}; {told}" if line.error else told
    return line.error or line.reason
