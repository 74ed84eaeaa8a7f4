"""What the address of a post, as a person copies it, tells of its id."""

from __future__ import annotations

import pytest

from bot.platforms.addresses import address_of

PAGE = "1234567890"
ADDRESSES = {
    "https://x.com/courier/status/17": ("x", "17"),
    "https://x.com/courier/status/17?s=20&t=a": ("x", "17"),
    "https://www.twitter.com/courier/status/17/photo/1": ("x", "17"),
    "https://x.com/i/web/status/17": ("x", "17"),
    "https://www.facebook.com/12345_678": ("facebook", "12345_678"),
    "https://www.facebook.com/courier/posts/678": ("facebook", f"{PAGE}_678"),
    "https://facebook.com/courier/posts/the-bridge-opens/678/": ("facebook", f"{PAGE}_678"),
    "https://m.facebook.com/story.php?story_fbid=678&id=12345": ("facebook", "12345_678"),
    "https://www.facebook.com/permalink.php?story_fbid=678&id=12345&__tn__=x": ("facebook", "12345_678"),
    "https://www.facebook.com/permalink.php?story_fbid=pfbid02AbC&id=12345": ("facebook", ""),
    "https://www.facebook.com/courier/posts/pfbid02AbC": ("facebook", ""),
    "https://www.facebook.com/share/p/1aBcD2/": ("facebook", ""),
    "https://www.facebook.com/reel/678": ("facebook", ""),
}
NO_ADDRESSES = [
    "https://x.com/courier",
    "https://x.com/courier/status",
    "https://x.com/courier/status/abc",
    "x.com/courier/status/17",
    "ftp://x.com/courier/status/17",
    "javascript:1",
    "https://evilx.com/courier/status/17",
    "https://x.com.evil.example/courier/status/17",
    "https://courier.example/politics/2026",
    "https://www.facebook.com/courier",
    "https://www.facebook.com/1234567890",
    "https://www.facebook.com/",
    "",
]


@pytest.mark.parametrize(("url", "told"), ADDRESSES.items())
def test_an_address_tells_platform_and_id(url: str, told: tuple[str, str]) -> None:
    assert address_of(url, page=PAGE) == told


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_of_a_post(url: str) -> None:
    assert address_of(url, page=PAGE) is None


def test_without_the_page_the_number_alone_is_no_id() -> None:
    assert address_of("https://www.facebook.com/courier/posts/678") == ("facebook", "")
