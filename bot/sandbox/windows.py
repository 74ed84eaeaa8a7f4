"""Rate limits: how many calls somebody made in the window that is open now. Kept in memory only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Usage:
    """A window as it stands: `used` of `limit` calls, until `reset`."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    def percent(self) -> int:
        """How much of the limit is used, in whole percent, rounded up: 0 only when nothing is."""
        return -(-100 * self.used // self.limit)

    def minutes_left(self, now: datetime) -> int:
        """Whole minutes until the reset, rounded up."""
        return max(0, -(-int((self.reset - now).total_seconds()) // 60))


class Windows:
    """Fixed windows, one for each name. A window opens with its first call; calls beyond the limit still count."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, ...], tuple[datetime, int]] = {}

    def count(self, name: tuple[str, ...], limit: int, length: timedelta, now: datetime) -> Usage:
        """Count one call and say how the window stands with it."""
        usage = self.peek(name, limit, length, now)
        self._open[name] = (usage.reset, usage.used + 1)
        return Usage(limit, usage.used + 1, usage.reset)

    def peek(self, name: tuple[str, ...], limit: int, length: timedelta, now: datetime) -> Usage:
        """How the window stands, without counting a call."""
        reset, used = self._open.get(name, (now, 0))
        return Usage(limit, used, reset) if now < reset else Usage(limit, 0, now + length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many calls each window allows. X: per user and 15 minutes, docs.x.com rate limits (July 2026).

    Facebook: a page token has 4,800 calls a day for each engaged user, every other token 200 an hour for each user
    of the app (Graph API, rate limiting, version 26.0); a rehearsal page counts as one user.
    Both refuse a text again; `refuse_repetitions` False shows a sender's second posts instead of catching them.
    """

    x_posts: int = 100
    x_deletes: int = 50
    x_reads: int = 900
    x_identity: int = 75
    facebook_page: int = 4_800
    facebook_app: int = 200
    refuse_repetitions: bool = True
