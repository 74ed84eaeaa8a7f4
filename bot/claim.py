"""A lane that is ours until its lease ends, and the delivery that is due on it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.account import Account
from bot.delivery import Delivery
from bot.timetable.planner import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`fence` names the lease: whoever claims the lane next has a higher one. `turn` is why `delivery` goes now."""

    account: Account
    live: bool
    fence: int
    turn: Turn
    delivery: Delivery
