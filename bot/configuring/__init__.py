"""The settings of a home: found, read, validated, and the starter files that `init` writes."""

from __future__ import annotations

from bot.configuring.reading import SETTINGS_FILE, find_home, load
from bot.configuring.secrets import secret
from bot.configuring.starter import write_starter

__all__ = ["SETTINGS_FILE", "find_home", "load", "secret", "write_starter"]
