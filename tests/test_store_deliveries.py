"""Deliveries: queued once, changed only from the state they are in, each change with its row of history."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.delivery import OPEN_STATES, Delivery, State
from bot.store import deliveries, history
from bot.store.database import Database, Transaction
from bot.store.history import Change
from bot.timetable.lineup import Candidate, order
from tests.databases import MINUTE, NOW, keep_article, queue


def test_an_article_is_queued_once_for_an_account_stamp_and_round(database: Database) -> None:
    with database.begin() as tx:
        article = keep_article(tx).id
        assert article is not None
        told: dict[str, Any] = {"article": article, "account": "x-main", "live": False, "actor": "leyla", "now": NOW}
        first, new = deliveries.create(
            tx, **told, priority=3, pinned=NOW + MINUTE, text="By hand", state=State.HELD, reason="look at it first"
        )
        assert new
        assert first == Delivery(
            id=first.id,
            article=article,
            account="x-main",
            live=False,
            round=1,
            state=State.HELD,
            reason="look at it first",
            position=1.0,
            priority=3,
            pinned=NOW + MINUTE,
            created=NOW,
            text="By hand",
        )
        assert deliveries.create(tx, **told) == (first, False)
        assert [deliveries.create(tx, **{**told, **other})[1] for other in ({"live": True}, {"round": 2})] == [True] * 2
        assert [len(history.of(tx, d.id)) for d in deliveries.of_article(tx, article)] == [1, 1, 1]
        assert history.of(tx, first.id) == [
            Change(
                delivery=first.id,
                at=NOW,
                from_state=None,
                to_state=State.HELD,
                reason="look at it first",
                actor="leyla",
            )
        ]
        assert deliveries.get(tx, first.id) == first
        assert deliveries.get(tx, 99) is None


def test_of_two_who_queue_the_same_at_once_one_makes_it_and_both_get_it(database: Database) -> None:
    with database.begin() as tx:
        article = keep_article(tx).id
        assert article is not None
    results: list[tuple[Delivery, bool]] = []
    both_are_here = threading.Barrier(2)

    def create() -> None:
        for round in range(1, 11):
            both_are_here.wait(20)
            with database.begin() as tx:
                told: dict[str, Any] = {"account": "x-main", "live": False, "round": round, "actor": "t", "now": NOW}
                results.append(deliveries.create(tx, article=article, **told))

    pair = [threading.Thread(target=create) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert sum(new for _, new in results) == len({delivery.id for delivery, _ in results}) == 10
    assert len(results) == 20


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("allowed", [(State.QUEUED,), (State.HELD, State.UNCONFIRMED), ()], ids=str)
def test_a_change_happens_only_from_the_states_it_is_meant_for(
    database: Database, state: State, allowed: set[State]
) -> None:
    with database.begin() as tx:
        delivery = queue(tx, state=state)
        done = deliveries.change(
            tx, delivery.id, when=allowed, to=State.SKIPPED, reason="stale", actor="me", now=NOW + MINUTE, note="n"
        )
        after = deliveries.get(tx, delivery.id)
        assert after is not None
        assert done == (state in allowed)
        if not done:
            assert after == delivery
            assert len(history.of(tx, delivery.id)) == 1
            return
        assert (after.state, after.reason) == (State.SKIPPED, "stale")
        assert history.of(tx, delivery.id)[1] == Change(
            delivery=delivery.id,
            at=NOW + MINUTE,
            from_state=state,
            to_state=State.SKIPPED,
            reason="stale",
            actor="me",
            note="n",
        )


def test_of_two_who_change_it_at_once_one_does(database: Database) -> None:
    with database.begin() as tx:
        numbers = [queue(tx).id for _ in range(10)]
    done: list[bool] = []
    both_are_here = threading.Barrier(2)

    def skip(actor: str) -> None:
        for number in numbers:
            both_are_here.wait(20)
            with database.begin() as tx:
                change = {"to": State.SKIPPED, "reason": "cancelled", "actor": actor, "now": NOW}
                done.append(deliveries.change(tx, number, when={State.QUEUED}, **change))  # type: ignore[arg-type]

    pair = [threading.Thread(target=skip, args=[name]) for name in ("one", "other")]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert sum(done) == 10
    assert len(done) == 20
    with database.read() as tx:
        assert [len(history.of(tx, number)) for number in numbers] == [2] * 10


def test_the_queue_is_in_order_of_breaking_priority_and_position(database: Database) -> None:
    with database.begin() as tx:
        plain = queue(tx, fields={"section": "City", "published": NOW - MINUTE})
        urgent = queue(tx, priority=5, pinned=NOW + MINUTE)
        breaking = queue(tx, fields={"breaking": True, "evergreen": True})
        queue(tx, live=True)
        queue(tx, "fb-page")
        for state in set(State) - {State.QUEUED}:
            queue(tx, state=state)
        found = deliveries.waiting(tx, "x-main", False)
        assert found == [
            Candidate(delivery=breaking.id, article=breaking.article, breaking=True, position=3.0, dated=NOW),
            Candidate(
                delivery=urgent.id,
                article=urgent.article,
                priority=5,
                position=2.0,
                pinned=NOW + MINUTE,
                dated=NOW,
            ),
            Candidate(delivery=plain.id, article=plain.article, position=1.0, dated=NOW - MINUTE, section="City"),
        ]
        assert found == sorted(found, key=order)
        assert len(deliveries.waiting(tx, "x-main", True)) == 1


@pytest.mark.parametrize(
    ("evergreen", "round", "exempt"), [(True, 1, False), (True, 2, True), (False, 1, False), (False, 2, False)]
)
def test_only_a_repeat_of_an_evergreen_article_never_grows_old(
    database: Database, evergreen: bool, round: int, exempt: bool
) -> None:
    with database.begin() as tx:
        queue(tx, round=round, fields={"evergreen": evergreen})
        assert deliveries.waiting(tx, "x-main", False)[0].exempt_from_age is exempt


# -- the order of the queue ---------------------------------------------------------------------------------------


def line(tx: Transaction, names: str) -> dict[str, int]:
    return {name: queue(tx, title=name).id for name in names}


def in_order(tx: Transaction, numbers: dict[str, int]) -> str:
    names = {number: name for name, number in numbers.items()}
    return "".join(names[c.delivery] for c in deliveries.waiting(tx, "x-main", False))


MOVES: dict[str, tuple[str, dict[str, Any], str]] = {
    "before another": ("d", {"before": "b"}, "adbce"),
    "before the first": ("d", {"before": "a"}, "dabce"),
    "after another": ("a", {"after": "c"}, "bcade"),
    "after the last": ("a", {"after": "e"}, "bcdea"),
    "to the top": ("c", {"to_top": True}, "cabde"),
    "to the bottom": ("c", {}, "abdec"),
    "where it is": ("b", {"after": "a"}, "abcde"),
    "the first to the top": ("a", {"to_top": True}, "abcde"),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_delivery_is_moved_within_its_queue(database: Database, name: str) -> None:
    what, where, expected = MOVES[name]
    with database.begin() as tx:
        numbers = line(tx, "abcde")
        place = {key: numbers[value] if isinstance(value, str) else value for key, value in where.items()}
        assert deliveries.move(tx, numbers[what], **place, actor="leyla", now=NOW)
        assert in_order(tx, numbers) == expected
        change = history.of(tx, numbers[what])[-1]
        assert (change.from_state, change.to_state, change.actor) == (State.QUEUED, State.QUEUED, "leyla")


def test_a_new_delivery_goes_behind_one_that_was_moved_to_the_bottom(database: Database) -> None:
    with database.begin() as tx:
        numbers = line(tx, "abc")
        for name in "aba":
            deliveries.move(tx, numbers[name], actor="leyla", now=NOW)
        numbers |= line(tx, "d")
        assert in_order(tx, numbers) == "cbad"


def test_moving_between_the_same_two_for_ever_never_runs_out_of_places(database: Database) -> None:
    with database.begin() as tx:
        numbers = line(tx, "abc")
        for number in range(60):
            what, other = ("c", "b") if number % 2 == 0 else ("b", "c")
            assert deliveries.move(tx, numbers[what], before=numbers[other], actor="leyla", now=NOW)
            assert in_order(tx, numbers) == f"a{what}{other}"


def test_what_does_not_wait_in_that_queue_is_not_moved(database: Database) -> None:
    with database.begin() as tx:
        here, elsewhere, live = queue(tx).id, queue(tx, "fb-page").id, queue(tx, live=True).id
        ended = queue(tx, state=State.PUBLISHED).id
        told: dict[str, Any] = {"actor": "leyla", "now": NOW}
        assert not deliveries.move(tx, here, before=elsewhere, **told)
        assert not deliveries.move(tx, here, after=live, **told)
        assert not deliveries.move(tx, here, after=ended, **told)
        assert not deliveries.move(tx, here, after=here, **told)
        assert not deliveries.move(tx, ended, to_top=True, **told)
        assert not deliveries.move(tx, 99, to_top=True, **told)
        assert len(history.of(tx, here)) == 1


def test_a_held_delivery_keeps_its_place_in_the_line(database: Database) -> None:
    with database.begin() as tx:
        numbers = line(tx, "abc")
        told: dict[str, Any] = {"reason": "r", "actor": "leyla", "now": NOW}
        deliveries.change(tx, numbers["b"], when={State.QUEUED}, to=State.HELD, **told)
        assert deliveries.move(tx, numbers["c"], before=numbers["b"], actor="leyla", now=NOW)
        deliveries.change(tx, numbers["b"], when={State.HELD}, to=State.QUEUED, **told)
        assert in_order(tx, numbers) == "acb"


# -- other changes ------------------------------------------------------------------------------------------------


def test_a_pin_is_set_and_taken_away(database: Database) -> None:
    def pinned(tx: Transaction) -> datetime | None:
        found = deliveries.get(tx, number)
        assert found is not None
        return found.pinned

    with database.begin() as tx:
        number = queue(tx).id
        assert deliveries.pin(tx, number, NOW + MINUTE, actor="leyla", now=NOW)
        assert pinned(tx) == NOW + MINUTE
        assert deliveries.pin(tx, number, None, actor="leyla", now=NOW)
        assert pinned(tx) is None
        assert not deliveries.pin(tx, 99, None, actor="leyla", now=NOW)
        reasons = [change.reason for change in history.of(tx, number)]
        assert reasons == ["", "pinned to 2026-06-01T06:01:00+00:00", "no longer pinned"]


def test_a_stamp_is_changed_and_becomes_the_next_round_where_one_is_there(database: Database) -> None:
    with database.begin() as tx:
        article = keep_article(tx).id
        assert article is not None
        told: dict[str, Any] = {"article": article, "account": "x-main", "actor": "test", "now": NOW}
        alone, _ = deliveries.create(tx, **{**told, "article": keep_article(tx).id}, live=False, round=3)
        rehearsed, _ = deliveries.create(tx, **told, live=False)
        deliveries.create(tx, **told, live=True, round=1, state=State.FAILED)
        deliveries.create(tx, **told, live=True, round=2, state=State.SKIPPED)
        for delivery, round in ((alone, 3), (rehearsed, 3)):
            assert not deliveries.restamp(tx, delivery.id, live=True, when={State.HELD}, actor="leyla", now=NOW)
            assert deliveries.restamp(tx, delivery.id, live=True, when={State.QUEUED}, actor="leyla", now=NOW)
            assert not deliveries.restamp(tx, delivery.id, live=True, when={State.QUEUED}, actor="leyla", now=NOW)
            after = deliveries.get(tx, delivery.id)
            assert after is not None
            assert (after.live, after.round, after.state) == (True, round, State.QUEUED)
            assert history.of(tx, delivery.id)[-1].reason == "stamped live"
        assert not deliveries.restamp(tx, 99, live=True, when=set(State), actor="leyla", now=NOW)


def test_the_latest_round_is_that_of_the_stamp(database: Database) -> None:
    with database.begin() as tx:
        article = keep_article(tx).id
        assert article is not None
        told: dict[str, Any] = {"article": article, "account": "x-main", "actor": "test", "now": NOW}
        assert deliveries.latest_round(tx, article, "x-main", False) is None
        second, _ = deliveries.create(tx, **told, live=False, round=2)
        first, _ = deliveries.create(tx, **told, live=False, round=1)
        live, _ = deliveries.create(tx, **told, live=True, round=3)
        assert deliveries.latest_round(tx, article, "x-main", False) == second
        assert deliveries.latest_round(tx, article, "x-main", True) == live
        assert deliveries.of_article(tx, article) == [second, first, live]


# -- lists --------------------------------------------------------------------------------------------------------


def test_open_deliveries_are_listed_in_the_order_of_the_queue(database: Database) -> None:
    with database.begin() as tx:
        made = [queue(tx, state=state) for state in State]
        queue(tx, "fb-page")
        queue(tx, live=True)
        expected = [delivery for delivery in made if delivery.state in OPEN_STATES]
        assert deliveries.open_of(tx, "x-main", live=False) == expected
        assert deliveries.open_of(tx, "x-main", live=False, states=tuple(State)) == expected
        assert deliveries.open_of(tx, "x-main", live=False, states={State.HELD, State.FAILED}) == [made[0]]
        deliveries.move(tx, expected[1].id, to_top=True, actor="leyla", now=NOW)
        assert deliveries.open_of(tx, "x-main", live=False)[0].id == expected[1].id


def test_states_and_published_articles_are_counted_for_an_account(database: Database) -> None:
    with database.begin() as tx:
        first, second = (queue(tx, state=State.PUBLISHED, live=live) for live in (True, False))
        queue(tx, "fb-page", state=State.PUBLISHED, live=True)
        queue(tx)
        assert deliveries.count(tx, "x-main", states={State.PUBLISHED}) == 2
        assert deliveries.count(tx, "x-main", states={State.QUEUED, State.PUBLISHED}) == 3
        assert deliveries.count(tx, "x-main", states=set()) == 0
        assert deliveries.published_articles(tx, "x-main", live=True) == {first.article}
        assert deliveries.published_articles(tx, "x-main", live=False) == {second.article}


LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "everything": ({}, "abcd"),
    "some states": ({"states": {State.HELD, State.FAILED}}, "bc"),
    "no state at all": ({"states": set()}, ""),
    "one account": ({"account": "fb-page"}, "d"),
    "changed since": ({"since": NOW + MINUTE}, "cd"),
    "all together": ({"states": [State.FAILED], "account": "x-main", "since": NOW}, "c"),
}


@pytest.mark.parametrize("name", LISTS)
def test_deliveries_are_listed_with_their_articles(database: Database, name: str) -> None:
    filters, expected = LISTS[name]
    with database.begin() as tx:
        queue(tx, title="a", priority=1, fields={"priority": 2})
        queue(tx, title="b", state=State.HELD)
        changed = queue(tx, title="c")
        queue(tx, "fb-page", title="d", now=NOW + timedelta(hours=1))
        deliveries.change(tx, changed.id, when={State.QUEUED}, to=State.FAILED, reason="r", actor="t", now=NOW + MINUTE)
        found = deliveries.listing(tx, **filters)
        assert "".join(article.title for _, article in found) == expected
        assert all(delivery.article == article.id for delivery, article in found)
        if name == "everything":
            assert (found[0][0].priority, found[0][1].priority) == (1, 2)


def test_a_listing_comes_in_pages_that_miss_and_repeat_nothing(database: Database) -> None:
    with database.begin() as tx:
        made = [queue(tx).id for _ in range(7)]
    seen: list[int] = []
    while True:
        with database.read() as tx:
            page = deliveries.listing(tx, after=seen[-1] if seen else 0, limit=3)
        seen += [delivery.id for delivery, _ in page]
        if len(page) < 3:
            break
    assert seen == made
