"""The official conformance cases of twitter-text, each a test of its own.

They are read from the folder `shared` beside the checkout and never copied; where it is absent they skip.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import SHARED

from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions, extract_mentions_or_lists
from bot.text.xlength import FoundUrl, Measure, extract_urls
from bot.text.xtables import reference_tables, rules

OFFICIAL = SHARED / "twitter-text"

# Section of validate.yml -> the configuration it was written for, and how many cases it has.
COUNTER_SECTIONS = {
    "tweets": (1, 8),
    "WeightedTweetsCounterTest": (2, 20),
    "WeightedTweetsWithDiscountedEmojiCounterTest": (3, 22),
    "UnicodeDirectionalMarkerCounterTest": (3, 2),
}
URL_SECTIONS = {"urls": 91, "urls_with_indices": 10, "urls_with_directional_markers": 2, "tco_urls_with_params": 5}
ENTITY_SECTIONS = {
    "hashtags": 65,
    "hashtags_with_indices": 8,
    "hashtags_from_astral": 3,
    "mentions": 23,
    "mentions_with_indices": 3,
    "mentions_or_lists_with_indices": 5,
    "cashtags": 8,
    "cashtags_with_indices": 2,
}
EXTRACT = {"hashtags": extract_hashtags, "mentions": extract_mentions, "cashtags": extract_cashtags}
TLD_SECTIONS = {"country": 315, "generic": 1259}


@cache
def sections(name: str) -> dict[str, list[dict[str, Any]]]:
    """The sections of one official file. In tlds.yml everything is text: YAML would read the domain `no` as false."""
    kind = "BaseLoader" if name == "tlds.yml" else "SafeLoader"
    loader = getattr(yaml, f"C{kind}", None) or getattr(yaml, kind)
    return yaml.load((OFFICIAL / name).read_text("utf-8"), loader)["tests"]


def slug(words: str) -> str:
    return re.sub(r"[^\w]+", "-", words.lower()).strip("-")


def cases(name: str, *wanted: str) -> list[Any]:
    """(section, case) for each case of the wanted sections, named after its description."""
    if not OFFICIAL.is_dir():
        return [pytest.param(section, {}, id=f"{section}-absent") for section in wanted]
    return [
        pytest.param(section, case, id=f"{section}-{number}-{slug(case['description'])}")
        for section in wanted
        for number, case in enumerate(sections(name)[section], 1)
    ]


@cache
def measure(version: int) -> Measure:
    return Measure(rules(version), reference_tables())


@pytest.mark.parametrize(("section", "case"), cases("validate.yml", *COUNTER_SECTIONS))
def test_counts_and_validates_as_the_official_cases_say(shared: Path, section: str, case: dict[str, Any]) -> None:
    version, _ = COUNTER_SECTIONS[section]
    parsed = measure(version).parse(case["text"])
    if section == "tweets":
        assert parsed.valid is case["expected"]
        return
    assert {
        "weightedLength": parsed.weighted_length,
        "valid": parsed.valid,
        "permillage": parsed.permillage,
        "displayRangeStart": 0,
        "displayRangeEnd": parsed.display_range_end,
        "validRangeStart": 0,
        "validRangeEnd": parsed.valid_range_end,
    } == case["expected"]


@pytest.mark.parametrize(("section", "case"), cases("extract.yml", *URL_SECTIONS))
def test_finds_the_urls_of_the_official_cases(shared: Path, section: str, case: dict[str, Any]) -> None:
    found = extract_urls(case["text"])
    expected = case["expected"]
    if expected and isinstance(expected[0], dict):
        assert found == [FoundUrl(each["url"], *each["indices"]) for each in expected]
    else:
        assert [each.url for each in found] == expected


@pytest.mark.parametrize(("section", "case"), cases("extract.yml", *ENTITY_SECTIONS))
def test_finds_the_entities_of_the_official_cases(shared: Path, section: str, case: dict[str, Any]) -> None:
    kind = section.partition("_")[0]
    expected = case["expected"]
    if section == "mentions_or_lists_with_indices":
        found = [
            (each.text, each.list_slug, [each.start, each.end]) for each in extract_mentions_or_lists(case["text"])
        ]
        assert found == [(each["screen_name"], each["list_slug"], each["indices"]) for each in expected]
    elif section.endswith("_with_indices"):
        name = {"hashtags": "hashtag", "mentions": "screen_name", "cashtags": "cashtag"}[kind]
        assert EXTRACT[kind](case["text"]) == [(each[name], *each["indices"]) for each in expected]
    else:
        assert [each.text for each in EXTRACT[kind](case["text"])] == expected


@pytest.mark.parametrize(("section", "case"), cases("tlds.yml", *TLD_SECTIONS))
def test_knows_every_top_level_domain_of_the_official_list(shared: Path, section: str, case: dict[str, Any]) -> None:
    assert all(isinstance(value, str) for value in [case["text"], *case["expected"]])
    assert [each.url for each in extract_urls(case["text"])] == case["expected"]


def test_no_official_case_is_lost(shared: Path) -> None:
    counted = {name: len(sections("validate.yml")[name]) for name in COUNTER_SECTIONS}
    assert counted == {name: number for name, (_, number) in COUNTER_SECTIONS.items()}
    assert {name: len(sections("extract.yml")[name]) for name in URL_SECTIONS} == URL_SECTIONS
    assert {name: len(sections("extract.yml")[name]) for name in ENTITY_SECTIONS} == ENTITY_SECTIONS
    assert {name: len(sections("tlds.yml")[name]) for name in TLD_SECTIONS} == TLD_SECTIONS
