"""Facebook Pages: posts through `pyfacebook.GraphAPI` with the page's own access token.

What its errors ask for stands in `facebook_refusals.py`, what its usage headers say in `facebook_usage.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bot.account import Account
from bot.delivery import Slowdown
from bot.platforms import facebook_refusals, facebook_usage
from bot.platforms.base import Identity, TimelinePost
from bot.platforms.client import Client, moment
from bot.platforms.outcomes import NotAnswered, Reply, Verdict, as_id, as_list, as_object, as_text
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

        from bot.platforms.transport import Line, session

        super().__init__(account, Line(), deadline)
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
        self._graph.session = session(_token_in_header)

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
        return facebook_refusals.judge(reply, now)

    def _slowdown(self, reply: Reply, now: datetime) -> Slowdown | None:
        return facebook_usage.slowdown(reply.headers, now)

    def _send_deletion(self, platform_id: str) -> object:
        return self._graph.delete_object(platform_id)

    def _is_deleted(self, reply: Reply) -> bool:
        return 200 <= reply.status < 300 and reply.content().get("success") is True

    def _is_gone(self, reply: Reply, until: float) -> bool:
        """It says the same of a post that is gone and of one that the token may not see: so ask whose token it is."""
        if not facebook_refusals.says_gone(reply):
            return False
        try:
            us = self._line.ask(lambda: self._graph.get_object("me", fields="id"), until=until)
        except NotAnswered:
            return False
        return 200 <= us.status < 300 and as_id(us.content().get("id")) == self.account.identity

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
