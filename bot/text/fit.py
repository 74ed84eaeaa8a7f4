"""Cuts a post to a platform's limit: every elastic field gets the room its priority earns, and not a unit is guessed.

A template's text comes in with its elastic fields marked (`bot.text.marks`); each field has a list of forms it may
be shown in (`bot.text.forms`). All start at their smallest, then they grow, most important first, as far as the
platform's own measure of the *whole* text allows. Since the text that is returned was itself measured, it is within
the limit whatever the measure does.

Measuring is what costs most. So a text that fits as it is gets measured once, and where a field has to end is first
reckoned from what is known of its length, then proved: this form fits, and the next one does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize

from bot.errors import CannotFit
from bot.post import Cut, Limit
from bot.text.atoms import ELLIPSIS
from bot.text.clean import clean
from bot.text.forms import WHOLE, Forms
from bot.text.marks import CutAt, FitMisused, Layout, mark, parse
from bot.text.tidy import tidy

__all__ = ["CutAt", "FitMisused", "Fitted", "mark", "solve"]

LOOK_AHEAD = 3
"""Forms tried beyond the first that does not fit. A wider one may measure less: it needs no ellipsis, or breaks up a
link."""

MOST_SAVED = 32
"""Units that a wider form may measure less than a narrower one: a link that is none any more, and an ellipsis."""

MOST_GUESSES = 4
"""Forms reckoned from the length of others before the search halves what is left."""


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
    assembled = layout.assemble([field.whole for field in layout.fields])
    text = tidy(clean(assembled))
    length = limit.length(text)
    if length <= limit.most:
        return Fitted(text, length)
    # What is part of a clean text is clean.
    return _Solver(layout if text == assembled else layout.cleaned(), limit, {text: length}).solved()


def _finished(assembled: str) -> str:
    return tidy(normalize("NFC", assembled))


class Trial(NamedTuple):
    """A form that one field was shown in for trial, and the measured length of the whole text then."""

    pick: int
    length: int


class _Solver:
    """One text being fitted: the forms of each field, and which of them is picked. All start at their smallest.

    `lengths` are those of the whole texts that were measured already.
    """

    def __init__(self, layout: Layout, limit: Limit, lengths: dict[str, int]) -> None:
        self.layout = layout
        self.limit = limit
        self.lengths = lengths
        self.forms = [Forms(field, limit) for field in layout.fields]
        self.picks = dict.fromkeys(range(len(self.forms)), 0)

    def solved(self) -> Fitted:
        by_priority: dict[int, list[int]] = {}
        for index, forms in enumerate(self.forms):
            if forms.whole.end:
                by_priority.setdefault(forms.rules.priority, []).append(index)
        groups = [by_priority[priority] for priority in sorted(by_priority)]
        text, length = self._filled(groups, self._presumed(groups))
        if length > self.limit.most:
            self.forms = [Forms(field, self.limit) for field in self.layout.fields]
            text, length = self._filled(groups, 0)
        if length > self.limit.most:
            raise _too_long(text, length, self.limit.most)
        return Fitted(text, length, tuple(self._cuts()))

    def _presumed(self, groups: list[list[int]]) -> int:
        """How many of the groups, most important first, should be whole beside the least of the others.

        It goes by each field's own length, and spares a measurement of the whole text for each group.
        """
        [length] = self.lengths.values()
        for count in range(len(groups) - 1, 0, -1):
            length -= sum(self.forms[index].width(WHOLE) - self.forms[index].rules.minimum for index in groups[count])
            if length <= self.limit.most:
                return count
        return 0

    def _filled(self, groups: list[list[int]], presumed: int) -> tuple[str, int]:
        """Picks a form for each field, the first few groups being whole; gives the text and its length."""
        for number, equals in enumerate(groups):
            self.picks |= dict.fromkeys(equals, WHOLE if number < presumed else 0)
        for equals in groups[presumed:]:
            self._share(equals)
        text = self._text({})
        return text, self._length(text)

    def _share(self, equals: list[int]) -> None:
        """Room for fields of one priority: none gets more while another that wants it has less."""
        if len(equals) > 1 and not self._fits(dict.fromkeys(equals, WHOLE)):
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

    def _at_level(self, equals: list[int], level: int) -> dict[int, int]:
        """For each field the widest form that is itself at most `level` long."""
        return {index: max(self.picks[index], self.forms[index].widest(level)) for index in equals}

    def _hand_out_rest(self, equals: list[int]) -> None:
        """What is left below the next level: a form more for one field at a time, for the narrowest first."""
        growing = [index for index in equals if self._may_grow(index)]
        while growing:
            index = min(growing, key=lambda index: (self.forms[index].width(self.picks[index] + 1), index))
            if self._fits({index: self.picks[index] + 1}):
                self.picks[index] += 1
            else:
                growing.remove(index)
            growing = [index for index in growing if self._may_grow(index)]

    def _may_grow(self, index: int) -> bool:
        return self.picks[index] + 1 < len(self.forms[index])

    def _grown(self, index: int) -> int:
        """The widest form of one field that fits beside what the others have; the one it has, should none fit."""
        tried = self._trial(index)
        last = tried(WHOLE)
        if last.length <= self.limit.most:
            return WHOLE
        forms, fitting = self.forms[index], self.picks[index]
        if not forms.rules.minimum:
            forms.room = max(self.limit.most - last.length + forms.width(WHOLE) + MOST_SAVED, 0)
        too_wide = last = Trial(len(forms) - 1, last.length)
        guesses = MOST_GUESSES
        while too_wide.pick - fitting > 1:
            middle = self._reckoned(forms, last, fitting, too_wide.pick) if guesses else (fitting + too_wide.pick) // 2
            guesses = max(guesses - 1, 0)
            last = tried(middle)
            if last.length <= self.limit.most:
                fitting = last.pick
            else:
                too_wide = last
        return fitting if too_wide.length > self.limit.most + MOST_SAVED else self._lighter(index, fitting, too_wide)

    def _trial(self, index: int) -> Callable[[int], Trial]:
        """What shows one field in any of its forms, the others as they are, and measures the whole text."""
        forms = self.forms[index]
        before, after = self.layout.around(index, self._shown({index: WHOLE}))

        def tried(pick: int) -> Trial:
            shown = forms.rules.dressed(forms[pick].text)
            text = _finished(before + shown + after) if shown else self._text({index: pick})
            return Trial(pick, self._length(text))

        return tried

    def _reckoned(self, forms: Forms, last: Trial, fitting: int, too_wide: int) -> int:
        """Which form between two should be the widest that fits, were all characters of a text of one weight."""
        weight = max(forms.width(WHOLE), 1) / forms.whole.end
        form = forms[last.pick]
        end = form.end + len(form.tail) - len(ELLIPSIS) + (self.limit.most - last.length) / weight
        return max(forms.near(end, fitting, too_wide), fitting + 1)

    def _lighter(self, index: int, fitting: int, too_wide: Trial) -> int:
        """The widest form that fits: `fitting`, or one beyond the next, which is too wide, that measures less than it.

        It may, when its tail is lighter, or when what it adds makes something no link any more.
        """
        forms = self.forms[index]
        next_form = forms[too_wide.pick]
        tail = self.limit.length(next_form.tail) - (too_wide.length - self.limit.most)
        for pick in range(min(too_wide.pick + LOOK_AHEAD, len(forms) - 1), too_wide.pick, -1):
            form = forms[pick]
            added = form.source[next_form.end : form.end]
            comparable = form.source is next_form.source and not _DOTTED.search(added)
            if comparable and (tail <= 0 or self.limit.length(added + form.tail) > tail):
                continue
            if self._fits({index: pick}):
                return pick
        return fitting

    def _fits(self, changes: dict[int, int]) -> bool:
        return self._length(self._text(changes)) <= self.limit.most

    def _length(self, text: str) -> int:
        if text not in self.lengths:
            self.lengths[text] = self.limit.length(text)
        return self.lengths[text]

    def _text(self, changes: dict[int, int]) -> str:
        return _finished(self.layout.assemble(self._shown(changes)))

    def _shown(self, changes: dict[int, int]) -> list[str]:
        """What each field shows, with other picks for some."""
        picks = self.picks | changes
        return [forms.rules.dressed(forms[picks[index]].text) for index, forms in enumerate(self.forms)]

    def _cuts(self) -> Iterator[Cut]:
        for index, forms in enumerate(self.forms):
            pick = self.picks[index]
            if forms[pick] != forms.whole:
                yield Cut(forms.rules.name, forms.width(WHOLE), forms.width(pick))


_DOTTED = re.compile(r"\w\.\w")


def _too_long(text: str, needed: int, most: int) -> CannotFit:
    beginning = text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"
    return CannotFit(
        f"What may not be cut of this post needs {needed} of {most} characters: “{beginning}”.",
        needed,
        most,
        "Shorten the fixed text of the template, or let |fit cut more of it.",
    )


_QUOTED = 80
