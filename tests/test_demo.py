"""`nightdesk demo`: the whole main job as a stranger runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command as a process, in a folder that is no home."""
    command = [sys.executable, "-m", "bot", "demo", *options]
    root = str(Path(__file__).resolve().parents[1])
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": root, "TMPDIR": str(folder)},
    )


def test_it_posts_everything_to_both_platforms_and_sums_up_in_json(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["published"] == {"x": 9, "facebook": 9}
    assert (summary["failed"], summary["unconfirmed"]) == (0, 0)
    assert (Path(summary["home"]) / "config" / "nightdesk.toml").is_file()


def test_it_tells_each_step_and_shows_the_log_as_a_table(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:4] == ["time", "account", "state", "text"]
    assert done.stdout.count("published") == 18
    assert "missed" not in done.stdout
    for story in ("Köhnə limanda", "港の灯台", "👩‍👩‍👧‍👦", "Council adopts the 2027 budget"):
        assert story in done.stdout + done.stderr
