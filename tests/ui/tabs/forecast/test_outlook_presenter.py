"""The outlook, without a window: read when looked at, of the part that is chosen, with a commentary beside it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from salesops_desktop.model.errors import NothingToDoError
from salesops_desktop.ui.tabs.forecast.outlook_presenter import OutlookPresenter


class Jobs:
    def __init__(self):
        self.asked = []
        self.fault = None

    def overview(self, _context, source, selection):
        self.asked.append((source, dict(selection)))
        if self.fault is not None:
            raise self.fault
        return SimpleNamespace(period=SimpleNamespace(label="2026-Q4"))

    def comment(self, _context, text, period, selection):
        self.asked.append((text, period, dict(selection)))


@pytest.fixture
def made(later):
    jobs, faults = Jobs(), []
    return OutlookPresenter(later, lambda _state: None, faults.append, jobs), jobs, later


def test_nothing_is_read_before_somebody_looks(made):
    presenter, jobs, runner = made
    presenter.opened()
    presenter.tables_changed(frozenset({"transaction"}))
    runner.settle()
    assert jobs.asked == []
    presenter.seen()
    presenter.seen()
    runner.settle()
    assert jobs.asked == [("auto", {})]
    presenter.tables_changed(frozenset({"forecast_point"}))  # what was shown is kept: nothing new to see
    runner.settle()
    assert len(jobs.asked) == 1


def test_a_part_is_asked_for_once_and_commented_on(made):
    presenter, jobs, runner = made
    presenter.opened()
    presenter.seen()
    runner.settle()
    presenter.choose_node({"region": "EMEA"})
    presenter.choose_node({"region": "EMEA"})
    assert presenter.state.overview is None
    presenter.comment("too early")
    runner.settle()
    presenter.comment("Mind the holidays.")
    presenter.ask("won")
    runner.settle()
    assert jobs.asked[1:] == [
        ("auto", {"region": "EMEA"}),
        ("Mind the holidays.", "2026-Q4", {"region": "EMEA"}),
        ("won", {"region": "EMEA"}),
    ]


def test_what_is_lacking_is_said_and_gone_when_rows_come(made):
    presenter, jobs, runner = made
    jobs.fault = NothingToDoError("There is nothing to forecast from.")
    presenter.opened()
    presenter.seen()
    runner.settle()
    assert presenter.state.lacking is jobs.fault
    assert presenter.state.overview is None
    presenter.seen()  # looking again does not ask again
    assert not runner.waiting
    jobs.fault = None
    presenter.tables_changed(frozenset({"transaction"}))
    runner.settle()
    assert presenter.state.lacking is None
    assert presenter.state.overview is not None
