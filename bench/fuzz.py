"""`make fuzz`: fetches npm's twitter-text into the peers' folder, then holds X's measure against it string by string.

The comparison itself is `tests/test_text_against_npm.py`, which the whole suite runs as well once the package is there.
"""

from __future__ import annotations

import subprocess
import sys

from bench.peers import ROOT, CannotInstall, npm_folder
from bench.rows import NPM


def main() -> int:
    try:
        npm_folder(NPM.packages)
    except CannotInstall as reason:
        sys.stdout.write(f"SKIPPED: {NPM.name} cannot be installed: {reason}\n")
        return 0
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "tests/test_text_against_npm.py"], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
