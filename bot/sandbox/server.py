"""The sandbox as a whole: where it listens, and the way of a request from its arrival to the reply.

One request is answered at a time; what may take long (a slow or missing answer) happens outside that turn.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.clock import Clock, SystemClock
from bot.errors import UsageError
from bot.sandbox.control import Control
from bot.sandbox.effects import carry_out
from bot.sandbox.facebook import Facebook
from bot.sandbox.faults import BadFault, Fault, Faults, Seen, parse
from bot.sandbox.journal import Journal, RequestInfo
from bot.sandbox.ledger import Accepted, Ledger
from bot.sandbox.sockets import Server
from bot.sandbox.windows import Limits, Windows
from bot.sandbox.wire import Manner, Reply, Request
from bot.sandbox.x import X


class Sandbox:
    """The rehearsal X and Facebook on 127.0.0.1; `url` says where. Also a context manager that serves in a thread.

    `port` 0 takes a free one. `state` is a file that keeps posts over a restart, `faults` a JSON file of faults that
    wait from the start. `on_request` is called with every platform request before it is handled, in the thread of
    its connection; if it raises, the request goes unanswered. `clock` and `limits` are for tests of time and limits.
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
            self._http = Server(port, self.answer)
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
        self._closed = False

    def __enter__(self) -> Self:
        self._serving = threading.Thread(target=self.serve_forever, name="sandbox")
        self._serving.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def serve_forever(self) -> None:
        """Serve until `stop` is called or an exception such as KeyboardInterrupt arrives; then close everything."""
        if self._closed:
            return  # a signal came before the first request could
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
        self._closed = True
        self._http.release()
        self._ledger.close()

    def order(self, faults: list[Fault]) -> None:
        """Let these faults wait; for a program that runs the sandbox itself."""
        with self._turn:
            self._faults.add(faults)

    def all_posts(self) -> list[Accepted]:
        """Everything the platforms took, also what is to appear later; for a program that runs the sandbox itself."""
        with self._turn:
            return self._ledger.posts(datetime.max.replace(tzinfo=UTC))

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """The reply to a request as it was read from the wire; `target` is its path and query."""
        path, _, query = target.partition("?")
        now = self._clock.real_now()
        request = Request(method=method, path=path, raw_query=query, headers=headers, body=body, at=now)
        platform = _platform(path)
        if platform is not None:
            return self._answer_platform(platform, request)
        with self._turn:
            return self._control.handle(replace(request, at=self._clock.real_now()))

    def _answer_platform(self, name: str, request: Request) -> Reply:
        platform = self._platforms[name]
        key = platform.claimed(request)
        account = key.account if key else None
        info = RequestInfo(
            method=request.method, path=request.path, platform=name, account=account, body=request.body, at=request.at
        )
        with self._turn:
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
