"""One KPI: what it means, its trend, its breakdown, its details and the rows behind its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.performance.models import (
    details_table,
    group_chart,
    group_table,
    period_table,
    trend_chart,
    written,
)
from salesops_desktop.ui.tabs.performance.presenter import GROUPS, PAGES, PerformanceState
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.message_strip import MessageStrip

if TYPE_CHECKING:
    from salesops_desktop.jobs.kpis import KpiReport, KpiResult


class DetailPane(QWidget):
    """Shows the KPI that is chosen.

    Args:
        formats: how numbers are written.
    """

    period_picked = Signal(object)
    """The place of a period in the report, or None for all together."""
    page_turned = Signal(str)
    group_by_picked = Signal(str)
    group_picked = Signal(object)
    """The label of a group whose rows are wanted, or None for everybody."""
    rows_wanted = Signal()
    """The person wants the rows behind the figure in the Data tab."""
    record_wanted = Signal(int)
    import_wanted = Signal()

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._drawn: KpiResult | None = None
        self._drawn_groups: tuple[KpiResult, int | None] | None = None
        self._drawing = False
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        theme.dress(self.title, role="title")
        self.formula = words(muted=False)
        self.source = words()
        self.reason = MessageStrip()
        self.sheets = QTabWidget()
        self.chart, self.by_period = Chart(), Grid(name=tr("Figures by period"), searchable=False)
        self.group_chart, self.by_group = Chart(), Grid(name=tr("Figures by group"))
        self.details = Grid(name=tr("Details"), searchable=False)
        self.details.view.horizontalHeader().setStretchLastSection(True)
        self.rows = Grid(name=tr("Rows behind the figure"))
        self._make_pickers()
        self._lay_out()
        self._connect()

    def _make_pickers(self) -> None:
        self.period = QComboBox()
        self.period.setAccessibleName(tr("Figure of the period"))
        self.period.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.group_by = QComboBox()
        self.group_by.setAccessibleName(tr("Break down by"))
        for name in GROUPS:
            self.group_by.addItem(tr(name.capitalize()), name)
        self.rows_note = QLabel()
        theme.dress(self.rows_note, tone="text_muted")
        self.everybody = QPushButton(tr("Everybody"))
        self.everybody.setAccessibleName(tr("Show the rows of everybody"))
        self.open_rows = QPushButton(theme.icon("table"), tr("Show in the Data tab"))
        self.open_rows.setAccessibleName(tr("Show these rows in the Data tab"))
        self.grouping = words(tr("Calculating…"))

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        self.sheets.setDocumentMode(True)
        self.sheets.setAccessibleName(tr("Parts of the KPI"))
        self.sheets.tabBar().setAccessibleName(tr("Parts of the KPI"))
        self.sheets.addTab(_over(self.chart, self.by_period), tr("Trend"))
        picker = WrapRow()
        label = QLabel(tr("By"))
        label.setBuddy(self.group_by)
        label.setMinimumHeight(self.group_by.sizeHint().height())
        picker.add(label, self.group_by, self.grouping)
        self.sheets.addTab(_page(picker, _over(self.group_chart, self.by_group)), tr("Breakdown"))
        self.sheets.addTab(_page(self.details), tr("Details"))
        head = WrapRow()
        self.rows_note.setMinimumHeight(self.open_rows.sizeHint().height())
        head.add(self.open_rows, self.everybody, self.rows_note)
        self.sheets.addTab(_page(head, self.rows), tr("Rows"))
        when = WrapRow()
        caption = QLabel(tr("Figure of"))
        caption.setBuddy(self.period)
        caption.setMinimumHeight(self.period.sizeHint().height())
        self.value = QLabel()
        self.value.setMinimumHeight(self.period.sizeHint().height())
        theme.dress(self.value, role="strong")
        self.parts = QLabel()
        self.parts.setMinimumHeight(self.period.sizeHint().height())
        theme.dress(self.parts, tone="text_muted")
        when.add(caption, self.period, self.value, self.parts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(space["s"])
        for part in (self.title, self.formula, self.source, when, self.reason):
            layout.addWidget(part)
        layout.addWidget(self.sheets, 1)

    def _connect(self) -> None:
        self.period.activated.connect(lambda index: self.period_picked.emit(self.period.itemData(index)))
        self.sheets.currentChanged.connect(lambda index: self.page_turned.emit(PAGES[index]))
        self.group_by.activated.connect(lambda index: self.group_by_picked.emit(self.group_by.itemData(index)))
        self.by_period.selection_changed.connect(self._period_selected)
        self.by_period.activated.connect(self._to_rows)
        self.by_group.activated.connect(self._group_activated)
        self.everybody.clicked.connect(lambda _checked=False: self.group_picked.emit(None))
        self.open_rows.clicked.connect(lambda _checked=False: self.rows_wanted.emit())
        self.rows.activated.connect(self.record_wanted)

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: PerformanceState) -> None:
        """Show a state."""
        result, report = state.result, state.report
        if result is None or report is None:
            return
        self._drawing = True
        self._show_meaning(state, result, report)
        self._show_periods(state, report)
        if self._drawn is not result:
            self._drawn = result
            self.chart.set_content(trend_chart(result, report))
            self.chart.setVisible(any(figure.value is not None for figure in result.by_period))
            self.by_period.set_table(period_table(result, report))
        own = result.by_period[state.place] if state.place is not None else result.overall
        period = state.period_label or tr("All periods")
        self.details.set_table(details_table(result, report, own, period, self._formats))
        self._show_groups(state, period)
        self._show_rows(state)
        self.sheets.setCurrentIndex(PAGES.index(state.page))
        self._drawing = False

    def _show_meaning(self, state: PerformanceState, result: KpiResult, report: KpiReport) -> None:
        meaning, figure = result.definition, state.figure
        self.title.setText(tr(meaning.label))
        self.formula.setText(tr(meaning.formula))
        self.source.setText(tr("Source: {source}.", source=tr(meaning.source)))
        if figure is None:
            return
        shown = written(figure.value, meaning.unit, report.currency, self._formats)
        self.value.setText(shown)
        rows = self._formats.integer(len(figure.ids))
        parts = tr("from {n} rows: {what}", n=rows, what=tr(meaning.rows).lower())
        self.parts.setText(f"{state.group} · {parts}" if state.group else parts)
        if figure.value is None:
            self.reason.show_message(
                "warning", figure.reason, action=tr("Import…"), on_action=self.import_wanted.emit, closable=False
            )
        elif figure.notes:
            self.reason.show_message("info", " ".join(figure.notes), closable=False)
        else:
            self.reason.clear()

    def _show_periods(self, state: PerformanceState, report: KpiReport) -> None:
        wanted: list[tuple[str, int | None]] = [
            *((p.label, i) for i, p in reversed(list(enumerate(report.periods)))),
            (tr("All periods"), None),
        ]
        if wanted != [(self.period.itemText(i), self.period.itemData(i)) for i in range(self.period.count())]:
            self.period.clear()
            for text, place in wanted:
                self.period.addItem(text, place)
        self.period.setCurrentIndex(next(i for i, (_, place) in enumerate(wanted) if place == state.place))

    def _show_groups(self, state: PerformanceState, period: str) -> None:
        self.group_by.setCurrentIndex(GROUPS.index(state.group_by))
        self.grouping.setVisible(state.grouping)
        if state.grouped is None:
            return
        grouped = state.grouped.result(state.chosen)
        before = self._drawn_groups
        if before is not None and before[0] is grouped and before[1] == state.place:
            return
        self._drawn_groups = (grouped, state.place)
        table = group_table(grouped, state.grouped, state.place, state.group_by)
        self.by_group.set_table(table)
        content = group_chart(table, grouped, state.grouped, period)
        self.group_chart.set_content(content)
        self.group_chart.setVisible(bool(content.categories))

    def _show_rows(self, state: PerformanceState) -> None:
        result, rows = state.result, state.rows
        self.everybody.setVisible(state.group is not None)
        if result is None:
            return
        whose = state.group or tr("everybody")
        what = tr(result.definition.rows)
        self.rows_note.setText(f"{what}, {state.period_label or tr('All periods')}, {whose}")
        known = rows is not None and rows.table is not None
        self.open_rows.setVisible(known)
        self.rows.setVisible(known)
        if rows is None:
            return
        if rows.table is None:
            why = tr("There are no rows behind it.")
            if rows.ids:
                why = tr("Behind it stand kept forecasts: see the Forecast tab.")
            self.rows_note.setText(f"{self.rows_note.text()}. {why}")
        elif self.rows.table is not rows.table:
            self.rows.set_table(rows.table)

    # ------------------------------------------------------------------ what a person does

    def _period_selected(self) -> None:
        keys = self.by_period.selected_keys()
        if not self._drawing and len(keys) == 1:
            self.period_picked.emit(keys[0])

    def _to_rows(self, place: int) -> None:
        self.period_picked.emit(place)
        self.sheets.setCurrentIndex(PAGES.index("rows"))

    def _group_activated(self, place: int) -> None:
        keys = self.by_group.table.keys
        if keys is not None:
            row = int((keys == place).nonzero()[0][0])
            self.group_picked.emit(str(self.by_group.table["group"].values[row]))
            self.sheets.setCurrentIndex(PAGES.index("rows"))


def _page(*parts: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
    column.setSpacing(theme.tokens().spacing["m"])
    for part in parts[:-1]:
        column.addWidget(part)
    column.addWidget(parts[-1], 1)
    return page


def _over(chart: Chart, grid: Grid) -> QWidget:
    split = QSplitter(Qt.Orientation.Vertical)
    split.addWidget(chart)
    split.addWidget(grid)
    split.setStretchFactor(0, 3)
    split.setStretchFactor(1, 1)
    split.setSizes([230, 200])
    split.setChildrenCollapsible(False)
    return split
