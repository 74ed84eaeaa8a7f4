"""A rendered template taken apart: its elastic fields, what it says of each, and what stands round them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bot.text.clean import clean
from bot.text.seams import Join, begins_open, ends_open, joined
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

    `join` puts it together again, so that no link comes of parts that touch (`bot.text.seams`).
    """

    parts: Sequence[Part]
    fields: Sequence[Field]
    join: Join = joined

    def looked_at(self) -> Layout:
        """The same, put together more quickly if its parts keep apart, whatever is shown of them."""
        touching = _may_touch(self.parts, self.fields) or any(field.rules.joins for field in self.fields)
        return Layout(self.parts, self.fields, joined if touching else "".join)

    def assemble(self, shown: Sequence[str]) -> str:
        """The whole text when each field is shown as told (already dressed), in the fields' order."""
        return self.join(_assembled(self.parts, shown)[0])

    def around(self, field: int, shown: Sequence[str]) -> tuple[str, str]:
        """What stands before and behind a field while it is seen, when the others are shown as told.

        Its prefix and suffix are part of that; `join` makes a whole of the three.
        """
        place = self.fields[field].rules.dressed(PLACE)
        before, _, behind = self.assemble([*shown[:field], place, *shown[field + 1 :]]).partition(PLACE)
        return before, behind

    def cleaned(self) -> Layout:
        """The same with every text clean (`bot.text.clean`), and the fields' own texts tidy."""
        return Layout(_cleaned(self.parts), [field.cleaned() for field in self.fields])


def _may_touch(parts: Sequence[Part], fields: Sequence[Field]) -> bool:
    """Whether a part may end so that what comes right behind it makes a link of the two, whatever is shown."""
    open_before = False
    for part, stays in _flat(parts):
        begins, ends = (begins_open(part), ends_open(part)) if isinstance(part, str) else _edges_of(fields[part])
        if open_before and begins:
            return True
        open_before = ends or (open_before and not stays)
    return False


def _flat(parts: Sequence[Part], *, grouped: bool = False) -> Iterator[tuple[str | int, bool]]:
    """Each text and field, and whether it is seen whatever is shown."""
    for part in parts:
        if isinstance(part, Group):
            yield from _flat(part.parts, grouped=True)
        else:
            yield part, isinstance(part, str) and part != "" and not grouped


def _edges_of(field: Field) -> tuple[bool, bool]:
    """How a field may begin and end, in any of its forms."""
    prefix, suffix = field.rules.prefix, field.rules.suffix
    begins = not prefix or begins_open(prefix)
    if suffix and not begins_open(suffix):
        return begins, ends_open(suffix)
    return begins, not _MAY_END_OPEN.isdisjoint(f"{field.listed}{field.others}{suffix}")


_MAY_END_OPEN = frozenset(".:")


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
