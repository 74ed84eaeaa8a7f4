"""What posts may cost. No account has a budget yet: every post may go, whatever it costs."""

from __future__ import annotations

from bot.claim import Claim
from bot.nightdesk import Nightdesk


def objection(desk: Nightdesk, claim: Claim, *, cost: float) -> str:
    """Why the post may not be paid for (USD), or an empty string. It is asked in TX2, before the attempt is written."""
    return ""
