"""The forms in which an elastic field may be shown, from nothing to its whole text.

A text of a few hundred characters has a hundred forms, and finding the one that fits takes a look at five of them.
So a form is made when it is asked for; kept is only where words, or whatever else is never cut, begin and end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from operator import itemgetter
from typing import NamedTuple

from bot.post import Limit
from bot.text.atoms import Atom, CutPoint, atoms, cut_point
from bot.text.layout import CutAt, Field
from bot.text.measures import LEAST
from bot.text.outside import ends_in_sign
from bot.text.sentences import sentence_ends
from bot.text.surroundings import Surroundings, last_blank, run_at

GOOD_SENTENCE = 0.6
"""A field that is cut by sentences ends at one rather than at a later word when this share of the text is kept."""

MOST_BEYOND = 200
"""Forms beyond one that is too long that are looked at, as they may be shorter although they show more."""

MOST_CHECKED = 20_000
"""Characters of them that are measured, for one field and for one post.

Only dozens of links in a row without white space take more of both. Then the best is taken of what was looked at.
"""

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
    """Every form of a field that the rules allow and that might fit, by number: the more it shows the higher.

    The whole text is last, and right before it are the alternatives, which are better than any cut. A form is mostly
    longer than the one before it, but not always: the end of a sentence has no ellipsis, and what is added may break
    up a link. Neighbours may be the same, where the text should not end behind what tells them apart.
    """

    _beside = Surroundings()
    _found: Sequence[Atom] = ()  # what the text may end behind, if it is cut
    _horizon = 0  # as far into the text they were looked for
    _cuts: Sequence[int] = ()  # the numbers of those that the rules allow
    _wholes: Sequence[Form] = ()  # shorter texts, and the text itself
    _sentence_ends: Collection[int] = ()

    def __init__(self, field: Field, limit: Limit, widths: dict[Form, int] | None = None) -> None:
        """`widths` are those that are known already, of any field."""
        self.rules = field.rules
        self.whole = _whole(field.text)
        self._field = field
        self._limit = limit
        self._least = LEAST.get(limit.length)
        self._room = limit.most  # longer cuts need not be looked for
        self._may_vanish = field.rules.minimum == 0 or not self.whole.end
        self._widths = {} if widths is None else widths
        self._left_to_check = MOST_CHECKED
        self._made: dict[int, Form] = {}  # by the number of its last atom
        self._ends_before: dict[int, int] = {}  # for atoms that no text should end with: the nearest before that may

    def __len__(self) -> int:
        return self.first_whole + len(self._wholes)

    @property
    def first_whole(self) -> int:
        """The number of the first form that is not cut."""
        self._lay_out()
        return self._may_vanish + len(self._cuts)

    def __getitem__(self, number: int) -> Form:
        if number == WHOLE:
            return self.whole
        if number == 0 and self._may_vanish:
            return NOTHING
        if not self._wholes:
            self._lay_out()
        cut = number - self._may_vanish
        if cut >= len(self._cuts):
            return self._wholes[cut - len(self._cuts)]
        last = self._cuts[cut]
        if last not in self._made:
            self._made[last] = self._shown(last)
        return self._made[last]

    def expect(self, length: int, beside: Surroundings) -> None:
        """What is looked for, when nothing was yet, fits when the whole text is `length` long beside all else."""
        if self._may_vanish:
            beside = beside.near
            self._beside = beside._replace(before=beside.before.lstrip())
            whole = self._width(_whole(self._beside.round(self.whole.source)))
            self._room = self._limit.most - length + whole

    # -- lengths -----------------------------------------------------------------------------------------------------

    def width(self, number: int) -> int:
        """The length of a form in the limit's units, prefix and suffix not counted."""
        return self._width(self[number])

    def widest(self, width: int) -> int:
        """The number of the last form that is at most so long, or -1 if none is."""
        cuts = self.first_whole
        wholes = bisect_right(range(cuts, len(self)), width, key=self.width)
        return cuts + wholes - 1 if wholes else self._last_cut(width)

    def narrowest(self, beyond: int = -1) -> int:
        """The number of the shortest form that shows more than form `beyond`; of several the one that shows most."""
        if beyond < 0 and self._may_vanish:
            return 0
        cuts = self.first_whole
        shown = self[beyond].end if beyond >= 0 else 0
        best = last = bisect_right(range(cuts), shown, beyond + 1, key=self._end_of)
        if best < cuts:
            last = self.lighter(best, Surroundings(), 0, cuts) + 1
        if last >= cuts:  # the first whole text may be it, and others of its length
            last = bisect_right(range(len(self)), self.width(last), last, key=self.width) - 1
        numbers = self._checked(range(best, last + 1))
        return min(numbers, key=lambda number: (self.width(number), -number), default=best)

    def longer(self, low: int, beside: Surroundings) -> Callable[[int], int]:
        """What tells by how much a form is longer than form `low` at least, when both stand in some place.

        The more of the text a form shows, the more that is. Compared is only what is behind the last white space that
        both have: what is before it is the same, and nothing joins across white space. A gap at a seam makes the other
        longer, if anything, than it is taken for. `low` must show something.
        """
        form, beside, least = self[low], beside.near, self._least
        start = last_blank(form.source, form.end)
        lead = beside.before if start < 0 else ""
        shown = form.source[max(start, 0) : form.end] + form.tail
        length = self._limit.length(beside._replace(before=lead).round(shown))
        if least is None:
            return lambda number: -length  # no text is shorter than nothing

        def at_least(number: int) -> int:
            other = self[number]
            rest = run_at(other.source, other.end, self._horizon) + beside.behind
            if other.source is form.source:
                return least(lead + other.source[max(start, 0) : other.end], rest) - length
            whole = self._limit.length(beside.round(form.text))
            return least(beside.before + other.source[: other.end], rest) - whole

        return at_least

    def last(self, longer: Callable[[int], int], most: int, low: int, high: int) -> int:
        """The number, from `low` on and below `high`, of the last form that may be at most so much longer."""
        step = 1
        while low + step < high and longer(low + step) <= most:
            low += step
            step *= 2
        return bisect_right(range(low + 1, min(low + step, high)), most, key=longer) + low

    def lighter(self, low: int, beside: Surroundings, most: int, high: int) -> int:
        """The same for a form that is too long, by how much or more the others must be shorter; `MOST_BEYOND` count."""
        return self.last(self.longer(low, beside), most, low, min(high, low + MOST_BEYOND))

    def near(self, size: float, low: int, high: int) -> int:
        """The number, from `low` on and below `high`, of the last cut of at most about `size` code points."""
        return bisect_right(range(low + 1, high), size, key=self._size) + low

    def _end_of(self, number: int) -> int:
        return self[number].end

    def _size(self, number: int) -> int:
        return self._found[self._cuts[number - self._may_vanish]][1]

    def _width(self, form: Form) -> int:
        if form not in self._widths:
            self._widths[form] = self._limit.length(form.text)
        return self._widths[form]

    def _last_cut(self, width: int) -> int:
        """The number of the last cut that is at most so long, or else of the form before the first."""
        end = self._may_vanish + len(self._cuts)
        low = bisect_right(range(end), width, key=self.width) - 1
        if (over := low + 1) == end:
            return low
        last = self.lighter(over, Surroundings(), width - self.width(over), end)
        wider = self._checked(range(last, over, -1))
        return next((number for number in wider if self.width(number) <= width), low)

    def _checked(self, numbers: Iterable[int]) -> Iterator[int]:
        """The numbers of forms to be measured, as long as `MOST_CHECKED` is not reached."""
        for number in numbers:
            if self._left_to_check < 0:
                return
            if self[number] not in self._widths:
                self._left_to_check -= self[number].end
            yield number

    # -- what there is -----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Finds the forms, when one is asked for that is neither all nor nothing."""
        if self._wholes or not self.whole.end:
            return
        alternatives = [form for text in self._field.alternatives[::-1] if self._is_narrower(form := _whole(text))]
        self._wholes = [*sorted(alternatives, key=self._width), self.whole]
        self._found = self._atoms()
        self._cuts = range(len(self._found))
        if alternatives:  # a whole text is better than any cut that takes its room
            self._cuts = range(self._last_cut(self._width(self._wholes[0]) - 1) + 1 - self._may_vanish)
        if not self._may_vanish:
            self._cuts = self._long_enough(self.rules.minimum)

    def _is_narrower(self, form: Form) -> bool:
        return self._width(form) < self._width(self.whole)

    def _long_enough(self, minimum: int) -> Sequence[int]:
        """Those cuts that are at least so long."""
        short = self._last_cut(minimum - 1)
        earlier: list[int] = []
        for number in self._checked(range(short - 1, -1, -1)):
            if self.width(number) >= minimum:
                earlier.insert(0, number)
            elif self[number] == NOTHING or self.width(short) - self.longer(number, Surroundings())(short) < minimum:
                break
        return [*earlier, *self._cuts[short + 1 :]]

    def _shown(self, last: int) -> Form:
        """The text as far as an atom; where it should not end there, as far as the nearest before where it may."""
        passed = []
        form = NOTHING
        while last >= 0:
            if cut := self._cut(self._found[last]):
                form = cut
                break
            passed.append(last)
            last = self._ends_before.get(last, last - 1)
        self._ends_before.update(dict.fromkeys(passed, last))
        return form

    def _cut(self, atom: Atom) -> Form | None:
        text = self.whole.source
        point = _behind_item(text, atom) if self.rules.cut is CutAt.ITEM else cut_point(text, atom, self._sentence_ends)
        return Form(text, *point) if point else None

    def _atoms(self) -> list[Atom]:
        cut = self.rules.cut
        if cut is CutAt.NONE:
            return []
        if cut is CutAt.ITEM:
            self._horizon = self.whole.end
            return self._items()
        beginning = self._beginning()
        self._horizon = len(beginning)
        found = atoms(beginning, clusters=cut is CutAt.GRAPHEME)
        if found and found[-1][1] == len(beginning):  # it ends the text, or was cut in two
            found.pop()
        ends = sentence_ends(self.whole.source[: len(beginning) + _CONTEXT])
        self._sentence_ends = frozenset(ends)
        return _preferring_sentences(found, self._ends_to_prefer(ends)) if cut is CutAt.SENTENCE else found

    def _ends_to_prefer(self, ends: list[int]) -> list[int]:
        """Without those of sentences that come to less than the minimum, and so are no form at all."""
        if self._may_vanish:
            return ends
        text = self.whole.source
        first = bisect_left(ends, self.rules.minimum, key=lambda end: self._width(Form(text, end, "")))
        return ends[first:]

    def _items(self) -> list[Atom]:
        """Where each item ends; those beyond twice the limit cannot fit in any measure worth the name."""
        glue = len(self.rules.glue)
        lengths = map(len, islice(self._field.items, 2 * self._limit.most))
        ends = accumulate(lengths, lambda end, length: end + glue + length)
        return [(0, end) for end in ends if end < self.whole.end]

    def _beginning(self) -> str:
        """A beginning of the text that holds all that could fit: one of megabytes costs no more than a long one."""
        text = self.whole.source
        size = int(_SPARE * self._room * len(text) / max(self._width(self.whole), 1)) + 1
        while size < len(text) and self._may_fit(text, size):
            size *= 2
        return text[: size + _CONTEXT]

    def _may_fit(self, text: str, size: int) -> bool:
        """Whether the beginning of a text, or more of it, might be short enough."""
        beginning = self._beside.before + text[:size]
        if self._least is None:
            return self._limit.length(beginning) <= self._room
        return self._least(beginning, run_at(text, size) + self._beside.behind) <= self._room


_SPARE = 1.25  # the beginning of a text may be lighter than the rest
_CONTEXT = 100  # characters; what stands behind a place may tell whether a text can end there


def _behind_item(text: str, item: Atom) -> CutPoint | None:
    """A text does not end in a sign, as no ellipsis keeps it from what stands behind the field."""
    return None if ends_in_sign(text, item[1]) else CutPoint(item[1], "")


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
