"""What a person decides about posts that went wrong, or out: resolve, retry, unpublish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import reconcile
from bot.delivery import Outcome, State
from bot.golive import golive
from bot.pausing import Then, resume
from bot.platforms.x import X
from bot.status import Health, status
from bot.store import attempts, deletions, history, lanes
from bot.store import deliveries as stored
from tests.commands import Done, nightdesk
from tests.test_golive import live_home
from tests.world import World, world

NOW = "2026-06-01T06:00Z"


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def run(made: World, *words: str) -> Done:
    return nightdesk(*words, "--now", NOW, home=made.home)


def once(made: World) -> dict[str, Any]:
    counts: dict[str, Any] = run(made, "once", "--json").lines[0]
    return counts


def last_change(made: World, number: int) -> history.Change:
    with made.desk() as desk, desk.database.read() as tx:
        return history.of(tx, number)[-1]


# -- resolve -----------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(made: World) -> World:
    """A post on X whose answer was lost, and one that waits behind it."""
    made.add("Lost", "Waits", accounts=["x-main"])
    made.order(kind="reset_after", account="x-main")
    once(made)
    assert made.states() == {"x-main": ["unconfirmed", "queued"]}
    return made


def test_a_post_that_was_seen_is_published_at_its_address_and_its_account_goes_on(lost: World) -> None:
    done = run(lost, "resolve", "d1", "--posted", "https://x.com/courier/status/77", "--reason", "on the timeline")
    assert (done.status, done.out) == (0, "d1 Lost on x-main (rehearsal): published\n")
    change = last_change(lost, 1)
    assert (change.reason, change.note) == ("a person saw it: https://x.com/courier/status/77", "on the timeline")
    assert change.actor.startswith("person:")
    assert once(lost)["published"] == 1
    assert lost.states() == {"x-main": ["published", "published"]}
    assert len(lost.posts("x")) == 2


def test_a_post_that_is_not_there_is_queued_again_with_a_word_about_when_to_look(lost: World) -> None:
    done = run(lost, "resolve", "lost", "--not-posted", "--json")
    [line] = done.lines
    assert (line["delivery"], line["state"]) == ("d1", "queued")
    assert done.err.startswith("d1 may still appear until ")


def test_a_post_that_is_not_there_and_not_wanted_any_more_is_skipped_and_its_account_goes_on(lost: World) -> None:
    [line] = run(lost, "resolve", "d1", "--drop", "--json").lines
    assert (line["state"], line["reason"]) == ("skipped", "cancelled: a person looked, and it was not posted")
    assert once(lost)["published"] == 1


def test_looking_settles_what_is_found_on_the_timeline_and_says_when_it_is_too_early(made: World) -> None:
    settings = made.home / "config" / "nightdesk.toml"
    settings.write_text(
        settings.read_text("utf-8").replace('deadline = "2 s"', 'deadline = "2 s"\nsettle = "3 s"'), "utf-8"
    )
    made.add("Lost", accounts=["x-main"])
    made.order(kind="reset_after", account="x-main")
    once(made)
    early = run(made, "resolve", "d1", "--look")
    assert (early.status, "d1: it is too early to look" in early.err) == (75, True)
    assert made.states() == {"x-main": ["unconfirmed"]}
    time.sleep(3)
    done = run(made, "resolve", "d1", "--look", "--json")
    assert (done.status, done.lines[0]["state"]) == (0, "published"), done.err
    assert last_change(made, 1).actor.startswith("person:")


def test_looking_for_what_is_not_there_leaves_it_to_a_person(made: World) -> None:
    made.add("Lost", accounts=["x-main"])
    made.order(kind="reset_before", account="x-main")
    made.once()
    made.clock.forward(minutes=3)
    with made.desk() as desk:
        looked = reconcile.look_now(desk, 1)
    assert (looked.state, looked.reason) == (State.UNCONFIRMED, "not_found")
    assert "d1 is unconfirmed" in run(made, "queue", "again", "d1").err


def test_several_are_resolved_at_once_and_listed_first(made: World) -> None:
    made.add("Lost", accounts=["x-main", "fb-page"])
    made.order(kind="reset_before", times=2)
    once(made)
    done = run(made, "resolve", "--since", "1h", "--not-posted", "--json")
    assert [line["state"] for line in done.lines] == ["queued", "queued"]
    assert "2 posts to be queued again:\n  d1  x-main  rehearsal  Lost\n  d2  fb-page  rehearsal  Lost\n" in done.err


NOT_RESOLVED: list[tuple[tuple[str, ...], str]] = [
    (("d1",), "Say what you saw."),
    (("d1", "--posted", "https://x.com/courier/status/77", "--not-posted"), "Say what you saw."),
    (("d1", "--not-posted", "--drop"), "Say what you saw."),
    (("d1", "--posted", "yes"), "'yes' is not the address of a post"),
    (("d1", "d2", "--posted", "https://x.com/courier/status/77"), "the address of one post"),
    (("--account", "x-main", "--posted", "https://x.com/courier/status/77"), "the address of one post"),
    (("d1", "--not-posted", "--state", "unconfirmed"), "not both"),
    (("--not-posted",), "Say which posts."),
    (("--not-posted", "--state", "queued"), "Known are unconfirmed, failed."),
    (("--not-posted", "--account", "x-man"), "did you mean 'x-main'?"),
    (("d2", "--not-posted"), "d2 is queued; only a post that is unconfirmed can be handled by `resolve`."),
    (("d2", "--drop"), "It waits to be sent: `nightdesk queue list` says when."),
    (("d99", "--not-posted"), "There is no post 'd99'"),
    (("d1", "d2", "--not-posted"), "d2 is queued"),
]


def test_a_resolution_that_makes_no_sense_changes_nothing(lost: World) -> None:
    for words, said in NOT_RESOLVED:
        done = run(lost, "resolve", *words)
        assert (done.status, done.out) == (2, ""), words
        assert said in done.err, words
    assert lost.states() == {"x-main": ["unconfirmed", "queued"]}


# -- retry -------------------------------------------------------------------------------------------------------


@pytest.fixture
def refused(made: World) -> World:
    """Two posts on X that were refused for a reason that only a person can judge."""
    made.add("One", "Two", accounts=["x-main"])
    made.order(kind="refuse", platform="x", status=403, message="Not today.", times=2)
    once(made)
    assert made.states() == {"x-main": ["failed", "failed"]}
    return made


def test_a_failure_that_asks_is_a_task_until_it_is_retried_or_dropped(refused: World) -> None:
    with refused.desk() as desk:
        x = next(account for account in status(desk).accounts if account.account == "x-main")
        assert (x.health, x.why) == (
            Health.NEEDS_PERSON,
            "2 failed and wait for you: `nightdesk show d1` says why",
        )
        with desk.database.read() as tx:
            assert [task.id for task in stored.tasks(tx)] == [1, 2]
    reason = refused.delivery(1).reason
    assert "“Not today.”" in reason
    assert "`nightdesk retry d1`" in reason
    assert "`nightdesk resolve d1 --drop`" in reason
    run(refused, "retry", "d1")
    run(refused, "resolve", "d2", "--drop", "--reason", "old news")
    assert refused.states() == {"x-main": ["queued", "skipped"]}
    with refused.desk() as desk, desk.database.read() as tx:
        assert stored.tasks(tx) == []


def test_a_failed_post_is_sent_again_written_anew(refused: World) -> None:
    template = refused.home / "templates" / "posts" / "x.txt.j2"
    template.parent.mkdir(parents=True, exist_ok=True)
    template.write_text("{{ title }}, corrected\n", "utf-8")
    done = run(refused, "retry", "d1", "--reason", "X was wrong")
    assert done.status == 0, done.err
    change = last_change(refused, 1)
    assert (change.reason, change.note, change.actor.split(":")[0]) == ("sent again by hand", "X was wrong", "person")
    assert once(refused)["published"] == 1
    assert [post["text"] for post in refused.posts()] == ["One, corrected"]


def test_all_that_failed_on_an_account_are_retried_at_once(refused: World) -> None:
    done = run(refused, "retry", "--account", "x-main", "--since", "1h", "--json")
    assert [line["state"] for line in done.lines] == ["queued", "queued"]
    assert done.err.startswith("2 posts to be queued again:\n  d1  x-main  rehearsal  One\n")
    assert once(refused)["published"] == 2


def test_nothing_to_retry_is_no_mistake(made: World) -> None:
    done = run(made, "retry", "--account", "x-main")
    assert (done.status, done.out, done.err) == (0, "", "Nothing to retry.\n")


def test_what_may_be_live_is_retried_only_on_a_persons_word(lost: World) -> None:
    done = run(lost, "retry", "d1")
    assert (done.status, done.out) == (2, "")
    assert "d1 may be live; nothing was queued." in done.err
    assert "`nightdesk retry d1 --not-posted`" in done.err
    assert lost.states() == {"x-main": ["unconfirmed", "queued"]}
    assert run(lost, "retry", "d1", "--not-posted").status == 0
    assert lost.states() == {"x-main": ["queued", "queued"]}


def test_a_choice_of_what_may_be_live_is_refused_as_a_whole(lost: World) -> None:
    done = run(lost, "retry", "--account", "x-main", "--state", "unconfirmed")
    assert done.status == 2
    assert lost.states() == {"x-main": ["unconfirmed", "queued"]}


def test_a_post_whose_article_went_on_is_not_retried(refused: World) -> None:
    run(refused, "queue", "again", "d1")
    done = run(refused, "retry", "d1")
    assert done.status == 2
    assert "The article of d1 has gone on to a later round, d3, which is queued." in done.err


def test_what_is_published_says_which_command_is_meant(made: World) -> None:
    made.add("One", accounts=["x-main"])
    once(made)
    done = run(made, "retry", "d1")
    assert done.status == 2
    assert "d1 is published; only a post that is failed or unconfirmed can be handled by `retry`." in done.err
    assert "`nightdesk unpublish d1` takes it back, `nightdesk queue again d1` posts it once more." in done.err


# -- unpublish ---------------------------------------------------------------------------------------------------


def test_published_posts_are_deleted_on_both_platforms(made: World) -> None:
    made.add("One")
    once(made)
    done = run(made, "unpublish", "d1", "d2", "--reason", "denied", "--json")
    assert done.status == 0, done.err
    assert [line["state"] for line in done.lines] == ["withdrawn", "withdrawn"]
    assert "2 posts to be deleted from their platform:\n  d1  x-main  rehearsal  One\n" in done.err
    assert [post["deleted"] for post in made.posts()] == [True, True]
    change = last_change(made, 1)
    assert (change.reason, change.note) == ("taken back: deleted on the platform", "denied")
    assert change.actor.startswith("person:")


def test_a_post_that_is_gone_already_counts_as_withdrawn(made: World) -> None:
    made.add("One")
    once(made)
    with made.desk() as desk:
        for number, account in ((1, "x-main"), (2, "fb-page")):
            with desk.database.read() as tx:
                [sent] = attempts.of(tx, number)
            desk.platform(desk.account(account), False).delete(sent.platform_id)
    assert run(made, "unpublish", "--since", "1h").status == 0
    assert made.states() == {"x-main": ["withdrawn"], "fb-page": ["withdrawn"]}
    assert last_change(made, 1).reason == "taken back: it was gone already"


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ({"kind": "reset_after"}, 4, "may have deleted it"),
        ({"kind": "error_before"}, 4, "may have deleted it"),
        ({"kind": "refuse"}, 4, "did not delete it"),
        ({"kind": "rate_limit"}, 75, "did not delete it"),
        ({"kind": "revoked"}, 5, "did not delete it"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
@pytest.mark.parametrize("account", ["x-main", "fb-page"])
def test_a_deletion_that_is_not_proved_leaves_it_published_and_asking_again_is_safe(
    made: World, account: str, fault: dict[str, Any], status: int, said: str
) -> None:
    made.add("One", accounts=[account])
    once(made)
    made.order(**fault, method="DELETE")
    done = run(made, "unpublish", "d1")
    assert done.status == status
    assert said in done.err
    assert made.states() == {account: ["published"]}
    assert last_change(made, 1).reason.startswith("not taken back: ")
    if fault["kind"] != "revoked":
        assert run(made, "unpublish", "d1").status == 0
        assert made.states() == {account: ["withdrawn"]}


@pytest.mark.parametrize("point", ["deletion_noted", "deleted"])
def test_a_deletion_that_was_killed_is_asked_again(made: World, point: str) -> None:
    made.add("One", accounts=["fb-page"])
    once(made)
    killed = made.command("unpublish", "d1", "--now", NOW, NIGHTDESK_CRASH_AT=point)
    assert killed.returncode == -9
    assert made.states() == {"fb-page": ["published"]}
    assert run(made, "unpublish", "d1").status == 0
    assert made.states() == {"fb-page": ["withdrawn"]}
    assert [post["deleted"] for post in made.posts()] == [True]


def test_what_is_not_published_is_refused_before_anything_is_deleted(made: World) -> None:
    made.add("One", accounts=["x-main"])
    once(made)
    made.add("Two", accounts=["x-main"])
    done = run(made, "unpublish", "d1", "d2")
    assert (done.status, done.out) == (2, "")
    assert "d2 is queued; only a post that is published can be taken back by `unpublish`." in done.err
    assert [post["deleted"] for post in made.posts()] == [False]


# -- live --------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One post that was rehearsed, and one that is live."""
    with live_home(tmp_path, database_url, monkeypatch) as made:
        made.add("Rehearsed")
        made.once()
        with made.desk() as desk:
            golive(desk, "x-main", actor="person:anna")
        made.add("Real")
        made.once()
        yield made


def test_a_live_post_is_deleted_only_when_its_account_is_confirmed_and_costs(live: World) -> None:
    asked = nightdesk("unpublish", "d2", home=live.home)
    assert asked.status == 2
    assert "1 post to be deleted from its platform:\n  d2  x-main  LIVE  Real\n" in asked.err
    assert "Say --confirm x-main" in asked.err
    assert nightdesk("unpublish", "d2", "--confirm", "x-man", home=live.home).status == 2
    assert [post["deleted"] for post in live.live_posts()] == [False]
    done = nightdesk("unpublish", "d2", "--confirm", "x-main", home=live.home)
    assert done.status == 0, done.err
    assert [post["deleted"] for post in live.live_posts()] == [True]
    assert [post["deleted"] for post in live.posts()] == [False]
    with live.desk() as desk, desk.database.read() as tx:
        assert deletions.cost_of(tx, 2) == 0.010


def test_a_rehearsed_post_is_deleted_in_the_sandbox_whatever_the_account_is_now(live: World) -> None:
    assert nightdesk("unpublish", "d1", home=live.home).status == 0
    assert [post["deleted"] for post in live.posts()] == [True]
    assert [post["deleted"] for post in live.live_posts()] == [False]
    with live.desk() as desk, desk.database.read() as tx:
        assert deletions.cost_of(tx, 1) == 0.0


def test_a_choice_takes_only_what_has_the_accounts_stamp(live: World) -> None:
    done = nightdesk("unpublish", "--account", "x-main", "--confirm", "x-main", home=live.home)
    assert "1 post left out" in done.err
    assert [post["deleted"] for post in (*live.posts(), *live.live_posts())] == [False, True]


def test_a_live_post_stays_while_its_account_is_in_rehearsal(live: World) -> None:
    nightdesk("rehearse", "x-main", home=live.home)
    done = nightdesk("unpublish", "d2", "--confirm", "x-main", home=live.home)
    assert done.status == 2
    assert "d2 is LIVE, and x-main is in rehearsal: nothing of it reaches x." in done.err
    assert "https://x.com/courier/status/" in done.err


def test_what_was_rehearsed_is_never_retried_live(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_home(tmp_path, database_url, monkeypatch) as made:
        made.add("Rehearsed")
        made.order(kind="refuse", platform="x")
        made.once()
        with made.desk() as desk:
            golive(desk, "x-main", actor="person:anna")
        done = nightdesk("retry", "d1", home=made.home)
        assert done.status == 2
        assert "d1 was rehearsed, and x-main is LIVE now: what was rehearsed is never retried live." in done.err
        made.once()
        assert made.live_posts() == []


def test_live_posts_that_are_chosen_are_retried_only_when_their_account_is_confirmed(live: World) -> None:
    assert live.live is not None
    live.live.order(kind="refuse", platform="x")
    live.add("Refused")
    live.once()
    asked = nightdesk("retry", "--account", "x-main", home=live.home)
    assert asked.status == 2
    assert "Say --confirm x-main" in asked.err
    assert nightdesk("retry", "--account", "x-main", "--confirm", "x-main", home=live.home).status == 0
    live.clock.forward(minutes=5)
    live.once()
    assert len(live.live_posts()) == 2


# -- by table ----------------------------------------------------------------------------------------------------


ENDS: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "x 400": ({"status": 400}, ["failed", "published"], ""),
    "x 404": ({"status": 404}, ["failed", "published"], ""),
    "x 403": ({"status": 403}, ["failed", "published"], ""),
    "x 401": ({"status": 401}, ["queued", "queued"], "keys"),
    "x 403, no permission": (
        {"status": 403, "body": {"title": "Forbidden", "type": "https://api.x.com/2/problems/oauth1-permissions"}},
        ["queued", "queued"],
        "read and write",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_table_of_x_from_answer_to_lane(made: World, name: str) -> None:
    fault, states, closed = ENDS[name]
    made.add("One", "Two", accounts=["x-main"])
    made.order(kind="refuse", platform="x", **fault)
    once(made)
    assert made.states() == {"x-main": states}
    with made.desk() as desk, desk.database.read() as tx:
        lane = lanes.get(tx, "x-main")
        assert lane is not None
        assert closed in (lane.closed_reason or "")
        assert lane.closed_until is None
        if closed:
            assert len(attempts.of(tx, 1)) == 1  # one task, no further call
            assert attempts.of(tx, 2) == []
    once(made)
    assert len(made.posts()) == states.count("published")


def test_a_link_that_facebook_cannot_read_is_tried_once_more_and_then_fails(made: World) -> None:
    made.add("One", accounts=["fb-page"])
    made.order(kind="refuse", platform="facebook", code=100, subcode=1609005, times=2)
    once(made)
    assert made.states() == {"fb-page": ["queued"]}
    assert once(made)["due"] == 0
    made.clock.forward(minutes=10)
    made.once()
    assert made.states() == {"fb-page": ["failed"]}


def test_a_block_by_facebook_is_waited_for_twice_as_long_the_second_time(made: World) -> None:
    made.add("One", accounts=["fb-page"])
    made.order(
        kind="refuse", platform="facebook", code=368, message="The action attempted has been deemed abusive", times=2
    )
    waits = []
    for hours in (5, 9):
        before = made.clock.real
        made.once()
        with made.desk() as desk, desk.database.read() as tx:
            lane = lanes.get(tx, "fb-page")
            assert lane is not None
            assert lane.closed_until is not None
            waits.append(round((lane.closed_until - before).total_seconds() / 3600))
        made.clock.forward(hours=hours)
    assert waits == [4, 8]
    with made.desk() as desk:
        resume(desk, account="fb-page", then=Then.PUBLISH, actor="test")
    made.once()
    assert made.states() == {"fb-page": ["published"]}


def test_the_same_text_as_another_post_on_facebook_fails_unless_an_earlier_attempt_was_unclear(made: World) -> None:
    made.add("One", "Two", accounts=["fb-page"])
    made.order(kind="duplicate_reported", platform="facebook")
    made.order(kind="reset_after", platform="facebook")
    made.order(kind="duplicate_reported", platform="facebook")
    once(made)
    assert made.states() == {"fb-page": ["failed", "unconfirmed"]}
    run(made, "resolve", "d2", "--not-posted")
    once(made)
    assert made.states() == {"fb-page": ["failed", "unconfirmed"]}
    assert made.delivery(2).reason == "duplicate_reported"
    assert len(made.posts()) == 1


def test_waiting_for_one_account_keeps_no_other_waiting(made: World) -> None:
    made.add("One")
    made.order(kind="rate_limit", platform="x", reset=3600)
    assert once(made) | {"missed": 0} == {
        "due": 2, "published": 1, "failed": 0, "unconfirmed": 0, "requeued": 1, "held": 0, "skipped": 0, "missed": 0,
    }  # fmt: skip
    assert made.states() == {"x-main": ["queued"], "fb-page": ["published"]}


def test_a_page_that_has_used_most_of_its_calls_is_slowed_and_nothing_is_wrong(
    tmp_path: Path, database_url: str
) -> None:
    from bot.sandbox.windows import Limits

    with world(tmp_path, database_url, limits=Limits(facebook_page=10)) as made:
        made.add(*map(str, range(9)), accounts=["fb-page"])
        made.once()
        assert made.states()["fb-page"] == ["published"] * 8 + ["queued"]
        with made.desk() as desk:
            with desk.database.read() as tx:
                lane = lanes.get(tx, "fb-page")
            assert lane is not None
            assert lane.closed_reason == "the page has used 80 % of its calls"
            assert status(desk).health is Health.HEALTHY
        made.clock.forward(minutes=4)
        made.once()
        assert made.states()["fb-page"] == ["published"] * 9
        with made.desk() as desk, desk.database.read() as tx:
            assert [attempt.outcome for attempt in attempts.of(tx, 9)] == [Outcome.ACCEPTED]


def test_an_id_that_another_post_has_proves_nothing(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(X, "_accepted", lambda self, reply: ("77", "https://x.com/courier/status/77"))
    made.add("One", "Two", accounts=["x-main"])
    made.once()
    assert made.states() == {"x-main": ["published", "unconfirmed"]}
    with made.desk() as desk, desk.database.read() as tx:
        [attempt] = attempts.of(tx, 2)
    assert (attempt.outcome, attempt.platform_id) == (Outcome.UNKNOWN, "")
    assert "answered with the id of another post, d1" in attempt.error
