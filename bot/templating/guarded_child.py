"""Tries templates in a process of its own, under limits: `bot.templating.guarded` starts it and reads its answers.

`python -m bot.templating.guarded_child` reads lines of JSON from stdin: first the folders and the limits (`memory` in
bytes, `cpu_seconds` for each request), then requests, each answered by one line on stdout. It knows no secrets.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import TemplateFailed
from bot.templating.templates import Templates
from bot.templating.vocabulary import SAMPLE

TOO_COSTLY = {"costly": True}
_LONG = "Şablona verilə biləcək ən uzun başlıq və xülasə. " * 2_000  # about 100,000 letters, the costly ones among them
_EMPTY: Mapping[type, object] = {str: "", list: [], bool: False}


def main() -> int:
    head = json.loads(sys.stdin.buffer.readline())
    limit(resource.RLIMIT_AS, head["memory"])
    limit(resource.RLIMIT_CORE, 0)
    templates = Templates([Path(folder) for folder in head["folders"]])
    for line in sys.stdin.buffer:
        allow_seconds(head["cpu_seconds"])
        sys.stdout.write(json.dumps(answer(templates, line)) + "\n")
        sys.stdout.flush()
    return 0


def limit(kind: int, most: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    within = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (within, hard))


def allow_seconds(seconds: float) -> None:
    """Processor time for one request; the kernel ends a process that takes more."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)  # the limit counts whole seconds, and all that were ever used
    limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + seconds) + 1)


def answer(templates: Templates, line: bytes) -> dict[str, Any]:
    """What became of one request: a text, or why there is none."""
    try:
        request = json.loads(line)
    except MemoryError:
        return TOO_COSTLY
    name = request["name"]
    try:
        if "values" in request:
            return {"text": templates.render(name, restored(request["values"]))}
        try_out(templates, name)
    except TemplateFailed as error:
        if isinstance(error.__cause__, MemoryError):
            return TOO_COSTLY
        return {"message": error.message, "hint": error.hint}
    except (MemoryError, RecursionError):
        return TOO_COSTLY
    except Exception as error:  # nobody foresaw it; the child lives on, and the template's author hears of it
        return {"message": f"{name} cannot be tried: Python failed ({type(error).__name__}).", "hint": ""}
    return {"text": ""}


def try_out(templates: Templates, name: str) -> None:
    """Checks the template, then prints three articles with it: a usual one, one with nothing in it, an endless one.

    The endless one shows what the template costs; that it may give more text than is allowed is no mistake of it.
    """
    templates.check(name)
    templates.render(name, SAMPLE)
    templates.render(name, {field: nothing(value) for field, value in SAMPLE.items()})
    try:
        templates.render(name, {field: endless(value) for field, value in SAMPLE.items()})
    except TemplateFailed as error:
        if isinstance(error.__cause__, MemoryError):
            raise


def nothing(value: object) -> object:
    return value if isinstance(value, dict) else _EMPTY.get(type(value))


def endless(value: object) -> object:
    if isinstance(value, str):
        return _LONG
    return [f"{number} {_LONG[:1_000]}" for number in range(100)] if isinstance(value, list) else value


def restored(values: dict[str, Any]) -> dict[str, Any]:
    """The values with their date, which JSON has no way to write."""
    moment = values.get("published")
    if not moment:
        return values
    return {**values, "published": datetime.fromisoformat(moment["at"]).astimezone(ZoneInfo(moment["zone"]))}


if __name__ == "__main__":
    sys.exit(main())
