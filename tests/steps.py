"""The steps of the way one by one, for tests that have something happen between two of them."""

from __future__ import annotations

from collections import Counter

from bot import clock
from bot.claim import Answered, Written
from bot.claiming import claim_due
from bot.delivery import Result
from bot.dispatch import wake_lanes
from bot.intents import record_intents
from bot.nightdesk import Nightdesk
from bot.outcome import record_outcomes
from bot.summary import Step
from bot.writing import write_posts


def claimed(desk: Nightdesk) -> Written:
    """TX1 and the post written for the one lane that is due."""
    wake_lanes(desk)
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        found = claim_due(desk, tx, most=10, until=desk.clock.desk_now(), fruitless=Counter())
    written, checks, unwritten = write_posts(desk, found)
    assert not checks
    assert not unwritten
    (only,) = written
    return only


def may_send(desk: Nightdesk, written: Written) -> bool:
    """TX2: whether the intent was written."""
    with desk.database.begin() as tx:
        return bool(record_intents(desk, tx, [written], Counter()))


def intended(desk: Nightdesk, written: Written) -> None:
    assert may_send(desk, written)


def publish(desk: Nightdesk, written: Written) -> Result:
    """The one call."""
    platform = desk.platform(written.claim.account, written.claim.live)
    return platform.publish(written.post, intended=clock.uptime())


def ended(desk: Nightdesk, written: Written, result: Result) -> list[Step]:
    """TX3."""
    with desk.database.begin() as tx:
        return record_outcomes(desk, tx, [Answered(lease=written.claim, answer=result)])
