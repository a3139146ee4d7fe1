"""A small sample company for the tests of the tabs: made once, copied for each test."""

from __future__ import annotations

import shutil

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample


@pytest.fixture(scope="session")
def made_sample(tmp_path_factory):
    """The sample at a twentieth of its size. Not to be opened: tests get copies."""
    path = tmp_path_factory.mktemp("sample") / "Sample.salesops"
    sample(JobContext(), path, scale=0.05)
    return path


@pytest.fixture
def small_sample(made_sample, tmp_path):
    """A copy of the sample, the test's own."""
    path = tmp_path / "Small company.salesops"
    shutil.copy(made_sample, path)
    return path
