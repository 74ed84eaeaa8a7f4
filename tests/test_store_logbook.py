"""The log has one row for every attempt, every delivery that ended without one, and every stretch of missed slots."""

from __future__ import annotations

from typing import Any

import pytest

from bot.delivery import Outcome, Result, State
from bot.store import attempts, deliveries, lanes, logbook, slots
from bot.store.database import Database, Transaction
from bot.store.logbook import MISSED, Cursor, Filter, LogRow
from tests.databases import MINUTE, NOW, queue, start

ACCEPTED = Result(outcome=Outcome.ACCEPTED, platform_id="17", post_url="https://x.com/courier/status/17")
REFUSED = Result(outcome=Outcome.REFUSED, error="too long")


def send(tx: Transaction, minute: int, result: Result | None, state: State, **options: Any) -> int:
    """A delivery with one attempt at that minute; returns the delivery."""
    told = {name: options.pop(name) for name in ("text", "link", "slot", "due_at") if name in options}
    delivery = queue(tx, **options)
    moment = NOW + minute * MINUTE
    attempt = start(tx, delivery, now=moment, **told)
    if result:
        attempts.finish(tx, attempt.id, result=result, now=moment + MINUTE)
        become(tx, delivery.id, state, minute + 1)
        lanes.release(tx, delivery.account, fence=attempt.fence)
    return delivery.id


def become(tx: Transaction, delivery: int, state: State, minute: int) -> None:
    told: dict[str, Any] = {"reason": f"now {state}", "actor": "test", "now": NOW + minute * MINUTE}
    assert deliveries.change(tx, delivery, when=set(State), to=state, **told)


def miss(tx: Transaction, minute: int, account: str = "x-main", live: bool = False) -> None:
    last = NOW + minute * MINUTE
    told: dict[str, Any] = {"count": 3, "reason": f"down {minute}", "live": live, "now": last}
    slots.missed(tx, account, first=last - 5 * MINUTE, last=last, **told)


def test_an_attempt_is_told_with_all_that_is_known_of_it(database: Database) -> None:
    slot = NOW + 9 * MINUTE
    with database.begin() as tx:
        delivery = send(tx, 10, ACCEPTED, State.PUBLISHED, live=True, slot="08:09", due_at=slot, link="https://c.ex/1")
        [row] = logbook.rows(tx, Filter())
        attempt = attempts.of(tx, delivery)[0]
        made = deliveries.get(tx, delivery)
    assert made is not None
    assert row == LogRow(
        cursor=(NOW + 10 * MINUTE, 0, attempt.id),
        at=NOW + 10 * MINUTE,
        account="x-main",
        live=True,
        state="published",
        reason="now published",
        delivery=delivery,
        attempt=attempt.id,
        article=made.article,
        title="Ferry returns",
        outcome=Outcome.ACCEPTED,
        due_at=slot,
        started_at=NOW + 10 * MINUTE,
        finished_at=NOW + 11 * MINUTE,
        text="Ferry returns",
        link="https://c.ex/1",
        post_url="https://x.com/courier/status/17",
        platform_id="17",
        cost=0.2,
        error=None,
    )


def test_what_is_not_known_is_none_and_a_pin_is_when_it_was_due(database: Database) -> None:
    with database.begin() as tx:
        send(tx, 0, None, State.SENDING, link="", pinned=NOW - MINUTE, slot="s", due_at=NOW)
        [row] = logbook.rows(tx, Filter())
    assert (row.state, row.outcome, row.finished_at) == ("sending", None, None)
    assert (row.link, row.post_url, row.platform_id, row.error) == (None, None, None, None)
    assert row.due_at == NOW - MINUTE


def test_a_delivery_that_ended_without_an_attempt_has_one_row(database: Database) -> None:
    with database.begin() as tx:
        delivery = queue(tx, pinned=NOW + MINUTE)
        become(tx, delivery.id, State.SKIPPED, 40)
        [row] = logbook.rows(tx, Filter())
    assert row == LogRow(
        cursor=(NOW + 40 * MINUTE, 1, delivery.id),
        at=NOW + 40 * MINUTE,
        account="x-main",
        live=False,
        state="skipped",
        reason="now skipped",
        delivery=delivery.id,
        article=delivery.article,
        title="Ferry returns",
        due_at=NOW + MINUTE,
    )


@pytest.mark.parametrize("state", State)
def test_what_still_waits_is_not_in_the_log(database: Database, state: State) -> None:
    ended = state not in (State.HELD, State.QUEUED, State.SENDING)
    with database.begin() as tx:
        queue(tx, state=state)
        assert [row.state for row in logbook.rows(tx, Filter())] == ([state] if ended else [])


def test_a_stretch_of_missed_slots_has_one_row(database: Database) -> None:
    with database.begin() as tx:
        miss(tx, 30, live=True)
        [row] = logbook.rows(tx, Filter())
    assert row == LogRow(
        cursor=(NOW + 30 * MINUTE, 2, row.cursor[2]),
        at=NOW + 30 * MINUTE,
        account="x-main",
        live=True,
        state=MISSED,
        reason="down 30",
        due_at=NOW + 25 * MINUTE,
        due_last=NOW + 30 * MINUTE,
        count=3,
    )


def small_world(tx: Transaction) -> None:
    """Rows of all kinds, in and out of order, some at the same moment; named by their titles or the minute missed."""
    send(tx, 10, REFUSED, State.FAILED, title="b", text="Bakı gecə")
    twice = send(tx, 20, REFUSED, State.QUEUED, title="c Straße")
    delivery = deliveries.get(tx, twice)
    assert delivery is not None
    attempts.finish(tx, start(tx, delivery, now=NOW + 50 * MINUTE).id, result=ACCEPTED, now=NOW + 51 * MINUTE)
    become(tx, twice, State.PUBLISHED, 51)
    miss(tx, 20)
    become(tx, queue(tx, title="a").id, State.SKIPPED, 5)
    become(tx, queue(tx, "fb-page", title="d").id, State.FAILED, 20)
    miss(tx, 30, "fb-page")
    send(tx, 20, ACCEPTED, State.PUBLISHED, title="e", account="fb-page", link="https://news.example/ferry")
    queue(tx, title="waits")


def told(rows: list[LogRow]) -> list[str]:
    return [row.title[0] if row.title else f"missed {row.account}" for row in rows]


IN_ORDER = ["a", "b", "c", "e", "d", "missed x-main", "missed fb-page", "c"]
QUESTIONS: dict[str, tuple[Filter, list[str]]] = {
    "everything": (Filter(), IN_ORDER),
    "one account": (Filter(account="fb-page"), ["e", "d", "missed fb-page"]),
    "published, by the state of now": (Filter(state="published"), ["c", "e", "c"]),
    "failed, tried or not": (Filter(state="failed"), ["b", "d"]),
    "missed": (Filter(state=MISSED), ["missed x-main", "missed fb-page"]),
    "a state nothing is in": (Filter(state="held"), []),
    "since": (Filter(since=NOW + 21 * MINUTE), ["missed fb-page", "c"]),
    "since the very moment": (Filter(since=NOW + 50 * MINUTE), ["c"]),
    "words of a title": (Filter(search="STRASSE"), ["c", "c"]),
    "words of a text": (Filter(search="gece? baki"), []),
    "words of a text, folded": (Filter(search="BAKI gecə"), ["b"]),
    "words of a link": (Filter(search="news.example/ferry"), ["e"]),
    "words of title and text together": (Filter(search="straße returns"), ["c", "c"]),
    "all together": (Filter(account="x-main", state="published", since=NOW + 30 * MINUTE, search="c"), ["c"]),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_log_answers(database: Database, name: str) -> None:
    wanted, expected = QUESTIONS[name]
    with database.begin() as tx:
        small_world(tx)
        assert told(logbook.rows(tx, wanted)) == expected
        assert told(logbook.rows(tx, wanted, newest_first=True)) == expected[::-1]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_pages_of_any_size_miss_and_repeat_nothing(database: Database, limit: int, newest_first: bool) -> None:
    found: list[LogRow] = []
    after: Cursor | None = None
    with database.begin() as tx:
        small_world(tx)
        while True:
            page = logbook.rows(tx, Filter(), after=after, limit=limit, newest_first=newest_first)
            assert len(page) <= limit
            found += page
            if len(page) < limit:
                break
            after = page[-1].cursor
    assert told(found) == (IN_ORDER[::-1] if newest_first else IN_ORDER)


@pytest.mark.parametrize("page", [1, 3, 500])
def test_the_whole_log_is_read_without_a_transaction_left_open(database: Database, page: int) -> None:
    """A reader that stops in the middle must not stand in a writer's way."""
    with database.begin() as tx:
        small_world(tx)
    rows = logbook.read(database, Filter(), page=page)
    first = next(rows)
    with database.begin() as tx:
        send(tx, 100, ACCEPTED, State.PUBLISHED, title="f", account="other")
    seen = told([first, *rows])
    assert seen[: len(IN_ORDER)] == IN_ORDER
    assert seen[len(IN_ORDER) :] == ([] if page == 500 else ["f"])


def test_reading_on_after_a_row_gives_what_came_since(database: Database) -> None:
    with database.begin() as tx:
        small_world(tx)
    everything = list(logbook.read(database, Filter()))
    assert told(list(logbook.read(database, Filter(), after=everything[4].cursor))) == IN_ORDER[5:]
    assert list(logbook.read(database, Filter(), after=everything[-1].cursor)) == []
