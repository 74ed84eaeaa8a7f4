"""Workers that are killed, frozen, doubled and interrupted: rows F26, F27, F37, F38 of the fault matrix, and more."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from faults.nursery import Nursery, Process
from tests.faults_rig import CAPS, DEADLINE, ONE_X, Night, eventually, night

# Failpoints of a pass with one post: the first committed turn has claimed the lane, the second written the intent.
CLAIMED, INTENDED, BEFORE_THE_CALL, AFTER_THE_ANSWER = "committed:1", "committed:2", "calling", "called"

postgresql_only = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)


@pytest.fixture
def one_x(tmp_path: Path, database_url: str, nursery: Nursery) -> Iterator[Night]:
    with night(tmp_path, database_url, nursery) as made:
        yield made


def many(accounts: int) -> str:
    return "".join(f'[accounts.x-{n}]\nplatform = "x"\nhandle = "@courier{n}"\n{CAPS}\n' for n in range(accounts))


def frozen_at(made: Night, point: str, **environment: str) -> Process:
    """A worker that has come to that failpoint and stands still there."""
    worker = made.start("once", NIGHTDESK_STOP_AT=point, **environment)
    eventually(lambda: _is_stopped(worker.pid))
    return worker


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def thawed(worker: Process) -> int | None:
    worker.signal(signal.SIGCONT)
    return worker.wait(120)


# -- F26: several workers ----------------------------------------


@postgresql_only
def test_two_workers_send_hundreds_of_posts_once_and_both_make_progress(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    with night(tmp_path, database_url, nursery, many(50), deadline=20) as made:
        made.made.add(*(f"Article {n}" for n in range(8)))
        workers = [made.start("once") for _ in range(2)]
        assert [worker.wait(240) for worker in workers] == [0, 0]
        made.to_rest()
        sent = Counter((post["account"], post["text"]) for post in made.posts())
        assert (len(sent), set(sent.values())) == (400, {1})
        shares = Counter(row.owner for row in made.attempts())
        assert len(shares) >= 2
        assert min(shares[owner] for owner, _ in shares.most_common(2)) >= 40
        assert {state for state, _ in made.ends()} == {"published"}


@postgresql_only
def test_ten_workers_started_and_killed_at_random_lose_and_double_nothing(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    dice = random.Random(10)
    with night(tmp_path, database_url, nursery, many(30)) as made:
        made.made.add(*(f"Article {n}" for n in range(4)))
        workers = [made.start("run") for _ in range(10)]
        for _ in range(15):
            time.sleep(0.2)
            victim = dice.randrange(len(workers))
            workers[victim].kill()
            workers[victim] = made.start("run")
        for worker in workers:
            worker.kill()
        made.to_rest()
        made.nothing_unrecorded()
        assert Counter(state for state, _ in made.ends()).keys() <= {"published", "unconfirmed", "queued"}
        published = sum(state == "published" for state, _ in made.ends())
        assert published <= len(made.posts())
        assert published >= 60, made.made.states()


# -- F27: a worker that stands still, past its lease ----------------------------------------


@postgresql_only
@pytest.mark.parametrize("point", [CLAIMED])
def test_a_worker_frozen_before_its_intent_posts_nothing_when_another_has_taken_over(one_x: Night, point: str) -> None:
    one_x.made.add("One")
    worker = frozen_at(one_x, point)
    one_x.lease_is_over()
    assert one_x.once().as_json()["published"] == 1
    assert thawed(worker) == 0
    assert len(one_x.posts()) == 1
    assert one_x.ends() == [("published", "")]


@postgresql_only
def test_a_worker_frozen_past_its_lease_and_thawed_just_before_its_post_makes_no_call(one_x: Night) -> None:
    one_x.made.add("One")
    worker = frozen_at(one_x, BEFORE_THE_CALL)
    one_x.lease_is_over()
    one_x.once()
    assert [state for state, _ in one_x.ends()] == ["unconfirmed"]
    time.sleep(DEADLINE + 0.3)
    thawed(worker)
    assert one_x.posts() == [], "the deadline of the call had passed since the intent"
    one_x.to_rest()
    one_x.nothing_unrecorded()
    (state, _), posts = one_x.ends()[0], one_x.posts()
    assert (state, len(posts)) in (("published", 1), ("unconfirmed", 0))


@postgresql_only
def test_an_acceptance_that_a_frozen_worker_held_back_publishes_in_the_end(one_x: Night) -> None:
    one_x.made.add("One")
    worker = frozen_at(one_x, AFTER_THE_ANSWER)
    one_x.lease_is_over()
    one_x.once()
    thawed(worker)
    one_x.to_rest()
    assert len(one_x.posts()) == 1
    assert [state for state, _ in one_x.ends()] == ["published"]


# -- F37, F38: a person or the system wants it to stop ----------------------------------------


def test_a_pause_while_a_call_hangs_lets_only_that_call_finish(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    with night(tmp_path, database_url, nursery) as made:
        made.made.order(kind="slow", method="POST", seconds=0.8, times=100)
        made.made.add(*(f"Article {n}" for n in range(5)))
        worker = made.start("run")
        eventually(lambda: len(_arrived(made)) >= 1)
        began = time.monotonic()
        assert made.run("pause", "--reason", "an accident") == 0
        stopped_after = time.monotonic() - began
        known = len(made.attempts())  # written down before the pause was in force
        time.sleep(2.5)
        worker.signal(signal.SIGTERM)
        assert worker.wait(120) == 0
        assert len(made.attempts()) == known, f"a call began after the pause was in force ({stopped_after:.2f} s)"
        assert len(_arrived(made)) == known
        states = made.made.states()["x-main"]
        assert states.count("queued") == 5 - known
        assert states.count("published") == known


def test_a_second_SIGTERM_changes_nothing(one_x: Night) -> None:
    one_x.made.order(kind="slow", method="POST", seconds=0.7, times=10)
    one_x.made.add("One", "Two", "Three")
    worker = one_x.start("run")
    eventually(lambda: len(_arrived(one_x)) == 1)
    worker.signal(signal.SIGTERM)
    time.sleep(0.1)
    worker.signal(signal.SIGTERM)
    assert worker.wait(120) == 0
    assert one_x.made.states() == {"x-main": ["published", "queued", "queued"]}
    assert "Traceback" not in one_x.said


def _arrived(made: Night) -> list[dict[str, Any]]:
    """The posts that have arrived at the platforms, answered or not."""
    requests_seen = requests.get(f"{made.made.sandbox.url}/sandbox/requests", timeout=5).json()
    return [each for each in requests_seen if each["method"] == "POST"]


# -- F32: what is edited while a post is under way ----------------------------------------

OTHER = "Edited: {{ title }} {{ url }}\n"


def _template(made: Night) -> Path:
    file = made.home / "templates" / "posts" / "x.txt.j2"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


@pytest.mark.parametrize("point", [CLAIMED, INTENDED, BEFORE_THE_CALL])
def test_a_template_edited_between_claim_and_call_never_changes_what_was_written_down(one_x: Night, point: str) -> None:
    _template(one_x).write_text("Before: {{ title }} {{ url }}\n", "utf-8")
    one_x.made.add("One")
    worker = frozen_at(one_x, point)
    _template(one_x).write_text(OTHER, "utf-8")
    assert thawed(worker) == 0
    [post], [attempt] = one_x.posts(), one_x.attempts()
    assert post["text"] == attempt.text
    assert post["text"].startswith("Before:" if point != CLAIMED else ("Before:", "Edited:"))
    assert one_x.ends() == [("published", "")]


def test_an_account_removed_while_its_post_is_on_the_way_keeps_the_posts_end(
    tmp_path: Path, database_url: str, nursery: Nursery
) -> None:
    with night(tmp_path, database_url, nursery, ONE_X + many(1)) as made:
        made.made.order(kind="slow", account="x-main", method="POST", seconds=0.8)
        made.made.add("One", "Two", accounts=["x-main"])
        worker = made.start("run")
        eventually(lambda: len(_arrived(made)) == 1)
        settings = made.home / "config" / "nightdesk.toml"
        text = settings.read_text("utf-8").replace(ONE_X, "").replace('["x-main", "x-0"]', '["x-0"]')
        settings.write_text(text, "utf-8")
        eventually(lambda: made.made.states()["x-main"][0] == "published")
        time.sleep(1.5)
        worker.signal(signal.SIGTERM)
        assert worker.wait(120) == 0
        states = made.made.states()["x-main"]
        assert states in (["published", "queued"], ["published", "published"])
        assert len(made.posts()) == states.count("published")
