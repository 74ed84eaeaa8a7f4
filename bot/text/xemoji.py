"""Weighs emoji: however many code points a sequence has, X counts it as one heavy character."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator


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
        self._next_joiner = re.compile(_one_of(pair[1] for pair in self._lengths)).search

    def length_at(self, text: str, at: int) -> int:
        """Code points of the longest sequence that begins at `at`, or 0."""
        for length in self._lengths.get(text[at : at + 2], ()):
            if text[at : at + length] in self._savings:
                return length
        return 0

    def may_begin(self, text: str) -> bool:
        """Whether `text` holds a character that stands second in some sequence."""
        return self._next_joiner(text, 1) is not None

    def spans(self, text: str, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, int]]:
        """Start and end of each sequence that begins in text[start:stop]: leftmost first, and the longest there."""
        last = len(text) if stop is None else stop + 1
        while joiner := self._next_joiner(text, start + 1, last):
            start = joiner.start() - 1
            length = self.length_at(text, start)
            if length:
                yield start, start + length
            start += max(length, 1)

    def saved(self, text: str) -> int:
        """What all sequences of the text save together."""
        return sum(self._savings[text[start:end]] for start, end in self.spans(text))


def _one_of(characters: Iterable[str]) -> str:
    """A pattern for any of them, in ranges: outside the basic plane `re` tries the members of a class one by one."""
    ranges: list[list[int]] = []
    for code in sorted(set(map(ord, characters))):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in ranges)}]" if ranges else "(?!)"
