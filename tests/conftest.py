"""What all tests share."""

from __future__ import annotations

import os
import tempfile
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


@pytest.fixture
def public_folder():
    """An empty folder that other users of the machine may walk into; pytest closes its own to them."""
    with tempfile.TemporaryDirectory(prefix="salesops-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shut = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
        if shut:
            pytest.skip(f"other users may not walk into {shut[0]}")
        yield folder
