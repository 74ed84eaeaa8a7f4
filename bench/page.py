"""The page that is kept, `docs/benchmarks.md`: one section for each group of rows, each written anew by itself."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.peers import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"

INTRODUCTION = """# How fast Nightdesk is

`make bench` measures all of this on your machine and says which targets are missed; `make bench ONLY=text`,
`ONLY=delivery` or `ONLY=scale` measures one part of it, and `KEEP=1` also writes its section of this page again.
"""


def keep(sections: Mapping[str, str], page: Path = PAGE) -> None:
    """Put the sections, by heading, in place of those the page has; new ones go to its end, all others stay."""
    found = page.read_text("utf-8") if page.exists() else ""
    parts = re.split(r"^## (.+)\n", found, flags=re.MULTILINE)[1:]
    known = {heading: body.strip("\n") for heading, body in zip(parts[::2], parts[1::2], strict=True)}
    whole = {**known, **{heading: body.strip("\n") for heading, body in sections.items()}}
    blocks = [INTRODUCTION.strip("\n"), *(f"## {heading}\n\n{body}" for heading, body in whole.items())]
    page.write_text("\n\n".join(blocks) + "\n", "utf-8")


def measured_on() -> str:
    """Day and machine, as a sentence."""
    today = datetime.now(UTC).date().isoformat()
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"Measured on {today}: {_processor()}, {os.cpu_count()} cores, {system}{_node()}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _node() -> str:
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f", node {done.stdout.strip().removeprefix('v')}"
