"""Unclear posts are looked for on the timeline: real clients over real sockets to the sandbox, on both databases."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot import clock, reconcile
from bot.decide import again, resolve_not_posted, resolve_posted
from bot.delivery import Attempt, Delivery, Outcome
from bot.errors import UsageError
from bot.platforms.x import COST_OF_A_READ
from bot.reconciled import pause_after
from bot.sandbox.ledger import Accepted
from bot.store import attempts, deliveries, history, lanes, looks, reads
from tests.test_golive import live_home
from tests.world import FakeClock, World, world

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""
ONE_FACEBOOK = """
[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""
SETTLE = 10
URL = "https://courier.example/one"


@contextmanager
def newsroom(
    tmp_path: Path, database_url: str, accounts: str = ONE_X, settings: str = "", **sandbox: Any
) -> Iterator[World]:
    """A world in which the desk and the platforms share a clock that only the test moves."""
    clock = FakeClock()
    with world(tmp_path, database_url, accounts, clock=clock, **sandbox) as made:
        made.clock = clock
        file = made.home / "config" / "nightdesk.toml"
        text = (
            file.read_text("utf-8")
            .replace('"2 s"', '"4 s"')
            .replace("[delivery]\n", f'[delivery]\nsettle = "{SETTLE} s"\n{settings}')
        )
        file.write_text(text, "utf-8")
        yield made


@pytest.fixture
def one_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    with newsroom(tmp_path, database_url) as made:
        yield made


def settled(made: World, seconds: float = SETTLE) -> None:
    made.clock.forward(seconds=seconds)
    made.once()


def delivery(made: World, number: int = 1) -> Delivery:
    return made.delivery(number)


def attempts_of(made: World, number: int = 1) -> list[Attempt]:
    with made.desk() as desk, desk.database.read() as tx:
        return attempts.of(tx, number)


def reasons(made: World, number: int = 1) -> list[tuple[str, str, str]]:
    """State, reason and actor of each change after the first two."""
    with made.desk() as desk, desk.database.read() as tx:
        return [(str(c.to_state), c.reason, c.actor) for c in history.of(tx, number)][2:]


def by_hand(made: World, text: str, identity: str = "courier", created: datetime | None = None) -> str:
    """A person posts on X under the same identity, past Nightdesk; the post's id."""
    now = created or made.clock.real + timedelta(seconds=1)
    number = str(next(_numbers))
    made.sandbox._ledger.add(
        Accepted(
            platform="x",
            account="x-main",
            identity=identity,
            name=identity,
            id=number,
            text=text,
            link=None,
            created=now,
            visible=now,
        )
    )
    return number


_numbers = count(3 * 10**18)  # later than any of the sandbox


def lane(made: World, account: str = "x-main") -> lanes.Lane:
    with made.desk() as desk, desk.database.read() as tx:
        found = lanes.get(tx, account)
        assert found is not None
        return found


def is_open(made: World) -> bool:
    found = lane(made)
    return found.closed_reason is None or (found.closed_until is not None and found.closed_until <= made.clock.real)


# -- found -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the platform that differs
@pytest.mark.parametrize("accounts", [ONE_X, ONE_FACEBOOK], ids=["x", "facebook"])
@pytest.mark.parametrize("kind", ["reset_after", "error_after", "cut_after", "html_after", "empty_json_after"])
def test_a_post_whose_answer_was_lost_is_found_and_the_account_goes_on(
    tmp_path: Path, database_url: str, accounts: str, kind: str
) -> None:
    with newsroom(tmp_path, database_url, accounts) as made:
        made.add("One", "Two")
        made.order(kind=kind, method="POST")
        made.once()
        name = next(iter(made.states()))
        assert made.states() == {name: ["unconfirmed", "queued"]}
        settled(made, SETTLE - 1)
        assert made.states() == {name: ["unconfirmed", "queued"]}
        settled(made, 1)
        assert made.states() == {name: ["published", "published"]}
        assert len(made.posts()) == 2
        [attempt] = attempts_of(made)
        assert (attempt.outcome, attempt.platform_id) == (Outcome.ACCEPTED, made.posts()[0]["id"])
        assert attempt.post_url.startswith("https://")
        assert reasons(made)[-1] == ("published", f"found on the timeline: {attempt.post_url}", "reconcile")


def test_a_run_that_died_after_the_call_is_settled_by_the_next(one_x: World) -> None:
    one_x.clock.simulated = False
    one_x.clock.now = one_x.clock.real
    one_x.add("One")
    assert one_x.command("once", NIGHTDESK_CRASH_AT="called").returncode == -9
    with one_x.desk() as desk, desk.database.begin() as tx:
        lanes.free_abandoned(tx, before=None)  # a dead worker is known by its lease running out
    one_x.clock.forward(seconds=100)
    one_x.once()
    assert one_x.states() == {"x-main": ["published"]}
    assert len(one_x.posts()) == 1


def test_a_long_timeline_is_read_to_the_attempt(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="reset_after", method="POST")
    one_x.once()
    for number in range(105):
        by_hand(one_x, f"Chatter {number}")
    settled(one_x)
    assert one_x.states() == {"x-main": ["published"]}


def test_a_late_commit_is_found_because_the_settle_time_is_kept(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="late_commit", seconds=SETTLE - 2)
    one_x.once()
    settled(one_x)
    assert one_x.states() == {"x-main": ["published"]}


# -- not found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accounts", [ONE_X, ONE_FACEBOOK], ids=["x", "facebook"])
def test_a_post_that_is_not_there_waits_for_a_person_and_the_night_goes_on(
    tmp_path: Path, database_url: str, accounts: str
) -> None:
    with newsroom(tmp_path, database_url, accounts) as made:
        made.add("One", "Two", "Three")
        made.order(kind="error_before", method="POST")
        made.once()
        settled(made)
        name = next(iter(made.states()))
        assert made.states() == {name: ["unconfirmed", "published", "published"]}
        assert delivery(made).reason == "not_found"
        assert reasons(made)[-1] == ("unconfirmed", "not_found", "reconcile")
        settled(made, 3_600)
        assert made.states()[name][0] == "unconfirmed"
        assert len(made.posts()) == 2
        [attempt] = attempts_of(made)
        assert attempt.outcome is Outcome.UNKNOWN


def test_a_facebook_list_is_told_to_prove_nothing(tmp_path: Path, database_url: str) -> None:
    with newsroom(tmp_path, database_url, ONE_FACEBOOK, 'unconfirmed = "retry"\n') as made:
        made.add("One")
        made.order(kind="error_before", method="POST")
        made.once()
        for _ in range(4):
            settled(made)
        assert made.states() == {"fb-page": ["unconfirmed"]}
        with made.desk() as desk, desk.database.read() as tx:
            assert "no proof" in history.of(tx, 1)[-1].note
        assert not made.posts()


# -- the same post again -----------------------------------------------------------------------------------------


@pytest.fixture
def retrying(tmp_path: Path, database_url: str) -> Iterator[World]:
    with newsroom(tmp_path, database_url, ONE_X, 'unconfirmed = "retry"\n') as made:
        yield made


def test_on_x_two_empty_readings_send_the_same_post_again_to_the_byte(retrying: World) -> None:
    retrying.add("One")
    retrying.order(kind="error_before", method="POST")
    retrying.once()
    frozen = attempts_of(retrying)[0].text
    template = retrying.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True)
    template.write_text("Another text: {{ title }} {{ url }}", "utf-8")
    settled(retrying)
    assert (retrying.states(), delivery(retrying).reason) == ({"x-main": ["unconfirmed"]}, "not_found")
    settled(retrying, SETTLE - 1)
    assert retrying.states() == {"x-main": ["unconfirmed"]}
    settled(retrying, 1)
    assert retrying.states() == {"x-main": ["published"]}
    assert [post["text"] for post in retrying.posts()] == [frozen]
    assert [attempt.text for attempt in attempts_of(retrying)] == [frozen, frozen]
    assert ("queued", "read back twice and not there: the same post is sent again", "reconcile") in reasons(retrying)


def test_after_a_person_says_it_was_not_posted_the_text_is_written_anew(retrying: World) -> None:
    added = retrying.add("One")[0]
    retrying.order(kind="error_before", method="POST", times=2)
    retrying.once()
    settled(retrying)
    settled(retrying)
    assert delivery(retrying).frozen == 1
    with retrying.desk() as desk, desk.database.begin() as tx:
        attempts.settle(tx, 1, result=_not_posted())
        resolve_not_posted(desk, tx, retrying.fresh(tx, added), actor="person:anna")
    template = retrying.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True)
    template.write_text("Another text: {{ title }} {{ url }}", "utf-8")
    retrying.once()
    assert retrying.posts()[0]["text"].startswith("Another text")


def test_the_same_post_is_not_sent_again_without_end(retrying: World) -> None:
    retrying.add("One")
    retrying.order(kind="error_before", method="POST", times=9)
    retrying.once()
    for _ in range(12):
        settled(retrying)
    assert len(attempts_of(retrying)) == 3
    assert (retrying.states(), delivery(retrying).reason) == ({"x-main": ["unconfirmed"]}, "not_found")


def test_a_post_that_appears_between_the_readings_is_found_and_not_sent_again(retrying: World) -> None:
    retrying.add("One")
    retrying.order(kind="late_commit", seconds=SETTLE + 5)
    retrying.once()
    settled(retrying)
    assert delivery(retrying).reason == "not_found"
    settled(retrying)
    assert retrying.states() == {"x-main": ["published"]}
    assert len(attempts_of(retrying)) == 1


def test_a_duplicate_after_a_retry_is_found_as_the_first_calls_post(retrying: World) -> None:
    """It appeared after both readings: X refuses the repetition, and the timeline shows whose it is."""
    retrying.add("One")
    retrying.order(kind="late_commit", seconds=2 * SETTLE + 1)
    retrying.once()
    settled(retrying)
    retrying.clock.forward(seconds=SETTLE)
    with retrying.desk() as desk:
        [number] = reconcile.due(desk)
        step = reconcile.look(desk, number)
        assert step is not None
        assert step.state == "queued"
    retrying.clock.forward(seconds=2)
    retrying.once()
    assert (retrying.states(), delivery(retrying).reason) == ({"x-main": ["unconfirmed"]}, "duplicate_reported")
    settled(retrying)
    assert retrying.states() == {"x-main": ["published"]}
    first, second = attempts_of(retrying)
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.REFUSED)
    assert len(retrying.posts()) == 1


# -- near matches ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the platform that differs
@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ([f"Look at this! {URL}"], "ambiguous"),
        (["One https://courier.example/other"], "ambiguous"),
        (["One"], "ambiguous"),
        ([URL], "ambiguous"),
        (["Quite another matter https://courier.example/q"], "not_found"),
    ],
)
def test_what_a_person_posted_by_hand_is_never_taken_for_ours(one_x: World, texts: list[str], reason: str) -> None:
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    for text in texts:
        by_hand(one_x, text)
    settled(one_x)
    assert (one_x.states(), delivery(one_x).reason) == ({"x-main": ["unconfirmed"]}, reason)
    assert is_open(one_x)


def test_the_same_headline_of_yesterday_is_not_it(one_x: World) -> None:
    one_x.add("One")
    one_x.once()
    one_x.clock.forward(minutes=4)
    one_x.add("One", url=f"{URL}?again")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    settled(one_x)
    assert (one_x.states(), delivery(one_x, 2).reason) == ({"x-main": ["published", "unconfirmed"]}, "not_found")


def test_an_id_that_another_delivery_claimed_is_not_matched_again(tmp_path: Path, database_url: str) -> None:
    """Two accounts of one identity send the same: the second's timeline shows the first one's post."""
    twin = ONE_X.replace("x-main", "x-twin")
    with newsroom(tmp_path, database_url, ONE_X + twin) as made:
        made.add("One", accounts=["x-main"])
        made.once()
        made.add("One", accounts=["x-twin"])
        made.order(kind="error_before", method="POST")
        made.once()
        settled(made)
        assert made.states() == {"x-main": ["published"], "x-twin": ["unconfirmed"]}
        assert delivery(made, 2).reason == "not_found"


@pytest.mark.parametrize(
    ("seen_at", "reason"),
    [
        ("https://www.facebook.com/courier/posts/{number}", "not_found"),  # its id is known, and so it is another's
        ("https://www.facebook.com/courier/posts/pfbid0{number}", "ambiguous"),  # nobody knows which it is
    ],
)
def test_a_post_that_a_person_saw_is_not_found_for_the_next_round(
    tmp_path: Path, database_url: str, seen_at: str, reason: str
) -> None:
    with newsroom(tmp_path, database_url, ONE_FACEBOOK) as made:
        made.add("One")
        made.order(kind="reset_after", method="POST")
        made.once()
        number = made.posts()[0]["id"].partition("_")[2]
        with made.desk() as desk, desk.database.begin() as tx:
            found = deliveries.get(tx, 1)
            assert found is not None
            resolve_posted(desk, tx, found, seen_at.format(number=number), actor="person:anna")
            published = deliveries.get(tx, 1)
            assert published is not None
            again(desk, tx, published, actor="person:anna")
        made.order(kind="error_before", method="POST")
        made.once()
        settled(made)
        assert made.states() == {"fb-page": ["published", "unconfirmed"]}
        assert delivery(made, 2).reason == reason


def test_the_address_of_another_deliverys_post_is_refused(one_x: World) -> None:
    one_x.add("One")
    one_x.once()
    one_x.add("Two")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    with one_x.desk() as desk, desk.database.begin() as tx:
        second, url = deliveries.get(tx, 2), attempts.of(tx, 1)[0].post_url
        assert second is not None
        with pytest.raises(UsageError, match="is the post of d1"):
            resolve_posted(desk, tx, second, url, actor="person:anna")


def test_the_clock_of_another_machine_does_not_shorten_the_rest(one_x: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose clock is five minutes ahead, which it knows by the database's, comes to an unclear post."""
    ahead = timedelta(minutes=5)
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    one_x.once()
    with one_x.desk() as desk:
        monkeypatch.setattr(clock, "boot_id", lambda: "another machine")
        one_x.clock.real += ahead
        desk.database.skew = -ahead
        assert reconcile.due(desk) == []
        assert reconcile.look_now(desk, 1).not_before is not None
        one_x.clock.real += timedelta(seconds=SETTLE)
        assert reconcile.due(desk) == [1]


def test_of_two_who_would_look_at_once_one_looks(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    one_x.once()
    with one_x.desk() as desk, desk.database.begin() as tx:
        look = looks.get(tx, 1)
        assert look is not None
        assert looks.move(tx, look, at=one_x.clock.real + timedelta(minutes=1))
        assert not looks.move(tx, look, at=one_x.clock.real + timedelta(minutes=2))


def test_one_post_for_two_unclear_deliveries_is_left_to_a_person(tmp_path: Path, database_url: str) -> None:
    twin = ONE_X.replace("x-main", "x-twin")
    with newsroom(tmp_path, database_url, ONE_X + twin) as made:
        made.add("One", accounts=["x-main", "x-twin"])
        made.order(kind="reset_after", method="POST", account="x-main")
        made.order(kind="error_before", method="POST", account="x-twin")
        made.once()
        settled(made)
        assert made.states() == {"x-main": ["unconfirmed"], "x-twin": ["unconfirmed"]}
        assert {delivery(made, number).reason for number in (1, 2)} == {"ambiguous"}


def test_a_repetition_refused_at_the_first_try_is_left_to_a_person(one_x: World) -> None:
    by_hand(one_x, f"One {URL}")
    one_x.clock.forward(minutes=1)
    one_x.add("One")
    one_x.once()
    assert delivery(one_x).reason == "duplicate_reported"
    settled(one_x)
    assert (one_x.states(), delivery(one_x).reason) == ({"x-main": ["unconfirmed"]}, "ambiguous")


def test_a_repetition_that_nobody_can_see_keeps_its_reason_and_the_night_goes_on(one_x: World) -> None:
    one_x.add("One", "Two")
    one_x.order(kind="duplicate_reported")
    one_x.once()
    settled(one_x)
    assert one_x.states() == {"x-main": ["unconfirmed", "published"]}
    assert delivery(one_x).reason == "duplicate_reported"
    settled(one_x, 60)
    with one_x.desk() as desk, desk.database.read() as tx:
        assert len(reads.of(tx, 1)) == 1


@pytest.mark.parametrize("kind", ["duplicate_reported", "reset_before"])
def test_the_account_goes_on_whatever_others_have_sent_since(tmp_path: Path, database_url: str, kind: str) -> None:
    with newsroom(tmp_path, database_url, ONE_X + ONE_FACEBOOK) as two:
        two.add("One", "Two", accounts=("x-main",))
        two.order(kind=kind)
        two.once()
        two.add("Three", accounts=("fb-page",))
        two.once()
        assert two.states() == {"x-main": ["unconfirmed", "queued"], "fb-page": ["published"]}
        settled(two)
        assert two.states() == {"x-main": ["unconfirmed", "published"], "fb-page": ["published"]}


def test_a_person_was_wrong_and_the_repetition_tells(one_x: World) -> None:
    added = one_x.add("One")[0]
    one_x.order(kind="late_commit", seconds=SETTLE + 5)
    one_x.once()
    settled(one_x)
    assert delivery(one_x).reason == "not_found"
    one_x.clock.forward(seconds=10)
    with one_x.desk() as desk, desk.database.begin() as tx:
        resolve_not_posted(desk, tx, one_x.fresh(tx, added), actor="person:anna")
    one_x.once()
    assert delivery(one_x).reason == "duplicate_reported"
    settled(one_x)
    assert one_x.states() == {"x-main": ["published"]}
    assert [attempt.outcome for attempt in attempts_of(one_x)] == [Outcome.ACCEPTED, Outcome.REFUSED]


# -- reading fails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it is the platform that differs
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse", "status": 401},
        {"kind": "rate_limit", "reset": 5},
        {"kind": "error_before"},
        {"kind": "html_after"},
        {"kind": "empty_json_after"},
        {"kind": "hang_before", "seconds": 7},
        {"kind": "reset_before"},
    ],
    ids=lambda fault: str(fault["kind"]),
)
def test_a_timeline_that_cannot_be_read_keeps_the_account_closed_and_is_tried_again(
    one_x: World, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    one_x.add("One", "Two")
    one_x.order(kind="reset_after", method="POST")
    one_x.once()
    one_x.order(**fault, method="GET")
    with caplog.at_level(logging.ERROR):
        settled(one_x)
        assert (one_x.states(), delivery(one_x).reason) == ({"x-main": ["unconfirmed", "queued"]}, "readback_failed")
        assert not is_open(one_x)
        assert "could not be read" in str(lane(one_x).closed_reason)
        one_x.once()
    assert len([record for record in caplog.records if "readback_failed" in record.message]) == 1
    assert one_x.states() == {"x-main": ["unconfirmed", "queued"]}
    settled(one_x, 70)
    assert one_x.states() == {"x-main": ["published", "published"]}
    assert len(one_x.posts()) == 2


def test_the_pauses_between_readings_grow_are_bounded_and_honour_a_reset() -> None:
    now, settle = FakeClock().real, timedelta(seconds=120)
    waits = [pause_after(failed, settle, 7, None, now) for failed in range(1, 40)]
    assert timedelta(seconds=30) <= waits[0] <= timedelta(seconds=37.5)
    assert waits[:6] == sorted(waits[:6])
    assert max(waits) == timedelta(hours=1)
    assert pause_after(1, settle, 7, now + timedelta(minutes=10), now) == timedelta(minutes=10)
    assert pause_after(1, settle, 7, now + timedelta(days=15), now) == timedelta(hours=1)
    assert pause_after(1, settle, 7, now - timedelta(days=15), now) == waits[0]
    assert len({pause_after(1, settle, number, None, now) for number in range(50)}) > 40


def test_an_account_that_left_the_settings_is_told_and_comes_back(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="reset_after", method="POST")
    one_x.once()
    file = one_x.home / "config" / "nightdesk.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("x-main", "x-new"), "utf-8")
    settled(one_x)
    assert delivery(one_x).reason == "readback_failed"
    file.write_text(text, "utf-8")
    settled(one_x, 60)
    assert one_x.states() == {"x-main": ["published"]}


# -- clocks, workers, persons ------------------------------------------------------------------------------------


def test_a_wall_clock_that_jumps_ahead_shortens_nothing(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="reset_after", method="POST")
    one_x.once()
    one_x.clock.real += timedelta(minutes=4)  # the uptime has not moved
    one_x.once()
    assert delivery(one_x).reason == "settling"
    one_x.clock.moved += SETTLE
    one_x.clock.real += timedelta(seconds=SETTLE)
    one_x.once()
    assert one_x.states() == {"x-main": ["published"]}


def test_a_wall_clock_set_back_by_a_day_does_not_keep_the_account_closed_for_a_day(one_x: World) -> None:
    one_x.clock.real += timedelta(minutes=4)
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    one_x.clock.real -= timedelta(minutes=8)
    one_x.clock.moved += SETTLE
    one_x.once()
    assert delivery(one_x).reason == "not_found"


def test_two_workers_look_once_and_a_slow_one_adds_nothing(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    one_x.clock.forward(seconds=SETTLE)
    with one_x.desk() as first, one_x.desk() as second:
        [number] = reconcile.due(first)
        slow = reconcile._claim(first, number)
        assert isinstance(slow, reconcile.Case)
        assert reconcile.due(second) == []
        assert reconcile.look(second, number) is None
        one_x.clock.forward(seconds=120)  # the first one has been stopped for longer than it may look
        step = reconcile.look(second, number)
        assert step is not None
        assert step.reason == "not_found"
        assert reconcile.write_down(first, slow, []) is None
    assert [reason for _, reason, _ in reasons(one_x)] == ["settling", "not_found"]


def test_what_a_person_decides_while_it_is_looked_for_stands(one_x: World) -> None:
    added = one_x.add("One")[0]
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    one_x.clock.forward(seconds=SETTLE)
    with one_x.desk() as desk:
        [number] = reconcile.due(desk)
        case = reconcile._claim(desk, number)
        assert isinstance(case, reconcile.Case)
        with desk.database.begin() as tx:
            resolve_not_posted(desk, tx, one_x.fresh(tx, added), actor="person:anna")
        assert reconcile.write_down(desk, case, []) is None
        assert reconcile.due(desk) == []
    assert one_x.states() == {"x-main": ["queued"]}


def test_a_person_may_look_at_once_but_never_too_early(one_x: World) -> None:
    added = one_x.add("One")[0]
    one_x.order(kind="late_commit", seconds=SETTLE + 5)
    one_x.once()
    number = added.deliveries[0].id
    with one_x.desk() as desk:
        early = reconcile.look_now(desk, number)
        assert (early.reason, early.not_before) == ("settling", one_x.clock.real + timedelta(seconds=SETTLE))
        assert "too early" in early.words
    settled(one_x)
    with one_x.desk() as desk:
        again = reconcile.look_now(desk, number, actor="person:anna")
        assert (again.reason, again.not_before) == ("not_found", None)
        one_x.clock.forward(seconds=10)
        found = reconcile.look_now(desk, delivery(one_x), actor="person:anna")
        assert (found.state, found.post_url) == ("published", attempts_of(one_x)[0].post_url)
        with pytest.raises(UsageError, match="published"):
            reconcile.look_now(desk, number)
    assert [actor for *_, actor in reasons(one_x)][-2:] == ["person:anna", "person:anna"]


def test_a_failed_look_of_a_person_leaves_what_was_known(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="error_before", method="POST")
    one_x.once()
    settled(one_x)
    one_x.order(kind="error_before", method="GET")
    with one_x.desk() as desk:
        looked = reconcile.look_now(desk, 1)
    assert looked.reason == "not_found"
    assert "could not be read" in looked.words
    assert is_open(one_x)
    with one_x.desk() as desk, desk.database.read() as tx:
        look = looks.get(tx, 1)
        assert look is not None
        assert look.at is None


def test_a_look_of_a_person_is_no_second_reading(retrying: World) -> None:
    retrying.add("One")
    retrying.order(kind="error_before", method="POST")
    retrying.once()
    settled(retrying)
    retrying.clock.forward(seconds=SETTLE / 2)
    with retrying.desk() as desk:
        assert reconcile.look_now(desk, 1).state == "unconfirmed"
    settled(retrying, SETTLE / 2)
    assert retrying.states() == {"x-main": ["published"]}


# -- what it costs -----------------------------------------------------------------------------------------------


def test_what_reading_costs_is_booked_and_shown(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="reset_after", method="POST")
    one_x.once()
    by_hand(one_x, "Something else")
    settled(one_x)
    with one_x.desk() as desk, desk.database.read() as tx:
        [read] = reads.of(tx, 1)
        assert (read.posts, read.cost, read.live) == (2, 2 * COST_OF_A_READ, False)
        assert reads.cost(tx, live=False, since=read.at) == 2 * COST_OF_A_READ
        assert reads.cost(tx, live=True, since=read.at) == 0
    [shown] = one_x.lines("show", "d1")
    assert [(read["posts"], read["cost"]) for read in shown["reads"]] == [(2, 0.002)]
    told = one_x.command("show", "d1").stdout
    assert "2 posts read back, $0.002" in told


def test_a_live_post_is_read_back_live_even_after_going_back_to_rehearsal(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.golive import golive, rehearse

    with live_home(tmp_path, database_url, monkeypatch) as made:
        assert made.live is not None
        with made.desk() as desk:
            golive(desk, "x-main", actor="person:anna")
        made.add("One")
        made.live.order(kind="reset_after", method="POST")
        made.once()
        with made.desk() as desk:
            rehearse(desk, "x-main", actor="person:anna")
        made.clock.forward(seconds=121)
        made.once()
        assert (len(made.posts()), len(made.live_posts())) == (0, 1)
        assert delivery(made).state == "published"
        with made.desk() as desk, desk.database.read() as tx:
            assert [read.live for read in reads.of(tx, 1)] == [True]


# -- facebook's own application ----------------------------------------------------------------------------------


FACEBOOK_APP = """
[accounts.fb-page]
platform = "facebook"
page_id = "1234567890"
live = true
caps = {{ min_gap = "0 s", per_hour = 100, per_day = 100 }}
credentials = {{ page_token = {{ env = "COURIER_PAGE" }}, app_id = {{ env = "COURIER_APP" }} }}

[platforms]
facebook = "{url}"
"""


@pytest.mark.parametrize(
    ("app", "state"), [("rehearsal:fb-page:1234567890", "published"), ("4711", "unconfirmed")], ids=["ours", "another"]
)
def test_a_post_of_another_application_is_only_like_ours(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, app: str, state: str
) -> None:
    from bot.golive import golive

    monkeypatch.setenv("COURIER_PAGE", "rehearsal:fb-page:1234567890")
    monkeypatch.setenv("COURIER_APP", app)
    with newsroom(tmp_path, database_url, "") as made:
        file = made.home / "config" / "nightdesk.toml"
        text = file.read_text("utf-8").replace("accounts = []", 'accounts = ["fb-page"]').replace('"10 s"', '"64 s"')
        file.write_text(text + FACEBOOK_APP.format(url=made.sandbox.url), "utf-8")
        made.clock.simulated = False
        made.clock.now = made.clock.real
        with made.desk() as desk:
            golive(desk, "fb-page", actor="person:anna")
        made.add("One")
        made.order(kind="reset_after", method="POST")
        made.once()
        settled(made, 64)
        assert made.states() == {"fb-page": [state]}
        assert delivery(made).reason == ("ambiguous" if state == "unconfirmed" else delivery(made).reason)


def _not_posted() -> Any:
    from bot.delivery import Result

    return Result(outcome=Outcome.REFUSED, error="a person looked: it was not posted")
