"""The sandbox as a server: ports, connections, bounds, and what it tells of the requests."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
import requests
from sandbox_clients import facebook_client, order, posts, texts, x_client

from bot.errors import TryAgainLater, UsageError
from bot.sandbox.journal import RequestInfo
from bot.sandbox.server import Sandbox

PAGE = "1234567890"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def talk(sandbox: Sandbox, *sent: bytes, close: bool = False) -> bytes:
    """Send these bytes on a connection of our own and read until the sandbox closes it."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        for part in sent:
            connection.sendall(part)
        if close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


def test_a_taken_port_is_named_with_what_to_do(sandbox: Sandbox) -> None:
    with pytest.raises(TryAgainLater) as refused:
        Sandbox(port=sandbox.port)
    assert f"Port {sandbox.port} " in str(refused.value)
    assert "--port" in str(refused.value)
    assert refused.value.exit_status == 75


def test_a_port_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no port 70000"):
        Sandbox(port=70_000)


def test_a_port_is_free_again_after_the_end() -> None:
    with Sandbox() as first:
        port = first.port
    with Sandbox(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"


def test_it_listens_on_this_machine_only(sandbox: Sandbox) -> None:
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", sandbox.port), timeout=2):
        pass


def test_it_stops_while_a_client_keeps_its_connection() -> None:
    begun = time.monotonic()
    with requests.Session() as session, Sandbox() as sandbox:
        session.get(f"{sandbox.url}/sandbox/posts", timeout=5)
    assert time.monotonic() - begun < 5


def test_it_can_be_served_and_stopped_from_another_thread() -> None:
    sandbox = Sandbox()
    thread = threading.Thread(target=sandbox.serve_forever)
    thread.start()
    assert requests.get(f"{sandbox.url}/sandbox/posts", timeout=5).json() == []
    sandbox.stop()
    assert not thread.is_alive()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/sandbox/posts", timeout=5)


MAIN = """
import signal
from bot.sandbox.server import Sandbox
sandbox = Sandbox()
signal.signal(signal.SIGTERM, lambda number, frame: sandbox.stop())
print(sandbox.port, flush=True)
try:
    sandbox.serve_forever()
except KeyboardInterrupt:
    sandbox.stop()
print("closed")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_can_be_stopped_by_a_signal_in_the_serving_thread(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", MAIN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        with requests.Session() as session:
            assert session.get(f"http://127.0.0.1:{port}/sandbox/posts", timeout=5).json() == []
            process.send_signal(number)
            assert process.communicate(timeout=10)[0] == "closed\n"
    assert process.returncode == 0


def test_an_interrupt_while_a_connection_begins_does_not_wait_for_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    begins, answered = ThreadingHTTPServer.process_request, threading.Event()

    def interrupted(server: ThreadingHTTPServer, *connection: Any) -> None:
        begins(server, *connection)
        answered.wait()
        raise KeyboardInterrupt

    def serve() -> None:
        with pytest.raises(KeyboardInterrupt):
            sandbox.serve_forever()

    monkeypatch.setattr(ThreadingHTTPServer, "process_request", interrupted)
    sandbox = Sandbox()
    serving = threading.Thread(target=serve)
    serving.start()
    with requests.Session() as session:
        session.get(f"{sandbox.url}/sandbox/posts", timeout=5)
        answered.set()
        serving.join(timeout=20)
        assert not serving.is_alive()


def test_it_can_be_stopped_without_ever_serving() -> None:
    sandbox = Sandbox()
    sandbox.stop()
    sandbox.serve_forever()


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    one = b"GET /sandbox/posts HTTP/1.1\r\nHost: sandbox\r\n\r\n"
    assert talk(sandbox, one, one, one, close=True).count(b"HTTP/1.1 200 OK") == 3


def test_posts_of_many_threads_are_all_kept_with_ids_of_their_own(sandbox: Sandbox) -> None:
    def send(number: int) -> None:
        with x_client(sandbox.url, f"x-{number}", f"handle{number}") as client:
            for turn in range(3):
                client.create_tweet(text=f"{number}/{turn}")
        with facebook_client(sandbox.url, "fb-page") as api:
            api.post_object(PAGE, "feed", data={"message": f"Number {number}"})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    accepted = posts(sandbox.url)
    assert len(accepted) == len({(post["platform"], post["id"]) for post in accepted}) == 32
    moments = [post["created_at"] for post in accepted]
    assert moments == sorted(moments)


# ---- the hook and the list of requests


def test_the_hook_sees_a_request_before_it_is_handled() -> None:
    seen: list[tuple[RequestInfo, list[str]]] = []

    def look(request: RequestInfo) -> None:
        seen.append((request, texts(sandbox.url)))

    with Sandbox(on_request=look) as sandbox, x_client(sandbox.url) as client, facebook_client(sandbox.url) as api:
        client.create_tweet(text="Hello")
        api.get_object("me")
    (post, before), (read, after) = seen
    assert (post.method, post.path, post.platform, post.account) == ("POST", "/2/tweets", "x", "x-main")
    assert post.body == b'{"text": "Hello"}'
    assert datetime.now(UTC) - post.at < timedelta(seconds=20)
    assert (before, after) == ([], ["Hello"])
    assert (read.platform, read.account) == ("facebook", "fb-page")


def test_requests_are_listed_with_their_answers(sandbox: Sandbox) -> None:
    order(sandbox.url, {"kind": "reset_after", "platform": "x", "after": 1})
    with x_client(sandbox.url) as client, facebook_client(sandbox.url) as api:
        client.create_tweet(text="Hello")
        with pytest.raises(requests.ConnectionError):
            client.get_me()
        api.get_object("me")
    requests.post(f"{sandbox.url}/2/tweets", json={"text": "Hello"}, timeout=5)
    rows = requests.get(f"{sandbox.url}/sandbox/requests", timeout=5).json()
    assert all(datetime.fromisoformat(row.pop("at")).utcoffset() is not None for row in rows)
    assert [tuple(row.values()) for row in rows] == [
        ("POST", "/2/tweets", "x", "x-main", 201),
        ("GET", "/2/users/me", "x", "x-main", None),
        ("GET", "/v26.0/me", "facebook", "fb-page", 200),
        ("POST", "/2/tweets", "x", None, 401),
    ]
    assert list(rows[0]) == ["method", "path", "platform", "account", "status"]


@pytest.mark.parametrize("path", ["/nothing", "/sandbox", "/sandbox/nothing", "/favicon.ico", "/2"])
def test_an_address_that_is_none_is_not_found(sandbox: Sandbox, path: str) -> None:
    answer = requests.get(sandbox.url + path, timeout=5)
    assert answer.status_code == 404
    assert path in answer.json()["error"]


# ---- bounds

HEAD = b"POST /2/tweets HTTP/1.1\r\nHost: sandbox\r\n"
BOUNDS = {
    "a body of more than a megabyte": (HEAD + b"Content-Length: 1000001\r\n\r\n" + b"x" * 1_000_001, 413),
    "a body that only claims to be huge": (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
    "a length that is none": (HEAD + b"Content-Length: -5\r\n\r\n", 400),
    "a body in chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    "large headers": (HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 9000) for n in range(9)) + b"\r\n", 431),
    "too many headers": (HEAD + b"".join(b"X-%d: x\r\n" % n for n in range(200)) + b"\r\n", 431),
    "a line without end": (b"GET /" + b"x" * 70_000, 414),
    "no HTTP": (b"hello there\r\n\r\n", 400),
}


@pytest.mark.parametrize(("sent", "status"), BOUNDS.values(), ids=BOUNDS)
def test_a_request_beyond_the_bounds_is_refused_and_the_connection_closed(
    sandbox: Sandbox, sent: bytes, status: int
) -> None:
    answer = talk(sandbox, sent, close=True)
    assert str(status).encode() in answer.split(b"\n", 1)[0] or f"code: {status}".encode() in answer
    assert requests.get(f"{sandbox.url}/sandbox/requests", timeout=5).json() == []


def test_a_client_that_is_still_sending_hears_why_it_is_refused(sandbox: Sandbox) -> None:
    answer = talk(sandbox, HEAD + b"Content-Length: 8000000\r\n\r\n", b"x" * 8_000_000, close=True)
    assert b"A request may carry at most 1000000 bytes." in answer


def test_a_request_that_breaks_off_is_not_handled(sandbox: Sandbox) -> None:
    key = "rehearsal:fb-page:1234567890"
    body = f"access_token={key}&message=Hello".encode()
    head = f"POST /v26.0/{PAGE}/feed HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {len(body) + 6}\r\n\r\n".encode()
    assert talk(sandbox, head + body, close=True) == b""
    assert posts(sandbox.url) == []
    whole = talk(sandbox, head + body + b"+again", close=True)
    assert re.match(rb"HTTP/1.1 200 OK\r\n", whole)
    assert texts(sandbox.url) == ["Hello again"]
