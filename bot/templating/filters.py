"""What a template may do to a text: the filters, all of them safe for any value an article can hold.

Which there are, and what each is for, stands in `bot.templating.vocabulary`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import regex
from jinja2 import pass_context

from bot.templating.effort import Effort, shown, weight
from bot.templating.languages import STYLES, Quotes, has_dotted_i, quotes_of, written_date
from bot.templating.origins import WithinAddress
from bot.text.clean import folded, one_line
from bot.text.fit import mark
from bot.text.marks import LINK_END, texts_of
from bot.text.outside import defuse, ends_in_sign, parted, restored
from bot.text.seams import SEAM, closed
from bot.text.utm import PARAMETERS, tagged

MOST_CHARACTERS = 1_000_000
"""No template gives more, and no replacement: thousands of times what any platform takes."""


class FilterMisused(ValueError):
    """A filter was given something it cannot use. The message is for a template's author."""


class Quoted(str):
    """A text in quotation marks, for `fit`: when the text inside is cut, the marks stay."""

    __slots__ = ("inside", "marks")

    inside: str
    marks: Quotes

    @classmethod
    def made(cls, inside: str, marks: Quotes) -> Quoted:
        quoted = cls(f"{marks.open}{inside}{marks.close}")
        quoted.inside, quoted.marks = inside, marks
        return quoted


@pass_context
def shown_whole(context: Effort, value: object) -> str:
    """A value as a post shows it, where it is printed, between seams: a text as it is, anything else counted."""
    if type(value) is WithinAddress:
        return value
    return f"{SEAM}{value if isinstance(value, str) else _read(context, value)}{SEAM}"


def _read(context: Effort, value: object, times: int = 1) -> str:
    """A value as a filter reads it, counted."""
    context.take(times * weight(value))
    return shown(value)


_SLOW = 5
"""How many times a character counts for filters that look at it more closely than at a letter to be changed."""


@pass_context
def fit(context: Effort, value: object, *args: Any, **options: Any) -> str:
    """`mark`, the beginning of all fitting (`bot.text.fit`); of a quoted text only what is between the marks is cut."""
    if not isinstance(value, str):
        context.take(weight(value))
    elif value[-1:].isspace():
        value = _without_blanks(context, value, ())
    if "alt" in options:
        context.take(weight(options["alt"]))
    if isinstance(value, Quoted):
        mark("", *args, **options)  # refuses what no text can be put to
        options["prefix"] = f"{options.get('prefix', '')}{value.marks.open}"
        options["suffix"] = f"{value.marks.close}{options.get('suffix', '')}"
        options["alt"] = [_inside(text, value.marks) for text in texts_of(options.get("alt"))]
        value = value.inside
    return mark(value, *args, **options)


def _inside(text: str, marks: Quotes) -> str:
    """What stands between the marks when `text`, quoted or not, takes the place of a quoted one."""
    return text.inside if isinstance(text, Quoted) else marks.nested(marks.without(text.strip()))


def default(value: object, fallback: object = "") -> object:
    """`fallback` where the field is empty."""
    return value if value else fallback


# -- letters -----------------------------------------------------------------------------------------------------------


Change = Callable[..., str]


def _quoted_too(change: Change) -> Change:
    """A filter that changes letters: of a quoted text those between the marks, which |fit still keeps when it cuts."""

    @wraps(change)
    def changed(context: Effort, text: object, **options: Any) -> str:
        if isinstance(text, Quoted):
            return Quoted.made(change(context, text.inside, **options), text.marks)
        return change(context, text, **options)

    return pass_context(changed)


@_quoted_too
def upper(context: Effort, text: object) -> str:
    return _upper(_read(context, text), _language(context))


@_quoted_too
def lower(context: Effort, text: object) -> str:
    text = _read(context, text)
    if not has_dotted_i(_language(context)):
        return text.lower()
    return _inert(_one_dot(text).replace("İ", "i").replace("I", "ı").lower())


_BEFORE_FIRST: Any = regex.compile(r"[^\p{L}\p{M}\p{N}]*+")


@_quoted_too
def upper_first(context: Effort, text: object) -> str:
    """A capital at the beginning, behind any quotation mark; a text that begins with a figure stays as it is."""
    text, language = _read(context, text), _language(context)
    text = _one_dot(text) if has_dotted_i(language) else text
    at = _BEFORE_FIRST.match(text).end()
    changed = text[:at] + _capital(text[at : at + 1], language) + text[at + 1 :]
    return _inert(changed) if has_dotted_i(language) else changed


def _upper(text: str, language: str) -> str:
    return _inert(_one_dot(text).replace("i", "İ").upper()) if has_dotted_i(language) else text.upper()


def _one_dot(text: str) -> str:
    """The small letter of İ as Azerbaijani and Turkish have it; other languages write it with a dot of its own."""
    return text.replace("i\u0307", "i")


_BESIDE_I = re.compile(r"(?<=[İı])[@＠][\w.-]+|\.[A-Za-z0-9]+(?=[İı])")


def _inert(text: str) -> str:
    """With nothing that X sees only beside İ and ı: it takes neither for a letter of an e-mail address or a domain."""
    return _BESIDE_I.sub(lambda seen: defuse(seen[0]), text)


def _capital(letter: str, language: str) -> str:
    """The letter as it stands at the beginning of a word; not the same as upper case for `ǆ` or Georgian."""
    return "İ" if letter == "i" and has_dotted_i(language) else letter.title()


@pass_context
def quote(context: Effort, text: object) -> str:
    """In the quotation marks of the language; those that stand inside already become the inner ones."""
    marks = quotes_of(_language(context))
    text = marks.without(_read(context, text, _SLOW).strip())
    return Quoted.made(marks.nested(text), marks) if text else ""


def _language(context: Effort) -> str:
    """What the article is written in, else what its account speaks."""
    return str(context.get("language") or _of_account(context).get("language") or "")


def _of_account(context: Effort) -> Mapping[str, Any]:
    account = context.get("account")
    return account if isinstance(account, Mapping) else {}


@pass_context
def date(context: Effort, moment: object, layout: str = "long") -> str:
    """The date in the language of the account, else of the article; empty where there is none."""
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        raise FilterMisused("date needs a date, such as published.")
    language = _of_account(context).get("language") or context.get("language") or ""
    try:
        return written_date(moment, _read(context, layout), str(language))
    except ValueError as error:
        styles = ", ".join(f"'{style}'" for style in STYLES)
        raise FilterMisused(f"{error}; date knows {styles} and %d %m %Y %y %H %M %B %b %A %a.") from None


# -- texts and lists ---------------------------------------------------------------------------------------------------


@pass_context
def replace(context: Effort, text: object, old: object, new: object) -> str:
    """Every `old` in `text` becomes `new`, whether it was defused or not; an empty `old` is nowhere."""
    return _between(shown(new), _around(context, text, old, new))


@pass_context
def replace_inert(context: Effort, text: object, old: object, new: object, own: Sequence[str]) -> str:
    """The same where the text is one from outside: what is left of it stays inert without what stood beside it.

    `own` is what in it the template's author wrote, and what is to work.
    """
    pieces = _around(context, text, old, new)
    if len(pieces) > 1:
        pieces = [_defused(context, piece, own) for piece in pieces]
    return _between(shown(new), pieces)


def _around(context: Effort, text: object, old: object, new: object) -> list[str]:
    """What stands round each `old`."""
    text, old, new = _read(context, text), _read(context, old), _read(context, new)
    pieces = parted(text, old)
    longer = (len(pieces) - 1) * len(new)
    if len(text) + longer > MOST_CHARACTERS:
        raise FilterMisused("replace would make the text far too long.")
    context.take(longer)
    return pieces


def _defused(context: Effort, text: str, own: Sequence[str]) -> str:
    """A part of a text from outside, inert without the rest, but for what the template's author wrote."""
    context.take(_SLOW * len(text))
    allow = _of_account(context).get("allow") or ()
    if not own:
        return defuse(text, allow=allow)
    pieces = re.split(f"({'|'.join(map(re.escape, own))})", text, flags=re.IGNORECASE)
    return "".join(piece if number % 2 else defuse(piece, allow=allow) for number, piece in enumerate(pieces))


@_quoted_too
def trim(context: Effort, text: object) -> str:
    return _read(context, text).strip()


@_quoted_too
def trim_inert(context: Effort, text: object, own: Sequence[str] = ()) -> str:
    """The same for a text from outside."""
    return _without_blanks(context, _read(context, text), own)


def _without_blanks(context: Effort, text: str, own: Sequence[str]) -> str:
    """A text that is inert still when it ends in a sign without the blank that stood behind it."""
    if not text[-1:].isspace():
        return text.strip()
    text = text.strip()
    return _defused(context, text, own) if ends_in_sign(text, len(text)) else text


@pass_context
def join(context: Effort, values: object, between: object = ", ") -> str:
    if not isinstance(values, list | tuple):
        return _read(context, values)
    context.take(weight(values))
    between = _read(context, between)
    if sum(len(shown(value)) + len(between) for value in values) > MOST_CHARACTERS:
        raise FilterMisused("join would make the text far too long.")
    context.take(len(between) * len(values))
    return _between(between, map(shown, values))


def _between(text: str, pieces: Iterable[str]) -> str:
    """The pieces with a text between."""
    return closed(f"{SEAM}{text}{SEAM}".join(pieces))


def first(values: object) -> object:
    """The first of a list; nothing when it is empty."""
    return _listed(values, "first")[0] if values else ""


def last(values: object) -> object:
    return _listed(values, "last")[-1] if values else ""


def _listed(values: object, name: str) -> list[object]:
    if not isinstance(values, list | tuple):
        raise FilterMisused(f"{name} takes a list, such as tags.")
    return list(values)


def length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else len(restored(shown(value)))


# -- hashtags ----------------------------------------------------------------------------------------------------------

_APOSTROPHES: Any = regex.compile(r"['’ʼ`׳״]|(?<=\p{Hebrew})\"(?=\p{Hebrew})")  # with those of Hebrew acronyms
_PLUS: Any = regex.compile(r"(?<=\p{Latin}\+?)\+(?![\p{L}\p{N}])")  # as in Disney+ and C++
_WORDS: Any = regex.compile(r"[\p{L}\p{M}\p{Nd}\u200c_]+")
_LETTER: Any = regex.compile(r"\p{L}")
_UNSPACED: Any = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
LONGEST_HASHTAG = 100
"""Characters; platforms stop linking longer ones."""
_LONGEST_TAG = 3 * LONGEST_HASHTAG  # what is longer gives no hashtag, so it is not looked at
_ZWNJ = "\u200c"


@pass_context
def hashtag(context: Effort, tags: str | Iterable[object]) -> str:
    """A section or a list of tags as hashtags with spaces between: `victory day`, `Baku` → `#VictoryDay #Baku`.

    Words are run together with capitals, and with `_` where the script has none to show where a word begins. What
    the account's settings say instead of a tag goes first. Tags without a letter give no hashtag; the same one never
    comes twice.
    """
    context.take(_SLOW * weight(tags))
    language, settled = _language(context), _settled(context)
    found: dict[str, str] = {}
    for tag in _tags(tags):
        body = settled.get(tag, settled.get(folded(tag)))
        if body is None:
            body = _hashtag_body(tag, language)
        if body and len(body) < LONGEST_HASHTAG:
            found.setdefault(folded(body), f"#{body}")
    return " ".join(found.values())


def _tags(tags: str | Iterable[object]) -> Iterator[str]:
    if not isinstance(tags, str | list | tuple):
        raise FilterMisused("hashtag takes a section or a list, such as tags.")
    for tag in [tags] if isinstance(tags, str) else tags:
        text = str(tag)
        if len(text) <= _LONGEST_TAG:
            yield one_line(restored(text))


def _settled(context: Effort) -> dict[str, str]:
    """What the account's settings say, by tag: as it is written there, and in upper or lower case."""
    if context.settled is None:
        hashtags = {one_line(tag): body for tag, body in (_of_account(context).get("hashtags") or {}).items()}
        context.settled = {folded(tag): body for tag, body in hashtags.items()} | hashtags
    return context.settled


def _hashtag_body(tag: str, language: str) -> str:
    tag = _one_dot(tag) if has_dotted_i(language) else tag
    # ZWNJ stands between the letters of a word; at its ends it says nothing.
    tag = _PLUS.sub(" Plus", _APOSTROPHES.sub("", tag))
    words = [word for found in _WORDS.findall(tag) if (word := found.strip(_ZWNJ))]
    body = ""
    for word in words:
        capital = _capital(word[0], language)
        shows_beginning = capital != word[0].lower() or _UNSPACED.match(word)
        body += ("_" if body and not shows_beginning else "") + capital + word[1:]
    return body if _LETTER.search(body) else ""


# -- links -------------------------------------------------------------------------------------------------------------


_LONGEST_ESCAPE = len("%F0%9F%8E%89")  # of one character


@pass_context
def utm(context: Effort, url: object, **parameters: object) -> str:
    """The link with the account's campaign parameters, or those given here; nothing else of it changes.

    A mark stands behind it, by which `bot.compose` sees that nothing else in the post does.
    """
    if unknown := parameters.keys() - set(PARAMETERS):
        raise FilterMisused(f"utm knows no {min(unknown)}; there are: {', '.join(PARAMETERS)}.")
    settled = _of_account(context).get("utm") or {}
    context.take(_LONGEST_ESCAPE * weight([*parameters.values()]))
    link = tagged(
        _read(context, url), {**settled, **{name: restored(shown(value)) for name, value in parameters.items()}}
    )
    return f"{link}{LINK_END}" if link else ""
