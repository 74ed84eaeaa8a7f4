"""Text from outside names people, topics and sites, but mentions, tags and links none of them, unless allowed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.templating import Templates
from bot.text.clean import clean, from_html, one_line
from bot.text.outside import defuse, restored
from bot.text.xentities import extract_cashtags, extract_hashtags, extract_mentions
from bot.text.xlength import extract_urls, limit_length
from tests.growth import grows_in_proportion


def seen(text: str) -> list[str]:
    """Everything in a text that X would mention, tag or link."""
    entities = [*extract_mentions(text), *extract_hashtags(text), *extract_cashtags(text)]
    return [entity.text for entity in entities] + [found.url for found in extract_urls(text)]


# The gap is shown as |.
DEFUSED = {
    "a mention": ("Ask @name now", "Ask @|name now"),
    "at the start, and in full width": ("＠name", "＠|name"),
    "behind other letters": ("é@name 日@name", "é@|name 日@|name"),
    "behind RT": ("RT@name rt:@name", "RT@|name rt:@|name"),
    "a list": ("@name/list", "@|name/list"),
    "a hashtag": ("About #tag.", "About |#|tag."),
    "in other scripts": ("#Şuşa ＃東京 #تهران #किताब", "|#|Şuşa |＃|東京 |#|تهران |#|किताब"),
    "behind a letter that X does not know": ("𞤢𞤣#abc", "𞤢𞤣|#|abc"),
    "of a letter that only X takes for one": ("#\uf870", "|#|\uf870"),
    "with a number at the end": ("We are #1", "We are |#|1"),
    "with digits first": ("#2026election", "|#|2026election"),
    "with a gap of its own behind the sign": ("#|tag", "|#|tag"),
    "behind a variation selector": ("\ufe0f#tag", "\ufe0f|#|tag"),
    "a cashtag": ("Buy $TSLA or $brk.b", "Buy $|TSLA or $|brk.b"),
    "a bare domain": ("Booking.com", "Booking.|com"),
    "with labels before and behind": ("www.prizes.co.uk", "www.prizes.|co.|uk"),
    "a file name that is a domain as well": ("README.md and main.py", "README.|md and main.|py"),
    "a sentence close to the next": ("Sept.In", "Sept.|In"),
    "an abbreviation": ("m.in.", "m.|in."),
    "a new top-level domain": ("daily.web, shop.kids", "daily.|web, shop.|kids"),
    "one of another script": ("example.рф example.中国abc", "example.|рф example.|中国abc"),
    "in punycode": ("a.xn--p1ai", "a.|xn--p1ai"),
    "amid Japanese": ("東京example.comです", "東京example.|comです"),
    "a link": ("See https://evil.com/x?y#z", "See https:|//evil.|com/x?y#z"),
    "a link to a host without a dot": ("HTTP://localhost/", "HTTP:|//localhost/"),
    "a domain in the capitals of Azerbaijani": ("APA.İNFO və REPORT.Aİ", "APA.|İNFO və REPORT.|Aİ"),
    "and in what such letters become": ("apa.i\u0307nfo, apa.ınfo", "apa.|i\u0307nfo, apa.|ınfo"),
    "letters that are two in capitals": ("example.ß example.ﬁ, example.uſ", "example.|ß example.|ﬁ, example.|uſ"),
    "a domain before a letter that may or may not become one": ("example.ßİx", "example.|ßİx"),
    "one of another script in capitals": ("a.vermögenſberater", "a.|vermögenſberater"),
    "a mention, a symbol and a link in capitals": ("@ﬁrma $ſa httpſ://x", "@|ﬁrma $|ſa httpſ:|//x"),
    "Facebook's tag": ("@[123:1:Name] @[123]", "@|[123:1:Name] @|[123]"),
    "before an e-mail address": ("john.in.x@example.com", "john.|in.x@example.com"),
    "behind an e-mail address": ("a@b.org/evil.com", "a@b.org/evil.|com"),
    "an address behind a sign": ("@example.com", "@|example.|com"),
}
LEFT = {
    "signs alone": "@ # $ ＠ ＃ a @ b # c $ d.",
    "numbers": "3.5 per cent, $5.62, #1, no. #12, 12.30 h, 1.000.000",
    "abbreviations": "U.S. e.g. z. B. Dr. h. c. Ph.D. a.m. …com",
    "an e-mail address": "press@example.com and first.last@mail.example.co.uk",
    "signs inside words": "C# F# A$AP Ke$ha US$b a#b &#tag AT&T",
    "a keycap": "#️⃣ #️⃣a",
    "names with no such domain": "Node.js, Mr.Smith, bağlıdır.Bu, oldu.Bakıda, x.com-ı",
    "template code": "{{7*7}} {% raw %} ${code}",
    "Persian": "کتاب|فروشی|های",
    "an emoji family": "👩\u200d👩\u200d👧",
}


@pytest.mark.parametrize(("text", "expected"), DEFUSED.values(), ids=DEFUSED)
def test_it_is_defused(text: str, expected: str) -> None:
    text, expected = text.replace("|", "\u200c"), expected.replace("|", "\u200c")
    assert defuse(text) == expected
    assert seen(defuse(text)) == []
    assert restored(defuse(text)) == restored(text)


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_what_is_nothing_to_x_is_left_as_it_is(text: str) -> None:
    text = text.replace("|", "\u200c")
    assert defuse(text) == restored(text) == text
    assert seen(text) == []


def test_a_gap_weighs_one_on_x_and_is_all_that_a_clean_text_gets() -> None:
    text = "@name #tag $TSLA Booking.com"
    assert limit_length(defuse(text)) == len(text) + 5
    assert clean(defuse(text)) == defuse(text)
    assert defuse(text).replace("\u200c", "") == text


@pytest.mark.parametrize("sign", ["@", "＠", "#", "＃", "$"])
@pytest.mark.parametrize("allow", [(), ("@*", "#*", "$*")])
def test_a_sign_at_the_end_makes_nothing_of_the_text_that_is_printed_next(sign: str, allow: tuple[str, ...]) -> None:
    for first in (sign, f"Ask {sign}"):
        assert seen(defuse(first, allow=allow) + defuse("everyone")) == []
        assert defuse(defuse(first)) == defuse(first)
        assert restored(defuse(first)) == first


ALLOWED = {
    "a handle, in any case": ("@Desk @desk2", "@Desk @|desk2", ["@desk"]),
    "a hashtag of a script with cases": ("#ŞUŞA #Şuşada", "#ŞUŞA |#|Şuşada", ["#Şuşa"]),
    "a hashtag with any of the four letters i": ("#İdman #idman #IRS", "#İdman #idman #IRS", ["#IDMAN", "#ırs"]),
    "a cashtag": ("$EUR $EURO", "$EUR $|EURO", ["$eur"]),
    "all of a kind": ("@a #b $C d.com", "@a #b $|C d.|com", ["@*", "#*"]),
    "a domain and those below it": ("www.Domain.az, domain.az.", "www.Domain.az, domain.az.", ["domain.az"]),
    "and not others": ("evildomain.az domain.az.evil.com", "evildomain.|az domain.|az.evil.|com", ["domain.az"]),
    "nor one with an accent before it": ("édomain.az domain.azé", "édomain.|az domain.|azé", ["domain.az"]),
    "amid Japanese": ("東京domain.azは", "東京domain.azは", ["domain.az"]),
    "a link, with all of its path": (
        "https://domain.az/@user/a.com?x=b.com",
        "https://domain.az/@user/a.com?x=b.com",
        ["domain.az"],
    ),
    "and no further": ("domain.az/x evil.com，evil.com", "domain.az/x evil.|com，evil.|com", ["domain.az"]),
    "a link to another": ("https://evil.com/domain.az", "https:|//evil.|com/domain.az", ["domain.az"]),
    "a link that hides another in its name": (
        "https://domain.az@evil.com",
        "https:|//domain.az@evil.com",
        ["domain.az"],
    ),
    "a link that hides another behind its port": (
        "https://domain.az:80@evil.com domain.az:443/a domain.az: yes, domain.az:pass@evil.com",
        "https:|//domain.|az:80@evil.com domain.az:443/a domain.az: yes, domain.|az:pass@evil.com",
        ["domain.az"],
    ),
    "nor one behind which a label of other letters follows": (
        "domain.az.рф https://domain.az.中国/x domain.az.ß domain.az.",
        "domain.|az.|рф https:|//domain.|az.|中国/x domain.|az.|ß domain.az.",
        ["domain.az"],
    ),
    "nor one at the end of labels that are none": (
        "evil.com.-.domain.az evil.com-.domain.az -domain.az",
        "evil.|com.-.domain.|az evil.com-.domain.|az -domain.|az",
        ["domain.az"],
    ),
    "nor one that X reads as another for the plus behind it": (
        "evil.com.domain.az+)80",
        "evil.|com.domain.az+)80",
        ["domain.az"],
    ),
    "a host longer than any": ("a." * 200 + "domain.az", "a." * 200 + "domain.|az", ["domain.az"]),
    "one whose first 254 characters are allowed": (
        "aa." + "a." * 121 + "domain.az.evil.com",
        "aa." + "a." * 121 + "domain.|az.evil.|com",
        ["domain.az"],
    ),
}


@pytest.mark.parametrize(("text", "expected", "allow"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed_stays(text: str, expected: str, allow: list[str]) -> None:
    expected = expected.replace("|", "\u200c")
    assert defuse(text, allow=allow) == expected
    assert defuse(expected, allow=allow) == expected


PIECES = [
    *"@＠#＃$.:/-_+~&!| \n\u200c\u200d\ufe0f\u20e3·a1Zéə日かكक",
    *(
        "RT",
        "rt:",
        "name",
        "#tag",
        "$TSLA",
        "example",
        ".com",
        ".co.uk",
        ".рф",
        ".中国",
        "xn--p1ai",
        "http://",
        "https://",
    ),
    *("t.co/a", "@[1:1:N]", "a@b.de", "😀", "www.", "com", "ex.co", "?q=", "/p(a)", "domain.az", "\u0301", "\u2067"),
]
ANYTHING = st.lists(st.sampled_from(PIECES), max_size=24).map("".join) | st.text(max_size=60)


@settings(derandomize=True, deadline=None, max_examples=1_200)
@given(ANYTHING, ANYTHING)
def test_whatever_comes_in_nothing_is_mentioned_tagged_or_linked(text: str, cut_off: str) -> None:
    text = clean(text + cut_off)
    inert = defuse(text)
    assert seen(inert) == []
    assert defuse(inert) == inert
    assert clean(inert) == inert
    assert unicodedata.is_normalized("NFC", inert)
    assert inert.replace("\u200c", "") == text.replace("\u200c", "")


CASES = ["upper", "lower", "upper|lower", "lower|upper", "upper|lower|upper", "upper_first", "upper_first|lower"]
RECASED = Templates([]).compile("cases", "\n".join(f"{{{{ title|{each} }}}}" for each in CASES))
CHANGING = [*"ßİıiIſǰẖẞﬁﬆsS\u0307.@$.", ".ne", ".com", "info", "httpſ://", "name", "RT", "x@y.az", " ", "ə", "-", "é"]


@settings(derandomize=True, deadline=None, max_examples=1_200)
@given(st.lists(st.sampled_from(CHANGING), max_size=16).map("".join), st.sampled_from(["az", "en"]))
def test_nothing_is_mentioned_tagged_or_linked_in_other_letters(text: str, language: str) -> None:
    values = {"title": defuse(clean(text)), "language": language}
    for changed in "".join(RECASED.generate(values)).split("\n"):
        assert seen(clean(changed)) == [], changed


@settings(derandomize=True, deadline=None, max_examples=600)
@given(ANYTHING)
def test_what_is_not_allowed_is_defused_beside_what_is(text: str) -> None:
    inert = defuse(clean(text), allow=["domain.az", "@name"])
    for entity in seen(inert):
        assert entity.lower() == "name" or "domain.az" in entity.lower()


@pytest.mark.parametrize("allow", [(), ("domain.az", "@a", "#a")])
@pytest.mark.parametrize(
    "piece",
    ["in.", "a.com ", "a.", "#", "#1", "#a", "@a", "a@", "$a", "http://", "domain.az/", "\u200c#", "-", "x" * 999],
)
def test_time_grows_with_the_text_and_no_faster(piece: str, allow: tuple[str, ...]) -> None:
    assert grows_in_proportion(lambda text: defuse(text, allow=allow), piece, 300_000)


# -- markup: decoded once, then only characters ------------------------------------------------------------------------

MARKUP = {
    "a tag": ("<b>bold</b> and <i>more</i>", "bold and more"),
    "entities, once": ("R&amp;D &lt;b&gt; &amp;lt;script&amp;gt; &amp;amp;", "R&D <b> &lt;script&gt; &amp;"),
    "a script in entities is text": ("&lt;script&gt;x()&lt;/script&gt;", "<script>x()</script>"),
    "a script is not": ("<script>x('</b>')</script>Text", "Text"),
    "a mention in entities": ("&#64;name &num;tag", "@name #tag"),
    "template code": ("{{7*7}} &#123;&#123;x&#125;&#125;", "{{7*7}} {{x}}"),
    "an override in entities": ("a&#x202E;b&#8203;c&zwnj;d", "abc\u200cd"),
}


@pytest.mark.parametrize(("markup", "expected"), MARKUP.values(), ids=MARKUP)
def test_markup_is_decoded_once(markup: str, expected: str) -> None:
    assert from_html(markup) == expected
    assert one_line(expected) == expected
    assert seen(defuse(from_html(markup))) == []
