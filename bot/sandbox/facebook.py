"""The rehearsal Facebook: one page a key, through the paths of the Graph API that Nightdesk uses.

Paths, parameters and answers after the Graph API reference and guides (versions 19.0 to 26.0 are served) as read up
to November 2026.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bot.sandbox import graph_errors as errors
from bot.sandbox.graph_content import content
from bot.sandbox.graph_errors import GraphRefusal
from bot.sandbox.graph_objects import (
    PAGE_FIELDS,
    PERSON_FIELDS,
    POST_FIELDS,
    Fields,
    page_node,
    person_id,
    person_node,
    post_node,
    select,
)
from bot.sandbox.graph_tokens import debug, exchange, sign_in, token_of
from bot.sandbox.keys import Key, read_key
from bot.sandbox.ledger import Accepted, Ledger
from bot.sandbox.windows import Limits, Usage, Windows
from bot.sandbox.wire import Reply, Request, json_reply

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

_VERSIONED = re.compile(r"/v(\d{2})\.0/(.*)")
_PLACE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 [\w.-]+")


class Facebook:
    """The Graph API, as far as Nightdesk uses it. `url` is where the sandbox itself is reached."""

    def __init__(self, ledger: Ledger, windows: Windows, limits: Limits, url: str) -> None:
        self._ledger = ledger
        self._windows = windows
        self._limits = limits
        self._url = url

    @staticmethod
    def claimed(request: Request) -> Key | None:
        """Whose token the request carries, whether or not it is good for anything."""
        try:
            parameters = _parameters(request)
        except GraphRefusal:
            return None
        return read_key(token_of(request, parameters))

    @staticmethod
    def creates(request: Request) -> bool:
        """Whether the request asks for a new post."""
        return request.method == "POST" and request.path.endswith("/feed")

    def handle(self, request: Request) -> Reply:
        """The answer to one request, with usage headers when its token is known."""
        try:
            version, rest = _route(request.path)
            parameters = _parameters(request)
            if rest == "oauth/access_token":
                return exchange(parameters)
            if rest == "debug_token":
                return debug(parameters, self._ledger, request.at)
            key = sign_in(request, parameters, self._ledger)
            usage = self._count(key, request)
        except GraphRefusal as refusal:
            return refusal.reply
        page = None if key.person else key.identity
        headers = {"facebook-api-version": f"v{version}", **errors.usage_headers(usage, request.at, page)}
        try:
            if usage.exceeded:
                raise GraphRefusal(errors.throttled(_throttle_code(key, rest)))
            return self._answer(key, rest, request, parameters).with_headers(headers)
        except GraphRefusal as refusal:
            return refusal.reply.with_headers(headers)

    def _count(self, key: Key, request: Request) -> Usage:
        if key.person:
            return self._windows.count(("facebook app", str(key.page())), self._limits.facebook_app, HOUR, request.at)
        return self._windows.count(("facebook page", key.identity), self._limits.facebook_page, DAY, request.at)

    def _answer(self, key: Key, rest: str, request: Request, parameters: dict[str, str]) -> Reply:
        node, _, edge = rest.strip("/").partition("/")
        if node == "me":
            node = person_id(key) if key.person else key.identity
        match request.method, edge:
            case "GET", "accounts" if key.person and node == person_id(key):
                return self._accounts(key)
            case "POST", "feed":
                return self._create(_page_key(key, node), request, parameters)
            case "GET", "published_posts":
                return self._published(_page_key(key, node), request, parameters)
            case "GET", "":
                return self._show(key, node, request, parameters)
            case "DELETE", "":
                return self._delete(key, node, request)
        raise GraphRefusal(errors.unknown_path(f"/{rest}"))

    def _create(self, key: Key, request: Request, parameters: dict[str, str]) -> Reply:
        message, link = content(parameters)
        last = next(self._ledger.timeline("facebook", key.identity, request.at), None)
        repeated = last is not None and (last.text, last.link) == (message, link)
        if repeated and self._limits.refuse_repetitions:
            raise GraphRefusal(errors.duplicate())
        created = request.at + request.commit_delay
        post = Accepted(
            platform="facebook",
            account=key.account,
            identity=key.identity,
            name=key.identity,
            id=self._new_id(key, request),
            text=message,
            link=link,
            created=created,
            visible=created + request.view_delay,
        )
        self._ledger.add(post)
        return _created(post, parameters)

    def _new_id(self, key: Key, request: Request) -> str:
        number = int(request.at.timestamp() * 1000)
        while self._ledger.has("facebook", f"{key.identity}_{number}"):
            number += 1
        return f"{key.identity}_{number}"

    def _published(self, key: Key, request: Request, parameters: dict[str, str]) -> Reply:
        limit = parameters.get("limit", "25")
        if not re.fullmatch(r"[1-9]\d?|100", limit, re.ASCII):
            raise GraphRefusal(errors.invalid("Param limit must be a number between 1 and 100"))
        timeline = self._ledger.timeline("facebook", key.identity, request.at)
        seen = [post for post in timeline if post.visible <= request.at - request.view_age]
        posts = _behind(parameters.get("after"), seen)
        page = posts[: int(limit)]
        wanted = Fields.parse(parameters.get("fields") or "created_time,message")
        value: dict[str, Any] = {"data": [select(post_node(post), wanted, POST_FIELDS, "Post") for post in page]}
        if page:
            value["paging"] = {"cursors": {"before": _cursor(page[0]), "after": _cursor(page[-1])}}
        if len(posts) > len(page):
            query = {**parameters, "limit": limit, "after": _cursor(page[-1])}
            value["paging"]["next"] = f"{self._url}{request.path}?{urlencode(query)}"
        return json_reply(200, value)

    def _show(self, key: Key, node: str, request: Request, parameters: dict[str, str]) -> Reply:
        fields = parameters.get("fields") or ""
        if key.person and node == person_id(key):
            return json_reply(200, select(person_node(key), Fields.parse(fields or "name"), PERSON_FIELDS, "User"))
        if node == key.identity:
            return json_reply(200, select(page_node(key), Fields.parse(fields or "name"), PAGE_FIELDS, "Page"))
        post = self._own_post(key, node, request)
        if post.visible > request.at:
            raise GraphRefusal(errors.no_such_object(node, "GET"))
        wanted = Fields.parse(fields or "created_time,message")
        return json_reply(200, select(post_node(post), wanted, POST_FIELDS, "Post"))

    def _delete(self, key: Key, node: str, request: Request) -> Reply:
        if key.person:
            raise GraphRefusal(_needs_page_token())
        self._ledger.delete(self._own_post(key, node, request))
        return json_reply(200, {"success": True})

    def _own_post(self, key: Key, id: str, request: Request) -> Accepted:
        post = self._ledger.find("facebook", id, request.at)
        if post is None or post.identity != key.identity:
            raise GraphRefusal(errors.no_such_object(id, request.method))
        return post

    def _accounts(self, key: Key) -> Reply:
        wanted = Fields.parse("access_token,category,category_list,name,id,tasks")
        page = select(page_node(key), wanted, PAGE_FIELDS, "Page")
        cursor = urlsafe_b64encode(key.identity.encode()).decode()
        return json_reply(200, {"data": [page], "paging": {"cursors": {"before": cursor, "after": cursor}}})


def _route(path: str) -> tuple[str, str]:
    """Version and the rest of the path; token exchange is also served without a version, as Graph does."""
    if path == "/oauth/access_token":
        return "26.0", "oauth/access_token"
    found = _VERSIONED.fullmatch(path)
    if not found or not 19 <= int(found[1]) <= 26:
        raise GraphRefusal(errors.unknown_path(path))
    return f"{found[1]}.0", found[2]


def _parameters(request: Request) -> dict[str, str]:
    try:
        return request.query() | request.form()
    except UnicodeDecodeError:
        raise GraphRefusal(errors.invalid("Invalid parameter")) from None


def _page_key(key: Key, node: str) -> Key:
    """The key, if it is the page's own; raises GraphRefusal otherwise."""
    if node != key.identity:
        raise GraphRefusal(errors.bad_token("Invalid OAuth access token: it belongs to another page."))
    if key.person:
        raise GraphRefusal(_needs_page_token())
    return key


def _needs_page_token() -> Reply:
    message = "(#200) A page access token is required; the token belongs to a person."
    return errors.graph_error(200, message, status=403)


def _throttle_code(key: Key, rest: str) -> int:
    if not key.person:
        return 80001
    return 32 if rest.startswith(key.identity) else 4


def _created(post: Accepted, parameters: dict[str, str]) -> Reply:
    """The id, and what `fields=` asks to be read back at once.

    A field that cannot be read there is answered with an error although the post is out; the id then stands in
    `original_response` (sns-sdks/python-facebook#224).
    """
    fields = parameters.get("fields")
    if not fields:
        return json_reply(200, {"id": post.id})
    try:
        return json_reply(200, select(post_node(post), Fields.parse(fields), POST_FIELDS, "Post"))
    except GraphRefusal:
        original = {"id": post.id, "post_supports_client_mutation_id": True}
        return errors.invalid("Tried accessing nonexisting field", original_response=original)


def _place(post: Accepted) -> str:
    return f"{post.created.isoformat(timespec='microseconds')} {post.id}"


def _cursor(post: Accepted) -> str:
    return urlsafe_b64encode(_place(post).encode()).decode()


def _behind(cursor: str | None, posts: list[Accepted]) -> list[Accepted]:
    """The posts older than the one a cursor stands for, which may have been deleted meanwhile; all without a cursor."""
    if not cursor:
        return posts
    try:
        place = urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        place = ""
    if not _PLACE.fullmatch(place):
        raise GraphRefusal(errors.invalid("Invalid parameter: after"))
    return [post for post in posts if _place(post) < place]
