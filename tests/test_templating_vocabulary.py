"""Every word of a template is documented with an example that does what it says, in the ways of many languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.post import Limit
from bot.templating import Templates, vocabulary
from bot.templating.filters import LONGEST_HASHTAG
from bot.templating.languages import STYLES, quotes_of, written_date
from bot.templating.vocabulary import SAMPLE, Word
from bot.text.fit import solve
from bot.text.xentities import extract_hashtags
from tests.growth import grows_in_proportion

TABLES = ("VOCABULARY", "FILTERS", "FIT_OPTIONS", "TAGS", "TESTS")
Render = Callable[..., str]


def words() -> Iterator[tuple[str, str, Word]]:
    for table in TABLES:
        yield from ((table, name, word) for name, word in getattr(vocabulary, table).items())
    for owner, parts in vocabulary.PARTS.items():
        yield from (("PARTS", f"{owner}.{name}", word) for name, word in parts.items())


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """The post that a template gives for the article of the examples, where it is not told otherwise."""

    def renderer(source: str, limit: int = 1_000, **values: object) -> str:
        (tmp_path / "t.j2").write_text(source)
        return solve(Templates([tmp_path]).render("t.j2", {**SAMPLE, **values}), Limit(limit, len)).text

    return renderer


@pytest.mark.parametrize(("table", "name", "word"), [pytest.param(*each, id="-".join(each[:2])) for each in words()])
def test_a_word_is_documented_with_an_example_that_does_what_it_says(
    render: Render, table: str, name: str, word: Word
) -> None:
    assert render(word.example) == word.gives
    assert word.says.endswith(".")
    assert name == "priority" or name in word.example


def test_the_example_has_every_field_and_every_part_of_the_account() -> None:
    assert list(SAMPLE) == list(vocabulary.VOCABULARY)
    assert vocabulary.PARTS["account"].keys() < SAMPLE["account"].keys()  # type: ignore[attr-defined]


# -- quotation marks ---------------------------------------------------------------------------------------------------

QUOTED = {
    ("en", "The “old” bridge"): "“The ‘old’ bridge”",
    ("az", "Körpü"): "“Körpü”",
    ("ru-RU", "Газета «Мир»"): "«Газета „Мир“»",
    ("uk", "Міст"): "«Міст»",
    ("de_DE", "Die „alte“ Brücke"): "„Die ‚alte‘ Brücke“",
    ("fr", "Le pont"): "«\u00a0Le pont\u00a0»",
    ("pl", "Most"): "„Most”",
    ("fi", "Silta"): "”Silta”",
    ("ja", "橋の「再開」"): "「橋の『再開』」",
    ("zh", "大桥"): "“大桥”",
    ("zh-Hant-TW", "大橋"): "「大橋」",
    ("fa", "پل"): "«پل»",
    ("pt-PT", "Ponte"): "«Ponte»",
    ("pt-BR", "Ponte"): "“Ponte”",
    ("", "Bridge"): "“Bridge”",
    ("xx", "Bridge"): "“Bridge”",
    ("en", "“All of it”"): "“All of it”",
    ("en", '"All of it"'): "“All of it”",
    ("en", '"One" and "two"'): "“‘One’ and ‘two’”",
    ("en", 'He said "no" today'): "“He said ‘no’ today”",
    ("en", 'He said "no"'): "“He said ‘no’”",
    ("en", 'He said "no'): '“He said "no”',
    ("en", 'A 5" pipe and a 6" one'): '“A 5" pipe and a 6" one”',
    ("az", 'Yeni "Körpü" açıldı'): "“Yeni ‘Körpü’ açıldı”",
    ("ru", 'Газета "Мир"!'): "«Газета „Мир“!»",
    ("fr", 'Le "pont"'): "«\u00a0Le «\u00a0pont\u00a0»\u00a0»",
    ("de", "Die “alte” Brücke"): "„Die ‚alte‘ Brücke“",
    ("de", "Die »alte« Brücke"): "„Die ‚alte‘ Brücke“",
    ("ru", "Газета “Мир”"): "«Газета „Мир“»",
    ("en", "« Le Monde » is sold"): "“‘Le Monde’ is sold”",
    ("pl", "Most „stary” i “nowy”"): "„Most «stary» i «nowy»”",
    ("en", "An “open end"): "“An ‘open end”",
    ("en", " "): "",
}


@pytest.mark.parametrize("marks", ["“", "„", "«", "»", '"', "“„«»", '„ "'])
def test_marks_without_end_take_time_in_proportion(marks: str) -> None:
    assert grows_in_proportion(quotes_of("ru").nested, marks, 300_000)


@pytest.mark.parametrize(("said", "expected"), QUOTED.items(), ids=str)
def test_quotation_marks_are_those_of_the_language(render: Render, said: tuple[str, str], expected: str) -> None:
    language, title = said
    assert render("a{{ title|quote }}", language=language, title=title, account={}) == f"a{expected}"


def test_a_quotation_that_is_cut_keeps_its_marks_and_one_that_vanishes_loses_them(render: Render) -> None:
    source = "{{ section }}{{ title|quote|fit(1, prefix=': ', suffix='!') }}"
    assert render(source, 34) == "City life: “old bridge in Baku…”!"
    assert render(source, 12) == "City life"


@pytest.mark.parametrize("change", ["upper", "lower", "upper_first", "trim", "upper|lower"])
def test_a_quotation_keeps_its_marks_whatever_is_done_with_its_letters(render: Render, change: str) -> None:
    assert re.fullmatch("“.+…”", render(f"{{{{ title|quote|{change}|fit(1) }}}}", 20))


ALTERNATIVES = {
    "as it is": "{{ title|quote|fit(1, alt=short_title) }}",
    "quoted too": "{{ title|quote|fit(1, alt=short_title|quote) }}",
    "quoted and joined": "{{ title|quote|fit(1, alt=[short_title|quote ~ '', section]) }}",
    "one of several": "{{ title|quote|fit(1, alt=[short_title|quote, section]) }}",
    "of a text that is not quoted": "{{ title|fit(1, alt=short_title|quote) }}",
}


@pytest.mark.parametrize("source", ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_another_text_for_a_quotation_has_marks_once(render: Render, source: str) -> None:
    assert render(source, 30) == "“Old bridge opens again”"
    assert render(source, 30, short_title='Old "bridge" opens') == "“Old ‘bridge’ opens”"


# -- dates -------------------------------------------------------------------------------------------------------------

MOMENT = datetime(2026, 11, 8, 21, 5, tzinfo=ZoneInfo("Asia/Baku"))
DATES = {
    ("en", "long"): "November 8, 2026",
    ("en-GB", "long"): "8 November 2026",
    ("en_GB", "short"): "08/11/2026",
    ("en", "time"): "9:05 PM",
    ("az", "long"): "8 noyabr 2026",
    ("aze", "full"): "8 noyabr 2026, bazar",
    ("az-Latn-AZ", "time"): "21:05",
    ("tr", "medium"): "8 Kas 2026",
    ("ru", "long"): "8 ноября 2026 г.",
    ("ja", "long"): "2026年11月8日",
    ("ar", "short"): "8/11/2026",
    ("fa", "long"): "8 نوامبر 2026",
    ("de-x-simple", "%d. %B %Y, %H:%M"): "08. November 2026, 21:05",
    ("", "long"): "November 8, 2026",
    ("klingon", "long"): "November 8, 2026",
    ("../../etc", "long"): "November 8, 2026",
    ("", "%d%%"): "08%",
}


@pytest.mark.parametrize(("asked", "expected"), DATES.items(), ids=str)
def test_a_date_is_written_as_the_language_does_in_plain_spaces(asked: tuple[str, str], expected: str) -> None:
    assert written_date(MOMENT, asked[1], asked[0]) == expected


@pytest.mark.parametrize("layout", ["", "lnog", "dd.MM.yyyy", "%Q", "%0999999999d", "%d" * 100, "%"])
def test_a_layout_that_is_none_is_refused(layout: str) -> None:
    with pytest.raises(ValueError, match="no way to write a date"):
        written_date(MOMENT, layout, "en")


def test_the_accounts_language_goes_before_the_articles(render: Render) -> None:
    source = "{{ published|date('%B') }}"
    assert render(source, language="az", account={"language": "tr"}) == "Kasım"
    assert render(source, language="az", account={"language": ""}) == "noyabr"


@given(st.text(max_size=20), st.sampled_from(STYLES))
def test_no_language_that_an_article_claims_breaks_a_date(language: str, style: str) -> None:
    written = written_date(MOMENT, style, language)
    assert written.strip()
    assert "\u202f" not in written


# -- hashtags ----------------------------------------------------------------------------------------------------------


# X's own table ends with the scripts of its time; these were in Unicode long before.
LONG_KNOWN = st.characters().filter(lambda character: unicodedata.ucd_3_2_0.category(character) != "Cn")


HASHTAGS = Templates([]).compile("hashtags", "{{ tags|hashtag }}")


@settings(deadline=None)
@given(tags=st.lists(st.text(LONG_KNOWN, max_size=60), max_size=5), language=st.sampled_from(["", "az", "en"]))
def test_whatever_the_tags_x_sees_a_hashtag_in_each_word(tags: list[str], language: str) -> None:
    hashtags = HASHTAGS.render({"tags": tags, "language": language})
    assert [f"#{found.text}" for found in extract_hashtags(hashtags)] == hashtags.split()
    assert all(len(each) <= LONGEST_HASHTAG for each in hashtags.split())
