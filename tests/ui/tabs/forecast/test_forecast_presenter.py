"""The Forecast tab's presenter, without a window: what is asked of the jobs, what is shown, what is dropped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest

from salesops_desktop.model.errors import NothingToDoError, WorkspaceError
from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.ui.tabs.forecast.presenter import ForecastPresenter, Question


class Jobs:
    def __init__(self):
        self.asked = []
        self.fault = None

    def forecast(self, context, question):
        self.asked.append(question)
        if self.fault is not None:
            raise self.fault
        return SimpleNamespace(as_of=dt.date(2026, 9, 30), number=len(self.asked))

    def kept(self, context):
        self.asked.append("kept")
        return SimpleNamespace(forecasts=object())

    def export(self, context, out, *, period, as_of):
        self.asked.append((out.name, period, as_of))


@pytest.fixture
def made(later):
    jobs, states = Jobs(), []
    return ForecastPresenter(later, states.append, jobs), later, jobs, states


def test_opening_forecasts(made):
    presenter, runner, jobs, _ = made
    presenter.opened()
    assert presenter.state.loading
    assert presenter.state.report is None
    runner.settle()
    assert jobs.asked == [Question(), "kept"]
    assert presenter.state.report.number == 1
    assert presenter.state.kept is not None
    assert not presenter.state.loading


def test_another_question_is_asked_once_and_the_older_answer_is_dropped(made):
    presenter, runner, jobs, _ = made
    presenter.opened()
    quarters = presenter.state.question.by(PeriodKind.QUARTER)
    presenter.ask(quarters)
    presenter.ask(quarters)
    runner.settle()
    assert [asked for asked in jobs.asked if asked != "kept"] == [Question(), quarters]
    assert presenter.state.report.number == 2
    assert quarters.horizon == 4


def test_what_is_lacking_takes_the_place_of_the_forecast(made):
    presenter, runner, jobs, _ = made
    jobs.fault = NothingToDoError("There are no transactions to forecast from.", way_out="Import them first.")
    presenter.opened()
    runner.settle()
    assert presenter.state.lacking is jobs.fault
    assert presenter.state.report is None
    jobs.fault = None
    presenter.tables_changed(frozenset({"transaction"}))
    runner.settle()
    assert presenter.state.lacking is None
    assert presenter.state.report is not None


def test_a_fault_is_said_once_and_the_forecast_stays(made):
    presenter, runner, jobs, states = made
    presenter.opened()
    runner.settle()
    before = presenter.state.report
    jobs.fault = WorkspaceError("The disk is full.")
    presenter.refresh()
    runner.settle()
    assert [s.fault for s in states if s.fault] == [jobs.fault]
    assert presenter.state.report is before
    assert presenter.state.fault is None


def test_only_what_matters_is_read_again(made):
    presenter, runner, jobs, _ = made
    presenter.opened()
    runner.settle()
    jobs.asked.clear()
    presenter.tables_changed(frozenset({"lead"}))
    runner.settle()
    assert jobs.asked == []
    presenter.tables_changed(frozenset({"forecast", "forecast_point"}))
    runner.settle()
    assert jobs.asked == ["kept"]
    presenter.tables_changed(frozenset({"*"}))
    runner.settle()
    assert jobs.asked[1:] == [Question(), "kept"]


def test_the_export_is_that_of_what_is_shown(made):
    presenter, runner, jobs, _ = made
    presenter.opened()
    presenter.ask(Question(PeriodKind.YEAR, 2))
    runner.settle()
    done = []
    presenter.export(Path("forecast.xlsx"), lambda: done.append(True))
    runner.settle()
    assert jobs.asked[-1] == ("forecast.xlsx", PeriodKind.YEAR, dt.date(2026, 9, 30))
    assert done == [True]


def test_closing_forgets_the_figures_and_keeps_the_question(made):
    presenter, runner, _, _ = made
    presenter.opened()
    presenter.ask(Question(PeriodKind.QUARTER, 3))
    runner.settle()
    presenter.closed()
    assert presenter.state.report is None
    assert presenter.state.kept is None
    assert presenter.state.question == Question(PeriodKind.QUARTER, 3)
