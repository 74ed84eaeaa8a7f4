"""The floors of the house: imports point down, one room each reads the clock, speaks SQL or talks HTTP."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOT = ROOT / "bot"

FLOORS = {
    "faces": {"cli", "desk", "inbox", "sandbox"},
    "wiring": {"app", "daemon"},
    "verbs": {
        "nightdesk", "ingest", "fetching", "finding", "deliver", "dispatch", "recovery", "pausing", "decide", "golive",
        "summary", "report", "story", "planning", "preview", "status",
    },
    "edges": {"sources", "platforms", "store", "fetch"},
    "writing": {"compose", "templating", "configuring", "resources"},
    "pure": {"text", "timetable", "retry", "matching", "identity"},
    "words": {"article", "post", "delivery", "account", "settings", "errors", "clock", "logs", "failpoints"},
}  # fmt: skip
HEIGHT = {room: -height for height, rooms in enumerate(FLOORS.values()) for room in rooms}

HTTP_LIBRARIES = {
    "requests", "urllib3", "http", "urllib.request", "tweepy", "pyfacebook", "httpx", "socketserver", "oauthlib",
    "requests_oauthlib", "socket", "ssl",
}  # fmt: skip
SQL_LIBRARIES = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}

CLOCK_READERS = {
    ("time", "time"), ("time", "time_ns"), ("time", "monotonic"), ("time", "monotonic_ns"), ("time", "perf_counter"),
    ("time", "clock_gettime"), ("time", "localtime"), ("time", "gmtime"), ("time", "sleep"), ("time", "strftime"),
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
}  # fmt: skip

MODULES = sorted(path for path in BOT.rglob("*.py") if "_data" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(BOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Every imported module of the file, wherever in it the import stands, as a dotted name with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            if node.module == "bot":
                yield from ((f"bot.{name.name}", node.lineno) for name in node.names)
            else:
                yield node.module, node.lineno


def test_every_module_stands_on_a_floor() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__", "__main__"}
    assert not rooms - HEIGHT.keys(), "modules on no floor"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BOT)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        pytest.skip("the package itself stands on no floor")
    for name, line in imports_of(path):
        if not name.startswith("bot."):
            continue
        other = name.split(".")[1]
        if other in ("__version__",) or other == room:
            continue
        assert HEIGHT[other] <= HEIGHT[room], f"{path}:{line}: {room} may not import {other}, which is above it"
        if HEIGHT[other] == HEIGHT[room] and HEIGHT[room] == HEIGHT["cli"]:
            assert (room, other) == ("cli", "sandbox"), f"{path}:{line}: faces do not import each other"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BOT)))
def test_only_its_own_room_talks_http_or_sql(path: Path) -> None:
    room = room_of(path)
    for name, line in imports_of(path):
        top = name.split(".")[0]
        if room not in ("fetch", "platforms", "sandbox"):
            assert not {top, name} & HTTP_LIBRARIES, f"{path}:{line}: {name} belongs to fetch, platforms or sandbox"
        if room != "store":
            assert top not in SQL_LIBRARIES, f"{path}:{line}: {name} belongs to the store"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(BOT)))
def test_only_the_clock_reads_a_clock(path: Path) -> None:
    if room_of(path) == "clock":
        pytest.skip("this is the clock")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCK_READERS, f"{path}:{node.lineno}: ask bot.clock"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            pytest.fail(f"{path}:{node.lineno}: ask bot.clock")


def test_there_are_no_import_cycles_between_modules() -> None:
    """Every module can be imported first, in an interpreter of its own making."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.name != "__main__.py" and "migrations" not in path.parts
    ]
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m == 'bot' or m.startswith('bot.')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *names], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_functions_stay_small() -> None:
    """The house's measure: half of all functions in about eight lines, hardly any over fifty."""
    sizes = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    )
    assert sizes[len(sizes) // 2] <= 12
    assert sum(size > 50 for size in sizes) <= len(sizes) // 100, [size for size in sizes if size > 50]


def test_no_module_grows_into_a_hall() -> None:
    long = {str(path.relative_to(BOT)): n for path in MODULES if (n := len(path.read_text("utf-8").splitlines())) > 400}
    assert not long
