"""The pane one works with: every balance and compactness figure, what is proven, and the territories."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figure_strip import Figure
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.figure_rows import FigureRows
from salesops_desktop.ui.tabs.territories.models import territory_table
from salesops_desktop.ui.tabs.territories.presenter import TODAY, TerritoryState
from salesops_desktop.ui.tabs.words_box import WordsBox
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.grid_model import Order

_WORDS = 130
"""Pixels of height for sentences; more of them scroll."""


class BalancePane(QWidget):
    """Figures, proof, territories; what is selected among these is what is picked.

    Args:
        shell: the window.
    """

    territories_picked = Signal(object)
    """Names of territories (list[str])."""
    closer_asked = Signal(object)
    """Names of territories (list[str]) to look at from near."""
    lock_asked = Signal(str)
    """``lock`` or ``unlock`` the picked territories."""
    redo_asked = Signal()
    """What is not locked is to be designed anew."""
    figure_clicked = Signal(str)
    """The name of a figure to see what is behind it."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shown: Table | None = None
        self._names: tuple[str, ...] = ()
        self._following = False
        self.figures = FigureRows(tr("Balance of the territories"))
        self.figures.clicked.connect(self.figure_clicked)
        self.words = WordsBox(tr("What is proven of the scenario, and what to know of it"))
        self.words.end()
        self.words.setMaximumHeight(_WORDS)
        self.grid = Grid(name=tr("Territories"))
        self.grid.pick_rows()
        self.grid.export_requested.connect(shell.export_table)
        self.grid.selection_changed.connect(self._selected)
        self.grid.activated.connect(lambda place: self.closer_asked.emit([self._names[place]]))
        self.lock_button = QPushButton(theme.icon("lock"), tr("Lock"))
        self.lock_button.setToolTip(tr("The picked territories stay as they are when the rest is designed anew"))
        self.unlock_button = QPushButton(theme.icon("unlock"), tr("Unlock"))
        self.redo_button = QPushButton(theme.icon("refresh"), tr("Design the rest anew"))
        self.redo_button.setToolTip(tr("Keeps what is locked in this scenario, and makes a new one of it"))
        for button in (self.lock_button, self.unlock_button, self.redo_button):
            button.setAccessibleName(button.text())
        self.lock_button.clicked.connect(lambda _checked=False: self.lock_asked.emit("lock"))
        self.unlock_button.clicked.connect(lambda _checked=False: self.lock_asked.emit("unlock"))
        self.redo_button.clicked.connect(lambda _checked=False: self.redo_asked.emit())
        row = WrapRow()
        row.add(self.lock_button, self.unlock_button, self.redo_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["m"])
        column.addWidget(self.figures)
        column.addWidget(self.words)
        column.addWidget(self.grid, 1)
        column.addWidget(row)

    def render_figures(self, figures: Sequence[Figure]) -> None:
        """Show the figures."""
        self.figures.set_figures(figures)

    def render_sentences(self, proven: Sequence[str], notes: Sequence[str]) -> None:
        """Say what is proven of the design, and what a reader must know of it."""
        self._say([*([tr("How far from what is possible:")] if proven else []), *proven, *notes])

    def render_issues(self, issues: Sequence[str]) -> None:
        """Say what is broken after an edit."""
        self._say([f"⚠ {each}" for each in issues] or [tr("✓ Every rule and tolerance is kept.")])

    def _say(self, sentences: Sequence[str]) -> None:
        self.words.set_sentences(sentences)
        self.words.setVisible(bool(sentences))
        self.words.verticalScrollBar().setValue(0)

    def render_state(self, state: TerritoryState, *, writable: bool) -> None:
        """Show the territories and those that are picked."""
        may = writable and bool(state.chosen) and state.designing is None
        for button in (self.lock_button, self.unlock_button):
            button.setEnabled(may and bool(state.selection.accounts))
        self.redo_button.setEnabled(may)
        if state.shown is None:
            self._shown = None
            return
        report = state.shown.report
        self._following = True
        try:
            if report.territories is not self._shown:
                self._fill(report.territories, today=report.scenario == TODAY)
            self._names = state.shown.picture.names
            picked = state.selection
            held = picked.territories or [name for name, _ in picked.held_by]
            wanted = [self._names.index(name) for name in held]
            if sorted(set(self.grid.selected_records())) != sorted(wanted):
                self.grid.select_keys(wanted)
        finally:
            self._following = False

    def render_live(self, territories: Table, *, today: bool) -> None:
        """Show the territories as they are after an edit, before it is stored."""
        self._following = True
        try:
            self._fill(territories, today=today)
        finally:
            self._following = False

    def _fill(self, territories: Table, *, today: bool) -> None:
        self._shown = territories
        self.grid.set_table(territory_table(territories, today=today))
        self.grid.view.freeze(1)

    def _selected(self) -> None:
        if not self._following:
            self.territories_picked.emit([self._names[place] for place in self.grid.selected_records()])

    def show_by(self, column: str) -> None:
        """Put the territories in the order of a column, largest first; as they are for no column."""
        if column in self.grid.table.names:
            self.grid.model.set_order([Order(column, descending=True)])
        self.grid.setFocus()
