"""The one way out to the platforms, shared by all accounts: strict about time, size and what goes along.

A call has one total deadline, on a clock that counts suspend. It covers looking up the name, connecting, TLS, sending,
headers and body: each step on the socket gets only the time that is left, so a reply that drips in is cut as well.
Nothing is retried, no redirect is followed, no cookie is kept. Proxies, .netrc and certificate bundles named in
the environment are ignored. Connections and the TLS context are shared between accounts (loading certificates for
each connection cost 20 ms), and one that has been idle is not used again.
"""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from certifi import where
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
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


class Line(BaseAdapter):
    """An account's way out. The client library's session is mounted on it (`serve`), calls are made with `ask`.

    `base_url` replaces scheme and host of every request, after it was signed for the platform's own address.
    """

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__()
        self._base = urlsplit(base_url.rstrip("/")) if base_url else None
        self._adapter: HTTPAdapter | None = _borrow()

    def serve(self, session: Session) -> None:
        """Make `session` send everything over this line and take nothing from the environment."""
        session.trust_env = False  # searching the environment would also cost an eighth of each call's time
        session.mount("http://", self)
        session.mount("https://", self)

    def ask(self, request: Callable[[], object], *, until: float) -> Reply:
        """Let the client library make its request, and give back the answer itself.

        `until` is the deadline in `clock.uptime()` seconds. Raises NotAnswered when no complete answer came.
        """
        call = _Call(until=until)
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

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        """Called by the session. Its options (timeout, proxies, certificates) are ours to decide, not its."""
        call = _CALL.get()
        call.stage = Stage.STARTING
        if self._adapter is None:
            raise ConnectionError("the line is closed")
        if self._base:
            request.url = self._moved(str(request.url))
        call.address = urlsplit(str(request.url)).netloc.rpartition("@")[2]
        request.headers["Accept-Encoding"] = "identity"
        response = self._adapter.send(request, stream=True, timeout=call.left())
        call.reply = _read(response, call)
        response.raw = BytesIO(call.reply.body)
        response.headers.pop("Location", None)  # without it the session has nowhere to follow to
        return response

    def _moved(self, url: str) -> str:
        assert self._base is not None
        parts = urlsplit(url)
        return urlunsplit(
            parts._replace(scheme=self._base.scheme, netloc=self._base.netloc, path=self._base.path + parts.path)
        )

    def close(self) -> None:
        """Give the shared connections back; the last line closes them. May be called again."""
        if self._adapter is not None:
            self._adapter = None
            _give_back()


def _read(response: Response, call: _Call) -> Reply:
    """The whole answer, at most LARGEST_BODY of it."""
    body = bytearray()
    while chunk := response.raw.read(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > LARGEST_BODY:
            call.stage = Stage.OVERSIZED
            response.raw.close()
            raise ConnectionError("the answer is too large")
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower().startswith("x-")}
    return Reply(status=response.status_code, headers=headers, body=bytes(body))


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


class _SharedAdapter(HTTPAdapter):
    """The connections of all accounts, with one TLS context between them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=8, pool_maxsize=MOST_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to do: the shared context has the certificates and insists on them."""


def tls_context() -> ssl.SSLContext:
    """Trusts the certificate authorities that come with `certifi`; its sockets keep to the deadline."""
    context = ssl.create_default_context(cafile=where())
    context.sslsocket_class = _TLSSocket
    return context


@dataclass(slots=True)
class _Shared:
    adapter: HTTPAdapter | None = None
    lines: int = 0


_shared = _Shared()
_sharing = threading.Lock()


def _borrow() -> HTTPAdapter:
    with _sharing:
        if _shared.adapter is None:
            _shared.adapter = _SharedAdapter(tls_context())
        _shared.lines += 1
        return _shared.adapter


def _give_back() -> None:
    with _sharing:
        _shared.lines -= 1
        if _shared.lines == 0 and _shared.adapter is not None:
            _shared.adapter.close()
