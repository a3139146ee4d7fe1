"""The pipeline page: what the running period may bring, the open deals, and how good such chances were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.forecast.models import (
    calibration_chart,
    correction_words,
    deals_table,
    pipeline_backtest_chart,
    pipeline_figures,
    ranking_table,
)
from salesops_desktop.ui.tabs.words_box import WordsBox, fit_rows, heading, words
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.empty_state import EmptyState
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import ForecastReport, PipelineForecast


class PipelinePane(QWidget):
    """Shows the open pipeline with its back-test, or why there is none.

    Args:
        formats: how numbers are written.
    """

    deal_activated = Signal(int)
    """The row id of an opportunity a person wants to see."""
    export_requested = Signal(object)
    """A Table a person wants as a file."""
    table_requested = Signal(object)
    """The figures of a chart a person wants to read: a Table."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._wanted: ForecastReport | None = None
        self._report: ForecastReport | None = None
        self._built = False
        self._filling = QTimer(self, singleShot=True, interval=0)
        self._filling.timeout.connect(self._fill)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Build what is seen first now, and fill it in the next turn of the event loop: both at once are felt."""
        self._build()
        if self._wanted is not self._report:
            self._filling.start()
        super().showEvent(event)

    def show_report(self, report: ForecastReport) -> None:
        """Show a report, as soon as the pane is seen."""
        self._wanted = report
        if self.isVisible() and report is not self._report:
            self._filling.start()

    def _build(self) -> None:
        if self._built:
            return
        self._built = True
        self.pages = QStackedWidget()
        self.nothing = EmptyState("opportunity", tr("No pipeline forecast"), "")
        self.strip = FigureStrip(tr("Key figures of the pipeline"))
        self.deals = Grid(name=tr("Open deals"))
        self.deals.activated.connect(self.deal_activated)
        self.calibration = Chart()
        self.past = Chart()
        self.ranking = Grid(name=tr("Back-test by method"), searchable=False)
        self.words = WordsBox(tr("Back-test and notes"))
        self.unproven = words(tr("There is too little history to back-test the chances: read them with care."))
        self.correction = words()
        self._lay_out()
        for grid in (self.deals, self.ranking):
            grid.export_requested.connect(self.export_requested)
        for chart in (self.calibration, self.past):
            chart.table_requested.connect(self.table_requested)

    def _lay_out(self) -> None:
        # From the outside in: Qt dresses everything inside a widget again each time it gets another parent.
        space = theme.tokens().spacing
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self.body = QWidget()
        self.pages.addWidget(self.nothing)
        self.pages.addWidget(self.body)
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.strip)
        split = QSplitter(Qt.Orientation.Horizontal)
        layout.addWidget(split, 1)
        split.addWidget(self.deals)
        split.addWidget(self.words)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([820, 500])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        box = self.words.column
        box.addWidget(heading(tr("Do the chances hold?")))
        box.addWidget(
            words(
                tr(
                    "At past month-ends each open deal got its chance from what was known then. "
                    "Dots on the line are right."
                )
            )
        )
        box.addWidget(self.unproven)
        for chart in (self.calibration, self.past):
            chart.setFixedHeight(15 * self.fontMetrics().height())
            box.addWidget(chart)
        box.addWidget(self.correction)
        box.addWidget(heading(tr("Back-test by method")))
        box.addWidget(self.ranking)
        box.addWidget(heading(tr("What to know")))
        self.words.end()

    def _fill(self) -> None:
        report = self._wanted
        if report is None or report is self._report:
            return
        self._report = report
        if report.pipeline is None:
            self.nothing.set_content("opportunity", tr("No pipeline forecast"), report.pipeline_reason)
            self.pages.setCurrentWidget(self.nothing)
            return
        self.pages.setCurrentWidget(self.body)
        self.strip.set_figures(pipeline_figures(report, report.pipeline, self._formats))
        self.deals.set_table(deals_table(report))
        QTimer.singleShot(0, self, self._fill_words)

    def _fill_words(self) -> None:
        report = self._report
        if report is None or report.pipeline is None:
            return
        self.ranking.set_table(ranking_table(report.pipeline_accuracies()))
        fit_rows(self.ranking)
        self.words.set_sentences(report.pipeline.sentences)
        self._draw(report.pipeline)

    def _draw(self, pipeline: PipelineForecast) -> None:
        proven = bool(pipeline.backtest.dates)
        self.unproven.setVisible(not proven)
        for part in (self.calibration, self.past, self.correction, self.ranking):
            part.setVisible(proven)
        self.correction.setText(correction_words(pipeline, self._formats))
        if proven:
            self.calibration.set_content(calibration_chart(pipeline))
            QTimer.singleShot(0, self, self._draw_past)  # in its own turn of the event loop

    def _draw_past(self) -> None:
        if self._report is not None and self._report.pipeline is not None:
            self.past.set_content(pipeline_backtest_chart(self._report, self._report.pipeline))
