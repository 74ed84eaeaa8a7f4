"""The one room that fetches from the outside: feeds, and whatever else an address from outside may name.

An address in a feed or a redirect is somebody else's wish. So every hop is looked up once, each of its addresses is
checked (`guard`), and the connection goes to the checked address itself, never to the name again (`hop`). Time, bytes
and redirects are limited in total, not per read (`watch`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

import requests

from bot.clock import uptime
from bot.errors import TryAgainLater, UsageError
from bot.fetch.guard import Guard, IPNetwork, shown
from bot.fetch.hop import Hop

MOST_BYTES = 5_000_000
MOST_REDIRECTS = 5
DEADLINE = timedelta(seconds=30)
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One answer, after redirects. `status` is 200, or 304 (nothing new) with an empty `body`; the body is decoded.

    `url` is the address that answered; `etag` and `last_modified` are for the next time, "" when not given.
    """

    status: int
    url: str
    body: bytes
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""


def get(
    url: str,
    *,
    allow_private: Sequence[IPNetwork] = (),
    etag: str = "",
    last_modified: str = "",
    most_bytes: int = MOST_BYTES,
    deadline: timedelta = DEADLINE,
) -> Fetched:
    """Fetch `url` (http or https) with GET; at most `most_bytes` once unpacked, and `deadline` for everything.

    `etag` and `last_modified`, as an earlier answer gave them, ask for news only (status 304 when there is none).
    Private addresses, and ports other than 80 and 443, are refused unless `allow_private` names their range.
    Raises UsageError for an address that may not be fetched or an answer that is too big, TryAgainLater for one that
    cannot be fetched now.
    """
    guard = Guard(tuple(allow_private), uptime() + deadline.total_seconds(), deadline)
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    for _ in range(MOST_REDIRECTS + 1):
        with Hop(url, guard) as hop:
            answer = hop.ask({name: value for name, value in conditions.items() if value})
            if answer.status_code not in REDIRECTS:
                return fetched(hop, answer, most_bytes)
            url = next_address(url, answer.headers.get("Location", ""))
    raise TryAgainLater(f"{shown(url)} was redirected more than {MOST_REDIRECTS} times.")


def fetched(hop: Hop, answer: requests.Response, most_bytes: int) -> Fetched:
    if answer.status_code not in (200, 304):
        raise TryAgainLater(f"{shown(hop.url)} answered with status {answer.status_code} instead of a page.")
    return Fetched(
        status=answer.status_code,
        url=hop.url,
        body=hop.body(answer, most_bytes) if answer.status_code == 200 else b"",
        etag=answer.headers.get("ETag", ""),
        last_modified=answer.headers.get("Last-Modified", ""),
        content_type=answer.headers.get("Content-Type", ""),
    )


def next_address(url: str, location: str) -> str:
    """Where a redirect leads. Raises UsageError when it leads out of the web, or from https back to http."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not location or not target.startswith(("http://", "https://")):
        raise UsageError(f"{shown(url)} redirects to something that is not a web address.")
    if url.startswith("https://") and not target.startswith("https://"):
        raise UsageError(f"{shown(url)} redirects from https to http, which is not followed.")
    return target
