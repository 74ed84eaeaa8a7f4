"""Named places where a test may kill the process, to prove that nothing is lost or doubled there.

Set `NIGHTDESK_CRASH_AT=name` (or `name:3` for the third time it is reached) and the process ends with SIGKILL
at `reach("name")`, as if the power had gone. Without the variable nothing happens, and `reach` does nothing at all.
"""

from __future__ import annotations

import os
import signal
import threading

_wanted, _, _count = os.environ.get("NIGHTDESK_CRASH_AT", "").partition(":")
_left = [int(_count or 1)]
_counting = threading.Lock()


def _nothing(name: str) -> None:
    """No test asks for a crash in this process."""


def _die_at(name: str) -> None:
    if name != _wanted:
        return
    with _counting:
        _left[0] -= 1
        if _left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


reach = _die_at if _wanted else _nothing
