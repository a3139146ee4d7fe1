"""The accuracy room: what each step added, who leans, what was kept, two dates side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.accuracy_charts import comparison_chart, leaning_chart, stair_chart
from salesops_desktop.ui.tabs.forecast.accuracy_presenter import AccuracyPresenter, AccuracyState, of_node
from salesops_desktop.ui.tabs.forecast.outlook_charts import kind_words
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecast_comparison import ForecastComparison
    from salesops_desktop.jobs.forecast_corrections import CorrectionsReport
    from salesops_desktop.jobs.forecast_scores import ScoresReport


class AccuracyPane(QWidget):
    """Scores, leanings and kept forecasts.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._shell = shell
        self._formats = formats
        self._shown: dict[str, object] = {}
        self.presenter = AccuracyPresenter(
            shell.runner, self.render_state, lambda said: shell.say(tr(said), kind="success"), shell.fail
        )
        self.stair_chart, self.leaning_chart, self.comparison_chart = Chart(), Chart(), Chart()
        self.stair = Grid(name=tr("Forecast value added"), searchable=False)
        self.levels = Grid(name=tr("Errors by level and horizon"))
        self.league = Grid(name=tr("League of methods and people"))
        self.leanings = Grid(name=tr("Leanings"), searchable=False)
        self.offers = Grid(name=tr("Corrections offered"), searchable=False)
        self.kept = Grid(name=tr("Kept forecasts"))
        self.compared = Grid(name=tr("Two dates side by side"), searchable=False)
        self.stair_words, self.leaning_words, self.compared_words = (words(muted=False) for _ in range(3))
        self.correct_button = QPushButton(theme.icon("check"), tr("Apply the correction"))
        self.correct_button.setAccessibleName(tr("Apply the correction of the chosen person"))
        self.withdraw_button = QPushButton(theme.icon("undo"), tr("End the correction"))
        self.withdraw_button.setAccessibleName(tr("End the correction of the chosen person"))
        self.first, self.second = QComboBox(), QComboBox()
        self.first.setAccessibleName(tr("The earlier forecast"))
        self.second.setAccessibleName(tr("The later forecast"))
        self.pages = {name: QStackedWidget() for name in ("stair", "league", "leanings", "compare")}
        self._lay_out()
        self._connect()

    # ------------------------------------------------------------------ widgets

    def _lay_out(self) -> None:
        self.sheets = QTabWidget()
        self.sheets.setDocumentMode(True)
        self.sheets.tabBar().setAccessibleName(tr("Parts of the accuracy"))
        steps = _split(Qt.Orientation.Vertical, [self.stair_chart, self.stair, self.levels], [240, 150, 130])
        bias = QWidget()
        column = QVBoxLayout(bias)
        column.setContentsMargins(0, 0, 0, 0)
        row = WrapRow()
        row.add(self.correct_button, self.withdraw_button)
        column.addWidget(self.leaning_words)
        lower = _split(Qt.Orientation.Horizontal, [self.leanings, self.offers], [560, 520])
        column.addWidget(_split(Qt.Orientation.Vertical, [self.leaning_chart, lower], [230, 180]), 1)
        column.addWidget(row)
        kept = QWidget()
        column = QVBoxLayout(kept)
        column.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
        about = tr("Each forecast that was kept, held against what came in the periods that are over by now.")
        column.addWidget(words(about))
        column.addWidget(self.kept, 1)
        self.kept_page = kept
        for name, title, body in (
            ("stair", tr("What each step adds"), self._with_words(self.stair_words, steps)),
            ("league", tr("League"), self.league), ("leanings", tr("Leanings"), bias),
        ):  # fmt: skip
            self._add_page(name, title, body)
        self.sheets.addTab(kept, tr("Kept forecasts"))
        self._add_page("compare", tr("Two dates"), self._compare_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
        layout.addWidget(self.sheets)

    def _add_page(self, name: str, title: str, body: QWidget) -> None:
        stack = self.pages[name]
        stack.addWidget(EmptyState("gauge", title, tr("Reading…")))
        stack.addWidget(EmptyState("gauge", title, ""))
        stack.addWidget(body)
        self.sheets.addTab(stack, title)

    def _with_words(self, label: QLabel, body: QWidget) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
        column.addWidget(label)
        column.addWidget(body, 1)
        return page

    def _compare_page(self) -> QWidget:
        row = WrapRow()
        height = self.first.sizeHint().height()
        for text, box in ((tr("Forecast of"), self.first), (tr("beside that of"), self.second)):
            label = QLabel(text)
            label.setBuddy(box)
            label.setMinimumHeight(height)
            row.add(label, box)
        page = self._with_words(
            self.compared_words, _split(Qt.Orientation.Vertical, [self.comparison_chart, self.compared], [300, 180])
        )
        layout = page.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, row)
        return page

    def _connect(self) -> None:
        for chart in (self.stair_chart, self.leaning_chart, self.comparison_chart):
            serve_chart(self._shell, chart)
        for grid in (self.stair, self.levels, self.league, self.leanings, self.offers, self.kept, self.compared):
            grid.export_requested.connect(self._shell.export_table)
        self.offers.pick_rows()
        self.offers.selection_changed.connect(self._offer)
        self.correct_button.clicked.connect(lambda _checked=False: self._correct(self.presenter.correct))
        self.withdraw_button.clicked.connect(lambda _checked=False: self._correct(self.presenter.withdraw))
        self.first.activated.connect(lambda _place: self._compare())
        self.second.activated.connect(lambda _place: self._compare())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read when first looked at."""
        super().showEvent(event)
        self.presenter.seen()

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: AccuracyState) -> None:
        """Show a state."""
        fresh = state.scores is not self._shown.get("scores") or state.key != self._shown.get("key")
        if state.scores is not None and fresh:
            self._shown |= {"scores": state.scores, "key": state.key}
            self._show_scores(of_node(state.scores, state.key))
        if state.corrections is not None and state.corrections is not self._shown.get("corrections"):
            self._shown["corrections"] = state.corrections
            self._show_corrections(state.corrections)
        if state.comparison is not None and state.comparison is not self._shown.get("comparison"):
            self._shown["comparison"] = state.comparison
            self._show_comparison(state.comparison)
        for name in ("stair", "league", "leanings"):
            if state.scores is None:
                fault = state.lacking.get("scores")
                if fault is None:
                    self.pages[name].setCurrentIndex(0)
                else:
                    self._lack(name, fault.sentence)
            elif state.scores.records.empty:
                self._lack(name, tr("No kept forecast is about a period that is over. Keep forecasts, or rebuild past "
                                    "ones from what was known on their dates."))  # fmt: skip
            else:
                self.pages[name].setCurrentIndex(2)
        fault = state.lacking.get("comparison")
        if fault is not None:
            self._lack("compare", fault.sentence)
        else:
            self.pages["compare"].setCurrentIndex(2 if state.comparison is not None else 0)
        self._offer()

    def _lack(self, name: str, sentence: str) -> None:
        nothing = self.pages[name].widget(1)
        assert isinstance(nothing, EmptyState)
        ways = []
        if self._shell.session.writable:
            ways = [Way(tr("Rebuild past forecasts…"), lambda: self._shell.ask_job("forecast rebuild"), "history")]
        nothing.set_content("gauge", tr("Nothing to judge yet"), sentence, ways)
        self.pages[name].setCurrentIndex(1)

    def _show_scores(self, report: ScoresReport) -> None:
        self.stair.set_table(report.stair())
        self.levels.set_table(report.levels())
        self.league.set_table(report.league())
        self.leanings.set_table(report.leanings())
        said = list(report.summary())
        self.stair_words.setText(" ".join(said[:3]))
        leaning = [bias.sentence for bias in report.biases if bias.leaning.consistent]
        self.leaning_words.setText(" ".join(leaning[:3]) or tr("Nobody leans to one side beyond luck."))
        if report.steps:
            self.stair_chart.set_content(stair_chart(report, self._formats))
        self.leaning_chart.setVisible(bool(report.biases))
        if report.biases:
            self.leaning_chart.set_content(leaning_chart(report, self._formats))

    def _show_corrections(self, report: CorrectionsReport) -> None:
        self.offers.set_table(report.tables()[0])

    def _show_comparison(self, found: ForecastComparison) -> None:
        for box, chosen in ((self.first, found.first.id), (self.second, found.second.id)):
            box.clear()
            for head in found.kept:
                text = tr("{day}: {what} by {period}, no. {n}", day=self._formats.date(head.as_of),
                          what=kind_words(head.kind), period=head.period_kind, n=head.id)  # fmt: skip
                box.addItem(text, head.id)
            box.setCurrentIndex(box.findData(chosen))
        self.compared_words.setText(" ".join(found.summary()))
        self.comparison_chart.set_content(comparison_chart(found, self._formats))
        self.compared.set_table(found.tables()[0])

    # ------------------------------------------------------------------ what a person does

    def _chosen(self) -> str:
        rows = self.offers.selected_records()
        return str(self.offers.table["subject"].values[rows[0]]) if rows else ""

    def _offer(self) -> None:
        free = self._shell.session.writable and bool(self._chosen())
        self.correct_button.setEnabled(free)
        self.withdraw_button.setEnabled(free)

    def _correct(self, job: object) -> None:
        subject = self._chosen()
        if subject and callable(job):
            job(subject)

    def _compare(self) -> None:
        self.presenter.compare(int(self.first.currentData()), int(self.second.currentData()))


def _split(orientation: Qt.Orientation, parts: list[QWidget], sizes: list[int]) -> QSplitter:
    split = QSplitter(orientation)
    for part in parts:
        split.addWidget(part)
    split.setSizes(sizes)
    split.setChildrenCollapsible(False)
    split.setHandleWidth(theme.tokens().spacing["m"])
    return split
