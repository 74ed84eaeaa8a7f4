"""`nightdesk demo`: the whole main job in front of you, with no credentials and nothing to set up.

It is the real thing on a small stage: a real home, a real database, the real client libraries, and the bundled
sandbox as X and Facebook. Only the desk's clock is moved by hand, so that a morning takes a few seconds.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from bot.cli import output
from bot.cli.output import Line

MORNING = datetime(2026, 6, 1, 7, 20, tzinfo=UTC)  # 08:20 in Lisbon, ten minutes before the first slot
STORIES = ("azerbaijani.md", "cyrillic.md", "arabic.md", "short.md", "editorial.txt")
WHO = "nightdesk demo"

COLUMNS = ("time", "account", "state", "text")

commands = typer.Typer()


@dataclass(slots=True)
class MovedClock:
    """The desk's clock as the demo moves it; the real one underneath is the machine's."""

    now: datetime = MORNING
    simulated: bool = True

    def desk_now(self) -> datetime:
        return self.now

    def uptime(self) -> float:
        from bot.clock import SystemClock

        return SystemClock().uptime()

    def real_now(self) -> datetime:
        from bot.clock import SystemClock

        return SystemClock().real_now()


@commands.command("demo", epilog="Example: nightdesk demo --json")
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Only the summary, as one JSON value.")] = False,
) -> None:
    """Show the whole main job in front of you. Needs no credentials."""
    from bot.app import open_home
    from bot.sandbox.server import Sandbox

    home = Path(tempfile.mkdtemp(prefix="nightdesk-demo-"))
    clock = MovedClock()
    (home / "data").mkdir()
    with Sandbox(state=home / "data" / "sandbox.jsonl") as sandbox:
        _tell(f"A newspaper, the Harbour Courier, gets a home: {home}")
        _furnish(home, sandbox.url)
        _tell(f"A rehearsal X and Facebook listens at {sandbox.url}; nothing leaves this machine.")
        with open_home(home, clock=clock, on_progress=output.progress) as desk:
            _take_in(desk, home)
            _plan(desk)
            _work_through_the_morning(desk, clock)
            if not as_json:
                _show_log(desk)
            summary = _summary(desk, home)
    if as_json:
        output.json_line(summary)
    else:
        _say_goodbye(summary, home, sandbox.url)
    if summary["failed"] or summary["unconfirmed"]:
        raise typer.Exit(4)


def _furnish(home: Path, sandbox: str) -> None:
    """The files that `init` writes, then the demo's own settings and stories in place of the starter's."""
    from bot.configuring import write_starter
    from bot.resources import package_folder

    write_starter(home)
    stage = package_folder("config") / "demo"
    settings = (stage / "nightdesk.toml").read_text("utf-8").replace("http://127.0.0.1:8390", sandbox)
    (home / "config" / "nightdesk.toml").write_text(settings, "utf-8")
    for name in ("feed.xml", *STORIES):
        shutil.copy(stage / name, home / "config" / name)


def _take_in(desk: Any, home: Path) -> None:
    from bot.fetching import fetch_source
    from bot.ingest import add_article
    from bot.sources.reading import read_file

    fetched = fetch_source(desk, desk.settings.sources["courier"], backfill=4, actor=WHO)
    _tell(f"Articles come in. The newspaper's feed brings {len(fetched.added)}:")
    for added in fetched.added:
        _item(added.article.title)
    _tell(f"Its editors hand in {len(STORIES)} more, as Markdown and plain text:")
    for name in STORIES:
        _item(add_article(desk, read_file(home / "config" / name), actor=WHO).article.title)
    again = add_article(desk, read_file(home / "config" / STORIES[0]), actor=WHO)
    _tell(f"One of them is handed in again: {'it is known, and nothing is queued twice.' if not again.new else '?'}")


def _plan(desk: Any) -> None:
    from bot.planning import plan

    lines = [line for line in plan(desk, length=timedelta(hours=4)) if line.delivery]
    _tell(f"It is {_clock(desk)}. By the accounts' timetables {len(lines)} posts would go out; the first ones:")
    for line in lines[:4]:
        _item(f"{_at(desk, line.at)}  {line.account:<11} {line.title}")


def _work_through_the_morning(desk: Any, clock: MovedClock) -> None:
    """Jump from one moment of the timetables to the next and do a pass at each, as cron or the daemon would."""
    from bot.dispatch import run_pass
    from bot.planning import plan

    def told(step: Any) -> None:
        _item(f"{_clock(desk)}  {step.account:<11} {step.state}  {step.url or step.reason}")

    _tell("The morning goes by. Each post is written, cut to fit, recorded, and only then sent:")
    moments = plan(desk, length=timedelta(hours=4))
    last = max(line.at for line in moments if line.delivery)
    for moment in sorted({line.at for line in moments if line.at <= last}):
        clock.now = moment
        run_pass(desk, told)


def _show_log(desk: Any) -> None:
    from bot.report import log
    from bot.store.logbook import Filter

    _tell("The log, as `nightdesk log` shows it:")
    rows = []
    for line in log(desk, Filter()):
        when = _at(desk, line.due_at) if line.due_at else ""
        rows.append(Line([when, line.account, line.state, _beginning(line.text or "")], [line.post_url or ""]))
    output.table(COLUMNS, rows)


def _summary(desk: Any, home: Path) -> dict[str, Any]:
    from bot.delivery import State
    from bot.store import deliveries

    counts: dict[str, dict[str, int]] = {}
    with desk.database.read() as tx:
        for account in desk.settings.accounts.values():
            counts[account.platform] = {
                state: deliveries.count(tx, account.name, states={state})
                for state in (State.PUBLISHED, State.FAILED, State.UNCONFIRMED)
            }
    return {
        "published": {name: found[State.PUBLISHED] for name, found in counts.items()},
        "failed": sum(found[State.FAILED] for found in counts.values()),
        "unconfirmed": sum(found[State.UNCONFIRMED] for found in counts.values()),
        "home": str(home),
    }


def _say_goodbye(summary: dict[str, Any], home: Path, sandbox: str) -> None:
    posted = " and ".join(f"{count} on {name}" for name, count in summary["published"].items())
    output.say(f"Posted: {posted}. Failed: {summary['failed']}. Unconfirmed: {summary['unconfirmed']}.")
    output.say("Look around in this home with any command, such as:")
    output.say(f"  nightdesk --home {home} show d1")
    port = urlsplit(sandbox).port
    output.say(f"  nightdesk sandbox --port {port} --state {home}/data/sandbox.jsonl    # then open {sandbox}")


def _beginning(text: str) -> str:
    """The first words, where the whole would fill the screen."""
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:100].rpartition(' ')[0] or line[:50]} …"


def _tell(sentence: str) -> None:
    output.note(f"\n{sentence}")


def _item(text: str) -> None:
    output.note(f"    {text if len(text) <= 110 else text[:109] + '…'}")


def _at(desk: Any, moment: datetime) -> str:
    return moment.astimezone(desk.settings.zone).strftime("%H:%M")


def _clock(desk: Any) -> str:
    return _at(desk, desk.clock.desk_now())
