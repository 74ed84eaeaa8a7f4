"""Whether work takes time in proportion to its text, or little at all: compared with itself or with a fixed piece of
work in the same process, so that no machine is too slow for a test."""

from __future__ import annotations

import time
from collections.abc import Callable

INSTANT = 0.5  # seconds: at the sizes of the tests, what quadratic work costs is many times that
TIMES = 10
MOST = 40  # times as long for ten times the text: linear work takes about 10, quadratic work 100


def seconds(work: Callable[[str], object], text: str) -> float:
    """Of processor time, of this process alone."""
    started = time.process_time()
    work(text)
    return time.process_time() - started


def grows_in_proportion(work: Callable[[str], object], piece: str, size: int) -> bool:
    """Whether `size` characters of `piece` after `piece` take about ten times as long as a tenth of them.

    `work` is let off the comparison where the whole takes no time to speak of. A machine that is busy elsewhere may
    spoil one comparison, not three.
    """
    long, short = (piece * max(each // len(piece), 1) for each in (size, size // TIMES))
    return any(seconds(work, long) < max(INSTANT, MOST * seconds(work, short)) for _ in range(3))


def takes_little(work: Callable[[], object], most: float) -> bool:
    """Whether `work` takes less processor time than `most` times a fixed piece of it, some 50 ms in 2026.

    A machine that is busy elsewhere may spoil one comparison, not three.
    """
    return any(seconds(lambda _: work(), "") < most * 5 * seconds(_fixed, "") for _ in range(3))


def _fixed(_: str) -> int:
    return sum(number * number for number in range(200_000))
