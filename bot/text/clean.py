"""Plain text out of whatever came from outside: one normal form, no control characters, no markup.

Everything an article says passes through here before it is measured, printed or stored, so that no text
can hide characters from the person who approves it, turn the reading direction round, or forge the marks
that `bot.text.fit` puts round elastic fields. Every function takes time in proportion to its input.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any

import regex

MOST_MARKS = 30
"""Combining marks kept in a row: what Unicode's Stream-Safe Text Format allows (UAX #15, section 13).

No language needs more than a handful, and normalising takes quadratic time in the length of the row."""

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_NO_WORD = r"[^\w\0-\x7f]"  # no mark is \w
_MAY_BE_MARK = re.compile(_NO_WORD).search
_MAY_BE_MARKS = re.compile(rf"{_NO_WORD}{{{MOST_MARKS + 1}}}").search
_LONG_ROW_OF_MARKS: Any = regex.compile(rf"(\p{{M}}{{{MOST_MARKS}}})\p{{M}}++")

_PLANES = range(0, 0x110000, 0x10000)
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in _PLANES)
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # C0 and C1 controls, but for line ends and tabs
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directional marks, embeddings, overrides, isolates
    "\u00ad\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # soft hyphen, zero width, BOM, annotation
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e007f"  # tag characters
)
# A flag such as Scotland's is a black flag, tag letters and a closing tag: the only place tag characters belong.
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f"
_UNWANTED = re.compile(f"({_FLAG})|[{_INVISIBLE}{_NONCHARACTERS}]")


def clean(text: str) -> str:
    """Plain text in NFC: line ends are `\\n`, and nothing invisible is left but tab, ZWJ and ZWNJ.

    Controls, directional marks, zero-width characters, noncharacters and lone surrogates go, tag characters
    outside emoji flags too, and rows of more than `MOST_MARKS` combining marks are shortened. Cleaning twice
    is the same as cleaning once.
    """
    if not text.replace("\n", " ").isprintable():  # most texts are, and need no search
        text = _UNWANTED.sub(r"\1", _LINE_END.sub("\n", text))
    return text if text.isascii() else _normal(text)


def one_line(text: str) -> str:
    """`clean`, with every stretch of white space folded to a single space and none at the ends."""
    return " ".join(clean(text).split())


def folded(name: str) -> str:
    """A name for comparing: upper and lower case are the same in it, and so are all four letters i of Turkish.

    A site may write `İdman`, `idman`, `IDMAN` or `İDMAN` for one section, and its lower case may be right or not.
    """
    return name.casefold().replace("i\u0307", "i").replace("ı", "i")


def from_html(markup: str) -> str:
    """The text a reader would see of an HTML fragment, clean; paragraphs and line breaks become line ends.

    Tags are dropped before entities are decoded, and those are decoded exactly once: `&amp;lt;b&gt;` gives the
    seven characters `&lt;b>`, never a tag. An unfinished tag takes the rest of the text with it, as in browsers.
    """
    pieces = []
    at = 0
    for tag in _TAG.finditer(markup):
        pieces.append(_decoded(markup[at : tag.start()]))
        pieces.append("\n" if _breaks_line(tag) else "")
        at = tag.end()
    pieces.append(_decoded(markup[at:]))
    lines = (" ".join(line.split()) for line in clean("".join(pieces)).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def _normal(text: str) -> str:
    bounded = _bounded(text)
    normal = unicodedata.normalize("NFC", bounded)
    # Normalising may lengthen a row again, as some marks stand for two.
    return normal if normal == bounded else _bounded(normal)


def _bounded(text: str) -> str:
    """With no row of marks longer than `MOST_MARKS`. Of a row that is, one would be among every so many characters."""
    one_of_each_row = text[MOST_MARKS :: MOST_MARKS + 1]
    if _MAY_BE_MARK(one_of_each_row) and _MAY_BE_MARKS(text):
        return str(_LONG_ROW_OF_MARKS.sub(r"\1", text))
    return text


# Each alternative runs to the end of the text when what it waits for never comes: it cannot fail after its
# first characters, so no part of the markup is read twice.
_TAG = re.compile(
    r"""<(?: !-- .*? (?: --> | \Z )
           | (?P<unseen> script | style | template | textarea ) \b .*? (?: (?= </(?P=unseen) ) | \Z )
           | [!?] [^>]*+ (?: > | \Z )
           | /? (?P<name> [a-z][^\s/>]*+ )
             (?: [^>=]++ | = \s*+ (?: "[^"]*+ (?: " | \Z ) | '[^']*+ (?: ' | \Z ) )?+ )*+
             (?: > | \Z )
       )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BLOCKS = (
    "address article aside blockquote br dd div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li"
    " main nav ol option p pre section table td th tr ul"
)
_BLANK_LINES = re.compile(r"\n{3,}")
# Python refuses to read decimal numbers of thousands of digits, and no character has so many.
_ENDLESS_NUMBER = re.compile(r"&#[0-9]{64,}+;?")


def _breaks_line(tag: re.Match[str]) -> bool:
    return (tag["name"] or "").lower() in _BLOCKS.split()


def _decoded(text: str) -> str:
    return html.unescape(_ENDLESS_NUMBER.sub("\ufffd", text)).replace("\n", " ").replace("\r", " ")
