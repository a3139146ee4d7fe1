"""The tables beside the map: territories, accounts that change hands, all accounts."""

from __future__ import annotations

import dataclasses

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.actions import show_rows
from salesops_desktop.ui.tabs.pointing import point_at
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.models import account_table, territory_table
from salesops_desktop.ui.tabs.territories.presenter import TODAY, Shown, TerritoryState
from salesops_desktop.ui.widgets.grid import Grid
from salesops_desktop.ui.widgets.grid_model import Order


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
            grid.export_requested.connect(shell.export_table)
            self.addTab(grid, title)
        self.territories.selection_changed.connect(self._territories_selected)
        self.territories.activated.connect(self._look_closer)
        for grid in (self.changes, self.accounts):
            grid.selection_changed.connect(lambda grid=grid: self._accounts_selected(grid))
            grid.activated.connect(self._open_account)

    def render_state(self, state: TerritoryState) -> None:
        """Show a state; tables are set only when another scenario is shown."""
        if state.shown is None:
            self._shown = None
            return
        self._following = True
        try:
            if state.shown is not self._shown:
                self._set_tables(state.shown)
            self._follow(state)
        finally:
            self._following = False

    def _set_tables(self, shown: Shown) -> None:
        report = shown.report
        self._shown = shown
        today = report.scenario == TODAY
        territories = territory_table(report.territories)
        if today:
            territories = _without(territories, "moved_in")
        _fill(self.territories, territories)
        _fill(self.changes, account_table(report.handover, moves=False))
        _fill(self.accounts, account_table(report.accounts, moves=not today))
        formats = self.territories.model.formats
        for place, (title, rows) in enumerate(
            (
                (tr("Territories"), len(report.territories)),
                (tr("Changes hands"), len(report.handover)),
                (tr("Accounts"), len(report.accounts)),
            )
        ):
            self.setTabText(place, f"{title} ({formats.integer(rows)})")
        self.setTabVisible(1, not today)
        for grid in (self.territories, self.changes, self.accounts):
            grid.view.freeze(1)

    def _follow(self, state: TerritoryState) -> None:
        """Select in the grids what was picked elsewhere."""
        picked = state.selection
        if state.shown is None:
            return
        names = state.shown.picture.names
        held = picked.territories or tuple(name for name, _ in picked.held_by)
        places = [names.index(name) for name in held]
        if sorted(self.territories.selected_records()) != sorted(places):
            _select(self.territories, places)
        accounts = [] if picked.territories else list(picked.accounts)
        for grid in (self.changes, self.accounts):
            known = accounts if grid is self.accounts else self._among_changes(accounts)
            if sorted(set(grid.selected_keys())) != known:
                _select(grid, known)

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
        _select(self.accounts, [key])
        self.accounts.setFocus()

    def _open_account(self, key: int) -> None:
        show_rows(self._shell, "account", [key], tr("Picked in Territories"))


def _select(grid: Grid, keys: list[int]) -> None:
    """Point at one row, select several."""
    known = grid.table.keys
    if len(keys) == 1:
        places = keys if known is None else np.flatnonzero(known == keys[0]).tolist()
        if places and point_at(grid, int(places[0])):
            return
    grid.select_keys(keys)


def _fill(grid: Grid, table: Table) -> None:
    empty = len(grid.table) == 0
    grid.set_table(table)
    if empty:  # the widths of a table without rows suit its labels only
        grid.fit_columns()


def _without(table: Table, name: str) -> Table:
    return dataclasses.replace(table, columns=tuple(c for c in table.columns if c.name != name))
