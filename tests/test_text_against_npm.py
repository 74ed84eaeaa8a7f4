"""The measure against twitter-text itself, string by string, on random text made of what is hard about it.

Needs `node` and the npm package, which `make fuzz` and `make bench` fetch into a folder of their own; skipped where
either is missing.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.peers import folder_of, is_ready
from bench.rows import NPM
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions_or_lists
from bot.text.xlength import extract_urls, limit_length, parse
from bot.text.xtables import newer_tables, reference_tables

STRINGS = 24_000
SEED = int(os.environ.get("FUZZ_SEED", "2026"))  # `make fuzz SEED=7` makes other strings

ASK = """
const twitter = require("twitter-text");
const strings = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(strings.map(text => {
  const parsed = twitter.parseTweet(text);
  return [
    [parsed.weightedLength, parsed.valid, parsed.permillage, parsed.validRangeEnd, parsed.displayRangeEnd],
    twitter.extractUrlsWithIndices(text).map(found => [found.url, ...found.indices]),
    twitter.extractHashtagsWithIndices(text).map(found => [found.hashtag, ...found.indices]),
    twitter.extractMentionsOrListsWithIndices(text).map(found => [found.screenName, found.listSlug, ...found.indices]),
    twitter.extractCashtagsWithIndices(text).map(found => [found.cashtag, ...found.indices]),
  ];
})));
"""

# Pieces that mean something to the measure, alone or beside each other. No lone surrogates, of which Python and
# JavaScript make different pairs, and no line ends but \n, which `limit_length` folds on purpose.
PIECES = [
    *"ab19.-_/:@#$＠＃?=&!()[]'*%+,;~|–\n\t \u00a0\u3000\u200e\u2066\ufeff\uffff\0\x01",
    *"éəıİſßЯ日本か\u3099한…“₼\u037e\u212a\u0301\u0345ιɂⱥᲀ😀🎉⚽❤©🏽♂\ufe0f\ufe0e\u200d\u20e3🇦",
    *("http://", "https://", "HTTPS://", "ftp://", "https://t.co/", "www.", "//", "..", "((", ":80", "/path", "/p(a)q"),
    *("/a.(b)", "/(a(b)c)", "/новости", "?q=1", "?q=да", "#frag", "example.com", "Example.COM", "co.uk", "a_b.com"),
    *("_a.com", "-a.com", "a-b.com", "a.com日本", "a.com日本.jp/p", "b.c.d.com", "x.y.", "xn--", "a.xn--p1ai"),
    *("новости.рф", "Рф", "ελ", "ϵλ", "გე", "ᲒᲔ", "भारतम्", "嘉里大酒店", "vermögensberater", "VERMÖGENSBERATER"),
    *("\u1112\u1161\u11ab", "1\ufe0f\u20e3", "👩\u200d👩\u200d👧", "\u261d\ufe0f\U0001f3fd", "🇦🇿", "e\u0301"),
    *("a" * 63 + ".com", "a" * 64 + ".com", "é" * 58 + ".com", "é" * 60 + ".com", "日" * 12 + ".com"),
]


# What is hard about hashtags, mentions and cashtags.
SIGNS = [
    *"@@##$$＠＃&  .:/_-~Aaéəž9٣日·\n\x85\u180e\u3000\u200c\u200d\ufe0e\ufe0f\u20e3✌😀🏽\U00020021\U000104a0\U0001d7ce",
    *("RT", "rt:", " rT@", "://", "a.co", "http://a.co/", "@a/l", "/l-", "@" + "a" * 20, "@" + "a" * 21),
    *("/" + "l" * 25, "#a", "#1", "#_a", "＃日本", "#\u0e01\u0e31", "#a\ufe0f"),
    *("$A", " $AB", " $abcdef", " $abcdefg", ".b", "_cd", "$A.b"),
]


def piece(chance: random.Random, tlds: tuple[str, ...], emoji: list[str]) -> str:
    """A piece of a text about links."""
    kind = chance.random()
    if kind < 0.06:
        return "." + chance.choice(tlds)
    if kind < 0.10:
        return f"https://{chance.choice(['a', 'b.c', '日本', 'x_y.z', 'é'])}.{chance.choice(tlds)}/"
    if kind < 0.16:
        return chance.choice(emoji)
    return chance.choice(PIECES)


def strings() -> Iterator[str]:
    chance = random.Random(SEED)
    tlds, emoji = reference_tables().tlds, sorted(newer_tables().emoji)
    for number in range(STRINGS):
        size = chance.randint(1, 20)
        if number % 4:
            text = "".join(piece(chance, tlds, emoji) for _ in range(size))
        else:
            text = "".join(chance.choices(SIGNS, k=size))
        if number % 20 == 0:
            text *= chance.randint(2, 20)
        if number % 200 == 0:
            text += "https://a.com/" + "b" * chance.choice([4073, 4074, 4075, 4080, 5000])
        yield text


def in_code_points(text: str, units: int) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass"))


@pytest.fixture(scope="module")
def answers() -> list[tuple[str, Any]]:
    """Each string with what npm's twitter-text says of it."""
    if not shutil.which("node"):
        pytest.skip("needs `node`, which is not on this machine")
    if not is_ready(NPM.packages):
        pytest.skip("needs npm's twitter-text, which is not here: `make fuzz` fetches it")
    texts = list(strings())
    command = ["node", "-e", ASK]
    done = subprocess.run(
        command, cwd=folder_of(NPM.packages), input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return list(zip(texts, json.loads(done.stdout), strict=True))


def test_the_measure_agrees_with_npm_in_every_field(answers: list[tuple[str, Any]]) -> None:
    assert [text for text, (fields, *_) in answers if list(parse(text)) != fields] == []


def differing(answers: list[tuple[str, Any]], column: int, extract: Callable[[str], list[Any]]) -> list[str]:
    """The texts in which `extract` finds something else than npm, whose offsets are in UTF-16 units."""

    def expected(text: str, found: list[Any]) -> list[Any]:
        return [(*words, in_code_points(text, start), in_code_points(text, end)) for *words, start, end in found]

    return [text for text, answer in answers if extract(text) != expected(text, answer[column])]


def test_the_links_are_those_of_npm(answers: list[tuple[str, Any]]) -> None:
    assert differing(answers, 1, extract_urls) == []


def test_the_hashtags_mentions_and_cashtags_are_those_of_npm(answers: list[tuple[str, Any]]) -> None:
    assert differing(answers, 2, extract_hashtags) == []
    assert differing(answers, 3, extract_mentions_or_lists) == []
    assert differing(answers, 4, extract_cashtags) == []


def test_the_count_held_against_the_limit_is_never_below_that_of_npm(answers: list[tuple[str, Any]]) -> None:
    assert [text for text, (fields, *_) in answers if limit_length(text) < fields[0]] == []
