"""Whatever a person or the settings point to, read: a text, a Markdown file, a feed from a file or an address."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import fetch
from bot.article import Article
from bot.errors import TryAgainLater, UsageError
from bot.settings import SourceSettings
from bot.sources import feeds, frontmatter, markdown, plaintext
from bot.sources.decoding import MOST_BYTES, decoded

UTC = ZoneInfo("UTC")
MARKDOWN_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")
FEED_START = re.compile(rb"\s*(?:<\?xml|<rss\b|<feed\b|<rdf:RDF\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one look at a source gave: articles, oldest first, and a sentence for each thing that was left out.

    `unchanged`: the source says that nothing is new since `etag` or `last_modified`, which are to be kept for the
    next look.
    """

    articles: tuple[Article, ...] = ()
    problems: tuple[str, ...] = ()
    etag: str = ""
    last_modified: str = ""
    unchanged: bool = False


def read_text(data: bytes, name: str, *, zone: ZoneInfo = UTC) -> Article:
    """One article as plain text or Markdown (by the ending of `name`, or by front matter); dates are meant in `zone`.

    `name` stands for it in messages. Raises UsageError when it is empty, no text, or cannot be an article.
    """
    if is_feed(data):
        raise UsageError(f"{name} is a feed, not an article.", "Put it under [sources] and run `nightdesk fetch`.")
    text = decoded(data, name)
    if name.lower().endswith(MARKDOWN_ENDINGS) or frontmatter.has_front_matter(text):
        return markdown.read(text, name, zone)
    return plaintext.read(text, name)


def read_file(path: Path, *, zone: ZoneInfo = UTC) -> Article:
    """The article in a text or Markdown file. Raises UsageError as `read_text` does, and when there is no such file."""
    return read_text(bytes_of(path), str(path), zone=zone)


def read_source(source: SourceSettings, *, home: Path, etag: str = "", last_modified: str = "") -> Reading:
    """Read a source of the settings once; `etag` and `last_modified` as the last reading gave them.

    A file counts as unchanged when its content does. Raises UsageError for what is no feed, TryAgainLater when the
    file or the address cannot be read now.
    """
    if "://" not in source.feed:
        return read_feed_file(source, home / source.feed, etag)
    got = fetch.get(source.feed, allow_private=source.allow_private, etag=etag, last_modified=last_modified)
    if got.status == 304:
        return Reading(etag=got.etag or etag, last_modified=got.last_modified or last_modified, unchanged=True)
    read = feeds.parse(got.body, source=source, base_url=got.url, content_type=got.content_type)
    return Reading(articles=read.articles, problems=read.problems, etag=got.etag, last_modified=got.last_modified)


def read_feed_file(source: SourceSettings, path: Path, etag: str) -> Reading:
    try:
        body = bytes_of(path)
    except UsageError as error:
        raise TryAgainLater(f"{source.name}: {error.message}", error.hint) from None
    now = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if now == etag:
        return Reading(etag=etag, unchanged=True)
    read = feeds.parse(body, source=source, base_url="")
    return Reading(articles=read.articles, problems=read.problems, etag=now)


def bytes_of(path: Path) -> bytes:
    """The content of a regular file; one byte more than is allowed tells that it is too big."""
    try:
        if not path.is_file():
            what = "is a folder, not a file" if path.is_dir() else "is not there" if not path.exists() else "is no file"
            raise UsageError(f"{path} {what}.")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def is_feed(data: bytes) -> bool:
    """Whether this begins as RSS or Atom do."""
    start = data[:512].lstrip(b"\xef\xbb\xbf\xfe\xff").replace(b"\0", b"")
    return FEED_START.match(start) is not None
