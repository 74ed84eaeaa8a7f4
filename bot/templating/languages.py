"""What depends on the language a post is written in: its quotation marks, its dotted i, how it writes a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

FALLBACK = "en"
LONGEST_TAG = 35  # letters of a language tag (RFC 5646, section 4.4.1); an article may claim anything


def subtags(language: str) -> list[str]:
    """`az_Latn-AZ` → `az`, `latn`, `az`."""
    return [part for part in language[:LONGEST_TAG].lower().replace("_", "-").split("-") if part]


def has_dotted_i(language: str) -> bool:
    """Whether the capital of i is İ and that of ı is I."""
    return subtags(language)[:1] in (["az"], ["aze"], ["tr"], ["tur"])


# -- quotation marks ---------------------------------------------------------------------------------------------------


_PAIRS = re.compile(r'“([^“”„]+)”|„([^„“”]+)[“”]|«([^«»]+)»|»([^«»]+)«|(?<!\w)"(?=\S)([^"]+)(?<=\S)"(?!\w)')


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quotation marks of a language, and those for a quotation inside another."""

    open: str
    close: str
    inner_open: str
    inner_close: str

    def nested(self, text: str) -> str:
        """`text` with pairs of marks, those of other languages and of a keyboard too, as inner ones; inches stay."""
        if (self.open, self.close) == (self.inner_open, self.inner_close):
            return _PAIRS.sub(self._inner, text)
        before, at = [], 0
        for found in _PAIRS.finditer(text):
            before += [self._unpaired(text[at : found.start()]), self._inner(found)]
            at = found.end()
        return "".join((*before, self._unpaired(text[at:])))

    def _inner(self, found: re.Match[str]) -> str:
        return f"{self.inner_open}{found[found.lastindex or 0].strip()}{self.inner_close}"

    def _unpaired(self, text: str) -> str:
        return text.replace(self.close, self.inner_close).replace(self.open, self.inner_open)

    def without(self, text: str) -> str:
        """`text` without the marks, these or those of a keyboard, that stand round the whole of it."""
        for before, behind in ((self.open, self.close), ('"', '"')):
            inside = text.removeprefix(before).removesuffix(behind)
            if len(inside) == len(text) - len(before) - len(behind) and not {before, behind} & set(inside):
                return inside.strip()
        return text


_USUAL = Quotes("“", "”", "‘", "’")
# Unicode CLDR 48.2 (npm cldr-misc-full, read in November 2026), delimiters.json: the languages that differ from the
# usual marks. The no-break spaces of French are not in it; French newspapers set them.
_QUOTES = {
    language: Quotes(*marks.split(" "))
    for marks, languages in {
        "« » “ ”": "br ca el eu ie it pt-pt",
        "« » ‹ ›": "am fa",
        "« » „ “": "be ky os ru sah uk",
        "« » ‘ ’": "nb nn no",
        "« » « »": "hy oc",
        "«\u00a0 \u00a0» «\u00a0 \u00a0»": "fr",
        "„ “ ‚ ‘": "cs de et hr is lb mk sk sl",
        "„ “ « »": "ka",
        "„ “ „ “": "bg lt",
        "„ ” « »": "pl ro",
        "„ ” ’ ’": "sr",
        "„ ” ‘ ’": "bs",
        "„ ” » «": "hu",
        "” ” ’ ’": "fi he sv yi",
        "” “ ’ ‘": "ar ur",
        "‘ ’ ‘ ’": "nl",
        "» « › ‹": "ug",
        "“ ” “ ”": "tk",
        "“ ” « »": "eo",
        "“ ” ’ ‘": "uz",
        "「 」 『 』": "ja yue zh-hant zh-tw zh-hk zh-mo",
    }.items()
    for language in languages.split()
}


def quotes_of(language: str) -> Quotes:
    """The quotation marks of a language; those of English where nothing is known of it."""
    parts = subtags(language)
    known = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((_QUOTES[name] for name in known if name in _QUOTES), _USUAL)


# -- dates -------------------------------------------------------------------------------------------------------------

STYLES = ("full", "long", "medium", "short", "time")
_LETTERS = {"A": "EEEE", "a": "EEE", "B": "MMMM", "b": "MMM"}  # what strftime says in English only
_SPACES = re.compile("[\u00a0\u202f]")
_INVISIBLE = re.compile("[\u200e\u200f]")
_LAYOUT = re.compile(r"(?:[^%]|%[aAbBdHIjmMpyYZ%])*")
_LETTER = re.compile("%(.)")
LONGEST_LAYOUT = 100


def written_date(moment: datetime, layout: str, language: str) -> str:
    """A moment in its own time zone: as the language writes it (one of STYLES), or with the letters of strftime.

    Raises ValueError for a layout that is neither. Names of days and months are those of the language.
    """
    if layout in STYLES:
        return _in_style(moment, layout, _locale(language))
    # Only plain letters: the C library also takes widths, and would fill the memory with `%999999999d`.
    if "%" not in layout or len(layout) > LONGEST_LAYOUT or not _LAYOUT.fullmatch(layout):
        raise ValueError(f"“{layout[:LONGEST_LAYOUT]}” is no way to write a date")
    return _LETTER.sub(lambda letter: _letter(moment, letter[1], language), layout)


def _letter(moment: datetime, letter: str, language: str) -> str:
    if letter in _LETTERS:
        from babel.dates import format_datetime

        return _plain(format_datetime(moment, _LETTERS[letter], tzinfo=moment.tzinfo, locale=_locale(language)))
    return moment.strftime(f"%{letter}")


def _in_style(moment: datetime, style: str, locale: Locale) -> str:
    from babel.dates import format_date, format_time

    if style == "time":
        return _plain(format_time(moment, "short", tzinfo=moment.tzinfo, locale=locale))
    return _plain(format_date(moment, style, locale=locale))


def _plain(text: str) -> str:
    """With the spaces of a keyboard: the narrow ones of typographers count double on X. Directional marks go too."""
    return _INVISIBLE.sub("", _SPACES.sub(" ", text))


def _locale(language: str) -> Locale:
    return _nearest(tuple(subtags(language)))


@lru_cache(maxsize=200)
def _nearest(parts: tuple[str, ...]) -> Locale:
    """The nearest language whose dates can be written; English where there is none."""
    from babel import Locale, UnknownLocaleError  # heavy, and many templates write no date

    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (UnknownLocaleError, ValueError):
            pass  # a part less may do
    return Locale.parse(FALLBACK)
