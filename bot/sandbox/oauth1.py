"""OAuth 1.0a as X asks for it: HMAC-SHA1 signatures (RFC 5849), a fresh timestamp and a nonce used once.

A client library signs for X's own host before the request is turned to the sandbox, so the hosts under which a
signature is accepted are handed in. The base string and its encoding are written out here from the RFC: the
library that signs on the other side is thereby tested against a second reading of it.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from bot.sandbox.keys import Key, read_key
from bot.sandbox.wire import Request

MAX_SKEW = timedelta(minutes=5)


class BadSignature(Exception):
    """The request is not signed by a key of the sandbox; the message says what is wrong with it."""


class Verifier:
    """Checks requests and remembers the nonces of the last minutes."""

    def __init__(self) -> None:
        self._nonces: dict[tuple[str, str], datetime] = {}

    def check(self, request: Request, hosts: Sequence[str]) -> Key:
        """The key that signed the request for one of `hosts` (`https://api.x.com`); raises BadSignature."""
        claims = authorization(request)
        key = claimed_key(request)
        if key is None or key.person or claims.get("oauth_consumer_key") != str(key):
            raise BadSignature("Unknown consumer key or access token.")
        if claims.get("oauth_signature_method") != "HMAC-SHA1" or claims.get("oauth_version", "1.0") != "1.0":
            raise BadSignature("Only OAuth 1.0 with HMAC-SHA1 is served.")
        self._check_time(claims, request.at)
        given = claims.get("oauth_signature", "")
        if not any(hmac.compare_digest(given.encode(), sign(request, host, claims).encode()) for host in hosts):
            raise BadSignature("The signature does not fit the request.")
        self._use_nonce(str(key), claims.get("oauth_nonce", ""), request.at)
        return key

    def _check_time(self, claims: dict[str, str], now: datetime) -> None:
        stamp = claims.get("oauth_timestamp", "")
        digits = stamp.isascii() and stamp.isdigit() and len(stamp) < 12
        if not digits or abs(now.timestamp() - int(stamp)) > MAX_SKEW.total_seconds():
            raise BadSignature("Timestamp out of bounds.")

    def _use_nonce(self, token: str, nonce: str, now: datetime) -> None:
        # A timestamp may lie as far ahead as behind, so a nonce can come back for twice that time.
        while self._nonces and now - (oldest := next(iter(self._nonces.items())))[1] > 2 * MAX_SKEW:
            del self._nonces[oldest[0]]
        if not nonce or (token, nonce) in self._nonces:
            raise BadSignature("The nonce is missing or was used before.")
        self._nonces[token, nonce] = now


def authorization(request: Request) -> dict[str, str]:
    """The parameters of an `Authorization: OAuth …` header, decoded; empty when there is no such header."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}


def claimed_key(request: Request) -> Key | None:
    """Whose token the request carries, before any signature is checked."""
    return read_key(authorization(request).get("oauth_token", ""))


def sign(request: Request, host: str, claims: dict[str, str]) -> str:
    """The signature the request should carry if it was signed for `host` (RFC 5849, section 3.4)."""
    parameters = [(name, value) for name, value in claims.items() if name not in ("oauth_signature", "realm")]
    parameters += parse_qsl(request.raw_query, keep_blank_values=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        parameters += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    encoded = sorted((_escape(name), _escape(value)) for name, value in parameters)
    normal = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join(map(_escape, (request.method, host + request.path, normal)))
    # A key's or token's secret is the key or token itself, in the sandbox only.
    secret = f"{_escape(claims.get('oauth_consumer_key', ''))}&{_escape(claims.get('oauth_token', ''))}"
    return b64encode(hmac.new(secret.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _escape(text: str) -> str:
    return quote(text, safe="~")
