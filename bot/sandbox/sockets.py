"""Sockets and threads: reads requests off connections and sends replies in the manner they ask for.

The standard library's threading server is used on purpose: the faults need to reset, cut and hold single connections,
which frameworks rightly hide. It listens on this machine only.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from bot.errors import TryAgainLater, UsageError
from bot.sandbox.wire import Manner, Reply, json_reply

MAX_BODY = 1_000_000
MAX_HEADERS = 64_000
IDLE_SECONDS = 60.0
DRAIN_SECONDS = 2.0
DRAIN_READS = 256

_NO_LINGER = struct.pack("ii", 1, 0)

# Method, target (path and query), headers with lower-case names, body.
Answer = Callable[[str, str, dict[str, str], bytes], Reply]


class Server(ThreadingHTTPServer):
    """A thread a connection on 127.0.0.1; `release` ends them all, or a stop would wait for idle clients.

    Raises TryAgainLater when the port is taken, UsageError when there is no such port.
    """

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OverflowError:
            raise UsageError(f"There is no port {port}.", "Choose one from 1 to 65535.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = f"Port {port} of 127.0.0.1 is taken, perhaps by another sandbox."
            else:
                message = f"The sandbox cannot listen on port {port}: {error.strerror}."
            raise TryAgainLater(message, "Stop that program, or choose another port with --port.") from None

    def server_bind(self) -> None:
        """Without the name look-up of the standard library, which may ask a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """An interrupt may arrive while the thread of a connection begins: that one ends as well, or we wait for it."""
        try:
            super().process_request(request, client_address)
        except BaseException:  # KeyboardInterrupt above all; it goes on its way
            _end(request)
            raise

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def release(self) -> None:
        """Wake what waits, end every connection, and close the listening socket once the threads are done."""
        self.stopping.set()
        with self._open_lock:
            for connection in self._open:
                _end(connection)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is its own business; everything else is reported."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _end(connection: socket.socket) -> None:
    """Wakes the thread that reads from it."""
    with suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """Reads requests off one connection and sends replies in the manner they ask for."""

    protocol_version = "HTTP/1.1"
    server_version = "Nightdesk-sandbox"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        refusal = self._refusal()
        if refusal:
            self.close_connection = True
            self._send(refusal)
            self._drain()
            return
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client went away in the middle: nothing was asked
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.answer(self.command, self.path, headers, body))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

    def _refusal(self) -> Reply | None:
        """Why the request is not even read, if so."""
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers:
            return json_reply(411, {"error": "The sandbox needs a Content-Length."})
        if not (length.isascii() and length.isdigit()):
            return json_reply(400, {"error": "The Content-Length is not a number."})
        if len(length) > 9 or int(length) > MAX_BODY:
            return json_reply(413, {"error": f"A request may carry at most {MAX_BODY} bytes."})
        if sum(len(name) + len(value) for name, value in self.headers.items()) > MAX_HEADERS:
            return json_reply(431, {"error": f"The headers of a request may have at most {MAX_HEADERS} bytes."})
        return None

    def _send(self, reply: Reply) -> None:
        if reply.wait:
            self.server.stopping.wait(reply.wait)
        match reply.manner:
            case Manner.WHOLE:
                self.wfile.write(self._head(reply) + reply.body)
            case Manner.CUT:
                self.wfile.write(self._head(reply) + reply.body[: len(reply.body) // 2])
                self.close_connection = True
            case Manner.SILENT:
                self.close_connection = True
            case Manner.RESET:
                self._reset()

    def _drain(self) -> None:
        """Let the client finish what it is sending: closing on unread bytes would destroy the reply on its way."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(DRAIN_SECONDS)
        for _ in range(DRAIN_READS):
            if not self.rfile.read1(65_536):
                return

    def _head(self, reply: Reply) -> bytes:
        """Status line and headers in one piece: sent apart, they would wait for each other on the wire."""
        reason = self.responses.get(reply.status, ("", ""))[0]
        headers = {"server": self.server_version, "date": self.date_time_string()}
        if reply.content_type:
            headers["content-type"] = reply.content_type
        headers |= {**reply.headers, "content-length": str(len(reply.body))}
        if self.close_connection:
            headers["connection"] = "close"
        lines = [f"HTTP/1.1 {reply.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _reset(self) -> None:
        """Close so that the client gets RST: no lingering, and before anyone can send a FIN."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """The journal keeps the requests; nothing is printed."""
