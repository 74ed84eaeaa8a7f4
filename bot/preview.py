"""Exactly what would be sent, without sending it, and what a reader would see around it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from bot.account import Account
from bot.article import Article
from bot.compose import Renders, compose
from bot.delivery import Delivery, State
from bot.errors import CannotFit, TemplateFailed, UsageError
from bot.identity import canonical_url, is_web_address
from bot.nightdesk import Nightdesk
from bot.platforms.registry import rules_for
from bot.post import Post, PostRules
from bot.store import deliveries, lists
from bot.store.database import Transaction
from bot.templating.guarded import GuardedTemplates
from bot.templating.trying import OneTemplate
from bot.text.clean import one_line
from bot.text.xlength import extract_urls

WAITING = (State.QUEUED, State.HELD)
MOST_CHARACTERS = 2_000
"""Of a title or summary on a card, which shows a line or two of it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    """What a platform shows for the link of a post. It asks the page itself, so all but `url` is a good guess.

    `title`, `summary` and `image` (its address) are "" where the article does not tell, or the link is another page's.
    """

    url: str
    domain: str
    title: str = ""
    summary: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A line for programs, and what people want to see besides."""

    line: PreviewLine
    article: Article
    account: Account
    card: LinkCard | None = None
    warnings: tuple[str, ...] = ()


def preview(
    desk: Nightdesk, *, article: Article | None = None, accounts: Collection[str] = (), template: Path | None = None
) -> Iterator[Preview]:
    """What would be sent for one article, or for all that waits; on some accounts, or on all of them.

    `template` is tried in place of the accounts' own.
    """
    only = [desk.account(name).name for name in dict.fromkeys(accounts)]
    with desk.database.read() as tx:
        named = list(_of_article(desk, tx, article, only)) if article else None
        live = {name: desk.is_live(tx, desk.account(name)) for name in desk.settings.accounts}
    with _templates(desk, template) as (templates, template_name):
        for story, name, delivery in _waiting(desk, only) if named is None else named:
            known = desk.settings.accounts.get(name)
            if known is not None:
                chosen = replace(known, template=template_name or known.template)
                yield _preview(story, chosen, delivery, delivery.live if delivery else live[name], templates)


def _waiting(desk: Nightdesk, accounts: Collection[str]) -> Iterator[tuple[Article, str, Delivery | None]]:
    """All that waits, in the order it was made, with no transaction left open while it is shown."""
    every: list[str | None] = [*accounts] or [None]
    for account in every:
        for delivery, article in lists.by_number(desk.database, WAITING, account):
            yield article, delivery.account, delivery


def _of_article(
    desk: Nightdesk, tx: Transaction, article: Article, accounts: Collection[str]
) -> Iterator[tuple[Article, str, Delivery | None]]:
    """The article's newest delivery on each account; without any, the accounts it would go to."""
    assert article.id is not None
    newest = {delivery.account: delivery for delivery in deliveries.of_article(tx, article.id)}
    names = list(accounts) or list(newest) or list(desk.settings.add_accounts or desk.settings.accounts)
    return ((article, name, newest.get(name)) for name in names)


@contextmanager
def _templates(desk: Nightdesk, template: Path | None) -> Iterator[tuple[Renders, str]]:
    """What writes the posts, and the name of the template that is tried ("" for each account's own).

    One that nobody has used yet works in a process that can take little time and memory.
    """
    if template is None:
        yield desk.templates, ""
        return
    if not template.is_file():
        what = "no file" if template.exists() else "not there"
        raise UsageError(f"The template {template} is {what}.", "Give the path of a template's file.")
    with GuardedTemplates([template.absolute().parent]) as guarded:
        yield OneTemplate(guarded, template.name), template.name


def _preview(article: Article, account: Account, delivery: Delivery | None, live: bool, templates: Renders) -> Preview:
    rules, typed = rules_for(account.platform), delivery.text if delivery else None
    try:
        post: Post | None = compose(
            article, account, rules, templates, text=typed, round=delivery.round if delivery else 1
        )
        length, error = None, ""
    except CannotFit as trouble:
        post, length, error = None, trouble.needed, str(trouble)
    except TemplateFailed as trouble:
        post, length, error = None, None, str(trouble)
    line = PreviewLine(
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
        cost=rules.cost(post) if post else None,
        error=error or None,
    )
    card = link_card(article, post, rules) if post else None
    return Preview(line=line, article=article, account=account, card=card, warnings=post.warnings if post else ())


def _cuts(post: Post | None) -> tuple[dict[str, object], ...]:
    return tuple({"field": cut.field, "from": cut.whole, "to": cut.kept} for cut in post.cut) if post else ()


def link_card(article: Article, post: Post, rules: PostRules) -> LinkCard | None:
    """The card below the post: of the link that travels apart, or else of the last one in the text."""
    url = post.link if rules.link_apart else _last_link(post.text)
    if not is_web_address(url):
        return None
    card = LinkCard(url=url, domain=domain_of(url))
    same_page = is_web_address(article.url) and canonical_url(article.url) == canonical_url(url)
    if article.typed or not same_page:
        return card
    title, summary, image = (
        one_line(text[:MOST_CHARACTERS]) for text in (article.title, article.summary, article.image)
    )
    return replace(card, title=title, summary=summary, image=image)


_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def _last_link(text: str) -> str:
    """The last link in the text; one without https:// leads to what http:// leads to.

    Where X's measure sees none there may be one whose top-level domain is newer than its lists.
    """
    urls = [found.url for found in extract_urls(text)] or _ADDRESS.findall(text)
    return "" if not urls else urls[-1] if "://" in urls[-1] else f"http://{urls[-1]}"


def domain_of(url: str) -> str:
    """The host of a web address as cards show it, without `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
