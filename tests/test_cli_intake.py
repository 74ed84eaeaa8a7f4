"""add and fetch: articles in, from files, standard input, a typed text and feeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"
ARTICLE = """---
title: Ferry returns
url: https://courier.example/ferry
section: Harbour
---

The ferry left at midnight. It came back at dawn.
"""
TWO_ZONES = """
[accounts.x-baku]
platform = "x"
handle = "@courier"
timezone = "Asia/Baku"

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
"""
SOURCE = """
[sources.site]
feed = "feed.xml"
accounts = ["x-main"]

[sources.other]
feed = "other.xml"
accounts = ["fb-page"]
"""
FEED = '<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
ITEM = "<item><title>Story {n}</title><link>https://courier.example/{n}</link><guid>{n}</guid></item>"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        (tmp_path / "ferry.md").write_text(ARTICLE, "utf-8")
        yield made


def write_feed(home: Path, *numbers: int, name: str = "feed.xml") -> None:
    (home / name).write_text(FEED.format(items="".join(ITEM.format(n=number) for number in numbers)), "utf-8")


# -- add ---------------------------------------------------------------------------------------------------------


def test_add_queues_an_article_once_however_often_it_arrives(made: World) -> None:
    file = str(made.home / "ferry.md")
    first = nightdesk("add", file, "--json", home=made.home)
    assert first.status == 0
    assert first.lines == [
        {
            "article": "a1",
            "title": "Ferry returns",
            "new": True,
            "deliveries": [
                {"delivery": "d1", "account": "x-main", "state": "queued"},
                {"delivery": "d2", "account": "fb-page", "state": "queued"},
            ],
        }
    ]
    again = nightdesk("add", file, "--json", home=made.home)
    assert (again.status, again.lines[0]["new"], again.lines[0]["deliveries"]) == (
        0,
        False,
        first.lines[0]["deliveries"],
    )
    told = nightdesk("add", file, home=made.home)
    assert told.status == 0
    assert "a1 Ferry returns is known already: x-main (d1 queued, rehearsal)" in told.out


def test_add_reads_standard_input(made: World) -> None:
    done = nightdesk("add", "-", "--account", "x-main", "--json", home=made.home, stdin=ARTICLE)
    assert [line["title"] for line in done.lines] == ["Ferry returns"]


def test_add_takes_the_named_accounts_once_each(made: World) -> None:
    words = ("--account", "fb-page", "--account", "fb-page")
    [line] = nightdesk("add", str(made.home / "ferry.md"), *words, "--json", home=made.home).lines
    assert [delivery["account"] for delivery in line["deliveries"]] == ["fb-page"]


@pytest.mark.parametrize("bad", ["missing.md", ".", "empty.txt", "picture.txt"])
def test_when_one_file_cannot_be_read_none_is_added(made: World, bad: str) -> None:
    (made.home / "empty.txt").write_text("")
    (made.home / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    done = nightdesk("add", str(made.home / "ferry.md"), str(made.home / bad), home=made.home)
    assert (done.status, done.out) == (2, "")
    assert str(made.home / bad) in done.err
    assert nightdesk("queue", "list", "--state", "all", "--json", home=made.home).lines == []


REFUSED: list[tuple[tuple[str, ...], str]] = [
    ((), "nothing to add"),
    (("",), "an empty name"),
    (("https://courier.example/ferry",), "`nightdesk fetch` reads feeds"),
    (("ferry.md", "--text", "x", "--account", "x-main"), "--text and a FILE"),
    (("--text", "x"), "--text needs --account"),
    (("--text", "  ", "--account", "x-main"), "empty"),
    (("--text", "caf\udce9", "--account", "x-main"), "UTF-8"),
    (("--text", "x", "--account", "x-main", "--link", "ftp://courier.example"), "--link"),
    (("--text", "x", "--account", "x-main", "--link", "javascript:alert(1)"), "--link"),
    (("ferry.md", "--link", "https://courier.example"), "--link goes with --text"),
    (("ferry.md", "--account", "x-mian"), "did you mean 'x-main'?"),
    (("ferry.md", "--at", "soon"), "'soon' is not a moment"),
    (("ferry.md", "--priority", "high"), "--priority"),
]


def test_add_refuses_a_call_without_sense_and_adds_nothing(made: World) -> None:
    for words, said in REFUSED:
        done = nightdesk(
            "add", *(str(made.home / word) if word == "ferry.md" else word for word in words), home=made.home
        )
        assert (done.status, done.out) == (2, ""), words
        assert said in done.err, words
    assert nightdesk("queue", "list", "--state", "all", "--json", home=made.home).lines == []


def test_a_typed_text_is_sent_as_it_is(made: World) -> None:
    text = "We are live from {{ the harbour }}"
    done = nightdesk(
        "add", "--text", text, "--link", "https://courier.example/live", "--account", "x-main", home=made.home
    )
    assert done.status == 0, done.err
    [post] = nightdesk("preview", "--json", home=made.home).lines
    assert post["text"] == f"{text} https://courier.example/live"


def test_a_typed_text_that_is_too_long_is_refused_before_anything_is_kept(made: World) -> None:
    done = nightdesk("add", "--text", "a" * 281, "--account", "x-main", home=made.home)
    assert (done.status, done.out) == (4, "")
    assert "281" in done.err
    assert nightdesk("queue", "list", "--json", home=made.home).lines == []


def test_breaking_and_priority_go_first(made: World) -> None:
    for name, words in {"calm": (), "high": ("--priority", "5"), "urgent": ("--breaking",)}.items():
        stdin = f"---\ntitle: {name}\nurl: https://courier.example/{name}\n---\n\nText of {name}.\n"
        nightdesk("add", "-", "--account", "x-main", *words, home=made.home, stdin=stdin)
    lines = nightdesk("queue", "list", "--json", home=made.home).lines
    assert [line["title"] for line in lines] == ["urgent", "high", "calm"]
    assert [line["priority"] for line in lines] == [0, 5, 0]


def test_a_wall_time_is_each_accounts_own(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url, TWO_ZONES) as made:
        nightdesk("add", "-", "--at", "2026-06-01T18:00", "--now", NOW, home=made.home, stdin=ARTICLE)
        lines = nightdesk("queue", "list", "--now", NOW, "--json", home=made.home).lines
    assert {line["account"]: line["pinned"] for line in lines} == {
        "x-baku": "2026-06-01T18:00:00+04:00",
        "fb-page": "2026-06-01T18:00:00+02:00",
    }


def test_a_pretended_moment_is_refused_while_an_account_is_live(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    live = 'platform = "facebook"\nlive = true\ncredentials = { page_token = { env = "TEST_TOKEN" } }'
    settings.write_text(settings.read_text().replace('platform = "facebook"', live))
    done = nightdesk("add", "-", "--now", NOW, home=made.home, stdin=ARTICLE)
    assert (done.status, done.out) == (2, "")
    assert "the settings say live = true for fb-page." in done.err


def test_a_long_list_of_files_tells_how_far_it_is_to_whoever_watches(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("bot.cli.output.progress", told.append)
    files = [made.home / f"{number}.txt" for number in range(60)]
    for number, file in enumerate(files):
        file.write_text(f"Story {number}\n\nIts text.\n")
    assert nightdesk("add", *map(str, files), "--account", "x-main", home=made.home).status == 0
    assert told[-2:] == ["Read 50 of 60 …", "Queued 50 of 60 …"]


def test_the_editorial_becomes_a_sensible_article(made: World, shared: Path) -> None:
    done = nightdesk("add", str(shared / "samples" / "azernews-editorial.txt"), "--json", home=made.home)
    assert done.status == 0
    posts = nightdesk("preview", "--json", home=made.home).lines
    assert all(post["fits"] and done.lines[0]["title"] in post["text"] for post in posts)
    assert not any("subscribe" in post["text"].lower() for post in posts)


# -- fetch -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sourced(made: World) -> World:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text() + SOURCE)
    write_feed(made.home, 1, 2)
    write_feed(made.home, 7, name="other.xml")
    return made


def test_the_first_read_is_a_baseline_and_then_what_is_new_is_queued(sourced: World) -> None:
    first = nightdesk("fetch", "--json", home=sourced.home)
    assert first.status == 0
    assert [(line["source"], line["added"], line["baseline"]) for line in first.lines] == [
        ("site", [], 2),
        ("other", [], 1),
    ]
    write_feed(sourced.home, 1, 2, 3)
    [second] = nightdesk("fetch", "site", "--json", home=sourced.home).lines
    assert [added["title"] for added in second["added"]] == ["Story 3"]
    assert second["added"][0]["deliveries"] == [{"delivery": "d1", "account": "x-main", "state": "queued"}]
    [third] = nightdesk("fetch", "site", "--json", home=sourced.home).lines
    assert (third["added"], third["unchanged"]) == ([], True)


def test_backfill_queues_the_newest(sourced: World) -> None:
    done = nightdesk("fetch", "site", "--backfill", "1", home=sourced.home)
    assert done.status == 0
    assert "site: 1 new, 1 noted as known" in done.out


def test_backfill_queues_the_newest_of_a_feed_that_has_not_changed(sourced: World) -> None:
    nightdesk("fetch", "site", home=sourced.home)
    [again] = nightdesk("fetch", "site", "--backfill", "1", "--json", home=sourced.home).lines
    assert [added["title"] for added in again["added"]] == ["Story 1"]
    [then] = nightdesk("fetch", "site", "--json", home=sourced.home).lines
    assert then["unchanged"]


def test_a_source_that_cannot_be_read_is_told_and_the_others_are_read(sourced: World) -> None:
    (sourced.home / "feed.xml").unlink()
    done = nightdesk("fetch", "--json", home=sourced.home)
    assert done.status == 75
    assert [bool(line["error"]) for line in done.lines] == [True, False]
    assert "feed.xml" in done.err


def test_what_is_wrong_with_a_source_names_it_once(sourced: World) -> None:
    (sourced.home / "feed.xml").write_text(FEED.format(items="<item><title>No link</title></item>"), "utf-8")
    told = [line for line in nightdesk("fetch", "site", home=sourced.home).err.splitlines() if "left out" in line]
    assert [line.count("site") for line in told] == [1]
    (sourced.home / "feed.xml").unlink()
    [told] = nightdesk("fetch", "site", home=sourced.home).err.splitlines()
    assert told.count("site:") == 1


def test_an_unknown_source_is_refused_with_the_known_ones(sourced: World) -> None:
    done = nightdesk("fetch", "sight", home=sourced.home)
    assert (done.status, done.out) == (2, "")
    assert "There is no source 'sight'; did you mean 'site'?" in done.err
    assert "site, other" in done.err


def test_without_sources_there_is_nothing_to_do(made: World) -> None:
    done = nightdesk("fetch", home=made.home)
    assert (done.status, done.out) == (0, "")
    assert "no [sources]" in done.err
