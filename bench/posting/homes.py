"""The newsroom of a race: its home with all accounts, and its queue, filled through the store as a newsroom's is.

    python -m bench.posting.homes '{"home": "…", "posts": "posts.json", "each": 5, "composed": false, "now": null}'

writes the queue into the database at $NIGHTDESK_DATABASE and the same texts, account by account, into `posts`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.material import headlines, posts
from bot.account import Account
from bot.app import open_home
from bot.article import Article
from bot.compose import compose
from bot.nightdesk import Nightdesk
from bot.platforms.registry import rules_for
from bot.store import articles, deliveries
from bot.store.database import Transaction

AT_ONCE = 1000
"""Articles written in one transaction."""

ACCOUNT = {
    "x": '[accounts.desk-{number}]\nplatform = "x"\nhandle = "@desk_{number}"\n',
    "facebook": '[accounts.desk-{number}]\nplatform = "facebook"\npage_id = "{number}"\n',
}
CAPS = 'caps = {{ per_hour = 1000, per_day = 1000, min_gap = "0 s" }}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """So many accounts of one platform, each with `each` posts waiting.

    `composed`: each account has articles of its own, to be written by its template; else the texts were typed by hand,
    so that composing costs next to nothing. `slot`: all accounts are due at that time of day, else at once.
    """

    platform: str
    accounts: int
    each: int = 1
    composed: bool = False
    slot: str = ""

    @property
    def size(self) -> int:
        return self.accounts * self.each


def write_home(home: Path, newsroom: Newsroom, *, server: str, senders: int) -> None:
    """The settings: rehearsal leads to the tiny server, and caps are out of the way."""
    timetable = f'timetable = ["daily at {newsroom.slot}"]\n' if newsroom.slot else ""
    account = ACCOUNT[newsroom.platform] + CAPS + timetable
    blocks = [account.format(number=1000 + number) for number in range(newsroom.accounts)]
    (home / "config").mkdir(parents=True)
    top = f'rehearsal = "{server}"\n[delivery]\nsenders = {senders}\n'
    (home / "config" / "nightdesk.toml").write_text("\n".join([top, *blocks]), "utf-8")


def fill(desk: Nightdesk, each: int, composed: bool) -> list[tuple[str, str]]:
    """Queue `each` posts for every account; returns (identity, text) of each, in turns over the accounts."""
    accounts = list(desk.settings.accounts.values())
    turns = [account for _ in range(each) for account in accounts]
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
    write = _composed if composed else _typed
    texts: list[tuple[str, str]] = []
    for start in range(0, len(turns), AT_ONCE):
        with desk.database.begin() as tx:
            texts += write(desk, tx, turns[start : start + AT_ONCE], start)
    return texts


def _typed(desk: Nightdesk, tx: Transaction, accounts: Sequence[Account], first: int) -> Iterator[tuple[str, str]]:
    """One article for all accounts in each turn, and a text by hand for each of them."""
    lines, size = headlines(), len(desk.settings.accounts)
    for number, account in enumerate(accounts, first):
        article = _keep(desk, tx, Article(title="Ferry returns"), f"turn {number // size}")
        text = f"{number}: {lines[number % len(lines)]}"
        _queue(desk, tx, article, account, text)
        yield account.identity, text


def _composed(desk: Nightdesk, tx: Transaction, accounts: Sequence[Account], first: int) -> Iterator[tuple[str, str]]:
    """An article of its own for each, too long to be posted whole."""
    stories = [story["values"] for story in posts(must_be_cut=True)]
    for number, account in enumerate(accounts, first):
        story = stories[number % len(stories)]
        told = {**story, "url": f"{story['url']}?n={number}", "tags": tuple(story["tags"])}
        article = _keep(desk, tx, Article(**told), str(number))
        _queue(desk, tx, article, account, None)
        yield account.identity, compose(article, account, rules_for(account.platform), desk.templates).text


def _keep(desk: Nightdesk, tx: Transaction, article: Article, name: str) -> Article:
    return articles.keep(tx, article, [f"guid:bench:{name}"], desk.clock.desk_now())[0]


def _queue(desk: Nightdesk, tx: Transaction, article: Article, account: Account, text: str | None) -> None:
    assert article.id is not None
    now = desk.clock.desk_now()
    deliveries.create(tx, article=article.id, account=account.name, live=False, text=text, actor="bench", now=now)


def main(told: dict[str, Any]) -> None:
    now = datetime.fromisoformat(told["now"]) if told["now"] else None
    with open_home(Path(told["home"]), now=now) as desk:
        texts = fill(desk, told["each"], told["composed"])
    Path(told["posts"]).write_text(json.dumps(texts), "utf-8")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
