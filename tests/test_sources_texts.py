"""Plain text and Markdown into articles: title, section, teaser, and none of the boilerplate."""

from __future__ import annotations

import codecs
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.article import Article
from bot.errors import UsageError
from bot.sources.decoding import MOST_BYTES
from bot.sources.plaintext import is_kicker, paragraphs, shortened, without_boilerplate
from bot.sources.reading import read_file, read_text

HARBOUR = """\
Harbour bridge reopens after nine months of repairs
City News
By Leyla Rahimova

https://news.example/harbour-bridge

The harbour bridge carried its first cars since February on Monday morning, two weeks early. Drivers cheered.
Engineers replaced 412 steel hangers and the whole of the eastern approach.
"We found less rust than we feared," said the chief engineer.
Tolls stay as they are until the spring.
Cyclists will have to wait for their own lane until May.
The ferry that ran in the meantime made its last crossing on Sunday.
Its captain goes back to the islands.
Nobody was hurt in nine months of work.
If you value reporting like this, please support our independent journalism.
Subscribe for full access to all stories.
Follow us on Facebook and Twitter!
© 2026 The Harbour Herald
Thank you!
"""

BOILERPLATE_WORDS = ("subscri", "follow", "support", "thank you", "©")


def text(written: str, name: str = "story.txt", zone: str = "UTC") -> Article:
    return read_text(written.encode(), name, zone=ZoneInfo(zone))


# ── Plain text ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_editorial_of_a_newspaper_becomes_a_sensible_article(shared: Path) -> None:
    article = read_file(shared / "samples/azernews-editorial.txt")
    assert article.title == "November 8: Triumph of courage, unity and faith over occupation"
    assert article.section == "Editorial"
    assert article.summary.startswith("On November 8, Azerbaijan commemorates one of the most glorious chapters")
    assert article.summary.endswith("after decades of occupation.")
    assert not [word for word in BOILERPLATE_WORDS if word in article.summary.lower()]


def test_the_boilerplate_at_the_editorials_end_goes_and_its_last_paragraph_stays(shared: Path) -> None:
    body = (shared / "samples/azernews-editorial.txt").read_text("utf-8").split("\n")[2:]
    kept = without_boilerplate([line for line in body if line.strip()])
    assert kept[-1].endswith("that justice, once delayed, can still be delivered.")
    assert len(kept) == 12


def test_an_article_of_our_own_is_told_from_its_trimmings() -> None:
    article = text(HARBOUR)
    assert article.title == "Harbour bridge reopens after nine months of repairs"
    assert article.section == "City News"
    assert article.author == "Leyla Rahimova"
    assert article.url == "https://news.example/harbour-bridge"
    assert article.summary == (
        "The harbour bridge carried its first cars since February on Monday morning, two weeks early. Drivers cheered."
    )
    body = HARBOUR.split("\n\n")[2].strip().split("\n")
    assert without_boilerplate(body) == body[:8]


def test_asking_for_subscribers_is_only_boilerplate_at_the_end() -> None:
    opening = "More readers subscribe to local newspapers than at any time since 2008, a survey says."
    story = [opening, "One.", "Two.", "Three."]
    assert without_boilerplate(story) == story
    assert text("\n".join(["Papers recover", *story])).summary == opening


KICKERS = {
    "Editorial": True,
    "City News": True,
    "Op-Ed": True,
    "Redaksiya məqaləsi": True,
    "社説": True,
    "It rained.": False,
    "8 November 2026": False,
    "Four words are more": False,
    "By Leyla Rahimova": False,
    "Why?": False,
    "Baku:": False,
}


@pytest.mark.parametrize(("line", "is_one"), KICKERS.items(), ids=KICKERS)
def test_a_kicker_is_short_and_no_sentence(line: str, is_one: bool) -> None:
    assert is_kicker(line) is is_one
    assert text(f"Title of the story\n{line}\nBody.").section == (line if is_one else "")


TEASERS = {
    "only a title": ("A title alone", ""),
    "a short paragraph, when there is no other": ("Title here\nShort and true.", "Short and true."),
    "captions are passed over": (
        "T\nPhoto by the harbour office in the morning of the eighth day of the month\n"
        "The mayor opened the new bridge on Monday before a crowd of several hundred.",
        "The mayor opened the new bridge on Monday before a crowd of several hundred.",
    ),
    "lines broken at the page's edge are one paragraph": (
        "T\n\nThe mayor opened the new bridge on Monday\n"
        "before a crowd of several hundred people\nin the rain.\n\nMore.",
        "The mayor opened the new bridge on Monday before a crowd of several hundred people in the rain.",
    ),
    "Japanese": (
        "台風が接近\n台風十九号は月曜日の朝に関東地方へ接近する見込みだと気象庁が発表した。",
        "台風十九号は月曜日の朝に関東地方へ接近する見込みだと気象庁が発表した。",
    ),
    "nothing but boilerplate": ("T\nSubscribe to our newspaper for full digital access to all the news.", ""),
}


@pytest.mark.parametrize(("written", "teaser"), TEASERS.values(), ids=TEASERS)
def test_the_teaser_is_a_real_sentence_or_none(written: str, teaser: str) -> None:
    assert text(written).summary == teaser


def test_an_address_may_stand_in_the_first_line() -> None:
    article = text("https://news.example/1\nThe title\nBody.")
    assert (article.url, article.title) == ("https://news.example/1", "The title")


def test_a_title_is_cut_between_words_at_a_thousand_characters() -> None:
    assert shortened("t" * 1_000) == "t" * 1_000
    cut = shortened("word " * 300)
    assert len(cut) <= 1_000
    assert cut.endswith("word…")
    assert len(shortened("w" * 5_000)) == 1_000


def test_paragraphs_that_end_as_sentences_are_not_joined() -> None:
    assert paragraphs(["One.", "Two.", "", "Three"]) == ["One.", "Two.", "Three"]


def test_hidden_characters_and_direction_marks_are_gone() -> None:
    article = text("Ti\u202etle\u200b here\nEditorial\n")
    assert (article.title, article.section) == ("Title here", "Editorial")


def test_ten_megabytes_of_one_letter_are_read_in_no_time() -> None:
    assert read_text(b"a" * MOST_BYTES, "a.txt").title.endswith("…")
    assert read_text(b"title\n" + b"a.\n" * 50_000, "a.txt").summary == "a."


# ── Bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        "Şuşa günü\nSətir.".encode(),
        "Şuşa günü\nSətir.".encode("utf-8-sig"),
        "Şuşa günü\nSətir.".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Şuşa günü\nSətir.".encode("utf-16-be"),
        "Şuşa günü\r\nSətir.\r\n".encode(),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16-be", "windows lines"],
)
def test_text_is_read_in_the_encodings_that_editors_save(data: bytes) -> None:
    assert read_text(data, "a.txt").title == "Şuşa günü"


NOT_ARTICLES = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\t\n", "is empty"),
    "only a mark": (codecs.BOM_UTF8, "is empty"),
    "latin-1": ("Café".encode("latin-1"), "is not text in UTF-8"),
    "half a character of utf-16": (codecs.BOM_UTF16_LE + b"a\0b", "is not text in UTF-8"),
    "utf-16 without its mark": ("Title".encode("utf-16-le"), "is not text"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "is not text"),
    "zeros": (b"a\0b", "is not text"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "is a PDF"),
    "rich text": (b"{\\rtf1\\ansi Title}", "is a rich-text document"),
    "web page": (b"<!DOCTYPE html><html>", "is a web page"),
    "too big": (b"a" * (MOST_BYTES + 1), "is larger than 10,000,000 bytes"),
    "only an address": (b"https://news.example/1\n", "has no title"),
    "only hidden characters": ("\u200b\u202e".encode(), "has no title"),
}


@pytest.mark.parametrize(("data", "words"), NOT_ARTICLES.values(), ids=NOT_ARTICLES)
def test_what_is_no_article_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_text(data, "night/story.txt")
    assert str(caught.value).startswith("night/story.txt ")
    assert caught.value.exit_status == 2


def test_a_path_that_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in {"none.txt": "is not there", ".": "is a folder", "pipe": "is no file"}.items():
        with pytest.raises(UsageError, match=words):
            read_file(tmp_path / name)


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────

STORY = """\
---
title: "Bridge: open again"
url: https://news.example/bridge
summary: The bridge is open.
section: City
tags: [Harbour, "#Traffic", '']
author: Leyla Rahimova
language: no
published: 2026-11-08 12:30
image: https://news.example/bridge.jpg
short: New bridge in May
draft: false
layout: {wide: [1, 2]}
---
# Another heading

Body.
"""


def test_front_matter_says_everything() -> None:
    article = text(STORY, "a.md", "Asia/Baku")
    assert article == Article(
        title="Bridge: open again",
        url="https://news.example/bridge",
        summary="The bridge is open.",
        section="City",
        tags=("Harbour", "Traffic"),
        author="Leyla Rahimova",
        language="no",
        published=datetime(2026, 11, 8, 8, 30, tzinfo=UTC),
        image="https://news.example/bridge.jpg",
        short_title="New bridge in May",
    )
    assert article.published is not None
    assert article.published.tzinfo is UTC


def test_front_matter_makes_a_text_markdown_whatever_its_name() -> None:
    assert text("---\ntitle: A\n---\n", "standard input").title == "A"


MARKDOWN = {
    "heading and paragraph": (
        "# The *title*\n\nA paragraph of **news** that is long enough to be the teaser of a story.\n",
        "The title",
        "A paragraph of news that is long enough to be the teaser of a story.",
    ),
    "syntax goes, words stay": (
        "Title\n=====\n\n![photo](a.jpg)\n\n"
        "The [mayor](https://x.example) said `yes`, _twice_ &amp; <b>loudly</b>, on a\nrainy Monday.\n",
        "Title",
        "The mayor said yes, twice & loudly, on a rainy Monday.",
    ),
    "lists, code and quotes are no teaser": (
        "# T\n\n- a list item that is long enough to pass for a sentence of the story, alas.\n\n"
        "> A quotation that is also long enough to pass for the beginning of a story.\n\n"
        "    code that is long enough to pass for prose, which it is not.\n\n"
        "The story itself begins here, in a paragraph of its own.\n",
        "T",
        "The story itself begins here, in a paragraph of its own.",
    ),
    "no heading": (
        "The first paragraph\n\nThe second paragraph is the teaser.\n",
        "The first paragraph",
        "The second paragraph is the teaser.",
    ),
    "empty front matter": ("---\n---\n# T\n", "T", ""),
    "boilerplate": ("# T\n\nSubscribe to our newspaper for full digital access to all the news.\n", "T", ""),
    "time of day as title": ("---\ntitle: 12:30\n---\n", "12:30", ""),
    "empty title": ("---\ntitle:\nsummary: ~\n---\n# T\n", "T", ""),
}


@pytest.mark.parametrize(("written", "title", "summary"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown_gives_title_and_teaser_without_its_syntax(written: str, title: str, summary: str) -> None:
    article = text(written, "a.md")
    assert (article.title, article.summary) == (title, summary)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-08", datetime(2026, 11, 7, 20, tzinfo=UTC)),
        ("2026-11-08T12:30:00Z", datetime(2026, 11, 8, 12, 30, tzinfo=UTC)),
        ("2026-11-08T12:30+02:00", datetime(2026, 11, 8, 10, 30, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_date_without_offset_is_meant_in_the_newsrooms_zone(written: str, moment: datetime | None) -> None:
    assert text(f"---\ntitle: T\npublished: {written}\n---\n", "a.md", "Asia/Baku").published == moment


READ_ALL_THE_SAME = {
    "colon": ("title: November 8: Triumph", "November 8: Triumph"),
    "colon at the end": ("title: He said:", "He said:"),
    "colon and the other signs": ('title: Why it\'s "open": a#hash, 100%', 'Why it\'s "open": a#hash, 100%'),
    "colon in two fields": ("summary: One: two\nTitle: A: B\ntags:\n  - a", "A: B"),
    "hash in quotes": ('title: "Ferry opens #harbour" # working title', "Ferry opens #harbour"),
    "hash inside a word": ("title: Ferry#1", "Ferry#1"),
    "hash in a block": ("title: >-\n  Ferry opens\n  #harbour", "Ferry opens #harbour"),
    "comments on their own lines": ("# one\ntitle: T\n# two\ntags:\n  - a\n  # three\nurl:\n# four", "T"),
    "comment behind a foreign field": ("title: T\ndraft: false # yet", "T"),
    "comment behind brackets": ("title: T\ntags: [a, b] # two", "T"),
    "fields of site generators": (
        "title: T\nlayout: post\nslug: s\ndraft: no\ncategories: [a]\ndate: 2026-11-08\ndescription: d\ntype: news\n"
        "subtitle: s\nauthors: [a]\nimages: [a]\npublishDate: 2026-11-08\nlinkTitle: l\nkeywords: k\nweight: 1\n"
        "permalink: /a\naliases: [b]\nlastmod: 2026-11-08\ncategory: c\nlang: en\nid: 1\nauthor_id: 2\n"
        "thumbnail: t\ncover: c\nseries: s\nauthor_profile: true\nsource: s\nstatus: s\ntoc: true\nmath: true",
        "T",
    ),
}


@pytest.mark.parametrize(("written", "title"), READ_ALL_THE_SAME.values(), ids=READ_ALL_THE_SAME)
def test_front_matter_loses_no_word(written: str, title: str) -> None:
    assert text(f"---\n{written}\n---\n# T\n", "a.md").title == title


@pytest.mark.parametrize("sign", ["\v", "\f", "\x07", "\x85", "\x9f", "\u2028", "\ufffe", "\uffff", "\U0001ffff"])
@pytest.mark.parametrize("front", ['---\ntitle: "A{}b"\n---', "---\ntitle: A{}b\n---", '+++\ntitle = "A{}b"\n+++'])
def test_characters_that_nobody_sees_are_dropped_from_front_matter(front: str, sign: str) -> None:
    article = text(front.format(f"{sign} ") + "\n", "a.md")
    assert article.title == "A b"


def test_lines_are_counted_as_editors_do_whatever_stands_in_them() -> None:
    with pytest.raises(UsageError, match="a.md:3: there is no field 'titel'"):
        text("---\nsummary: 'a\v\u2028b'\ntitel: x\n---\n", "a.md")


def test_front_matter_in_toml_says_everything() -> None:
    article = text(
        """\
+++
title = "Bridge: open #again" # a note
url = "https://news.example/bridge"
tags = ["Harbour", "#Traffic"]
published = 2026-11-08T12:30:00
draft = false
[params]
layout = { wide = [1, 2] }
+++
Body that is long enough to be the teaser of a story about a bridge.
""",
        "a.txt",
        "Asia/Baku",
    )
    assert article == Article(
        title="Bridge: open #again",
        url="https://news.example/bridge",
        summary="Body that is long enough to be the teaser of a story about a bridge.",
        tags=("Harbour", "Traffic"),
        published=datetime(2026, 11, 8, 8, 30, tzinfo=UTC),
    )


BAD_TOML = {
    "not toml": ('title = "T"\nurl: x', "a.md:3: the front matter is not TOML: expected '='"),
    "never ended": ('title = "T', "a.md:2: the front matter is not TOML: "),
    "misspelt": ('title = "T"\ntags = []\nsumary = "s"', "a.md:4: there is no field 'sumary'. Did you mean 'summary'?"),
    "date": ('title = "T"\npublished = "soon"', "a.md:3: published: 'soon' is not a date"),
    "list": ("title = [1]", "a.md:2: title: should be one line of text"),
    "twice": ('title = "T"\nTitle = "U"', "a.md:3: title: stands here again; line 2 has it already"),
    "deep": ("a = " + "[" * 30_000, "a.md:1: the front matter is nested too deeply"),
}


@pytest.mark.parametrize(("written", "words"), BAD_TOML.values(), ids=BAD_TOML)
def test_wrong_front_matter_in_toml_is_named_with_file_and_line(written: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(f"+++\n{written}\n+++\n# T\n", "a.md")
    assert str(caught.value).startswith(words)


MISSPELT = {
    "titel": "title",
    "Tittle": "title",
    "ulr": "url",
    "sumary": "summary",
    "setcion": "section",
    "tag": "tags",
    "autor": "author",
    "langauge": "language",
    "publised": "published",
    "imgae": "image",
}


@pytest.mark.parametrize(("key", "meant"), MISSPELT.items(), ids=MISSPELT)
def test_a_misspelt_field_is_refused_with_the_one_that_was_meant(key: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(f"---\nlayout: post\n{key}: x\n---\n# T\n", "a.md")
    assert str(caught.value) == f"a.md:3: there is no field '{key.lower()}'. Did you mean '{meant}'?"


BAD_FRONT_MATTER = {
    "hash": (
        "title: Ferry opens #harbour today",
        "a.md:2: title: what follows # would not be read; put the title in quotes",
    ),
    "hash and emoji": ("section: \U0001f6a2\ntitle: \U0001f6a2 a #b", "a.md:3: title: what follows #"),
    "hash at once": ("title: #1 reason\nurl:", "a.md:2: title: what follows # .* put the title in quotes"),
    "hash in a list": ("title: T\ntags:\n  - a\n  - #b", "a.md:5: tags: what follows #"),
    "hash behind an item": ("title: T\ntags:\n  - a #b\nurl:", "a.md:4: tags: what follows #"),
    "hash in brackets": ("title: T\ntags: [a, #b\n  c]", "a.md:3: tags: what follows #"),
    "hash that eats the bracket": ("tags: [a, #b]\ntitle: T\nurl:", "a.md:2: tags: some of its signs"),
    "hash behind a colon": ("title: A: b #c", "a.md:2: title: some of its signs"),
    "exclamation mark": ("title: !Breaking news", "a.md:2: title: '!' or '&' .* put the title in quotes"),
    "ampersand": ("title: T\nsection: &more news", "a.md:3: section: '!' or '&'"),
    "bracket": ("title: [Video] Ferry opens", "a.md:2: title: some of its signs .*; put the whole text in quotes"),
    "half in quotes": ('title: "Open" says mayor', "a.md:2: title: some of its signs .*; put the whole text in quotes"),
    "handle": ("url:\ntitle: @mayor says", "a.md:3: title: some of its signs"),
    "colon and a second line": ("title: T\nsummary: A: b\n  c", "a.md:3: summary: some of its signs"),
    "no blank": ("title:T\nurl: https://news.example", "a.md:2: title: a blank is missing after the colon"),
    "twice": ("title: A\nurl:\nTITLE: B", "a.md:4: title: stands here again; line 2 has it already"),
    "date": ("title: T\npublished: yesterday", "a.md:3: published: 'yesterday' is not a date"),
    "date that no calendar has": ("title: T\npublished: 2026-02-30", "a.md:3: published: '2026-02-30' is not a date"),
    "date before all dates": ("title: T\npublished: 0001-01-01T00:00+12:00", "a.md:3: published"),
    "address": ("title: T\nurl: javascript:alert(1)", "a.md:3: url: is not a web address"),
    "image": ("image: data:image/png;base64,AA", "a.md:2: image: is not a web address"),
    "list where a line belongs": ("title: [a, b]", "a.md:2: title: should be one line of text"),
    "table where a line belongs": ("title: T\nsection: {a: b}", "a.md:3: section: should be one line of text"),
    "quotes never closed": ("title: 'Tis the season\nurl:", "a.md:2: title: its quotes are never closed"),
    "not yaml": ("title: T\nlayout: 'open", "a.md:3: the front matter is not YAML"),
    "tab": ("title:\tT\n\turl: x", "the front matter is not YAML"),
    "no lines of it": ("just words", "should be lines such as `title: …`"),
    "alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "a.md:3: the front matter may not hold aliases"),
    "deep lists": ("a: " + "[" * 30_000, "deeply nested|not YAML"),
    "too long": ("a: " + "x" * 70_000, "longer than 65,536 characters"),
}


@pytest.mark.parametrize(("written", "words"), BAD_FRONT_MATTER.values(), ids=BAD_FRONT_MATTER)
def test_wrong_front_matter_is_named_with_file_and_line(written: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        text(f"---\n{written}\n---\n# T\n", "a.md")
    assert str(caught.value).startswith("a.md:")


@pytest.mark.parametrize("fence", ["---", "+++"])
def test_front_matter_that_is_never_closed_is_named(fence: str) -> None:
    with pytest.raises(UsageError) as caught:
        text(f"{fence}\ntitle: T\n", "a.md")
    assert str(caught.value) == f"a.md:1: the front matter is never closed. Put a line {fence} below it."


def test_objects_in_front_matter_are_never_made() -> None:
    assert text("---\nx: !!python/object/apply:os.abort []\n---\n# Safe\n", "a.md").title == "Safe"


BOMBS = ["[" * 50_000, "![" * 25_000, "*a " * 15_000, "> " * 25_000, "<" * 50_000, "[a](" * 12_500]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:3])
def test_markdown_built_to_be_slow_is_read_all_the_same(bomb: str) -> None:
    assert text(f"# T\n\n{bomb}\n", "a.md").title == "T"
