"""Cuts a post to a platform's limit: every elastic field gets the room its priority earns, and not a unit is guessed.

A template's text comes in with its elastic fields marked (`bot.text.marks`); each field has a list of forms it may
be shown in (`bot.text.forms`). All start at their smallest, then they grow, most important first, as far as the
platform's own measure of the *whole* text allows. Since the text that is returned was itself measured, it is within
the limit whatever the measure does.

Measuring is what costs most. So a text that fits as it is gets measured once, and where a field has to end is first
reckoned from what is known of its length, then proved: this form fits, and the next one does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from unicodedata import normalize

from bot.errors import CannotFit
from bot.post import Cut, Limit
from bot.text.atoms import ELLIPSIS
from bot.text.clean import clean
from bot.text.forms import MOST_CHECKED, WHOLE, Form, Forms
from bot.text.layout import CutAt, Layout
from bot.text.marks import FitMisused, mark, parse
from bot.text.surroundings import Surroundings
from bot.text.tidy import tidy

__all__ = ["CutAt", "FitMisused", "Fitted", "mark", "solve"]

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
    clean_layout = layout if text == assembled else layout.cleaned()
    return _Solver(clean_layout.looked_at(), limit, {text: length}).solved()


def _finished(assembled: str) -> str:
    return tidy(normalize("NFC", assembled))


class _Solver:
    """One text being fitted: the forms of each field, and which of them is picked. All start at their smallest.

    `lengths` are those of the whole texts that were measured already.
    """

    def __init__(self, layout: Layout, limit: Limit, lengths: dict[str, int]) -> None:
        self.layout = layout
        self.limit = limit
        self.lengths = lengths
        self.widths: dict[Form, int] = {}
        self.forms = self._all_forms()
        self.picks = dict.fromkeys(range(len(self.forms)), 0)
        self.left_to_check = MOST_CHECKED

    def solved(self) -> Fitted:
        by_priority: dict[int, list[int]] = {}
        for index, forms in enumerate(self.forms):
            if forms.whole.end:
                by_priority.setdefault(forms.rules.priority, []).append(index)
        groups = [by_priority[priority] for priority in sorted(by_priority)]
        text, length = self._filled(groups, self._presumed(groups))
        if length > self.limit.most:
            self.forms = self._all_forms()
            text, length = self._filled(groups, 0)
        if length > self.limit.most:
            raise self._too_long(text, length)
        return Fitted(text, length, tuple(self._cuts()))

    def _all_forms(self) -> list[Forms]:
        return [Forms(field, self.limit, self.widths) for field in self.layout.fields]

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
            for index in equals:
                self.picks[index] = WHOLE if number < presumed else self.forms[index].narrowest()
        for equals in groups[presumed:]:
            self._share(equals)
        text = self._text({})
        return text, self._length(text)

    # -- one field beside the others ---------------------------------------------------------------------------------

    def _grown(self, index: int) -> int:
        """The widest form of one field that fits beside what the others have; the one it has, should none fit."""
        beside = self._beside(index, self.picks)
        if (length := self._length_with(index, WHOLE, beside)) <= self.limit.most:
            return WHOLE
        forms, low = self.forms[index], self.picks[index]
        forms.expect(length, beside)
        for pick in range(len(forms) - 2, max(low, forms.first_whole - 1), -1):
            if self._length_with(index, pick, beside) <= self.limit.most:
                return pick
        return self._widest_cut(index, length, beside)

    def _widest_cut(self, index: int, length: int, beside: Surroundings) -> int:
        """The same among the cuts; `length` is that of the text in which the field is whole.

        Every wider one is too long: it was measured, or it is by so much longer, at least, than one that was.
        """
        forms, low, most = self.forms[index], self.picks[index], self.limit.most
        high = forms.first_whole  # what fits is before it
        pick = WHOLE
        guesses = MOST_GUESSES
        while high - low > 1:
            pick = self._reckoned(forms, pick, length, low, high) if guesses > 0 else (low + high) // 2
            guesses -= 1
            length = self._length_with(index, pick, beside)
            if length <= most:
                low = pick
                if forms[pick].end:
                    high = forms.last(forms.longer(pick, beside), most - length, pick, high) + 1
            elif (wider := self._lighter(index, pick, length, high, beside)) is not None:
                return wider
            else:
                high = pick
        return low

    def _reckoned(self, forms: Forms, pick: int, length: int, low: int, high: int) -> int:
        """Which cut between two should be the widest that fits, were all characters of a text of one weight.

        It goes by the length of the whole text with one that was tried.
        """
        if pick == low:
            return high - 1  # what may fit beside one that does is all but sure to
        form = forms[pick]
        weight = max(forms.width(WHOLE), 1) / forms.whole.end
        end = form.end + len(form.tail) - len(ELLIPSIS) + (self.limit.most - length) / weight
        return max(forms.near(end, low, high), low + 1)

    def _lighter(self, index: int, pick: int, length: int, high: int, beside: Surroundings) -> int | None:
        """The widest form that fits of those between one with which the text is too long and `high`, if any does."""
        forms, most = self.forms[index], self.limit.most
        last = forms.lighter(pick, beside, most - length, high) if forms[pick].end else pick
        for number in range(last, pick, -1):
            if self.left_to_check < 0:
                break
            if self._length_with(index, number, beside) <= most:
                return number
            self.left_to_check -= forms[number].end
        return None

    def _beside(self, index: int, picks: dict[int, int]) -> Surroundings:
        """What stands before and behind a field while it is seen, the others being as picked."""
        return Surroundings(*self.layout.around(index, self._shown(picks)), self.layout.join)

    def _length_with(self, index: int, pick: int, beside: Surroundings) -> int:
        """The length of the whole text when one field is shown in some form, the others being as they are."""
        shown = self.forms[index][pick].text
        if not shown:
            return self._length(self._text({index: pick}))
        return self._length(_finished(beside.round(shown)))

    # -- fields of one priority --------------------------------------------------------------------------------------

    def _share(self, equals: list[int]) -> None:
        """Room for fields of one priority: none gets more while another that wants it has less.

        Each gets the widest form up to a level, the highest at which the whole text fits; then, while it fits, the
        narrowest next form of any is taken; and what is left then goes to each in turn.
        """
        if len(equals) > 1 and not self._fits(dict.fromkeys(equals, WHOLE)):
            self._share_out(equals)
            self._leave_none_empty(equals)
        for index in equals:
            self.picks[index] = self._grown(index)

    def _share_out(self, left: list[int]) -> None:
        while len(left) > 1:
            self._raise_level(left)
            left = self._hand_out_rest(left)

    def _leave_none_empty(self, equals: list[int]) -> None:
        """A field of which even the least is above the level is shown all the same, if no other has to vanish."""
        nothing = {index: self.forms[index].narrowest() for index in equals}
        least = {
            index: pick if self.forms[index][pick].end else self.forms[index].narrowest(pick)
            for index, pick in nothing.items()
        }
        seen = {index for index in equals if self.forms[index][self.picks[index]].end}
        for _, index, pick in sorted(self._ranked(*form) for form in least.items() if form[0] not in seen):
            smallest = nothing | {each: least[each] for each in seen} | {index: pick}
            if self._fits(smallest):
                seen.add(index)
                self.picks |= smallest
                self._share_out(equals)

    def _raise_level(self, equals: list[int]) -> None:
        """Handing out room form by form comes to much the same, but takes a measurement for each form."""
        level, too_high = 0, self.limit.most + 1
        while too_high - level > 1:
            middle = (level + too_high) // 2
            if self._fits(self._at_level(equals, middle)):
                level = middle
            else:
                too_high = middle
        for higher in self._levels_above(equals, too_high):
            if self._fits(self._at_level(equals, higher)):
                level = higher
        self.picks |= self._at_level(equals, level)

    def _at_level(self, equals: list[int], level: int) -> dict[int, int]:
        """For each field the widest form that is itself at most `level` long."""
        return {index: max(self.picks[index], self.forms[index].widest(level)) for index in equals}

    def _levels_above(self, equals: list[int], level: int) -> Iterator[int]:
        """The levels above one that is too high at which the whole text may still fit, lighter forms being in it."""
        picks = too_high = self._at_level(equals, level)
        text = self._text(picks)
        length = self._length(text)
        may_compare = len(equals) * len(text) < MOST_CHECKED  # the text is measured about once for each field
        while self.left_to_check >= 0 and (wider := self._next_forms(picks)):
            level = max(level + 1, min(self.forms[index].width(pick) for index, pick in wider.items()))
            picks = self._at_level(equals, level)
            if may_compare and length + self._longer(too_high, picks) > self.limit.most:
                return
            yield level
            # Each form is measured four times: found, followed, compared, and in the whole text.
            self.left_to_check -= 4 * sum(self.forms[index][pick].end for index, pick in picks.items())

    def _longer(self, picks: dict[int, int], wider: dict[int, int]) -> int:
        """By how much the whole text is longer with wider forms of some fields, at least."""
        longer = 0
        for index, pick in wider.items():
            forms = self.forms[index]
            if pick != picks[index]:
                if not forms[picks[index]].end:
                    return -self.limit.most
                longer += forms.longer(picks[index], self._beside(index, picks))(pick)
                picks = picks | {index: pick}
        return longer

    def _hand_out_rest(self, equals: list[int]) -> list[int]:
        """What is left below the next level: a form more for one field at a time, for the narrowest first.

        Where what was refused room is small beside it, as with a long fixed text that is seen with a field, that may
        be much: after some forms it gives the fields that may take more.
        """
        wider = [self._ranked(*form) for form in self._next_forms({each: self.picks[each] for each in equals}).items()]
        heapify(wider)
        steps = 2 * len(equals)
        while wider and steps > 0:
            steps -= 1
            _, index, pick = heappop(wider)
            if self._fits({index: pick}):
                self.picks[index] = pick
                for form in self._next_forms({index: pick}).items():
                    heappush(wider, self._ranked(*form))
        return sorted(index for _, index, _ in wider)

    def _ranked(self, index: int, pick: int) -> tuple[int, int, int]:
        return self.forms[index].width(pick), index, pick

    def _next_forms(self, picks: dict[int, int]) -> dict[int, int]:
        """For each of the fields that are not whole the narrowest form that shows more."""
        return {
            index: self.forms[index].narrowest(pick)
            for index, pick in picks.items()
            if pick + 1 < len(self.forms[index])
        }

    # -- the whole text ----------------------------------------------------------------------------------------------

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

    def _too_long(self, text: str, needed: int) -> CannotFit:
        most = self.limit.most
        beginning = text if len(text) <= _QUOTED else f"{text[:_QUOTED].rstrip()}…"
        least = {forms.rules.name: forms.width(self.picks[index]) for index, forms in enumerate(self.forms)}
        longest = max(least, key=lambda name: least[name], default="")
        hint = "Shorten the fixed text of the template, or let |fit cut more of it."
        if longest and least[longest]:
            hint = (
                f"{least[longest]} of them are the least that may be shown of {longest}: shorten it, or give its |fit"
                " a lower min= or cut='grapheme'."
            )
        message = f"What may not be cut of this post needs {needed} of {most} characters: “{beginning}”."
        return CannotFit(message, needed, most, hint)


_QUOTED = 80
