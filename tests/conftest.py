"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def shared_data(*parts: str) -> Path:
    """The path of a file of the shared data beside the checkout; skips the test where it is absent."""
    folder = Path(os.environ.get("SALESOPS_SHARED", ROOT.parent / "shared")) / "data"
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not here: it belongs to the shared data beside the checkout, not to the project")
    return path


@pytest.fixture
def shared():
    """Locate shared data: ``shared("crm_maven", "products.csv")``."""
    return shared_data
