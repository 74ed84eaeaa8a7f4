"""What arrives at the sandbox and what goes back, as values: nothing here touches a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, read whole. `raw_query` is the query as sent; `headers` have lower-case names.

    `commit_delay` and `view_delay` say how late a post made by this request is to appear at all, and in a read-back;
    `view_age` how old a timeline is that this request reads.
    """

    method: str
    path: str
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at: datetime
    commit_delay: timedelta = timedelta()
    view_delay: timedelta = timedelta()
    view_age: timedelta = timedelta()

    def query(self) -> dict[str, str]:
        """The query's parameters; the last one wins where a name is repeated."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        """The parameters of a form body, decoded as UTF-8; raises UnicodeDecodeError if it is something else."""
        return dict(parse_qsl(self.body.decode("utf-8"), keep_blank_values=True, errors="strict"))


class Manner(StrEnum):
    """How a reply goes over the wire."""

    WHOLE = "whole"  # as a server should
    CUT = "cut"  # half of the body, then the connection is closed
    RESET = "reset"  # nothing, then RST instead of FIN
    SILENT = "silent"  # nothing, then the connection is closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer: `wait` seconds pass before it goes out, in the given manner. No content type: no such header."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.WHOLE
    wait: float = 0.0

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """The same reply with these headers where it has none of that name."""
        return replace(self, headers={**headers, **self.headers})


def names(words: str) -> frozenset[str]:
    """The words of a line, as a set of names to compare with."""
    return frozenset(words.split())


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply whose body is `value` as JSON in UTF-8."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Reply(status=status, body=body, headers=headers or {})
