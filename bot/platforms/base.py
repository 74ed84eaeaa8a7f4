"""What every platform offers the rest of the house, and the words in which it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from bot.delivery import Remedy, Result
from bot.errors import NightdeskError
from bot.post import Post, PostRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a platform takes us for.

    `id` is the platform's own number, `name` what people read there, and `known_as` what the settings would
    call it (X: the handle without @; Facebook: the page id): compare that with `Account.identity`, in any case.
    """

    id: str
    name: str
    known_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePost:
    """One post of our own as the platform shows it now.

    `text` is as it was sent, as far as the platform gives it back: shortened links are written out and markup
    entities undone. `links` are the full addresses it points to. `created` is aware, in UTC. `foreign`: the platform
    names the application that made it, and that is not ours.
    """

    id: str
    text: str
    links: tuple[str, ...]
    created: datetime
    url: str
    foreign: bool = False


class PlatformTrouble(NightdeskError):
    """A platform could not be read. `remedy` says what to do, `until` when to come back, if that is known.

    `posts` were read before it failed; they may have been charged.

    The exit status is 5 where a person has to mend the account (sign-in refused) and 75 where waiting helps.
    """

    exit_status = 75

    def __init__(self, message: str, hint: str = "", *, remedy: Remedy, until: datetime | None = None) -> None:
        super().__init__(message, hint)
        self.remedy = remedy
        self.until = until
        self.posts = 0
        if remedy is Remedy.MEND_ACCOUNT:
            self.exit_status = 5


class Platform(Protocol):
    """One account on one platform, ready to be called. One call at a time in each thread; threads may share it."""

    rules: ClassVar[PostRules]
    fingerprint: str
    """Changes with the credentials, and tells nothing of them."""

    def publish(self, post: Post, *, intended: float) -> Result:
        """Send `post` once and say what came of it. Never raises, never retries, never outlives its deadline.

        `intended` is `clock.uptime()` (seconds) from when the attempt was recorded. More than the deadline ago, the
        post is not sent at all. Any answer may carry a `slowdown`: the platform said that a limit is nearly used up.
        """
        ...

    def delete(self, platform_id: str) -> Result:
        """Delete our post of that id and say what came of it. Never raises, never retries.

        Accepted: it is gone; `error` says so if it was gone before. After any other outcome asking again is safe.
        """
        ...

    def read_back(self, since: datetime) -> list[TimelinePost]:
        """Our own posts created at or after `since` (aware), newest first. All of them or PlatformTrouble."""
        ...

    def whoami(self) -> Identity:
        """Whom the credentials belong to. Raises PlatformTrouble."""
        ...

    def close(self) -> None:
        """Give up the connections that no other account uses."""
        ...
