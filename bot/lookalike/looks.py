"""What the page shows of each post: its text in stretches, where it folds, its card and what Nightdesk says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.clock import in_zone
from bot.identity import is_web_address
from bot.platforms.registry import rules_for
from bot.preview import LinkCard, Preview
from bot.text.clean import clean, one_line
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions_or_lists
from bot.text.xlength import extract_urls

TONES = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text. `kind` is "link" (with `href` where it can be followed), "tag" or "" for plain text."""

    text: str
    kind: str = ""
    href: str = ""

    @property
    def shown(self) -> str:
        """A link as X shows it, without its scheme."""
        return self.text.removeprefix("https://").removeprefix("http://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One post. `start` is seen everywhere, `further` only where more is shown at once, `rest` behind "See more"."""

    anchor: str
    platform: str
    account: str
    identity: str
    initial: str
    tone: int
    live: bool
    delivery: str
    start: Sequence[Piece]
    further: Sequence[Piece]
    rest: Sequence[Piece]
    card: LinkCard | None
    text: str
    length: int
    limit: int
    measured: bool
    cost: float
    cuts: Sequence[dict[str, object]]
    warnings: Sequence[str]
    error: str

    @property
    def permille(self) -> int:
        return min(1000, -(-self.length * 1000 // self.limit))

    @property
    def too_long(self) -> bool:
        return self.length > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article and its posts."""

    title: str
    article: str
    section: str
    source: str
    published: datetime | None
    looks: list[Look]


def stories(previews: Iterable[Preview]) -> list[Story]:
    """The previews by article, in the order they came."""
    found: dict[str, Story] = {}
    for number, preview in enumerate(previews):
        article = preview.article
        story = found.setdefault(
            preview.line.article,
            Story(
                title=_line(article.title) or _line(article.url),
                article=preview.line.article,
                section=_line(article.section),
                source=_line(article.source),
                published=in_zone(article.published, preview.account.zone) if article.published else None,
                looks=[],
            ),
        )
        story.looks.append(_look(preview, number))
    return list(found.values())


def _look(preview: Preview, number: int) -> Look:
    line, text = preview.line, preview.line.text or ""
    first, second = folds(text, rules_for(line.platform).see_more)
    pieces = list(_pieces(text, line.platform, preview.card.url if preview.card else ""))
    return Look(
        anchor=f"post-{number}",
        platform=line.platform,
        account=line.account,
        identity=preview.account.identity,
        initial=line.account[:1].upper(),
        tone=sum(line.account.encode()) % TONES,
        live=line.live,
        delivery=line.delivery or "",
        start=_between(pieces, 0, first),
        further=_between(pieces, first, second),
        rest=_between(pieces, second, len(text)),
        card=preview.card,
        text=text,
        length=line.length or 0,
        limit=line.limit,
        measured=line.length is not None,
        cost=line.cost or 0,
        cuts=line.cut,
        warnings=preview.warnings,
        error=clean(line.error or ""),
    )


def folds(text: str, marks: Sequence[int]) -> tuple[int, int]:
    """Where a text is folded on phones and on computers: behind the last word before each of the platform's marks.

    Its end where the platform folds nothing.
    """
    on_phones, on_computers = marks or (len(text), len(text))
    return _fold(text, on_phones), _fold(text, on_computers)


def _fold(text: str, mark: int) -> int:
    if len(text) <= mark:
        return len(text)
    space = max(text.rfind(blank, 0, mark) for blank in " \n")
    return space if space > 0 else mark


def _pieces(text: str, platform: str, own: str) -> Iterator[Piece]:
    """The text in order, links and tags apart; `own` is the card's link. X also knows mentions and cashtags."""
    found = [(url.start, url.end, "link") for url in extract_urls(text)]
    if own and own in text:
        found.append((text.rindex(own), text.rindex(own) + len(own), "link"))
    tags = [*extract_hashtags(text), *(extract_mentions_or_lists(text) if platform == "x" else ())]
    tags += extract_cashtags(text) if platform == "x" else []
    found += [(tag.start, tag.end, "tag") for tag in tags]
    seen = 0
    for start, end, kind in sorted(found):
        if start >= seen:
            yield Piece(text[seen:start])
            yield Piece(text[start:end], kind, _href(text[start:end]) if kind == "link" else "")
            seen = end
    yield Piece(text[seen:])


def _between(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """The pieces of the text's stretch from `start` to `end`, a link that is folded in the middle kept a link."""
    found, at = [], 0
    for piece in pieces:
        shown = piece.text[max(0, start - at) : max(0, end - at)]
        if shown:
            found.append(Piece(shown, piece.kind, piece.href))
        at += len(piece.text)
    return found


def _href(url: str) -> str:
    address = url if "://" in url else f"http://{url}"
    return address if is_web_address(address) else ""


def _line(text: str) -> str:
    return one_line(text[:2_000])
