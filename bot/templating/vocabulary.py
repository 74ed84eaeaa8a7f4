"""All the words of a template's author, each with what it is for, an example, and what that gives for `SAMPLE`.

The check of a template, its help and its documentation are made of these tables; a test renders every example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from bot.templating import filters


@dataclass(frozen=True, slots=True)
class Word:
    """One word: a sentence of what it is, a template that uses it, and the text that this gives for `SAMPLE`."""

    says: str
    example: str
    gives: str


@dataclass(frozen=True, slots=True)
class Filter(Word):
    """A word that stands behind a | and changes what stands before it."""

    function: Callable[..., object]


SAMPLE: Mapping[str, object] = MappingProxyType(
    {
        "title": "old bridge in Baku opens again after two years",
        "short_title": "Old bridge opens again",
        "short": "Old bridge opens again",
        "url": "https://news.example/bridge?id=7",
        "summary": "Cars may cross the river from Monday. Buses follow in May.",
        "section": "City life",
        "tags": ["Baku", "victory day", "Azərbaycan"],
        "author": "Leyla Rahimova",
        "language": "en",
        "image": "https://news.example/bridge.jpg",
        "source": "site",
        "published": datetime(2026, 11, 8, 9, 5, tzinfo=UTC),
        "breaking": True,
        "account": {
            "name": "x-main",
            "handle": "@example",
            "identity": "example",
            "language": "en-GB",
            "hashtags": {"Azərbaycan": "Azerbaijan"},
            "utm": {"source": "x", "medium": "social"},
        },
    }
)
"""What a template would be given for an article made up for the examples."""

VOCABULARY: Mapping[str, Word] = {
    "title": Word("The headline.", "{{ title }}", "old bridge in Baku opens again after two years"),
    "short_title": Word(
        "A shorter headline, if the article brings one (`short:` in its front matter); for alt= of |fit.",
        "{{ title|fit(1, alt=short_title) }}",
        "old bridge in Baku opens again after two years",
    ),
    "short": Word("The same as short_title.", "{{ short|default(title) }}", "Old bridge opens again"),
    "url": Word(
        "The link. It is never cut; on Facebook it travels as a card and needs no place in the text.",
        "{{ url }}",
        "https://news.example/bridge?id=7",
    ),
    "summary": Word(
        "The summary, a few sentences or none.",
        "{{ summary }}",
        "Cars may cross the river from Monday. Buses follow in May.",
    ),
    "section": Word("The section it stands in.", "{{ section }}", "City life"),
    "tags": Word("The list of its tags.", "{{ tags|join(', ') }}", "Baku, victory day, Azərbaycan"),
    "author": Word("Who wrote it.", "By {{ author }}", "By Leyla Rahimova"),
    "language": Word(
        "The code of the language it is written in.",
        "{% if language == 'en' %}Read: {% endif %}{{ short }}",
        "Read: Old bridge opens again",
    ),
    "image": Word(
        "The address of its picture.", "{% if image %}📷 {% endif %}{{ short }}", "📷 Old bridge opens again"
    ),
    "source": Word("The name of the source it came from.", "{{ source }}", "site"),
    "published": Word(
        "When it was published, in the account's time zone; print it with |date.",
        "{{ published|date('long') }}",
        "8 November 2026",
    ),
    "breaking": Word(
        "Whether it is breaking news (`add --breaking`, or its source is), for {% if %}.",
        "{% if breaking %}BREAKING: {% endif %}{{ short }}",
        "BREAKING: Old bridge opens again",
    ),
    "account": Word("The account that posts; its parts stand behind a dot.", "{{ account.handle }}", "@example"),
}
"""The values every post template may print."""

PARTS: Mapping[str, Mapping[str, Word]] = {
    "account": {
        "name": Word("The account's name in the settings.", "{{ account.name }}", "x-main"),
        "handle": Word("Its handle on X; empty for a Facebook Page.", "{{ account.handle }}", "@example"),
        "identity": Word("Its handle without @, or the number of the Page.", "{{ account.identity }}", "example"),
    },
    "published": {
        part: Word(
            f"The {part} of the date, a number.", f"{{% if published %}}{{{{ published.{part} }}}}{{% endif %}}", gives
        )
        for part, gives in (("year", "2026"), ("month", "11"), ("day", "8"), ("hour", "9"), ("minute", "5"))
    },
    "loop": {
        "index": Word(
            "In a {% for %}: the number of the turn, from 1.",
            "{% for tag in tags %}{{ loop.index }} {{ tag }} {% endfor %}",
            "1 Baku 2 victory day 3 Azərbaycan",
        ),
        "first": Word(
            "In a {% for %}: whether this is the first turn.",
            "{% for tag in tags %}{% if not loop.first %} / {% endif %}{{ tag }}{% endfor %}",
            "Baku / victory day / Azərbaycan",
        ),
        "last": Word(
            "In a {% for %}: whether this is the last turn.",
            "{% for tag in tags %}{{ tag }}{% if not loop.last %} + {% endif %}{% endfor %}",
            "Baku + victory day + Azərbaycan",
        ),
        "length": Word(
            "In a {% for %}: how many turns there are.",
            "{% for tag in tags %}{{ tag }} ({{ loop.index }}/{{ loop.length }}) {% endfor %}",
            "Baku (1/3) victory day (2/3) Azərbaycan (3/3)",
        ),
    },
}
"""What may stand behind a dot, and behind which name."""

FILTERS: Mapping[str, Filter] = {
    "fit": Filter(
        "Lets the text be shortened when the post is too long; 1 gives way last. It comes last.",
        "{{ title|fit(1, min=20, alt=short_title) }}{{ summary|fit(2, cut='sentence', prefix=' — ') }}",
        "old bridge in Baku opens again after two years — Cars may cross the river from Monday. Buses follow in May.",
        filters.fit,
    ),
    "hashtag": Filter(
        "A section or tags as hashtags, in any script, as the account's hashtags setting wants them.",
        "{{ section|hashtag }} {{ tags|hashtag|fit(3, cut='item') }}",
        "#CityLife #Baku #VictoryDay #Azerbaijan",
        filters.hashtag,
    ),
    "hashtags": Filter("The same as hashtag.", "{{ tags|hashtags }}", "#Baku #VictoryDay #Azerbaijan", filters.hashtag),
    "utm": Filter(
        "The link with campaign parameters: those of the account's utm setting, or those given here.",
        "{{ url|utm(campaign='morning') }}",
        "https://news.example/bridge?id=7&utm_source=x&utm_medium=social&utm_campaign=morning",
        filters.utm,
    ),
    "quote": Filter(
        "The text in quotation marks of its language, which stay when |fit cuts it.",
        "{{ short|quote|fit(1) }}",
        "“Old bridge opens again”",
        filters.quote,
    ),
    "upper_first": Filter(
        "A capital at the beginning; knows the İ of Azerbaijani and Turkish.",
        "{{ title|upper_first }}",
        "Old bridge in Baku opens again after two years",
        filters.upper_first,
    ),
    "upper": Filter(
        "Capitals; knows the İ of Azerbaijani and Turkish.", "{{ section|upper }}", "CITY LIFE", filters.upper
    ),
    "lower": Filter(
        "Small letters; knows the ı of Azerbaijani and Turkish.", "{{ section|lower }}", "city life", filters.lower
    ),
    "date": Filter(
        "A date in the account's language: 'full', 'long', 'medium', 'short', 'time', or letters as in '%d.%m.%Y'.",
        "{{ published|date('full') }}, {{ published|date('time') }} ({{ published|date('%d.%m.%Y') }})",
        "Sunday, 8 November 2026, 09:05 (08.11.2026)",
        filters.date,
    ),
    "default": Filter(
        "Another text where the field is empty.", "{{ section|default('News') }}", "City life", filters.default
    ),
    "replace": Filter(
        "One text for another, wherever it stands.",
        "{{ section|replace('life', 'Life') }}",
        "City Life",
        filters.replace,
    ),
    "trim": Filter("No spaces at beginning and end.", "{{ (' ' ~ section)|trim }}", "City life", filters.trim),
    "join": Filter(
        "A list as one text, with this between.",
        "{{ tags|join(' · ') }}",
        "Baku · victory day · Azərbaycan",
        filters.join,
    ),
    "first": Filter("The first of a list.", "{{ tags|first }}", "Baku", filters.first),
    "last": Filter("The last of a list.", "{{ tags|last }}", "Azərbaycan", filters.last),
    "length": Filter(
        "How many a list has, or how many characters.", "{{ tags|length }} tags", "3 tags", filters.length
    ),
}
"""What may stand behind a |."""

FIT_OPTIONS: Mapping[str, Word] = {
    "priority": Word(
        "The first number: 1 gets room first and is cut last; 5 unless given.",
        "{{ short|fit(1) }}",
        "Old bridge opens again",
    ),
    "min": Word(
        "At least so much of it is shown, in the platform's characters; a post without room for it is not sent.",
        "{{ short|fit(1, min=20) }}",
        "Old bridge opens again",
    ),
    "cut": Word(
        "Where it may be cut: 'word' (unless said), 'sentence', 'item', 'grapheme' or 'none', whole or not at all.",
        "{{ tags|hashtag|fit(3, cut='item') }}",
        "#Baku #VictoryDay #Azerbaijan",
    ),
    "prefix": Word(
        "Stands before it, and goes when it goes.",
        "{{ short }}{{ author|fit(4, prefix=' — ') }}",
        "Old bridge opens again — Leyla Rahimova",
    ),
    "suffix": Word(
        "Stands behind it, and goes when it goes.",
        "{{ section|fit(2, suffix=': ') }}{{ short }}",
        "City life: Old bridge opens again",
    ),
    "alt": Word(
        "A shorter text, used whole before the long one is cut.",
        "{{ title|fit(1, alt=short_title) }}",
        "old bridge in Baku opens again after two years",
    ),
}
"""What may be said between the brackets of |fit."""

TAGS: Mapping[str, Word] = {
    "if": Word(
        "Only when a field is filled, or equals something; {% elif %} and {% else %} for the other cases.",
        "{% if section == 'Sport' %}🏆 {% elif breaking %}🔴 {% else %}📰 {% endif %}{{ short }}",
        "🔴 Old bridge opens again",
    ),
    "for": Word(
        "Once for each of a list.", "{% for tag in tags %}[{{ tag }}]{% endfor %}", "[Baku][victory day][Azərbaycan]"
    ),
    "optional": Word(
        "Vanishes as a whole when its fields with |fit do.",
        "{{ short }}{% optional %} ({{ author|fit(4) }}){% endoptional %}",
        "Old bridge opens again (Leyla Rahimova)",
    ),
}
"""What may stand between {% and %}."""

TESTS: Mapping[str, Word] = {
    "defined": Word(
        "Whether there is such a field; there always is.", "{% if title is defined %}yes{% endif %}", "yes"
    ),
    "none": Word("Whether a date is missing.", "{% if published is none %}undated{% else %}dated{% endif %}", "dated"),
}
"""What may stand behind `is`."""
