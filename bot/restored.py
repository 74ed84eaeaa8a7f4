"""After restoring a backup: what the lost database knew is read back from the timelines before anything is sent.

Posts that no delivery claims are compared with what still waits in the queue, written as it would be sent. The same
content: that delivery is published, with the post's id. Something like it: held, a person decides. The rest is kept for
a month, because the articles behind it are not in the database any more and will come again from their source.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import matching
from bot.account import Account
from bot.article import Article
from bot.compose import compose, link_in_text
from bot.delivery import Delivery, State
from bot.errors import NightdeskError, TryAgainLater
from bot.failpoints import reach
from bot.lastrun import NOT_READ, SINCE, begin_run
from bot.matching import Resemblance, SeenPost
from bot.nightdesk import Nightdesk
from bot.platforms.base import TimelinePost
from bot.platforms.registry import rules_for
from bot.post import Post
from bot.search import seen
from bot.store import articles, attempts, deliveries, lanes, looks, meta, orphans, reads, unread
from bot.store.database import Transaction
from bot.store.orphans import Orphan
from bot.store.reads import Read
from bot.text.utm import tagged

log = logging.getLogger(__name__)

ACTOR = "reconcile"
AT_ONCE = 16  # timelines
TRY_EVERY = timedelta(minutes=1)
TRIED = "restored: tried"
WAITING = (State.QUEUED, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What reading back came to: deliveries found published, deliveries held, and accounts that could not be read."""

    published: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    unread: tuple[str, ...] = ()


def check_restored(desk: Nightdesk) -> Restored | None:
    """See whether the database is older than the last run, and read back what it does not know. None: all is well.

    Call it at the beginning of every pass. Accounts that could not be read are tried again by each new process, and
    each minute, and stay closed until they were, or until a person opens them (`nightdesk resume --account`).
    """
    first, now = desk.noted is None, desk.clock.real_now()
    first |= begin_run(desk)
    with desk.database.read() as tx:
        pending = unread.listed(tx)
        since, tried = meta.get_time(tx, SINCE), meta.get_time(tx, TRIED)
    if not pending or since is None or (not first and tried is not None and abs(now - tried) < TRY_EVERY):
        return None
    with desk.database.begin() as tx:
        meta.set_time(tx, TRIED, now)
    return _read_back(desk, [name for name in pending if name in desk.settings.accounts], since - matching.SKEW)


def _read_back(desk: Nightdesk, names: list[str], since: datetime) -> Restored:
    accounts = [desk.account(name) for name in names]
    published: list[int] = []
    held: list[int] = []
    failed: list[str] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="read-back") as pool:
        for account, timeline in zip(accounts, pool.map(lambda one: _read(desk, one, since), accounts), strict=True):
            if isinstance(timeline, NightdeskError):
                log.error("%s: %s; it stays closed until that has been done", account.name, timeline)
                failed.append(account.name)
                continue
            found, doubtful = _settle(desk, account, timeline)
            published += found
            held += doubtful
    log.warning(
        "Restored backup: %d accounts read back, %d queued posts were out already, %d are held because of a similar "
        "post, %d accounts could not be read.",
        len(names) - len(failed), len(published), len(held), len(failed),
    )  # fmt: skip
    with desk.database.begin() as tx:
        unread.keep(tx, [name for name in unread.listed(tx) if name in failed])
    return Restored(published=tuple(published), held=tuple(held), unread=tuple(failed))


def _read(desk: Nightdesk, account: Account, since: datetime) -> list[TimelinePost] | NightdeskError:
    """The platform that the settings name is read, even if the older database has forgotten that it went live."""
    try:
        return desk.platform(account, account.live).read_back(since)
    except NightdeskError as error:
        return error
    except Exception as error:
        log.exception("%s could not be read", account.name)
        return NightdeskError(f"a mistake in Nightdesk: {type(error).__name__}; please report it")


# -- one account -------------------------------------------------------------------------------------------------


def _settle(desk: Nightdesk, account: Account, timeline: list[TimelinePost]) -> tuple[list[int], list[int]]:
    """Write down what the account's timeline tells of its queue, and let it go on: (published, held) deliveries."""
    live = account.live
    with desk.database.read() as tx:
        claimed = attempts.claimed(tx, {post.id for post in timeline}, live=live, but=0)
        waiting = [
            d for stamp in (live, not live) for d in deliveries.open_of(tx, account.name, live=stamp, states=WAITING)
        ]
        found = articles.get_many(tx, {delivery.article for delivery in waiting})
    lost = [post for post in timeline if post.id not in claimed]
    posts = {d.id: _as_sent(desk, account, d, found[d.article]) for d in waiting} if lost else {}
    like = matching.resemblances({n: (p.text, p.link) for n, p in posts.items()}, [seen(post) for post in lost])
    published: list[int] = []
    held: list[int] = []
    reach("restored_matched")
    with desk.database.begin() as tx:
        orphans.keep(tx, [_orphan(account, live, post) for post in lost])
        _book(desk, tx, account, len(timeline))
        for delivery in waiting:
            match = like.get(delivery.id)
            if match is None:
                continue
            post = _the_one(match, like, lost) if delivery.live == live else None
            if post and _adopt(desk, tx, account, delivery, posts[delivery.id], post):
                published.append(delivery.id)
            elif not post and _hold(desk, tx, delivery, match, lost):
                held.append(delivery.id)
        _let_go_on(desk, tx, account)
    reach("restored_written")
    return published, held


def _let_go_on(desk: Nightdesk, tx: Transaction, account: Account) -> None:
    """Its slots of meanwhile are missed for this; an unclear post that the copy knew of keeps it closed for its own."""
    unclear = looks.unread(tx, account.name)
    until = None if unclear else desk.clock.real_now()
    lanes.close(tx, account.name, reason=NOT_READ, until=until, closed_for=unclear)
    unread.drop(tx, account.name)


def _as_sent(desk: Nightdesk, account: Account, delivery: Delivery, article: Article) -> Post:
    """The post as it would be sent; where it cannot be written, its title and link stand for it."""
    rules = rules_for(account.platform)
    try:
        return compose(article, account, rules, desk.templates, text=delivery.text, round=delivery.round)
    except TryAgainLater:
        raise
    except Exception:
        return Post(text=article.title, link=article.url)


def _the_one(match: Resemblance, every: dict[int, Resemblance], lost: Sequence[TimelinePost]) -> TimelinePost | None:
    """The one post that has the delivery's content, if it has no other's as well."""
    if len(match.equal) != 1 or sum(match.equal[0] in other.equal for other in every.values()) != 1:
        return None
    return next(post for post in lost if post.id == match.equal[0])


def _adopt(
    desk: Nightdesk, tx: Transaction, account: Account, delivery: Delivery, sent: Post, post: TimelinePost
) -> bool:
    reason = f"restored backup: found on the timeline: {post.url}"
    now, when = desk.clock.desk_now(), set(WAITING)
    if not deliveries.change(tx, delivery.id, when=when, to=State.PUBLISHED, reason=reason, actor=ACTOR, now=now):
        return False
    attempts.adopt(
        tx,
        delivery,
        text=sent.text,
        link=sent.link,
        created=post.created,
        platform_id=post.id,
        post_url=post.url,
        cost=rules_for(account.platform).cost(sent),
        owner=desk.owner,
        now=desk.clock.real_now(),
    )
    orphans.adopt(tx, account.name, post.id)
    log.warning("d%s (%s) is published: %s", delivery.id, account.name, reason)
    return True


def _hold(
    desk: Nightdesk, tx: Transaction, delivery: Delivery, match: Resemblance, lost: Sequence[TimelinePost]
) -> bool:
    wanted = (*match.equal, *match.alike)
    reason = _similar(*(post.url for post in lost if post.id in wanted))
    now = desk.clock.desk_now()
    return deliveries.change(tx, delivery.id, when={State.QUEUED}, to=State.HELD, reason=reason, actor=ACTOR, now=now)


def _book(desk: Nightdesk, tx: Transaction, account: Account, posts: int) -> None:
    cost = round(posts * rules_for(account.platform).read_cost, 6)
    why, now = "read back after a restored backup", desk.clock.real_now()
    reads.add(tx, Read(account=account.name, live=account.live, at=now, delivery=None, posts=posts, cost=cost, why=why))


# -- what comes again --------------------------------------------------------------------------------------------


def posted_before(tx: Transaction, article: Article, account: Account) -> str:
    """Why a new delivery should be held: a post like it was on the timeline when a backup was restored. Else ""."""
    kept = orphans.of(tx, account.name, live=account.live)
    if not kept:
        return ""
    page = link_in_text(article.url)
    guesses = {0: (article.title, article.url), 1: (article.title, tagged(page, account.utm))}
    posts = [SeenPost(id=o.platform_id, text=o.text, links=o.links, created=o.created) for o in kept]
    like = matching.resemblances(guesses, posts)
    wanted = {number for match in like.values() for number in (*match.equal, *match.alike)}
    return _similar(*(orphan.url for orphan in kept if orphan.platform_id in wanted)) if wanted else ""


def _similar(*urls: str) -> str:
    return f"restored backup: a post like it is on the timeline already: {', '.join(urls)}"


def _orphan(account: Account, live: bool, post: TimelinePost) -> Orphan:
    return Orphan(
        account=account.name,
        platform_id=post.id,
        live=live,
        text=post.text,
        links=post.links,
        created=post.created,
        url=post.url,
    )
