"""README and docs: every command they show exists with its options, all settings load, and the first steps work."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli.main import app
from bot.configuring import load
from bot.sandbox.server import Sandbox
from tests.commands import nightdesk

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")

BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(r"\bnightdesk((?:[ \t]+(?:'[^']*'|\"[^\"]*\"|[^\s;&#|]+(?:\\?\|[^\s;&#|]+)*))+)")
PLACEHOLDER = re.compile(r"[A-Z]+|…")
ROOT_COMMAND = typer.main.get_command(app)


# -- what the pages call -----------------------------------------------------------------------------------------


def calls(text: str) -> Iterator[str]:
    """What stands behind each `nightdesk` in the code of a page: blocks of a shell or a service, and code in a line."""
    for language, body in BLOCK.findall(text):
        if language in ("console", "cron", "ini", "sh"):
            yield from (call[1] for call in CALL.finditer(re.sub(r"\s#.*", "", body)))
    for code in CODE.findall(BLOCK.sub("", text)):
        yield from (call[1] for call in CALL.finditer(code))


def named_in(text: str) -> Iterator[str]:
    """The commands in the tables of the pages: a cell that begins with the name of one."""
    for line in text.splitlines():
        if line.startswith("| `"):
            cell = re.split(r"(?<!\\)\|", line)[1]
            yield from (code for code in CODE.findall(cell) if code.split()[0] in commands_of(ROOT_COMMAND))


def commands_of(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def complaints(call: str) -> Iterator[str]:
    """What is wrong with a call: a command or an option that there is not. Placeholders in capitals are let through."""
    words = shlex.split(re.sub(r"[\[\]]", " ", call.replace("\\|", "|").replace("…", " ")))
    command = ROOT_COMMAND
    waiting = iter(words)
    for word in waiting:
        if word.startswith("--"):
            name = word.partition("|")[0].partition("=")[0]
            option = options_of(command).get(name)
            if name == "--help":
                return
            if option is None:
                yield f"{command.name} has no {name}"
            elif not option.is_flag:
                next(waiting, None)
        elif commands_of(command):
            if PLACEHOLDER.fullmatch(word) or word in (".", ","):
                return
            if word.strip("`.,") not in commands_of(command):
                yield f"there is no command {word}"
                return
            command = commands_of(command)[word.strip("`.,")]


def options_of(command: Any) -> dict[str, Any]:
    return {name: parameter for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_call_on_a_page_is_of_a_command_and_options_that_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    found = [*calls(text), *(named_in(text) if page.name in ("commands.md", "README.md") else ())]
    wrong = {f"nightdesk {call.strip()}": trouble for call in found if (trouble := list(complaints(call)))}
    assert not wrong


def test_the_pages_do_call_something() -> None:
    assert sum(1 for page in PAGES for _ in calls(page.read_text("utf-8"))) > 30


@pytest.mark.parametrize("call", ["frobnicate", "log --sort name", "queue shove d1", "templates bench --first 3"])
def test_a_call_that_cannot_work_would_be_found(call: str) -> None:
    assert list(complaints(call))


def leaves(command: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in commands_of(command).items():
        full = f"{before}{name}"
        yield from leaves(inner, f"{full} ") if commands_of(inner) else [(full, inner)]


@pytest.mark.parametrize(
    ("name", "command"), list(leaves(ROOT_COMMAND)), ids=lambda value: str(getattr(value, "name", value))
)
def test_every_command_has_a_row_with_its_options(name: str, command: Any) -> None:
    rows = [line for line in COMMANDS.splitlines() if re.match(rf"\| `{name}(?=[ `])", line)]
    assert rows, f"{name} has no row"
    cells = [cell for row in rows for cell in re.split(r"(?<!\\)\|", row)[1:3]]
    # Explained once, above the tables, for all that have them.
    everywhere = {"--json", "--now"} | ({"--account"} if "DELIVERY" in rows[0] else set())
    wanted = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert wanted - everywhere <= set(re.findall(r"--[a-z-]+", " ".join(cells)))
    assert name.split()[0] in (ROOT / "README.md").read_text("utf-8")


# -- settings ----------------------------------------------------------------------------------------------------


def settings_blocks() -> Iterator[Any]:
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in BLOCK.finditer(text):
            if block[1] == "toml":
                yield pytest.param(block[2], id=f"{page.name}-{text.count(chr(10), 0, block.start()) + 1}")


@pytest.mark.parametrize("block", list(settings_blocks()))
def test_all_settings_shown_can_be_loaded(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block may be a part of a file: what it leaves out is filled in before it."""
    monkeypatch.setenv("NIGHTDESK_DATABASE", "postgresql+psycopg://nobody@127.0.0.1/none")
    timezone = "" if re.search(r"^timezone", block, re.MULTILINE) else 'timezone = "Asia/Baku"\n'
    account = "" if block.lstrip().startswith(("[", "timezone", "database", "#")) else (
        '[accounts.x-main]\nplatform = "x"\nhandle = "@example"\n'
    )  # fmt: skip
    write_settings(tmp_path, f"{timezone}{account}{block}")
    load(tmp_path)


def write_settings(home: Path, text: str) -> None:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "nightdesk.toml").write_text(text, "utf-8")


# -- the first steps ---------------------------------------------------------------------------------------------


def console(section: str) -> list[list[str]]:
    """The `nightdesk` commands of the console blocks in one section of the guide, in their order."""
    text = GUIDE.split(f"## {section}", 1)[1].split("\n## ", 1)[0]
    shown = (line for language, body in BLOCK.findall(text) if language == "console" for line in body.splitlines())
    return [shlex.split(line)[2:] for line in shown if line.startswith("$ nightdesk")]


def test_the_first_steps_of_the_guide_publish_a_story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (story,) = [body for language, body in BLOCK.findall(GUIDE) if language == "markdown"]
    steps = console("1.")
    assert [step[0] for step in steps] == ["init", "check", "add", "once", "log"]
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        assert nightdesk(*steps[0]).status == 0
        home = tmp_path / steps[0][1]
        settings = home / "config" / "nightdesk.toml"
        settings.write_text(settings.read_text("utf-8").replace("http://127.0.0.1:8390", sandbox.url), "utf-8")
        (home / steps[2][1]).write_text(story, "utf-8")
        monkeypatch.chdir(home)
        done = [nightdesk(*step) for step in steps[1:]]
        assert [each.status for each in done] == [0, 0, 0, 0], [each.err for each in done]
        posts = json.loads(nightdesk("log", "--json").out.splitlines()[0])
    assert posts["title"] == "Night ferry returns to the old harbour"
    assert [row.count("\tpublished\t") for row in done[-1].out.splitlines()] == [1, 1]


def test_the_first_steps_of_the_readme_are_the_guides_and_a_preview(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^\$ nightdesk (\w+)", readme, re.MULTILINE)
    assert shown == ["init", "sandbox", "add", "preview", "once", "log"]
    assert readme.index("make demo") < readme.index("make test") < readme.index("nightdesk init")
