"""The forms in which an elastic field may be shown, from nothing to its whole text."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from bot.post import Limit
from bot.text.atoms import CutPoint, cut_points
from bot.text.marks import CutAt, Field

GOOD_SENTENCE = 0.6
"""A field that is cut by sentences ends at one rather than at a later word when this share of the text is kept."""


class Form(NamedTuple):
    """The beginning of `source` up to `end`, then `tail`. Kept apart, as a long text has thousands of forms."""

    source: str
    end: int
    tail: str

    @property
    def text(self) -> str:
        return self.source[: self.end] + self.tail


NOTHING = Form("", 0, "")


def forms(field: Field, limit: Limit) -> list[Form]:
    """Every form of `field` that the rules allow and that might fit, narrowest first, the whole text last."""
    if not field.text:
        return [NOTHING]
    whole = _whole(field.text)
    found = [*_cuts(field, limit), whole]
    alternatives = sorted((_whole(text) for text in field.alternatives), key=lambda form: limit.length(form.text))
    if alternatives:
        # A whole shorter text is better than any cut of the longer one that takes its room.
        room, most = limit.length(alternatives[0].text), limit.length(whole.text)
        narrower = found[: _first_as_wide(found, room, limit)]
        found = [*narrower, *(form for form in alternatives if limit.length(form.text) < most), whole]
    if not field.minimum:
        return [NOTHING, *found]
    return found[min(_first_as_wide(found, field.minimum, limit), len(found) - 1) :]


def _whole(text: str) -> Form:
    return Form(text, len(text), "")


def _first_as_wide(found: list[Form], width: int, limit: Limit) -> int:
    return bisect_left(found, width, key=lambda form: limit.length(form.text))


def _cuts(field: Field, limit: Limit) -> list[Form]:
    match field.cut:
        case CutAt.NONE:
            return []
        case CutAt.ITEM:
            return [_whole(field.glue.join(field.items[:count])) for count in _counts(field, limit)]
    beginning = _within_reach(field.text, limit)
    points = cut_points(beginning, clusters=field.cut is CutAt.GRAPHEME)
    if field.cut is CutAt.SENTENCE:
        points = _preferring_sentences(points)
    return [Form(field.text, *point) for point in points]


def _counts(field: Field, limit: Limit) -> range:
    """How many items to try; those beyond twice the limit cannot fit in any measure worth the name."""
    return range(1, min(len(field.items), 2 * limit.most))


def _within_reach(text: str, limit: Limit) -> str:
    """A beginning of `text` that holds all that could fit: a text of megabytes costs no more than a long one."""
    size = 2 * limit.most + 64
    while size < len(text) and limit.fits(text[:size]):
        size *= 2
    return text[:size]


def _preferring_sentences(points: list[CutPoint]) -> list[CutPoint]:
    kept = []
    sentence = 0
    for point in points:
        if not point.tail:
            sentence = point.end
        if not point.tail or sentence < GOOD_SENTENCE * point.end:
            kept.append(point)
    return kept
