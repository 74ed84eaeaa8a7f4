"""Nightdesk posting under a stopwatch: what CPU each kind of thread took a post, and in which functions.

Run like `bench.posting.desk`, by `bench.profile_delivery`; $NIGHTDESK_BENCH_TOP is how many functions are shown (0: the
threads' totals alone, which costs nothing while they run). The report goes to stderr.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.posting import desk
from bench.posting.contender import Posting, take_part

DESK = "desk thread"
Function = tuple[str, int, str]
Figures = tuple[int, int, float, float, Any]


class Watch:
    """CPU seconds of each kind of thread, and their profiles."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.cpu: dict[str, float] = defaultdict(float)
        self.threads: dict[str, int] = defaultdict(int)
        self._profiles: dict[str, list[cProfile.Profile]] = defaultdict(list)
        self._lock = threading.Lock()

    @contextmanager
    def over(self, kind: str) -> Iterator[None]:
        """Watch the calling thread while the block runs, on a clock that stands still while it does."""
        profile = cProfile.Profile(time.thread_time) if self.top else None
        start = time.thread_time()
        if profile:
            profile.enable()
        try:
            yield
        finally:
            if profile:
                profile.disable()
            with self._lock:
                self.cpu[kind] += time.thread_time() - start
                self.threads[kind] += 1
                if profile:
                    self._profiles[kind].append(profile)

    def report(self, posts: int) -> str:
        lines = ["CPU a post:"]
        for kind, seconds in sorted(self.cpu.items(), key=lambda pair: -pair[1]):
            lines.append(f"  {seconds / posts * 1e6:8.0f} µs  {kind} ({self.threads[kind]})")
        for kind, profiles in self._profiles.items():
            lines += ["", f"{kind}, where it goes (µs a post, the profiler's own cost included):"]
            lines += _functions(profiles, posts, self.top)
        return "\n".join(lines)


def _functions(profiles: list[cProfile.Profile], posts: int, top: int) -> Iterator[str]:
    """The rooms by their own time, then the functions by theirs, with calls a post and the time of all they call."""
    stats = pstats.Stats(*profiles, stream=open(os.devnull, "w"))  # noqa: SIM115
    figures: dict[Function, Figures] = stats.stats  # type: ignore[attr-defined]
    rooms: dict[str, float] = defaultdict(float)
    for function, (_, _, own, _, _) in figures.items():
        rooms[_room(function)] += own
    for room, own in sorted(rooms.items(), key=lambda pair: -pair[1])[:top]:
        yield f"  {own / posts * 1e6:8.0f}  {room}"
    ours = {function: figure for function, figure in figures.items() if _room(function).startswith("bot.")}
    for some, by, title in ((figures, 2, "own time"), (ours, 3, "ours, with all they call")):
        yield f"  {'own':>8} {'with all':>9} {'calls':>7}  {title}"
        for function, (_, calls, own, whole, _) in sorted(some.items(), key=lambda pair: -pair[1][by])[:top]:
            yield f"  {own / posts * 1e6:8.1f} {whole / posts * 1e6:9.1f} {calls / posts:7.2f}  {_name(function)}"


def _room(function: Function) -> str:
    """Whose a function is: a module of ours, a package, a module of Python's own, or a type built in."""
    path, _, name = function
    if path == "~":
        found = re.search(r"of '([\w.]+)'|method (\w+)\.", name)
        return f"built-in: {found[1] or found[2]}" if found else "built-in functions"
    parts = Path(path).with_suffix("").parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    for house in ("bot", "bench"):
        if house in parts:
            return ".".join(parts[len(parts) - parts[::-1].index(house) - 1 :])
    return f"python: {parts[-1] if parts else path}"


def _name(function: Function) -> str:
    path, line, name = function
    if path == "~":
        return name
    room, module = _room(function), Path(path).stem
    return f"{name} ({room}{'' if room.endswith(module) else f', {module}'}:{line})"


@contextmanager
def all_threads(watch: Watch) -> Iterator[None]:
    """Watch every thread that is started while the block runs, and this one as the desk's."""
    run = threading.Thread.run

    def watched(thread: threading.Thread) -> None:
        with watch.over(re.sub(r"[\W_\d]+$", "", re.sub(r"\(.*\)", "", thread.name).strip()) or "thread"):
            run(thread)

    threading.Thread.run = watched  # type: ignore[method-assign]
    try:
        with watch.over(DESK):
            yield
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]


def prepare(told: dict[str, Any]) -> Posting:
    posting = desk.prepare(told)
    watch = Watch(int(os.environ.get("NIGHTDESK_BENCH_TOP", "0")))

    def post_all() -> dict[str, Any]:
        with all_threads(watch):
            said = posting()
        for thread in threading.enumerate():  # one that outlives the pass is told of by its end
            if thread is not threading.current_thread():
                thread.join(timeout=1)
        sys.stderr.write(watch.report(said["published"]) + "\n")
        return said

    return post_all


if __name__ == "__main__":
    with desk.stack:
        take_part(prepare)
