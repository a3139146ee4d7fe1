"""The Forecast tab: rooms for the series, the open pipeline, what changed in it, and how good forecasts were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.periods import PeriodKind
from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.exporting import open_file
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.data.actions import show_rows
from salesops_desktop.ui.tabs.forecast.accuracy_pane import AccuracyPane
from salesops_desktop.ui.tabs.forecast.changes_pane import ChangesPane
from salesops_desktop.ui.tabs.forecast.judgement_pane import JudgementPane
from salesops_desktop.ui.tabs.forecast.nodes_presenter import COMPANY, NodesPresenter, NodesState
from salesops_desktop.ui.tabs.forecast.nodes_tree import NodesPane
from salesops_desktop.ui.tabs.forecast.outlook_pane import OutlookPane
from salesops_desktop.ui.tabs.forecast.pipeline_pane import PipelinePane
from salesops_desktop.ui.tabs.forecast.presenter import (
    LONGEST,
    NODES_TABLES,
    ForecastPresenter,
    ForecastState,
    Question,
)
from salesops_desktop.ui.tabs.forecast.series_pane import SeriesPane
from salesops_desktop.ui.tabs.forecast.series_picture import of_company, of_node
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import load_plotting
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.forecasts import ForecastReport


class _Room(Protocol):
    """What the tab tells a room."""

    def opened(self) -> None:
        """A workspace is open."""

    def closed(self) -> None:
        """No workspace is open."""

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed."""


class ForecastView(TabView):
    """Forecasts bookings and the pipeline, with what both were worth in the past.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = ForecastPresenter(shell.runner, self.render_state)
        self._kept_shown: Table | None = None
        self.waiting = EmptyState("chart", tr("Forecast"), tr("Calculating…"))
        self.nothing = EmptyState("chart", "", "")
        self.outlook = OutlookPane(shell, self.formats)
        self.series = SeriesPane(shell, self.formats)
        self._series_of: object = None
        self._series_node = COMPANY
        self.pipeline = PipelinePane(shell, self.formats)
        self.changes = ChangesPane(shell, self.formats)
        self.accuracy = AccuracyPane(shell, self.formats)
        self.kept = self.accuracy.kept
        self.judgement = JudgementPane(shell)
        self.tree = NodesPane(self.formats)
        self.nodes = NodesPresenter(shell.runner, self.tree.render_state, self._node_chosen)
        self.rooms = QTabWidget()
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
        self.period.setAccessibleName(tr("Forecast by"))
        self.horizon = QComboBox()
        self.horizon.setAccessibleName(tr("Periods ahead"))
        self.source = QComboBox()
        for name, text in (
            ("auto", tr("Transactions, else won deals")),
            ("transactions", tr("Transactions")),
            ("won", tr("Won opportunities")),
        ):
            self.source.addItem(text, name)
        self.source.setAccessibleName(tr("Forecast from"))
        self.export_button = QPushButton(theme.icon("export"), tr("Export workbook…"))
        self.export_button.setAccessibleName(tr("Export the forecast workbook"))
        self.basis = QLabel()
        theme.dress(self.basis, tone="text_muted")

    def _lay_out(self) -> None:
        controls = WrapRow()
        height = self.period.sizeHint().height()
        for text, field in ((tr("By"), self.period), (tr("Ahead"), self.horizon), (tr("From"), self.source)):
            label = QLabel(text)
            label.setBuddy(field)
            label.setMinimumHeight(height)
            controls.add(label, field)
        self.basis.setMinimumHeight(height)
        controls.add(self.export_button, self.basis)
        self.rooms.setDocumentMode(True)
        self.rooms.setAccessibleName(tr("Rooms of the forecast"))
        self.rooms.tabBar().setAccessibleName(tr("Rooms of the forecast"))
        self.rooms.addTab(self.outlook, theme.icon("gauge"), tr("Outlook"))
        self.rooms.addTab(self.series, theme.icon("chart"), tr("Series"))
        self.rooms.addTab(self.pipeline, theme.icon("opportunity"), tr("Pipeline"))
        self.rooms.addTab(self.changes, theme.icon("history"), tr("Changes"))
        self.rooms.addTab(self.accuracy, theme.icon("check"), tr("Accuracy"))
        self.rooms.addTab(self.judgement, theme.icon("person"), tr("Judgement"))
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.tree)
        self.split.addWidget(self.rooms)
        self.split.setSizes([225, 1110])
        self.split.setStretchFactor(0, 0)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(theme.tokens().spacing["l"])
        self.body = QStackedWidget()
        for page in (self.waiting, self.nothing, self.split):
            self.body.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(theme.tokens().spacing["m"])
        layout.addWidget(controls)
        layout.addWidget(self.body, 1)

    def _connect(self) -> None:
        self.period.activated.connect(self._period_chosen)
        self.source.activated.connect(lambda _place: self._ask())
        self.horizon.activated.connect(lambda _place: self._ask())
        self.export_button.clicked.connect(lambda _checked=False: self.ask_export())
        self.pipeline.deal_activated.connect(self._show_deal)
        self.changes.deal_activated.connect(self._show_deal)
        self.tree.chosen.connect(self.nodes.choose)
        self.tree.hierarchy_chosen.connect(self.nodes.choose_hierarchy)

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Forecast."""
        self.presenter.opened()
        for room in self._rooms_read():
            room.opened()
        self.nodes.forget()
        self.nodes.ask(self.presenter.state.question)

    def workspace_closed(self) -> None:
        """Show nothing."""
        self.presenter.closed()
        for room in self._rooms_read():
            room.closed()
        self.nodes.forget()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Forecast again where it matters."""
        self.presenter.tables_changed(tables)
        if tables & NODES_TABLES:
            self.nodes.refresh()
        for room in self._rooms_read():
            room.tables_changed(tables)

    def _rooms_read(self) -> tuple[_Room, ...]:
        """The rooms that read for themselves what they show."""
        return (
            self.outlook.presenter, self.pipeline.presenter, self.pipeline.assumptions, self.changes.presenter,
            self.accuracy.presenter, self.judgement.presenter,
        )  # fmt: skip

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: ForecastState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        self._show_question(state)
        report = state.report
        if report is not None:
            self._show_series(report)
        elif state.lacking is not None:
            self._show_nothing(state)
        if state.kept is not None and state.kept.forecasts is not self._kept_shown:
            self._kept_shown = state.kept.forecasts
            self.kept.set_table(state.kept.forecasts)
        page: QWidget = self.waiting
        if report is not None and self._can_plot:
            page = self.split
        elif state.lacking is not None and not state.loading:
            page = self.nothing
        self.body.setCurrentWidget(page)

    def _show_series(self, report: ForecastReport) -> None:
        """The company's series, or that of the chosen node."""
        nodes = self.nodes.state
        part = nodes.report is not None and nodes.chosen != COMPANY
        source, number = (nodes.report, nodes.chosen) if part else (report, COMPANY)
        if source is self._series_of and number == self._series_node:
            return
        self._series_of, self._series_node = source, number
        if nodes.report is not None and part:
            self.series.show_picture(of_node(nodes.report, number))
        else:
            self.series.show_picture(of_company(report))

    def _node_chosen(self, state: NodesState) -> None:
        """Every room turns to the chosen node."""
        report = self.presenter.state.report
        if report is not None:
            self._show_series(report)
        part = state.report is not None and state.chosen != COMPANY
        by_series = part and not state.selectable and report is not None
        self.outlook.show_node(self.series.picture if by_series else None)
        self.outlook.presenter.choose_node(state.selection)
        self.pipeline.presenter.choose_node(state.selection)
        self.changes.presenter.choose_node(state.selection)
        self.accuracy.presenter.choose_node(state.key)

    def _show_question(self, state: ForecastState) -> None:
        question = state.question
        self.period.setCurrentIndex(self.period.findData(question.period))
        self.source.setCurrentIndex(self.source.findData(question.source))
        self._offer_horizons(question)
        self.export_button.setEnabled(state.report is not None)
        if state.report is None:
            self.basis.setText("")
            return
        report = state.report
        origin = tr("won opportunities") if report.source.value == "won" else tr("transactions")
        day = self.formats.date(report.as_of)
        said = tr("From {origin} up to {day}, in {currency}", origin=origin, day=day, currency=report.currency)
        kept = tr("kept for scoring") if self.shell.session.writable else tr("read-only: nothing is kept")
        self.basis.setText(f"{said}; {kept}")
        self.basis.setToolTip(
            tr("Every forecast shown here is kept once, with its date, and scored when its periods are over.")
        )

    def _offer_horizons(self, question: Question) -> None:
        words_for = {
            PeriodKind.MONTH: ("{n} month", "{n} months"),
            PeriodKind.QUARTER: ("{n} quarter", "{n} quarters"),
            PeriodKind.YEAR: ("{n} year", "{n} years"),
        }
        one, many = words_for[question.period]
        wanted = [trn(one, many, n) for n in range(1, LONGEST[question.period] + 1)]
        if wanted != [self.horizon.itemText(i) for i in range(self.horizon.count())]:
            self.horizon.clear()
            for n, text in enumerate(wanted, start=1):
                self.horizon.addItem(text, n)
        self.horizon.setCurrentIndex(question.horizon - 1)

    def _show_nothing(self, state: ForecastState) -> None:
        assert state.lacking is not None
        ways = []
        if self.shell.session.writable:
            ways = [Way(tr("Import spreadsheets…"), lambda: self.shell.import_files(()), "import")]
        sentence = state.lacking.sentence
        self.nothing.set_content("chart", tr("There is no forecast yet"), sentence, ways)

    def _plots_loaded(self, _nothing: object) -> None:
        self._can_plot = True
        self.render_state(self.presenter.state)

    # ------------------------------------------------------------------ what a person does

    def _period_chosen(self, place: int) -> None:
        self.presenter.ask(self.presenter.state.question.by(PeriodKind(self.period.itemData(place))))
        self.nodes.ask(self.presenter.state.question)

    def _ask(self) -> None:
        source = str(self.source.currentData())
        self.presenter.ask(Question(PeriodKind(self.period.currentData()), int(self.horizon.currentData()), source))
        self.nodes.ask(self.presenter.state.question)
        self.outlook.presenter.ask(source)

    def _show_deal(self, key: int) -> None:
        show_rows(self.shell, "opportunity", [key], tr("A deal of the open pipeline"))

    def ask_export(self) -> None:
        """Ask for a file and write the forecast workbook to it."""
        start = self.shell.preferences.last_folder / f"{tr('Forecast')}.xlsx"
        name, _ = QFileDialog.getSaveFileName(
            self.shell.dialog_parent, tr("Export the forecast"), str(start), tr("Workbook (*.xlsx)")
        )
        if name:
            self.export(Path(name if name.lower().endswith(".xlsx") else f"{name}.xlsx"))

    def export(self, path: Path) -> None:
        """Write the forecast workbook."""
        self.shell.preferences.last_folder = path.parent
        self.presenter.export(
            path,
            lambda: self.shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path)),
        )
