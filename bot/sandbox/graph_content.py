"""What may be published to a page: the rules of `POST /{page}/feed`, without any state.

Source: Graph API reference, Page feed (version 26.0). A link is checked for its form only: the sandbox never looks
at what lies behind it.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.sandbox.graph_errors import GraphRefusal, graph_error, invalid
from bot.sandbox.wire import names

MESSAGE_LIMIT = 63_206  # code points; not in Meta's documents, but what publishing tools found and use
OWNER_ONLY = names("description name picture thumbnail")
NOT_REHEARSED = names(
    "attached_media backdated_time child_attachments feed_targeting place scheduled_publish_time tags targeting"
)


def content(parameters: dict[str, str]) -> tuple[str, str | None]:
    """Message and link that may be published; raises GraphRefusal otherwise."""
    message, link = parameters.get("message", ""), parameters.get("link") or None
    given = {name.partition("[")[0] for name in parameters}
    if not message.strip() and not link:
        raise GraphRefusal(invalid("Either link or message must be supplied."))
    if len(message) > MESSAGE_LIMIT:
        raise GraphRefusal(invalid("Name parameter too long"))
    if given & OWNER_ONLY:
        what = "specify the picture, name, thumbnail or description params"
        raise GraphRefusal(invalid(f"Only owners of the URL have the ability to {what}"))
    if given & NOT_REHEARSED:
        raise GraphRefusal(invalid(f"The sandbox does not rehearse {', '.join(sorted(given & NOT_REHEARSED))}"))
    if parameters.get("published", "true").lower() not in ("true", "1"):
        raise GraphRefusal(invalid("The sandbox does not rehearse unpublished posts"))
    if link:
        _check_link(link)
    return message, link


def _check_link(link: str) -> None:
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or re.search(r"\s", link):
        raise GraphRefusal(invalid("link URL is not properly formatted"))
    if re.fullmatch(r"(.+\.)?(facebook\.com|fb\.me)", host):
        raise GraphRefusal(graph_error(1609008, "A link to Facebook cannot be shared this way."))
