"""The command `nightdesk`: all commands in one place, and what becomes of an error."""

from __future__ import annotations

import logging
import os
import sys
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from bot import __version__, logs
from bot.cli import (
    coming,
    deciding,
    demo,
    health,
    intake,
    logbook,
    looking,
    output,
    queue,
    repairing,
    setup,
    templates,
    work,
)
from bot.cli.home import Options
from bot.errors import AmbiguousName, NightdeskError

INTERRUPTED, PIPE_CLOSED = 130, 141  # 128 and the number of the signal, as shells count

LONGEST_TOLD = 500

log = logging.getLogger(__name__)


class _Commands(TyperGroup):
    """Runs a command and turns our own errors into one sentence and an exit status."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Help comes before any option is looked at: Typer checks options with pydantic, which help can do without."""
        asked = self._asked_about(ctx, args) if "--help" in takewhile("--".__ne__, args) else None
        if asked is None:
            return super().parse_args(ctx, args)
        typer.echo(asked.get_help())
        raise typer.Exit

    def _asked_about(self, ctx: Any, args: list[str]) -> typer.Context | None:
        """The command whose help is asked for; None when one of the words is no command."""
        words = iter(args)
        for word in words:
            known = getattr(ctx.command, "commands", None)
            if word == "--home" and ctx.command is self:
                next(words, None)
            elif known is not None and not word.startswith("-"):
                if word not in known:
                    return None
                ctx = typer.Context(known[word], parent=ctx, info_name=word)
        return cast(typer.Context, ctx)

    def invoke(self, ctx: Any) -> Any:
        try:
            return self._invoke_and_flush(ctx)
        except NightdeskError as error:
            complain(error)
            if isinstance(error, output.OutputLost):
                _drop_output()
            raise typer.Exit(error.exit_status) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _drop_output()  # whoever read it has gone, as `head` does
            raise typer.Exit(PIPE_CLOSED) from None

    def _invoke_and_flush(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        finally:
            output.flush()


def _drop_output() -> None:
    """What is still to be written is given up, so that the interpreter's own last flush does not complain."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - it stays open until the process ends


app = typer.Typer(
    name="nightdesk",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The night desk of an online newspaper: every article posted once, on time, cut to fit.",
    epilog="Start with `nightdesk init`. Each command tells more: nightdesk COMMAND --help",
)


def _say_version(asked: bool) -> None:
    if asked:
        output.say(f"nightdesk {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", metavar="DIR", help="The folder with config/ and templates/ (else $NIGHTDESK_HOME, else here)."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell more on stderr.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    verbose = verbose or bool(os.environ.get("NIGHTDESK_DEBUG"))
    output.prepare_streams()
    logs.set_up(verbose)
    if not verbose:  # the steps of the work are told by the commands themselves; `run` alone keeps a running log
        logging.getLogger("bot").setLevel(logging.WARNING)
    context.obj = Options(home=home, verbose=verbose)


for _family in (demo, setup, intake, queue, coming, templates, work, logbook, looking, health, repairing, deciding):
    app.add_typer(_family.commands)


def complain(error: NightdeskError) -> None:
    """An error for a person: what happened, what it could have meant, and what to do."""
    choices = error.choices if isinstance(error, AmbiguousName) else ()
    for line in (error.message, *(f"  {choice}" for choice in choices), error.hint):
        if line:
            output.note(logs.scrub(line))


def main() -> None:
    """The entry point. What no one foresaw is told in one line, scrubbed; its traceback only to who asks for more."""
    try:
        app(prog_name="nightdesk")
    except Exception as error:
        told = " ".join(logs.scrub(f"{type(error).__name__}: {error}").split())
        output.note(f"This is a mistake in Nightdesk, please report it: {told[:LONGEST_TOLD]}")
        log.debug("The traceback:", exc_info=error)
        sys.exit(1)
