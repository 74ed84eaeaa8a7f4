"""Logs that never show a secret and cannot be forged by what they quote.

Everything that is written passes `scrub` as its very last step: message, traceback and all. Credentials are known
by their exact value (`register_secret`), and what looks like one is hidden wherever it stands.
"""

from __future__ import annotations

import base64
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST_SECRET = 6

# At DEBUG these print headers with tokens or addresses with tokens in them (seen: tweepy 4.17, urllib3 2).
TALKATIVE = ("tweepy", "urllib3", "requests", "requests_oauthlib", "oauthlib", "pyfacebook")

_NAMES = (
    "access_token|client_secret|appsecret_proof|fb_exchange_token|input_token|refresh_token|app_secret|page_token"
    "|oauth_signature|oauth_token|oauth_token_secret|oauth_consumer_key|access_secret|api_secret|api_key"
)
_PATTERNS = (
    # name=value, "name": "value", name%3Dvalue: in addresses, forms, JSON, Python's own way of printing a dict.
    (re.compile(rf"(?i)\b({_NAMES})([\"']?\s*(?:=|:|%3D)\s*[\"']?)[^\s&\"',;)}}\]]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(Bearer|Basic)(\s+|%20)[\w.~+/=|%-]{6,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s/@?#\"']{1,400}@"), rf"\1{HIDDEN}@"),
)

_known: dict[str, dict[int, set[str]]] = {}  # the first characters of secrets -> length, longest first -> the secrets
_registering = threading.Lock()


def register_secret(value: str) -> None:
    """From now on `scrub` hides this value, and its URL-encoded and base64 forms. Shorter than 6: ignored."""
    if len(value) < SHORTEST_SECRET:
        return
    with _registering:
        for form in _forms(value):
            start = form[:SHORTEST_SECRET]
            kin = _known.get(start, {})
            if len(form) in kin:
                kin[len(form)].add(form)
            else:  # a new dictionary, as another thread may be walking through the old one
                _known[start] = dict(sorted({**kin, len(form): {form}}.items(), reverse=True))


def _forms(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    encoded = {base64.b64encode(raw), base64.urlsafe_b64encode(raw)}
    return {value, quote(raw), quote(raw, safe=""), quote_plus(raw), *(form.decode().rstrip("=") for form in encoded)}


def scrub(text: str) -> str:
    """`text` with every known secret, and everything that looks like one, replaced by `[hidden]`."""
    text = _without_known(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _without_known(text: str) -> str:
    """Look up each position's first characters: the cost does not grow with the number of secrets, not even of those
    that begin alike, as all tokens of one Facebook app do."""
    pieces: list[str] = []
    done = at = 0
    while at <= len(text) - SHORTEST_SECRET:
        kin = _known.get(text[at : at + SHORTEST_SECRET])
        found = next((length for length, its in kin.items() if text[at : at + length] in its), 0) if kin else 0
        if not found:
            at += 1
            continue
        pieces += (text[done:at], HIDDEN)
        done = at = at + found
    return "".join((*pieces, text[done:])) if pieces else text


def set_up(verbose: bool) -> None:
    """Send logs to stderr, scrubbed; `verbose` adds our own DEBUG. What no one catches is scrubbed as well."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _StderrHandler)]:
        root.removeHandler(handler)
    root.addHandler(_StderrHandler())
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("bot").setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    sys.excepthook = _report_uncaught
    threading.excepthook = _report_uncaught_in_thread


class ScrubbingFormatter(logging.Formatter):
    """One line a record; a traceback follows indented, so that nothing quoted can pass for a record of its own."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{when} {record.levelname} {record.name}: {record.getMessage()}"
        details = [self.formatException(record.exc_info)] if record.exc_info else []
        if record.stack_info:
            details.append(record.stack_info)
        return "\n".join([_one_line(scrub(line)), *_indented(scrub("\n".join(details)))])


def _one_line(text: str) -> str:
    """Line ends and other control characters written as escapes: no forged records, no commands to the terminal."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    is_plain = character.isprintable() or character == "\t"
    return character if is_plain else character.encode("unicode_escape").decode("ascii")


def _indented(text: str) -> list[str]:
    return ["    " + _one_line(line) for line in text.split("\n")] if text else []


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(ScrubbingFormatter())

    def handleError(self, record: logging.LogRecord) -> None:
        """The standard one prints the record's arguments as they are, secrets included."""
        try:
            sys.stderr.write(
                f"A log record of {record.name} could not be written ({record.pathname}:{record.lineno}).\n"
            )
        except OSError:
            pass  # stderr itself is gone: there is nowhere left to say so


def _report_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(scrub("".join(traceback.format_exception(kind, error, trace))))


def _report_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread else "a thread"
    trace = "".join(traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback))
    sys.stderr.write(scrub(f"Uncaught in {name}:\n{trace}"))
