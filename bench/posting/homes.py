"""The newsroom of a race: its home with all accounts, and its queue, filled through the store as a newsroom's is.

    python -m bench.posting.homes '{"home": "…", "posts": "posts.json", "each": 5, "composed": false, "now": null}'

writes the queue into the database at $NIGHTDESK_DATABASE and the same texts, account by account, into `posts`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.material import headlines, posts
from bot.account import Account
from bot.app import open_home
from bot.article import Article
from bot.compose import compose
from bot.nightdesk import Nightdesk
from bot.platforms.registry import rules_for
from bot.store import articles, deliveries, schema
from bot.store.database import Transaction
from bot.store.rows import values
from bot.store.search import fold

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
    """Queue `each` posts for every account; returns (identity, text) of each, in turns over the accounts.

    The first is queued through the store; its rows are the pattern of all others, which is many times as fast.
    """
    accounts = list(desk.settings.accounts.values())
    stories = _stories(len(accounts)) if composed else [Article(title=f"Ferry returns: {n}") for n in range(each)]
    texts = [None] * len(accounts) if composed else _texts(each * len(accounts))
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        _queue(desk, tx, accounts[0], stories[0], texts[0])
        _multiply(tx, accounts, stories, texts)
    if not composed:
        return [(accounts[number % len(accounts)].identity, str(text)) for number, text in enumerate(texts)]
    return [
        (account.identity, _composed(desk, account, story)) for account, story in zip(accounts, stories, strict=True)
    ]


def _texts(size: int) -> list[str | None]:
    lines = headlines()
    return [f"{number}: {lines[number % len(lines)]}" for number in range(size)]


def _stories(size: int) -> list[Article]:
    """Articles that are too long to be posted whole, with an address of its own each."""
    told = [post["values"] for post in posts(must_be_cut=True)]
    return [_story(told[number % len(told)], number) for number in range(size)]


def _story(told: dict[str, Any], number: int) -> Article:
    return Article(**{**told, "url": f"{told['url']}?n={number}", "tags": tuple(told["tags"])})


def _composed(desk: Nightdesk, account: Account, article: Article) -> str:
    return compose(article, account, rules_for(account.platform), desk.templates).text


def _queue(desk: Nightdesk, tx: Transaction, account: Account, article: Article, text: str | None) -> None:
    now = desk.clock.desk_now()
    kept, _ = articles.keep(tx, article, ["guid:bench:0"], now)
    assert kept.id is not None
    deliveries.create(tx, article=kept.id, account=account.name, live=False, text=text, actor="bench", now=now)


def _multiply(
    tx: Transaction, accounts: Sequence[Account], stories: Sequence[Article], texts: Sequence[str | None]
) -> None:
    """All other rows like the first of their table: a post for each text, of the account whose turn it is."""
    article, delivery, lane = (_only(tx, table) for table in (schema.articles, schema.deliveries, schema.lanes))
    first, size, per_story = delivery["id"], len(accounts), len(texts) // len(stories)
    others = range(1, len(texts))
    _insert(tx, schema.articles, [_of(article, story, number) for number, story in enumerate(stories)][1:])
    _insert(
        tx,
        schema.deliveries,
        [
            {
                **delivery,
                "id": first + number,
                "article": article["id"] + number // per_story,
                "account": accounts[number % size].name,
                "position": delivery["position"] + number // size,
                "text": texts[number],
            }
            for number in others
        ],
    )
    change = {name: value for name, value in _only(tx, schema.history).items() if name != "id"}
    _insert(tx, schema.history, [{**change, "delivery": first + number} for number in others])
    tx.execute(sa.update(schema.lanes).values({name: value for name, value in lane.items() if name != "account"}))


def _of(article: dict[str, Any], story: Article, number: int) -> dict[str, Any]:
    told = {**values(story), "folded_title": fold(story.title), "first_seen": article["first_seen"]}
    return {**article, **told, "id": article["id"] + number}


def _only(tx: Transaction, table: sa.Table) -> dict[str, Any]:
    """The first row of a table by its key; that of the lanes is the first account's."""
    return dict(tx.execute(sa.select(table).order_by(*table.primary_key).limit(1)).one()._mapping)


def _insert(tx: Transaction, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.execute(sa.insert(table), rows)


def main(told: dict[str, Any]) -> None:
    now = datetime.fromisoformat(told["now"]) if told["now"] else None
    with open_home(Path(told["home"]), now=now) as desk:
        texts = fill(desk, told["each"], told["composed"])
    Path(told["posts"]).write_text(json.dumps(texts), "utf-8")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
