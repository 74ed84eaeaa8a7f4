"""Where sentences end, by rules that hold in Latin, Cyrillic and Arabic script and in Chinese and Japanese.

A wrong end makes a post that stops in the middle of a thought ("Speaking in Baku, Mr."), a missed one only
costs room. So whenever a full stop may belong to an abbreviation, an initial, a date or a list, or stands
inside a quotation that goes on, it is not taken for an end.
"""

from __future__ import annotations

import re
from typing import Any

import regex

MOST_TEASER = 400
"""Characters of a teaser, unless its first sentence alone is longer."""

SHORTEST_PARAGRAPH = 60
"""Characters from which a paragraph counts as prose; shorter ones are bylines, captions and cross-heads."""

_STOPS = ".!?…‽؟۔։।॥።"
_WIDE_STOPS = "。！？．｡"  # no space follows these
_CLOSERS = ")]}”’」』】〉》）"
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
    rf"(?:(?<=[{_WIDE_STOPS}])(?P<wide>){_STOP}*+[{re.escape(_CLOSERS)}]*+"
    rf"|(?<=[{_STOPS}]){_STOP}*+[{re.escape(_CLOSERS + _QUOTES)}]*+{_SPACED_QUOTE})"
    rf"(?:{_AFTER}|(?(wide)(?P<glued>)|(?!)))",
    re.DOTALL,
)
# In “３．５％”, “Ａ．Ｂ．氏” and “１．はじめに” the wide stop parts no sentences: it stands within a figure or between letters,
# or behind an initial or a number of a list.
_WIDE_WORD = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"
_WITHIN_WORD = re.compile(rf"．(?<={_WIDE_WORD}．)(?:(?={_WIDE_WORD})|(?<!{_WIDE_WORD}{{3}}．))")
_WORD_BEFORE: Any = regex.compile(r"(?r)[\p{L}\p{M}\p{N}]*+")  # (?r): read backwards

# Abbreviations after which a sentence goes on, as they are written: a name, a date or a place follows.
_ENGLISH = (
    "Mr Mrs Ms Messrs Dr Prof Rev Hon St Sr Jr Gen Sen Rep Gov Lt Col Maj Capt Sgt Cmdr Adm Pres Amb Supt Insp Mt Ft"
    " Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri vs approx ca cf ed est"
    " incl Inc Ltd Co Corp Bros Vol Fig Ave Blvd Rd Dept Univ"
)
_WEST_EUROPEAN = "bzw ggf Hr Fr Nr Str Okt Dez Mio Mrd Mme Mlle Mgr Sra Srta Sres Dra Dña Ud Uds Av Avda Exmo Sig Dott"
_TURKIC = (
    "prof dos akad müəl dr resp təxm məs ray qəs küç pros mənz doç yrd öğr gör uzm sn cad sok mah bul apt pr alb yzb"
    " bnb org"
)
_SLAVIC = (
    "акад проф доц им ул пл пр просп бул пер кв корп стр респ обл гор руб коп тыс млн млрд см ср напр гл ред зам нач"
    " ген полк сб св ім вул буд грн"
)
_EITHER_CASE = f"{_TURKIC} {_SLAVIC}"  # an address, a title or an example may begin the sentence
_ABBREVIATIONS = frozenset(f"{_ENGLISH} {_WEST_EUROPEAN} {_EITHER_CASE} {_EITHER_CASE.title()}".split())
# So short a word before a number is taken for an abbreviation: "no. 5", "Art. 12", "ст. 5", "səh. 12".
_SHORT_WORD = 4
_LONG_WORD = 1 + max(map(len, _ABBREVIATIONS))


def sentence_ends(text: str) -> list[int]:
    """Offsets just behind each sentence, in code points, rising; closing quotes and brackets belong to it.

    The end of a line ends a sentence too, when it has a sentence's punctuation; the rest of a text without
    any has no offset.
    """
    quoted = _quotations(text)
    ends = []
    for match in _END.finditer(text):
        end = match.end()
        while quoted and quoted[-1][1] <= match.start():
            quoted.pop()
        inside = bool(quoted) and quoted[-1][0] < end < quoted[-1][1]
        if not inside and _is_end(text, match):
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


def _is_end(text: str, stop: re.Match[str]) -> bool:
    if stop["glued"] is not None:  # 「…。」と goes on; 。 alone is followed by the next sentence without a space
        return stop[0][-1] not in _CLOSERS and not (stop[0] == "．" and _WITHIN_WORD.match(text, stop.start()))
    following = stop["following"]
    if following is None or following.islower():
        return following is None
    return not (stop[0] in (".", "．") and _may_go_on(text, stop.start(), following))


def _may_go_on(text: str, at: int, following: str) -> bool:
    """Whether the full stop at `at` may be one of an abbreviation, an initial, a date or a list."""
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
    return word in _ABBREVIATIONS or _is_roman(word)


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
}
_DEPTH = 8
_BEFORE_QUOTE = " \t\n([{-–—"
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
    return (at == 0 or text[at - 1] in _BEFORE_QUOTE) and not text[at + 1 : at + 2].isspace()
