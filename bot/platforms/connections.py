"""Connections to the platforms, shared by all accounts, on which each step gets only what is left of the call's time.

One TLS context and one pool for each address: a session of its own would cost each account 20 kB, loading certificates
for each connection 20 ms. A connection that has been idle is not used again, for a firewall may have forgotten it.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

from certifi import where
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.clock import uptime
from bot.platforms.outcomes import Stage

MOST_CONNECTIONS = 256  # kept open per address: one for each sender thread
LONGEST_IDLE = 20.0  # seconds


@dataclass(slots=True)
class Way:
    """How far a call has got, and when it must be over: `until`, in `uptime()` seconds."""

    until: float
    stage: Stage = Stage.PREPARING

    def left(self) -> float:
        """Seconds. Raises TimeoutError when there are none."""
        seconds = self.until - uptime()
        if seconds <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return seconds


WAY: ContextVar[Way] = ContextVar("way")
"""That of the call which the present thread makes."""


class _Socket(socket.socket):
    """A socket that gives each step only what is left of the call's time, and notes when a byte leaves."""

    used = 0.0  # when it last sent something, in uptime() seconds

    def _hurry(self) -> None:
        self.settimeout(WAY.get().left())

    def _about_to_send(self) -> None:
        self._hurry()
        self.used = uptime()
        WAY.get().stage = Stage.SENT

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
        WAY.get().stage = Stage.SECURING
        self._hurry()
        super().do_handshake(block)


def _connect(host: str, port: int) -> _Socket:
    """A connection within the call's time, which the addresses of the host share: a dead one must not use it all."""
    way = WAY.get()
    way.stage = Stage.LOOKING_UP
    addresses = _look_up(host, port, way.left())
    way.stage = Stage.CONNECTING
    failure: OSError = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        try:
            return _connected(_Socket(family, kind, protocol), address, way.left() / (len(addresses) - number))
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


def pool_of(base: SplitResult) -> HTTPConnectionPool:
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


def borrow() -> None:
    with _sharing:
        _shared.lines += 1


def give_back() -> None:
    with _sharing:
        _shared.lines -= 1
        if _shared.lines == 0:
            for pool in _shared.pools.values():
                pool.close()
            _shared.pools.clear()
