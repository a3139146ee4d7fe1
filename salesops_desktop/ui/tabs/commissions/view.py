"""The Commissions tab: people at the left, the lines of one and the trace of a line at the right, totals above."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn
from salesops_desktop.ui.tabs.commissions.assignments_pane import AssignmentsPane
from salesops_desktop.ui.tabs.commissions.book_asking import BookAsking
from salesops_desktop.ui.tabs.commissions.compare_pane import ComparePane
from salesops_desktop.ui.tabs.commissions.in_view import InView, in_view
from salesops_desktop.ui.tabs.commissions.item_asking import ItemAsking
from salesops_desktop.ui.tabs.commissions.life_pane import LifePane
from salesops_desktop.ui.tabs.commissions.models import figures_of, line_table, people_table, run_label
from salesops_desktop.ui.tabs.commissions.person_pane import PersonTabs
from salesops_desktop.ui.tabs.commissions.plans_pane import PlansPane
from salesops_desktop.ui.tabs.commissions.presenter import CommissionPresenter, CommissionState
from salesops_desktop.ui.tabs.commissions.run_asking import RunAsking
from salesops_desktop.ui.tabs.commissions.run_menu import RunMenu
from salesops_desktop.ui.tabs.commissions.trace_pane import TracePane
from salesops_desktop.ui.tabs.commissions.what_if_pane import WhatIfPane
from salesops_desktop.ui.tabs.figure_strip import FigureStrip
from salesops_desktop.ui.tabs.tab import Shell, TabView
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.empty_state import EmptyState, Way
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.message_strip import MessageStrip

REST_MS = 200
"""How long a selection rests before its trace is worked out."""


class CommissionsView(TabView):
    """Calculates commissions, explains every cent, and moves runs through their life.

    Args:
        shell: the window.
    """

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.formats = Formats()
        self.presenter = CommissionPresenter(shell.runner, self.render_state, self._tell)
        self.asks = RunAsking(shell, self.presenter)
        self.items = ItemAsking(shell, self.presenter, self._in_view)
        self.books = BookAsking(shell, self._in_view)
        self._shown = CommissionState()
        self._following = False
        self._to_trace = False
        self.pages = QStackedWidget()
        self.waiting = EmptyState("money", tr("Commissions"), tr("Reading…"))
        self.nothing = EmptyState("money", "", "")
        self.strip = FigureStrip(tr("Totals of the run"))
        self.life = LifePane(self.formats)
        self.messages = MessageStrip()
        self.people = Grid(name=tr("People who are paid"))
        self.lines_title = ElidedLabel()
        theme.dress(self.lines_title, role="strong")
        self.lines = Grid(name=tr("Lines of the person"), searchable=False)
        self.trace = TracePane(self.formats)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._make_header()
        self._lay_out()
        self._connect()

    def _make_header(self) -> None:
        self.picker = QComboBox()
        self.picker.setAccessibleName(tr("Commission run"))
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.calculate_button = QPushButton(theme.icon("play", "accent_text"), tr("Calculate…"))
        theme.dress(self.calculate_button, role="primary")
        self.calculate_button.setAccessibleName(tr("Calculate commissions"))
        self.run_button = QPushButton(theme.icon("export"), tr("Export run…"))
        self.run_button.setAccessibleName(tr("Export the workbook of the run"))
        self.statements_button = QPushButton(theme.icon("export"), tr("Export statements…"))
        self.statements_button.setAccessibleName(tr("Export a statement for each person"))
        self.what_if_button = QPushButton(theme.icon("percent"), tr("What if"))
        self.what_if_button.setAccessibleName(tr("Try other rates and quotas"))
        self.goal_button = QPushButton(theme.icon("gauge"), tr("Goal seek…"))
        self.goal_button.setAccessibleName(tr("Find what pays a sum"))

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        label = QLabel(tr("Run"))
        label.setBuddy(self.picker)
        label.setMinimumHeight(self.picker.sizeHint().height())
        header = WrapRow()
        header.add(label, self.picker, self.calculate_button, self.run_button, self.statements_button)
        self.more = RunMenu(self.shell, self.items, self.books, self.asks.history)
        header.add(self.what_if_button, self.goal_button, self.more)
        top = QHBoxLayout()
        top.setSpacing(space["l"])
        top.addWidget(self.strip, 1)
        top.addWidget(self.life, 1)
        lines = QWidget()
        column = QVBoxLayout(lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.lines_title)
        column.addWidget(self.lines, 1)
        right = QSplitter(Qt.Orientation.Vertical)
        self.person = PersonTabs(self.shell, lines, self.items)
        right.addWidget(self.person)
        right.addWidget(self.trace)
        right.setSizes([300, 300])
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.people)
        self.split.addWidget(right)
        self.split.setSizes([445, 875])
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 3)
        for split in (self.split, right):
            split.setChildrenCollapsible(False)
            split.setHandleWidth(space["m"] + 2)
        self.body = QWidget()
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(space["m"])
        layout.addWidget(header)
        layout.addLayout(top)
        layout.addWidget(self.messages)
        layout.addWidget(self.split, 1)
        for page in (self.waiting, self.nothing, self.body):
            self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._make_rooms())

    def _make_rooms(self) -> QTabWidget:
        """Runs, plans, people, what if, compare: one room each."""
        self.plans = PlansPane(self.shell, self.formats)
        self.assignments = AssignmentsPane(self.shell, self.formats)
        self.what_if = WhatIfPane(self.shell, self.formats)
        self.compare = ComparePane(self.shell, self.formats)
        self._rooms = [room.presenter for room in (self.plans, self.assignments, self.what_if, self.compare)]
        self.rooms = QTabWidget()
        self.rooms.setDocumentMode(True)
        self.rooms.tabBar().setAccessibleName(tr("Parts of commissions"))
        for room, icon, title in (
            (self.pages, "money", tr("&Runs")),
            (self.plans, "document", tr("Pla&ns")),
            (self.assignments, "team", tr("Peop&le")),
            (self.what_if, "percent", tr("&What if")),
            (self.compare, "bars", tr("Co&mpare")),
        ):
            self.rooms.addTab(room, theme.icon(icon), title)
        return self.rooms

    def _connect(self) -> None:
        self.picker.activated.connect(lambda index: self.presenter.choose(int(self.picker.itemData(index))))
        self.calculate_button.clicked.connect(self.asks.calculate)
        self.run_button.clicked.connect(self.asks.export_run)
        self.statements_button.clicked.connect(self.asks.export_statements)
        self.what_if_button.clicked.connect(self.ask_what_if)
        self.goal_button.clicked.connect(self.ask_goal)
        self.what_if.plans_taken.connect(self._take_plans)
        self.strip.clicked.connect(self.presenter.pick_currency)
        self.life.asked.connect(self.asks.move_to)
        self.people.selection_changed.connect(self._person_selected)
        self.lines.selection_changed.connect(self._line_selected)
        self.people.activated.connect(lambda _person: self._open_lines())
        self.lines.activated.connect(lambda _line: self._open_trace())
        self._rest.timeout.connect(self._trace_now)
        self.trace.again.clicked.connect(self._calculate_again)
        for grid in (self.people, self.lines):
            grid.pick_rows()
            grid.export_requested.connect(self.shell.export_table)

    # ------------------------------------------------------------------ the window's calls

    def workspace_opened(self) -> None:
        """Show the newest run."""
        self.presenter.opened()
        for room in self._rooms:
            room.opened()

    def workspace_closed(self) -> None:
        """Show nothing."""
        self._rest.stop()
        self.presenter.closed()
        for room in self._rooms:
            room.closed()

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Read again where it matters."""
        self.presenter.tables_changed(tables)
        for room in self._rooms:
            room.tables_changed(tables)

    # ------------------------------------------------------------------ state to screen

    @property
    def _writable(self) -> bool:
        return self.shell.session.writable

    def render_state(self, state: CommissionState) -> None:
        """Show a state."""
        if state.fault is not None:
            self.shell.fail(state.fault)
        page = self.body if state.report is not None else self.nothing if state.missing else self.waiting
        if page is self.nothing:
            self._show_missing(state)
        self.pages.setCurrentWidget(page)
        before, self._shown = self._shown, state
        self._following = True
        try:
            self._show_runs(state)
            self._show_report(state, before)
            self._show_people(state, before)
        finally:
            self._following = False
        self._show_lines(state, before)
        self.person.render_state(state, writable=self._writable)
        self.life.render_state(state, writable=self._writable)
        self.trace.render_state(state, writable=self._writable)
        self._go_to_trace()

    def _show_missing(self, state: CommissionState) -> None:
        desk = state.desk
        assert desk is not None
        ways: list[Way] = []
        match state.missing:
            case "transactions":
                title = tr("No transactions yet")
                sentence = tr("Commissions are paid on transactions: bookings, invoices or payments.")
                ways.append(Way(tr("Import…"), lambda: self.shell.import_files(()), "import"))
                if desk.unbooked:
                    count = self.formats.integer(desk.unbooked)
                    ways.append(Way(tr("Book the {n} won opportunities", n=count), self.presenter.book_won, "check"))
            case "plans":
                title = tr("No incentive plans yet")
                sentence = tr("A plan says what a person earns on what is credited to them.")
                ways.append(Way(tr("Set up starter plans…"), self.asks.plans, "add"))
                ways.append(Way(tr("New plan from…"), self.plans.asks.new, "new"))
            case _:
                title = tr("Nothing has been calculated yet")
                sentence = tr("Transactions and plans are here: the first run can be calculated.")
                newest = desk.newest_month
                if newest is not None:
                    label = tr("Calculate {period}", period=newest.label)
                    ways.append(Way(label, lambda: self.presenter.calculate(newest.label), "play"))
                ways.append(Way(tr("Another period…"), self.asks.calculate, "calendar"))
        self.nothing.set_content("money", title, sentence, ways if self._writable else [])

    def _show_runs(self, state: CommissionState) -> None:
        runs = () if state.desk is None else state.desk.runs
        wanted = [(run_label(run), run.id) for run in runs]
        if wanted != [(self.picker.itemText(i), self.picker.itemData(i)) for i in range(self.picker.count())]:
            self.picker.clear()
            for text, number in wanted:
                self.picker.addItem(text, number)
        if state.report is not None:
            self.picker.setCurrentIndex(self.picker.findData(state.report.head.id))
        self.picker.setEnabled(not state.calculating)
        self.calculate_button.setEnabled(self._writable and not state.calculating)
        self.calculate_button.setText(tr("Calculating…") if state.calculating else tr("Calculate…"))

    def _show_report(self, state: CommissionState, before: CommissionState) -> None:
        self.strip.set_selected(state.currency)
        if state.report is before.report:
            return
        self.strip.set_figures(figures_of(state.totals, self.formats))
        said = [] if state.report is None else [*state.report.head.notes, *state.report.findings]
        if said:
            more = "\n".join(said) if len(said) > 1 else ""
            self.messages.show_message("warning", said[0], details=more)
        else:
            self.messages.clear()

    def _show_people(self, state: CommissionState, before: CommissionState) -> None:
        if state.people is not None and state.people is not before.people:
            self.people.set_table(people_table(state.people))
            if before.report is None or state.report is None or before.report.head.id != state.report.head.id:
                self.people.fit_columns()  # another period, other sizes of figures
            self.people.view.freeze(1)
        if state.person >= 0 and state.person not in self.people.selected_records():
            self.people.select_keys([state.person])

    def _show_lines(self, state: CommissionState, before: CommissionState) -> None:
        if state.lines is before.lines:
            return
        if state.lines is None or state.people is None:
            self.lines_title.setText("")
            return
        person = self.people.model.formats.cell(state.people["person"])(state.person)
        count = trn("1 line", "{n} lines", len(state.lines))
        self.lines_title.setText(tr("{person}: {count}", person=person, count=count))
        fresh = before.lines is None
        self.lines.set_table(line_table(state.lines))
        if fresh:
            self.lines.fit_columns()
        keys = self.lines.table.keys
        if keys is not None and len(keys) and not self.lines.selected_records():
            self.lines.select_keys([int(keys[0])])

    def _tell(self, sentence: str) -> None:
        self.shell.say(sentence, kind="success")

    # ------------------------------------------------------------------ what a person does

    def _person_selected(self) -> None:
        rows = self.people.selected_records()
        if rows and not self._following:
            self.presenter.pick_person(rows[0])

    def _line_selected(self) -> None:
        self._rest.start()

    def _trace_now(self) -> None:
        rows = self.lines.selected_records()
        if rows and self._shown.lines is not None:
            self.presenter.trace(int(self._shown.lines["number"].values[rows[0]]))

    def _open_lines(self) -> None:
        """Go to the lines of the person in view, by Enter or double click."""
        self.person.setCurrentIndex(0)
        self.lines.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_trace(self) -> None:
        """Go to the steps of the line in view, as soon as they are there."""
        self._rest.stop()
        self._to_trace = True
        self._trace_now()
        self._go_to_trace()

    def _go_to_trace(self) -> None:
        if self._to_trace and not self._shown.tracing and self._shown.trace is not None:
            self._to_trace = False
            self.trace.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _calculate_again(self) -> None:
        report = self._shown.report
        if report is not None:
            self.presenter.calculate(report.head.period)

    def _in_view(self) -> InView | None:
        """The run, the person, and the line selected."""
        rows = self.lines.selected_records()
        return in_view(self._shown, rows[0] if rows else -1)

    def ask_what_if(self) -> None:
        """Try other rates, quotas, volumes and caps on the period of the run."""
        report = self._shown.report
        self.rooms.setCurrentWidget(self.what_if)
        if report is not None:
            self.what_if.presenter.choose_period(report.head.period)

    def ask_goal(self) -> None:
        """Ask what must be sold for the person in view to earn a sum."""
        seen = self._in_view()
        self.ask_what_if()
        if seen is not None:
            self.what_if.ask_goal(seen.person)

    def _take_plans(self, plans: Any) -> None:
        """Bring plans as the sliders have them into the plan editor, unsaved."""
        if plans:
            self.plans.presenter.take(plans)
            self.rooms.setCurrentWidget(self.plans)
