"""Named places where a test may kill or freeze the process, to prove that nothing is lost or doubled there.

Set `NIGHTDESK_CRASH_AT=name` (or `name:3` for the third time it is reached) and the process ends with SIGKILL
at `reach("name")`, as if the power had gone; `NIGHTDESK_STOP_AT` stops it there with SIGSTOP, like a machine that is
suspended, until somebody sends SIGCONT. Without these variables nothing happens, and `reach` does nothing at all.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

_ASKED = {"NIGHTDESK_CRASH_AT": signal.SIGKILL, "NIGHTDESK_STOP_AT": signal.SIGSTOP}

_left: dict[tuple[str, signal.Signals], int] = {}
_counting = threading.Lock()


def obey(environment: Mapping[str, str]) -> None:
    """Take these orders and forget earlier ones; for a process that was forked from one with orders."""
    _left.clear()
    for variable, number in _ASKED.items():
        name, _, count = environment.get(variable, "").partition(":")
        if name:
            _left[name, number] = int(count or 1)


def _nothing(name: str) -> None:
    """No test asks for anything in this process."""


def _happen(name: str) -> None:
    for number in _ASKED.values():
        if (name, number) in _left:
            with _counting:
                _left[name, number] -= 1
                due = _left[name, number] == 0
            if due:
                os.kill(os.getpid(), number)


obey(os.environ)
reach = _happen if _left else _nothing
