"""Writes the tables of X's text measure (`bot/text/data/*.json`) again, from registry packages.

    python scripts/refresh_text_tables.py

The reference tables are read out of the npm packages `twitter-text` 3.1.0 and the `twemoji-parser` it pins, which
are installed into a temporary folder: `npm` and `node` must be on the machine. The newer tables come from the
Python packages `emoji`, `urlextract` and `publicsuffixlist` of the development environment. Nothing but the
tables is kept, and a table that did not change keeps its date.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "bot" / "text" / "data"
REFERENCE = "twitter-text@3.1.0"
LICENCES = {"twitter-text": "Apache-2.0", "twemoji-parser": "MIT"}  # as their LICENSE files say

# Character classes are asked of the package's own patterns, one UTF-16 unit at a time (those of hashtags, which know
# pairs of units, one code point at a time), instead of being read from their sources: so the ignore-case flag does
# what it does in JavaScript, which Python's does not.
DUMP = r"""
const part = name => require("twitter-text/dist/" + name);
const manifest = name => require(name + "/package.json");
const units = Array.from({length: 0x10000}, (_, unit) => String.fromCharCode(unit));
const pairs = Array.from({length: 0x100000}, (_, at) => String.fromCodePoint(0x10000 + at));
const members = (characters, pattern, wanted = true, flags = "i") => {
  const whole = new RegExp("^(?:" + pattern + ")$", flags);
  return characters.filter(character => whole.test(character) === wanted).map(character => character.codePointAt(0));
};
const matching = (pattern, wanted, flags) => members(units, pattern, wanted, flags);
const matchingAnywhere = pattern => [...matching(pattern), ...members(pairs, pattern)];
const without = (some, others) => {
  const known = new Set(others);
  return some.filter(character => !known.has(character));
};
const source = name => part("regexp/" + name).source;
const list = name => source(name).match(/^\(\?:\(\?:(.*)\)\(\?=\[\^0-9a-zA-Z@\+-\]\|\$\)\)$/)[1].split("|");
const tlds = [...list("validGTLD"), ...list("validCCTLD")];
const letters = [...new Set(tlds.join("").replace(/[\x00-\x7f]/g, ""))];
const emoji = require("twemoji-parser/dist/lib/regex").default;
const hashtagLetters = matchingAnywhere(source("hashtagAlpha"));
process.stdout.write(JSON.stringify({
  sources: ["twitter-text", "twemoji-parser"].map(manifest).map(({name, version}) => ({name, version})),
  configs: part("configs"),
  classes: {
    not_in_label: matching(source("validDomainChars"), false),
    not_in_host: matching(source("validDomainChars") + "|[-_.]", false),
    latin_label: matching("[\\-a-z0-9" + source("latinAccentChars") + "]"),
    path_end: matching(source("validUrlPathEndingChars")),
    path_inside: without(matching(source("validGeneralUrlPathChars")), matching(source("validUrlPathEndingChars"))),
    query_end: matching(source("validUrlQueryEndingChars")),
    query_inside: without(matching(source("validUrlQueryChars")), matching(source("validUrlQueryEndingChars"))),
    not_before_url: matching(source("validUrlPrecedingChars").replace(/\|\^\)$/, ")"), false),
    not_before_bare_url: matching(source("invalidUrlWithoutProtocolPrecedingChars").replace(/\$$/, "")),
    invalid: matching(source("invalidChars")),
  },
  entities: {
    hashtag_letter: hashtagLetters,
    hashtag_other: without(matchingAnywhere(source("hashtagAlphaNumeric")), hashtagLetters),
    not_before_mention: matching(source("validMentionPrecedingChars"), false, ""),
    not_before_rt: matching(source("validMentionPrecedingChars").match(/\|\(\?:\^\|(\[.*?\])\)/)[1], false, ""),
    not_after_mention: matching(source("endMentionMatch").slice(1), true, ""),
    before_cashtag: matching(source("validCashtag").match(/^\(\^\|(\[.*?\])\)/)[1]),
    after_cashtag: matching(source("validCashtag").match(/\(\?=\$\|(.*)\)$/)[1]),
  },
  same_letter: Object.fromEntries(letters.map(letter => [letter, units.filter(
    unit => new RegExp("^" + letter + "$", "i").test(unit)).join("")]).filter(([, same]) => same.length > 1)),
  tlds,
  emoji: emoji.source,
}));
"""

# Of the strings on stdin, those that the emoji pattern takes whole.
TAKEN_WHOLE = r"""
const emoji = require("twemoji-parser/dist/lib/regex").default;
const strings = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(strings.filter(string => (string.match(emoji) || [])[0] === string)));
"""


def main() -> None:
    """Refresh the files, or say in one sentence why that is not possible here."""
    for tool in ("npm", "node"):
        if not shutil.which(tool):
            sys.exit(f"refresh_text_tables: {tool} is not on this machine; install Node.js, then run this again.")
    with TemporaryDirectory() as folder:
        install(folder)
        reference = json.loads(node(folder, DUMP))
        emoji = reference_emoji(folder, reference["emoji"])
    write("x_rules", rules(reference))
    write("x_entities", {"sources": sources(reference)[:1], "classes": classes(reference["entities"])})
    write("x_reference", {"sources": sources(reference), **tables(reference["tlds"], emoji)})
    write("x_newer", newer(set(reference["tlds"]), emoji))


def install(folder: str) -> None:
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", REFERENCE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"refresh_text_tables: npm could not install {REFERENCE}:\n{done.stderr.strip()}")


def node(folder: str, program: str, given: object = None) -> str:
    """What the JavaScript program prints; `given` is its standard input, as JSON."""
    return subprocess.run(
        ["node", "-e", program], cwd=folder, input=json.dumps(given), capture_output=True, text=True, check=True
    ).stdout


# -- the reference ---------------------------------------------------------------------------------


def sources(reference: dict[str, Any]) -> list[str]:
    return [f"npm {each['name']} {each['version']} ({LICENCES[each['name']]})" for each in reference["sources"]]


def rules(reference: dict[str, Any]) -> dict[str, Any]:
    configs = {str(each["version"]): each for each in reference["configs"].values()}
    return {
        "sources": sources(reference)[:1],
        "configs": configs,
        "classes": classes(reference["classes"]),
        "same_letter": " ".join(sorted(set(reference["same_letter"].values()))),
    }


def classes(members: dict[str, list[int]]) -> dict[str, str]:
    return {name: " ".join(ranges(numbers)) for name, numbers in members.items()}


def ranges(numbers: list[int]) -> Iterator[str]:
    """Runs of ascending numbers as hexadecimal `first-last`, or `first` alone."""
    first = last = numbers[0]
    for number in [*numbers[1:], -1]:
        if number != last + 1:
            yield f"{first:04X}-{last:04X}" if last > first else f"{first:04X}"
            first = number
        last = number


def reference_emoji(folder: str, pattern: str) -> set[str]:
    """The sequences of two or more code points that the reference takes for one emoji.

    The pattern is finite, so it is written out in full. What it matches whole when it stands alone, it prefers to
    any shorter match: the longest of the sequences kept here is therefore always the one the pattern would choose.
    """
    everything = [from_utf16_units(units) for units in Expansion(pattern).alternatives()]
    emoji = set(json.loads(node(folder, TAKEN_WHOLE, everything)))
    light = sorted(each for each in emoji if len(each) == 1 and ord(each) <= 0x10FF)
    if light:
        sys.exit(f"refresh_text_tables: the measure takes a single emoji for a heavy character, these are not: {light}")
    return {each for each in emoji if len(each) > 1}


def from_utf16_units(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


class Expansion:
    """Every string that a simple regular expression matches: literals, classes, groups, alternatives and `?`.

    A negative lookahead is taken for nothing: the one there is keeps an emoji from a text selector, and such a
    pair weighs the same with and without it.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = json.loads(f'"{pattern}"') + ")"
        self._at = 0

    def alternatives(self) -> list[str]:
        found: list[str] = []
        while True:
            found += map("".join, product(*self._sequence()))
            self._at += 1
            if self._pattern[self._at - 1] == ")":
                return found

    def _sequence(self) -> Iterator[list[str]]:
        while self._pattern[self._at] not in "|)":
            choices = self._atom()
            if self._pattern[self._at] == "?":
                self._at += 1
                choices = [*choices, ""]
            yield choices

    def _atom(self) -> list[str]:
        char = self._pattern[self._at]
        self._at += 1
        if char == "[":
            return list(self._class())
        if char != "(":
            return [char]
        opening = self._pattern[self._at : self._at + 2]
        self._at += 2 if opening in ("?:", "?!") else 0
        inside = self.alternatives()
        return [""] if opening == "?!" else inside

    def _class(self) -> Iterator[str]:
        end = self._pattern.index("]", self._at)
        body, self._at = self._pattern[self._at : end], end + 1
        while body:
            last = body[2] if body[1:2] == "-" else body[0]
            yield from map(chr, range(ord(body[0]), ord(last) + 1))
            body = body[3 if body[1:2] == "-" else 1 :]


# -- newer lists -----------------------------------------------------------------------------------


def newer(reference_tlds: set[str], emoji: set[str]) -> dict[str, Any]:
    """What has come since: top-level domains and emoji sequences that the reference does not know."""
    return {
        "sources": [
            f"PyPI emoji {version('emoji')} (BSD-3-Clause)",
            f"PyPI urlextract {version('urlextract')} (MIT), its list of the IANA",
            f"PyPI publicsuffixlist {version('publicsuffixlist')} (MPL-2.0)",
        ],
        **tables(sorted((iana_tlds() | public_suffix_tlds()) - reference_tlds), newest_emoji() - emoji),
    }


def iana_tlds() -> set[str]:
    import urlextract

    lines = (Path(urlextract.__file__).parent / "data" / "tlds-alpha-by-domain.txt").read_text("ascii").splitlines()
    return {as_unicode(line) for line in lines if line and not line.startswith("#")}


def public_suffix_tlds() -> set[str]:
    import publicsuffixlist

    lines = (Path(publicsuffixlist.__file__).parent / "public_suffix_list.dat").read_text("utf-8").splitlines()
    rules = (line.split()[0] for line in lines if line.strip() and not line.startswith("//"))
    return {as_unicode(rule.rpartition(".")[2]) for rule in rules}


def as_unicode(label: str) -> str:
    label = label.strip().lower()
    return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label


def newest_emoji() -> set[str]:
    """Every sequence in every qualification; a keycap without, and a single emoji with, its emoji selector."""
    import emoji

    single = {each for each in emoji.EMOJI_DATA if len(each) == 1}
    keycaps = {f"{key}\u20e3" for key in "0123456789#*"}
    return {each for each in emoji.EMOJI_DATA if len(each) > 1} | {f"{each}\ufe0f" for each in single} | keycaps


# -- the files -------------------------------------------------------------------------------------


def tables(tlds: Iterable[str], emoji: Iterable[str]) -> dict[str, Any]:
    """Lists as lines of words; those of the reference's top-level domains keep its order, which decides."""
    return {"tlds": lines(tlds), "emoji": lines(sorted(emoji))}


def lines(words: Iterable[str]) -> list[str]:
    return textwrap.wrap(" ".join(words), 110, break_long_words=False, break_on_hyphens=False)


def write(name: str, content: dict[str, Any]) -> None:
    path = DATA / f"{name}.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    taken = before.pop("taken", "")
    if before == content:
        sys.stdout.write(f"{path.name}: as it was on {taken}\n")
        return
    dated = {"taken": datetime.now(UTC).date().isoformat(), **content}
    path.write_text(json.dumps(dated, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{path.name}: written\n")


if __name__ == "__main__":
    main()
