"""Is our post on the timeline? Comparing what an attempt sent with what the platform shows, without guessing.

A post is ours when its words and its links are those we sent, it appeared soon after an attempt began, our own
application made it, no other delivery has claimed it, and no other unclear attempt could have made it as well. Whatever
merely resembles it (the same link in other words, the same words with another link, a link and no words at all, a
twin) is a person's to judge: a false "published" would lose an article, a false "not there" would post it twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from bot.text.outside import GAP

SKEW = timedelta(minutes=2)
"""How far the platform's clock may be behind ours."""
SKEW_WHEN_REFUSED = timedelta(seconds=5)
"""The same for an attempt that was refused as a repetition: what was there before it is what it repeated."""
SOON = timedelta(hours=1)
"""A post that appears later than this after the attempt may be a person's own, made because ours was missing."""
REPETITION = timedelta(hours=24)
"""How far back the post may lie that a refused repetition repeats. X publishes no window; others found 12 hours."""

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
    """A post of our own account as the platform shows it. `links`: full addresses; `created`: the platform's time.

    `foreign`: another application than ours made it.
    """

    id: str
    text: str
    links: tuple[str, ...] = ()
    created: datetime
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """When a post of an attempt that began at `started` may have appeared, on the platform's clock."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, started: datetime, *, refused: bool = False) -> Window:
        """`refused`: as a repetition. Such an attempt may still have been taken, when the platform saw it twice."""
        return cls(started - (SKEW_WHEN_REFUSED if refused else SKEW), started + SOON)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent: `link` is empty when it stands in the text. One window for each call that may have been taken.

    `repeats`: the platform refused it as a repetition, so what was there before is of interest too.
    """

    text: str
    link: str = ""
    windows: tuple[Window, ...]
    repeats: bool = False

    @property
    def since(self) -> datetime:
        """How far back the timeline has to be read."""
        earliest = min(window.start for window in self.windows)
        return earliest - REPETITION if self.repeats else earliest


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


def match(sent: Sent, timeline: Sequence[SeenPost], claimed_ids: Collection[str], rivals: Iterable[Sent] = ()) -> Match:
    """Looks for what was sent. Posts that other deliveries have claimed, and older ones, are not considered.

    `rivals` are other posts of the same identity of which nobody knows either whether they are out. After a refused
    repetition the older posts count as well: one with the same content is what was repeated, and a person has to say
    whether it is this article's.
    """
    ours = _content(sent.text, (sent.link,) if sent.link else ())
    others = [(rival, _content(rival.text, (rival.link,) if rival.link else ())) for rival in rivals]
    begin = min(window.start for window in sent.windows)
    exact, near = [], []
    for post in timeline:
        theirs = _content(post.text, post.links)
        same, older = _same(ours, theirs), post.created < begin
        if post.id in claimed_ids or older:
            if sent.repeats and same:
                near.append(post.id)
        elif same and _surely_ours(sent, ours, post) and not any(_could_be(post, theirs, *other) for other in others):
            exact.append(post.id)
        elif same or _alike(ours, theirs):
            near.append(post.id)
    if len(exact) == 1:
        return Match(Kind.FOUND, tuple(exact))
    return Match(Kind.AMBIGUOUS, tuple(exact + near)) if exact or near else Match(Kind.NONE)


@dataclass(frozen=True, slots=True)
class Resemblance:
    """The ids of posts that have the same words and links as something yet to be sent, and of those merely like it."""

    equal: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


def resemblances(unsent: Mapping[int, tuple[str, str]], posts: Sequence[SeenPost]) -> dict[int, Resemblance]:
    """For each of `unsent` (text and link) that resembles one of the posts: which, and how much.

    Every post is looked at only beside what shares a link, a first line or its words with it.
    """
    contents = {post.id: (post, _content(post.text, post.links)) for post in posts}
    by_trait: dict[str, list[str]] = {}
    for number, (_, content) in contents.items():
        for trait in _traits(content):
            by_trait.setdefault(trait, []).append(number)
    found = {}
    for key, (text, link) in unsent.items():
        ours = _content(text, (link,) if link else ())
        near = dict.fromkeys(number for trait in _traits(ours) for number in by_trait.get(trait, ()))
        equal = tuple(n for n in near if ours.words and not contents[n][0].foreign and _same(ours, contents[n][1]))
        alike = tuple(n for n in near if n not in equal)
        if near:
            found[key] = Resemblance(equal, alike)
    return found


def _traits(content: _Content) -> Iterator[str]:
    """What two posts have in common if one is like the other, or is the other."""
    yield from content.links
    yield from filter(None, {f"1 {content.headline}" if content.headline else "", f"* {_letters(content.words)}"})


def _surely_ours(sent: Sent, ours: _Content, post: SeenPost) -> bool:
    """The same content is ours in time, by our own application, and not for its link alone."""
    return bool(ours.words) and not post.foreign and any(post.created in window for window in sent.windows)


def _could_be(post: SeenPost, theirs: _Content, rival: Sent, content: _Content) -> bool:
    return _same(content, theirs) and any(post.created in window for window in rival.windows)


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
