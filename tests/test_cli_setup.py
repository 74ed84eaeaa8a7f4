"""init, check, count and sandbox."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from bot.cli import demo
from bot.sandbox.server import Sandbox
from tests.commands import nightdesk
from tests.world import TWO_ACCOUNTS, write_home

KEYS = ("api_key", "api_secret", "access_token", "access_secret")
ONE_X = '[accounts.x-main]\nplatform = "x"\nhandle = "@courier"\n'
LIVE_X = """
[accounts.x-main]
platform = "x"
handle = "@courier"
live = {live}
credentials = {{ {credentials} }}

[platforms]
x = "{url}"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_home(tmp_path, "sqlite:///data/nightdesk.db", "http://127.0.0.1:9", TWO_ACCOUNTS)
    return tmp_path


# -- init --------------------------------------------------------------------------------------------------------


def test_init_writes_a_home_that_check_finds_well(tmp_path: Path) -> None:
    made = nightdesk("init", str(tmp_path / "newsroom"))
    assert made.status == 0
    assert [Path(line).name for line in made.out.splitlines()] == ["nightdesk.toml", "x.txt.j2", "facebook.txt.j2"]
    assert all(Path(line).is_file() for line in made.out.splitlines())
    assert nightdesk("check", home=tmp_path / "newsroom").status == 0


def test_init_ignores_the_home_and_takes_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIGHTDESK_HOME", "/nowhere")
    assert nightdesk("init").status == 0
    assert (tmp_path / "config" / "nightdesk.toml").is_file()


def test_init_overwrites_nothing_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "templates" / "posts").mkdir(parents=True)
    (tmp_path / "templates" / "posts" / "x.txt.j2").write_text("mine")
    done = nightdesk("init", str(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert "x.txt.j2" in done.err
    assert (tmp_path / "templates" / "posts" / "x.txt.j2").read_text() == "mine"
    assert not (tmp_path / "config").exists()


# -- check -------------------------------------------------------------------------------------------------------


def test_check_names_file_and_line_of_each_mistake(home: Path) -> None:
    settings = home / "config" / "nightdesk.toml"
    settings.write_text(settings.read_text() + 'templat = "x"\ntimetable = ["weekdays at 25:00"]\n')
    done = nightdesk("check", home=home)
    assert (done.status, done.out) == (3, "")
    line = settings.read_text().count("\n") - 1
    assert f"config/nightdesk.toml:{line}: accounts.fb-page.templat: unknown key; did you mean 'template'?" in done.err
    assert f"config/nightdesk.toml:{line + 1}:" in done.err


def test_check_finds_a_template_that_cannot_work(home: Path) -> None:
    (home / "templates" / "posts").mkdir(parents=True)
    (home / "templates" / "posts" / "x.txt.j2").write_text("{{ titel }}")
    done = nightdesk("check", home=home)
    assert done.status == 3
    assert "x.txt.j2" in done.err
    assert "titel" in done.err


def test_check_tries_every_special_case_and_variant_and_bounds_what_they_may_cost(home: Path) -> None:
    own = home / "templates" / "posts"
    (own / "x").mkdir(parents=True)
    (own / "x.txt.j2").write_text("{{ title }}")
    (own / "x.2.txt.j2").write_text("{{ published.year }}")
    (own / "x" / "sport.txt.j2").write_text("{{ 'a' * 10**9 }}")
    (own / "x" / "city.txt.j2").write_text("{% for t in tags %}" + "{{ summary|upper }}" * 40 + "{% endfor %}")
    (own / "unused.txt.j2").write_text("{{ titel }}")
    done = nightdesk("check", home=home)
    assert done.status == 3
    assert "posts/x.2.txt.j2, line 1: there is no year where an article has no date" in done.err
    assert "posts/x/sport.txt.j2, line 1: sums are not offered" in done.err
    assert "posts/x/city.txt.j2, line 1: the template does too much" in done.err
    assert "unused" not in done.err


def test_check_warns_of_secrets_that_a_rehearsal_does_without(home: Path) -> None:
    done = nightdesk("check", home=home)
    assert done.status == 0
    assert done.rows == [
        ["x-main", "x", "courier", "rehearsal", "at once"],
        ["fb-page", "facebook", "1234567890", "rehearsal", "at once"],
    ]
    assert "Warning: fb-page has no page_token" in done.err


def test_check_warns_of_a_template_that_is_not_in_the_home(home: Path) -> None:
    (home / "templates" / "posts").mkdir(parents=True)
    (home / "templates" / "posts" / "facebook.txt.j2").write_text("{{ title }}")
    [report] = nightdesk("check", "--json", home=home).lines
    told = [warning for warning in report["warnings"] if "not in the home" in warning]
    assert told == ["posts/x.txt.j2 is not in the home's templates; the packaged one is used."]
    assert report["ok"]


def test_check_as_json_is_one_value_whether_or_not_all_is_well(home: Path) -> None:
    [well] = nightdesk("check", "--json", home=home).lines
    assert well["ok"]
    assert [account["account"] for account in well["accounts"]] == ["x-main", "fb-page"]
    (home / "config" / "nightdesk.toml").write_text("nonsense")
    done = nightdesk("check", "--json", home=home)
    assert (done.status, done.lines[0]["ok"], len(done.lines[0]["errors"])) == (3, False, 1)


def live_home(
    home: Path, url: str, monkeypatch: pytest.MonkeyPatch, *, live: str = "true", handle: str = "courier"
) -> None:
    for name in KEYS:
        monkeypatch.setenv(f"TEST_{name.upper()}", f"rehearsal:x-main:{handle}")
    credentials = ", ".join(f'{name} = {{ env = "TEST_{name.upper()}" }}' for name in KEYS)
    accounts = LIVE_X.format(live=live, credentials=credentials, url=url)
    write_home(home, "sqlite:///data/nightdesk.db", "http://127.0.0.1:9", accounts)


@pytest.mark.parametrize("live", ["true", "false"])
def test_check_online_asks_the_platform_who_we_are_whatever_live_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: str
) -> None:
    with Sandbox() as platforms:
        live_home(tmp_path, platforms.url, monkeypatch, live=live)
        done = nightdesk("check", "--online", "--json", home=tmp_path)
    assert done.status == 0, done.out
    assert done.lines[0]["accounts"][0]["signed_in_as"] == "courier"


def test_check_online_finds_keys_that_belong_to_someone_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as platforms:
        live_home(tmp_path, platforms.url, monkeypatch, handle="gazette")
        done = nightdesk("check", "--online", home=tmp_path)
    assert done.status == 3
    assert "belong to gazette, not to courier" in done.err


def test_check_online_ends_with_5_when_the_sign_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as platforms:
        live_home(tmp_path, platforms.url, monkeypatch)
        fault = {"kind": "revoked", "account": "x-main"}
        requests.post(f"{platforms.url}/sandbox/faults", json=fault, timeout=5).raise_for_status()
        done = nightdesk("check", "--online", home=tmp_path)
    assert done.status == 5
    assert "x-main" in done.err
    assert "rehearsal:x-main" not in done.err


def test_check_online_ends_with_75_when_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_home(tmp_path, "http://127.0.0.1:9", monkeypatch)
    done = nightdesk("check", "--online", home=tmp_path)
    assert done.status == 75
    [told] = [line for line in done.err.splitlines() if "could not be read" in line]
    assert told.count("x-main") == 1


def test_check_counts_one_as_one(tmp_path: Path) -> None:
    write_home(tmp_path, "sqlite:///data/nightdesk.db", "http://127.0.0.1:9", ONE_X)
    assert "All is well: 1 account, 0 sources, times in Europe/Berlin." in nightdesk("check", home=tmp_path).err


def test_a_live_account_needs_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_home(tmp_path, "http://127.0.0.1:9", monkeypatch)
    monkeypatch.delenv("TEST_API_KEY")
    done = nightdesk("check", home=tmp_path)
    assert done.status == 3
    assert "TEST_API_KEY" in done.err


# -- demo --------------------------------------------------------------------------------------------------------


def test_the_demo_ends_with_a_sandbox_command_that_listens_where_its_home_expects_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = {"published": {"x": 6, "facebook": 5}, "failed": 0, "unconfirmed": 0}
    demo._say_goodbye(summary, tmp_path, "http://127.0.0.1:43210")
    assert f"nightdesk sandbox --port 43210 --state {tmp_path}/data/sandbox.jsonl" in capsys.readouterr().out


# -- count -------------------------------------------------------------------------------------------------------


def test_count_measures_as_x_does_and_says_where_the_links_are() -> None:
    done = nightdesk("count", "--json", stdin='"日本 https://example.com/a/very/long/address/indeed e\\u0301"\n""\n')
    assert done.status == 0
    assert done.lines == [
        {
            "length": 4 + 1 + 23 + 1 + 1,
            "limit": 280,
            "fits": True,
            "valid": True,
            "urls": [{"url": "https://example.com/a/very/long/address/indeed", "start": 3, "end": 49}],
        },
        {"length": 0, "limit": 280, "fits": True, "valid": False, "urls": []},
    ]


def test_count_ends_with_0_whether_or_not_the_texts_fit() -> None:
    done = nightdesk("count", "--json", "--platform", "x", "a" * 281)
    assert done.status == 0
    assert (done.lines[0]["length"], done.lines[0]["fits"], done.lines[0]["valid"]) == (281, False, False)


def test_count_says_where_x_should_show_less_than_what_is_held_to_the_limit() -> None:
    newest = "\U0001f426\u200d\U0001f525"  # a phoenix, of Unicode 15.1
    done = nightdesk("count", "plain", newest, newest, "--platform", "x")
    assert [line.split()[0] for line in done.out.splitlines()] == ["5", "5", "5"]
    assert [note.partition(" itself")[0] for note in done.err.splitlines()] == [
        "Text 2: X should show 2",
        "Text 3: X should show 2",
    ]
    assert nightdesk("count", newest, "--platform", "facebook").err == ""


def test_count_knows_facebooks_measure_too() -> None:
    done = nightdesk("count", "--json", "--platform", "facebook", "日" * 281)
    assert (done.lines[0]["length"], done.lines[0]["limit"], done.lines[0]["fits"]) == (281, 63206, True)


def test_count_shows_a_row_for_each_text() -> None:
    assert nightdesk("count", "one", "日本").rows == [
        ["3", "280", "yes", "yes", "one"],
        ["4", "280", "yes", "yes", "日本"],
    ]


@pytest.mark.parametrize(
    "bad", ["nope", '{"a": 1}', "7", "", '"open', "[" * 100_000, b"\xff\xfe"], ids=lambda bad: str(bad[:8])
)
def test_count_names_the_line_that_is_no_json_string_and_loses_nothing_before_it(bad: str | bytes) -> None:
    raw = bad if isinstance(bad, bytes) else bad.encode()
    done = nightdesk("count", "--json", stdin=b'"one"\n"two"\n' + raw + b'\n"four"\n')
    assert done.status == 2
    assert [line["length"] for line in done.lines] == [3, 3]
    assert "Line 3 " in done.err


def test_count_takes_any_string_json_can_hold() -> None:
    strings = ["\ud800", "\u0000", "https://example.com/\ud800x", "a" * 100_000, "\r\n\r"]
    done = nightdesk("count", "--json", stdin="".join(json.dumps(text) + "\n" for text in strings))
    assert done.status == 0
    assert len(done.lines) == len(strings)
    assert done.lines[4]["length"] == 2


@pytest.mark.parametrize("words", [(), ("--platform", "myspace", "text")])
def test_count_refuses_a_call_without_sense(words: tuple[str, ...]) -> None:
    done = nightdesk("count", *words)
    assert (done.status, done.out) == (2, "")


# -- sandbox -----------------------------------------------------------------------------------------------------


@contextmanager
def sandbox_process(*words: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "sandbox", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "listens at http://127.0.0.1:" in line, process.communicate()
        yield process, line.split("listens at ")[1].split()[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_says_where_it_listens_keeps_its_posts_and_ends_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "state.jsonl"
    with sandbox_process("--port", "0", "--state", str(state), NIGHTDESK_HOME="/nowhere") as (process, url):
        assert requests.get(f"{url}/sandbox/posts", timeout=5).json() == []
        requests.post(
            f"{url}/v25.0/1234567890/feed",
            data={"message": "Ferry returns", "access_token": "rehearsal:fb-page:1234567890"},
            timeout=5,
        ).raise_for_status()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
    with sandbox_process("--port", "0", "--state", str(state)) as (_, url):
        assert [post["text"] for post in requests.get(f"{url}/sandbox/posts", timeout=5).json()] == ["Ferry returns"]


def test_a_port_that_is_taken_is_said_so_and_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = nightdesk("sandbox", "--port", str(port))
    assert (done.status, done.out) == (75, "")
    assert f"Port {port} of 127.0.0.1 is taken" in done.err


@pytest.mark.parametrize(
    "words", [("--port", "-1"), ("--port", "70000"), ("--port", "x"), ("--faults", "/nowhere/faults.json")]
)
def test_the_sandbox_refuses_what_it_cannot_use(words: tuple[str, ...]) -> None:
    done = nightdesk("sandbox", *words)
    assert (done.status, done.out) == (2, "")
