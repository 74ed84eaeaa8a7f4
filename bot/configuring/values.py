"""The small languages of the settings: durations, time zones, addresses, names. Each refusal says what would do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

DURATION_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)", re.ASCII)
UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
LONGEST = timedelta(days=3660)
OWN_NETWORKS = tuple(
    map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)


def duration(text: str) -> timedelta:
    """`"30 s"`, `"5 min"`, `"1 h 30 min"`, `"2 days"` as a timedelta. Raises ValueError in plain words."""
    written = text.strip().lower()
    parts = DURATION_PART.findall(written)
    left_over = DURATION_PART.sub("", written).strip()
    if not parts or left_over or any(unit not in UNITS for _, unit in parts):
        raise ValueError(f'\'{text}\' is not a length of time; write it like "30 s", "5 min", "12 h" or "2 days"')
    total = sum((UNITS[unit] * float(number) for number, unit in parts if float(number) < 1e9), timedelta())
    if total > LONGEST:
        raise ValueError(f"'{text}' is longer than ten years")
    return total


def spoken(length: timedelta) -> str:
    """A timedelta as a person would write it in the settings: `90 s`, `5 min`, `12 h`."""
    seconds = length.total_seconds()
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def zone(name: str) -> ZoneInfo:
    """The time zone of that name in the tz database, such as `Asia/Baku`. Raises ValueError with a suggestion."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone{did_you_mean(name, available_timezones())}") from None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean '…'?` for the closest of `known`, or nothing when none is close."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean '{by_lower[close[0]]}'?" if close else ""


def address(text: str, example: str = "https://news.example/story") -> str:
    """An http(s) address, unchanged. Raises ValueError in plain words, which never repeat a password.

    `example` shows in them what kind of address is wanted.
    """
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"\s", text):
        raise ValueError(f'should be an address such as "{example}"')
    if "@" in parts.netloc:
        raise ValueError("has a name or password in it; leave that out")
    return text


def base_address(text: str) -> str:
    """An http(s) address without the slashes at its end, as the platforms' clients want it. Raises ValueError."""
    return address(text, example="http://127.0.0.1:8390").rstrip("/")


def near_address(text: str) -> str:
    """A base address on this machine or in a private network, which nobody outside can read. Raises ValueError.

    Names other than localhost are refused, for nothing here tells where they lead.
    """
    base = base_address(text)
    host = urlsplit(base).hostname or ""
    try:
        near = host == "localhost" or any(ip_address(host) in network for network in OWN_NETWORKS)
    except ValueError:
        near = False
    if not near:
        raise ValueError(
            f"'{host}' may lie outside: what is rehearsed must stay with you. Write localhost, 127.0.0.1 or the number"
            " of a machine in your own network, such as 192.168.1.20"
        )
    return base
