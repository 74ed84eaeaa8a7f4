"""What is done beside the turns of the desk: closed doors are asked, unclear posts are looked for on their timelines.

Each is a call to a platform that may take its whole deadline, so it has a thread of its own and keeps no post from its
minute. What such a look lets go on, an account or an app, is served in the same pass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from types import TracebackType

from bot import asking, reconcile
from bot.errors import TryAgainLater
from bot.nightdesk import Nightdesk
from bot.summary import Step

log = logging.getLogger(__name__)

AT_A_TIME = 4


class Beside:
    """Threads for one pass; used as a context, at whose end they finish what they have begun."""

    def __init__(self, desk: Nightdesk) -> None:
        self._desk = desk
        self._pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="look")
        self._doors: dict[str, Future[object]] = {}
        self._looks: dict[int, Future[object]] = {}

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def busy(self) -> bool:
        return bool(self._doors or self._looks)

    def begin(self) -> None:
        """Begin whatever may be asked or looked for by now and is not under way."""
        desk = self._desk
        for door in asking.due_doors(desk):
            if door.key not in self._doors:
                self._doors[door.key] = self._start(partial(asking.ask, desk, door))
        for attempt in reconcile.due(desk):
            if attempt not in self._looks:
                self._looks[attempt] = self._start(partial(reconcile.look, desk, attempt))

    def finished(self, seconds: float) -> list[Step]:
        """What has come of them; waits so long at most for the first to end."""
        under_way = [*self._doors.values(), *self._looks.values()]
        done = wait(under_way, timeout=seconds, return_when=FIRST_COMPLETED).done
        opened = any(future in done and future.result() for future in self._doors.values())
        self._doors = {key: future for key, future in self._doors.items() if future not in done}
        self._looks = {attempt: future for attempt, future in self._looks.items() if future not in done}
        if opened:
            self.begin()  # what had to wait behind the door
        return [step for future in done if isinstance(step := future.result(), Step)]

    def _start(self, work: Callable[[], object]) -> Future[object]:
        return self._pool.submit(_apart, work)


def _apart(work: Callable[[], object]) -> object:
    """Whatever goes wrong with one look is its own; it comes due again."""
    try:
        return work()
    except TryAgainLater as error:
        log.warning("%s", error)
    except Exception:
        log.exception("A look at a platform ended with a mistake in Nightdesk; please report it.")
    return None
