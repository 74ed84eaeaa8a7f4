"""What every test may use: the folder of shared reference data, where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the checkout (official test cases, samples); a stranger's checkout has none."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder `shared` beside the checkout, which is not there")
    return SHARED
