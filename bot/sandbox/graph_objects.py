"""How the Graph API shows things: posts, pages and people, cut to the fields that were asked for.

Sources: Graph API reference for Page, Page feed, published_posts and attachments (version 26.0); `created_time`
has the form 2019-08-12T03:45:11+0000.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from bot.sandbox.graph_errors import GraphRefusal, graph_error, invalid
from bot.sandbox.keys import Key, number_for
from bot.sandbox.ledger import Accepted
from bot.sandbox.wire import names

APP_NAME = "Nightdesk (rehearsal)"
TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]

# Fields that exist on a node; those without a value in the sandbox are left out of answers, as Graph does.
POST_FIELDS = names(
    "actions admin_creator application attachments backdated_time comments created_time from full_picture icon id "
    "is_expired is_hidden is_popular is_published message message_tags parent_id permalink_url place privacy "
    "promotable_id properties reactions scheduled_publish_time shares status_type story story_tags to updated_time "
    "via"
)
PAGE_FIELDS = names(
    "about access_token category category_list fan_count followers_count id link name tasks username website"
)
PERSON_FIELDS = names("accounts email first_name id last_name name picture")
_NESTED = {
    "application": names("category id link name namespace"),
    "attachments": names(
        "description description_tags media media_type subattachments target title type unshimmed_url url"
    ),
    "from": frozenset({"category", "id", "name"}),
    "target": frozenset({"id", "url"}),
}


@dataclass(slots=True)
class Fields:
    """What `fields=` asks for: names, each with what is asked of the thing behind it (nothing: its default)."""

    names: dict[str, Fields] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Fields:
        """Read `id,message,attachments{url,target{id}}`; raises GraphRefusal for braces that do not match."""
        open_fields, last = [cls()], ""
        for token in re.findall(r"[{},]|[^{},]+", text):
            if token == "{" and last and len(open_fields) < 8:
                open_fields.append(open_fields[-1].names[last])
                last = ""
            elif token == "}" and len(open_fields) > 1:
                open_fields.pop()
            elif token not in "{},":
                last = token.strip().partition(".")[0]  # a modifier such as .limit(5) changes nothing here
                open_fields[-1].names.setdefault(last, cls())
            elif token != ",":
                raise GraphRefusal(graph_error(2500, f'Syntax error "Expected name." in fields: {text[:200]}'))
        if len(open_fields) > 1:
            raise GraphRefusal(graph_error(2500, 'Syntax error "Expected end of string instead of "{"."'))
        return open_fields[0]


def select(value: dict[str, Any], wanted: Fields, known: frozenset[str], node: str) -> dict[str, Any]:
    """`value` cut to the wanted fields, always with its id; raises GraphRefusal for a field that does not exist."""
    for name in wanted.names.keys() - known:
        raise GraphRefusal(invalid(f"Tried accessing nonexisting field ({name}) on node type ({node})"))
    picked = {name: _inside(value[name], name, inner) for name, inner in wanted.names.items() if name in value}
    return {**picked, "id": value["id"]} if "id" in value else picked


def _inside(value: Any, name: str, wanted: Fields) -> Any:
    if not wanted.names or not isinstance(value, dict) or name not in _NESTED:
        return value
    if "data" in value:
        return {"data": [select(item, wanted, _NESTED[name], name) for item in value["data"]]}
    return select(value, wanted, _NESTED[name], name)


def graph_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def permalink(post: Accepted) -> str:
    return f"https://www.facebook.com/{post.name}/posts/{post.id.rpartition('_')[2]}"


def post_node(post: Accepted) -> dict[str, Any]:
    """A page post with all the values the sandbox has for it."""
    key = Key(post.account, post.name)
    value: dict[str, Any] = {
        "id": post.id,
        "created_time": graph_time(post.created),
        "updated_time": graph_time(post.created),
        "permalink_url": permalink(post),
        "status_type": "shared_story" if post.link else "mobile_status_update",
        "is_published": True,
        "is_hidden": False,
        "from": {"name": page_name(key), "id": post.name},
        "application": {"name": APP_NAME, "id": str(key)},
    }
    if post.text:
        value["message"] = post.text
    if post.link:
        value["attachments"] = {"data": [_attachment(post.link)]}
    return value


def page_node(key: Key) -> dict[str, Any]:
    return {
        "access_token": str(key.page()),
        "category": "Media/news company",
        "category_list": [{"id": "2233", "name": "Media/news company"}],
        "name": page_name(key),
        "id": key.identity,
        "link": f"https://www.facebook.com/{key.identity}",
        "tasks": TASKS,
    }


def page_name(key: Key) -> str:
    """A name to read: the account's."""
    return key.account


def person_id(key: Key) -> str:
    return number_for("facebook", key.account, key.identity)


def person_node(key: Key) -> dict[str, Any]:
    return {"id": person_id(key), "name": f"Editor of {key.account}"}


def _attachment(link: str) -> dict[str, Any]:
    shim = f"https://l.facebook.com/l.php?u={quote(link, safe='')}&h=AT0&s=1"
    return {
        "media_type": "link",
        "type": "share",
        "title": urlsplit(link).hostname,
        "target": {"url": shim},
        "url": shim,
        "unshimmed_url": link,
    }
