"""Addresses of posts, as people copy them from a browser, and the ids that the platforms' interfaces know them by.

X: `https://x.com/NAME/status/ID`. Facebook's interface knows a post as `PAGE_POST` (Graph API reference, Page Post,
August 2026); addresses with `pfbid…` or `/share/` hold the same post under a name that nothing translates.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_HOSTS = {"x.com": "x", "twitter.com": "x", "facebook.com": "facebook", "fb.com": "facebook"}
_NUMBER = re.compile("[1-9][0-9]*")
_WHOLE = re.compile("[1-9][0-9]*_[1-9][0-9]*")
_NAMED = re.compile("[0-9A-Za-z_.-]+")
_OF_NO_PAGE = ("share", "reel", "reels", "watch", "photo", "photo.php")  # what follows is the post's, not an owner's
_OF_A_PAGE = ("posts", "videos", "photos", "reels")


class Address(NamedTuple):
    """The platform a post is on and its id there; "" where the address does not tell it."""

    platform: str
    post_id: str


def address_of(url: str, identity: str = "") -> Address | None:
    """What the address of a post says; None for one that is none, or tells that somebody else made the post.

    `identity`: the handle or the Page that should have made it, "" where that is not known.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    platform = next((name for end, name in _HOSTS.items() if f".{host}".endswith(f".{end}")), None)
    if platform is None or parts.scheme not in ("http", "https"):
        return None
    steps = [step for step in parts.path.split("/") if step]
    found = _on_x(steps, identity) if platform == "x" else _on_facebook(steps, parse_qs(parts.query), identity)
    return None if found is None else Address(platform, found)


def _on_x(steps: list[str], handle: str) -> str | None:
    at = next((place for place, step in enumerate(steps) if step in ("status", "statuses")), None)
    number = steps[at + 1] if at and at + 1 < len(steps) else ""
    ours = not handle or steps[0] == "i" or steps[0].casefold() == handle.casefold()
    return number if ours and _NUMBER.fullmatch(number) else None


def _on_facebook(steps: list[str], query: dict[str, list[str]], page: str) -> str | None:
    first, last = steps[:1], (query.get("story_fbid") or query.get("fbid") or steps[-1:] or [""])[0]
    owner = (query.get("id") or first or [""])[0]
    if whole := _WHOLE.fullmatch(last):
        owner = whole[0].partition("_")[0]
    if page and _NUMBER.fullmatch(owner) and owner != page:
        return None
    if whole:
        return last
    if "story_fbid" in query or "posts" in steps[1:-1]:
        owner = owner if _NUMBER.fullmatch(owner) else page
        return f"{owner}_{last}" if _NUMBER.fullmatch(last) and owner else _without_number(last)
    if (first and first[0] in _OF_NO_PAGE and (len(steps) > 1 or query)) or set(steps[1:-1]) & set(_OF_A_PAGE):
        return _without_number(last)
    return None


def _without_number(name: str) -> str | None:
    return "" if _NAMED.fullmatch(name) else None
