"""The first use of a template: tried once in a process under limits, by whichever command it is that uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from bot.errors import TemplateBroken, TemplateFailed
from bot.templating.guarded import GuardedTemplates, TooCostly, too_costly


class FirstUse:
    """Refuses a template that takes too much time or memory, before anything is made of it in this process.

    It goes by a template's text: each is tried once as long as this lives, however often its file is touched. Those
    that came with Nightdesk, `shipped`, are known to be sound, so a home that changed none of them starts no process.
    """

    def __init__(
        self, shipped: Path, *, guarded: Callable[[], GuardedTemplates] = lambda: GuardedTemplates([])
    ) -> None:
        self._shipped = shipped
        self._guarded = guarded
        self._sound: dict[bytes, bool] = {}
        self._one_at_a_time = Lock()

    def __call__(self, name: str, source: str) -> None:
        """Raises TooCostly; TemplateBroken when it could not be tried, which is no verdict and is done anew."""
        with self._one_at_a_time:
            known = self._sound = self._sound or _texts_in(self._shipped)
            digest = _digest(source.encode())
            if digest not in known:
                known[digest] = self._is_sound(name, source)
            if not known[digest]:
                raise too_costly(name)

    def _is_sound(self, name: str, source: str) -> bool:
        try:
            with self._guarded() as templates:
                templates.weigh(name, source)
        except TooCostly:
            return False
        except TemplateBroken:
            raise
        except TemplateFailed:
            pass  # a mistake, which is told where the template is compiled
        return True


def _texts_in(folder: Path) -> dict[bytes, bool]:
    return {_digest(file.read_bytes()): True for file in folder.rglob("*.j2")}


def _digest(source: bytes) -> bytes:
    return hashlib.sha256(source).digest()
