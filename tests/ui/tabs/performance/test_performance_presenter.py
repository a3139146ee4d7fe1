"""The Performance tab's presenter, without a window: what is asked of the jobs and when."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.errors import NothingToDoError, SalesOpsError, WorkspaceError
from salesops_desktop.model.periods import FiscalCalendar, PeriodKind
from salesops_desktop.performance import KPIS, Figure
from salesops_desktop.performance.calculate import KpiGroup, KpiResult
from salesops_desktop.ui.tabs.performance.presenter import PerformancePresenter, newest_place
from salesops_desktop.ui.tasks import Task

PERIODS = tuple(FiscalCalendar().quarters(2026))


def figure(value, *ids):
    return Figure(value, reason="" if value is not None else "No value.", ids=ids)


class AtOnce:
    """Runs each job as it is asked for."""

    def run(self, function, params=None, *, topic="", on_done=None, on_error=None, **_rest):
        try:
            result = function(JobContext(), **(params or {}))
        except SalesOpsError as error:
            on_error(error)
        else:
            on_done(result)
        return Task(1, "", topic)


class Jobs:
    """Two KPIs: one without a value in the newest quarter, one without any."""

    def __init__(self):
        self.asked = []
        self.fault = None

    def kpis(self, context, *, period, as_of, by):
        self.asked.append(("kpis", period.value, as_of, by))
        if self.fault is not None:
            raise self.fault
        values = (figure(0.5, 1, 2), figure(0.6, 3), figure(0.7, 4, 5, 6), figure(None))
        groups = ()
        if by:
            groups = (KpiGroup("Ana", figure(0.9, 4), (figure(0.9, 4),) * 4), KpiGroup("Bo", figure(0.1), values))
        first = KpiResult(KPIS[1], PERIODS, dt.date(2026, 10, 5), figure(0.6, 1, 2, 3), values, by, groups)
        none = (figure(None),) * 4
        last = KpiResult(KPIS[7], PERIODS, dt.date(2026, 10, 5), figure(None), none, by, groups)
        results = {r.definition.id: r for r in (first, last)}
        return SimpleNamespace(
            results=tuple(results.values()), result=results.__getitem__, periods=PERIODS,
            as_of=dt.date(2026, 10, 5), currency="USD", group_by=by,
        )  # fmt: skip

    def browse(self, context, entity_name, *, ids):
        self.asked.append(("browse", entity_name, ids))
        return SimpleNamespace(table=object())

    def export(self, context, out, *, period, as_of):
        self.asked.append(("export", out, period, as_of))


@pytest.fixture
def made():
    jobs, states = Jobs(), []
    return PerformancePresenter(AtOnce(), states.append, jobs), jobs, states


def test_opening_shows_the_first_kpi_at_its_newest_value(made):
    presenter, jobs, _ = made
    presenter.opened()
    assert jobs.asked == [("kpis", "quarter", None, None)]
    assert presenter.state.chosen == "win_rate"
    assert presenter.state.period_label == "2026-Q3"
    assert presenter.state.figure.value == 0.7


def test_a_kpi_without_any_value_is_shown_at_the_newest_period(made):
    presenter, _, _ = made
    presenter.opened()
    presenter.choose("forecast_accuracy")
    assert presenter.state.place == 3
    assert newest_place(presenter.state.result) == 3
    assert presenter.state.figure.reason == "No value."


def test_groups_are_calculated_only_when_somebody_looks_and_once(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.turn_to("breakdown")
    presenter.choose("forecast_accuracy")
    presenter.choose("win_rate")
    presenter.at(0)
    assert jobs.asked[1:] == [("kpis", "quarter", None, "owner")]
    presenter.by("region")
    assert jobs.asked[2:] == [("kpis", "quarter", None, "region")]


def test_rows_follow_kpi_period_and_group(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.turn_to("rows")
    assert jobs.asked[-1] == ("browse", "opportunity", [4, 5, 6])
    presenter.at(0)
    assert jobs.asked[-1] == ("browse", "opportunity", [1, 2])
    presenter.at(None)
    assert jobs.asked[-1] == ("browse", "opportunity", [1, 2, 3])
    presenter.turn_to("breakdown")
    presenter.pick_group("Ana")
    presenter.turn_to("rows")
    assert jobs.asked[-1] == ("browse", "opportunity", [4])
    asked = len(jobs.asked)
    presenter.turn_to("trend")
    presenter.turn_to("rows")
    assert len(jobs.asked) == asked


def test_rows_without_a_table_of_their_own_are_not_asked_for(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.turn_to("rows")
    asked = len(jobs.asked)
    presenter.choose("forecast_accuracy")
    assert presenter.state.rows.table is None
    assert len(jobs.asked) == asked


def test_another_day_or_period_is_calculated_anew(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.turn_to("breakdown")
    day = dt.date(2026, 6, 30)
    presenter.ask(PeriodKind.QUARTER, day)
    assert jobs.asked[-2:] == [("kpis", "quarter", day, None), ("kpis", "quarter", day, "owner")]
    presenter.ask(PeriodKind.QUARTER, day)
    assert len(jobs.asked) == 4


def test_what_is_lacking_takes_the_place_of_the_figures(made):
    presenter, jobs, states = made
    jobs.fault = NothingToDoError("There is nothing to measure yet.")
    presenter.opened()
    assert presenter.state.lacking is jobs.fault
    assert presenter.state.report is None
    jobs.fault = None
    presenter.tables_changed(frozenset({"opportunity"}))
    assert presenter.state.report is not None
    jobs.fault = WorkspaceError("The disk is full.")
    presenter.tables_changed(frozenset({"lead"}))
    assert presenter.state.report is not None
    assert [s.fault for s in states if s.fault] == [jobs.fault]


def test_changes_elsewhere_cost_nothing(made):
    presenter, jobs, _ = made
    presenter.opened()
    presenter.tables_changed(frozenset({"scenario", "plan"}))
    assert len(jobs.asked) == 1
