"""Which platforms there are: one line each.

A platform's module is imported when it is first asked for, and its client library only when an account of it is
connected, so the rules of a platform can be asked for at no cost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from bot.account import Account
from bot.errors import ConfigurationError
from bot.logs import register_secret
from bot.platforms.base import Platform
from bot.post import PostRules

PLATFORMS = {
    "x": "bot.platforms.x:X",
    "facebook": "bot.platforms.facebook:Facebook",
}


def rules_for(platform: str) -> PostRules:
    """The limit, the place of the link and the cost of a post there. Raises ConfigurationError for an unknown name."""
    rules: PostRules = _class_of(platform).rules
    return rules


def secrets_of(platform: str) -> tuple[str, ...]:
    """The names of the credentials an account there must have. Raises ConfigurationError for an unknown name."""
    names: tuple[str, ...] = _class_of(platform).secrets
    return names


def connect(account: Account, *, base_url: str | None, secrets: Mapping[str, str], deadline: timedelta) -> Platform:
    """A client for `account`; nothing is sent yet.

    `base_url` is where the platform is to be found instead of its real address (the sandbox, a test). `secrets` are
    the account's credentials by name; a missing one raises ConfigurationError. `deadline` is the total time of a call.
    """
    kind = _class_of(account.platform)
    missing = [name for name in kind.secrets if not secrets.get(name)]
    if missing:
        raise ConfigurationError(
            f"The account {account.name} has no {' and no '.join(missing)}.",
            f"Name where to find it under [accounts.{account.name}] credentials.",
        )
    for value in secrets.values():
        # The keys of a rehearsal are made of the account's name, which listings and logs need.
        if value != account.rehearsal_key():
            register_secret(value)
    platform: Platform = kind(account, base_url=base_url, secrets=secrets, deadline=deadline)
    platform.fingerprint = hashlib.sha256(repr((account.name, sorted(secrets.items()))).encode()).hexdigest()
    return platform


def _class_of(platform: str) -> Any:
    try:
        module, _, name = PLATFORMS[platform].partition(":")
    except KeyError:
        known = " and ".join(sorted(PLATFORMS))
        raise ConfigurationError(f"There is no platform called {platform}.", f"Known are {known}.") from None
    return getattr(import_module(module), name)
