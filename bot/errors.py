"""Every error Nightdesk raises on purpose, named by what a person or the next step has to do about it.

An error is a sentence for the person who reads it: what happened, to which thing, and what to do.
`exit_status` is the contract's (see `docs/commands.md`); the command line turns an error into it.
"""

from __future__ import annotations


class NightdeskError(Exception):
    """The root. `message` says what happened; `hint`, when there is one, says what to do."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(NightdeskError):
    """The call cannot be understood: an unknown name, an unreadable or empty input."""

    exit_status = 2


class AmbiguousName(UsageError):
    """Words fit several articles or deliveries. `choices` lists them for the person to pick one."""

    def __init__(self, message: str, choices: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint)
        self.choices = choices


class ConfigurationError(NightdeskError):
    """The settings, a template or a secret must be mended before anything is done."""

    exit_status = 3


class NewerDatabase(ConfigurationError):
    """The database was written by a newer Nightdesk than this one."""


class CannotFit(NightdeskError):
    """The text that may not be cut is longer than the platform allows; `needed` and `limit` say by how much."""

    exit_status = 4

    def __init__(self, message: str, needed: int, limit: int, hint: str = "") -> None:
        super().__init__(message, hint)
        self.needed = needed
        self.limit = limit


class TemplateFailed(NightdeskError):
    """A template cannot be read, parsed or rendered; the message names file and line."""

    exit_status = 3


class TemplateBroken(TemplateFailed):
    """A template that fails for every article: it is missing, unreadable, or has a mistake in it."""


class AlreadyRunning(NightdeskError):
    """Another run holds the instance lock."""

    exit_status = 6


class TryAgainLater(NightdeskError):
    """The database, the sandbox, a port or a source cannot be reached now."""

    exit_status = 75
