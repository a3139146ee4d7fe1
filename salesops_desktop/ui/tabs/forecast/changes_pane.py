"""The changes room: what happened to the pipeline between two days, what its categories hold, how it flows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.changes_charts import category_chart, conversion_chart, waterfall_chart
from salesops_desktop.ui.tabs.forecast.changes_presenter import PARTS, ChangesPresenter, ChangesState
from salesops_desktop.ui.tabs.forecast.flow_pane import FlowPane
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, heading, words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.pipeline_categories import CategoryReport
    from salesops_desktop.jobs.pipeline_snapshots import WaterfallReport


class ChangesPane(QWidget):
    """Waterfall, categories and flow, each read when it is looked at.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    deal_activated = Signal(int)
    """The row id of an opportunity a person wants to see."""

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._shell = shell
        self._formats = formats
        self._shown: dict[str, object] = {}
        self.presenter = ChangesPresenter(shell.runner, self.render_state)
        self.start = QComboBox()
        self.start.setAccessibleName(tr("From the snapshot of"))
        self.end = QComboBox()
        self.end.setAccessibleName(tr("To the snapshot of"))
        self.due = QComboBox()
        self.due.setAccessibleName(tr("Deals due in"))
        self.due.addItem(tr("the running quarter"), "")
        self.due.addItem(tr("any period"), "all")
        self.waterfall = Chart()
        self.behind_title = ElidedLabel()
        theme.dress(self.behind_title, role="strong")
        self.behind = Grid(name=tr("Deals behind the bar"), searchable=False)
        self.said = WordsBox(tr("The change in words"))
        self.categories = Chart()
        self.conversions = Chart()
        self.rollup = Grid(name=tr("Categories"), searchable=False)
        self.category_deals = Grid(name=tr("Deals by category"))
        self.flow = FlowPane(shell, formats)
        self.sheets = QTabWidget()
        self.pages: dict[str, QStackedWidget] = {}
        self.nothing: dict[str, EmptyState] = {}
        self._lay_out()
        self._connect()

    # ------------------------------------------------------------------ widgets

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        controls = WrapRow()
        height = self.start.sizeHint().height()
        for text, field in ((tr("From"), self.start), (tr("to"), self.end), (tr("Deals due in"), self.due)):
            label = QLabel(text)
            label.setBuddy(field)
            label.setMinimumHeight(height)
            controls.add(label, field)
        self.sheets.setDocumentMode(True)
        self.sheets.tabBar().setAccessibleName(tr("Parts of the changes"))
        titles = {"waterfall": tr("Waterfall"), "categories": tr("Categories"), "flow": tr("Flow")}
        bodies = {
            "waterfall": self._waterfall_page(controls), "categories": self._category_page(), "flow": self.flow,
        }  # fmt: skip
        for part in PARTS:
            stack = QStackedWidget()
            waiting = EmptyState("history", titles[part], tr("Reading…"))
            self.nothing[part] = EmptyState("history", titles[part], "")
            for page in (waiting, self.nothing[part], bodies[part]):
                stack.addWidget(page)
            self.pages[part] = stack
            self.sheets.addTab(stack, titles[part])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.addWidget(self.sheets)

    def _waterfall_page(self, controls: WrapRow) -> QWidget:
        page, lower = QWidget(), QWidget()
        space = theme.tokens().spacing
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.behind_title)
        column.addWidget(self.behind, 1)
        bottom = QSplitter(Qt.Orientation.Horizontal)
        bottom.addWidget(lower)
        bottom.addWidget(self.said)
        self.said.end()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.waterfall)
        split.addWidget(bottom)
        for each, sizes in ((bottom, [760, 340]), (split, [300, 220])):
            each.setSizes(sizes)
            each.setStretchFactor(0, 1)
            each.setChildrenCollapsible(False)
            each.setHandleWidth(space["m"])
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.setSpacing(space["m"])
        layout.addWidget(controls)
        layout.addWidget(split, 1)
        return page

    def _category_page(self) -> QWidget:
        page = QWidget()
        space = theme.tokens().spacing
        self.expected = words(muted=False)
        right = WordsBox(tr("Categories in words"))
        right.column.addWidget(self.expected)
        self.conversions.setFixedHeight(16 * self.fontMetrics().height())
        right.column.addWidget(self.conversions)
        right.column.addWidget(heading(tr("What to know")))
        right.end()
        self.category_words = right
        left = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.categories, self.rollup, self.category_deals):
            left.addWidget(widget)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        for each, sizes in ((left, [210, 150, 170]), (split, [720, 380])):
            each.setSizes(sizes)
            each.setStretchFactor(0, 1)
            each.setChildrenCollapsible(False)
            each.setHandleWidth(space["m"])
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.addWidget(split)
        return page

    def _connect(self) -> None:
        self.sheets.currentChanged.connect(lambda place: self.presenter.show_part(PARTS[place]))
        self.start.activated.connect(lambda _place: self._days_chosen())
        self.end.activated.connect(lambda _place: self._days_chosen())
        self.due.activated.connect(lambda place: self.presenter.choose_period(str(self.due.itemData(place))))
        self.waterfall.picked.connect(self._bar_picked)
        for chart in (self.waterfall, self.categories, self.conversions):
            serve_chart(self._shell, chart)
        for grid in (self.behind, self.rollup, self.category_deals):
            grid.pick_rows()
            grid.export_requested.connect(self._shell.export_table)
        for grid in (self.behind, self.category_deals):
            grid.activated.connect(self.deal_activated)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  # Qt's name
        """Read when first looked at."""
        super().showEvent(event)
        self.presenter.seen()

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: ChangesState) -> None:
        """Show a state."""
        self._show_days(state)
        self.due.setCurrentIndex(self.due.findData(state.period))
        lacking = dict(state.lacking)
        if "snapshots" in lacking:
            lacking |= dict.fromkeys(PARTS, lacking["snapshots"])
        for part in PARTS:
            report = getattr(state, part)
            if part in lacking:
                fault = lacking[part]
                self._lack(part, fault.sentence)
            elif report is None:
                self.pages[part].setCurrentIndex(0)
            else:
                self.pages[part].setCurrentIndex(2)
        if state.waterfall is not None and state.waterfall is not self._shown.get("waterfall"):
            self._shown["waterfall"] = state.waterfall
            self._show_waterfall(state.waterfall)
        if state.categories is not None and state.categories is not self._shown.get("categories"):
            self._shown["categories"] = state.categories
            self._show_categories(state.categories)
        if state.flow is not None and state.flow is not self._shown.get("flow"):
            self._shown["flow"] = state.flow
            self.flow.show_report(state.flow)

    def _lack(self, part: str, sentence: str) -> None:
        ways = []
        if self._shell.session.writable:
            ways = [Way(tr("Import a pipeline export…"), lambda: self._shell.import_files(()), "import")]
        if self.due.currentData() != "all" and part == "waterfall":
            ways.append(
                Way(tr("Show deals due in any period"), lambda: self.presenter.choose_period("all"), "calendar")
            )
        self.nothing[part].set_content("history", tr("Nothing to show here yet"), sentence, ways)
        self.pages[part].setCurrentIndex(1)

    def _show_days(self, state: ChangesState) -> None:
        if state.snapshots is None:
            return
        days = list(state.snapshots.snapshots["taken_on"].values.astype("datetime64[D]").tolist())[::-1]
        for box, first, chosen in (
            (self.start, tr("before the period"), state.start),
            (self.end, tr("today"), state.end),
        ):
            wanted: list[tuple[str, dt.date | None]] = [(first, None), *((self._formats.date(d), d) for d in days)]
            if [text for text, _ in wanted] != [box.itemText(i) for i in range(box.count())]:
                box.clear()
                for text, day in wanted:
                    box.addItem(text, day)
            place = next((i for i, (_, day) in enumerate(wanted) if day == chosen), 0)
            box.setCurrentIndex(place)

    def _show_waterfall(self, report: WaterfallReport) -> None:
        self.waterfall.set_content(waterfall_chart(report, self._formats))
        self.said.set_sentences(list(report.summary()))
        self._show_behind(report, "")

    def _show_behind(self, report: WaterfallReport, movement: str) -> None:
        if movement:
            table = report.behind(movement)
            bars = report.waterfall.bars["movement"].tolist()
            name = str(report.bars["bar"].values[1 + bars.index(movement)])
            self.behind_title.setText(f"{name}: {trn('1 deal', '{n} deals', len(table))}")
        else:
            table = report.deals
            self.behind_title.setText(tr("All deals by their change; choose a bar for those behind it"))
        self.behind.set_table(table)

    def _bar_picked(self, x: float) -> None:
        report = self.presenter.state.waterfall
        if report is not None:
            bars = report.waterfall.bars["movement"].tolist()
            place = round(x) - 1
            self._show_behind(report, bars[place] if 0 <= place < len(bars) else "")

    def _show_categories(self, report: CategoryReport) -> None:
        self.categories.set_content(category_chart(report, self._formats))
        self.rollup.set_table(report.rollup)
        self.category_deals.set_table(report.deals)
        proven = len(report.weeks) > 0
        self.conversions.setVisible(proven)
        if proven:
            self.conversions.set_content(conversion_chart(report, self._formats))
        money = self._formats.short_money
        self.expected.setText(
            tr("At past conversion the period comes to {money}.", money=money(report.expected_minor, report.currency))
            if report.expected_minor is not None
            else tr("No snapshot of a past period tells what the categories came to.")
        )
        self.category_words.set_sentences(list(report.summary()))

    def _days_chosen(self) -> None:
        self.presenter.choose_days(self.start.currentData(), self.end.currentData())
