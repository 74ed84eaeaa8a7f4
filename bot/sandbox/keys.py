"""The sandbox's sign-in: every key, token and app id is one readable string that names its account."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

USER_TOKEN_LIFE = timedelta(seconds=5_183_944)  # what Facebook answers for a long-lived user token: about 60 days

_KEY = re.compile(r"(rehearsal|rehearsal-user):([a-z0-9-]{1,100}):([A-Za-z0-9_.-]{1,100})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """Who speaks: the account as Nightdesk names it, and its handle (without @) or page id.

    `person` marks a Facebook user token: the person who runs the page, not the page.
    """

    account: str
    identity: str
    person: bool = False

    def __str__(self) -> str:
        return f"{'rehearsal-user' if self.person else 'rehearsal'}:{self.account}:{self.identity}"

    def page(self) -> Key:
        """The key of the account itself; it is also the id and the secret of the account's app."""
        return Key(self.account, self.identity)

    def user(self) -> Key:
        """The token of the person who runs the page."""
        return Key(self.account, self.identity, person=True)


def read_key(text: str) -> Key | None:
    """`rehearsal:<account>:<identity>` or `rehearsal-user:…` as a Key; None for anything else."""
    found = _KEY.fullmatch(text)
    return Key(found[2], found[3], person=found[1] == "rehearsal-user") if found else None


def number_for(*words: str) -> str:
    """A stable number of 18 digits that stands for these words, as platforms give their users."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))
