"""What a fault does to the request it strikes: which reply goes back, and whether the platform did its work first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.sandbox import graph_errors, x_problems
from bot.sandbox.faults import Fault, Kind
from bot.sandbox.graph_errors import usage_headers
from bot.sandbox.keys import Key
from bot.sandbox.ledger import Ledger
from bot.sandbox.windows import Usage
from bot.sandbox.wire import Manner, Reply, Request, json_reply

OUTAGE_PAGE = (
    b"<!doctype html><html><head><title>Error</title></head><body><h1>Something went wrong.</h1></body></html>"
)

Handle = Callable[[Request], Reply]


class Voice(Protocol):
    """How one platform words the refusals that a fault can order."""

    def refuse(self, status: int | None, code: int, subcode: int | None, message: str | None) -> Reply: ...
    def duplicate(self) -> Reply: ...
    def unavailable(self, status: int) -> Reply: ...
    def limited(self, key: Key | None, now: datetime, options: dict[str, Any]) -> Reply: ...


class XVoice:
    """X speaks in problems."""

    def refuse(self, status: int | None, code: int, subcode: int | None, message: str | None) -> Reply:
        titles = {400: "Invalid Request", 401: "Unauthorized", 402: "CreditsDepleted", 429: "Too Many Requests"}
        status = status or 403
        return x_problems.problem(status, titles.get(status, "Forbidden"), message or "")

    def duplicate(self) -> Reply:
        return x_problems.duplicate()

    def unavailable(self, status: int) -> Reply:
        return x_problems.unavailable(status)

    def limited(self, key: Key | None, now: datetime, options: dict[str, Any]) -> Reply:
        reply = x_problems.too_many_requests()
        if options["reset"] is None:
            return reply
        usage = Usage(100, 100, now + timedelta(seconds=options["reset"]))
        return reply.with_headers(x_problems.rate_limit_headers(usage))


class FacebookVoice:
    """Facebook speaks in codes."""

    def refuse(self, status: int | None, code: int, subcode: int | None, message: str | None) -> Reply:
        more: dict[str, Any] = {"error_subcode": subcode} if subcode else {}
        return graph_errors.graph_error(code, message or f"(#{code}) Refused", status=status or 400, **more)

    def duplicate(self) -> Reply:
        return graph_errors.duplicate()

    def unavailable(self, status: int) -> Reply:
        return graph_errors.unavailable(status)

    def limited(self, key: Key | None, now: datetime, options: dict[str, Any]) -> Reply:
        reply = graph_errors.throttled(options["code"])
        if options["reset"] is None or key is None:
            return reply
        usage = Usage(100, 101, now + timedelta(seconds=options["reset"]))
        page = key.identity if options["code"] == 80001 else None
        return reply.with_headers(usage_headers(usage, now, page))


VOICES: dict[str, Voice] = {"x": XVoice(), "facebook": FacebookVoice()}


def carry_out(fault: Fault, platform: str, key: Key | None, request: Request, handle: Handle, ledger: Ledger) -> Reply:
    """The reply to a request that `fault` strikes; `handle` is the platform's own work."""
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind](VOICES[platform], fault.options, key, request)
    if fault.kind in _AFTERWARDS:
        return _AFTERWARDS[fault.kind](VOICES[platform], fault.options, handle(request))
    match fault.kind:
        case Kind.REVOKED:
            if key:
                ledger.revoke(platform, key.account)
            return handle(request)
        case Kind.TIMELINE_LAG:
            return _unseen(VOICES[platform], fault.options, request, handle)
        case Kind.OLD_TIMELINE:
            return handle(replace(request, view_age=timedelta(seconds=fault.options["seconds"])))
    return _late(VOICES[platform], fault.options, request, handle)


def _late(voice: Voice, options: dict[str, Any], request: Request, handle: Handle) -> Reply:
    """The post appears when the client has long been told nothing, or an error."""
    seconds = options["seconds"]
    reply = handle(replace(request, commit_delay=timedelta(seconds=seconds)))
    return voice.unavailable(503) if options["reply"] == "error" else _hang(reply, seconds)


def _unseen(voice: Voice, options: dict[str, Any], request: Request, handle: Handle) -> Reply:
    """The post is out, but no read-back shows it yet; its client is told so, or an error."""
    reply = handle(replace(request, view_delay=timedelta(seconds=options["seconds"])))
    return voice.unavailable(503) if options["reply"] == "error" else reply


def _hang(reply: Reply, seconds: float) -> Reply:
    return replace(reply, manner=Manner.SILENT, wait=seconds)


def _refuse(voice: Voice, options: dict[str, Any], key: Key | None, request: Request) -> Reply:
    reply = voice.refuse(options["status"], options["code"], options["subcode"], options["message"])
    return reply if options["body"] is None else json_reply(reply.status, options["body"])


def _day_limit(voice: Voice, options: dict[str, Any], key: Key | None, request: Request) -> Reply:
    reply = x_problems.too_many_requests()
    if options["reset"] is None:
        return reply
    reset = request.at + timedelta(seconds=options["reset"])
    return reply.with_headers(x_problems.day_limit_headers(options["scope"], options["limit"], reset))


_INSTEAD: dict[Kind, Callable[[Voice, dict[str, Any], Key | None, Request], Reply]] = {
    Kind.REFUSE: _refuse,
    Kind.DUPLICATE_REPORTED: lambda voice, options, key, request: voice.duplicate(),
    Kind.RATE_LIMIT: lambda voice, options, key, request: voice.limited(key, request.at, options),
    Kind.DAY_LIMIT: _day_limit,
    Kind.CREDITS_DEPLETED: lambda voice, options, key, request: x_problems.credits_depleted(),
    Kind.ERROR_BEFORE: lambda voice, options, key, request: voice.unavailable(options["status"]),
    Kind.HANG_BEFORE: lambda voice, options, key, request: _hang(Reply(), options["seconds"]),
    Kind.RESET_BEFORE: lambda voice, options, key, request: Reply(manner=Manner.RESET),
}

_AFTERWARDS: dict[Kind, Callable[[Voice, dict[str, Any], Reply], Reply]] = {
    Kind.ERROR_AFTER: lambda voice, options, reply: voice.unavailable(options["status"]),
    Kind.HANG_AFTER: lambda voice, options, reply: _hang(reply, options["seconds"]),
    Kind.RESET_AFTER: lambda voice, options, reply: replace(reply, manner=Manner.RESET),
    Kind.CUT_AFTER: lambda voice, options, reply: replace(reply, manner=Manner.CUT),
    Kind.HTML_AFTER: lambda voice, options, reply: Reply(
        status=options["status"], body=OUTAGE_PAGE, content_type="text/html; charset=utf-8"
    ),
    Kind.NO_CONTENT_TYPE_AFTER: lambda voice, options, reply: replace(reply, content_type=None),
    Kind.EMPTY_JSON_AFTER: lambda voice, options, reply: replace(reply, body=b"{}"),
    Kind.ANSWER_AFTER: lambda voice, options, reply: json_reply(options["status"], options["body"]),
    Kind.SLOW: lambda voice, options, reply: replace(reply, wait=options["seconds"]),
}
