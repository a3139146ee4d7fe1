"""The Forecast tab: bookings, the open pipeline, and the forecasts that were kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
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
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.bookings_pane import BookingsPane
from salesops_desktop.ui.tabs.forecast.pipeline_pane import PipelinePane
from salesops_desktop.ui.tabs.forecast.presenter import LONGEST, ForecastPresenter, ForecastState, Question
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.words_box import words
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.chart import load_plotting
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid


class ForecastView(TabView):
    """Forecasts bookings and the pipeline, with what both were worth in the past.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = ForecastPresenter(shell.runner, self.render_state, self._tell)
        self._kept_shown: Table | None = None
        self.waiting = EmptyState("chart", tr("Forecast"), tr("Calculating…"))
        self.nothing = EmptyState("chart", "", "")
        self.bookings = BookingsPane(self.formats)
        self.pipeline = PipelinePane(shell, self.formats)
        self.kept = Grid(name=tr("Kept forecasts"))
        self.sheets = QTabWidget()
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
        self.keep_button = QPushButton(theme.icon("play"), tr("Forecast and keep"))
        self.keep_button.setAccessibleName(tr("Forecast and keep"))
        self.keep_button.setToolTip(tr("Keeps the forecast, so that it can be scored when the actuals are in"))
        self.keep_button.setDefault(True)
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
        controls.add(self.keep_button, self.export_button, self.basis)
        kept_page = QWidget()
        column = QVBoxLayout(kept_page)
        column.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
        column.addWidget(
            words(tr("Each forecast that was kept, held against what came in the periods that are over by now."))
        )
        column.addWidget(self.kept, 1)
        self.sheets.setDocumentMode(True)
        self.sheets.setAccessibleName(tr("Parts of the forecast"))
        self.sheets.tabBar().setAccessibleName(tr("Parts of the forecast"))
        self.sheets.addTab(self.bookings, tr("Bookings"))
        self.sheets.addTab(self.pipeline, tr("Open pipeline"))
        self.sheets.addTab(kept_page, tr("Kept forecasts"))
        self.body = QStackedWidget()
        for page in (self.waiting, self.nothing, self.sheets):
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
        self.keep_button.clicked.connect(lambda _checked=False: self.presenter.keep())
        self.export_button.clicked.connect(lambda _checked=False: self.ask_export())
        self.pipeline.deal_activated.connect(self._show_deal)
        for source in (self.bookings.points, self.bookings.ranking, self.kept):
            source.export_requested.connect(self.shell.export_table)
        serve_chart(self.shell, self.bookings.chart)

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Forecast."""
        self.presenter.opened()

    def workspace_closed(self) -> None:
        """Show nothing."""
        self.presenter.closed()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Forecast again where it matters."""
        self.presenter.tables_changed(tables)

    # ------------------------------------------------------------------ state to screen

    def render_state(self, state: ForecastState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        self._show_question(state)
        report = state.report
        if report is not None:
            self.bookings.show_report(report)
            self.pipeline.show_report(report)
        elif state.lacking is not None:
            self._show_nothing(state)
        if state.kept is not None and state.kept.forecasts is not self._kept_shown:
            self._kept_shown = state.kept.forecasts
            self.kept.set_table(state.kept.forecasts)
        page: QWidget = self.waiting
        if report is not None and self._can_plot:
            page = self.sheets
        elif state.lacking is not None and not state.loading:
            page = self.nothing
        self.body.setCurrentWidget(page)

    def _show_question(self, state: ForecastState) -> None:
        question = state.question
        self.period.setCurrentIndex(self.period.findData(question.period))
        self.source.setCurrentIndex(self.source.findData(question.source))
        self._offer_horizons(question)
        busy = state.keeping
        self.keep_button.setEnabled(self.shell.session.writable and state.lacking is None and not busy)
        self.keep_button.setText(tr("Forecasting…") if busy else tr("Forecast and keep"))
        self.export_button.setEnabled(state.report is not None)
        if state.report is None:
            self.basis.setText("")
            return
        report = state.report
        origin = tr("won opportunities") if report.source.value == "won" else tr("transactions")
        day = self.formats.date(report.as_of)
        self.basis.setText(
            tr("From {origin} up to {day}, in {currency}", origin=origin, day=day, currency=report.currency)
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
        sentence = f"{state.lacking.sentence} {state.lacking.way_out}".strip()
        self.nothing.set_content("chart", tr("There is no forecast yet"), sentence, ways)

    def _tell(self, sentence: str) -> None:
        self.shell.say(tr(sentence), kind="success")

    def _plots_loaded(self, _nothing: object) -> None:
        self._can_plot = True
        self.render_state(self.presenter.state)

    # ------------------------------------------------------------------ what a person does

    def _period_chosen(self, place: int) -> None:
        self.presenter.ask(self.presenter.state.question.by(PeriodKind(self.period.itemData(place))))

    def _ask(self) -> None:
        self.presenter.ask(
            Question(
                PeriodKind(self.period.currentData()), int(self.horizon.currentData()), str(self.source.currentData())
            )
        )

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
