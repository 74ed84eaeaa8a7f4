"""Mistakes in a template, in its author's words: also those that Jinja and Python find, in theirs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError

from bot.templating.vocabulary import FILTERS, FIT_OPTIONS, TAGS

_LONGEST_NAME = 50


class Misuse(Exception):
    """A mistake in a template: what is wrong, what to do, and on which line."""

    def __init__(self, message: str, line: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint


def known(name: str, names: Collection[str], line: int, kind: str = "field") -> None:
    """Refuses a name that does not exist, with the nearest that does and all the others."""
    if name not in names:
        name = name[:_LONGEST_NAME]
        meant = _ELSEWHERE.get(name.lower(), "")
        near = [meant] if meant in names else difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"Did you mean “{near[0]}”? " if near else ""
        raise Misuse(f"there is no {kind} called “{name}”.", line, f"{hint}There are: {', '.join(sorted(names))}.")


_BROKEN_BRACES = re.compile(
    r"}}|%}|#}|[{]\s+[{%#]|[{]\s*(?P<name>\w+)(?:\.\w+)?\s*[}]|[{]\s*(?P<piped>\w+)\s*\|[^{}]*[}]"
)


def refuse_broken_braces(parts: Sequence[nodes.Node], names: Collection[str]) -> None:
    """Refuses fixed text that looks like a field or a tag with a brace too few or too many: it would be posted."""
    for before, text in pairwise([None, *parts]):
        if not isinstance(text, nodes.TemplateData) or "{{" in text.data or "{%" in text.data:
            continue  # what holds those stands between {% raw %} and {% endraw %}
        behind_field = before is not None and not isinstance(before, nodes.TemplateData)
        if behind_field and text.data.startswith("}"):
            raise _broken_brace("}}}", text.lineno)
        for found in _BROKEN_BRACES.finditer(text.data):
            name = found["name"] or found["piped"]
            if not name or name in names:
                raise _broken_brace(found[0], text.lineno + text.data.count("\n", 0, found.start()))


def _broken_brace(shown: str, line: int) -> Misuse:
    hint = "A field is written {{ title }}, a tag {% if title %}. To post braces, print them: {{ '}}' }}."
    return Misuse(f"“{shown[:_LONGEST_NAME]}” has a brace too few or too many.", line, hint)


_ELSEWHERE = {
    word: ours
    for ours, words in {
        "title": "headline heading header",
        "url": "link permalink href address",
        "summary": "description teaser excerpt lead lede intro subtitle text body content",
        "section": "category rubric topic department",
        "tags": "categories keywords labels hashtags",
        "author": "byline writer creator",
        "image": "picture photo thumbnail",
        "published": "date time created pubdate timestamp now",
        "handle": "username user screen_name",
        "fit": "truncate shorten cut limit slice wordwrap",
        "upper_first": "capitalize title capital ucfirst",
        "upper": "uppercase caps",
        "lower": "lowercase",
        "hashtag": "hash slugify",
        "date": "strftime format_date datetimeformat",
        "replace": "sub substitute",
        "trim": "strip",
        "length": "count size",
        "join": "implode",
        "utm": "campaign track",
    }.items()
    for word in words.split()
}
"""What other programs call it."""


# -- what Jinja itself has to say ------------------------------------------------------------------------------------

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'")
_NOT_CLOSED = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_NO_SIGN = re.compile(r"unexpected char (.+) at \d+$")
_NO_COMMA = re.compile(r"expected token ',', got '(.+)'$")
_TWO_WORDS = re.compile(r"\{%[-+]?\s*(?:(else)\s+(if)|(end)\s+(\w+))\b")
_END_OF = re.compile(r"'?end of print statement'?"), re.compile(r"'?end of statement block'?")
_NOT_THE_END = re.compile(r"expected token (}}|%}), got '?(.+?)'?$")
_CURLY_QUOTES = "“”„‟‘’‚‛«»‹›"
_ELIF = ("elseif", "elsif")


def misuse(error: TemplateSyntaxError) -> Misuse:
    """Jinja's syntax error in a template author's words."""
    message, line = error.message or "", error.lineno
    if apart := _TWO_WORDS.search(_line_of(error)):
        first, second = filter(None, apart.groups())
        together = "elif" if first == "else" else f"{first}{second}"
        return Misuse(f"{{% {first} {second} %}} is written in one word.", line, f"Write {{% {together} %}}.")
    if unknown := _UNKNOWN_TAG.search(message):
        return _unknown_tag(unknown[1], line, _NOT_CLOSED.search(message))
    if closing := _NOT_CLOSED.search(message):
        return _not_closed(closing[1], line)
    if message.removeprefix("unexpected ").strip("'").startswith("end of template"):
        return Misuse("something that was opened is not closed.", line, "Look for a missing }} or %}.")
    if message.startswith("Missing end of comment"):
        return Misuse("a comment is not closed.", line, "Write #} where it ends.")
    if message.startswith("Missing end of raw"):
        return _not_closed("raw", line)
    if message.startswith("tag name expected"):
        return Misuse("{% says nothing.", line, f"Behind it stands one of: {', '.join(TAGS)}.")
    return _slip(message, line, _line_of(error)) or _misread(message, line)


def _line_of(error: TemplateSyntaxError) -> str:
    return "".join((error.source or "").split("\n")[error.lineno - 1 : error.lineno])


_SLIPS = (
    (
        "expected token '(?:,|end of .*)', got",
        rf"\b({'|'.join(FIT_OPTIONS)})\s+['\"\d]",
        "an = is missing behind “{0}”.",
        "Write {0}= and its value, as in |fit(1, min=20).",
    ),
    (
        "expected token 'end of .*', got '(?:integer|float|string)'",
        rf"\|\s*({'|'.join(FILTERS)})\s+['\"\d]",
        "round brackets are missing behind |{0}.",
        "Write |{0}(…) with the value in between.",
    ),
    (
        "expected token 'in', got|can't assign to",
        "",
        "this {{% for %}} cannot be read.",
        "Write {{% for tag in tags %}}.",
    ),
    (
        "expected token 'name', got '[|]'",
        "",
        "|| says nothing here.",
        "One | stands before a filter. To take the first text that is filled, write or: {{{{ short or title }}}}.",
    ),
    (
        "expected token 'name', got",
        r"\|",
        "no name of a filter stands behind |.",
        "Write one, as in {{{{ title|upper }}}}.",
    ),
    (
        "invalid syntax for function call",
        "",
        "a value without a name comes too late.",
        "Write it first: |fit(1, min=20).",
    ),
    (
        "unexpected '.*', expected '(.)'",
        "",
        "a {0} is missing.",
        "Each bracket that opens also closes: |fit(1, min=20).",
    ),
    (
        "unexpected '[]),]'",
        r"\b(\w+)\s*=\s*[),]",
        "nothing stands behind {0}=.",
        "Write its value there, as in min=20.",
    ),
    ("unexpected '([])])'", "", "a {0} is too many.", "Each bracket that closes also opens: |fit(1, min=20)."),
    ("unexpected ','", "", "a comma is too many.", "One stands between two values, as in |fit(1, min=20)."),
    (
        "unexpected '([|~*/<>=!+-]+)'",
        "",
        "something is missing before {0}.",
        "Write there what is meant, such as title.",
    ),
)
"""What Jinja says, what its line shows, and what that means: the first that fits. {0} is what was in brackets."""


def _slip(message: str, line: int, source: str) -> Misuse | None:
    """A mistake that is often made, where Jinja only sees that something else should follow."""
    for says, shows, mistake, hint in _SLIPS:
        if (said := re.match(says, message)) and (shown := re.search(shows, source)):
            words = (*shown.groups(), *said.groups())
            return Misuse(mistake.format(*words), line, hint.format(*words))
    return None


def _misread(message: str, line: int) -> Misuse:
    """A sign or a word where Jinja expected another."""
    if sign := _NO_SIGN.search(message):
        return _no_sign(sign[1][1:-1], line)
    if message.endswith("got '='"):
        return Misuse("one = compares nothing.", line, "Write ==, as in {% if section == 'Sport' %}.")
    if message.endswith("got ':'"):
        return Misuse("a colon says nothing here.", line, "Options are written with =, as in |fit(1, min=20).")
    if behind := _NO_COMMA.search(message):
        hint = "Options have commas between, as in |fit(1, min=20)."
        return Misuse(f"a comma is missing before {_named(behind[1])}.", line, hint)
    for pattern, sign_of_end in zip(_END_OF, ("}}", "%}"), strict=True):
        message = pattern.sub(sign_of_end, message)
    if behind := _NOT_THE_END.search(message):
        hint = "A filter has | before it, texts have ~ between them: {{ section ~ ': ' ~ title|upper }}."
        return Misuse(f"{_named(behind[2])} stands where {behind[1]} should.", line, hint)
    if message.endswith(("}}", "%}")):
        return Misuse(f"something is missing before {message[-2:]}.", line, "Write there what is meant, such as title.")
    if message.endswith("'}'"):
        return Misuse("a brace is missing or too many.", line, "A field has two on each side, as in {{ title }}.")
    return Misuse(f"this cannot be read: {message.rstrip('.')}.", line)


def _named(token: str) -> str:
    """A word or a sign as it is written; of numbers and texts Jinja tells only what they are."""
    return _TOKENS.get(token) or f"“{token[:_LONGEST_NAME]}”"


_TOKENS = {"integer": "a number", "float": "a number", "string": "a text in quotes"}


def _no_sign(sign: str, line: int) -> Misuse:
    if sign in _CURLY_QUOTES:
        return Misuse(f"{sign} cannot be used round a text.", line, "Use straight quotes, as in 'News'.")
    if sign in ("'", '"'):
        return Misuse("a text in quotes is not closed.", line, f"Write {sign} where it ends.")
    hint = "Write and between two conditions, ~ between two texts." if sign == "&" else ""
    return Misuse(f"the sign “{sign}” means nothing here.", line, hint)


def _not_closed(tag: str, line: int) -> Misuse:
    return Misuse(f"{{% {tag} %}} is not closed.", line, f"Write {{% end{tag} %}} where it ends.")


def _unknown_tag(tag: str, line: int, inside: re.Match[str] | None) -> Misuse:
    if tag in _ELIF:
        return Misuse(f"there is no tag called “{tag}”.", line, "Write {% elif %}.")
    if tag == "elif" and inside and inside[1] != "if":
        return Misuse(
            "{% elif %} belongs to an {% if %}.", line, f"Close the {{% {inside[1]} %}} first, or write {{% if %}}."
        )
    if inside and tag in ("else", "elif"):
        return Misuse(f"{{% {tag} %}} comes after an {{% else %}}, which is the last.", line, "Leave one of them out.")
    if tag.startswith("end") or tag in ("else", "elif"):
        return (
            _not_closed(inside[1], line)
            if inside
            else Misuse(f"{{% {tag} %}} belongs to nothing that is open here.", line)
        )
    try:
        known(tag, TAGS, line, "tag")
    except Misuse as unknown:
        return unknown
    raise AssertionError(tag)


def worst_line(source: str) -> int:
    """Where to look for what nobody can read: the longest line."""
    lines = source.split("\n")
    return lines.index(max(lines, key=len)) + 1


_NO_PART = re.compile(r"'None' has no attribute '(\w+)'")
_UNLIKE = re.compile(r"'([<>]=?)' not supported between instances of '(\w+)' and '(\w+)'")
_KINDS = {
    "str": "a text",
    "Quoted": "a text",
    "int": "a number",
    "float": "a number",
    "list": "a list",
    "tuple": "a list",
    "bool": "a yes or no",
    "NoneType": "nothing",
    "datetime": "a date",
}


def seen_late(error: Exception) -> str:
    """What went wrong while an article was printed, as the end of a sentence."""
    message = str(error).rstrip(".")
    if isinstance(error, UndefinedError) and (part := _NO_PART.search(message)):
        return f"there is no {part[1]} where an article has no date. Put {{% if published %}}…{{% endif %}} round it"
    if isinstance(error, TypeError):
        if unlike := _UNLIKE.search(message):
            sign, *kinds = unlike.groups()
            left, right = (_KINDS.get(kind, "something else") for kind in kinds)
            return f"{sign} compares two numbers or two texts, not {left} and {right}"
        return "a text, a number or a list stands where something else is needed"
    return message
