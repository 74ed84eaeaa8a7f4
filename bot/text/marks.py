"""How elastic fields travel through a template: as their whole text, between marks.

`|fit` cuts nothing. It returns the whole text between Unicode noncharacters, which no clean text contains. The
template renders once, as ordinary text; then `parse` finds the fields again where the template put them, and
`bot.text.fit` decides how much of each is shown. Nothing is kept aside, so rendering needs no state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.text.clean import clean

_OPEN, _CLOSE, _NEXT, _ITEM, _GROUP, _END_GROUP = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4\ufdd5"
_MARKS = re.compile("[\ufdd0-\ufdd5]")
_PIECES = re.compile(f"({_OPEN}[^{_OPEN}{_CLOSE}{_GROUP}{_END_GROUP}]*{_CLOSE}|[{_GROUP}{_END_GROUP}])")

GROUP_OPEN, GROUP_CLOSE = _GROUP, _END_GROUP
"""What stands round a part of a text that is shown only while one of the fields inside it is."""

LOWEST_PRIORITY = 5


class FitMisused(ValueError):
    """`|fit` was given something it cannot use, or its result was changed. The message is for a template's author."""


class CutAt(StrEnum):
    """Where a field may be cut."""

    WORD = "word"
    SENTENCE = "sentence"  # where a sentence ends, else at a word
    ITEM = "item"  # between the items of a list, or the words of a text, without an ellipsis
    GRAPHEME = "grapheme"  # between any two characters
    NONE = "none"  # whole or not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One elastic field. `items` joined by `glue` are its text, `alternatives` shorter texts that may replace it.

    Fields of a lower `priority` number get room first. `minimum` is the length (in the limit's units, `prefix`
    and `suffix` not counted) below which the field is never shown; 0 means that it may vanish.
    """

    name: str
    priority: int
    minimum: int
    cut: CutAt
    prefix: str
    suffix: str
    glue: str
    items: tuple[str, ...]
    alternatives: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.glue.join(self.items)

    def dressed(self, shown: str) -> str:
        """`shown` with prefix and suffix, which vanish with it."""
        return f"{self.prefix}{shown}{self.suffix}" if shown else ""


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the layout that is shown only while one of the fields inside it is."""

    parts: tuple[Part, ...]


Part = str | int | Group  # fixed text, a field's index, a group


@dataclass(frozen=True, slots=True)
class Layout:
    """A rendered template taken apart: its fields, in order, and what stands round them."""

    parts: tuple[Part, ...]
    fields: tuple[Field, ...]

    def assemble(self, shown: Sequence[str]) -> str:
        """The whole text when each field is shown as told (already dressed), in the fields' order."""
        return "".join(piece for piece, _ in _shown(self.parts, shown))


def _shown(parts: Sequence[Part], shown: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each part's text, and whether an elastic field is seen in it."""
    for part in parts:
        if isinstance(part, str):
            yield part, False
        elif isinstance(part, int):
            yield shown[part], bool(shown[part])
        else:
            inner = list(_shown(part.parts, shown))
            seen = any(is_seen for _, is_seen in inner)
            yield "".join(text for text, _ in inner) if seen else "", seen


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
    if cut not in tuple(CutAt):
        raise FitMisused(f"fit knows no cut='{cut}'; there are: {', '.join(CutAt)}.")
    for word, number in (("a priority", priority), ("min=", min)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise FitMisused(f"fit needs a whole number from 0 on for {word}, not {number!r}.")
    items, glue = _items(value, cut)
    alternatives = [alt] if isinstance(alt, str) else list(alt)
    sections = [
        [name, str(priority), str(min), cut],
        [str(prefix), str(suffix), glue],
        items,
        [text for one in alternatives if (text := str(one).strip())],
    ]
    if any(_MARKS.search(text) for section in sections for text in section):
        raise FitMisused("fit was applied to a text that is elastic already; use |fit once for each text.")
    return _OPEN + _NEXT.join(_ITEM.join(section) for section in sections) + _CLOSE


def _items(value: object, cut: str) -> tuple[list[str], str]:
    """The texts that make up a value, and what joins them."""
    if isinstance(value, list | tuple):
        items = [text for one in value if (text := str(one).strip())]
        return (items, ", ") if cut == CutAt.ITEM else ([", ".join(items)], "")
    text = "" if value is None else str(value).strip()
    return (text.split(), " ") if cut == CutAt.ITEM else ([text], "")


def parse(rendered: str) -> Layout:
    """Takes a rendered template apart. Every text in the result is clean. Raises FitMisused when marks are broken."""
    fields: list[Field] = []
    levels: list[list[Part]] = [[]]
    for piece in _PIECES.split(rendered):
        if piece == _GROUP:
            levels.append([])
        elif piece == _END_GROUP and len(levels) > 1:
            group = Group(tuple(levels.pop()))
            levels[-1].append(group)
        elif piece.startswith(_OPEN) and piece.endswith(_CLOSE):
            levels[-1].append(len(fields))
            fields.append(_field(piece[1:-1]))
        elif _MARKS.search(piece):
            raise _broken()
        elif piece:
            levels[-1].append(clean(piece))
    if len(levels) > 1:
        raise _broken()
    return Layout(tuple(levels[0]), tuple(fields))


def _field(marked: str) -> Field:
    try:
        head, frame, items, alternatives = (section.split(_ITEM) for section in marked.split(_NEXT))
        name, priority, minimum, cut = head
        prefix, suffix, glue = map(clean, frame)
        return Field(
            name=name,
            priority=int(priority),
            minimum=int(minimum),
            cut=CutAt(cut),
            prefix=prefix,
            suffix=suffix,
            glue=glue,
            items=tuple(map(clean, items)),
            alternatives=tuple(text for one in alternatives if (text := clean(one))),
        )
    except ValueError:
        raise _broken() from None


def _broken() -> FitMisused:
    return FitMisused("something changed a text after |fit; let |fit be the last filter of each text.")
