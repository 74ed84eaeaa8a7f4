"""Bytes from outside into text, or a plain word on why they are none."""

from __future__ import annotations

import codecs

from bot.errors import UsageError

MOST_BYTES = 10_000_000

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHER_KINDS = {
    "%pdf-": "a PDF",
    "{\\rtf": "a rich-text document",
    "<!doctype html": "a web page",
    "<html": "a web page",
}


def decoded(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, or UTF-16 with its byte order mark. `name` stands for it in messages.

    Raises UsageError when it is empty, too big, in another encoding, or no plain text at all.
    """
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} is larger than {MOST_BYTES:,} bytes.", "Is it really an article?")
    encoding = next((known for mark, known in BYTE_ORDER_MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not text in UTF-8.", "Save the article as plain text in UTF-8.") from None
    if "\0" in text:
        raise UsageError(f"{name} is not text.", "Save the article as plain text in UTF-8.")
    if not text.strip():
        raise UsageError(f"{name} is empty.", "Write a title in its first line and the article below.")
    opening = text.lstrip()[:20].lower()
    for start, kind in OTHER_KINDS.items():
        if opening.startswith(start):
            raise UsageError(f"{name} is {kind}, not plain text.", "Save the article as plain text in UTF-8.")
    return text
