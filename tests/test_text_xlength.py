"""X's measure beyond the official cases: safe counts, offsets, hostile text, and the tables it stands on."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from unicodedata import combining, normalize

import emoji
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.hostile import texts
from bot.text import xlength
from bot.text.measures import graphemes
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions_or_lists
from bot.text.xhosts import HostFinder, TopLevelDomains
from bot.text.xlength import (
    X_LIMIT,
    X_URL_LENGTH,
    display_length,
    extract_urls,
    limit_length,
    nfc,
    parse,
    weighted_length,
)
from bot.text.xtables import character_classes, newer_tables, reference_tables, rules
from tests.growth import seconds

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "refresh_text_tables.py"
DATA = ROOT / "bot" / "text" / "data"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
PHOENIX = "\U0001f426\u200d\U0001f525"  # of 2023, which the reference takes for two emoji and a joiner


# -- length ----------------------------------------------------------------------------------------

LENGTHS = {
    "nothing": ("", 0),
    "plain letters": ("Baku", 4),
    "Azerbaijani letters": ("Şəhər günü", 10),
    "Cyrillic": ("новости", 7),
    "Japanese counts double": ("東京の株価", 10),
    "an ellipsis counts double": ("…", 2),
    "an em dash and curly quotes count once": ("“a — b”", 7),
    "the euro sign counts double": ("€5", 3),
    "a manat sign counts double": ("₼", 2),
    "an emoji": ("🎉", 2),
    "a family is one emoji": (FAMILY, 2),
    "a ball with its emoji selector": ("⚽\ufe0f", 2),
    "a flag": ("🇦🇿", 2),
    "half a flag": ("🇦", 2),
    "three letters of flags": ("🇦🇿🇦", 4),
    "a keycap": ("1\ufe0f\u20e3", 2),
    "a copyright sign is a letter": ("©", 1),
    "a copyright sign with selector is an emoji": ("©\ufe0f", 2),
    "a gesture with selector and tone": ("\u261d\ufe0f\U0001f3fd", 2),
    "a sequence cut off in the middle": ("\U0001f468\u200d", 3),
    "a decomposed letter is put together first": ("e\u0301", 1),
    "a Hangul syllable in three parts is one": ("\u1112\u1161\u11ab", 2),
    "a carriage return is a character of its own": ("a\r\nb", 4),
    "NUL": ("a\0b", 3),
    "a lone surrogate": ("a\ud83d", 3),
    "a link": ("https://example.com/a/very/long/path/that/does/not/matter", 23),
    "a short link": ("http://a.co", 23),
    "a bare domain": ("see example.com/a", 27),
    "a file name that looks like a link": ("README.md", 23),
    "a port without path is no part of a bare link": ("a.com:80", 26),
    "two links": ("http://a.com http://b.com", 47),
    "two links glued together": ("http://a.comhttp://b.com", 22 + 2),
    "a link inside Japanese": ("東京example.com東京", 4 + 23 + 4),
    "an e-mail address is none": ("desk@example.com", 16),
    "an address without a name is none": ("http://127.0.0.1/", 17),
    "the longest link": ("https://a.com/" + "b" * 4074, 23),
    "a link one longer, as the protocol is added once more": ("https://a.com/" + "b" * 4075, 4089),
    "a bare link, measured with a protocol": ("a.com/" + "b" * 4082, 23),
    "a bare link one longer": ("a.com/" + "b" * 4083, 4089),
    "an underscore next to the top level": ("http://a_b.com", 14),
    "parentheses in a path": ("http://a.com/x_(y)", 23),
    "an emoji that a link tears apart": ("a.com日👩\u200d👩\u200d👧.jp/pp", 23 + 1 + 2 + 1 + 2 + 6),
    "an emoji that a link tears in half": ("a.com日👩\u200d👩\u200d👧.jp/p", 23 + 2 + 1 + 2 + 1 + 2 + 5),
    "a label too long to encode, but for its first half": ("😀" + "a" * 53 + ".a.com", 25),
    "the same label, whole": (" 😀" + "a" * 53 + ".a.com", 62),
    "an ideographic full stop parts a label": ("x" + "日" * 22 + "。" + "日" * 29 + ".a.com", 111),
    "a keycap that begins in a link": ("https://a.com/1\ufe0f\u20e3", 23 + 4),
}


@pytest.mark.parametrize(("text", "length"), LENGTHS.values(), ids=LENGTHS.keys())
def test_weighs_a_text_as_the_reference_does(text: str, length: int) -> None:
    assert weighted_length(text) == length
    assert parse(text).weighted_length == length


LIMITS = {
    "the same as the weight where the tables agree": ("Bakı 🎉 https://example.com/a", 31),
    "a line end counts once": ("a\r\nb\rc\nd", 7),
    "a link with a top-level domain newer than the reference": ("https://a.kids", 23),
    "a bare link with such a domain": ("see a.music now", 4 + 23 + 4),
    "such a domain in capitals": ("HTTPS://A.KIDS", 23),
    "an older reading that is longer": ("https://a.kids/" + "x" * 50, 65),
    "an emoji newer than the reference": (PHOENIX, 5),
    "a link whose domain nobody knows": ("https://a.zzz/b", 23),
    "the same, longer than a link": ("https://a.zzz/" + "b" * 20, 34),
    "two of them": ("https://a.zzz http://b.zzz", 47),
    "one beside an emoji that counts more by the reference": (f"{PHOENIX} https://a.zzz", 5 + 1 + 23),
    "such an emoji beside a domain newer than the reference": (f"{PHOENIX} https://a.kids", 5 + 1 + 23),
    "an unknown domain in another script": ("https://новости.ъъъ", 23),
    "an unknown bare domain is words": ("a.zzz", 5),
    "an address in digits is words": ("http://127.0.0.10/", 18),
    "a host without a dot is words": ("http://localhost/", 17),
    "a known domain that is no link is words": ("http://a_b.com", 14),
    "a protocol glued to a word is words": ("xhttp://a.zzz", 13),
}


@pytest.mark.parametrize(("text", "length"), LIMITS.values(), ids=LIMITS.keys())
def test_holds_the_larger_count_against_the_limit(text: str, length: int) -> None:
    assert limit_length(text) == length


def test_every_emoji_of_the_newest_unicode_is_shown_as_two_and_never_held_for_less() -> None:
    two_letters = {"\N{COPYRIGHT SIGN}", "\N{REGISTERED SIGN}"}  # light characters, emoji only with their selector
    assert {each for each in emoji.EMOJI_DATA if display_length(each) != 2} == two_letters
    assert {each for each in emoji.EMOJI_DATA if limit_length(each) < 2} == two_letters
    assert display_length(f"a\r\n{PHOENIX} https://a.kids") == 1 + 1 + 2 + 1 + 23


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"aé日🇦 .:/@-_\r\n", "https://", ".com", ".kids", ".zzz", PHOENIX, FAMILY]), max_size=20)
)
def test_the_limit_never_sees_less_than_the_reference(parts: list[str]) -> None:
    text = "".join(parts)
    assert limit_length(text) >= weighted_length(text.replace("\r\n", "\n").replace("\r", "\n"))


def test_a_text_is_valid_up_to_the_limit_and_when_it_says_something() -> None:
    assert parse("x" * X_LIMIT) == (280, True, 1000, 279, 279)
    assert parse("x" * X_LIMIT + "y") == (281, False, 1003, 279, 280)
    assert parse("") == (0, False, 0, 0, 0)


@pytest.mark.parametrize("forbidden", ["\ufffe", "\uffff", "\ufeff"])
def test_a_forbidden_character_makes_a_text_invalid_and_ends_its_valid_range(forbidden: str) -> None:
    assert parse(f"ab{forbidden}cd") == (6, False, 21, 1, 4)


def test_ranges_count_utf16_units_of_the_text_as_given() -> None:
    assert parse("e\u0301🎉") == (3, True, 10, 3, 3)
    assert parse("🎉" * 141)[3:] == (279, 281)
    assert parse("x" * 260 + " https://example.com/x")[3:] == (260, 281)
    assert parse("x" * 252 + " a.com日👩\u200d👩\u200d👧.jp/pp")[3:] == (264, 272)


# -- links -----------------------------------------------------------------------------------------

LINKS = {
    "none": ("no link, no. Dot.", []),
    "with a protocol": ("a https://example.com/x?y=1 b", [("https://example.com/x?y=1", 2, 27)]),
    "the full stop after it is left": ("See example.com.", [("example.com", 4, 15)]),
    "after an emoji, in code points": ("🎉 a.com", [("a.com", 2, 7)]),
    "in a host of another script": ("https://новости.рф/б", [("https://новости.рф/б", 0, 20)]),
    "in a host of many labels": ("https://a_b.c.d.новости.рф/", [("https://a_b.c.d.новости.рф/", 0, 27)]),
    "in capitals of another script": ("https://НОВОСТИ.РФ", [("https://НОВОСТИ.РФ", 0, 18)]),
    "bare, in another script": ("новости.рф", []),
    "bare, inside other letters": ("日本a.com日本", [("a.com", 2, 7)]),
    "a t.co link ends with its slug": ("https://t.co/abc/d", [("https://t.co/abc", 0, 16)]),
    "a t.co slug that is too long": ("https://t.co/" + "a" * 41, []),
    "a label that is too long": ("https://" + "a" * 64 + ".com", []),
    "an address that is too long": ("https://a.com/" + "a" * 5000, []),
    "bare domains with others between": (
        "example.com日本.jp/path",
        [("example.com/path", 0, 21)],
    ),
    "bare, the same domain twice": ("a.com日a.com", [("a.com", 0, 5), ("a.com", 6, 11)]),
    "bare, before labels that are none": ("a.com.zzz日.jp", [("a.com", 0, 5)]),
    "parentheses at the end of a path": ("http://a.com/x(y)(z)(", [("http://a.com/x(y)(z)", 0, 20)]),
    "not after a sign of a name": ("@a.com #b.com $c.com", []),
    "a top-level domain followed by a sign": ("a.com@ b.com+c", []),
    "Turkish letters are not ASCII ones": ("a.ınfo a.İNFO", []),
}


@pytest.mark.parametrize(("text", "links"), LINKS.values(), ids=LINKS.keys())
def test_finds_the_links_that_x_sees(text: str, links: list[tuple[str, int, int]]) -> None:
    assert extract_urls(text) == links


@pytest.mark.parametrize("before", ["", "e\u0301 ", "🎉 ", "か\u3099 ", "\u1112\u1161\u11ab\n", "\u212b "], ids=ascii)
def test_offsets_are_those_of_the_text_as_given_even_where_it_is_not_normalised(before: str) -> None:
    text = f"{before}https://example.com/cafe\u0301 {before}"
    [found] = extract_urls(text)
    assert text[found.start : found.end] == found.url == "https://example.com/cafe\u0301"
    assert weighted_length(text) == 2 * weighted_length(before) + 23 + 1


def test_a_link_that_only_normalisation_makes_counts_but_is_not_listed() -> None:
    kelvin = "\N{KELVIN SIGN}.com"
    assert extract_urls(kelvin) == []
    assert weighted_length(kelvin) == X_URL_LENGTH


def test_a_run_of_host_characters_gives_each_host_once() -> None:
    run = "www.example.com.zzz..b.net"
    hosts = HostFinder(TopLevelDomains(("com", "net", "рф"))).hosts(run, 0, len(run), 0, protocol=False)
    assert [(host.domain, host.before) for host in hosts] == [("www.example.com", ""), ("b.net", ".")]


# -- hostile text ----------------------------------------------------------------------------------

GROWING = {"limit_length": limit_length, "graphemes": graphemes, "hashtags": extract_hashtags}
GROWING |= {"mentions": extract_mentions_or_lists, "cashtags": extract_cashtags}


@pytest.mark.parametrize(
    ("short", "long"),
    [(short, long) for (_, short), (_, long) in zip(texts(20_000), texts(200_000), strict=True)],
    ids=[family for family, _ in texts(1)],
)
def test_time_grows_no_faster_than_the_text(short: str, long: str) -> None:
    limit_length("warm up https://a.kids")
    for name, work in GROWING.items():
        # Ten times the text takes about ten times as long; quadratic work would take a hundred times. A machine that
        # is busy elsewhere may spoil one measurement, not three.
        assert any(seconds(work, long) < 40 * max(seconds(work, short), 0.0005) for _ in range(3)), name


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters() | st.sampled_from("a.:/-_@\0\ud83d\ude00\u200d\ufe0f")))
def test_no_text_makes_it_raise(text: str) -> None:
    for each in (text, f"https://{text}.com/{text}", f"{text}.com"):
        assert limit_length(each) >= 0
        assert parse(each).weighted_length == weighted_length(each)
        assert all(0 <= found.start < found.end <= len(each) for found in extract_urls(each))


# -- normalisation ---------------------------------------------------------------------------------


def test_a_long_text_is_normalised_like_a_short_one() -> None:
    text = "e\u0301 か\u3099 \u1112\u1161\u11ab \u0061\u0323\u0302 مرحبا \u0928\u093c "
    assert nfc(text * 1000) == normalize("NFC", text * 1000)


def test_more_marks_in_a_row_than_any_language_has_are_left_as_they_are() -> None:
    marks = "\u0301\u0323" * 3000
    assert nfc(f"e\u0301{marks} e\u0301") == f"e\u0301{marks} \u00e9"


def test_normalisation_is_cut_only_before_characters_that_never_join_with_what_precedes() -> None:
    steady = re.compile(f"[{xlength._STEADY}]")
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    seconds_of_pairs = {
        decomposed[-1]
        for char in everything
        if len(decomposed := normalize("NFD", char)) > 1 and normalize("NFC", char) == char
    } - {char for char in everything if 0xAC00 <= ord(char) < 0xD7A4}
    for char in filter(steady.match, everything):
        first = normalize("NFD", char)[0]
        assert combining(first) == 0
        assert first not in seconds_of_pairs, ascii(char)


# -- tables ----------------------------------------------------------------------------------------


def test_the_constants_are_those_of_the_rules() -> None:
    assert (rules().limit, rules().url_length) == (X_LIMIT, X_URL_LENGTH)
    assert (rules(1).limit, rules(1).light, rules(1).heavy) == (140, 1, 1)
    assert [rules(version).counts_emoji for version in (1, 2, 3)] == [False, False, True]


def test_newer_tables_hold_all_of_the_reference_and_more() -> None:
    reference, newer = reference_tables(), newer_tables()
    assert newer.tlds[: len(reference.tlds)] == reference.tlds
    assert len(set(newer.tlds)) == len(newer.tlds) > len(reference.tlds)
    assert newer.emoji > reference.emoji
    assert {"com", "no", "рф", "onion"} <= set(reference.tlds)
    assert "kids" in newer.tlds
    assert PHOENIX in newer.emoji - reference.emoji


@pytest.mark.parametrize("tables", [reference_tables(), newer_tables()], ids=["reference", "newer"])
def test_tables_keep_what_the_search_relies_on(tables: object) -> None:
    assert all(tld[0].isalpha() and (tld.isalpha() or not tld.isascii()) for tld in tables.tlds)
    assert min(map(len, tables.emoji)) == 2
    joiners = {emoji[1] for emoji in tables.emoji}
    assert joiners <= {
        *map(chr, range(0x1F1E6, 0x1F200)),
        *map(chr, range(0x1F3FB, 0x1F400)),
        *"\u200d\u20e3\ufe0f\U000e0067",
    }


def test_of_two_top_level_domains_the_longer_wins() -> None:
    tlds = TopLevelDomains(newer_tables().tlds)
    for shorter, longer in pairwise(sorted(newer_tables().tlds)):
        if longer.startswith(shorter):
            assert tlds.end(f".{longer}", 1) == 1 + len(longer)


def test_each_table_says_where_it_is_from_and_names_no_place_on_a_network_or_machine() -> None:
    for path in DATA.glob("*.json"):
        text = path.read_text("utf-8")
        content = json.loads(text)
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", content["taken"])
        assert all(re.match(r"(npm|PyPI) \S+ [\d.]+ \(\S+\)", source) for source in content["sources"])
        assert not re.search(r"https?:|\w\.(org|com|io)\b|/(home|tmp|root|usr)/", text)


def test_character_classes_follow_javascript_when_they_ignore_case() -> None:
    latin = re.compile(f"[{character_classes()['latin_label']}]").fullmatch
    assert all(map(latin, "azAZ09-éÉŁ\u0399\u1fbe"))
    assert not any(map(latin, "_.日я\u212a"))


def test_tables_are_read_only_when_a_text_is_counted() -> None:
    program = "import bot.text.xlength, bot.text.xtables as t; print(t._read.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def refresh_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh_text_tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_pattern_is_written_out_in_full() -> None:
    expansion = refresh_script().Expansion(r"a(?:[b-d]\u0065|x?)|(\ud83d)(?!\ufe0e)[#*]")
    assert sorted(expansion.alternatives()) == ["a", "abe", "ace", "ade", "ax", "\ud83d#", "\ud83d*"]


def test_numbers_are_folded_into_ranges() -> None:
    assert list(refresh_script().ranges([9, 10, 11, 65, 255, 256])) == ["0009-000B", "0041", "00FF-0100"]


def test_refreshing_the_tables_without_npm_says_so_and_leaves_them_alone(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in DATA.iterdir()}
    done = subprocess.run(
        [sys.executable, SCRIPT], env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "npm is not on this machine; install Node.js" in done.stderr
    assert "Traceback" not in done.stderr
    assert before == {path: path.read_bytes() for path in DATA.iterdir()}
