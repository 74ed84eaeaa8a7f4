"""Mistakes in a template, in its author's words: also those that Jinja and Python find, in theirs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from jinja2.exceptions import TemplateSyntaxError, UndefinedError

from bot.templating.vocabulary import TAGS

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
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean “{near[0]}”? " if near else ""
        raise Misuse(f"there is no {kind} called “{name}”.", line, f"{hint}There are: {', '.join(sorted(names))}.")


# -- what Jinja itself has to say ------------------------------------------------------------------------------------

_UNKNOWN_TAG = re.compile(r"Encountered unknown tag '(\w+)'\.$")
_NOT_CLOSED = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_END_OF = re.compile(r"'?end of print statement'?"), re.compile(r"'?end of statement block'?")


def misuse(error: TemplateSyntaxError) -> Misuse:
    """Jinja's syntax error in a template author's words."""
    message = error.message or ""
    if closing := _NOT_CLOSED.search(message):
        tag = closing[1]
        return Misuse(f"{{% {tag} %}} is not closed.", error.lineno, f"Write {{% end{tag} %}} where it ends.")
    if unknown := _UNKNOWN_TAG.search(message):
        return _unknown_tag(unknown[1], error.lineno)
    if message.startswith("unexpected end of template"):
        return Misuse("something that was opened is not closed.", error.lineno, "Look for a missing }} or %}.")
    if message.startswith("Missing end of comment"):
        return Misuse("a comment is not closed.", error.lineno, "Write #} where it ends.")
    for pattern, sign in zip(_END_OF, ("}}", "%}"), strict=True):
        message = pattern.sub(sign, message)
    return Misuse(f"this cannot be read: {message.rstrip('.')}.", error.lineno)


def _unknown_tag(tag: str, line: int) -> Misuse:
    if tag.startswith("end") or tag in ("else", "elif"):
        return Misuse(f"{{% {tag} %}} belongs to nothing that is open here.", line)
    try:
        known(tag, TAGS, line, "tag")
    except Misuse as unknown:
        return unknown
    raise AssertionError(tag)


_NO_PART = re.compile(r"'None' has no attribute '(\w+)'")


def seen_late(error: Exception) -> str:
    """What went wrong while an article was printed, as the end of a sentence."""
    message = str(error).rstrip(".")
    if isinstance(error, UndefinedError) and (part := _NO_PART.search(message)):
        return f"there is no {part[1]} where an article has no date. Put {{% if published %}}…{{% endif %}} round it"
    if isinstance(error, TypeError):
        return f"a text, a number or a list stands where something else is needed ({message})"
    return message
