"""Everything about a home that can be wrong before a post is due: what `nightdesk check` finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.account import Account
from bot.app import client_of, templates_of
from bot.cli import output
from bot.cli.output import Line
from bot.configuring import find_home, load, secret
from bot.errors import ConfigurationError, NightdeskError
from bot.platforms.registry import rules_for, secrets_of
from bot.settings import Settings
from bot.templating.guarded import GuardedTemplates
from bot.trial import examine

COLUMNS = ("account", "platform", "as", "mode", "timetable")


@dataclass(slots=True)
class Report:
    """What was found. `exit_status` is the one of the first error, 0 where there is none."""

    settings: Settings | None = None
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    signed_in: dict[str, str] = field(default_factory=dict)
    exit_status: int = 0

    def error(self, error: NightdeskError, about: str = "") -> None:
        self.errors.append(output.about(about, str(error)) if about else str(error))
        self.exit_status = self.exit_status or error.exit_status


def check_home(home: Path | None, *, online: bool) -> Report:
    """Read the settings and try templates and secrets; `online` also asks each platform who we are."""
    report = Report()
    try:
        report.settings = load(find_home(home))
    except NightdeskError as error:
        report.error(error)
        return report
    _tell_who_asks(report, report.settings)
    _check_templates(report, report.settings)
    _tell_packaged_templates(report, report.settings)
    for account in report.settings.accounts.values():
        _check_secrets(report, report.settings, account, needed=online or account.live)
        if online and not report.errors:
            _ask_platform(report, report.settings, account)
    return report


def _tell_who_asks(report: Report, settings: Settings) -> None:
    """`unconfirmed = "retry"` holds only where a platform's list proves that a post is not there."""
    asking = [a.name for a in settings.accounts.values() if not rules_for(a.platform).proves_absence]
    if settings.delivery.unconfirmed == "retry" and asking:
        report.warnings.append(
            f'unconfirmed = "retry" does not hold for {", ".join(asking)}: that platform need not list every post, so '
            "one that is not found there still waits for a person."
        )


def _check_templates(report: Report, settings: Settings) -> None:
    """Those of the accounts, with every special case and variant that may be used in their place."""
    bases = dict.fromkeys(account.template for account in settings.accounts.values())
    known = templates_of(settings)
    with GuardedTemplates(known.folders) as templates:
        for name in dict.fromkeys(name for base in bases for name in known.relatives(base)):
            try:
                examine(settings, templates, name)
            except NightdeskError as error:
                report.error(error)


def _tell_packaged_templates(report: Report, settings: Settings) -> None:
    for name in dict.fromkeys(account.template for account in settings.accounts.values()):
        if not (settings.templates / name).is_file():
            report.warnings.append(f"{name} is not in the home's templates; the packaged one is used.")


def _check_secrets(report: Report, settings: Settings, account: Account, *, needed: bool) -> None:
    """A rehearsal uses none of them, so there a missing one is only worth a warning."""
    for trouble in _missing(settings, account):
        if needed:
            report.error(trouble)
        else:
            report.warnings.append(f"{trouble} (A rehearsal does without.)")


def _missing(settings: Settings, account: Account) -> Iterator[ConfigurationError]:
    if absent := [name for name in secrets_of(account.platform) if name not in account.credentials]:
        hint = f"Say where to find it under [accounts.{account.name}] credentials."
        yield ConfigurationError(f"{account.name} has no {', no '.join(absent)}.", hint)
    for name, reference in account.credentials.items():
        try:
            secret(reference, settings.home, used_for=f"{account.name}: {name}")
        except ConfigurationError as error:
            yield error


def _ask_platform(report: Report, settings: Settings, account: Account) -> None:
    output.progress(f"Asking {account.platform} who {account.name} is …")
    try:
        client = client_of(settings, account, live=True)
        try:
            identity = client.whoami()
        finally:
            client.close()
    except NightdeskError as error:
        report.error(error, about=account.name)
        return
    report.signed_in[account.name] = identity.name
    if identity.known_as.casefold() != account.identity.casefold():
        says = f"The credentials of {account.name} belong to {identity.known_as}, not to {account.identity}."
        report.error(ConfigurationError(says, "Put the keys of the right account in place."))


def show(report: Report, as_json: bool) -> None:
    """The accounts and warnings for people to stdout, errors to stderr; or all of it as one JSON value."""
    if as_json:
        output.json_line(_as_json(report))
        return
    if report.settings and not report.errors:
        _show_accounts(report.settings, report.signed_in)
    for warning in report.warnings:
        output.note(f"Warning: {warning}")
    for error in report.errors:
        output.note(error)


def _show_accounts(settings: Settings, signed_in: dict[str, str]) -> None:
    accounts, sources = (
        output.counted(len(settings.accounts), "account"),
        output.counted(len(settings.sources), "source"),
    )
    output.heading(f"All is well: {accounts}, {sources}, times in {settings.zone.key}.")
    output.listing(
        list(settings.accounts.values()),
        record=lambda account: dict(zip(COLUMNS, _cells(account, signed_in), strict=True)),
        columns=COLUMNS,
        line=lambda account: Line(_cells(account, signed_in)),
        as_json=False,
        nothing="There are no accounts yet.",
    )


def _cells(account: Account, signed_in: Mapping[str, str]) -> list[str]:
    known_as = signed_in.get(account.name) or account.identity
    return [
        account.name,
        account.platform,
        known_as,
        output.mode(account.live),
        "; ".join(account.timetable) or "at once",
    ]


def _as_json(report: Report) -> output.Record:
    accounts = report.settings.accounts.values() if report.settings else ()
    return {
        "ok": not report.errors,
        "accounts": [
            {
                "account": account.name,
                "platform": account.platform,
                "identity": account.identity,
                "live": account.live,
                "timetable": list(account.timetable),
                "signed_in_as": report.signed_in.get(account.name),
            }
            for account in accounts
        ],
        "sources": list(report.settings.sources) if report.settings else [],
        "errors": report.errors,
        "warnings": report.warnings,
    }
