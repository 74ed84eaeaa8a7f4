"""A rendered template taken apart: its elastic fields, what it says of each, and what stands round them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bot.text.clean import clean
from bot.text.seams import begins_open, ends_open, joined
from bot.text.tidy import tidy

NEXT_ITEM = "\ufdd3"
"""What stands between the items of a field, and between the texts that may replace it."""

PLACE = "\ufdd0"  # of a field, while what stands round it is asked for


class CutAt(StrEnum):
    """Where a field may be cut."""

    WORD = "word"
    SENTENCE = "sentence"  # where a sentence ends, else at a word
    ITEM = "item"  # between the items of a list, or the words of a text, without an ellipsis
    GRAPHEME = "grapheme"  # between any two characters
    NONE = "none"  # whole or not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a template says of a field: how important it is, where it may be cut, what stands round it.

    Fields of a lower `priority` number get room first. `minimum` is the length (in the limit's units, `prefix` and
    `suffix` not counted) below which the field is never cut; 0 means that it may vanish. `glue` joins its items.
    """

    name: str
    priority: int
    minimum: int
    cut: CutAt
    prefix: str
    suffix: str
    glue: str
    joins: bool = False  # whether a full stop might make a link of the text and its prefix or suffix

    def dressed(self, shown: str) -> str:
        """`shown` with prefix and suffix, which vanish with it."""
        if self.joins and shown:
            return joined((self.prefix, shown, self.suffix))
        return f"{self.prefix}{shown}{self.suffix}" if shown else ""


class Field(NamedTuple):
    """One elastic field: its items, one after the other with marks between, and so the texts that may replace it."""

    rules: Rules
    listed: str
    others: str

    @property
    def items(self) -> list[str]:
        """The parts of the text; one, unless it is cut between items."""
        return self.listed.split(NEXT_ITEM)

    @property
    def text(self) -> str:
        return self.listed.replace(NEXT_ITEM, self.rules.glue)

    @property
    def alternatives(self) -> list[str]:
        """Whole texts that may stand for this one where it does not fit, clean and tidy."""
        return [tidy(clean(text)) for text in self.others.split(NEXT_ITEM)] if self.others else []

    @property
    def whole(self) -> str:
        """All of it, dressed."""
        return self.rules.dressed(self.text)

    def cleaned(self) -> Field:
        return self._replace(listed=NEXT_ITEM.join(tidy(clean(text)) for text in self.items))


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the layout that is shown only while one of the fields inside it is."""

    parts: Sequence[Part]


Part = str | int | Group  # fixed text, a field's index, a group


@dataclass(frozen=True, slots=True)
class Layout:
    """A rendered template taken apart: its fields, in order, and what stands round them.

    `close` is whether a full stop at the end of one part may touch a letter of another (see `bot.text.seams`), as is
    presumed until it is `looked_at`.
    """

    parts: Sequence[Part]
    fields: Sequence[Field]
    close: bool = True

    def looked_at(self) -> Layout:
        """The same, and it is known whether its parts stand close."""
        return Layout(self.parts, self.fields, _stand_close(self.parts, self.fields))

    def assemble(self, shown: Sequence[str]) -> str:
        """The whole text when each field is shown as told (already dressed), in the fields' order."""
        return self.put_together(_assembled(self.parts, shown)[0])

    def around(self, field: int, shown: Sequence[str]) -> tuple[str, str]:
        """What stands before and behind a field while it is seen, when the others are shown as told.

        Its prefix and suffix are part of that; `put_together` makes a whole of the three.
        """
        place = self.fields[field].rules.dressed(PLACE)
        before, _, behind = self.assemble([*shown[:field], place, *shown[field + 1 :]]).partition(PLACE)
        return before, behind

    def put_together(self, texts: Iterable[str]) -> str:
        """The texts one after the other, and no link that only comes of that."""
        return joined(texts) if self.close else "".join(texts)

    def cleaned(self) -> Layout:
        """The same with every text clean (`bot.text.clean`), and the fields' own texts tidy."""
        return Layout(_cleaned(self.parts), [field.cleaned() for field in self.fields])


def _stand_close(parts: Sequence[Part], fields: Sequence[Field]) -> bool:
    """Whether a full stop may touch a letter, whatever is shown of the fields."""
    open_before = False
    for begins, ends, stays in _edges(parts, fields):
        if open_before and begins:
            return True
        open_before = ends or (open_before and not stays)
    return False


def _edges(parts: Sequence[Part], fields: Sequence[Field]) -> Iterator[tuple[bool, bool, bool]]:
    """For each part whether it may begin and end so, and whether it is always there."""
    for part in parts:
        if isinstance(part, str):
            yield begins_open(part), ends_open(part), True
        elif isinstance(part, int):
            yield *_edges_of(fields[part]), False
        else:
            yield from ((begins, ends, False) for begins, ends, _ in _edges(part.parts, fields))


def _edges_of(field: Field) -> tuple[bool, bool]:
    """How a field may begin and end, in any of its forms."""
    prefix, suffix = field.rules.prefix, field.rules.suffix
    begins = not prefix or begins_open(prefix)
    ends = ends_open(suffix) if suffix and not begins_open(suffix) else "." in f"{field.listed}{field.others}{suffix}"
    return begins, ends


def _cleaned(parts: Sequence[Part]) -> list[Part]:
    return [
        Group(_cleaned(part.parts)) if isinstance(part, Group) else clean(part) if isinstance(part, str) else part
        for part in parts
    ]


def _assembled(parts: Sequence[Part], shown: Sequence[str]) -> tuple[list[str], bool]:
    """The texts of some parts, and whether an elastic field is seen in them."""
    pieces: list[str] = []
    seen = False
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, int):
            pieces.append(shown[part])
            seen = seen or shown[part] != ""
        else:
            inner, inner_seen = _assembled(part.parts, shown)
            pieces += inner if inner_seen else ()
            seen = seen or inner_seen
    return pieces, seen
