"""Finds the URLs that X counts as links, exactly as twitter-text 3.1.0 does, in linear time.

A URL has a dot between a label and a letter, so the search goes from dot to dot. Around each the whole run of host
characters is taken: one pattern settles an ordinary ASCII host and what follows it, any other goes to `xhosts`.
Every run is looked at once, and quantifiers over input are possessive: nothing goes back over what it has read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.text.xhosts import MAX_LABEL, Host, HostFinder, TopLevelDomains
from bot.text.xtables import character_classes

MAX_URL = 4096  # UTF-16 units
MAX_SLUG = 40  # characters that name a t.co link
DEFAULT_PROTOCOL = "https://"  # what a URL without protocol is measured with
_PROTOCOLS = ("https://", "http://")
_ROOMY = MAX_URL // 2  # up to this length no ASCII URL can break a limit


class FoundUrl(NamedTuple):
    """A link: `url` stands at text[start:end], in code points.

    One oddity is the reference's: in `example.com日本.jp/path` the link is `example.com/path`, although the stretch
    from its start to its end holds more.
    """

    url: str
    start: int
    end: int


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, in which the reference measures; a lone surrogate is one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class UrlFinder:
    """Finds URLs whose top-level domain is one of `tlds`."""

    def __init__(self, tlds: Sequence[str]) -> None:
        classes = character_classes()
        between, rest = f"[{classes['not_in_host']}]", _rest(classes)
        label = f"[^{classes['not_in_label']}]"
        self.tlds = TopLevelDomains(tlds)
        self._hosts = HostFinder(self.tlds)
        self._not_before = _members(classes["not_before_url"])
        self._not_before_bare = _members(classes["not_before_bare_url"])
        self._next_dot = re.compile(rf"\.(?<={label}\.)(?=[^\W\d_])").search
        self._last_between = re.compile(f"(?s:.*){between}").match
        self._run = re.compile(f"[^{classes['not_in_host']}]*+").match
        self._tail = re.compile(rest).match
        self._ordinary = re.compile(
            r"(?:[A-Za-z0-9]++(?:-++[A-Za-z0-9]++){0,32}\.(?=[A-Za-z0-9])){1,32}(?P<tld>[A-Za-z]++)"
            rf"(?![@+])(?=\.*+(?:{between}|\Z)){rest}"
        ).match
        self._path_piece = re.compile(_path_piece(classes)).match
        self._query = re.compile(_query(classes)).match
        self._protocol = re.compile(rf"(?<![{classes['not_before_url']}])[Hh][Tt][Tt][Pp][Ss]?://").search
        self._tco = re.compile(rf"[Hh][Tt][Tt][Pp][Ss]?://[Tt]\.[Cc][Oo]/([A-Za-z0-9]++){_query(classes)}").match

    def find(self, text: str) -> list[FoundUrl]:
        """All URLs, in the order of the reference. `text` is taken as it is: normalise it first when counting."""
        found: list[FoundUrl] = []
        floor = scan = 0  # where the last match ended; where to look for the next dot
        while dot := self._next_dot(text, scan):
            between = self._last_between(text, floor, dot.start())
            run = between.end() if between else floor
            protocol = self._protocol_start(text, run, floor)
            ordinary = self._ordinary(text, run)
            if (
                ordinary
                and ordinary["tld"] in self.tlds
                and (link_end := self._end(text, ordinary)) - run < _ROOMY
                and ordinary.end("tld") - run <= MAX_LABEL
                and (protocol >= 0 or run == 0 or (run > floor and text[run - 1] not in self._not_before))
            ):
                floor = scan = link_end
                if protocol >= 0:
                    self._add_linked(text[protocol:floor], protocol, found)
                elif run == 0 or text[run - 1] not in self._not_before_bare:
                    end = floor if ordinary["path"] else ordinary.end("tld")  # a port or query needs a path
                    found.append(FoundUrl(text[run:end], run, end))
            else:
                rest = self._run(text, dot.start())
                assert rest is not None  # it matches the dot at least
                floor = self._search_run(text, run, rest.end(), floor, protocol, found)
                scan = max(rest.end(), floor)
        return found

    def unknown_links(self, text: str) -> Iterator[str]:
        """What would be links in a text if their top-level domains were known; each with its protocol."""
        end = 0
        while protocol := self._protocol(text, end):
            start = end = protocol.end()
            run = self._run(text, start)
            host = run[0].partition("..")[0].rstrip(".") if run else ""
            name, dot, tld = host.rpartition(".")
            if name and name[0] != "." and len(tld) > 1 and not (tld.isascii() and tld.isdigit()):
                tail = self._tail(text, start + len(host))
                assert tail is not None  # it matches the empty string, too
                end = self._end(text, tail)
                if not self.tlds.end(text, start + len(name + dot)):
                    yield text[protocol.start() : end]

    def _end(self, text: str, found: re.Match[str]) -> int:
        """Where a link ends: `found` says what follows its host, but for parentheses in its path."""
        if found["odd"] is None:
            return found.end()
        end = at = found.start("path") + 1
        while piece := self._path_piece(text, at):
            if piece.lastgroup == "end" or (piece.lastgroup == "parentheses" and at == end):
                end = piece.end()
            at = piece.end()
        query = self._query(text, end)
        return query.end() if query else end

    def _protocol_start(self, text: str, run: int, floor: int) -> int:
        """Where the protocol right before `run` begins, or -1 if there is none or it is glued to a word."""
        if run == 0 or text[run - 1] != "/":
            return -1
        for protocol in _PROTOCOLS:
            start = run - len(protocol)
            if start >= floor and text[start:run].lower() == protocol:
                alone = start == 0 or (start > floor and text[start - 1] not in self._not_before)
                return start if alone else -1
        return -1

    def _search_run(self, text: str, run: int, end: int, floor: int, protocol: int, found: list[FoundUrl]) -> int:
        """Add the URLs whose hosts lie in text[run:end]; return where the last match ended, good or not."""
        for host in self._hosts.hosts(text, run, end, floor, protocol=protocol >= 0):
            tail = self._tail(text, host.end)
            assert tail is not None  # it matches the empty string, too
            floor = self._end(text, tail)
            begin = protocol if host.after_protocol else host.start
            url = text[begin:floor]
            if not self._is_valid(url, host):
                continue
            if host.after_protocol:
                self._add_linked(url, begin, found)
            elif host.before not in self._not_before_bare:
                found += self._bare_urls(host, url, bool(tail["path"]))
        return floor

    def _is_valid(self, url: str, host: Host) -> bool:
        """Short enough, and with a host that can exist? The reference adds the protocol's length twice."""
        protocol = url.index("//") + 2 if host.after_protocol else len(DEFAULT_PROTOCOL)
        return protocol + utf16_length(url) <= MAX_URL and self._hosts.can_be_encoded(host.domain)

    def _add_linked(self, url: str, start: int, found: list[FoundUrl]) -> None:
        """Add a URL with a protocol. A t.co link takes nothing after its slug but a query."""
        if "t.co/" in url[:13].lower() and (tco := self._tco(url)):
            if len(tco[1]) > MAX_SLUG:
                return
            url = tco[0]
        found.append(FoundUrl(url, start, start + len(url)))

    def _bare_urls(self, host: Host, url: str, has_path: bool) -> Iterable[FoundUrl]:
        """What of a URL without protocol is linked: the Latin domains in its host, the last with the path."""
        urls: list[FoundUrl] = []
        at = 0
        for name in self._hosts.latin_domains(host.domain):
            at = host.domain.index(name, at)
            urls.append(FoundUrl(name, host.start + at, host.start + at + len(name)))
            at += len(name)
        if urls and has_path:
            last = urls[-1]
            urls[-1] = FoundUrl(last.url + url[len(host.domain) :], last.start, host.start + len(url))
        return urls


class Stretch(NamedTuple):
    """What counts as one link: text[start:end]. It `stops_early` when the link it stands for ends later.

    `half` is 1 when it takes the first half of the character at `end`, else 0.
    """

    start: int
    end: int
    half: int
    stops_early: bool


def counted_stretches(text: str, urls: Iterable[FoundUrl]) -> Iterator[Stretch]:
    """The stretches of `text` that count as one URL each, in order and apart from each other.

    The reference counts as many UTF-16 units from a link's start as the link is long: that is less than the link
    takes in the text when other characters lie between its ends.
    """
    for url, start, end in urls:
        yield Stretch(start, end, 0, False) if end - start == len(url) else _shorter_stretch(text, url, start)


def _shorter_stretch(text: str, url: str, start: int) -> Stretch:
    end = start + len(url)
    while (units := utf16_length(text[start:end])) > len(url):
        end -= 1
    return Stretch(start, end, len(url) - units, True)


# Quantifiers of single characters are the only ones over text of any length: the stack of a quantified group grows
# with the text, and possessive groups fail to go back where they should before Python 3.11.5.


def _rest(classes: Mapping[str, str]) -> str:
    """What may follow a host: a port, a path, a query. Where `odd` takes part, parentheses may prolong the path."""
    inside, end = classes["path_inside"], classes["path_end"]
    path = rf"(?P<path>/(?:[{inside}{end}]*[{end}])?)(?P<odd>[{inside}]*+\()?"
    return rf"(?::[0-9]++)?(?:{path})?{_query(classes)}"


def _path_piece(classes: Mapping[str, str]) -> str:
    """A path ends after the last character that may end one, or after the balanced parentheses that follow it.

    Parentheses may be two deep and are never empty.
    """
    inside, end = classes["path_inside"], classes["path_end"]
    some = f"[{inside}{end}]"
    nested = rf"\({some}++\){some}*+"
    return rf"(?P<end>[{end}]++)|(?P<inside>[{inside}]++)|(?P<parentheses>\((?:{some}++(?:{nested})?|{nested})\))"


def _query(classes: Mapping[str, str]) -> str:
    inside, end = classes["query_inside"], classes["query_end"]
    return rf"(?:\?[{inside}{end}]*[{end}])?"


def _members(body: str) -> frozenset[str]:
    """The characters of the basic plane that `[body]` matches."""
    return frozenset(re.findall(f"[{body}]", "".join(map(chr, range(0x10000)))))
