"""The family `nightdesk templates`: how posts are written, looked at before anything is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output
from bot.cli.home import AsJson, opened
from bot.cli.output import Line

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.trial import BenchLine, CheckLine, TemplateLine

templates = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
commands = typer.Typer(rich_markup_mode=None)
commands.add_typer(
    templates,
    name="templates",
    help="How posts are written, tried before anything is posted.",
    epilog="Example: nightdesk templates check",
)

TEMPLATE_FAILED, CANNOT_FIT = 3, 4
USUAL_NUMBER, MOST_ARTICLES = 100, 10_000
LIST_COLUMNS = ("template", "from", "lines", "accounts")
CHECK_COLUMNS = ("template", "sound")
BENCH_COLUMNS = ("template", "account", "posts", "shortest", "longest", "limit", "cut", "refused", "room", "cost")

Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="Such as posts/x.txt.j2; else all of them.", show_default=False),
]


def _settings(context: typer.Context) -> Settings:
    from bot.configuring import find_home, load

    return load(find_home(context.obj.home))


@templates.command("list", epilog="Example: nightdesk templates list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the templates: where each is and whom it serves."""
    from bot.trial import every

    settings = _settings(context)
    output.listing(
        every(settings),
        record=lambda line: output.record(line, settings.zone),
        columns=LIST_COLUMNS,
        line=_listed,
        as_json=as_json,
        nothing="There are no templates.",
    )


def _listed(line: TemplateLine) -> Line:
    return Line([line.template, line.source, str(line.lines), ", ".join(line.accounts) or "-"])


@templates.command(epilog="Example: nightdesk templates check posts/x.txt.j2")
def check(context: typer.Context, name: Name = None, as_json: AsJson = False) -> None:
    """Look for mistakes, each told with file and line. Exit 3 if there is one."""
    from bot.trial import check as checked

    settings = _settings(context)
    lines = list(checked(settings, name))
    output.listing(
        lines,
        record=lambda line: output.record(line, settings.zone),
        columns=CHECK_COLUMNS,
        line=_checked,
        as_json=as_json,
        nothing="There are no templates.",
    )
    raise typer.Exit(0 if all(line.ok for line in lines) else TEMPLATE_FAILED)


def _checked(line: CheckLine) -> Line:
    return Line([line.template, "yes" if line.ok else "no"], [line.error or ""])


@templates.command(epilog="Example: nightdesk templates bench posts/x.txt.j2 --last 500")
def bench(
    context: typer.Context,
    name: Name = None,
    last: Annotated[
        int, typer.Option("--last", min=1, max=MOST_ARTICLES, metavar="N", help="How many of the newest articles.")
    ] = USUAL_NUMBER,
    as_json: AsJson = False,
) -> None:
    """Write posts for the newest articles, and send none. Tells lengths, what was cut, refused, and the cost.

    Without NAME each account's own template is tried. Exit 4 if a post cannot fit, 3 if a template has a mistake.
    """
    from bot.trial import bench as benched

    with opened(context) as desk:
        lines: list[BenchLine] = []
        for line in benched(desk, name, last=last):
            output.progress(f"{line.account}: {line.articles} posts written")
            lines.append(line)
        output.listing(
            lines,
            record=lambda line: output.record(line, desk.settings.zone),
            columns=BENCH_COLUMNS,
            line=_benched,
            as_json=as_json,
            nothing="There are no accounts yet.",
        )
    if not any(line.articles for line in lines):
        output.note("There are no articles yet: `nightdesk add` or `nightdesk fetch` brings some.")
    raise typer.Exit(_status(lines))


def _benched(line: BenchLine) -> Line:
    figures = [line.articles, line.shortest, line.longest, line.limit, line.cut, line.refused + line.failed, line.room]
    cells = [line.template, line.account, *("-" if figure is None else f"{figure:g}" for figure in figures)]
    return Line([*cells, f"${line.cost:.3f}"], [line.error or ""])


def _status(lines: list[BenchLine]) -> int:
    if any(line.failed for line in lines):
        return TEMPLATE_FAILED
    return CANNOT_FIT if any(line.refused for line in lines) else 0
