"""What the sandbox remembers: accepted posts, deletions and revoked keys, in memory and, if asked, in a file.

The file holds one JSON object a line and is only ever appended to; it is replayed at the next start. A last line
that was cut off by a crash is dropped. A file belongs to one running sandbox at a time.
"""

from __future__ import annotations

import fcntl
import json
from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from bot.errors import TryAgainLater, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A post the sandbox took. It exists from `created` on and is shown in a read-back from `visible` on.

    `identity` is the handle in lower case (X's names have no case) or the page id; `name` is it as given.
    """

    platform: str
    account: str
    identity: str
    name: str
    id: str
    text: str
    link: str | None
    created: datetime
    visible: datetime


class Ledger:
    """Posts, deletions and revocations. Not locked: the server handles one request at a time."""

    def __init__(self, path: Path | None = None) -> None:
        self._posts: dict[tuple[str, str], Accepted] = {}
        self._timelines: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
        self._deleted: set[tuple[str, str]] = set()
        self._revoked: set[tuple[str, str]] = set()
        self._file = _open(path) if path else None
        if path and self._file:
            try:
                self._replay(path, self._file)
            except UsageError:
                self._file.close()
                raise

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def add(self, post: Accepted) -> None:
        times = {"created": post.created.isoformat(), "visible": post.visible.isoformat()}
        fields = {name: getattr(post, name) for name in Accepted.__slots__ if name not in times}
        self._record({"event": "post", **fields, **times})

    def delete(self, post: Accepted) -> None:
        self._record({"event": "deleted", "platform": post.platform, "id": post.id})

    def revoke(self, platform: str, account: str) -> None:
        self._record({"event": "revoked", "platform": platform, "account": account})

    def restore_all(self) -> None:
        """Make every revoked key valid again."""
        if self._revoked:
            self._record({"event": "restored"})

    def is_revoked(self, platform: str, account: str) -> bool:
        return (platform, account) in self._revoked

    def revoked(self) -> list[tuple[str, str]]:
        """The (platform, account) pairs whose keys are revoked."""
        return sorted(self._revoked)

    def has(self, platform: str, id: str) -> bool:
        """Whether the id is taken, also by a post that does not exist yet."""
        return (platform, id) in self._posts

    def find(self, platform: str, id: str, now: datetime) -> Accepted | None:
        """The post with that id, if it exists by now and was not deleted."""
        post = self._posts.get((platform, id))
        return post if post and post.created <= now and not self.is_deleted(post) else None

    def is_deleted(self, post: Accepted) -> bool:
        return (post.platform, post.id) in self._deleted

    def timeline(self, platform: str, identity: str, now: datetime) -> Iterator[Accepted]:
        """The identity's posts that exist by now, newest first, without the deleted ones."""
        for post in reversed(self._timelines[platform, identity]):
            if post.created <= now and not self.is_deleted(post):
                yield post

    def posts(self, now: datetime) -> list[Accepted]:
        """All posts accepted by now, deleted ones included, in order of acceptance."""
        return sorted((post for post in self._posts.values() if post.created <= now), key=lambda post: post.created)

    def _record(self, event: dict[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(event).encode() + b"\n")
            self._file.flush()
        self._apply(event)

    def _replay(self, path: Path, file: BinaryIO) -> None:
        file.seek(0)
        whole = 0
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):  # torn by a crash: nobody got an answer to it
                break
            whole += len(line)
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError, TypeError):
                message = f"Line {number} of {path} is not a record of the sandbox."
                raise UsageError(message, "Choose another state file, or remove it.") from None
        file.truncate(whole)

    def _apply(self, event: dict[str, Any]) -> None:
        match event.pop("event"):
            case "post":
                times = {name: datetime.fromisoformat(event[name]) for name in ("created", "visible")}
                post = Accepted(**{**event, **times})
                self._posts[post.platform, post.id] = post
                insort(self._timelines[post.platform, post.identity], post, key=lambda post: post.created)
            case "deleted":
                self._deleted.add((event["platform"], event["id"]))
            case "revoked":
                self._revoked.add((event["platform"], event["account"]))
            case "restored":
                self._revoked.clear()
            case unknown:
                raise ValueError(f"unknown event {unknown!r}")


def _open(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        message = f"The sandbox cannot keep its state in {path}: {error.strerror}."
        raise UsageError(message, "Choose another file.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        message = f"Another sandbox is running on the state file {path}."
        raise TryAgainLater(message, "Stop it, or choose another file.") from None
    return file
