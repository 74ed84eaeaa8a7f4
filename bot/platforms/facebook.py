"""Facebook Pages: posts through `pyfacebook.GraphAPI` with the page's own access token.

The tables follow Meta's documents (Graph API, error handling and rate limiting, read in November 2026) and the
numbers that publishing tools have met in production.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.account import Account
from bot.delivery import Remedy
from bot.platforms.base import Identity, TimelinePost
from bot.platforms.client import Client, moment
from bot.platforms.outcomes import (
    USUAL_WAIT,
    Meaning,
    Reply,
    Verdict,
    as_id,
    as_list,
    as_object,
    as_text,
    bounded,
)
from bot.post import Limit, Post, PostRules
from bot.text.measures import SEE_MORE, code_points

if TYPE_CHECKING:
    from requests import PreparedRequest

# Served from 18 February 2026 until 28 July 2028 (Graph API, changelog of versions).
GRAPH_VERSION = "v25.0"
GRAPH_URL = "https://graph.facebook.com/"

# Code points; Meta does not document it, publishing tools found it and use it.
FACEBOOK_LIMIT = 63_206

# Only fields that published_posts is documented to have: one unknown name fails the whole request.
# `application{id}` is asked for only where the settings name our own app, as not every token may see it.
_POST_FIELDS = "id,message,created_time,permalink_url,attachments{media_type,type,url,unshimmed_url,target}"

_TOKEN = "it does not accept the page's token"
_THROTTLED = Meaning(Remedy.WAIT, "too many calls for this page for now")
_NO_PERMISSION = Meaning(Remedy.MEND_ACCOUNT, "the app or the person behind the token may not post for this page")
_PAGE_LOCKED = Meaning(Remedy.MEND_ACCOUNT, "it wants a security check of the page or its owner; see facebook.com")
_NOT_VALID = Meaning(Remedy.CHANGE_TEXT, "a part of the post is not valid", quoted=True)
_REPORTED = Meaning(Remedy.CHANGE_TEXT, "the content was reported or breaks its community standards")
_BAD_PHOTO = Meaning(Remedy.CHANGE_TEXT, "the photo has a size or format that it does not take")
_DUPLICATE = Meaning(Remedy.DUPLICATE, "it repeats an earlier post")
_PERSON = Meaning(Remedy.MEND_ACCOUNT, "the token is a person's; it takes the page's own")
_FAILED = Meaning(Remedy.LOOK, "it failed inside, after which a post may still appear")
_NOT_LISTED = Meaning(Remedy.LOOK, "it gave an error that is not known here", quoted=True)

_CODES = {
    1: _FAILED,
    2: _FAILED,
    3: Meaning(Remedy.MEND_ACCOUNT, "the app may not do this"),
    4: Meaning(Remedy.WAIT_APP, "too many calls by the app for now"),
    10: _NO_PERMISSION,
    17: _THROTTLED,
    32: _THROTTLED,
    100: _NOT_VALID,
    102: Meaning(Remedy.MEND_ACCOUNT, "the session of the page's token has ended; connect it again"),
    190: Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}; make a new one"),
    **dict.fromkeys(range(200, 300), _NO_PERMISSION),
    341: _THROTTLED,
    368: Meaning(Remedy.MEND_ACCOUNT, "it blocks the page for a while for what it takes for abuse", quoted=True),
    506: _DUPLICATE,
    613: _THROTTLED,
    1705: _PERSON,
    **dict.fromkeys(range(80000, 80015), _THROTTLED),
}

# Small subcodes mean something only together with their code.
_PAIRS = {
    (4, 2207051): Meaning(Remedy.LOOK, "it says that it blocked the post, but has shown such posts all the same"),
    (100, 33): Meaning(Remedy.MEND_ACCOUNT, "there is no such page, or the token may not see it"),
    (190, 458): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: the app was removed; allow it again"),
    (190, 459): Meaning(
        Remedy.MEND_ACCOUNT, "it wants its owner to sign in at facebook.com; the token may still be good"
    ),
    (190, 460): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: the password was changed; connect it again"),
    (190, 463): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: it has expired; make a new one"),
    (190, 464): Meaning(Remedy.MEND_ACCOUNT, "it wants its owner to confirm the account; the token may still be good"),
    (190, 467): Meaning(Remedy.MEND_ACCOUNT, f"{_TOKEN}: it is no longer valid; make a new one"),
    (190, 492): Meaning(
        Remedy.MEND_ACCOUNT, "the person behind the token has no role at the page any more; a new token does not help"
    ),
}

# Large ones have one meaning wherever they stand.
_SUBCODES = {
    1366046: _BAD_PHOTO,
    1366051: _DUPLICATE,
    1390008: Meaning(Remedy.WAIT, "the page posts too fast", wait=timedelta(hours=1)),
    1346003: _REPORTED,
    1404006: _PAGE_LOCKED,
    1404078: _PAGE_LOCKED,
    1404102: _REPORTED,
    1404112: _PAGE_LOCKED,
    1609005: Meaning(Remedy.CHANGE_TEXT, "it could not read the page that the link leads to"),
    1609008: Meaning(Remedy.CHANGE_TEXT, "it does not take links to facebook.com"),
    1705: _PERSON,
    2069019: _BAD_PHOTO,
    4854002: _PAGE_LOCKED,
}

# Code 368 has several meanings; that the text was posted before is told only by this sentence (koala, thread 422).
_POSTED_ALREADY = re.compile(r"(\(#368\) )?You've already posted this\..*", re.DOTALL)


class Facebook(Client):
    """One Facebook Page. See `bot.platforms.base.Platform`."""

    title = "Facebook"
    secrets = ("page_token",)
    rules = PostRules(
        limit=Limit(FACEBOOK_LIMIT, code_points), link_apart=True, cost=lambda post: 0.0, see_more=SEE_MORE
    )

    def __init__(
        self, account: Account, *, base_url: str | None, secrets: Mapping[str, str], deadline: timedelta
    ) -> None:
        from pyfacebook import GraphAPI

        from bot.platforms.transport import Line

        line = Line()
        super().__init__(account, line, deadline)
        url = f"{base_url.rstrip('/')}/" if base_url else GRAPH_URL
        self._app = secrets.get("app_id", "")
        self._graph = GraphAPI(
            access_token=secrets["page_token"],
            app_id=secrets.get("app_id") or None,
            app_secret=secrets.get("app_secret") or None,
            version=GRAPH_VERSION,
            sleep_on_rate_limit=False,
            base_url=url,
            access_token_url=f"{url}oauth/access_token",
        )
        # Its own reading of the usage headers raises TypeError for a figure it does not know, after the post is live.
        self._graph.rate_limit.set_limit = lambda headers: None
        self._graph.session.auth = _token_in_header
        line.serve(self._graph.session)

    def whoami(self) -> Identity:
        """Which page the token belongs to; a person's token shows the person. Raises PlatformTrouble."""
        content = self._read(lambda: self._graph.get_object("me", fields="id,name"))
        number = as_id(content.get("id"))
        if not number:
            raise self._trouble("it does not say whose the token is.")
        return Identity(id=number, name=as_text(content.get("name")), known_as=number)

    def _send(self, post: Post) -> object:
        parts = {"message": post.text, "link": post.link}
        data = {name: value for name, value in parts.items() if value}
        return self._graph.post_object(self.account.identity, "feed", data=data)

    def _accepted(self, reply: Reply) -> tuple[str, str] | None:
        """An id in the answer, or in an error about the answer: the post was made, only showing it failed."""
        content = reply.content()
        if "error" in content:
            number = as_id(as_object(as_object(content["error"]).get("original_response")).get("id"))
        else:
            number = as_id(content.get("id")) if 200 <= reply.status < 300 else ""
        return (number, f"https://www.facebook.com/{number}") if number else None

    def _judge(self, reply: Reply, now: datetime) -> Verdict | None:
        return judge(reply, now)

    def _used_up(self, reply: Reply, now: datetime) -> datetime | None:
        page, app = _business_usage(reply.headers), _header(reply.headers, "x-app-usage")
        full = any(_percent(usage) >= 100 for usage in (*page, as_object(app)))
        return _reopens(page, USUAL_WAIT, now) if full else None

    def _request_page(self, since: datetime, cursor: str) -> object:
        more = {"after": cursor} if cursor else {}
        fields = f"{_POST_FIELDS},application{{id}}" if self._app else _POST_FIELDS
        return self._graph.get_connection(self.account.identity, "published_posts", fields=fields, limit=100, **more)

    def _read_page(self, content: Mapping[str, object]) -> tuple[list[object], str]:
        """The address of the next page itself is never called: it holds the token."""
        if not isinstance(content.get("data"), list):
            raise ValueError("no page of posts")
        paging = as_object(content.get("paging"))
        cursor = as_text(as_object(paging.get("cursors")).get("after")) if paging.get("next") else ""
        return as_list(content.get("data")), cursor

    def _read_post(self, raw: Mapping[str, object]) -> TimelinePost:
        number = as_id(raw.get("id"))
        if not number:
            raise ValueError("a post without an id")
        attachments = [as_object(item) for item in as_list(as_object(raw.get("attachments")).get("data"))]
        links = (as_text(item.get("unshimmed_url")) or as_text(item.get("url")) for item in attachments)
        made_by = as_text(as_object(raw.get("application")).get("id"))
        return TimelinePost(
            id=number,
            text=as_text(raw.get("message")),
            links=tuple(link for link in links if link),
            created=moment(raw.get("created_time")),
            url=as_text(raw.get("permalink_url")) or f"https://www.facebook.com/{number}",
            foreign=bool(self._app) and made_by not in ("", self._app),
        )


def judge(reply: Reply, now: datetime) -> Verdict | None:
    """What an error in the Graph API's own form asks for, at `now` (aware); None if the answer is in any other."""
    error = as_object(reply.content().get("error"))
    code, message = error.get("code"), as_text(error.get("message"))
    if type(code) is not int or not message:
        return None
    meaning = _meaning(code, error.get("error_subcode"), error, message)
    until = None
    if meaning.remedy in (Remedy.WAIT, Remedy.WAIT_APP):
        until = _reopens(_business_usage(reply.headers), meaning.wait, now)
    return Verdict(meaning=meaning, code=str(code), detail=message, until=until)


def _meaning(code: int, subcode: object, error: Mapping[str, object], message: str) -> Meaning:
    """The most telling row. `is_transient` makes an error doubtful, but Meta also sets it where a limit is reached."""
    if code == 368 and _POSTED_ALREADY.fullmatch(message):
        return _DUPLICATE
    number = subcode if type(subcode) is int else 0
    exact = _PAIRS.get((code, number)) or _SUBCODES.get(number)
    meaning = exact or _CODES.get(code, _NOT_LISTED)
    if exact is None and error.get("is_transient") is True and meaning.remedy not in (Remedy.WAIT, Remedy.WAIT_APP):
        return _FAILED
    return meaning


def _reopens(usage: list[dict[str, object]], otherwise: timedelta, now: datetime) -> datetime:
    """When the page may be called again, from the minutes that Facebook estimates itself."""
    minutes = max((_number(limit.get("estimated_time_to_regain_access")) for limit in usage), default=0.0)
    wait = timedelta(minutes=min(minutes, 24 * 60)) if minutes > 0 else otherwise
    return bounded(now + wait, now)


def _business_usage(headers: Mapping[str, str]) -> list[dict[str, object]]:
    """The page's limits in `X-Business-Use-Case-Usage` (`{page: [{call_count: percent, …}]}`) and `X-Page-Usage`."""
    by_page = as_object(_header(headers, "x-business-use-case-usage"))
    limits = [as_object(limit) for page in by_page.values() for limit in as_list(page)]
    return [*limits, as_object(_header(headers, "x-page-usage"))]


def _header(headers: Mapping[str, str], name: str) -> object:
    try:
        return json.loads(headers.get(name, ""))
    except (ValueError, RecursionError):
        return None


def _percent(usage: Mapping[str, object]) -> float:
    return max(_number(usage.get(name)) for name in ("call_count", "total_cputime", "total_time"))


def _number(value: object) -> float:
    """A figure of a usage header; 0 for what is none."""
    if type(value) not in (int, float, str):
        return 0.0
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _token_in_header(request: PreparedRequest) -> PreparedRequest:
    """Take the token out of the address, where pyfacebook puts it for reading, into the Authorization header.

    Addresses end up in logs and in the messages of exceptions.
    """
    parts = urlsplit(str(request.url))
    query = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in query:
        if name == "access_token":
            request.headers["Authorization"] = f"Bearer {value}"
    rest = urlencode([pair for pair in query if pair[0] != "access_token"])
    request.url = urlunsplit(parts._replace(query=rest))
    return request
