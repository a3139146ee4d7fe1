"""One small company for all tests of the command line."""

from __future__ import annotations

import shutil

import pytest

from salesops_desktop import cli
from salesops_desktop.jobs import commissions, territories
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.workspaces import opened
from tests.conftest import short_searches


class FakeWindow:
    """Remembers what the command line asked of the window."""

    def __init__(self):
        self.opened = []
        self.pictured = []

    def open(self, path):
        self.opened.append(path)
        return 0

    def screens(self, workspace, out, sizes, themes):
        self.pictured.append((workspace, out, tuple(sizes), tuple(themes)))
        out.mkdir(parents=True, exist_ok=True)
        picture = out / "data-light.png"
        picture.write_bytes(b"picture")
        return [picture]


@pytest.fixture(scope="module", autouse=True)
def quick_designs():
    """Designs made here are searched for a short while."""
    with short_searches():
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A small company with a design and a run; not to be written to."""
    path = tmp_path_factory.mktemp("finished") / "small.salesops"
    sample(JobContext(), path, files=path.parent / "files", scale=0.05)
    with short_searches(), opened(path) as context:
        territories.design_territories(context)
        commissions.run_commissions(context)
    return path


@pytest.fixture
def company(finished, tmp_path):
    """A copy of the small company to do anything with."""
    return shutil.copy(finished, tmp_path / "small.salesops")


@pytest.fixture
def window():
    return FakeWindow()


@pytest.fixture
def salesops(window, capsys):
    """Run a command: (exit status, stdout, stderr)."""

    def run(*words):
        status = cli.main([str(word) for word in words], window)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run
