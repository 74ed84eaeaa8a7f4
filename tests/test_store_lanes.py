"""Lanes: claimed by one holder at a time, told apart by the fence, closed, opened, and counted on."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery import Outcome, Result
from bot.store import attempts, lanes, slots
from bot.store.database import Database
from tests.databases import MINUTE, NOW, claim, intend, queue, start

LATER = NOW + MINUTE


def test_an_account_is_met_once(database: Database) -> None:
    with database.begin() as tx:
        assert lanes.get(tx, "x-main") is None
        lanes.ensure(tx, "x-main", NOW)
        lanes.ensure(tx, "x-main", LATER)
        lane = lanes.get(tx, "x-main")
        assert lane == lanes.Lane(
            account="x-main",
            counted_to=NOW,
            last_pass=None,
            next_try=None,
            owner=None,
            lease_until=None,
            fence=0,
            closed_until=None,
            closed_reason=None,
            golive_at=None,
        )
        assert lanes.every(tx) == [lane]


def test_a_claim_gives_a_higher_fence_each_time(database: Database) -> None:
    with database.begin() as tx:
        first = claim(tx)
        assert first is not None
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert (lane.owner, lane.lease_until, lane.fence) == ("me", NOW + MINUTE, first)
        lanes.release(tx, "x-main", fence=first)
        assert claim(tx) == first + 1


def test_an_account_nobody_has_met_cannot_be_claimed(database: Database) -> None:
    with database.begin() as tx:
        assert lanes.claim(tx, "nobody", owner="me", now=NOW, until=LATER) is None


CLAIMABLE: dict[str, tuple[dict[str, Any], bool]] = {
    "free": ({}, True),
    "held by another": ({"owner": "other", "until": NOW + MINUTE}, False),
    "held by ourselves": ({"owner": "me", "until": NOW + MINUTE}, False),
    "held until this moment": ({"owner": "other", "until": NOW}, True),
    "to be tried later": ({"next_try": NOW + MINUTE}, False),
    "to be tried at this moment": ({"next_try": NOW}, True),
    "closed until somebody opens it": ({"closed": None}, False),
    "closed until later": ({"closed": NOW + MINUTE}, False),
    "closed until this moment": ({"closed": NOW}, True),
    "closed and opened again": ({"closed": NOW + MINUTE, "reopen": True}, True),
}


@pytest.mark.parametrize("name", CLAIMABLE)
def test_a_lane_is_claimed_only_when_nothing_speaks_against_it(database: Database, name: str) -> None:
    state, free = CLAIMABLE[name]
    with database.begin() as tx:
        fence = claim(tx, now=NOW - 2 * MINUTE)
        assert fence is not None
        lanes.release(tx, "x-main", fence=fence, next_try=state.get("next_try"))
        if "owner" in state:
            early = NOW - MINUTE
            assert lanes.claim(tx, "x-main", owner=state["owner"], now=early, until=state["until"]) is not None
        if "closed" in state:
            lanes.close(tx, "x-main", reason="sign-in refused", until=state["closed"])
        if "reopen" in state:
            lanes.reopen(tx, "x-main")
    with database.read() as tx:
        assert lanes.due(tx, NOW) == (["x-main"] if free else [])
    with database.begin() as tx:
        assert (claim(tx) is not None) == free


def test_a_lane_with_an_attempt_in_flight_is_not_claimed_even_when_its_lease_is_over(database: Database) -> None:
    much_later = NOW + timedelta(days=1)
    with database.begin() as tx:
        attempt = start(tx, queue(tx))
        lanes.ensure(tx, "fb-page", NOW)
        assert lanes.due(tx, much_later) == ["fb-page"]
        assert claim(tx, now=much_later) is None
        attempts.finish(tx, attempt.id, result=Result(outcome=Outcome.UNKNOWN), now=much_later)
        assert lanes.due(tx, much_later) == ["fb-page", "x-main"]
        assert claim(tx, now=much_later) is not None


def test_of_many_who_claim_a_lane_at_once_one_gets_it(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, "x-main", NOW)
    fences: list[int | None] = []
    all_are_here = threading.Barrier(5)

    def try_to_claim(owner: str) -> None:
        for round in range(5):
            all_are_here.wait(20)
            now = NOW + 2 * round * MINUTE  # each round the last lease is over
            with database.begin() as tx:
                fences.append(lanes.claim(tx, "x-main", owner=owner, now=now, until=now + MINUTE))

    crowd = [threading.Thread(target=try_to_claim, args=[f"worker {n}"]) for n in range(5)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(fence for fence in fences if fence is not None) == [1, 2, 3, 4, 5]
    assert len(fences) == 25


def test_who_comes_late_with_an_old_fence_changes_nothing(database: Database) -> None:
    with database.begin() as tx:
        old = claim(tx, owner="slow")
        assert old is not None
        new = claim(tx, owner="quick", now=LATER)
        assert new is not None
        before = lanes.get(tx, "x-main")
        assert not lanes.release(tx, "x-main", fence=old, next_try=LATER)
        assert not lanes.count_to(tx, "x-main", fence=old, counted_to=LATER)
        assert lanes.get(tx, "x-main") == before
        assert lanes.release(tx, "x-main", fence=new)


def test_a_release_says_when_next(database: Database) -> None:
    with database.begin() as tx:
        fence = claim(tx)
        assert fence is not None
        lanes.release(tx, "x-main", fence=fence, next_try=LATER + MINUTE)
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert (lane.owner, lane.lease_until) == (None, None)
        assert lane.next_try == LATER + MINUTE


def test_counting_on_without_a_lease_is_possible_and_touches_only_that_account(database: Database) -> None:
    with database.begin() as tx:
        for account in ("x-main", "fb-page"):
            lanes.ensure(tx, account, NOW)
        assert lanes.count_to(tx, "x-main", fence=None, counted_to=LATER)
        assert [lane.counted_to for lane in lanes.every(tx)] == [NOW, LATER]


@pytest.mark.parametrize(("before", "freed"), [(None, ["fb-page", "x-main"]), (NOW + MINUTE, ["x-main"]), (NOW, [])])
def test_leases_of_the_dead_are_ended(database: Database, before: Any, freed: list[str]) -> None:
    with database.begin() as tx:
        claim(tx, "x-main", now=NOW)
        claim(tx, "fb-page", now=NOW + 2 * MINUTE)
        lanes.ensure(tx, "never-claimed", NOW)
        assert lanes.free_abandoned(tx, before=before) == freed
        assert [lane.account for lane in lanes.every(tx) if lane.owner] == sorted({"fb-page", "x-main"} - set(freed))
        assert [lane.fence for lane in lanes.every(tx)] == [1, 0, 1]


def test_going_live_and_back_is_recorded(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, "x-main", NOW)
        lanes.record_golive(tx, "x-main", at=LATER)
        live = lanes.get(tx, "x-main")
        lanes.record_rehearse(tx, "x-main")
        rehearsing = lanes.get(tx, "x-main")
    assert live is not None
    assert rehearsing is not None
    assert (live.golive_at, rehearsing.golive_at) == (LATER, None)


def test_a_closed_lane_says_why(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, "x-main", NOW)
        lanes.close(tx, "x-main", reason="sign-in refused", until=LATER)
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert (lane.closed_reason, lane.closed_until) == ("sign-in refused", LATER)


def test_the_last_pass_is_that_of_any_account(database: Database) -> None:
    with database.begin() as tx:
        assert lanes.last_pass(tx) is None
        for account in ("x-main", "fb-page"):
            lanes.ensure(tx, account, NOW)
        lanes.note_pass(tx, LATER)
        assert lanes.last_pass(tx) == LATER


def test_after_simulated_days_everything_counts_from_the_real_now(database: Database) -> None:
    day = timedelta(days=1)
    with database.begin() as tx:
        fence = claim(tx)
        assert fence is not None
        intend(tx, queue(tx), fence, slot="past", due_at=NOW - day, desk_now=NOW - day)
        fb = claim(tx, "fb-page")
        assert fb is not None
        intend(tx, queue(tx, "fb-page"), fb, slot="future", due_at=NOW + day, desk_now=NOW + day)
        for account in ("x-main", "fb-page"):
            lanes.count_to(tx, account, fence=None, counted_to=NOW + day)
        lanes.note_pass(tx, NOW + day)

        lanes.reset_counting(tx, NOW)
        assert [(lane.counted_to, lane.last_pass) for lane in lanes.every(tx)] == [(NOW, None), (NOW, None)]
        assert slots.used_keys(tx, "x-main", NOW - 2 * day) == {"past"}
        assert slots.used_keys(tx, "fb-page", NOW - 2 * day) == set()
        assert attempts.sent(tx, "x-main", False, NOW - 2 * day) == [NOW - day]
        assert attempts.sent(tx, "fb-page", False, NOW - 2 * day) == []
