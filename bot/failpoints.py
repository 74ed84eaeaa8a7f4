"""Named places where a test may kill or freeze the process, to prove that nothing is lost or doubled there.

Set `NIGHTDESK_CRASH_AT=name` (or `name:3` for the third time it is reached) and the process ends with SIGKILL
at `reach("name")`, as if the power had gone; `NIGHTDESK_STOP_AT` stops it there with SIGSTOP, as a machine that is
suspended, until somebody sends SIGCONT. Without the variables nothing happens.
"""

from __future__ import annotations

import os
import signal

_SIGNALS = {"NIGHTDESK_CRASH_AT": signal.SIGKILL, "NIGHTDESK_STOP_AT": signal.SIGSTOP}

_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die or stand still here if the environment asks for it."""
    for variable, number in _SIGNALS.items():
        if variable in os.environ:
            _happen(os.environ[variable], name, number)


def _happen(asked: str, name: str, number: signal.Signals) -> None:
    wanted, _, count = asked.partition(":")
    if wanted != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] == int(count or 1):
        os.kill(os.getpid(), number)
