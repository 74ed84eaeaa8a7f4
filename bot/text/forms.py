"""The forms in which an elastic field may be shown, from nothing to its whole text.

A text of a few hundred characters has a hundred forms, and finding the one that fits takes a look at five of them.
So a form is made when it is asked for; kept is only where words, or whatever else is never cut, begin and end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, islice
from operator import itemgetter
from typing import NamedTuple

from bot.post import Limit
from bot.text.atoms import Atom, CutPoint, atoms, cut_point
from bot.text.marks import CutAt, Field
from bot.text.sentences import sentence_ends

GOOD_SENTENCE = 0.6
"""A field that is cut by sentences ends at one rather than at a later word when this share of the text is kept."""

WHOLE = -1
"""The number of the last form of all, which is the whole text."""


class Form(NamedTuple):
    """The beginning of `source` up to `end`, then `tail`. Kept apart, as a long text has thousands of forms."""

    source: str
    end: int
    tail: str

    @property
    def text(self) -> str:
        return self.source[: self.end] + self.tail


NOTHING = Form("", 0, "")


class Forms:
    """Every form of a field that the rules allow and that might fit, by number: narrowest first, the whole text last.

    Neighbours may be the same, where the text should not end behind what tells them apart.
    """

    def __init__(self, field: Field, limit: Limit) -> None:
        self.rules = field.rules
        self.whole = _whole(field.text)
        self.room = limit.most  # wider cuts need not be looked for
        self._field = field
        self._limit = limit
        self._may_vanish = field.rules.minimum == 0 or not self.whole.end
        self._widths: dict[Form, int] = {}
        self._cuts: list[Atom] = []  # what the text may end behind, if it is cut
        self._ends_before: dict[int, int] = {}  # for atoms that no text should end with: the nearest before that may
        self._wholes: list[Form] = []  # shorter texts, and the text itself
        self._sentence_ends: frozenset[int] = frozenset()

    def __len__(self) -> int:
        self._lay_out()
        return self._may_vanish + len(self._cuts) + len(self._wholes)

    def __getitem__(self, number: int) -> Form:
        if number == WHOLE:
            return self.whole
        if number == 0 and self._may_vanish:
            return NOTHING
        self._lay_out()
        cut = number - self._may_vanish
        return self._shown(self._cuts, cut) if cut < len(self._cuts) else self._wholes[cut - len(self._cuts)]

    def width(self, number: int) -> int:
        """The length of a form in the limit's units, prefix and suffix not counted."""
        return self._width(self[number])

    def widest(self, width: int) -> int:
        """The number of the widest form that is at most so wide, or -1 if none is."""
        return bisect_right(range(len(self)), width, key=self.width) - 1

    def near(self, size: float, low: int, high: int) -> int:
        """The number, from `low` on and below `high`, of the last form of at most about `size` code points."""
        return bisect_right(range(low + 1, high), size, key=self._size) + low

    def _size(self, number: int) -> int:
        cut = number - self._may_vanish
        return self._cuts[cut][1] if cut < len(self._cuts) else self._wholes[cut - len(self._cuts)].end

    def _width(self, form: Form) -> int:
        if form not in self._widths:
            self._widths[form] = self._limit.length(form.text)
        return self._widths[form]

    def _lay_out(self) -> None:
        """Finds the forms, when one is asked for that is neither all nor nothing."""
        if self._wholes or not self.whole.end:
            return
        alternatives = [form for text in self._field.alternatives[::-1] if self._is_narrower(form := _whole(text))]
        self._wholes = [*sorted(alternatives, key=self._width), self.whole]
        found = self._atoms()
        first, stop = 0, len(found)
        if alternatives:  # a whole text is better than any cut that takes its room
            stop = self._first_as_wide(found, self._width(self._wholes[0]))
        if not self._may_vanish:
            first = self._first_as_wide(found, self.rules.minimum)
        self._cuts = found[first:stop]
        self._ends_before.clear()  # it had the numbers of `found`

    def _is_narrower(self, form: Form) -> bool:
        return self._width(form) < self._width(self.whole)

    def _first_as_wide(self, found: list[Atom], width: int) -> int:
        return bisect_left(range(len(found)), width, key=lambda last: self._width(self._shown(found, last)))

    def _shown(self, found: list[Atom], last: int) -> Form:
        """The text as far as an atom; where it should not end there, as far as the nearest before where it may."""
        passed = []
        form = NOTHING
        while last >= 0:
            if cut := self._cut(found[last]):
                form = cut
                break
            passed.append(last)
            last = self._ends_before.get(last, last - 1)
        self._ends_before.update(dict.fromkeys(passed, last))
        return form

    def _cut(self, atom: Atom) -> Form | None:
        text = self.whole.source
        point = CutPoint(atom[1], "") if self.rules.cut is CutAt.ITEM else cut_point(text, atom, self._sentence_ends)
        return Form(text, *point) if point else None

    def _atoms(self) -> list[Atom]:
        cut = self.rules.cut
        if cut is CutAt.NONE:
            return []
        if cut is CutAt.ITEM:
            return self._items()
        beginning = self._beginning()
        found = atoms(beginning, clusters=cut is CutAt.GRAPHEME)
        if found and found[-1][1] == len(beginning):  # it ends the text, or was cut in two
            found.pop()
        ends = sentence_ends(self.whole.source[: len(beginning) + _CONTEXT])
        self._sentence_ends = frozenset(ends)
        return _preferring_sentences(found, ends) if cut is CutAt.SENTENCE else found

    def _items(self) -> list[Atom]:
        """Where each item ends; those beyond twice the limit cannot fit in any measure worth the name."""
        glue = len(self.rules.glue)
        lengths = map(len, islice(self._field.items, 2 * self._limit.most))
        ends = accumulate(lengths, lambda end, length: end + glue + length)
        return [(0, end) for end in ends if end < self.whole.end]

    def _beginning(self) -> str:
        """A beginning of the text that holds all that could fit: one of megabytes costs no more than a long one."""
        text = self.whole.source
        size = int(_SPARE * self.room * len(text) / max(self._width(self.whole), 1)) + _CONTEXT
        while size < len(text) and self._limit.length(text[:size]) <= self.room:
            size *= 2
        return text[:size]


_SPARE = 1.25  # the beginning of a text may be lighter than the rest
_CONTEXT = 64  # characters; what tells whether a sentence ends may stand behind its end


def _whole(text: str) -> Form:
    return Form(text, len(text), "")


def _preferring_sentences(found: list[Atom], ends: list[int]) -> list[Atom]:
    """Without what comes after the end of a sentence, until the sentence is too small a part of it."""
    kept: list[Atom] = []
    at = 0
    for sentence in ends:
        last = bisect_left(found, sentence, key=_end)
        if last == len(found) or found[last][1] != sentence:
            continue
        kept += found[min(at, last) : last + 1]
        at = bisect_right(found, sentence / GOOD_SENTENCE, key=_end)
    return kept + found[at:]


_end = itemgetter(1)
