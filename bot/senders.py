"""The sender threads: each takes a job, makes its one call, and puts what came of it back for the desk thread.

They know no database. As many threads as there are calls under way, up to the setting; how many intents may be
committed beyond them, so that no sender waits for the desk, grows only while a backlog leaves them idle.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from types import TracebackType

from bot import clock
from bot.claim import Answered, Job
from bot.delivery import Outcome, Remedy, Result
from bot.failpoints import reach

LEAST_AHEAD, MOST_AHEAD = 4, 128
"""Intents committed beyond the senders' number. After a crash each is an unconfirmed post, so few unless they help."""
STARVED = 4  # the part of the senders, a fourth, that must be idle before more is committed ahead of them
LINGER = 0.01  # seconds in which more outcomes may come in, to share one transaction
MOST_A_TURN = 200

log = logging.getLogger(__name__)


class Senders:
    """`most` threads at the most. Used as a context: at its end they finish what they have."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.flying = 0
        self.ahead = LEAST_AHEAD
        self.most_ahead = 0
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Answered] = queue.SimpleQueue()
        self._crew: list[threading.Thread] = []

    def __enter__(self) -> Senders:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for _ in self._crew:
            self._jobs.put(None)
        for thread in self._crew:
            thread.join()
        for lost in self.finished(wait=0) if kind else ():
            log.error("%s: an outcome was not written: %s", lost.lease.account.name, lost.answer)

    def room(self, written: int) -> int:
        """How many more lanes may be claimed now; `written` posts wait for their intent."""
        return min(MOST_A_TURN, self.most + self.ahead - self.flying - written)

    def start(self, jobs: Sequence[Job], *, backlog: bool) -> None:
        """Hand jobs over, after the commit of what they need. `backlog`: more lanes are due than could be claimed."""
        if not jobs:
            return
        idle = self._done.qsize()  # so many have come back since the desk last looked
        starved = backlog and self._jobs.empty() and idle * STARVED >= self.most
        self.ahead = min(MOST_AHEAD, self.ahead * 2) if starved else max(LEAST_AHEAD, self.ahead - 1)
        self.flying += len(jobs)
        self.most_ahead = max(self.most_ahead, self.flying - self.most)
        for job in jobs:
            self._jobs.put(job)
        while len(self._crew) < min(self.most, self.flying):
            thread = threading.Thread(target=self._work, name=f"sender {len(self._crew) + 1}", daemon=True)
            self._crew.append(thread)
            thread.start()

    def finished(self, wait: float) -> list[Answered]:
        """What has come back. Waits up to `wait` seconds for the first, then a moment: one commit serves many."""
        answers: list[Answered] = []
        try:
            if wait and self.flying:
                answers.append(self._done.get(timeout=wait))
                if self.flying > 1:
                    clock.wait(LINGER)
            while True:
                answers.append(self._done.get_nowait())
        except queue.Empty:
            pass
        self.flying -= len(answers)
        return answers

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            reach("calling")
            try:
                answer = job.call()
            except Exception as error:  # whatever broke, the request may have been taken
                log.exception("%s: a call ended with a mistake in Nightdesk", job.lease.account.name)
                words = f"a mistake in Nightdesk: {type(error).__name__}; the post may be live"
                answer = Result(outcome=Outcome.UNKNOWN, remedy=Remedy.LOOK, error=words)
            reach("called")
            self._done.put(Answered(lease=job.lease, answer=answer))
