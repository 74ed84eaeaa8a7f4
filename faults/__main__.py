"""`python -m faults`: the whole matrix, its table, and an exit status that says whether the promise held."""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from faults.canary import canary
from faults.matrix import AT_ONCE, Size, never_killed, plans, points, run_all
from faults.nursery import Nursery
from faults.play import Outcome, Plan
from faults.points import ROOT
from faults.servers import servers
from faults.table import keep, table

PAGE = ROOT / "docs" / "reliability.md"
MOST_FINDINGS = 40


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that servers and processes end with us
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    say(f"seed {seed} (repeat it with SEED={seed} make faults)")
    began = time.monotonic()
    with ExitStack() as clean_up:
        nursery, databases = clean_up.enter_context(Nursery()), clean_up.enter_context(servers())
        folder = Path(tempfile.mkdtemp(prefix="nightdesk-faults-", dir=_scratch()))
        chosen = [plan for plan in plans(seed, databases.kinds, Size()) if _wanted(plan, options.only)]
        say(
            f"{len(chosen)} runs, {len(points()) - 1} places to be killed at, on {' and '.join(databases.kinds)}; "
            f"the homes are in {folder}"
        )
        with ThreadPoolExecutor(1) as beside:
            singing = beside.submit(canary, nursery, folder, seed)
            result = run_all(chosen, databases, nursery, folder, at_once=options.at_once, tell=_told(len(chosen)))
            bird, bird_kills = singing.result()
        if result.total.clean:
            shutil.rmtree(folder)
    missed = never_killed(chosen, result)
    when = f"{datetime.now(UTC):%Y-%m-%d}, seed {seed}, {time.monotonic() - began:.0f} s"
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    page = table(result, bird, bird_kills, f"{when}; {machine}; databases: {', '.join(databases.kinds)}.")
    say("")
    say(page)
    if options.keep:
        keep(PAGE, page)
    for finding in result.total.findings[:MOST_FINDINGS]:
        say(f"! {finding}")
    for place, database in missed:
        say(f"! no process was killed at {place} on {database}")
    if not bird.duplicated:
        say("! the canary posted nothing twice: this harness is blind")
    return 0 if result.total.clean and not missed and bird.duplicated else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat the runs of that seed")
    parser.add_argument("--keep", action="store_true", help=f"write the table into docs/{PAGE.name}")
    parser.add_argument("--only", default="", metavar="WORDS", help="only the runs whose title has all these words")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="runs side by side")
    return parser.parse_args()


def _wanted(plan: Plan, words: str) -> bool:
    return all(word in plan.title for word in words.split())


def _scratch() -> str | None:
    """In memory where that is possible: a power cut is not what these tests are about."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _told(runs: int) -> Callable[[int, Outcome], None]:
    def tell(done: int, outcome: Outcome) -> None:
        wrong = sum(not verdict.clean for verdict in outcome.verdicts.values())
        if wrong or done % 20 == 0 or done == runs:
            say(f"{done} of {runs} ({outcome.plan.title}): {outcome.seconds:.0f} s{', WRONG' if wrong else ''}")
        for verdict in outcome.verdicts.values():
            for finding in verdict.findings[:2]:
                say(f"  ! {finding}")

    return tell


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
