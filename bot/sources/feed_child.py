"""Parses one feed in a process of its own, under limits, because feeds can be built to take hours and gigabytes.

`python -m bot.sources.feed_child` reads from stdin a line of JSON (`content_type`, and the limits `cpu_seconds` and
`memory` in bytes) and the feed, and writes JSON to stdout. It knows no secrets and touches nothing else. feedparser
needs quadratic time for an element with very many attributes and has no limits of its own (feedparser 6.0.14, measured:
1.1 MB, more than 25 s).
"""

from __future__ import annotations

import calendar
import json
import re
import resource
import sys
from io import BytesIO
from typing import Any

MOST_ITEMS = 500
LONGEST_LINE = 10_000  # characters of a title, a link, a name; cleaned and shortened further by the parent
LONGEST_TEXT = 100_000  # characters of a description or a whole text
MOST_WORDS = 100  # categories and images of one item
NOT_A_FEED = 3  # exit status; the reason is on stdout
TOO_COSTLY = 4

# What may stand before the first element: white space, comments, processing instructions.
BEFORE_ROOT = re.compile(rb"(?:\s|<\?(?:[^?]|\?(?!>))*\?>|<!--(?:[^-]|-(?!->))*-->)*")

NAMES_ITS_YEAR = re.compile(r"\d{4}|\b\d{1,2}[ -][^\W\d]{3,9}\.?[ -]\d\d\b")


class NotAFeed(Exception):
    """The sentence goes on after "The feed of 'NAME' "."""


def main() -> int:
    head = json.loads(sys.stdin.buffer.readline())
    limit(resource.RLIMIT_CPU, head["cpu_seconds"])
    limit(resource.RLIMIT_AS, head["memory"])
    limit(resource.RLIMIT_CORE, 0)
    try:
        answer = read(sys.stdin.buffer.read(), head["content_type"])
    except NotAFeed as why:
        sys.stdout.write(str(why))
        return NOT_A_FEED
    except (MemoryError, RecursionError):
        return TOO_COSTLY
    sys.stdout.write(json.dumps(answer))
    return 0


def limit(kind: int, most: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    _, hard = resource.getrlimit(kind)
    within = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (within, within))


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """The feed as plain strings and numbers: `language`, `flaw`, `left_out`, `items`.

    Where it came from is not said to feedparser: it would make guids absolute with it, and they must stay the same when
    the feed moves. Links are made absolute by the parent.
    """
    import feedparser

    refuse_what_is_no_feed(body)
    found = feedparser.parse(
        BytesIO(body),
        response_headers={"content-type": content_type} if content_type else {},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found.entries and not found.version:
        raise NotAFeed("is not RSS or Atom")
    atom = str(found.version).startswith("atom")
    return {
        "language": line(found.feed.get("language")),
        "flaw": flaw_of(found),
        "left_out": max(0, len(found.entries) - MOST_ITEMS),
        "items": [item(entry, atom) for entry in found.entries[:MOST_ITEMS]],
    }


def refuse_what_is_no_feed(body: bytes) -> None:
    """A feed begins with an element. A document type is refused: feeds need none, and entities are declared in it."""
    # UTF-16 and UTF-32 show their ASCII once the zero bytes are gone; EBCDIC and the like do not, and are refused.
    shown = body.lstrip(b"\xef\xbb\xbf\xfe\xff\x00").replace(b"\0", b"")
    start = BEFORE_ROOT.match(shown)
    root = shown[start.end() if start else 0 :][:20].lower()
    if root.startswith((b"<!doctype html", b"<html")):
        raise NotAFeed("is a web page, not RSS or Atom")
    if root.startswith(b"<!"):
        raise NotAFeed("has a DOCTYPE, which is not read: it can hide endless text or other files")
    if root.startswith((b"{", b"[")):
        raise NotAFeed("is JSON, not RSS or Atom")
    if not root.startswith(b"<"):
        raise NotAFeed("is not RSS or Atom")


def flaw_of(found: Any) -> str:
    """What is wrong with the XML, for the person who can mend the feed; another declared encoding is no flaw."""
    error = found.get("bozo_exception")
    if not found.bozo or not hasattr(error, "getLineNumber"):
        return ""
    return line(f"line {error.getLineNumber()}: {error.getMessage()}")


def item(entry: Any, atom: bool) -> dict[str, Any]:
    text, text_type = text_of(entry)
    return {
        "title": line(entry.get("title")),
        "title_is_plain": atom and is_plain(entry.get("title_detail", {}).get("type")),
        "summary": text,
        "summary_is_plain": atom and is_plain(text_type),
        "link": line(entry.get("link")),
        "guid": line(entry.get("id")),
        "author": line(entry.get("author")),
        "language": line(entry.get("title_detail", {}).get("language")),
        "tags": [line(tag.get("term")) for tag in entry.get("tags", ())[:MOST_WORDS]],
        "images": images(entry),
        "published": seconds(entry, "published") if entry.get("published") else seconds(entry, "updated"),
    }


def text_of(entry: Any) -> tuple[str, str]:
    """The description, or else the whole text, with its type."""
    summary = entry.get("summary")
    detail = entry.get("summary_detail", {})
    if not summary and entry.get("content"):
        detail = entry["content"][0]
        summary = detail.get("value")
    return (summary or "")[:LONGEST_TEXT], str(detail.get("type", ""))


def is_plain(kind: Any) -> bool:
    return str(kind) == "text/plain"


def images(entry: Any) -> list[str]:
    """Addresses of pictures: Media RSS contents and thumbnails, enclosures."""
    media = [found.get("url") for found in entry.get("media_content", ()) if is_image(found)]
    thumbnails = [found.get("url") for found in entry.get("media_thumbnail", ())]
    enclosures = [found.get("href") for found in entry.get("enclosures", ()) if is_image(found)]
    return [line(address) for address in (*media, *thumbnails, *enclosures) if address][:MOST_WORDS]


def is_image(media: Any) -> bool:
    kind = str(media.get("type", "")).partition("/")[0]
    return "image" in (kind, str(media.get("medium")))


def seconds(entry: Any, which: str) -> int | None:
    """Seconds since 1970 of one of the entry's dates in UTC; None when there is none that a calendar knows.

    feedparser completes a mere time of day to today, so a date must name its year.
    """
    moment = entry.get(f"{which}_parsed")
    if not moment or not NAMES_ITS_YEAR.search(str(entry.get(which))):
        return None
    try:
        return calendar.timegm(moment) if moment[0] < 9999 else None
    except (ValueError, OverflowError):
        return None


def line(value: Any) -> str:
    return str(value or "")[:LONGEST_LINE]


if __name__ == "__main__":
    sys.exit(main())
