"""A server made of raw sockets that answers as it is told, byte for byte, and what the platform tests share."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bot.account import Account
from bot.clock import uptime
from bot.delivery import Result
from bot.platforms.registry import connect
from bot.post import Post

# None of these may ever be seen in a result, a log or a traceback.
CANARIES = {
    "x": {
        "api_key": "canary-key-7Hq2+/=one",
        "api_secret": "canary-secret-9Zt4+/=two",
        "access_token": "12345-canary-token-Kx3",
        "access_secret": "canary-hush-5Lp8+/=four",
    },
    "facebook": {
        "page_token": "EAAcanaryPageToken0Zx9",
        "app_secret": "canary0app1secret2three",
        "app_id": "4242424242",
    },
}
HIDDEN_WORDS = [value for secrets in CANARIES.values() for name, value in secrets.items() if name != "app_id"]

ACCOUNTS = {
    "x": Account(name="x-main", platform="x", identity="example", template="posts/x.txt.j2"),
    "facebook": Account(name="fb-page", platform="facebook", identity="1234567890", template="posts/facebook.txt.j2"),
}
POSTS = {
    "x": Post(text="Ağdamda yeni məktəb 🏫 https://news.example.com/a?b=1&c=2"),
    "facebook": Post(text="Ağdamda yeni məktəb 🏫", link="https://news.example.com/a?b=1&c=2"),
}
ACCEPTED = {
    "x": {"data": {"id": "1990000000000000001", "text": "as sent", "edit_history_post_ids": ["1990000000000000001"]}},
    "facebook": {"id": "1234567890_777"},
}
STATUS_OF_ACCEPTED = {"x": 201, "facebook": 200}

Act = Callable[["Wire"], None]


class Wire:
    """One connection as an act sees it: what to send, and for how long to do nothing."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError("the test is over")

    def reset(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def end(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)


class Server:
    """Answers each request with the next act, the last one for ever; `requests` are whole, as they came in."""

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None, reads: bool = True) -> None:
        self._acts = list(acts)
        self._tls = tls
        self._reads = reads
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"

    def __enter__(self) -> Server:
        self._start(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in list(self._threads):
            thread.join(10)
            assert not thread.is_alive()
        self._listener.close()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while not self._reads or self._read(connection):
                act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                act(Wire(connection, self._stopping))
                if not self._reads:
                    return
        except OSError:
            pass  # the client went away, or the act ended the connection
        finally:
            connection.close()
            self.ended.release()

    def _read(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while len(body) < int(lengths[0] if lengths else 0):
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True


def http(
    status: int = 200,
    body: object = b"",
    *,
    kind: str | None = "application/json; charset=utf-8",
    headers: dict[str, str] | None = None,
) -> bytes:
    """A whole reply; a body that is not bytes becomes JSON, a `kind` of None leaves the content type out."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def says(data: bytes) -> Act:
    """Send this, and wait for the next request."""
    return lambda wire: wire.send(data)


def says_and_ends(data: bytes) -> Act:
    def act(wire: Wire) -> None:
        wire.send(data)
        wire.end()

    return act


def accepts(platform: str, **headers: str) -> Act:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return says(http(STATUS_OF_ACCEPTED[platform], ACCEPTED[platform], headers=named))


def drips(data: bytes, at_once: int = 0, pause: float = 0.05) -> Act:
    """The first bytes at once, then one at a time for ever so slowly: each read by itself is in good time."""

    def act(wire: Wire) -> None:
        wire.send(data[:at_once])
        for number in range(at_once, len(data)):
            wire.pause(pause)
            wire.send(data[number : number + 1])

    return act


def repeats(data: bytes, again: bytes, pause: float = 0.0) -> Act:
    def act(wire: Wire) -> None:
        wire.send(data)
        while True:
            wire.pause(pause)
            wire.send(again)

    return act


def hangs(wire: Wire) -> None:
    wire.pause(60)


def resets(wire: Wire) -> None:
    wire.reset()


@contextmanager
def client(platform: str, base_url: str, seconds: float = 5.0, **account: Any) -> Iterator[Any]:
    """A real client of the account with the canaries for its secrets."""
    made = connect(
        account.get("account", ACCOUNTS[platform]),
        base_url=base_url,
        secrets=CANARIES[platform],
        deadline=timedelta(seconds=seconds),
    )
    try:
        yield made
    finally:
        made.close()


def publish(platform: str, base_url: str, seconds: float = 5.0) -> Result:
    """One post over a real client, with the canaries checked."""
    with client(platform, base_url, seconds) as made:
        result: Result = made.publish(POSTS[platform], intended=uptime())
        assert_no_canary(repr(result), repr(made))
    return result


def assert_no_canary(*texts: str) -> None:
    for text in texts:
        for word in HIDDEN_WORDS:
            assert word not in text


def everything_in(error: BaseException) -> str:
    """What a logger, a debugger's post-mortem or a careless `repr` could show of an error, causes included."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    for cause in (error.__cause__, error.__context__):
        shown += everything_in(cause) if cause else ""
    return shown
