"""One request to one checked address, and its answer within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

import requests
import urllib3.exceptions

from bot import __version__
from bot.errors import TryAgainLater, UsageError
from bot.fetch.guard import ORDINARY_PORTS, Guard, IPAddress, resolve_within, shown
from bot.fetch.watch import Pinned, Watch
from bot.identity import ascii_host, split_address

CHUNK = 16_384


class Hop:
    """One request to one address. Leaving it closes the connection and stops the watch."""

    def __init__(self, url: str, guard: Guard) -> None:
        parts = split_address(url)
        self.url = url
        self.guard = guard
        self.scheme = parts.scheme
        self.host = ascii_host(parts.hostname or "")
        self.port = parts.port or ORDINARY_PORTS[parts.scheme]
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.watch = Watch()
        self.answer: requests.Response | None = None
        # Without a requests.Session: that would use the environment's proxies and .netrc, which lead round the check,
        # and read the whole body of a redirect, however long, even when told not to follow it.
        self.connections = Pinned(self.host, self.scheme, self.watch)

    def __enter__(self) -> Hop:
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.stop()
        if self.answer is not None:
            self.answer.close()
        self.connections.close()

    def ask(self, conditions: dict[str, str]) -> requests.Response:
        """The answer's head; its body is still to be read."""
        self.guard.check_port(self.url, self.scheme, self.port)
        address = self.guard.checked(self.url, self.addresses())
        seconds = self.guard.left(self.url)
        self.watch.start(seconds)
        at = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        request = requests.Request("GET", f"{self.scheme}://{at}:{self.port}{self.target}", self.headers(conditions))
        try:
            self.answer = self.connections.send(request.prepare(), stream=True, timeout=seconds)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self.trouble(error) from None
        return self.answer

    def addresses(self) -> list[IPAddress]:
        try:
            return resolve_within(self.host, self.port, self.guard.left(self.url))
        except OSError:
            raise TryAgainLater(f"{shown(self.url)} cannot be reached: no host {self.host} was found.") from None

    def headers(self, conditions: dict[str, str]) -> dict[str, str]:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {
            "Host": host if self.port == ORDINARY_PORTS[self.scheme] else f"{host}:{self.port}",
            "User-Agent": f"Nightdesk/{__version__}",
            "Accept": "application/rss+xml, application/atom+xml, application/xml, text/html;q=0.8, */*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
            **conditions,
        }

    def trouble(self, error: Exception) -> TryAgainLater:
        """What to say about a failed request, without the words of the library: they name addresses and paths."""
        if self.watch.bitten or isinstance(error, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)):
            return self.guard.too_slow(self.url)
        if isinstance(error, requests.exceptions.SSLError):
            return TryAgainLater(f"{shown(self.url)} cannot be trusted: its certificate or encryption is not valid.")
        if isinstance(error, requests.ConnectionError):
            return TryAgainLater(f"{shown(self.url)} cannot be reached, or it hung up.", "Is the server running?")
        return TryAgainLater(f"{shown(self.url)} gave an answer that is cut short or not HTTP.")

    def body(self, answer: requests.Response, most_bytes: int) -> bytes:
        """The whole body, unpacked. Raises UsageError above `most_bytes`, TryAgainLater when it breaks off."""
        parts: list[bytes] = []
        total = 0
        try:
            for part in unpacked(answer.raw.stream(CHUNK, decode_content=False), self.encoding(answer)):
                total += len(part)
                if total > most_bytes:
                    raise UsageError(f"{shown(self.url)} is larger than {most_bytes:,} bytes and was not read.")
                parts.append(part)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, zlib.error) as error:
            raise self.trouble(error) from None
        if self.watch.bitten:
            raise self.guard.too_slow(self.url)
        return b"".join(parts)

    def encoding(self, answer: requests.Response) -> str:
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UsageError(f"{shown(self.url)} is packed in a way that was not asked for and is not read.")
        return encoding


def unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The chunks as they were before packing, never more than CHUNK bytes at a time, however well they were packed."""
    if encoding in ("", "identity"):
        yield from chunks
        return
    unpacker: Any = None
    for chunk in chunks:
        unpacker = unpacker or unpacker_for(chunk)
        while chunk:
            yield unpacker.decompress(chunk, CHUNK)
            chunk = unpacker.unconsumed_tail
        if unpacker.eof:
            return
    if unpacker is not None:
        while rest := unpacker.decompress(b"", CHUNK):
            yield rest
        if not unpacker.eof:
            raise zlib.error("cut short")


def unpacker_for(first: bytes) -> Any:
    """gzip, deflate with its zlib head, or the bare deflate that some servers send; the first byte tells which."""
    has_head = first[0] == 0x1F or first[0] & 0x0F == zlib.DEFLATED
    return zlib.decompressobj(zlib.MAX_WBITS | 32 if has_head else -zlib.MAX_WBITS)
