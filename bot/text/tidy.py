"""White space as a reader expects it, wherever a field that is not shown has left a gap."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t]{2,}|\t")
_LINE_EDGES = re.compile(r" \n ?|\n ")
_EMPTY_LINES = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """No blanks at line ends, never two in a row, at most one empty line, nothing before or after the text."""
    if "  " in text or "\t" in text:
        text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _EMPTY_LINES.sub("\n\n", _LINE_EDGES.sub("\n", text))
    return text.strip(" \n")
