"""Is the token the account's own? Asked before a live account sends, daily, and after its settings changed.

A post in the wrong name cannot be taken back. The answer is recorded with what it was made of, so that TX1 and TX2 need
no call. In rehearsal the credentials are made of the account's own name, so there is nothing to ask.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from bot import clock
from bot.account import Account
from bot.claim import Finding, Lease
from bot.delivery import Remedy
from bot.errors import NightdeskError
from bot.nightdesk import Nightdesk
from bot.platforms.base import Platform, PlatformTrouble
from bot.store import lanes
from bot.store.database import Transaction
from bot.store.lanes import Lane, Return
from bot.summary import Step

EVERY = timedelta(hours=24)
ONCE_MORE = timedelta(hours=1)  # after a daily check that could not be made
REST = timedelta(minutes=1)


def key_of(desk: Nightdesk, account: Account) -> str:
    """Changes with whatever in the settings, or behind them, could change whose account it is; holds no secret."""
    references = sorted((name, ref.kind, ref.name) for name, ref in account.credentials.items())
    try:
        secrets = desk.platform(account, True).fingerprint
    except NightdeskError:  # one is missing: whoever wants to ask the platform is told
        secrets = ""
    told = repr((account.platform, account.identity.casefold(), references, secrets))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def is_due(desk: Nightdesk, lease: Lease | None, lane: Lane) -> bool:
    """Whether the platform has to be asked before this lane sends."""
    if lease is None or not lease.live:
        return False
    never = lane.identity_at is None or lane.identity_key != key_of(desk, lease.account)
    return never or desk.clock.real_now() - (lane.identity_at or desk.clock.real_now()) >= EVERY


def ask(platform: Platform, account: Account) -> Finding:
    """One call to the platform: whose is the token? Never raises."""
    try:
        identity = platform.whoami()
    except PlatformTrouble as trouble:
        mend = trouble.remedy is Remedy.MEND_ACCOUNT
        return Finding(
            words=str(trouble), until=None if mend else trouble.until or clock.SystemClock().real_now() + REST
        )
    except Exception as error:
        return Finding(words=f"a mistake in Nightdesk: {type(error).__name__}; please report it")
    if identity.known_as.casefold() == account.identity.casefold():
        return Finding()
    return Finding(
        words=f"the credentials belong to {identity.known_as}, not to {account.identity}; put the right ones in place, "
        f"then `nightdesk resume --account {account.name}`"
    )


def record(desk: Nightdesk, tx: Transaction, lease: Lease, found: Finding) -> Step | None:
    """Write it down and give the lane back: to go on, to ask again later, or closed until a person has mended it."""
    name, now, key = lease.account.name, desk.clock.real_now(), key_of(desk, lease.account)
    lane = lanes.get(tx, name)
    if lane is None or lane.fence != lease.fence:
        return None
    # The owner of a token does not change: a daily check that cannot be made now takes nothing away.
    known = lane.identity_key == key and lane.identity_at is not None
    passed = not found.words
    if passed or (found.until and known):
        lanes.record_identity(tx, name, key=key, at=now if passed else now - EVERY + ONCE_MORE)
        lanes.release(tx, name, fence=lease.fence)
        return None
    if found.until:
        lanes.give_back(tx, [Return(account=name, fence=lease.fence, wake_at=found.until)])
        return None
    lanes.release(tx, name, fence=lease.fence)
    lanes.close(tx, name, reason=found.words, until=None)
    return Step(account=name, delivery=None, state=None, reason=found.words, sign_in_refused=True, live=True)
