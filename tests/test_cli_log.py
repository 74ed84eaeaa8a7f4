"""The log: every attempt, what ended without one, what was missed; as lines, rows, CSV, and followed."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import nightdesk
from tests.world import World, world, write_home

NOW = "2026-06-01T06:00Z"
FIELDS = [
    "delivery", "attempt", "article", "title", "account", "platform", "live", "state", "reason", "outcome", "due_at",
    "started_at", "finished_at", "text", "link", "post_url", "platform_id", "cost", "error",
]  # fmt: skip
MIXED = """
[accounts.x-main]
platform = "x"
handle = "@courier"
timezone = "Asia/Baku"
caps = { min_gap = "0 s" }

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
timetable = ["daily at 08:05, 08:10 and 08:20"]
caps = { max_late = "5 min" }
"""


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A morning: two posts on X (one refused), one skipped by hand, a slot of the page used and two missed."""
    with world(tmp_path, database_url, MIXED) as made:
        made.add("=Ferry returns", "Harbour opens", "Overtaken", accounts=["x-main"])
        nightdesk("queue", "skip", "Overtaken", "--now", NOW, home=made.home)
        made.order(kind="refuse", status=400, account="x-main")
        nightdesk("once", "--now", NOW, home=made.home)
        made.add("Pier", accounts=["fb-page"])
        nightdesk("once", "--now", "2026-06-01T06:25:00Z", home=made.home)
        yield made


def log(made: World, *words: str) -> list[dict[str, Any]]:
    done = nightdesk("log", "--json", "--now", "2026-06-01T06:30Z", *words, home=made.home)
    assert done.status == 0, done.err
    return done.lines


def told(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["delivery"], row["account"], row["state"], row["outcome"]) for row in rows]


def test_the_log_has_a_line_for_everything_that_happened_and_all_the_contracts_fields(made: World) -> None:
    rows = log(made)
    assert all(list(row) == FIELDS for row in rows)
    assert sorted(told(rows), key=str) == sorted(
        [
            ("d1", "x-main", "failed", "refused"),
            ("d2", "x-main", "published", "accepted"),
            ("d3", "x-main", "skipped", None),
            ("d4", "fb-page", "published", "accepted"),
            (None, "fb-page", "missed", None),
        ],
        key=str,
    )


def test_the_log_and_the_platforms_agree_row_for_row(made: World) -> None:
    accepted = [row for row in log(made) if row["outcome"] == "accepted"]
    posts = made.posts()
    assert [(r["platform"], r["account"], r["platform_id"], r["text"], r["link"]) for r in accepted] == [
        (p["platform"], p["account"], p["id"], p["text"], p["link"]) for p in posts
    ]


def test_each_line_says_what_it_cost_when_it_was_due_and_where_it_is(made: World) -> None:
    by_delivery = {row["delivery"]: row for row in log(made)}
    refused, x, page, missed = (by_delivery[name] for name in ("d1", "d2", "d4", None))
    assert (refused["cost"], refused["post_url"], bool(refused["error"])) == (0.0, None, True)
    assert (x["cost"], x["live"], x["due_at"], x["link"]) == (0.2, False, "2026-06-01T10:00:00+04:00", None)
    assert x["post_url"].endswith(x["platform_id"])
    assert x["started_at"].endswith("+04:00")
    assert x["started_at"] <= x["finished_at"]
    assert page["due_at"] == "2026-06-01T08:20:00+02:00"
    assert (missed["due_at"], missed["attempt"], missed["reason"]) == (
        "2026-06-01T08:05:00+02:00",
        None,
        "2 slots: down 08:00–08:25",
    )


def test_a_post_that_was_skipped_says_when(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    [skipped] = log(made, "--state", "skipped")
    assert (skipped["started_at"], skipped["finished_at"]) == (None, "2026-06-01T10:00:00.000+04:00")
    [missed] = log(made, "--state", "missed")
    assert missed["finished_at"] is None
    monkeypatch.setattr("bot.cli.output.on_terminal", lambda: True)
    done = nightdesk("log", "--state", "skipped", "--now", NOW, home=made.home)
    assert "Mon 01 Jun 10:00 Baku  d3" in done.out


NARROWED: list[tuple[tuple[str, ...], set[str | None]]] = [
    (("--account", "fb-page"), {None, "d4"}),
    (("--state", "published"), {"d2", "d4"}),
    (("--state", "missed"), {None}),
    (("--state", "skipped"), {"d3"}),
    (("--search", "HARBOUR opens"), {"d2"}),
    (("--search", "nowhere"), set()),
    (("--since", "2026-06-01T08:10"), {None, "d4"}),
    (("--since", "10min"), {None, "d4"}),
    (("--since", "2h"), {"d1", "d2", "d3", "d4", None}),
    (("--account", "x-main", "--state", "failed"), {"d1"}),
]


def test_the_log_can_be_narrowed(made: World) -> None:
    for words, expected in NARROWED:
        assert {row["delivery"] for row in log(made, *words)} == expected, words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--account", "x-man"), "did you mean 'x-main'?"),
        (("--state", "publishd"), "did you mean 'published'?"),
        (("--since", "yesterday"), "'yesterday' is not a moment"),
        (("--csv", "--follow"), "--csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    write_home(tmp_path, "sqlite:///nightdesk.db", "http://127.0.0.1:9", MIXED)
    done = nightdesk("log", *words, home=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_an_account_that_left_the_settings_keeps_its_log(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(
        settings.read_text().replace("[accounts.fb-page]", "[accounts.fb-new]").replace('"fb-page"', '"fb-new"')
    )
    rows = log(made, "--account", "fb-page")
    assert {row["delivery"] for row in rows} == {None, "d4"}
    assert {row["platform"] for row in rows} == {None}


def test_csv_has_a_header_and_harmless_cells(made: World) -> None:
    done = nightdesk("log", "--csv", home=made.home)
    rows = list(csv.DictReader(io.StringIO(done.out, newline="")))
    assert list(rows[0]) == FIELDS
    assert len(rows) == 5
    titles = {row["delivery"]: row["title"] for row in rows}
    assert titles["d1"] == "'=Ferry returns"
    assert {row["live"] for row in rows} == {"rehearsal"}


def test_in_a_pipe_every_row_is_one_line_of_all_fields(made: World) -> None:
    rows = nightdesk("log", home=made.home).rows
    assert [len(row) for row in rows] == [len(FIELDS)] * 5


def test_on_a_terminal_the_log_is_a_table_with_whole_addresses(made: World) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.cli.output.on_terminal", lambda: True)
        patched.setenv("COLUMNS", "70")
        done = nightdesk("log", home=made.home)
    for word in ("when", "rehearsal", "published", "missed", "2 slots: down"):
        assert word in done.out
    assert all(post["id"] in done.out for post in made.posts())


def test_following_the_log_tells_each_new_row_once_until_it_is_interrupted(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url) as made:
        made.add("First")
        nightdesk("once", "--now", NOW, home=made.home)
        follower = subprocess.Popen(
            [sys.executable, "-m", "bot", "--home", str(made.home), "log", "--follow", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ},
        )
        try:
            assert follower.stdout is not None
            seen = [json.loads(follower.stdout.readline()) for _ in range(2)]
            made.clock.forward(minutes=10)
            made.add("Second")
            nightdesk("once", "--now", "2026-06-01T06:10Z", home=made.home)
            seen += [json.loads(follower.stdout.readline()) for _ in range(2)]
            time.sleep(1.5)  # another round of looking, which must bring nothing twice
            follower.send_signal(signal.SIGINT)
            rest, errors = follower.communicate(timeout=20)
        finally:
            follower.kill()
            follower.communicate()
    assert [row["title"] for row in seen] == ["First", "First", "Second", "Second"]
    assert {row["outcome"] for row in seen} == {"accepted"}
    assert (rest, errors, follower.returncode) == ("", "", 130)


def test_a_long_log_comes_whole_through_a_pipe_and_in_part_on_a_terminal(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        with made.desk() as desk:
            from bot.article import Article
            from bot.ingest import add_article

            for number in range(60):
                article = Article(title=f"Story {number}", url=f"https://courier.example/{number}")
                add_article(desk, article, accounts=["x-main"], actor="test")
        nightdesk("queue", "skip", *[f"d{number}" for number in range(1, 61)], "--now", NOW, home=made.home)
        assert len(nightdesk("log", home=made.home).rows) == 60
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("bot.cli.output.on_terminal", lambda: True)
            done = nightdesk("log", home=made.home)
    assert "Story 59" in done.out
    assert "Story 9 " not in done.out
    assert "The newest 50 rows" in done.err
