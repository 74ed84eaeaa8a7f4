"""Starts `nightdesk` processes quickly: one process that has everything imported forks each of them.

A child is a whole process with its own memory, connections and signals, and runs the same `main` as the command does;
it only saves the second that importing takes. Run as a module it is the mother: it reads orders, one JSON object a
line, and tells the births and deaths. `Nursery` is the harness's side of it.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PR_SET_PDEATHSIG = 1  # Linux; see prctl(2)
PROGRAMS = {"nightdesk": "bot.cli.main", "naive": "faults.naive"}
IMPORTED = ("bot.app", "bot.daemon", "bot.dispatch", "bot.status", "bot.platforms.x", "bot.platforms.facebook",
            "bot.compose", "bot.cli.standing", "tweepy", "pyfacebook", "psycopg", *PROGRAMS.values())  # fmt: skip


class Process:
    """One child: its pid, and how it ended (None while it lives; a signal counts below zero)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = threading.Event()
        self.status: int | None = None

    def wait(self, seconds: float) -> int | None:
        self.ended.wait(seconds)
        return self.status

    def signal(self, number: int) -> None:
        """Send it a signal; nothing happens when it has ended."""
        if self.status is None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass  # it ended just now

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.ended.wait(10)


class Nursery:
    """Starts processes. Safe to use from many threads."""

    def __init__(self) -> None:
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        self._turn, self._born = threading.Lock(), threading.Condition()
        self._children: dict[int, Process] = {}
        self._answers: dict[int, Process] = {}
        self._orders = 0
        self._listener = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._listener.start()

    def start(
        self,
        program: str,
        words: Sequence[str],
        output: Path,
        environment: Mapping[str, str] | None = None,
        files: int | None = None,
    ) -> Process:
        """A process of `program` with these arguments; what it says is appended to the file `output`.

        `files`: how many files and sockets it may have open.
        """
        order: dict[str, Any] = {"program": program, "words": list(words), "output": str(output)}
        order |= {"env": dict(environment or {}), "files": files}
        with self._turn:
            self._orders += 1
            number = order["order"] = self._orders
            assert self._mother.stdin is not None
            self._mother.stdin.write(json.dumps(order) + "\n")
            self._mother.stdin.flush()
        with self._born:
            self._born.wait_for(lambda: number in self._answers or self._mother.poll() is not None, 30)
            assert number in self._answers, "the nursery has died"
            return self._answers.pop(number)

    def _listen(self) -> None:
        assert self._mother.stdout is not None
        for line in self._mother.stdout:
            told = json.loads(line)
            with self._born:
                if "order" in told:
                    self._answers[told["order"]] = self._children[told["pid"]] = Process(told["pid"])
                else:
                    child = self._children.pop(told["pid"])
                    child.status = told["status"]
                    child.ended.set()
                self._born.notify_all()
        with self._born:
            self._born.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close: whoever still lives is killed."""
        with self._born:
            alive = list(self._children.values())
        for child in alive:
            child.signal(signal.SIGKILL)
        assert self._mother.stdin is not None
        self._mother.stdin.close()
        self._mother.wait(30)
        self._listener.join(10)
        assert self._mother.stdout is not None
        self._mother.stdout.close()


# -- the mother's side -------------------------------------------------------------------------------------------


def main() -> None:
    """Read orders until stdin ends, then wait for nobody."""
    os.environ["NIGHTDESK_CRASH_AT"] = "nowhere"  # so that failpoints are looked at, in the children
    for name in IMPORTED:
        importlib.import_module(name)
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    buffer = b""
    while True:
        ready = select.select([0, reading], [], [])[0]
        if reading in ready:
            os.read(reading, 65_536)
        _bury()
        if 0 in ready:
            chunk = os.read(0, 65_536)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                _bear(json.loads(line))


def _bear(order: dict[str, Any]) -> None:
    mother = os.getpid()
    pid = os.fork()
    if pid == 0:
        _die_with(mother)
        _live(order)
    _tell(order=order["order"], pid=pid)


def _die_with(mother: int) -> None:
    """However the mother ends, her children end with her: nothing is left to run on."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != mother:
        os._exit(1)


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _tell(pid=pid, status=os.waitstatus_to_exitcode(status))


def _tell(**told: int) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _live(order: dict[str, Any]) -> None:
    """The child: never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update({"NIGHTDESK_CRASH_AT": "", **order["env"]})
        importlib.import_module("bot.failpoints").obey(os.environ)
        if order["files"]:
            resource.setrlimit(resource.RLIMIT_NOFILE, (order["files"], order["files"]))
        sys.argv = [order["program"], *order["words"]]
        importlib.import_module(PROGRAMS[order["program"]]).main()
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


if __name__ == "__main__":
    main()
