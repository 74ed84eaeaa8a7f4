"""Commands for setting up: init, check, count, sandbox. All but `check` need no home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import output
from bot.cli.home import AsJson

commands = typer.Typer(rich_markup_mode=None)

SANDBOX_PORT = 8390


@commands.command(epilog="Example: nightdesk init newsroom")
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where to; it is made when it is missing.", show_default=False)
    ] = Path(),
) -> None:
    """Write a commented settings file and templates. Nothing is ever overwritten."""
    from bot.configuring import write_starter

    for path in write_starter(folder):
        output.say(str(path))
    there = f"cd {folder} and " if folder != Path() else ""
    output.note(f"Next: {there}put your accounts into config/nightdesk.toml, then run `nightdesk check`.")


@commands.command(epilog="Example: nightdesk check --online")
def check(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each platform whom the credentials belong to.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Validate settings, templates and accounts. Mistakes are told with file and line."""
    from bot.cli.checking import check_home, show

    report = check_home(context.obj.home, online=online)
    show(report, as_json)
    raise typer.Exit(report.exit_status)


@commands.command(epilog="""Example: nightdesk count --platform x "Gas flows again, says the ministry" """)
def count(
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="The texts to measure.")] = None,
    platform: Annotated[str, typer.Option(metavar="NAME", help="Whose measure: x or facebook.")] = "x",
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines; without TEXT, one JSON string a line is read from stdin.")
    ] = False,
) -> None:
    """Measure texts as the platform does. Also tells the limit and the links."""
    from bot.cli import counting

    measure = counting.measure_of(platform)
    if as_json:
        counting.count_lines(measure, texts)
    else:
        counting.count_texts(measure, texts or [])


@commands.command(epilog="Example: nightdesk sandbox --port 8390 --state sandbox.jsonl")
def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen on this machine; 0 takes any free port.")
    ] = SANDBOX_PORT,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep posts in this file; without it they are forgotten at the end."),
    ] = None,
    faults: Annotated[Path | None, typer.Option(metavar="FILE", help="Orders of faults, as JSON.")] = None,
) -> None:
    """Run the rehearsal X and Facebook here. Its page shows both timelines; Ctrl-C ends it."""
    import signal

    from bot.sandbox.server import Sandbox

    server = Sandbox(port, state, faults)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    output.say(f"The sandbox listens at {server.url} (open it in a browser; Ctrl-C ends it).")
    output.flush()
    server.serve_forever()
