"""The real client libraries turned to a sandbox, and a clock that tests can move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyfacebook
import requests
import tweepy
from requests.adapters import HTTPAdapter


class TurnedTo(HTTPAdapter):
    """Sends what was signed for another host to `url`: only scheme and host of the request change."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url
        self.timeout = timeout
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        request.url = self.url + "/" + request.url.split("/", 3)[3]
        return super().send(request, *args, **{**options, "timeout": self.timeout})


class MovableClock:
    """The machine's clock with an offset."""

    simulated = False

    def __init__(self) -> None:
        self.offset = timedelta()

    def real_now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def desk_now(self) -> datetime:
        return self.real_now()

    def advance(self, **delta: float) -> None:
        self.offset += timedelta(**delta)


@contextmanager
def x_client(
    url: str, account: str = "x-main", handle: str = "example", timeout: float = 10.0, **keys: str
) -> Iterator[tweepy.Client]:
    key = f"rehearsal:{account}:{handle}"
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    client = tweepy.Client(**{**dict.fromkeys(names, key), **keys})
    client.session.mount("https://api.twitter.com", TurnedTo(url, timeout))
    with client.session:
        yield client


@contextmanager
def facebook_client(
    url: str, account: str = "fb-page", page: str = "1234567890", timeout: float = 10.0, **options: Any
) -> Iterator[pyfacebook.GraphAPI]:
    key = f"rehearsal:{account}:{page}"
    chosen = {"access_token": key, "version": "v26.0", **options}
    exchange = f"{url}/oauth/access_token"
    api = pyfacebook.GraphAPI(base_url=f"{url}/", access_token_url=exchange, timeout=timeout, **chosen)
    with api.session:
        yield api


def posts(url: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = requests.get(f"{url}/sandbox/posts", timeout=10).json()
    return answer


def texts(url: str) -> list[str]:
    return [post["text"] for post in posts(url)]


def order(url: str, *faults: dict[str, Any]) -> None:
    answer = requests.post(f"{url}/sandbox/faults", json=list(faults), timeout=10)
    assert answer.status_code == 200, answer.text
