"""The sandbox's own paths: what was posted, what was asked, which faults wait, and the page for people."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.faults import BadFault, Faults, parse
from bot.sandbox.journal import Journal
from bot.sandbox.ledger import Accepted, Ledger
from bot.sandbox.page import render, style
from bot.sandbox.wire import Reply, Request, json_reply

_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Control:
    """Answers `/` and `/sandbox/…`."""

    def __init__(self, ledger: Ledger, faults: Faults, journal: Journal) -> None:
        self._ledger = ledger
        self._faults = faults
        self._journal = journal

    def handle(self, request: Request) -> Reply:
        match request.method, request.path:
            case "GET", "/":
                body = render(self._ledger, request.at).encode("utf-8", "replace")
                return Reply(body=body, content_type="text/html; charset=utf-8", headers=_PAGE_HEADERS)
            case "GET", "/sandbox/timeline.css":
                return Reply(body=style(), content_type="text/css; charset=utf-8")
            case "GET", "/sandbox/posts":
                return json_reply(200, [self._post(post) for post in self._ledger.posts(request.at)])
            case "GET", "/sandbox/requests":
                return json_reply(200, self._journal.entries())
            case "GET", "/sandbox/faults":
                return json_reply(200, self._waiting())
            case "POST", "/sandbox/faults":
                return self._order(request)
            case "DELETE", "/sandbox/faults":
                self._faults.clear()
                self._ledger.restore_all()
                return json_reply(200, self._waiting())
        return json_reply(404, {"error": f"The sandbox has nothing at {request.method} {request.path}."})

    def _post(self, post: Accepted) -> dict[str, Any]:
        return {
            "platform": post.platform,
            "account": post.account,
            "id": post.id,
            "text": post.text,
            "link": post.link,
            "media": [],
            "created_at": post.created.isoformat(timespec="milliseconds"),
            "deleted": self._ledger.is_deleted(post),
        }

    def _order(self, request: Request) -> Reply:
        try:
            self._faults.add(parse(json.loads(request.body)))
        except BadFault as bad:
            return json_reply(400, {"error": str(bad)})
        except (ValueError, RecursionError):
            return json_reply(400, {"error": 'The body is not JSON. Send a fault such as {"kind": "reset_after"}.'})
        return json_reply(200, self._waiting())

    def _waiting(self) -> list[dict[str, Any]]:
        """The faults that wait, and behind them the revocations in force."""
        revoked = [
            {"kind": "revoked", "platform": platform, "account": account, "in_force": True}
            for platform, account in self._ledger.revoked()
        ]
        return [fault.as_json() for fault in self._faults.waiting()] + revoked
