"""Articles in: each is kept once, however often it arrives, and becomes one delivery for each of its accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.account import Account
from bot.article import Article
from bot.compose import compose
from bot.delivery import Delivery, State
from bot.errors import UsageError
from bot.identity import identities
from bot.nightdesk import Nightdesk
from bot.restored import posted_before
from bot.store import articles, deliveries, lanes
from bot.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """One article that was taken in. `new` says whether it was unknown; `deliveries` has one for each account."""

    article: Article
    new: bool
    deliveries: tuple[Delivery, ...]


def add_article(
    desk: Nightdesk,
    article: Article,
    *,
    accounts: Sequence[str] = (),
    pinned: datetime | Mapping[str, datetime] | None = None,
    actor: str,
) -> Added:
    """Keep the article and queue it for the accounts, or for those of `[add] accounts`.

    `pinned` is a moment for all of them, or one for each account by its name (18:00 is not everywhere the same).
    An article that is known already is not kept again, and an account that has a delivery of it gets no second one.
    A typed text that is too long for one of its accounts raises CannotFit, before anything is kept.
    """
    chosen = chosen_accounts(desk, accounts)
    if article.typed:
        _check_typed(desk, article, chosen)
    with desk.database.begin() as tx:
        desk.meet_accounts(tx)
        lanes.lock(tx, [account.name for account in chosen])
        known, new = keep(desk, tx, article)
        pins = pinned if isinstance(pinned, Mapping) else {account.name: pinned for account in chosen}
        made = [queue_for(desk, tx, known, a, pinned=pins.get(a.name), actor=actor)[0] for a in chosen]
    return Added(article=known, new=new, deliveries=tuple(made))


def chosen_accounts(desk: Nightdesk, names: Sequence[str]) -> list[Account]:
    """The accounts of these names, in order and once each; without names those of `[add] accounts`."""
    wanted = names or desk.settings.add_accounts
    if not wanted:
        hint = "Say --account NAME, or list accounts under [add] in config/nightdesk.toml."
        raise UsageError("No account is named for this article.", hint)
    return [desk.account(name) for name in dict.fromkeys(wanted)]


def keep(desk: Nightdesk, tx: Transaction, article: Article) -> tuple[Article, bool]:
    """The article as the store has it, and whether it was unknown; in the caller's transaction."""
    now = desk.clock.desk_now()
    return articles.keep(tx, replace(article, first_seen=now), identities(article), now)


def queue_for(
    desk: Nightdesk,
    tx: Transaction,
    article: Article,
    account: Account,
    *,
    pinned: datetime | None = None,
    actor: str,
) -> tuple[Delivery, bool]:
    """The account's delivery of a kept article: the one there is, or (True) a new one at the end of its queue."""
    assert article.id is not None
    held = posted_before(tx, article, account)
    return deliveries.create(
        tx,
        article=article.id,
        account=account.name,
        live=desk.is_live(tx, account),
        priority=article.priority,
        pinned=pinned,
        text=article.title if article.typed else None,
        state=State.HELD if held else State.QUEUED,
        reason=held,
        actor=actor,
        now=desk.clock.desk_now(),
    )


def typed_article(text: str, link: str) -> Article:
    """A post that a person typed: the text is sent as it is, with the link if one is given."""
    if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):  # bytes of the command line
        raise UsageError("The text cannot be read.", "Write it in UTF-8, as a terminal does that is set to it.")
    if not text.strip():
        raise UsageError("The text is empty.", 'Write it after --text, such as --text "We are live from Baku".')
    return Article(title=text.strip(), url=link, typed=True)


def _check_typed(desk: Nightdesk, article: Article, accounts: Sequence[Account]) -> None:
    for account in accounts:
        rules = desk.platform(account, False).rules
        compose(article, account, rules, desk.templates, text=article.title)
