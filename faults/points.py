"""The failpoints, found in the source: nobody keeps a list of them, so none can be forgotten."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REACHED = re.compile(r'^\s*reach\("(\w+)"\)', re.MULTILINE)


def failpoints(source: Path = ROOT / "bot") -> dict[str, str]:
    """Failpoint → the module it stands in, relative to `source`."""
    found: dict[str, str] = {}
    for path in sorted(source.rglob("*.py")):
        for name in REACHED.findall(path.read_text("utf-8")):
            assert name not in found, f"two failpoints are called {name}: {found[name]} and {path}"
            found[name] = str(path.relative_to(source))
    return found
