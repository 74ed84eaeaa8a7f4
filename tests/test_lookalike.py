"""preview --html: a page that looks about like X and Facebook, stands alone, and takes everything for data."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.account import Account
from bot.article import Article
from bot.lookalike import MOST_POSTS, layouts, page
from bot.lookalike.looks import folds
from bot.preview import LinkCard, Preview, PreviewLine
from bot.text.measures import SEE_MORE
from tests.commands import Done, nightdesk
from tests.world import MONDAY, World, world

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<b>bold</b> &amp; &lt;i&gt; {{7*7}} {% raw %}",
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "</pre></title><!-- ",
    "javascript:alert(1)",
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "div", "p", "span",
    "strong", "b", "bdi", "a", "h1", "h2", "h3", "ul", "li", "time", "svg", "path", "circle", "rect", "details",
    "summary", "pre", "input", "label",
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path}/nightdesk.db") as made:
        yield made


class Seen(HTMLParser):
    """What a browser makes of the page: its elements with their attributes, its addresses, and the text of some."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.exact: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "pre":
            self.exact.append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if "pre" in self.open:
            self.exact[-1] += data

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.tags if name in attributes]


def shown(made: World, *words: str, status: int = 0) -> tuple[str, Done]:
    file = made.home / "page.html"
    done = nightdesk("preview", *words, "--html", str(file), "--json", "--now", "2026-06-01T08:00Z", home=made.home)
    assert done.status == status, done.err
    return file.read_text("utf-8"), done


def example(platform: str = "x", text: str = "Ferry returns", card: LinkCard | None = None, **line: Any) -> Preview:
    made = PreviewLine(
        **{
            "delivery": "d1", "article": "a1", "account": "main", "platform": platform, "live": False, "text": text,
            "link": None, "length": len(text), "limit": 280, "fits": True, "cut": (), "cost": 0.2, "error": None,
            **line,
        }
    )  # fmt: skip
    account = Account(name="main", platform=platform, identity="courier", template="posts/x.txt.j2")
    article = Article(title="Ferry returns", id=1, published=MONDAY)
    return Preview(line=made, article=article, account=account, card=card, warnings=())


def drawn(*previews: Preview) -> str:
    return page(previews, made=MONDAY)


# -- what is on it -----------------------------------------------------------------------------------------------


def test_the_page_has_the_exact_texts_and_what_nightdesk_says_of_them(made: World) -> None:
    made.add("Ferry returns", summary="It left at midnight. " * 40, image="https://courier.example/ferry.jpg")
    markup, done = shown(made)
    seen = Seen(markup)
    assert seen.exact == [line["text"] for line in done.lines]
    assert len(seen.exact) == 2
    x = done.lines[0]
    for told in (f"{x['length']} of 280", "$0.200", f"cut from {x['cut'][0]['from']} to {x['cut'][0]['to']}", "d1"):
        assert told in seen.text
    assert "On a computer readers see about 477 of these" in seen.text
    assert "https://courier.example/ferry.jpg" in seen.text
    assert "courier.example" in seen.text
    assert "The page is" in done.err


def test_it_is_marked_approximate_with_the_dates_of_what_is_known(made: World) -> None:
    made.add("Ferry returns")
    text = Seen(shown(made)[0]).text
    checked = layouts()["checked"]
    assert "Approximate." in text
    assert f"{checked.day} {checked:%B %Y}" in text
    for platform in ("x", "facebook"):
        for fact in layouts()[platform]["facts"]:
            assert fact["says"] in text
            assert fact["since"] in text
            assert fact["source"] in text


def test_facebook_folds_on_phones_before_desktops_and_nothing_is_lost() -> None:
    text = "word " * 200
    on_phones, on_desktops = folds(text, SEE_MORE)
    assert (text[on_phones], text[on_desktops]) == (" ", " ")
    assert 115 < on_phones <= 125 < 467 < on_desktops <= 477
    seen = Seen(drawn(example("facebook", text)))
    assert seen.attributes("for") == ["post-0-more"]
    assert seen.text.count("word") == 2 * 200  # folded, and exact
    assert [attributes.get("class") for tag, attributes in seen.tags if tag == "input"] == ["unfold"]
    for short_or_elsewhere in (example("facebook", "word"), example("x", text)):
        assert not Seen(drawn(short_or_elsewhere)).attributes("for")


@pytest.mark.parametrize("text", ["", "word", "x" * 125, "x" * 126, "x" * 1000, "a\n" * 300], ids=len)
def test_a_text_folds_within_itself(text: str) -> None:
    assert folds(text, ()) == (len(text), len(text))
    on_phones, on_desktops = folds(text, SEE_MORE)
    assert 0 <= on_phones <= on_desktops <= len(text)
    assert (on_phones, on_desktops) <= SEE_MORE


def test_x_shows_a_large_card_only_where_a_picture_is_known() -> None:
    card = LinkCard(
        url="https://courier.com/1", domain="courier.com", title="T", summary="Sum", image="https://c.com/p"
    )
    large = drawn(example(card=card))
    assert 'class="card large"' in large
    assert "Sum" not in large
    small = drawn(example(card=LinkCard(url=card.url, domain=card.domain, title="T", summary="Sum")))
    assert 'class="card small"' in small
    assert "Sum" in small
    assert 'class="card' not in drawn(example())


def test_tags_and_links_stand_out_as_on_the_platform() -> None:
    text = "Ferry #harbour @mayor $AAPL https://courier.com/a/b"
    card = LinkCard(url="https://courier.com/a/b", domain="courier.com")
    on_x, on_facebook = drawn(example("x", text, card)), drawn(example("facebook", text, card))
    assert re.findall(r'class="tag">([^<]+)<', on_x) == ["#harbour", "@mayor", "$AAPL"]
    assert re.findall(r'class="tag">([^<]+)<', on_facebook) == ["#harbour"]
    assert 'class="short">courier.com/a/b</a>' in on_x


def test_a_post_that_cannot_fit_is_shown_with_the_reason_and_ends_with_4(made: World) -> None:
    path = made.home / "templates" / "posts" / "x.txt.j2"
    path.parent.mkdir(parents=True)
    path.write_text("{{ title }} {{ url }}", "utf-8")
    made.add("Ferry returns " * 40, url="https://courier.example/ferry")
    markup, done = shown(made, status=4)
    seen = Seen(markup)
    assert "1 cannot be sent" in seen.text
    assert done.lines[0]["error"] in seen.text
    assert len(seen.exact) == 1


def test_only_so_many_posts_are_shown_and_the_rest_is_told() -> None:
    seen = Seen(drawn(*[example(article=f"a{number}") for number in range(MOST_POSTS + 7)]))
    assert len(seen.exact) == MOST_POSTS
    assert "7 more posts wait" in seen.text


def test_nothing_that_waits_makes_a_page_that_says_so(made: World) -> None:
    assert "Nothing waits" in Seen(shown(made)[0]).text


# -- everything on it is data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(made: World, hostile: str) -> None:
    made.add(
        hostile, url=f"https://courier.example/?q={hostile}", summary=hostile, section=hostile, author=hostile,
        tags=(hostile,), image=hostile, language=hostile, source=hostile,
    )  # fmt: skip
    made.add("#a " + hostile, url="javascript:alert(1)")
    markup, done = shown(made)
    seen = Seen(markup)
    assert {tag for tag, _ in seen.tags} <= TAGS
    assert seen.exact == [line["text"] for line in done.lines]
    assert hostile in seen.text
    assert not {name for _, attributes in seen.tags for name in attributes if name.startswith("on")}
    assert all(re.match(r"https?://|#", address) for address in seen.attributes("href"))


@pytest.mark.parametrize(
    "odd", ["\ud800", "\x00\x07\x1b[31m", "\u202etxt.exe", "e" + "\u0301" * 500, "👩‍👩‍👧‍👦" * 50, " "]
)
def test_odd_characters_make_no_broken_page(odd: str) -> None:
    card = LinkCard(url="https://courier.com/", domain="courier.com", title=odd, summary=odd, image=odd)
    for platform in ("x", "facebook"):
        assert drawn(example(platform, odd * 3, card, cut=({"field": odd, "from": 2, "to": 1},))).endswith("</html>")


def test_the_page_fetches_nothing_and_runs_nothing(made: World) -> None:
    made.add("Ferry returns", image="https://courier.example/ferry.jpg")
    markup, _ = shown(made)
    seen = Seen(markup)
    assert not {"src", "srcset", "style", "action", "background", "data", "poster"} & {
        name for _, attributes in seen.tags for name in attributes
    }
    assert not {"script", "link", "img", "iframe", "form", "object", "base"} & {tag for tag, _ in seen.tags}
    (style,) = re.findall(r"<style>(.*?)</style>", markup, re.DOTALL)
    assert not re.search(r"url\(|@import|expression", style)
    (policy,) = [each["content"] for tag, each in seen.tags if each.get("http-equiv") == "Content-Security-Policy"]
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"


# -- where it is written -----------------------------------------------------------------------------------------


def test_a_page_replaces_a_page_and_nothing_else(made: World) -> None:
    made.add("Ferry returns")
    first, _ = shown(made)
    assert shown(made)[0] == first
    assert not list(made.home.glob(".page*"))
    settings = made.home / "config" / "nightdesk.toml"
    before = settings.read_bytes()
    done = nightdesk("preview", "--html", str(settings), home=made.home)
    assert (done.status, done.out) == (2, "")
    assert "is not a preview and is not overwritten" in done.err
    assert settings.read_bytes() == before


@pytest.mark.parametrize(
    ("place", "told"), [("config", "is a folder"), ("none/page.html", "is not there"), ("file/page.html", "not there")]
)
def test_a_place_where_no_page_can_be_is_refused_before_anything_is_done(made: World, place: str, told: str) -> None:
    made.add("Ferry returns")
    (made.home / "file").write_text("x")
    done = nightdesk("preview", "--html", str(made.home / place), home=made.home)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


def test_the_moment_on_the_page_is_the_newspapers() -> None:
    text = Seen(page([example()], made=datetime(2026, 6, 1, 8, 5, tzinfo=UTC))).text
    assert "1 June 2026, 08:05 UTC" in text
