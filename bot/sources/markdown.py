"""An article in Markdown, with or without YAML front matter that says its title, address, summary and so on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.article import Article
from bot.errors import UsageError
from bot.identity import is_web_address
from bot.sources.plaintext import shortened, summary_of
from bot.text.clean import one_line

FENCE = "---"
MOST_FRONT_MATTER = 65_536  # characters
DEEPEST = 10  # lists and tables inside each other; front matter needs one
MOST_TAGS = 30
READ_FOR_TEASER = 20_000  # characters of the body; an article that says nothing before has no teaser

# The quick loader is there only where PyYAML was built with libyaml. Neither makes objects: nodes are all we ask for.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the front matter as it was written, and the line of the file it stands on."""

    text: str
    items: tuple[str, ...]
    line: int


class FrontMatter:
    """The fields by name; asking for one that is missing gives "". `name` stands for the file in messages."""

    def __init__(self, fields: dict[str, Field], name: str) -> None:
        self.fields = fields
        self.name = name

    def line(self, key: str) -> str:
        field = self.fields.get(key)
        if field is None:
            return ""
        if field.items:
            raise self.wrong(key, "should be one line of text, not a list")
        return one_line(field.text)

    def tags(self) -> tuple[str, ...]:
        """A list, or words between commas."""
        field = self.fields.get("tags")
        words = (field.items or field.text.split(",")) if field else ()
        return tuple(filter(None, (one_line(word).removeprefix("#") for word in words)))[:MOST_TAGS]

    def address(self, key: str) -> str:
        address = self.line(key)
        if address and not is_web_address(address):
            raise self.wrong(key, "is not a web address; it should begin with https://")
        return address

    def moment(self, key: str, zone: ZoneInfo) -> datetime | None:
        """A date with or without a time, in UTC; without an offset it is meant in `zone`."""
        written = self.line(key)
        if not written:
            return None
        try:
            moment = datetime.fromisoformat(written)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            shown = written[:40]
            raise self.wrong(key, f"'{shown}' is not a date; write it like 2026-11-08 or 2026-11-08 12:30") from None

    def wrong(self, key: str, why: str) -> UsageError:
        return UsageError(f"{self.name}:{self.fields[key].line}: {key}: {why}.")


def read(text: str, name: str, zone: ZoneInfo) -> Article:
    """The article that Markdown `text` tells. Raises UsageError with file and line for front matter that is wrong.

    What the front matter leaves out is taken from the text: the title from its first heading, or else its first
    paragraph, the summary from its first paragraph of prose. Unknown fields are ignored.
    """
    front, body = split(text, name)
    headings, paragraphs = blocks_of(body[:READ_FOR_TEASER])
    title = front.line("title") or (headings[0] if headings else "")
    if not title and paragraphs:
        title = paragraphs.pop(0)
    if not title:
        raise UsageError(f"{name} has no title.", "Give it a heading, or `title:` in the front matter.")
    return Article(
        title=shortened(title),
        url=front.address("url"),
        summary=front.line("summary") or summary_of(paragraphs),
        section=front.line("section"),
        tags=front.tags(),
        author=front.line("author"),
        language=front.line("language"),
        published=front.moment("published", zone),
        image=front.address("image"),
        short_title=front.line("short_title") or front.line("short"),
    )


def has_front_matter(text: str) -> bool:
    return text.partition("\n")[0].rstrip() == FENCE


def split(text: str, name: str) -> tuple[FrontMatter, str]:
    """The front matter, empty when there is none, and the text below it."""
    if not has_front_matter(text):
        return FrontMatter({}, name), text
    lines = text.split("\n")
    for place, line in enumerate(lines[1:], start=1):
        if line.rstrip() in (FENCE, "..."):
            written = "\n".join(lines[1:place])
            return FrontMatter(fields_of(written, name), name), "\n".join(lines[place + 1 :])
    raise UsageError(f"{name}:1: the front matter is never closed.", "Put a line --- below it.")


def fields_of(written: str, name: str) -> dict[str, Field]:
    """The fields as they were written: `12:30` stays text and `no` stays a word, whatever YAML makes of them."""
    try:
        refuse_tricks(written, name)
        root = yaml.compose(written, Loader=LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise UsageError(f"{name}:{line}: the front matter is not YAML: {problem}.") from None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{name}:2: the front matter should be lines such as `title: …`.")
    return {str(key.value).lower(): field_of(value, key) for key, value in root.value}


def refuse_tricks(written: str, name: str) -> None:
    """Front matter needs no aliases, which can make a few lines stand for gigabytes, and no depth."""
    if len(written) > MOST_FRONT_MATTER:
        raise UsageError(f"{name}:1: the front matter is longer than {MOST_FRONT_MATTER:,} characters.")
    depth = 0
    for event in yaml.parse(written, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
            line = event.start_mark.line + 2 if event.start_mark else 1
            raise UsageError(f"{name}:{line}: the front matter may not hold aliases (*name) or deeply nested lists.")


def field_of(value: yaml.Node, key: yaml.Node) -> Field:
    line = key.start_mark.line + 2 if key.start_mark else 1
    if isinstance(value, yaml.ScalarNode):
        is_null = not value.style and value.value in ("~", "null", "Null", "NULL")
        return Field("" if is_null else str(value.value), (), line)
    items = tuple(str(item.value) for item in value.value if isinstance(item, yaml.ScalarNode))
    return Field("", items or ("",), line)


def blocks_of(body: str) -> tuple[list[str], list[str]]:
    """The headings and the paragraphs of Markdown, as the plain words a reader would see."""
    tokens = MarkdownIt("commonmark", {"html": True}).parse(body)
    headings: list[str] = []
    paragraphs: list[str] = []
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.type != "inline":
            continue
        words = one_line("".join(words_of(token.children or ())))
        if before.type == "heading_open":
            headings.append(words)
        elif before.type == "paragraph_open" and token.level == 1:
            paragraphs.append(words)
    return list(filter(None, headings)), list(filter(None, paragraphs))


def words_of(tokens: list[Token] | tuple[()]) -> Iterator[str]:
    """Text, code and line breaks; of links their words, of images and HTML tags nothing."""
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
