"""The data of X's measure: weights, character classes, top-level domains and emoji, read once when first asked for.

The files in `data/` are written by `scripts/refresh_text_tables.py`, from the packages that each of them names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One configuration of twitter-text. All weights are in weighted characters.

    A character inside `light_ranges` (body of a regular expression's `[...]`) weighs `light`, any other `heavy`.
    """

    version: int
    limit: int
    url_length: int
    light: int
    heavy: int
    light_ranges: str
    counts_emoji: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Top-level domains, in the order in which they are tried, and emoji sequences of two or more code points."""

    tlds: tuple[str, ...]
    emoji: frozenset[str]


@cache
def rules(version: int = 3) -> Rules:
    """Version 1 (140 characters, all alike), 2 (280, weights) or 3 (the same and emoji; the library's default)."""
    config = _read("x_rules")["configs"][str(version)]
    scale, ranges = config["scale"], config["ranges"]
    heavy = config["defaultWeight"] // scale
    return Rules(
        version=version,
        limit=config["maxWeightedTweetLength"],
        url_length=config["transformedURLLength"],
        light=ranges[0]["weight"] // scale if ranges else heavy,
        heavy=heavy,
        light_ranges="".join(_range(each["start"], each["end"]) for each in ranges),
        counts_emoji=config.get("emojiParsingEnabled", False),
    )


@cache
def character_classes() -> Mapping[str, str]:
    """Name of a class of the reference -> body for `[...]`, already widened by what its ignore-case flag takes in."""
    return _classes("x_rules")


@cache
def entity_classes() -> Mapping[str, str]:
    """The same for hashtags, mentions and cashtags, which nothing needs that only counts."""
    return _classes("x_entities")


@cache
def same_letter() -> Mapping[str, str]:
    """Letter outside ASCII -> all letters that the reference takes for the same one when it ignores case."""
    return {letter: same for same in _read("x_rules")["same_letter"].split() for letter in same}


@cache
def reference_tables() -> Tables:
    """What twitter-text 3.1.0 itself knows (Emoji 11, the top-level domains of 2019)."""
    return _tables("x_reference")


@cache
def newer_tables() -> Tables:
    """The reference's tables and what has come since."""
    reference, newer = reference_tables(), _tables("x_newer")
    return Tables(tlds=reference.tlds + newer.tlds, emoji=reference.emoji | newer.emoji)


@cache
def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


def _classes(name: str) -> Mapping[str, str]:
    classes = _read(name)["classes"]
    return {name: "".join(map(_from_hexadecimal, ranges.split())) for name, ranges in classes.items()}


def _tables(name: str) -> Tables:
    content = _read(name)
    return Tables(
        tlds=tuple(" ".join(content["tlds"]).split()),
        emoji=frozenset(" ".join(content["emoji"]).split()),
    )


def _from_hexadecimal(text: str) -> str:
    first, _, last = text.partition("-")
    return _range(int(first, 16), int(last or first, 16))


def _range(first: int, last: int) -> str:
    return f"\\U{first:08x}-\\U{last:08x}"
