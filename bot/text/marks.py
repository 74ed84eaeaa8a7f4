"""How elastic fields travel through a template: as their whole text, between marks.

`|fit` cuts nothing. It returns the whole text between Unicode noncharacters, which no clean text contains. The
template renders once, as ordinary text; then `parse` finds the fields again where the template put them, and
`bot.text.fit` decides how much of each is shown. Nothing is kept aside, so rendering needs no state.

Most posts fit whole, so as little as possible is done before that is known: what only a cut needs to know of a
field is read when it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import regex

from bot.text.clean import clean
from bot.text.layout import NEXT_ITEM, CutAt, Field, Group, Layout, Part, Rules
from bot.text.seams import may_join

_OPEN, _CLOSE, _NEXT, _GROUP, _END_GROUP = "\ufdd0\ufdd1\ufdd2\ufdd4\ufdd5"
_MARKS = re.compile("[\ufdd0-\ufdd5]")
_PIECES = re.compile(f"({_OPEN}[^{_OPEN}{_CLOSE}{_GROUP}{_END_GROUP}]*{_CLOSE}|[{_GROUP}{_END_GROUP}])")

GROUP_OPEN, GROUP_CLOSE = _GROUP, _END_GROUP
"""What stands round a part of a text that is shown only while one of the fields inside it is."""

LINK_END = "\ufdd6"
"""What `|utm` puts behind a link, so that it can be told from a text right behind it; no post shows it."""

LOWEST_PRIORITY = 5


class FitMisused(ValueError):
    """`|fit` was given something it cannot use, or its result was changed. The message is for a template's author."""


_CUTS = tuple(map(str, CutAt))


# -- writing marks ---------------------------------------------------------------------------------------------------


def mark(
    value: object,
    priority: int = LOWEST_PRIORITY,
    min: int = 0,
    cut: str = CutAt.WORD,
    prefix: str = "",
    suffix: str = "",
    alt: str | Sequence[str] = (),
    name: str = "text",
) -> str:
    """The `|fit` filter: the whole `value` between marks. Raises FitMisused for arguments it cannot use.

    `value` is a text or a list of texts; `name` is what the field is called when it is reported as cut.
    """
    listed, glue = _listed(value, cut)
    try:
        short = len(prefix) + len(suffix) < _LONG_HEAD
        head = (_known_head if short else _head)(name, priority, min, cut, prefix, suffix, glue)
    except TypeError:  # numbers have no length, and lists are no keys
        head = _head(name, priority, min, cut, prefix, suffix, glue)
    others = NEXT_ITEM.join(_plain_texts(texts_of(alt))) if alt != () else ""
    return f"{_OPEN}{head}{_NEXT}{listed}{_NEXT}{others}{_CLOSE}"


def _head(name: str, priority: int, min: int, cut: str, prefix: str, suffix: str, glue: str) -> str:
    """What a template says of a field, for `_read`. Raises FitMisused when it cannot be used."""
    if cut not in _CUTS:
        raise FitMisused(f"fit knows no cut={_told(cut)}; there are: {', '.join(_CUTS)}.")
    for word, number in (("a priority", priority), ("min=", min)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise _needs("a whole number from 0 on", word, number)
    for word, text in (("prefix=", prefix), ("suffix=", suffix)):
        if not isinstance(text, str):
            raise _needs("a text", word, text)
    head = NEXT_ITEM.join((name, str(priority), str(min), cut, prefix, suffix, glue))
    if len(_MARKS.findall(head)) != _MARKS_IN_HEAD:
        raise _fitted_twice()
    return head


_LONG_HEAD = 500
_known_head = lru_cache(maxsize=500, typed=True)(_head)  # 1 and True are not the same
_MARKS_IN_HEAD = 6


def texts_of(alt: object) -> list[str]:
    """What `alt=` was given, a text or several, as a list; nothing for None. Raises FitMisused for anything else."""
    texts = []
    for text in alt if isinstance(alt, list | tuple) else [alt]:
        if not isinstance(text, str | None):
            raise _needs("a text or a list of texts", "alt=", text)
        if text:
            texts.append(text)
    return texts


def _needs(kind: str, word: str, given: object) -> FitMisused:
    return FitMisused(f"fit needs {kind} for {word}, not {_told(given)}.")


def _told(given: object) -> str:
    """What was given, as its author may have written it; not all of it if it is long."""
    written = "a list" if isinstance(given, list | tuple) else repr(given)  # which may be the longest of all
    return written if len(written) <= _LONGEST_TOLD else f"{written[:_LONGEST_TOLD]}…"


_LONGEST_TOLD = 50


def _listed(value: object, cut: str) -> tuple[str, str]:
    """The texts that make up a value, with marks between them, and what joins them."""
    if isinstance(value, list | tuple):
        return (NEXT_ITEM if cut == CutAt.ITEM else ", ").join(_plain_texts(value)), ", "
    text = _plain(value)
    return NEXT_ITEM.join(text.split()) if cut == CutAt.ITEM else text, " "


def _plain_texts(values: Iterable[object]) -> list[str]:
    return [text for value in values if (text := _plain(value))]


def _plain(value: object) -> str:
    """A value as text without blanks round it; empty when nothing of it would be seen."""
    text = "" if value is None else str(value).strip()
    if not text.isprintable():
        if _MARKS.search(text):
            raise _fitted_twice()
        text = clean(text).strip()
    return text if text.isascii() or _SEEN(text) else ""


# Joiners, fillers and the like, Braille without a dot and marks that have no letter to stand on are not seen.
_SEEN: Any = regex.compile(r"[^\p{Default_Ignorable_Code_Point}\p{Cc}\p{M}\p{Z}\u2800]").search


def _fitted_twice() -> FitMisused:
    return FitMisused("fit was applied to a text that is elastic already; use |fit once for each text.")


# -- reading them again ----------------------------------------------------------------------------------------------


def parse(rendered: str) -> Layout:
    """Takes a rendered template apart. Raises FitMisused when marks are broken."""
    fields: list[Field] = []
    levels: list[list[Part]] = [[]]
    for piece in _PIECES.split(rendered):
        if piece == _GROUP:
            levels.append([])
        elif piece == _END_GROUP and len(levels) > 1:
            group = Group(levels.pop())
            levels[-1].append(group)
        elif piece.startswith(_OPEN) and piece.endswith(_CLOSE):
            levels[-1].append(len(fields))
            fields.append(_field(piece))
        elif _MARKS.search(piece):
            raise _broken()
        elif piece:
            levels[-1].append(piece)
    if len(levels) > 1:
        raise _broken()
    return Layout(levels[0], fields)


def _field(marked: str) -> Field:
    try:
        head, listed, others = marked[1:-1].split(_NEXT)
        return Field(_rules(head) if len(head) < _LONG_HEAD else _read(head), listed, others)
    except ValueError:
        raise _broken() from None


def _read(head: str) -> Rules:
    name, priority, minimum, cut, *dress, glue = head.split(NEXT_ITEM)
    prefix, suffix = map(clean, dress)
    return Rules(
        name=name,
        priority=int(priority),
        minimum=int(minimum),
        cut=CutAt(cut),
        prefix=prefix,
        suffix=suffix,
        glue=glue,
        joins=may_join(prefix, suffix),
    )


_rules = lru_cache(maxsize=500)(_read)  # a template has the same few, post after post


def _broken() -> FitMisused:
    return FitMisused("something changed a text after |fit; let |fit be the last filter of each text.")
