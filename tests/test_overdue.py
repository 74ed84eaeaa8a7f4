"""Posts that are late: told once at ERROR, listed as tasks with the command that settles each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import overdue
from bot.delivery import State
from bot.pausing import Then, pause, resume
from bot.status import status
from bot.store import deliveries, doors, lanes, meta
from bot.summary import trouble_key
from tests.databases import attempted
from tests.world import World, world


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def close(made: World, reason: str, minutes: int | None = None) -> None:
    with made.desk() as desk, desk.database.begin() as tx:
        until = None if minutes is None else made.clock.real + timedelta(minutes=minutes)
        lanes.close(tx, "x-main", reason=reason, until=until)


def pass_by(made: World, minutes: float) -> None:
    """Passes run while the time goes by, none longer apart than the patience lasts."""
    for _ in range(int(minutes)):
        made.clock.forward(minutes=1)
        made.once()


def test_a_post_behind_a_closed_account_is_told_once(made: World, caplog: pytest.LogCaptureFixture) -> None:
    made.once()
    close(made, "the sign-in was refused")
    made.add("Ferry returns", accounts=["x-main"])
    pass_by(made, 9)
    assert errors(caplog) == []
    pass_by(made, 6)
    assert errors(caplog) == [
        "d1 “Ferry returns” on x-main (rehearsal) was due 2026-06-01T08:00:00+02:00 and is queued: the account is"
        " closed: the sign-in was refused. To settle it: nightdesk resume --account x-main"
    ]


def test_it_is_a_task_until_it_is_out(made: World) -> None:
    made.once()
    close(made, "the platform's rate limit", minutes=20)
    made.add("Ferry returns", accounts=["x-main"])
    pass_by(made, 10)
    with made.desk() as desk:
        health = status(desk)
    [task] = health.tasks
    assert (task.kind, task.delivery, task.command) == ("late", "d1", "nightdesk queue skip d1")
    assert task.since == made.clock.now - timedelta(minutes=10)
    assert "rate limit" in task.what
    assert (health.totals.late, health.totals.due, health.exit_status) == (1, 1, 4)
    pass_by(made, 11)
    with made.desk() as desk:
        health = status(desk)
    assert (health.tasks, health.totals.late, health.exit_status) == ((), 0, 0)


def test_late_for_another_moment_it_is_told_again(made: World, caplog: pytest.LogCaptureFixture) -> None:
    made.once()
    close(made, "closed")
    made.add("Ferry returns", accounts=["x-main"])
    pass_by(made, 11)
    with made.desk() as desk:
        pause(desk, account="x-main", reason="storm", until=None, actor="test")
        made.clock.forward(minutes=30)
        resume(desk, account="x-main", then=Then.PUBLISH, actor="test")
    close(made, "closed again")
    pass_by(made, 9)
    assert len(errors(caplog)) == 1
    pass_by(made, 2)
    assert len(errors(caplog)) == 2
    assert "closed again" in errors(caplog)[1]


def test_two_workers_tell_it_once(made: World, caplog: pytest.LogCaptureFixture) -> None:
    close_and_add(made)
    made.clock.forward(minutes=10)
    with made.desk() as one, made.desk() as other:
        assert overdue.note(one) == 1
        made.clock.forward(minutes=1)
        assert overdue.note(other) == 0
    assert len(errors(caplog)) == 1


def test_it_looks_every_half_minute(made: World) -> None:
    close_and_add(made)
    made.clock.forward(minutes=10)
    with made.desk() as desk:
        with desk.database.begin() as tx:
            meta.set_time(tx, overdue.LOOKED, made.clock.now - timedelta(seconds=29))
        assert overdue.note(desk) == 0
        made.clock.forward(seconds=1)
        assert overdue.note(desk) == 1


def close_and_add(made: World) -> None:
    made.once()
    close(made, "closed")
    made.add("Ferry returns", accounts=["x-main"])


@pytest.mark.parametrize("state", [State.SENDING, State.UNCONFIRMED])
def test_an_attempt_without_an_end_counts_from_its_moment(
    made: World, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    [added] = made.add("Ferry returns", accounts=["x-main"])
    with made.desk() as desk:
        with desk.database.begin() as tx:
            attempted(tx, added.deliveries[0], state, made.clock.now)
        made.clock.forward(minutes=9)
        assert overdue.note(desk) == 0
        made.clock.forward(minutes=1)
        assert overdue.note(desk) == 1
        [told] = errors(caplog)
        assert f"was due 2026-06-01T08:00:00+02:00 and is {state}" in told
        command = "nightdesk show d1" if state is State.SENDING else "nightdesk resolve d1 --posted URL"
        assert command in told


@pytest.mark.parametrize("reason", ["hold", "pause"])
def test_what_a_person_keeps_back_is_not_late(made: World, reason: str) -> None:
    [added] = made.add("Ferry returns", accounts=["x-main"])
    with made.desk() as desk:
        if reason == "pause":
            pause(desk, account=None, reason="storm", until=None, actor="test")
        else:
            with desk.database.begin() as tx:
                change = {"when": {State.QUEUED}, "to": State.HELD, "reason": "", "actor": "test"}
                deliveries.change(tx, added.deliveries[0].id, **change, now=made.clock.now)  # type: ignore[arg-type]
        made.clock.forward(hours=2)
        assert overdue.note(desk) == 0


def test_what_waits_for_gap_and_caps_or_behind_others_is_not_late(tmp_path: Path, database_url: str) -> None:
    accounts = '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\ncaps = { per_hour = 2, min_gap = "1 min" }\n'
    with world(tmp_path, database_url, accounts) as made:
        made.add("One", "Two", "Three", "Four")
        for _ in range(50):
            made.once()
            with made.desk() as desk:
                assert overdue.note(desk) == 0
                assert status(desk).tasks == ()
            made.clock.forward(minutes=1)
        assert made.states() == {"x-main": ["published", "published", "queued", "queued"]}


def test_a_trouble_and_a_closed_app_are_named(made: World) -> None:
    made.once()
    made.add("Ferry returns")
    made.clock.forward(minutes=10)
    with made.desk() as desk:
        with desk.database.begin() as tx:
            meta.note_pass(tx, made.clock.now)
            meta.set(tx, trouble_key("x-main"), "a secret is missing")
            doors.close(tx, "facebook rehearsal fb-page", reason="no credits", until=None)
        assert overdue.note(desk) == 2
        whys = {task.account: (task.what, task.command) for task in status(desk).tasks if task.kind == "late"}
    assert whys == {
        "x-main": ("queued: a secret is missing", "nightdesk check"),
        "fb-page": ("queued: the facebook app of the account is closed: no credits", "nightdesk queue skip d2"),
    }


def test_many_at_once_are_told_in_a_few_lines(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every account is looked at in one look, but each has its turn."""
    monkeypatch.setattr(overdue, "MOST_LINES", 2)
    monkeypatch.setattr(overdue, "MOST_ACCOUNTS", 4)
    names = [f"x-{number}" for number in range(6)]
    accounts = "".join(f'[accounts.{name}]\nplatform = "x"\nhandle = "@h{name[-1]}"\n' for name in names)
    with world(tmp_path, database_url, accounts) as made:
        made.add("Ferry returns")
        made.clock.forward(minutes=10)
        with made.desk() as desk:
            assert overdue.note(desk) == 4
            made.clock.forward(seconds=30)
            assert overdue.note(desk) == 2
            made.clock.forward(seconds=30)
            assert overdue.note(desk) == 0
    told = errors(caplog)
    assert len(told) == 5
    assert told[2] == "2 more posts are late; `nightdesk status` lists them."
