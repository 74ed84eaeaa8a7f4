"""Finds the folders that travel with the package: the default templates and the commented settings."""

from __future__ import annotations

from pathlib import Path

from bot.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent


def package_folder(name: str) -> Path:
    """The folder `templates` or `config` as shipped, whether installed from a wheel or run from a checkout.

    A wheel carries them inside the package, in `_data`; in a checkout they stand at the top level. Raises
    ConfigurationError when neither is there.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ConfigurationError(
        f"This installation of Nightdesk is incomplete: its folder “{name}” is missing.", "Install it again."
    )
