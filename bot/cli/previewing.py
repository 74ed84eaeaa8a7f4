"""How a preview is told: on a terminal with bar, card and cuts, as lines for programs, or as a page in a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.cli import output
from bot.configuring.starter import write_new
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.preview import LinkCard, Preview

BAR = 40  # characters
CARD_TEXT = 100
MARK = '<meta name="generator" content="Nightdesk preview">'
"""What every page says of itself near its beginning, so that only a page is ever replaced by a page."""


def tell(preview: Preview, zone: ZoneInfo, as_json: bool) -> None:
    """One preview to stdout: for people on a terminal, else as a line."""
    line = preview.line
    if as_json or not output.on_terminal():
        output.stream(output.record(line, zone), as_json)
        return
    post = f"{line.delivery} " if line.delivery else ""
    output.say(f"{post}{line.article} for {line.account} ({line.platform}, {output.mode(line.live)})")
    for text in _told(preview):
        output.say(f"  {text}")
    output.say("")


def _told(preview: Preview) -> list[str]:
    line = preview.line
    if line.error:
        bar = [bar_of(line.length, line.limit)] if line.length is not None else []
        return [*bar, f"cannot be written: {line.error}"]
    told = [f"| {text}" for text in (line.text or "").splitlines()]
    if line.link:
        told.append(f"link: {line.link}")
    told += _card(preview.card) if preview.card else ["card: none, as there is no link"]
    told.append(f"{bar_of(line.length or 0, line.limit)}, ${line.cost or 0:.3f}")
    told += [f"cut: {cut['field']} from {cut['from']:,} to {cut['to']:,}" for cut in line.cut]
    return told + [f"note: {warning}" for warning in preview.warnings]


def _card(card: LinkCard) -> list[str]:
    if not card.title:
        return [f"card: {card.domain}, with what the page says of itself"]
    told = [f"card: {card.domain} · {_shortened(card.title)}"]
    if card.summary:
        told.append(f"      {_shortened(card.summary)}")
    return [*told, f"      picture: {card.image or 'none is known'}"]


def _shortened(text: str) -> str:
    return text if len(text) <= CARD_TEXT else f"{text[:CARD_TEXT].rstrip()}…"


def bar_of(length: int, limit: int) -> str:
    """The length as a bar, and in figures: `[########------] 152 of 280`."""
    full, empty = ("█", "░") if (sys.stdout.encoding or "").lower().startswith("utf") else ("#", "-")
    filled = min(BAR, -(-length * BAR // limit))
    over = f", {length - limit:,} too many" if length > limit else ""
    return f"{full * filled}{empty * (BAR - filled)} {length:,} of {limit:,}{over}"


def refuse_place(path: Path) -> None:
    """UsageError when no page may be written there: a folder, a file that is no preview, a place that is missing."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name a file in it, such as preview.html.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder {path.parent} is not there.", "Make it first, or name another place.")
    try:
        if path.exists() and (not path.is_file() or MARK not in _beginning(path)):
            raise UsageError(f"{path} is not a preview and is not overwritten.", "Choose another name.")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Choose another name.") from None


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(1_000).decode("utf-8", "replace")


def write_page(path: Path, previews: Sequence[Preview], made: datetime) -> None:
    """Put the page in place, whole or not at all; UsageError says why it cannot be written."""
    from bot.lookalike import page

    refuse_place(path)
    try:
        write_new(path, page(previews, made=made).encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    output.note(f"The page is {path}.")
