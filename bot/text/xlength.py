"""X's measure of a text: its weighted length, whether X takes it, and the links in it.

It says what twitter-text says, X's own library for this (npm release 3.1.0 of March 2020, the last one), in time
that grows no faster than the text, whatever the text. Weights, domains and emoji are data: see `xtables`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple
from unicodedata import normalize

from bot.text.xemoji import EmojiWeights
from bot.text.xhosts import in_any_case
from bot.text.xtables import Rules, Tables, character_classes, newer_tables, reference_tables, rules
from bot.text.xurls import MAX_URL, FoundUrl, Stretch, UrlFinder, counted_stretches, utf16_length

X_LIMIT = 280
"""Weighted characters that a post may have (twitter-text, configuration v3)."""

X_URL_LENGTH = 23
"""Weighted characters of a link, however long it is: X wraps it in t.co (the same configuration)."""


class Parsed(NamedTuple):
    """What twitter-text says of a text. Both ranges begin at 0 and end at the UTF-16 unit given, inclusive."""

    weighted_length: int
    valid: bool
    permillage: int
    valid_range_end: int
    display_range_end: int


def weighted_length(text: str) -> int:
    """Length of `text` in weighted characters by the reference's own tables: twitter-text v3, to the last unit."""
    return _reference().weighted_length(text)


def parse(text: str) -> Parsed:
    """Everything twitter-text v3 says of `text`, by the reference's own tables."""
    return _reference().parse(text)


def extract_urls(text: str) -> list[FoundUrl]:
    """The links X sees in `text`, by the reference's own tables; offsets in code points of `text` as given.

    Like the reference's function of that name it does not normalise: each link is what stands in `text`. Counting
    does: where normalisation itself makes a link (a Kelvin sign becomes a K), the length knows of one more than this.
    """
    return _reference().urls.find(text)


def display_length(text: str) -> int:
    """Length of `text` in weighted characters as X should show it to a writer: by the newer tables.

    An emoji of the newest Unicode counts 2, however many code points it has. The limit is held to `limit_length`.
    """
    return _newer().weighted_length(_with_plain_line_ends(text))


def limit_length(text: str) -> int:
    r"""Length of `text` in weighted characters that is held against `X_LIMIT`.

    Nobody outside knows which tables X uses by now, so it is the larger of two counts: with the reference's tables,
    and with newer ones. A link with a protocol whose top-level domain is not in them counts as a link or as its
    characters, whichever is more. Line ends count once each, as `\n`.
    """
    text = nfc(_with_plain_line_ends(text))
    reference, newer = _reference(), _newer()
    rest = newer_rest = Rest(text, 0)
    if "." in text:
        rest = reference.without_urls(text)
        newer_rest = newer.without_urls(text) if _newer_domain()(text) else rest
    length = newer.as_links(newer_rest)
    if newer_rest is rest and not newer.may_join(rest.text):
        return length  # nothing is there that the tables differ in
    return max(reference.as_links(rest), length)


def least_length(text: str, rest: str = "") -> int:
    """What `text`, being part of a normalised one, adds at least to its `limit_length`, whatever is a link in it.

    No character but white space stands right before it. `rest` is what follows up to the next white space: the more
    of both together is in `text`, the more is this.
    """
    if not _DOTTED(text) and not (rest and _DOTTED(text[-1:] + rest)):
        return _least_weight(text)
    *runs, last = _RUNS.findall(text) or [""]
    if text[-1:].isspace():
        rest = ""
    spared = sum(_most_spared(run, run) for run in runs) + _most_spared(last, last + rest)
    return _least_weight(text) - spared


_DOTTED = re.compile(r"\.[^\W\d_]").search  # no link is without
_RUNS = re.compile(r"\S+")


def _most_spared(begun: str, run: str) -> int:
    """How much less than its characters the beginning of a run without white space may weigh, as of links in it."""
    if not _DOTTED(run):
        return 0
    link = rules().url_length
    if "/" not in run:  # then links are made of the characters of Latin hosts
        return sum(max(_least_weight(name) - link, 0) for name in _latin_names()(begun))
    # Any character may belong to a link.
    bare = len(begun.partition("://")[0]) if "://" in run else len(begun)
    links = bare // (MAX_GLUED if _parts_links()(run) else MAX_URL) + (len(begun) - bare) // MAX_URL
    return max(_least_weight(begun) - link * max(links, 1), 0)


MAX_GLUED = 256
"""Characters of a link without protocol that other letters stand close to, as far as `least_length` goes."""


@cache
def _parts_links() -> Callable[[str], object]:
    """Search for what may stand between two links in a text without spaces."""
    names = ("latin_label", "path_inside", "path_end", "query_inside", "query_end")
    return re.compile(f"[^()._?{''.join(character_classes()[name] for name in names)}]|#.*#").search


@cache
def _latin_names() -> Callable[[str], list[str]]:
    return re.compile(rf"[{character_classes()['latin_label']}._]{{{rules().url_length // rules().heavy},}}").findall


def _least_weight(text: str) -> int:
    if text.isascii():
        return len(text)
    newer = _newer()
    weight = newer.weight(text)
    return min(_reference().weight(text), weight) if newer.may_join(text) else weight


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class Rest(NamedTuple):
    """A text with its URLs cut out, and what has to be added to its weight to get the weight of the whole."""

    text: str
    cut: int


_PART = 65_536  # characters


class Measure:
    """Counts by one configuration of twitter-text and one set of tables."""

    def __init__(self, rules: Rules, tables: Tables) -> None:
        self.urls = UrlFinder(tables.tlds)
        self._rules = rules
        self._heavy_runs = re.compile(f"[^{rules.light_ranges}]++" if rules.light_ranges else "(?!)").findall
        self._invalid = re.compile(f"[{character_classes()['invalid']}]").search
        self._emoji = EmojiWeights(tables.emoji if rules.counts_emoji else (), self._saving)

    def weighted_length(self, text: str) -> int:
        return self.total(self.without_urls(nfc(text)))

    def parse(self, text: str) -> Parsed:
        normal, limit = nfc(text), self._rules.limit
        length = self.total(self.without_urls(normal))
        clean = self._invalid(normal) is None
        display_end = valid_end = max(utf16_length(text) - 1, 0)
        if not clean or length > limit:
            valid_end = self._valid_end(normal) + utf16_length(text) - utf16_length(normal)
        return Parsed(length, clean and 0 < length <= limit, int(length / limit * 1000), valid_end, display_end)

    def without_urls(self, text: str) -> Rest:
        """Cut the URLs out of a normalised text. A line end joins with nothing beside it into an emoji or a URL."""
        if "." not in text or not (found := self.urls.find(text)):
            return Rest(text, 0)
        pieces: list[str] = []
        done = 0
        for stretch in counted_stretches(text, found):
            pieces.append(text[done : stretch.start])
            done = self._torn_end(text, stretch)
            pieces += text[stretch.end : done]
        pieces.append(text[done:])
        cut = len(found) * self._rules.url_length - (len(pieces) - 1) * self._rules.light
        return Rest("\n".join(pieces), cut)

    def _torn_end(self, text: str, stretch: Stretch) -> int:
        """Where the emoji ends that a stretch tears apart by stopping inside it: its characters count one by one."""
        torn = stretch.end + stretch.half
        if stretch.stops_early:
            for _, end in self._emoji.spans(text, stretch.start, torn):
                torn = max(torn, end)
        return torn

    def may_join(self, text: str) -> bool:
        """Whether characters of a text without URLs may join into one emoji."""
        return not text.isascii() and self._emoji.may_begin(text)

    def total(self, rest: Rest) -> int:
        """The weight of the whole text that was cut into `rest`."""
        return rest.cut + self.weight(rest.text)

    def as_links(self, rest: Rest) -> int:
        """The same, where links with unknown top-level domains weigh at least as much as if X took them for links."""
        total = self.total(rest)
        if "://" in rest.text:
            total += sum(
                max(self._rules.url_length - self.weight(link), 0) for link in self.urls.unknown_links(rest.text)
            )
        return total

    def weight(self, text: str) -> int:
        """Weight of a normalised text without URLs."""
        light, heavy = self._rules.light, self._rules.heavy
        if text.isascii():
            return light * len(text)
        heavy_chars = self._count_heavy(text)
        weight = light * len(text) + (heavy - light) * heavy_chars
        return weight - self._emoji.saved(text) if heavy_chars else weight

    def _count_heavy(self, text: str) -> int:
        """How many characters of the text are heavy. A long text is looked at in parts, as the runs take room."""
        if len(text) <= _PART:
            return len("".join(self._heavy_runs(text)))
        return sum(self._count_heavy(text[start : start + _PART]) for start in range(0, len(text), _PART))

    def _saving(self, sequence: str) -> int:
        heavy = self._count_heavy(sequence)
        return self._rules.light * len(sequence) + (self._rules.heavy - self._rules.light) * heavy - self._rules.heavy

    def _valid_end(self, text: str) -> int:
        """UTF-16 index of the last unit of a normalised text that is still within the limit and allowed."""
        stretches = {stretch.start: stretch for stretch in counted_stretches(text, self.urls.find(text))}
        at = weight = units = torn = 0
        while at < len(text):
            if stretch := stretches.get(at):
                end, step, torn = stretch.end, self._rules.url_length, self._torn_end(text, stretch)
            else:
                end = at + (1 if at < torn else max(self._emoji.length_at(text, at), 1))
                step = self.weight(text[at:end])
            weight += step
            if weight > self._rules.limit or self._invalid(text, at, end):
                break
            units += utf16_length(text[at:end])
            at = end
        return max(units - 1, 0)


# Characters that begin anew whatever precedes them: normalisation may cut a text before each.
_STEADY = "\0-\u02ff\u0370-\u0482\u048a-\u0590\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_SHORT = 4096
_ENDLESS_MARKS = re.compile(f"((?<![^{_STEADY}])[^{_STEADY}]{{1024,}}+)")


def nfc(text: str) -> str:
    """The text in Unicode's normal form C, as the reference counts it.

    Putting combining marks in order takes quadratic time, so in a long text more than a thousand characters in a row
    that could be such marks are left as they are. No language writes them, and they are too long for a post anyway.
    """
    if len(text) < _SHORT or text.isascii():
        return normalize("NFC", text)
    parts = _ENDLESS_MARKS.split(text)
    parts[::2] = (normalize("NFC", part) for part in parts[::2])
    return "".join(parts)


@cache
def _reference() -> Measure:
    return Measure(rules(), reference_tables())


@cache
def _newer() -> Measure:
    return Measure(rules(), newer_tables())


@cache
def _newer_domain() -> Callable[[str], object]:
    """Search for a top-level domain that only the newer tables know: without one, both find the same URLs."""
    added = newer_tables().tlds[len(reference_tables().tlds) :]
    return re.compile(rf"\.(?:{'|'.join(map(in_any_case, added))})").search
