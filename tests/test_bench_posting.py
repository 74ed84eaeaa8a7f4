"""The bench of posting: it posts everything once through real libraries, and notices where that is not so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from bench import page
from bench.posting.databases import SQLiteFiles
from bench.posting.homes import Newsroom
from bench.posting.races import Ground, Race, Results, Run, WentWrong, ground_of, server
from bench.posting.report import line_of, section
from bench.posting.rows import POSTGRESQL, PYFACEBOOK, SQLITE, TWEEPY, as_fast, at_the_same_second, races

RACE = Race(
    title="a small one",
    newsroom=Newsroom(platform="x", accounts=6, composed=True, slot="12:00"),
    threads=2,
    contenders=[TWEEPY, SQLITE],
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    files = SQLiteFiles(tmp_path_factory.mktemp("databases"))
    with ground_of(RACE, {"sqlite": files}, RACE.contenders) as made:
        yield made


def test_nightdesk_posts_all_through_its_real_way_and_the_bare_library_the_same_texts(ground: Ground) -> None:
    ours = ground.run(SQLITE)
    composed = ground.bodies()
    bare = ground.run(TWEEPY)
    assert ground.bodies() == composed
    assert len(composed) == RACE.newsroom.size
    assert ours.durability.startswith("journal_mode=")
    assert ours.durability.endswith("synchronous=FULL")
    assert min(ours.seconds, ours.cpu, ours.loading, bare.seconds, bare.cpu) > 0
    assert 10 < bare.megabytes < ours.megabytes


def test_a_post_sent_twice_or_never_is_noticed(ground: Ground) -> None:
    ground.forget()
    with pytest.raises(WentWrong, match=r"of 6 .*: \[0, 0\]"):
        ground.check(TWEEPY, "")
    for _ in range(RACE.newsroom.size):
        post(ground.server, "/2/tweets", b'{"text": "the same"}')
    with pytest.raises(WentWrong, match=r"\[6, 1\]"):
        ground.check(TWEEPY, "")


def test_what_was_sent_but_not_written_down_is_noticed(ground: Ground) -> None:
    ground.run(TWEEPY)
    with ground.filled(SQLITE) as url, pytest.raises(WentWrong, match=r"\[6, 6, 0, 0, 0, 0\]"):
        ground.check(SQLITE, url)


def test_facebook_takes_part_too_with_texts_typed_by_hand(tmp_path: Path) -> None:
    race = Race(
        title="facebook",
        newsroom=Newsroom(platform="facebook", accounts=2, each=2),
        threads=2,
        contenders=[PYFACEBOOK, SQLITE],
    )
    with ground_of(race, {"sqlite": SQLiteFiles(tmp_path)}, race.contenders) as ground:
        for contender in race.contenders:
            ground.run(contender)


def test_the_server_answers_late_when_told_to() -> None:
    with server(0.2) as address:
        start = time.monotonic()
        post(address, "/v25.0/1000/feed", b"message=Ferry")
        assert time.monotonic() - start >= 0.2


def test_a_ratio_is_that_of_the_middle_round() -> None:
    results = results_of({SQLITE.name: [2.0, 40.0, 4.0], TWEEPY.name: [1.0, 36.0, 3.0]})
    [line, missing] = as_fast(TWEEPY, {SQLITE: 0.76, POSTGRESQL: 0.6})(results)
    assert (line.ratio, line.met) == ("0.75 × as fast (by CPU 0.75 ×)", False)
    assert line_of(line).startswith("MISSED")
    assert missing.met is None
    assert line_of(missing).startswith("SKIPPED")
    assert "| 0.75 × as fast (by CPU 0.75 ×) | ≥ 0.76 × |" in section([(results, [line])])


def test_memory_and_time_of_ten_thousand_accounts_are_held_to_their_limits() -> None:
    results = results_of({SQLITE.name: [17.1, 17.1, 17.1], TWEEPY.name: [10.0, 10.0, 10.0]}, megabytes=201, loading=3.1)
    assert [line.met for line in at_the_same_second(results)] == [False, False, False]
    results = results_of({SQLITE.name: [16.9, 16.9, 16.9], TWEEPY.name: [10.0, 10.0, 10.0]}, megabytes=199, loading=2.9)
    assert [line.met for line in at_the_same_second(results)] == [True, True, True]


def test_the_races_are_those_of_the_promise() -> None:
    made = [race for race, _ in races(1.0)]
    sizes = [(race.newsroom.size, race.newsroom.accounts, race.threads, race.latency) for race in made]
    assert sizes == [
        (5000, 1000, 32, 0.0),
        (5000, 1000, 32, 0.0),
        (10_000, 10_000, 256, 0.3),
        (2000, 2000, 32, 0.3),
        (2000, 2000, 64, 0.3),
    ]


def test_a_part_that_is_measured_again_leaves_the_others_of_the_page_alone(tmp_path: Path) -> None:
    kept = tmp_path / "benchmarks.md"
    page.keep({"Text": "old text\n", "Posting": "old posting"}, kept)
    page.keep({"Posting": "new posting\n"}, kept)
    assert kept.read_text("utf-8") == f"{page.INTRODUCTION}\n## Text\n\nold text\n\n## Posting\n\nnew posting\n"


def results_of(seconds: dict[str, list[float]], megabytes: float = 100, loading: float = 1.0) -> Results:
    runs = {
        name: [Run(seconds=each, cpu=each, megabytes=megabytes, loading=loading) for each in of_it]
        for name, of_it in seconds.items()
    }
    return Results(RACE, runs)


def post(address: str, path: str, body: bytes) -> None:
    with urlopen(Request(address + path, data=body)) as answer:
        assert answer.status in (200, 201)
