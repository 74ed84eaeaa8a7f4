"""What a cut never goes through, and how it ends cleanly.

A word, a link, an e-mail address, a hashtag, a mention and a grapheme cluster (one character as a reader sees
it, however many code points) stay whole. Chinese, Japanese and emoji may be cut between clusters. Thai, Lao, Khmer and
Burmese put spaces between phrases, not words, and where a word ends only a dictionary knows: there a phrase stays
whole, unless it is so long that the post would lose more than it gains.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, NamedTuple

import regex

from bot.text.measures import CLUSTER

ELLIPSIS = "…"


Atom = tuple[int, int]
"""Where something that is never cut starts and ends, in code points."""


class CutPoint(NamedTuple):
    """A clean cut: the text up to `end` (an offset in code points), then `tail`, an ellipsis or nothing."""

    end: int
    tail: str


def cut_point(text: str, atom: Atom, sentence_ends: Collection[int]) -> CutPoint | None:
    """How `text` ends when `atom` is the last of it that is kept; None when it should not end there.

    A cut at the end of a sentence has no ellipsis. Any other first loses what would dangle (a comma, a dash, an
    opening bracket or quote), and is not made where a full stop would stay before the ellipsis ("Mr.…"), or where
    nothing but signs would be gained ("a +…").
    """
    start, end = atom
    if end in sentence_ends:
        return CutPoint(end, "")
    if text[end - 1].isalnum() and not _MAY_BE_SEALED.search(text, start, end):  # most words
        return CutPoint(end, ELLIPSIS)
    sealed = _SEALED.search(text, start, end) is not None
    while end > start and _dangles(text, end - 1, start, sealed):
        end -= 1
    if end == start or text[start:end].rstrip(_CLOSERS)[-1:] in _STOPS:
        return None
    stands_alone = start == 0 or text[start - 1].isspace()
    if stands_alone and not _SAYS_SOMETHING.search(text, start, end):
        return None
    # An ellipsis set close to a link might be taken for a part of it.
    return CutPoint(end, f" {ELLIPSIS}" if sealed else ELLIPSIS)


_STOPS = tuple(".!?…‽。！？．｡؟۔։।॥።")
_CLOSERS = ")]}”’\"'»›」』】〉》）"
_PAUSES = ",;:،؛、，；：﹐՝፣၊"
_DANGLING = frozenset(_PAUSES + "‐‒–—―−־-/|&·•・〜～~([{（「『【《〈［〔„‚¿¡")
_QUOTES = frozenset("\"'“‘«‹»›”’")


# A letter, a digit, money, a percentage, an emoji or the like.
_SAYS_SOMETHING: Any = regex.compile(r"[^\p{P}\p{Sm}\p{Sk}\p{Cf}\p{M}\p{Z}]|[%‰٪]")


def _dangles(text: str, at: int, start: int, sealed: bool) -> bool:
    mark = text[at]
    if sealed:  # nothing is taken off the end of a link but a comma
        return mark in _PAUSES
    if mark in _QUOTES:  # behind a word or a stop a quote closes; elsewhere it opens
        return at == start or text[at - 1] in _DANGLING or text[at - 1] in _QUOTES
    return mark in _DANGLING


# -- atoms -----------------------------------------------------------------------------------------------------------

# Scripts without spaces between words, their punctuation, and pictures: text may end behind any of them.
_LOOSE = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u3000-\u30ff\uff00-\uffef"
    r"\p{Extended_Pictographic}\p{Regional_Indicator}"
)
# What may not begin a line in Chinese and Japanese stays with the character before it (JIS X 4051, kinsoku).
_NOT_FIRST = "、。，．・：；？！」』）】〉》”’ーゝゞ々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
_PLAIN = rf"[\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff](?![\p{{M}}\u200d])[{_NOT_FIRST}]*+"  # most clusters
_PROTOCOL = "[Hh][Tt][Tt][Pp][Ss]?://"
_ADDRESS = rf"{_PROTOCOL}\S++"
_HASHTAG = r"[#＃][\w\p{M}\u200c\u200d]++"
_MENTION = r"[@＠][A-Za-z0-9_.]++\p{M}*+"
_CLUSTER = rf"(?=[{_LOOSE}]){CLUSTER}[{_NOT_FIRST}]*+"
_PHRASE = r"(?<![{0}])[{0}]{{1,80}}+(?![{0}])".format(r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}")
_WORD = rf"(?:(?!{_PROTOCOL})[^\s{_LOOSE}#＃])++"

_RUN = re.compile(r"\S+")
_MAY_BE_LOOSE = re.compile("[©®\u0e00-\u10ff\u1780-\u17ff\u203c\u2049\u2122\u2139\u2190-\U0010ffff]")  # quick to find
_HAS_LOOSE: Any = regex.compile(rf"[{_LOOSE}]")
_PIECE: Any = regex.compile(rf"{_PLAIN}|{_ADDRESS}|{_HASHTAG}|{_MENTION}|{_PHRASE}|{_CLUSTER}|{_WORD}|{CLUSTER}")
_MAY_BE_SEALED = re.compile("[.@＠#＃$:]")
_SEALED = re.compile(r"://|[@＠#＃$]\w|\w\.\w")
_X: Any = regex.compile(CLUSTER)


def atoms(text: str, *, clusters: bool = False) -> list[Atom]:
    """What `text` is made of but for white space, in order.

    With `clusters` a word is taken apart into grapheme clusters; links, hashtags and mentions are not.
    """
    runs = [run.span() for run in _RUN.finditer(text)]
    if clusters or _MAY_BE_LOOSE.search(text):
        return [atom for run in runs for atom in _pieces(text, run, clusters)]
    return runs


def _pieces(text: str, run: Atom, clusters: bool) -> list[Atom]:
    if not clusters and not _HAS_LOOSE.search(text, *run):
        return [run]
    pieces = [piece.span() for piece in _PIECE.finditer(text, *run)]
    if not clusters:
        return pieces
    return [atom for piece in pieces for atom in _clusters(text, piece)]


def _clusters(text: str, piece: Atom) -> list[Atom]:
    if _SEALED.search(text, *piece):
        return [piece]
    return [cluster.span() for cluster in _X.finditer(text, *piece)]
