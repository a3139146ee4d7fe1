"""One small company for all tests of jobs."""

from __future__ import annotations

import shutil

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.territories import design_territories
from salesops_desktop.jobs.workspaces import opened


@pytest.fixture(scope="session")
def small_company(tmp_path_factory):
    """The file of a small sample company; not to be written to."""
    path = tmp_path_factory.mktemp("small") / "small.salesops"
    sample(JobContext(), path, scale=0.05)
    return path


@pytest.fixture
def company(small_company, tmp_path):
    """A copy of the small company, open, to do anything with."""
    path = shutil.copy(small_company, tmp_path / "small.salesops")
    with opened(path) as context:
        yield context


@pytest.fixture(scope="session")
def designed_company(small_company, tmp_path_factory):
    """The file of the small company with a design, scenario 1; not to be written to."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("designed") / "designed.salesops")
    with opened(path) as context:
        design_territories(context, name="Draft")
    return path


@pytest.fixture
def designed(designed_company, tmp_path):
    """A copy of the designed company, open, to do anything with."""
    path = shutil.copy(designed_company, tmp_path / "designed.salesops")
    with opened(path) as context:
        yield context


@pytest.fixture
def stored():
    """Ask the workspace of a context: the rows as tuples."""

    def ask(context, statement, *values):
        with context.workspace.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement, values)]

    return ask
