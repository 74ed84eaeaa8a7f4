"""Addresses of posts, as people copy them from a browser, and the ids that the platforms' interfaces know them by.

X: `https://x.com/NAME/status/ID`. Facebook's interface knows a post as `PAGE_POST` (Graph API reference, Page Post,
August 2026); addresses with `pfbid…` or `/share/` hold the same post under a name that nothing translates.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_HOSTS = {"x.com": "x", "twitter.com": "x", "facebook.com": "facebook", "fb.com": "facebook"}
_NUMBER = re.compile("[0-9]+")
_WHOLE = re.compile("[0-9]+_[0-9]+")
_OTHER_NAMES = re.compile("pfbid[0-9A-Za-z]+")


class Address(NamedTuple):
    """The platform a post is on and its id there; "" where the address does not tell it."""

    platform: str
    post_id: str


def address_of(url: str, page: str = "") -> Address | None:
    """What the address of a post says, None for one that is none. `page`: the Facebook Page it should be on."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    platform = next((name for end, name in _HOSTS.items() if f".{host}".endswith(f".{end}")), None)
    if platform is None or parts.scheme not in ("http", "https"):
        return None
    steps = [step for step in parts.path.split("/") if step]
    found = _on_x(steps) if platform == "x" else _on_facebook(steps, parse_qs(parts.query), page)
    return None if found is None else Address(platform, found)


def _on_x(steps: list[str]) -> str | None:
    behind = steps[steps.index("status") + 1 :] if "status" in steps else []
    return behind[0] if behind and _NUMBER.fullmatch(behind[0]) else None


def _on_facebook(steps: list[str], query: dict[str, list[str]], page: str) -> str | None:
    last = (query.get("story_fbid") or steps[-1:] or [""])[0]
    owner = (query.get("id") or [page])[0]
    if _WHOLE.fullmatch(last):
        return last
    if _NUMBER.fullmatch(last) and ("posts" in steps or "story_fbid" in query):
        return f"{owner}_{last}" if _NUMBER.fullmatch(owner) else ""
    named = _OTHER_NAMES.fullmatch(last) or (len(steps) > 1 and any(map(str.isdigit, last)))
    return "" if named else None
