"""Commands that look ahead: plan, preview."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, opened, spoken, zone_of
from bot.cli.output import Line
from bot.cli.times import Direction

if TYPE_CHECKING:
    from bot.nightdesk import Nightdesk
    from bot.planning import PlanLine

commands = typer.Typer(rich_markup_mode=None)

CANNOT_FIT, TEMPLATE_FAILED = 4, 3
LONGEST_PLAN = 366  # days
PLAN_COLUMNS = ("at", "account", "mode", "post", "article")


@commands.command(epilog="Example: nightdesk plan --days 2")
def plan(
    context: typer.Context,
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Begin then (else now), such as 3d or 2026-11-22.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST_PLAN, metavar="N", help="How many days.")] = 7,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """List what would go out in the days to come. Slots that nothing is there for are listed too."""
    from bot.planning import plan as foreseen

    with opened(context, now) as desk:
        begin = None
        if start is not None:
            moment = desk.clock.desk_now()
            begin = times.moment(start, zone=desk.settings.zone, now=moment, direction=Direction.AHEAD)
        live = _live_accounts(desk)
        output.listing(
            foreseen(desk, start=begin, length=timedelta(days=days)),
            record=lambda line: output.record(line, zone_of(desk.settings, line.account)),
            columns=PLAN_COLUMNS,
            line=lambda line: _plan_line(desk, line, line.account in live),
            as_json=as_json,
            nothing="Nothing is foreseen: the queue is empty, and no account has a timetable.",
        )


@commands.command(epilog="Example: nightdesk preview a12 --account x-main --html preview.html")
def preview(
    context: typer.Context,
    article: Annotated[
        str | None,
        typer.Argument(
            metavar="[ARTICLE]", help="Its id (a12), address or words; else all that waits.", show_default=False
        ),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="A", help="Only for this account; may be repeated."),
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Try this template instead of the accounts'.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write a page that looks like X and Facebook.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Show exactly what would be sent. Exit 4 if a post cannot fit."""
    from bot.cli import previewing
    from bot.finding import article_named
    from bot.preview import preview as previews

    status = 0
    if html is not None:
        previewing.refuse_place(html)
    with opened(context, now) as desk:
        found = None
        if article is not None:
            with desk.database.read() as tx:
                found = article_named(tx, article)
        any_shown, kept = False, []
        for each in previews(desk, article=found, accounts=account or (), template=template):
            any_shown = True
            if html is not None:
                kept.append(each)
            previewing.tell(each, zone_of(desk.settings, each.line.account), as_json)
            if each.line.error:
                status = status or (CANNOT_FIT if each.line.length is not None else TEMPLATE_FAILED)
        if not any_shown:
            output.note("Nothing waits; name an article to see it anyway.")
        if html is not None:
            previewing.write_page(html, kept, desk.clock.desk_now().astimezone(desk.settings.zone))
    raise typer.Exit(status)


def _live_accounts(desk: Nightdesk) -> set[str]:
    with desk.database.read() as tx:
        return {name for name, account in desk.settings.accounts.items() if desk.is_live(tx, account)}


def _plan_line(desk: Nightdesk, line: PlanLine, live: bool) -> Line:
    at = spoken(desk, line.account, line.at)
    article = line.title or "(nothing is there for this slot)"
    return Line([at, line.account, output.mode(live), line.delivery or "-", article])
