"""`python -m bench.profile_delivery`: where the CPU of the desk thread and of the senders goes, for each post.

It runs the newsroom of the first posting row twice: once with a stopwatch on each thread, which is exact, and once
with a profiler in each, which shows the functions but makes small ones look slower than they are.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

from bench.posting.homes import Newsroom
from bench.posting.races import Contender, Race, ground_of
from bench.posting.rows import databases_at_hand


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # no server and no folder is left behind
    options = _options()
    newsroom = Newsroom(
        platform=options.platform, accounts=options.accounts, each=options.each, composed=options.compose
    )
    contender = Contender(name="Nightdesk", database=options.database)
    race = Race(
        title="profile",
        newsroom=newsroom,
        threads=options.threads,
        latency=options.latency,
        contenders=[contender],
    )
    with databases_at_hand(_say) as databases, ground_of(race, databases, [contender]) as ground:
        for top in dict.fromkeys((0, options.top)):
            os.environ["NIGHTDESK_BENCH_TOP"] = str(top)
            run = ground.run(contender, "profiled")
            _say(f"{newsroom.size / run.seconds:,.0f} posts/s, {run.seconds:.2f} s, CPU {run.cpu:.2f} s\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.profile_delivery", description=__doc__)
    parser.add_argument("--platform", choices=["x", "facebook"], default="x")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--each", type=int, default=5, help="posts of each account")
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--compose", action="store_true", help="posts written by templates instead of by hand")
    parser.add_argument("--top", type=int, default=25, help="functions to show of each kind of thread; 0: none")
    options = parser.parse_args()
    if options.top and sys.version_info >= (3, 12):
        parser.error("from Python 3.12 on, a profiler sees all threads at once: use --top 0")
    return options


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
