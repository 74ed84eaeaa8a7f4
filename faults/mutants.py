"""`make mutants`: does the alarm ring? Each safeguard is taken out of a copy of the source, and the tests must go red.

A mutant is a few exact replacements of text and the tests that should notice. One whose place is not there any more
fails loudly: then the source has changed, and the mutant has to follow it. The tests are run on an untouched copy
first, for a test that is red anyway proves nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.points import ROOT

COPIED = ("bot", "faults", "tests", "templates", "config", "docs", "scripts", "bench")
FILES = ("pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "constraints.txt")
GREEN, RED = 0, 1  # pytest's exit statuses; all others say that the tests could not be run
ENDLESS = -1  # what never ends is noticed, too
PATIENCE, PATIENCE_WITH_ALL = 180, 1_200  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """In `file`, `old` (which stands there exactly once) becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """What is broken, how, and the tests (as pytest names them) of which one at least must fail."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


def _edit(file: str, old: str, new: str) -> Edit:
    return Edit(file=file, old=old, new=new)


MUTANTS = (
    Mutant(
        name="the intent commit removed",
        edits=(
            _edit(
                "bot/store/turns.py",
                '    written = tx.execute(statements["attempt"], {**rows, **times}).rowcount\n',
                "    return {intent.delivery for intent in intents}\n",
            ),
        ),
        tests=("tests/test_way.py::test_every_attempt_is_committed_before_the_platform_sees_the_request",),
    ),
    Mutant(
        name="the settle time zeroed",
        edits=(
            _edit(
                "bot/settling.py",
                "    if intent is None:\n        return rest - passed(mark, now)\n",
                "    rest = NOTHING\n    if intent is None:\n        return rest - passed(mark, now)\n",
            ),
        ),
        tests=(
            "tests/test_settling.py",
            "tests/test_reconcile.py::test_a_late_commit_is_found_because_the_settle_time_is_kept",
        ),
    ),
    Mutant(
        name="the claim's row count ignored",
        edits=(_edit("bot/store/turns.py", "    if written != len(intents):\n", "    if written < 0:\n"),),
        tests=("tests/test_store_attempts.py",),
    ),
    Mutant(
        name="the lease re-check skipped",
        edits=(
            _edit(
                "bot/store/turns.py",
                "        .where(lanes.c.fence == r.c.fence, lanes.c.owner == owner, lanes.c.lease_until > lease_now)\n",
                "        .where(sa.or_(lanes.c.owner == owner, lease_now == lease_now))\n",
            ),
        ),
        tests=(
            "tests/test_store_attempts.py",
            "tests/test_faults_workers.py::test_a_worker_frozen_before_its_intent_posts_nothing_when_another_has_taken_over",
        ),
    ),
    Mutant(
        name="the pause check skipped in TX2",
        edits=(
            _edit(
                "bot/intents.py",
                "    turn = plan(desk, orders, claim.account, claim.view, claim.queue)\n",
                "    from bot.timetable.planner import plan_turn\n\n"
                "    timetable = desk.timetable(claim.account)\n"
                "    turn = plan_turn(timetable, claim.account.caps, claim.view, claim.queue.candidates, orders.now)\n",
            ),
        ),
        tests=("tests/test_trouble.py::test_a_pause_between_claim_and_intent_stops_the_call",),
    ),
    Mutant(
        name="a cap off by one",
        edits=(_edit("bot/timetable/limits.py", "if beyond - first >= most else", "if beyond - first > most else"),),
        tests=("tests/test_planner.py", "tests/test_three_days.py"),
    ),
    Mutant(
        name="unknown treated as not_sent",
        edits=(_edit("bot/retry.py", "        return _unknown(case)\n", "        return _try_again(case)\n"),),
        tests=(
            "tests/test_retry.py",
            "tests/test_way.py::test_a_fault_ends_in_the_right_state_and_never_in_a_second_post",
        ),
    ),
    Mutant(
        name="5xx treated as a refusal",
        edits=(
            _edit(
                "bot/platforms/outcomes.py",
                '(range(500, 600), Meaning(Remedy.LOOK, "its server failed"))',
                '(range(500, 600), Meaning(Remedy.CHANGE_TEXT, "its server failed"))',
            ),
        ),
        tests=("tests/test_platforms_sandbox.py", "tests/test_platforms_x.py"),
    ),
    Mutant(
        name="a match on link alone",
        edits=(
            _edit(
                "bot/matching.py",
                "        ours.words == theirs.words\n        and ours.links <= theirs.links\n",
                "        ours.links <= theirs.links\n",
            ),
        ),
        tests=("tests/test_matching.py", "tests/test_reconcile.py"),
    ),
    Mutant(
        name="an id matched twice",
        edits=(_edit("bot/search.py", "claimed.keys(), rivals", "(), rivals"),),
        tests=("tests/test_reconcile.py::test_an_id_that_another_delivery_claimed_is_not_matched_again",),
    ),
    Mutant(
        name="text composed anew on retry of an unknown",
        edits=(_edit("bot/writing.py", "    if work.frozen:\n", "    if work.frozen and not work.frozen[0]:\n"),),
        tests=("tests/test_reconcile.py::test_on_x_two_empty_readings_send_the_same_post_again_to_the_byte",),
    ),
    Mutant(
        name="the outcome's commit retried together with the call",
        edits=(
            _edit(
                "bot/deliver.py",
                "log = logging.getLogger(__name__)\n",
                "log = logging.getLogger(__name__)\n_JOBS = []\n",
            ),
            _edit(
                "bot/deliver.py",
                "            if turn is None:\n                continue\n",
                "            if turn is None:\n"
                "                flow.answers = []\n"
                "                senders.start(_JOBS, backlog=False)\n"
                "                continue\n",
            ),
            _edit(
                "bot/deliver.py",
                "            senders.start(flow.start(jobs + checks), backlog=turn.claimed.lanes >= room)\n",
                "            _JOBS[:] = jobs or _JOBS\n"
                "            senders.start(flow.start(jobs + checks), backlog=turn.claimed.lanes >= room)\n",
            ),
        ),
        tests=(
            "tests/test_faults_storage.py::test_an_outcome_waits_for_a_writer_who_takes_longer_than_our_patience",
            "tests/test_faults_storage.py::"
            "test_a_disk_that_fills_up_while_the_platform_takes_the_post_never_makes_a_second",
        ),
    ),
    Mutant(
        name="the lane left open after an unknown",
        edits=(
            _edit(
                "bot/retry.py",
                'return Decision(state=State.UNCONFIRMED, reason="settling", close_lane=lane)',
                'return Decision(state=State.UNCONFIRMED, reason="settling" if lane else "")',
            ),
        ),
        tests=(
            "tests/test_faults_nights.py::test_one_lost_reply_at_two_and_nobody_awake_the_rest_of_the_night_goes_out",
            "tests/test_retry.py",
        ),
    ),
    Mutant(
        name="the deadline check before the first byte removed",
        edits=(
            _edit(
                "bot/platforms/client.py", "        if start - intended > self._deadline:\n", "        if start < 0:\n"
            ),
        ),
        tests=("tests/test_platforms_transport.py", "tests/test_faults_workers.py"),
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults.mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS", help="only the mutants whose name has these words")
    words = parser.parse_args().only
    chosen = [mutant for mutant in MUTANTS if words in mutant.name]
    with _copy() as copy:
        for mutant in chosen:
            check_places(mutant, copy)
        say(f"The tests of {len(chosen)} mutants, on the source as it is:")
        status, seconds = run_tests(copy, sorted({test for mutant in chosen for test in mutant.tests}))
        say(f"  {'green' if status == GREEN else f'not green (pytest {status})'}, {seconds:.0f} s")
        if status != GREEN:
            say("A test that is red anyway notices nothing. Mend it first.")
            return 1
        missed = [mutant.name for mutant in chosen if not _noticed(mutant, copy)]
    say(f"{len(chosen) - len(missed)} of {len(chosen)} mutants were noticed")
    for name in missed:
        say(f"! nobody noticed: {name}")
    return 1 if missed else 0


def _noticed(mutant: Mutant, copy: Path) -> bool:
    with _mutated(mutant, copy):
        status, seconds = run_tests(copy, mutant.tests, first_failure_is_enough=True)
    told = {GREEN: "NOT NOTICED", RED: "noticed", ENDLESS: "noticed: the tests do not end"}.get(
        status, f"the tests could not be run (pytest {status})"
    )
    say(f"| {mutant.name} | {told} | {seconds:.0f} s |")
    return status in (RED, ENDLESS)


def check_places(mutant: Mutant, source: Path) -> None:
    """Raises SystemExit when a place that the mutant changes is not there, or is there more than once."""
    for edit in mutant.edits:
        found = (source / edit.file).read_text("utf-8").count(edit.old)
        if found != 1:
            raise SystemExit(f"“{mutant.name}” has lost its place: {edit.file} has it {found} times:\n{edit.old}")


@contextmanager
def _mutated(mutant: Mutant, copy: Path) -> Iterator[None]:
    before = {edit.file: (copy / edit.file).read_text("utf-8") for edit in mutant.edits}
    try:
        for edit in mutant.edits:
            file = copy / edit.file
            file.write_text(file.read_text("utf-8").replace(edit.old, edit.new), "utf-8")
        yield
    finally:
        for name, text in before.items():
            (copy / name).write_text(text, "utf-8")


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nightdesk-mutants-") as folder:
        copy = Path(folder) / "source"
        copy.mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".peers"))
        for name in FILES:
            shutil.copyfile(ROOT / name, copy / name)
        yield copy


def run_tests(copy: Path, tests: Sequence[str], *, first_failure_is_enough: bool = False) -> tuple[int, float]:
    """Run them on the copy; pytest's exit status (ENDLESS: they were stopped), and how long it took."""
    began = time.monotonic()
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    words += ["-x"] if first_failure_is_enough else ["-n", "2"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    patience = PATIENCE if first_failure_is_enough else PATIENCE_WITH_ALL
    try:
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return ENDLESS, time.monotonic() - began
    if done.returncode not in (GREEN, RED) or (done.returncode == RED and not first_failure_is_enough):
        say(done.stdout[-3000:] + done.stderr[-1000:])
    return done.returncode, time.monotonic() - began


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
