"""An article becomes a post: what is in it on either kind of platform, and what can never happen to it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.account import Account
from bot.article import Article
from bot.compose import MOST_CHARACTERS, MOST_TAGS, compose, link_in_text, template_values
from bot.errors import CannotFit, TemplateBroken, TemplateFailed
from bot.post import Cut, Limit, PostRules
from bot.resources import package_folder
from bot.templating import VOCABULARY, Templates
from bot.text.clean import one_line
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions
from bot.text.xlength import extract_urls, limit_length
from tests.growth import grows_in_proportion

X = PostRules(limit=Limit(280, limit_length), link_apart=False, cost=lambda post: 0.2)
FACEBOOK = PostRules(limit=Limit(63_206, len), link_apart=True, cost=lambda post: 0.0)
TEMPLATES = Templates([package_folder("templates")])

URL = "https://www.example.org/2026/bridge?id=7"
SUMMARY = "The city council voted for the bridge on Friday. It will open in May, after two years of building."
ARTICLE = Article(title="Council votes for a new bridge", url=URL, summary=SUMMARY, section="City", tags=("Baku",))


def account(
    template: str = "posts/x.txt.j2", identity: str = "example", zone: str = "Asia/Baku", **settings: Any
) -> Account:
    return Account(name="main", platform="any", identity=identity, template=template, zone=ZoneInfo(zone), **settings)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Composes the text of an article by a template written here."""

    def compose_by(source: str, article: Article = ARTICLE, rules: PostRules = X) -> str:
        (tmp_path / "t.j2").write_text(source)
        return compose(article, account("t.j2"), rules, Templates([tmp_path])).text

    return compose_by


# -- the default templates ---------------------------------------------------------------------------------------------


def test_on_x_the_link_is_part_of_the_text() -> None:
    post = compose(ARTICLE, account(), X, TEMPLATES)
    assert post.text == f"{ARTICLE.title} — {SUMMARY} {URL}"
    assert (post.link, post.media, post.cut, post.limit) == ("", (), (), 280)
    assert post.length == limit_length(post.text)


def test_where_the_link_travels_apart_it_is_not_in_the_text() -> None:
    post = compose(ARTICLE, account("posts/facebook.txt.j2"), FACEBOOK, TEMPLATES)
    assert post.text == f"{ARTICLE.title}\n\n{SUMMARY}"
    assert (post.link, post.length, post.limit) == (URL, len(post.text), 63_206)


def test_a_post_says_where_its_platform_folds_it() -> None:
    folding = replace(FACEBOOK, see_more=(40, 477))
    [warning] = compose(ARTICLE, account("posts/facebook.txt.j2"), folding, TEMPLATES).warnings
    assert "about 40 of these" in warning
    [typed] = compose(ARTICLE, account(), folding, TEMPLATES, text="Look " * 10).warnings
    assert "49 characters" in typed
    assert compose(ARTICLE, account(), X, TEMPLATES).warnings == ()


@pytest.mark.parametrize(("template", "rules"), [("posts/x.txt.j2", X), ("posts/facebook.txt.j2", FACEBOOK)])
def test_without_summary_and_link_only_the_title_is_left(template: str, rules: PostRules) -> None:
    assert compose(Article(title="Only a title"), account(template), rules, TEMPLATES).text == "Only a title"


def test_what_is_too_long_is_cut_at_a_sentence_and_reported() -> None:
    article = Article(title=ARTICLE.title, url=URL, summary=f"{SUMMARY} " + "Nobody knows what it will cost. " * 20)
    post = compose(article, account(), X, TEMPLATES)
    assert post.length <= 280
    assert post.text.startswith(f"{ARTICLE.title} — {SUMMARY} Nobody knows")
    assert post.text.endswith(f"cost. {URL}")
    assert [(cut.field, cut.whole) for cut in post.cut] == [("summary", len(article.summary.strip()))]


def test_a_long_title_takes_the_room_of_the_summary() -> None:
    post = compose(Article(title="A very long headline " * 30, url=URL, summary=SUMMARY), account(), X, TEMPLATES)
    assert post.text.endswith(f"… {URL}")
    assert 260 < post.length <= 280
    assert post.cut == (Cut("title", 629, post.length - 24), Cut("summary", len(SUMMARY), 0))


KINDS = {
    "an article": ({}, 1, "T — S"),
    "breaking": ({"breaking": True}, 1, "⚡ T — S"),
    "an opinion with its author": ({"section": "News / OPINION", "author": "A"}, 1, "A: T — S"),
    "an opinion without": ({"tags": ("Мнение",)}, 1, "T — S"),
    "breaking goes before opinion": ({"breaking": True, "tags": ("Opinion",), "author": "A"}, 1, "⚡ T — S"),
    "a gallery": ({"tags": ("x", "#Bildergalerie")}, 1, "📷 T — S"),
    "in capitals with a dotted İ": ({"section": "FOTO GALERİ"}, 1, "📷 T — S"),
    "evergreen, the first time": ({"evergreen": True, "published": datetime(2024, 1, 1, tzinfo=UTC)}, 1, "T — S"),
    "evergreen, again": ({"evergreen": True}, 2, "T — S"),
    "evergreen, again, with its year": (
        {"evergreen": True, "published": datetime(2024, 12, 31, 23, tzinfo=UTC)},
        2,
        None,
    ),
    "an article sent again": ({}, 2, "T — S"),
    "an author is no opinion": ({"author": "A", "section": "City"}, 1, "T — S"),
}


@pytest.mark.parametrize(("fields", "round", "expected"), KINDS.values(), ids=KINDS)
def test_each_kind_of_article_has_a_template_of_its_own(
    fields: dict[str, object], round: int, expected: str | None
) -> None:
    article = Article(title="T", summary="S", url=URL, **fields)  # type: ignore[arg-type]
    expected = expected or "T (2025) — S"  # by the calendar of Baku, four hours ahead
    assert compose(article, account(), X, TEMPLATES, round=round).text == f"{expected} {URL}"
    on_facebook = compose(article, account("posts/facebook.txt.j2"), FACEBOOK, TEMPLATES, round=round)
    assert on_facebook.text == expected.replace(" — ", "\n\n")


def test_a_long_author_goes_before_the_headline_does() -> None:
    article = Article(title="Headline " * 25, author="Name " * 20, section="Opinion", url=URL)
    post = compose(article, account(), X, TEMPLATES)
    assert post.text == f"{article.title.strip()} {URL}"
    assert [cut.field for cut in post.cut] == ["author"]


def test_the_variant_stays_the_same_for_an_article_an_account_and_a_round() -> None:
    keys = []

    class Asked:
        def find(self, base: str, *, key: str, **article: object) -> str:
            keys.append(key)
            return base

        render = staticmethod(TEMPLATES.render)

    other = replace(account(), name="other")
    for article, at, round in [(ARTICLE, account(), 1), (replace(ARTICLE, id=7, title="New"), account(), 1)]:
        compose(article, at, X, Asked(), round=round)
    assert len(set(keys)) == 1
    for article, at, round in [(ARTICLE, other, 1), (ARTICLE, account(), 2), (Article(title="T"), account(), 1)]:
        compose(article, at, X, Asked(), round=round)
    assert len(set(keys)) == 4


# -- the article's text is data ----------------------------------------------------------------------------------------


def test_article_text_is_cleaned_and_never_read_as_a_template() -> None:
    title = "\ufdd0title\ufdd3 {{7*7}} {% raw %}\u202e\r\nnew\x00 <b> &amp; e\u0301"
    values = template_values(Article(title=title, tags=(title, "\u200b"), summary=" a\r\n\r\nb "), account())
    assert values["title"] == "title {{7*7}} {% raw %} new <b> &amp; é"
    assert values["tags"] == ["title {{7*7}} {% raw %} new <b> &amp; é"]
    assert values["summary"] == "a\n\nb"
    assert compose(Article(title=title, url=URL), account(), X, TEMPLATES).text == f"{values['title']} {URL}"


def test_a_template_gets_the_whole_vocabulary_and_dates_in_the_accounts_zone() -> None:
    article = Article(title="T", published=datetime(2026, 11, 8, 22, 30, tzinfo=UTC))
    values = template_values(article, account())
    assert list(values) == list(VOCABULARY)
    assert str(values["published"]) == "2026-11-09 02:30:00+04:00"
    assert values["account"] == {
        "name": "main",
        "identity": "example",
        "handle": "@example",
        "language": "",
        "hashtags": {},
        "utm": {},
        "allow": (),
    }
    assert template_values(article, account(identity="1234567890"))["account"]["handle"] == ""  # type: ignore[index]


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Baku"),
        (datetime(1, 1, 1, 2, tzinfo=UTC), "America/New_York"),
    ],
)
def test_a_date_at_the_end_of_the_calendar_is_written_as_it_came(moment: datetime, zone: str, tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ title }} {{ published|date('%d.%m.') }} {{ published|date('full') }}")
    own = account("t.j2", zone=zone)
    text = compose(Article(title="T", published=moment), own, X, Templates([tmp_path])).text
    assert text.startswith(moment.strftime("T %d.%m. "))


HOSTILE = "@someone #tag $TSLA evil.com https://evil.com/x @[1:1:Page]"
EVERY_FIELD = (
    "{{ title }} {{ short }} {{ summary }} {{ section }} {{ tags|join(' ') }} {{ author }} {{ image }} {{ url }}"
)


def seen(text: str) -> list[str]:
    entities = [*extract_mentions(text), *extract_hashtags(text), *extract_cashtags(text), *extract_urls(text)]
    return [entity[0] for entity in entities]


def hostile() -> Article:
    image = "https://evil.com/picture.jpg"
    texts = dict.fromkeys(("title", "short_title", "summary", "section", "author", "language", "source"), HOSTILE)
    return Article(**texts, url=URL, image=image, tags=(HOSTILE,))  # type: ignore[arg-type]


def test_no_field_of_an_article_mentions_tags_or_links_but_its_link(written: Callable[..., str]) -> None:
    text = written(EVERY_FIELD, hostile(), FACEBOOK)
    assert seen(text) == [URL]
    assert "@[" not in text
    assert text.replace("\u200c", "").count(HOSTILE) == 6


def test_what_the_account_allows_stays(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text(EVERY_FIELD)
    allowing = replace(account("t.j2"), allow=("@someone", "evil.com"))
    assert set(seen(compose(hostile(), allowing, FACEBOOK, Templates([tmp_path])).text)) == {
        "someone",
        "evil.com",
        "https://evil.com/x",
        "https://evil.com/picture.jpg",
        URL,
    }


@pytest.mark.parametrize(
    ("title", "language", "change", "shown"),
    [
        ("APA.İNFO və REPORT.Aİ xəbəri", "az", "lower", "apa.info və report.ai xəbəri"),
        ("example.ß, example.ﬁ and example.uſ", "de", "upper", "EXAMPLE.SS, EXAMPLE.FI AND EXAMPLE.US"),
    ],
)
def test_capitals_and_small_letters_make_no_links(
    written: Callable[..., str], title: str, language: str, change: str, shown: str
) -> None:
    text = written(f"{{{{ title|{change} }}}} {{{{ url }}}}", replace(ARTICLE, title=title, language=language))
    assert text.replace("\u200c", "") == f"{shown} {URL}"
    assert [found.url for found in extract_urls(text)] == [URL]


def test_a_domain_typed_in_a_template_stays_a_link_in_capitals(written: Callable[..., str]) -> None:
    assert written("{{ 'See example.com'|upper }} {{ url }}") == f"SEE EXAMPLE.COM {URL}"


def test_a_defused_tag_makes_the_hashtag_it_always_made(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ title }} {{ tags|hashtag }}")
    own = replace(account("t.j2"), hashtags={"Booking.com": "Booking"})
    article = Article(title="T", tags=("#victory day", "Amazon.de", "Booking.com"))
    assert compose(article, own, X, Templates([tmp_path])).text == "T #VictoryDay #AmazonDe #Booking"


def test_the_shipped_templates_take_a_short_headline_before_they_cut_a_long_one() -> None:
    article = Article(title="A very long headline " * 20, short_title="Short", summary=SUMMARY, url=URL, breaking=True)
    assert compose(article, account(), X, TEMPLATES).text == f"⚡ Short — {SUMMARY} {URL}"


def test_what_a_template_says_itself_mentions_and_tags(written: Callable[..., str]) -> None:
    assert seen(written("{{ title }} via @example #Baku {{ url }}")) == ["example", "Baku", URL]


def test_no_more_of_a_field_is_looked_at_than_any_platform_takes() -> None:
    text = "a" * (MOST_CHARACTERS + 1)
    values = template_values(Article(title=text, summary=text, tags=(text,) * 1000), account())
    assert len(str(values["title"])) == len(str(values["summary"])) == MOST_CHARACTERS > FACEBOOK.limit.most
    assert len(values["tags"]) == MOST_TAGS  # type: ignore[arg-type]


# -- links -------------------------------------------------------------------------------------------------------------

LINKS = {
    "as it is": ("https://x.az/a?b=c&d=%20#e", "https://x.az/a?b=c&d=%20#e"),
    "in other scripts as it is": ("https://x.az/şəhər/новости", "https://x.az/şəhər/новости"),
    "with spaces": ("https://x.az/a b", "https://x.az/a%20b"),
    "not in NFC": ("https://x.az/u\u0308", "https://x.az/u%CC%88"),
    "with a hidden character": ("https://x.az/a\u200bb", "https://x.az/a%E2%80%8Bb"),
    "with a lone surrogate": ("https://x.az/\ud800", "https://x.az/%ED%A0%80"),
    "none": ("", ""),
}


@pytest.mark.parametrize(("url", "expected"), LINKS.values(), ids=LINKS)
def test_a_link_is_printed(url: str, expected: str) -> None:
    assert link_in_text(url) == expected
    if url:
        assert expected in compose(Article(title="T", url=url), account(), X, TEMPLATES).text.split()


def test_a_headline_of_one_word_that_is_too_long_is_told_as_what_it_is(written: Callable[..., str]) -> None:
    article = replace(ARTICLE, title="x" * 300, summary="", url="")
    with pytest.raises(CannotFit, match="Not one word of title, 300 characters long, fits into 280") as told:
        written("{{ title|fit(1) }}", article)
    assert (told.value.needed, told.value.limit) == (300, 280)
    with pytest.raises(CannotFit, match="300 of them are the least that may be shown of title") as told:
        written("News: {{ title|fit(1, min=20) }} {{ author|fit(2) }}", article)
    assert "cut='grapheme'" in str(told.value)
    with pytest.raises(CannotFit, match="Shorten the fixed text of the template"):
        written("x" * 300 + "{{ title|fit(1) }}", article)


@pytest.mark.parametrize(
    "source", ["{{ title|first }}", "{{ title|replace('e', 'x' * 9) }}", "{% if (title or 1) < 5 %}x{% endif %}"]
)
def test_what_fails_for_every_article_is_the_templates_fault(written: Callable[..., str], source: str) -> None:
    with pytest.raises(TemplateBroken):
        written(source)


def test_what_one_article_lacks_is_not(written: Callable[..., str]) -> None:
    with pytest.raises(TemplateFailed, match="no year where an article has no date") as told:
        written("{{ published.year }}", replace(ARTICLE, published=None))
    assert type(told.value) is TemplateFailed


GLUED = {
    "behind a word": "{{ title }}{{ url }}",
    "behind a hash": "#{{ url }}",
    "before a word": "{{ url }}{{ title }}",
    "before a path": "{{ url }}/print",
    "before a full stop and a word": "{{ url }}.{{ title }}",
    "with campaign parameters, before a word": "{{ url|utm(source='x') }}{{ title }}",
    "with campaign parameters, before a field that is elastic": "{{ url|utm(source='x') }}{{ title|fit(1) }}",
    "once so and once so": "{{ url|utm(source='x') }} {{ url }}{{ title }}",
    "with campaign parameters, behind a word": "{{ title }}{{ url|utm(source='x') }}",
}


@pytest.mark.parametrize("source", GLUED.values(), ids=GLUED)
def test_a_link_close_to_other_text_is_refused(written: Callable[..., str], source: str) -> None:
    with pytest.raises(TemplateBroken, match=r"t\.j2 prints the link close to other text"):
        written(source)


@pytest.mark.parametrize(
    "source",
    [
        "({{ url }})",
        "“{{ url }}”. {{ title }}",
        "{{ title }}: {{ url }}!",
        "{{ url }}\n{{ title }}",
        "({{ url|utm(source='x') }})",
        "{{ url|utm(source='x') }}{{ tags|fit(1, prefix=' ') }}",
        "{{ url|utm(source='x') }} {{ url }}",
    ],
)
def test_a_link_beside_punctuation_is_fine(written: Callable[..., str], source: str) -> None:
    assert URL in written(source)


TAGGED = f"{URL}&utm_source=x&utm_campaign=night%20desk"
CAMPAIGN = {"source": "x", "campaign": "night desk"}


def test_an_accounts_campaign_parameters_are_on_its_link_wherever_it_goes() -> None:
    x, page = replace(account(), utm=CAMPAIGN), replace(account("posts/facebook.txt.j2"), utm=CAMPAIGN)
    assert compose(ARTICLE, x, X, TEMPLATES).text == f"{ARTICLE.title} — {SUMMARY} {TAGGED}"
    assert compose(ARTICLE, page, FACEBOOK, TEMPLATES).link == TAGGED
    assert compose(ARTICLE, x, X, TEMPLATES, text="Look").text == f"Look {TAGGED}"
    assert compose(ARTICLE, x, X, TEMPLATES, text=f"Look: {URL}").text == f"Look: {URL}"
    assert compose(Article(title="T"), x, X, TEMPLATES).text == "T"


def test_a_template_may_change_the_campaign_and_the_link_stays_whole_in_the_longest_post(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ title|fit(1) }} {{ url|utm(campaign='late', term=section) }}")
    article = replace(ARTICLE, url=f"{URL}&utm_medium=rss#top", title="A very long headline " * 30)
    post = compose(article, replace(account("t.j2"), utm=CAMPAIGN), X, Templates([tmp_path]))
    link = f"{URL}&utm_source=x&utm_campaign=late&utm_term=City#top"
    assert [found.url for found in extract_urls(post.text)] == [link]
    assert 260 < post.length <= 280


def test_a_template_may_leave_the_link_out(written: Callable[..., str]) -> None:
    assert written("{{ title|fit(1) }}") == ARTICLE.title


# -- typed by hand -----------------------------------------------------------------------------------------------------

TYPED = {
    "the link is added": ("Look at this", f"Look at this {URL}"),
    "not twice": (f"Look: {URL}!", f"Look: {URL}!"),
    "a longer link is another one": (f"Not {URL}8", f"Not {URL}8 {URL}"),
    "nor with other campaign parameters": (f"Look: {URL}&utm_source=mail&utm_campaign=x", None),
    "nor with other letters in its host": (f"Look: {URL.replace('example', 'EXAMPLE')}", None),
    "nor without https://": (f"Look: {URL.removeprefix('https://')}&utm_source=mail.", None),
    "another page's parameters are another page": (f"Look: {URL}&page=2", f"Look: {URL}&page=2 {URL}"),
    "line ends and blanks stay": ("One\r\n\r\n  two", f"One\n\n  two {URL}"),
    "the link alone": (" ", URL),
    "a template's code is only characters": ("{{ title }}", f"{{{{ title }}}} {URL}"),
}


@pytest.mark.parametrize(("text", "expected"), TYPED.values(), ids=TYPED)
def test_a_typed_text_is_sent_as_it_is(text: str, expected: str | None) -> None:
    expected = text if expected is None else expected
    post = compose(ARTICLE, account("no such template"), X, TEMPLATES, text=text)
    assert (post.text, post.length) == (expected, limit_length(expected))


def test_a_typed_text_keeps_the_link_apart_where_it_travels_so() -> None:
    post = compose(ARTICLE, account(), FACEBOOK, TEMPLATES, text="Look")
    assert (post.text, post.link) == ("Look", URL)


def test_a_typed_link_stays_as_it_was_typed_where_the_account_has_campaign_parameters_of_its_own() -> None:
    ours, typed = account(utm={"source": "x"}), f"Look {URL}&utm_source=newsletter"
    assert compose(ARTICLE, ours, X, TEMPLATES, text=typed).text == typed
    assert compose(ARTICLE, ours, X, TEMPLATES, text="Look").text == f"Look {URL}&utm_source=x"


def test_a_typed_text_may_mention_tag_and_link() -> None:
    assert compose(ARTICLE, account(), X, TEMPLATES, text=HOSTILE).text == f"{HOSTILE} {URL}"


def test_an_article_that_is_itself_typed_needs_no_template() -> None:
    typed = Article(title="Typed @someone #tag", url=URL, typed=True)
    assert compose(typed, account("no such template"), X, TEMPLATES).text == f"Typed @someone #tag {URL}"


def test_a_typed_text_is_never_cut() -> None:
    assert compose(ARTICLE, account(), X, TEMPLATES, text="x" * 256).length == 280
    with pytest.raises(CannotFit, match="281 of 280") as refused:
        compose(ARTICLE, account(), X, TEMPLATES, text="x" * 257)
    assert (refused.value.needed, refused.value.limit) == (281, 280)


def test_an_empty_typed_text_is_refused() -> None:
    with pytest.raises(TemplateFailed, match="empty"):
        compose(Article(title="T"), account(), X, TEMPLATES, text=" \u200b\n")


# -- how much of an article is looked at -----------------------------------------------------------------------------


def test_a_tag_is_no_longer_than_those_that_templates_are_tried_with() -> None:
    values = template_values(replace(ARTICLE, tags=("a" * 5_000,) * 200), account())
    assert values["tags"] == ["a" * 1_000] * 100


# -- what cannot be ----------------------------------------------------------------------------------------------------


def test_fixed_text_that_is_too_long_is_refused_with_the_numbers(written: Callable[..., str]) -> None:
    with pytest.raises(CannotFit, match="324 of 280") as refused:
        written("x" * 300 + " {{ title|fit(1) }} {{ url }}")
    assert (refused.value.needed, refused.value.limit) == (324, 280)


def test_an_empty_post_is_refused(written: Callable[..., str]) -> None:
    with pytest.raises(TemplateFailed, match="t.j2 gives an empty post for “Council votes"):
        written("{{ author }}\n")


def test_a_missing_template_is_told() -> None:
    with pytest.raises(TemplateFailed, match="There is no template posts/y.txt.j2"):
        compose(ARTICLE, account("posts/y.txt.j2"), X, TEMPLATES)


def test_marks_that_a_filter_damaged_are_told_with_the_templates_name() -> None:
    class Broken:
        def find(self, base: str, **article: object) -> str:
            return base

        def render(self, name: str, values: object) -> str:
            return "\ufdd0cut off"

    with pytest.raises(TemplateFailed, match="posts/x.txt.j2: something changed a text after |fit"):
        compose(ARTICLE, account(), X, Broken())


ANYTHING = st.text(max_size=200) | st.lists(
    st.sampled_from(
        [
            "{{7*7}}",
            "\ufdd0",
            "@a",
            "#b",
            "日本語です。",
            "👨\u200d👩\u200d👧",
            "word",
            "x.com",
            "\u202e",
            "https://y.az/z",
            "Mr.",
        ]
    ),
    max_size=60,
).map(" ".join)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(ANYTHING, ANYTHING, st.sampled_from([URL, "https://x.az/u\u0308 x", ""]))
def test_whatever_an_article_says_the_post_fits_and_keeps_its_link(title: str, summary: str, url: str) -> None:
    article = Article(title=title, summary=summary, url=url, tags=(title, summary))
    for rules, template in ((X, "posts/x.txt.j2"), (FACEBOOK, "posts/facebook.txt.j2")):
        try:
            post = compose(article, account(template), rules, TEMPLATES)
        except CannotFit:
            assert rules is X  # a first word of hundreds of letters
            continue
        except TemplateFailed:
            assert not one_line(title + summary)
            assert not url or rules.link_apart
            continue
        assert post.length == rules.limit.length(post.text) <= rules.limit.most
        assert rules.link_apart or not url or link_in_text(url) in post.text.split()
        assert unicodedata.is_normalized("NFC", post.text)
        assert "\ufdd0" not in post.text
        assert "\u202e" not in post.text
        link = link_in_text(url)
        assert seen(post.text) == ([link] if link and rules is X else [])
        assert compose(article, account(template), rules, TEMPLATES) == post


@pytest.mark.parametrize(
    "piece", ["a", " ", "a b ", "日", "\u0301", "👨\u200d", "x.com ", "https://", "@a", "a. ", "(“"]
)
@pytest.mark.parametrize(("template", "rules"), [("posts/x.txt.j2", X), ("posts/facebook.txt.j2", FACEBOOK)])
def test_ten_megabytes_of_anything_take_time_in_proportion(piece: str, template: str, rules: PostRules) -> None:
    def work(text: str) -> None:
        article = Article(title=text, summary=text, url=URL, tags=(text,))
        with suppress(CannotFit, TemplateFailed):
            assert compose(article, account(template), rules, TEMPLATES).length <= rules.limit.most

    assert grows_in_proportion(work, piece, 10_000_000)


@pytest.mark.parametrize(
    ("url", "shown"),
    {
        'https://news.example.com/a?b="><x>': "https://news.example.com/a?b=%22%3E%3Cx%3E",
        "https://news.example.com/a b": "https://news.example.com/a%20b",
        "https://news.example.com/{id}|c": "https://news.example.com/%7Bid%7D|c",
        "https://news.example.com/хроника?q=1#top": "https://news.example.com/хроника?q=1#top",
        "https://новости.рф/статья": "https://новости.рф/статья",
        "https://news.example.com/خبر": "https://news.example.com/%D8%AE%D8%A8%D8%B1",
        "https://news.example.com/新闻/1": "https://news.example.com/%E6%96%B0%E9%97%BB/1",
        "https://news.example.com?x=é": "https://news.example.com?x=%C3%A9",
        "https://news.example.com/a.": "https://news.example.com/a%2E",
        "https://news.example.com/a&": "https://news.example.com/a%26",
        "https://news.example.com/a&b&&?c&": "https://news.example.com/a&b%26%26?c&",
        "https://news.example.com#top": "https://news.example.com/#top",
        "https://news.example.com/a)?b=c!": "https://news.example.com/a%29?b=c%21",
        "https://news.example.com/a[1]": "https://news.example.com/a%5B1%5D",
        "https://news.example.com/100%": "https://news.example.com/100%25",
        "https://news.example.com/x_(y_(z_(w)))": "https://news.example.com/x_%28y_%28z_%28w%29%29%29",
        "https://news.example.com/Baku_(city)": "https://news.example.com/Baku_(city)",
    }.items(),
)
def test_a_link_is_read_whole_by_x(url: str, shown: str) -> None:
    assert link_in_text(url) == shown
    assert [found.url for found in extract_urls(f"News {shown} ")] == [shown]
