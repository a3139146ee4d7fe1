"""The pipeline room: what the period may bring, under which assumptions, and the deals behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.assumptions_presenter import AssumptionsPresenter, AssumptionsState
from salesops_desktop.ui.tabs.forecast.models import correction_words, deals_table, pipeline_figures
from salesops_desktop.ui.tabs.forecast.pipeline_charts import (
    calibration_chart,
    chance_of,
    distribution_chart,
    drivers_table,
    naive_words,
    names_of,
    past_chart,
    race_table,
)
from salesops_desktop.ui.tabs.forecast.pipeline_presenter import PipelinePresenter, PipelineState
from salesops_desktop.ui.tabs.forecast.scenario_pane import ScenarioPane
from salesops_desktop.ui.tabs.forecast.scenario_presenter import ScenarioPresenter, ScenarioState
from salesops_desktop.ui.tabs.forecast.why_pane import WhyPane
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, fit_rows, heading, words
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.pipeline_forecasts import PipelineReport


class PipelinePane(QWidget):
    """Shows the open pipeline with its back-test, or why there is none.

    Args:
        shell: the window.
        formats: how numbers are written.
    """

    deal_activated = Signal(int)
    """The row id of an opportunity a person wants to see."""

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._shell = shell
        self._formats = formats
        self._wanted: PipelineReport | None = None
        self._report: PipelineReport | None = None
        self._names: dict[int, str] = {}
        self._built = False
        self.scenario = ScenarioPresenter(shell.runner, self._show_scenario, shell.fail)
        self.presenter = PipelinePresenter(shell.runner, self.render_state)
        self.assumptions = AssumptionsPresenter(shell.runner, self._offer_assumptions, shell.fail)
        self._filling = QTimer(self, singleShot=True, interval=0)
        self._filling.timeout.connect(self._fill)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Build what is seen first now, and fill it in the next turn of the event loop: both at once are felt."""
        self._build()
        if self._wanted is not self._report:
            self._filling.start()
        super().showEvent(event)
        self.presenter.seen()
        self.assumptions.seen()

    def render_state(self, state: PipelineState) -> None:
        """Show a state, as soon as the pane is seen."""
        self._wanted = state.report
        if not self._built:
            return
        if state.report is not None:
            if self.isVisible() and state.report is not self._report:
                self._filling.start()
            return
        self._report = None
        self.scenario.begin(None)
        if state.lacking is None:
            self.pages.setCurrentWidget(self.waiting)
            return
        ways = []
        if self._shell.session.writable:
            ways = [Way(tr("Import the pipeline…"), lambda: self._shell.import_files(()), "import")]
        sentence = state.lacking.sentence
        self.nothing.set_content("opportunity", tr("No pipeline forecast"), sentence, ways)
        self.pages.setCurrentWidget(self.nothing)

    def charts(self) -> list[Chart]:
        """The charts that are there."""
        return [self.distribution, self.calibration, self.past]

    # ------------------------------------------------------------------ widgets

    def _build(self) -> None:
        if self._built:
            return
        self._built = True
        self.pages = QStackedWidget()
        self.waiting = EmptyState("opportunity", tr("Pipeline"), tr("Calculating…"))
        self.nothing = EmptyState("opportunity", tr("No pipeline forecast"), "")
        self.strip = FigureStrip(tr("Key figures of the pipeline"))
        self.distribution = Chart()
        self.sliders = ScenarioPane(self._formats)
        self.deals = Grid(name=tr("Open deals"))
        self.why = WhyPane(self._formats)
        self.drivers = Grid(name=tr("Ten deals that matter"), searchable=False)
        self.calibration = Chart()
        self.past = Chart()
        self.ranking = Grid(name=tr("Back-test by method"), searchable=False)
        self.unproven = words(tr("There is too little history to back-test the chances: read them with care."))
        self.naive = words()
        self.correction = words()
        self.words = WordsBox(tr("Back-test and notes"))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        # From the outside in: Qt dresses everything inside a widget again each time it gets another parent.
        space = theme.tokens().spacing
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self.body = QWidget()
        self.pages.addWidget(self.waiting)
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.body)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.strip)
        rows = QSplitter(Qt.Orientation.Vertical)
        layout.addWidget(rows, 1)
        top, bottom = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Horizontal)
        rows.addWidget(top)
        rows.addWidget(bottom)
        top.addWidget(self.distribution)
        top.addWidget(self.sliders)
        self.sheets = QTabWidget()
        self.sheets.setDocumentMode(True)
        self.sheets.tabBar().setAccessibleName(tr("About the deals"))
        bottom.addWidget(self.deals)
        bottom.addWidget(self.sheets)
        self.sheets.addTab(self.why, tr("Why"))
        self.sheets.addTab(self.drivers, tr("Ten that matter"))
        self.sheets.addTab(self.words, tr("Do the chances hold?"))
        for split, sizes in ((top, [700, 400]), (bottom, [640, 460]), (rows, [235, 275])):
            split.setSizes(sizes)
            split.setStretchFactor(0, 3)
            split.setStretchFactor(1, 2 if split is not rows else 4)
            split.setChildrenCollapsible(False)
            split.setHandleWidth(space["l"] if split is not rows else space["m"])
        self._fill_backtest_box()

    def _fill_backtest_box(self) -> None:
        box = self.words.column
        box.addWidget(self.naive)
        box.addWidget(self.unproven)
        for chart in (self.calibration, self.past):
            chart.setFixedHeight(17 * self.fontMetrics().height())
            box.addWidget(chart)
        box.addWidget(self.correction)
        box.addWidget(heading(tr("Back-test by method")))
        box.addWidget(self.ranking)
        box.addWidget(heading(tr("What to know")))
        self.words.end()

    def _connect(self) -> None:
        self.deals.pick_rows()
        self.deals.activated.connect(self.deal_activated)
        self.deals.selection_changed.connect(self._deal_selected)
        self.drivers.pick_rows()
        self.drivers.activated.connect(self.deal_activated)
        self.drivers.selection_changed.connect(self._driver_selected)
        self.sliders.changed.connect(self.scenario.assume)
        self.sliders.keep_asked.connect(lambda name: self.assumptions.keep(name, self.sliders.values))
        self.sliders.forget_asked.connect(self.assumptions.forget)
        for chart in self.charts():
            serve_chart(self._shell, chart)
        for grid in (self.deals, self.ranking, self.drivers):
            grid.export_requested.connect(self._shell.export_table)

    # ------------------------------------------------------------------ figures

    def _fill(self) -> None:
        report = self._wanted
        if report is None or report is self._report:
            return
        self._report = report
        self.pages.setCurrentWidget(self.body)
        self.strip.set_figures(pipeline_figures(report, self._formats))
        self._names = names_of(report.deals)
        self.deals.set_table(deals_table(report.deals))
        QTimer.singleShot(0, self, self._fill_rest)

    def _fill_rest(self) -> None:
        report = self._report
        if report is None:
            return
        self.scenario.begin(report.simulation)
        self.drivers.set_table(drivers_table(report.simulation, self._names, report.currency))
        keys = self.deals.table.keys
        if keys is not None and len(keys) and not self.deals.selected_records():
            self.deals.select_keys([int(keys[0])])
        QTimer.singleShot(0, self, self._fill_words)

    def _fill_words(self) -> None:
        report = self._report
        if report is None:
            return
        pipeline = report.forecast
        self.ranking.set_table(race_table(pipeline))
        fit_rows(self.ranking)
        self.words.set_sentences([*report.notes, *pipeline.sentences, *map(str, report.left_out)])
        self.naive.setText(naive_words(pipeline, self._formats))
        proven = bool(pipeline.backtest.dates)
        self.unproven.setVisible(not proven)
        for part in (self.naive, self.calibration, self.past, self.correction, self.ranking):
            part.setVisible(proven)
        self.correction.setText(correction_words(pipeline, self._formats))
        if proven:
            self.calibration.set_content(calibration_chart(pipeline, self._formats))
            QTimer.singleShot(0, self, self._draw_past)  # in its own turn of the event loop

    def _draw_past(self) -> None:
        if self._report is not None:
            self.past.set_content(past_chart(self._report.forecast, self._report.currency, self._formats))

    # ------------------------------------------------------------------ scenario and deals

    def _show_scenario(self, state: ScenarioState) -> None:
        report = self._report
        if state.base is None or report is None:
            return
        target = state.base.outlook.target
        self.distribution.set_content(
            distribution_chart(
                state.base.totals, state.shown.totals, target, report.period.label, report.currency, self._formats
            )
        )
        self.sliders.show_effect(self._effect(state, target, report.currency))

    def _offer_assumptions(self, state: AssumptionsState) -> None:
        if self._built:
            self.sliders.set_stored(state.sets or (), writable=self._shell.session.writable)

    def _effect(self, state: ScenarioState, target: int | None, currency: str) -> str:
        if state.shown is state.base:
            return tr("Move a slider: the picture follows. The same chances are drawn, so only the assumption differs.")
        old, new = (float(np.quantile(each.totals, 0.5)) for each in (state.base, state.shown))
        sign = "+" if new >= old else "−"
        said = tr(
            "P50 {new} instead of {old} ({sign}{gap}).", new=self._formats.short_money(new, currency),
            old=self._formats.short_money(old, currency), sign=sign,
            gap=self._formats.short_money(abs(new - old), currency),
        )  # fmt: skip
        if target is None:
            return said
        was, now = (self._formats.percent(chance_of(each.totals, target), 0) for each in (state.base, state.shown))
        return " ".join((said, tr("Chance of the target: {now} instead of {was}.", now=now, was=was)))

    def _deal_selected(self) -> None:
        self._explain(self.deals)

    def _driver_selected(self) -> None:
        rows = self.drivers.selected_records()
        keys = self.drivers.table.keys
        if rows and keys is not None:
            self.deals.select_keys([int(keys[rows[0]])])

    def _explain(self, grid: Grid) -> None:
        rows, keys = grid.selected_records(), grid.table.keys
        if rows and keys is not None and self._report is not None:
            deal = int(keys[rows[0]])
            self.why.show_deal(self._report.forecast, deal, self._names.get(deal, str(deal)))
