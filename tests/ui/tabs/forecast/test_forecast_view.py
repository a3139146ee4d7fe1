"""The Forecast tab, clicked through in a real window on a small sample company."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.tabs.forecast.view import ForecastView
from salesops_desktop.ui.widgets.chart_marks import Line

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
    shown = window.show_tab("forecast")
    assert isinstance(shown, ForecastView)
    rest()
    return shown


def lines(view):
    return {series.name: series for series in view.bookings.chart.content.series if isinstance(series, Line)}


def test_a_forecast_is_there_at_once_with_bands_and_back_test(view):
    report = view.presenter.state.report
    assert view.body.currentWidget() is view.sheets
    drawn = lines(view)
    forecast = next(line for line in drawn.values() if line.bands)
    assert [band.name for band in forecast.bands] == ["95 %", "80 %", "50 %"]
    assert np.array_equal(forecast.y, report.series.mean)
    said = drawn["Back-test: said one period before"]
    assert np.array_equal(said.y, report.series.backtest.forecasts[report.series.method][:, 0])
    assert list(said.x) == list(report.series.backtest.origins)
    roles = list(view.bookings.ranking.table["role"].values)
    assert sum("chosen" in role for role in roles) == 1
    assert any("naive" in role for role in roles)
    assert f"{report.series.coverage[80]:.0%}".rstrip("%") in view.bookings.coverage.text()
    shown = [label.text() for label in view.bookings.words._sentences]
    assert shown == list(report.series.sentences)


def test_the_back_test_can_be_hidden_and_shown_with_the_keyboard(view, qtbot):
    view.bookings.backtest_box.setFocus()
    qtbot.keyClick(view.bookings.backtest_box, Qt.Key.Key_Space)
    assert "Back-test: said one period before" not in lines(view)
    qtbot.keyClick(view.bookings.backtest_box, Qt.Key.Key_Space)
    assert "Back-test: said one period before" in lines(view)


def test_one_click_keeps_the_forecast_and_it_can_be_undone(view, window, rest, qtbot):
    before = len(view.kept.table)
    qtbot.mouseClick(view.keep_button, Qt.MouseButton.LeftButton)
    assert not view.keep_button.isEnabled()
    rest()
    assert view.keep_button.isEnabled()
    assert len(view.kept.table) == before + 1
    assert "Forecast" in window.commands.action("undo").text()
    window.commands.trigger("undo")
    rest()
    assert len(view.kept.table) == before


def test_quarters_further_ahead_by_keyboard_only(view, rest, qtbot):
    view.period.setFocus()
    qtbot.keyClick(view.period, Qt.Key.Key_Down)
    rest()
    assert [p.kind.value for p in view.presenter.state.report.series.future] == ["quarter"] * 4
    assert view.horizon.currentText() == "4 quarters"
    view.horizon.setFocus()
    qtbot.keyClick(view.horizon, Qt.Key.Key_Down)
    rest()
    assert len(view.bookings.points.table) == 5
    view.source.setFocus()
    qtbot.keyClick(view.source, Qt.Key.Key_End)
    rest()
    assert view.presenter.state.report.source.value == "won"
    assert "won opportunities" in view.basis.text()


def test_the_pipeline_has_its_deals_its_calibration_and_leads_to_the_data(view, window, rest, qtbot):
    view.sheets.setCurrentWidget(view.pipeline)
    pipeline = view.presenter.state.report.pipeline
    deals = view.pipeline.deals
    qtbot.waitUntil(lambda: len(deals.table) == len(pipeline.deals) and len(view.pipeline.past.content.series) > 0)
    assert len(deals.table) == len(pipeline.deals)
    assert {"p50", "open", "new", "weighted", "past"} <= set(view.pipeline.strip.cards)
    dots = view.pipeline.calibration.content.series[1]
    assert list(dots.y) == [each.observed for each in pipeline.backtest.bins]
    assert len(view.pipeline.ranking.table) == len({row.method for row in pipeline.race})
    assert len(view.pipeline.drivers.table) == len(pipeline.simulation.drivers)
    key = int(deals.table.keys[0])
    deals.view.setFocus()
    deals.view.setCurrentIndex(deals.model.index(0, 0))
    qtbot.keyClick(deals.view, Qt.Key.Key_Return)
    rest()
    data = window.show_tab("data")
    rest()
    assert data.presenter.state.chosen == "opportunity"
    assert list(data.grid.table.keys) == [key]


def test_the_steps_to_a_deals_chance_follow_the_chosen_deal(view, qtbot):
    view.sheets.setCurrentWidget(view.pipeline)
    pane = view.pipeline
    pipeline = view.presenter.state.report.pipeline
    qtbot.waitUntil(lambda: len(pane.drivers.table) > 0)
    pane.deals.view.setFocus()
    qtbot.keyClick(pane.deals.view, Qt.Key.Key_Down)
    record = pane.deals.selected_records()[0]
    reasons = pipeline.why(int(pane.deals.table.keys[record]))
    shown = [row for row in pane.why.rows if row[0].isVisibleTo(pane.why)]
    assert [row[0].text() for row in shown] == [reason.sentence for reason in reasons]
    assert pane.why.title.text() == pane.deals.table["account"].values[record]
    assert np.isclose(np.prod([reason.factor for reason in reasons]), reasons[-1].chance)


def test_a_slider_redraws_the_distribution_and_the_way_back_restores_it(view, qtbot):
    view.sheets.setCurrentWidget(view.pipeline)
    pane = view.pipeline
    qtbot.waitUntil(lambda: pane.scenario.state.base is not None)
    base = pane.scenario.state.base
    before = pane.distribution.content
    slider = pane.sliders.sliders["win_rate"]
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: pane.scenario.state.shown is not base, timeout=20_000)
    assert pane.scenario.state.shown.scenario.win_rate == pytest.approx(1.1)
    assert pane.scenario.state.shown.quantile(0.5) > base.quantile(0.5)
    assert pane.distribution.content.title != before.title
    assert "instead of" in pane.sliders.effect.text()
    assert "110" in slider.accessibleDescription()
    qtbot.mouseClick(pane.sliders.reset_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pane.scenario.state.shown is base, timeout=20_000)
    assert pane.distribution.content.title == before.title


def test_kept_forecasts_are_listed_with_their_score(view):
    table = view.kept.table
    judged = table["judged"].values
    assert judged.sum() > 0
    errors = table["error"].values
    assert np.isfinite(errors[judged > 0]).all()


def test_the_workbook_is_written(view, rest, tmp_path):
    out = tmp_path / "forecast.xlsx"
    view.export(out)
    rest()
    assert len(openpyxl.load_workbook(out).sheetnames) >= 3


def test_without_bookings_the_tab_says_what_it_needs(make_window, qtbot, tmp_path):
    path = tmp_path / "Empty.salesops"
    Workspace.create(path, currency="USD").close()
    window = make_window(path)
    view = window.show_tab("forecast")
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
    assert view.body.currentWidget() is view.nothing
    assert [button.text() for button in view.nothing.buttons] == ["Import spreadsheets…"]
    assert not view.keep_button.isEnabled()
    assert not view.export_button.isEnabled()


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_the_window_stays_awake_while_it_forecasts(view, rest, probe):
    """The UI thread itself never computes for long; how long the clock runs depends on the machine's other work."""
    probe.start()
    view.presenter.keep()
    rest()
    probe.stop()
    assert probe.busiest < LONGEST
