"""Campaign parameters: what is added to a link so that a site's statistics can tell where a reader came from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from bot.text.clean import one_line

PARAMETERS = ("source", "medium", "campaign", "content", "term")
"""Those that statistics programs know; in an address each begins with `utm_`."""


def tagged(url: str, parameters: Mapping[str, str]) -> str:
    """`url` with `utm_source=…` and so on at the end of its query, in place of any it had; nothing else of it changes.

    `parameters` are values by name, without `utm_`; empty ones are left out. Without any the url stays as it is.
    """
    if not url or not parameters:
        return url
    pairs = [f"utm_{name}={escaped}" for name in PARAMETERS if (escaped := _escaped(parameters.get(name, "")))]
    if not pairs:
        return url
    page, fragment = _split(untagged(url), "#")
    query = "&".join(pairs)
    return f"{page}{'&' if '?' in page else '?'}{query}{fragment}"


def untagged(url: str) -> str:
    """`url` without campaign parameters."""
    page, fragment = _split(url, "#")
    path, query = _split(page, "?")
    kept = [pair for pair in query[1:].split("&") if not pair.lower().startswith("utm_")]
    query = "&".join(kept).rstrip("&")
    return f"{path}{'?' if query else ''}{query}{fragment}"


def _split(text: str, sign: str) -> tuple[str, str]:
    """What stands before the first `sign`, and the rest with it."""
    before, found, after = text.partition(sign)
    return before, found + after


def _escaped(value: str) -> str:
    # A full stop or tilde at the end of an address is not taken for a part of it.
    escaped = quote(one_line(value), safe="").replace("~", "%7E")
    return f"{escaped[:-1]}%2E" if escaped.endswith(".") else escaped
