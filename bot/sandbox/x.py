"""The rehearsal X: create, read and delete posts as API v2 does, for one identity a key.

Paths, parameters and answers after X's OpenAPI description 2.167 and docs.x.com (August 2026). Limits per user and
15 minutes are those of its rate-limit page (July 2026). What X does not document is chosen here and said so.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bot.sandbox import x_problems as problems
from bot.sandbox.keys import Key
from bot.sandbox.ledger import Accepted, Ledger
from bot.sandbox.oauth1 import BadSignature, Verifier, claimed_key
from bot.sandbox.windows import Limits, Windows
from bot.sandbox.wire import Reply, Request, json_reply, names
from bot.sandbox.x_posts import POST_FIELDS, author_id, display, owner, post_object, snowflake, user
from bot.text.xlength import X_LIMIT, limit_length

WINDOW = timedelta(minutes=15)
DUPLICATE_WINDOW = timedelta(hours=24)  # X does not say how long it remembers a text; a day is this sandbox's choice
TIMELINE_DEPTH = 3_200
HOSTS = ("https://api.twitter.com", "https://api.x.com")

# What CreatePostsRequest allows beside `text` (additionalProperties is false); none of it is rehearsed.
OTHER_PROPERTIES = names(
    "card_uri community_id direct_message_deep_link edit_options for_super_followers_only geo made_with_ai media "
    "nullcast paid_partnership poll quote_tweet_id reply reply_settings share_with_followers"
)
LOOKUP_PARAMETERS = names("expansions media.fields place.fields poll.fields tweet.fields user.fields")
TIMELINE_PARAMETERS = LOOKUP_PARAMETERS | names(
    "end_time exclude max_results pagination_token since_id start_time until_id"
)
INVALID_CHARACTERS = frozenset("\ufffe\ufeff\uffff")


class _Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


@dataclass(frozen=True, slots=True)
class _Endpoint:
    method: str
    path: re.Pattern[str]
    limit: int
    answer: Callable[[Key, Request, str], Reply]


class X:
    """API v2, as far as Nightdesk uses it. `url` is where the sandbox itself is reached."""

    def __init__(self, ledger: Ledger, windows: Windows, limits: Limits, url: str) -> None:
        self._limits = limits
        self._ledger = ledger
        self._windows = windows
        self._verifier = Verifier()
        self._hosts = (*HOSTS, url, url.replace("127.0.0.1", "localhost"))
        self._endpoints = (
            _Endpoint("POST", re.compile(r"/2/tweets"), limits.x_posts, self._create),
            _Endpoint("GET", re.compile(r"/2/tweets/(\d{1,19})"), limits.x_reads, self._lookup),
            _Endpoint("DELETE", re.compile(r"/2/tweets/(\d{1,19})"), limits.x_deletes, self._delete),
            _Endpoint("GET", re.compile(r"/2/users/me"), limits.x_identity, self._me),
            _Endpoint("GET", re.compile(r"/2/users/(\d{1,19})/tweets"), limits.x_reads, self._timeline),
        )

    @staticmethod
    def claimed(request: Request) -> Key | None:
        """Whose key the request carries, signature unchecked."""
        return claimed_key(request)

    @staticmethod
    def creates(request: Request) -> bool:
        """Whether the request asks for a new post."""
        return request.method == "POST" and request.path == "/2/tweets"

    def handle(self, request: Request) -> Reply:
        """The answer to one signed request, with rate-limit headers."""
        headers = {"api-version": "2.167", "x-transaction-id": secrets.token_hex(8)}
        for endpoint in self._endpoints:
            if endpoint.method == request.method and (path := endpoint.path.fullmatch(request.path)):
                return self._answer(endpoint, request, path[1] if path.re.groups else "").with_headers(headers)
        return problems.no_such_path(f"{request.method} {request.path}").with_headers(headers)

    def _answer(self, endpoint: _Endpoint, request: Request, id: str) -> Reply:
        window = (endpoint.method, endpoint.path.pattern)
        try:
            key = self._verifier.check(request, self._hosts)
            if self._ledger.is_revoked("x", key.account):
                raise BadSignature("The token was revoked.")
        except BadSignature as reason:
            nobody = self._windows.peek(("x", "", *window), endpoint.limit, WINDOW, request.at)
            return problems.unauthorized(str(reason)).with_headers(problems.rate_limit_headers(nobody))
        usage = self._windows.count(("x", owner(key), *window), endpoint.limit, WINDOW, request.at)
        try:
            reply = problems.too_many_requests() if usage.exceeded else endpoint.answer(key, request, id)
        except _Refused as refused:
            reply = refused.reply
        return reply.with_headers(problems.rate_limit_headers(usage))

    def _create(self, key: Key, request: Request, id: str) -> Reply:
        text = _text_of(request)
        repeated = any(post.text == text for post in self._recent(owner(key), request.at))
        if repeated and self._limits.refuse_repetitions:
            raise _Refused(problems.duplicate())
        created = request.at + request.commit_delay
        post = Accepted(
            platform="x",
            account=key.account,
            identity=owner(key),
            name=key.identity,
            id=self._new_id(created),
            text=text,
            link=None,
            created=created,
            visible=created + request.view_delay,
        )
        self._ledger.add(post)
        return json_reply(201, {"data": {"id": post.id, "text": display(post)[0], "edit_history_post_ids": [post.id]}})

    def _recent(self, identity: str, now: datetime) -> Iterator[Accepted]:
        for post in self._ledger.timeline("x", identity, now):
            if now - post.created > DUPLICATE_WINDOW:
                return
            yield post

    def _new_id(self, created: datetime) -> str:
        id = snowflake(created)
        while self._ledger.has("x", str(id)):
            id += 1
        return str(id)

    def _lookup(self, key: Key, request: Request, id: str) -> Reply:
        query = _query(request, LOOKUP_PARAMETERS)
        post = self._ledger.find("x", id, request.at)
        if post is None or post.visible > request.at:
            return problems.not_found("tweet", id)
        return json_reply(200, {"data": post_object(post, _fields(query))})

    def _delete(self, key: Key, request: Request, id: str) -> Reply:
        post = self._ledger.find("x", id, request.at)
        if post is None:
            return problems.no_such_path(request.path)
        if post.identity != owner(key):
            return problems.forbidden("You are not authorized to delete this Tweet.")
        self._ledger.delete(post)
        return json_reply(200, {"data": {"deleted": True}})

    def _me(self, key: Key, request: Request, id: str) -> Reply:
        _query(request, frozenset({"expansions", "tweet.fields", "user.fields"}))
        return json_reply(200, {"data": user(key.identity)})

    def _timeline(self, key: Key, request: Request, id: str) -> Reply:
        query = _query(request, TIMELINE_PARAMETERS)
        wanted, page = _fields(query), _Page.of(query)
        if id != author_id(key.identity):
            return problems.not_found("user", id)
        newest = islice(self._ledger.timeline("x", owner(key), request.at), TIMELINE_DEPTH)
        shown = [post for post in newest if post.visible <= request.at - request.view_age and page.includes(post)]
        if not shown:
            return json_reply(200, {"meta": {"result_count": 0}})
        posts, more = shown[: page.size], shown[page.size :]
        meta: dict[str, Any] = {"result_count": len(posts), "newest_id": posts[0].id, "oldest_id": posts[-1].id}
        if more:
            meta["next_token"] = _token(posts[-1])
        return json_reply(200, {"data": [post_object(post, wanted) for post in posts], "meta": meta})


@dataclass(frozen=True, slots=True)
class _Page:
    """Which posts of a timeline are asked for: ids above `after`, below `before`, seconds within both ends."""

    size: int
    after: int
    before: int
    start: datetime
    end: datetime

    @classmethod
    def of(cls, query: dict[str, str]) -> _Page:
        before = min(_number(query, "until_id", 10**19), _position(query.get("pagination_token")))
        return cls(
            size=_number(query, "max_results", 10, least=5, most=100),
            after=_number(query, "since_id", 0),
            before=before,
            start=_moment(query, "start_time", datetime.min.replace(tzinfo=UTC)),
            end=_moment(query, "end_time", datetime.max.replace(tzinfo=UTC)),
        )

    def includes(self, post: Accepted) -> bool:
        second = post.created.replace(microsecond=0)
        return self.after < int(post.id) < self.before and self.start <= second <= self.end


def _text_of(request: Request) -> str:
    """The text of a CreatePostsRequest that X would take; raises _Refused for every other body."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _Refused(problems.invalid_request("The body of the request is not valid JSON.")) from None
    if not isinstance(body, dict):
        raise _Refused(problems.invalid_request("$: an object is expected."))
    for name in body.keys() - {"text"}:
        known = (
            "is not rehearsed in the sandbox"
            if name in OTHER_PROPERTIES
            else ("is not defined in the schema and the schema does not allow additional properties")
        )
        raise _Refused(problems.invalid_request(f"$.{name}: {known}"))
    text = body.get("text", "")
    if not isinstance(text, str):
        raise _Refused(problems.invalid_request("$.text: string expected"))
    if not text.strip():
        raise _Refused(problems.invalid_request("$.text: a post without media needs a text"))
    if any(sign in INVALID_CHARACTERS or "\ud800" <= sign <= "\udfff" for sign in text):
        raise _Refused(problems.invalid_request("$.text: the text contains invalid characters"))
    if limit_length(text) > X_LIMIT:
        raise _Refused(problems.too_long())
    return text


def _query(request: Request, allowed: frozenset[str]) -> dict[str, str]:
    query = request.query()
    for name in query.keys() - allowed:
        known = ",".join(sorted(allowed))
        message = f"The query parameter [{name}] is not one of [{known}]"
        raise _Refused(problems.invalid_request(message, {name: [query[name]]}))
    return query


def _fields(query: dict[str, str]) -> frozenset[str]:
    wanted = frozenset(filter(None, query.get("tweet.fields", "").split(",")))
    for name in wanted - POST_FIELDS:
        known = ",".join(sorted(POST_FIELDS))
        message = f"The `tweet.fields` query parameter value [{name}] is not one of [{known}]"
        raise _Refused(problems.invalid_request(message, {"tweet.fields": [name]}))
    return wanted


def _number(query: dict[str, str], name: str, default: int, *, least: int = 0, most: int = 10**19) -> int:
    value = query.get(name)
    if value is None:
        return default
    if value.isascii() and value.isdigit() and len(value) < 20 and least <= int(value) <= most:
        return int(value)
    message = f"The `{name}` query parameter value [{value}] is not between {least} and {most}"
    raise _Refused(problems.invalid_request(message, {name: [value]}))


def _moment(query: dict[str, str], name: str, default: datetime) -> datetime:
    value = query.get(name)
    if value is None:
        return default
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except ValueError:
        message = f"The `{name}` query parameter value [{value}] is not of the form 2026-11-22T09:30:00Z"
        raise _Refused(problems.invalid_request(message, {name: [value]})) from None


def _token(post: Accepted) -> str:
    return f"7140{int(post.id):x}"


def _position(token: str | None) -> int:
    if token is None:
        return 10**19
    if re.fullmatch(r"7140[0-9a-f]{1,16}", token):
        return int(token[4:], 16)
    message = f"The `pagination_token` query parameter value [{token}] is not valid"
    raise _Refused(problems.invalid_request(message, {"pagination_token": [token]}))
