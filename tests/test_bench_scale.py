"""The bench of scale: what it fills is what it says, on both databases, and a target that is missed is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bench import scale, scale_fill
from bench.scale import Growth, claim_hundred, desk_over, give_back
from bench.scale_fill import HELD, LANES, NOW, UNCONFIRMED
from bot.delivery import State
from bot.report import latest
from bot.status import status
from bot.store import deliveries, history
from bot.store.database import Database
from bot.store.logbook import Filter


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (scale, scale_fill):
        monkeypatch.setattr(module, "LANES", 200)
    assert LANES == 10_000


def test_a_past_has_its_posts_and_what_is_open(tmp_path: Path, empty_database_url: str) -> None:
    scale_fill.past(empty_database_url, 1_000)
    desk = desk_over(empty_database_url, tmp_path)
    health = status(desk)
    assert (health.totals.queued, health.totals.unconfirmed, health.totals.held) == (200, UNCONFIRMED, HELD)
    assert (health.more_accounts, len(health.accounts), len(health.tasks)) == (150, 50, 50)
    assert (health.totals.due, health.totals.late, health.last_pass) == (0, 0, NOW)
    assert health.accounts[0].unconfirmed_for == {"not_found": 1}
    assert {account.next_due for account in health.accounts} == {NOW + timedelta(hours=1)}
    whole = status(desk, everything=True)
    assert (len(whole.accounts), len(whole.tasks)) == (200, UNCONFIRMED + HELD)
    rows = latest(desk, Filter(), 2_000)
    assert len(rows) == 1_000 + UNCONFIRMED
    assert rows[-1].finished_at == NOW
    with desk.database.read() as tx:
        story = [change.to_state for change in history.of(tx, 1)]
    assert story == [State.QUEUED, State.SENDING, State.PUBLISHED]
    desk.close()


def test_a_hundred_lanes_are_claimed_and_given_back(empty_database_url: str) -> None:
    scale_fill.queue(empty_database_url, 1_000)
    database = Database.open(empty_database_url)
    first = claim_hundred(database)
    second = claim_hundred(database)
    assert len({account for account, _ in first + second}) == 200
    assert claim_hundred(database) == []
    give_back(database, first)
    assert {account for account, _ in claim_hundred(database)} == {account for account, _ in first}
    with database.read() as tx:
        assert len(deliveries.waiting(tx, "lane-0", False)) == 5
    database.close()


def test_growth_beyond_the_target_is_missed() -> None:
    fits = Growth(work="status", database="SQLite", unit="attempts", times={10: 1.0, 1000: 2.0})
    grows = Growth(work="status", database="SQLite", unit="attempts", times={10: 1.0, 1000: 2.1})
    assert (fits.met, grows.met) == (True, False)
    assert grows.line().startswith("MISSED status, SQLite: 10 attempts 1.00 ms, 1,000 attempts 2.10 ms: 2.10 ×")
    assert "| status | SQLite | 1.00 ms (10 attempts) | 2.10 ms (1,000 attempts) | 2.10 × | ≤ 2 × |" in scale.section(
        [grows], "Measured today."
    )
