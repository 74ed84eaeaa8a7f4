"""States and reasons in words, each with a command that exists."""

from __future__ import annotations

import shlex

import pytest

from bot import tasks
from bot.delivery import State
from tests.commands import nightdesk

REASONS = [(State.UNCONFIRMED, reason) for reason in ("settling", "not_found", "ambiguous", "readback_failed",
           "duplicate_reported", "something new")]  # fmt: skip
STATES = [*REASONS, *((state, "") for state in State)]


def test_every_reason_has_words_and_something_to_do() -> None:
    for state, reason in REASONS:
        assert tasks.in_words(state, reason)
        assert tasks.settled_by(state, reason, "d34").startswith("nightdesk resolve d34 --")
    told = {tasks.in_words(state, reason) for state, reason in STATES}
    assert len(told) == len(STATES)


def test_particulars_behind_the_word_are_kept() -> None:
    told = tasks.told(State.UNCONFIRMED, "ambiguous: two posts of today have its link", "d34")
    assert told.startswith("ambiguous: the timeline shows a post that may be this one")
    assert "(two posts of today have its link) → nightdesk resolve d34 --posted URL or nightdesk resolve d34" in told
    assert tasks.told(State.FAILED, "the text is too long", "d34") == "the text is too long"
    assert tasks.told(State.WITHDRAWN, "", "d34").endswith("→ nightdesk queue again d34")


@pytest.mark.parametrize(("state", "reason"), STATES)
def test_its_command_exists(state: State, reason: str) -> None:
    for command in filter(None, tasks.settled_by(state, reason, "d34").split(" or ")):
        words = [word for word in shlex.split(command)[1:] if word not in ("d34", "URL")]
        verbs, options = [w for w in words if not w.startswith("-")], [w for w in words if w.startswith("-")]
        done = nightdesk(*verbs, "--help")
        assert done.status == 0, command
        assert all(option in done.out for option in options), command
