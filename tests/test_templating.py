"""Post templates: what they may say, how mistakes are told, and that they are read again when they change."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError

from bot.errors import TemplateFailed
from bot.post import Limit
from bot.resources import package_folder
from bot.templating import VOCABULARY, Templates
from bot.templating.filters import MOST_CHARACTERS
from bot.templating.templates import MOST_BYTES, Sandbox
from bot.text.fit import solve
from bot.text.marks import parse

URL = "https://news.example/a"
VALUES: dict[str, object] = {
    "title": "Bridge {{7*7}} & more",
    "short_title": "",
    "short": "",
    "url": "https://news.example/a",
    "summary": "One sentence. Another.",
    "section": "",
    "tags": ["victory day", "Baku", "2020", "İlham's baku"],
    "author": "Jane Roe",
    "language": "en",
    "image": "",
    "source": "site",
    "published": datetime(2026, 11, 8, 9, 5, tzinfo=UTC),
    "breaking": True,
    "account": {"name": "x-main", "handle": "@example", "identity": "example"},
}
NAME = "posts/t.txt.j2"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Templates]:
    """Writes the template `posts/t.txt.j2` and gives the templates of its folder."""
    path = tmp_path / NAME
    path.parent.mkdir()
    templates = Templates([tmp_path])

    def writer(source: str | bytes) -> Templates:
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return templates

    return writer


def shown(templates: Templates, **values: object) -> str:
    """The post when there is room for everything."""
    return solve(templates.render(NAME, VALUES | values), Limit(10_000, len)).text


TEMPLATES = {
    "fields": ("{{ title }} {{ url }} {{ account.handle }}", "Bridge {{7*7}} & more https://news.example/a @example"),
    "a title is never a template": ("{{ title|fit(1) }}", "Bridge {{7*7}} & more"),
    "conditions": ("{% if breaking %}BREAKING {% elif section %}x{% else %}y{% endif %}{{ source }}", "BREAKING site"),
    "conditions on lists and texts": (
        "{% if 'Baku' in tags and section == '' and not image and published is defined %}yes{% endif %}",
        "yes",
    ),
    "a choice inside the braces": ("{{ section if section else source }}", "site"),
    "joined texts": ("{{ source ~ ': ' ~ author }}", "site: Jane Roe"),
    "loops": (
        "{% for tag in tags %}{{ loop.index }}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "1victory day, 2Baku, 32020, 4İlham's baku",
    ),
    "an optional part with a text": ("a{% optional %} — {{ author|fit(4) }}{% endoptional %}", "a — Jane Roe"),
    "an optional part without": ("a{% optional %} — {{ section|fit(4) }}{% endoptional %}", "a"),
    "a part in hash marks is a comment": ("{# {{ titel }} #}a", "a"),
    "raw text": ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    "a mark by its number is nothing": ('a{{ "\\ufdd0\\ufdd4" }}b', "ab"),
    "a byte order mark and Windows line ends": ("\ufeff{{ source }}\r\n\r\n\r\n{{ author }}\r\n", "site\n\nJane Roe"),
    "a list with commas": ("{{ tags }}", "victory day, Baku, 2020, İlham's baku"),
    "a list of its own": ("{% for word in ['a', section or 'b'] %}{{ word }}{% endfor %}", "ab"),
    "no list at all": ("{% for tag in tags if tag == 'x' %}{{ tag }}{% else %}none{% endfor %}", "none"),
    "a link in brackets": ("({{ url }})", "(https://news.example/a)"),
    "one of two texts with fit for each of a hundred": (
        "{% for word in [" + ", ".join(["'a'"] * 100) + "] %}"
        "{% if loop.first %}{{ word|fit }}{% elif loop.last %}{{ word|upper|fit }}{% else %}{{ word|fit }}{% endif %}"
        "{% endfor %}",
        "a" * 99 + "A",
    ),
}


@pytest.mark.parametrize(("source", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_may_have(write: Callable[[str], Templates], source: str, expected: str) -> None:
    assert shown(write(source)) == expected


FILTERS = {
    "hashtags": ("{{ tags|hashtags }}", {}, "#VictoryDay #Baku #İlhamsBaku"),
    "hashtags of what has a plus": (
        "{{ tags|hashtag }}",
        {"tags": ["Disney+", "Apple TV+", "C++", "1+1", "a + b", "(LGBTQ+), rights"]},
        "#DisneyPlus #AppleTVPlus #CPlusPlus #AB #LGBTQPlusRights",
    ),
    "hashtags of Hebrew acronyms": ("{{ tags|hashtag }}", {"tags": ["צה״ל", 'ארה"ב', "ג׳ורג׳"]}, "#צהל #ארהב #גורג"),
    "hashtags with a dotted i": (
        "{{ tags|hashtags }}",
        {"tags": ["idman xəbərləri"], "language": "az"},
        "#İdmanXəbərləri",
    ),
    "hashtags in scripts without capitals": (
        "{{ tags|hashtags }}",
        {"tags": ["حرب وطنية", "日本 代表", "क्षि त"]},
        "#حرب_وطنية #日本代表 #क्षि_त",
    ),
    "hashtags without letters vanish": (
        "a{{ tags|hashtags|fit(1, cut='item', prefix=' ') }}",
        {"tags": ["2020", "!", "🎉"]},
        "a",
    ),
    "the hashtag of a section": ("{{ section|hashtag }}", {"section": "arts & culture"}, "#ArtsCulture"),
    "no hashtag of nothing": ("a{{ section|hashtag }}", {"tags": []}, "a"),
    "hashtags the account settled": (
        "{{ tags|hashtag }}",
        {
            "tags": ["azərbaycan", "Breaking  News", "Bakı", "baki"],
            "account": {"hashtags": {"Azərbaycan": "Azerbaijan", "breaking news": "", "BAKI": "Bakı"}},
        },
        "#Azerbaijan #Bakı",
    ),
    "hashtags the account settled, whichever of the four letters i they have": (
        "{{ tags|hashtag }}",
        {
            "tags": ["İdman", "QARABAĞ IRSI", "qış", "i\u0307qlim", "SIR"],
            "account": {
                "hashtags": {
                    "idman": "Idman",
                    "Qarabağ irsi": "Irs",
                    "QIŞ": "Qish",
                    "İQLİM": "Iqlim",
                    "sır": "",
                    "SIR": "Sir",
                }
            },
        },
        "#Idman #Irs #Qish #Iqlim #Sir",
    ),
    "hashtags of defused tags": (
        "{{ tags|hashtag }}",
        {"tags": ["\u200c#\u200csport", "Booking.\u200ccom", "می\u200cخواهم", "left\u200c over\u200c"]},
        "#Sport #BookingCom #می\u200cخواهم #LeftOver",
    ),
    "hashtags in Georgian": ("{{ tags|hashtag }}", {"tags": ["ახალი ამბავი"]}, "#ახალი_ამბავი"),
    "no endless hashtag": ("a{{ tags|hashtag }}", {"tags": ["a" * 100, "b" * 100_000, "c" * 99]}, f"a#C{'c' * 98}"),
    "the same hashtag only once": ("{{ tags|hashtags }}", {"tags": ["Baku", "baku", " BAKU "]}, "#Baku"),
    "also with a dotted i": ("{{ tags|hashtags }}", {"tags": ["İdman", "idman", "IDMAN"]}, "#İdman"),
    "hashtags that are cut by items": (
        "{{ tags|hashtags|fit(3, cut='item', prefix='> ') }}",
        {},
        "> #VictoryDay #Baku #İlhamsBaku",
    ),
    "upper": ("{{ title|upper }}", {"title": "milli qəhrəman"}, "MILLI QƏHRƏMAN"),
    "upper in Azerbaijani": ("{{ title|upper }}", {"title": "milli qəhrəman", "language": "az-AZ"}, "MİLLİ QƏHRƏMAN"),
    "an i with a dot of its own in Azerbaijani": (
        "{{ section|upper }} {{ section|upper_first }} {{ section|lower }} {{ tags|hashtag }}",
        {"section": "i\u0307dman", "tags": ["i\u0307dman"], "language": "az"},
        "İDMAN İdman idman #İdman",
    ),
    "an e-mail address in the letters of Azerbaijani": (
        "{{ title|upper }} {{ title|lower }}",
        {"title": "I@x.az bizi@gov.az", "language": "az"},
        "I@X.AZ BİZİ@\u200cGOV.\u200cAZ ı@\u200cx.\u200caz bizi@gov.az",
    ),
    "lower in Turkish": ("{{ title|lower }}", {"title": "IĞDIR İLİ", "language": "tr"}, "ığdır ili"),
    "default for an empty field": ("{{ section|default('News') }}", {}, "News"),
    "default with a text": ("{{ source|default('News') }}", {}, "site"),
    "replace": ("{{ title|replace('a', 'o') }}", {"title": "banana"}, "bonono"),
    "replace of nothing": ("{{ title|replace(section, '-') }}", {"title": "banana", "section": ""}, "banana"),
    "join, first, last, length, trim": (
        "{{ tags|join('+') }} {{ tags|first }} {{ tags|last }} {{ tags|length }} {{ title|trim }}",
        {"tags": ["a", "b"], "title": " t "},
        "a+b a b 2 t",
    ),
    "date": ("{{ published|date('%d.%m.%Y %H:%M') }}", {}, "08.11.2026 09:05"),
    "a date with the names of the language": (
        "{{ published|date('%A, %d %B %Y') }} {{ published|date('%a %b') }}",
        {"language": "az"},
        "bazar, 08 noyabr 2026 B. noy",
    ),
    "no date": ("a{{ published|date('%d') }}{{ published|date }}", {"published": None}, "a"),
    "the first and last of nothing": ("a{{ tags|first }}{{ tags|last }}{{ tags|join }}b", {"tags": []}, "ab"),
    "a list as one text": ("{{ tags|upper }} {{ tags|length }} {{ tags|join }}", {"tags": ["a", "b"]}, "A, B 2 a, b"),
    "the length of a text": ("{{ source|length }}{{ section|length }}", {}, "40"),
    "join of a text": ("{{ source|join('+') }}", {}, "site"),
    "a capital at the beginning": ("{{ title|upper_first }}", {"title": "every word stays"}, "Every word stays"),
    "a capital in Azerbaijani": (
        "{{ title|upper_first }} {{ title|upper_first }}",
        {"title": "idman", "language": "az"},
        "İdman İdman",
    ),
    "a capital in Turkish without dot": ("{{ title|upper_first }}", {"title": "ılıman", "language": "tr"}, "Ilıman"),
    "a capital in the account's language": (
        "{{ title|upper_first }}",
        {"title": "idman", "language": "", "account": {"language": "az"}},
        "İdman",
    ),
    "a capital behind a quotation mark": ("{{ title|upper_first }}", {"title": "«мы дома»"}, "«Мы дома»"),
    "no capital behind a figure": ("{{ title|upper_first }}", {"title": "5 reasons"}, "5 reasons"),
    "no capital of nothing": ("a{{ section|upper_first }}{{ title|upper_first }}", {"title": "…"}, "a…"),
    "no capital in Georgian": ("{{ title|upper_first }}", {"title": "თბილისი"}, "თბილისი"),
    "the link with parameters": ("{{ url|utm(source='x', term=source) }}", {}, f"{URL}?utm_source=x&utm_term=site"),
    "the link as the account tags it": (
        "{{ url|utm }} {{ url|utm(medium='post') }}",
        {"account": {"utm": {"source": "desk", "medium": "social"}}},
        f"{URL}?utm_source=desk&utm_medium=social {URL}?utm_source=desk&utm_medium=post",
    ),
    "the link without anything to add": ("{{ url|utm }}{{ url|utm(source=section) }}", {"url": ""}, ""),
}


@pytest.mark.parametrize(("source", "values", "expected"), FILTERS.values(), ids=FILTERS)
def test_a_filter_gives(
    write: Callable[[str], Templates], source: str, values: dict[str, object], expected: str
) -> None:
    assert shown(write(source), **values) == expected


def test_fit_names_the_field_it_was_given(write: Callable[[str], Templates]) -> None:
    source = (
        "{{ title|upper|fit(1) }} {{ (section ~ summary)|fit(2) }} {{ account.name|fit(3) }} {{ 'typed here'|fit(4) }}"
    )
    cut = solve(write(source).render(NAME, VALUES | {"section": "News "}), Limit(4, len)).cut
    assert [one.field for one in cut] == ["title", "section ~ summary", "account.name", "text"]


QUESTION = "this is no text, but a question with yes or no for an answer. Ask it in a condition"
MISTAKES = {
    "a yes or no compared with a text": (
        "{% if breaking == 'yes' %}x{% endif %}",
        "breaking is a yes or no and 'yes' a text: the two are never alike. Ask for it as it is",
    ),
    "a date compared with a text": ("{% if published > '2026' %}x{% endif %}", "published.year == 2026"),
    "a part of a date compared with a text": (
        "a\n{% if published and '6' != published.month %}x{% endif %}",
        "line 2: '6' is a text and published.month a number: the two are never alike. Write numbers without quotes",
    ),
    "a list compared with a text": (
        "{{ 'x' if tags == 'Baku' else title }}",
        "Look into it, as in {% if 'Baku' in tags %}",
    ),
    "a text compared with a number": ("{% if 5 < title|upper %}x{% endif %}", "Write texts in quotes"),
    "a number of things compared with a text": ("{% if tags|length == '2' %}x{% endif %}", "tags|length is a number"),
    "a look into a number": ("{% if title in 5 %}x{% endif %}", "nothing can be in 5, which is a number"),
    "a date that is not written out": ("{{ published|date(title) }}", "|date takes the way to write it in quotes"),
    "another text that is a list": ("{{ title|fit(1, alt=tags) }}", "alt= takes a text; tags is a list"),
    "a field that does not exist": (
        "\n\n{{ titel }}",
        "line 3: there is no field called “titel”. Did you mean “title”?",
    ),
    "the fields that exist": ("{{ nothing_like_it }}", "There are: account, author, breaking"),
    "a filter that does not exist": ("{{ title|fti(1) }}", "no filter called “fti”. Did you mean “fit”?"),
    "a tag that does not exist": ("{% optinal %}", "no tag called “optinal”. Did you mean “optional”?"),
    "a part of the account that does not exist": (
        "{{ account.nam }}",
        "no part of account called “nam”. Did you mean “name”?",
    ),
    "an option of fit that does not exist": (
        "{{ title|fit(1, mn=3) }}",
        "no option of |fit called “mn”. Did you mean “min”?",
    ),
    "an inner option of fit": ("{{ title|fit(1, name='x') }}", "no option of |fit called “name”"),
    "a test that does not exist": ("{{ 1 if title is defned }}", "no test called “defned”. Did you mean “defined”?"),
    "a cut that does not exist": (
        "{{ title|fit(1, cut='wrod') }}",
        "fit knows no cut='wrod'; there are: word, sentence",
    ),
    "a priority in words": ("{{ title|fit('first') }}", "fit needs a whole number from 0 on for a priority"),
    "a priority below 0": (
        "a\n{{ title|fit(-1) }}",
        "line 2: fit needs a whole number from 0 on for a priority, not -1",
    ),
    "a least length below 0": ("{{ title|fit(1, min=-5) }}", "fit needs a whole number from 0 on for min=, not -5"),
    "a least length in words": ("{{ title|fit(1, min='x') }}", "fit needs a whole number from 0 on for min=, not 'x'"),
    "a broken number": ("{{ title|fit(1.5) }}", "fit needs a whole number from 0 on for a priority, not 1.5"),
    "a number as another text": (
        "a\n{{ title|fit(1, alt=5) }}",
        "line 2: fit needs a text or a list of texts for alt=, not 5",
    ),
    "a yes as another text": ("{{ title|fit(1, alt=true) }}", "fit needs a text or a list of texts for alt=, not True"),
    "numbers as other texts": (
        "{{ title|fit(1, alt=['a', 5]) }}",
        "fit needs a text or a list of texts for alt=, not 5",
    ),
    "a number before a text": ("a\n{{ title|fit(1, prefix=5) }}", "line 2: fit needs a text for prefix=, not 5"),
    "a number before a quotation": ("{{ title|quote|fit(1, prefix=5) }}", "fit needs a text for prefix=, not 5"),
    "a list behind a text": ("{{ title|fit(1, suffix=['a']) }}", "fit needs a text for suffix=, not a list"),
    "a number as a place to cut": (
        "a\n{{ title|fit(1, cut=3) }}",
        "line 2: fit knows no cut=3; there are: word, sentence",
    ),
    "a filter after fit": ("{{ title|fit(1)|upper }}", "Write |upper before |fit, which comes last."),
    "a filter after fit, further out": ("{{ (title|fit(1) ~ 'x')|upper }}", "|upper comes after |fit."),
    "fit of a fit": ("{{ title|fit(1)|fit(2) }}", "|fit is applied to a text that has |fit already"),
    "fit in a condition": ("{% if title|fit(1) %}a{% endif %}", "|fit makes no sense in a condition"),
    "fit in a comparison": ("{{ (title|fit(1)) == 'x' }}", "|fit makes no sense in a condition"),
    "fit in an option": ("{{ title|fit(1, alt=section|fit(2)) }}", "|fit makes no sense in a condition or an option"),
    "fit of the link": ("{{ url|fit(1) }}", "a link is never changed or cut. Print it as it is, {{ url }}, or as {{"),
    "fit of a text with the link": ("{{ (title ~ ' ' ~ url)|fit(1) }}", "a link is never changed or cut"),
    "fit of a choice of links": ("{{ (url if url else image)|fit(1) }}", "a link is never changed or cut"),
    "fit of a tagged link": ("{{ url|utm(source='x')|fit(1) }}", "a link is never changed or cut"),
    "a link that goes with a field": ("{{ summary|fit(1, suffix=' ' ~ url) }}", "a link is never changed or cut"),
    "a link in an optional part": (
        "{% optional %}{{ author|fit(1) }} {{ url }}{% endoptional %}",
        "Put {{ url }} outside of it.",
    ),
    "a loop over the link": (
        "a\n{% for u in [url] %}{{ u|upper }}{% endfor %}",
        "line 2: a link does not go through a {% for %}. Print it as it is, {{ url }}.",
    ),
    "a loop over the link that cuts it": (
        "{% for u in [title, url] %}{{ u|fit(1, cut='grapheme') }}{% endfor %}",
        "a link does not go through a {% for %}",
    ),
    "a loop over the link, perhaps": (
        "{% for u in (tags if tags else [[url]]) %}{{ u }}{% endfor %}",
        "a link does not go through a {% for %}",
    ),
    "a loop over the link that vanishes": (
        "{% optional %}{% for u in [url] %}{{ u }}{{ author|fit(3) }}{% endfor %}{% endoptional %}",
        "a link does not go through a {% for %}",
    ),
    "campaign parameters on something else": ("{{ title|utm(source='x') }}", "|utm belongs behind the link"),
    "a filter used in another way": ("{{ title|replace('a') }}", "An example: {{ section|replace('life', 'Life') }}"),
    "an option no filter has": ("{{ tags|join(between='+', attribute='__class__') }}", "|join is not used like this"),
    "an account as such": ("{{ account }}", "account is no text. Say what of it, as in {{ account.handle }}."),
    "a loop as such": ("{% for t in tags %}{{ loop }}{% endfor %}", "as in {{ loop.index }}."),
    "a yes or no printed": ("{{ breaking }}", "as in {% if breaking %}BREAKING"),
    "a date as such": (
        "a\n{{ published }}",
        "line 2: published is no text. Say how to write it, as in {{ published|date",
    ),
    "an account behind fit": ("{{ account|fit }}", "account is no text. Say what of it, as in {{ account.handle }}."),
    "an account behind a filter": ("{{ account|upper }}", "account is no text"),
    "an account joined": ("{{ account|join }}", "account is no text"),
    "an account with another text": ("{{ account|default('x') }}", "account is no text"),
    "an account instead of a text": ("{{ title|default(account) }}", "account is no text"),
    "an account in a list": ("{{ [account]|join }}", "account is no text"),
    "an account in a list as such": ("{{ [account] }}", "account is no text"),
    "an account's length": ("{{ account|length }}", "account is no text"),
    "an account in a condition": ("{% if account == 'x' %}a{% endif %}", "account is no text"),
    "an account as an option": ("{{ title|fit(1, alt=account) }}", "account is no text"),
    "an account joined with ~": ("{{ title ~ account }}", "account is no text"),
    "an account in a loop": ("{% for a in [account] %}{{ a }}{% endfor %}", "account is no text"),
    "an account or nothing": ("{{ account or '' }}", "account is no text"),
    "a loop behind a filter": ("{% for t in tags %}{{ loop|upper }}{% endfor %}", "as in {{ loop.index }}."),
    "a date behind fit": ("{{ published|fit(1) }}", "published is no text. Say how to write it"),
    "a date behind a filter": ("{{ (published if published else title)|upper }}", "published is no text"),
    "a date as an option": ("{{ title|fit(1, suffix=published) }}", "published is no text"),
    "a date in a loop": ("{% for a in [published] %}{{ a }}{% endfor %}", "published is no text"),
    "a date in a choice": ("{{ title if author else published }}", "published is no text"),
    "a yes or no behind fit": ("{{ breaking|fit(1) }}", "breaking is no text. Ask for it, as in {% if breaking %}"),
    "a yes or no as a date": ("{{ breaking|date }}", "breaking is no text"),
    "a yes or no and a text": ("{{ breaking and title }}", "breaking is no text"),
    "a yes or no in a list": ("{{ [title, breaking]|join }}", "breaking is no text"),
    "whether a field is there": ("a\n{{ title is none }}", f"line 2: {QUESTION}"),
    "a field that is not": ("{{ not title }}", QUESTION),
    "a comparison": ("{{ section == 'Sport' }}", QUESTION),
    "whether a list has it": ("{{ 'Sport' in tags }}", QUESTION),
    "yes as such": ("{{ true }}", QUESTION),
    "a question joined with ~": ("{{ 'x' ~ (title is none) }}", QUESTION),
    "a question behind a filter": ("{{ (title == 'a')|upper }}", QUESTION),
    "a question behind fit": ("{{ (title == 'a')|fit }}", QUESTION),
    "a question or a text": ("{{ section == 'Sport' and title }}", QUESTION),
    "a question in a choice": ("{{ (title is none) if summary else title }}", QUESTION),
    "a question as an option": ("{{ tags|join(title is none) }}", QUESTION),
    "a question in a list": ("{{ [title is none]|join }}", QUESTION),
    "a question in a loop": ("{% for t in [title is none] %}{{ t }}{% endfor %}", QUESTION),
    "a question in the link": ("{{ url|utm(campaign=title is none) }}", QUESTION),
    "the first turn printed": (
        "{% for t in tags %}{{ loop.first }}{% endfor %}",
        "loop.first is no text, but yes or no. Ask for it, as in {% if loop.first %}",
    ),
    "a list in round brackets": ("{% if section in ('A', 'B') %}x{% endif %}", "write a list as in ['News', 'Sport']."),
    "a number below zero": ("{{ title ~ -3 }}", "a sign before a value is not offered"),
    "too many elastic fields": ("{{ title|fit }}" * 151, "too many texts with |fit. It may have 150"),
    "too many elastic fields in loops": (
        "{% for t in tags %}{{ t|fit }}{{ t|fit }}{% endfor %}",
        "too many texts with |fit. It may have 150; one in a {% for %} counts once for each item, 100 times for tags."
        " A list needs no loop: {{ tags|hashtag|fit(4, cut='item') }}.",
    ),
    "a loop over letters": (
        "{% for letter in summary %}x{% endfor %}",
        "{% for %} goes through a list. There are: tags.",
    ),
    "a loop over a million": ("{% for i in 1000000 %}x{% endfor %}", "{% for %} goes through a list"),
    "a loop that hides a field": ("{% for title in tags %}x{% endfor %}", "title is a field already"),
    "a loop in other words": (
        "{% for tag of tags %}{% endfor %}",
        "this {% for %} cannot be read. Write {% for tag in",
    ),
    "a loop without a name": (
        "{% for tags %}{% endfor %}",
        "this {% for %} cannot be read. Write {% for tag in tags %}",
    ),
    "a loop with a number for a name": ("{% for 5 in tags %}{% endfor %}", "this {% for %} cannot be read."),
    "a bracket that does not close": ("\n{{ title|fit(1 }}", "line 2: a ) is missing. Each bracket that opens also"),
    "a list that does not close": ("{{ ['a' }}", "a ] is missing."),
    "a bracket too many": (
        "{{ title|fit(1)) }}",
        "a ) is too many. Each bracket that closes also opens: |fit(1, min=20).",
    ),
    "no brackets": ("{{ title|fit 1 }}", "round brackets are missing behind |fit. Write |fit(…) with the value in"),
    "no brackets round a text": ("{{ tags|join ', ' }}", "round brackets are missing behind |join."),
    "no equals sign": ("{{ title|fit(1, min 20) }}", "an = is missing behind “min”. Write min= and its value, as in"),
    "no equals sign before a text": ("{{ title|fit(1, cut 'word') }}", "an = is missing behind “cut”."),
    "nothing behind an equals sign": ("{{ title|fit(1, min=) }}", "nothing stands behind min=. Write its value there"),
    "the priority last": (
        "{{ title|fit(min=20, 1) }}",
        "a value without a name comes too late. Write it first: |fit(1",
    ),
    "two commas": ("{{ title|fit(1,, min=20) }}", "a comma is too many. One stands between two values"),
    "two numbers": ("{{ title|fit(1 2) }}", "a comma is missing before a number."),
    "a number for a filter": (
        "{{ title|5 }}",
        "no name of a filter stands behind |. Write one, as in {{ title|upper }}.",
    ),
    "the or of programs": ("{{ title || url }}", "write or: {{ short or title }}."),
    "the and of programs": ("{% if title && url %}x{% endif %}", "the sign “&” means nothing here. Write and between"),
    "nothing before a filter": ("{{ |upper }}", "something is missing before |. Write there what is meant"),
    "nothing before ~": ("{{ ~ title }}", "something is missing before ~."),
    "a number too many": ("{{ title 1 }}", "a number stands where }} should."),
    "a hundred texts joined": ("{{ " + " ~ ".join(["summary"] * 100) + " }}", "joins too many texts. It may join 50"),
    "too many filters in a loop": (
        "{% for tag in tags %}" + "{{ tag|upper }}" * 21 + "{% endfor %}",
        "the template does too much. It may have 2000 filters and comparisons; "
        "one in a {% for %} counts once for each item, 100 times for tags.",
    ),
    "filters in a loop over a long list": (
        "{% for word in [" + "1," * 700 + "1] %}" + "{{ title|upper }}" * 3 + "{% endfor %}",
        "the template does too much. It may have 2000 filters and comparisons",
    ),
    "filters in a loop over one of two lists": (
        "{% for word in ([1] if title else [" + "1," * 700 + "1]) %}" + "{{ title|upper }}" * 3 + "{% endfor %}",
        "the template does too much",
    ),
    "a number without end": ("a\n{{ short if title|length < 1e999 }}", "line 2: the number is too large."),
    "comparisons in a row": (
        "{% for tag in tags %}{{ 'x' if title" + " < title" * 21 + " }}{% endfor %}",
        "the template does too much",
    ),
    "a name of a thousand letters": ("{{ " + "a" * 1000 + " }}", f"no field called “{'a' * 50}”"),
    "a filter on the link": ("{{ url|upper }}", "a link is never changed or cut"),
    "optional without fit": ("{% optional %}x{% endoptional %}", "{% optional %} has no field with |fit inside"),
    "braces that do not close": ("a\n{{ title", "line 2: something that was opened is not closed"),
    "nothing behind the braces": ("{{", "line 1: something that was opened is not closed"),
    "a tag that does not close": ("{% if title %}", "{% if %} is not closed. Write {% endif %} where it ends."),
    "an optional part that does not close": ("{% optional %}x", "Write {% endoptional %} where it ends."),
    "tags that cross": ("{% if title %}{% for t in tags %}{% endif %}{% endfor %}", "{% for %} is not closed"),
    "an end without beginning": ("{% endif %}", "{% endif %} belongs to nothing that is open here"),
    "a comment that does not close": ("{# x", "a comment is not closed"),
    "curly quotes": (
        "a\n{{ section|default(“News”) }}",
        "line 2: “ cannot be used round a text. Use straight quotes, as in 'News'.",
    ),
    "a curly apostrophe": ("{{ title|fit(1, cut=’word’) }}", "Use straight quotes"),
    "a quote that does not close": ("a\n{{ 'a }}", "line 2: a text in quotes is not closed. Write ' where it ends."),
    "a sign without meaning": ("{{ title § section }}", "the sign “§” means nothing here"),
    "one sign for equals": (
        "a\n{% if section = 'Sport' %}a{% endif %}",
        "line 2: one = compares nothing. Write ==, as in {% if section == 'Sport' %}.",
    ),
    "one sign for equals in brackets": ("{% if (section = 'Sport') %}a{% endif %}", "Write =="),
    "else if": (
        "{% if title %}a\n{% else if section %}b{% endif %}",
        "line 2: {% else if %} is written in one word. Write {% elif %}.",
    ),
    "elseif": ("{% if title %}a{% elseif section %}b{% endif %}", "no tag called “elseif”. Write {% elif %}."),
    "end if": ("{% if title %}a\n{% end if %}", "line 2: {% end if %} is written in one word. Write {% endif %}."),
    "end if without if": ("{{ title }}{% end if %}", "Write {% endif %}."),
    "end alone": ("{% for t in tags %}a{% end %}", "{% for %} is not closed. Write {% endfor %} where it ends."),
    "a wrong tag in another": (
        "{% if title %}{% optoinal %}a{% endoptional %}{% endif %}",
        "no tag called “optoinal”. Did you mean “optional”?",
    ),
    "a missing comma": (
        "a\n{{ title|fit(1 cut='word') }}",
        "line 2: a comma is missing before “cut”. Options have commas between, as in |fit(1, min=20).",
    ),
    "a colon for an option": ("{{ title|fit(1, min: 20) }}", "a colon says nothing here. Options are written with ="),
    "a missing comma in a list": ("{{ [title section] }}", "a comma is missing before “section”"),
    "an option given twice": ("a\n{{ title|fit(1, min=2, min=3) }}", "line 2: min= is given twice to |fit."),
    "a priority given twice": ("{{ title|fit(1, priority=3) }}", "priority= is given twice to |fit."),
    "an option of another filter given twice": (
        "{{ url|utm(source='a', source='b') }}",
        "source= is given twice to |utm.",
    ),
    "escaping": (
        "a\n{% autoescape true %}{{ title }}{% endautoescape %}",
        "line 2: this tag is not offered in post templates. There are: if, for, optional.",
    ),
    "brackets on the third line": (
        "a\nb\n{{ " + "(" * 2000 + "title" + ")" * 2000 + " }}\nc",
        "line 3: the template is nested too deeply",
    ),
    "a large number on the second line": (
        "a\n{{ " + "9" * 5000 + " }}",
        "line 2: the template is nested too deeply or",
    ),
    "words without a filter sign": ("{{ title upper }}", "“upper” stands where }} should. A filter has | before it"),
    "an apostrophe in single quotes": ("{{ 'it's' }}", "“s” stands where }} should."),
    "a word too many in a tag": ("{% if title summary %}x{% endif %}", "“summary” stands where %} should."),
    "nothing in the braces": ("a\n{{ }}", "line 2: something is missing before }}."),
    "nothing behind ~": ("{{ title ~ }}", "something is missing before }}."),
    "a condition of nothing": ("{% if %}x{% endif %}", "something is missing before %}."),
    "a question of nothing": ("{% if title is %}x{% endif %}", "something is missing before %}."),
    "one brace at the end": ("{{ title }", "a brace is missing or too many."),
    "a tag without a name": ("{% %}x", "{% says nothing. Behind it stands one of: if, for, optional."),
    "raw that does not close": ("{% raw %}{{ title }}", "{% raw %} is not closed. Write {% endraw %}"),
    "texts with a comma": ("{{ title, url }}", "Join texts with ~"),
    "loop where there is none": ("{{ title }}{{ loop.index }}", "loop stands outside of any {% for %}."),
    "a field in capitals": ("{{ TITLE }}", "Did you mean “title”?"),
    "a field by another name": ("{{ headline }}", "Did you mean “title”?"),
    "the link by another name": ("{{ Link }}", "Did you mean “url”?"),
    "a filter of Jinja": ("{{ title|truncate(100) }}", "Did you mean “fit”?"),
    "another one": ("{{ title|capitalize }}", "Did you mean “upper_first”?"),
    "nothing": ("", "the template is empty"),
    "only a comment": (" {# later #}\n", "the template is empty"),
    "calls": ("{{ title.upper() }}", "Use a filter: {{ title|upper }}."),
    "Python's inside": ("{{ title.__class__.__mro__ }}", "nothing can stand behind the dot"),
    "attributes by filter": ("{{ title|attr('__class__') }}", "no filter called “attr”"),
    "items": ("{{ tags[0] }}", "square brackets are not offered"),
    "slices": ("{{ title[:50] }}", "|fit to shorten a text"),
    "sums": ("{{ title + section }}", "Join texts with ~"),
    "a gigabyte of a": ("{{ 'a' * 10**9 }}", "sums are not offered"),
    "a gigabyte by format": ("{{ '%0999999999d' % 1 }}", "sums are not offered"),
    "a gigabyte by a filter": ("{{ title|center(1000000000) }}", "no filter called “center”"),
    "a range": ("{% for i in range(9999999) %}x{% endfor %}", "calls, such as title.upper(), are not offered"),
    "a loop in a loop": ("{% for a in tags %}{% for b in tags %}x{% endfor %}{% endfor %}", "inside a {% for %}"),
    "a loop that calls itself": ("{% for a in tags recursive %}x{% endfor %}", "inside a {% for %}"),
    "two names in a loop": ("{% for a, b in tags %}x{% endfor %}", "takes one name"),
    "macros": ("{% macro a() %}x{% endmacro %}{{ title }}", "this tag is not offered"),
    "includes": ("{% include 'posts/t.txt.j2' %}", "There are: if, for, optional."),
    "imports": ("{% import 'os' as os %}{{ title }}", "this tag is not offered"),
    "extends": ("{% extends 'x' %}{{ title }}", "this tag is not offered"),
    "set": ("{% set a = title ~ title %}{{ title }}", "this tag is not offered"),
    "filter blocks": ("{% filter upper %}a{% endfilter %}", "this tag is not offered"),
    "unpacking": ("{{ title|fit(*tags) }}", "* and ** are not offered"),
    "the template itself": ("{{ self }}", "no field called “self”"),
    "a loop's name outside the loop": (
        "{% for t in tags %}{% endfor %}\n{{ t }}",
        "line 2: there is no field called “t”",
    ),
    "brackets by the thousand": ("{{ " + "(" * 2000 + "title" + ")" * 2000 + " }}", "nested too deeply"),
    "a number of thousands of digits": ("{{ " + "9" * 5000 + " }}", "too large a number"),
    "too many parts": ("{{ title }}" * 1001, "the template is too large"),
    "too many bytes": ("x" * (MOST_BYTES + 1), "a post template has at most 20,000"),
    "one brace on each side": ("a\n{ title } {{ url }}", "line 2: “{ title }” has a brace too few or too many."),
    "one brace, and a filter": ("{title|upper} {{ url }}", "“{title|upper}” has a brace too few"),
    "a brace too many": (
        "{{ title }}} {{ url }}",
        "“}}}” has a brace too few or too many. A field is written {{ title }}",
    ),
    "braces that nothing opened": ("{{ title }}\n}} {{ url }}", "line 2: “}}” has a brace"),
    "a tag that nothing opened": ("{{ title }} endif %}", "“%}” has a brace"),
    "a space inside the braces of a tag": ("{ % if title % }{{ title }}{ % endif % }", "“{ %” has a brace"),
    "a space inside the braces of a field": ("{ { title } }{{ url }}", "“{ {” has a brace"),
    "a second else": (
        "{% if title %}a{% else %}b{% else %}c{% endif %}",
        "{% else %} comes after an {% else %}, which is the last. Leave one of them out.",
    ),
    "an elif behind the else": ("{% if title %}a{% else %}b{% elif url %}c{% endif %}", "{% elif %} comes after an"),
    "an elif in a loop": ("{% for t in tags %}a{% elif url %}c{% endfor %}", "{% elif %} belongs to an {% if %}."),
    "a field of a field in one brace": ("{{ title }} {account.handle}", "“{account.handle}” has a brace too few"),
    "a comment in a comment": ("{# a {# b #} c #}{{ title }}", "“#}” has a brace too few or too many."),
    "a space inside the braces of a comment": ("{ # a # }{{ title }}", "“{ #” has a brace"),
    "the loop in the choice of its items": (
        "{% for t in tags if not loop.first %}{{ t }}{% endfor %}",
        "loop stands outside of any {% for %}. It may stand between",
    ),
    "not UTF-8": ("a\n\xe9".encode("latin-1"), "line 2: this is not text in UTF-8"),
    "binary": (b"GIF\0\0", "is not a text file"),
}


@pytest.mark.parametrize(("source", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_file_and_what_to_do(
    write: Callable[[str | bytes], Templates], source: str | bytes, message: str
) -> None:
    with pytest.raises(TemplateFailed) as told:
        write(source).check(NAME)
    assert str(told.value).startswith(NAME)
    assert message in str(told.value)
    assert "jinja" not in str(told.value).lower()


NO_MISTAKES = {
    "braces of a program": ("if (a) { b; } } {{ section }}", "if (a) { b; } }"),
    "braces that are none of a field": (
        "{ } {smile} :} {: {{ '}}' }}{% raw %}{{ title }}{% endraw %}",
        "{ } {smile} :} {: }}{{ title }}",
    ),
    "a date that may be missing": ("{{ (published if published else none)|date('%d.%m.')|upper }}", "08.11."),
    "a date and what stands with it": ("{{ 'on ' ~ published|date('%d.%m.') if published }}", "on 08.11."),
    "questions of fields that are no text": (
        "{% if breaking and published is not none and account.name == 'x-main' and not not breaking %}a{% endif %}",
        "a",
    ),
    "a choice by a field that is no text": ("{{ ('a' if breaking else 'b')|upper }}", "A"),
    "no other text": ("{{ source|fit(1, alt=none) }}", "site"),
    "other texts, some empty": ("{{ source|fit(1, alt=[short_title, section, 'a']) }}", "site"),
    "a part of the account, cut": ("{{ account.handle|upper|fit(1) }}", "@EXAMPLE"),
}


@pytest.mark.parametrize(("source", "text"), NO_MISTAKES.values(), ids=NO_MISTAKES)
def test_what_is_no_mistake_is_taken(write: Callable[[str], Templates], source: str, text: str) -> None:
    templates = write(source)
    templates.check(NAME)
    assert shown(templates) == text


MISTAKES_SEEN_LATE = {
    "a date layout that fills the memory": (
        "a\n{{ published|date('%0999999999d') }}",
        {},
        "line 2: “%0999999999d” is no way to write a date",
    ),
    "a replacement that fills the memory": (
        "{{ title|replace('a', summary) }}",
        {"title": "a" * 90_000, "summary": "b" * 90_000},
        "far too long",
    ),
    "a loop that prints without end": (
        "{% for tag in tags %}{{ title }}{% endfor %}",
        {"title": "a" * 99_000, "tags": ["b"] * 100},
        f"gives more than {MOST_CHARACTERS:,} characters",
    ),
    "a join without end": ("{{ tags|join(title) }}", {"title": "a" * 99_000, "tags": ["b"] * 100}, "join would make"),
    "a date of something else": ("{{ title|date }}", {}, "date needs a date, such as published"),
    "a date in a style there is not": ("{{ published|date('lnog') }}", {}, "date knows 'full', 'long', 'medium'"),
    "the first of a text": ("{{ title|first }}", {}, "first takes a list, such as tags"),
    "hashtags of a number": ("{{ 7|hashtag }}", {}, "hashtag takes a section or a list"),
    "a campaign parameter there is not": (
        "{{ url|utm(sorce='x') }}",
        {},
        "utm knows no sorce; there are: source, medium",
    ),
    "a comparison of text and number": (
        "{% if title|default(1) > 3 %}x{% endif %}",
        {},
        "> compares two numbers or two texts, not a text and a number.",
    ),
    "another text made of a number": (
        "\n{{ title|fit(1, alt=title|length) }}",
        {},
        "line 2: fit needs a text or",
    ),
    "other texts made of numbers": (
        "{{ title|fit(1, alt=[section, title|length]) }}",
        {},
        "fit needs a text or a list of texts",
    ),
    "what stands before made of a number": (
        "\n{{ title|quote|fit(1, prefix=title|length) }}",
        {},
        "line 2: fit needs a text for prefix=",
    ),
    "a place to cut made of a long text": (
        "{{ title|fit(1, cut=summary) }}",
        {"summary": "a" * 9_000},
        "fit knows no cut='aaa",
    ),
    "a comparison of two kinds": (
        "\n{% if (tags or 5) >= 'x' %}x{% endif %}",
        {},
        "line 2: >= compares two numbers or two texts, not a list and a text.",
    ),
    "a comparison with nothing": (
        "{% if (published or breaking or published) < 5 %}x{% endif %}",
        {"published": None, "breaking": False},
        "< compares two numbers or two texts, not nothing and a number.",
    ),
    "a search in a yes or no": (
        "{% if title in (published or breaking) %}x{% endif %}",
        {"published": None},
        "line 1: a text, a number or a list stands where something else is needed.",
    ),
    "a number made of words": ("\n{{ title|fit(1, min=source) }}", {}, "line 2: fit needs a whole number"),
    "a part of a date that is not there": (
        "{{ published.year }}",
        {"published": None},
        "line 1: there is no year where an article has no date. Put {% if published %}…{% endif %} round it.",
    ),
}


@pytest.mark.parametrize(("source", "values", "message"), MISTAKES_SEEN_LATE.values(), ids=MISTAKES_SEEN_LATE)
def test_a_mistake_that_shows_with_an_article_is_told_too(
    write: Callable[[str], Templates], source: str, values: dict[str, object], message: str
) -> None:
    templates = write(source)
    templates.check(NAME)
    with pytest.raises(TemplateFailed) as told:
        templates.render(NAME, VALUES | values)
    assert str(told.value).startswith(NAME)
    assert message in str(told.value)


def test_what_nobody_foresaw_is_told_with_the_name_of_the_template(
    write: Callable[[str], Templates], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.templating.templates.check", lambda *_: {}["lost"])
    with pytest.raises(TemplateFailed, match=rf"^{NAME} cannot be understood \(KeyError\)"):
        write("{{ title }}").check(NAME)


NAMES_OF_FIELDS = {
    "{{ (title|quote if author else title)|fit(1) }}": "title",
    "{{ (author ~ ': ' ~ title)|fit(1) }}": "author ~ title",
    "{{ (author and title)|fit(1) }}": "title",
    "{{ (short_title or title)|fit(1) }}": "title",
    "{{ (author or title)|fit(1) }}": "author",
    "{{ (short_title if short_title and not breaking else title)|upper|fit(1) }}": "title",
    "{{ (image or summary or title)|upper|fit(1) }}": "summary",
    "{{ image|default(title)|fit(1) }}": "title",
    "{{ (image or (short or title))|fit(1) }}": "title",
    "{{ ((title|lower) or summary)|fit(1) }}": "title",
    "{% for each in [summary] %}{{ (image or each or title)|fit(1) }}{% endfor %}": "summary",
    "{{ ('x' if author else account.handle)|fit(1) }}": "account.handle",
    "{{ ('x' if author)|fit(1) }}": "text",
    "{% for each in [summary] %}{{ each|upper|fit(1) }}{% endfor %}": "summary",
    "{% for each in ['x'] %}{{ each|fit(1) }}{% endfor %}": "text",
}


@pytest.mark.parametrize(("source", "name"), NAMES_OF_FIELDS.items())
def test_a_cut_is_reported_with_the_name_of_the_field_that_is_printed(
    write: Callable[[str], Templates], source: str, name: str
) -> None:
    [field] = parse(write(source).render(NAME, VALUES)).fields
    assert field.rules.name == name


@pytest.mark.parametrize("sum_", ["'a' * 9", "2 ** 9", "'%d' % 1"])
def test_the_sandbox_itself_refuses_sums_also_while_compiling(sum_: str) -> None:
    with pytest.raises(SecurityError):
        Sandbox().from_string(f"{{{{ {sum_} }}}}").render()


def test_nothing_of_jinjas_own_is_within_reach() -> None:
    assert not Sandbox().globals


def test_a_template_is_compiled_once_and_again_when_its_file_changes(
    write: Callable[[str], Templates], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled: list[object] = []
    compiling = Sandbox.compile
    monkeypatch.setattr(Sandbox, "compile", lambda *args, **kw: compiled.append(1) or compiling(*args, **kw))
    templates = write("one {{ source }}")
    assert [shown(templates), shown(templates)] == ["one site", "one site"]
    assert len(compiled) == 1
    write("two {{ source }}")
    assert shown(templates) == "two site"
    os.utime(tmp_path / NAME, ns=(1, 1))
    assert shown(templates) == "two site"
    assert len(compiled) == 3


def test_a_mended_template_works_again(write: Callable[[str], Templates]) -> None:
    templates = write("{{ titel }}")
    with pytest.raises(TemplateFailed):
        shown(templates)
    write("{{ source }}")
    assert shown(templates) == "site"


def test_the_first_folder_wins(write: Callable[[str], Templates], tmp_path: Path) -> None:
    write("default")
    own = tmp_path / "own"
    (own / "posts").mkdir(parents=True)
    templates = Templates([own, tmp_path])
    assert shown(templates) == "default"
    (own / NAME).write_text("own")
    assert shown(templates) == "own"


@pytest.mark.parametrize("name", ["posts/y.txt.j2", "../posts/t.txt.j2", "/etc/passwd", "posts"])
def test_a_template_that_is_not_there_is_told_with_those_that_are(write: Callable[[str], Templates], name: str) -> None:
    templates = write("{{ title }}")
    with pytest.raises(TemplateFailed, match="There are: posts/t.txt.j2") as told:
        templates.check(name)
    assert name in str(told.value)


def test_a_template_that_cannot_be_read_is_told(write: Callable[[str], Templates], tmp_path: Path) -> None:
    unreadable = Path("/proc/self/mem")
    if not unreadable.is_file():
        pytest.skip("needs a file that even root cannot read, Linux's /proc/self/mem")
    templates = write("{{ title }}")
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).symlink_to(unreadable)
    with pytest.raises(TemplateFailed, match="posts/t.txt.j2 cannot be read"):
        templates.check(NAME)


def test_the_default_templates_are_sound_and_in_the_vocabulary() -> None:
    templates = Templates([package_folder("templates")])
    assert {"posts/x.txt.j2", "posts/facebook.txt.j2"} <= set(templates.names())
    for name in templates.names():
        templates.check(name)
    assert set(VALUES) == set(VOCABULARY)
