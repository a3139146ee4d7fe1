"""The Performance tab: the nine KPIs at the left, the chosen one with all that is behind it at the right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from PySide6.QtCore import QDate, Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFileDialog,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
)

from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.exporting import export_picture, open_file
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.actions import show_rows
from salesops_desktop.ui.tabs.figures_dialog import show_figures
from salesops_desktop.ui.tabs.performance.cards_pane import CardsPane
from salesops_desktop.ui.tabs.performance.detail_pane import DetailPane
from salesops_desktop.ui.tabs.performance.presenter import PAGES, PerformancePresenter, PerformanceState
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import load_plotting
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats

_DAY_WAIT_MS = 500


class PerformanceView(TabView):
    """Measures performance and shows what every figure comes from.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = PerformancePresenter(shell.runner, self.render_state)
        self.waiting = EmptyState("gauge", tr("Performance"), tr("Calculating…"))
        self.nothing = EmptyState("gauge", "", "")
        self.cards = CardsPane(self.formats)
        self.detail = DetailPane(self.formats)
        self.sheets = self.detail.sheets
        self._can_plot = False
        self._make_controls()
        self._lay_out()
        self._connect()
        shell.runner.run(lambda _context: load_plotting(), lane="free", on_done=self._plots_loaded, on_error=shell.fail)

    def _make_controls(self) -> None:
        self.period = QComboBox()
        for kind, text in (
            (PeriodKind.MONTH, tr("Months")),
            (PeriodKind.QUARTER, tr("Quarters")),
            (PeriodKind.YEAR, tr("Years")),
        ):
            self.period.addItem(text, kind)
        self.period.setAccessibleName(tr("Measure by"))
        self.day = QDateEdit()
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat(self.formats.date_pattern)
        self.day.setAccessibleName(tr("As of"))
        self.day.setToolTip(tr("The day of knowledge: nothing dated later counts"))
        self.newest = QPushButton(tr("Newest day"))
        self.newest.setAccessibleName(tr("As of the newest day of the data"))
        self.export_button = QPushButton(theme.icon("export"), tr("Export workbook…"))
        self.export_button.setAccessibleName(tr("Export the KPI workbook"))
        self.basis = QLabel()
        theme.dress(self.basis, tone="text_muted")
        self._day_timer = QTimer(self, singleShot=True, interval=_DAY_WAIT_MS)

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        controls = WrapRow()
        height = self.period.sizeHint().height()
        for text, field in ((tr("By"), self.period), (tr("As of"), self.day)):
            label = QLabel(text)
            label.setBuddy(field)
            label.setMinimumHeight(height)
            controls.add(label, field)
        self.basis.setMinimumHeight(height)
        controls.add(self.newest, self.export_button, self.basis)
        split = QSplitter(Qt.Orientation.Horizontal)
        self.body = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(space["m"])
        layout.addWidget(controls)
        layout.addWidget(self.body, 1)
        # From the outside in: Qt dresses everything inside a widget again each time it gets another parent.
        for page in (self.waiting, self.nothing, split):
            self.body.addWidget(page)
        split.addWidget(self.cards)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setSizes([450, 900])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(space["l"])
        self.split = split

    def _connect(self) -> None:
        presenter, detail = self.presenter, self.detail
        self.period.activated.connect(lambda _place: self._ask())
        self.day.dateChanged.connect(lambda _date: self._day_timer.start())
        self._day_timer.timeout.connect(self._ask)
        self.newest.clicked.connect(lambda _checked=False: self._ask_newest())
        self.export_button.clicked.connect(lambda _checked=False: self.ask_export())
        self.cards.chosen.connect(presenter.choose)
        detail.period_picked.connect(presenter.at)
        detail.page_turned.connect(lambda name: presenter.turn_to(next(p for p in PAGES if p == name)))
        detail.group_by_picked.connect(presenter.by)
        detail.group_picked.connect(presenter.pick_group)
        detail.rows_wanted.connect(self._show_in_data)
        detail.record_wanted.connect(self._show_record)
        detail.import_wanted.connect(lambda: self.shell.import_files(()))
        for grid in (detail.by_period, detail.by_group, detail.details, detail.rows):
            grid.export_requested.connect(self.shell.export_table)
        for chart in (detail.chart, detail.group_chart):
            chart.table_requested.connect(self._show_figures)
            chart.picture_requested.connect(lambda each: export_picture(self.shell, each))

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Calculate."""
        self.presenter.opened()

    def workspace_closed(self) -> None:
        """Show nothing."""
        self._day_timer.stop()
        self.presenter.closed()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Calculate again where it matters."""
        self.presenter.tables_changed(tables)

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: PerformanceState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        self._show_question(state)
        if state.report is not None and self._can_plot:
            self.cards.show_report(state.report, state.chosen)
            self.detail.render_state(state)
            self.body.setCurrentWidget(self.split)
        elif state.lacking is not None and not state.loading:
            self._show_nothing(state)
            self.body.setCurrentWidget(self.nothing)
        else:
            self.body.setCurrentWidget(self.waiting)

    def _show_question(self, state: PerformanceState) -> None:
        self.period.setCurrentIndex(self.period.findData(state.period))
        self.newest.setEnabled(state.as_of is not None)
        report = state.report
        self.export_button.setEnabled(report is not None)
        self.day.setEnabled(report is not None)
        if report is None:
            self.basis.setText("")
            return
        if not self._day_timer.isActive():
            self.day.blockSignals(True)  # noqa: FBT003  # Qt's
            self.day.setDate(QDate(report.as_of.year, report.as_of.month, report.as_of.day))
            self.day.blockSignals(False)  # noqa: FBT003  # Qt's
        first, last = report.periods[0].label, report.periods[-1].label
        self.basis.setText(tr("{first} to {last}, in {currency}", first=first, last=last, currency=report.currency))

    def _show_nothing(self, state: PerformanceState) -> None:
        assert state.lacking is not None
        ways = []
        if self.shell.session.writable:
            ways = [Way(tr("Import spreadsheets…"), lambda: self.shell.import_files(()), "import")]
        sentence = f"{state.lacking.sentence} {state.lacking.way_out}".strip()
        self.nothing.set_content("gauge", tr("There is nothing to measure yet"), sentence, ways)

    def _show_figures(self, table: Table) -> None:
        show_figures(self.shell, table)

    def _plots_loaded(self, _nothing: object) -> None:
        self._can_plot = True
        self.render_state(self.presenter.state)

    # ------------------------------------------------------------------ what a person does

    def _ask(self) -> None:
        self._day_timer.stop()
        report, day = self.presenter.state.report, self.day.date()
        as_of: dt.date | None = dt.date(day.year(), day.month(), day.day())
        if self.presenter.state.as_of is None and report is not None and as_of == report.as_of:
            as_of = None  # still the newest day, whatever it will be
        self.presenter.ask(PeriodKind(self.period.currentData()), as_of)

    def _ask_newest(self) -> None:
        self._day_timer.stop()
        self.presenter.ask(PeriodKind(self.period.currentData()), None)

    def _show_in_data(self) -> None:
        state = self.presenter.state
        if state.result is None or state.rows is None:
            return
        meaning = state.result.definition
        why = tr("{rows}: {period}", rows=tr(meaning.rows), period=state.period_label or tr("all periods"))
        if state.group:
            why = f"{why}, {state.group}"
        show_rows(self.shell, meaning.entity, state.rows.ids, why)

    def _show_record(self, key: int) -> None:
        result = self.presenter.state.result
        if result is not None:
            entity = result.definition.entity
            show_rows(self.shell, entity, [key], tr("Behind {kpi}", kpi=tr(result.definition.label)))

    def ask_export(self) -> None:
        """Ask for a file and write the KPI workbook to it."""
        start = self.shell.preferences.last_folder / f"{tr('KPIs')}.xlsx"
        name, _ = QFileDialog.getSaveFileName(
            self.shell.dialog_parent, tr("Export the KPIs"), str(start), tr("Workbook (*.xlsx)")
        )
        if name:
            self.export(Path(name if name.lower().endswith(".xlsx") else f"{name}.xlsx"))

    def export(self, path: Path) -> None:
        """Write the KPI workbook."""
        self.shell.preferences.last_folder = path.parent
        self.presenter.export(
            path,
            lambda: self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path)),
        )
