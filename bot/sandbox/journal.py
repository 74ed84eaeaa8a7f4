"""The requests that reached the rehearsed platforms, for whoever wants to know what a client really sent."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """A request that has arrived and is not handled yet. `account` is what its key claims, if it has one."""

    method: str
    path: str
    platform: str
    account: str | None
    body: bytes
    at: datetime


@dataclass(slots=True)
class Entry:
    """One request and the status it was answered with: None while it is open, or when nothing was sent."""

    request: RequestInfo
    status: int | None = None


class Journal:
    """The last requests, oldest first, in memory only."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def note(self, request: RequestInfo) -> Entry:
        entry = Entry(request)
        self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        return [
            {
                "method": entry.request.method,
                "path": entry.request.path,
                "platform": entry.request.platform,
                "account": entry.request.account,
                "status": entry.status,
                "at": entry.request.at.isoformat(timespec="milliseconds"),
            }
            for entry in self._entries
        ]
