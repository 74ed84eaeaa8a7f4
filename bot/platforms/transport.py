"""The one way out to the platforms, shared by all accounts: strict about time, size and what goes along.

A call has one total deadline, on a clock that counts suspend. It covers looking up the name, connecting, TLS, sending,
headers and body: each step on the socket gets only the time that is left, so a reply that drips in is cut as well.
Nothing is retried, no redirect is followed, no cookie is kept. Proxies, .netrc and certificate bundles named in
the environment are ignored. The session is shared between accounts, and so are the connections (`connections.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit

from requests import PreparedRequest, Request, Response, Session
from urllib3 import BaseHTTPResponse

from bot.clock import uptime
from bot.platforms.connections import WAY, Way, borrow, give_back, pool_of
from bot.platforms.outcomes import NotAnswered, Reply, Stage

LARGEST_BODY = 1024 * 1024

_CHUNK = 64 * 1024

log = logging.getLogger(__name__)

Auth = Callable[[PreparedRequest], PreparedRequest]


@dataclass(slots=True, kw_only=True)
class _Call(Way):
    """One call in the making, over a line; where to, and what came back."""

    line: Line
    address: str = ""
    reply: Reply | None = None


class Line:
    """An account's way out. The client library works with a shared session (`session`), calls are made with `ask`.

    `base_url` replaces scheme and host of every request, after it was signed for the platform's own address.
    """

    __slots__ = ("base", "is_open")

    def __init__(self, base_url: str | None = None) -> None:
        self.base = urlsplit(base_url.rstrip("/")) if base_url else None
        self.is_open = True
        borrow()

    def ask(self, request: Callable[[], object], *, until: float) -> Reply:
        """Let the client library make its request, and give back the answer itself.

        `until` is the deadline in `clock.uptime()` seconds. Raises NotAnswered when no complete answer came.
        """
        call = _Call(until=until, line=self)
        token = WAY.set(call)
        try:
            request()
        except Exception as error:
            # The answer is judged, not what the library made of it, whose exceptions hold tokens.
            log.debug("the client library raised %s", type(error).__name__)
        finally:
            WAY.reset(token)
        if call.reply is None:
            raise NotAnswered(call.stage, late=uptime() >= until, address=call.address)
        return call.reply

    def close(self) -> None:
        """Give the shared connections back; the last line closes them. May be called again."""
        if self.is_open:
            self.is_open = False
            give_back()


@cache
def session(auth: Auth | None = None) -> Session:
    """The session that a client library is to use, shared by all accounts: it sends over the line of the call.

    `auth` may change each request that is made ready.
    """
    made = _Session()
    made.auth = auth
    made.adapters.clear()  # it has no other way out
    return made


class _Session(Session):
    """A session that makes requests ready as they were asked for, and neither adds to them nor keeps anything.

    What requests' own merges into each (its settings, the environment's, cookies, hooks) is a fifth of a call's CPU.
    """

    def prepare_request(self, request: Request) -> PreparedRequest:
        made = PreparedRequest()
        made.prepare_method(request.method)
        made.prepare_url(request.url, request.params)
        made.prepare_headers({**self.headers, **request.headers})
        made.prepare_body(request.data, request.files, request.json)
        made.prepare_auth(request.auth or self.auth, made.url or "")
        return made

    def merge_environment_settings(self, *_settings: Any, **_named: Any) -> Any:
        """Called by `request`: timeout, proxies and certificates are ours to decide."""
        return {}

    def send(self, request: PreparedRequest, **_options: Any) -> Response:
        """Called by `request`. No redirect is followed."""
        call = cast(_Call, WAY.get())
        call.stage = Stage.STARTING
        if not call.line.is_open:
            raise ConnectionError("the line is closed")
        url = urlsplit(str(request.url))
        base = call.line.base or url
        call.address = base.netloc.rpartition("@")[2]
        path = url.path if call.line.base is None else base.path + url.path
        response = pool_of(base).urlopen(
            str(request.method),
            f"{path or '/'}?{url.query}" if url.query else path or "/",
            body=request.body,
            headers={**request.headers, "Accept-Encoding": "identity"},
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=call.left(),
        )
        call.reply = _read(response, call)
        return _as_the_library_wants_it(request, response, call.reply.body)


def _read(response: BaseHTTPResponse, call: _Call) -> Reply:
    """The whole answer, at most LARGEST_BODY of it."""
    packed = "content-encoding" in response.headers
    body = bytearray()
    while chunk := response.read(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > LARGEST_BODY:
            call.stage = Stage.OVERSIZED
            response.close()
            raise ConnectionError("the answer is too large")
        if response.length_remaining == 0 and not packed:
            break
    headers = {name.lower(): value for name, value in response.headers.items() if name[:2] in ("x-", "X-")}
    return Reply(status=response.status, headers=headers, body=bytes(body))


def _as_the_library_wants_it(request: PreparedRequest, response: BaseHTTPResponse, body: bytes) -> Response:
    """As requests would have it."""
    made = Response()
    made.status_code, made.reason = response.status, response.reason or ""
    made.headers = response.headers  # type: ignore[assignment]  # case means nothing to either
    made.url, made.request = str(request.url), request
    made.encoding = "utf-8"
    made._content = body
    made._content_consumed = True  # type: ignore[attr-defined]
    return made
