"""Secrets, found where the settings point: an environment variable, a file, or a systemd credential.

A secret never stands in the settings, and no message of this module repeats one. Whatever is found is registered
with the log, which covers it from then on.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bot.account import SecretRef
from bot.errors import ConfigurationError

LONGEST = 65_536  # bytes; a token of either platform has a few hundred


def secret(ref: SecretRef, home: Path, *, used_for: str = "") -> str:
    """The secret that `ref` points to, without the line end after it; a relative file starts at `home`.

    `used_for` names, in messages, what needs it, such as `x-main: api_key`. Raises ConfigurationError when it is
    missing, empty, more than one line, or in a file that other users of the machine can read.
    """
    from bot.logs import register_secret

    purpose = f" (for {used_for})" if used_for else ""
    if ref.kind == "env":
        value, place = from_environment(ref.name, purpose), f"The environment variable {ref.name}{purpose}"
    elif ref.kind == "file":
        value, place = from_file(home / ref.name, purpose), f"The secret file {home / ref.name}{purpose}"
    else:
        value, place = from_credential(ref.name, purpose), f"The credential '{ref.name}'{purpose}"
    value = value.rstrip("\r\n")
    if not value:
        raise ConfigurationError(f"{place} is empty.", "Put the secret into it.")
    if not value.isprintable() or any(character.isspace() for character in value):
        raise ConfigurationError(f"{place} holds white space or more than one line.", "It must hold the secret alone.")
    register_secret(value)
    return value


def from_environment(variable: str, purpose: str) -> str:
    if variable not in os.environ:
        raise ConfigurationError(f"The environment variable {variable}{purpose} is not set.", "Set it and start again.")
    return os.environ[variable]


def from_credential(name: str, purpose: str) -> str:
    """A file in $CREDENTIALS_DIRECTORY. systemd guards the folder, so the file's own mode says nothing."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ConfigurationError(
            f"The credential '{name}'{purpose} cannot be read: $CREDENTIALS_DIRECTORY is not set.",
            "Start Nightdesk as a systemd service with LoadCredential, or use { file = … }.",
        )
    return contents(Path(folder) / name, purpose, private=False)


def from_file(path: Path, purpose: str) -> str:
    return contents(path, purpose, private=True)


def contents(path: Path, purpose: str, *, private: bool) -> str:
    """The text of a small regular file; when `private`, only of one that nobody but its owner can read."""
    place = f"The secret file {path}{purpose}"
    try:
        with open(path, "rb", opener=open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(f"{place} is not a file.")
            if private and status.st_mode & 0o077:
                raise ConfigurationError(
                    f"{place} can be read by other users of this machine.", f"Close it with: chmod 600 {path}"
                )
            found = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise ConfigurationError(f"{place} is missing.", "Create it, then chmod 600.") from None
    except OSError as error:
        raise ConfigurationError(f"{place} cannot be read: {error.strerror}.") from None
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if len(found) > LONGEST or (found and not text):
        raise ConfigurationError(f"{place} is not a line of text.")
    return text


def open_at_once(path: str, flags: int) -> int:
    """Opening without waiting: a named pipe in the file's place cannot hang the run."""
    return os.open(path, flags | os.O_NONBLOCK)
