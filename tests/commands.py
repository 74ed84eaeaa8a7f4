"""Commands run inside the test's own process, which is quick. Where the process itself matters: `World.command`."""

from __future__ import annotations

import json
import logging
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from bot.cli.main import app


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        """The JSON values it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def rows(self) -> list[list[str]]:
        """The tab-separated rows it printed."""
        return [line.split("\t") for line in self.out.splitlines()]


def nightdesk(*words: str, home: Path | None = None, stdin: str | bytes | None = None) -> Done:
    """Run the command; an error that nobody foresaw is raised as it is."""
    before = ["--home", str(home)] if home else []
    hooks = sys.excepthook, threading.excepthook
    try:
        result = CliRunner().invoke(
            app, prog_name="nightdesk", args=[*before, *words], input=stdin, catch_exceptions=False
        )
    finally:
        sys.excepthook, threading.excepthook = hooks
        logging.getLogger().handlers[:] = [h for h in logging.getLogger().handlers if "bot" not in type(h).__module__]
    return Done(result.exit_code, result.stdout, result.stderr)
