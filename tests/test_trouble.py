"""Trouble that must stay small: one account's, one template's, one file's, one clock's."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import claiming, dispatch, writing
from bot.claiming import claim_due
from bot.daemon import Bell, _do_pass, _stamp
from bot.decide import resolve_not_posted, resolve_posted
from bot.delivery import Outcome
from bot.dispatch import run_pass
from bot.errors import TryAgainLater, UsageError
from bot.golive import golive, rehearse
from bot.pausing import Then, pause, resume
from bot.report import log
from bot.status import Health, status
from bot.store import attempts, doors, lanes, turns
from bot.store.logbook import Filter
from tests.test_golive import live_home
from tests.world import World, world

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""

EVERY_TEN = """
[accounts.x-main]
platform = "x"
handle = "@courier"
timetable = ["every 10 min from 00:00 to 23:50"]
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""


@pytest.fixture
def one_x(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url, ONE_X) as made:
        yield made


@pytest.fixture
def both(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def live_world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with live_home(tmp_path, database_url, monkeypatch) as made:
        yield made


def test_a_missing_secret_stops_its_own_account_alone(live_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = live_world.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[accounts.zz]\nplatform = "facebook"\npage_id = "123456"\n')
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One", accounts=["x-main", "zz"])
    monkeypatch.delenv("COURIER_KEY")
    summary = live_world.once()
    assert summary.exit_status() == 3
    assert live_world.states() == {"x-main": ["queued"], "zz": ["published"]}
    with live_world.desk() as desk:
        x = next(account for account in status(desk).accounts if account.account == "x-main")
    assert x.health is Health.NEEDS_PERSON
    assert "COURIER_KEY" in x.why
    monkeypatch.setenv("COURIER_KEY", "rehearsal:x-main:courier")
    assert live_world.once().as_json()["published"] == 1
    with live_world.desk() as desk:
        assert status(desk).health is Health.HEALTHY


def test_a_mistake_of_ours_in_writing_one_post_holds_that_post_alone(
    one_x: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_x.add("Poison", "Fine")
    real = writing.compose

    def compose(article: Any, *args: Any, **options: Any) -> Any:
        if article.title == "Poison":
            raise ZeroDivisionError
        return real(article, *args, **options)

    monkeypatch.setattr(writing, "compose", compose)
    assert one_x.once().as_json() | {"missed": 0} == {
        "due": 2, "published": 1, "failed": 0, "unconfirmed": 0, "requeued": 0, "held": 1, "skipped": 0, "missed": 0,
    }  # fmt: skip
    assert one_x.states() == {"x-main": ["held", "published"]}


def test_a_mistake_nobody_foresaw_ends_neither_the_pass_nor_the_daemon(
    both: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    both.add("One")
    real = claiming.plan

    def plan(desk: Any, orders: Any, account: Any, *args: Any) -> Any:
        if account.name == "x-main":
            raise ZeroDivisionError
        return real(desk, orders, account, *args)

    monkeypatch.setattr(claiming, "plan", plan)
    with both.desk() as desk, desk.database.instance_lock("run"):
        _do_pass(desk, Bell(), lambda step: None, _stamp(desk))
    assert "x-main: a mistake in Nightdesk: ZeroDivisionError; please report it" in caplog.text
    assert both.states() == {"x-main": ["queued"], "fb-page": ["published"]}


def test_a_folder_called_PAUSE_stops_everything_and_says_so(one_x: World) -> None:
    one_x.add("One")
    (one_x.home / "PAUSE").mkdir()
    assert one_x.once().as_json()["due"] == 0
    with one_x.desk() as desk:
        assert "cannot be read" in status(desk).accounts[0].why


def test_a_clock_that_was_a_year_ahead_blocks_nothing(one_x: World) -> None:
    one_x.clock.simulated = False
    one_x.clock.now = one_x.clock.real
    one_x.add("In the wrong year")
    one_x.clock.forward(days=400)
    one_x.once()
    one_x.clock.forward(days=-400)
    one_x.add("Back in time")
    assert one_x.once().as_json()["published"] == 1


def test_resume_does_not_open_an_account_with_an_unconfirmed_post(one_x: World) -> None:
    one_x.add("Lost reply", "Next")
    one_x.order(kind="reset_after", platform="x")
    one_x.once()
    with one_x.desk() as desk:
        pause(desk, account="x-main", reason="wait", until=None, actor="test")
        assert resume(desk, account="x-main", then=Then.PUBLISH, actor="test").still_closed == ("x-main",)
    assert one_x.once().as_json()["due"] == 0
    assert one_x.states() == {"x-main": ["unconfirmed", "queued"]}


def test_a_live_post_that_may_be_out_forbids_going_live_again(live_world: World) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One")
    assert live_world.live is not None
    live_world.live.order(kind="reset_after", platform="x")
    live_world.once()
    with live_world.desk() as desk:
        rehearse(desk, "x-main", actor="person:anna")
        with pytest.raises(UsageError, match="d1"):
            golive(desk, "x-main", actor="person:anna")
    assert len(live_world.live_posts()) == 1


def test_a_live_post_found_not_posted_after_going_back_is_rehearsed(live_world: World) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    added = live_world.add("One")[0]
    assert live_world.live is not None
    live_world.live.order(kind="error_before", platform="x")
    live_world.once()
    with live_world.desk() as desk:
        rehearse(desk, "x-main", actor="person:anna")
        with desk.database.begin() as tx:
            resolve_not_posted(desk, tx, live_world.fresh(tx, added), actor="person:anna")
    live_world.clock.forward(minutes=5)
    live_world.once()
    assert (len(live_world.posts()), len(live_world.live_posts())) == (1, 0)


def test_posts_that_nobody_sends_because_of_their_stamp_need_a_person(live_world: World) -> None:
    with live_world.desk() as desk:
        golive(desk, "x-main", actor="person:anna")
    live_world.add("One")
    settings = live_world.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8").replace("live = true", "live = false"), "utf-8")
    live_world.once()
    with live_world.desk() as desk:
        health = status(desk).accounts[0]
    assert health.health is Health.NEEDS_PERSON
    assert "LIVE" in health.why


def test_a_post_of_an_account_that_was_removed_can_still_be_resolved(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="reset_after", platform="x")
    one_x.once()
    settings = one_x.home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text("utf-8").replace("x-main", "x-new"), "utf-8")
    done = one_x.command("resolve", "d1", "--posted", "https://x.com/courier/status/1")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "url", ["https://x.com/courier/status/17?s=20", "https://mobile.twitter.com/i/status/17/photo/1"]
)
def test_a_persons_address_gives_the_platforms_id(one_x: World, url: str) -> None:
    added = one_x.add("One")[0]
    one_x.order(kind="reset_after", platform="x")
    one_x.once()
    with one_x.desk() as desk, desk.database.begin() as tx:
        resolve_posted(desk, tx, one_x.fresh(tx, added), url, actor="person:anna")
    with one_x.desk() as desk:
        assert [(row.platform_id, row.post_url) for row in log(desk, Filter())] == [("17", url)]


@pytest.mark.parametrize(
    "url",
    [
        "https://x.com/courier",
        "x.com/courier/status/17",
        "javascript:1",
        "https://x.com/a/status",
        "https://courier.example/politics/2026",
        "https://x.com.example/courier/status/17",
        "https://www.facebook.com/courier/posts/17",
    ],
)
def test_what_is_not_the_address_of_a_post_changes_nothing(one_x: World, url: str) -> None:
    added = one_x.add("One")[0]
    one_x.order(kind="reset_after", platform="x")
    one_x.once()
    with one_x.desk() as desk, desk.database.begin() as tx, pytest.raises(UsageError):
        resolve_posted(desk, tx, one_x.fresh(tx, added), url, actor="person:anna")
    assert one_x.states() == {"x-main": ["unconfirmed"]}


def test_slots_missed_behind_a_closed_door_name_its_reason(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url, EVERY_TEN) as made:
        made.once()
        made.add("One")
        until = made.clock.real + timedelta(hours=2)
        with made.desk() as desk, desk.database.begin() as tx:
            doors.close(tx, "x rehearsal x-main", reason="the app has no credits left", until=until)
        for _ in range(26):
            made.clock.forward(minutes=5)
            made.once()
        with made.desk() as desk:
            missed = [row.reason for row in log(desk, Filter(state="missed"))]
        assert missed
        assert all("no credits" in reason for reason in missed)
        assert made.states() == {"x-main": ["published"]}


def test_a_closed_door_is_tried_and_opens_in_the_same_pass(one_x: World) -> None:
    one_x.add("One")
    one_x.order(kind="credits_depleted", platform="x", method="POST")
    assert one_x.once().as_json()["requeued"] == 1
    assert one_x.once().as_json()["due"] == 0
    one_x.clock.forward(hours=2)
    assert one_x.once().as_json()["published"] == 1


def test_an_app_without_credits_closes_its_own_accounts_alone(tmp_path: Path, database_url: str) -> None:
    second = ONE_X.replace("x-main", "x-two").replace("@courier", "@evening")
    with world(tmp_path, database_url, ONE_X + second) as made:
        made.add("One")
        made.order(kind="credits_depleted", platform="x", account="x-main", method="POST")
        made.once()
        assert made.states() == {"x-main": ["queued"], "x-two": ["published"]}
        with made.desk() as desk:
            health = status(desk)
            assert health.health is Health.NEEDS_PERSON
            assert "credits" in health.accounts[0].why
            resume(desk, account="x-main", then=Then.SKIP_STALE, actor="person:anna")
        assert made.once().as_json()["published"] == 1


def test_a_pin_before_its_story_was_there_is_missed_with_the_true_reason(one_x: World) -> None:
    added = one_x.add("Late story", pinned=one_x.clock.now - timedelta(hours=3))[0]
    one_x.once()
    reason = one_x.story(added.deliveries[0].id)[-1][1]
    assert reason.startswith("missed: pinned for")
    assert "embargo" not in reason


def test_a_rate_limited_post_keeps_its_slot_and_goes_when_the_limit_ends(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url, EVERY_TEN) as made:
        made.once()
        made.add("One")
        made.clock.now += timedelta(minutes=10)
        made.order(kind="rate_limit", platform="x", reset=120)
        assert made.once().as_json()["requeued"] == 1
        made.clock.forward(minutes=4)
        assert made.once().as_json()["published"] == 1
        rows = made.lines("log")
    assert [row["due_at"] for row in rows] == [rows[0]["due_at"]] * 2


def test_breaking_news_between_claim_and_intent_goes_first_in_the_same_pass(
    one_x: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_x.add("One", "Two")
    real, once = writing.compose, iter([True])

    def compose(*args: Any, **options: Any) -> Any:
        if next(once, False):
            one_x.add("Urgent", breaking=True)
        return real(*args, **options)

    monkeypatch.setattr(writing, "compose", compose)
    assert one_x.once().as_json()["published"] == 3
    assert [post["text"].split(" http")[0] for post in one_x.posts()] == ["⚡ Urgent", "One", "Two"]


def test_a_pause_between_claim_and_intent_stops_the_call(one_x: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one_x.add("One")
    real = writing.compose

    def compose(*args: Any, **options: Any) -> Any:
        (one_x.home / "PAUSE").write_text("stop\n", "utf-8")
        return real(*args, **options)

    monkeypatch.setattr(writing, "compose", compose)
    assert one_x.once().as_json()["due"] == 0
    assert not one_x.posts()
    assert one_x.states() == {"x-main": ["queued"]}


def test_a_pause_of_a_moment_stops_what_it_meets_and_leaves_nobody_asleep(one_x: World) -> None:
    """The file is there for one look at the accounts and gone before anybody asks whether it is there."""
    one_x.add("One")
    with one_x.desk() as desk:
        run_pass(desk, stopping=lambda: True)  # meets the account
        (one_x.home / "PAUSE").write_text("stop\n", "utf-8")
        with desk.database.begin() as tx:
            found = claim_due(desk, tx, most=10, until=desk.clock.desk_now(), fruitless=Counter())
        (one_x.home / "PAUSE").unlink()
        assert (found.lanes, found.claims) == (1, [])
        assert run_pass(desk).as_json()["published"] == 1


def test_an_intent_whose_commit_got_no_answer_is_called_off(one_x: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one_x.add("One")
    real, written, lost = turns.intend, list[bool](), list[bool]()

    def intend(tx: Any, intents: Any, **options: Any) -> Any:
        written.extend([True] * (bool(intents) and not lost))
        return real(tx, intents, **options)

    with one_x.desk() as desk, desk.database.instance_lock("once"):
        begin = desk.database.begin

        @contextmanager
        def losing_the_answer() -> Iterator[Any]:
            with begin() as tx:
                yield tx
            if written and written.pop():  # the transaction that wrote the intent has been committed
                lost.append(True)
                raise TryAgainLater("the connection broke at the commit")

        monkeypatch.setattr(turns, "intend", intend)
        monkeypatch.setattr(desk.database, "begin", losing_the_answer)
        assert dispatch.run_pass(desk).as_json()["published"] == 1
    monkeypatch.undo()
    assert len(one_x.posts()) == 1
    with one_x.desk() as desk, desk.database.read() as tx:
        assert [attempt.outcome for attempt in attempts.of(tx, 1)] == [Outcome.NOT_SENT, Outcome.ACCEPTED]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # it alone locks the whole database
def test_the_outcome_is_written_when_a_busy_database_is_free_again(tmp_path: Path, database_url: str) -> None:
    file = database_url.removeprefix("sqlite:///")
    held: list[threading.Thread] = []

    def hold(request: Any) -> None:
        thread = threading.Thread(target=_hold_lock, args=(file, 1.5))
        thread.start()
        held.append(thread)
        time.sleep(0.2)

    with world(tmp_path, database_url, ONE_X, on_request=hold) as made:
        made.add("One")
        made.once()
        held[0].join()
        assert made.states() == {"x-main": ["published"]}


def test_a_new_address_under_an_old_name_is_a_new_source(tmp_path: Path, database_url: str) -> None:
    feed = '<rss version="2.0"><channel><title>T</title>{}</channel></rss>'
    item = "<item><title>{0}</title><link>https://courier.example/{0}</link></item>"
    source = '[sources.site]\nfeed = "{}"\naccounts = ["x-main"]\n'
    with world(tmp_path, database_url, ONE_X + source.format("old.xml")) as made:
        (made.home / "old.xml").write_text(feed.format(item.format("a")), "utf-8")
        many = "".join(item.format(f"b{n}") for n in range(20))
        (made.home / "new.xml").write_text(feed.format(many), "utf-8")
        assert made.command("fetch").returncode == 0
        settings = made.home / "config" / "nightdesk.toml"
        settings.write_text(settings.read_text("utf-8").replace("old.xml", "new.xml"), "utf-8")
        assert made.command("fetch").returncode == 0
        assert made.states() == {}


def test_a_lane_never_counts_backwards(one_x: World) -> None:
    with one_x.desk() as desk, desk.database.begin() as tx:
        desk.meet_accounts(tx)
        now = one_x.clock.now
        assert lanes.count_to(tx, "x-main", counted_to=now + timedelta(hours=1))
        assert not lanes.count_to(tx, "x-main", counted_to=now)


def _hold_lock(file: str, seconds: float) -> None:
    other = sqlite3.connect(file, isolation_level=None, timeout=5)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(seconds)
    other.execute("ROLLBACK")
    other.close()
