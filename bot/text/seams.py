"""Where texts are put together, a full stop at the end of one makes no link with what the next begins with.

`Fog in Baku.` and `In the evening` are harmless apart; printed with nothing between, they are the domain baku.in to X.
What a text from outside says by itself was defused before (`bot.text.outside`), so only the seams are left: between
two fields, a field and what the template writes, the parts of a list, or where a cut ends at a full stop.

A seam is marked with a noncharacter, which no clean text contains, until the texts stand beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import regex

from bot.text.outside import GAP

SEAM = "\ufdd7"
"""What stands between texts that are put together, until `closed`."""

Join = Callable[[Iterable[str]], str]
"""What puts texts one after the other."""

_PART = r"[\p{L}\p{M}\p{N}_-]"  # of a domain; more than any may have, as nobody sees a gap too many
_MEETING: Any = regex.compile(
    rf"\.(?={SEAM}*+\p{{L}})(?={_PART}*+{SEAM}++{_PART}) | :(?!//)(?={SEAM}*+/{SEAM}*+/)", regex.VERBOSE
)
# The same and more, found five times as fast, in texts of which hardly any has it.
_ROUGHLY = r"[^\s\0-,./:-@\[-^`{-\x7f\ufdd0-\ufdef]"
_MAY_MEET = re.compile(rf"\.(?={SEAM}*[^\W\d_])(?={_ROUGHLY}*{SEAM}+{_ROUGHLY})|:/?{SEAM}").search
_ENDS_OPEN: Any = regex.compile(rf"[.:]{_PART}*+/?\Z")


def joined(texts: Iterable[str]) -> str:
    """The texts one after the other, with a gap where a full stop, or a protocol, would make a link across a seam."""
    return closed(SEAM.join(texts))


def closed(text: str) -> str:
    """`text` without the marks of its seams, and with the gaps that they need. Takes time in proportion to it."""
    if _MAY_MEET(text):
        text = str(_MEETING.sub(rf"\g<0>{GAP}", text))
    return text.replace(SEAM, "")


def begins_open(text: str) -> bool:
    """Whether a text may go on what stands before it."""
    first = text[:1]
    return first > "\x7f" or first.isalnum() or (first != "" and first in "_-/")


def ends_open(text: str) -> bool:
    """Whether what stands behind a text may make a link of its end."""
    return not text[-1:].isspace() and _ENDS_OPEN.search(text, max(text.rfind("."), text.rfind(":"), 0)) is not None


def may_join(before: str, behind: str) -> bool:
    """Whether a text put between these two might get a gap at one of its ends."""
    return begins_open(behind) or ends_open(before)
