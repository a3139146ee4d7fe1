"""Watching a design: better ones are told as they come, and the best so far is kept when there is enough."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.territories import design_territories, show_territories
from salesops_desktop.jobs.territory_watching import Watch, WatchedContext
from salesops_desktop.jobs.workspaces import Workspace


@pytest.fixture(scope="module")
def made(small_company, tmp_path_factory):
    path = shutil.copy(small_company, tmp_path_factory.mktemp("watched") / "Sample.salesops")
    with Workspace.open(path) as workspace:
        yield workspace


def test_the_best_so_far_is_told_and_kept_when_there_is_enough(made):
    seen = []
    context = WatchedContext(made, watch=Watch(seen.append, lambda: bool(seen)))
    report = design_territories(context, tolerance=1.0)
    assert any("stopped by hand" in sentence for sentence in report.sentences)
    last = seen[-1]
    accounts = show_territories(JobContext(made), report.scenario).accounts
    assert last.account_ids.tolist() == accounts.keys.tolist()
    assert set(np.unique(last.place)) <= set(range(-1, len(last.names)))
    names = [None if place < 0 else last.names[place] for place in last.place]
    assert names == list(accounts["territory"].values)


def test_watching_changes_nothing(made):
    seen = []
    context = WatchedContext(made, watch=Watch(seen.append, lambda: False))
    watched = design_territories(context, name="Watched", seed=3)
    alone = design_territories(JobContext(made), name="Alone", seed=3)
    assert seen
    assert list(watched.accounts["territory"].values) == list(alone.accounts["territory"].values)
    assert not any("stopped by hand" in sentence for sentence in watched.sentences)
