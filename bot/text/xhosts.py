"""Which hosts twitter-text sees in a run of host characters, found in linear time.

The reference does this with one backtracking regular expression: from the leftmost place allowed it takes the
longest row of labels that ends in a known top-level domain. Here the run is split at its dots, each dot is asked
once whether a top-level domain follows, and one pass from the right tells for each label how far a host may reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from bot.text.xtables import character_classes, same_letter

MAX_LABEL = 63  # characters of one label, once it is encoded in punycode

_WORD = re.compile(r"[0-9A-Za-z]++").match
_PUNYCODE = re.compile(r"[Xx][Nn]--[-0-9A-Za-z]++").match
_NOT_AFTER_TLD = "0-9A-Za-z@+\\-"
_ANY_DOT = re.compile("[.\u3002\uff0e\uff61]")


class Host(NamedTuple):
    """The host at text[start:end], in code points. `before` is the character before it, or "" when none counts."""

    start: int
    end: int
    domain: str
    after_protocol: bool
    before: str


class TopLevelDomains:
    """Knows top-level domains, in ASCII and in other scripts, in any case."""

    def __init__(self, names: Sequence[str]) -> None:
        self._ascii = frozenset(name for name in names if name.isascii())
        others = (in_any_case(name) for name in names if not name.isascii())
        self._other = re.compile(f"(?:{'|'.join(others)})(?![{_NOT_AFTER_TLD}])").match

    def __contains__(self, word: str) -> bool:
        """Is this word of ASCII letters a top-level domain?"""
        return word.lower() in self._ascii

    def end(self, text: str, at: int) -> int:
        """Where the top-level domain that begins at `at` ends, or 0 when none does."""
        word = _WORD(text, at)
        if word and word[0] in self and not text.startswith(("@", "+", "-"), word.end()):
            return word.end()
        found = self._other(text, at) or _PUNYCODE(text, at)
        return found.end() if found else 0


def in_any_case(name: str) -> str:
    """A pattern for a top-level domain. Case is ignored as in the reference: ASCII is never equal to other letters."""
    letters = same_letter()
    return "".join(f"[{char + char.upper() if char.isascii() else letters.get(char, char)}]" for char in name)


class HostFinder:
    """Finds hosts in runs of host characters (no white space or punctuation, but `.`, `-` and `_`)."""

    def __init__(self, tlds: TopLevelDomains) -> None:
        classes = character_classes()
        label_char, not_before = f"[^{classes['not_in_label']}]", classes["not_before_url"]
        self._tlds = tlds
        self._is_label_char = re.compile(label_char).match
        self._may_precede = re.compile(f"[^{not_before}]").match
        # The reference sees UTF-16 units: the first half of a character outside the basic plane may precede a host
        # that begins with the second half, whatever stands before the two.
        self._first_char = re.compile(f"(?<![{not_before}]){label_char}|[\U00010000-\U0010ffff]").search
        self._latin_labels = re.compile(rf"[{classes['latin_label']}][{classes['latin_label']}.]*\.").finditer

    def hosts(self, text: str, run: int, run_end: int, floor: int, *, protocol: bool) -> Iterator[Host]:
        """The hosts of text[run:run_end], in order.

        `floor`: characters before it belong to an earlier match and cannot precede a host any more.
        `protocol`: one stands right before the run, so that a host at its very beginning needs nothing else.
        """
        labels = text[run:run_end].split(".")
        begins = list(accumulate((len(label) + 1 for label in labels[:-1]), initial=run))
        tld_ends = [self._tlds.end(text, begin) for begin in begins]
        if not any(tld_ends):
            return
        names = _farthest_names(labels, tld_ends)
        for index in range(len(labels) - 1):
            low, high, name = begins[index], begins[index + 1] - 1, names[index]
            if name < 0 and tld_ends[index + 1]:
                name, low = index, low + labels[index].rfind("_") + 1  # a domain's name holds no underscore
            if name < 0 or low == high or text[high - 1] in "-_":
                continue
            linked = protocol and low == run and self._is_label_char(text, low) is not None
            start = low if linked else self._start(text, low, high, floor)
            if start >= 0:
                end, before = tld_ends[name + 1], text[start - 1] if start > floor else ""
                domain = text[start:end]
                if domain[0] > "\uffff" and not (linked or before and self._may_precede(before)):
                    domain, before = _second_half(domain[0]) + domain[1:], ""
                yield Host(start, end, domain, linked, before)
                floor = end  # which leaves no room for a host in the labels that this one took

    def _start(self, text: str, low: int, high: int, floor: int) -> int:
        """The leftmost place in text[low:high] where a host without protocol may begin, or -1."""
        found = self._first_char(text, max(low, floor + 1), high)
        start = found.start() if found else -1
        if low > floor:
            return start
        if floor < high and text[floor] > "\uffff":
            return floor
        # At the start of a text the reference tries a host after the first character before one at it.
        if floor == 0 and self._is_label_char(text) and not (start == 1 and self._may_precede(text)):
            return 0
        return start

    def latin_domains(self, domain: str) -> Iterator[str]:
        """The domains of ASCII and accented Latin labels inside a domain: without protocol only these are links."""
        for labels in self._latin_labels(domain):
            dot = labels.end() - 1
            while dot > labels.start():
                if end := self._tlds.end(domain, dot + 1):
                    yield domain[labels.start() : end]
                    break
                dot = domain.rfind(".", labels.start(), dot)

    def can_be_encoded(self, domain: str) -> bool:
        """Does every label fit into the domain name system, and is nothing encoded twice?"""
        if domain.startswith("xn--") and not any(self.latin_domains(domain)):
            return False
        return all(map(_label_fits, domain.split(".")))


def _second_half(char: str) -> str:
    """The low surrogate of a character outside the basic plane."""
    return chr(0xDC00 | ord(char) & 0x3FF)


def _farthest_names(labels: Sequence[str], tld_ends: Sequence[int]) -> list[int]:
    """For each label the last label to its right that can be the name of a domain which spans both, or -1.

    The name stands right before the top-level domain and holds no underscore; no label between begins or ends
    with `-` or `_`.
    """
    names = [-1] * len(labels)
    for index in range(len(labels) - 3, -1, -1):
        following = labels[index + 1]
        if following and following[0] not in "-_" and following[-1] not in "-_":
            is_name = tld_ends[index + 2] and "_" not in following
            names[index] = max(names[index + 1], index + 1 if is_name else -1)
    return names


def _label_fits(label: str) -> bool:
    if label.isascii() and label.isprintable():
        return 0 < len(label) <= MAX_LABEL
    if len(label) + len("xn--") > MAX_LABEL:
        return False  # the encoded form is longer still, and encoding takes quadratic time
    return sum(map(_encoded_length, parts := _ANY_DOT.split(label))) + len(parts) - 1 <= MAX_LABEL


def _encoded_length(part: str) -> int:
    if part.isascii() and part.isprintable():
        return len(part)
    return len("xn--") + len(part.encode("punycode"))
