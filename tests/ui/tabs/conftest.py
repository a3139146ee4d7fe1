"""A copy of the small company for each test of the tabs."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import short_searches


@pytest.fixture(scope="module", autouse=True)
def quick_designs():
    """Designs made here are searched for a short while."""
    with short_searches():
        yield


@pytest.fixture
def small_sample(small_company, tmp_path):
    """A copy of the sample, the test's own."""
    path = tmp_path / "Small company.salesops"
    shutil.copy(small_company, path)
    return path
