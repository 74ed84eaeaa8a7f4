"""Between two turns: the posts for the lanes that were claimed are written, outside any transaction.

What cannot be written ends before any call, and its lane is given back in the next turn. Too long: the delivery
fails. No template can write this one, or a mistake of ours: it is held, and the next one goes on. A template that is
broken for every article, or a missing secret, is the account's own trouble: its queue stays, and the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from bot import identity_check
from bot.claim import Claim, Job, Lease, Written
from bot.claiming import Claimed
from bot.compose import compose
from bot.delivery import State
from bot.errors import CannotFit, NightdeskError, TemplateBroken, TemplateFailed
from bot.nightdesk import Nightdesk
from bot.platforms.registry import rules_for
from bot.post import Post
from bot.store import deliveries, lanes, meta
from bot.store.database import Transaction
from bot.store.lanes import Return
from bot.summary import ACTOR, EXIT_BUG, Step, Summary, Trouble, trouble_key

log = logging.getLogger(__name__)

Held = TypeVar("Held", bound=Lease)
Made = TypeVar("Made")

TROUBLE_RESTS = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A lease that comes to no call: the delivery ends in `state`, or (None) the account has a trouble of its own."""

    lease: Lease
    reason: str
    state: State | None = None
    exit_status: int = EXIT_BUG


def write_posts(desk: Nightdesk, claimed: Claimed) -> tuple[list[Written], list[Job], list[Unwritten]]:
    """The posts that can be sent, identity checks that have to be made first, and what came to nothing."""
    with desk.templates.looking_once():
        written = [_apart(desk, claim, _write) for claim in claimed.claims]
    checks = [_apart(desk, lease, _check) for lease in claimed.unchecked]
    return (
        [one for one in written if isinstance(one, Written)],
        [one for one in checks if isinstance(one, Job)],
        [one for one in (*written, *checks) if isinstance(one, Unwritten)],
    )


def _apart(desk: Nightdesk, lease: Held, do: Callable[[Nightdesk, Held], Made]) -> Made | Unwritten:
    """Whatever goes wrong with one account is its own."""
    try:
        desk.platform(lease.account, lease.live)  # before anything is recorded: a secret may be missing
        return do(desk, lease)
    except NightdeskError as error:
        return Unwritten(lease, str(error), exit_status=error.exit_status)
    except Exception as error:
        log.exception("%s could not be served", lease.account.name)
        return Unwritten(lease, f"a mistake in Nightdesk: {type(error).__name__}; please report it")


def _write(desk: Nightdesk, claim: Claim) -> Written | Unwritten:
    """The post as it will be sent, or why there is none. Raises TemplateBroken."""
    rules, work = rules_for(claim.account.platform), claim.work
    text, round = work.delivery.text, work.delivery.round
    if work.frozen:
        post = Post(text=work.frozen[0], link=work.frozen[1])
        return Written(claim=claim, post=post, cost=rules.cost(post))
    try:
        post = compose(work.article, claim.account, rules, desk.templates, text=text, round=round)
    except CannotFit as error:
        return Unwritten(claim, f"cannot fit: {error}", State.FAILED)
    except TemplateBroken:
        raise
    except TemplateFailed as error:
        return Unwritten(claim, f"template: {error}", State.HELD)
    except Exception as error:
        log.exception("d%s could not be written", claim.delivery.id)
        return Unwritten(claim, f"a mistake in Nightdesk: {type(error).__name__}; please report it", State.HELD)
    return Written(claim=claim, post=post, cost=rules.cost(post))


def _check(desk: Nightdesk, lease: Lease) -> Job:
    platform = desk.platform(lease.account, lease.live)
    return Job(lease=lease, call=partial(identity_check.ask, platform, lease.account))


def record_unwritten(desk: Nightdesk, tx: Transaction, unwritten: Sequence[Unwritten], summary: Summary) -> list[Step]:
    """End the deliveries that cannot be sent; note the accounts' troubles where `status` reads them."""
    now, steps, returns = desk.clock.desk_now(), [], []
    rests_until = desk.clock.real_now() + TROUBLE_RESTS
    for one in unwritten:
        name, fence = one.lease.account.name, one.lease.fence
        if one.state is None or not isinstance(one.lease, Claim):
            returns.append(Return(account=name, fence=fence, wake_at=rests_until))
            new = desk.troubles.get(name) != one.reason
            summary.troubles.append(Trouble(name, one.reason, one.exit_status, new=new))
            note_trouble(desk, tx, name, one.reason)
            continue
        number, reason = one.lease.delivery.id, one.reason
        returns.append(Return(account=name, fence=fence, look_at=lanes.AT_ONCE))
        if deliveries.change(tx, number, when={State.QUEUED}, to=one.state, reason=reason, actor=ACTOR, now=now):
            steps.append(Step(account=name, delivery=number, state=one.state, reason=reason))
    lanes.give_back(tx, returns)
    return steps


def note_trouble(desk: Nightdesk, tx: Transaction, account: str, message: str) -> None:
    """Keep an account's trouble until it is served again."""
    if desk.troubles.get(account) != message:
        meta.set(tx, trouble_key(account), message)
        desk.troubles[account] = message


def forget_troubles(desk: Nightdesk, tx: Transaction, served: Sequence[str]) -> None:
    """These accounts could be served."""
    for account in desk.troubles.keys() & set(served):
        meta.set(tx, trouble_key(account), None)
        del desk.troubles[account]
