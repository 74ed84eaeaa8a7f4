"""The posts of the articles in `tests/golden/`: what `test_golden.py` compares, and how they are written anew.

`python -m tests.golden_update` writes `<article>.x.txt` and `<article>.facebook.txt` beside each `<article>.json`: the
text as it is sent, to the last character, with no line end behind it. Look at every difference before it is kept: these
files say how posts read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.account import Account
from bot.article import Article
from bot.compose import compose
from bot.platforms.registry import rules_for
from bot.post import Post
from bot.resources import package_folder
from bot.templating import Templates

FOLDER = Path(__file__).parent / "golden"
PLATFORMS = ("x", "facebook")
TEMPLATES = Templates([package_folder("templates")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One article: what it shows, and what else decides on its post (`text` is typed by hand, "" for none)."""

    name: str
    about: str
    article: Article
    allow: tuple[str, ...] = ()
    round: int = 1
    text: str = ""


def cases() -> Iterator[Case]:
    """Every article of the folder, by name."""
    for file in sorted(FOLDER.glob("*.json")):
        content = json.loads(file.read_text("utf-8"))
        fields = content.pop("article")
        tags, published = tuple(fields.pop("tags", ())), fields.pop("published", None)
        article = Article(**fields, tags=tags, published=published and datetime.fromisoformat(published))
        yield Case(name=file.stem, article=article, allow=tuple(content.pop("allow", ())), **content)


def post(case: Case, platform: str) -> Post:
    """The post by the templates that are shipped."""
    ours, rules = account(case, platform), rules_for(platform)
    return compose(case.article, ours, rules, TEMPLATES, text=case.text or None, round=case.round)


def account(case: Case, platform: str) -> Account:
    return Account(
        name=platform,
        platform=platform,
        identity="example" if platform == "x" else "1234567890",
        template=f"posts/{platform}.txt.j2",
        zone=ZoneInfo("Asia/Baku"),
        allow=case.allow,
    )


def file_of(case: Case, platform: str) -> Path:
    return FOLDER / f"{case.name}.{platform}.txt"


if __name__ == "__main__":
    for each in cases():
        for platform in PLATFORMS:
            file_of(each, platform).write_text(post(each, platform).text, "utf-8")
