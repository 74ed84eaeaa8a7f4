"""Commands that look closely: show, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import output, times
from bot.cli.home import AsJson, Now, opened, spoken, zone_of
from bot.cli.output import Line, Record

if TYPE_CHECKING:
    from bot.nightdesk import Nightdesk
    from bot.story import Story, Why

commands = typer.Typer(rich_markup_mode=None)

WHY_COLUMNS = ("account", "mode", "post", "posted", "why")


@commands.command(epilog="Example: nightdesk show d34")
def show(
    context: typer.Context,
    delivery: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="Its id (d34), or the article's id, address or words.")
    ],
    account: Annotated[str | None, typer.Option("--account", metavar="A", help="The one on this account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of one post: each change, each attempt."""
    from bot.finding import delivery_named
    from bot.story import story

    with opened(context) as desk:
        with desk.database.read() as tx:
            found, article = delivery_named(tx, delivery, account)
        told = story(desk, found, article)
        if as_json:
            output.json_line(_story_record(desk, told))
        else:
            _tell_story(desk, told)


@commands.command(epilog='Example: nightdesk why "ferry returns"')
def why(
    context: typer.Context,
    article: Annotated[
        str, typer.Argument(metavar="ARTICLE", help="Its id (a12), its address, or words of its title.")
    ],
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Tell why an article was posted, or was not, on each account."""
    from bot.finding import article_named
    from bot.story import why as reasons

    with opened(context, now) as desk:
        with desk.database.read() as tx:
            found = article_named(tx, article)
        if not as_json:
            output.heading(f"a{found.id} {found.title}")
        output.listing(
            reasons(desk, found),
            record=lambda line: output.record(line, zone_of(desk.settings, line.account)),
            columns=WHY_COLUMNS,
            line=lambda line: _why_line(desk, line),
            as_json=as_json,
            nothing="The settings have no accounts.",
        )


# -- show --------------------------------------------------------------------------------------------------------


def _story_record(desk: Nightdesk, told: Story) -> Record:
    zone = zone_of(desk.settings, told.queue.account)
    history = [
        {
            "at": times.spoken_iso(c.at, zone),
            "from": c.before,
            "to": c.after,
            "reason": c.reason,
            "actor": c.actor,
            "note": c.note,
        }
        for c in told.history
    ]
    made = [output.record(attempt, zone) for attempt in told.attempts]
    looked = [output.record(read, zone) for read in told.reads]
    more = {"round": told.round, "words": told.words, "command": told.command or None}
    return {**output.record(told.queue, zone), **more, "history": history, "attempts": made, "reads": looked}


def _tell_story(desk: Nightdesk, told: Story) -> None:
    line, zone = told.queue, zone_of(desk.settings, told.queue.account)
    again = f", round {told.round}" if told.round > 1 else ""
    output.say(f"{line.delivery}  {line.title} ({line.article})")
    output.say(
        f"on {line.account} ({line.platform or 'not in the settings'}, {output.mode(line.live)}{again}): {line.state}"
    )
    if told.words:
        output.say(told.words)
    if told.command:
        output.say(f"To settle it: {told.command}")
    if line.link:
        output.say(line.link)
    if line.due_at:
        output.say(f"due {times.spoken_iso(line.due_at, zone)}{' (pinned)' if line.pinned else ''}")
    output.say("\nHistory")
    for change in told.history:
        said = f"  {times.spoken_iso(change.at, zone)}  {change.after}  by {change.actor}"
        output.say(": ".join(part for part in (said, change.reason, change.note) if part))
    for attempt in told.attempts:
        output.say(f"\nAttempt {attempt.attempt}: {attempt.outcome or 'open'}, ${attempt.cost:.3f}")
        finished = times.spoken_iso(attempt.finished_at, zone) if attempt.finished_at else "not finished"
        output.say(f"  {times.spoken_iso(attempt.started_at, zone)} – {finished}")
        for part in (attempt.error, attempt.post_url, attempt.link):
            if part:
                output.say(f"  {part}")
        output.say("\n".join(f"  | {text}" for text in attempt.text.splitlines()))
    if told.reads:
        output.say("\nLooks at the timeline")
    for read in told.reads:
        what = f"{output.counted(read.posts, 'post')} read back, ${read.cost:.3f}"
        output.say(f"  {times.spoken_iso(read.at, zone)}  {what}")


# -- why ---------------------------------------------------------------------------------------------------------


def _why_line(desk: Nightdesk, line: Why) -> Line:
    due = f"due {spoken(desk, line.account, line.due_at)}" if line.due_at else ""
    posted = "yes" if line.posted else "no"
    return Line(
        [line.account, output.mode(line.live), line.delivery or "-", posted, line.why], [due, line.post_url or ""]
    )
