"""Text from outside may name people, topics and sites, but it links, tags and notifies nobody.

X makes a mention of `@name`, a hashtag of `#word`, a cashtag of `$ABC` and a link of every bare domain; a link makes
the post cost more than ten times as much. Facebook tags a page for `@[123:1:Name]`. In text of a feed or a file none
of that was meant by the newsroom, so the signs are defused: the text looks as before, but they are only characters.

It is done with one invisible character, ZERO WIDTH NON-JOINER, put where X's rules (twitter-text 3.1.0, the last
release, of March 2020) want two characters side by side:

- behind `@` and `$`: a name or a symbol must follow at once;
- before *and* behind `#`: the character may be part of a hashtag, so the one before takes away the boundary that a
  hashtag needs, and the one behind defuses it where the character is not held to be part of one;
- behind any of them at the end of a text too: what a template prints next must not become a name (a full stop
  there gets its gap where the texts meet, if it needs one: `bot.text.seams`);
- behind a dot that a top-level domain follows: there is no link, with or without `https://`, without these two;
- also where that shows only in capitals or small letters, as templates may put a text in them: `İNFO` is the `info` of
  Azerbaijani, and `ß` becomes `SS`;
- between `http:` and `//`, for readers other than X that link whatever begins so.

Why this one: a reader sees no difference in any script. WORD JOINER would do as well but weighs 2 on X instead of 1,
and a clean text (`bot.text.clean`) has no zero-width character but this and ZWJ, so a defused text is clean. Dropping
or replacing the signs would change what was written ("Booking com", "C sharp"). An e-mail address is left as it is,
since X makes nothing of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from functools import cache
from itertools import zip_longest
from typing import Any

import regex

from bot.text.clean import folded
from bot.text.xhosts import TopLevelDomains, in_any_case
from bot.text.xtables import entity_classes, newer_tables

GAP = "\u200c"
"""What is put between two characters that must not work together."""

TAGGED = r"\p{L}\p{M}\p{Nd}_\u200c\u200d\u00b7\u05be\u05f3\u05f4\u0f0b\u0f0c\u3003\u301c\u309b\u309c\u30a0\u30fb\uff5e"
"""What may stand in a hashtag, inside a pattern's brackets (twitter-text, hashtagAlphaNumeric)."""
_TAG: Any = regex.compile(f"[{TAGGED}]+")
_NAME = re.compile("[A-Za-z0-9_]+")
_SYMBOL = re.compile(r"[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?")
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.IGNORECASE | re.ASCII)

_CHANGING = "ßİıŉſǰẖẗẘẙẚẞﬀﬁﬂﬃﬄﬅﬆ"
"""Letters outside ASCII of which capitals or small letters make letters of ASCII."""
_DOT_ABOVE = "\u0307"  # the small letter of İ may be written with it


@cache
def _signs() -> Any:
    """A pattern for every sign that works, or may work with what is printed next.

    What letters are in a hashtag goes by X's own old tables, and after it a letter of today's counts too. An "RT" right
    before a mention is the one word that X allows there; its R may be in what is printed before.
    """
    classes = entity_classes()
    x_letter, x_other = classes["hashtag_letter"], classes["hashtag_other"]
    letter = rf"\p{{L}}\p{{M}}{x_letter}"
    return regex.compile(
        rf"""(?P<mail> (?<=[A-Za-z0-9_]) (?<!(?:^|[^A-Za-z0-9_+~.-])[Rr][Tt]) (?<!^[Tt]) @ [A-Za-z0-9.-]+ )
           | (?P<at> [@＠] ) (?=[A-Za-z0-9_\[{_CHANGING}]|\Z)
           | {GAP}? (?<![_&]) (?<![[{x_letter}]&&\p{{L}}]) (?<![[{x_other}]&&\p{{Nd}}])
             (?P<hash> [#＃] ) (?![\ufe0f\u20e3]) {GAP}? (?= [^\s#＃{letter}]*+ [{letter}] | [{TAGGED}]*+ \Z )
           | (?<![A-Za-z0-9]) (?P<cash> \$ ) (?=[A-Za-z{_CHANGING}]|\Z)
           | (?P<protocol> [Hh][Tt][Tt][Pp][Ssſ]?: ) (?=//)
           | (?P<dot> \. ) (?=[^\W\d_])
        """,
        regex.VERBOSE | regex.V1,
    )


_GAPS = re.compile(f"{GAP}(?=[#＃])|(?<=[@＠#＃$.:]){GAP}")


def defuse(text: str, *, allow: Collection[str] = ()) -> str:
    """`text`, which is clean, with nothing in it that X or Facebook would link, tag or notify; it reads as before.

    `allow` lists what may stay as it is: `@handle`, `#tag`, `$SYMBOL`, `domain.az` (its subdomains too), and `@*`,
    `#*`, `$*` for all of a kind; upper and lower case are the same. NFC stays NFC, twice is the same as once, and the
    time taken is in proportion to the text.
    """
    allowed = frozenset(map(folded, allow))
    kept = 0  # where the last thing that may stay ends

    def defused(found: Any) -> str:
        nonlocal kept
        kind, sign = found.lastgroup, str(found[0])
        if kind == "mail" or found.start() < kept or (kind == "dot" and not _tld_follows(text, found.end())):
            return sign
        if allowed and (end := _ALLOWED[kind](text, found, allowed)):
            kept = end
            return sign
        return f"{GAP}{found['hash']}{GAP}" if kind == "hash" else sign + GAP

    return str(_signs().sub(defused, text))


def ends_in_sign(text: str, end: int) -> bool:
    """Whether `text` up to `end` ends in a sign that would work with what is put right behind it."""
    return _SIGN_AT_END.search(text, max(end - _LONGEST_NUMBER, 0), end) is not None


_LONGEST_NUMBER = 100  # characters, with the sign of a hashtag before it; longer ones are none (`|hashtag`)
_SIGN_AT_END: Any = regex.compile(
    rf"(?:[@＠$]|(?<![\p{{L}}\p{{Nd}}_&])[#＃][[{TAGGED}]--[\p{{L}}\p{{M}}]]*+)\Z", regex.V1
)


def restored(text: str) -> str:
    """The text as it was before `defuse`, for what is not posted as it stands, such as a tag that becomes a hashtag."""
    return _GAPS.sub("", text) if GAP in text else text


def parted(text: str, by: str) -> list[str]:
    """`text` split wherever `by` stands in it, with or without the gaps of `defuse`; whole when `by` is empty.

    Takes time in proportion to both.
    """
    if not by:
        return [text]
    plain, by = restored(text), restored(by)
    if len(plain) == len(text):
        return text.split(by)
    gaps = [found.start() - number for number, found in enumerate(_GAPS.finditer(text))]  # by what is behind them
    pieces, begin, at = [], 0, plain.find(by)
    while at >= 0:  # gaps beside it go with it
        pieces.append(text[begin : at + bisect_left(gaps, at)])
        end = at + len(by)
        begin, at = end + bisect_right(gaps, end), plain.find(by, end)
    return [*pieces, text[begin:]]


def _tld_follows(text: str, at: int) -> bool:
    """Whether a top-level domain that X knows, or may know by now, begins at `at`, in whatever letters."""
    known, foreign = _top_level_domains()
    if known.end(text, at) or foreign(text, at):
        return True
    name = text[at : at + _LONGEST_TLD]
    return not name.isascii() and bool(
        foreign(name.upper(), 0) or foreign(name.lower(), 0) or _becomes_one_of(known, name)
    )


def _becomes_one_of(known: TopLevelDomains, text: str) -> bool:
    """Whether changing letters make a top-level domain of the beginning of `text`.

    It may end before such a letter and behind it, as some of them may become letters of ASCII and others not.
    """
    run, name = _MAY_BE_TLD.match(text), ""
    letters = run[0] if run and not run[0].isascii() else ""
    for letter, following in zip_longest(letters, letters[1:], fillvalue=_DOT_ABOVE):
        name += _NOT_ASCII.sub("", letter if letter.isascii() else folded(letter))
        if not (letter + following).isascii() and name in known:
            return True
    return False


_LONGEST_TLD = 64  # characters; a label has at most 63 (RFC 1035, section 2.3.4)
_MAY_BE_TLD = re.compile(f"[A-Za-z0-9{_CHANGING}{_DOT_ABOVE}]+")
_NOT_ASCII = re.compile(r"[^\0-\x7f]")


@cache
def _top_level_domains() -> tuple[TopLevelDomains, Callable[[str, int], object]]:
    """All of them, and those outside ASCII apart: where a text may be cut right behind one, nothing else counts."""
    names = newer_tables().tlds
    foreign = "|".join(in_any_case(name) for name in names if not name.isascii())
    return TopLevelDomains(names), re.compile(foreign).match


# -- what may stay: each function says where it ends, or 0 when it may not stay ---------------------------------------


def _listed(sign: str, body: Any) -> Callable[[str, Any, Collection[str]], int]:
    def end_of_listed(text: str, found: Any, allowed: Collection[str]) -> int:
        name = body.match(text, found.end())
        known = name and (f"{sign}*" in allowed or folded(f"{sign}{name[0]}") in allowed)
        return int(found.end()) if known else 0

    return end_of_listed


def _link_end(text: str, found: Any, allowed: Collection[str]) -> int:
    """For a protocol, with the host behind it."""
    start = found.end() + len("//")
    return _address_end(text, _HOST.match(text, start, start + _LONGEST_HOST), allowed)


def _domain_end(text: str, found: Any, allowed: Collection[str]) -> int:
    """For a dot inside a bare domain."""
    start, first = found.start(), max(0, found.start() - _LONGEST_HOST)
    while start > first and text[start - 1] in _HOST_CHARACTERS:
        start -= 1
    return _address_end(text, _HOST.match(text, start, start + _LONGEST_HOST), allowed)


def _address_end(text: str, host: re.Match[str] | None, allowed: Collection[str]) -> int:
    """A host is allowed when it or one above it is listed. A letter close to it would make another host of it."""
    if host is None or host.end() - host.start() == _LONGEST_HOST:
        return 0
    beside = text[max(0, host.start() - 1) : host.start()] + text[host.end() : host.end() + 1]
    name = f".{host[0].casefold()}"
    if (
        _OTHER_HOST.search(beside)
        or _GOES_ON.match(text, host.end())
        or not any(name.endswith(f".{entry}") for entry in allowed)
    ):
        return 0
    rest = _REST.match(text, host.end())
    return rest.end() if rest else host.end()


_LONGEST_HOST = 254  # characters; one more than a host can have (RFC 1035, section 2.3.4)
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
_OTHER_HOST: Any = regex.compile(r"[\p{Latin}\p{M}\p{Nd}_@＠+]")
# A hyphen or another label, in whatever letters, makes another host of it. What is no port may be a password, and the
# host may follow it: http://example.com:80@other.com
_GOES_ON = re.compile(r"-|\.[^\W_]|:(?!\d{1,5}(?:[/?#\s]|\Z))[\w.~%!$&'()*+,;=-]")
_REST = re.compile(r"(?:/[A-Za-z0-9_./%~+@-]*)?(?:\?[A-Za-z0-9_./%~+=&-]*)?")  # all of it is the link's to X

_ALLOWED: dict[str, Callable[[str, Any, Collection[str]], int]] = {
    "at": _listed("@", _NAME),
    "hash": _listed("#", _TAG),
    "cash": _listed("$", _SYMBOL),
    "protocol": _link_end,
    "dot": _domain_end,
}
