"""From a home's folder to its `Settings`: find the file, read it, and say everything that is wrong with it at once."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.account import Account, Caps
from bot.configuring.checks import surroundings_of
from bot.configuring.database import database_address
from bot.configuring.lines import line_of, lines_of
from bot.configuring.schema import AccountTable, CapsTable, DeliveryTable, File, SourceTable, Table
from bot.configuring.values import did_you_mean
from bot.errors import ConfigurationError
from bot.resources import package_folder
from bot.settings import DeliverySettings, Settings, SourceSettings

SETTINGS_FILE = Path("config/nightdesk.toml")

WORDINGS = {
    "missing": "is missing",
    "string_type": "should be text in quotes",
    "int_type": "should be a whole number, without quotes",
    "bool_type": "should be true or false, without quotes",
    "list_type": 'should be a list, such as ["…", "…"]',
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "too_short": "should name at least one",
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
}


def find_home(option: Path | None) -> Path:
    """The home: `option` (`--home`), else $NIGHTDESK_HOME, else the current folder; absolute.

    Raises ConfigurationError where there is no `config/nightdesk.toml` in it.
    """
    home = (option or Path(os.environ.get("NIGHTDESK_HOME") or ".")).absolute()
    if not (home / SETTINGS_FILE).is_file():
        raise no_home(home)
    return home


def no_home(home: Path) -> ConfigurationError:
    return ConfigurationError(
        f"There is no nightdesk home here: {home} has no {SETTINGS_FILE}.",
        "Run `nightdesk init` to make one, or name another with --home.",
    )


def load(home: Path) -> Settings:
    """The validated settings of `home`; every path in them absolute, every duration a timedelta.

    Raises ConfigurationError with one line for each thing that is wrong: file, line, key and what would do.
    """
    home = home.absolute()
    text = settings_text(home)
    document = parsed(text)
    try:
        file = File.model_validate(document, context=surroundings_of(document, template_folders(home)))
    except ValidationError as error:
        lines = lines_of(text)
        wrong = sorted({complaint(details, lines) for details in error.errors(include_url=False)})
    else:
        return settings_from(file, home, database_address(file.database, home, lambda: database_place(text)))
    raise ConfigurationError("\n".join(f"{SETTINGS_FILE}:{line}: {words}" for line, words in wrong))


def database_place(text: str) -> str:
    """Where the settings say which database it is. Only for errors: finding a line takes as long as all the rest."""
    return f"{SETTINGS_FILE}:{line_of(lines_of(text), ('database',))}: database"


def template_folders(home: Path) -> tuple[Path, ...]:
    """Where templates are looked for: the home's own first, then those that come with the package."""
    return (home / "templates", package_folder("templates"))


def settings_text(home: Path) -> str:
    try:
        return (home / SETTINGS_FILE).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise no_home(home) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{SETTINGS_FILE}:{line}: this line is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f"{home / SETTINGS_FILE} cannot be read: {error.strerror}.") from None


def parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(syntax_complaint(str(error), text)) from None
    except RecursionError:
        raise ConfigurationError(f"{SETTINGS_FILE}: brackets are nested too deeply.") from None


def syntax_complaint(message: str, text: str) -> str:
    """tomllib's `Expected '=' after a key (at line 3, column 5)` as file, line and column first."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if found is None:
        return f"{SETTINGS_FILE}: {message}"
    line = found[2] or str(text.count("\n") + 1)
    column = f":{found[3]}" if found[3] else ""
    return f"{SETTINGS_FILE}:{line}{column}: this is not TOML: {found[1][:1].lower()}{found[1][1:]}"


def complaint(details: ErrorDetails, lines: dict[tuple[str | int, ...], int]) -> tuple[int, str]:
    """One validation error as its line and its words, `accounts.x-main.timetible: unknown key; …`."""
    path = tuple(part for part in details["loc"] if part != "[key]")
    return line_of(lines, path), f"{key_of(path)}: {words_for(details, path)}"


def key_of(path: tuple[str | int, ...]) -> str:
    """`accounts.x-main.timetable[2]`, counting items from 1 as people do."""
    key = ""
    for part in path:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return key.removeprefix(".")


def words_for(details: ErrorDetails, path: tuple[str | int, ...]) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key{did_you_mean(str(path[-1]), known_keys(path[:-1]))}"
    if kind == "value_error":
        return str(context["error"])
    return WORDINGS[kind].format(**context) if kind in WORDINGS else details["msg"]


def known_keys(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the table at `path`."""
    table: type[Table] = File
    steps = list(path)
    while steps:
        annotation = table.model_fields[str(steps.pop(0))].annotation
        [table] = [kind for kind in (annotation, *get_args(annotation)) if is_table(kind)]
        if table in (AccountTable, SourceTable):
            steps.pop(0)
    return tuple(table.model_fields)


def is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Table)


def settings_from(file: File, home: Path, database: str) -> Settings:
    """The house's own settings from a valid file and the address of the database."""
    platforms = {"x": file.platforms.x, "facebook": file.platforms.facebook}
    return Settings(
        home=home,
        zone=file.timezone,
        database=database,
        rehearsal=file.rehearsal,
        delivery=delivery_from(file.delivery),
        add_accounts=tuple(file.add.accounts),
        accounts={name: account_from(name, table, file) for name, table in file.accounts.items()},
        sources={name: source_from(name, table, home) for name, table in file.sources.items()},
        platforms={name: address for name, address in platforms.items() if address},
    )


def delivery_from(table: DeliveryTable) -> DeliverySettings:
    return DeliverySettings(
        deadline=table.deadline,
        settle=table.settle,
        lease=table.lease,
        unconfirmed=table.unconfirmed,
        senders=table.senders,
    )


def account_from(name: str, table: AccountTable, file: File) -> Account:
    return Account(
        name=name,
        platform=table.platform,
        identity=table.handle or table.page_id,
        template=table.template or f"posts/{table.platform}.txt.j2",
        timetable=tuple(table.timetable),
        zone=table.timezone or file.timezone,
        caps=caps_from(table.caps),
        live=table.live,
        credentials=dict(table.credentials),
        language=table.language,
        hashtags=dict(table.hashtags),
        utm=table.utm.given(),
        allow=tuple(table.allow),
    )


def caps_from(table: CapsTable) -> Caps:
    return Caps(
        per_hour=table.per_hour,
        per_day=table.per_day,
        min_gap=table.min_gap,
        max_age=table.max_age,
        max_late=table.max_late,
    )


def source_from(name: str, table: SourceTable, home: Path) -> SourceSettings:
    return SourceSettings(
        name=name,
        feed=table.feed if "://" in table.feed else str(home / table.feed),
        accounts=tuple(table.accounts),
        every=table.every,
        breaking=table.breaking,
        section=table.section,
        language=table.language,
        allow_private=tuple(table.allow_private),
    )
