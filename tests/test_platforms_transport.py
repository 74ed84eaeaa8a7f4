"""What may go wrong on the way to a platform: real client libraries over real sockets, a fault a row."""

from __future__ import annotations

import gc
import gzip
import logging
import queue
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from platforms_rig import (
    ACCEPTED,
    ACCOUNTS,
    CANARIES,
    HIDDEN_WORDS,
    POSTS,
    STATUS_OF_ACCEPTED,
    Act,
    Server,
    accepts,
    assert_no_canary,
    client,
    drips,
    everything_in,
    hangs,
    http,
    publish,
    repeats,
    resets,
    says,
    says_and_ends,
)

from bot import logs
from bot.clock import uptime
from bot.delivery import Outcome, Remedy
from bot.platforms import connections
from bot.platforms.base import PlatformTrouble

PLATFORMS = ("x", "facebook")
DEADLINE = 0.4
SLACK = 1.5  # what a busy machine may add
IN_TIME = DEADLINE + SLACK

HTML = b"<html><body>Sign in to the hotel's network</body></html>"


def accepted(platform: str) -> bytes:
    return http(STATUS_OF_ACCEPTED[platform], ACCEPTED[platform])


def cut(platform: str) -> Act:
    return says_and_ends(accepted(platform)[:-8])


def drip_body(platform: str) -> Act:
    reply = accepted(platform)
    return drips(reply, at_once=reply.index(b"\r\n\r\n") + 4)


def drip_head(platform: str) -> Act:
    return drips(accepted(platform), at_once=9)


def drip_chunks(platform: str) -> Act:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return repeats(head, b"1\r\n \r\n", pause=0.05)


def gigabyte(platform: str) -> Act:
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n"
    return repeats(head, b" " * 65536)


def bomb(platform: str) -> Act:
    packed = gzip.compress(b" " * 50_000_000)
    return says(http(201, packed, headers={"Content-Encoding": "gzip"}))


def promises(platform: str) -> Act:
    return repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.02)


def fixed(data: bytes) -> Callable[[str], Act]:
    return lambda platform: says(data)


# Everything here happened after the request was sent: nobody may say that nothing was posted.
UNKNOWN = {
    "reset after the request": lambda platform: resets,
    "closed without an answer": lambda platform: says_and_ends(b""),
    "hangs past the deadline": lambda platform: hangs,
    "answer cut in the middle": cut,
    "headers drip in": drip_head,
    "body drips in": drip_body,
    "chunks drip in": drip_chunks,
    "100 Continue for ever": promises,
    "a body of a gigabyte": gigabyte,
    "a gzip bomb": bomb,
    "not HTTP at all": lambda platform: says_and_ends(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a header line without end": lambda platform: repeats(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 4096),
    "HTTP 500 with HTML": fixed(http(500, HTML, kind="text/html")),
    "HTTP 502 with HTML": fixed(http(502, HTML, kind="text/html")),
    "HTTP 503 with nothing": fixed(http(503)),
    "HTTP 504 with JSON": fixed(http(504, {"message": "Endpoint request timed out"})),
    "HTTP 500 and an empty object": fixed(http(500, {})),
    "HTTP 200 and an empty object": fixed(http(200, {})),
    "HTTP 201 and an empty object": fixed(http(201, {})),
    "HTTP 201 and only errors": fixed(http(201, {"errors": [{"message": "Partial"}]})),
    "HTTP 201 and data null": fixed(http(201, {"data": None})),
    "HTTP 204": fixed(http(204)),
    "early hints and no more": fixed(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "another protocol": fixed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
    "an id of the wrong kind": fixed(http(200, {"id": {"a": 1}, "data": {"id": ["1"]}})),
    "an id that is no id": fixed(http(200, {"id": "../../evil?", "data": {"id": "<b>"}})),
    "a list": fixed(http(200, [])),
    "a list as error": fixed(http(403, [])),
    "null": fixed(http(200, b"null")),
    "a string": fixed(http(400, b'"Forbidden"')),
    "broken JSON": fixed(http(200, b'{"id": "1", "da')),
    "JSON nested without end": fixed(http(200, b"[" * 200_000)),
    "not UTF-8": fixed(http(200, b'{"id": "\xff\xfe"}')),
    "captive portal, 200": fixed(http(200, HTML, kind="text/html")),
    "captive portal, 403": fixed(http(403, HTML, kind="text/html")),
    "HTML without content type, 200": fixed(http(200, HTML, kind=None)),
    "proxy, 407": fixed(http(407, HTML, kind="text/html")),
    "a stranger's 403 in JSON": fixed(http(403, {"error": "blocked by policy", "detail": "blocked"})),
    "a stranger's 400 in JSON": fixed(http(400, {"error": {"message": "no code"}})),
    "HTTP 429 with HTML": fixed(http(429, HTML, kind="text/html")),
    "HTTP 418 in the right form": fixed(http(418, {"title": "Teapot", "type": "about:blank", "status": 418})),
}
UNKNOWN |= {
    f"redirect {status}": fixed(http(status, headers={"Location": "/elsewhere"}))
    for status in (301, 302, 303, 307, 308)
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_redirect_is_named(platform: str) -> None:
    with Server(says(http(302, headers={"Location": "/elsewhere"}))) as server:
        assert "another address, which is never followed (302)" in publish(platform, server.url).error


@pytest.fixture(scope="module", autouse=True)
def every_socket_is_closed() -> Iterator[None]:
    """One that was only forgotten turns into a ResourceWarning here, which is an error."""
    yield
    gc.collect()


@pytest.fixture
def told() -> Iterator[queue.SimpleQueue[str]]:
    """Every log line of this test as a careless handler would write it, with our own DEBUG on."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    class Careless(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.put(logging.Formatter().format(record))

    root, handler = logging.getLogger(), Careless()
    names = (*logs.TALKATIVE, "bot", "root")
    before = {name: logging.getLogger(name).level for name in names}
    handlers, hooks = list(root.handlers), (sys.excepthook, threading.excepthook)
    logs.set_up(verbose=True)
    root.handlers = [handler]
    yield lines
    root.handlers = handlers
    sys.excepthook, threading.excepthook = hooks
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def assert_nothing_told(lines: queue.SimpleQueue[str]) -> None:
    while not lines.empty():
        assert_no_canary(lines.get())


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_after_the_request_was_sent_nothing_short_of_an_id_or_a_refusal_is_known(
    fault: str, platform: str, told: queue.SimpleQueue[str]
) -> None:
    with Server(UNKNOWN[fault](platform)) as server:
        start = time.perf_counter()
        result = publish(platform, server.url, DEADLINE)
        assert time.perf_counter() - start < IN_TIME
        assert (result.outcome, result.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)
        assert "may have taken the post" in result.error
        assert len(server.requests) == 1, "asked a second time"
    assert_nothing_told(told)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("fault", UNKNOWN)
def test_what_cannot_be_read_is_trouble_and_never_an_empty_timeline(
    fault: str, platform: str, told: queue.SimpleQueue[str]
) -> None:
    with Server(UNKNOWN[fault](platform)) as server, client(platform, server.url, DEADLINE) as made:
        start = time.perf_counter()
        with pytest.raises(PlatformTrouble) as caught:
            made.read_back(since=datetime(2026, 11, 22, tzinfo=UTC))
        assert time.perf_counter() - start < IN_TIME
        assert len(server.requests) == 1
    assert (caught.value.remedy, caught.value.exit_status) == (Remedy.RETRY, 75)
    assert ACCOUNTS[platform].name in str(caught.value)
    assert_no_canary(everything_in(caught.value))
    assert_nothing_told(told)


@pytest.mark.parametrize("platform", PLATFORMS)
class TestNotSent:
    """Before any byte of the request has left, trying again is safe."""

    def check(self, platform: str, url: str, words: str) -> None:
        start = time.perf_counter()
        result = publish(platform, url, DEADLINE)
        assert time.perf_counter() - start < IN_TIME
        assert (result.outcome, result.remedy) == (Outcome.NOT_SENT, Remedy.RETRY)
        assert words in result.error
        assert result.error.endswith(f"({url.rpartition('/')[2]}).")

    def test_connection_refused(self, platform: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.check(platform, f"http://127.0.0.1:{port}", "no connection could be made")

    def test_name_not_found(self, platform: str) -> None:
        self.check(platform, "http://nowhere.invalid", "its address could not be found")

    def test_name_too_long_for_any_resolver(self, platform: str) -> None:
        result = publish(platform, f"http://{'a' * 70}.example", DEADLINE)
        assert result.outcome is Outcome.NOT_SENT

    def test_a_resolver_that_does_not_answer(self, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
        over, real = threading.Event(), socket.getaddrinfo

        def slow(host: str, *args: object, **options: object) -> object:
            if host == "slow.example" and not options.get("flags"):
                over.wait(30)
                raise socket.gaierror("too late")
            return real(host, *args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        try:
            self.check(platform, "http://slow.example", "its address could not be found in time")
        finally:
            over.set()

    def test_nobody_takes_the_connection(self, platform: str) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            address = listener.getsockname()
            waiting = [socket.socket() for _ in range(4)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            try:
                self.check(platform, f"http://127.0.0.1:{address[1]}", "no connection could be made in time")
            finally:
                for each in waiting:
                    each.close()

    def test_no_tls_on_the_other_side(self, platform: str) -> None:
        with Server(says_and_ends(http(400, HTML)), reads=False) as server:
            self.check(platform, server.url.replace("http:", "https:"), "no secure connection")
            assert server.requests == []

    def test_tls_that_never_gets_done(self, platform: str) -> None:
        with Server(hangs, reads=False) as server:
            self.check(
                platform, server.url.replace("http:", "https:"), "no secure connection could be agreed on in time"
            )

    def test_tls_that_drips(self, platform: str) -> None:
        # The beginning of a TLS record that announces 16 kB.
        with Server(drips(b"\x16\x03\x03\x40\x00" + b"\x02" * 4000), reads=False) as server:
            self.check(platform, server.url.replace("http:", "https:"), "in time")

    def test_an_address_that_is_none(self, platform: str) -> None:
        result = publish(platform, "gopher://127.0.0.1:70", DEADLINE)
        assert result.outcome is Outcome.NOT_SENT

    def test_made_ready_longer_ago_than_the_deadline(self, platform: str) -> None:
        with Server(accepts(platform)) as server, client(platform, server.url, 5.0) as made:
            late = made.publish(POSTS[platform], intended=uptime() - 5.1)
            assert (late.outcome, late.remedy) == (Outcome.NOT_SENT, Remedy.RETRY)
            assert "more than 5 s had passed" in late.error
            assert server.connections == 0
            assert made.publish(POSTS[platform], intended=uptime() - 4.0).outcome is Outcome.ACCEPTED

    def test_a_late_start_leaves_a_call_the_less_time(self, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.platforms.client.LATEST_START", timedelta())
        with Server(hangs) as server, client(platform, server.url, 30.0) as made:
            start = uptime()
            late = made.publish(POSTS[platform], intended=start - 29.5)
            assert uptime() - start < 15.0
            assert (late.outcome, late.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)

    def test_a_machine_that_slept_while_it_connected(self, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
        slept = [0.0]
        connect = connections._connect

        def and_sleep(host: str, port: int) -> object:
            made = connect(host, port)
            slept[0] = 3600.0
            return made

        monkeypatch.setattr(connections, "_connect", and_sleep)
        monkeypatch.setattr(connections, "uptime", lambda: uptime() + slept[0])
        with Server(accepts(platform)) as server:
            result = publish(platform, server.url, 5.0)
            assert result.outcome is Outcome.NOT_SENT
        assert server.requests == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_dead_first_address_leaves_time_for_the_second(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(accepts(platform)) as server, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        port = int(server.url.rpartition(":")[2])
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", a) for a in (full.getsockname(), ("127.0.0.1", port))]
        monkeypatch.setattr(connections, "_look_up", lambda host, port, seconds: both)
        assert publish(platform, server.url, 1.0).outcome is Outcome.ACCEPTED
        for each in waiting:
            each.close()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_text_that_no_request_can_carry_is_not_tried_again(platform: str) -> None:
    with Server(accepts(platform)) as server, client(platform, server.url) as made:
        made._send = lambda post: "\ud800".encode()
        result = made.publish(POSTS[platform], intended=uptime())
        assert (result.outcome, result.remedy) == (Outcome.NOT_SENT, Remedy.CHANGE_TEXT)
        assert server.connections == 0


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_mistake_in_judging_does_not_lose_the_post(platform: str) -> None:
    with Server(accepts(platform)) as server, client(platform, server.url) as made:
        made._accepted = lambda reply: 1 / 0
        result = made.publish(POSTS[platform], intended=uptime())
        assert (result.outcome, result.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_ctrl_c_goes_through(platform: str) -> None:
    def interrupted(post: object) -> None:
        raise KeyboardInterrupt

    with Server(accepts(platform)) as server, client(platform, server.url) as made:
        made._send = interrupted
        with pytest.raises(KeyboardInterrupt):
            made.publish(POSTS[platform], intended=uptime())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_environment_has_no_say(platform: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing-here.pem"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Server(accepts(platform)) as server:
        assert publish(platform, server.url).outcome is Outcome.ACCEPTED
        assert b"Basic " not in server.requests[0]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_cookie_is_kept(platform: str) -> None:
    with Server(accepts(platform, Set_Cookie="guest_id=v1; Path=/")) as server, client(platform, server.url) as made:
        for _ in range(2):
            made.publish(POSTS[platform], intended=uptime())
        assert b"guest_id" not in server.requests[1]


class TestConnections:
    def test_accounts_share_them(self) -> None:
        with Server(accepts("x")) as server, client("x", server.url) as one, client("x", server.url) as other:
            for made in (one, other, one):
                assert made.publish(POSTS["x"], intended=uptime()).outcome is Outcome.ACCEPTED
            assert server.connections == 1

    def test_one_that_was_idle_is_not_used_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "LONGEST_IDLE", 0.0)
        with Server(accepts("x")) as server, client("x", server.url) as made:
            for _ in range(2):
                assert made.publish(POSTS["x"], intended=uptime()).outcome is Outcome.ACCEPTED
            assert server.connections == 2

    def test_closing_one_account_leaves_the_others_at_work_and_closing_the_last_ends_them(self) -> None:
        with Server(accepts("x")) as server, client("x", server.url) as one:
            with client("x", server.url) as other:
                other.publish(POSTS["x"], intended=uptime())
            other.close()
            assert one.publish(POSTS["x"], intended=uptime()).outcome is Outcome.ACCEPTED
            assert server.connections == 1
            one.close()
            assert server.ended.acquire(timeout=5)

    def test_a_closed_client_sends_nothing(self) -> None:
        with Server(accepts("x")) as server:
            with client("x", server.url) as made:
                pass
            assert made.publish(POSTS["x"], intended=uptime()).outcome is Outcome.NOT_SENT
            assert server.connections == 0

    def test_many_threads_get_each_their_own_answer(self) -> None:
        replies = [says(http(201, {"data": {"id": str(number)}})) for number in range(1, 41)]
        with Server(*replies, hangs) as server, client("x", server.url) as made:
            ids: queue.SimpleQueue[str] = queue.SimpleQueue()

            def work() -> None:
                for _ in range(5):
                    ids.put(made.publish(POSTS["x"], intended=uptime()).platform_id)

            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(int(ids.get()) for _ in range(40)) == list(range(1, 41))


@pytest.fixture
def anonymous_tls(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS without certificates, so that no key has to be kept here; the client's is put in place."""
    ours, theirs = connections.tls_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context in (ours, theirs):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ADH-AES128-GCM-SHA256:AECDH-AES128-SHA:@SECLEVEL=0")
    monkeypatch.setattr(connections, "_shared", connections._Shared(context=ours))
    return theirs


@pytest.mark.parametrize("platform", PLATFORMS)
class TestOverTLS:
    def test_a_post_is_accepted(self, platform: str, anonymous_tls: ssl.SSLContext) -> None:
        with Server(accepts(platform), tls=anonymous_tls) as server:
            assert publish(platform, server.url).outcome is Outcome.ACCEPTED

    @pytest.mark.parametrize("fault", ["headers drip in", "body drips in", "hangs past the deadline"])
    def test_a_slow_answer_is_cut(self, platform: str, fault: str, anonymous_tls: ssl.SSLContext) -> None:
        with Server(UNKNOWN[fault](platform), tls=anonymous_tls) as server:
            start = time.perf_counter()
            result = publish(platform, server.url, DEADLINE)
            assert time.perf_counter() - start < IN_TIME
            assert (result.outcome, result.remedy) == (Outcome.UNKNOWN, Remedy.LOOK)

    def test_a_server_without_a_trusted_certificate_gets_nothing(self, platform: str) -> None:
        # A server that offers only anonymous ciphers: the real context must refuse it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ADH-AES128-GCM-SHA256:AECDH-AES128-SHA:@SECLEVEL=0")
        with Server(accepts(platform), tls=context) as server:
            result = publish(platform, server.url, DEADLINE)
            assert (result.outcome, result.remedy) == (Outcome.NOT_SENT, Remedy.RETRY)
            assert server.requests == []


def test_the_canaries_would_be_seen() -> None:
    """The alarm rings: the requests do carry the secrets that the checks above look for."""
    with Server(accepts("facebook")) as server:
        publish("facebook", server.url)
        assert CANARIES["facebook"]["page_token"].encode() in server.requests[0]
    with Server(accepts("x")) as server:
        publish("x", server.url)
        assert CANARIES["x"]["access_token"].encode() in server.requests[0]
    assert len(HIDDEN_WORDS) == 6
