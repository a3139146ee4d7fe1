"""The pane of accounts: those that change hands, all of them, who gives to whom, who loses."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.actions import show_rows
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.models import account_table, without_cents
from salesops_desktop.ui.tabs.territories.presenter import TODAY, Shown, TerritoryState
from salesops_desktop.ui.widgets.grid import Grid

MOST_FOLLOWED = 500
"""So many accounts picked on the map are selected in the tables, too; more would hold the window up."""


class TablesPane(QTabWidget):
    """Grids; accounts that are selected in the one in front are what is picked.

    Args:
        shell: the window.
    """

    accounts_picked = Signal(object)
    """Account row ids (list[int])."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._shown: Shown | None = None
        self._state = TerritoryState()
        self._stale: set[Grid] = set()
        self._following = False
        self.setAccessibleName(tr("Tables of the scenario"))
        self.tabBar().setAccessibleName(tr("Tables of the scenario"))
        self.setDocumentMode(True)
        self.accounts = Grid(name=tr("Accounts"))
        self.changes = Grid(name=tr("Accounts that change hands"))
        self.churn = Grid(name=tr("Who gives to whom"))
        self.losses = Grid(name=tr("What each person gives and takes"))
        self._grids = (self.accounts, self.changes, self.churn, self.losses)
        for grid, title in zip(self._grids, self._titles(), strict=True):
            grid.export_requested.connect(shell.export_table)
            self.addTab(grid, title)
        for grid in (self.changes, self.accounts):
            grid.pick_rows()
            grid.selection_changed.connect(lambda grid=grid: self._selected(grid))
            grid.activated.connect(lambda key: show_rows(shell, "account", [key], tr("Picked in Territories")))
        self.currentChanged.connect(lambda _place: self._show_front())

    @staticmethod
    def _titles() -> tuple[str, str, str, str]:
        return tr("All"), tr("Changes hands"), tr("From – to"), tr("Loses")

    def render_state(self, state: TerritoryState) -> None:
        """Show a state; only the table in front is filled, the others when they are brought there."""
        self._state = state
        if state.shown is None:
            self._shown = None
            self._stale.clear()
            return
        if state.shown is not self._shown:
            self._shown = state.shown
            self._stale = set(self._grids)
            self._name_tabs(state.shown)
        if self.isVisible():
            self._show_front()

    def _show_front(self) -> None:
        grid = self.currentWidget()
        if self._shown is None or not isinstance(grid, Grid):
            return
        self._following = True
        try:
            if grid in self._stale:
                self._stale.discard(grid)
                self._fill(grid, self._shown)
            if grid in (self.accounts, self.changes):
                self._follow(grid)
        finally:
            self._following = False

    def _table_of(self, grid: Grid, shown: Shown) -> Table:
        report = shown.report
        if grid is self.changes:
            return account_table(report.handover, moves=False)
        if grid is self.accounts:
            return account_table(report.accounts, moves=report.scenario != TODAY)
        return without_cents(report.churn if grid is self.churn else report.losses)

    def _fill(self, grid: Grid, shown: Shown) -> None:
        empty = len(grid.table) == 0
        grid.set_table(self._table_of(grid, shown))
        if empty:  # the widths of a table without rows suit its labels only
            grid.fit_columns()
        grid.view.freeze(1)

    def _name_tabs(self, shown: Shown) -> None:
        report = shown.report
        formats = self.accounts.model.formats
        counts = (len(report.accounts), len(report.handover))
        for place, (title, rows) in enumerate(zip(self._titles()[:2], counts, strict=True)):
            self.setTabText(place, f"{title} ({formats.integer(rows)})")
        for place in (1, 2, 3):
            self.setTabVisible(place, report.scenario != TODAY)

    def _follow(self, grid: Grid) -> None:
        """Select in a grid what was picked elsewhere."""
        picked = self._state.selection
        if self._shown is None:
            return
        accounts = [] if picked.territories or len(picked.accounts) > MOST_FOLLOWED else list(picked.accounts)
        wanted = accounts if grid is self.accounts else self._among_changes(accounts)
        if sorted(set(grid.selected_keys())) != sorted(wanted):
            grid.select_keys(wanted)

    def _among_changes(self, accounts: list[int]) -> list[int]:
        keys = self.changes.table.keys
        there = set() if keys is None else set(keys.tolist())
        return [key for key in accounts if key in there]

    def _selected(self, grid: Grid) -> None:
        if not self._following:
            self.accounts_picked.emit(sorted(set(grid.selected_keys())))

    # ------------------------------------------------------------------ what a person does

    def show_changes(self) -> None:
        """Bring the accounts that change hands to the front."""
        self.setCurrentWidget(self.changes)
        self._show_front()
        self.changes.setFocus()

    def show_account(self, key: int) -> None:
        """Bring an account to the front."""
        self.setCurrentWidget(self.accounts)
        self._show_front()
        self.accounts.select_keys([key])
        self.accounts.setFocus()
