"""What every Python contender does: read the material, then one pass for each line, and say what CPU time it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def serve(work: Callable[[Any], object], prepare: Callable[[Any], Any] = lambda item: item) -> None:
    """`work` is measured on every item of the material; `prepare` makes the item from its JSON, before that."""
    items = [prepare(item) for item in json.loads(sys.stdin.readline())]
    for _ in sys.stdin:
        start = time.process_time()
        for item in items:
            work(item)
        seconds = time.process_time() - start
        sys.stdout.write(f"{seconds}\n")
        sys.stdout.flush()
