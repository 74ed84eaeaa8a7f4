"""The settings, as the rest of the house sees them: frozen, validated, with every path absolute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.account import Account

LATEST_START = timedelta(seconds=30)
"""After its intent. A call that begins later has the less time: it is over by then and a `deadline`, which every lease
outlasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """`deadline`: total time of a call. `settle`: rest of an unknown outcome. `lease`: how long a lane is kept.

    `senders`: how many calls, each of another account, are made side by side.
    """

    deadline: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(seconds=120)
    lease: timedelta = timedelta(seconds=90)
    unconfirmed: str = "ask"
    senders: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """A feed (address or file) that the named accounts take their articles from. `every` None: only when asked."""

    name: str
    feed: str
    accounts: tuple[str, ...]
    every: timedelta | None = None
    breaking: bool = False
    section: str = ""
    language: str = ""
    allow_private: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One newspaper's home and how it works. `database` is a SQLAlchemy URL; it may hold a password: never print it."""

    home: Path
    zone: ZoneInfo
    database: str
    rehearsal: str = "http://127.0.0.1:8390"
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    add_accounts: tuple[str, ...] = ()
    accounts: dict[str, Account] = field(default_factory=dict)
    sources: dict[str, SourceSettings] = field(default_factory=dict)
    platforms: dict[str, str] = field(default_factory=dict)

    @property
    def templates(self) -> Path:
        return self.home / "templates"
