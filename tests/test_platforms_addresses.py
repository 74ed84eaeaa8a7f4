"""What the address of a post, as a person copies it, tells of its id."""

from __future__ import annotations

import pytest

from bot.platforms.addresses import address_of

PAGE = "12345"
ON_X = {
    "https://x.com/courier/status/17": "17",
    "https://x.com/Courier/status/17?s=20&t=a": "17",
    "https://www.twitter.com/courier/status/17/photo/1": "17",
    "https://x.com/courier/statuses/17": "17",
    "https://x.com/i/web/status/17": "17",
}
ON_FACEBOOK = {
    "https://www.facebook.com/12345_678": "12345_678",
    "https://www.facebook.com/courier/posts/678": "12345_678",
    "https://www.facebook.com/12345/posts/678": "12345_678",
    "https://facebook.com/courier/posts/the-bridge-opens/678/": "12345_678",
    "https://m.facebook.com/story.php?story_fbid=678&id=12345": "12345_678",
    "https://www.facebook.com/permalink.php?story_fbid=678&id=12345&__tn__=x": "12345_678",
    "https://www.facebook.com/permalink.php?story_fbid=pfbid02AbC&id=12345": "",
    "https://www.facebook.com/courier/posts/pfbid02AbC": "",
    "https://www.facebook.com/share/p/qYzvLFYfZhcNLbqd/": "",
    "https://www.facebook.com/reel/678": "",
    "https://www.facebook.com/courier/videos/678": "",
    "https://www.facebook.com/photo/?fbid=987": "",
}
NO_ADDRESSES = [
    "https://x.com/courier",
    "https://x.com/courier/status",
    "https://x.com/courier/status/abc",
    "https://x.com/courier/status/017",
    "https://x.com/somebody/status/17",
    "x.com/courier/status/17",
    "ftp://x.com/courier/status/17",
    "javascript:1",
    "https://[x.com/courier/status/17",
    "https://x.com]/courier/status/17",
    "https://evilx.com/courier/status/17",
    "https://x.com.evil.example/courier/status/17",
    "https://courier.example/politics/2026",
    "",
]
NO_ADDRESSES_ON_FACEBOOK = [
    "https://www.facebook.com/courier",
    "https://www.facebook.com/12345",
    "https://www.facebook.com/",
    "https://www.facebook.com/people/Night-Desk/61550000000000/",
    "https://www.facebook.com/pages/Courier/123",
    "https://www.facebook.com/groups/123",
    "https://www.facebook.com/events/123/",
    "https://www.facebook.com/999_678",
    "https://www.facebook.com/999/posts/678",
    "https://www.facebook.com/permalink.php?story_fbid=678&id=999",
    "https://www.facebook.com/courier/posts/",
]


@pytest.mark.parametrize(("url", "number"), ON_X.items())
def test_an_address_on_x_tells_the_id(url: str, number: str) -> None:
    assert address_of(url, "courier") == address_of(url) == ("x", number)


@pytest.mark.parametrize(("url", "number"), ON_FACEBOOK.items())
def test_an_address_on_facebook_tells_the_id_where_it_has_one(url: str, number: str) -> None:
    assert address_of(url, PAGE) == ("facebook", number)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_of_our_post(url: str) -> None:
    assert address_of(url, "courier") is None


@pytest.mark.parametrize("url", NO_ADDRESSES_ON_FACEBOOK)
def test_what_is_no_address_of_a_post_of_the_page(url: str) -> None:
    assert address_of(url, PAGE) is None


def test_without_the_page_the_number_alone_is_no_id() -> None:
    assert address_of("https://www.facebook.com/courier/posts/678") == ("facebook", "")
