"""once and run, as cron and systemd meet them: what they print, and where, and with which exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def test_once_posts_what_is_due_and_tells_each_step_beside_its_summary(made: World) -> None:
    made.add("Ferry returns")
    done = nightdesk("once", "--now", NOW, "--json", home=made.home)
    assert done.status == 0
    assert done.lines == [
        {"due": 2, "published": 2, "failed": 0, "unconfirmed": 0, "requeued": 0, "held": 0, "skipped": 0, "missed": 0}
    ]
    assert "x-main: d1 “Ferry returns” (rehearsal) published: https://x.com/courier/status/" in done.err
    assert "fb-page: d2 “Ferry returns” (rehearsal) published: https://www.facebook.com/" in done.err
    assert len(done.err.splitlines()) == 2


def test_once_says_in_one_line_what_a_pass_came_to(made: World) -> None:
    made.add("Ferry returns")
    assert nightdesk("once", "--now", NOW, home=made.home).out == "2 due: 2 published.\n"
    assert nightdesk("once", "--now", NOW, home=made.home).out == "Nothing was due.\n"


def test_once_without_a_sandbox_asks_whether_it_runs_and_ends_with_75(made: World) -> None:
    made.add("Ferry returns")
    made.sandbox.stop()
    done = nightdesk("once", "--now", NOW, home=made.home)
    assert (done.status, done.out) == (75, "2 due: 2 queued again.\n")
    assert f"Is `nightdesk sandbox` running? The settings expect it at {made.sandbox.url}." in done.err
    assert "queued again" in done.err


def test_a_post_that_waits_for_anything_but_the_sandbox_asks_nothing_about_it(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    made.order(kind="revoked", account="x-main")
    done = nightdesk("once", "--now", NOW, home=made.home)
    assert "queued again" in done.err
    assert "nightdesk sandbox" not in done.err


def test_once_says_what_is_paused_or_closed_and_still_ends_with_0(made: World) -> None:
    made.add("Ferry returns")
    for words, said in (
        (("--reason", "sad news"), "paused: sad news; nothing is sent\n"),
        (("--account", "x-main", "--reason", "storm"), "x-main is paused: storm\n"),
    ):
        nightdesk("pause", *words, "--now", NOW, home=made.home)
        done = nightdesk("once", "--now", NOW, home=made.home)
        assert (done.status, said in done.err) == (0, True), done.err
        nightdesk("resume", "--then", "publish", *words[:-2], "--now", NOW, home=made.home)
    (made.home / "PAUSE").write_text("web desk is down\n")
    done = nightdesk("once", "--now", NOW, "--json", home=made.home)
    assert (done.status, done.lines[0]["due"]) == (0, 0)
    assert done.err == "paused: web desk is down; nothing is sent\n"


def test_once_says_that_an_account_is_closed(made: World) -> None:
    made.add("Ferry returns", "Harbour opens", accounts=["x-main"])
    made.order(kind="revoked", account="x-main")
    nightdesk("once", "--now", NOW, home=made.home)
    done = nightdesk("once", "--now", NOW, home=made.home)
    assert (done.status, done.out) == (0, "Nothing was due.\n")
    assert done.err.startswith("x-main is closed: ")
    assert done.err.count("\n") == 1


def test_an_unconfirmed_post_is_told_in_words_and_not_by_its_code(made: World) -> None:
    made.add("Ferry returns")
    made.order(kind="reset_after", account="fb-page")
    done = nightdesk("once", "--now", NOW, home=made.home)
    assert "unconfirmed: it may be live (Facebook may have taken the post: " in done.err
    assert "settling" not in done.err


@pytest.mark.parametrize(
    ("faults", "status", "counts"),
    [
        ([("x-main", "refuse")], 4, {"published": 1, "failed": 1}),
        ([("x-main", "refuse"), ("fb-page", "refuse")], 5, {"failed": 2}),
        ([("fb-page", "reset_after")], 4, {"published": 1, "unconfirmed": 1}),
        ([("x-main", "revoked")], 5, {"published": 1, "requeued": 1}),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else None,
)
def test_the_exit_status_says_how_the_pass_went(
    made: World, faults: list[tuple[str, str]], status: int, counts: dict[str, int]
) -> None:
    made.add("Ferry returns")
    for account, kind in faults:
        made.order(kind=kind, account=account, **({"status": 400} if kind == "refuse" else {}))
    done = nightdesk("once", "--now", NOW, "--json", home=made.home)
    assert {name: count for name, count in done.lines[0].items() if count and name != "due"} == counts
    assert done.status == status
    assert ("nightdesk resolve" in done.err) == ("unconfirmed" in counts)


def test_a_moment_before_the_last_one_has_nothing_due_and_says_so(made: World) -> None:
    made.add("Ferry returns")
    nightdesk("once", "--now", NOW, home=made.home)
    done = nightdesk("once", "--now", "2026-06-01T05:00Z", "--json", home=made.home)
    assert (done.status, done.lines[0]["due"]) == (0, 0)
    assert "earlier than the last simulated run" in done.err


def test_a_pass_without_now_after_a_simulated_one_says_that_it_goes_back_to_real_time(made: World) -> None:
    nightdesk("once", "--now", NOW, home=made.home)
    assert "counts from the real time again" in nightdesk("once", home=made.home).err
    assert nightdesk("once", home=made.home).err == ""


@pytest.mark.parametrize("command", ["once", "run"])
def test_a_second_one_is_refused_with_6_where_the_database_is_one_file(made: World, command: str) -> None:
    with made.desk() as desk, desk.database.instance_lock("run"):
        if not desk.database.exclusive:
            pytest.skip("PostgreSQL takes any number of workers")
        done = nightdesk(command, home=made.home)
    assert (done.status, done.out) == (6, "")
    assert "`nightdesk run` is already at work" in done.err


def test_a_database_that_is_not_there_is_worth_another_try(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text().replace(made.database_url, "postgresql://nobody@127.0.0.1:9/none"))
    done = nightdesk("once", home=made.home)
    assert (done.status, done.out) == (75, "")
    assert "127.0.0.1" in done.err
    assert "Traceback" not in done.err


def test_a_missing_secret_stops_its_own_account_and_once_says_so(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_TOKEN", "rehearsal:fb-page:1234567890")
    accounts = """
[accounts.x-main]
platform = "x"
handle = "@courier"

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
live = true
credentials = { page_token = { env = "TEST_TOKEN" } }

[platforms]
facebook = "SANDBOX"
"""
    with world(tmp_path, database_url, accounts) as made:
        settings = tmp_path / "config" / "nightdesk.toml"
        settings.write_text(settings.read_text().replace("SANDBOX", made.sandbox.url))
        assert nightdesk("golive", "fb-page", "--confirm", "fb-page", home=made.home).status == 0
        nightdesk("add", "--text", "Hello", "--account", "x-main", "--account", "fb-page", home=made.home)
        monkeypatch.delenv("TEST_TOKEN")
        done = nightdesk("once", home=made.home)
        assert (done.status, done.out) == (3, "1 due: 1 published.\n")
        assert "TEST_TOKEN" in done.err
        assert [post["account"] for post in made.posts()] == ["x-main"]


def test_once_as_a_process_keeps_data_and_messages_apart(made: World) -> None:
    made.add("Ferry returns")
    done = made.command("once", "--now", NOW, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["published"] == 2
    assert "published" in done.stderr
    assert "INFO" not in done.stderr


def test_once_says_what_a_post_that_is_due_waits_for(tmp_path: Path, database_url: str) -> None:
    accounts = '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\n'
    with world(tmp_path, database_url, accounts) as made:
        for text in ("One", "Two"):
            nightdesk("add", "--text", text, "--account", "x-main", home=made.home)
        done = nightdesk("once", home=made.home)
        assert done.status == 0
        assert "x-main waits: gap: the last post was" in done.err
