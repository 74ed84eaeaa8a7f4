"""An article as plain text: the first line is its title, a short second one its section, the rest its body."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.article import Article
from bot.errors import UsageError
from bot.identity import is_web_address
from bot.text.clean import clean
from bot.text.sentences import sentence_ends, teaser

LONGEST_TITLE = 1_000  # characters
LONGEST_KICKER = 3  # words
LONGEST_WRAPPED = 100  # characters of a line that may have been broken to fit a page
READ_FOR_TEASER = 50_000  # characters; an article that says nothing before has no teaser

BOILERPLATE = re.compile(
    r"\bsubscri(?:be|bing|ption)\b"
    r"|\bfollow\b.{0,80}\b(?:twitter|facebook|instagram|telegram|youtube|linkedin|tiktok|whatsapp|x)\b"
    r"|\b(?:join|like|find) us on\b"
    r"|\bsupport\b.{0,80}\bjournalism\b"
    r"|\b(?:here )?we are to serve you\b|\bhere to serve you\b"
    r"|\bsign up for\b.{0,60}\bnewsletter\b"
    r"|\ball rights reserved\b|©|\(c\) (?:19|20)\d\d"
    r"|^thank you(?: for reading)?[.!]?$"
    r"|^the post .{1,300} (?:first appeared|appeared first) on ",
    re.IGNORECASE,
)


def read(text: str, name: str) -> Article:
    """The article that `text` tells; `name` stands for it in messages. Raises UsageError when there is no title.

    Title: the first line. Section: the line after it, when it is a kicker such as `Editorial`: up to three words, no
    full stop, no figures. Address: a line that is nothing but one. Author: a line `By …` before the body. Summary: the
    first sentences of the first paragraph of prose, with the subscribe-and-follow lines at the end left out.
    """
    every_line = [" ".join(line.split()) for line in clean(text).split("\n")]
    urls = [line for line in every_line if is_web_address(line)]
    lines = [line for line in every_line if not is_web_address(line)]
    title = take_first(lines, bool)
    if not title:
        raise UsageError(f"{name} has no title.", "Write it in the first line.")
    section = take_first(lines, is_kicker)
    author = take_first(lines, is_byline)
    return Article(
        title=shortened(title),
        url=urls[0] if urls else "",
        section=section,
        author=author[3:].strip(),
        summary=summary_of(paragraphs(lines)),
    )


def summary_of(body: Sequence[str]) -> str:
    """The teaser of a body, one paragraph an item; "" when none of it is prose."""
    return teaser("\n".join(without_boilerplate(body))[:READ_FOR_TEASER])


def without_boilerplate(body: Sequence[str]) -> list[str]:
    """The paragraphs without those in the last third that ask the reader to subscribe, follow or support."""
    start = len(body) - (len(body) + 2) // 3
    return [text for place, text in enumerate(body) if place < start or not BOILERPLATE.search(text[:1_000])]


def shortened(title: str) -> str:
    """A title of at most LONGEST_TITLE characters, cut between words."""
    if len(title) <= LONGEST_TITLE:
        return title
    cut = title[: LONGEST_TITLE - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"


def take_first(lines: list[str], fits: Callable[[str], bool]) -> str:
    """Remove and return the first line that is not blank, if it fits; else leave the lines alone."""
    for place, line in enumerate(lines):
        if line:
            return lines.pop(place) if fits(line) else ""
    return ""


def is_kicker(line: str) -> bool:
    words = line.split()
    plain = not re.search(r"\d", line) and line[-1] not in ".!?…。！？:;,"
    return len(words) <= LONGEST_KICKER and len(line) <= 40 and plain and not is_byline(line)


def is_byline(line: str) -> bool:
    return line.startswith("By ") and len(line) <= 100 and line[-1] not in ".!?"


def paragraphs(lines: Sequence[str]) -> list[str]:
    """The paragraphs of a body. A line is one, but lines that were broken to fit a page are joined again."""
    found: list[str] = []
    block: list[str] = []
    for line in (*lines, ""):
        if line:
            block.append(line)
        elif block:
            found += [" ".join(block)] if is_wrapped(block) else block
            block = []
    return found


def is_wrapped(block: Sequence[str]) -> bool:
    """Whether a block of lines is one paragraph: short lines, most of them unfinished, some going on in lower case."""
    if max(map(len, block)) > LONGEST_WRAPPED or not any(line[0].islower() for line in block[1:]):
        return False
    breaks = block[:-1]
    unfinished = sum(len(line) not in sentence_ends(line) for line in breaks)
    return 2 * unfinished > len(breaks)
