"""`python -m bench`: measures every row, prints it against its target, and ends with 1 if one is missed."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable

from bench import page, scale
from bench.posting import report as posting_report
from bench.posting.races import ROUNDS
from bench.posting.rows import measured as measured_posting
from bench.report import growth_line, row_line, sections
from bench.rows import growths, measured, works

Group = Callable[[argparse.Namespace], tuple[int, dict[str, str]]]
"""Measures a part: how many targets were missed, and its sections of the page by heading."""


def text(options: argparse.Namespace) -> tuple[int, dict[str, str]]:
    rows, families = [], []
    for work in works():
        if options.words in work.title:
            say(f"{work.title}, a {work.unit}:")
            for row in measured(work):
                rows.append(row)
                say(f"  {row_line(row)}")
    if options.words in "hostile text":
        say("hostile text:")
        for growth in growths():
            families.append(growth)
            say(f"  {growth_line(growth)}")
    return sum(not each.met for each in (*rows, *families)), sections(rows, families)


def delivery(options: argparse.Namespace) -> tuple[int, dict[str, str]]:
    found = []
    for results, lines in measured_posting(say, rounds=options.rounds, scale=options.scale, only=options.words):
        found.append((results, lines))
        for line in lines:
            say(f"  {posting_report.line_of(line)}")
        for remark in posting_report.remarks(results):
            say(f"         {remark}")
    missed = sum(line.met is False for _, lines in found for line in lines)
    return missed, {posting_report.TITLE: posting_report.section(found)}


def scaling(options: argparse.Namespace) -> tuple[int, dict[str, str]]:
    if options.words and options.words not in scale.TITLE.lower():
        return 0, {}
    found = []
    for growth in scale.growths(say, scale=options.scale):
        found.append(growth)
        say(growth.line())
    return sum(not growth.met for growth in found), {scale.TITLE: scale.section(found, page.measured_on())}


GROUPS: dict[str, Group] = {"text": text, "delivery": delivery, "scale": scaling}


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # no server and no folder is left behind
    options = _options()
    groups = [GROUPS[options.only]] if options.only in GROUPS else list(GROUPS.values())
    options.words = "" if options.only in GROUPS else options.only
    missed = 0
    for group in groups:
        of_group, kept = group(options)
        missed += of_group
        if options.keep:
            page.keep(kept)
    say(f"{missed} missed" if missed else "every target is met")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help=f"write docs/{page.PAGE.name} again, or its sections measured"
    )
    parser.add_argument(
        "--only",
        default="",
        metavar="PART",
        help=f"{' or '.join(GROUPS)}, or words of the title of a single piece of work",
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each race of the part delivery")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="the size of those races; below 1 for trying things out"
    )
    options = parser.parse_args()
    if options.keep and (options.only not in ("", *GROUPS) or options.scale != 1 or options.rounds < ROUNDS):
        parser.error("what is kept is a whole part, at its full size")
    return options


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
