"""Finds what X makes of the signs @, # and $ in a text, exactly as twitter-text 3.1.0 does, in linear time.

X links hashtags and cashtags and notifies whoever is mentioned. As in `xurls`, the patterns go from sign to sign and
their quantifiers are possessive. What the reference consumes with a match, a match that it then throws away included,
cannot stand before the next one: `floor` is where that ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from bot.text.xlength import extract_urls
from bot.text.xtables import entity_classes
from bot.text.xurls import FoundUrl


class FoundEntity(NamedTuple):
    """A hashtag, mention or cashtag: `text` without its sign, which stands at `start`; offsets in code points."""

    text: str
    start: int
    end: int


class FoundMention(NamedTuple):
    """A mention of an account or, with a `list_slug` such as `/press`, of a list of it."""

    text: str
    list_slug: str
    start: int
    end: int


def extract_hashtags(text: str) -> list[FoundEntity]:
    """The hashtags X sees in `text`. One that begins inside a link is a part of the link."""
    tags = list(_hashtags(text))
    if not tags:
        return []
    entities: list[FoundEntity | FoundUrl] = [*tags, *extract_urls(text)]
    found: list[FoundEntity] = []
    end = 0
    for each in sorted(entities, key=lambda entity: entity.start):
        if each.start >= end:
            end = each.end
            if isinstance(each, FoundEntity):
                found.append(each)
    return found


def extract_mentions(text: str) -> list[FoundEntity]:
    """The accounts that `text` mentions; those of lists are not among them."""
    return [FoundEntity(each.text, each.start, each.end) for each in _mentions(text) if not each.list_slug]


def extract_mentions_or_lists(text: str) -> list[FoundMention]:
    """The accounts and the accounts' lists that `text` mentions."""
    return list(_mentions(text))


def extract_cashtags(text: str) -> list[FoundEntity]:
    """The cashtags X sees in `text`: symbols of up to six letters, with a dot or underscore and two more at most."""
    if "$" not in text:
        return []
    return [FoundEntity(found[1], found.start(), found.end()) for found in _patterns().cashtag.finditer(text)]


class _Patterns(NamedTuple):
    hashtag: re.Pattern[str]
    mention: re.Pattern[str]
    cashtag: re.Pattern[str]
    after_hashtag: re.Pattern[str]
    after_mention: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    classes = entity_classes()
    letter, other = classes["hashtag_letter"], classes["hashtag_other"]
    end_of_cashtag = rf"(?=\Z|[{classes['after_cashtag']}])"
    return _Patterns(
        # What may be part of a hashtag may not stand before one, but for the two selectors of text and emoji.
        hashtag=re.compile(
            rf"(?:(?<=[\ufe0e\ufe0f])|(?<![&\ud800-\udfff{letter}{other}]))"
            rf"[#＃](?![\ufe0f\u20e3])([{other}]*+[{letter}][{letter}{other}]*+)"
        ),
        mention=re.compile(
            rf"(?:(?<![{classes['not_before_mention']}])|(?<=[Rr][Tt])(?<![{classes['not_before_rt']}][Rr][Tt]))"
            r"[@＠]([A-Za-z0-9_]{1,20}+)(/[A-Za-z][A-Za-z0-9_-]{0,24}+)?"
        ),
        cashtag=re.compile(
            rf"(?<![^{classes['before_cashtag']}])"
            rf"\$([A-Za-z]{{1,6}}+(?:[._][A-Za-z]{{1,2}}+{end_of_cashtag})?){end_of_cashtag}"
        ),
        after_hashtag=re.compile("[#＃]|://"),
        after_mention=re.compile(f"[{classes['not_after_mention']}]|://"),
    )


def _hashtags(text: str) -> Iterator[FoundEntity]:
    """Hashtags, those inside links as well."""
    if "#" not in text and "＃" not in text:
        return
    patterns, floor = _patterns(), 0
    for found in patterns.hashtag.finditer(text):
        if found.start() == 0 or found.start() > floor:
            floor = found.end()
            if not patterns.after_hashtag.match(text, floor):
                yield FoundEntity(found[1], found.start(), floor)


def _mentions(text: str) -> Iterator[FoundMention]:
    if "@" not in text and "＠" not in text:
        return
    patterns, floor = _patterns(), 0
    for found in patterns.mention.finditer(text):
        if found.start() == 0 or found.start() > floor:
            floor = found.end()
            if not patterns.after_mention.match(text, floor):
                yield FoundMention(found[1], found[2] or "", found.start(), floor)
