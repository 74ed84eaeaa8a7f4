"""The page at `/`: both timelines as a reader would see them. Everything posted is shown as data, never as markup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sandbox.graph_content import MESSAGE_LIMIT
from bot.sandbox.graph_objects import permalink
from bot.sandbox.ledger import Accepted, Ledger
from bot.text.measures import SEE_MORE
from bot.text.xlength import X_LIMIT, extract_urls, limit_length

SHOWN = 50  # posts of one account, and accounts of a platform: a page that refreshes itself has to stay small
SHOWN_ACCOUNTS = 20
_, SEEN = SEE_MORE  # the page is shown as on a computer
REFRESH_SECONDS = 5
TONES = 6

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `href` is set where it is a link."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One post as the page shows it. `rest` is what stands behind "See more"."""

    anchor: str
    address: str
    pieces: list[Piece]
    rest: list[Piece]
    link: str
    domain: str
    path: str
    ago: str
    when: str
    moment: str
    count: int
    limit: int
    deleted: bool
    hidden: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One account's posts, newest first; `older` says how many more there are."""

    account: str
    name: str
    initial: str
    tone: int
    total: int
    cards: list[Card]
    older: int


def render(ledger: Ledger, now: datetime) -> str:
    """The page as HTML."""
    posts = ledger.posts(now)
    columns = [
        _column(platform, title, posts, ledger, now) for platform, title in (("x", "X"), ("facebook", "Facebook"))
    ]
    template = _environment().get_template("timeline.html.j2")
    return template.render(columns=columns, total=len(posts), refresh=REFRESH_SECONDS, now=_clock(now))


def style() -> bytes:
    """The page's style sheet."""
    return (_FOLDER / "timeline.css").read_bytes()


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_FOLDER)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _column(platform: str, title: str, posts: list[Accepted], ledger: Ledger, now: datetime) -> dict[str, object]:
    """One platform's timelines, the account that posted last first."""
    by_account: dict[str, list[Accepted]] = {}
    for post in reversed(posts):
        if post.platform == platform:
            by_account.setdefault(post.account, []).append(post)
    shown = list(by_account.items())[:SHOWN_ACCOUNTS]
    timelines = [_timeline(account, newest, ledger, now) for account, newest in shown]
    return {"platform": platform, "title": title, "timelines": timelines, "others": len(by_account) - len(shown)}


def _timeline(account: str, newest: list[Accepted], ledger: Ledger, now: datetime) -> Timeline:
    return Timeline(
        account=account,
        name=newest[0].name,
        initial=account[0].upper(),
        tone=sum(account.encode()) % TONES,
        total=len(newest),
        cards=[_card(post, ledger.is_deleted(post), now) for post in newest[:SHOWN]],
        older=max(0, len(newest) - SHOWN),
    )


def _card(post: Accepted, deleted: bool, now: datetime) -> Card:
    on_x = post.platform == "x"
    fold = len(post.text) if on_x else _fold(post.text)
    link = _last_link(post.text) if on_x else post.link or ""  # Facebook promises a card for `link` only
    parts = urlsplit(link)
    return Card(
        anchor=f"{post.platform}-{post.id}",
        address=f"https://x.com/{post.name}/status/{post.id}" if on_x else permalink(post),
        pieces=list(_pieces(post.text[:fold])),
        rest=list(_pieces(post.text[fold:])) if post.text[fold:] else [],
        link=link,
        domain=(parts.hostname or "").removeprefix("www."),
        path=parts.path.strip("/"),
        ago=ago(now - post.created),
        when=_clock(post.created),
        moment=post.created.isoformat(timespec="seconds"),
        count=limit_length(post.text) if on_x else len(post.text),
        limit=X_LIMIT if on_x else MESSAGE_LIMIT,
        deleted=deleted,
        hidden=post.visible.astimezone(UTC).strftime("%H:%M:%S") if post.visible > now else "",
    )


def ago(age: timedelta) -> str:
    """An age in the words of a timeline: `now`, `5 min`, `2 h`, `3 d`."""
    seconds = age.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%-d %b %Y, %H:%M:%S UTC")


def _fold(text: str) -> int:
    """Where a long post is folded: at the last space before the mark."""
    if len(text) <= SEEN:
        return len(text)
    space = text.rfind(" ", 0, SEEN)
    return space if space > 0 else SEEN


def _pieces(text: str) -> Iterator[Piece]:
    seen = 0
    for found in extract_urls(text):
        yield Piece(text[seen : found.start])
        yield Piece(found.url, _href(found.url))
        seen = found.end
    yield Piece(text[seen:])


def _last_link(text: str) -> str:
    """The link whose card X shows under a post: the last one in its text."""
    urls = extract_urls(text)
    return _href(urls[-1].url) if urls else ""


def _href(url: str) -> str:
    return url if urlsplit(url).scheme in ("http", "https") else f"http://{url}"
