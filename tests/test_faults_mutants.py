"""The mutants of `make mutants` still find the places they break, and the tests that should notice exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from faults.mutants import MUTANTS, Mutant, check_places
from faults.points import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_place_is_there_once(mutant: Mutant) -> None:
    check_places(mutant, ROOT)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_tests_exist(mutant: Mutant) -> None:
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert not name or re.search(rf"def {re.escape(name)}\b", Path(ROOT / file).read_text("utf-8")), test
        assert (ROOT / file).exists(), test


def test_a_mutant_that_has_lost_its_place_is_told(tmp_path: Path) -> None:
    for file in {edit.file for mutant in MUTANTS for edit in mutant.edits}:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("another source\n", "utf-8")
    with pytest.raises(SystemExit, match="lost its place"):
        check_places(MUTANTS[0], tmp_path)
