"""The canary's runs: the naive sender over the same sandbox, with the same behaviours, killed at the same places."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox.faults import parse
from bot.sandbox.server import Sandbox
from faults.behaviours import BEHAVIOURS, DEADLINE, Behaviour
from faults.judge import Verdict
from faults.nursery import Nursery
from faults.play import UNLIMITED

PLACES = ("none", "claimed", "called", "recorded")
POSTS = 2


def canary(
    nursery: Nursery, folder: Path, seed: int, behaviours: Sequence[Behaviour] = BEHAVIOURS
) -> tuple[Verdict, int]:
    """What the naive sender came to, and how often it was killed. One process an account, killed at each place."""
    dice, total, kills = random.Random(seed), Verdict(), 0
    chosen = [each for each in behaviours if not each.refuses_connections]
    for place in PLACES:
        home = folder / f"canary-{place}"
        home.mkdir(parents=True)
        with Sandbox(limits=UNLIMITED) as sandbox:
            posts = [_order(sandbox, behaviour, number, dice) for number, behaviour in enumerate(chosen)]
            kills += _send(nursery, home, sandbox.url, posts, place)
            time.sleep(max(behaviour.late for behaviour in chosen))
            total.add(_judge(home, posts, sandbox))
    return total, kills


def _order(sandbox: Sandbox, behaviour: Behaviour, number: int, dice: random.Random) -> list[dict[str, object]]:
    """The posts of one account, one of which the behaviour strikes."""
    platform = dice.choice(behaviour.platforms)
    account, identity = f"naive-{number}", str(10**9 + number)
    struck = dice.randrange(POSTS)
    for order in behaviour.orders(platform):
        if order.get("method") == "POST":
            sandbox.order(parse({"platform": platform, "account": account, "after": struck, **order}))
    return [
        {
            "number": number * POSTS + post,
            "account": account,
            "platform": platform,
            "identity": identity,
            "key": f"rehearsal:{account}:{identity}",
            "text": f"Naive post {post} of {account}",
        }
        for post in range(POSTS)
    ]


def _send(nursery: Nursery, home: Path, url: str, accounts: list[list[dict[str, object]]], place: str) -> int:
    """A process for each account, all at once; who was killed is started again without the failpoint."""
    running = []
    for number, posts in enumerate(accounts):
        mine = home / str(number)
        mine.mkdir()
        (mine / "naive.json").write_text(json.dumps({"sandbox": url, "posts": posts}), "utf-8")
        running.append((mine, nursery.start("naive", [str(mine)], mine / "said.log", {"NIGHTDESK_CRASH_AT": place})))
    patience = 4 * DEADLINE * POSTS + 30
    killed = [mine for mine, process in running if process.wait(patience) == -9]
    again = [nursery.start("naive", [str(mine)], mine / "said.log") for mine in killed]
    for process in again:
        process.wait(patience)
    return len(killed)


def _judge(home: Path, accounts: list[list[dict[str, object]]], sandbox: Sandbox) -> Verdict:
    taken = Counter(post.text for post in sandbox.all_posts())
    verdict = Verdict(accepted=sum(taken.values()))
    for number, posts in enumerate(accounts):
        done = (home / str(number) / "naive.done").read_text().split()
        for post in posts:
            times = taken[str(post["text"])]
            verdict.deliveries += 1
            verdict.duplicated += times > 1
            verdict.lost += not times and str(post["number"]) in done
            verdict.wrong += bool(times) and str(post["number"]) not in done
    return verdict
