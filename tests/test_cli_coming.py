"""plan and preview: what would go out, when, and exactly how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.article import Article
from bot.cli.previewing import bar_of
from bot.ingest import add_article
from tests.commands import nightdesk
from tests.world import World, world

NOW = "2026-06-01T06:00Z"
SLOTS = """
[accounts.x-main]
platform = "x"
handle = "@courier"
timezone = "Asia/Baku"
timetable = ["daily at 12:00 and 18:00"]

[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
"""
PREVIEW_FIELDS = [
    "delivery", "article", "account", "platform", "live", "text", "link", "length", "limit", "fits", "cut", "cost",
    "error",
]  # fmt: skip


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, SLOTS) as made:
        yield made


def lines(made: World, *words: str, status: int = 0) -> list[dict[str, Any]]:
    done = nightdesk(*words, "--now", NOW, "--json", home=made.home)
    assert done.status == status, done.err
    return done.lines


def write_template(made: World, text: str) -> Path:
    path = made.home / "templates" / "posts" / "x.txt.j2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


# -- plan --------------------------------------------------------------------------------------------------------


def test_the_plan_lists_every_moment_in_order_and_the_slots_that_stay_empty(made: World) -> None:
    made.add("Ferry returns")
    assert lines(made, "plan", "--days", "1") == [
        {
            "at": "2026-06-01T08:00:00+02:00",
            "slot": None,
            "account": "fb-page",
            "delivery": "d2",
            "article": "a1",
            "title": "Ferry returns",
        },
        {
            "at": "2026-06-01T12:00:00+04:00",
            "slot": "2026-06-01T12:00 Asia/Baku",
            "account": "x-main",
            "delivery": "d1",
            "article": "a1",
            "title": "Ferry returns",
        },
        {
            "at": "2026-06-01T18:00:00+04:00",
            "slot": "2026-06-01T18:00 Asia/Baku",
            "account": "x-main",
            "delivery": None,
            "article": None,
            "title": None,
        },
    ]


def test_the_plan_may_begin_later_and_knows_what_has_gone_out_by_then(made: World) -> None:
    made.add("Ferry returns", "Harbour opens", accounts=["x-main"])
    later = lines(made, "plan", "--from", "2026-06-01T15:00", "--days", "1")
    assert [(line["at"], line["title"]) for line in later] == [
        ("2026-06-01T18:00:00+04:00", "Harbour opens"),
        ("2026-06-02T12:00:00+04:00", None),
    ]


def test_looking_at_the_plan_leaves_no_trace(made: World) -> None:
    """The slots of an account count from the first `add`, `fetch`, `once` or `run`, not from a look."""
    assert len(lines(made, "plan", "--days", "1")) == 2
    with made.desk() as desk, desk.database.read() as tx:
        from bot.store import lanes

        assert lanes.every(tx) == []


def test_a_paused_account_has_only_empty_slots_and_a_closed_one_too(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    nightdesk("pause", "--account", "x-main", "--reason", "storm", "--now", NOW, home=made.home)
    assert [line["delivery"] for line in lines(made, "plan", "--days", "1")] == [None, None]


def test_in_a_pipe_and_without_anything_the_plan_is_empty(tmp_path: Path) -> None:
    accounts = '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\n'
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db", accounts) as made:
        done = nightdesk("plan", home=made.home)
        assert (done.status, done.out) == (0, "")


@pytest.mark.parametrize("words", [("--days", "0"), ("--days", "9999"), ("--days", "x"), ("--from", "whenever")])
def test_a_plan_that_makes_no_sense_is_refused(made: World, words: tuple[str, ...]) -> None:
    assert nightdesk("plan", *words, home=made.home).status == 2


# -- preview -----------------------------------------------------------------------------------------------------


def test_the_preview_is_exactly_what_is_sent(made: World) -> None:
    made.add("Ferry returns", summary="It left at midnight. " * 30)
    made.add("日本の港 " * 40, url="https://courier.example/harbour")
    shown = lines(made, "preview")
    assert [list(line) for line in shown] == [PREVIEW_FIELDS] * 4
    for now in (NOW, "2026-06-01T08:00Z", "2026-06-01T14:00Z"):
        nightdesk("once", "--now", now, home=made.home)
    posts = {(post["platform"], post["text"], post["link"]) for post in made.posts()}
    assert posts == {(line["platform"], line["text"], line["link"]) for line in shown}
    assert len(posts) == 4


def test_the_preview_tells_length_cost_link_and_what_was_cut(made: World) -> None:
    made.add("Ferry returns " * 40, url="https://courier.example/ferry")
    x, page = lines(made, "preview")
    assert (x["account"], x["live"], x["link"], x["limit"], x["fits"], x["error"]) == (
        "x-main",
        False,
        None,
        280,
        True,
        None,
    )
    assert x["length"] <= 280
    assert x["cost"] == 0.2
    [cut] = x["cut"]
    assert (cut["field"], list(cut)) == ("title", ["field", "from", "to"])
    assert cut["to"] < cut["from"]
    assert page["link"].startswith("https://courier.example/ferry")
    assert (page["cut"], page["cost"]) == ([], 0.0)


def test_the_preview_is_of_one_article_or_one_account_or_of_all_that_waits(made: World) -> None:
    made.add("Ferry returns", "Harbour opens")
    nightdesk("queue", "hold", "d1", "--now", NOW, home=made.home)
    nightdesk("queue", "skip", "d2", "--now", NOW, home=made.home)
    assert {line["delivery"] for line in lines(made, "preview")} == {"d1", "d3", "d4"}
    assert {line["delivery"] for line in lines(made, "preview", "--account", "x-main")} == {"d1", "d3"}
    both = lines(made, "preview", "--account", "fb-page", "--account", "x-main")
    assert {line["delivery"] for line in both} == {"d1", "d3", "d4"}
    both = lines(made, "preview", "ferry", "--account", "fb-page", "--account", "x-main")
    assert [line["account"] for line in both] == ["fb-page", "x-main"]
    assert {line["delivery"] for line in lines(made, "preview", "ferry")} == {"d1", "d2"}
    assert nightdesk("preview", "nothing of the kind", home=made.home).status == 2
    assert nightdesk("preview", "--account", "x-man", home=made.home).status == 2


def test_an_article_without_a_delivery_is_shown_for_the_accounts_it_would_go_to(made: World) -> None:
    with made.desk() as desk:
        add_article(desk, Article(title="Ferry", url="https://courier.example/f"), accounts=["x-main"], actor="test")
    [line] = lines(made, "preview", "a1", "--account", "fb-page")
    assert (line["delivery"], line["account"], line["text"]) == (None, "fb-page", "Ferry")


def test_a_post_that_cannot_fit_says_by_how_much_and_ends_with_4(made: World) -> None:
    write_template(made, "{{ title }} {{ url }}")
    made.add("Ferry returns " * 40, url="https://courier.example/ferry")
    x, page = lines(made, "preview", status=4)
    assert (x["text"], x["fits"], x["limit"], x["cost"]) == (None, False, 280, None)
    assert x["length"] > 280
    assert str(x["length"]) in x["error"]
    assert page["fits"]


def test_a_template_with_a_mistake_is_told_with_file_and_line_and_ends_with_3(made: World) -> None:
    write_template(made, "{{ title }}\n{{ titel }}")
    made.add("Ferry returns")
    x, page = lines(made, "preview", status=3)
    assert "x.txt.j2" in x["error"]
    assert "2" in x["error"]
    assert (x["text"], x["length"], x["fits"], page["fits"]) == (None, None, False, True)


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Baku"),
    ],
)
def test_a_date_at_the_end_of_the_calendar_keeps_no_page_from_being_written(
    made: World, moment: datetime, zone: str
) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8").replace("Europe/Berlin", zone), "utf-8")
    made.add("Of another age", accounts=["x-main"], published=moment)
    page = made.home / "page.html"
    done = nightdesk("preview", "--html", str(page), home=made.home)
    assert done.status == 0
    assert "Of another age" in page.read_text("utf-8")


def test_another_template_can_be_tried_before_it_is_used(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    trial = made.home / "trial.txt.j2"
    trial.write_text("TRIAL {{ title|fit(1) }} {{ url }}", "utf-8")
    [line] = lines(made, "preview", "--template", str(trial))
    assert line["text"] == "TRIAL Ferry returns https://courier.example/ferry-returns"
    for path, words in {made.home / "missing": "is not there", made.home: "is no file"}.items():
        done = nightdesk("preview", "--template", str(path), home=made.home)
        assert done.status == 2
        assert f"{path} {words}" in done.err


def test_a_repeat_is_previewed_as_the_round_it_is(made: World) -> None:
    folder = write_template(made, "FIRST {{ title|fit(1) }} {{ url }}").parent / "x"
    folder.mkdir()
    (folder / "evergreen.txt.j2").write_text("AGAIN {{ title|fit(1) }} {{ url }}", "utf-8")
    made.add("Ferry returns", accounts=["x-main"], evergreen=True)
    nightdesk("queue", "skip", "d1", "--now", NOW, home=made.home)
    nightdesk("queue", "again", "d1", "--now", NOW, home=made.home)
    assert [line["text"].split()[0] for line in lines(made, "preview")] == ["AGAIN"]


def test_a_tried_template_writes_every_post_whatever_is_special_about_it(made: World) -> None:
    made.add("Ferry returns", accounts=["x-main"], section="Sport", breaking=True)
    trial = made.home / "trial.txt.j2"
    trial.write_text("TRIAL {{ title|fit(1) }} {{ url }}", "utf-8")
    (made.home / "trial").mkdir()
    (made.home / "trial" / "sport.txt.j2").write_text("SPORT {{ title|fit(1) }} {{ url }}", "utf-8")
    [line] = lines(made, "preview", "--template", str(trial))
    assert line["text"].startswith("TRIAL ")


@pytest.mark.parametrize(
    "costly", ["{{ 'a' * 10**9 }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ title|center(10**9) }}"]
)
def test_a_tried_template_that_would_cost_too_much_is_refused(made: World, costly: str) -> None:
    made.add("Ferry returns", accounts=["x-main"])
    trial = made.home / "trial.txt.j2"
    trial.write_text(costly, "utf-8")
    [line] = lines(made, "preview", "--template", str(trial), status=3)
    assert "trial.txt.j2, line 1" in line["error"]


def told(made: World, *words: str, status: int = 0) -> str:
    """What a person at a terminal reads."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.cli.output.on_terminal", lambda: True)
        done = nightdesk("preview", *words, "--now", NOW, home=made.home)
    assert done.status == status, done.err
    return done.out


def test_on_a_terminal_a_post_is_shown_as_it_will_stand(made: World) -> None:
    made.add("Ferry returns", summary="It left at midnight.", image="https://courier.example/f.jpg")
    x, page = told(made).split("\n\n", 1)
    assert x.startswith("d1 a1 for x-main (x, rehearsal)\n  | Ferry returns")
    for text in (x, page):
        assert "  card: courier.example · Ferry returns\n        It left at midnight.\n" in text
        assert "        picture: https://courier.example/f.jpg\n" in text
    assert " of 280, $0.200" in x
    assert "link:" not in x
    assert "  link: https://courier.example/ferry-returns\n" in page
    assert " of 63,206, $0.000" in page


def test_on_a_terminal_it_is_told_what_was_cut_and_how_full_the_post_is(made: World) -> None:
    made.add("Ferry returns", summary="It left at midnight. " * 40, accounts=["x-main"])
    text = told(made)
    [line] = lines(made, "preview")
    assert f"  cut: summary from {line['cut'][0]['from']} to {line['cut'][0]['to']}\n" in text
    [bar] = re.findall(r"^  (█+)(░*) (\d+) of 280", text, re.MULTILINE)
    assert (len(bar[0]) + len(bar[1]), int(bar[2])) == (40, line["length"])
    assert len(bar[0]) == -(-line["length"] * 40 // 280)


def test_on_a_terminal_it_is_told_what_facebook_will_fold_away(made: World) -> None:
    made.add("Ferry returns", summary="It left at midnight. " * 40, accounts=["fb-page"])
    assert re.findall(r"^  note: On (a \w+) readers see about (\d+)", told(made), re.MULTILINE) == [
        ("a phone", "125"),
        ("a computer", "477"),
    ]


def test_on_a_terminal_a_post_that_cannot_fit_says_by_how_much(made: World) -> None:
    write_template(made, "{{ title }} {{ url }}")
    made.add("Ferry returns " * 40, url="https://courier.example/ferry", accounts=["x-main"])
    text = told(made, status=4)
    assert re.search(r"  █{40} \d+ of 280, \d+ too many\n  cannot be written: ", text)


def test_the_card_is_of_the_link_that_is_posted(made: World) -> None:
    """A text typed by hand links to a page of which nothing is known; one without a link has no card."""
    for words in (("Look", "--link", "https://www.example.com/a"), ("No link at all",), ("Two https://example.org/b",)):
        nightdesk("add", "--text", *words, "--account", "x-main", "--now", NOW, home=made.home)
    assert re.findall(r"card: (.*)", told(made)) == [
        "example.com, with what the page says of itself",
        "none, as there is no link",
        "example.org, with what the page says of itself",
    ]


@pytest.mark.parametrize(("length", "drawn"), [(0, 0), (1, 1), (140, 20), (280, 40), (281, 40), (10**9, 40)])
def test_the_bar_is_never_longer_than_its_place(length: int, drawn: int) -> None:
    bar = bar_of(length, 280)
    assert len(re.findall("[█#]", bar)) == drawn
    assert ("too many" in bar) == (length > 280)
