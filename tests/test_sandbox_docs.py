"""The page docs/sandbox.md: its examples run, and it names every fault with its keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests

from bot.sandbox.faults import OPTIONS, Kind, parse
from bot.sandbox.server import Sandbox

PAGE = (Path(__file__).parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^curl (?:-X (\w+) )?http://127\.0\.0\.1:8390(\S+)(?: -d '(.*)')?$", PAGE, re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_commands_do_what_they_say() -> None:
    assert len(COMMANDS) == PAGE.count("curl ")
    with Sandbox() as sandbox:
        for method, path, body in COMMANDS:
            chosen = method or ("POST" if body else "GET")
            answer = requests.request(chosen, sandbox.url + path, data=body.encode() or None, timeout=5)
            assert answer.status_code == 200, answer.text


def test_the_file_of_faults_can_be_ordered() -> None:
    assert [len(parse(json.loads(block))) for block in blocks("json")] == [3]


def test_the_python_example_runs() -> None:
    (example,) = blocks("python")
    exec(compile(example, "docs/sandbox.md", "exec"), {})


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_described_with_its_keys(kind: Kind) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{kind}`" in line.split("|")[1]]
    keys = set(re.findall(r"`(\w+)`", row.split("|")[3]))
    assert keys == set(OPTIONS[kind])
