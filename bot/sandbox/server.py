"""The sandbox as a server: sockets, threads and the way of a request.

The standard library's threading server is used on purpose: the faults need to reset, cut and hold single connections,
which frameworks rightly hide. It listens on this machine only and answers one request at a time; what may take long
(a slow or missing answer) happens outside that turn.
"""

from __future__ import annotations

import errno
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.clock import Clock, SystemClock
from bot.errors import TryAgainLater, UsageError
from bot.sandbox.control import Control
from bot.sandbox.effects import carry_out
from bot.sandbox.facebook import Facebook
from bot.sandbox.faults import BadFault, Fault, Faults, Seen, parse
from bot.sandbox.journal import Journal, RequestInfo
from bot.sandbox.ledger import Ledger
from bot.sandbox.windows import Limits, Windows
from bot.sandbox.wire import Manner, Reply, Request, json_reply
from bot.sandbox.x import X

MAX_BODY = 1_000_000
MAX_HEADERS = 64_000
IDLE_SECONDS = 60.0

_NO_LINGER = struct.pack("ii", 1, 0)


class Sandbox:
    """The rehearsal X and Facebook on 127.0.0.1; `url` says where. Also a context manager that serves in a thread.

    `port` 0 takes a free one. `state` is a file that keeps posts over a restart, `faults` a JSON file of faults that
    wait from the start. `on_request` is called with every platform request before it is handled, in its thread.
    Raises TryAgainLater when the port or the state file is taken, UsageError for a file that cannot be read.
    """

    def __init__(
        self,
        port: int = 0,
        state: Path | None = None,
        faults: Path | None = None,
        on_request: Callable[[RequestInfo], None] | None = None,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._on_request = on_request
        self._turn = threading.Lock()
        self._faults = Faults(_read_faults(faults) if faults else None)
        self._journal = Journal()
        self._ledger = Ledger(state)
        try:
            self._http = _Server(port, self)
        except BaseException:
            self._ledger.close()
            raise
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        windows, limits = Windows(), limits or Limits()
        self._platforms: dict[str, X | Facebook] = {
            "x": X(self._ledger, windows, limits, self.url),
            "facebook": Facebook(self._ledger, windows, limits, self.url),
        }
        self._control = Control(self._ledger, self._faults, self._journal)
        self._serving: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._serving = threading.Thread(target=self.serve_forever, name="sandbox")
        self._serving.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def serve_forever(self) -> None:
        """Serve until `stop` is called or an exception such as KeyboardInterrupt arrives; then close everything."""
        self._serving = threading.current_thread()
        try:
            self._http.serve_forever(poll_interval=0.05)
        finally:
            self._close()

    def stop(self) -> None:
        """End serving: open connections are closed, the state file is released. May be called from any thread."""
        serving, self._serving = self._serving, None
        if serving is None:
            self._close()
        elif serving is threading.current_thread():
            # A signal handler interrupts the serving loop itself, which cannot wait for its own end.
            threading.Thread(target=self._http.shutdown).start()
        else:
            self._http.shutdown()
            serving.join()

    def _close(self) -> None:
        self._http.release()
        self._ledger.close()

    def answer(self, request: Request) -> Reply:
        """The reply to a request, whichever platform it is for."""
        platform = _platform(request.path)
        if platform is None:
            with self._turn:
                return self._control.handle(replace(request, at=self._clock.real_now()))
        return self._answer_platform(platform, request)

    def arrived(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Request:
        """A request as it was read from the wire, stamped with the time."""
        path, _, query = target.partition("?")
        return Request(method=method, path=path, raw_query=query, headers=headers, body=body, at=self._clock.real_now())

    def _answer_platform(self, name: str, request: Request) -> Reply:
        platform = self._platforms[name]
        key = platform.claimed(request)
        account = key.account if key else None
        info = RequestInfo(
            method=request.method, path=request.path, platform=name, account=account, body=request.body, at=request.at
        )
        entry = self._journal.note(info)
        if self._on_request:
            self._on_request(info)
        creates = platform.creates(request)
        seen = Seen(platform=name, account=account, method=request.method, path=request.path, creates=creates)
        with self._turn:
            now = replace(request, at=self._clock.real_now())
            fault = self._faults.strike(seen)
            reply = carry_out(fault, name, key, now, platform.handle, self._ledger) if fault else platform.handle(now)
        entry.status = reply.status if reply.manner in (Manner.WHOLE, Manner.CUT) else None
        return reply


class _Server(ThreadingHTTPServer):
    """Threads, and the sockets that are open: `release` has to end them all, or a stop would wait for idle clients."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OverflowError:
            raise UsageError(f"There is no port {port}.", "Choose one from 1 to 65535.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = f"Port {port} of 127.0.0.1 is taken, perhaps by another sandbox."
            else:
                message = f"The sandbox cannot listen on port {port}: {error.strerror}."
            raise TryAgainLater(message, "Stop that program, or choose another port with --port.") from None

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def release(self) -> None:
        """Wake what waits, end every connection, and close the listening socket once the threads are done."""
        self.stopping.set()
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the client was faster
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is its own business; everything else is reported."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests off one connection and sends replies in the manner they ask for."""

    protocol_version = "HTTP/1.1"
    server_version = "Nightdesk-sandbox"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        refusal = self._refusal()
        if refusal:
            self.close_connection = True
            self._send(refusal)
            return
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client went away in the middle: nothing was asked
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = self.server.sandbox.arrived(self.command, self.path, headers, body)
        self._send(self.server.sandbox.answer(request))

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
        self.wfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """The journal keeps the requests; nothing is printed."""


def _platform(path: str) -> str | None:
    if path.startswith("/2/"):
        return "x"
    return "facebook" if path.startswith(("/v", "/oauth/")) else None


def _read_faults(path: Path) -> list[Fault]:
    try:
        return parse(json.loads(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"The faults in {path} cannot be read: {error.strerror}.") from None
    except BadFault as bad:
        raise UsageError(f"{path}: {bad}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON.", "It should hold a list of faults; see docs/sandbox.md.") from None
