"""The comparisons by which tests tell that work takes too long can tell it."""

from __future__ import annotations

import pytest

from tests import growth
from tests.growth import grows_in_proportion, takes_little


def test_quadratic_work_is_told_from_linear_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "INSTANT", 0)
    assert grows_in_proportion(lambda text: sum(range(100 * len(text))), "a", 10_000)
    assert not grows_in_proportion(lambda text: sum(range(len(text) ** 2 // 10)), "a", 10_000)


def test_much_work_is_told_from_little() -> None:
    assert takes_little(lambda: sum(range(1_000)), 1)
    assert not takes_little(lambda: sum(range(20_000_000)), 1)
