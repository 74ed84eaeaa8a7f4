"""What to do with a post in its present state: the hint of a refusal."""

from __future__ import annotations

from bot.delivery import Delivery, State

_INSTEAD = {
    State.HELD: "`nightdesk queue release {0}` lets it go.",
    State.QUEUED: "It waits to be sent: `nightdesk queue list` says when.",
    State.SENDING: "It is on its way: look again in a minute.",
    State.PUBLISHED: "`nightdesk unpublish {0}` takes it back, `nightdesk queue again {0}` posts it once more.",
    State.UNCONFIRMED: "`nightdesk resolve {0}` settles what became of it.",
    State.FAILED: "`nightdesk retry {0}` sends it again, `nightdesk resolve {0} --drop` leaves it.",
    State.SKIPPED: "`nightdesk queue again {0}` queues it as a new round.",
    State.WITHDRAWN: "`nightdesk queue again {0}` queues it as a new round.",
}


def instead_of(delivery: Delivery) -> str:
    """The command that fits the state, and where the story is told."""
    named = f"d{delivery.id}"
    return f"{_INSTEAD[delivery.state].format(named)} `nightdesk show {named}` tells its story."
