"""The lines above an article in Markdown that say its title, address and so on: YAML between ---, TOML between +++.

Nothing that a person wrote there is lost in silence: a field spelt almost like one of ours, a field given twice, and
text that YAML takes for a comment are refused with file, line and what to do.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.configuring.lines import line_of, lines_of
from bot.errors import UsageError
from bot.identity import is_web_address
from bot.text.clean import clean, one_line

KEYS = (
    "title", "short_title", "short", "url", "summary", "section", "tags", "author", "language", "published", "image",
)  # fmt: skip
NOT_MISSPELT = (
    "subtitle",
    "authors",
    "images",
    "publishdate",
    "publish_date",
)  # what site generators call other things
CLOSE = 0.75  # likeness by difflib: "titel" has 0.8, Hugo's "linktitle" 0.71

FENCES = {"---": ("---", "..."), "+++": ("+++",)}  # the first line, and the lines that close what it opens
MOST_FRONT_MATTER = 65_536  # characters
DEEPEST = 10  # lists and tables inside each other; front matter needs one
MOST_TAGS = 30

FALSE_LINE_END = re.compile("\r(?!\n)|[\v\f\x85\u2028\u2029]")  # what editors count no line for
KEY_LINE = re.compile(rf"({'|'.join(KEYS)}):(.*)", re.IGNORECASE)
TEXT_WITH_COLON = re.compile(
    r"(title|short_title|short|summary|section|author):[ \t]+(?![-\"'\[\]{}>|*&!%#@`,?:])(?!.*[ \t]#)(.*:(?:[ \t].*)?)",
    re.IGNORECASE,
)

# The quick loader is there only where PyYAML was built with libyaml. Neither makes objects: nodes are all we ask for.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the front matter as it was written, and the line of the file it stands on."""

    text: str
    items: tuple[str, ...]
    line: int


class FrontMatter:
    """The fields by name; asking for one that is missing gives "". `name` stands for the file in messages."""

    def __init__(self, fields: dict[str, Field], name: str) -> None:
        self.fields = fields
        self.name = name

    def line(self, key: str) -> str:
        field = self.fields.get(key)
        if field is None:
            return ""
        if field.items:
            raise self.wrong(key, "should be one line of text, not a list")
        return one_line(field.text)

    def tags(self) -> tuple[str, ...]:
        """A list, or words between commas."""
        field = self.fields.get("tags")
        words = (field.items or field.text.split(",")) if field else ()
        return tuple(filter(None, (one_line(word).removeprefix("#") for word in words)))[:MOST_TAGS]

    def address(self, key: str) -> str:
        address = self.line(key)
        if address and not is_web_address(address):
            raise self.wrong(key, "is not a web address; it should begin with https://")
        return address

    def moment(self, key: str, zone: ZoneInfo) -> datetime | None:
        """A date with or without a time, in UTC; without an offset it is meant in `zone`."""
        written = self.line(key)
        if not written:
            return None
        try:
            moment = datetime.fromisoformat(written)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            shown = written[:40]
            raise self.wrong(key, f"'{shown}' is not a date; write it like 2026-11-08 or 2026-11-08 12:30") from None

    def wrong(self, key: str, why: str) -> UsageError:
        return wrong(self.name, self.fields[key].line, f"{key}: {why}")


def wrong(name: str, line: int, why: str, hint: str = "") -> UsageError:
    return UsageError(f"{name}:{line}: {why}.", hint)


def has_front_matter(text: str) -> bool:
    return text.partition("\n")[0].rstrip() in FENCES


def split(text: str, name: str) -> tuple[FrontMatter, str]:
    """The front matter, empty when there is none, and the text below it. Raises UsageError with file and line."""
    if not has_front_matter(text):
        return FrontMatter({}, name), text
    lines = text.split("\n")
    opening = lines[0].rstrip()
    for place, line in enumerate(lines[1:], start=1):
        if line.rstrip() in FENCES[opening]:
            written = "\n".join(lines[1:place])
            return FrontMatter(fields_of(written, opening, name), name), "\n".join(lines[place + 1 :])
    raise wrong(name, 1, "the front matter is never closed", f"Put a line {opening} below it.")


def fields_of(written: str, opening: str, name: str) -> dict[str, Field]:
    """The fields by their names in small letters, each of them once and none misspelt."""
    if len(written) > MOST_FRONT_MATTER:
        raise wrong(name, 1, f"the front matter is longer than {MOST_FRONT_MATTER:,} characters")
    # Neither YAML nor TOML may hold control characters, and pasted text does. Lines keep their numbers.
    written = clean(FALSE_LINE_END.sub(" ", written))
    fields: dict[str, Field] = {}
    for key, field in from_yaml(written, name) if opening == "---" else from_toml(written, name):
        if key in fields:
            raise wrong(name, field.line, f"{key}: stands here again; line {fields[key].line} has it already")
        if meant := misspelt(key):
            raise wrong(name, field.line, f"there is no field '{key}'", f"Did you mean '{meant}'?")
        fields[key] = field
    return fields


def misspelt(key: str) -> str:
    """The field of ours that was probably meant by `key`; "" for one of ours and for what is nothing like them."""
    if key in NOT_MISSPELT or not {*re.split("[_-]", key)}.isdisjoint(KEYS):  # author_id is no misspelling either
        return ""
    transposed = [known for known in KEYS if sorted(known) == sorted(key)]
    return next(iter((*transposed, *difflib.get_close_matches(key, KEYS, n=1, cutoff=CLOSE))), "")


# -- TOML --------------------------------------------------------------------------------------------------------


def from_toml(written: str, name: str) -> Iterator[tuple[str, Field]]:
    try:
        document, lines = tomllib.loads(written), lines_of(written)
    except RecursionError:
        raise wrong(name, 1, "the front matter is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        problem, _, place = str(error).partition(" (at ")
        found = re.match(r"line (\d+)", place)
        line = int(found[1]) + 1 if found else written.count("\n") + 2
        raise wrong(name, line, f"the front matter is not TOML: {problem[:1].lower()}{problem[1:]}") from None
    for key, value in document.items():
        line = line_of(lines, (key,)) + 1
        if isinstance(value, (list, dict)):
            items = tuple(str(item) for item in value if not isinstance(item, (list, dict)))
            yield key.lower(), Field("", items if isinstance(value, list) and items else ("",), line)
        else:
            yield key.lower(), Field(str(value), (), line)


# -- YAML --------------------------------------------------------------------------------------------------------


def from_yaml(written: str, name: str) -> list[tuple[str, Field]]:
    """The fields as they were written: `12:30` stays text and `no` stays a word, whatever YAML makes of them."""
    try:
        root = composed(written, name)
    except (yaml.YAMLError, RecursionError) as error:
        # Only now: front matter that is YAML means what YAML says.
        quoted = with_colons_quoted(written)
        try:
            root = composed(quoted, name)
        except (yaml.YAMLError, RecursionError):
            raise not_yaml(error, written, name) from None
        written = quoted
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise wrong(name, 2, "the front matter should be lines such as `title: …`")
    pairs = [(str(key.value).lower(), key, value) for key, value in root.value]
    refuse_lost_text(written, [(key.start_mark.index, word) for word, key, _ in pairs], name)
    return [(word, field_of(value, key)) for word, key, value in pairs]


def composed(written: str, name: str) -> yaml.Node | None:
    """The nodes of YAML without aliases, which can make a few lines stand for gigabytes, and without depth."""
    depth = 0
    for event in yaml.parse(written, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
            line = event.start_mark.line + 2 if event.start_mark else 1
            raise wrong(name, line, "the front matter may not hold aliases (*name) or deeply nested lists")
    root: yaml.Node | None = yaml.compose(written, Loader=LOADER)
    return root


def with_colons_quoted(written: str) -> str:
    """`title: November 8: Triumph` with its text in quotes, where that line alone holds the text."""
    lines = written.split("\n")
    for place, line in enumerate(lines):
        found = TEXT_WITH_COLON.fullmatch(line.rstrip())
        goes_on = place + 1 < len(lines) and lines[place + 1][:1] in (" ", "\t")
        if found and not goes_on:
            text = found[2].replace("'", "''")
            lines[place] = f"{found[1]}: '{text}'"
    return "\n".join(lines)


def refuse_lost_text(written: str, keys: list[tuple[int, str]], name: str) -> None:
    """Refuse what YAML would not read as text: ` #…` behind unquoted text, `!word` and `&word` before it.

    `keys` are the fields with the places where they begin; of fields that are not ours nothing is read anyway.
    """
    starts = [start for start, _ in keys]
    before: Any = None
    for token in yaml.scan(written, Loader=LOADER):
        place = bisect(starts, token.start_mark.index - 1) - 1
        key = keys[place][1] if place >= 0 else ""
        if key in KEYS and before is not None:
            line = before.end_mark.line + 2
            if isinstance(token, (yaml.TagToken, yaml.AnchorToken)):
                raise wrong(
                    name, line, f"{key}: '!' or '&' before a word has a meaning in YAML; put the {key} in quotes"
                )
            if is_comment_behind(before, written[before.end_mark.index : token.start_mark.index]):
                hint = "A note of your own goes on a line of its own."
                raise wrong(name, line, f"{key}: what follows # would not be read; put the {key} in quotes", hint)
        before = token


def is_comment_behind(token: Any, gap: str) -> bool:
    """Whether `gap`, which follows the token, begins with a comment that may have been meant as text."""
    closed = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
    ends_itself = isinstance(token, closed) or (isinstance(token, yaml.ScalarToken) and not token.plain)
    return not ends_itself and gap.lstrip(" \t").startswith("#")


def not_yaml(error: Exception, written: str, name: str) -> UsageError:
    """What is wrong in words that need no YAML, where the line tells; else what the parser said."""
    lines = written.split("\n")
    for place, line in enumerate(lines):
        if (found := KEY_LINE.match(line)) and found[2][:1].strip():
            return wrong(name, place + 2, f"{found[1]}: a blank is missing after the colon")
    context = getattr(error, "context", None) or ""
    never_closed = "flow" in context or "quoted" in context  # noticed only where something else begins, or nothing
    mark = getattr(error, "context_mark" if never_closed else "problem_mark", None)
    place = mark.line if mark else -1
    if 0 <= place < len(lines) and (found := KEY_LINE.match(lines[place])):
        why = "its quotes are never closed" if "quoted" in context else "some of its signs mean something else in YAML"
        return wrong(name, place + 2, f"{found[1]}: {why}; put the whole text in quotes")
    problem = getattr(error, "problem", None) or "it cannot be read"
    return wrong(
        name, place + 2, f"the front matter is not YAML: {problem}", "Text with : or # in it belongs in quotes."
    )


def field_of(value: yaml.Node, key: yaml.Node) -> Field:
    line = key.start_mark.line + 2 if key.start_mark else 1
    if isinstance(value, yaml.ScalarNode):
        is_null = not value.style and value.value in ("~", "null", "Null", "NULL")
        return Field("" if is_null else str(value.value), (), line)
    items = tuple(str(item.value) for item in value.value if isinstance(item, yaml.ScalarNode))
    return Field("", items or ("",), line)
