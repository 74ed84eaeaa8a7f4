"""Named places where a test may kill the process, to prove that nothing is lost or doubled there.

Set `NIGHTDESK_CRASH_AT=name` (or `name:3` for the third time it is reached) and the process ends with SIGKILL
at `reach("name")`, as if the power had gone. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal

_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die here if the environment asks for it."""
    wanted, _, count = os.environ.get("NIGHTDESK_CRASH_AT", "").partition(":")
    if wanted != name:
        return
    _reached[name] = _reached.get(name, 0) + 1
    if _reached[name] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
