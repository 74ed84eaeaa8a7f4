"""From what a person typed to the article or delivery they mean: an id, an address, or words of the title."""

from __future__ import annotations

import re

from bot.article import Article
from bot.delivery import Delivery
from bot.errors import AmbiguousName, UsageError
from bot.store import articles, deliveries
from bot.store.database import Transaction

_DELIVERY_ID = re.compile(r"d(\d{1,18})", re.ASCII)


def article_named(tx: Transaction, name: str) -> Article:
    """The one article of that id (`a12`), URL or words; UsageError when there is none, AmbiguousName for several."""
    found = articles.find(tx, name)
    if not found:
        raise UsageError(f"There is no article {name!r}.", "Give its id (a12), its address or words of its title.")
    if len(found) > 1:
        choices = tuple(f"a{article.id}  {article.title}" for article in found)
        raise AmbiguousName(f"{len(found)} articles fit {name!r}:", choices, "Name one by its id.")
    return found[0]


def delivery_named(tx: Transaction, name: str, account: str | None = None) -> tuple[Delivery, Article]:
    """The one delivery of that id (`d34`), or of that article on `account`; the newest round when there are several."""
    if match := _DELIVERY_ID.fullmatch(name.strip()):
        delivery = deliveries.get(tx, int(match[1]))
        if delivery is None:
            raise UsageError(f"There is no post {name!r}.", "`nightdesk queue list --state all` lists them.")
        return delivery, articles.get(tx, delivery.article)
    article = article_named(tx, name)
    assert article.id is not None
    newest = {d.account: d for d in deliveries.of_article(tx, article.id) if account in (None, d.account)}
    if not newest:
        where = f" on {account}" if account else ""
        raise UsageError(f"{article.title!r} (a{article.id}) has no post{where}.", "Queue it with `nightdesk add`.")
    if len(newest) > 1:
        choices = tuple(f"d{d.id}  {d.account}  {d.state}  {article.title}" for d in newest.values())
        raise AmbiguousName(f"{len(newest)} posts fit {name!r}:", choices, "Name one by its id, or add --account.")
    return next(iter(newest.values())), article
