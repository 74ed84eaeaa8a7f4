"""Fetching from outside: only where it is allowed, never for longer or more than is allowed. All servers are real."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from bot.clock import uptime
from bot.errors import NightdeskError, TryAgainLater, UsageError
from bot.fetch import Fetched, get, guard
from bot.fetch.guard import is_public
from bot.fetch.hop import CHUNK, unpacked

HERE = (ip_network("127.0.0.0/8"),)
SHORT = timedelta(seconds=0.6)

Answer = bytes | Callable[[socket.socket, bytes], None]


class Server:
    """Answers each connection to 127.0.0.1 with raw bytes, or by a function of the socket and the request's head."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.respond, args=(connection,), daemon=True).start()

    def respond(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = self.head(connection)
                self.requests.append(request)
                if callable(self.answer):
                    self.answer(connection, request)
                else:
                    connection.sendall(self.answer)
            except OSError:
                return

    def head(self, connection: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(65_536)
            if not more:
                return request
            request += more
        return request

    def close(self) -> None:
        self.listener.close()


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", f"Location: {location}", status=status)


def fetch(url: str, **options: object) -> Fetched:
    return get(url, **({"allow_private": HERE, "deadline": timedelta(seconds=10)} | options))  # type: ignore[arg-type]


# ── What is fetched ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_page_comes_with_what_the_next_request_needs() -> None:
    page = answer(b"hello", 'ETag: "1"', "Last-Modified: Sun, 08 Nov 2026 10:00:00 GMT", "Content-Type: text/xml")
    with serving(page) as server:
        got = fetch(f"{server.url}/feed?key=1#top")
    assert got == Fetched(
        status=200,
        url=f"{server.url}/feed?key=1#top",
        body=b"hello",
        etag='"1"',
        last_modified="Sun, 08 Nov 2026 10:00:00 GMT",
        content_type="text/xml",
    )
    head = server.requests[0].decode().lower()
    assert head.startswith("get /feed?key=1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in head
    assert "accept-encoding: gzip, deflate\r\n" in head
    assert "if-none-match" not in head
    assert "cookie" not in head
    assert "user-agent: nightdesk/" in head


def test_news_only_is_asked_for_with_what_the_last_answer_gave() -> None:
    with serving(answer(b"", 'ETag: "1"', status="304 Not Modified")) as server:
        got = fetch(server.url, etag='"1"', last_modified="Sun, 08 Nov 2026 10:00:00 GMT")
    assert (got.status, got.body) == (304, b"")
    assert b'If-None-Match: "1"\r\n' in server.requests[0]
    assert b"If-Modified-Since: Sun, 08 Nov 2026 10:00:00 GMT\r\n" in server.requests[0]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "not": (b"hello" * 10_000, "identity"),
    "gzip": (gzip.compress(b"hello" * 10_000), "gzip"),
    "deflate": (zlib.compress(b"hello" * 10_000), "deflate"),
    "deflate without its head": (raw_deflate(b"hello" * 10_000), "deflate"),
}


@pytest.mark.parametrize(("body", "encoding"), PACKED.values(), ids=PACKED)
def test_packed_answers_are_unpacked(body: bytes, encoding: str) -> None:
    with serving(answer(body, f"Content-Encoding: {encoding}")) as server:
        assert fetch(server.url).body == b"hello" * 10_000


def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    with serving(chunks) as server:
        assert fetch(server.url).body == b"hello world"


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password sesam-open\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with serving(answer(b"hello")) as server:
        assert fetch(server.url).body == b"hello"
    assert b"Authorization" not in server.requests[0]


# ── Redirects ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_redirects_are_followed_without_cookies() -> None:
    def wandering(connection: socket.socket, request: bytes) -> None:
        step = request.split(b" ")[1]
        to = {b"/": "/two", b"/two": "three", b"/three": "//127.0.0.1:{port}/four"}.get(step)
        where = to.format(port=connection.getsockname()[1]) if to else ""
        page = answer(b"", "Set-Cookie: a=b", f"Location: {where}", status="301 Moved")
        connection.sendall(page if to else answer(b"arrived"))

    with serving(wandering) as server:
        got = fetch(server.url + "/")
    assert (got.body, got.url) == (b"arrived", f"{server.url}/four")
    assert not [request for request in server.requests if b"Cookie" in request]


def test_the_body_of_a_redirect_is_not_read() -> None:
    def endless_redirect(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"GET /arrived "):
            connection.sendall(answer(b"arrived"))
            return
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /arrived\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with serving(endless_redirect) as server:
        assert fetch(f"{server.url}/", deadline=timedelta(seconds=2)).body == b"arrived"


REDIRECTS = {
    "loop": ("/", TryAgainLater, "redirected more than 5 times"),
    "metadata service": ("http://169.254.169.254/latest/", UsageError, "169.254.169.254 is a private address"),
    "network of the office": ("http://10.0.0.1/", UsageError, "10.0.0.1 is a private address"),
    "file": ("file:///etc/passwd", UsageError, "redirects to something that is not a web address"),
    "script": ("javascript:alert(1)", UsageError, "redirects to something that is not a web address"),
    "nowhere": ("", UsageError, "redirects to something that is not a web address"),
    "password": ("http://me:sesam@127.0.0.1/", UsageError, "has a name or password in it"),
    "not an address": ("http://[::1", UsageError, "redirects to something that is not a web address"),
}


@pytest.mark.parametrize(("location", "error", "words"), REDIRECTS.values(), ids=REDIRECTS)
def test_every_hop_is_checked(location: str, error: type[NightdeskError], words: str) -> None:
    with serving(redirect(location)) as server, pytest.raises(error, match=words) as caught:
        fetch(server.url)
    assert "sesam" not in str(caught.value)
    assert len(server.requests) == (6 if location == "/" else 1)


def test_a_redirect_from_https_to_http_is_refused() -> None:
    from bot.fetch import next_address

    assert next_address("https://a.example/1", "/2") == "https://a.example/2"
    assert next_address("http://a.example/1", "https://b.example/") == "https://b.example/"
    with pytest.raises(UsageError, match="redirects from https to http"):
        next_address("https://a.example/1", "http://a.example/2")


# ── Where nobody may go ──────────────────────────────────────────────────────────────────────────────────────────

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%lo",
    "fec0::1", "ff02::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1111"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_told(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_told(address: str) -> None:
    assert is_public(ip_address(address))


DISGUISES = [
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
    "http://127.0.0.1./", "http://localhost/", "http://LOCALHOST/", "http://0/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[fec0::1]/", "http://100.64.0.1/", "http://224.0.0.1/", "http://①②⑦.⓪.⓪.①/", "https://127.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", DISGUISES)
def test_this_machine_is_recognised_in_every_disguise(url: str) -> None:
    with pytest.raises(UsageError, match="is a private address; allow it with allow_private = ") as caught:
        get(url)
    assert caught.value.exit_status == 2


def test_the_refusal_says_how_to_allow_the_address() -> None:
    with pytest.raises(
        UsageError, match=r'127.0.0.1 is a private address; allow it with allow_private = \["127.0.0.1/32"\]'
    ):
        get("http://127.0.0.1/feed")


def test_a_source_reaches_only_the_private_addresses_it_allows() -> None:
    with pytest.raises(UsageError, match="192.168.1.1 is a private address"):
        fetch("http://192.168.1.1/")


REFUSED_AT_ONCE = {
    "no scheme": ("news.example/feed", "is not a web address"),
    "file": ("file:///etc/passwd", "is not a web address"),
    "password": ("http://me:sesam@news.example/", "has a name or password in it"),
    "another port": ("http://news.example:8080/", "port 8080 is not one of the web's own"),
    "a mail server": ("http://news.example:25/", "port 25 is not one of the web's own"),
    "http on the port of https": ("http://news.example:443/", "port 443 is not one of the web's own"),
}


@pytest.mark.parametrize(("url", "words"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
def test_some_addresses_are_refused_before_anything_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setattr(guard, "resolve", lambda host, port: pytest.fail("looked up"))
    with pytest.raises(UsageError, match=words) as caught:
        get(url)
    assert "sesam" not in str(caught.value)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every look-up of a name give the next of `answers`, as a name server does that changes its mind."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[object]:
        asked.append(host)
        return [ip_address(address) for address in answers[min(len(asked), len(answers)) - 1]]

    monkeypatch.setattr(guard, "resolve", resolve)
    return asked


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(UsageError, match="10.0.0.1 is a private address"):
        get("http://rebinding.example/")


def test_a_name_is_looked_up_once_and_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with serving(answer(b"hello")) as server:
        got = fetch(f"http://news.example:{server.port}/feed")
    assert got.body == b"hello"
    assert asked == ["news.example"]
    assert f"Host: news.example:{server.port}\r\n".encode() in server.requests[0]


def test_a_name_that_turns_private_between_two_hops_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with serving(redirect("/again")) as server, pytest.raises(UsageError, match="10.0.0.1 is a private address"):
        fetch(f"http://news.example:{server.port}/")


def test_of_several_addresses_a_source_uses_the_one_it_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["::1", "127.0.0.1"])
    with serving(answer(b"hello")) as server:
        assert fetch(f"http://localhost:{server.port}/").body == b"hello"


# ── Time and size ────────────────────────────────────────────────────────────────────────────────────────────────


def drip(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.05):
        connection.sendall(b"x")


def drip_in_chunks(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.05):
        connection.sendall(b"1\r\nx\r\n")


def endless_head(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    pause = threading.Event()
    while not pause.wait(0.05):
        connection.sendall(b"x")


def silence(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)


def slow_hops(connection: socket.socket, _: bytes) -> None:
    threading.Event().wait(0.3)
    connection.sendall(redirect("/"))


SLOW = {
    "body": drip,
    "chunks": drip_in_chunks,
    "head": endless_head,
    "silence": silence,
    "many slow hops": slow_hops,
}


@pytest.mark.parametrize("answer_slowly", SLOW.values(), ids=SLOW)
def test_the_deadline_holds_for_everything_together(answer_slowly: Answer) -> None:
    started = uptime()
    with serving(answer_slowly) as server, pytest.raises(TryAgainLater, match="took longer than 0.6 s") as caught:
        fetch(server.url, deadline=SHORT)
    assert uptime() - started < 3
    assert caught.value.exit_status == 75


def test_a_server_that_never_finishes_its_tls_handshake_is_given_up() -> None:
    with serving(silence) as server, pytest.raises(TryAgainLater, match="took longer than 0.6 s"):
        fetch(f"https://127.0.0.1:{server.port}/", deadline=SHORT)


def test_a_name_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(guard, "resolve", lambda host, port: waiting.wait(5) and [])
    with pytest.raises(TryAgainLater, match=r"cannot be reached: no host slow.example was found"):
        fetch("http://slow.example/", deadline=SHORT)
    waiting.set()


def endless_chunks(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(megabytes)) + packer.flush()


TOO_BIG = {
    "plain": answer(b"x" * 1_000_001),
    "gzip bomb": answer(bomb(50), "Content-Encoding: gzip"),
    "chunks without end": endless_chunks,
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_001,
}


@pytest.mark.parametrize("too_much", TOO_BIG.values(), ids=TOO_BIG)
def test_reading_stops_at_the_size_that_is_allowed(too_much: Answer) -> None:
    with serving(too_much) as server, pytest.raises(UsageError, match="is larger than 1,000,000 bytes"):
        fetch(server.url, most_bytes=1_000_000)


def test_a_bomb_is_unpacked_in_small_pieces() -> None:
    pieces = unpacked(iter([bomb(10)]), "gzip")
    assert max(len(piece) for piece in pieces) <= CHUNK


def test_a_page_of_exactly_the_size_that_is_allowed_is_read() -> None:
    with serving(answer(b"x" * 1_000)) as server:
        assert len(fetch(server.url, most_bytes=1_000).body) == 1_000


BROKEN = {
    "cut short": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", "cut short|hung up"),
    "gzip cut short": (answer(gzip.compress(b"hello" * 1_000)[:-9], "Content-Encoding: gzip"), "cut short"),
    "not gzip": (answer(b"hello", "Content-Encoding: gzip"), "cut short"),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "hung up|not HTTP"),
    "nothing": (b"", "hung up"),
    "thousand headers": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n", "hung up|not HTTP"),
    "chunk of no size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP|hung up"),
    "status 404": (answer(b"gone", status="404 Not Found"), "answered with status 404"),
    "status 503": (answer(b"later", status="503 Unavailable"), "answered with status 503"),
    "status 204": (b"HTTP/1.1 204 No Content\r\n\r\n", "answered with status 204"),
}


@pytest.mark.parametrize(("page", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_for_later_and_the_key_in_the_address_is_not_repeated(page: bytes, words: str) -> None:
    with serving(page) as server, pytest.raises(TryAgainLater, match=words) as caught:
        fetch(f"{server.url}/feed?key=sesam-open")
    assert str(caught.value).startswith(f"{server.url}/feed ")
    assert "sesam" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_packings_that_were_not_asked_for_are_refused(encoding: str) -> None:
    page = answer(b"x", f"Content-Encoding: {encoding}")
    with serving(page) as server, pytest.raises(UsageError, match="packed in a way that was not asked for"):
        fetch(server.url)


def test_nobody_listening_is_for_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TryAgainLater, match=f"^http://127.0.0.1:{port}/ cannot be reached"):
        fetch(f"http://127.0.0.1:{port}/")


def test_a_name_that_does_not_exist_is_for_later() -> None:
    with pytest.raises(TryAgainLater, match="no host nowhere.invalid was found"):
        get("http://nowhere.invalid/")


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for news.example and its key, made for this run."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=news.example", "-addext", "subjectAltName=DNS:news.example"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def serving_tls(certificate: tuple[Path, Path], asked_for: list[str | None]) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda _, name, __: asked_for.append(name)

    class Secure(Server):
        def respond(self, connection: socket.socket) -> None:
            try:
                super().respond(context.wrap_socket(connection, server_side=True))
            except OSError:
                connection.close()

    server = Secure(answer(b"hello"))
    try:
        yield server
    finally:
        server.close()


def test_the_certificate_is_checked_against_the_name_though_the_connection_goes_to_an_address(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate[0]))
    asked_for: list[str | None] = []
    with serving_tls(certificate, asked_for) as server:
        assert fetch(f"https://news.example:{server.port}/").body == b"hello"
        with pytest.raises(TryAgainLater, match="its certificate or encryption is not valid"):
            fetch(f"https://other.example:{server.port}/")
    assert asked_for == ["news.example", "other.example"]
    assert len(server.requests) == 1 or not server.requests[-1]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]
) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    refused = pytest.raises(TryAgainLater, match="its certificate or encryption is not valid")
    with serving_tls(certificate, []) as server, refused:
        fetch(f"https://news.example:{server.port}/")


def test_drip_over_tls_is_given_up_too(monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path]) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate[0]))
    with serving_tls(certificate, []) as server:
        server.answer = drip
        with pytest.raises(TryAgainLater, match="took longer than 0.6 s"):
            fetch(f"https://news.example:{server.port}/", deadline=SHORT)
