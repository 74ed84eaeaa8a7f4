"""Three simulated days with weekly timetables in two zones: what is planned is what happens, and the rest says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.dispatch import run_pass
from bot.nightdesk import Nightdesk
from bot.planning import PlanLine, plan
from bot.report import LogLine, log, queue
from bot.store.logbook import Filter
from tests.world import World, world

BAKU_AND_NEW_YORK = """
[accounts.x-baku]
platform = "x"
handle = "@courier"
timezone = "Asia/Baku"
timetable = ["weekdays at 08:00, 12:30 and 18:00", "weekends at 10:00", "breaking: at once"]
caps = { max_age = "96 h" }

[accounts.fb-new-york]
platform = "facebook"
page_id = "1234567890"
timezone = "America/New_York"
timetable = ["daily at 07:00", "every 2 hours from 09:00 to 17:00 on weekdays"]
caps = { max_age = "96 h" }
"""

# Friday, so that the weekend line takes part.
START = datetime(2026, 6, 5, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)


@pytest.fixture
def three_days(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, BAKU_AND_NEW_YORK) as made:
        made.clock.now = START
        yield made


def pass_by(desk: Nightdesk, made: World, until: datetime) -> None:
    while made.clock.now < until:
        made.clock.forward(seconds=STEP.total_seconds())
        run_pass(desk)


def published(rows: list[LogLine], account: str) -> list[LogLine]:
    return [row for row in rows if row.account == account and row.outcome == "accepted"]


def wall_clock(rows: list[LogLine], zone: str) -> list[str]:
    return [row.due_at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") for row in rows if row.due_at]


def test_what_was_planned_is_what_happened(three_days: World) -> None:
    three_days.add(*(f"Story {number}" for number in range(1, 9)))
    with three_days.desk() as desk:
        foreseen = [line for line in plan(desk, length=timedelta(days=3)) if line.delivery]
        promised = {line.delivery: line.due_at for line in queue(desk)}
        pass_by(desk, three_days, START + timedelta(days=3))
        rows = list(log(desk, Filter()))
    assert sorted(_story(line) for line in foreseen) == sorted(_happened(row) for row in rows if row.outcome)
    assert all(promised[row.delivery] == row.due_at for row in rows if row.outcome)
    for account in ("x-baku", "fb-new-york"):
        sent = published(rows, account)
        assert [row.title for row in sent] == [f"Story {number}" for number in range(1, len(sent) + 1)]
        assert max(Counter(row.due_at for row in sent).values()) == 1, "a slot sent twice"


def test_slots_are_the_walls_clocks_of_each_zone(three_days: World) -> None:
    three_days.add(*(f"Story {number}" for number in range(1, 9)))
    with three_days.desk() as desk:
        pass_by(desk, three_days, START + timedelta(days=3))
        rows = list(log(desk, Filter()))
    assert wall_clock(published(rows, "x-baku"), "Asia/Baku") == [
        "Fri 08:00", "Fri 12:30", "Fri 18:00", "Sat 10:00", "Sun 10:00",
    ]  # fmt: skip
    assert wall_clock(published(rows, "fb-new-york"), "America/New_York") == [
        "Fri 07:00", "Fri 09:00", "Fri 11:00", "Fri 13:00", "Fri 15:00", "Fri 17:00", "Sat 07:00", "Sun 07:00",
    ]  # fmt: skip


def test_after_an_outage_nothing_floods_and_everything_has_its_reason(three_days: World) -> None:
    three_days.add(*(f"Story {number}" for number in range(1, 13)), published=START - timedelta(hours=36))
    with three_days.desk() as desk:
        pass_by(desk, three_days, START + timedelta(hours=5))
        before = len(three_days.posts())
        three_days.clock.forward(hours=50)  # nobody at work
        run_pass(desk)
        assert len(three_days.posts()) <= before + 2
        pass_by(desk, three_days, START + timedelta(days=3))
        rows = list(log(desk, Filter()))
        left = list(queue(desk))
    missed = [row for row in rows if row.state == "missed"]
    assert {row.account for row in missed} == {"x-baku", "fb-new-york"}
    assert all("down" in row.reason for row in missed)
    stale = [row for row in rows if row.state == "skipped"]
    assert stale
    assert all(row.reason.startswith("stale:") and row.attempt is None for row in stale)
    ended = {row.delivery for row in rows if row.delivery}
    assert len(ended) + len(left) == 24, "every delivery is in the log or still in the queue"


def test_breaking_news_goes_at_once_and_leaves_the_slots_alone(three_days: World) -> None:
    three_days.add("Calm", accounts=["x-baku"])
    with three_days.desk() as desk:
        pass_by(desk, three_days, START + timedelta(hours=1))
        assert not three_days.posts()
    three_days.add("Urgent", accounts=["x-baku"], breaking=True)
    with three_days.desk() as desk:
        run_pass(desk)
        assert len(three_days.posts()) == 1
        pass_by(desk, three_days, START + timedelta(hours=5))
        rows = published(list(log(desk, Filter())), "x-baku")
    assert [row.title for row in rows] == ["Urgent", "Calm"]
    assert rows[1].due_at == datetime(2026, 6, 5, 4, 0, tzinfo=UTC)


def test_posts_of_an_account_keep_their_distance(three_days: World) -> None:
    three_days.add(*(f"Story {number}" for number in range(1, 6)), breaking=True)
    with three_days.desk() as desk:
        for _ in range(30):
            run_pass(desk)
            three_days.clock.forward(seconds=30)
        rows = published(list(log(desk, Filter())), "x-baku")
    assert len(rows) == 5
    starts = [row.started_at for row in rows if row.started_at]
    assert min(later - sooner for sooner, later in pairwise(starts)) >= timedelta(minutes=2)


def test_an_earlier_moment_than_the_last_has_nothing_due(three_days: World) -> None:
    three_days.add("Story")
    three_days.clock.forward(hours=12)
    three_days.once()
    posts = len(three_days.posts())
    three_days.clock.now = START
    assert three_days.once().as_json()["due"] == 0
    assert len(three_days.posts()) == posts


def _story(line: PlanLine) -> tuple[str, str, str]:
    return line.at.isoformat(), line.account, line.delivery or ""


def _happened(row: LogLine) -> tuple[str, str, str]:
    assert row.due_at is not None
    return row.due_at.isoformat(), row.account, row.delivery or ""
