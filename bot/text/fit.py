"""Cuts a post to a platform's limit: every elastic field gets the room its priority earns, and not a unit is guessed.

A template's text comes in with its elastic fields marked (`bot.text.marks`); each field has a list of forms it may
be shown in (`bot.text.forms`). All start at their smallest, then they grow, most important first, as far as the
platform's own measure of the *whole* text allows. Since the text that is returned was itself measured, it is within
the limit whatever the measure does.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.errors import CannotFit
from bot.post import Cut, Limit
from bot.text.forms import Form, forms
from bot.text.marks import CutAt, FitMisused, Layout, mark, parse

__all__ = ["CutAt", "FitMisused", "Fitted", "mark", "solve", "tidy"]

LOOK_AHEAD = 3
"""Forms tried beyond the widest that fits. A wider one may measure less: it needs no ellipsis, or breaks up a link."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text within its limit, its length in the limit's units, and which fields were shortened to get there."""

    text: str
    length: int
    cut: tuple[Cut, ...] = ()


def solve(rendered: str, limit: Limit) -> Fitted:
    """Turns a rendered template with marked fields into the best text within `limit`.

    The text is tidy, in NFC, without noncharacters. Raises CannotFit when what may not be cut is too long by
    itself, FitMisused when the marks were damaged.
    """
    layout = parse(rendered)
    text = _finished(layout, [field.dressed(field.text) for field in layout.fields])
    length = limit.length(text)
    if length <= limit.most:
        return Fitted(text, length)
    return _Solver(layout, limit).solved()


_BLANKS = re.compile(r"[ \t]+")
_LINE_EDGES = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """No blanks at line ends, never two in a row, at most one empty line, nothing before or after the text."""
    lines = _LINE_EDGES.sub("\n", _BLANKS.sub(" ", text))
    return _EMPTY_LINES.sub("\n\n", lines).strip(" \n")


def _finished(layout: Layout, shown: Sequence[str]) -> str:
    return unicodedata.normalize("NFC", tidy(layout.assemble(shown)))


class _Solver:
    """One text being fitted: the forms of each field, and which of them is picked. All start at their smallest."""

    def __init__(self, layout: Layout, limit: Limit) -> None:
        self.layout = layout
        self.limit = limit
        self.forms: list[list[Form]] = [forms(field, limit) for field in layout.fields]
        self.picks = dict.fromkeys(range(len(self.forms)), 0)

    def solved(self) -> Fitted:
        text = self._text({})
        if (needed := self.limit.length(text)) > self.limit.most:
            raise _too_long(text, needed, self.limit.most)
        by_priority = sorted(self.picks, key=self._priority)
        for _, equals in groupby(by_priority, key=self._priority):
            self._share(list(equals))
        text = self._text({})
        return Fitted(text, self.limit.length(text), tuple(self._cuts()))

    def _priority(self, index: int) -> int:
        return self.layout.fields[index].priority

    def _share(self, equals: list[int]) -> None:
        """Room for fields of one priority: none gets more while another that wants it has less."""
        if len(equals) > 1:
            self._raise_level(equals)
            self._hand_out_rest(equals)
        for index in equals:
            self.picks[index] = self._grown(index)

    def _raise_level(self, equals: list[int]) -> None:
        """Picks for each field the widest form up to a level, the highest at which the whole still fits.

        Handing out room form by form comes to the same, but takes a measurement for each form.
        """
        level, too_high = 0, self.limit.most + 1
        while too_high - level > 1:
            middle = (level + too_high) // 2
            if self._fits(self._at_level(equals, middle)):
                level = middle
            else:
                too_high = middle
        self.picks |= self._at_level(equals, level)

    def _hand_out_rest(self, equals: list[int]) -> None:
        """What is left below the next level: a form more for one field at a time, for the narrowest first."""
        growing = [index for index in equals if self._may_grow(index)]
        while growing:
            index = min(growing, key=lambda index: (self._width(self.forms[index][self.picks[index] + 1]), index))
            if self._fits({index: self.picks[index] + 1}):
                self.picks[index] += 1
            else:
                growing.remove(index)
            growing = [index for index in growing if self._may_grow(index)]

    def _may_grow(self, index: int) -> bool:
        return self.picks[index] + 1 < len(self.forms[index])

    def _at_level(self, equals: list[int], level: int) -> dict[int, int]:
        """For each field the widest form that is itself at most `level` long."""
        return {
            index: max(self.picks[index], bisect_right(self.forms[index], level, key=self._width) - 1)
            for index in equals
        }

    def _grown(self, index: int) -> int:
        """The widest form of one field that fits beside what the others have."""
        fitting, too_wide = self.picks[index], len(self.forms[index]) - 1
        if self._fits({index: too_wide}):
            return too_wide
        while too_wide - fitting > 1:
            middle = (fitting + too_wide) // 2
            if self._fits({index: middle}):
                fitting = middle
            else:
                too_wide = middle
        ahead = range(min(fitting + LOOK_AHEAD, len(self.forms[index]) - 1), fitting, -1)
        return next((pick for pick in ahead if self._fits({index: pick})), fitting)

    def _fits(self, changes: dict[int, int]) -> bool:
        return self.limit.fits(self._text(changes))

    def _text(self, changes: dict[int, int]) -> str:
        picks = self.picks | changes
        shown = [field.dressed(self.forms[index][picks[index]].text) for index, field in enumerate(self.layout.fields)]
        return _finished(self.layout, shown)

    def _width(self, form: Form) -> int:
        return self.limit.length(form.text)

    def _cuts(self) -> Iterator[Cut]:
        for index, field in enumerate(self.layout.fields):
            form = self.forms[index][self.picks[index]]
            if form.text != field.text:
                yield Cut(field.name, self.limit.length(field.text), self._width(form))


def _too_long(text: str, needed: int, most: int) -> CannotFit:
    beginning = text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"
    return CannotFit(
        f"What may not be cut of this post needs {needed} of {most} characters: “{beginning}”.",
        needed,
        most,
        "Shorten the fixed text of the template, or let |fit cut more of it.",
    )


_QUOTED = 80
