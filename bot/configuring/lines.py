"""Where in a TOML file each key and each array item stands, so that an error can name its line.

`tomllib` tells the line of a syntax error only. This reads text that `tomllib` has already accepted, so it
need not judge anything: it walks the tokens and notes the line on which every key and item begins.
"""

from __future__ import annotations

import re
import tomllib
from typing import NamedTuple

Path = tuple[str | int, ...]

TOKENS = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}=,.\n]"
    r"|[^\s\[\]{}=,.\#\"']+",
    re.DOTALL,
)


class Token(NamedTuple):
    """One piece of the file and the line (from 1) it begins on."""

    text: str
    line: int


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the closest thing around it that stands in the file; the first line if nothing does."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def lines_of(text: str) -> dict[Path, int]:
    """For every table, key and array item of valid TOML `text`, the line it begins on (from 1)."""
    return Walk(text).run()


class Walk:
    """One walk over the tokens of a file. `at` is the next token; `lines` collects what was found."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens_of(text)
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.arrays_of_tables: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self.at < len(self.tokens):
            if self.peek() == "\n":
                self.at += 1
            elif self.peek() == "[":
                table = self.header()
            else:
                self.pair(table)
        return self.lines

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else "\n"

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def header(self) -> Path:
        """`[a.b]` or `[[a.b]]`: the path of the table it opens."""
        line = self.take().line
        repeated = self.peek() == "["
        if repeated:
            self.take()
        path = self.resolved(self.key("]"))
        self.at += 2 if repeated else 1
        if repeated:
            self.note(path, line)
            index = self.arrays_of_tables.get(path, -1) + 1
            self.arrays_of_tables[path] = index
            path = (*path, index)
        self.note(path, line)
        return path

    def resolved(self, keys: Path) -> Path:
        """The path that `keys` means: inside an array of tables it goes on in the newest one."""
        path: Path = ()
        for number, key in enumerate(keys, start=1):
            path = (*path, key)
            if number < len(keys) and path in self.arrays_of_tables:
                path = (*path, self.arrays_of_tables[path])
        return path

    def key(self, end: str) -> Path:
        """The parts of a dotted key, up to the token `end`."""
        parts: list[str | int] = []
        while self.peek() != end:
            part = self.take().text
            if part != ".":
                parts.append(unquoted(part))
        return tuple(parts)

    def pair(self, table: Path) -> None:
        line = self.tokens[self.at].line
        path = (*table, *self.key("="))
        self.take()
        self.note(path, line)
        self.value(path)

    def note(self, path: Path, line: int) -> None:
        """Keep the first line on which `path`, or a table that it opens on the way, was seen."""
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def value(self, path: Path) -> None:
        if self.peek() == "[":
            self.array(path)
        elif self.peek() == "{":
            self.inline_table(path)
        else:
            while self.peek() not in ("\n", ",", "]", "}"):
                self.take()

    def array(self, path: Path) -> None:
        self.take()
        index = 0
        while self.peek() != "]":
            if self.peek() in ("\n", ","):
                self.take()
                continue
            item = (*path, index)
            self.note(item, self.tokens[self.at].line)
            self.value(item)
            index += 1
        self.take()

    def inline_table(self, path: Path) -> None:
        self.take()
        while self.peek() != "}":
            if self.peek() in ("\n", ","):
                self.take()
            else:
                self.pair(path)
        self.take()


def tokens_of(text: str) -> list[Token]:
    tokens: list[Token] = []
    line, counted = 1, 0
    for match in TOKENS.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if not match.group().startswith("#"):
            tokens.append(Token(match.group(), line))
    return tokens


def unquoted(key: str) -> str:
    """A key as it is meant: `"a\\tb"` and `'a b'` without their quotes and escapes."""
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
