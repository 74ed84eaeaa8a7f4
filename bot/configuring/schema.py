"""What may stand in `config/nightdesk.toml`, key by key. Unknown keys, wrong types and impossible values are refused.

The models describe the file; `bot.configuring.reading` turns a valid one into the house's own `Settings`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated
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
from bot.configuring import checks
from bot.configuring.checks import CREDENTIALS, NEEDED, REFERENCE, surroundings, text_of
from bot.configuring.values import address, base_address, near_address, spoken, zone
from bot.settings import LATEST_START

Duration = Annotated[timedelta, BeforeValidator(checks.length_of_time)]
Span = Annotated[Duration, AfterValidator(checks.positive)]
Zone = Annotated[ZoneInfo, BeforeValidator(lambda value: zone(text_of(value, "Asia/Baku")))]
Credential = Annotated[str, AfterValidator(checks.credential_name)]
Secret = Annotated[SecretRef, BeforeValidator(checks.reference)]
Address = Annotated[str, AfterValidator(base_address)]
NearAddress = Annotated[str, AfterValidator(near_address)]
KnownAccount = Annotated[str, AfterValidator(checks.known_account)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(checks.network)]
Platform = Annotated[str, AfterValidator(checks.platform)]
Template = Annotated[str, AfterValidator(checks.template)]
TimetableLine = Annotated[str, AfterValidator(checks.timetable_line)]
Timetable = Annotated[list[TimetableLine], AfterValidator(checks.timetable)]
Database = Annotated[str | SecretRef, BeforeValidator(checks.database)]
Name = Annotated[str, AfterValidator(checks.plain_name)]
Language = Annotated[str, AfterValidator(checks.known_language)]
Hashtag = Annotated[str, AfterValidator(checks.hashtag)]
Allowed = Annotated[str, AfterValidator(checks.allowed)]
Parameter = Annotated[str, AfterValidator(checks.parameter)]


class Table(BaseModel):
    """A table of the file: nothing but its own keys, each of exactly its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class CapsTable(Table):
    """`caps`: how much, how closely and how late an account may post."""

    per_hour: int = Field(default=10, ge=1)
    per_day: int = Field(default=50, ge=1)
    min_gap: Duration = timedelta(minutes=2)
    max_age: Span = timedelta(hours=24)
    max_late: Span = timedelta(minutes=30)


class UtmTable(Table):
    """`utm`: the parameters that tell a site's statistics where a reader came from."""

    source: Parameter | None = None
    medium: Parameter | None = None
    campaign: Parameter | None = None
    content: Parameter | None = None
    term: Parameter | None = None

    def given(self) -> dict[str, str]:
        """Those that the file says."""
        return self.model_dump(exclude_none=True)


class AccountTable(Table):
    """`[accounts.NAME]`: who posts, where, when, how much, and with which secrets."""

    platform: Platform
    handle: str = Field(default="", validate_default=True)
    page_id: str = Field(default="", validate_default=True)
    template: Template | None = None
    timetable: Timetable = []
    timezone: Zone | None = None
    caps: CapsTable = Field(default_factory=CapsTable)  # a default would be copied in depth for each account
    live: bool = False
    credentials: dict[Credential, Secret] = Field(default={}, validate_default=True)
    language: Language = ""
    hashtags: dict[str, Hashtag] = {}
    utm: UtmTable = Field(default_factory=UtmTable)
    allow: list[Allowed] = []

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
        return address(feed, example="https://news.example/rss.xml") if found else feed


class DeliveryTable(Table):
    """`[delivery]`: the times of one call to a platform, how many at once, and what happens when its answer is lost."""

    deadline: Span = timedelta(seconds=30)
    settle: Duration = Field(default=timedelta(seconds=120), validate_default=True)
    lease: Span = Field(default=timedelta(seconds=90), validate_default=True)
    unconfirmed: str = "ask"
    senders: int = Field(default=32, ge=1, le=512)

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
        most_taken = deadline + LATEST_START if deadline else timedelta()
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
    rehearsal: NearAddress = "http://127.0.0.1:8390"
    delivery: DeliveryTable = DeliveryTable.model_construct()
    add: AddTable = AddTable()
    accounts: dict[Name, AccountTable] = {}
    sources: dict[Name, SourceTable] = {}
    platforms: PlatformsTable = PlatformsTable()
