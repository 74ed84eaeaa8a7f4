"""Following the log: what is in flight is waited for, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import decide
from bot.delivery import Outcome, Result
from bot.report import follow
from bot.store import attempts
from bot.store.logbook import Filter
from tests.databases import start
from tests.world import World, world


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def test_an_attempt_in_flight_is_told_once_when_it_is_finished(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    [added] = made.add("Ferry returns")
    on_x, on_page = added.deliveries
    with made.desk() as desk:
        with desk.database.begin() as tx:
            attempt = start(tx, on_x, now=made.clock.now)

        def skip_the_other() -> None:
            made.clock.forward(minutes=1)
            with desk.database.begin() as tx:
                decide.skip(desk, tx, on_page, reason="", actor="test")

        def finish() -> None:
            with desk.database.begin() as tx:
                result = Result(outcome=Outcome.ACCEPTED, platform_id="1", post_url="https://x.com/courier/status/1")
                attempts.finish(tx, attempt.id, result=result, now=made.clock.real)

        def nothing() -> None:
            pass

        def interrupt() -> None:
            raise KeyboardInterrupt

        while_waiting: Iterator[Callable[[], None]] = iter([skip_the_other, nothing, finish, nothing, interrupt])
        monkeypatch.setattr("bot.clock.wait", lambda seconds: next(while_waiting)())
        rows = follow(desk, Filter())
        told = [(row.delivery, row.outcome) for row in (next(rows), next(rows))]
        with pytest.raises(KeyboardInterrupt):
            next(rows)
    assert told == [("d2", None), ("d1", "accepted")]
