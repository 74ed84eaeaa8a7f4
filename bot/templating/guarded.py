"""Templates that nobody has tried yet: checked and rendered in a process that cannot take much time or memory.

The language itself lets nothing costly through (`bot.templating.language`), and what a post may cost is counted while
it is printed (`bot.templating.effort`). This is the wall behind both, for when a template is saved, checked, previewed
or used for the first time (`bot.templating.firstuse`): what takes too much is ended and refused, and nothing else is
harmed.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.clock import uptime
from bot.errors import TemplateBroken, TemplateFailed, TryAgainLater
from bot.templating import lookup

WALL_SECONDS = 10.0
CPU_SECONDS = 0.5  # for one template, or one article printed with it; milliseconds are usual
FIT_SECONDS = 5.0  # for cutting the longest article there may be; a tenth of a second is usual
MEMORY = 512_000_000  # bytes of address space, of which Python itself and what it loads take about a third
MOST_BYTES = 20_000_000  # of an answer; the longest text that a template may give is shorter, however it is escaped

# What the child may know of our surroundings: enough to start Python, none of the secrets.
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


class TooCostly(TemplateBroken):
    """A template that was ended because it took more processor time or memory than any honest one."""


def check(folders: Sequence[Path], name: str) -> None:
    """As `GuardedTemplates.check`, for one template."""
    with GuardedTemplates(folders) as templates:
        templates.check(name)


def render(folders: Sequence[Path], name: str, values: Mapping[str, object]) -> str:
    """As `GuardedTemplates.render`, for one article."""
    with GuardedTemplates(folders) as templates:
        return templates.render(name, values)


class GuardedTemplates:
    """What `Templates` does, done in a child process under limits. One child serves until it is ended or closed."""

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        wall_seconds: float = WALL_SECONDS,
        cpu_seconds: float = CPU_SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self.folders = tuple(folders)
        self._wall_seconds = wall_seconds
        self._head = {
            "folders": [str(folder.absolute()) for folder in self.folders],
            "memory": memory,
            "cpu_seconds": cpu_seconds,
            "fit_seconds": FIT_SECONDS,
        }
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def find(self, base: str, **article: Any) -> str:
        """As `Templates.find`: it only looks at the names of files."""
        return lookup.find(self.folders, base, **article)

    def check(self, name: str) -> None:
        """Raises TemplateFailed when the template is missing, has a mistake, or costs too much.

        It is tried on made-up articles: a usual one, one without text or date, a long and an endless one.
        """
        self._ask({"name": name}, name)

    def weigh(self, name: str, source: str) -> None:
        """As `check`, for a template of this text instead of a file, and with long and endless articles alone."""
        self._ask({"name": name, "source": source}, name)

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """As `Templates.render`; also raises TemplateFailed when it takes too much time or memory."""
        return str(self._ask({"name": name, "values": dict(values)}, name)["text"])

    def asked(self, name: str) -> list[dict[str, Any]]:
        """As `Templates.asked`, within the same bounds."""
        found: list[dict[str, Any]] = self._ask({"name": name, "asked": True}, name)["asked"]
        return found

    def _ask(self, request: Mapping[str, object], name: str) -> dict[str, Any]:
        child = self._child = self._child or self._started()
        try:
            line = _exchange(child, json.dumps(request, default=_written).encode(), uptime() + self._wall_seconds)
        except TimeoutError:  # maybe only because the machine is busy
            self.close()
            raise TemplateBroken(*_words_for_costly(name)) from None
        if not line.endswith(b"\n"):
            ended_by_a_limit = child.wait() < 0
            self.close()
            if ended_by_a_limit:
                raise too_costly(name)
            raise TemplateBroken(f"{name} cannot be tried: Python failed.")
        answer: dict[str, Any] = json.loads(line)
        if "costly" in answer:
            raise too_costly(name)
        if "message" in answer:
            raise TemplateFailed(answer["message"], answer["hint"])
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        # -P: a file named json.py in the folder we were started from is not imported.
        command = [sys.executable, "-P", "-m", "bot.templating.guarded_child"]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
            )
        except OSError as error:
            raise TryAgainLater(f"No process could be started to try templates: {error}.") from None
        assert child.stdin is not None
        child.stdin.write(json.dumps(self._head).encode() + b"\n")
        return child


def _exchange(child: subprocess.Popen[bytes], request: bytes, deadline: float) -> bytes:
    """The child's answer to a request, without an end when the child died. TimeoutError when there is none in time."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(request + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        return b""
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN)
    answer = bytearray()
    while not answer.endswith(b"\n"):
        if not poll.poll(max(0.0, deadline - uptime()) * 1_000) or len(answer) > MOST_BYTES:
            raise TimeoutError
        piece = os.read(child.stdout.fileno(), 1 << 16)
        if not piece:
            break
        answer += piece
    return bytes(answer)


def too_costly(name: str) -> TooCostly:
    return TooCostly(*_words_for_costly(name))


def _words_for_costly(name: str) -> tuple[str, str]:
    hint = "Make it simpler: fewer texts joined, replaced or repeated."
    return f"{name} takes more time or memory than any honest template.", hint


def _written(value: object) -> object:
    """A date for JSON, with the name of its zone."""
    if not isinstance(value, datetime):
        raise TypeError(f"not a template's value: {value!r}")
    return {"at": value.isoformat(), "zone": getattr(value.tzinfo, "key", None) or "UTC"}
