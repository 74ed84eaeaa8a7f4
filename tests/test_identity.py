"""One story is one article, however often and however it arrives; two stories never count as one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.article import Article
from bot.errors import UsageError
from bot.identity import canonical_url, identities, is_web_address

PLAIN = "https://news.example/a/story"

SAME = {
    "as it is": PLAIN,
    "http": "http://news.example/a/story",
    "capital host": "HTTPS://News.EXAMPLE/a/story",
    "dot after the host": "https://news.example./a/story",
    "port of http": "http://news.example:80/a/story",
    "port of https": "https://news.example:443/a/story",
    "slash at the end": "https://news.example/a/story/",
    "fragment": "https://news.example/a/story#comments",
    "tracking": "https://news.example/a/story?utm_source=x&UTM_Medium=social&fbclid=1&gclid=2",
    "empty question": "https://news.example/a/story?",
    "escapes that are not needed": "https://news.example/%61/st%6Fry",
    "a way round": "https://news.example/a/b/../story",
}

DIFFERENT = {
    "www": "https://www.news.example/a/story",
    "another path": "https://news.example/a/story2",
    "capital path": "https://news.example/a/Story",
    "another port": "https://news.example:8443/a/story",
    "a parameter": "https://news.example/a/story?id=1",
    "a page named by its fragment": "https://news.example/a/story#!/7",
    "an escaped slash": "https://news.example/a%2Fstory",
    "a name that only begins like tracking": "https://news.example/a/story?utm=1",
}


@pytest.mark.parametrize("url", SAME.values(), ids=SAME)
def test_spellings_of_one_address_are_one(url: str) -> None:
    assert canonical_url(url) == PLAIN


@pytest.mark.parametrize("url", DIFFERENT.values(), ids=DIFFERENT)
def test_addresses_of_different_pages_stay_different(url: str) -> None:
    assert canonical_url(url) != PLAIN


PAIRS = {
    "order of parameters": ("https://a.example/?b=2&a=1", "https://a.example/?a=1&utm_id=3&b=2"),
    "letters of another script": ("https://bücher.example/café", "https://xn--bcher-kva.example/caf%c3%a9"),
    "azerbaijani": ("https://xəbər.example/şuşa", "https://XƏBƏR.example/%C5%9Fu%C5%9Fa"),
    "front page": ("https://a.example", "http://a.example/"),
    "ipv6": ("http://[::1]/a", "https://[::1]:443/a/"),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_two_spellings_meet(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


NO_ADDRESSES = [
    "", "story", "/a/b", "//news.example/a", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
    "ftp://news.example/a", "https://", "https:///a", "http://news.example:0/", "http://news.example:99999/",
    "http://[::1/", "http://a b.example/", "http://a.example/a b", "http://a.example/\nb", "http://a.example\\@b/",
    "mailto:a@b.example",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_web_address_is_refused(text: str) -> None:
    assert not is_web_address(text)
    with pytest.raises(UsageError, match="not a web address"):
        canonical_url(text)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(UsageError, match="Leave that out") as caught:
        canonical_url("https://me:sesam@news.example/a")
    assert "sesam" not in str(caught.value)


@example("0///", "0")
@example(".", "")
@example("0", "?%0")
@given(st.text(max_size=40), st.text(alphabet="abcXYZ09-._~%/?&=#éş ", max_size=60))
def test_any_text_is_canonical_once_or_refused(host: str, rest: str) -> None:
    try:
        once = canonical_url(f"https://{host}/{rest}")
    except UsageError:
        return
    assert canonical_url(once) == once


IDENTITIES = {
    "address first, then guid": (
        Article(title="T", url="http://a.example/1/", guid="g-1", source="site"),
        ("url:https://a.example/1", "guid:site:g-1"),
    ),
    "address alone": (Article(title="T", url="https://a.example/1"), ("url:https://a.example/1",)),
    "guid alone": (Article(title="T", guid="g-1", source="site"), ("guid:site:g-1",)),
}


@pytest.mark.parametrize(("article", "expected"), IDENTITIES.values(), ids=IDENTITIES)
def test_an_article_is_known_by_address_and_guid(article: Article, expected: tuple[str, ...]) -> None:
    assert identities(article) == expected


def test_without_address_and_guid_the_words_identify_whatever_their_spelling() -> None:
    one = Article(title="Caf\u00e9  opens", summary="At noon.", source="folder")
    [key] = identities(one)
    assert key.startswith("text:")
    assert identities(Article(title="CAFE\u0301 opens ", summary="At\nnoon.", source="elsewhere")) == (key,)
    assert identities(Article(title="Café opens", summary="At night.")) != (key,)
    assert identities(Article(title="Café opens late", summary="At noon.")) != (key,)


def test_the_same_page_may_be_linked_again_in_other_typed_words() -> None:
    kick_off, goal = (Article(title=words, url="https://a.example/live", typed=True) for words in ("Kick-off", "1:0"))
    assert identities(kick_off) != identities(goal)
    assert identities(goal) == identities(Article(title="1:0", url="https://a.example/live", typed=True))
