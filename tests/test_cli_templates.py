"""templates list, check and bench: which there are, whether they are sound, how they serve real articles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.resources import package_folder
from bot.templating.firstuse import FirstUse
from bot.templating.guarded import GuardedTemplates
from tests.commands import nightdesk
from tests.world import TWO_ACCOUNTS, World, world

X, PAGE = "posts/x.txt.j2", "posts/facebook.txt.j2"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, TWO_ACCOUNTS) as made:
        yield made


def lines(made: World, *words: str, status: int = 0) -> list[dict[str, Any]]:
    done = nightdesk("templates", *words, "--json", home=made.home)
    assert done.status == status, done.err
    return done.lines


def write(made: World, name: str, text: str | bytes) -> Path:
    path = made.home / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# -- list --------------------------------------------------------------------------------------------------------


def test_the_list_tells_where_each_comes_from_and_whom_it_serves(made: World) -> None:
    mine = write(made, X, "{{ title }}\n{{ url }}\n")
    write(made, "posts/x/sport.txt.j2", "{{ title }}")
    write(made, "posts/x.2.txt.j2", "{{ title }}")
    write(made, "posts/xylophone.txt.j2", "{{ title }}")
    found = {line["template"]: line for line in lines(made, "list")}
    assert found[X] == {"template": X, "source": "home", "path": str(mine), "accounts": ["x-main"], "lines": 2}
    assert found["posts/x/sport.txt.j2"]["accounts"] == ["x-main"]
    assert found["posts/x.2.txt.j2"]["accounts"] == ["x-main"]
    assert found["posts/xylophone.txt.j2"]["accounts"] == []
    assert found.get("posts/x/breaking.txt.j2", {"accounts": []})["accounts"] == []
    assert (found[PAGE]["source"], found[PAGE]["accounts"]) == ("packaged", ["fb-page"])
    assert list(found) == sorted(found)


def test_packaged_special_cases_serve_as_long_as_the_homes_template_is_as_it_was_shipped(made: World) -> None:
    shipped = (package_folder("templates") / X).read_text("utf-8")
    for content, accounts in ((shipped, ["x-main"]), (f"{shipped} ", [])):
        write(made, X, content)
        found = {line["template"]: line for line in lines(made, "list")}
        assert found["posts/x/breaking.txt.j2"]["accounts"] == accounts


def test_what_is_no_template_file_is_left_out(made: World) -> None:
    folder = write(made, X, "{{ title }}").parent
    (folder / ".#x.txt.j2").symlink_to("editor@desk.4242:1763800000")
    (folder / "gone.txt.j2").symlink_to("nowhere")
    (folder / "folder.txt.j2").mkdir()
    write(made, "posts/.hidden.txt.j2", "{{ title }}")
    write(made, ".old/x.txt.j2", "{{ title }}")
    names = [line["template"] for line in lines(made, "list")]
    assert X in names
    assert not [name for name in names if "/." in name or name.startswith((".", "posts/folder", "posts/gone"))]
    assert [line["template"] for line in lines(made, "check")] == names
    assert [line["account"] for line in lines(made, "bench")] == ["x-main", "fb-page"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_is_in_the_list_and_its_check_says_why(made: World) -> None:
    write(made, X, "{{ title }}").chmod(0)
    assert {line["template"]: line for line in lines(made, "list")}[X]["lines"] == 0
    [line] = lines(made, "check", X, status=1)
    assert "cannot be read" in line["error"]


def test_on_a_terminal_the_list_is_a_table(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.output.on_terminal", lambda: True)
    done = nightdesk("templates", "list", home=made.home)
    assert done.status == 0
    assert any(line.split() == [PAGE, "packaged", *line.split()[2:3], "fb-page"] for line in done.out.splitlines())


# -- check -------------------------------------------------------------------------------------------------------

MISTAKES = {
    "an unknown field": ("{{ title }}\n{{ titel }}", ["line 2", "titel", "Did you mean “title”?"]),
    "an unknown filter": ("{{ title|shout }}", ["line 1", "shout", "upper"]),
    "an unclosed tag": ("{% if summary %}{{ summary }}", ["line 1", "{% endif %}"]),
    "a fit of a fit": ("{{ title|fit(1)|fit(2) }}", ["line 1", "|fit"]),
    "a filter after fit": ("{{ title|fit(1)|upper }}", ["line 1", "before |fit"]),
    "nothing at all": ("", ["empty"]),
    "no text": (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", ["UTF-8"]),
    "a sum": ("{{ 'a' * 10**9 }}", ["line 1", "sums"]),
    "a loop in a loop": ("{% for a in tags %}{% for b in tags %}{{ b }}{% endfor %}{% endfor %}", ["line 1", "for"]),
    "a format bomb": ("{{ '%999999999d'|format(1) }}", ["line 1", "format"]),
    "a filter that pads": ("{{ title|center(1000000000) }}", ["line 1", "center"]),
    "a loop over a million": ("{% for i in range(1000000) %}x{% endfor %}", ["line 1"]),
    "code": ("{{ title.__class__.__mro__ }}", ["line 1"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_and_line_and_ends_with_3(tmp_path: Path, mistake: str) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        source, told = MISTAKES[mistake]
        write(made, X, source)
        [line] = lines(made, "check", X, status=3)
        assert (line["template"], line["ok"]) == (X, False)
        assert all(each in line["error"] for each in [X, *told]), line["error"]


NEVER_FITS = {
    "only for one section": (
        "{% if section == 'Sport' %}" + "x" * 300 + "{% endif %}{{ title }}",
        "can never fit on x-main: a headline of one letter needs 301 of 280",
    ),
    "fixed text that is too long": (
        "x" * 300 + "{{ title|fit }}",
        "can never fit on x-main: a headline of one letter needs 301 of 280",
    ),
    "only for some articles": (
        "{% if breaking %}" + "x" * 300 + "{% endif %}{{ title }}",
        "can never fit on x-main: a headline of one letter needs 301 of 280",
    ),
    "a minimum beyond the limit": (
        "{{ title|fit(1, min=300) }}",
        "what min= keeps and the text around it need 300 of 280",
    ),
    "minima that are too much together": (
        "{{ title|fit(1, min=200) }} {{ url }} {{ summary|fit(2, min=60, prefix='– ') }}",
        "need 287 of 280 characters. Lower a min=.",
    ),
}


LINK_IN_TEXT = [
    "{{ title }}{{ url }}",
    "{{ url|utm(source='x') }}{{ title|fit }}",
    "{{ title }} {% if section == 'Sport' %}#Sport{% endif %}{{ url }}",
    "{% if language == 'az' %}{{ title }} {{ url }}{% elif language == 'ar' %}{{ url }}{{ title }}{% endif %}",
    "{% if section %}{{ title }} {{ url }}{% elif author %}{% if source %}x{{ url }}{% endif %}{% endif %}",
    "{{ 'x' if source == 'wire' else 'y ' }}{{ url }}",
    "{{ title }}{{ ' ' if author }}{{ url }}",
    "{% if section %}{{ title }} {{ url }}{% elif author == 'Desk' %}x{{ url }}{% endif %}",
    "{% if 'live' in tags %}.live {% elif section|lower in ['a', 'sport'] %}x{% else %} {% endif %}{{ url }}",
]
LINK_APART = [
    "{{ title }} {{ url }}{% if tags %}\n{% endif %}{{ tags|hashtag }}",
    "{{ title }} {{ url }}{{ '\n' if tags }}{{ tags|hashtag|fit(4) }}",
    "{{ title }} {{ url }}{% if author or source %}\n{% endif %}{{ author or source }}",
    "{{ title }}{% if summary %}\n{{ summary|fit(2) }}\n{% endif %}{% if not summary %} {% endif %}{{ url }}",
    "{% if section == 'A' %}" + "x" * 150 + "{% endif %}{% if section != 'A' %}" + "y" * 150 + "{% endif %} {{ url }}",
    "{% if breaking %}" + "x" * 150 + "{% endif %}{% if not breaking %}" + "y" * 150 + "{% endif %} {{ url }}",
    "{{ title }}\n{% for t in tags %}#{{ t }}{% if loop.last %} {% endif %}{% endfor %}{{ url }}",
    "{{ title }}{{ ' ' if title }}{{ url }}",
    "{% if language == 'ar' %}{{ title }} {{ url }}{% else %}{{ url }} {{ title }}{% endif %}",
    "{{ title }}{% if section == 'Sport' %}\n{% else %} {% endif %}{{ url }}",
    "{% if breaking %}🔴 {% endif %}{{ title|fit(1) }} {{ url }}{% if tags %} {{ tags|hashtag }}{% endif %}",
]


def test_a_template_whose_link_stands_apart_with_every_article_is_none_of_those(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        for source in LINK_APART:
            write(made, X, source)
            [line] = lines(made, "check", X)
            assert line["ok"]


def test_a_template_whose_link_runs_into_other_text_is_refused_before_the_first_article(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        for source in LINK_IN_TEXT:
            write(made, X, source)
            [line] = lines(made, "check", X, status=3)
            assert "Leave a space or a line end on both sides of {{ url }}." in line["error"]


@pytest.mark.parametrize("case", NEVER_FITS)
def test_a_template_that_can_never_fit_its_platform_is_refused_with_the_numbers(tmp_path: Path, case: str) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        source, told = NEVER_FITS[case]
        write(made, X, source)
        [line] = lines(made, "check", X, status=3)
        assert line["error"].startswith(X)
        assert told in line["error"]
        [error] = nightdesk("check", "--json", home=made.home).lines[0]["errors"]
        assert error == line["error"]
        write(made, PAGE, source)
        assert lines(made, "check", PAGE)[0]["ok"]


def test_a_template_that_nobody_uses_is_refused_when_no_platform_could_take_it(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        write(made, "posts/new.txt.j2", "x" * 300)
        assert lines(made, "check", "posts/new.txt.j2")[0]["ok"]
        write(made, "posts/new.txt.j2", "{{ title|fit(1, min=70000) }}")
        [line] = lines(made, "check", "posts/new.txt.j2", status=3)
        assert "need 70,000 of 280 characters" in line["error"]


def test_what_fits_to_the_last_character_is_sound(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        for source in ("x" * 279 + "{{ title }}", "{{ title|fit(1, min=256) }} {{ url }}"):
            write(made, X, source)
            assert lines(made, "check", X)[0]["ok"]


# -- the first use -----------------------------------------------------------------------------------------------


@pytest.fixture
def hardly_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every template but the shipped ones takes more than is allowed."""
    monkeypatch.setattr(
        "bot.app.FirstUse",
        lambda shipped: FirstUse(shipped, guarded=lambda: GuardedTemplates([], cpu_seconds=0.000_1)),
    )


def test_a_costly_template_edited_on_disk_is_refused_by_whatever_uses_it(made: World, hardly_any_time: None) -> None:
    write(made, X, "{% if summary|upper|lower == 'x' %}!{% endif %}" * 100 + "{{ title|fit(1) }} {{ url }}")
    made.add("Ferry returns")
    summary = made.once()
    assert summary.exit_status() == 3
    [trouble] = summary.troubles
    assert (trouble.account, "posts/x.txt.j2 takes more time or memory" in trouble.message) == ("x-main", True)
    assert made.states() == {"x-main": ["queued"], "fb-page": ["published"]}
    assert [post["platform"] for post in made.posts()] == ["facebook"]
    [previewed] = nightdesk("preview", "--json", home=made.home).lines
    assert (previewed["text"], "more time or memory" in previewed["error"]) == (None, True)
    assert [line["failed"] for line in lines(made, "bench", status=3)] == [1, 0]


def test_shipped_templates_need_no_trial(made: World, hardly_any_time: None) -> None:
    shipped = (package_folder("templates") / X).read_text("utf-8")
    write(made, X, shipped)
    made.add("Ferry returns", "Breaking", breaking=True)
    assert made.once().exit_status() == 0
    assert set(made.states()["x-main"]) == {"published"}


def test_all_are_checked_also_the_packaged_ones(tmp_path: Path) -> None:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        write(made, "posts/new.txt.j2", "{{ titel }}")
        found = {line["template"]: line["ok"] for line in lines(made, "check", status=3)}
        assert not found.pop("posts/new.txt.j2")
        assert {X, PAGE} <= found.keys()
        assert all(found.values())


def test_sound_templates_need_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.output.on_terminal", lambda: True)
    with world(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none") as made:
        done = nightdesk("templates", "check", home=made.home)
        assert done.status == 0
        assert [line.split() for line in done.out.splitlines() if X in line] == [[X, "yes"]]
        assert nightdesk("templates", "list", home=made.home).status == 0


@pytest.mark.parametrize("family", ["check", "bench"])
def test_an_unknown_name_is_refused_with_the_one_that_was_meant(made: World, family: str) -> None:
    done = nightdesk("templates", family, "posts/xx.txt.j2", home=made.home)
    assert (done.status, done.out) == (2, "")
    assert "posts/x.txt.j2" in done.err


def test_the_home_is_checked_with_every_template_it_may_use(made: World) -> None:
    write(made, X, "{{ title }} {{ url }}")
    write(made, "posts/x/sport.txt.j2", "{{ titel }}")
    write(made, "posts/unused.txt.j2", "{{ titel }}")
    done = nightdesk("check", "--json", home=made.home)
    assert done.status == 3
    [error] = done.lines[0]["errors"]
    assert "posts/x/sport.txt.j2, line 1" in error


# -- bench -------------------------------------------------------------------------------------------------------


def test_the_bench_writes_real_articles_and_tells_how_they_fit(made: World) -> None:
    write(made, X, "{{ title|fit(1, min=20) }} {{ url }}")
    link = "https://courier.com/"
    made.add("Ferry returns", url=f"{link}1")
    made.add("Harbour opens again today", url=f"{link}2")
    made.add("word " * 100, url=f"{link}3")
    x, page = lines(made, "bench")
    assert list(x) == [
        "template", "account", "platform", "articles", "shortest", "longest", "limit", "cut", "refused", "failed",
        "room", "cost", "error",
    ]  # fmt: skip
    assert (x["template"], x["account"], x["platform"], x["articles"]) == (X, "x-main", "x", 3)
    assert (x["shortest"], x["limit"], x["cut"], x["refused"], x["failed"]) == (13 + 1 + 23, 280, 1, 0, 0)
    lengths = [13 + 24, 25 + 24, x["longest"]]
    assert x["longest"] > 270
    assert x["room"] == round(280 - sum(lengths) / 3, 1)
    assert x["cost"] == pytest.approx(0.6)
    assert (page["account"], page["cut"], page["cost"], page["longest"]) == ("fb-page", 0, 0.0, 499)
    assert made.posts() == []


def test_the_bench_takes_the_newest_and_leaves_out_what_was_typed(made: World) -> None:
    made.add(*(f"Story number {number}" for number in range(5)), accounts=["x-main"])
    nightdesk("add", "--text", "typed by hand", "--account", "x-main", home=made.home)
    assert [line["articles"] for line in lines(made, "bench", "--last", "3")] == [2, 2]
    assert [line["articles"] for line in lines(made, "bench")] == [5, 5]


def test_posts_that_cannot_fit_are_counted_and_end_with_4(made: World) -> None:
    write(made, X, "{{ title }} {{ url }}")
    made.add("Ferry returns")
    made.add("word " * 100, url="https://courier.example/long")
    x, _ = lines(made, "bench", status=4)
    assert (x["articles"], x["refused"], x["failed"]) == (2, 1, 0)
    assert "of 280 characters" in x["error"]


def test_a_template_that_fails_on_an_article_says_so_and_ends_with_3(made: World) -> None:
    write(made, X, "{{ summary|fit(1) }}")
    made.add("Ferry returns", "Harbour opens")
    x, page = lines(made, "bench", status=3)
    assert (x["failed"], x["shortest"], x["longest"], x["room"], x["cost"]) == (2, None, None, None, 0.0)
    assert "empty post" in x["error"]
    assert page["failed"] == 0


def test_one_template_is_tried_on_the_accounts_it_writes_for_or_else_on_all(made: World) -> None:
    made.add("Ferry returns")
    write(made, "posts/x/sport.txt.j2", "SPORT {{ title }} {{ url }}")
    write(made, "posts/new.txt.j2", "NEW {{ title }} {{ url }}")
    assert [(line["account"], line["template"]) for line in lines(made, "bench", "posts/x/sport.txt.j2")] == [
        ("x-main", "posts/x/sport.txt.j2")
    ]
    assert [line["account"] for line in lines(made, "bench", "posts/new.txt.j2")] == ["x-main", "fb-page"]


def test_a_template_with_a_mistake_is_not_benched(made: World) -> None:
    write(made, "posts/new.txt.j2", "{{ titel }}")
    done = nightdesk("templates", "bench", "posts/new.txt.j2", home=made.home)
    assert (done.status, done.out) == (3, "")
    assert "posts/new.txt.j2, line 1" in done.err


def test_without_articles_the_bench_says_how_to_get_some(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.output.on_terminal", lambda: True)
    done = nightdesk("templates", "bench", home=made.home)
    assert done.status == 0
    assert "There are no articles yet" in done.err
    assert [line.split()[2] for line in done.out.splitlines() if "x-main" in line] == ["0"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999"])
def test_a_number_of_articles_that_makes_no_sense_is_refused(made: World, number: str) -> None:
    assert nightdesk("templates", "bench", "--last", number, home=made.home).status == 2
