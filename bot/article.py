"""The article: something worth posting, with one identity however it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One story as a source told it. Every text field is plain text from outside: data, never markup.

    `id` is None until the store has kept it. `url` is the link its author gave it (http or https), used in
    posts as it stands; `identities` are the keys it is recognised by (see `bot.identity`).
    `published` is the author's own time, `first_seen` ours; both aware. `typed` marks a text that a person
    typed with `add --text`: it is posted as it is, without a template. `short_title` is the shorter headline
    that its author gave it, if any.
    """

    title: str
    id: int | None = None
    url: str = ""
    guid: str = ""
    summary: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    language: str = ""
    image: str = ""
    source: str = ""
    published: datetime | None = None
    first_seen: datetime | None = None
    breaking: bool = False
    evergreen: bool = False
    priority: int = 0
    typed: bool = False
    short_title: str = ""

    def dated(self) -> datetime | None:
        """When the story's age starts: its own date, else the moment it was first seen."""
        return self.published or self.first_seen
