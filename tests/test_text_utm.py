"""Campaign parameters on a link: where they go, what they replace, and that the link stays the same link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity import canonical_url
from bot.text.utm import tagged, untagged
from bot.text.xlength import extract_urls, limit_length

DESK = {"source": "x", "medium": "social", "campaign": "night desk"}
ADDED = "utm_source=x&utm_medium=social&utm_campaign=night%20desk"

LINKS = {
    "a plain page": ("https://news.example/a", f"https://news.example/a?{ADDED}"),
    "a page with parameters": ("https://news.example/a?id=7&x=", f"https://news.example/a?id=7&x=&{ADDED}"),
    "a place on the page": ("https://news.example/a#top?x", f"https://news.example/a?{ADDED}#top?x"),
    "both": ("https://news.example/a?id=7#top", f"https://news.example/a?id=7&{ADDED}#top"),
    "parameters of another campaign": (
        "https://news.example/a?utm_source=rss&id=7&UTM_Content=z&utmost=1",
        f"https://news.example/a?id=7&utmost=1&{ADDED}",
    ),
    "nothing but another campaign": ("https://news.example/a?utm_source=rss", f"https://news.example/a?{ADDED}"),
    "odd but harmless spellings": (
        "https://news.example/?a;b&&c=%2f%2F+",
        f"https://news.example/?a;b&&c=%2f%2F+&{ADDED}",
    ),
    "a question mark without question": ("https://news.example/a?", f"https://news.example/a?{ADDED}"),
    "a host alone": ("https://news.example", f"https://news.example?{ADDED}"),
    "other scripts": ("https://news.example/şəhər", f"https://news.example/şəhər?{ADDED}"),
    "no link": ("", ""),
}


@pytest.mark.parametrize(("url", "expected"), LINKS.values(), ids=LINKS)
def test_a_link_with_campaign_parameters(url: str, expected: str) -> None:
    assert tagged(url, DESK) == expected
    assert tagged(expected, DESK) == expected


@pytest.mark.parametrize("parameters", [{}, {"source": ""}, {"source": " \u200b"}, {"unknown": "x"}])
def test_without_parameters_a_link_stays_as_it_is(parameters: dict[str, str]) -> None:
    assert tagged("https://news.example/a?utm_source=rss&", parameters) == "https://news.example/a?utm_source=rss&"


VALUES = {
    "a&b=c#d": "a%26b%3Dc%23d",
    "Şəhər\n": "%C5%9E%C9%99h%C9%99r",
    "news.az": "news.az",
    "etc.": "etc%2E",
    "~": "%7E",
}


@pytest.mark.parametrize(("value", "written"), VALUES.items())
def test_a_value_cannot_become_anything_but_a_value(value: str, written: str) -> None:
    assert tagged("https://news.example/a", {"term": value}) == f"https://news.example/a?utm_term={written}"


VALUE = st.text(max_size=30)
PAIR = st.text("abcXYZ019-_%2F.=", max_size=8)


@given(st.lists(PAIR, max_size=4), st.sampled_from(["", "#a", "#!/b"]), VALUE, VALUE)
def test_a_tagged_link_is_one_link_to_the_same_page(pairs: list[str], fragment: str, source: str, term: str) -> None:
    url = f"https://news.az/a{'?' if pairs else ''}{'&'.join(pairs)}"
    link = tagged(url + fragment, {"source": source, "term": term})
    assert canonical_url(link) == canonical_url(url + fragment)
    assert untagged(link) == untagged(url + fragment)
    if link != url + fragment and not fragment:
        assert [found.url for found in extract_urls(f"a {link} b")] == [link]
        assert limit_length(f"a {link}") == 25
