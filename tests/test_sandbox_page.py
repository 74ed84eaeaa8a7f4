"""The page at `/`: what people see of both timelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from sandbox_clients import MovableClock, facebook_client, order, x_client

from bot.sandbox.page import ago
from bot.sandbox.server import Sandbox

PAGE = "1234567890"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


def page(sandbox: Sandbox) -> str:
    return requests.get(sandbox.url, timeout=5).text


def publish(sandbox: Sandbox, message: str, **more: str) -> None:
    with facebook_client(sandbox.url) as api:
        api.post_object(PAGE, "feed", data={"message": message, **more})


def test_an_empty_page_says_so(sandbox: Sandbox) -> None:
    assert page(sandbox).count("Nothing posted yet") == 2


def test_posts_of_both_platforms_are_shown_with_account_count_and_card(sandbox: Sandbox) -> None:
    with x_client(sandbox.url) as client:
        id = client.create_tweet(text="The bridge opens https://www.azernews.az/nation/bridge.html").data["id"]
    publish(sandbox, "The bridge opens.", link="https://azernews.az/nation/bridge.html")
    shown = page(sandbox)
    assert "@example · 1 post" in shown
    assert f"Page {PAGE} · 1 post" in shown
    assert f'id="x-{id}"' in shown
    assert f'title="https://x.com/example/status/{id}"' in shown
    assert "40 / 280" in shown
    assert "17 / 63,206" in shown
    assert shown.count('<span class="domain">azernews.az</span>') == 2


def test_facebook_shows_a_card_for_the_link_field_only(sandbox: Sandbox) -> None:
    publish(sandbox, "Read https://azernews.az/a")
    assert 'class="card"' not in page(sandbox)


def test_what_was_posted_is_shown_as_text(sandbox: Sandbox) -> None:
    hostile = '<script>alert(1)</script> & "quoted" javascript:alert(1) <img src=x>'
    with x_client(sandbox.url) as client:
        client.create_tweet(text=hostile)
    shown = page(sandbox)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34;" in shown
    assert not re.search(r"<script|<img|href=\"javascript", shown)


def test_nothing_is_fetched_from_elsewhere_and_the_policy_says_so(sandbox: Sandbox) -> None:
    publish(sandbox, "Hello", link="https://azernews.az/a")
    answer = requests.get(sandbox.url, timeout=5)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"<(?:link|img|script|iframe|form)[^>]*>", answer.text) == [
        '<link rel="stylesheet" href="/sandbox/timeline.css">'
    ]
    assert "style=" not in answer.text
    sheet = requests.get(f"{sandbox.url}/sandbox/timeline.css", timeout=5)
    assert sheet.headers["content-type"].startswith("text/css")
    assert not re.search(r"url\(|@import", sheet.text)


def test_a_deleted_post_is_struck_through(sandbox: Sandbox) -> None:
    with x_client(sandbox.url) as client:
        client.delete_tweet(client.create_tweet(text="Oops").data["id"])
    shown = page(sandbox)
    assert '<article class="post deleted"' in shown
    assert "Oops" in shown


def test_a_post_that_a_read_back_does_not_show_yet_is_marked(sandbox: Sandbox, clock: MovableClock) -> None:
    order(sandbox.url, {"kind": "timeline_lag", "seconds": 100})
    publish(sandbox, "Hello")
    assert "in read-backs from" in page(sandbox)
    clock.advance(seconds=101)
    assert "in read-backs from" not in page(sandbox)


def test_a_long_message_is_folded_at_a_word(sandbox: Sandbox) -> None:
    publish(sandbox, "word " * 200)
    first, rest = re.findall(r'<div class="text" dir="auto">(.*?)</div>', page(sandbox), re.DOTALL)
    assert len(first) <= 477
    assert first.endswith("word")
    assert first + rest == "word " * 200


def test_the_newest_post_and_the_newest_account_come_first(sandbox: Sandbox) -> None:
    for account in ("x-one", "x-two", "x-one"):
        with x_client(sandbox.url, account, account.replace("-", "")) as client:
            client.create_tweet(
                text=f"By {account}, post {len(requests.get(f'{sandbox.url}/sandbox/posts', timeout=5).json())}"
            )
    shown = page(sandbox)
    assert [shown.index(text) for text in ("post 2", "post 0", "post 1")] == sorted(
        shown.index(text) for text in ("post 0", "post 1", "post 2")
    )


AGES = {0: "now", 59: "now", 60: "1 min", 3599: "59 min", 3600: "1 h", 86_399: "23 h", 86_400: "1 d", 864_000: "10 d"}


@pytest.mark.parametrize(("seconds", "words"), AGES.items())
def test_an_age_is_told_in_the_words_of_a_timeline(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words
