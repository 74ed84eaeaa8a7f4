"""What every contender does in its own process: get ready, wait for the start, post, and say what it took."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Posting = Callable[[], dict[str, Any]]


def take_part(prepare: Callable[[dict[str, Any]], Posting]) -> None:
    """`prepare` makes all ready by what the command line's JSON says; what it gives back does the posting.

    Printed at the end, as JSON: what the posting said, `seconds` and `cpu` (user and system) it took, and `megabytes`,
    the most memory the process ever held.
    """
    posting = prepare(json.loads(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    wall, cpu = time.perf_counter(), time.process_time()
    said = posting()
    took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "megabytes": peak_megabytes()}
    sys.stdout.write(json.dumps({**took, **said}) + "\n")


def peak_megabytes() -> float:
    """Linux's own figure of this program; `ru_maxrss` would start from that of the process that started it."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6
