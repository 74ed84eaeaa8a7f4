"""Whatever a template does and whatever an article says, printing it takes little time and memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose import LONGEST_TAG, MOST_CHARACTERS, MOST_TAGS
from bot.errors import TemplateBroken, TemplateFailed
from bot.resources import package_folder
from bot.templating import Templates, effort, filters
from bot.templating.guarded_child import endless
from bot.templating.templates import MOST_BYTES, printed
from bot.templating.vocabulary import SAMPLE
from tests.growth import takes_little

SPORT = {**SAMPLE, "section": "Sport", "title": "Bakıda futbol üzrə ölkə çempionatının final oyunu keçirildi"}
ENDLESS = {**{field: endless(value) for field, value in SAMPLE.items()}, "section": "Sport"}
HOSTILE = {
    **ENDLESS,
    "title": ('"a "«b» „c” ẖß\U0001f600' * MOST_CHARACTERS)[:MOST_CHARACTERS],
    "summary": ('"a "«b» „c” ẖß\U0001f600' * MOST_CHARACTERS)[: MOST_CHARACTERS - 1] + "x",
    "tags": ["a b c d e f g h Ə " * 18] * MOST_TAGS,
}
ARTICLES = {"usual": SPORT, "endless": ENDLESS, "hostile": HOSTILE}
EFFORT = 16  # of `takes_little`: several times what any of it takes
MEGABYTES = 64
REFUSED = r"too long for all that is done with them|gives more than|far too long|too many texts|does too much"


def outcome(source: str, values: Mapping[str, Any]) -> str:
    """The text that a template gives, or why it is refused."""
    try:
        return printed(Templates([]).compile("t", source), "t", values)
    except TemplateFailed as refused:
        return str(refused)


def assert_cheap(source: str, values: Mapping[str, Any]) -> None:
    assert takes_little(lambda: outcome(source, values), EFFORT)
    tracemalloc.start()
    outcome(source, values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGABYTES * 1e6


def in_sport(part: str) -> str:
    """A template that no made-up article gets to the bottom of."""
    return "{{ short }} {% if section == 'Sport' %}" + part + "{% endif %}"


def ones(number: int) -> str:
    return ",".join(["1"] * number)


GROWN = f"(title|replace('l','{'ə' * 150}')|replace('ə','{'ə' * 1200}'))"
WIDE = f"title|replace('a','😀{'x' * 60}')|replace('x','{'x' * 60}')|replace('x','{'x' * 80}')"
MANY = ["title", "summary"] * 200
LIST = f"[{','.join(MANY)}]"
BURNING = {
    "joined and grown in a loop": "{% for t in ["
    + ones(100)
    + "] %}{{ (("
    + " ~ ".join([GROWN] * 5)
    + ")|upper|lower)|length }}{% endfor %}",
    "fifty wide texts joined": "{{ ((" + " ~ ".join([WIDE] * 49) + ")|upper)|length }}",
    "the same text joined again and again": "{% for t in [title ~ summary ~ title] %}"
    + "{{ ("
    + " ~ ".join(["t"] * 47)
    + ")|length }}{% endfor %}",
    "letters changed in a loop": "{% for t in tags %}" + "{{ 'x' if summary|upper|lower == 'x' }}" * 6 + "{% endfor %}",
    "quoted in a loop": "{% for t in tags %}" + "{{ 'x' if title|quote|quote == 'x' }}" * 6 + "{% endfor %}",
    "capitals in a loop": "{% for t in tags %}" + "{{ 'x' if title|upper_first == 'x' }}" * 9 + "{% endfor %}",
    "trimmed in a loop": "{% for t in tags %}" + "{{ 'x' if (' ' ~ title)|trim == 'x' }}" * 9 + "{% endfor %}",
    "hashtags in a loop": "{% for t in tags %}" + "{{ 'x' if tags|hashtag == 'x' }}" * 9 + "{% endfor %}",
    "replaced in a loop": "{% for t in tags %}" + "{{ 'x' if title|replace('q', 'p') == 'x' }}" * 9 + "{% endfor %}",
    "compared in a loop": "{% for t in ["
    + ones(99)
    + "] %}"
    + "{{ 'x' if title in summary or title == summary }}" * 9
    + "{% endfor %}",
    "looked for in a long list": "{% for t in [" + ones(99) + "] %}{{ 'x' if title in " + LIST + " }}{% endfor %}",
    "a long list printed": "{{ " + LIST + " }}",
    "a long list in letters": "{{ (" + LIST + "|upper)|length }}",
    "a long list joined": "{{ (" + LIST + "|join)|length }}",
    "a list of lists": "{{ [" + ",".join(["tags"] * 300) + "] }}",
    "a list of lists in text": "{{ ([" + ",".join(["[title]"] * 200) + "] ~ 'x')|length }}",
    "a long list with |fit": "{{ " + LIST + "|fit(1) }}",
    "many shorter texts": "{{ short|fit(1, alt=" + LIST + ") }}",
    "a list for a text": "{{ short|fit(1, prefix=" + LIST + ") }}",
    "a list for a date": "{{ published|date(" + LIST + ") }}",
    "a long campaign": "{{ url|utm(campaign=" + LIST + ") }}",
    "dates in a loop": "{% for t in tags %}" + "{{ 'x' if published|date('full') == 'x' }}" * 9 + "{% endfor %}",
}


@pytest.mark.parametrize("article", ARTICLES.values(), ids=ARTICLES)
@pytest.mark.parametrize("part", BURNING.values(), ids=BURNING)
def test_what_stands_under_a_condition_is_bounded_for_every_article(part: str, article: Mapping[str, Any]) -> None:
    source = in_sport(part)
    assert len(source.encode()) <= MOST_BYTES
    assert_cheap(source, article)


def test_work_beyond_any_post_is_refused_in_plain_words_with_its_line() -> None:
    told = outcome("a\n" + in_sport(BURNING["joined and grown in a loop"]), SPORT)
    assert told.startswith("t, line 2: the texts of this article are too long for all that is done with them. Use ")


@pytest.mark.parametrize(("article", "broken"), [("usual", True), ("endless", False)])
def test_it_is_the_templates_fault_unless_the_article_is_endless(article: str, broken: bool) -> None:
    grown = "{{ 'x' if (title ~ t)|replace('a', '" + "b" * 9_000 + "') }}"
    source = in_sport("{% for t in tags %}" + grown * 2)
    template = Templates([]).compile("t", source.replace("{% endif %}", "{% endfor %}{% endif %}"))
    with pytest.raises(TemplateFailed) as told:
        printed(template, "t", {**ARTICLES[article], "tags": ["ab"] * 100, "title": "a" * 9})
    assert isinstance(told.value, TemplateBroken) is broken


def test_each_post_has_an_allowance_of_its_own() -> None:
    template = Templates([]).compile("t", "{% if summary|upper|lower != '' %}{{ short }}{% endif %}")
    values = {**SPORT, "summary": "a" * 300_000}
    assert {printed(template, "t", values) for _ in range(9)} == {SPORT["short"]}


TEXTS = st.recursive(
    st.sampled_from(["title", "summary", "t", "'ə'", "tags", "author"]),
    lambda inner: st.one_of(
        st.builds("({}|{})".format, inner, st.sampled_from(["upper", "lower", "quote", "trim", "upper_first", "join"])),
        st.builds("({}|replace('{}', {}))".format, inner, st.sampled_from(["a", "ə", " ", "x"]), inner),
        st.builds("({}|join({}))".format, st.sampled_from(["tags", "[title, t]"]), inner),
        st.builds("({})".format, st.lists(inner, min_size=2, max_size=8).map(" ~ ".join)),
        st.builds("[{}]".format, st.lists(inner, min_size=1, max_size=8).map(", ".join)),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({}|hashtag)".format, inner),
    ),
    max_leaves=25,
)
CONDITIONS = st.one_of(
    st.sampled_from(["section == 'Sport'", "title", "not author"]), st.builds("{} in {}".format, TEXTS, TEXTS)
)
PARTS = st.recursive(
    st.one_of(st.builds("{{{{ {}|length }}}}".format, TEXTS), st.builds("{{{{ {} }}}}".format, TEXTS)),
    lambda inner: st.one_of(
        st.builds("{{% if {} %}}{}{{% endif %}}".format, CONDITIONS, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=6,
)
LISTS = st.one_of(
    st.just("tags"),
    st.integers(1, 300).map(lambda number: f"[{ones(number)}]"),
    st.lists(TEXTS, min_size=1, max_size=5).map(lambda texts: f"[{', '.join(texts)}]"),
)


@settings(max_examples=50, deadline=None)
@given(items=LISTS, part=PARTS, article=st.sampled_from(["endless", "hostile"]))
def test_any_accepted_template_takes_little_for_any_article(items: str, part: str, article: str) -> None:
    source = in_sport("{% for t in " + items.replace("t,", "title,") + " %}" + part + "{% endfor %}")
    assert_cheap(source, ARTICLES[article])


# -- and no honest template hears of it --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", Templates([package_folder("templates")]).names())
def test_the_packages_own_templates_print_the_longest_article(name: str) -> None:
    assert Templates([package_folder("templates")]).render(name, ENDLESS)


def test_a_careful_template_prints_the_longest_article() -> None:
    source = (
        "{{ title|trim|replace(' - ', ' – ')|upper_first|fit(1, min=20, alt=short_title) }}"
        "{{ summary|trim|replace('...', '…')|fit(3, cut='sentence', prefix=' — ') }}"
        "{% if section in ['Sport', 'News'] and title != summary %} {{ (section ~ ': ' ~ author)|upper }}{% endif %}"
        "{% for tag in tags %} {{ tag|hashtag }}{% endfor %} {{ url }} {{ tags|hashtag|fit(4, cut='item') }}"
    )
    tags = [f"{number} {'Şuşa ' * (LONGEST_TAG // 5)}"[:LONGEST_TAG] for number in range(MOST_TAGS)]
    assert outcome(source, {**ENDLESS, "tags": tags, "url": SAMPLE["url"]}).count("https://") == 1


def test_the_allowance_is_taken_by_what_is_done_and_by_nothing_else() -> None:
    seen = []

    class Watched(effort.Effort):
        def take(self, characters: int) -> None:
            seen.append(characters)
            super().take(characters)

    templates = Templates([])
    templates._sandbox.context_class = Watched
    for source, taken in {
        "{{ title }} {{ summary|fit(1, prefix=' — ') }} {{ 'a' ~ 'b' }} {{ short|default(title) }} {{ url }}": [],
        "{{ 'abc'|upper|lower }}": [3, 3],
        "{{ 'abc' ~ short }}": [3 + len(str(SAMPLE["short"])) + 2 * effort.ITEM],
        "{% if section == 'Sport' %}{% endif %}{% if account.name == 'x' %}{% endif %}x": [len(str(SAMPLE["section"]))],
        "{{ 'aaa'|replace('a', 'bcd') }}": [3, 1, 3, 9],
        "{{ 'abc'|quote }}": [3 * filters._SLOW],
    }.items():
        seen.clear()
        printed(templates.compile("t", source), "t", SAMPLE)
        assert seen == taken, source
