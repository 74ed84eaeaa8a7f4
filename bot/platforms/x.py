"""X: posts through `tweepy.Client` with an account's own OAuth 1.0a keys, which do not expire.

What its refusals ask for stands in `x_refusals.py`.
tweepy 4.17 signs for and calls api.twitter.com, which serves the same API as api.x.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.account import Account
from bot.delivery import Slowdown
from bot.platforms import x_refusals
from bot.platforms.base import Identity, TimelinePost
from bot.platforms.client import Client, moment
from bot.platforms.outcomes import Reply, Verdict, as_id, as_list, as_object, as_text
from bot.post import Limit, Post, PostRules
from bot.text.xlength import X_LIMIT, extract_urls, limit_length

# docs.x.com, pricing of 20 April 2026, in USD. Whether a bare domain is charged as a link is not documented, nor
# whether an address is whose top-level domain X does not know; counting both as links never understates the bill.
COST_WITH_LINK = 0.200
COST_WITHOUT_LINK = 0.015
COST_OF_DELETING = 0.010
COST_OF_A_READ = 0.001  # for each of our own posts in an answer ("owned reads")

_ESCAPES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


_ADDRESS = re.compile("https?://", re.IGNORECASE | re.ASCII)


def _cost(post: Post) -> float:
    has_link = _ADDRESS.search(post.text) or extract_urls(post.text)
    return COST_WITH_LINK if has_link else COST_WITHOUT_LINK


class X(Client):
    """One X account. See `bot.platforms.base.Platform`."""

    title = "X"
    secrets = ("api_key", "api_secret", "access_token", "access_secret")
    rules = PostRules(
        limit=Limit(X_LIMIT, limit_length),
        link_apart=False,
        cost=_cost,
        read_cost=COST_OF_A_READ,
        delete_cost=COST_OF_DELETING,
        proves_absence=True,
    )

    def __init__(
        self, account: Account, *, base_url: str | None, secrets: Mapping[str, str], deadline: timedelta
    ) -> None:
        from requests import Response
        from tweepy import Client as Tweepy

        from bot.platforms.transport import Line, session

        super().__init__(account, Line(base_url), deadline)
        self._tweepy = Tweepy(
            consumer_key=secrets["api_key"],
            consumer_secret=secrets["api_secret"],
            access_token=secrets["access_token"],
            access_token_secret=secrets["access_secret"],
            return_type=Response,
            wait_on_rate_limit=False,
        )
        self._tweepy.session = session()
        self._me: Identity | None = None

    def whoami(self) -> Identity:
        """Whom the keys belong to. Raises PlatformTrouble."""
        content = self._read(self._tweepy.get_me)
        user = as_object(content.get("data"))
        number, handle = as_id(user.get("id")), as_id(user.get("username"))
        if not number or not handle:
            raise self._trouble("it does not say whose the keys are.")
        return Identity(id=number, name=handle, known_as=handle)

    def read_back(self, since: datetime) -> list[TimelinePost]:
        """Our own posts since then. See `Platform.read_back`; the first time it also asks who we are."""
        self._me = self._me or self.whoami()
        return super().read_back(since)

    def _send(self, post: Post) -> object:
        return self._tweepy.create_tweet(text=post.text)

    def _accepted(self, reply: Reply) -> tuple[str, str] | None:
        number = as_id(as_object(reply.content().get("data")).get("id"))
        return (number, self._address(number)) if number and 200 <= reply.status < 300 else None

    def _address(self, number: str) -> str:
        return f"https://x.com/{self.account.identity}/status/{number}"

    def _judge(self, reply: Reply, now: datetime) -> Verdict | None:
        return x_refusals.judge(reply, now)

    def _slowdown(self, reply: Reply, now: datetime) -> Slowdown | None:
        return x_refusals.slowdown(reply.headers, now)

    def _send_deletion(self, platform_id: str) -> object:
        return self._tweepy.delete_tweet(platform_id)

    def _is_deleted(self, reply: Reply) -> bool:
        deleted = as_object(reply.content().get("data")).get("deleted")
        return 200 <= reply.status < 300 and deleted is True

    def _is_gone(self, reply: Reply, until: float) -> bool:
        return x_refusals.says_gone(reply)

    def _request_page(self, since: datetime, cursor: str) -> object:
        assert self._me is not None
        return self._tweepy.get_users_tweets(
            self._me.id,
            max_results=100,
            start_time=since,
            pagination_token=cursor or None,
            tweet_fields=["created_at", "entities", "note_tweet"],
            user_auth=True,
        )

    def _read_page(self, content: Mapping[str, object]) -> tuple[list[object], str]:
        """An empty timeline has `meta` alone, with a count of 0 and no `data`; anything else proves nothing."""
        posts, meta = content.get("data"), as_object(content.get("meta"))
        empty = "data" not in content and "errors" not in content and meta.get("result_count") == 0
        if "meta" not in content or not (isinstance(posts, list) or empty):
            raise ValueError("no page of posts")
        return as_list(posts), as_text(meta.get("next_token"))

    def _read_post(self, raw: Mapping[str, object]) -> TimelinePost:
        number = as_id(raw.get("id"))
        if not number:
            raise ValueError("a post without an id")
        whole = as_object(raw.get("note_tweet")) or raw  # the full text, where `text` is only its beginning
        links = _links(whole) or _links(raw)
        return TimelinePost(
            id=number,
            text=_written_out(as_text(whole.get("text")), links),
            links=tuple(links.values()),
            created=moment(raw.get("created_at")),
            url=self._address(number),
        )


def _links(source: Mapping[str, object]) -> dict[str, str]:
    """Each t.co link of a text and the address behind it."""
    entries = [as_object(entry) for entry in as_list(as_object(source.get("entities")).get("urls"))]
    return {
        as_text(entry.get("url")): as_text(entry.get("expanded_url"))
        for entry in entries
        if as_text(entry.get("url")) and as_text(entry.get("expanded_url"))
    }


def _written_out(text: str, links: Mapping[str, str]) -> str:
    """The text as it was sent: X escapes three characters and shortens every link.

    In one pass, so that nothing that comes out is taken for a link or an escape again.
    """
    replaced = {**_ESCAPES, **links}
    pattern = "|".join(re.escape(key) for key in sorted(replaced, key=len, reverse=True))
    return re.sub(pattern, lambda found: replaced[found[0]], text)
