"""The database's address: from the environment, the settings or a secret, with a relative SQLite path made absolute."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.account import SecretRef
from bot.configuring.secrets import secret
from bot.errors import ConfigurationError

VARIABLE = "NIGHTDESK_DATABASE"
SCHEMES = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def database_address(written: str | SecretRef, home: Path, place: Callable[[], str]) -> str:
    """The SQLAlchemy URL to use: $NIGHTDESK_DATABASE, else what the settings say at `place()` (file, line and key).

    `sqlite:///data/nightdesk.db` starts at `home`; `postgresql://` means the driver that Nightdesk ships with.
    Raises ConfigurationError, which never repeats the address: it may hold a password.
    """
    from_environment = os.environ.get(VARIABLE)

    def source() -> str:
        return f"${VARIABLE}" if from_environment else f"{place()}:"

    address = from_environment or written
    if isinstance(address, SecretRef):
        address = secret_at(place, address, home)
    scheme, _, rest = address.partition("://")
    if scheme not in SCHEMES or not rest:
        raise ConfigurationError(
            f"{source()} is not the address of a database Nightdesk can use.",
            # With user@ in it the second example would be hidden by the log as an address with a password is.
            'Write "sqlite:///data/nightdesk.db" or "postgresql+psycopg://host/name" (a user goes before host: user@).',
        )
    if scheme == "sqlite":
        return sqlite_address(rest, home, source)
    remember_password(address)
    return f"{SCHEMES[scheme]}://{rest}"


def secret_at(place: Callable[[], str], reference: SecretRef, home: Path) -> str:
    """The secret; what is wrong with it is told with the place that refers to it."""
    try:
        return secret(reference, home)
    except ConfigurationError as error:
        raise ConfigurationError(f"{place()}: {error.message}", error.hint) from None


def sqlite_address(rest: str, home: Path, source: Callable[[], str]) -> str:
    path, mark, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or path in ("", ":memory:") or path.startswith("file:"):
        raise ConfigurationError(f'{source()} should name a file, as "sqlite:///data/nightdesk.db" does.')
    absolute = str(home / path)
    if "?" in absolute:
        raise ConfigurationError(f"{absolute} has a question mark in its path, which a database address cannot hold.")
    return f"sqlite:///{absolute}{mark}{options}"


def remember_password(address: str) -> None:
    """Have the log cover the password of `address`, should a driver ever repeat it."""
    from bot.logs import register_secret

    try:
        password = urlsplit(address).password
    except ValueError:
        return
    for form in {password, unquote(password)} if password else ():
        register_secret(form)
