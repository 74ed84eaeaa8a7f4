"""The table of `make faults`, as Markdown, and its place in `docs/reliability.md`."""

from __future__ import annotations

from pathlib import Path

from faults.judge import Verdict
from faults.matrix import Result

BEGIN, END = "<!-- make faults: begin -->", "<!-- make faults: end -->"
HEAD = (
    "| the platform | runs | deliveries | accepted | lost | duplicated | left to a person | wrong state | SIGKILLs "
    "| slowest to an end |\n|---|---|---|---|---|---|---|---|---|---|"
)


def table(result: Result, canary: Verdict, canary_kills: int, told: str) -> str:
    lines = [HEAD]
    lines += [_line(name, row.runs, row.verdict, row.kills) for name, row in result.rows.items()]
    lines.append(_line("**all**", result.runs, result.total, result.kills))
    lines.append(_line("*canary: a naive sender*", 4, canary, canary_kills))
    if result.total.overran:
        told += f" {result.total.overran} calls took their whole deadline because the machine was busy."
    return "\n".join([*lines, "", told])


def _line(name: str, runs: int, v: Verdict, kills: int) -> str:
    slowest = f"{v.slowest:.0f} s" if v.slowest else "–"
    cells = (name, runs, v.deliveries, v.accepted, v.lost, v.duplicated, v.person, v.wrong, kills, slowest)
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def keep(page: Path, content: str) -> None:
    """Write the table between its two marks in the page."""
    text = page.read_text("utf-8")
    before, mark, rest = text.partition(BEGIN)
    if not mark or END not in rest:
        raise SystemExit(f"{page} has no place for the table ({BEGIN} … {END}).")
    page.write_text(f"{before}{BEGIN}\n{content}\n{END}{rest.partition(END)[2]}", "utf-8")
