"""The judge of the fault tests: whatever could go wrong is seen, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from faults.behaviours import BEHAVIOURS, BY_NAME
from faults.judge import Case, End, Post, Try, Verdict, judge
from faults.points import failpoints

START = datetime(2026, 11, 29, tzinfo=UTC)
OUT = Post(account="x-0", id="7", text="Ferry https://courier.example/1")
TRY = Try(delivery=1, account="x-0", text=OUT.text, link="", outcome="accepted", platform_id="7")
UNKNOWN = Try(delivery=1, account="x-0", text=OUT.text, link="", outcome="unknown", platform_id="")
END = End(delivery=1, account="x-0", state="published", at=START + timedelta(seconds=3))


def end(state: str, reason: str = "") -> End:
    return End(delivery=1, account="x-0", state=state, reason=reason)


def verdict(behaviour: str = "ok", **changed: Any) -> Verdict:
    told: dict[str, Any] = {"ends": [END], "tries": [TRY], "posts": [OUT], "killed": True, **changed}
    cast = {"x-0": BY_NAME[behaviour]}
    return judge(Case(expected={1: "x-0"}, behaviour=cast, started=START, **told))[behaviour]


def test_a_published_post_that_is_there_once_is_as_it_should_be() -> None:
    found = verdict()
    assert (found.deliveries, found.accepted, found.clean, found.person, found.slowest) == (1, 1, True, 0, 3.0)


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "its row is gone": ("lost", {"ends": [], "posts": []}),
    "published, but nowhere": ("lost", {"posts": []}),
    "sending for ever": ("lost", {"ends": [end("sending")], "posts": []}),
    "taken twice": ("duplicated", {"posts": [OUT, Post(account="x-0", id="8", text=OUT.text)]}),
    "queued though it is out": ("wrong", {"ends": [end("queued")]}),
    "failed though it is out": ("wrong", {"ends": [end("failed")]}),
    "skipped though it is out": ("wrong", {"ends": [end("skipped")]}),
    "sending though it is out": ("wrong", {"ends": [end("sending")]}),
    "another id than the post's": ("wrong", {"posts": [Post(account="x-0", id="9", text=OUT.text)]}),
    "not found though it shows": ("wrong", {"ends": [end("unconfirmed", "not_found")], "tries": [UNKNOWN]}),
    "unconfirmed without a doubt": ("wrong", {"ends": [end("unconfirmed")], "posts": []}),
    "posted without an attempt": ("wrong", {"posts": [OUT, Post(account="x-0", id="8", text="Other words")]}),
    "another text than was written down": ("wrong", {"posts": [Post(account="x-0", id="7", text=OUT.text + ".")]}),
    "no rest": ("wrong", {"ends": [end("queued")], "posts": [], "restless": frozenset({1})}),
    "refused though nobody refused it": ("wrong", {"ends": [end("failed")], "posts": [], "killed": False}),
    "left behind though nothing closed it": ("wrong", {"ends": [end("queued")], "posts": [], "killed": False}),
}  # fmt: skip


@pytest.mark.parametrize(("behaviour", "wrong"), [("401", 0), ("ok", 1)])
def test_a_read_back_with_a_revoked_key_is_made_again_and_again_and_no_other(behaviour: str, wrong: int) -> None:
    ends, restless = [end("unconfirmed", "readback_failed")], frozenset({1})
    assert verdict(behaviour, ends=ends, tries=[UNKNOWN], posts=[], restless=restless).wrong == wrong


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_seen(what: str) -> None:
    kind, changed = BAD[what]
    found = verdict(**changed)
    assert getattr(found, kind) == 1, found
    assert found.findings


GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "not found where no read-back can find it": (
        "timeline lists an older page only",
        {"ends": [end("unconfirmed", "not_found")], "tries": [UNKNOWN]},
    ),
    "not found where nothing is": ("ok", {"ends": [end("unconfirmed", "not_found")], "tries": [UNKNOWN], "posts": []}),
    "queued behind a closed account": ("401", {"ends": [end("queued")], "tries": [], "posts": [], "killed": False}),
    "refused": ("refused for good", {"ends": [end("failed")], "posts": [], "killed": False}),
    "a person's after a first duplicate": (
        "duplicate on the first try",
        {"ends": [end("unconfirmed", "not_found")], "posts": [], "killed": False},
    ),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_is_right_is_left_alone(what: str) -> None:
    behaviour, changed = GOOD[what]
    found = verdict(behaviour, **changed)
    assert found.clean, found.findings


@pytest.mark.parametrize(("behaviour", "seconds", "wrong", "overran"), [("401", 4.1, 0, 1), ("401", 3.9, 1, 0)])
def test_an_answer_that_a_slow_machine_lost_is_no_verdict(
    behaviour: str, seconds: float, wrong: int, overran: int
) -> None:
    slow = replace(UNKNOWN, seconds=seconds)
    found = verdict(behaviour, ends=[end("unconfirmed", "not_found")], posts=[], tries=[slow], killed=False)
    assert (found.wrong, found.overran) == (wrong, overran)


def test_a_call_that_should_hang_is_judged() -> None:
    hung = replace(UNKNOWN, seconds=4.2)
    found = verdict("hangs, not taken", ends=[end("queued")], posts=[], tries=[hung], killed=False)
    assert (found.wrong, found.overran) == (1, 0)
    twice = verdict("hangs, not taken", ends=[end("queued")], posts=[], tries=[hung, hung], killed=False)
    assert (twice.wrong, twice.overran) == (0, 1)


def test_a_persons_work_is_counted() -> None:
    held = verdict("ok", ends=[end("held")], posts=[], tries=[])
    behind = verdict("401", ends=[end("queued")], posts=[], tries=[], person=frozenset({"x-0"}))
    assert (held.person, behind.person) == (1, 1)


def test_behaviours_have_names_of_their_own_and_failpoints_are_found() -> None:
    assert len(BY_NAME) == len(BEHAVIOURS)
    assert len(failpoints()) >= 6
