"""Weighs emoji: however many code points a sequence has, X counts it as one heavy character."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable


class EmojiWeights:
    """Knows by how much each emoji sequence weighs less than its code points would one by one.

    Single emoji need no table: each is a heavy character by itself.
    """

    def __init__(self, sequences: Iterable[str], saving: Callable[[str], int]) -> None:
        self._savings = {sequence: saving(sequence) for sequence in sequences}
        lengths: dict[str, set[int]] = defaultdict(set)
        for sequence in self._savings:
            lengths[sequence[:2]].add(len(sequence))
        self._lengths = {pair: sorted(found, reverse=True) for pair, found in lengths.items()}
        firsts, seconds = (_one_of(pair[place] for pair in self._lengths) for place in (0, 1))
        self._may_occur = re.compile(seconds).search
        self._next_pair = re.compile(f"{firsts}{seconds}").search

    def length_at(self, text: str, at: int) -> int:
        """Code points of the longest sequence that begins at `at`, or 0."""
        for length in self._lengths.get(text[at : at + 2], ()):
            if text[at : at + length] in self._savings:
                return length
        return 0

    def saved(self, text: str) -> int:
        """What all sequences of the text save together; leftmost first, and the longest of those."""
        total = at = 0
        if not self._may_occur(text):
            return total
        while pair := self._next_pair(text, at):
            start = pair.start()
            length = self.length_at(text, start)
            if length:
                total += self._savings[text[start : start + length]]
            at = start + max(length, 1)
        return total


def _one_of(characters: Iterable[str]) -> str:
    return f"[{body}]" if (body := "".join(map(re.escape, sorted(set(characters))))) else "(?!)"
