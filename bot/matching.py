"""Is our post on the timeline? Comparing what an attempt sent with what the platform shows, without guessing.

A post is ours when its words and its links are those we sent, it appeared soon after the attempt began, and no other
delivery has claimed it. Whatever merely resembles it (the same link in other words, the same words with another link, a
twin) is a person's to judge: a false "published" would lose an article, a false "not there" would post it twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from bot.text.outside import GAP

SKEW = timedelta(minutes=2)
"""How far the platform's clock may be behind ours."""
SOON = timedelta(hours=1)
"""A post that appears later than this after the attempt may be a person's own, made because ours was missing."""

_LINK = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?)]}'’”»…"
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Kind(StrEnum):
    """What a comparison came to."""

    FOUND = "found"  # exactly one post is ours
    NONE = "none"  # nothing resembles it
    AMBIGUOUS = "ambiguous"  # something does, and a person has to look


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPost:
    """A post of our own account as the platform shows it. `links`: full addresses; `created`: the platform's time."""

    id: str
    text: str
    links: tuple[str, ...] = ()
    created: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """`ids`: the platform's ids of the post found, or of those that resemble it, in the order of the timeline."""

    kind: Kind
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Content:
    """A post taken apart: its text with white space folded, the words of it that are no links, and all its links."""

    text: str
    headline: str
    words: str
    links: frozenset[str]


def match(text: str, link: str, started: datetime, timeline: Sequence[SeenPost], claimed_ids: Collection[str]) -> Match:
    """Looks for the post `text` with `link` (empty when it stands in the text), whose attempt began at `started`.

    Posts older than the attempt, and those that other deliveries have claimed, are not considered.
    """
    ours = _content(text, (link,) if link else ())
    exact, near = [], []
    for post in timeline:
        if post.created < started - SKEW or post.id in claimed_ids:
            continue
        theirs = _content(post.text, post.links)
        if _same(ours, theirs) and post.created <= started + SOON:
            exact.append(post.id)
        elif _alike(ours, theirs):
            near.append(post.id)
    if len(exact) == 1:
        return Match(Kind.FOUND, tuple(exact))
    return Match(Kind.AMBIGUOUS, tuple(exact + near)) if exact or near else Match(Kind.NONE)


def _same(ours: _Content, theirs: _Content) -> bool:
    """Equal words and links. A platform also lists as links the bare domains it found in our words."""
    found_by_platform = theirs.links - ours.links
    return (
        ours.words == theirs.words
        and ours.links <= theirs.links
        and all(link.partition("://")[2].rstrip("/") in ours.text for link in found_by_platform)
    )


def _alike(ours: _Content, theirs: _Content) -> bool:
    """One link in common, the same first line, or the same words but for case and punctuation."""
    if ours.links & theirs.links or (ours.headline and ours.headline == theirs.headline):
        return True
    words, others = (_letters(content.words) or content.words for content in (ours, theirs))
    return words != "" and words == others


def _content(text: str, links: Sequence[str]) -> _Content:
    text = unicodedata.normalize("NFC", text)
    # A platform may drop the invisible character that keeps signs from tagging.
    lines = [line for line in _LINK.sub(" ", text).replace(GAP, "").splitlines() if line.strip()]
    return _Content(
        text=" ".join(text.replace(GAP, "").split()),
        headline=_letters(lines[0]) if lines else "",
        words=" ".join(" ".join(lines).split()),
        links=frozenset(_address(link) for link in (*_LINK.findall(text), *links)),
    )


def _letters(text: str) -> str:
    # The dotless i of Azerbaijani and Turkish: its capital is the plain I, whose small letter is another.
    return "".join(character for character in text.casefold().replace("ı", "i") if character.isalnum())


def _address(link: str) -> str:
    """The link as it is compared: host in lower case, no default port, a path, no punctuation that followed it."""
    link = unicodedata.normalize("NFC", link).rstrip(_AFTER_A_LINK)
    try:
        parts = urlsplit(link)
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        return link
    return parts._replace(netloc=f"{parts.hostname or ''}{port}", path=parts.path or "/").geturl()
