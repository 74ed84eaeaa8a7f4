"""The tiny server everybody posts to: it takes X's and Graph's create, gives a fresh id, and counts.

    python -m bench.posting.server --latency 0.3

It prints its port and serves until its input ends. `GET /tally` tells what came since the last `GET /reset`:
`{"taken": …, "distinct": …}`, the posts taken and how many different bodies they had; `GET /bodies` shows those.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from itertools import count

FIRST_ID = 1_900_000_000_000_000_000


class Tally:
    """What came in. Every body of a race is another, so one that comes twice is a post sent twice."""

    def __init__(self) -> None:
        self.ids = count(FIRST_ID)
        self.reset()

    def reset(self) -> None:
        self.taken = 0
        self.bodies: set[bytes] = set()

    def answer(self, path: bytes, body: bytes) -> bytes:
        """The platform's answer to a post."""
        self.taken += 1
        self.bodies.add(path + body)
        number = next(self.ids)
        if path.startswith(b"/2/"):
            return _response(201, {"data": {"id": str(number), "text": "as it was sent", "edit_history_tweet_ids": []}})
        return _response(200, {"id": f"{path.split(b'/')[2].decode()}_{number}"})

    def control(self, path: bytes) -> bytes:
        if path == b"/reset":
            self.reset()
        if path == b"/bodies":
            return _response(200, {"bodies": [body.decode() for body in self.bodies]})
        return _response(200, {"taken": self.taken, "distinct": len(self.bodies)})


def _response(status: int, content: object) -> bytes:
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection: requests in, each answered after `latency` seconds."""

    def __init__(self, tally: Tally, latency: float) -> None:
        self._tally, self._latency = tally, latency
        self._waiting = b""
        self._out: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while request := self._next_request():
            self._serve(*request)

    def _next_request(self) -> tuple[bytes, bytes, bytes] | None:
        """Method, path and body of a request that is complete."""
        head, found, rest = self._waiting.partition(b"\r\n\r\n")
        length = _length(head) if found else 0
        if not found or len(rest) < length:
            return None
        self._waiting = rest[length:]
        method, path, _ = head.split(b" ", 2)
        return method, path, rest[:length]

    def _serve(self, method: bytes, path: bytes, body: bytes) -> None:
        if method == b"GET":
            self._out.write(self._tally.control(path))
            return
        answer = self._tally.answer(path, body)
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._out.write, answer)
        else:
            self._out.write(answer)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n")[1:]:
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def serve(latency: float) -> None:
    loop, tally = asyncio.get_running_loop(), Tally()
    server = await loop.create_server(lambda: Connection(tally, latency), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    asyncio.run(serve(parser.parse_args().latency))
