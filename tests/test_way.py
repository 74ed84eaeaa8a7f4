"""The way of an article, end to end: real client libraries over real sockets to the sandbox, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.decide import resolve_not_posted, resolve_posted
from bot.delivery import State
from bot.pausing import Then, pause, resume
from bot.status import Health, status
from bot.store import attempts
from bot.store.database import Database
from tests.world import World, world

ONE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
caps = { min_gap = "0 s", per_hour = 100, per_day = 100 }
"""


@pytest.fixture
def desk_world(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def test_an_article_reaches_both_platforms_once_and_adding_it_again_makes_nothing_new(desk_world: World) -> None:
    first = desk_world.add("Ferry returns", summary="It left at midnight.")[0]
    summary = desk_world.once().as_json()
    assert (summary["due"], summary["published"]) == (2, 2)
    second = desk_world.add("Ferry returns", summary="It left at midnight.")[0]
    assert (first.new, second.new) == (True, False)
    assert [d.id for d in first.deliveries] == [d.id for d in second.deliveries]
    assert desk_world.once().as_json()["due"] == 0
    assert sorted(post["platform"] for post in desk_world.posts()) == ["facebook", "x"]


def test_the_link_stands_in_the_text_on_x_and_beside_it_on_facebook(desk_world: World) -> None:
    desk_world.add("Ferry returns", summary="It left at midnight.")
    desk_world.once()
    x, facebook = desk_world.posts("x")[0], desk_world.posts("facebook")[0]
    assert x["text"].endswith("https://courier.example/ferry-returns")
    assert x["link"] is None
    assert facebook["link"] == "https://courier.example/ferry-returns"
    assert "https://" not in facebook["text"]


def test_every_attempt_is_committed_before_the_platform_sees_the_request(tmp_path: Path, database_url: str) -> None:
    seen: list[tuple[str, bool]] = []

    def look(request: Any) -> None:
        if request.method != "POST":
            return
        other = Database.open(database_url if "://" in database_url else f"sqlite:///{database_url}")
        try:
            with other.read() as tx:
                open_ones = attempts.open_ones(tx, abandoned_before=None)
            account = "x-main" if request.path.startswith("/2/") else "fb-page"
            seen.append((account, [attempt.account for attempt in open_ones].count(account) == 1))
        finally:
            other.close()

    with world(tmp_path, database_url, on_request=look) as made:
        made.add("One", "Two")
        made.once()
        assert len(made.posts()) == 4
    assert sorted(seen) == [("fb-page", True), ("fb-page", True), ("x-main", True), ("x-main", True)]


def test_the_queue_keeps_its_order_and_breaking_news_goes_first(desk_world: World) -> None:
    desk_world.add("One", "Two")
    desk_world.add("Urgent", breaking=True)
    desk_world.add("Important", priority=5)
    desk_world.once()
    titles = [post["text"].split("\n")[0].split(" http")[0] for post in desk_world.posts("x")]
    assert titles == ["⚡ Urgent", "Important", "One", "Two"]


def test_nothing_listening_queues_again_and_says_to_come_back(desk_world: World) -> None:
    desk_world.add("One")
    desk_world.sandbox.stop()
    summary = desk_world.once()
    assert summary.as_json()["requeued"] == 2
    assert summary.exit_status() == 75
    assert desk_world.states() == {"x-main": ["queued"], "fb-page": ["queued"]}


def test_after_not_reaching_the_platform_the_lane_waits_before_it_tries_again(desk_world: World) -> None:
    desk_world.add("One")
    desk_world.sandbox.stop()
    assert desk_world.once().as_json()["requeued"] == 2
    assert desk_world.once().as_json()["due"] == 0
    desk_world.clock.forward(seconds=20)
    assert desk_world.once().as_json()["requeued"] == 2


@pytest.mark.parametrize(
    ("fault", "state", "posted"),
    [
        ({"kind": "refuse", "status": 400}, State.FAILED, 0),
        ({"kind": "error_after"}, State.UNCONFIRMED, 1),
        ({"kind": "reset_after"}, State.UNCONFIRMED, 1),
        ({"kind": "cut_after"}, State.UNCONFIRMED, 1),
        ({"kind": "hang_after", "seconds": 4}, State.UNCONFIRMED, 1),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else None,
)
def test_a_fault_ends_in_the_right_state_and_never_in_a_second_post(
    tmp_path: Path, database_url: str, fault: dict[str, Any], state: State, posted: int
) -> None:
    with world(tmp_path, database_url, ONE_X) as made:
        made.add("One")
        made.order(**fault, platform="x")
        made.once()
        assert made.states() == {"x-main": [state]}
        made.clock.forward(hours=2)
        made.once()
        assert len(made.posts("x")) == posted


def test_an_unconfirmed_post_closes_its_account_until_a_person_says_it_is_there(
    tmp_path: Path, database_url: str
) -> None:
    with world(tmp_path, database_url, ONE_X) as made:
        lost, waiting = made.add("Lost reply", "Waits behind it")
        made.order(kind="reset_after", platform="x")
        made.once()
        assert made.states() == {"x-main": ["unconfirmed", "queued"]}
        with made.desk() as desk, desk.database.begin() as tx:
            resolve_posted(desk, tx, made.fresh(tx, lost), "https://x.com/courier/status/77", actor="person:anna")
        assert made.once().as_json()["published"] == 1
        assert made.states() == {"x-main": ["published", "published"]}
        assert len(made.posts("x")) == 2
        assert waiting.deliveries[0].id != lost.deliveries[0].id


def test_an_unconfirmed_post_that_was_not_posted_is_queued_and_goes_out(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url, ONE_X) as made:
        lost = made.add("Never arrived")[0]
        made.order(kind="error_before", platform="x")
        made.once()
        assert made.states() == {"x-main": ["unconfirmed"]}
        with made.desk() as desk, desk.database.begin() as tx:
            resolve_not_posted(desk, tx, made.fresh(tx, lost), actor="person:anna")
        made.once()
        assert made.states() == {"x-main": ["published"]}
        assert len(made.posts("x")) == 1
        assert [state for state, _ in made.story(lost.deliveries[0].id)] == [
            "queued", "sending", "unconfirmed", "queued", "sending", "published",
        ]  # fmt: skip


def test_a_refused_sign_in_closes_the_account_and_keeps_the_queue(tmp_path: Path, database_url: str) -> None:
    with world(tmp_path, database_url, ONE_X) as made:
        made.add("One", "Two", "Three")
        made.order(kind="revoked", account="x-main")
        summary = made.once()
        assert summary.exit_status() == 5
        assert made.states() == {"x-main": ["queued"] * 3}
        made.clock.forward(hours=1)
        assert made.once().as_json()["due"] == 0


def test_a_pause_parks_the_queue_and_resume_never_flushes_what_is_stale(desk_world: World) -> None:
    desk_world.add("Before the pause", published=desk_world.clock.now)
    with desk_world.desk() as desk:
        pause(desk, account="x-main", reason="tragedy in the news", until=None, actor="person:anna")
    desk_world.once()
    assert desk_world.states() == {"x-main": ["queued"], "fb-page": ["published"]}
    desk_world.clock.forward(hours=30)
    with desk_world.desk() as desk:
        resumed = resume(desk, account="x-main", then=Then.SKIP_STALE, actor="person:anna")
        assert (resumed.skipped, resumed.waiting) == (1, 0)
    assert desk_world.once().as_json()["due"] == 0
    assert desk_world.states()["x-main"] == ["skipped"]


def test_a_file_called_PAUSE_stops_everything(desk_world: World) -> None:
    desk_world.add("One")
    (desk_world.home / "PAUSE").write_text("web desk is down\n", "utf-8")
    assert desk_world.once().as_json()["due"] == 0
    (desk_world.home / "PAUSE").unlink()
    assert desk_world.once().as_json()["published"] == 2


def test_a_post_that_cannot_fit_fails_with_its_numbers_before_any_call(desk_world: World) -> None:
    (desk_world.home / "templates" / "posts").mkdir(parents=True)
    (desk_world.home / "templates" / "posts" / "x.txt.j2").write_text("{{ title }} {{ url }}", "utf-8")
    added = desk_world.add("word " * 80, url="https://courier.example/long")[0]
    desk_world.once()
    failed = next(d for d in added.deliveries if d.account == "x-main")
    assert "280" in desk_world.story(failed.id)[-1][1]
    assert desk_world.delivery(failed.id).state is State.FAILED
    assert not desk_world.posts("x")


def test_a_broken_template_stops_its_account_alone_and_mending_it_is_enough(desk_world: World) -> None:
    template = desk_world.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ titel }}", "utf-8")
    desk_world.add("One", "Two")
    summary = desk_world.once()
    assert summary.exit_status() == 3
    assert desk_world.states() == {"x-main": ["queued", "queued"], "fb-page": ["published", "published"]}
    with desk_world.desk() as desk:
        assert "titel" in status(desk).accounts[0].why
    template.write_text("{{ title }} {{ url }}", "utf-8")
    assert desk_world.once().as_json()["published"] == 2
    with desk_world.desk() as desk:
        assert status(desk).health is Health.HEALTHY


def test_a_post_that_a_template_cannot_write_is_held_and_the_next_goes_out(desk_world: World) -> None:
    template = desk_world.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{% if section %}{{ title }} {{ url }}{% endif %}", "utf-8")
    desk_world.add("No section", accounts=["x-main"])
    desk_world.add("In the city", section="City", accounts=["x-main"])
    assert desk_world.once().as_json()["held"] == 1
    assert desk_world.states() == {"x-main": ["held", "published"]}


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)  # PostgreSQL takes any number of workers
def test_a_second_run_is_refused_on_sqlite(desk_world: World) -> None:
    with desk_world.desk() as desk, desk.database.instance_lock("run"):
        done = desk_world.command("once")
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
