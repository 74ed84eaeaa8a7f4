"""What is printed: tables for people, values for programs, and nothing that commands a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.cli import output
from bot.cli.output import Line
from bot.delivery import State
from bot.report import QueueLine


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def show(rows: Iterable[dict[str, Any]], *, as_json: bool = False) -> None:
    output.listing(
        rows,
        record=dict,
        columns=("name", "what it says"),
        line=lambda row: Line([str(row["a"]), str(row["b"])], [str(row.get("below", ""))]),
        as_json=as_json,
        nothing="There is nothing.",
    )


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Shows rows on a terminal of 60 columns and returns what stands there."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")

    def shown(*rows: dict[str, Any]) -> str:
        with redirect_stdout(Terminal()) as screen:
            show(list(rows))
        return re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue())

    return shown


def test_a_pipe_gets_one_line_a_row_whatever_the_text_holds(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": "one\ttwo\nthree", "b": None, "live": True, "fits": False, "cost": 0.2, "urls": ["x"]}])
    assert capsys.readouterr().out == 'one two three\t\tLIVE\tno\t0.2\t["x"]\n'


def test_json_is_one_object_a_line_with_the_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": "日本\n\u202e", "b": None}], as_json=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"a": "日本\n\u202e", "b": None}
    assert "日本" in out


def test_a_terminal_gets_a_table_that_fits_it_and_never_breaks_an_address(on_terminal: Callable[..., str]) -> None:
    address = "https://news.example/" + "a-long-way-" * 8
    wide = {"a": "d34", "b": "word " * 30, "below": address}
    lines = on_terminal(wide, {"a": "d5", "b": "short", "below": "https://x.com/1"}).splitlines()
    assert lines[0] == "name  what it says"
    assert " ".join(lines[1:4]).split() == ["d34", *["word"] * 30]
    assert all(len(line) <= 60 for line in lines if address not in line)
    assert f"    {address}" in lines
    assert lines[-1] == "      https://x.com/1"


def test_a_terminal_without_rows_gets_a_sentence(on_terminal: Callable[..., str]) -> None:
    assert on_terminal() == "There is nothing.\n"


def test_text_from_outside_cannot_command_the_terminal(on_terminal: Callable[..., str]) -> None:
    shown = on_terminal({"a": "\x1b[31mred\x07", "b": "\u202ereversed\x9b", "below": "\x1b]0;title\x07"})
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\x9b"}
    assert "\\x1b[31mred" in shown


def test_what_looks_like_markup_is_shown_as_it_stands(on_terminal: Callable[..., str]) -> None:
    shown = on_terminal({"a": "[bold]x[/bold]", "b": "[link=http://evil.example]:smile:"})
    assert "[bold]x[/bold]" in shown
    assert "[link=http://evil.example]:smile:" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site: the feed is broken", "site: the feed is broken"),
        ("The feed of 'site' is a web page.", "The feed of 'site' is a web page."),
        ("the website is down", "site: the website is down"),
        ("site-2 is down", "site: site-2 is down"),
    ],
)
def test_a_name_is_told_once(text: str, said: str) -> None:
    assert output.about("site", text) == said


@pytest.mark.parametrize(("count", "said"), [(0, "0 posts"), (1, "1 post"), (2, "2 posts")])
def test_one_is_not_told_as_several(count: int, said: str) -> None:
    assert output.counted(count, "post") == said


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.write_csv([{"title": f"{start}cmd|' /C calc'!A0"}], ["title"])
    [_, [cell]] = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert cell == f"'{start}cmd|' /C calc'!A0"


def test_csv_keeps_text_with_line_ends_and_quotes_whole(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'He said "no",\nand left.'
    output.write_csv([{"text": text, "cost": 0.015, "live": False, "link": None}], ["text", "cost", "live", "link"])
    read = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert read == [["text", "cost", "live", "link"], [text, "0.015", "rehearsal", ""]]


def test_a_record_has_the_fields_in_order_and_speaks_times_in_the_accounts_zone() -> None:
    line = QueueLine(
        delivery="d1",
        account="x-main",
        platform="x",
        live=False,
        article="a1",
        title="Ferry",
        link=None,
        state=State.QUEUED,
        reason="",
        pinned=None,
        due_at=datetime(2026, 11, 22, 14, 0, tzinfo=UTC),
        priority=0,
    )
    record = output.record(line, ZoneInfo("Asia/Baku"))
    assert list(record) == [
        "delivery", "account", "platform", "live", "article", "title", "link", "state", "reason", "pinned", "due_at",
        "priority",
    ]  # fmt: skip
    assert record["due_at"] == "2026-11-22T18:00:00+04:00"
    assert json.dumps(record["state"]) == '"queued"'


def test_a_long_table_is_printed_screen_by_screen(
    on_terminal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row waits for the last one, the heading comes once, and columns only become wider."""
    monkeypatch.setattr(output, "SCREEN", 2)
    shown = on_terminal({"a": "one", "b": 1}, {"a": "two", "b": 2}, {"a": "a long name", "b": 3}, {"a": "x", "b": 4})
    lines = [line.rstrip() for line in shown.splitlines() if line.strip()]
    assert lines == ["name  what it says", "one   1", "two   2", "a long name  3", "x            4"]


def test_the_first_rows_are_printed_before_the_last_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []

    def rows() -> Iterator[dict[str, Any]]:
        yield {"a": 1, "b": ""}
        seen.append(capsys.readouterr().out)
        yield {"a": 2, "b": ""}

    show(rows())
    assert seen == ["1\t\n"]
