"""Gap and caps: how many posts may fall within any stretch of an account's time.

All three are one rule, at most N posts within a window: one within `min_gap`, `per_hour` within 60 minutes, `per_day`
within 24 hours. A post counts while it lies less than the window away from now, in either direction. The past half is
the ordinary rolling count (a post exactly 60 minutes ago no longer counts). The other half matters when the clock was
set back: a post stamped later than now still counts, so no window ever holds too many, but never for longer than the
window, so a clock that once ran a year ahead blocks nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.account import Caps
from bot.timetable.wording import spoken

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing may go now, with the figures, and until when. `until` None: for ever (a cap of nought)."""

    reason: str
    until: datetime | None


def hold(caps: Caps, sent: Sequence[datetime], now: datetime) -> Hold | None:
    """What forbids a post at `now`, or None. `sent`: the times of the posts that count, ascending.

    Of several limits the one that lasts longest is told.
    """
    longest: Hold | None = None
    for window, most in ((caps.min_gap, 1), (_HOUR, caps.per_hour), (_DAY, caps.per_day)):
        if most < 1:
            return Hold(f"cap: no posts are allowed in {_hours(window)}", None)
        until = _held_until(sent, window, most, now)
        if until and (longest is None or longest.until is None or until > longest.until):
            reason = f"cap: {most} posts in {_hours(window)}, as many as are allowed"
            longest = Hold(_gap_in_words(window, until, now) if window is caps.min_gap else reason, until)
    return longest


def freed(caps: Caps, sent: Sequence[datetime], now: datetime) -> datetime | None:
    """When gap and caps last stopped forbidding a post, at `now` or before; None when they never did."""
    past = sent[: bisect_right(sent, now)]
    windows = ((caps.min_gap, 1), (_HOUR, caps.per_hour), (_DAY, caps.per_day))
    ends = [past[-most] + window for window, most in windows if 1 <= most <= len(past)]
    return max((end for end in ends if end <= now), default=None)


def _held_until(sent: Sequence[datetime], window: timedelta, most: int, now: datetime) -> datetime | None:
    first = bisect_right(sent, now - window)
    beyond = bisect_left(sent, now + window)
    return sent[beyond - most] + window if beyond - first >= most else None


def _gap_in_words(gap: timedelta, until: datetime, now: datetime) -> str:
    ago = now - (until - gap)
    last = f"{spoken(ago)} ago" if ago >= timedelta(0) else f"{spoken(-ago)} ahead of the clock"
    return f"gap: the last post was {last}, the gap is {spoken(gap)}"


def _hours(window: timedelta) -> str:
    return "60 min" if window == _HOUR else "24 h"
