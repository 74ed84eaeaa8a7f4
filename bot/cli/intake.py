"""Commands that take articles in: add, fetch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, opened, person
from bot.cli.output import Record
from bot.cli.times import Direction
from bot.errors import NightdeskError, TryAgainLater, UsageError

if TYPE_CHECKING:
    from bot.article import Article
    from bot.fetching import Fetched
    from bot.ingest import Added
    from bot.nightdesk import Nightdesk

commands = typer.Typer(rich_markup_mode=None)

TOLD_EVERY = 50  # articles between two words to whoever waits for a long list of them


@commands.command(epilog="Example: nightdesk add ferry.md --account x-main --at 18:00")
def add(
    context: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE|-]...", help="Texts or Markdown files; - reads standard input.", show_default=False
        ),
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="A post typed by hand, sent as it is.")
    ] = None,
    link: Annotated[str | None, typer.Option("--link", metavar="URL", help="The link of that post.")] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            "--account", metavar="A", help="Queue it for this account; may be repeated (else those of [add])."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="T", help="Pin it to this moment, such as 18:00, 2h or 2026-11-22T18:00."),
    ] = None,
    priority: Annotated[int, typer.Option("--priority", metavar="N", help="Higher goes first.")] = 0,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Breaking news: it goes before everything else.")
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Take articles in and queue them. One that is known already is told and not queued again."""
    from bot.ingest import chosen_accounts

    with opened(context, now) as desk:
        articles = _typed(text, link, files, account) if text is not None else _read(desk, files or [], link)
        accounts = [chosen.name for chosen in chosen_accounts(desk, account or [])]
        pins = _pins(desk, accounts, at)
        for number, article in enumerate(articles, 1):
            _progress("Queued", number, len(articles))
            told = replace(article, priority=priority, breaking=breaking or article.breaking)
            _tell_added(_add(desk, told, accounts, pins), as_json)


@commands.command(epilog="Example: nightdesk fetch site --backfill 3")
def fetch(
    context: typer.Context,
    source: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Only these sources (else all).", show_default=False),
    ] = None,
    backfill: Annotated[
        int | None, typer.Option("--backfill", min=0, metavar="N", help="Also queue the newest N, known or not.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Read the sources once; what is new is queued. The first read of a source only notes what is there already."""
    with opened(context, now) as desk:
        names = _sources(desk, source or [])
        troubles = [trouble for name in names if (trouble := _fetch_one(desk, name, backfill, as_json))]
        if not names:
            output.note("The settings have no [sources]; there is nothing to read.")
    if troubles:
        worst = next((t for t in troubles if isinstance(t, TryAgainLater)), troubles[0])
        raise typer.Exit(worst.exit_status)


# -- add ---------------------------------------------------------------------------------------------------------


def _typed(text: str, link: str | None, files: Sequence[str] | None, account: Sequence[str] | None) -> list[Article]:
    from bot.configuring.values import address
    from bot.ingest import typed_article

    if files:
        raise UsageError("--text and a FILE do not go together.", "Give one of them.")
    if not account:
        raise UsageError("--text needs --account.", "Say which account the post is for.")
    try:
        return [typed_article(text, address(link) if link else "")]
    except ValueError as error:
        raise UsageError(f"--link {error}.") from None


def _read(desk: Nightdesk, files: Sequence[str], link: str | None) -> list[Article]:
    """All of them or, when one cannot be read, none."""
    if not files:
        raise UsageError("There is nothing to add.", "Name a file, - for standard input, or write --text TEXT.")
    if link is not None:
        raise UsageError("--link goes with --text.", "A file's link stands in it, as `url:` at its top.")
    read = []
    for number, name in enumerate(files, 1):
        _progress("Read", number, len(files))
        read.append(_read_one(desk, name))
    return read


def _progress(what: str, number: int, count: int) -> None:
    if number % TOLD_EVERY == 0:
        output.progress(f"{what} {number} of {count} …")


def _read_one(desk: Nightdesk, name: str) -> Article:
    import sys

    from bot.sources.reading import read_file, read_text

    zone = desk.settings.zone
    if not name.strip():
        raise UsageError("One of the files to add has an empty name.", "Is a variable empty in your script?")
    if name == "-":
        return read_text(sys.stdin.buffer.read(), "standard input", zone=zone)
    if name.startswith(("http://", "https://")):
        hint = "Web pages come in a later release; `nightdesk fetch` reads feeds, and `add FILE` reads files."
        raise UsageError(f"{name} is an address, not a file.", hint)
    return read_file(Path(name), zone=zone)


def _pins(desk: Nightdesk, accounts: Sequence[str], at: str | None) -> dict[str, datetime]:
    """The moment `at` for each account: 18:00 without an offset is each account's own 18:00."""
    if at is None:
        return {}
    now = desk.clock.desk_now()
    found = {
        name: times.moment(at, zone=desk.account(name).zone, now=now, direction=Direction.AHEAD) for name in accounts
    }
    if any(moment < now for moment in found.values()):
        output.note("Note: --at lies in the past.")
    return found


def _add(desk: Nightdesk, article: Article, accounts: Sequence[str], pins: Mapping[str, datetime]) -> Added:
    from bot.ingest import add_article

    return add_article(desk, article, accounts=accounts, pinned=pins, actor=person())


def _tell_added(added: Added, as_json: bool) -> None:
    if as_json:
        output.json_line(_as_record(added))
        return
    made = ", ".join(f"{d.account} (d{d.id} {d.state}, {output.mode(d.live)})" for d in added.deliveries)
    known = "" if added.new else " is known already"
    output.say(f"a{added.article.id} {added.article.title}{known}: {made}")


def _as_record(added: Added) -> Record:
    return {
        "article": f"a{added.article.id}",
        "title": added.article.title,
        "new": added.new,
        "deliveries": [{"delivery": f"d{d.id}", "account": d.account, "state": d.state} for d in added.deliveries],
    }


# -- fetch -------------------------------------------------------------------------------------------------------


def _sources(desk: Nightdesk, names: Sequence[str]) -> list[str]:
    from bot.configuring.values import did_you_mean

    known = desk.settings.sources
    for name in names:
        if name not in known:
            hint = f"The settings have: {', '.join(known) or 'none'}."
            raise UsageError(f"There is no source {name!r}{did_you_mean(name, known) or '.'}", hint)
    return list(dict.fromkeys(names)) or list(known)


def _fetch_one(desk: Nightdesk, name: str, backfill: int | None, as_json: bool) -> NightdeskError | None:
    """Read one source and tell what it brought; its trouble is told and returned, so that the others still get read."""
    from bot.fetching import Fetched, fetch_source

    output.progress(f"Reading {name} …")
    try:
        fetched, trouble = fetch_source(desk, desk.settings.sources[name], backfill=backfill, actor=person()), None
    except NightdeskError as error:
        fetched, trouble = Fetched(source=name), error
        output.note(output.about(name, str(error)))
    if as_json:
        output.json_line(_fetched_record(fetched, trouble))
    elif trouble is None:
        _tell_fetched(fetched)
    return trouble


def _fetched_record(fetched: Fetched, trouble: NightdeskError | None) -> Record:
    return {
        "source": fetched.source,
        "added": [_as_record(added) for added in fetched.added],
        "known": fetched.known,
        "baseline": fetched.baseline,
        "unchanged": fetched.unchanged,
        "problems": list(fetched.problems),
        "error": str(trouble) if trouble else None,
    }


def _tell_fetched(fetched: Fetched) -> None:
    for line in _fetched_lines(fetched):
        output.say(line)
    for problem in fetched.problems:
        output.note(output.about(fetched.source, problem))


def _fetched_lines(fetched: Fetched) -> Iterator[str]:
    if fetched.unchanged:
        yield f"{fetched.source}: nothing has changed since the last read."
        return
    parts = [f"{len(fetched.added)} new"]
    parts += [f"{fetched.known} known already"] if fetched.known else []
    parts += [f"{fetched.baseline} noted as known (first read)"] if fetched.baseline else []
    yield f"{fetched.source}: {', '.join(parts)}."
    for added in fetched.added:
        where = ", ".join(f"{delivery.account} (d{delivery.id})" for delivery in added.deliveries)
        yield f"  a{added.article.id} {added.article.title}: {where}"
