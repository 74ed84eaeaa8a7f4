"""The file `data/last-run` in the home: how far the database had come when it was last used.

It is written after the database, so a crash can only leave it behind. One that is ahead tells that the database has
been replaced by an older copy.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """`database` is its own random name; `run` a number that grows while it is used; `attempt` the newest one's id."""

    database: str
    run: int
    attempt: int
    at: datetime


def read(home: Path) -> LastRun | None:
    """What the file says; None where there is none, or one that cannot be understood."""
    try:
        told = json.loads(_file(home).read_text("utf-8"))
        at = datetime.fromisoformat(told["at"])
        found = LastRun(database=str(told["database"]), run=int(told["run"]), attempt=int(told["attempt"]), at=at)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if at.tzinfo else None


def write(home: Path, last: LastRun) -> None:
    """Replace the file in one step, so that nobody ever reads half of it. Raises OSError."""
    file = _file(home)
    file.parent.mkdir(exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    told = {"database": last.database, "run": last.run, "attempt": last.attempt, "at": last.at.isoformat()}
    new.write_text(json.dumps(told) + "\n", "utf-8")
    os.replace(new, file)


def _file(home: Path) -> Path:
    return home / "data" / "last-run"
