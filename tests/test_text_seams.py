"""Texts from outside that stand close together in a post are still only characters: no link comes of two of them."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import CannotFit
from bot.post import Limit
from bot.templating import Templates
from bot.templating.templates import printed
from bot.templating.vocabulary import SAMPLE, VOCABULARY
from bot.text.clean import clean
from bot.text.fit import solve
from bot.text.forms import NOTHING, Forms
from bot.text.marks import GROUP_CLOSE, GROUP_OPEN, mark, parse
from bot.text.measures import code_points
from bot.text.outside import defuse, parted
from bot.text.seams import SEAM, closed, joined
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions
from bot.text.xlength import extract_urls, limit_length
from tests.growth import grows_in_proportion

GAP = "\u200c"
EMPTY: dict[str, Any] = {"title": "", "summary": "", "author": "", "section": "", "source": "", "tags": []}
ALLOW = ("@mayor",)
ACCOUNT = {
    "name": "news",
    "handle": "@desk",
    "identity": "desk",
    "language": "en",
    "hashtags": {},
    "utm": {},
    "allow": ALLOW,
}


def seen(text: str) -> list[str]:
    """Everything in a text that X would mention, tag or link."""
    entities = [*extract_mentions(text), *extract_hashtags(text), *extract_cashtags(text)]
    return [entity.text for entity in entities] + [found.url for found in extract_urls(text)]


def post_of(template: str, most: int = 10_000, **fields: Any) -> str:
    """What is posted of a template, with fields from outside."""
    inert = {
        name: [defuse(clean(each), allow=ALLOW) for each in value]
        if isinstance(value, list)
        else value
        if name == "url"
        else defuse(clean(value), allow=ALLOW)
        for name, value in fields.items()
    }
    values = EMPTY | {"account": ACCOUNT, "language": "en"} | inert
    templates = Templates([], vocabulary=[*VOCABULARY, *fields])
    rendered = printed(templates.compile("post", template), "post", values)
    return solve(rendered, Limit(most, limit_length)).text


# The gap is shown as |.
MEETING = {
    "two fields": ("{{ title }}{{ author }}", "Fog in Baku.|In the evening"),
    "a field that was changed": ("{{ title|trim }}{{ author|upper_first }}", "Fog in Baku.|In the evening"),
    "a full stop that the template writes": ("{{ section }}.{{ author }}", "City.|In the evening"),
    "what the template writes behind": ("{{ title }}in {{ section }}", "Fog in Baku.|in City"),
    "with something empty between": ("{{ title }}{{ summary }}{{ author }}", "Fog in Baku.|In the evening"),
    "across the end of an if": ("{{ title }}{% if author %}{{ author }}{% endif %}", "Fog in Baku.|In the evening"),
    "two elastic fields": ("{{ title|fit(1) }}{{ author|fit(2) }}", "Fog in Baku.|In the evening"),
    "a field and an elastic one": ("{{ title }}{{ author|fit(2) }}", "Fog in Baku.|In the evening"),
    "an elastic field and one that is not": ("{{ title|fit(1) }}{{ author }}", "Fog in Baku.|In the evening"),
    "a prefix": ("{{ section }}{{ author|fit(2, prefix='.') }}", "City.|In the evening"),
    "a suffix": ("{{ title|fit(1, suffix='in ') }}{{ author }}", "Fog in Baku.|in In the evening"),
    "an optional part": (
        "{{ title }}{% optional %}{{ author|fit(2) }}{% endoptional %}",
        "Fog in Baku.|In the evening",
    ),
    "texts joined with ~": ("{{ (title ~ author)|fit(1) }}", "Fog in Baku.|In the evening"),
    "and with a full stop of the template's": ("{{ section ~ '.' ~ author }}", "City.|In the evening"),
    "a list": ("{{ tags|join('') }}", "Ltd.|Co"),
    "a list with full stops": ("{{ tags|join('.') }}", "Ltd..|Co"),
    "a loop": ("{% for tag in tags %}{{ tag }}{% endfor %}", "Ltd.|Co"),
    "what stands beside a text that was taken out": ("{{ title|replace(' ', '') }}", "FoginBaku."),
    "and beside one that was put in": ("{{ author|replace(' the ', '.') }}", "In.|evening"),
    "a protocol that is none": ("{{ protocol }}{{ author }}", "ftp://x,evil.|In the evening"),
    "a protocol of two fields": ("{{ http }}{{ evil }}{{ author }}", "http:|//evil.|In the evening"),
    "of two elastic ones": ("{{ http|fit(1) }}{{ evil|fit(2) }}", "http:|//evil."),
    "and one with ~": ("{{ http ~ evil }}{{ author }}", "http:|//evil.|In the evening"),
    "behind an address that ended": (
        "(https://a.az/){{ title }}{{ author }}",
        "(https://a.az/)Fog in Baku.|In the evening",
    ),
    "two fields side by side in an address": (
        "https://a.az/{{ title|replace(' ', '-') }}{{ tags|last }}",
        "https://a.az/Fog-in-Baku.|Co",
    ),
    "two fields in an address": ("https://a.az/{{ quoted }}{{ author }}", 'https://a.az/x"evil.|In the evening'),
    "a domain in three parts": ("{{ source }}{{ tags|first|lower }}{{ section }}", "rtt.|cltd.|City"),
}


@pytest.mark.parametrize(("template", "expected"), MEETING.values(), ids=MEETING)
def test_a_full_stop_and_what_follows_it_make_no_link(template: str, expected: str) -> None:
    text = post_of(
        template,
        title="Fog in Baku.",
        author="In the evening",
        section="City",
        source="rtt.c",
        tags=["Ltd.", "Co"],
        protocol="ftp://x,evil.",
        http="http:",
        evil="//evil.",
        quoted='x"evil.',
    )
    assert text == expected.replace("|", GAP)
    assert set(seen(text)) <= {"https://a.az/", "https://a.az/x", "https://a.az/Fog-in-Baku"}


APART = {
    "spaces and signs": ("{{ title }} {{ author }} — {{ title }}\n{{ author }}", "A. B — A.\nB"),
    "a comma between": ("{{ title }}, {{ author }}", "A., B"),
    "a colon of the template": ("{{ title }}: {{ author }}", "A.: B"),
    "figures": ("{{ published.day }}.{{ published.month }}.{{ published.year }}", "8.11.2026"),
    "what the template writes itself": ("news.example.com{% if title %}/{{ title }}{% endif %}", "news.example.com/A."),
    "an address that it builds": ("https://www.{{ account.name }}.az/{{ language }}", "https://www.news.az/en"),
    "with a part of the article": (
        "https://www.{{ source }}.{{ language }}/{{ section }}",
        "https://www.site.en/City life",
    ),
    "begun in an expression": ("{{ 'https://www.' ~ account.name ~ '.az/' }}", "https://www.news.az/"),
    "also with words before it": ("{{ 'see https://www.' ~ source ~ '.az/' }}", "see https://www.site.az/"),
    "also printed": ("{{ 'https://www.' }}{{ source }}.az/", "https://www.site.az/"),
    "with a choice in it": (
        "https://{% if language == 'az' %}az.{% else %}en.{% endif %}{{ source }}.az/",
        "https://en.site.az/",
    ),
    "with a part under a condition": ("https://www.{% if source %}{{ source }}{% endif %}.az/", "https://www.site.az/"),
    "only as far as it goes": ("https://t.me/{{ author }}.{{ title }}", "https://t.me/B.A."),
    "also with ~": ("{{ 'https://' ~ account.name ~ '.' ~ account.identity ~ '.az/' }}", "https://news.desk.az/"),
}


@pytest.mark.parametrize(("template", "expected"), APART.values(), ids=APART)
def test_where_there_is_no_link_to_be_feared_nothing_changes(template: str, expected: str) -> None:
    values = SAMPLE | {"title": "A.", "author": "B", "account": ACCOUNT}
    assert solve(printed(Templates([]).compile("post", template), "post", values), Limit(999, len)).text == expected


def test_a_cut_that_ends_with_a_sentence_makes_no_link_with_what_follows() -> None:
    template = "{{ summary|fit(2, cut='sentence') }}{{ author }}"
    text = post_of(template, 32, summary="Fog in Baku. More of it on Monday.", author="In the evening")
    assert text == f"Fog in Baku.{GAP}In the evening"


def test_a_gap_counts_where_the_room_is_tight() -> None:
    rendered = f"{mark('Fog in Baku.', 1)}{mark('In the evening', 2)}"
    assert solve(rendered, Limit(27, code_points)).text == f"Fog in Baku.{GAP}In the evening"
    assert solve(rendered, Limit(26, code_points)).text == f"Fog in Baku.{GAP}In the…"


SIGNS = {
    "before white space that was taken out": ("{{ title|replace(' ', '') }}", "@ bob # 1b $ TSLA", "@|bob|#|1b$|TSLA"),
    "at an end that was taken off": ("{{ title|replace('x', '')|trim }}{{ author }}", "Ask @ x", "Ask @|bob"),
    "the same of a tag": ("{{ title|replace('x', '')|trim }}{{ author }}", "No #1 x", "No |#|1bob"),
    "behind an item": ("{{ title|fit(1, cut='item') }}{{ author }}", f"Ask $ {'x' * 99}", "Askbob"),
    "a tag behind an item": ("{{ title|fit(1, cut='item') }}{{ author }}", f"We are #1 {'x' * 99}", "We arebob"),
}


@pytest.mark.parametrize(("template", "title", "expected"), SIGNS.values(), ids=SIGNS)
def test_a_sign_makes_no_name_of_what_comes_to_stand_behind_it(template: str, title: str, expected: str) -> None:
    text = post_of(template, 40, title=title, author="bob")
    assert text == expected.replace("|", GAP)
    assert seen(text) == []


VANISHING = {
    "a field": "{{ title }}{{ summary|fit(3, prefix=' — ') }}{{ author }}",
    "an optional part": "{{ title }}{% optional %} ({{ summary|fit(3) }}){% endoptional %}{{ author }}",
    "a text for a shorter one": "{{ summary|fit(1, alt=title) }}{{ author }}",
}


@pytest.mark.parametrize("template", VANISHING.values(), ids=VANISHING)
def test_also_where_something_else_gave_way(template: str) -> None:
    text = post_of(template, 30, title="Fog in Baku.", summary="unforeseeable" * 9, author="In the evening")
    assert text == f"Fog in Baku.{GAP}In the evening"


@pytest.mark.parametrize("before", ["rtt.", "see rtt.", "a", ""])
@pytest.mark.parametrize("behind", ["", "com", ".com", " more"])
@pytest.mark.parametrize("cut", ["word", "grapheme"])
def test_no_wider_form_would_fit_beside_a_gap_either(before: str, behind: str, cut: str) -> None:
    field = mark("com one two. Three rtt. four u.s. five x.az six", 1, cut=cut)
    for most in range(14 if behind != ".com" else 30, 90):
        limit = Limit(most, limit_length)
        forms = [form.text for form in Forms(parse(field).fields[0], limit)]
        wholes = [joined((before, form, behind)).strip() for form in forms]
        fitting = [whole for whole in wholes if limit.fits(whole)]
        assert [solve(f"{before}{field}{behind}", limit).text] == fitting[-1:], most


@pytest.mark.parametrize(
    "field",
    [
        mark("Fog in Baku.", 1, suffix="in"),
        mark("In the evening", 1, prefix="www."),
        mark("Fog in Baku. Then sun.", 1, cut="sentence", suffix="da "),
        mark("Fog and more fog", 1, alt="Fog in Baku.", suffix="in"),
        mark("//evil.az in Baku", 1, prefix="http:"),
    ],
)
def test_what_is_measured_is_what_is_posted_with_a_field_close_to_its_own_prefix_or_suffix(field: str) -> None:
    one = parse(field).fields[0]
    for most in range(10, 30):
        limit = Limit(most, len)
        wholes = [one.rules.dressed(form.text).strip() for form in Forms(one, limit)]
        assert solve(field, limit).text == [whole for whole in wholes if limit.fits(whole)][-1], most


PARTS = st.lists(
    st.one_of(
        st.sampled_from(["rtt.", "in", ".", " ", " x", "x ", "http:", "/", "/x", "_x", "-", "— "]),
        st.builds(
            mark,
            st.sampled_from(["rtt.", "In x", "c", "Fog. In", "", "//a", "http:", "_.", "-x"]),
            prefix=st.sampled_from(["", "", " ", ".", "in", "://"]),
            suffix=st.sampled_from(["", "", " ", ".", "in", ":"]),
            alt=st.sampled_from(["", "Co.", "in"]),
            cut=st.sampled_from(["word", "item", "grapheme"]),
        ),
    ),
    max_size=5,
)


@settings(derandomize=True, deadline=None, max_examples=1_000)
@given(PARTS, st.integers(0, 5), st.randoms(use_true_random=False))
def test_parts_that_are_held_to_keep_apart_do_so(parts: list[str], group: int, chance: random.Random) -> None:
    """Put together quickly a post is the same as with a look at each seam, whatever is shown of its fields."""
    layout = parse("".join([*parts[:group], GROUP_OPEN, *parts[group:], GROUP_CLOSE]))
    for _ in range(5):
        forms = [chance.choice(list(Forms(field, Limit(9, len))) or [NOTHING]) for field in layout.fields]
        shown = [field.rules.dressed(form.text) for field, form in zip(layout.fields, forms, strict=True)]
        assert layout.looked_at().assemble(shown) == layout.assemble(shown)


# -- whatever they are -------------------------------------------------------------------------------------------------

PIECES = [
    *"@＠#＃$.:/-_+& \n\u200c\u200d\ufe0f·a1Zéə日कR",
    *("T@name", "RT", "name", "tag", "TSLA", "rtt", "rtt.", "rtt.c", "om", "co", ".", ".co", ".рф", "рф", "中国"),
    *("xn-", "-p1ai", "http:", "//", "https://", "t.", "co/a", "Ltd.", "In", "a@b.de", "@", "#", "#1", "\u0301"),
]
OUTSIDE = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
FIXED = ["", "", "", "", " ", " — ", "\n", "(", ", ", "in", "."]
PRINTS = [
    "{{ title }}",
    "{{ title|trim }}",
    "{{ summary }}",
    "{{ author|fit(1) }}",
    "{{ summary|fit(2, cut='sentence') }}",
    "{{ summary|fit(3, cut='grapheme', suffix='') }}",
    "{{ summary|fit(3, cut='item') }}",
    "{{ title|replace(' ', '') }}",
    "{{ title|replace('_', ' ') }}",
    "{{ summary|replace('-', ' ')|trim }}",
    "{{ summary|replace('a', '&') }}",
    "{{ author|fit(1, prefix='.', suffix='in') }}",
    "{{ section|upper_first }}",
    "{{ section|lower }}",
    "{{ tags|join('') }}",
    "{{ tags|join('.') }}",
    "{{ (title ~ summary) }}",
    "{{ (author ~ section)|fit(4) }}",
    "{% optional %}{{ section|fit(4) }}{% endoptional %}",
    "{% if author %}{{ author }}{% endif %}",
    "{% for tag in tags %}{{ tag }}{% endfor %}",
]
TEMPLATES = st.lists(st.tuples(st.sampled_from(FIXED), st.sampled_from(PRINTS)), min_size=1, max_size=4)


@settings(derandomize=True, deadline=None, max_examples=1_500)
@given(TEMPLATES, OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE, st.integers(20, 60))
def test_whatever_stands_side_by_side_nothing_is_mentioned_tagged_or_linked(
    parts: list[tuple[str, str]], title: str, summary: str, author: str, section: str, most: int
) -> None:
    template = "".join(f"{fixed}{prints}" for fixed, prints in parts)
    try:
        text = post_of(
            template, most, title=title, summary=summary, author=author, section=section, tags=[title, author]
        )
    except CannotFit:
        text = post_of(template, title=title, summary=summary, author=author, section=section, tags=[title, author])
    assert seen(text) == []
    assert SEAM not in text
    assert unicodedata.is_normalized("NFC", text)


@settings(derandomize=True, deadline=None, max_examples=600)
@given(st.lists(OUTSIDE, max_size=5), st.integers(0, 4))
def test_it_is_the_same_in_one_go_and_in_two(texts: list[str], at: int) -> None:
    inert = [defuse(clean(text)) for text in texts]
    assert joined([*inert[:at], joined(inert[at:])]) == joined(inert)
    assert joined([joined(inert[:at]), *inert[at:]]) == joined(inert)
    assert closed(joined(inert)) == joined(inert)


@pytest.mark.parametrize("piece", [f"a.{SEAM}", f".{SEAM}", SEAM, f"rtt.c{SEAM}om", "a", "://", f"{SEAM}a.b", ".c"])
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    assert grows_in_proportion(lambda text: closed(f"{text}{SEAM}"), piece, 300_000)


# -- what stays when something is taken out of a text ----------------------------------------------------------------

TAKEN_OUT = {
    "a tag and a mention": ("{{ title|replace('_', ' ') }}", "_#Baku x_@name", " |#|Baku x @|name"),
    "a domain": ("{{ title|replace('-', ' ') }}", "evil.com-x", "evil.|com x"),
    "behind RT": ("{{ title|replace('-', ' ') }}", "a-RT@name said", "a RT@|name said"),
    "a symbol": ("{{ title|replace('US', '') }}", "pay US$AZN", "pay $|AZN"),
    "an entity": ("{{ title|replace('&', ' and ') }}", "Q&#Baku", "Q and |#|Baku"),
    "more than once": ("{{ title|replace('_', '')|replace('-', '')|trim }}", "a_#b-@c", "a|#|b@|c"),
    "in a text that was joined": ("{{ (title ~ ' x')|replace('_', ' ') }}", "a_#b", "a |#|b x"),
    "beside the author's own mention": (
        "{{ title|replace('Musk', '@elonmusk')|replace('-', ' ') }}",
        "evil.com-x a-RT@bob Musk",
        "evil.|com x a RT@|bob @elonmusk",
    ),
    "beside the author's own tag": (
        "{{ (title ~ ' #News')|replace('_', ' ')|trim }}",
        "x_#tag _@b",
        "x |#|tag @|b #News",
    ),
    "beside one that was not needed": ("{{ title|default('@desk')|replace('_', ' ') }}", "x_@bob", "x @|bob"),
    "beside a sign alone": ("{{ (title ~ ' $')|replace('-', ' ') }}", "evil.com-x", "evil.|com x $"),
    "at the end": ("{{ ('#sport ' ~ title)|replace('x', '')|trim }}bob", "Ask @ x", "#sport Ask @|bob"),
    "what is allowed stays": ("{{ title|replace('_', ' ') }}", "x_@mayor_@name", "x @mayor @|name"),
}
OWN = {
    "a mention of the template": ("{{ 'Follow @NAME now'|replace('NAME', account.identity) }}", "Follow @desk now"),
    "a mention that it puts in": ("{{ title|replace('Musk', '@elonmusk')|replace('_', ' ') }}", "a @elonmusk"),
    "hashtags": ("{{ tags|hashtag|replace('_', '') }}", "#2027بغداد"),
    "a hashtag that it makes": ("{{ ('#' ~ section)|replace(' ', '') }}", "#CityLife"),
}


@pytest.mark.parametrize(("template", "title", "expected"), TAKEN_OUT.values(), ids=TAKEN_OUT)
def test_a_text_from_outside_stays_inert_without_what_stood_in_it(template: str, title: str, expected: str) -> None:
    text = post_of(template, title=title)
    assert text == expected.replace("|", GAP).strip()
    assert set(seen(text)) <= {"mayor", "elonmusk", "News", "sport"}


@pytest.mark.parametrize(("template", "expected"), OWN.values(), ids=OWN)
def test_what_a_templates_author_made_to_work_works(template: str, expected: str) -> None:
    fields = {"title": "a_Musk", "section": "City Life", "tags": ["2027 بغداد"]}
    assert post_of(template, **fields).split() == expected.split()


# -- what a template's author looks for --------------------------------------------------------------------------------

FOUND = {
    "a domain": ("Storm hits - CNN.com", " - CNN.com", ["Storm hits", ""]),
    "more than once, and the end of one": ("CNN.com: the CNN.com story", "CNN.", ["", "com: the ", "com story"]),
    "a mention": ("By @desk today", "@desk ", ["By ", "today"]),
    "a hashtag, with both of its gaps": ("Now #Baku, #Baku", "#Baku", ["Now ", ", ", ""]),
    "only the sign": ("a #tag $TSLA", "#", ["a ", f"tag ${GAP}TSLA"]),
    "several signs": ("Go @#tag on", "@#tag", ["Go ", " on"]),
    "a link": ("See https://evil.com/x now", "https://evil.com/x", ["See ", " now"]),
    "as it was defused": ("CNN.com", f"CNN.{GAP}com", ["", ""]),
    "what is not there": ("CNN.com", "BBC.com", [f"CNN.{GAP}com"]),
    "nothing": ("CNN.com", "", [f"CNN.{GAP}com"]),
    "signs of patterns": ("What? (a.com)", "? (a.com)", ["What", ""]),
}


@pytest.mark.parametrize(("text", "sought", "expected"), FOUND.values(), ids=FOUND)
def test_what_was_defused_is_found_as_it_was_written(text: str, sought: str, expected: list[str]) -> None:
    assert parted(defuse(text), sought) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    {
        "{{ title|replace(' - CNN.com', '') }}": "Storm hits",
        "{% if source == 'trend.az' %}yes{% else %}no{% endif %}": "yes",
        "{% if source != 'trend.az' %}yes{% else %}no{% endif %}": "no",
        "{% if 'CNN.com' in title %}yes{% endif %}": "yes",
        "{% if '#Baku' in tags %}yes{% endif %}": "yes",
        "{% if section == '#1' %}yes{% endif %}": "yes",
        "{% if source == 'trend.\u200caz' %}yes{% endif %}": "yes",
        "{{ source|length }}": "8",
        "{{ ('Tags: ' ~ tags)|replace('#', '') }}": "Tags: Baku",
        "{{ url|utm(campaign=source) }}": "https://a.az/x?utm_campaign=trend.az",
    }.items(),
)
def test_templates_need_not_know_of_gaps(template: str, expected: str) -> None:
    fields = {
        "title": "Storm hits - CNN.com",
        "source": "trend.az",
        "tags": ["#Baku"],
        "section": "#1",
        "url": "https://a.az/x",
    }
    assert post_of(template, **fields) == expected


@pytest.mark.parametrize("sought", ["#" * 400 + "x", ".a" * 200 + "x", "." * 499 + "x", "#"])
def test_looking_for_much_takes_no_longer(sought: str) -> None:
    for piece in (f"#{GAP}", GAP, f".{GAP}", "a."):
        assert grows_in_proportion(lambda text: parted(f"CNN.{GAP}com {text}", sought), piece, 100_000)
        assert grows_in_proportion(lambda text: parted(f"CNN.{GAP}com {'.' * 1000}", f"{text}x"), piece, 100_000)
