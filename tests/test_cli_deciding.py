"""What a person decides about accounts: pause, resume, golive, rehearse."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Done, nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"
LIVE_PAGE = """
[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
live = true
credentials = { page_token = { env = "TEST_TOKEN" } }
caps = { min_gap = "0 s" }

[platforms]
facebook = "SANDBOX"
"""


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def run(made: World, *words: str) -> Done:
    return nightdesk(*words, "--now", NOW, home=made.home)


def once(made: World, now: str = NOW) -> dict[str, Any]:
    done = nightdesk("once", "--now", now, "--json", home=made.home)
    counts: dict[str, Any] = done.lines[0]
    return counts


# -- a lost answer -----------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(made: World) -> World:
    """A post on X whose answer was lost, and one that waits behind it."""
    made.add("Lost", "Waits", accounts=["x-main"])
    made.order(kind="reset_after", account="x-main")
    once(made)
    assert made.states() == {"x-main": ["unconfirmed", "queued"]}
    return made


# -- pause and resume --------------------------------------------------------------------------------------------


def test_a_pause_stops_the_next_call_and_resume_lets_it_go_on(made: World) -> None:
    made.add("Ferry returns")
    done = run(made, "pause", "--reason", "tragedy in the news")
    assert (done.status, done.out) == (0, "Everything is paused until `nightdesk resume`: tragedy in the news\n")
    assert once(made)["due"] == 0
    assert run(made, "resume").out == "Everything goes on: 2 posts wait, 0 were skipped.\n"
    assert once(made)["published"] == 2


def test_a_pause_of_one_account_leaves_the_others_alone_and_ends_by_itself(made: World) -> None:
    made.add("Ferry returns")
    done = run(made, "pause", "--account", "x-main", "--reason", "storm", "--until", "2h")
    assert done.out == "x-main is paused until 2026-06-01T10:00:00+02:00: storm\n"
    assert once(made)["published"] == 1
    assert once(made, "2026-06-01T07:59Z")["due"] == 0
    assert once(made, "2026-06-01T08:00Z")["published"] == 1


@pytest.mark.parametrize(
    ("then", "states"),
    [("publish", ["queued", "queued"]), ("skip-stale", ["skipped", "queued"]), ("skip-all", ["skipped", "skipped"])],
)
def test_what_becomes_of_the_queue_after_a_pause_is_chosen(made: World, then: str, states: list[str]) -> None:
    made.add("Old", accounts=["x-main"])
    run(made, "pause", "--reason", "storm")
    made.clock.forward(hours=23)
    made.add("Young", accounts=["x-main"])
    late = "2026-06-02T06:30Z"
    assert nightdesk("resume", "--then", then, "--now", late, home=made.home).status == 0
    assert made.states()["x-main"] == states


def test_several_accounts_are_paused_and_resumed_at_once_each_by_its_own_clock(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(
        settings.read_text().replace('handle = "@courier"', 'handle = "@courier"\ntimezone = "Asia/Baku"')
    )
    made.add("Ferry returns")
    both = ("--account", "x-main", "--account", "fb-page")
    done = run(made, "pause", *both, "--reason", "storm", "--until", "18:00")
    assert done.out.splitlines() == [
        "x-main is paused until 2026-06-01T18:00:00+04:00: storm",
        "fb-page is paused until 2026-06-01T18:00:00+02:00: storm",
    ]
    assert once(made)["due"] == 0
    done = run(made, "resume", *both)
    assert done.out.splitlines() == [
        "x-main goes on: 1 post waits, 0 were skipped.",
        "fb-page goes on: 1 post waits, 0 were skipped.",
    ]
    assert done.err == ""
    assert once(made)["published"] == 2


def test_the_file_PAUSE_outlives_resume_which_says_so(made: World) -> None:
    (made.home / "PAUSE").write_text("web desk is down\n")
    run(made, "pause", "--reason", "storm")
    done = run(made, "resume")
    assert done.out == "Nothing goes on yet: 0 posts wait, 0 were skipped.\n"
    assert done.err == (
        f"Still paused: web desk is down; nothing is sent. It lasts until the file {made.home / 'PAUSE'} is removed.\n"
    )


def test_resume_says_what_else_still_stops_an_account(made: World) -> None:
    run(made, "pause", "--account", "x-main", "--reason", "storm")
    run(made, "pause", "--reason", "sad news")
    done = run(made, "resume", "--account", "fb-page")
    assert done.out.startswith("fb-page does not go on yet: ")
    assert done.err == "Still paused: sad news; nothing is sent. `nightdesk resume` ends it.\n"
    done = run(made, "resume")
    assert done.out.startswith("Everything else goes on: ")
    assert done.err == "x-main is paused: storm. `nightdesk resume --account x-main` ends it.\n"
    done = run(made, "resume", "--account", "x-main")
    assert (done.out.startswith("x-main goes on: "), done.err) == (True, "")


def test_resume_of_everything_says_which_account_stays_closed(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    made.order(kind="revoked", account="x-main")
    once(made)
    done = run(made, "resume")
    assert done.out.startswith("Everything else goes on: 1 post waits")
    assert "x-main is closed: " in done.err
    assert "`nightdesk resume --account x-main` opens it." in done.err
    assert run(made, "resume", "--account", "x-main").out == "x-main goes on: 1 post waits, 0 were skipped.\n"


def test_an_account_that_a_post_keeps_closed_does_not_go_on(lost: World) -> None:
    done = run(lost, "resume", "--account", "x-main")
    assert done.out == "x-main does not go on yet: 1 post waits, 0 were skipped.\n"
    assert done.err == ("x-main stays closed while a post of it is unconfirmed: look, then `nightdesk resolve` it.\n")


NOT_PAUSED: list[tuple[tuple[str, ...], str]] = [
    (("pause",), "--reason"),
    (("pause", "--reason", "  "), "A pause needs a reason."),
    (("pause", "--reason", "x", "--account", "x-man"), "did you mean 'x-main'?"),
    (("pause", "--reason", "x", "--account", "x-main", "--account", "x-man"), "did you mean 'x-main'?"),
    (("pause", "--reason", "x", "--until", "2026-06-01T05:00Z"), "is over already"),
    (("resume", "--then", "publsh"), "did you mean 'publish'?"),
    (("resume", "--account", "x-man"), "did you mean 'x-main'?"),
]


def test_a_pause_that_makes_no_sense_is_refused(made: World) -> None:
    for words, said in NOT_PAUSED:
        done = run(made, *words)
        assert (done.status, done.out) == (2, ""), words
        assert said in done.err, words
    made.add("Ferry returns")
    assert once(made)["published"] == 2


# -- golive and rehearse -----------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A page whose settings say live, with the sandbox in Facebook's place, and two posts that wait in rehearsal."""
    monkeypatch.setenv("TEST_TOKEN", "rehearsal:fb-page:1234567890")
    with world(tmp_path, database_url, LIVE_PAGE) as made:
        settings = made.home / "config" / "nightdesk.toml"
        settings.write_text(settings.read_text().replace("SANDBOX", made.sandbox.url))
        for text in ("One", "Two"):
            assert nightdesk("add", "--text", text, "--account", "fb-page", home=made.home).status == 0
        yield made


def stamps(made: World) -> list[bool]:
    return [line["live"] for line in nightdesk("queue", "list", "--json", home=made.home).lines]


def test_golive_shows_what_becomes_real_and_does_it_only_when_confirmed(page: World) -> None:
    asked = nightdesk("golive", "fb-page", home=page.home)
    assert asked.status == 2
    assert "fb-page is 1234567890 on facebook. Going LIVE means:\n  2 posts that wait become real: d1, d2" in asked.out
    assert "Say --confirm fb-page" in asked.err
    assert nightdesk("golive", "fb-page", "--confirm", "fb-pag", home=page.home).status == 2
    assert stamps(page) == [False, False]
    done = nightdesk("golive", "fb-page", "--confirm", "fb-page", home=page.home)
    assert done.status == 0, done.err
    assert "fb-page is LIVE" in done.out
    assert stamps(page) == [True, True]
    assert nightdesk("queue", "list", home=page.home).rows[0][3] == "LIVE"


def test_rehearse_takes_it_back(page: World) -> None:
    nightdesk("golive", "fb-page", "--confirm", "fb-page", home=page.home)
    [change] = nightdesk("rehearse", "fb-page", "--json", home=page.home).lines
    assert change == {
        "account": "fb-page",
        "platform": "facebook",
        "live": False,
        "restamped": ["d1", "d2"],
        "duplicates": [],
        "dropped": [],
    }
    assert stamps(page) == [False, False]


def test_golive_with_the_keys_of_someone_else_changes_nothing(page: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "rehearsal:other:999")
    done = nightdesk("golive", "fb-page", "--confirm", "fb-page", home=page.home)
    assert done.status == 3
    assert "belong to 999" in done.err
    assert stamps(page) == [False, False]


def test_golive_of_an_account_in_rehearsal_says_where_to_write_live(made: World) -> None:
    done = nightdesk("golive", "x-main", "--confirm", "x-main", home=made.home)
    assert (done.status, done.out) == (3, "")
    assert "`live = true` under [accounts.x-main]" in done.err


@pytest.mark.parametrize("command", ["golive", "rehearse"])
def test_an_unknown_account_is_refused(made: World, command: str) -> None:
    done = nightdesk(command, "x-man", home=made.home)
    assert (done.status, done.out) == (2, "")
    assert "did you mean 'x-main'?" in done.err


@pytest.mark.parametrize(("typed", "status", "stamped"), [("fb-page\n", 0, True), ("yes\n", 2, False)])
def test_at_a_terminal_golive_asks_for_the_name(page: World, typed: str, status: int, stamped: bool) -> None:
    keyboard, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "--home", str(page.home), "golive", "fb-page"],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(keyboard, typed.encode())
        out, err = process.communicate(timeout=60)
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert process.returncode == status, err
    assert "2 posts that wait become real" in out
    assert "Type fb-page to make this real: " in err
    assert stamps(page) == [stamped, stamped]
