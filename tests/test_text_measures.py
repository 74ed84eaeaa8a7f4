"""Code points, UTF-16 units and graphemes, and what Facebook folds away."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.registry import rules_for
from bot.text.measures import SEE_MORE, code_points, graphemes, utf16_units, warnings_for

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

SIZES = {  # code points, UTF-16 units, graphemes
    "nothing": ("", 0, 0, 0),
    "letters": ("Baku", 4, 4, 4),
    "Azerbaijani": ("Bakı", 4, 4, 4),
    "a letter and its mark": ("e\u0301", 2, 2, 1),
    "a line end of two": ("a\r\nb", 4, 4, 3),
    "a Hangul syllable in parts": ("\u1112\u1161\u11ab", 3, 3, 1),
    "a Hindi word": ("नमस्ते", 6, 6, 3),
    "an emoji": ("🎉", 1, 2, 1),
    "a family": (FAMILY, 7, 11, 1),
    "a flag": ("🇦🇿", 2, 4, 1),
    "three letters of flags": ("🇦🇿🇦", 3, 6, 2),
    "flags in a row": ("🇦🇿🇹🇷🇬🇪", 6, 12, 3),
    "a flag with a mark": ("🇦🇿\u20dd🇹🇷", 5, 9, 2),
    "a tag flag": ("\U0001f3f4\U000e0067\U000e0062\U000e007f", 4, 8, 1),
    "half of an emoji": ("a\ud83d", 2, 2, 2),
}


@pytest.mark.parametrize(("text", "points", "units", "clusters"), SIZES.values(), ids=SIZES.keys())
def test_each_measure_counts_its_own(text: str, points: int, units: int, clusters: int) -> None:
    assert (code_points(text), utf16_units(text), graphemes(text)) == (points, units, clusters)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aé日한नि🎉🇦🇿\u200d\u0301\ufe0f🏽👩\r\n\u0600")))
def test_graphemes_are_those_of_the_library(text: str) -> None:
    assert graphemes(text) == len(regex.findall(r"\X", text))


WARNED = {"at the first mark": (125, 0), "behind it": (126, 1), "at the second": (477, 1), "behind both": (478, 2)}


@pytest.mark.parametrize(("length", "warnings"), WARNED.values(), ids=WARNED.keys())
def test_a_post_on_facebook_is_warned_of_what_readers_do_not_see_at_once(length: int, warnings: int) -> None:
    told = warnings_for(rules_for("facebook"), "ə" * length)
    assert len(told) == warnings
    assert all(f"about {mark} of these {length} characters" in line for mark, line in zip(SEE_MORE, told, strict=False))


def test_x_folds_nothing_away() -> None:
    assert warnings_for(rules_for("x"), "a" * 280) == ()


def test_facebook_takes_63206_code_points() -> None:
    limit = rules_for("facebook").limit
    assert limit.fits("🎉" * 63_206)
    assert not limit.fits("🎉" * 63_207)
