"""What all tests share."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

from salesops_desktop.jobs import territory_solving
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.sample_company import sample
from salesops_desktop.jobs.territories import design_territories
from salesops_desktop.jobs.workspaces import opened
from salesops_desktop.territory import portfolio

ROOT = Path(__file__).parents[1]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The quick suite tries the same cases at every run, so that it says something about the change before it and nothing
# else; ``--hypothesis-profile=long`` tries others at every run, as many as hypothesis would by itself.
settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=100, deadline=None)
settings.load_profile("quick")


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


@contextlib.contextmanager
def short_searches():
    """Designs of a tenth of the steps, proofs of a fifth of the work: the companies of tests have 200 accounts.

    For tests of what is done with designs; those of the engine (tests/territory) say themselves how long to search.
    """
    quick = dataclasses.replace(portfolio.PLANS["quick"], steps=portfolio.PLANS["quick"].steps // 10)
    work = territory_solving._PROOF["quick"] / 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(portfolio.PLANS, "quick", quick)
        patch.setitem(territory_solving._PROOF, "quick", work)
        yield


def made_once(tmp_path_factory, name, make):
    """A workspace made by the first who asks; the other processes of the same run wait for it and share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / f"{name}.salesops"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            fresh = tmp_path_factory.mktemp(name) / path.name
            make(fresh)
            fresh.rename(path)
    return path


@pytest.fixture(scope="session")
def small_company(tmp_path_factory):
    """The file of the sample company at a twentieth of its size; not to be opened: tests get copies."""
    return made_once(tmp_path_factory, "small", lambda path: sample(JobContext(), path, scale=0.05))


@pytest.fixture(scope="session")
def designed_company(small_company, tmp_path_factory):
    """The file of the small company with a design, scenario 1; not to be opened: tests get copies."""

    def make(path):
        shutil.copy(small_company, path)
        with short_searches(), opened(path) as context:
            design_territories(context, name="Draft")

    return made_once(tmp_path_factory, "designed", make)


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
