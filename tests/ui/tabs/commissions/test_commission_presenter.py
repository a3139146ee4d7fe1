"""The Commissions tab's presenter, without a window: what is asked of the jobs, what is shown, what is dropped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from salesops_desktop.jobs.commission_desk import CommissionDesk
from salesops_desktop.jobs.commission_reports import CommissionReport, LineTrace, RunHead
from salesops_desktop.jobs.commissions import next_statuses
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import RunStatus
from salesops_desktop.model.errors import Cancelled, InputRefusedError, SalesOpsError
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import ColumnSpec, ValueKind, build_table
from salesops_desktop.ui.tabs.commissions.presenter import CommissionPresenter, CurrencyTotal
from salesops_desktop.ui.tasks import Task

PEOPLE = [(1, "Ana", "USD", 500, 2), (2, "Bo", "USD", 300, 1), (1, "Ana", "EUR", 70, 1)]
LINES = [(1, 1, "USD", 200), (2, 1, "USD", 300), (3, 2, "USD", 300), (4, 1, "EUR", 70)]
MONTHS = tuple(reversed(FiscalCalendar().months(2026)[:3]))


def head(run, status=RunStatus.CALCULATED):
    start = dt.date(2026, run, 1)
    return RunHead(
        run, f"Commissions {run}", f"2026-0{run}", start, start, status, dt.datetime(2026, 9, 1, tzinfo=dt.UTC), ()
    )


def report(run, status=RunStatus.CALCULATED, people=PEOPLE):
    payout = ColumnSpec("payout", "Commission", ValueKind.MONEY, currency_from="currency")
    number = ColumnSpec("number", "Line", ValueKind.INTEGER)
    rows = [{"id": i, "person": n, "currency": c, "payout": p, "lines": k} for i, n, c, p, k in people]
    specs = [ColumnSpec("person", "Person", ValueKind.TEXT), ColumnSpec("lines", "Lines", ValueKind.INTEGER), payout]
    table = build_table("People", specs, rows, key="id")
    lines = [{"id": 100 + n, "number": n, "currency": c, "payout": p} for n, _, c, p in LINES]
    return CommissionReport(
        head(run, status), table, build_table("Lines", [number, payout], lines, key="id"), (),
        np.array([person for _, person, _, _ in LINES], dtype=np.int64),
    )  # fmt: skip


class Jobs:
    """Stands for the jobs."""

    def __init__(self, *runs, transactions=10, plans=1, unbooked=0):
        self.runs = dict.fromkeys(runs, RunStatus.CALCULATED)
        self.counts = (transactions, unbooked, plans)
        self.asked = []
        self.fault = None

    def desk(self, context):
        heads = tuple(head(run, status) for run, status in sorted(self.runs.items(), reverse=True))
        return CommissionDesk(*self.counts, MONTHS, heads)

    def show(self, context, run):
        self.asked.append(("show", run))
        return report(run, self.runs[run])

    def calculate(self, context, period, pay_on, cliffs_above, waive):
        self.asked.append(("calculate", period, pay_on, cliffs_above, waive))
        if self.fault is not None:
            raise self.fault
        self.runs[3] = RunStatus.CALCULATED
        return report(3)

    def inquiries(self, context):
        rows = [(f"Commissions {run}", "Ana") for run in (1, 2)]
        return build_table("Inquiries", [ColumnSpec(n, n, ValueKind.TEXT) for n in ("run", "person")], rows)

    def trace(self, context, run, line):
        self.asked.append(("trace", run, line))
        if self.fault is not None:
            raise self.fault
        return LineTrace(line, ())

    def next_statuses(self, status):
        return next_statuses(status)

    def set_status(self, context, run, status, *, note=""):
        self.asked.append(("status", run, status))
        self.runs[run] = status
        return Sentences((f"It is {status.value}.",))

    def book_won(self, context):
        self.asked.append(("book",))
        return Sentences(("Booked.",))

    def starter_plans(self, context, *, rate):
        self.asked.append(("plans", rate))
        return Sentences(("Set up.",))

    def export(self, context, run, out, *, statements):
        self.asked.append(("export", run, out, statements))
        return type("Exported", (), {"files": (type("Saved", (), {"path": out})(),)})()


class AtOnce:
    """Runs each job as it is asked for; keeps traces back while ``held``."""

    def __init__(self):
        self.held = None

    def run(self, function, params=None, *, topic="", on_done=None, on_error=None, on_cancelled=None, **_rest):
        def go():
            try:
                result = function(JobContext(), **(params or {}))
            except SalesOpsError as error:
                on_error(error)
            except Cancelled:
                on_cancelled()
            else:
                on_done(result)

        if self.held is not None and topic == "commissions.trace":
            self.held.append(go)
        else:
            go()
        return Task(1, "", topic)


@pytest.fixture
def make():
    def made(*runs, **counts):
        states, said, jobs, runner = [], [], Jobs(*runs, **counts), AtOnce()
        presenter = CommissionPresenter(runner, states.append, said.append, jobs)
        presenter.opened()
        return presenter, jobs, said, states, runner

    return made


def numbers(state):
    return state.lines["number"].values.tolist()


@pytest.mark.parametrize(
    ("counts", "missing"),
    [({"transactions": 0, "plans": 0}, "transactions"), ({"plans": 0}, "plans"), ({}, "run")],
)
def test_the_first_thing_missing_is_named(make, counts, missing):
    assert make(**counts)[0].state.missing == missing


def test_opening_shows_the_newest_run_and_its_best_paid_person(make):
    presenter, jobs, _, _, _ = make(1, 2)
    state = presenter.state
    assert jobs.asked == [("show", 2)]
    assert state.missing == ""
    assert state.totals == (CurrencyTotal("EUR", 70, 1, 1), CurrencyTotal("USD", 800, 2, 3))
    assert state.person == 0
    assert numbers(state) == [1, 2]
    assert state.inquiries["run"].values.tolist() == ["Commissions 2"]
    assert (state.forward, state.back) == (RunStatus.IN_REVIEW, None)


def test_a_person_paid_in_two_currencies_has_two_rows_with_their_own_lines(make):
    presenter, _, _, _, _ = make(1)
    presenter.pick_person(2)
    assert numbers(presenter.state) == [4]


def test_a_currency_narrows_the_people_and_the_same_again_widens_them(make):
    presenter, _, _, _, _ = make(1)
    presenter.pick_person(1)
    presenter.pick_currency("EUR")
    assert presenter.state.people["person"].values.tolist() == ["Ana"]
    assert numbers(presenter.state) == [4]
    presenter.pick_currency("EUR")
    assert len(presenter.state.people) == 3
    assert presenter.state.currency == ""


def test_a_trace_is_worked_out_once(make):
    presenter, jobs, _, _, _ = make(1)
    presenter.trace(2)
    presenter.trace(1)
    presenter.trace(2)
    assert presenter.state.trace.line == 2
    assert [a for a in jobs.asked if a[0] == "trace"] == [("trace", 1, 2), ("trace", 1, 1)]
    presenter.tables_changed(frozenset({"quota"}))
    presenter.trace(2)
    assert jobs.asked[-1] == ("trace", 1, 2)


def test_the_trace_of_a_line_that_was_left_is_not_shown(make):
    presenter, _, _, _, runner = make(1)
    runner.held = []
    presenter.trace(1)
    presenter.pick_person(1)
    runner.held[0]()
    assert presenter.state.trace is None
    assert presenter.state.tracing == 0


def test_a_trace_that_cannot_be_made_says_why(make):
    presenter, jobs, _, _, _ = make(1)
    jobs.fault = InputRefusedError("The quotas have changed.")
    presenter.trace(1)
    assert presenter.state.trace is None
    assert presenter.state.trace_fault == "The quotas have changed."


def test_calculating_shows_the_new_run(make):
    presenter, jobs, said, states, _ = make(1)
    presenter.calculate("2026-03", "invoice", cliffs_above=500, waive="Quotas follow")
    assert ("calculate", "2026-03", "invoice", 500, "Quotas follow") in jobs.asked
    assert any(state.calculating for state in states)
    assert not presenter.state.calculating
    assert presenter.state.report.head.id == 3
    assert said[0].startswith("Commissions 3: calculated.")


def test_a_refused_or_cancelled_calculation_leaves_what_was_shown(make):
    presenter, jobs, said, states, _ = make(1)
    jobs.fault = InputRefusedError("The run is locked.")
    presenter.calculate("2026-01")
    assert states[-1].fault is jobs.fault
    assert presenter.state.fault is None
    jobs.fault = Cancelled()
    presenter.calculate("2026-01")
    assert presenter.state.report.head.id == 1
    assert not presenter.state.calculating
    assert "cancelled" in said[-1]


def test_a_run_moves_on_and_back(make):
    presenter, _jobs, said, _, _ = make(1)
    for status in (RunStatus.IN_REVIEW, RunStatus.APPROVED):
        presenter.move_to(status)
        presenter.tables_changed(frozenset({"commission_run"}))
    assert (presenter.state.forward, presenter.state.back) == (RunStatus.LOCKED, RunStatus.IN_REVIEW)
    assert said == ["It is in review.", "It is approved."]


def test_reading_again_keeps_the_person(make):
    presenter, _, _, _, _ = make(1)
    presenter.pick_person(1)
    presenter.tables_changed(frozenset({"transaction"}))
    assert presenter.state.person == 1
    presenter.choose(1)
    assert presenter.state.person == 1


def test_an_undone_run_gives_way(make):
    presenter, jobs, _, _, _ = make(1, 2)
    del jobs.runs[2]
    presenter.tables_changed(frozenset({"commission_run"}))
    assert presenter.state.report.head.id == 1
    del jobs.runs[1]
    presenter.tables_changed(frozenset({"commission_run"}))
    assert presenter.state.report is None
    assert presenter.state.missing == "run"


def test_the_other_jobs_get_what_they_need(make):
    presenter, jobs, said, _, _ = make(1)
    written = []
    presenter.book_won()
    presenter.starter_plans(7.5)
    presenter.export(Path("x.xlsx"), written.extend, statements=False)
    assert jobs.asked[-3:] == [("book",), ("plans", 7.5), ("export", 1, Path("x.xlsx"), False)]
    assert written == [Path("x.xlsx")]
    assert said == ["Booked.", "Set up."]


def test_a_run_without_people_shows_none(make):
    presenter, jobs, _, _, _ = make(1)
    jobs.show = lambda context, run: report(run, people=[])
    presenter.tables_changed(frozenset({"credit"}))
    assert presenter.state.person == -1
    assert presenter.state.lines is None
    assert presenter.state.totals == ()
