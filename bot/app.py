"""The one place where settings become objects: a home is opened, and every verb gets what it works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.account import Account
from bot.clock import Clock, SystemClock
from bot.configuring import SETTINGS_FILE, load, secret
from bot.configuring.edition import Editions
from bot.errors import UsageError
from bot.nightdesk import Nightdesk
from bot.platforms.base import Platform
from bot.platforms.registry import connect, secrets_of
from bot.resources import package_folder
from bot.settings import Settings
from bot.store.database import Database
from bot.templating import Templates
from bot.templating.firstuse import FirstUse


@contextmanager
def open_home(
    home: Path,
    *,
    now: datetime | None = None,
    clock: Clock | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Iterator[Nightdesk]:
    """The desk of the home: settings read, database created or upgraded. `now` simulates the desk's clock.

    Raises ConfigurationError for settings, secrets or a newer database, TryAgainLater when the database cannot be
    reached, UsageError when `now` is given while an account is live.
    """
    settings = load(home)
    if now is not None:
        refuse_live(settings)
    database = Database.open(settings.database, on_progress=on_progress)
    editions = Editions(home / SETTINGS_FILE, settings.templates)
    editions.take_settings()
    desk = Nightdesk(
        settings=settings,
        editions=editions,
        clock=clock or SystemClock(now),
        database=database,
        templates=templates_of(settings),
        connect=lambda current, account, live: client_of(current, account, live=live),
    )
    try:
        yield desk
    finally:
        desk.close()


def refuse_live(settings: Settings) -> None:
    """Simulated time is for rehearsal: with a live account it would post at the wrong minute."""
    if live := [account.name for account in settings.accounts.values() if account.live]:
        hint = "Leave --now away, or set `live = false` for it first."
        raise UsageError(f"--now is for rehearsal, and the settings say live = true for {', '.join(live)}.", hint)


def templates_of(settings: Settings) -> Templates:
    """The home's templates, and the packaged ones behind them; none is used before it was tried."""
    shipped = package_folder("templates")
    return Templates([settings.templates, shipped], before_use=FirstUse(shipped))


def client_of(settings: Settings, account: Account, *, live: bool) -> Platform:
    """The client of the account: on its platform, or in the sandbox with credentials derived from its name."""
    deadline = settings.delivery.deadline
    if not live:
        rehearsal = dict.fromkeys(secrets_of(account.platform), account.rehearsal_key())
        return connect(account, base_url=settings.rehearsal, secrets=rehearsal, deadline=deadline)
    found = {
        name: secret(reference, settings.home, used_for=f"{account.name}: {name}")
        for name, reference in account.credentials.items()
    }
    return connect(account, base_url=settings.platforms.get(account.platform), secrets=found, deadline=deadline)
