"""How a run is asked to stop: SIGTERM and SIGINT are noted, and what is under way is finished first."""

from __future__ import annotations

import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType


@dataclass(slots=True)
class Bell:
    """Wakes the dispatcher, and says whether it is to stop. Safe to ring in a signal handler, as an Event is not."""

    stopped: bool = False
    _rings: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)

    def ring(self) -> None:
        self._rings.put(None)

    def stop(self) -> None:
        self.stopped = True
        self.ring()

    def wait(self) -> bool:
        """Until it rings; many rings are one. True while the work goes on."""
        self._rings.get()
        while not self._rings.empty():
            self._rings.get()
        return not self.stopped


@contextmanager
def stopping_on_signals(bell: Bell) -> Iterator[None]:
    """SIGTERM and SIGINT ask for an end; the old handlers come back afterwards."""

    def stop(number: int, frame: FrameType | None) -> None:
        bell.stop()

    old = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
