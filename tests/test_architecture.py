"""The floors of the house: imports point down, one room each reads the clock, speaks SQL or talks HTTP."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOT = ROOT / "bot"

FLOORS = {
    "faces": {"cli", "desk", "inbox", "sandbox"},
    "wiring": {"app", "daemon", "stopping"},
    "verbs": {
        "nightdesk", "ingest", "fetching", "finding", "claim", "deliver", "outcome", "dispatch", "recovery",
        "reconcile", "reconciled", "search", "asking", "lastrun", "restored", "pausing", "decide", "unpublish",
        "wording", "golive", "claiming", "intents", "writing", "senders", "orders", "outlook", "budget",
        "identity_check", "beside",
        "summary", "report", "story", "planning", "preview", "lookalike", "trial", "status",
        "overview", "overdue", "due",
    },
    "edges": {"sources", "platforms", "store", "fetch"},
    "writing": {"compose", "templating", "configuring", "resources"},
    "pure": {"text", "timetable", "retry", "matching", "settling", "identity"},
    "words": {"article", "post", "delivery", "account", "settings", "errors", "clock", "logs", "failpoints",
        "tasks", "health",
    },
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
ON_A_FLOOR = [path for path in MODULES if path.parent != BOT or path.stem not in ("__init__", "__main__")]


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
    assert not {room_of(path) for path in ON_A_FLOOR} - HEIGHT.keys(), "modules on no floor"


@pytest.mark.parametrize("path", ON_A_FLOOR, ids=lambda path: str(path.relative_to(BOT)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
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


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name != "clock.py"], ids=lambda path: str(path.relative_to(BOT))
)
def test_only_the_clock_reads_a_clock(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCK_READERS, f"{path}:{node.lineno}: ask bot.clock"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            pytest.fail(f"{path}:{node.lineno}: ask bot.clock")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_at_load(path: Path, known: set[str]) -> set[str]:
    """Our own modules that loading this one loads: imports inside functions and for type checking do not count."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{name.name}" for name in node.names} & known
            found |= inner or {node.module}
    return (found & known) - {module_name(path)}


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    known = {module_name(path) for path in MODULES}
    imports = {module_name(path): imported_at_load(path, known) for path in MODULES}
    settled: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in settled:
            for other in sorted(imports[name]):
                visit(other, (*way, name))
            settled.add(name)

    for name in imports:
        visit(name, ())


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
