"""The series room: the forecast with its fan, and each forecast of the back-test against what came."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QSplitter, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.models import (
    MASE_WORDS,
    coverage_words,
    points_table,
    ranking_table,
    series_figures,
)
from salesops_desktop.ui.tabs.forecast.series_charts import (
    backtest_chart,
    default_origin,
    origin_before,
    origin_words,
    series_chart,
)
from salesops_desktop.ui.tabs.forecast.series_picture import SeriesPicture
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, fit_rows, heading, words
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid


class SeriesPane(QWidget):
    """Shows the forecast of a series, never without its back-test.

    Args:
        shell: the window.
        formats: how numbers are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.picture: SeriesPicture | None = None
        self.strip = FigureStrip(tr("Key figures of the forecast"))
        self.chart = Chart()
        self.past = Chart()
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
        self.verdict = words(muted=False)
        self.coverage = words()
        self.origin = words(muted=False)
        self.race_title = heading(tr("Back-test by method"))
        self.race_about = words(MASE_WORDS())
        self._lay_out()
        for chart in (self.chart, self.past):
            serve_chart(shell, chart)
        for grid in (self.points, self.ranking):
            grid.export_requested.connect(shell.export_table)
        self.past.picked.connect(self._pick_origin)
        self.past.walked.connect(self._tell_origin)

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        self.sheets = QTabWidget()
        self.sheets.setDocumentMode(True)
        self.sheets.tabBar().setAccessibleName(tr("Forecast or back-test"))
        self.sheets.addTab(self._forecast_page(), tr("Forecast"))
        self.sheets.addTab(self._backtest_page(), tr("Back-test"))
        box = self.words.column
        box.addWidget(self.verdict)
        for part in (self.race_title, self.race_about, self.ranking, self.coverage):
            box.addWidget(part)
        box.addWidget(heading(tr("What to know")))
        self.words.end()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.sheets)
        split.addWidget(self.words)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([760, 350])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.strip)
        layout.addWidget(split, 1)

    def _forecast_page(self) -> QWidget:
        space = theme.tokens().spacing
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, space["m"], 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.chart, 1)
        column.addWidget(self.backtest_box)
        page = QSplitter(Qt.Orientation.Vertical)
        page.addWidget(top)
        page.addWidget(self.points)
        page.setStretchFactor(0, 1)
        page.setStretchFactor(1, 0)
        page.setSizes([290, 170])
        page.setChildrenCollapsible(False)
        return page

    def _backtest_page(self) -> QWidget:
        space = theme.tokens().spacing
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, space["m"], 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.past, 1)
        column.addWidget(self.origin)
        return page

    def show_picture(self, picture: SeriesPicture) -> None:
        """Show a series."""
        if picture is self.picture:
            return
        self.picture = picture
        self.strip.set_figures(series_figures(picture, self._formats))
        self.points.set_table(points_table(picture))
        raced = picture.race is not None
        for part in (self.race_title, self.race_about, self.ranking):
            part.setVisible(raced)
        if picture.race is not None:
            self.ranking.set_table(ranking_table(picture.race))
            fit_rows(self.ranking)
        self.verdict.setText(
            tr("A naive method wins here: beware of reading a pattern into this series.")
            if picture.naive_wins
            else tr("Chosen by its own past: {method}.", method=picture.method)
        )
        theme.dress(self.verdict, tone="warning" if picture.naive_wins else "")
        self.coverage.setText(coverage_words(picture, self._formats))
        self.words.set_sentences(picture.notes)
        self._draw()
        self._show_origin(default_origin(picture))

    def _draw(self) -> None:
        if self.picture is not None:
            content = series_chart(self.picture, self._formats, with_backtest=self.backtest_box.isChecked())
            self.chart.set_content(content)

    def _pick_origin(self, x: float) -> None:
        place = None if self.picture is None else origin_before(self.picture, x)
        if place is not None:
            self._show_origin(place)

    def _tell_origin(self, x: float) -> None:
        place = None if self.picture is None else origin_before(self.picture, x)
        if place is not None and self.picture is not None and self.past.hasFocus():
            self._show_origin(place)

    def _show_origin(self, place: int) -> None:
        picture = self.picture
        if picture is None:
            return
        if place < 0:
            self.past.set_content(backtest_chart(picture, self._formats))
            self.origin.setText(tr("There is too little history for a back-test: read the forecast with care."))
            return
        self.past.set_content(backtest_chart(picture, self._formats, place))
        self.origin.setText(origin_words(picture, place, self._formats))
