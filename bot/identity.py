"""By what an article is recognised, so that the same story is posted once however often and however it arrives."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import SplitResult, quote, unquote_to_bytes, urlsplit

import idna

from bot.article import Article
from bot.errors import UsageError

BODY_START = 500  # characters of a text that has no address; enough to tell two stories apart

TRACKING_PREFIXES = ("utm_", "mtm_", "hsa_", "at_custom")
TRACKING = frozenset(
    (
        *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "ttclid", "li_fat_id"),
        *("igsh", "igshid", "yclid", "ysclid", "_openstat", "mc_cid", "mc_eid", "mkt_tok", "vero_id", "_hsenc"),
        *("_hsmi", "s_cid", "cmpid", "oly_anon_id", "oly_enc_id", "ref_src", "ref_url", "guccounter"),
        *("__twitter_impression", "pk_campaign", "pk_kwd", "pk_source", "pk_medium", "at_campaign", "at_medium"),
    )
)
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
DEFAULT_PORTS = (None, 80, 443)


def identities(article: Article) -> tuple[str, ...]:
    """The keys `article` is recognised by, strongest first: its address, its guid, else its words.

    `url:https://…`, `guid:SOURCE:…`; only an article with neither gets `text:…`, made of title and summary. Where a
    file lay is never an identity: the same story from another folder is the same story. A text typed by hand is known
    by its words and its link together, so that a page can be linked again in other words.
    """
    if article.typed:
        return (f"text:{fingerprint(article.title, article.url)}",)
    keys = []
    if is_web_address(article.url):
        keys.append(f"url:{canonical_url(article.url)}")
    if article.guid:
        keys.append(f"guid:{article.source}:{article.guid}")
    return tuple(keys) or (f"text:{fingerprint(article.title, article.summary)}",)


def fingerprint(title: str, body: str) -> str:
    """A hash of the words, blind to letter case, white space and Unicode's different spellings of one letter."""
    folded = " ".join(unicodedata.normalize("NFC", f"{title}\n{body[:BODY_START]}").casefold().split())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_web_address(text: str) -> bool:
    """Whether `text` is an http or https address with a host, without white space and without name or password."""
    try:
        split_address(text)
    except UsageError:
        return False
    return True


def canonical_url(url: str) -> str:
    """One spelling for all the addresses of one page; for comparing, never for posting.

    http counts as https; letter case of the host, default ports, trailing slashes, the order of parameters, tracking
    parameters, fragments (but `#!…`, which names a page) and superfluous percent signs make no difference. `www.` and
    every other parameter do. Raises UsageError when `url` is not a web address.
    """
    parts = split_address(url)
    host = ascii_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port not in DEFAULT_PORTS:
        netloc += f":{parts.port}"
    path = without_dots(normal_escapes(parts.path, "/")).rstrip("/")
    kept = sorted(normal_escapes(pair, "=/") for pair in parts.query.split("&") if pair and not is_tracking(pair))
    query = "?" + "&".join(kept) if kept else ""
    fragment = "#" + normal_escapes(parts.fragment, "!/") if parts.fragment.startswith("!") else ""
    return f"https://{netloc}{path}{query}{fragment}"


def split_address(url: str) -> SplitResult:
    """The parts of a web address. Raises UsageError when it is none, naming no password it may hold."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool((parts.hostname or "").strip(".")) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise UsageError(f"'{url[:200]}' is not a web address.", "It should begin with https:// or http://.")
    if "@" in parts.netloc:
        raise UsageError(f"The address of {parts.hostname} has a name or password in it.", "Leave that out.")
    return parts


def ascii_host(host: str) -> str:
    """A host name as the network spells it: lower case, `bücher.example` as `xn--bcher-kva.example`, no final dot."""
    lowered = host.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode("ascii")
    except idna.IDNAError:
        return lowered


def without_dots(path: str) -> str:
    """A path without `.` and `..`, as the web server would understand it."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[max(1, len(kept) - 1) :]
        elif part != ".":
            kept.append(part)
    return "/".join(kept)


def is_tracking(pair: str) -> bool:
    name = pair.partition("=")[0].lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def normal_escapes(text: str, plain: str) -> str:
    """Percent-encoding in its one normal form (RFC 3986, 6.2.2): only what needs it, in capitals.

    `plain` characters are left as they stand, and so is their escaped form: `%2F` in a path is not a slash.
    """
    return "".join(
        normal_escape(piece) if ESCAPE.fullmatch(piece) else quote(piece, safe=plain + "-._~!$'()*+,;:@&=?")
        for piece in ESCAPE.split(text)
    )


def normal_escape(escape: str) -> str:
    [byte] = unquote_to_bytes(escape)
    return chr(byte) if byte in UNRESERVED else escape.upper()
