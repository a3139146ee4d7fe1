"""The grid's menus: of a column and of the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.ui.widgets.grid import Grid


def column_menu(grid: Grid, column: int) -> QMenu:
    """What can be done with a column."""
    menu = QMenu(grid)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    view = grid.view
    menu.addAction(tr("Sort ascending"), lambda: view.sortByColumn(column, Qt.SortOrder.AscendingOrder))
    menu.addAction(tr("Sort descending"), lambda: view.sortByColumn(column, Qt.SortOrder.DescendingOrder))
    unsort = menu.addAction(tr("Remove sorting"), lambda: view.sortByColumn(-1, Qt.SortOrder.AscendingOrder))
    unsort.setEnabled(bool(grid.model.order))
    menu.addSeparator()
    menu.addAction(tr("Filter…"), lambda: grid.edit_filter(column))
    unfilter = menu.addAction(tr("Clear all filters"), grid.clear_filters)
    unfilter.setEnabled(grid.is_filtered())
    menu.addSeparator()
    menu.addAction(tr("Hide this column"), lambda: grid.hide_column(column)).setEnabled(len(view.visible_columns()) > 1)
    menu.addMenu(columns_menu(grid, menu))
    menu.addAction(tr("Fit width to content"), lambda: grid.fit_columns([column]))
    menu.addAction(tr("Fit all widths"), grid.fit_columns)
    menu.addSeparator()
    visible = view.visible_columns()
    if column in visible:
        count = visible.index(column) + 1
        menu.addAction(tr("Freeze up to this column"), lambda: view.freeze(count)).setEnabled(count < len(visible))
    menu.addAction(tr("Unfreeze columns"), lambda: view.freeze(0)).setEnabled(bool(view.frozen_columns))
    return menu


def columns_menu(grid: Grid, parent: QMenu) -> QMenu:
    """Which columns are shown."""
    menu = QMenu(tr("Columns"), parent)
    hidden = grid.hidden_columns()
    for place, column in enumerate(grid.model.table.columns):
        action = menu.addAction(column.label.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(place not in hidden)
        action.setEnabled(place in hidden or len(grid.view.visible_columns()) > 1)
        action.toggled.connect(lambda shown, p=place: grid.show_column(p) if shown else grid.hide_column(p))
    menu.addSeparator()
    menu.addAction(tr("Show all columns"), grid.show_all_columns).setEnabled(bool(hidden))
    return menu


def cell_menu(grid: Grid) -> QMenu:
    """What can be done with the selected cells."""
    menu = QMenu(grid)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    some = grid.view.selectionModel().hasSelection()
    menu.addAction(f"{tr('Copy')}\tCtrl+C", grid.copy).setEnabled(some)
    menu.addAction(f"{tr('Copy raw values')}\tCtrl+Shift+C", grid.copy_raw).setEnabled(some)
    if grid.model.editable:
        menu.addAction(f"{tr('Paste')}\tCtrl+V", grid.paste)
        menu.addAction(f"{tr('Fill down')}\tCtrl+D", grid.fill_down).setEnabled(some)
    menu.addAction(f"{tr('Select all')}\tCtrl+A", grid.view.selectAll)
    menu.addSeparator()
    index = grid.view.currentIndex()
    if index.isValid():
        column = grid.model.table.columns[index.column()]
        text = _filter_text(grid, index.row(), index.column())
        menu.addAction(tr("Only rows with this value"), lambda: grid.set_filter(column.name, text))
    menu.addAction(tr("Clear all filters"), grid.clear_filters).setEnabled(grid.is_filtered())
    menu.addSeparator()
    for action in grid.cell_actions:
        menu.addAction(action)
    if grid.cell_actions:
        menu.addSeparator()
    menu.addAction(tr("Export this view…"), grid.export)
    return menu


def _filter_text(grid: Grid, row: int, column: int) -> str:
    field = grid.model.table.columns[column]
    if grid.model.value_at(row, column) is None:
        return "(blank)"
    if field.kind in (ValueKind.DATE, ValueKind.DATETIME):
        return f"={grid.model.raw_at(row, column)[:10]}"
    shown = str(grid.model.data(grid.model.index(row, column), Qt.ItemDataRole.EditRole))
    return shown if field.kind is ValueKind.BOOLEAN else f"={shown}"
