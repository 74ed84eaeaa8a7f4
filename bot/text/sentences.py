"""Where sentences end, by rules that hold in Latin, Greek, Cyrillic, Arabic and Indic scripts, in Chinese and Japanese.

A wrong end makes a post that stops in the middle of a thought ("Speaking in Baku, Mr."), a missed one only
costs room. So whenever a full stop may belong to an abbreviation, an initial, a date or a list, or stands
inside a quotation that goes on, it is not taken for an end.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import regex

from bot.text.abbreviations import LONGEST, known_in

MOST_TEASER = 400
"""Characters of a teaser, unless its first sentence alone is longer."""

SHORTEST_PARAGRAPH = 60
"""Characters from which a paragraph counts as prose; shorter ones are bylines, captions and cross-heads."""

_STOPS = ".!?…‽؟۔։।॥።။។៕"
_WIDE_STOPS = "。！？．｡"  # no space follows these
_CLOSERS = ")]}”’」』】〉》）］〕｝｣〗〙〟"
# Quotes that close in one language and open in another: behind a stop and before a space they close.
_QUOTES = "\"'“‘»«›‹"
_OPENERS = _QUOTES + "„([{¿¡—–- \t\xa0"
# What follows a stop is the end of its line, or white space and the character that begins the next sentence, openers
# aside. Right behind a wide one anything may follow.
_AFTER = rf"(?=[ \t]*+(?:\n|\Z)|\s[{re.escape(_OPENERS)}]*+(?P<following>.?))"
_STOP = f"[{_STOPS}{_WIDE_STOPS}]"
_SPACED_QUOTE = r"(?:[^\S\n][»›](?=\s|\Z))?"  # as in « Oui. »
_END = re.compile(
    rf"{_STOP}(?<!{_STOP}{_STOP})"
    rf"(?:(?<=[{_WIDE_STOPS}])(?P<wide>){_STOP}*+[{re.escape(_CLOSERS)}]*+(?:\"(?=\s|\Z))?"
    rf"|(?<=[{_STOPS}]){_STOP}*+[{re.escape(_CLOSERS + _QUOTES)}]*+{_SPACED_QUOTE})"
    rf"(?:{_AFTER}|(?(wide)(?P<glued>)|(?!)))",
    re.DOTALL,
)
# The wide stop ends no sentence within a figure, between letters, and behind an initial or a number of a list:
# “３．５％”, “Ａ．Ｂ．氏”, “１．はじめに”.
_WIDE_WORD = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
_WITHIN_WORD = re.compile(rf"．(?<={_WIDE_WORD}．)(?:(?={_WIDE_WORD})|(?<!{_WIDE_WORD}{{3}}．))")
_WORD_BEFORE: Any = regex.compile(r"(?r)[\p{L}\p{M}\p{N}]*+")  # (?r): read backwards

# So short a word before a number is taken for an abbreviation: "no. 5", "Art. 12", "ст. 5", "səh. 12".
_SHORT_WORD = 4
_LONG_WORD = 1 + LONGEST

# Thai, Lao, Burmese and Khmer have no full stop: that of Latin script is in abbreviations only.
_WITHOUT_STOP = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# Devanagari and Bengali end sentences with a danda, but some newspapers, Marathi ones above all, with a full stop.
_WITH_DANDA = re.compile("[\u0900-\u09ff]")
_FIRST_INDIC = "\u0900"  # most texts have only letters before it, and need not be asked further
_SYLLABLE_OF_TITLE: Any = regex.compile(r"(?r)(?<![\p{L}\p{M}])(?:\p{L}[्্])*\p{L}(?![्্])\p{M}*")


def sentence_ends(text: str) -> list[int]:
    """Offsets just behind each sentence, in code points, rising; closing quotes and brackets belong to it.

    The end of a line ends a sentence too, when it has a sentence's punctuation; the rest of a text without
    any has no offset.
    """
    quoted = _quotations(text)
    habits = _Habits(known_in(text), "।" in text)
    ends = []
    for match in _END.finditer(text):
        end = match.end()
        while quoted and quoted[-1][1] <= match.start():
            quoted.pop()
        inside = bool(quoted) and quoted[-1][0] < end < quoted[-1][1]
        if not inside and _is_end(text, match, habits):
            ends.append(end)
    return ends


def teaser(text: str, most: int = MOST_TEASER) -> str:
    """The opening of an article's body: the first whole sentences of its first paragraph of prose.

    `text` is clean, one paragraph a line. Sentences are added while the whole stays within `most` characters,
    and there is always at least one. Empty when no paragraph ends as a sentence does.
    """
    paragraph = _prose(text)
    ends = sentence_ends(paragraph)
    return paragraph[: max((end for end in ends if end <= most), default=ends[0])] if ends else ""


def _prose(text: str) -> str:
    """The first paragraph that ends as a sentence does and is long enough for prose; else the first that so ends."""
    stripped = (line.strip() for line in text.split("\n"))
    whole = [paragraph for paragraph in stripped if sentence_ends(paragraph)[-1:] == [len(paragraph)]]
    long_enough = (paragraph for paragraph in whole if len(paragraph) >= SHORTEST_PARAGRAPH)
    return next(long_enough, next(iter(whole), ""))


class _Habits(NamedTuple):
    """What is asked of the whole text only once: its abbreviations, and whether a danda ends its sentences."""

    abbreviations: frozenset[str]
    danda: bool


_CASELESS = re.compile("[\u10d0-\u10ff]")  # Georgian has capitals for headings alone, so all its letters count as small


def _is_end(text: str, stop: re.Match[str], habits: _Habits) -> bool:
    if stop["glued"] is not None:  # 「…。」と goes on; 。 alone is followed by the next sentence without a space
        return stop[0][-1] not in _CLOSERS and not (stop[0] == "．" and _WITHIN_WORD.match(text, stop.start()))
    following = stop["following"]
    if following is None or (following.islower() and not _CASELESS.match(following)):
        return following is None
    return not (stop[0] in (".", "．") and _may_go_on(text, stop.start(), following, habits))


def _may_go_on(text: str, at: int, following: str, habits: _Habits) -> bool:
    """Whether the full stop at `at` may be one of an abbreviation, an initial, a date or a list."""
    if at and text[at - 1] >= _FIRST_INDIC:
        if _WITHOUT_STOP.match(text, at - 1):
            return True
        if _WITH_DANDA.match(text, at - 1):
            return habits.danda or _is_syllable(text, at)
    if text[max(0, at - _LONG_WORD) : at].isalpha() and at >= _LONG_WORD:
        return False
    word = str(_WORD_BEFORE.match(text, max(0, at - 32), at)[0])
    before = text[max(0, at - len(word) - 1) : at - len(word)]
    if word.isdecimal():  # "am 8. November", "3. Lig", "1. Introduction", but neither "in 2020." nor "to 4.20."
        return len(word) <= 2 and (before.isspace() or not before)
    if len(word) == 1 and word.isalpha():
        return True  # "J. Smith", "U.S. Senate", "А. С. Пушкин", "e.g. Baku"
    if following.isdecimal() and len(word) <= _SHORT_WORD:
        return True
    return word in habits.abbreviations or _is_roman(word) or _is_plural(word)


def _is_syllable(text: str, end: int) -> bool:
    """Whether the word before `end` is one syllable as it is written: डॉ, प्रो, মো, but none of the verbs at the end."""
    return _SYLLABLE_OF_TITLE.match(text, max(0, end - 32), end) is not None


def _is_plural(word: str) -> bool:
    """Whether it is a doubled initial, which stands for several: EE. UU., JJ. OO., MM. Macron et Scholz."""
    return len(word) == 2 and word[0] == word[1] and word.isupper()


def _is_roman(word: str) -> bool:
    return 0 < len(word) <= 5 and set(word) <= set("IVXLC")


# -- quotations ------------------------------------------------------------------------------------------------------

_PAIRS = {
    "“": "”",
    "„": "“”",
    "«": "»",
    "‹": "›",
    "(": ")",
    "[": "]",
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "《": "》",
    "｢": "｣",
    "〔": "〕",
    "［": "］",
    "〖": "〗",
    "〝": "〟",
}
_DEPTH = 8
# Chinese and Japanese put no space before a quotation.
_BEFORE_QUOTE = re.compile(r"[ \t\n(\[{\-–—：，、；。！？（\u3041-\u30ff\u3400-\u9fff]")
_QUOTE_MARKS = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_PAIRS.values()) + '"\n') + "]")


def _quotations(text: str) -> list[tuple[int, int]]:
    """Start and end of quotations and brackets that close within their line, outermost only, last one first."""
    found: list[tuple[int, int]] = []
    waiting: list[tuple[int, str]] = []
    for match in _QUOTE_MARKS.finditer(text):
        at, mark = match.start(), match[0]
        if mark == "\n":
            waiting.clear()
        elif (opener := _opener(waiting, mark)) is not None:
            start = waiting[opener][0]
            del waiting[opener:]
            while found and found[-1][0] > start:
                found.pop()
            found.append((start, at + 1))
        elif mark in _PAIRS or (mark == '"' and _opens(text, at)):
            waiting.append((at, _PAIRS.get(mark, mark)))
    return found[::-1]


def _opener(waiting: list[tuple[int, str]], mark: str) -> int | None:
    """Which of the open quotations `mark` closes: the innermost of the last few that waits for it."""
    innermost_first = range(len(waiting) - 1, max(-1, len(waiting) - _DEPTH - 1), -1)
    return next((index for index in innermost_first if mark in waiting[index][1]), None)


def _opens(text: str, at: int) -> bool:
    """Whether the straight quote at `at` opens a quotation, rather than closing one or standing for inches."""
    return (at == 0 or _BEFORE_QUOTE.match(text, at - 1) is not None) and not text[at + 1 : at + 2].isspace()
