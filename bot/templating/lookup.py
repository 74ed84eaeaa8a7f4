"""Which file writes a post: the most special template there is for an article's section, source, kind and language.

Beside `posts/x.txt.j2` a newsroom may keep a folder of its name with `sport.txt.j2` for a section, `reuters.txt.j2` for
a source, `breaking.txt.j2` for a kind of article. A language stands before the ending, as in `posts/x.az.txt.j2` or
`posts/x/sport.az.txt.j2`, and a number behind that marks a variant: `posts/x.2.txt.j2`.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import regex

from bot.templating.languages import subtags
from bot.text.clean import folded, one_line

_ENDING = re.compile(r"(?:\.txt)?\.[^.]+\Z")
_NUMBER = re.compile(r"[2-9]|[1-9][0-9]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_WORDS: Any = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LONGEST = 200  # characters of a section's name that are looked at

Special = tuple[str, str]  # a place (a section, source or kind as a file names it; "" for any) and a language or ""
Family = Mapping[Special, list[str]]


def find(
    folders: Sequence[Path], base: str, *, kinds: Sequence[str], section: str, source: str, language: str, key: str
) -> str:
    """The name of the template file that is used in place of `base`, an account's template such as `posts/x.txt.j2`.

    Among the variants that `variants` gives, a stable hash of `key` chooses: the same key always gets the same one.
    """
    return choice(variants(folders, base, kinds=kinds, section=section, source=source, language=language), key)


def variants(
    folders: Sequence[Path],
    base: str,
    *,
    kinds: Sequence[str],
    section: str,
    source: str,
    language: str,
    look: Callable[[Path, str], Family] | None = None,
) -> list[str]:
    """The names of the files that may be used in place of `base` for such an article, in the order of their numbers.

    Section goes before source, source before the `kinds` in their order, and for each of them the article's language
    before any language; `base` comes last, and is the answer where there is nothing at all. The first folder that has
    any of them decides, so that a home's own template is not passed over for a more special one of the package; a home
    whose `base` is still as it was shipped has no own one in this sense. `look` does what `family` does.
    """
    places = [place for name in (section, source, *kinds) if (place := slug(name))]
    tongues = _tongues(language)
    specials = [(place, tongue) for place in (*places, "") for tongue in tongues]
    for index, folder in enumerate(folders):
        there = (look or family)(folder, base)
        names = next((there[special] for special in specials if special in there), [])
        if names and not (
            names == [base] and is_shipped(folder / base, [each / base for each in folders[index + 1 :]])
        ):
            return names
    return [base]


def relatives(folders: Sequence[Path], base: str) -> list[str]:
    """Every name that `find` could give for `base`, whatever the article; sorted, `base` first."""
    found = {name for folder in folders for names in family(folder, base).values() for name in names}
    return [base, *sorted(found - {base})]


def slug(name: str) -> str:
    """A section, source or kind as a file is named after it: `Arts & Culture` → `arts-culture`, `İdman` → `idman`."""
    return "-".join(_WORDS.findall(folded(one_line(name[:_LONGEST]))))


def is_shipped(file: Path, shipped: Sequence[Path]) -> bool:
    """Whether the file says the same as one of `shipped`, those that are there."""
    return any(other.is_file() and filecmp.cmp(file, other) for other in shipped)


def _tongues(language: str) -> list[str]:
    """`az-Latn-AZ` → that, `az-latn`, `az`, and "" for a template of no language."""
    parts = subtags(language)
    return ["-".join(parts[:length]) for length in range(len(parts), -1, -1)]


def choice(names: Sequence[str], key: str) -> str:
    """One of the variants, always the same for the same key."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
    return names[int.from_bytes(digest[:8], "big") % len(names)]


def family(folder: Path, base: str) -> Family:
    """The files in `folder` that stand for `base`, by what they are for; variants in the order of their numbers."""
    path = PurePosixPath(base)
    if path.is_absolute() or ".." in path.parts:
        return {}
    top, name = os.path.split(base)
    ending = _ENDING.search(name)
    stem = name[: ending.start()] if ending else name
    beside = os.path.join(folder, top)
    return _sorted_out(base, stem, _files(beside), _files(os.path.join(beside, stem)))


@lru_cache(maxsize=500)
def _sorted_out(base: str, stem: str, beside: tuple[str, ...], below: tuple[str, ...]) -> Mapping[Special, list[str]]:
    """What the files beside a template and those in the folder of its name are for."""
    top, name = os.path.split(base)
    tail = name.removeprefix(stem)
    found: dict[Special, list[tuple[int, str]]] = {}
    for place, between, file in (*_beside(name, stem, tail, beside), *_below(stem, tail, below)):
        if (reading := _language_and_number(between)) is not None:
            language, number = reading
            found.setdefault((place, language), []).append((number, os.path.join(top, file)))
    return {special: [file for _, file in sorted(files)] for special, files in found.items()}


def _beside(name: str, stem: str, tail: str, files: Sequence[str]) -> Iterator[tuple[str, list[str], str]]:
    """`x.txt.j2` itself and `x.az.txt.j2`, `x.2.txt.j2`: place "", what stands between the dots, the name."""
    for file in files:
        if file == name:
            yield "", [], file
        elif file.startswith(f"{stem}.") and file.endswith(tail):
            yield "", file[len(stem) + 1 : len(file) - len(tail)].split("."), file


def _below(stem: str, tail: str, files: Sequence[str]) -> Iterator[tuple[str, list[str], str]]:
    """`x/sport.txt.j2`, `x/sport.az.2.txt.j2`."""
    for file in files:
        if file.endswith(tail):
            place, *between = file.removesuffix(tail).split(".")
            if place := slug(place):
                yield place, between, os.path.join(stem, file)


def _language_and_number(between: list[str]) -> tuple[str, int] | None:
    """What stands before a file's ending: a language or none, a variant's number or none. None for anything else."""
    number = int(between.pop()) if between and _NUMBER.fullmatch(between[-1]) else 1
    language = between.pop().lower().replace("_", "-") if between else ""
    if between or (language and not _LANGUAGE.fullmatch(language)):
        return None
    return language, number


def _files(folder: str) -> tuple[str, ...]:
    """Asked anew each time: a file that was just put there counts for the next post."""
    try:
        with os.scandir(folder) as entries:
            return tuple(entry.name for entry in entries if entry.is_file())
    except OSError:
        return ()
