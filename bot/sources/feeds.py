"""RSS and Atom into articles. The parsing itself happens in a process of its own that can be killed (`feed_child`)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

from bot.article import Article
from bot.errors import TryAgainLater, UsageError
from bot.identity import is_web_address
from bot.settings import SourceSettings
from bot.sources.feed_child import MOST_ITEMS, NOT_A_FEED, TOO_COSTLY
from bot.sources.plaintext import BOILERPLATE, shortened
from bot.text.clean import from_html, one_line
from bot.text.sentences import sentence_ends, teaser

MOST_BYTES = 5_000_000
WALL_SECONDS = 10
CPU_SECONDS = 5
MEMORY = 1_000_000_000  # bytes of address space
LONGEST_SUMMARY = 500  # characters; a description longer than this is the article itself, of which a teaser is taken
MOST_TAGS = 30

E_MAIL = re.compile(r"(?<![^\s<>()])[<(]?[^\s<>()@]++@[^\s<>()@]++[>)]?")

# What the child may know of our surroundings: enough to start Python, none of the secrets.
PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class FeedRead:
    """What a feed holds: its articles, oldest first, and a sentence for each thing that could not be taken."""

    articles: tuple[Article, ...]
    problems: tuple[str, ...]


class Unusable(ValueError):
    """An item that cannot become an article; the message says why."""


def parse(body: bytes, *, source: SourceSettings, base_url: str, content_type: str = "") -> FeedRead:
    """The articles of a feed. `base_url` is where it came from, for its relative links; "" for a file.

    At most 500 items are taken. Raises UsageError for what is no feed, is too big, or costs more work than any honest
    feed does.
    """
    if len(body) > MOST_BYTES:
        raise UsageError(f"The feed of '{source.name}' is larger than {MOST_BYTES:,} bytes and was not read.")
    raw = parsed_apart(body, source, content_type)
    articles: list[Article] = []
    problems = list(problems_of_feed(raw, source))
    for place, item in enumerate(raw["items"], start=1):
        try:
            articles.append(article_from(item, raw, source, base_url))
        except Unusable as why:
            problems.append(f"{source.name}: item {place} ({name_of(item)}) was left out: {why}.")
    return FeedRead(oldest_first(articles), tuple(problems))


def parsed_apart(body: bytes, source: SourceSettings, content_type: str) -> dict[str, Any]:
    """What the child process makes of the feed; plain strings and numbers, not yet cleaned."""
    head = {"content_type": content_type, "cpu_seconds": CPU_SECONDS, "memory": MEMORY}
    # -P: a file named json.py in the folder we were started from is not imported.
    command = [sys.executable, "-P", "-m", "bot.sources.feed_child"]
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            command,
            input=json.dumps(head).encode() + b"\n" + body,
            capture_output=True,
            timeout=WALL_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise too_costly(source) from None
    except OSError as error:
        raise TryAgainLater(f"No process could be started to read the feed of '{source.name}': {error}.") from None
    if done.returncode == NOT_A_FEED:
        raise UsageError(f"The feed of '{source.name}' {done.stdout.decode('utf-8', 'replace')}.")
    if done.returncode == TOO_COSTLY or done.returncode < 0:
        raise too_costly(source)
    if done.returncode != 0:
        raise UsageError(f"The feed of '{source.name}' could not be read: the parser failed on it.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def too_costly(source: SourceSettings) -> UsageError:
    return UsageError(f"The feed of '{source.name}' takes more time or memory than any honest one; it was given up.")


def problems_of_feed(raw: Mapping[str, Any], source: SourceSettings) -> list[str]:
    problems = []
    if raw["flaw"]:
        problems.append(
            f"{source.name}: the feed is not well-formed ({one_line(raw['flaw'])}); read as far as it goes."
        )
    if raw["left_out"]:
        problems.append(f"{source.name}: {raw['left_out']} items after the first {MOST_ITEMS} were not read.")
    return problems


def article_from(item: Mapping[str, Any], raw: Mapping[str, Any], source: SourceSettings, base_url: str) -> Article:
    title, summary = title_of(item), summary_of(item)
    if not title:
        end = next(iter(sentence_ends(summary)), len(summary))
        title, summary = summary[:end], summary[end:].strip()
    if not title:
        raise Unusable("it has neither title nor text")
    return Article(
        title=shortened(title),
        url=link_of(item, base_url),
        guid=one_line(item["guid"]),
        summary="" if summary == title else summary,
        section=source.section,
        tags=tuple(dict.fromkeys(filter(None, (one_line(from_html(tag)) for tag in item["tags"]))))[:MOST_TAGS],
        author=author_of(item),
        language=source.language or one_line(item["language"] or raw["language"]),
        image=next((image for image in (absolute(image, base_url) for image in item["images"]) if image), ""),
        source=source.name,
        published=datetime.fromtimestamp(item["published"], UTC) if item["published"] is not None else None,
        breaking=source.breaking,
    )


def title_of(item: Mapping[str, Any]) -> str:
    return one_line(item["title"] if item["title_is_plain"] else from_html(item["title"]))


def summary_of(item: Mapping[str, Any]) -> str:
    """A short description as it stands, or the first sentences of a long one; never a `read more` tail."""
    text = item["summary"] if item["summary_is_plain"] else from_html(item["summary"])
    lines = [one_line(line) for line in text.split("\n")]
    lines = [line for line in lines if line and not BOILERPLATE.match(line[:1_000])]
    whole = " ".join(lines)
    return whole if len(whole) <= LONGEST_SUMMARY else teaser("\n".join(lines), LONGEST_SUMMARY)


def author_of(item: Mapping[str, Any]) -> str:
    """The name alone: RSS wants `ann@news.example (Ann Lee)` there, and the address is nobody's business."""
    name = one_line(E_MAIL.sub(" ", one_line(from_html(item["author"]))))
    return name[1:-1].strip() if name.startswith("(") and name.endswith(")") else name


def link_of(item: Mapping[str, Any], base_url: str) -> str:
    if not item["link"].strip():
        raise Unusable("it has no link")
    link = absolute(item["link"], base_url)
    if not link:
        raise Unusable(f"its link '{one_line(item['link'])[:100]}' is not a web address")
    return link


def absolute(link: str, base_url: str) -> str:
    """The web address that `link` means, seen from the feed; "" when it means none."""
    try:
        address = urljoin(base_url, link.strip())
    except ValueError:
        return ""
    return address if is_web_address(address) else ""


def name_of(item: Mapping[str, Any]) -> str:
    return title_of(item)[:60] or one_line(item["guid"])[:60] or "no title"


def oldest_first(articles: list[Article]) -> tuple[Article, ...]:
    """By their dates. Feeds have the newest on top, so one without a date is younger than those that stood below it."""
    latest = datetime.min.replace(tzinfo=UTC)
    dated = []
    for article in reversed(articles):
        latest = max(latest, article.published or latest)
        dated.append((article.published or latest, article))
    return tuple(article for _, article in sorted(dated, key=lambda pair: pair[0]))
