"""What a template may do to a text: the filters, all of them safe for any value an article can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date as Date
from typing import Any

import regex
from jinja2 import filters as jinja
from jinja2 import pass_context
from jinja2.runtime import Context

from bot.text.clean import one_line
from bot.text.fit import mark

MOST_CHARACTERS = 1_000_000
"""No filter and no template gives more: thousands of times what any platform takes."""


class FilterMisused(ValueError):
    """A filter was given something it cannot use. The message is for a template's author."""


def default(value: object, fallback: object = "") -> object:
    """`fallback` where the field is empty."""
    return value if value else fallback


@pass_context
def upper(context: Context, text: object) -> str:
    """Capitals, with the dotted İ where the article's language is Azerbaijani or Turkish."""
    return _upper(str(text), context.get("language"))


@pass_context
def lower(context: Context, text: object) -> str:
    text = str(text)
    if _has_dotted_i(context.get("language")):
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower()


def replace(text: object, old: object, new: object) -> str:
    """Every `old` in `text` becomes `new`."""
    text, old, new = str(text), str(old), str(new)
    if len(text) + text.count(old) * len(new) > MOST_CHARACTERS:
        raise FilterMisused("replace would make the text far too long.")
    return text.replace(old, new)


_DATE_FORMAT = re.compile(r"(?:[^%]|%[aAbBdHIjmMpyYZ%])*")


def date(moment: Date | None, layout: str = "%Y-%m-%d") -> str:
    """A date or time as `layout` says, in the letters of strftime: `%d.%m.%Y`, `%H:%M`. Empty without a date."""
    # Only plain letters: the C library also takes widths, and would fill the memory with `%999999999d`.
    if not _DATE_FORMAT.fullmatch(layout):
        raise FilterMisused(f"date knows %d %m %Y %y %H %M %B %b %A %a and the like, not all of “{layout}”.")
    return moment.strftime(layout) if moment else ""


_APOSTROPHES = re.compile("['’ʼ`]")
_WORDS: Any = regex.compile(r"[\p{L}\p{M}\p{N}\u200c_]+")
_LETTER: Any = regex.compile(r"\p{L}")
_UNSPACED: Any = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
LONGEST_HASHTAG = 100
"""Characters; platforms stop linking longer ones."""


@pass_context
def hashtags(context: Context, tags: str | Iterable[object]) -> str:
    """A list of tags as hashtags with spaces between: `victory day`, `Baku` → `#VictoryDay #Baku`.

    Words are run together with capitals, and with `_` where the script has none to show where a word begins.
    Tags without a letter give no hashtag; the same one never comes twice.
    """
    language = context.get("language")
    found: dict[str, str] = {}
    for tag in [tags] if isinstance(tags, str) else tags:
        body = _hashtag_body(one_line(str(tag)), language)
        if body and len(body) < LONGEST_HASHTAG:
            found.setdefault(body.casefold(), f"#{body}")
    return " ".join(found.values())


def _hashtag_body(tag: str, language: object) -> str:
    words = _WORDS.findall(_APOSTROPHES.sub("", tag))
    body = ""
    for word in words:
        capital = _upper(word[0], language)
        shows_beginning = capital != word[0].lower() or _UNSPACED.match(word)
        body += ("_" if body and not shows_beginning else "") + capital + word[1:]
    return body if _LETTER.search(body) else ""


def _upper(text: str, language: object) -> str:
    return (text.replace("i", "İ") if _has_dotted_i(language) else text).upper()


def _has_dotted_i(language: object) -> bool:
    return str(language).lower().split("-")[0] in ("az", "tr", "aze", "tur")


FILTERS: Mapping[str, Callable[..., object]] = {
    "fit": mark,
    "hashtags": hashtags,
    "default": default,
    "date": date,
    "replace": replace,
    "upper": upper,
    "lower": lower,
    "trim": jinja.do_trim,
    "join": jinja.FILTERS["join"],
    "first": jinja.FILTERS["first"],
    "last": jinja.do_last,
    "length": len,
}
