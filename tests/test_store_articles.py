"""Articles are kept once however they arrive, and found as people name them."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.article import Article
from bot.store import articles
from bot.store.database import Database
from bot.store.search import fold
from tests.databases import NOW, keep_article

FULL = Article(
    title="Bərpa: “Xəzər” bərəsi qayıdır",
    url="https://courier.example/ferry?a=1",
    guid="tag:courier.example,2026:1",
    summary="Gecə yarısı.\nİki saat gecikdi.",
    section="City",
    tags=("ferry", "Xəzər"),
    author="Leyla",
    language="az",
    image="https://courier.example/ferry.jpg",
    source="site",
    published=datetime(2026, 5, 31, 22, 30, 0, 7, tzinfo=UTC),
    first_seen=NOW,
    breaking=True,
    evergreen=True,
    priority=-3,
    typed=True,
    short_title="Bərə qayıdır",
)


def test_what_is_kept_comes_back_whole(database: Database) -> None:
    with database.begin() as tx:
        kept, new = articles.keep(tx, FULL, ["url:a", "guid:b"], NOW)
    assert new
    assert kept == replace(FULL, id=kept.id)
    assert all(getattr(FULL, field.name) != field.default for field in fields(Article) if field.name != "id")
    with database.read() as tx:
        assert articles.get(tx, kept.id or 0) == kept


def test_an_article_without_a_date_of_its_own_was_first_seen_now(database: Database) -> None:
    with database.begin() as tx:
        assert articles.keep(tx, Article(title="A"), ["url:a"], NOW)[0].first_seen == NOW


ARRIVALS: dict[str, tuple[list[str], bool]] = {
    "the same again": (["url:1", "guid:1"], True),
    "by its guid alone": (["guid:1"], True),
    "by one old and one new identity": (["url:other", "guid:1"], True),
    "another article": (["url:2", "guid:2"], False),
    "the strongest identity decides": (["url:1", "guid:other"], True),
}


@pytest.mark.parametrize("name", ARRIVALS)
def test_an_article_is_known_by_any_of_its_identities(database: Database, name: str) -> None:
    identities, known = ARRIVALS[name]
    with database.begin() as tx:
        first, _ = articles.keep(tx, Article(title="A"), ["url:1", "guid:1"], NOW)
        articles.keep(tx, Article(title="Other"), ["url:x", "guid:other"], NOW)
    with database.begin() as tx:
        found, new = articles.keep(tx, Article(title="B"), identities, NOW)
    assert (found.id == first.id, new) == (known, not known)


def test_a_new_identity_of_a_known_article_is_noted(database: Database) -> None:
    with database.begin() as tx:
        first, _ = articles.keep(tx, Article(title="A"), ["url:old"], NOW)
        articles.keep(tx, Article(title="A"), ["url:new", "url:old"], NOW)
        assert articles.keep(tx, Article(title="A"), ["url:new"], NOW) == (first, False)


def test_an_identity_of_any_length_is_recognised(database: Database) -> None:
    long = "url:https://courier.example/" + "long" * 5000
    with database.begin() as tx:
        first, _ = articles.keep(tx, Article(title="A"), [long], NOW)
        assert articles.keep(tx, Article(title="A"), [long], NOW) == (first, False)
        assert articles.keep(tx, Article(title="A"), [long + "er"], NOW)[1]


def test_an_article_without_identities_is_always_new(database: Database) -> None:
    with database.begin() as tx:
        assert [articles.keep(tx, Article(title="A"), [], NOW)[1] for _ in range(2)] == [True, True]


def test_two_who_bring_the_same_article_at_once_get_the_same_one(database: Database) -> None:
    """On PostgreSQL the second waits at the index for the first, loses, and finds the first's article."""
    results: list[tuple[Article, bool]] = []
    both_are_here = threading.Barrier(2)

    def bring(order: int) -> None:
        identities = ["url:1", "guid:1", "text:1"][:: 1 if order else -1]
        for _ in range(10):
            both_are_here.wait(20)
            with database.begin() as tx:
                results.append(articles.keep(tx, Article(title="A"), [f"{i}:{_}" for i in identities], NOW))

    pair = [threading.Thread(target=bring, args=[order]) for order in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert len(results) == 20
    assert sum(new for _, new in results) == len({article.id for article, _ in results}) == 10


def test_an_article_is_updated_in_place(database: Database) -> None:
    with database.begin() as tx:
        kept = keep_article(tx, "Ferry returns")
        articles.update(tx, replace(kept, title="Ferry is back", tags=("sea",)))
        assert articles.get(tx, kept.id or 0) == replace(kept, title="Ferry is back", tags=("sea",))
        assert [found.id for found in articles.find(tx, "back")] == [kept.id]
        assert articles.find(tx, "returns") == []


def test_many_are_got_at_once_and_missing_ones_left_out(database: Database) -> None:
    with database.begin() as tx:
        kept = [keep_article(tx, f"Story {number}") for number in range(3)]
        found = articles.get_many(tx, [*(a.id for a in kept if a.id), 99, *range(1000, 2100)])
        assert found == {article.id: article for article in kept}
        with pytest.raises(KeyError):
            articles.get(tx, 99)


TITLES = [
    "İstanbul ferry returns to Bakı",
    "Straße closed: 50% of lanes, under_scores and C:\\paths",
    "日本の列車が遅れた",
    "Ferry tickets dearer",
]
SEARCHES: dict[str, tuple[str, list[int]]] = {
    "an id": ("a2", [2]),
    "an id without its letter": ("3", [3]),
    "an id in capitals is no id": ("A2", []),
    "an id that does not exist and no words": ("a99", []),
    "one word, the newest first": ("ferry", [4, 1]),
    "every word, in any order": ("returns ferry", [1]),
    "not every word": ("ferry closed", []),
    "another case, not in ASCII": ("BAKI istanbul", [1]),
    "with its accents": ("İstanbul Bakı", [1]),
    "a sharp s": ("STRASSE", [2]),
    "part of a word": ("ticket", [4]),
    "words without spaces": ("列車", [3]),
    "a per cent sign is no wildcard": ("50%", [2]),
    "nor by itself": ("f%y", []),
    "nor an underscore": ("under_scores", [2]),
    "nor alone": ("fer_y", []),
    "a backslash": ("c:\\paths", [2]),
    "nothing": ("  ", []),
    "a number too large for a database": ("9" * 40, []),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_an_article_is_found_as_a_person_names_it(database: Database, name: str) -> None:
    words, expected = SEARCHES[name]
    with database.begin() as tx:
        for title in TITLES:
            keep_article(tx, title)
        assert [article.id for article in articles.find(tx, words)] == expected


def test_an_article_is_found_by_its_address_however_it_is_written(database: Database) -> None:
    address = "https://courier.example/ferry"
    with database.begin() as tx:
        kept, _ = articles.keep(tx, Article(title="A", url=address), [f"url:{address}"], NOW)
        odd, _ = articles.keep(tx, Article(title="B", url="https://courier.example/?odd=1"), ["guid:b"], NOW)
        assert articles.find(tx, f" {address} ") == [kept]
        assert articles.find(tx, "https://COURIER.example/ferry#top") == [kept]
        assert articles.find(tx, "https://courier.example/?odd=1") == [odd]
        assert articles.find(tx, "https://courier.example/other") == []


def test_a_search_that_fits_everything_is_cut_short(database: Database) -> None:
    with database.begin() as tx:
        for number in range(articles.MOST_FOUND + 5):
            keep_article(tx, f"Story {number}")
        assert len(articles.find(tx, "story")) == articles.MOST_FOUND


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Two\n spaces ", "two spaces"),
        ("ŞƏHƏR", "səhər"),
        ("ﬁne", "fine"),
        ("Ｆｕｌｌ", "full"),
        ("한국", "한국"),
        ("ガス", "ガス"),
        ("", ""),
    ],
)
def test_text_is_folded_for_finding(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_any_text_can_be_kept(database: Database) -> None:
    wild: dict[str, Any] = {"title": "nul \0 and lone \ud83d", "summary": "\u202e 👨‍👩‍👧 \U000e0041"}
    with database.begin() as tx:
        kept, _ = articles.keep(tx, Article(**wild), ["url:wild \0 \ud83d"], NOW + timedelta(days=20000))
        assert kept.title == "nul \ufffd and lone \ufffd"
        assert kept.summary == wild["summary"]
        assert articles.keep(tx, Article(**wild), ["url:wild \0 \ud83d"], NOW) == (kept, False)
