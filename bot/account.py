"""An account: one identity on one platform, with its timetable, template, caps and secrets by reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is to be found: `kind` is env, file or credential; `name` the variable, path or credential."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much and how late an account may post. Counts are rolling; None would mean no cap and is not offered."""

    per_hour: int = 10
    per_day: int = 50
    min_gap: timedelta = timedelta(minutes=2)
    max_age: timedelta = timedelta(hours=24)
    max_late: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One X handle or one Facebook Page, as the settings describe it.

    `identity` is what the platform knows it by: the handle without @, or the page id. `live` is only the
    settings' word; an account sends live when `golive` was recorded too (see `Nightdesk.is_live`).

    `language` is the one its dates are written in ("": the article's own). `hashtags` says which hashtag, without
    its #, stands for a tag or section ("": none). `utm` are the campaign parameters of its links, such as `source`.
    `allow` is what articles may mention, tag and link in their own text: `@handle`, `#tag`, `$SYMBOL`, `domain.az`.
    """

    name: str
    platform: str
    identity: str
    template: str
    timetable: tuple[str, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    caps: Caps = field(default_factory=Caps)
    live: bool = False
    credentials: dict[str, SecretRef] = field(default_factory=dict)
    language: str = ""
    hashtags: dict[str, str] = field(default_factory=dict)
    utm: dict[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()

    def rehearsal_key(self) -> str:
        """The one credential of the account in the sandbox, so that each account is its own identity there."""
        return f"rehearsal:{self.name}:{self.identity}"
