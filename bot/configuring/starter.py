"""The files of a new home, as `nightdesk init` writes them: settings with comments and a template a platform."""

from __future__ import annotations

from pathlib import Path

from bot.errors import UsageError
from bot.resources import package_folder

STARTER_FILES = ("config/nightdesk.toml", "templates/posts/x.txt.j2", "templates/posts/facebook.txt.j2")


def write_starter(folder: Path) -> list[Path]:
    """Write the starter files below `folder` (made when missing); returns their paths.

    All or nothing: when one of them is there already, or cannot be written, raises UsageError and leaves none behind.
    """
    folder = folder.absolute()
    targets = [folder / name for name in STARTER_FILES]
    for target in targets:
        if target.exists() or target.is_symlink():
            raise UsageError(f"{target} exists already and is not overwritten.", "Choose another folder, or remove it.")
    written: list[Path] = []
    try:
        for name, target in zip(STARTER_FILES, targets, strict=True):
            write_new(target, packaged(name))
            written.append(target)
    except OSError as error:
        for target in written:
            target.unlink(missing_ok=True)
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror}.") from None
    return written


def packaged(name: str) -> bytes:
    top, _, rest = name.partition("/")
    return (package_folder(top) / rest).read_bytes()


def write_new(target: Path, content: bytes) -> None:
    """Write `content` under another name first, so that `target` is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.new")
    try:
        unfinished.write_bytes(content)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
