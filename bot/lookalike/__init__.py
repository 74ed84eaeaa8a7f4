"""A page that shows posts about as X and Facebook would: one HTML file that stands alone and fetches nothing.

Everything on it is data that came from outside: the template escapes it, only http and https links can be followed,
and the page's own Content-Security-Policy forbids scripts and every other source, should something slip through.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.lookalike.looks import Story, stories
from bot.preview import Preview

MOST_POSTS = 200
"""More would make a page that nobody reads to its end and a browser shows slowly."""

_FOLDER = Path(__file__).parent


def page(previews: Iterable[Preview], *, made: datetime) -> str:
    """The page as HTML, of the first MOST_POSTS previews; `made` (aware) is the moment it tells as its own."""
    given = list(previews)
    style = _style()
    shown: list[Story] = stories(given[:MOST_POSTS])
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            style=Markup(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            stories=shown,
            posts=min(len(given), MOST_POSTS),
            more=max(0, len(given) - MOST_POSTS),
            refused=sum(1 for each in given if not each.line.fits),
            cost=sum(each.line.cost or 0 for each in given),
            layouts=[layouts()[name] for name in ("x", "facebook")],
            checked=_spoken(layouts()["checked"]),
            made=f"{_spoken(made.date())}, {made:%H:%M %Z}",
        )
    )


@cache
def layouts() -> Mapping[str, Any]:
    """The facts of `layouts.toml`: sizes, where they come from, and when somebody last looked."""
    return tomllib.loads((_FOLDER / "layouts.toml").read_text("utf-8"))


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _style() -> str:
    sizes = "".join(
        f"--{platform}-{name.replace('_', '-')}:{value}{_unit(name)};" for platform, name, value in _sizes()
    )
    return f":root{{{sizes}}}\n{(_FOLDER / 'page.css').read_text('utf-8')}"


def _sizes() -> Iterable[tuple[str, str, int]]:
    for platform in ("x", "facebook"):
        yield from ((platform, name, value) for name, value in layouts()[platform].items() if isinstance(value, int))


def _unit(name: str) -> str:
    return "" if name.endswith("_lines") else "px"


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_FOLDER)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
