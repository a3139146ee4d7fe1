"""The bookings page: the series with its forecast at the left, the back-test behind it at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QSplitter, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.forecast.models import (
    MASE_WORDS,
    booking_chart,
    booking_figures,
    coverage_words,
    points_table,
    ranking_table,
)
from salesops_desktop.ui.tabs.words_box import WordsBox, fit_rows, heading, words
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import ForecastReport


class BookingsPane(QWidget):
    """Shows the forecast of the series, never without its back-test.

    Args:
        formats: how numbers are written.
    """

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._report: ForecastReport | None = None
        self.strip = FigureStrip(tr("Key figures of the forecast"))
        self.chart = Chart()
        self.backtest_box = QCheckBox(tr("Show what the back-test said"))
        self.backtest_box.setAccessibleName(tr("Show what the back-test said"))
        self.backtest_box.setToolTip(
            tr("For each past period: the forecast made one period before, from what was known")
        )
        self.backtest_box.setChecked(True)
        self.backtest_box.toggled.connect(lambda _on: self._draw())
        self.points = Grid(name=tr("Forecast by period"), searchable=False)
        self.ranking = Grid(name=tr("Back-test by method"), searchable=False)
        self.words = WordsBox(tr("Back-test and notes"))
        self.coverage = words()
        self._lay_out()

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        left = QSplitter(Qt.Orientation.Vertical)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.chart, 1)
        column.addWidget(self.backtest_box)
        left.addWidget(top)
        left.addWidget(self.points)
        left.setStretchFactor(0, 1)
        left.setStretchFactor(1, 0)
        left.setSizes([300, 190])
        left.setChildrenCollapsible(False)
        box = self.words.column
        box.addWidget(heading(tr("Back-test by method")))
        box.addWidget(words(MASE_WORDS()))
        box.addWidget(self.ranking)
        box.addWidget(self.coverage)
        box.addWidget(heading(tr("What to know")))
        self.words.end()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.words)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([820, 500])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.strip)
        layout.addWidget(split, 1)

    def show_report(self, report: ForecastReport) -> None:
        """Show a report."""
        if report is self._report:
            return
        self._report = report
        self.strip.set_figures(booking_figures(report, self._formats))
        self.points.set_table(points_table(report))
        self.ranking.set_table(ranking_table(report.accuracies()))
        fit_rows(self.ranking)
        self.coverage.setText(coverage_words(report, self._formats))
        self.words.set_sentences(report.series.sentences)
        self._draw()

    def _draw(self) -> None:
        if self._report is not None:
            self.chart.set_content(booking_chart(self._report, with_backtest=self.backtest_box.isChecked()))
