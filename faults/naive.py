"""The canary: a sender as many people write it. It tries again on every error and marks a post after its success.

It must post twice, or the harness would not see it if Nightdesk did. `naive HOME` reads `HOME/naive.json`: the
sandbox's address, and the posts to make; what is done it notes in `HOME/naive.done`, one number a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests
from requests_oauthlib import OAuth1

from bot.failpoints import reach
from faults.behaviours import DEADLINE

TRIES = 3


def main() -> None:
    home = Path(sys.argv[1])
    task = json.loads((home / "naive.json").read_text("utf-8"))
    done = home / "naive.done"
    done.touch()
    for post in task["posts"]:
        if str(post["number"]) not in done.read_text().split():
            reach("claimed")
            if _sent(task["sandbox"], post):
                with done.open("a") as file:
                    file.write(f"{post['number']}\n")
            reach("recorded")


def _sent(sandbox: str, post: dict[str, Any]) -> bool:
    for _ in range(TRIES):
        try:
            answer = _ask(sandbox, post)
            reach("called")
            if answer.ok and ("data" in answer.json() or "id" in answer.json()):
                return True
        except (requests.RequestException, ValueError):
            pass
    return False


def _ask(sandbox: str, post: dict[str, Any]) -> requests.Response:
    key = post["key"]
    if post["platform"] == "x":
        sign = OAuth1(key, key, key, key)
        return requests.post(f"{sandbox}/2/tweets", json={"text": post["text"]}, auth=sign, timeout=DEADLINE)
    form = {"message": post["text"], "access_token": key}
    return requests.post(f"{sandbox}/v26.0/{post['identity']}/feed", data=form, timeout=DEADLINE)
