"""`python -m bench`: measures every row, prints it against its target, and ends with 1 if one is missed."""

from __future__ import annotations

import argparse
import sys

from bench.peers import ROOT
from bench.report import growth_line, page, row_line
from bench.rows import growths, measured, works

PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--keep", action="store_true", help=f"write docs/{PAGE.name} again")
    parser.add_argument("--only", default="", metavar="WORDS", help="only the work whose title has these words")
    options = parser.parse_args()
    rows, families = [], []
    for work in works():
        if options.only in work.title:
            say(f"{work.title}, a {work.unit}:")
            for row in measured(work):
                rows.append(row)
                say(f"  {row_line(row)}")
    if options.only in "hostile text":
        say("hostile text:")
        for growth in growths():
            families.append(growth)
            say(f"  {growth_line(growth)}")
    if options.keep:
        PAGE.write_text(page(rows, families), "utf-8")
    missed = [each for each in (*rows, *families) if not each.met]
    say(f"{len(missed)} missed" if missed else "every target is met")
    return 1 if missed else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
