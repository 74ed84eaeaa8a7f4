"""The one way out to the platforms, shared by all accounts: strict about time, size and what goes along.

A call has one total deadline, on a clock that counts suspend. It covers looking up the name, connecting, TLS, sending,
headers and body: each step on the socket gets only the time that is left, so a reply that drips in is cut as well.
Nothing is retried, no redirect is followed, no cookie is kept. Proxies, .netrc and certificate bundles named in
the environment are ignored. Sessions, connections and the TLS context are shared between accounts (a session of its
own would cost each of them 20 kB, loading certificates for each connection 20 ms), and a connection that has been idle
is not used again.
"""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import SplitResult, urlsplit

from certifi import where
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.clock import uptime
from bot.platforms.outcomes import NotAnswered, Reply, Stage

LARGEST_BODY = 1024 * 1024
MOST_CONNECTIONS = 256  # kept open per address: one for each sender thread
LONGEST_IDLE = 20.0  # seconds; a firewall may have forgotten an older connection without telling us

_CHUNK = 64 * 1024

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """One call in the making. `until` is its deadline, in `uptime()` seconds."""

    line: Line
    until: float
    stage: Stage = Stage.PREPARING
    address: str = ""
    reply: Reply | None = None

    def left(self) -> float:
        seconds = self.until - uptime()
        if seconds <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return seconds


_CALL: ContextVar[_Call] = ContextVar("call")


class Line:
    """An account's way out. The client library works with a shared session (`session`), calls are made with `ask`.

    `base_url` replaces scheme and host of every request, after it was signed for the platform's own address.
    """

    __slots__ = ("base", "is_open")

    def __init__(self, base_url: str | None = None) -> None:
        self.base = urlsplit(base_url.rstrip("/")) if base_url else None
        self.is_open = True
        _borrow()

    def ask(self, request: Callable[[], object], *, until: float) -> Reply:
        """Let the client library make its request, and give back the answer itself.

        `until` is the deadline in `clock.uptime()` seconds. Raises NotAnswered when no complete answer came.
        """
        call = _Call(self, until)
        token = _CALL.set(call)
        try:
            request()
        except Exception as error:
            # The answer is judged, not what the library made of it, whose exceptions hold tokens.
            log.debug("the client library raised %s", type(error).__name__)
        finally:
            _CALL.reset(token)
        if call.reply is None:
            raise NotAnswered(call.stage, late=uptime() >= until, address=call.address)
        return call.reply

    def close(self) -> None:
        """Give the shared connections back; the last line closes them. May be called again."""
        if self.is_open:
            self.is_open = False
            _give_back()


@cache
def session(auth: Callable[[PreparedRequest], PreparedRequest] | None = None) -> Session:
    """The session that a client library is to use, shared by all accounts: it sends over the line of the call.

    `auth` may change each request that is made ready. The session takes nothing from the environment, which would also
    cost an eighth of each call's time, and keeps nothing between requests.
    """
    made = Session()
    made.trust_env = False
    made.auth = auth
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    made.adapters.clear()
    made.mount("http://", _WAY)
    made.mount("https://", _WAY)
    return made


class _Way(BaseAdapter):
    """What the session takes for its adapter: the request goes out over the line of the present call."""

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        """Called by the session. Its options (timeout, proxies, certificates) are ours to decide, not its."""
        call = _CALL.get()
        call.stage = Stage.STARTING
        if not call.line.is_open:
            raise ConnectionError("the line is closed")
        url = urlsplit(str(request.url))
        base = call.line.base or url
        call.address = base.netloc.rpartition("@")[2]
        path = url.path if call.line.base is None else base.path + url.path
        response = _pool(base).urlopen(
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

    def close(self) -> None:
        """Nothing to do: lines close what they share."""


_WAY = _Way()


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
    """As requests would have it, without a `Location`: so the session has nowhere to follow to."""
    made = Response()
    made.status_code, made.reason = response.status, response.reason or ""
    made.headers = CaseInsensitiveDict(response.headers.items())
    made.headers.pop("Location", None)
    made.url, made.request = str(request.url), request
    made.encoding = "utf-8"
    made._content = body
    made._content_consumed = True  # type: ignore[attr-defined]
    return made


class _Socket(socket.socket):
    """A socket that gives each step only what is left of the call's time, and notes when a byte leaves."""

    used = 0.0  # when it last sent something, in uptime() seconds

    def _hurry(self) -> None:
        self.settimeout(_CALL.get().left())

    def _about_to_send(self) -> None:
        self._hurry()
        self.used = uptime()
        _CALL.get().stage = Stage.SENT

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self._about_to_send()
        super().sendall(data, flags)

    def send(self, data: Any, flags: int = 0, /) -> int:
        self._about_to_send()
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: Any = 0, flags: int = 0) -> int:
        self._hurry()
        return super().recv_into(buffer, nbytes, flags)


class _TLSSocket(_Socket, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        _CALL.get().stage = Stage.SECURING
        self._hurry()
        super().do_handshake(block)


def _connect(host: str, port: int) -> _Socket:
    """A connection within the call's time, which the addresses of the host share: a dead one must not use it all."""
    call = _CALL.get()
    call.stage = Stage.LOOKING_UP
    addresses = _look_up(host, port, call.left())
    call.stage = Stage.CONNECTING
    failure: OSError = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        try:
            return _connected(_Socket(family, kind, protocol), address, call.left() / (len(addresses) - number))
        except OSError as error:
            failure = error
    raise failure


def _connected(sock: _Socket, address: Any, seconds: float) -> _Socket:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(seconds)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """What the resolver says, in time: it knows no deadline of its own, so it is asked in a thread."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name, not a number
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # carried over to the caller's thread
            answers.put(error)

    threading.Thread(target=resolve, name="name lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


class _Punctual:
    """What plain and TLS connections of urllib3 have in common here."""

    host: str
    port: int
    sock: socket.socket | None

    def _new_conn(self) -> _Socket:
        return _connect(self.host, self.port)

    @property
    def is_connected(self) -> bool:
        """False makes urllib3 connect anew before it sends anything."""
        fresh = uptime() - getattr(self.sock, "used", 0.0) < LONGEST_IDLE
        return fresh and bool(super().is_connected)  # type: ignore[misc]


class _Connection(_Punctual, HTTPConnection):
    pass


class _TLSConnection(_Punctual, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


def tls_context() -> ssl.SSLContext:
    """Trusts the certificate authorities that come with `certifi`; its sockets keep to the deadline."""
    context = ssl.create_default_context(cafile=where())
    context.sslsocket_class = _TLSSocket
    return context


@dataclass(slots=True)
class _Shared:
    """The connections of all accounts, by address, with one TLS context between them."""

    context: ssl.SSLContext | None = None
    pools: dict[tuple[str, str, int | None], HTTPConnectionPool] = field(default_factory=dict)
    lines: int = 0


_shared = _Shared()
_sharing = threading.Lock()


def _pool(base: SplitResult) -> HTTPConnectionPool:
    """The connections to that address; there is no limit to their number, MOST_CONNECTIONS are kept."""
    key = base.scheme, base.hostname or "", base.port
    return _shared.pools.get(key) or _new_pool(*key)


def _new_pool(scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
    with _sharing:
        if (scheme, host, port) not in _shared.pools:
            if scheme == "https":
                _shared.context = _shared.context or tls_context()
                pool: HTTPConnectionPool = _TLSPool(
                    host, port, maxsize=MOST_CONNECTIONS, ssl_context=_shared.context, cert_reqs="CERT_REQUIRED"
                )
            else:
                pool = _Pool(host, port, maxsize=MOST_CONNECTIONS)
            _shared.pools[scheme, host, port] = pool
        return _shared.pools[scheme, host, port]


def _borrow() -> None:
    with _sharing:
        _shared.lines += 1


def _give_back() -> None:
    with _sharing:
        _shared.lines -= 1
        if _shared.lines == 0:
            for pool in _shared.pools.values():
                pool.close()
            _shared.pools.clear()
