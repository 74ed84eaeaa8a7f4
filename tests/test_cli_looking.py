"""show, why and status: why was this not posted, and is anybody at work?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands import nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"
SOURCE = """
[sources.site]
feed = "feed.xml"
accounts = ["x-main"]
"""


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def run(made: World, *words: str) -> list[dict[str, Any]]:
    done = nightdesk(*words, "--json", home=made.home)
    assert done.status == 0, done.err
    return done.lines


# -- show --------------------------------------------------------------------------------------------------------


def test_show_tells_the_whole_story_of_a_post(made: World) -> None:
    made.add("Ferry returns")
    made.order(kind="reset_before", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    [story] = run(made, "show", "d1")
    assert (story["delivery"], story["state"], story["round"], story["live"]) == ("d1", "unconfirmed", 1, False)
    assert [(change["from"], change["to"]) for change in story["history"]] == [
        (None, "queued"), ("queued", "sending"), ("sending", "unconfirmed"),
    ]  # fmt: skip
    assert all(list(change) == ["at", "from", "to", "reason", "actor", "note"] for change in story["history"])
    [attempt] = story["attempts"]
    assert attempt["outcome"] == "unknown"
    assert attempt["text"].startswith("Ferry returns")
    told = nightdesk("show", "ferry", "--account", "x-main", home=made.home)
    assert told.status == 0
    assert "on x-main (x, rehearsal): unconfirmed" in told.out
    assert "  | Ferry returns" in told.out


def test_show_of_words_that_fit_several_lists_them(made: World) -> None:
    made.add("Ferry returns")
    done = nightdesk("show", "ferry", home=made.home)
    assert (done.status, done.out) == (2, "")
    assert "2 posts fit 'ferry'" in done.err
    assert "add --account" in done.err


# -- why ---------------------------------------------------------------------------------------------------------


def why(made: World, article: str = "a1") -> dict[str, tuple[bool, str]]:
    return {line["account"]: (line["posted"], line["why"]) for line in run(made, "why", article, "--now", NOW)}


def test_why_tells_of_every_account_also_of_one_without_a_post(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    assert why(made) == {
        "x-main": (False, "it waits for its turn"),
        "fb-page": (False, "it was never queued for this account"),
    }
    nightdesk("once", "--now", NOW, home=made.home)
    lines = run(made, "why", "ferry")
    assert (lines[0]["posted"], lines[0]["state"], lines[0]["why"]) == (True, "published", "the platform took it")
    assert lines[0]["post_url"].startswith("https://x.com/courier/status/")
    assert [lines[1][name] for name in ("delivery", "state", "posted")] == [None, None, False]


@pytest.mark.parametrize(
    ("do", "because"),
    [
        (("queue", "hold", "d1", "--reason", "ask the ministry", "--now", NOW), "ask the ministry"),
        (("queue", "skip", "d1", "--reason", "overtaken", "--now", NOW), "cancelled: overtaken"),
        (("pause", "--reason", "tragedy", "--now", NOW), "paused: tragedy"),
        (("pause", "--account", "x-main", "--reason", "storm", "--now", NOW), "paused: storm"),
    ],
    ids=lambda value: value[0] + " " + value[1] if isinstance(value, tuple) else None,
)
def test_why_names_the_reason_a_post_did_not_go(made: World, do: tuple[str, ...], because: str) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    assert nightdesk(*do, home=made.home).status == 0
    assert why(made)["x-main"] == (False, because)


def test_why_names_a_closed_account_and_a_post_that_waits_behind_it(made: World) -> None:
    made.add("Lost", "Waits", accounts=["x-main"])
    made.order(kind="reset_after", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    posted, reason = why(made, "a2")["x-main"]
    assert not posted
    assert reason.startswith("the account is closed: ")
    assert "may be live" in reason


def test_why_tells_one_reason_once(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    made.order(kind="revoked", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    posted, reason = why(made)["x-main"]
    assert not posted
    assert reason.startswith("the account is closed: ")
    assert "before that" not in reason


def test_why_names_the_refusal(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    made.order(kind="refuse", status=400, account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    [line] = [line for line in run(made, "why", "a1") if line["account"] == "x-main"]
    assert line["state"] == "failed"
    assert len(line["why"]) > 10


def test_why_says_that_a_source_does_not_post_to_an_account(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text() + SOURCE)
    (made.home / "feed.xml").write_text(
        '<rss version="2.0"><channel><title>T</title><item><title>Ferry</title>'
        "<link>https://courier.example/1</link><guid>1</guid></item></channel></rss>"
    )
    assert nightdesk("fetch", "--backfill", "1", "--now", NOW, home=made.home).status == 0
    assert why(made)["fb-page"] == (False, "the source site does not post to this account")


def test_why_tells_each_round(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    nightdesk("queue", "skip", "d1", "--now", NOW, home=made.home)
    nightdesk("queue", "again", "d1", "--now", NOW, home=made.home)
    lines = run(made, "why", "a1", "--now", NOW)
    assert [line["delivery"] for line in lines] == ["d1", "d2", None]


# -- status ------------------------------------------------------------------------------------------------------


def status(made: World, now: str = NOW) -> tuple[int, dict[str, Any]]:
    done = nightdesk("status", "--now", now, "--json", home=made.home)
    return done.status, done.lines[0]


def health(made: World, account: str, now: str = NOW) -> tuple[int, str, str]:
    exit_status, whole = status(made, now)
    [line] = [line for line in whole["accounts"] if line["account"] == account]
    return exit_status, line["health"], line["why"]


def test_a_desk_with_nothing_wrong_is_healthy(made: World) -> None:
    exit_status, whole = status(made)
    assert (exit_status, whole["healthy"], whole["health"], whole["last_pass"]) == (0, True, "healthy", None)
    assert [(line["account"], line["health"], line["queued"]) for line in whole["accounts"]] == [
        ("x-main", "healthy", 0), ("fb-page", "healthy", 0),
    ]  # fmt: skip
    assert nightdesk("status", "--now", NOW, home=made.home).rows[0][:5] == ["x-main", "x", "rehearsal", "healthy", ""]


def test_an_unconfirmed_post_needs_a_person(made: World) -> None:
    made.add("Lost", accounts=["x-main"])
    made.order(kind="reset_after", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    exit_status, state, reason = health(made, "x-main")
    assert (exit_status, state) == (4, "needs a person")
    assert "`nightdesk resolve`" in reason
    assert health(made, "fb-page")[1] == "healthy"


def test_status_counts_what_is_open_and_says_what_to_do(made: World) -> None:
    made.add("Lost", "Waits", accounts=["x-main"])
    made.add("Kept", accounts=["fb-page"])
    nightdesk("queue", "hold", "d3", "--now", NOW, home=made.home)
    made.order(kind="reset_after", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    exit_status, whole = status(made)
    assert exit_status == 4
    counts = {name: whole[name] for name in ("queued", "due", "in_flight", "held", "unconfirmed", "unconfirmed_for")}
    assert counts == {
        "queued": 1, "due": 1, "in_flight": 0, "held": 1, "unconfirmed": 1, "unconfirmed_for": {"settling": 1},
    }  # fmt: skip
    assert whole["oldest"]["delivery"] == "d1"
    assert [lane["name"] for lane in whole["closed"]] == ["x-main"]
    assert [(task["kind"], task["delivery"], task["command"]) for task in whole["tasks"]] == [
        ("unconfirmed", "d1", "nightdesk resolve d1 --look"),
        ("held", None, "nightdesk queue list --state held --account fb-page"),
    ]
    assert (whole["more_tasks"], whole["more_accounts"]) == (0, 0)
    told = nightdesk("status", "--now", NOW, home=made.home)
    assert "To do:" in told.err
    assert "→ nightdesk resolve d1 --look" in told.err


def test_status_tells_what_is_paused_and_which_app_is_closed(made: World) -> None:
    made.add("Ferry", accounts=["x-main"])
    until = "2026-06-01T12:00:00+02:00"
    nightdesk("pause", "--account", "fb-page", "--reason", "storm", "--until", until, "--now", NOW, home=made.home)
    made.order(kind="refuse", status=402, account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    exit_status, whole = status(made)
    assert exit_status == 4
    assert whole["paused"] == [{"scope": "account:fb-page", "reason": "storm", "until": until}]
    assert [door["name"] for door in whole["doors"]] == ["x rehearsal x-main"]
    assert [task["kind"] for task in whole["tasks"]] == ["closed app"]


def test_a_held_post_needs_a_person(made: World) -> None:
    made.add("Ferry", accounts=["x-main"])
    nightdesk("queue", "hold", "d1", "--now", NOW, home=made.home)
    assert health(made, "x-main")[:2] == (4, "needs a person")


def test_an_account_whose_sign_in_was_refused_needs_a_person(made: World) -> None:
    made.add("Ferry", accounts=["x-main"])
    made.order(kind="revoked", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    exit_status, state, reason = health(made, "x-main")
    assert (exit_status, state) == (4, "needs a person")
    assert "`nightdesk resume --account x-main`" in reason


@pytest.mark.parametrize(
    ("now", "exit_status"),
    [("2026-06-01T06:09:59Z", 0), ("2026-06-01T06:10Z", 75), ("2026-06-01T09:00Z", 75)],
)
def test_something_due_for_ten_minutes_without_a_pass_is_an_alarm(made: World, now: str, exit_status: int) -> None:
    made.add("Ferry", accounts=["x-main"])
    assert status(made, now)[0] == exit_status


def test_after_a_pass_there_is_no_alarm_until_something_new_is_due(made: World) -> None:
    made.add("Ferry", accounts=["x-main"])
    nightdesk("once", "--now", NOW, home=made.home)
    assert status(made, "2026-06-02T06:00Z")[0] == 0
    made.clock.forward(hours=24)
    made.add("Pier", accounts=["x-main"])
    assert status(made, "2026-06-02T06:05Z")[0] == 0
    assert status(made, "2026-06-02T06:11Z")[0] == 75


def test_old_news_that_came_a_moment_ago_is_no_alarm_yet(made: World) -> None:
    nightdesk("once", "--now", NOW, home=made.home)
    made.clock.forward(minutes=14)
    made.add("Ferry", accounts=["x-main"], published=made.clock.now - timedelta(hours=2))
    assert status(made, "2026-06-01T06:16Z")[0] == 0
    assert status(made, "2026-06-01T06:24Z")[0] == 75


def test_a_slot_that_nobody_used_is_an_alarm_also_when_it_is_too_late_for_it(tmp_path: Path, database_url: str) -> None:
    accounts = '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\ntimetable = ["daily at 12:00"]\n'
    with world(tmp_path, database_url, accounts) as made:
        made.add("Ferry")
        assert status(made, "2026-06-01T10:05Z")[0] == 0
        assert status(made, "2026-06-01T10:10Z")[0] == 75
        assert status(made, "2026-06-01T13:00Z")[0] == 75


def test_while_it_is_paused_nobody_has_to_be_at_work(made: World) -> None:
    made.add("Ferry", accounts=["x-main"])
    nightdesk("pause", "--reason", "storm", "--now", NOW, home=made.home)
    assert health(made, "x-main", "2026-06-01T09:00Z") == (0, "healthy", "paused: storm")


def test_a_source_that_fails_again_and_again_needs_a_person(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text() + SOURCE)
    for expected in (0, 0, 4):
        assert nightdesk("fetch", "--now", NOW, home=made.home).status == 75
        exit_status, whole = status(made)
        assert exit_status == expected
    assert whole["sources"][0]["failures"] == 3
    assert "feed.xml" in whole["sources"][0]["error"]
