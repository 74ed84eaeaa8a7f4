"""Hashtags, mentions and cashtags beyond the official cases: corners about which npm's twitter-text 3.1.0 was asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions, extract_mentions_or_lists

HASHTAGS = {
    "in code points": ("🎉 #Bakı", [("Bakı", 2, 7)]),
    "the wide sign": ("＃日本", [("日本", 0, 3)]),
    "behind another sign": ("##a", [("a", 1, 3)]),
    "two glued together are none": ("#a#b", []),
    "the second of two, behind a selector that is part of the first": ("#a\ufe0f#b", []),
    "the third of a row, behind a selector": ("#a\ufe0f#b\ufe0f#c", [("c", 6, 8)]),
    "a keycap is none": ("#\ufe0f\u20e3 #\u20e3a", []),
    "not behind half of a pair": ("\ud83d#a", []),
    "not in an HTML entity": ("&#a", []),
    "behind an emoji with a selector": ("❤\ufe0f#a", [("a", 2, 4)]),
    "before a protocol": ("#http://a.com", []),
    "inside a link": ("https://a.com/#b #c", [("c", 17, 19)]),
    "of digits alone": ("#2026 #2026a", [("2026a", 6, 12)]),
    "the middle dot": ("#il·lusió", [("il·lusió", 0, 9)]),
}
MENTIONS = {
    "in code points": ("🎉 @a", [("a", 2, 4)]),
    "the wide sign": ("＠a", [("a", 0, 2)]),
    "an address is none": ("desk@example.com", []),
    "the first twenty characters": ("@" + "a" * 21, [("a" * 20, 0, 21)]),
    "behind RT": ("RT@a", [("a", 2, 4)]),
    "not behind a word that ends in RT": ("START@a", []),
    "behind RT behind a sign that is none": ("!@RT@a", [("a", 4, 6)]),
    "before an accent": ("@aé", []),
    "before a protocol": ("@http://a.com", []),
    "two glued together are none": ("@a@b", []),
    "a list is not an account": ("@a/list @b", [("b", 8, 10)]),
    "behind a list's hyphen": ("@a/l-@b", []),
}
CASHTAGS = {
    "in code points": ("🎉 $AB", [("AB", 2, 5)]),
    "with two letters more": ("$AB.C $AB_CD", [("AB.C", 0, 5), ("AB_CD", 6, 12)]),
    "with too many more": ("$AB.CDE", [("AB", 0, 3)]),
    "of seven letters": ("$ABCDEFG", []),
    "before a letter of another script": ("$ABə", []),
    "before an ellipsis": ("$AB…", []),
    "behind a bracket": ("($AB)", []),
    "at a line's start": ("a\n$AB,", [("AB", 2, 5)]),
    "behind an ideographic space": ("\u3000$AB", [("AB", 1, 4)]),
}


@pytest.mark.parametrize(("text", "found"), HASHTAGS.values(), ids=HASHTAGS.keys())
def test_finds_hashtags(text: str, found: list[tuple[str, int, int]]) -> None:
    assert extract_hashtags(text) == found


@pytest.mark.parametrize(("text", "found"), MENTIONS.values(), ids=MENTIONS.keys())
def test_finds_mentions(text: str, found: list[tuple[str, int, int]]) -> None:
    assert extract_mentions(text) == found


@pytest.mark.parametrize(("text", "found"), CASHTAGS.values(), ids=CASHTAGS.keys())
def test_finds_cashtags(text: str, found: list[tuple[str, int, int]]) -> None:
    assert extract_cashtags(text) == found


def test_a_list_is_found_with_its_owner() -> None:
    assert extract_mentions_or_lists("see @a/the-list.") == [("a", "/the-list", 4, 15)]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters() | st.sampled_from("@#$＠＃aA1._/:&é \n\ufe0f\u200d\ud83d")))
def test_what_is_found_stands_where_it_is_said_to(text: str) -> None:
    for extract, signs in ((extract_hashtags, "#＃"), (extract_mentions, "@＠"), (extract_cashtags, "$")):
        for found in extract(text):
            assert text[found.start] in signs
            assert text[found.start + 1 : found.end] == found.text
