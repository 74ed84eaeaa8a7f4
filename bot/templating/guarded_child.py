"""Tries templates in a process of its own, under limits: `bot.templating.guarded` starts it and reads its answers.

`python -m bot.templating.guarded_child` reads lines of JSON from stdin: first the folders and the limits (`memory` in
bytes, `cpu_seconds` for each request, `fit_seconds` for cutting what a template gives), then requests, each answered by
one line on stdout. It knows no secrets.
"""

from __future__ import annotations

import json
import math
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import in_zone
from bot.errors import CannotFit, TemplateFailed
from bot.post import Limit
from bot.templating.templates import Templates, printed
from bot.templating.vocabulary import SAMPLE
from bot.text.fit import FitMisused, solve

TOO_COSTLY = {"costly": True}
_LONG = "Şablona verilə biləcək ən uzun başlıq və xülasə. " * 2_000  # about 100,000 letters, the costly ones among them
_LONG_FIELD = 500
_LIMITS = (Limit(280, len), Limit(63_206, len))  # a narrow and a wide one, about as platforms have them
_EMPTY: Mapping[type, object] = {str: "", list: [], bool: False}


def main() -> int:
    head = json.loads(sys.stdin.buffer.readline())
    limit(resource.RLIMIT_AS, head["memory"])
    limit(resource.RLIMIT_CORE, 0)
    weigh = Scales(head["cpu_seconds"], head["fit_seconds"])
    templates = Templates([Path(folder) for folder in head["folders"]], before_use=weigh)
    for line in sys.stdin.buffer:
        allow_seconds(head["cpu_seconds"])
        sys.stdout.write(json.dumps(answer(templates, line, weigh)) + "\n")
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


@dataclass(frozen=True, slots=True)
class Scales:
    """Sees what a template costs, under limits of processor time for what it prints and for cutting that."""

    cpu_seconds: float
    fit_seconds: float

    def __call__(self, name: str, source: str) -> None:
        """Prints an endless and a long article with a template of this text, and cuts the long one to a limit.

        Raises TemplateFailed for a mistake that shows without an article, and for taking too much memory; what takes
        too much time is ended by the kernel. That an endless article gives too much text is no mistake.
        """
        template, text = Templates([]).compile(name, source), ""
        for length in (len(_LONG), _LONG_FIELD):
            try:
                text = printed(template, name, {field: endless(value, length) for field, value in SAMPLE.items()})
            except TemplateFailed as error:
                if _is_costly(error):
                    raise
        allow_seconds(self.fit_seconds)
        for most in _LIMITS:
            with suppress(CannotFit, FitMisused):
                solve(text, most)
        allow_seconds(self.cpu_seconds)


def answer(templates: Templates, line: bytes, weigh: Scales) -> dict[str, Any]:
    """What became of one request: a text, or why there is none."""
    try:
        request = json.loads(line)
    except MemoryError:
        return TOO_COSTLY
    name = request["name"]
    try:
        if "asked" in request:
            return {"asked": templates.asked(name)}
        if "values" in request:
            return {"text": templates.render(name, with_date(request["values"]))}
        if "source" in request:
            weigh(name, request["source"])
        else:
            try_out(templates, name)
            allow_seconds(weigh.cpu_seconds)
            try_all_parts(templates, name)
    except TemplateFailed as error:
        if _is_costly(error):
            return TOO_COSTLY
        return {"message": error.message, "hint": error.hint}
    except (MemoryError, RecursionError):
        return TOO_COSTLY
    except Exception as error:  # nobody foresaw it; the child lives on, and the template's author hears of it
        return {"message": f"{name} cannot be tried: Python failed ({type(error).__name__}).", "hint": ""}
    return {"text": ""}


def _is_costly(error: TemplateFailed) -> bool:
    return isinstance(error.__cause__, MemoryError)


def try_out(templates: Templates, name: str) -> None:
    """Checks the template, then prints two articles with it: a usual one, and one with nothing in it."""
    templates.check(name)
    templates.render(name, SAMPLE)
    templates.render(name, {field: nothing(value) for field, value in SAMPLE.items()})


def try_all_parts(templates: Templates, name: str) -> None:
    """Prints what any article could have, with each of the first choices, and what one without a date could."""
    for take in range(3):
        templates.render_all_parts(name, SAMPLE, take=take)
    templates.render_all_parts(name, {**SAMPLE, "published": None}, but="published")


def nothing(value: object) -> object:
    return value if isinstance(value, dict) else _EMPTY.get(type(value))


def endless(value: object, most: int = len(_LONG)) -> object:
    """A text of about that many letters, a hundred of at most a thousand for a list; the rest as it is."""
    if isinstance(value, str):
        return _LONG[:most]
    return [f"{number} {_LONG[: min(most, 1_000)]}" for number in range(100)] if isinstance(value, list) else value


def with_date(values: dict[str, Any]) -> dict[str, Any]:
    """The values with their date, which JSON has no way to write."""
    moment = values.get("published")
    if not moment:
        return values
    return {**values, "published": in_zone(datetime.fromisoformat(moment["at"]), ZoneInfo(moment["zone"]))}


if __name__ == "__main__":
    sys.exit(main())
