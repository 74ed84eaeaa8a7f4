"""The command line as a whole: help, documents, errors, streams and what it costs to ask for help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import main
from bot.cli.main import app
from bot.errors import AmbiguousName, ConfigurationError, NightdeskError
from tests.commands import nightdesk

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "sqlalchemy",
    "alembic",
    "tweepy",
    "pyfacebook",
    "apscheduler",
    "jinja2",
    "pydantic",
    "requests",
    "rich",
    "yaml",
)


def walk(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(walk(typer.main.get_command(app)))
NAMES = [" ".join(path) for path in COMMANDS]
FIRST_RELEASE = {
    "demo", "init", "check", "fetch", "add", "preview", "plan", "once", "run", "log", "show", "why", "resolve", "pause",
    "resume", "count", "status", "sandbox", "golive", "rehearse", "queue list", "queue move", "queue hold",
    "queue release", "queue skip", "queue pin", "queue again", "templates list", "templates check", "templates bench",
    "retry", "unpublish",
}  # fmt: skip


def test_every_command_of_the_first_release_is_there() -> None:
    assert set(NAMES) == FIRST_RELEASE


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_a_sentence_and_an_example(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    first = command.help.split("\n")[0]
    assert re.match(r"[A-Z].*\.$", first)
    assert len(command.get_short_help_str(limit=65)) <= 65
    assert not command.get_short_help_str(limit=65).endswith("...")
    assert f"nightdesk {' '.join(path)}" in command.epilog or path[0] in command.epilog
    assert all(option.help for option in command.params)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_documented_with_all_its_options(name: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith(f"| `{name} ") or line.startswith(f"| `{name}`")]
    assert rows, f"docs/commands.md does not tell of {name}"
    assert f"`{name}`" in (ROOT / "README.md").read_text("utf-8"), f"README.md does not list {name}"
    everywhere = {"--help", "--json", "--now", "--account"}
    for option in COMMANDS[tuple(name.split())].params:
        for word in set(option.opts) - everywhere:
            if word.startswith("--"):
                assert any(word in row for row in rows), f"docs/commands.md does not tell of {name} {word}"


def test_the_readme_and_the_page_name_no_command_that_is_not_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs" / "commands.md").read_text("utf-8")
    named = set(re.findall(r"nightdesk (?:--home \S+ )?([a-z]+)\b", text.replace("nightdesk is", "")))
    assert named <= {path[0] for path in COMMANDS}


@pytest.mark.parametrize("words", [(), ("--help",)], ids=["nightdesk", "nightdesk --help"])
def test_help_is_cheap_to_ask_for(words: tuple[str, ...]) -> None:
    """Deterministic, where a time limit would not be: the expensive libraries are not even loaded."""
    script = (
        "import sys\n"
        "from bot.cli.main import app\n"
        "try:\n    app(prog_name='nightdesk')\n"
        "except SystemExit as end:\n    status = end.code\n"
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "sys.exit(f'loaded {loaded}' if loaded else (0 if status in (0, 2) else status))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "Usage: nightdesk" in done.stdout + done.stderr


def test_help_of_every_command_is_cheap_to_ask_for() -> None:
    script = (
        "import sys\n"
        "from bot.cli.main import app\n"
        f"for path in {list(COMMANDS)!r}:\n"
        "    try:\n        app([*path, '--help'], prog_name='nightdesk')\n"
        "    except SystemExit as end:\n        assert end.code == 0, path\n"
        f"    loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "    assert not loaded, (path, loaded)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Example:") == len(COMMANDS)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("--help",), "nightdesk"),
        (("--home", "log", "once", "--help"), "nightdesk once"),
        (("queue", "--help"), "nightdesk queue"),
        (("queue", "pin", "d1", "--help"), "nightdesk queue pin"),
        (("--verbose", "pause", "--reason", "once", "--help"), "nightdesk pause"),
    ],
    ids=" ".join,
)
def test_help_is_about_the_command_that_was_named(words: tuple[str, ...], command: str) -> None:
    done = nightdesk(*words)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"Usage: {command} ")


def test_what_stands_behind_two_hyphens_is_text_and_no_call_for_help() -> None:
    assert nightdesk("count", "--", "--help").rows == [["6", "280", "yes", "yes", "--help"]]


def test_the_version_is_the_packages() -> None:
    from bot import __version__

    assert nightdesk("--version").out == f"nightdesk {__version__}\n"


@pytest.mark.parametrize(
    "words", [("lgo",), ("log", "--nonsense"), ("why",), ("pause",), ("queue", "hodl", "d1"), ("once", "x")]
)
def test_a_call_that_cannot_be_understood_ends_with_2(words: tuple[str, ...]) -> None:
    done = nightdesk(*words)
    assert (done.status, done.out) == (2, "")
    assert "Error" in done.err


@pytest.mark.parametrize("words", [("log",), ("once",), ("check",), ("add", "x.txt"), ("queue", "list"), ("status",)])
def test_without_a_home_a_command_says_how_to_make_one(words: tuple[str, ...], tmp_path: Path) -> None:
    done = nightdesk(*words, home=tmp_path)
    assert (done.status, done.out) == (3, "")
    assert str(tmp_path) in done.err
    assert "`nightdesk init`" in done.err
    assert list(tmp_path.iterdir()) == []


def test_the_home_comes_from_the_environment_and_the_option_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTDESK_HOME", str(tmp_path / "one"))
    assert str(tmp_path / "one") in nightdesk("status").err
    assert str(tmp_path / "two") in nightdesk("status", home=tmp_path / "two").err


# -- errors ------------------------------------------------------------------------------------------------------


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make `nightdesk init` raise what the test says."""

    def fail_with(error: BaseException) -> None:
        def write_starter(folder: Path) -> list[Path]:
            raise error

        monkeypatch.setattr("bot.configuring.write_starter", write_starter)

    return fail_with


def test_an_error_is_its_sentence_then_what_to_do(failing: Any) -> None:
    failing(ConfigurationError("config/nightdesk.toml:3: tmiezone: unknown key", "Mend it."))
    done = nightdesk("init")
    assert done.status == 3
    assert done.err == "config/nightdesk.toml:3: tmiezone: unknown key\nMend it.\n"


def test_a_name_with_several_meanings_lists_them(failing: Any) -> None:
    failing(AmbiguousName("2 posts fit 'ferry':", ("d1  x-main", "d2  fb-page"), "Name one by its id."))
    done = nightdesk("init")
    assert (done.status, done.err) == (2, "2 posts fit 'ferry':\n  d1  x-main\n  d2  fb-page\nName one by its id.\n")


def test_an_error_shows_no_secret_and_no_control_characters(failing: Any) -> None:
    failing(NightdeskError("refused: access_token=abcdef123456 \x1b[2J"))
    err = nightdesk("init").err
    assert "abcdef123456" not in err
    assert "\x1b" not in err


def test_an_interrupt_ends_with_130(failing: Any) -> None:
    failing(KeyboardInterrupt())
    done = nightdesk("init")
    assert (done.status, done.err) == (130, "")


def test_a_mistake_of_ours_is_one_scrubbed_line_and_its_traceback_only_on_request(
    failing: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ZeroDivisionError("page_token=abcdef123456\nsecond line"))
    told = {}
    for name, words in {"plain": ["init"], "verbose": ["--verbose", "init"]}.items():
        monkeypatch.setattr(sys, "argv", ["nightdesk", *words])
        with pytest.raises(SystemExit) as end:
            main.main()
        assert end.value.code == 1
        told[name] = capsys.readouterr().err
    assert "mistake in Nightdesk, please report it: ZeroDivisionError" in told["plain"]
    assert told["plain"].count("\n") == 1
    assert "write_starter" in told["verbose"]
    assert "Traceback" in told["verbose"]
    assert not any("abcdef123456" in text for text in told.values())


# -- streams -----------------------------------------------------------------------------------------------------


def run(words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell line in which `nightdesk` is the command of this checkout."""
    line = words.replace("nightdesk", f"{sys.executable} -m bot")
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, cwd=ROOT, env={**os.environ, **environment}
    )


def test_a_reader_that_has_gone_ends_it_quietly() -> None:
    many = """yes '"a text"' | head -20000"""
    done = run(f"{many} | nightdesk count --json | head -1")
    assert done.returncode == 141
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("count", [1, 20_000])
def test_a_disk_that_takes_no_output_is_said_in_one_line(count: int, unbuffered: str) -> None:
    line = f"""yes '"a text"' | head -{count} | nightdesk count --json > /dev/full"""
    done = run(line, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 75
    assert done.stderr == b"The output could not be written: no space left on device.\n"


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_a_pipe_is_utf_8_whatever_the_locale_says(locale: str) -> None:
    done = run('nightdesk count "Xəbər 日本"', LC_ALL=locale, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    assert "Xəbər 日本" in done.stdout.decode("utf-8")


def test_completion_knows_the_commands() -> None:
    done = run("nightdesk", _NIGHTDESK_COMPLETE="complete_bash", COMP_WORDS="nightdesk que", COMP_CWORD="1")
    assert "queue" in done.stdout.decode()
