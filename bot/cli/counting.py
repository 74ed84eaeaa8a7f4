"""How long a text is, by a platform's own measure: what `nightdesk count` prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from bot.cli import output
from bot.cli.output import Line, Record
from bot.errors import UsageError
from bot.platforms.registry import PLATFORMS, rules_for
from bot.post import Limit
from bot.text.xlength import display_length, extract_urls, parse

COLUMNS = ("length", "limit", "fits", "valid", "text")


@dataclass(frozen=True, slots=True)
class Measure:
    """A platform's limit, whether it would take a text at all, and the length that it shows to a writer."""

    limit: Limit
    valid: Callable[[str], bool]
    shown: Callable[[str], int]

    def of(self, text: str) -> Record:
        """The contract's object; offsets of links are code points of `text` as given."""
        length = self.limit.length(text)
        return {
            "length": length,
            "limit": self.limit.most,
            "fits": length <= self.limit.most,
            "valid": self.valid(text),
            "urls": [{"url": found.url, "start": found.start, "end": found.end} for found in extract_urls(text)],
        }


def measure_of(platform: str) -> Measure:
    """The measure of that platform; UsageError when there is none of that name."""
    name = {"twitter": "x"}.get(platform, platform)
    if name not in PLATFORMS:
        raise UsageError(f"There is no platform {platform!r}.", f"Known are {' and '.join(PLATFORMS)}.")
    limit = rules_for(name).limit
    if name == "x":
        return Measure(limit, lambda text: parse(text).valid, display_length)
    return Measure(limit, lambda text: bool(text.strip()) and limit.fits(text), limit.length)


def count_texts(measure: Measure, texts: Sequence[str]) -> None:
    """A row for each text, for people."""
    if not texts:
        raise UsageError("There is no text to count.", 'Write it after the command, such as nightdesk count "Hello".')
    output.listing(
        [{**_without_urls(measure.of(text)), "text": text} for text in texts],
        record=lambda row: row,
        columns=COLUMNS,
        line=_line,
        as_json=False,
        nothing="",
    )
    for number, text in enumerate(texts, 1):
        if (shown := measure.shown(text)) != measure.limit.length(text):
            output.note(f"Text {number}: X should show {shown} itself. {_LARGER}")


_LARGER = "Nobody outside knows how new its tables of emoji and domains are, so the larger count is held to the limit."


def count_lines(measure: Measure, texts: Sequence[str] | None) -> None:
    """A JSON line for each text: the arguments, or else the JSON strings on stdin, one a line."""
    for text in texts or _json_strings(sys.stdin.buffer):
        output.json_line(measure.of(text))


def _json_strings(lines: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            text = json.loads(line)
        except (ValueError, RecursionError):
            text = None
        if not isinstance(text, str):
            raise UsageError(
                f"Line {number} of stdin is not a JSON string.", 'Write each text in quotes, such as "Hello".'
            )
        yield text


def _without_urls(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "urls"}


def _line(record: Record) -> Line:
    words = {True: "yes", False: "no"}
    fits, valid = words[record["fits"]], words[record["valid"]]
    return Line([str(record["length"]), str(record["limit"]), fits, valid, record["text"]])
