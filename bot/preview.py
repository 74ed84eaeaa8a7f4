"""Exactly what would be sent, without sending it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot.account import Account
from bot.article import Article
from bot.compose import compose
from bot.delivery import Delivery, State
from bot.errors import CannotFit, TemplateFailed, UsageError
from bot.nightdesk import Nightdesk
from bot.platforms.registry import rules_for
from bot.post import Post, PostRules
from bot.store import deliveries
from bot.store.database import Transaction
from bot.templating import Templates

WAITING = (State.QUEUED, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """One post as it would be sent now. `text` is None and `error` says why where it cannot be written.

    `length` and `limit` are in the platform's units; `cut` tells which fields were shortened; `cost` is in USD.
    `delivery` is None for an article that is not queued for the account.
    """

    delivery: str | None
    article: str
    account: str
    platform: str
    live: bool
    text: str | None
    link: str | None
    length: int | None
    limit: int
    fits: bool
    cut: tuple[dict[str, object], ...]
    cost: float | None
    error: str | None


def preview(
    desk: Nightdesk, *, article: Article | None = None, account: str | None = None, template: Path | None = None
) -> Iterator[PreviewLine]:
    """What would be sent for one article, or for all that waits; on one account, or on all of them.

    `template` is tried in place of the accounts' own.
    """
    only = desk.account(account).name if account else None
    with desk.database.read() as tx:
        wanted = list(_of_article(desk, tx, article, only) if article else _waiting(tx, only))
        live = {name: desk.is_live(tx, desk.account(name)) for name in desk.settings.accounts}
    templates, template_name = _templates(desk, template)
    for story, name, delivery in wanted:
        known = desk.settings.accounts.get(name)
        if known is not None:
            chosen = replace(known, template=template_name or known.template)
            yield _line(story, chosen, delivery, delivery.live if delivery else live[name], templates)


def _waiting(tx: Transaction, account: str | None) -> Iterator[tuple[Article, str, Delivery | None]]:
    after = 0
    while True:
        page = deliveries.listing(tx, states=WAITING, account=account, after=after)
        yield from ((article, delivery.account, delivery) for delivery, article in page)
        if len(page) < deliveries.PAGE:
            return
        after = page[-1][0].id


def _of_article(
    desk: Nightdesk, tx: Transaction, article: Article, account: str | None
) -> Iterator[tuple[Article, str, Delivery | None]]:
    """The article's newest delivery on each account; without any, the accounts it would go to."""
    assert article.id is not None
    newest = {delivery.account: delivery for delivery in deliveries.of_article(tx, article.id)}
    names = [account] if account else list(newest) or list(desk.settings.add_accounts or desk.settings.accounts)
    return ((article, name, newest.get(name)) for name in names)


def _templates(desk: Nightdesk, template: Path | None) -> tuple[Templates, str]:
    """The templates to use, and the name of the one that is tried ("" for each account's own)."""
    if template is None:
        return desk.templates, ""
    if not template.is_file():
        raise UsageError(f"The template {template} is not there.", "Give the path of a file.")
    return Templates([template.absolute().parent, desk.settings.templates]), template.name


def _line(
    article: Article, account: Account, delivery: Delivery | None, live: bool, templates: Templates
) -> PreviewLine:
    rules, typed = rules_for(account.platform), delivery.text if delivery else None
    if typed is None and article.typed:
        typed = article.title
    try:
        post: Post | None = compose(article, account, rules, templates, text=typed)
        length, error = None, ""
    except CannotFit as trouble:
        post, length, error = None, trouble.needed, str(trouble)
    except TemplateFailed as trouble:
        post, length, error = None, None, str(trouble)
    return PreviewLine(
        delivery=f"d{delivery.id}" if delivery else None,
        article=f"a{article.id}",
        account=account.name,
        platform=account.platform,
        live=live,
        text=post.text if post else None,
        link=(post.link or None) if post else None,
        length=post.length if post else length,
        limit=rules.limit.most,
        fits=post is not None,
        cut=_cuts(post),
        cost=_cost(rules, post),
        error=error or None,
    )


def _cuts(post: Post | None) -> tuple[dict[str, object], ...]:
    return tuple({"field": cut.field, "from": cut.whole, "to": cut.kept} for cut in post.cut) if post else ()


def _cost(rules: PostRules, post: Post | None) -> float | None:
    return rules.cost(post) if post else None
