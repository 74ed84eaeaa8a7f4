"""The measures of a text besides X's own, and what a platform hides of a post that is within its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import regex

from bot.post import PostRules
from bot.text.xlength import least_length, limit_length, weighted_length
from bot.text.xurls import utf16_length as utf16_units

__all__ = ["CLUSTER", "LEAST", "SEE_MORE", "code_points", "graphemes", "utf16_units", "warnings_for"]

SEE_MORE = (125, 477)
"""Code points of a Facebook post that are seen before “See more”: on a phone, and in a browser on a computer.

Meta documents neither, nor the limit of 63,206; both are what makers of posting tools and publishers observed (2026),
and a report of March 2026 saw less with photos and links. They are good for a warning and nothing more.
"""

_SEEN_ON = ("a phone", "a computer")

CLUSTER = r"(?:[\U0001f1e6-\U0001f1ff]{2}[\p{GCB=Extend}\p{GCB=SpacingMark}\u200d]*+|\X)"
r"""A pattern for `regex`: one character as a reader sees it. In a row of flags \X alone takes quadratic time, as it
counts back to the first of the row for each; in pairs there is no need to.
"""
_CLUSTERS: Any = regex.compile(CLUSTER).finditer


def code_points(text: str) -> int:
    """Length in Unicode code points: Facebook's measure."""
    return len(text)


def graphemes(text: str) -> int:
    """Length in characters as a reader sees them: extended grapheme clusters (Unicode Standard Annex 29)."""
    return len(text) if text.isascii() and "\r" not in text else sum(1 for _ in _CLUSTERS(text))


Least = Callable[[str, str], int]
"""What `text`, which white space or the edge of a whole text comes before, adds at least to the length of the whole.

The second argument is what follows `text` up to the next white space: the more of the two together is in `text`, the
more this is.
"""

LEAST: Mapping[Callable[[str], int], Least] = {
    len: lambda text, rest: len(text),
    code_points: lambda text, rest: len(text),
    utf16_units: lambda text, rest: utf16_units(text),
    graphemes: lambda text, rest: graphemes(text),
    weighted_length: least_length,
    limit_length: least_length,
}
"""By measure. Of any other is known only that no text is shorter than nothing."""


def warnings_for(rules: PostRules, text: str) -> tuple[str, ...]:
    """A sentence for each of the platform's marks that `text` goes beyond: it may be sent, but is not all seen."""
    return tuple(
        f"On {place} readers see about {mark} of these {code_points(text)} characters, the rest behind “See more”."
        for mark, place in zip(rules.see_more, _SEEN_ON, strict=False)
        if code_points(text) > mark
    )
