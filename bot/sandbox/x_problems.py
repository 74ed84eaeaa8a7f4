"""The bodies with which X refuses, as its documents and public captures show them.

Shapes: docs.x.com, error responses and the OpenAPI description 2.167 (August 2026): `{title, detail, type, status}`.
The 403 for a duplicate: akrherz/iembot#163 (2026-02-12); the 503: akrherz/iembot#171 (2026-02-16).
"""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.windows import Usage
from bot.sandbox.wire import Reply, json_reply

PROBLEMS = "https://api.x.com/2/problems/"


def problem(status: int, title: str, detail: str = "", kind: str = "about:blank") -> Reply:
    """A problem with the four members that X's always have; `detail` repeats the title where X has no more to say."""
    return json_reply(status, {"detail": detail or title, "type": kind, "title": title, "status": status})


def unauthorized(reason: str) -> Reply:
    """401. X never says why; the sandbox does, in a header of its own, for the person who looks."""
    return problem(401, "Unauthorized").with_headers({"x-sandbox-reason": reason})


def duplicate() -> Reply:
    return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")


def forbidden(detail: str) -> Reply:
    return problem(403, "Forbidden", detail)


def too_many_requests() -> Reply:
    return problem(429, "Too Many Requests")


def credits_depleted() -> Reply:
    detail = "Your enrolled account does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", detail, PROBLEMS + "credits")


def unavailable(status: int = 503) -> Reply:
    titles = {500: "Internal Server Error", 502: "Bad Gateway", 504: "Gateway Timeout"}
    return problem(status, titles.get(status, "Service Unavailable"))


def no_such_path(path: str) -> Reply:
    return problem(404, "Not Found Error", f"The sandbox does not rehearse {path}.", PROBLEMS + "resource-not-found")


def invalid_request(message: str, parameters: dict[str, list[str]] | None = None) -> Reply:
    """400 for a request that does not follow the API's description; `message` says what is wrong with it."""
    value = {
        "errors": [{"parameters": parameters or {}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": PROBLEMS + "invalid-request",
    }
    return json_reply(400, value)


def too_long() -> Reply:
    return invalid_request(
        "Your Tweet text is too long. For more information on how Twitter determines text length see "
        "https://github.com/twitter/twitter-text."
    )


def not_found(resource: str, id: str) -> Reply:
    """What X answers to a lookup of something that is not there: 200 without data, the reason among `errors`."""
    error = {
        "value": id,
        "detail": f"Could not find {resource} with id: [{id}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": "id",
        "resource_id": id,
        "type": PROBLEMS + "resource-not-found",
    }
    return json_reply(200, {"errors": [error]})


def rate_limit_headers(usage: Usage) -> dict[str, str]:
    """`x-rate-limit-*` of a window; the reset in seconds since 1970."""
    return {
        "x-rate-limit-limit": str(usage.limit),
        "x-rate-limit-remaining": str(usage.remaining),
        "x-rate-limit-reset": str(int(usage.reset.timestamp())),
    }


def day_limit_headers(scope: str, limit: int, reset: datetime) -> dict[str, str]:
    """`x-user-limit-24hour-*` or `x-app-limit-24hour-*`, used up (PLhery/node-twitter-api-v2#495 and #553)."""
    name = f"x-{scope}-limit-24hour"
    return {f"{name}-limit": str(limit), f"{name}-remaining": "0", f"{name}-reset": str(int(reset.timestamp()))}
