"""Which posts on a timeline are ours, which only look like it, and which have nothing to do with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching import REPETITION, Kind, Match, SeenPost, Sent, Window, match

STARTED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINK = "https://news.example/a?id=1"
TEXT = f"Bakı: yeni körpü açıldı — “tarixi gün” {LINK}"


def seen(text: str = TEXT, *links: str, id: str = "p1", after: timedelta = timedelta(seconds=2)) -> SeenPost:
    return SeenPost(id=id, text=text, links=links or (LINK,), created=STARTED + after)


def sent(text: str = TEXT, link: str = "", started: datetime = STARTED, **told: Any) -> Sent:
    return Sent(text=text, link=link, windows=(Window.of(started),), **told)


OURS: dict[str, dict[str, Any]] = {
    "as it was sent": {"post": seen()},
    "white space folded by the platform": {"post": seen(TEXT.replace(" — ", "\n\n— "))},
    "its letters decomposed": {"post": seen(TEXT.replace("ö", "o\u0308"))},
    "a host in capitals and a default port": {"post": seen(TEXT, "https://NEWS.example:443/a?id=1")},
    "the platform's clock a minute behind": {"post": seen(after=timedelta(minutes=-1))},
    "committed late": {"post": seen(after=timedelta(minutes=10))},
    "no link at all": {"text": "Just words", "post": SeenPost(id="p1", text="Just words", created=STARTED)},
    "the link beside the text": {"text": "Bridge open", "link": LINK, "post": seen("Bridge open", LINK)},
    "a site without a path": {
        "text": "Hi https://a.example",
        "post": seen("Hi https://a.example", "https://a.example/"),
    },
    "a bare domain that the platform made a link": {
        "text": "Read news.example today",
        "post": seen("Read news.example today", "http://news.example/"),
    },
    "the character dropped that keeps signs from tagging": {
        "text": "Ask @\u200csomeone about booking.\u200ccom",
        "post": seen("Ask @someone about booking.com", "http://booking.com/"),
    },
    "a full stop after the link": {"text": f"See {LINK}.", "post": seen(f"See {LINK}.", LINK)},
    "an address that is not one": {"text": "See http://[::1", "post": seen("See http://[::1", "http://[::1")},
}

LOOKALIKES: dict[str, dict[str, Any]] = {
    "a person posted the same link in other words": {"post": seen(f"Look at this! {LINK}")},
    "the same link in brackets": {"text": f"A bridge ({LINK}).", "post": seen(f"Look at this! {LINK}")},
    "the same headline from another item": {"post": seen(TEXT.replace("id=1", "id=2"), "https://news.example/a?id=2")},
    "the same first line over another text": {
        "text": f"Bridge opens\nThe mayor came. {LINK}",
        "post": seen("Bridge opens\nNobody came. https://b.example/", "https://b.example/"),
    },
    "other punctuation": {"post": seen("BAKI: yeni körpü açıldı; tarixi gün https://b.example/", "https://b.example/")},
    "the same post hours later, perhaps by hand": {"post": seen(after=timedelta(hours=3))},
    "the words without the link": {
        "text": "Bridge open",
        "link": LINK,
        "post": SeenPost(id="p1", text="Bridge open", created=STARTED),
    },
    "by another application": {"post": replace(seen(), foreign=True)},
    "the link alone, and so are we": {"text": LINK, "post": seen(LINK)},
    "the words with one link more": {"post": seen(TEXT, LINK, "https://ads.example/")},
}

OTHERS: dict[str, dict[str, Any]] = {
    "another article": {"post": seen("Quake in the north https://news.example/b", "https://news.example/b")},
    "the same text yesterday": {"post": seen(after=timedelta(days=-1))},
    "claimed by another delivery": {"post": seen(), "claimed": {"p1"}},
    "a link without words, and so are we": {"text": LINK, "post": seen("https://b.example/", "https://b.example/")},
    "other emoji": {"text": "🎉🎉", "post": SeenPost(id="p1", text="🔥", created=STARTED)},
}


def compare(case: dict[str, Any]) -> Match:
    text, link, claimed = case.get("text", TEXT), case.get("link", ""), case.get("claimed", ())
    return match(sent(text, link), [case["post"]], claimed)


@pytest.mark.parametrize("case", OURS.values(), ids=OURS)
def test_a_post_is_ours(case: dict[str, Any]) -> None:
    assert compare(case) == Match(Kind.FOUND, ("p1",))


@pytest.mark.parametrize("case", LOOKALIKES.values(), ids=LOOKALIKES)
def test_a_lookalike_is_left_to_a_person(case: dict[str, Any]) -> None:
    assert compare(case) == Match(Kind.AMBIGUOUS, ("p1",))


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS)
def test_a_post_is_not_ours(case: dict[str, Any]) -> None:
    assert compare(case) == Match(Kind.NONE)


def test_ours_is_found_among_lookalikes() -> None:
    timeline = [seen(f"Look! {LINK}", id="p3"), seen(id="p2"), seen("Quake", "https://b.example/", id="p1")]
    assert match(sent(), timeline, ()) == Match(Kind.FOUND, ("p2",))


def test_twins_are_left_to_a_person_unless_one_is_claimed() -> None:
    twins = [seen(id="p2"), seen(id="p1")]
    assert match(sent(), twins, ()) == Match(Kind.AMBIGUOUS, ("p2", "p1"))
    assert match(sent(), twins, {"p1"}) == Match(Kind.FOUND, ("p2",))


def test_an_empty_timeline_has_nothing() -> None:
    assert match(sent(), [], ()) == Match(Kind.NONE)


def test_a_post_that_another_unclear_attempt_may_have_made_is_left_to_a_person() -> None:
    rival = sent(started=STARTED + timedelta(minutes=1))
    assert match(sent(), [seen(after=timedelta(minutes=1))], (), [rival]) == Match(Kind.AMBIGUOUS, ("p1",))
    later = sent(started=STARTED + timedelta(minutes=30))
    assert match(sent(), [seen()], (), [later]) == Match(Kind.FOUND, ("p1",))
    other = sent("Other words", started=STARTED)
    assert match(sent(), [seen()], (), [other]) == Match(Kind.FOUND, ("p1",))


def test_each_call_that_may_have_been_taken_has_its_own_window() -> None:
    twice = Sent(text=TEXT, windows=(Window.of(STARTED), Window.of(STARTED + timedelta(hours=5))))
    assert match(twice, [seen()], ()) == Match(Kind.FOUND, ("p1",))
    assert match(twice, [seen(after=timedelta(hours=5))], ()) == Match(Kind.FOUND, ("p1",))
    assert match(twice, [seen(after=timedelta(hours=3))], ()) == Match(Kind.AMBIGUOUS, ("p1",))


REPEATED = Sent(text=TEXT, windows=(Window.of(STARTED, refused=True),), repeats=True)


@pytest.mark.parametrize(
    ("after", "claimed", "kind"),
    [
        (timedelta(seconds=2), set(), Kind.FOUND),  # taken once, and seen twice by the platform
        (timedelta(minutes=-1), set(), Kind.AMBIGUOUS),  # that is what it repeats, whoever posted it
        (timedelta(hours=-3), set(), Kind.AMBIGUOUS),
        (timedelta(hours=-3), {"p1"}, Kind.AMBIGUOUS),
        (timedelta(seconds=2), {"p1"}, Kind.AMBIGUOUS),
    ],
)
def test_what_a_refused_repetition_repeats_is_never_taken_for_it(
    after: timedelta, claimed: set[str], kind: Kind
) -> None:
    assert match(REPEATED, [seen(after=after)], claimed).kind is kind
    assert match(REPEATED, [seen("Quake", "https://b.example/", after=after)], claimed) == Match(Kind.NONE)


def test_a_refused_repetition_asks_for_the_day_before() -> None:
    assert sent().since == STARTED - timedelta(minutes=2)
    assert REPEATED.since == STARTED - timedelta(seconds=5) - REPETITION


@given(st.text(), st.sampled_from(["", LINK, "http://[", "https://a.example/ü?x#y"]))
def test_every_post_with_words_is_found_again_in_its_own_echo(text: str, link: str) -> None:
    echo = SeenPost(id="p1", text=text, links=(link,) if link else (), created=STARTED)
    found = match(sent(text, link), [echo], ())
    words = "".join(text.split()).replace("\u200c", "")
    expected = {Kind.FOUND} if words and "http" not in text.lower() else {Kind.FOUND, Kind.AMBIGUOUS}
    assert found.kind in expected
    assert found.ids == ("p1",)
