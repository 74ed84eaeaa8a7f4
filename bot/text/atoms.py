"""What a cut never goes through, and how it ends cleanly.

A word, a link, an e-mail address, a hashtag, a mention and a grapheme cluster (one character as a reader sees
it, however many code points) stay whole. Scripts written without spaces, and emoji, may be cut between clusters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import regex

from bot.text.sentences import sentence_ends

ELLIPSIS = "…"


class CutPoint(NamedTuple):
    """A clean cut: the text up to `end` (an offset in code points), then `tail`, an ellipsis or nothing."""

    end: int
    tail: str


class Atom(NamedTuple):
    start: int
    end: int
    sealed: bool  # a link, address, hashtag or mention: nothing is taken off its end but a comma


def cut_points(text: str, *, clusters: bool = False) -> list[CutPoint]:
    """Every place where `text` may be cut short, rising; its own end is not among them.

    A cut at the end of a sentence has no ellipsis. Any other first loses what would dangle (a comma, a dash, an
    opening bracket or quote), and is left out where a full stop would stay before the ellipsis ("Mr.…").
    With `clusters` a word may be cut between grapheme clusters; links, hashtags and mentions still may not.
    """
    ends = set(sentence_ends(text))
    points: list[CutPoint] = []
    for atom in _atoms(text, clusters):
        point = _point(text, atom, ends)
        if point and point.end < len(text) and not (points and point.end <= points[-1].end):
            points.append(point)
    return points


def _point(text: str, atom: Atom, ends: set[int]) -> CutPoint | None:
    if atom.end in ends:
        return CutPoint(atom.end, "")
    end = atom.end
    while end > atom.start and _dangles(text, end - 1, atom):
        end -= 1
    if end == atom.start or text[atom.start : end].rstrip(_CLOSERS)[-1:] in _STOPS:
        return None
    # An ellipsis set close to a link might be taken for a part of it.
    return CutPoint(end, f" {ELLIPSIS}" if atom.sealed else ELLIPSIS)


_STOPS = tuple(".!?…‽。！？．｡؟۔։।॥።")
_CLOSERS = ")]}”’\"'»›」』】〉》）"
_PAUSES = ",;:،؛、，；："
_DANGLING = frozenset(_PAUSES + "‒–—―-/|&·•・〜~([{（「『【《〈„¿¡")
_QUOTES = frozenset("\"'“‘«‹»›”’")


def _dangles(text: str, at: int, atom: Atom) -> bool:
    mark = text[at]
    if atom.sealed:
        return mark in _PAUSES
    if mark in _QUOTES:  # behind a word or a stop a quote closes; elsewhere it opens
        return at == atom.start or text[at - 1] in _DANGLING or text[at - 1] in _QUOTES
    return mark in _DANGLING


# -- atoms -----------------------------------------------------------------------------------------------------------

# Scripts without spaces between words, their punctuation, and pictures: text may end behind any of them.
_LOOSE = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u3000-\u30ff\uff00-\uffef"
    r"\p{Extended_Pictographic}\p{Regional_Indicator}"
)
# What may not begin a line in Chinese and Japanese stays with the character before it (JIS X 4051, kinsoku).
_NOT_FIRST = "、。，．・：；？！」』）】〉》”’ーゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
_ADDRESS = r"https?://\S++"
_HASHTAG = r"[#＃][\w\p{M}\u200c\u200d]++"
_MENTION = r"[@＠][A-Za-z0-9_.]++\p{M}*+"
_CLUSTER = rf"(?=[{_LOOSE}])\X[{_NOT_FIRST}]*+"
_WORD = rf"(?:(?!https?://)[^\s{_LOOSE}#＃])++"

_RUN: Any = regex.compile(r"\S++")
_HAS_LOOSE: Any = regex.compile(rf"[{_LOOSE}]")
_PIECE: Any = regex.compile(rf"{_ADDRESS}|{_HASHTAG}|{_MENTION}|{_CLUSTER}|{_WORD}|\X", regex.IGNORECASE)
_SEALED = re.compile(r"://|[@＠#＃$]\w|\w\.\w")
_X: Any = regex.compile(r"\X")


def _atoms(text: str, clusters: bool) -> Iterator[Atom]:
    for run in _RUN.finditer(text):
        loose = clusters or _HAS_LOOSE.search(text, run.start(), run.end())
        for piece in _PIECE.finditer(text, run.start(), run.end()) if loose else (run,):
            sealed = _SEALED.search(piece[0]) is not None
            if clusters and not sealed:
                yield from (Atom(x.start(), x.end(), False) for x in _X.finditer(text, piece.start(), piece.end()))
            else:
                yield Atom(piece.start(), piece.end(), sealed)
