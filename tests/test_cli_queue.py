"""The queue as a person sees and handles it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.planning import due_times
from bot.store import history
from tests.commands import Done, nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"
FIELDS = [
    "delivery", "account", "platform", "live", "article", "title", "link", "state", "reason", "pinned", "due_at",
    "priority",
]  # fmt: skip
SLOTS = """
[accounts.x-main]
platform = "x"
handle = "@courier"
timetable = ["daily at 09:00, 12:00 and 18:00"]

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
caps = { min_gap = "5 min" }
"""


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, SLOTS) as made:
        made.add("One", "Two", "Three", accounts=["x-main"])
        yield made


def queue(made: World, *words: str) -> Done:
    return nightdesk("queue", *words, "--now", NOW, home=made.home)


def rows(made: World, *words: str) -> list[dict[str, Any]]:
    done = queue(made, "list", "--json", *words)
    assert done.status == 0, done.err
    return done.lines


def titles(made: World) -> list[str]:
    return [row["title"] for row in rows(made)]


def test_the_list_has_the_contracts_fields_and_foresees_when_each_goes(made: World) -> None:
    made.add("Four", accounts=["fb-page"])
    lines = rows(made)
    assert [list(line) for line in lines] == [FIELDS] * 4
    assert [(line["delivery"], line["account"], line["due_at"]) for line in lines] == [
        ("d1", "x-main", "2026-06-01T09:00:00+02:00"),
        ("d2", "x-main", "2026-06-01T12:00:00+02:00"),
        ("d3", "x-main", "2026-06-01T18:00:00+02:00"),
        ("d4", "fb-page", "2026-06-01T08:00:00+02:00"),
    ]
    assert lines[0] == {
        "delivery": "d1",
        "account": "x-main",
        "platform": "x",
        "live": False,
        "article": "a1",
        "title": "One",
        "link": "https://courier.example/one",
        "state": "queued",
        "reason": "",
        "pinned": None,
        "due_at": "2026-06-01T09:00:00+02:00",
        "priority": 0,
    }


def test_in_a_pipe_the_list_says_rehearsal_in_words(made: World) -> None:
    row = queue(made, "list").rows[0]
    assert row[:5] == ["d1", "x-main", "x", "rehearsal", "a1"]


def test_the_list_shows_what_is_open_or_the_state_that_is_asked_for(made: World) -> None:
    queue(made, "skip", "d2")
    assert titles(made) == ["One", "Three"]
    assert [row["title"] for row in rows(made, "--state", "skipped")] == ["Two"]
    assert sorted(row["title"] for row in rows(made, "--state", "all")) == ["One", "Three", "Two"]
    assert rows(made, "--account", "fb-page") == []


REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("list", "--state", "quued"), "There is no state 'quued'; did you mean 'queued'?"),
    (("list", "--account", "x-man"), "There is no account 'x-man'; did you mean 'x-main'?"),
    (("hold", "d99"), "There is no post 'd99'"),
    (("hold", "Nonsense"), "There is no article 'Nonsense'"),
    (("release", "d1"), "d1 is queued"),
    (("again", "d1"), "d1 is queued"),
    (("move", "d1"), "Say where to."),
    (("move", "d1", "--first", "--last"), "Say where to."),
    (("move", "d1", "--before", "d99"), "There is no post 'd99'"),
    (("move", "d1", "--after", "d1"), "d1 is the post to move itself; nothing was moved"),
    (("move", "d1", "--before", "One"), "d1 is the post to move itself; nothing was moved"),
    (("pin", "d1"), "Say when."),
    (("pin", "d1", "--at", "18:00", "--remove"), "Say when."),
    (("pin", "d1", "--at", "never"), "'never' is not a moment"),
    (("pin", "d1", "--remove"), "d1 has no pin; nothing was changed."),
    (
        ("pin", "d1", "--at", "2026-06-01T07:29"),
        "2026-06-01T07:29:00+02:00 is over, and its account posts nothing more than 30 min late; d1 was not pinned.",
    ),
]


def test_what_makes_no_sense_is_refused_and_changes_nothing(made: World) -> None:
    before = rows(made)
    for words, said in REFUSED:
        done = queue(made, *words)
        assert (done.status, done.out) == (2, ""), words
        assert said in done.err, words
    assert rows(made) == before


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (("d3", "--first"), ["Three", "One", "Two"]),
        (("d1", "--last"), ["Two", "Three", "One"]),
        (("d3", "--before", "d2"), ["One", "Three", "Two"]),
        (("One", "--after", "Two"), ["Two", "One", "Three"]),
    ],
    ids=" ".join,
)
def test_a_post_is_moved_and_the_moments_follow_the_order(
    made: World, words: tuple[str, ...], order: list[str]
) -> None:
    done = queue(made, "move", *words)
    assert done.status == 0, done.err
    assert titles(made) == order
    assert [row["due_at"][11:16] for row in rows(made)] == ["09:00", "12:00", "18:00"]


def test_hold_and_release_keep_the_reason_and_the_person(made: World) -> None:
    assert queue(made, "hold", "d1", "d2", "--reason", "the ministry has not confirmed").status == 0
    held = rows(made, "--state", "held")
    assert [(row["delivery"], row["reason"], row["due_at"]) for row in held] == [
        ("d1", "the ministry has not confirmed", None),
        ("d2", "the ministry has not confirmed", None),
    ]
    done = queue(made, "release", "d1")
    assert "d1 One on x-main (rehearsal): queued, due Mon 01 Jun 09:00" in done.out
    with made.desk() as desk, desk.database.read() as tx:
        assert history.of(tx, 1)[-1].actor == f"person:{getpass.getuser()}"


def test_a_decision_about_several_posts_is_all_or_nothing(made: World) -> None:
    assert queue(made, "hold", "d1", "d99").status == 2
    assert [row["state"] for row in rows(made)] == ["queued"] * 3


def test_a_skipped_post_can_be_queued_again_as_its_next_round(made: World) -> None:
    assert queue(made, "skip", "Two", "--reason", "overtaken by events").status == 0
    assert rows(made, "--state", "skipped")[0]["reason"] == "cancelled: overtaken by events"
    [again] = queue(made, "again", "d2", "--json").lines
    assert (again["delivery"], again["title"], again["state"]) == ("d4", "Two", "queued")
    assert titles(made) == ["One", "Three", "Two"]


def test_a_pin_is_a_moment_of_its_own_and_can_be_taken_away(made: World) -> None:
    [row] = queue(made, "pin", "d2", "--at", "10:15", "--json").lines
    assert (row["pinned"], row["due_at"]) == ("2026-06-01T10:15:00+02:00", "2026-06-01T10:15:00+02:00")
    [row] = queue(made, "pin", "d2", "--remove", "--json").lines
    assert (row["pinned"], row["due_at"]) == (None, "2026-06-01T12:00:00+02:00")


def test_a_pin_that_is_over_by_less_than_max_late_still_goes(made: World) -> None:
    assert queue(made, "pin", "d2", "--at", "2026-06-01T07:30").status == 0
    assert rows(made)[1]["pinned"] == "2026-06-01T07:30:00+02:00"


def test_a_post_that_is_named_twice_is_handled_once(made: World) -> None:
    done = queue(made, "hold", "d1", "One", "a1", "d2")
    assert (done.status, len(done.out.splitlines())) == (0, 2), done.err


def test_a_decision_about_many_posts_looks_ahead_once_an_account(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counting(desk: Any, tx: Any, account: Any) -> Any:
        looked.append(account.name)
        return due_times(desk, tx, account)

    monkeypatch.setattr("bot.report.due_times", counting)
    assert queue(made, "hold", "d1", "d2", "d3").status == 0
    assert looked == []
    lines = queue(made, "release", "d1", "d2", "d3", "--json").lines
    assert [line["due_at"][11:16] for line in lines] == ["09:00", "12:00", "18:00"]
    assert looked == ["x-main"]


def test_a_table_names_the_zone_where_accounts_have_several(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.output.on_terminal", lambda: True)
    assert "Mon 01 Jun 09:00  " in queue(made, "list").out
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(
        settings.read_text().replace('platform = "facebook"', 'platform = "facebook"\ntimezone = "Asia/Baku"')
    )
    made.add("Four", accounts=["fb-page"])
    shown = queue(made, "list").out
    assert "Mon 01 Jun 09:00 Berlin  " in shown
    assert "Mon 01 Jun 10:00 Baku  " in shown


def test_a_wall_time_that_comes_twice_is_refused_with_both_readings(made: World) -> None:
    done = queue(made, "pin", "d1", "--at", "2026-10-25T02:30")
    assert done.status == 2
    assert "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00" in done.err


def test_words_that_fit_several_posts_list_them(made: World) -> None:
    made.add("One more", accounts=["x-main", "fb-page"])
    done = queue(made, "hold", "One")
    assert (done.status, done.out) == (2, "")
    assert "2 articles fit 'One':\n  a4  One more\n  a1  One\n" in done.err
    done = queue(made, "hold", "a4")
    assert "  d4  x-main  queued  One more\n  d5  fb-page  queued  One more\n" in done.err
    assert queue(made, "hold", "a4", "--account", "fb-page").status == 0


def test_while_everything_is_paused_nothing_is_foreseen(made: World) -> None:
    nightdesk("pause", "--reason", "tragedy", "--now", NOW, home=made.home)
    assert [row["due_at"] for row in rows(made)] == [None] * 3


def test_a_pause_that_ends_by_itself_moves_what_is_foreseen_behind_its_end(made: World) -> None:
    nightdesk("pause", "--reason", "tragedy", "--until", "2026-06-01T09:30", "--now", NOW, home=made.home)
    due = [row["due_at"] for row in rows(made)]
    assert due == ["2026-06-01T12:00:00+02:00", "2026-06-01T18:00:00+02:00", None], "by then the third is too old"


def test_after_simulated_runs_the_list_without_now_foresees_from_the_real_present(made: World) -> None:
    nightdesk("once", "--now", "2036-01-01T00:00Z", home=made.home)
    nightdesk("add", "--text", "Here and now", "--account", "x-main", home=made.home)
    [line] = nightdesk("queue", "list", "--json", home=made.home).lines
    assert timedelta() <= datetime.fromisoformat(line["due_at"]) - datetime.now(UTC) <= timedelta(days=1)
