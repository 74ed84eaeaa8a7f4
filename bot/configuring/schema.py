"""What may stand in `config/nightdesk.toml`, key by key. Unknown keys, wrong types and impossible values are refused.

The models describe the file; `bot.configuring.reading` turns a valid one into the house's own `Settings`. What a key
needs to know beyond itself (the names of all accounts, the folders of templates) comes in by `Surroundings`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from bot.account import SecretRef
from bot.configuring.values import address, base_address, did_you_mean, duration, spoken, zone
from bot.timetable import language

CREDENTIALS = {
    "x": ("api_key", "api_secret", "access_token", "access_secret"),
    "facebook": ("page_token", "app_secret", "app_id"),
}
NEEDED = {"x": CREDENTIALS["x"], "facebook": ("page_token",)}
PLATFORMS = {"x": "x", "twitter": "x", "facebook": "facebook"}
SECRET_KINDS = ("env", "file", "credential")
REFERENCE = '{ env = "NAME" }, { file = "secrets/name" } or { credential = "name" }'


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a key is checked against: the accounts the file names, whether any is live, where templates are found."""

    accounts: tuple[str, ...]
    any_live: bool
    template_folders: tuple[Path, ...]


class Table(BaseModel):
    """A table of the file: nothing but its own keys, each of exactly its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


def surroundings(info: ValidationInfo) -> Surroundings:
    assert isinstance(info.context, Surroundings)
    return info.context


def text_of(value: object, example: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f'should be text in quotes, such as "{example}"')
    return value


def known_account(name: str, info: ValidationInfo) -> str:
    accounts = surroundings(info).accounts
    if name not in accounts:
        raise ValueError(f"there is no account '{name}'{did_you_mean(name, accounts)}")
    return name


def plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError("should be a name of the letters a-z, digits and hyphens")
    return name


def platform(name: str) -> str:
    if name.lower() not in PLATFORMS:
        raise ValueError(f"there is no platform '{name}', only x and facebook{did_you_mean(name, PLATFORMS)}")
    return PLATFORMS[name.lower()]


def length_of_time(value: object) -> timedelta:
    """What the file says in words; a default is a timedelta already."""
    return value if isinstance(value, timedelta) else duration(text_of(value, "5 min"))


def positive(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("should be longer than nothing")
    return length


def credential_name(name: str) -> str:
    known = [each for names in CREDENTIALS.values() for each in names]
    if name not in known:
        raise ValueError(f"unknown key{did_you_mean(name, known)}")
    return name


def reference(value: object) -> SecretRef:
    """`{ env = … }`, `{ file = … }` or `{ credential = … }`. What stands there instead is never repeated."""
    if isinstance(value, str):
        raise ValueError(f"a secret is never written out here; say where it is found: {REFERENCE}")
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in SECRET_KINDS:
        raise ValueError(f"should say where the secret is found: {REFERENCE}")
    [(kind, name)] = value.items()
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"the name after '{kind} =' is missing; write {REFERENCE}")
    if kind == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("what stands after 'env =' is not the name of an environment variable, such as X_API_KEY")
    if kind == "credential" and ("/" in name or name in (".", "..")):
        raise ValueError("what stands after 'credential =' is not a plain name")
    return SecretRef(kind, name)


def database(value: object) -> str | SecretRef:
    return value if isinstance(value, str) else reference(value)


def network(value: object) -> IPv4Network | IPv6Network:
    written = text_of(value, "10.0.0.0/8")
    try:
        return ip_network(written)
    except ValueError:
        raise ValueError(f"'{written}' is not a range of addresses; write it like \"10.0.0.0/8\"") from None


def timetable_line(line: str) -> str:
    language.parse([line], ZoneInfo("UTC"))
    return line


def timetable(lines: list[str]) -> list[str]:
    """The lines together: what only shows between them, such as a line given twice."""
    language.parse(lines, ZoneInfo("UTC"))
    return lines


def template(name: str, info: ValidationInfo) -> str:
    folders = surroundings(info).template_folders
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"'{name}' is not inside the home's templates folder; name it from there, as posts/x.txt.j2")
    if any((folder / name).is_file() for folder in folders):
        return name
    there = sorted({path.relative_to(folder).as_posix() for folder in folders for path in folder.rglob("*.j2")})
    meant = did_you_mean(name, there) or (f"; there are {', '.join(there)}" if there else "")
    raise ValueError(f"there is no template 'templates/{name}'{meant}")


Duration = Annotated[timedelta, BeforeValidator(length_of_time)]
Span = Annotated[Duration, AfterValidator(positive)]
Zone = Annotated[ZoneInfo, BeforeValidator(lambda value: zone(text_of(value, "Asia/Baku")))]
Credential = Annotated[str, AfterValidator(credential_name)]
Secret = Annotated[SecretRef, BeforeValidator(reference)]
Address = Annotated[str, AfterValidator(base_address)]
KnownAccount = Annotated[str, AfterValidator(known_account)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(network)]
Platform = Annotated[str, AfterValidator(platform)]
Template = Annotated[str, AfterValidator(template)]
TimetableLine = Annotated[str, AfterValidator(timetable_line)]
Timetable = Annotated[list[TimetableLine], AfterValidator(timetable)]
Database = Annotated[str | SecretRef, BeforeValidator(database)]
Name = Annotated[str, AfterValidator(plain_name)]


class CapsTable(Table):
    """`caps`: how much, how closely and how late an account may post."""

    per_hour: int = Field(default=10, ge=1)
    per_day: int = Field(default=50, ge=1)
    min_gap: Duration = timedelta(minutes=2)
    max_age: Span = timedelta(hours=24)
    max_late: Span = timedelta(minutes=30)


class AccountTable(Table):
    """`[accounts.NAME]`: who posts, where, when, how much, and with which secrets."""

    platform: Platform
    handle: str = Field(default="", validate_default=True)
    page_id: str = Field(default="", validate_default=True)
    template: Template | None = None
    timetable: Timetable = []
    timezone: Zone | None = None
    caps: CapsTable = CapsTable()
    live: bool = False
    credentials: dict[Credential, Secret] = Field(default={}, validate_default=True)

    @field_validator("handle")
    @classmethod
    def handle_of_x(cls, handle: str, info: ValidationInfo) -> str:
        where = info.data.get("platform")
        if where == "x" and not re.fullmatch(r"@?[A-Za-z0-9_]{1,15}", handle):
            raise ValueError(
                'an account on X needs its handle, such as "@example": 1 to 15 of the letters a-z, digits and _'
            )
        if where == "facebook" and handle:
            raise ValueError("a Facebook Page has no handle; give its page_id")
        return handle.removeprefix("@")

    @field_validator("page_id")
    @classmethod
    def page_of_facebook(cls, page_id: str, info: ValidationInfo) -> str:
        where = info.data.get("platform")
        if where == "facebook" and not re.fullmatch(r"[0-9]{1,32}", page_id):
            raise ValueError('a Facebook Page needs its page_id, digits in quotes such as "1234567890"')
        if where == "x" and page_id:
            raise ValueError("an account on X has no page_id; give its handle")
        return page_id

    @field_validator("credentials")
    @classmethod
    def credentials_of_platform(cls, given: dict[str, SecretRef], info: ValidationInfo) -> dict[str, SecretRef]:
        where = info.data.get("platform")
        if where is None:
            return given
        if wrong := [name for name in given if name not in CREDENTIALS[where]]:
            raise ValueError(f"{wrong[0]} is not one of the platform's: {', '.join(CREDENTIALS[where])}")
        missing = [name for name in NEEDED[where] if name not in given]
        if info.data.get("live") and missing:
            raise ValueError(f"a live account needs {', '.join(missing)} here, each as {REFERENCE}")
        return given


class SourceTable(Table):
    """`[sources.NAME]`: a feed, and the accounts that post from it."""

    feed: str
    accounts: list[KnownAccount] = Field(min_length=1)
    every: Span | None = None
    breaking: bool = False
    section: str = ""
    language: str = ""
    allow_private: list[Network] = []

    @field_validator("feed")
    @classmethod
    def address_or_path(cls, feed: str) -> str:
        scheme, found, _ = feed.partition("://")
        if not feed.strip():
            raise ValueError("should be the address of a feed, or the path of a file")
        if found and scheme.lower() not in ("http", "https"):
            raise ValueError(f"'{scheme}' addresses are not read; give an http or https one, or the path of a file")
        return address(feed) if found else feed


class DeliveryTable(Table):
    """`[delivery]`: the times of one call to a platform and what happens when its answer is lost."""

    deadline: Span = timedelta(seconds=30)
    settle: Duration = Field(default=timedelta(seconds=120), validate_default=True)
    lease: Span = Field(default=timedelta(seconds=90), validate_default=True)
    unconfirmed: str = "ask"

    @field_validator("settle")
    @classmethod
    def settle_outlasts_the_call(cls, settle: timedelta, info: ValidationInfo) -> timedelta:
        deadline = info.data.get("deadline")
        least = deadline + timedelta(seconds=60) if deadline else timedelta()
        if surroundings(info).any_live and settle < least:
            raise ValueError(
                f"settle ({spoken(settle)}) should be at least deadline + 60 s ({spoken(least)}), as an account is live"
            )
        return settle

    @field_validator("lease")
    @classmethod
    def lease_outlasts_the_call(cls, lease: timedelta, info: ValidationInfo) -> timedelta:
        deadline = info.data.get("deadline")
        most_taken = deadline + timedelta(seconds=30) if deadline else timedelta()
        if lease <= most_taken:
            raise ValueError(f"lease ({spoken(lease)}) should be longer than deadline + 30 s ({spoken(most_taken)})")
        return lease

    @field_validator("unconfirmed")
    @classmethod
    def ask_or_retry(cls, choice: str) -> str:
        if choice not in ("ask", "retry"):
            raise ValueError(f'\'{choice}\' should be "ask" or "retry" (which works for X alone)')
        return choice


class AddTable(Table):
    """`[add]`: the accounts an article goes to when `nightdesk add` names none."""

    accounts: list[KnownAccount] = []


class PlatformsTable(Table):
    """`[platforms]`: other addresses for the live clients, for a test that plays live."""

    x: Address | None = None
    facebook: Address | None = None


class File(Table):
    """The whole of `config/nightdesk.toml`."""

    timezone: Zone = ZoneInfo("UTC")
    database: Database = "sqlite:///data/nightdesk.db"
    rehearsal: Address = "http://127.0.0.1:8390"
    delivery: DeliveryTable = DeliveryTable.model_construct()
    add: AddTable = AddTable()
    accounts: dict[Name, AccountTable] = {}
    sources: dict[Name, SourceTable] = {}
    platforms: PlatformsTable = PlatformsTable()


def surroundings_of(document: dict[str, Any], template_folders: Sequence[Path]) -> Surroundings:
    """What the keys of `document`, not yet validated, are checked against."""
    accounts = document.get("accounts")
    tables = accounts if isinstance(accounts, dict) else {}
    any_live = any(isinstance(table, dict) and table.get("live") is True for table in tables.values())
    return Surroundings(tuple(tables), any_live, tuple(template_folders))
