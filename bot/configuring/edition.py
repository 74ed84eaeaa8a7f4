"""Which settings and templates a worker has: what they say, and when the newest of their files was written.

Workers that share a database agree on the newest edition that any of them has accepted, so that one with an old copy
of the home sends nothing by old rules. An edition is text that sorts by time: `<newest change in ns> <hash>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_DIGITS = 20


def is_later(one: str, *, than: str) -> bool:
    """Whether edition `one` says something else than the other and was written later. Unknown ones ("") are never."""
    return bool(one and than) and one.partition(" ")[2] != than.partition(" ")[2] and one > than


@dataclass(slots=True)
class Editions:
    """Reads the edition of a home again and again, at the price of a `stat` of each file while nothing changes.

    `settings` are the bytes in force: what lies on the disk may have a mistake in it and not be taken up.
    """

    settings_file: Path
    templates: Path
    settings: bytes = b""
    settings_changed: int = 0
    _seen: tuple[tuple[str, int, int], ...] = ()
    _said: str = ""
    _hashes: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def take_settings(self) -> None:
        """The settings file as it is now is in force."""
        try:
            self.settings = self.settings_file.read_bytes()
            self.settings_changed = self.settings_file.stat().st_mtime_ns
        except OSError:
            pass  # what was in force stays
        self._said = ""

    def now(self) -> str:
        """The edition in force at this moment."""
        seen = tuple(_stats(self.templates))
        if seen != self._seen or not self._said:
            self._hashes = {stat: self._hashes.get(stat) or _hash_of(self.templates / stat[0]) for stat in seen}
            told = hashlib.sha256(self.settings)
            for stat in seen:
                told.update(f"\0{stat[0]}\0{self._hashes[stat]}".encode("utf-8", "surrogatepass"))
            newest = max([self.settings_changed, *(stat[1] for stat in seen)])
            self._seen, self._said = seen, f"{newest:0{_DIGITS}} {told.hexdigest()[:32]}"
        return self._said


def _stats(folder: Path) -> Iterable[tuple[str, int, int]]:
    """Each file and folder below: its name, when it changed, its size. A deletion shows in its folder's time."""
    for path in sorted([folder, *folder.rglob("*")]):
        try:
            stat = path.stat()
        except OSError:
            continue  # it has just gone
        yield str(path.relative_to(folder)), stat.st_mtime_ns, stat.st_size


def _hash_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    except OSError:
        return ""
