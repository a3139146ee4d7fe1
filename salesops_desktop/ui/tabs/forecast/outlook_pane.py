"""The outlook room: one picture first, the big figures over it, and what they mean beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.figure_strip import Figure, FigureStrip
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.comment_box import CommentBox
from salesops_desktop.ui.tabs.forecast.models import coverage_words, series_figures
from salesops_desktop.ui.tabs.forecast.outlook_charts import (
    commentary,
    outlook_table,
    overview_chart,
    proof,
    record_chart,
)
from salesops_desktop.ui.tabs.forecast.outlook_presenter import OutlookPresenter, OutlookState
from salesops_desktop.ui.tabs.forecast.series_charts import series_chart
from salesops_desktop.ui.tabs.forecast.series_picture import SeriesPicture
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, fit_rows, heading, words
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_overview import Overview


class OutlookPane(QWidget):
    """The running period: target, actual to date, pipeline, forecast, and what was said before.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._shell = shell
        self._formats = formats
        self._shown: Overview | None = None
        self._of_node = False
        self._about: tuple[str, str] = ("", "")
        self.presenter = OutlookPresenter(shell.runner, self.render_state, shell.fail)
        self.pages = QStackedWidget()
        self.waiting = EmptyState("chart", tr("Outlook"), tr("Looking at the running period…"))
        self.nothing = EmptyState("chart", "", "")
        self.strip = FigureStrip(tr("Key figures of the running period"))
        self.chart = Chart()
        self.record = Chart()
        self.words = WordsBox(tr("The outlook in words"))
        self.unkept = words(tr("No forecast of the last period was kept. This one is, and it will be judged here."))
        self.comment = CommentBox(formats, lambda: shell.session.writable)
        self.outlooks = Grid(name=tr("Forecasts side by side"), searchable=False)
        self._lay_out()
        for chart in (self.chart, self.record, self.node_chart):
            serve_chart(shell, chart)
        self.outlooks.export_requested.connect(shell.export_table)
        self.comment.keep_asked.connect(self.presenter.comment)

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        body = QWidget()
        self.node_strip = FigureStrip(tr("Key figures of the node"))
        self.node_chart = Chart()
        self.node_words = WordsBox(tr("The node in words"))
        for page in (self.waiting, self.nothing, body, self._node_page()):
            self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, space["m"], 0, 0)
        outer.addWidget(self.pages)
        box = self.words.column
        box.addWidget(heading(tr("What it says")))
        self.commentary = [words(muted=False) for _ in range(5)]
        for label in self.commentary:
            box.addWidget(label)
        box.addWidget(heading(tr("Commentary")))
        box.addWidget(self.comment)
        box.addWidget(heading(tr("Forecasts side by side")))
        box.addWidget(self.outlooks)
        box.addWidget(heading(tr("How the last period was forecast")))
        self.record.setFixedHeight(17 * self.fontMetrics().height())
        box.addWidget(self.record)
        box.addWidget(self.unkept)
        box.addWidget(heading(tr("What to know")))
        self.words.end()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.chart)
        split.addWidget(self.words)
        split.setSizes([720, 390])
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.strip)
        layout.addWidget(split, 1)
        self._body = body

    def _node_page(self) -> QWidget:
        space = theme.tokens().spacing
        self._node = QWidget()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.node_chart)
        split.addWidget(self.node_words)
        self.node_words.column.addWidget(heading(tr("What it says")))
        self.node_words.end()
        split.setSizes([720, 390])
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        layout = QVBoxLayout(self._node)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(self.node_strip)
        layout.addWidget(split, 1)
        return self._node

    def show_node(self, picture: SeriesPicture | None) -> None:
        """Show a part that deals are not told apart by, by periods; None goes back.

        Args:
            picture: the part's series.
        """
        self._of_node = picture is not None
        if picture is None:
            self.render_state(self.presenter.state)
            return
        self.node_strip.set_figures(series_figures(picture, self._formats))
        self.node_chart.set_content(series_chart(picture, self._formats, with_backtest=True))
        self.node_words.set_sentences(
            [
                coverage_words(picture, self._formats),
                *picture.notes,
                tr(
                    "Deals are not told apart by this level: the running period is shown of regions, teams, people "
                    "and products."
                ),
            ]
        )
        self.pages.setCurrentWidget(self._node)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Ask for the overview when it is looked at."""
        super().showEvent(event)
        self.presenter.seen()

    def render_state(self, state: OutlookState) -> None:
        """Show a state."""
        if self._of_node:
            return
        if state.overview is not None:
            if state.overview is not self._shown:
                self._shown = state.overview
                self._show(state.overview)
            self.pages.setCurrentWidget(self._body)
        elif state.lacking is not None:
            ways = []
            if self._shell.session.writable:
                ways = [Way(tr("Import spreadsheets…"), lambda: self._shell.import_files(()), "import")]
            sentence = state.lacking.sentence
            self.nothing.set_content("chart", tr("There is no outlook yet"), sentence, ways)
            self.pages.setCurrentWidget(self.nothing)
        else:
            self._shown = None
            self.pages.setCurrentWidget(self.waiting)

    def _show(self, overview: Overview) -> None:
        self.strip.set_figures(overview_figures(overview, self._formats))
        self.chart.set_content(overview_chart(overview, self._formats))
        record = record_chart(overview, self._formats)
        self.record.setVisible(record is not None)
        self.unkept.setVisible(record is None)
        if record is not None:
            self.record.set_content(record)
        said = commentary(overview, self._formats)
        about = (overview.period.label, str(overview.selection))
        if about != self._about:
            self._about = about
            self.comment.forget()
        self.comment.show_comment(overview.comment, said)
        for place, label in enumerate(self.commentary):
            label.setText(said[place] if place < len(said) else "")
            label.setVisible(place < len(said))
        self.words.set_sentences([overview.target.basis, overview.combined.reason, *overview.notes])
        self.outlooks.set_table(outlook_table(overview))
        fit_rows(self.outlooks)


def overview_figures(overview: Overview, formats: Formats) -> list[Figure]:
    """The big figures, each with what it is made of."""

    def money(value: float) -> str:
        return formats.short_money(value, overview.currency)

    both, goal = overview.combined, overview.target.amount
    figures = [
        Figure("forecast", tr("Forecast of {period}", period=overview.period.label), money(both.mean),
               note=tr("80 %: {low} to {high}", low=money(both.lower[80]), high=money(both.upper[80])),
               description=both.reason),
    ]  # fmt: skip
    if goal is not None:
        chance = both.chance
        figures.append(
            Figure("target", tr("Target"), money(goal), description=overview.target.basis,
                   delta="" if chance is None else tr("chance {p}", p=formats.percent(chance, 0)),
                   tone="text_muted" if chance is None else "success" if chance >= 0.5 else "warning",
                   note=tr("{share} reached", share=formats.percent(overview.actual / goal, 0))
                   if goal and overview.actual else "")
        )  # fmt: skip
    figures.append(_actual_figure(overview, formats))
    if overview.open is not None:
        figures.append(
            Figure("pipeline", tr("Open pipeline, weighted"), money(overview.open.in_period),
                   note=tr("{n} deals, {raw}", n=formats.integer(overview.open.count), raw=money(overview.open.raw)),
                   description=tr("Σ amount × chance of a win within the period; beside it all open deals' amounts."))
        )  # fmt: skip
    figures.append(_backtest_figure(overview, formats))
    return figures


def _actual_figure(overview: Overview, formats: Formats) -> Figure:
    day = formats.date(overview.as_of)
    about = tr("What has come in the period up to the day of knowledge.")
    if overview.as_of < overview.period.start:
        note = tr("begins {day}", day=formats.date(overview.period.start))
        return Figure("actual", tr("Actual to date"), formats.short_money(0, overview.currency), note=note,
                      description=about)  # fmt: skip
    value = formats.short_money(overview.actual, overview.currency)
    if not len(overview.last_path):
        return Figure("actual", tr("Actual to date"), value, note=tr("up to {day}", day=day), description=about)
    then = float(overview.last_path[min(len(overview.days), len(overview.last_path)) - 1])
    change = overview.actual / then - 1 if then > 0 else np.nan
    delta = "" if not np.isfinite(change) else f"{'▲' if change >= 0 else '▼'} {formats.percent(abs(change), 0)}"
    return Figure(
        "actual", tr("Actual to date"), value, delta=delta, tone="success" if change >= 0 else "warning",
        note=tr("against {period} at this point", period=overview.last_period.label), description=about,
    )  # fmt: skip


def _backtest_figure(overview: Overview, formats: Formats) -> Figure:
    judged = proof(overview)
    about = tr("Σ|forecast − actual| ÷ Σ actual at the same point of earlier periods: what the same rule would have "
               "said then, from what was known.")  # fmt: skip
    if judged.error is None:
        note = tr("no earlier period to judge by")
        return Figure("past", tr("Back-test"), "–", tone="warning", note=note, description=about)
    note = trn("{what}, 1 earlier period", "{what}, {n} earlier periods", judged.n, what=judged.label)
    return Figure("past", tr("Back-test"), tr("off by {error}", error=formats.percent(judged.error, 0)), note=note,
                  description=about)  # fmt: skip
