"""What stands beside an elastic field, and how far that matters: nothing joins across white space."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from bot.text.seams import Join

_BLANK = " \n\t"
_RUN = re.compile(r"[^ \n]*+")


class Surroundings(NamedTuple):
    """What stands before and behind a field, its prefix and suffix included."""

    before: str = ""
    behind: str = ""
    join: Join = "".join  # what makes a whole of them and the field

    @property
    def near(self) -> Surroundings:
        """As much of it as might make one link with the field: up to the nearest white space, and that before it."""
        before = self.before.lstrip(_BLANK)
        return Surroundings(before[max(last_blank(before), 0) :], run_at(self.behind, 0), self.join)

    def round(self, shown: str) -> str:
        """The whole text with a form of the field in its place."""
        return self.join((self.before, shown, self.behind))


def last_blank(text: str, end: int | None = None) -> int:
    """Where the last space or line end before `end` is, or -1."""
    return max(text.rfind(" ", 0, end), text.rfind("\n", 0, end))


def run_at(text: str, start: int, end: int = sys.maxsize) -> str:
    """What follows `start`, up to the next space or line end."""
    found = _RUN.match(text, start, end)
    return found[0] if found else ""
