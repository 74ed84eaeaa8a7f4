"""Lanes: claimed by one holder at a time, told apart by the fence, closed, opened, and counted on."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bot.store import attempts, lanes, slots
from bot.store.database import Database, Transaction
from bot.store.lanes import AT_ONCE, Lane, Return
from tests.databases import MINUTE, NOW, claim, intend, queue

LATER = NOW + MINUTE


def woken(tx: Transaction, account: str = "x-main") -> Lane:
    lane = lanes.get(tx, account)
    assert lane is not None
    return lane


def test_accounts_are_met_once_and_looked_at_at_once(database: Database) -> None:
    with database.begin() as tx:
        assert lanes.get(tx, "x-main") is None
        lanes.ensure(tx, ["x-main"], NOW)
        lanes.ensure(tx, ["x-main", "fb-page"], LATER)
        assert woken(tx) == Lane(account="x-main", counted_to=NOW, look_at=lanes.AT_ONCE)
        assert [(lane.account, lane.counted_to) for lane in lanes.every(tx)] == [("fb-page", LATER), ("x-main", NOW)]


def test_a_claim_gives_a_higher_fence_each_time(database: Database) -> None:
    with database.begin() as tx:
        first = claim(tx)
        assert first is not None
        lane = woken(tx)
        assert (lane.owner, lane.lease_until, lane.fence, lane.look_at) == ("me", NOW + MINUTE, first, None)
        lanes.release(tx, "x-main", fence=first)
        assert claim(tx) == first + 1


CLAIMABLE: dict[str, tuple[dict[str, Any], bool]] = {
    "free": ({"look_at": AT_ONCE}, True),
    "to be looked at now": ({"look_at": NOW}, True),
    "to be looked at later": ({"look_at": LATER}, False),
    "waiting to be woken": ({}, False),
    "waiting to be woken, and woken": ({"wake": True}, True),
    "held": ({"look_at": AT_ONCE, "held": True}, False),
    "held, and its lease is over": ({"look_at": AT_ONCE, "held": True, "freed": NOW + MINUTE}, True),
    "resting until later": ({"wake_at": LATER}, False),
    "resting until later, and woken": ({"wake_at": LATER, "wake": True}, False),
    "resting until later, and roused": ({"wake_at": LATER, "rouse": True}, True),
    "resting until this moment": ({"wake_at": NOW}, True),
    "closed until somebody opens it": ({"look_at": AT_ONCE, "closed": None}, False),
    "closed until somebody opens it, woken and roused": (
        {"look_at": AT_ONCE, "closed": None, "wake": True, "rouse": True},
        False,
    ),
    "closed until later": ({"look_at": AT_ONCE, "closed": LATER}, False),
    "closed until this moment": ({"look_at": AT_ONCE, "closed": NOW}, True),
    "closed and opened again": ({"look_at": AT_ONCE, "closed": LATER, "reopen": True}, True),
}


@pytest.mark.parametrize("name", CLAIMABLE)
def test_a_lane_is_claimed_only_when_nothing_speaks_against_it(database: Database, name: str) -> None:
    state, free = CLAIMABLE[name]
    with database.begin() as tx:
        fence = claim(tx)
        assert fence is not None
        back = {key: state[key] for key in ("look_at", "wake_at") if key in state}
        if "held" not in state:
            assert lanes.give_back(tx, [Return(account="x-main", fence=fence, **back)]) == 1
        if "freed" in state:
            assert lanes.free_abandoned(tx, before=state["freed"]) == ["x-main"]
        if "closed" in state:
            lanes.close(tx, "x-main", reason="sign-in refused", until=state["closed"])
        if "reopen" in state:
            lanes.reopen(tx, "x-main")
        if "wake" in state:
            lanes.wake(tx, "x-main")
        if "rouse" in state:
            lanes.rouse(tx, ["x-main"])
        assert lanes.any_rested(tx, NOW) == (lanes.wake_rested(tx, NOW) > 0)
    with database.read() as tx:
        assert lanes.any_due(tx, NOW) == free
    with database.begin() as tx:
        taken = lanes.claim(tx, owner="other", desk_now=NOW, until=NOW + 5 * MINUTE)
        assert [lane.account for lane in taken] == (["x-main"] if free else [])


def test_what_wakes_a_held_lane_is_not_lost_when_it_is_given_back(database: Database) -> None:
    with database.begin() as tx:
        fence = claim(tx)
        assert fence is not None
        lanes.wake(tx, ["x-main", "nobody"])
        lanes.give_back(tx, [Return(account="x-main", fence=fence)])
        assert woken(tx).look_at == lanes.AT_ONCE


def test_what_closes_a_held_lane_is_not_undone_when_it_is_given_back(database: Database) -> None:
    for until in (None, LATER):
        with database.begin() as tx:
            fence = claim(tx)
            assert fence is not None
            lanes.close(tx, "x-main", reason="sign-in refused", until=until)
            lanes.give_back(tx, [Return(account="x-main", fence=fence, look_at=AT_ONCE)])
            lane = woken(tx)
            assert (lane.owner, lane.look_at, lane.wake_at, lane.closed_until) == (None, None, until, until)
            assert not lanes.claim(tx, owner="me", desk_now=LATER, until=LATER + MINUTE)
            lanes.reopen(tx, "x-main")


def test_a_closing_that_is_over_is_told_by_its_reason_until_it_is_forgotten(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, ["x-main"], NOW)
        lanes.close(tx, "x-main", reason="rate limit", until=NOW)
        lanes.wake_rested(tx, NOW)
        (lane,) = lanes.claim(tx, owner="me", desk_now=NOW, until=NOW + MINUTE)
        assert lane.closed_reason == "rate limit"
        lanes.forget_closing(tx, ["x-main"])
        assert woken(tx).closed_reason is None


def test_many_lanes_are_claimed_the_longest_waiting_first(database: Database) -> None:
    names = ["a", "b", "c", "d"]
    with database.begin() as tx:
        lanes.ensure(tx, names, NOW)
        taken = lanes.claim(tx, owner="me", desk_now=NOW, until=NOW + MINUTE)
        looks = {"a": NOW + 3 * MINUTE, "b": NOW + MINUTE, "c": NOW + 2 * MINUTE, "d": NOW + 9 * MINUTE}
        returns = [Return(account=lane.account, fence=lane.fence, look_at=looks[lane.account]) for lane in taken]
        assert lanes.give_back(tx, returns) == 4
        later = NOW + 5 * MINUTE
        first = lanes.claim(tx, owner="me", desk_now=later, until=later, most=2)
        second = lanes.claim(tx, owner="me", desk_now=later, until=later + MINUTE, most=2)
        assert [sorted(lane.account for lane in lanes_) for lanes_ in (first, second)] == [["b", "c"], ["a"]]
        assert sorted(lanes.held_by(tx, "me")) == [("a", 2), ("b", 2), ("c", 2)]


def test_of_many_who_claim_a_lane_at_once_one_gets_it(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, ["x-main"], NOW)
    fences: list[int] = []
    all_are_here = threading.Barrier(5)

    def try_to_claim(owner: str) -> None:
        for round in range(5):
            all_are_here.wait(20)
            with database.begin() as tx:
                taken = lanes.claim(tx, owner=owner, desk_now=NOW, until=NOW + round * MINUTE)
                fences.extend(lane.fence for lane in taken)
            all_are_here.wait(20)
            with database.begin() as tx:
                lanes.give_back(tx, [Return(account="x-main", fence=lane.fence, look_at=AT_ONCE) for lane in taken])

    crowd = [threading.Thread(target=try_to_claim, args=[f"worker {n}"]) for n in range(5)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(fences) == [1, 2, 3, 4, 5]


def test_who_comes_late_with_an_old_fence_changes_nothing(database: Database) -> None:
    with database.begin() as tx:
        old = claim(tx, owner="slow")
        assert old is not None
        lanes.free_abandoned(tx, before=LATER)
        new = claim(tx, owner="quick", now=LATER)
        assert new is not None
        before = lanes.get(tx, "x-main")
        late = Return(account="x-main", fence=old, look_at=LATER, counted_to=LATER + MINUTE)
        assert lanes.give_back(tx, [late]) == 0
        assert lanes.get(tx, "x-main") == before
        assert lanes.release(tx, "x-main", fence=new)


def test_a_release_says_when_next(database: Database) -> None:
    with database.begin() as tx:
        fence = claim(tx)
        assert fence is not None
        lanes.release(tx, "x-main", fence=fence, wake_at=LATER + MINUTE)
        lane = woken(tx)
        assert (lane.owner, lane.lease_until, lane.look_at) == (None, None, None)
        assert lane.wake_at == LATER + MINUTE


def test_counting_on_never_goes_back_and_touches_only_that_account(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, ["x-main", "fb-page"], NOW)
        assert lanes.count_to(tx, "x-main", counted_to=LATER)
        assert not lanes.count_to(tx, "x-main", counted_to=NOW)
        fence = claim(tx)
        assert fence is not None
        lanes.give_back(tx, [Return(account="x-main", fence=fence, counted_to=NOW)])
        assert [lane.counted_to for lane in lanes.every(tx)] == [NOW, LATER]


def test_lanes_that_wanted_no_look_are_settled_up_to_then_and_no_others(database: Database) -> None:
    looks = {"idle": None, "later": LATER + MINUTE, "due": NOW + MINUTE / 2}
    with database.begin() as tx:
        lanes.ensure(tx, [*looks, "closed"], NOW)
        taken = lanes.claim(tx, owner="me", desk_now=NOW, until=NOW + MINUTE)
        lanes.give_back(
            tx, [Return(account=lane.account, fence=lane.fence, look_at=looks.get(lane.account)) for lane in taken]
        )
        lanes.close(tx, "closed", reason="sign-in refused", until=None)
        lanes.count_idle_to(tx, LATER)
        assert {lane.account: lane.counted_to for lane in lanes.every(tx)} == {
            "idle": LATER,
            "later": LATER,
            "due": NOW,
            "closed": NOW,
        }


@pytest.mark.parametrize(("before", "freed"), [(None, ["fb-page", "x-main"]), (NOW + MINUTE, ["x-main"]), (NOW, [])])
def test_leases_of_the_dead_are_ended(database: Database, before: Any, freed: list[str]) -> None:
    with database.begin() as tx:
        claim(tx, "x-main", now=NOW)
        claim(tx, "fb-page", now=NOW + 2 * MINUTE)
        lanes.ensure(tx, ["never-claimed"], NOW)
        assert lanes.free_abandoned(tx, before=before) == freed
        assert [lane.account for lane in lanes.every(tx) if lane.owner] == sorted({"fb-page", "x-main"} - set(freed))
        assert [lane.fence for lane in lanes.every(tx)] == [1, 0, 1]


def test_going_live_and_back_is_recorded(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, ["x-main"], NOW)
        lanes.record_golive(tx, "x-main", at=LATER)
        live = lanes.get(tx, "x-main")
        lanes.record_rehearse(tx, "x-main")
        rehearsing = lanes.get(tx, "x-main")
    assert live is not None
    assert rehearsing is not None
    assert (live.golive_at, rehearsing.golive_at) == (LATER, None)


def test_a_closed_lane_says_why(database: Database) -> None:
    with database.begin() as tx:
        lanes.ensure(tx, ["x-main"], NOW)
        lanes.close(tx, "x-main", reason="sign-in refused", until=LATER)
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert (lane.closed_reason, lane.closed_until) == ("sign-in refused", LATER)


def test_after_simulated_days_everything_counts_from_the_real_now(database: Database) -> None:
    day = timedelta(days=1)
    with database.begin() as tx:
        first, second = queue(tx), queue(tx, "fb-page")
        fence = claim(tx)
        assert fence is not None
        intend(tx, first, fence, slot="past", due_at=NOW - day, desk_now=NOW - day)
        fb = claim(tx, "fb-page")
        assert fb is not None
        intend(tx, second, fb, slot="future", due_at=NOW + day, desk_now=NOW + day)
        for account in ("x-main", "fb-page"):
            lanes.count_to(tx, account, counted_to=NOW + day)
        lanes.release(tx, "x-main", fence=fence, wake_at=NOW + day)

        lanes.reset_counting(tx, NOW)
        assert [(lane.counted_to, lane.look_at, lane.wake_at) for lane in lanes.every(tx)] == [(NOW, AT_ONCE, None)] * 2
        assert slots.used_keys(tx, "x-main", NOW - 2 * day) == {"past"}
        assert slots.used_keys(tx, "fb-page", NOW - 2 * day) == set()
        assert attempts.sent(tx, "x-main", False, NOW - 2 * day) == [NOW - day]
        assert attempts.sent(tx, "fb-page", False, NOW - 2 * day) == []
