"""Text from outside becomes plain text: what goes, what stays, and that no input takes long."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.clean import MOST_MARKS, clean, from_html, one_line
from tests.growth import grows_in_proportion

FAMILY = "👨\u200d👩\u200d👧"
PERSIAN = "می\u200cخواهم"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

CLEANED = {
    "line ends of every kind": ("a\r\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
    "controls but tab and line end": ("a\x00b\x1b[1m\x7fc\x9bd\te\n", "ab[1mcd\te\n"),
    "bidi controls": ("\u202eevil\u202c \u2066x\u2069\u200e\u200f\u061c", "evil x"),
    "zero width and soft hyphen": ("\ufeffa\u200bb\u2060c\u00add", "abcd"),
    "ZWJ in emoji stays": (FAMILY, FAMILY),
    "ZWNJ in Persian stays": (PERSIAN, PERSIAN),
    "noncharacters of every plane": ("a\ufdd0b\ufdefc\ufffed\uffffe\U0001fffef\U0010ffffg", "abcdefg"),
    "lone surrogates": ("a\ud800b\udfffc", "abc"),
    "tag characters": ("a\U000e0041\U000e0001b", "ab"),
    "a flag made with tag characters stays": (f"x{SCOTLAND}y", f"x{SCOTLAND}y"),
    "to NFC": ("e\u0301 o\u0308 \u1100\u1161", "é ö 가"),
    "a hidden character between letter and accent": ("e\u200b\u0301", "é"),
    "Azerbaijani as it is": ("Şuşa, Gəncə, İğdır – “qəhrəman”", "Şuşa, Gəncə, İğdır – “qəhrəman”"),
    "template code is only characters": ("{{7*7}} {% raw %} %s =cmd", "{{7*7}} {% raw %} %s =cmd"),
}


@pytest.mark.parametrize(("dirty", "expected"), CLEANED.values(), ids=CLEANED)
def test_it_cleans(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


def test_no_more_combining_marks_than_any_language_needs() -> None:
    assert clean("e" + "\u0336" * 1000) == "e" + "\u0336" * MOST_MARKS
    assert clean("e" + "\u0344" * MOST_MARKS) == "ë" + "\u0301\u0308" * (MOST_MARKS // 2)  # each stands for two


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(st.characters(codec=None), max_size=80) | st.text("e\u0301\u0344\u200d\ufdd0\r\n\x85 👨", max_size=120))
def test_whatever_comes_in_comes_out_normal_and_stays_so(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(c) in ("Cs", "Cc") for c in once if c not in "\n\t")


def test_one_line_has_single_spaces_only() -> None:
    assert one_line(" \u3000A\t headline\r\n of\xa0two  lines\n") == "A headline of two lines"


MARKUP = {
    "tags go, entities are decoded": ("<p>Fish &amp; <b>chips</b></p>", "Fish & chips"),
    "entities are decoded once only": ("&amp;lt;script&amp;gt; &#38;amp;", "&lt;script&gt; &amp;"),
    "decoded brackets are no tags": ("&lt;b&gt;x&lt;/b&gt;", "<b>x</b>"),
    "paragraphs and breaks become lines": ("<p>One</p>\n<p>two<br/>three</p>", "One\n\ntwo\nthree"),
    "a word split by a tag stays one": ("wor<b>d</b>s", "words"),
    "scripts, styles and comments go with what is in them": (
        "a<script>if (x < 1) {}</script>b<STYLE>p{}</STYLE>c<!-- <p>d -->e",
        "abce",
    ),
    "a bracket in an attribute does not end the tag": ('<a title="a > b" href=x>link</a>', "link"),
    "a quote outside an attribute is nothing special": ("<p don't>ok</p>", "ok"),
    "less-than in prose stays": ("x < y and 1<2 <3", "x < y and 1<2 <3"),
    "an unfinished tag hides the rest": ('text <a href="http', "text"),
    "no-break space and entities of spaces fold": ("a&nbsp;&#32;\n  b&#10;c", "a b c"),
    "hidden characters by number": ("a&#x202e;b&#0;c&#xFDD0;", "ab\ufffdc"),
    "a number of ten thousand digits": ("a&#" + "9" * 10_000 + ";b", "a\ufffdb"),
    "plain text": ("just text", "just text"),
}


@pytest.mark.parametrize(("markup", "expected"), MARKUP.values(), ids=MARKUP)
def test_it_reads_html(markup: str, expected: str) -> None:
    assert from_html(markup) == expected


HOSTILE = {
    "one letter": "a",
    "spaces": " ",
    "combining marks": "\u0301",
    "marks that stand for two": "\u0344",
    "marks in the wrong order": "\u0301\u0323",
    "joined emoji": "👨\u200d",
    "opening brackets": "<",
    "unfinished tags": "<a ",
    "unfinished attributes": '<a b="',
    "unfinished comments": "<!--",
    "unfinished scripts": "<script>",
    "ampersands": "&",
    "noncharacters": "\ufdd0",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_long_row_of_anything_takes_time_in_proportion(piece: str) -> None:
    assert grows_in_proportion(clean, piece, 200_000)
    assert grows_in_proportion(from_html, piece, 200_000)
