"""The small company, open: a copy for each test of jobs."""

from __future__ import annotations

import shutil

import pytest

from salesops_desktop.jobs.workspaces import opened
from tests.conftest import short_searches


@pytest.fixture(scope="module", autouse=True)
def quick_designs():
    """Designs made here are searched for a short while."""
    with short_searches():
        yield


@pytest.fixture
def company(small_company, tmp_path):
    """A copy of the small company, open, to do anything with."""
    path = shutil.copy(small_company, tmp_path / "small.salesops")
    with opened(path) as context:
        yield context


@pytest.fixture(scope="session")
def emptied(small_company, tmp_path_factory):
    """The small company without business: people, plans and nothing sold."""
    path = shutil.copy(small_company, tmp_path_factory.mktemp("emptied") / "empty.salesops")
    with opened(path) as context, context.workspace.action("Empty it") as unit:
        for table in ("credit", '"transaction"', "activity", "opportunity", "quota"):
            unit.connection.exec_driver_sql(f"DELETE FROM {table}")
    return path


@pytest.fixture
def designed(designed_company, tmp_path):
    """A copy of the designed company, open, to do anything with."""
    path = shutil.copy(designed_company, tmp_path / "designed.salesops")
    with opened(path) as context:
        yield context


@pytest.fixture(scope="session")
def stored_of():
    """Ask the workspace of a context: the rows as tuples."""

    def ask(context, statement, *values):
        with context.workspace.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement, values)]

    return ask


@pytest.fixture
def stored(stored_of):
    """As :func:`stored_of`, for tests with a workspace of their own."""
    return stored_of
