"""The tables beside the map: territories, accounts that change hands, all accounts."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget

from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.actions import show_rows
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.models import account_table, territory_table
from salesops_desktop.ui.tabs.territories.presenter import TODAY, Shown, TerritoryState
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.grid_model import Order

MOST_FOLLOWED = 500
"""So many accounts picked on the map are selected in the tables, too; more would hold the window up."""


class TablesPane(QTabWidget):
    """Three grids; what is selected in the one in front is what is picked.

    Args:
        shell: the window.
    """

    territories_picked = Signal(object)
    """Names of territories (list[str])."""
    accounts_picked = Signal(object)
    """Account row ids (list[int])."""
    closer_asked = Signal(object)
    """Names of territories (list[str]) to look at from near."""

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
        self.territories = Grid(name=tr("Territories"))
        self.changes = Grid(name=tr("Accounts that change hands"))
        self.accounts = Grid(name=tr("Accounts"))
        for grid, title in (
            (self.territories, tr("Territories")),
            (self.changes, tr("Changes hands")),
            (self.accounts, tr("Accounts")),
        ):
            grid.pick_rows()
            grid.export_requested.connect(shell.export_table)
            self.addTab(grid, title)
        self.currentChanged.connect(lambda _place: self._show_front())
        self.territories.selection_changed.connect(self._territories_selected)
        self.territories.activated.connect(self._look_closer)
        for grid in (self.changes, self.accounts):
            grid.selection_changed.connect(lambda grid=grid: self._accounts_selected(grid))
            grid.activated.connect(self._open_account)

    def render_state(self, state: TerritoryState) -> None:
        """Show a state; only the table in front is filled, the others when they are brought there."""
        self._state = state
        if state.shown is None:
            self._shown = None
            self._stale.clear()
            return
        if state.shown is not self._shown:
            self._shown = state.shown
            self._stale = {self.territories, self.changes, self.accounts}
            self._name_tabs(state.shown)
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
            self._follow(grid)
        finally:
            self._following = False

    def _fill(self, grid: Grid, shown: Shown) -> None:
        report, today = shown.report, shown.report.scenario == TODAY
        if grid is self.territories:
            table = territory_table(report.territories, today=today)
        elif grid is self.changes:
            table = account_table(report.handover, moves=False)
        else:
            table = account_table(report.accounts, moves=not today)
        empty = len(grid.table) == 0
        grid.set_table(table)
        if empty:  # the widths of a table without rows suit its labels only
            grid.fit_columns()
        grid.view.freeze(1)

    def _name_tabs(self, shown: Shown) -> None:
        report = shown.report
        formats = self.territories.model.formats
        counts = (len(report.territories), len(report.handover), len(report.accounts))
        titles = (tr("Territories"), tr("Changes hands"), tr("Accounts"))
        for place, (title, rows) in enumerate(zip(titles, counts, strict=True)):
            self.setTabText(place, f"{title} ({formats.integer(rows)})")
        self.setTabVisible(1, report.scenario != TODAY)

    def _follow(self, grid: Grid) -> None:
        """Select in a grid what was picked elsewhere."""
        picked = self._state.selection
        if self._shown is None:
            return
        if grid is self.territories:
            names = self._shown.picture.names
            wanted = [names.index(name) for name in picked.territories or [name for name, _ in picked.held_by]]
            here = self.territories.selected_records()
        else:
            accounts = [] if picked.territories or len(picked.accounts) > MOST_FOLLOWED else list(picked.accounts)
            wanted = accounts if grid is self.accounts else self._among_changes(accounts)
            here = grid.selected_keys()
        if sorted(set(here)) != sorted(wanted):
            grid.select_keys(wanted)

    def _among_changes(self, accounts: list[int]) -> list[int]:
        keys = self.changes.table.keys
        there = set() if keys is None else set(keys.tolist())
        return [key for key in accounts if key in there]

    def _territories_selected(self) -> None:
        if not self._following and self._shown is not None:
            names = self._shown.picture.names
            self.territories_picked.emit([names[place] for place in self.territories.selected_records()])

    def _look_closer(self, place: int) -> None:
        if self._shown is not None:
            self.closer_asked.emit([self._shown.picture.names[place]])

    def _accounts_selected(self, grid: Grid) -> None:
        if not self._following:
            self.accounts_picked.emit(sorted(set(grid.selected_keys())))

    # ------------------------------------------------------------------ what a person does

    def show_territories(self, column: str) -> None:
        """Bring the territories to the front, by a column, largest first; as they are for no column."""
        self.setCurrentWidget(self.territories)
        if column:
            self.territories.model.set_order([Order(column, descending=True)])
        self.territories.setFocus()

    def show_changes(self) -> None:
        """Bring the accounts that change hands to the front."""
        self.setCurrentWidget(self.changes)
        self.changes.setFocus()

    def show_account(self, key: int) -> None:
        """Bring an account to the front."""
        self.setCurrentWidget(self.accounts)
        self.accounts.select_keys([key])
        self.accounts.setFocus()

    def _open_account(self, key: int) -> None:
        show_rows(self._shell, "account", [key], tr("Picked in Territories"))
