"""How X shows a post again: t.co links in the text, entities, and the fields that were asked for.

Sources: docs.x.com, the post object and `entities` (August 2026); t.co links and their `expanded_url` in
`entities.urls` are what a read-back has to match by.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.keys import Key, number_for
from bot.sandbox.ledger import Accepted
from bot.sandbox.wire import names
from bot.text.xlength import extract_urls

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657  # 2010-11-04, where X starts to count

POST_FIELDS = names(
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_post_ids edit_history_tweet_ids entities geo id in_reply_to_user_id "
    "lang media_metadata non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics "
    "public_metrics referenced_posts referenced_tweets reply_settings scopes source suggested_source_links text "
    "withheld"
)


def snowflake(moment: datetime) -> int:
    """The first id of that millisecond: ids rise with time."""
    return (int(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def timestamp(moment: datetime) -> str:
    """As X writes times: UTC with milliseconds and a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def user(handle: str) -> dict[str, str]:
    """The user object's default fields."""
    return {"id": author_id(handle), "name": handle, "username": handle}


def author_id(handle: str) -> str:
    """The user id of a handle, the same at each start; case does not matter, as on X."""
    return number_for("x", handle.lower())


def display(post: Accepted) -> tuple[str, list[dict[str, Any]]]:
    """The text as X returns it, and its `entities.urls`; offsets count code points of the returned text.

    Every link is a t.co link, and `&`, `<`, `>` are escaped, as the API has answered since its first version.
    """
    text, seen, urls = "", 0, []
    for index, found in enumerate(extract_urls(post.text)):
        text += _escape(post.text[seen : found.start])
        short = f"https://t.co/{_slug(post.id, index)}"
        urls.append({"start": len(text), "end": len(text) + len(short), "url": short, **_target(found.url)})
        text += short
        seen = found.end
    return text + _escape(post.text[seen:]), urls


def post_object(post: Accepted, wanted: frozenset[str]) -> dict[str, Any]:
    """The post with its default fields and the wanted ones that have a value."""
    text, urls = display(post)
    author = author_id(post.name)
    optional: dict[str, Any] = {
        "author_id": author,
        "conversation_id": post.id,
        "created_at": timestamp(post.created),
        "possibly_sensitive": False,
        "public_metrics": dict.fromkeys(
            ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"), 0
        ),
        "reply_settings": "everyone",
    }
    if urls:
        optional["entities"] = {"urls": urls}
    default = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
    return default | {name: value for name, value in optional.items() if name in wanted}


def owner(key: Key) -> str:
    """The name under which X keeps a key's posts: handles have no case."""
    return key.identity.lower()


def _target(url: str) -> dict[str, str]:
    expanded = url if "://" in url else f"http://{url}"
    parts = urlsplit(expanded)
    shown = parts.netloc.removeprefix("www.") + expanded[len(f"{parts.scheme}://{parts.netloc}") :]
    return {"expanded_url": expanded, "display_url": shown if len(shown) <= 27 else f"{shown[:26]}…"}


def _slug(id: str, index: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(letters[byte % len(letters)] for byte in hashlib.sha256(f"{id}/{index}".encode()).digest()[:10])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
