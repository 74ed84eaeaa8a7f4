"""An article in Markdown, with or without front matter that says its title, address, summary and so on."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.article import Article
from bot.errors import UsageError
from bot.sources.frontmatter import split
from bot.sources.plaintext import shortened, summary_of
from bot.text.clean import one_line

READ_FOR_TEASER = 20_000  # characters of the body; an article that says nothing before has no teaser


def read(text: str, name: str, zone: ZoneInfo) -> Article:
    """The article that Markdown `text` tells. Raises UsageError with file and line for front matter that is wrong.

    What the front matter leaves out is taken from the text: the title from its first heading, or else its first
    paragraph, the summary from its first paragraph of prose. Fields that are nothing like
    ours are ignored.
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
