"""What is sent, and the limit it is held to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A platform's own limit: a number *and* the way it is counted.

    `length(text)` is in the platform's units (for X weighted characters, for Facebook code points);
    a text fits when its length is at most `most`.
    """

    most: int
    length: Callable[[str], int]

    def fits(self, text: str) -> bool:
        return self.length(text) <= self.most


@dataclass(frozen=True, slots=True)
class Cut:
    """One elastic field that was shortened: its lengths, whole and as posted, in the limit's units."""

    field: str
    whole: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Text, link and media as the platform will get them. On X the link is part of `text`; `media` is empty so far.

    `warnings` are sentences for a person: what is allowed, but may not be what they want.
    """

    text: str
    link: str = ""
    media: tuple[str, ...] = ()
    length: int = 0
    limit: int = 0
    cut: tuple[Cut, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostRules:
    """What a platform asks of a post. `link_apart`: the link travels beside the text, not in it.

    `cost(post)` is what the platform charges for one such post, in USD. `see_more`: the code points after which the
    platform folds a text away, on a phone and on a computer; nothing when it folds none.

    `read_cost` is what it charges for each of our own posts that is read back, `delete_cost` for one that is deleted,
    in USD. `proves_absence`: its timeline
    lists all our posts, so that one which is not there after a while was not taken.
    """

    limit: Limit
    link_apart: bool
    cost: Callable[[Post], float]
    see_more: tuple[int, ...] = ()
    read_cost: float = 0.0
    delete_cost: float = 0.0
    proves_absence: bool = False
