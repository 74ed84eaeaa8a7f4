"""Articles in many languages and the posts that the shipped templates make of them, to the last character.

`python -m tests.golden_update` writes the posts anew; each difference is to be read before it is kept.
"""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
import regex

from bot.article import kind_of
from bot.compose import compose
from bot.platforms.registry import rules_for
from bot.templating.trying import OneTemplate
from bot.text.xlength import extract_urls
from tests.golden_update import FOLDER, PLATFORMS, TEMPLATES, Case, account, cases, file_of, post

CASES = list(cases())
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
ON_BOTH = pytest.mark.parametrize("platform", PLATFORMS)


@EACH
@ON_BOTH
def test_the_post_is_the_one_that_was_read_and_found_good(case: Case, platform: str) -> None:
    assert post(case, platform).text == file_of(case, platform).read_text("utf-8")


@EACH
@ON_BOTH
def test_the_post_keeps_the_platforms_limit(case: Case, platform: str) -> None:
    written, rules = post(case, platform), rules_for(platform)
    assert written.length == rules.limit.length(written.text) <= rules.limit.most
    assert unicodedata.is_normalized("NFC", written.text)


@pytest.mark.parametrize("name", TEMPLATES.names())
def test_every_shipped_template_keeps_the_limit_for_every_article(name: str) -> None:
    platform = name.split("/")[1].split(".")[0]
    rules, one = rules_for(platform), OneTemplate(TEMPLATES, name)
    for case in CASES:
        if not case.text:
            written = compose(case.article, account(case, platform), rules, one, round=2)
            assert written.length == rules.limit.length(written.text) <= rules.limit.most
            assert platform == "facebook" or not case.article.url or case.article.url in written.text


@EACH
def test_the_one_link_of_the_post_is_the_articles(case: Case) -> None:
    allowed = [domain for domain in case.allow if "." in domain]
    links = [found.url for found in extract_urls(post(case, "x").text) if not found.url.endswith(tuple(allowed))]
    assert links == ([case.article.url] if case.article.url else [])
    facebook = post(case, "facebook")
    assert facebook.link == case.article.url
    assert not case.article.url or case.article.url not in facebook.text


@EACH
def test_the_facebook_post_says_all_of_it(case: Case) -> None:
    if not case.text and not case.name.startswith("en-hostile"):
        plain = post(case, "facebook").text.replace("\u200c", "")
        for text in (case.article.title, case.article.summary):
            assert text.replace("\u200c", "") in plain


def test_there_are_articles_of_many_languages_scripts_and_kinds() -> None:
    assert len(CASES) >= 40
    assert len({case.article.language.split("-")[0] for case in CASES} - {""}) >= 24
    letters = [regex.sub(r"\P{L}", "", case.article.title) for case in CASES]
    scripts = ["Latin", "Cyrillic", "Greek", "Georgian", "Armenian", "Arabic", "Hebrew", "Devanagari", "Bengali"]
    scripts += ["Tamil", "Thai", "Han", "Hiragana", "Hangul"]
    assert [name for name in scripts if not any(regex.search(rf"\p{{{name}}}", text) for text in letters)] == []
    kinds = Counter(kind_of(case.article, case.round) for case in CASES)
    assert set(kinds) == {"article", "breaking", "evergreen", "gallery", "opinion"}
    assert sum(bool(post(case, "x").cut) for case in CASES) >= 12


def test_no_post_is_left_of_an_article_that_is_gone() -> None:
    posts = {file_of(case, platform) for case in CASES for platform in PLATFORMS}
    assert set(FOLDER.glob("*.txt")) == posts


@EACH
def test_every_article_says_what_it_shows(case: Case) -> None:
    assert case.about.endswith((".", "։"))
