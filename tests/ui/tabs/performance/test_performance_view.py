"""The Performance tab, clicked through in a real window on a small sample company."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.imports import import_files
from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.tabs.performance.models import MOST_BARS
from salesops_desktop.ui.tabs.performance.presenter import PAGES
from salesops_desktop.ui.tabs.performance.view import PerformanceView

LONGEST = 0.1
"""Seconds of its own processor time the UI thread may spend at once; twice the promise, for a shared machine."""


@pytest.fixture
def window(make_window, small_sample):
    return make_window(small_sample, size=(1366, 768))


@pytest.fixture
def rest(window, qtbot):
    def wait():
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
        QApplication.processEvents()

    return wait


@pytest.fixture
def view(window, rest):
    shown = window.show_tab("performance")
    assert isinstance(shown, PerformanceView)
    rest()
    return shown


def turn(view, page, rest):
    view.sheets.setCurrentIndex(PAGES.index(page))
    rest()


def test_nine_cards_and_the_first_one_open(view):
    state = view.presenter.state
    assert list(view.cards.cards) == [result.definition.id for result in state.report.results]
    assert len(view.cards.cards) == 9
    assert state.result.definition.formula == view.detail.formula.text()
    assert len(view.detail.by_period.table) == len(state.report.periods)


def test_a_click_on_a_card_shows_that_kpi_with_trend_and_definition(view, rest, qtbot):
    qtbot.mouseClick(view.cards.cards["win_rate"], Qt.MouseButton.LeftButton)
    rest()
    state = view.presenter.state
    result = state.result
    assert result.definition.id == "win_rate"
    assert view.detail.title.text() == "Win rate"
    table = view.detail.by_period.table
    assert table["value"].kind is ValueKind.FRACTION
    assert table["numerator"].label == "Won opportunities"
    newest = table["numerator"].values[0] / table["denominator"].values[0]
    assert newest == pytest.approx(table["value"].values[0])
    assert list(view.detail.chart.content.series[0].y) == [f.value for f in result.by_period]


def test_cards_by_keyboard_only(view, rest, qtbot):
    cards = view.cards.cards
    cards["target_achievement"].setFocus()
    qtbot.keyClick(cards["target_achievement"], Qt.Key.Key_Right)
    assert cards["win_rate"].hasFocus()
    qtbot.keyClick(cards["win_rate"], Qt.Key.Key_Down)
    assert cards["selling_time"].hasFocus()
    qtbot.keyClick(cards["selling_time"], Qt.Key.Key_Space)
    rest()
    assert view.presenter.state.chosen == "selling_time"


def test_the_breakdown_adds_up_and_leads_to_the_rows(view, rest, qtbot):
    view.presenter.choose("win_rate")
    turn(view, "breakdown", rest)
    view.detail.group_by.setFocus()
    qtbot.keyClick(view.detail.group_by, Qt.Key.Key_R)
    rest()
    assert view.presenter.state.group_by == "region"
    table, state = view.detail.by_group.table, view.presenter.state
    assert table["numerator"].values.sum() == state.figure.numerator
    assert table["denominator"].values.sum() == state.figure.denominator
    assert len(view.detail.group_chart.content.series[0].y) == min(MOST_BARS, len(table))
    label, rows = str(table["group"].values[0]), int(table["rows"].values[0])
    grid = view.detail.by_group
    grid.view.setCurrentIndex(grid.model.index(0, 0))
    qtbot.keyClick(grid.view, Qt.Key.Key_Return)
    rest()
    assert view.presenter.state.page == "rows"
    assert len(view.detail.rows.table) == rows
    assert label in view.detail.rows_note.text()
    qtbot.mouseClick(view.detail.everybody, Qt.MouseButton.LeftButton)
    rest()
    assert len(view.detail.rows.table) == len(view.presenter.state.figure.ids)


@pytest.mark.parametrize(
    "kpi_id", ["target_achievement", "cycle_time", "selling_time", "lead_response", "weighted_pipeline", "appointments"]
)
def test_the_rows_behind_each_figure_are_there(view, rest, kpi_id):
    view.presenter.choose(kpi_id)
    turn(view, "rows", rest)
    figure = view.presenter.state.figure
    assert figure.value is not None
    assert sorted(view.detail.rows.table.keys) == sorted(figure.ids)


def test_rows_go_on_to_the_data_tab(view, window, rest, qtbot):
    view.presenter.choose("lead_response")
    turn(view, "rows", rest)
    ids = view.presenter.state.rows.ids
    qtbot.mouseClick(view.detail.open_rows, Qt.MouseButton.LeftButton)
    rest()
    data = window.show_tab("data")
    rest()
    assert data.presenter.state.chosen == "lead"
    assert sorted(data.grid.table.keys) == sorted(ids)
    assert "Leads created" in data.note.text()


def test_details_name_every_variant_and_its_formula(view, rest):
    for result in view.presenter.state.report.results:
        view.presenter.choose(result.definition.id)
        table = view.detail.details.table
        assert list(table["label"].values) == [variant.label for variant in result.definition.variants]
        assert all(table["formula"].values)


def test_another_period_and_another_day(view, rest, qtbot):
    newest = view.presenter.state.report.as_of
    view.period.setFocus()
    qtbot.keyClick(view.period, Qt.Key.Key_Up)
    rest()
    assert view.presenter.state.report.periods[0].kind.value == "month"
    assert not view.newest.isEnabled()
    earlier = newest - dt.timedelta(days=200)
    view.day.setDate(QDate(earlier.year, earlier.month, earlier.day))
    qtbot.waitUntil(lambda: view.presenter.state.as_of == earlier, timeout=5_000)
    rest()
    assert view.presenter.state.report.as_of == earlier
    qtbot.mouseClick(view.newest, Qt.MouseButton.LeftButton)
    rest()
    assert view.presenter.state.report.as_of == newest
    assert view.day.date() == QDate(newest.year, newest.month, newest.day)


def test_no_value_is_explained_with_a_way_to_import(make_window, qtbot, tmp_path):
    path = tmp_path / "Leads.salesops"
    Workspace.create(path, currency="USD").close()
    window = make_window(path)
    view = window.show_tab("performance")
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
    assert view.body.currentWidget() is view.nothing
    assert view.nothing.buttons[0].text() == "Import spreadsheets…"
    leads = tmp_path / "leads.csv"
    leads.write_text("Lead ID,Created Date,First Response\nL1,2026-01-05 09:00,2026-01-05 11:00\n", encoding="utf-8")
    window.runner.run(import_files, {"files": [leads], "as_": "lead"})
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    assert view.body.currentWidget() is view.split
    assert view.presenter.state.chosen == "lead_response"
    view.presenter.choose("win_rate")
    assert view.detail.reason.isVisible()
    assert "Import opportunities" in view.detail.reason.text
    assert not view.detail.chart.isVisible()
    assert "Win rate: –" in view.cards.cards["win_rate"].accessibleName()
    view.presenter.choose("lead_response")
    assert view.detail.chart.isVisible()
    assert "2.0 h" in view.cards.cards["lead_response"].accessibleName()


def test_the_workbook_is_written(view, rest, tmp_path):
    out = tmp_path / "kpis.xlsx"
    view.export(out)
    rest()
    assert len(openpyxl.load_workbook(out).sheetnames) >= 9


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_the_window_stays_awake_while_it_measures(view, rest, probe):
    """The UI thread itself never computes for long; how long the clock runs depends on the machine's other work."""
    probe.start()
    view.presenter.tables_changed(frozenset({"*"}))
    rest()
    view.presenter.turn_to("breakdown")
    rest()
    probe.stop()
    assert probe.busiest < LONGEST
