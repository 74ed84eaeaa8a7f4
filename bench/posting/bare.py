"""A client library on its own: one client per account, made beforehand, one pool of connections for all, N threads.

    python -m bench.posting.bare '{"library": "tweepy", "server": "http://…", "threads": 32, "posts": "posts.json"}'

`posts` is a file of `[[account, text], …]`. Nothing is written down, checked or tried again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from bench.posting.contender import Posting, take_part

Post = Callable[[str], object]


class OneServer(HTTPAdapter):
    """The shared pool. It sends the libraries' fixed addresses to the tiny server."""

    def __init__(self, server: str, connections: int) -> None:
        self._server = urlsplit(server)
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(parts._replace(scheme=self._server.scheme, netloc=self._server.netloc))
        return super().send(request, *args, **options)


def tweepy_client(account: str, adapter: HTTPAdapter) -> Post:
    from tweepy import Client

    client = Client(consumer_key=account, consumer_secret=account, access_token=account, access_token_secret=account)
    _share(client.session, adapter)
    return lambda text: client.create_tweet(text=text).data["id"]


def pyfacebook_client(account: str, adapter: HTTPAdapter) -> Post:
    from pyfacebook import GraphAPI

    client = GraphAPI(access_token=account, version="v25.0")
    _share(client.session, adapter)
    return lambda text: client.post_object(account, "feed", data={"message": text})["id"]


LIBRARIES = {"tweepy": tweepy_client, "pyfacebook": pyfacebook_client}


def _share(session: Session, adapter: HTTPAdapter) -> None:
    session.mount("https://", adapter)


def prepare(told: dict[str, Any]) -> Posting:
    posts: list[tuple[str, str]] = json.loads(Path(told["posts"]).read_text("utf-8"))
    adapter, make = OneServer(told["server"], told["threads"]), LIBRARIES[told["library"]]
    clients = {account: make(account, adapter) for account in {account for account, _ in posts}}
    left = iter(posts)  # a list's iterator hands out each item once, whoever asks
    published: list[int] = []

    def send() -> None:
        done = 0
        for account, text in left:
            done += bool(clients[account](text))
        published.append(done)

    def post_all() -> dict[str, Any]:
        threads = [Thread(target=send) for _ in range(told["threads"])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"published": sum(published)}

    return post_all


if __name__ == "__main__":
    take_part(prepare)
