"""Texts made to be slow, and whether the time they take grows no faster than they do."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping

FAMILIES: Mapping[str, str] = {
    "labels": "a.",
    "dots": ".",
    "unknown domains": "a.zzzz ",
    "known domains in a chain": "a.com.",
    "protocols begun": "http",
    "protocols": "https://",
    "protocols with a letter": "http://a",
    "unknown links": "http://a.zzz ",
    "domains in other letters": "日a.com ",
    "domains glued to other letters": "日a.com",
    "labels in other letters": "日.",
    "accented labels": "é.",
    "punycode labels": "a.xn--",
    "underscores": "_a.com.",
    "underscore chains": "x.a_b.com.",
    "links that stop early": "a.com日.jp/p ",
    "links that tear emoji apart": "a.com👩\u200d👧.jp/p",
    "hyphens": "a--.",
    "signs after domains": "a.co@",
    "open parentheses": "a.com/(",
    "parentheses in parentheses": "a.com/((a)",
    "queries that do not end": "a.com/?!",
    "t.co": "https://t.co/a",
    "marks": "\u0301",
    "marks out of order": "\u0301\u0323",
    "marks in long runs": "a" + "\u0301\u0323" * 505,
    "decomposed syllables": "\u1112\u1161\u11ab",
    "joined people": "\U0001f469\u200d",
    "joiners": "\u200d",
    "flags": "\U0001f1e6",
    "tones": "\U0001f3fd",
    "tag flags": "\U0001f3f4\U000e0067",
    "emoji as labels": "\U0001f600.",
    "spaces": " ",
    "NULs": "\0",
    "halves of emoji": "\ud83d",
    "carriage returns": "\r",
    "hashtags": "#a",
    "hashtags of digits": "#1 ",
    "digits without end": "#" + "1" * 999,
    "mentions": "@a",
    "mentions of mentions": "RT@",
    "cashtags": " $A.b",
    "signs": "@#$",
    "bare signs": "#",
    "cashtags in a row": "$A ",
    "hashtags in other letters": "#a日",
    "stops and commas": ".,",
    "quotes": '"',
    "French quotes": "« a » ",
    "brackets": "([{",
    "abbreviations": "a. ",
    "figures": "1 000 ",
    "line ends": "a\n",
    "one word": "x",
    "Arabic words": "سلام ",
    "Hebrew labels": "ש.",
    "words that do not part": "a\u00a0",
}
"""Name of a family -> what its texts repeat."""

PATHS: Mapping[str, str] = {
    "a path of stops": ".a",
    "a path of signs": "a!",
    "a path of parentheses": "(a)",
    "a path of parentheses in parentheses": "((a)a)",
    "a path that domains in parentheses go on": "!(b.com)",
    "a path of domains": "/a.com",
}
"""The same for what a link that has begun goes on with."""

LINK = "https://a.com/"

SHORT, LONG = 100_000, 1_000_000
"""Code points of the two texts that are compared."""

LEAST = 0.02
"""CPU seconds a measurement takes at least; what is faster is repeated."""


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Name of each family and its text of `size` characters."""
    for family, unit in FAMILIES.items():
        yield family, (unit * (size // len(unit) + 1))[:size]
    for family, unit in PATHS.items():
        yield family, (LINK + unit * (size // len(unit) + 1))[:size]


def growth(work: Callable[[str], object], short: str, long: str, most: float) -> tuple[float, float]:
    """CPU seconds for the short text and for the long one.

    Where the long one takes more than `most` times as long, they are measured five times, one right after the other
    and the short one over as long a while, for a machine changes its speed from moment to moment; told is the pair
    with the median ratio.
    """
    work(short)
    pairs = [(_seconds(work, short), _seconds(work, long))]
    if pairs[0][1] > most * pairs[0][0]:
        pairs = [(_seconds(work, short, least=pairs[0][1]), _seconds(work, long)) for _ in range(5)]
    return sorted(pairs, key=lambda pair: pair[1] / pair[0])[len(pairs) // 2]


def _seconds(work: Callable[[str], object], text: str, least: float = LEAST) -> float:
    """CPU time, without that of the garbage collector, as `timeit` has it: its work grows with all that is alive."""
    times = 0
    gc.collect()
    gc.disable()
    start = time.process_time()
    while (spent := time.process_time() - start) < least or not times:
        work(text)
        times += 1
    gc.enable()
    return spent / times
