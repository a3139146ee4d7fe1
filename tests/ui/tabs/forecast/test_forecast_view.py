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
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=240_000)
        QApplication.processEvents()

    return wait


@pytest.fixture
def view(window, rest):
    shown = window.show_tab("forecast")
    assert isinstance(shown, ForecastView)
    rest()
    return shown


def lines(view):
    return {series.name: series for series in view.series.chart.content.series if isinstance(series, Line)}


def test_every_room_shows_what_its_jobs_say(view, window, rest, qtbot, tmp_path):
    """One window for all that only looks: to open the tab is to forecast a company."""
    the_outlook_shows_the_period_with_target_fan_and_back_test(view)
    keys_walk_along_the_picture_and_speak(view, qtbot)
    what_is_shown_is_kept_once_and_undo_passes_over_it(view, window, rest)
    a_commentary_begun_with_the_figures_is_kept_beside_them(view, rest, qtbot)
    a_forecast_is_there_at_once_with_bands_and_back_test(view)
    the_back_test_can_be_hidden_and_shown_with_the_keyboard(view, qtbot)
    the_back_test_follows_the_chosen_period(view, qtbot)
    the_waterfall_sums_and_a_bar_shows_its_deals(view, rest, qtbot)
    scores_league_and_judgements_are_read_when_looked_at(view, rest)
    kept_forecasts_are_listed_with_their_score(view)
    the_workbook_is_written(view, rest, tmp_path)
    quarters_further_ahead_by_keyboard_only(view, rest, qtbot)
    the_pipeline_has_its_deals_its_calibration_and_leads_to_the_data(view, window, rest, qtbot)


def a_forecast_is_there_at_once_with_bands_and_back_test(view):
    report = view.presenter.state.report
    assert view.body.currentWidget() is view.split
    drawn = lines(view)
    forecast = next(line for line in drawn.values() if line.bands)
    assert [band.name for band in forecast.bands] == ["95 %", "80 %", "50 %"]
    assert np.array_equal(forecast.y, report.series.mean)
    said = drawn["Back-test: said one period before"]
    assert np.array_equal(said.y, report.series.backtest.forecasts[report.series.method][:, 0])
    assert list(said.x) == list(report.series.backtest.origins)
    roles = list(view.series.ranking.table["role"].values)
    assert sum("chosen" in role for role in roles) == 1
    assert any("naive" in role for role in roles)
    assert f"{report.series.coverage[80]:.0%}".rstrip("%") in view.series.coverage.text()
    shown = [label.text() for label in view.series.words._sentences]
    assert shown == list(report.series.sentences)


def the_back_test_can_be_hidden_and_shown_with_the_keyboard(view, qtbot):
    view.series.backtest_box.setFocus()
    qtbot.keyClick(view.series.backtest_box, Qt.Key.Key_Space)
    assert "Back-test: said one period before" not in lines(view)
    qtbot.keyClick(view.series.backtest_box, Qt.Key.Key_Space)
    assert "Back-test: said one period before" in lines(view)


def what_is_shown_is_kept_once_and_undo_passes_over_it(view, window, rest):
    held = view.kept.table
    assert {"Model", "Pipeline", "Combined"} <= set(held["kind"].values)
    assert "kept for scoring" in view.basis.text()
    assert "Forecast" not in window.commands.action("undo").text()
    view.outlook.presenter.refresh()
    view.presenter.refresh()
    rest()
    assert len(view.kept.table) == len(held)


def a_commentary_begun_with_the_figures_is_kept_beside_them(view, rest, qtbot):
    box = view.outlook.comment
    qtbot.mouseClick(box.draft_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(box.text, "Mind the holidays. ")
    qtbot.mouseClick(box.keep_button, Qt.MouseButton.LeftButton)
    rest()
    kept = view.outlook.presenter.state.overview.comment
    assert kept.text.startswith("Mind the holidays. ")
    assert view.outlook.presenter.state.overview.period.label in kept.text
    assert kept.who in box.about.text()
    assert not box.keep_button.isEnabled()


def quarters_further_ahead_by_keyboard_only(view, rest, qtbot):
    view.period.setFocus()
    qtbot.keyClick(view.period, Qt.Key.Key_Down)
    rest()
    assert [p.kind.value for p in view.presenter.state.report.series.future] == ["quarter"] * 4
    assert view.horizon.currentText() == "4 quarters"
    view.horizon.setFocus()
    qtbot.keyClick(view.horizon, Qt.Key.Key_Down)
    rest()
    assert len(view.series.points.table) == 5
    view.source.setFocus()
    qtbot.keyClick(view.source, Qt.Key.Key_End)
    rest()
    assert view.presenter.state.report.source.value == "won"
    assert "won opportunities" in view.basis.text()


def opened_pipeline(view, rest, qtbot):
    view.rooms.setCurrentWidget(view.pipeline)
    rest()
    qtbot.waitUntil(lambda: len(view.pipeline.past.content.series) > 0, timeout=240_000)
    return view.pipeline


def the_pipeline_has_its_deals_its_calibration_and_leads_to_the_data(view, window, rest, qtbot):
    pipeline = opened_pipeline(view, rest, qtbot)
    the_steps_to_a_deals_chance_follow_the_chosen_deal(pipeline, qtbot)
    a_slider_redraws_the_distribution_and_the_way_back_restores_it(pipeline, qtbot)
    assumptions_are_kept_and_loaded_by_name(pipeline, rest, qtbot)
    a_chosen_node_turns_every_room(view, pipeline, rest, qtbot)
    report = pipeline.presenter.state.report
    assert len(pipeline.deals.table) == len(report.deals)
    assert {"p50", "open", "new", "past"} <= set(pipeline.strip.cards)
    dots = pipeline.calibration.content.series[1]
    assert list(dots.y) == [each.observed for each in report.forecast.backtest.bins]
    assert len(pipeline.ranking.table) == len({row.method for row in report.forecast.race})
    assert len(pipeline.drivers.table) == len(report.simulation.drivers)
    key = int(pipeline.deals.table.keys[0])
    pipeline.deals.view.setFocus()
    pipeline.deals.view.setCurrentIndex(pipeline.deals.model.index(0, 0))
    qtbot.keyClick(pipeline.deals.view, Qt.Key.Key_Return)
    rest()
    data = window.show_tab("data")
    rest()
    assert data.presenter.state.chosen == "opportunity"
    assert list(data.grid.table.keys) == [key]


def the_steps_to_a_deals_chance_follow_the_chosen_deal(pipeline, qtbot):
    pipeline.deals.view.setFocus()
    qtbot.keyClick(pipeline.deals.view, Qt.Key.Key_Down)
    record = pipeline.deals.selected_records()[0]
    reasons = pipeline.presenter.state.report.why(int(pipeline.deals.table.keys[record]))
    shown = [row for row in pipeline.why.rows if row[0].isVisibleTo(pipeline.why)]
    assert [row[0].text() for row in shown] == [reason.sentence for reason in reasons]
    assert pipeline.why.title.text() == pipeline.deals.table["account"].values[record]
    assert np.isclose(np.prod([reason.factor for reason in reasons]), reasons[-1].chance)


def a_slider_redraws_the_distribution_and_the_way_back_restores_it(pipeline, qtbot):
    base = pipeline.scenario.state.base
    before = pipeline.distribution.content
    slider = pipeline.sliders.sliders["win_rate"]
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: pipeline.scenario.state.shown is not base, timeout=20_000)
    assert pipeline.scenario.state.shown.scenario.win_rate == pytest.approx(1.1)
    assert pipeline.scenario.state.shown.quantile(0.5) > base.quantile(0.5)
    assert pipeline.distribution.content.title != before.title
    assert "instead of" in pipeline.sliders.effect.text()
    assert "110" in slider.accessibleDescription()
    qtbot.mouseClick(pipeline.sliders.reset_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pipeline.scenario.state.shown is base, timeout=20_000)
    assert pipeline.distribution.content.title == before.title


def assumptions_are_kept_and_loaded_by_name(pipeline, rest, qtbot):
    pane = pipeline.sliders
    qtbot.keyClick(pane.sliders["heads"], Qt.Key.Key_PageDown)
    assert not pane.keep_button.isEnabled()
    qtbot.keyClicks(pane.name.lineEdit(), "Freeze")
    qtbot.mouseClick(pane.keep_button, Qt.MouseButton.LeftButton)
    rest()
    assert [pane.name.itemText(i) for i in range(pane.name.count())] == ["Freeze"]
    qtbot.mouseClick(pane.reset_button, Qt.MouseButton.LeftButton)
    pane.name.setCurrentIndex(0)
    pane.name.activated.emit(0)
    assert pane.values["heads"] == 0.9
    qtbot.mouseClick(pane.forget_button, Qt.MouseButton.LeftButton)
    rest()
    assert pane.name.count() == 0
    pane.reset()


def a_chosen_node_turns_every_room(view, pipeline, rest, qtbot):
    company = len(pipeline.deals.table)
    nodes = view.nodes.state.report
    assert view.tree.model.data(view.tree.model.index_of(0)) == "Company"
    view.tree.tree.setFocus()
    view.tree.tree.setCurrentIndex(view.tree.model.index_of(0))
    qtbot.keyClick(view.tree.tree, Qt.Key.Key_Down)
    rest()
    chosen = view.nodes.state.chosen
    node = nodes.nodes[chosen]
    assert node.dimension == "region"
    assert view.series.picture.name == node.label
    assert np.array_equal(view.series.picture.mean, nodes.mean[chosen])
    assert dict(pipeline.presenter.state.selection) == {"region": node.label}
    qtbot.waitUntil(lambda: 0 < len(pipeline.deals.table) < company, timeout=20_000)
    assert dict(view.changes.presenter.state.selection) == {"region": node.label}
    view.rooms.setCurrentWidget(view.outlook)
    rest()
    assert str(view.outlook.presenter.state.overview.selection) == f"region {node.label}"
    view.rooms.setCurrentWidget(pipeline)
    qtbot.keyClick(view.tree.tree, Qt.Key.Key_Up)
    rest()
    assert view.series.picture.name == "Company"


def the_outlook_shows_the_period_with_target_fan_and_back_test(view):
    overview = view.outlook.presenter.state.overview
    content = view.outlook.chart.content
    drawn = {series.name: series for series in content.series}
    assert overview.period.label in content.title
    fan = next(series for series in content.series if isinstance(series, Line) and series.bands)
    assert np.array_equal(fan.y, overview.fan.mean)
    if overview.target.amount is not None:
        assert set(drawn["Target"].y) == {overview.target.amount}
    assert {"forecast", "actual", "past"} <= set(view.outlook.strip.cards)
    assert len(view.outlook.outlooks.table) >= 2
    assert any(label.text() for label in view.outlook.commentary)


def keys_walk_along_the_picture_and_speak(view, qtbot):
    chart = view.outlook.chart
    chart.setFocus()
    qtbot.keyClick(chart, Qt.Key.Key_End)
    end = view.outlook.presenter.state.overview.period.end
    assert chart.accessibleDescription().startswith(chart.formats.date(end))
    assert "Forecast" in chart.accessibleDescription()


def the_back_test_follows_the_chosen_period(view, qtbot):
    view.rooms.setCurrentWidget(view.series)
    view.series.sheets.setCurrentIndex(1)
    picture = view.series.picture
    view.series.past.setFocus()
    qtbot.keyClick(view.series.past, Qt.Key.Key_Home)
    for _ in range(int(picture.origins[0])):
        qtbot.keyClick(view.series.past, Qt.Key.Key_Right)
    assert picture.periods[int(picture.origins[0]) - 1].label in view.series.origin.text()
    said = next(s for s in view.series.past.content.series if s.name.startswith("Said at"))
    known = np.isfinite(said.y)
    assert np.array_equal(said.y[known], picture.said[0][: known.sum()])


def the_waterfall_sums_and_a_bar_shows_its_deals(view, rest, qtbot):
    view.rooms.setCurrentWidget(view.changes)
    rest()
    pane = view.changes
    report = pane.presenter.state.waterfall
    steps = pane.waterfall.content.series[0]
    assert steps.y[0] + steps.y[1:-1].sum() == steps.y[-1]
    pane.waterfall.setFocus()
    qtbot.keyClick(pane.waterfall, Qt.Key.Key_Home)
    qtbot.keyClick(pane.waterfall, Qt.Key.Key_Right)
    qtbot.keyClick(pane.waterfall, Qt.Key.Key_Return)
    movement = report.waterfall.bars["movement"].iloc[0]
    assert list(pane.behind.table.keys) == list(report.behind(movement).keys)
    for place in (1, 2):
        pane.sheets.setCurrentIndex(place)
        rest()
    assert len(pane.rollup.table) == len(pane.presenter.state.categories.rollup)
    assert pane.flow.picker.count() == len([t for t in pane.presenter.state.flow.tables() if t.columns])


def scores_league_and_judgements_are_read_when_looked_at(view, rest):
    assert view.accuracy.presenter.state.scores is None
    view.rooms.setCurrentWidget(view.accuracy)
    rest()
    scores = view.accuracy.presenter.state.scores
    assert len(view.accuracy.league.table) == len(scores.league())
    assert view.accuracy.presenter.state.corrections is not None
    view.rooms.setCurrentWidget(view.judgement)
    rest()
    assert view.judgement.presenter.state.report is not None
    assert not view.judgement.accept_button.isEnabled()


def kept_forecasts_are_listed_with_their_score(view):
    table = view.kept.table
    judged = table["judged"].values
    assert judged.sum() > 0
    errors = table["error"].values
    assert np.isfinite(errors[judged > 0]).all()


def the_workbook_is_written(view, rest, tmp_path):
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
    assert not view.export_button.isEnabled()


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_the_window_stays_awake_while_it_forecasts(view, rest, probe):
    """The UI thread itself never computes for long; how long the clock runs depends on the machine's other work."""
    probe.start()
    view.presenter.refresh()
    rest()
    probe.stop()
    assert probe.busiest < LONGEST
