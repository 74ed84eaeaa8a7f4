"""The bodies with which the Graph API refuses: `{"error": {message, type, code, …, fbtrace_id}}`.

Sources: Graph API, error handling and rate limiting (version 26.0, read August to November 2026), and captures in
public threads: `(#506) Duplicate status message`, facebook-csharp-sdk#119; `(#32)`, php-graph-sdk#634;
`original_response`, sns-sdks/python-facebook#224.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Any

from bot.sandbox.windows import Usage
from bot.sandbox.wire import Reply, json_reply

RATE_LIMITING = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
THROTTLING = {
    4: (403, "(#4) Application request limit reached"),
    17: (400, "(#17) User request limit reached"),
    32: (400, "(#32) Page request limit reached"),
    80001: (
        400,
        "(#80001) There have been too many calls to this Page account. Wait a bit and try again. "
        f"For more info, please refer to {RATE_LIMITING}.",
    ),
}


class GraphRefusal(Exception):
    """A request that is answered with an error."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


def graph_error(code: int, message: str, *, status: int = 400, kind: str = "OAuthException", **more: Any) -> Reply:
    """An error body; `more` are members that only some errors have (`error_subcode`, `is_transient`)."""
    error = {"message": message, "type": kind, "code": code, **more, "fbtrace_id": f"A{secrets.token_urlsafe(16)}"}
    return json_reply(status, {"error": error})


def bad_token(message: str = "Invalid OAuth access token - Cannot parse access token", **more: Any) -> Reply:
    reply = graph_error(190, message, status=401, **more)
    return reply.with_headers({"www-authenticate": f'OAuth "Facebook Platform" "invalid_token" "{message}"'})


def revoked_token() -> Reply:
    """What a token becomes when its person changed the password: 190, subcode 460."""
    return bad_token(
        "Error validating access token: The session has been invalidated because the user changed their password or "
        "Facebook has changed the session for security reasons.",
        error_subcode=460,
    )


def throttled(code: int) -> Reply:
    status, message = THROTTLING[code]
    transient: dict[str, Any] = {"is_transient": True} if code == 4 else {}
    return graph_error(code, message, status=status, **transient)


def duplicate() -> Reply:
    return graph_error(506, "(#506) Duplicate status message")


def unavailable(status: int = 500) -> Reply:
    message = "An unexpected error has occurred. Please retry your request later."
    return graph_error(2, message, status=status, is_transient=True)


def invalid(message: str, **more: Any) -> Reply:
    """Code 100: a parameter is wrong."""
    return graph_error(100, f"(#100) {message}", **more)


def no_such_object(id: str, method: str) -> Reply:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return graph_error(100, message, kind="GraphMethodException", error_subcode=33)


def unknown_path(path: str) -> Reply:
    return graph_error(2500, f"Unknown path components: {path}")


def usage_headers(usage: Usage, now: datetime, page: str | None) -> dict[str, str]:
    """How much of its calls a token has used, in percent: `X-Business-Use-Case-Usage` for a page's, else `X-App-Usage`.

    Once the limit is passed, the first also says how many minutes are left until the page may call again.
    """
    figures = {"call_count": min(usage.percent(), 100), "total_cputime": 0, "total_time": 0}
    if page is None:
        return {"x-app-usage": _compact(figures)}
    wait = usage.minutes_left(now) if usage.exceeded else 0
    return {
        "x-business-use-case-usage": _compact(
            {page: [{"type": "pages", **figures, "estimated_time_to_regain_access": wait}]}
        )
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
