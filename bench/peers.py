"""Installs the peers, each apart from the others, and runs every contender as a process of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = HERE / ".peers"
PROGRAMS = HERE / "programs"
_STAMP = ".ready"


class CannotInstall(Exception):
    """A peer cannot be had on this machine; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Someone who does the work: a program of the folder `programs`, and the packages it needs, if any.

    Packages make a peer. Without any, the program runs in our own environment.
    """

    name: str
    program: str
    packages: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The command line of the program, its packages installed. Raises CannotInstall."""
        program = PROGRAMS / self.program
        if program.suffix == ".js":
            return ["node", str(program), str(npm_folder(self.packages))]
        python = sys.executable if not self.packages else str(python_with(self.packages))
        return [python, str(program)]


def python_with(packages: Sequence[str]) -> Path:
    """The Python of a virtual environment that has just these packages. Raises CannotInstall."""
    folder = folder_of(packages)
    python = folder / "bin" / "python"
    if not is_ready(packages):
        shutil.rmtree(folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(folder)], ROOT)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], ROOT)
        _set_ready(packages)
    return python


def npm_folder(packages: Sequence[str]) -> Path:
    """A folder whose `node_modules` has these npm packages. Raises CannotInstall."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise CannotInstall(f"{tool} is not on this machine")
    folder = folder_of(packages)
    if not is_ready(packages):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run(["npm", "install", "--prefix", str(folder), *quiet, *packages], folder)
        _set_ready(packages)
    return folder


def folder_of(packages: Sequence[str]) -> Path:
    """Where a peer of these packages lives, or will."""
    return PEERS / re.sub("[=@]+", "-", packages[0])


def is_ready(packages: Sequence[str]) -> bool:
    """Is the peer of just these packages installed?"""
    stamp = folder_of(packages) / _STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == " ".join(packages)


def _set_ready(packages: Sequence[str]) -> None:
    (folder_of(packages) / _STAMP).write_text(" ".join(packages), "utf-8")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise CannotInstall(lines[-1])


class Runner:
    """A running contender that has its material. Each `seconds()` is one pass over all of it."""

    def __init__(self, contender: Contender, material: object) -> None:
        self._process = subprocess.Popen(
            contender.command(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._in, self._out = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        self._tell(json.dumps(material))

    def seconds(self) -> float:
        """CPU seconds, of user and system, that one pass took."""
        self._tell("go")
        answer = self._out.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended with status {self._process.wait()}")
        return float(answer)

    def close(self) -> None:
        self._in.close()
        self._out.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        self._in.write(line + "\n")
        self._in.flush()
