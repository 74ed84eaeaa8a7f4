"""What commands print: a table on a terminal, tab-separated values in a pipe, JSON where it is asked for.

Data goes to stdout; progress, notes and complaints go to stderr.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.cli.times import spoken_iso
from bot.errors import TryAgainLater

Record = dict[str, Any]
Row = TypeVar("Row")

STYLES = {
    "needs a person": "bold yellow",
    "stalled": "bold red",
    "healthy": "green",
    "queued, pinned": "cyan",
    "published": "green",
    "queued": "cyan",
    "sending": "cyan",
    "held": "yellow",
    "unconfirmed": "bold yellow",
    "failed": "bold red",
    "skipped": "dim",
    "missed": "dim",
    "withdrawn": "dim",
    "LIVE": "bold red",
    "rehearsal": "blue",
    "yes": "green",
    "no": "bold red",
}
HARMFUL_STARTS = ("=", "+", "-", "@", "\t", "\r")


GAP, BELOW = "  ", "    "
SCREEN = 500  # lines of a table that are measured together
NARROWEST = 30  # characters that the last column of a table gets, however narrow the terminal is


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table for people, and the sentences and addresses that stand below it."""

    cells: Sequence[str]
    below: Sequence[str] = ()


def prepare_streams() -> None:
    """UTF-8 in pipes whatever the locale says, and no character that a terminal lacks ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


class OutputLost(TryAgainLater):
    """Standard output takes nothing more: the disk it goes to is full, for one."""


@contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(f"The output could not be written: {(error.strerror or str(error)).lower()}.") from None


class _Stdout:
    """Standard output for those who write by themselves."""

    def write(self, text: str) -> None:
        with _to_stdout():
            sys.stdout.write(text)


def flush() -> None:
    """Hand over what was said so far."""
    with _to_stdout():
        sys.stdout.flush()


def on_terminal() -> bool:
    return sys.stdout.isatty()


def say(text: str) -> None:
    """One line of data to stdout."""
    _Stdout().write(_printable(text) + "\n")


def note(text: str) -> None:
    """One line beside the data, to stderr."""
    sys.stderr.write(_printable(text) + "\n")
    sys.stderr.flush()


def heading(text: str) -> None:
    """A sentence above a table: part of what a person reads, but no row for a program."""
    if on_terminal():
        say(text)
    else:
        note(text)


def progress(text: str) -> None:
    """What is being done, for whoever watches: to stderr, and only on a terminal."""
    if sys.stderr.isatty():
        note(text)


def json_line(value: object) -> None:
    """One JSON value on a line of its own."""
    _Stdout().write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")


def listing(
    rows: Iterable[Row],
    *,
    record: Callable[[Row], Record],
    columns: Sequence[str],
    line: Callable[[Row], Line],
    as_json: bool,
    nothing: str,
) -> None:
    """Print `rows`, one after the other, so that the first are seen before the last are read.

    As JSON lines, or in a pipe as tab-separated values: the `record` of each, fields in its order. On a terminal a
    table of `columns` with the `line` of each, or the sentence `nothing` when there is no row.
    """
    if as_json or not on_terminal():
        for row in rows:
            stream(record(row), as_json)
    elif not table(columns, map(line, rows)):
        say(nothing)


def stream(record: Record, as_json: bool) -> None:
    """One record on a line: JSON, or its values with tabs between them."""
    if as_json:
        json_line(record)
    else:
        _Stdout().write("\t".join(_flat(cell(name, value)) for name, value in record.items()) + "\n")


def table(columns: Sequence[str], lines: Iterable[Line]) -> int:
    """A table for people; returns how many lines it had. Without any there is no heading either.

    Only the last column is wrapped, at words; what stands below a line is never broken. A long table is printed screen
    by screen, and its columns only ever become wider.
    """
    told, widths, rest = 0, [len(name) for name in columns[:-1]], iter(lines)
    while screen := list(islice(rest, SCREEN)):
        widths = _widths(screen, widths)
        _print_lines(screen, widths, heading=() if told else columns)
        told += len(screen)
    return told


def _widths(lines: Sequence[Line], least: Sequence[int]) -> list[int]:
    """Cells of the terminal that each column but the last takes."""
    from rich.cells import cell_len

    *narrow, _ = zip(*(line.cells for line in lines), strict=True)
    return [max(width, *(cell_len(cell) for cell in column)) for width, column in zip(least, narrow, strict=True)]


def _print_lines(lines: Sequence[Line], widths: Sequence[int], heading: Sequence[str]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    start = sum(widths) + len(GAP) * len(widths)
    room = max(console.width - start, NARROWEST)

    def row(cells: Sequence[str], style: str = "") -> None:
        texts = [Text(_printable(cell), style or STYLES.get(cell, "")) for cell in cells]
        first, *rest = texts[-1].wrap(console, room) or [Text()]
        for text, width in zip(texts, widths, strict=False):
            pad = text.pad_left if text.plain.isdecimal() else text.pad_right
            pad(width - text.cell_len)
        console.print(Text(GAP).join([*texts[:-1], first]))
        for more in rest:
            console.print(" " * start, more, sep="")

    with _to_stdout():
        if heading:
            row(heading, "bold")
        for line in lines:
            row(line.cells)
            for text in filter(None, line.below):
                indent = start if cell_len(text) <= room else len(BELOW)
                console.print(Text(" " * indent + _printable(text), "dim"))


def write_csv(records: Iterable[Record], fields: Sequence[str]) -> None:
    """CSV with a header line; a cell that a spreadsheet could take for a formula is made harmless by an apostrophe."""
    writer = csv.writer(_Stdout())
    writer.writerow(fields)
    for record in records:
        writer.writerow([_harmless(cell(name, record[name])) for name in fields])


def record(row: Any, zone: ZoneInfo) -> Record:
    """A dataclass as a JSON-ready record, fields in order, moments as ISO 8601 with the offset of `zone`."""
    return {field.name: jsonable(getattr(row, field.name), zone) for field in dataclasses.fields(row)}


def jsonable(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return spoken_iso(value, zone)
    if isinstance(value, (tuple, list)):
        return [jsonable(item, zone) for item in value]
    if dataclasses.is_dataclass(value):
        return record(value, zone)
    return value


def counted(count: int, noun: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def about(name: str, text: str) -> str:
    """The text, with the name of what it is about before it, unless it names it itself."""
    named = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    return text if named else f"{name}: {text}"


def mode(live: bool) -> str:
    """How every listing says whether a row is real."""
    return "LIVE" if live else "rehearsal"


def cell(name: str, value: Any) -> str:
    """A record's field as text: whether it is live in words, nothing for what is not there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        if name == "live":
            return mode(value)
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(text: str) -> str:
    return _printable(" ".join(text.split()))


def _harmless(cell: str) -> str:
    return "'" + cell if cell.startswith(HARMFUL_STARTS) else cell


def _printable(text: str, keep: str = "\n\t") -> str:
    """Control characters and those that turn the direction of writing, as escapes: text never commands a terminal."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) if _commands(c) and c not in keep else c for c in text)


def _commands(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _TURNS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


_TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
