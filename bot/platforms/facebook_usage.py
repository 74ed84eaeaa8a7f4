"""Facebook's usage headers: how much of its calls a page and its app have used, and when they may call again.

Figures are percents; at 100 Facebook refuses, and each further call makes it longer (Graph API, rate limiting, read
in November 2026). From 75 on Nightdesk slows down by itself, so that the page is not refused in the first place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.delivery import Slowdown
from bot.platforms.outcomes import LONGEST_WAIT, USUAL_WAIT, as_list, as_object, bounded

SLOW_FROM = 75.0  # percent
FULL = 100.0

_FIGURES = ("call_count", "total_cputime", "total_time")


def regained(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the page may call again, by the minutes that Facebook estimates itself; None where it says nothing."""
    wait = _estimate(_of_the_page(headers))
    return bounded(now + wait, now) if wait else None


def slowdown(headers: Mapping[str, str], now: datetime) -> Slowdown | None:
    """How long the next call had better wait: nothing below 75 %, the whole estimate at 100 %, in between a part.

    Of page and app the one that asks for the longer wait counts; where both ask for the same, the app's.
    """
    usages = ((_of_the_app(headers), "the app", True), (_of_the_page(headers), "the page", False))
    asked = [
        Slowdown(until=bounded(now + _part(usage, percent), now), reason=_words(whose, percent), app=app)
        for usage, whose, app in usages
        if (percent := _percent(usage)) >= SLOW_FROM
    ]
    return max(asked, key=lambda slow: slow.until, default=None)


def _words(whose: str, percent: float) -> str:
    return f"{whose} has used {min(percent, FULL):.0f} % of its calls"


def _part(usage: list[dict[str, object]], percent: float) -> timedelta:
    whole = _estimate(usage) or USUAL_WAIT
    return whole * min((percent - SLOW_FROM) / (FULL - SLOW_FROM), 1.0)


def _estimate(usage: list[dict[str, object]]) -> timedelta:
    minutes = max((_number(limit.get("estimated_time_to_regain_access")) for limit in usage), default=0.0)
    return min(timedelta(minutes=min(max(minutes, 0.0), 1e6)), LONGEST_WAIT)


def _percent(usage: list[dict[str, object]]) -> float:
    return max((_number(limit.get(name)) for limit in usage for name in _FIGURES), default=0.0)


def _of_the_page(headers: Mapping[str, str]) -> list[dict[str, object]]:
    """`X-Business-Use-Case-Usage` (`{page: [{call_count: percent, …}]}`) and `X-Page-Usage`."""
    by_page = as_object(_header(headers, "x-business-use-case-usage"))
    limits = [as_object(limit) for page in by_page.values() for limit in as_list(page)]
    return [*limits, as_object(_header(headers, "x-page-usage"))]


def _of_the_app(headers: Mapping[str, str]) -> list[dict[str, object]]:
    return [as_object(_header(headers, "x-app-usage"))]


def _header(headers: Mapping[str, str], name: str) -> object:
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float:
    """A figure of a usage header; 0 for what is none."""
    if type(value) not in (int, float, str):
        return 0.0
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
