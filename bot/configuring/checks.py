"""What one value of the settings must be, in one function each; every refusal says what would do.

What a value needs to know beyond itself (the names of all accounts, the folders of templates) comes by `Surroundings`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import regex
from pydantic import ValidationInfo

from bot.account import SecretRef
from bot.configuring.values import did_you_mean, duration
from bot.timetable import language

CREDENTIALS = {
    "x": ("api_key", "api_secret", "access_token", "access_secret"),
    "facebook": ("page_token", "app_secret", "app_id"),
}
NEEDED = {"x": CREDENTIALS["x"], "facebook": ("page_token",)}
PLATFORMS = {"x": "x", "twitter": "x", "facebook": "facebook"}
SECRET_KINDS = ("env", "file", "credential")
LONGEST_PARAMETER = 100
ALLOWED = r"@[A-Za-z0-9_]{1,20}|#[\p{L}\p{M}\p{N}_]+|\$[A-Za-z._]{1,9}|[@#$]\*|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
REFERENCE = '{ env = "NAME" }, { file = "secrets/name" } or { credential = "name" }'


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a key is checked against: the accounts the file names, whether any is live, where templates are found."""

    accounts: tuple[str, ...]
    any_live: bool
    template_folders: tuple[Path, ...]


def surroundings_of(document: dict[str, Any], template_folders: Sequence[Path]) -> Surroundings:
    """What the keys of `document`, not yet validated, are checked against."""
    accounts = document.get("accounts")
    tables = accounts if isinstance(accounts, dict) else {}
    any_live = any(isinstance(table, dict) and table.get("live") is True for table in tables.values())
    return Surroundings(tuple(tables), any_live, tuple(template_folders))


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


def known_language(code: str) -> str:
    """A language tag such as az or en-GB, of a language whose dates can be written."""
    from babel import Locale, UnknownLocaleError  # heavy, and most files name no language

    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"there is no language '{code}'; write its code, such as en, az or pt-BR") from None
    return code


def hashtag(written: str) -> str:
    """What stands behind the #. Empty is allowed, and means no hashtag."""
    body = written.removeprefix("#")
    if body and not regex.fullmatch(r"[\p{L}\p{M}\p{Nd}_]*\p{L}[\p{L}\p{M}\p{Nd}_]*", body):
        raise ValueError(f"'{written}' is no hashtag: it needs letters, digits and _ alone, and one letter at least")
    return body


def allowed(entry: str) -> str:
    """Something that text from outside may mention, tag or link, as `bot.text.outside` takes it."""
    if not regex.fullmatch(ALLOWED, entry):
        raise ValueError(
            f"'{entry}' should be a @handle, a #tag, a $SYMBOL or a domain such as example.com"
            " (@*, #* or $* for all of a kind)"
        )
    return entry


def parameter(value: str) -> str:
    if not value.strip() or len(value) > LONGEST_PARAMETER:
        raise ValueError(f"should be a word or a few, {LONGEST_PARAMETER} characters at most")
    return value


def timetable_line(line: str) -> str:
    language.parse([line], ZoneInfo("UTC"))
    return line


def timetable(lines: list[str]) -> list[str]:
    """The lines together: what only shows between them, such as a line given twice."""
    if not lines:
        raise ValueError("is empty; leave the line out to post at once, or name times")
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
