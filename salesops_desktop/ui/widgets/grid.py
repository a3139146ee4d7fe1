"""The one grid: a table to sort, filter, search, select, sum, copy, edit and export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QLocale, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from salesops_desktop.model.errors import Fault
from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.grid_clipboard import GridClipboard, PieceWork
from salesops_desktop.ui.widgets.grid_menus import cell_menu, column_menu
from salesops_desktop.ui.widgets.grid_model import GridModel, Order
from salesops_desktop.ui.widgets.grid_selection import HeldSelection, selected_blocks, selected_rows
from salesops_desktop.ui.widgets.grid_summary import Summary, summarise
from salesops_desktop.ui.widgets.grid_view import GridView
from salesops_desktop.ui.widgets.message_strip import MessageStrip

_SEARCH_WAIT_MS: Final = 250
_SUMMARY_WAIT_MS: Final = 60
_WIDTH_SAMPLE: Final = 200
_LONGEST: Final = 8
"""Texts of a column that are measured: the longest by letters, for letters differ in width."""
_WIDER: Final = 1.5
"""How much wider than they need columns become at most where there is room."""


class Grid(QWidget):
    """A table with search, filters and a status line.

    Args:
        parent: Qt's parent.
        name: what the table holds, for screen readers.
        searchable: whether the row with search and filter buttons is there.
        locale: how numbers and dates are written.
    """

    activated = Signal(int)
    """A row was chosen (double click, Enter): its key, or its place in the table where it has none."""
    cell_activated = Signal(int, str)
    """The same with the name of the column."""
    selection_changed = Signal()
    edited = Signal(object)
    """Cells were changed by typing, pasting or filling: list[Edit], already shown."""
    export_requested = Signal(object)
    """The person wants this view as a workbook: the Table as seen."""

    def __init__(
        self, parent: QWidget | None = None, *, name: str = "", searchable: bool = True, locale: QLocale | None = None
    ) -> None:
        super().__init__(parent)
        self.model = GridModel(self, locale)
        self.view = GridView(self.model, self)
        self.messages = MessageStrip(self)
        self.cell_actions: list[QAction] = []
        self._held: HeldSelection | None = None
        self._fresh_table = False
        self._sums = True
        self._figures = PieceWork(self)
        self._clipboard = GridClipboard(self)
        self._make_bar(searchable=searchable)
        self._status = ElidedLabel()
        self._status.setAccessibleName(tr("Figures of the selection"))
        self._lay_out()
        self._connect()
        self.setFocusProxy(self.view)
        self.set_name(name or tr("Table"))

    # --- building -----------------------------------------------------------------------------------------------

    def _make_bar(self, *, searchable: bool) -> None:
        self.bar = QWidget(self)
        self.bar.setVisible(searchable)
        self.search_box = QLineEdit(self.bar)
        self.search_box.setAcceptDrops(False)  # a file dropped here is meant for the window
        self.search_box.setPlaceholderText(tr("Search (Ctrl+F)"))
        self.search_box.setClearButtonEnabled(True)
        self.search_box.setMinimumWidth(160)
        self.search_box.setMaximumWidth(360)
        glass = theme.icon("search", "text_muted")
        if not glass.isNull():
            self.search_box.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
        self.filter_button = QToolButton(self.bar)
        self.filter_button.setText(tr("Filter"))
        self.filter_button.setIcon(theme.icon("filter"))
        self.filter_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.filter_button.setCheckable(True)
        self.filter_button.setAutoRaise(True)
        self.filter_button.setToolTip(tr("Filter per column (Ctrl+Shift+L)"))
        self.filter_button.setAccessibleName(tr("Filter per column"))
        self.clear_button = QPushButton(tr("Clear filters"), self.bar)
        self.clear_button.setAccessibleName(tr("Clear filters"))
        self.clear_button.hide()
        self.count_label = ElidedLabel("", self.bar)
        self.count_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.search_box, 2)
        row.addWidget(self.filter_button)
        row.addWidget(self.clear_button)
        row.addWidget(self.count_label, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        for widget in (self.bar, self.messages):
            column.addWidget(widget)
        column.addWidget(self.view, 1)
        column.addWidget(self._status)
        QWidget.setTabOrder(self.search_box, self.filter_button)
        QWidget.setTabOrder(self.filter_button, self.clear_button)
        QWidget.setTabOrder(self.clear_button, self.view)

    def _connect(self) -> None:
        self._search_timer = QTimer(self, singleShot=True, interval=_SEARCH_WAIT_MS)
        self._search_timer.timeout.connect(self._search_now)
        self._summary_timer = QTimer(self, singleShot=True, interval=_SUMMARY_WAIT_MS)
        self._summary_timer.timeout.connect(self._start_summary)
        self.search_box.textChanged.connect(lambda _text: self._search_timer.start())
        self.search_box.returnPressed.connect(self._search_and_leave)
        self.filter_button.toggled.connect(self.view.show_filters)
        self.clear_button.clicked.connect(self.clear_filters)
        self.view.columns.filter_typed.connect(self._filter_typed)
        self.view.columns.customContextMenuRequested.connect(self._column_menu_at)
        self.view.header_menu_asked.connect(self._column_menu)
        self.view.customContextMenuRequested.connect(self._cell_menu_at)
        self.view.copy_asked.connect(self.copy)
        self.view.raw_copy_asked.connect(self.copy_raw)
        self.view.paste_asked.connect(self.paste)
        self.view.fill_asked.connect(self.fill_down)
        self.view.clear_asked.connect(self.clear_cells)
        self.view.chosen.connect(self._chosen)
        self.view.selectionModel().selectionChanged.connect(self._selection_changed)
        self.model.about_to_change.connect(self._hold)
        self.model.rows_changed.connect(self._restore)
        self.model.edited.connect(self._edited)
        self.model.refused.connect(self._refused)
        for keys, slot in (
            (QKeySequence.StandardKey.Find, self._focus_search),
            (QKeySequence("Ctrl+Shift+L"), self.filter_button.toggle),
        ):
            shortcut = QShortcut(keys, self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        leave = QShortcut(QKeySequence("Esc"), self.search_box)
        leave.setContext(Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(self._leave_search)

    def set_name(self, name: str) -> None:
        """Say what the table holds, for screen readers."""
        self.view.setAccessibleName(name)
        self.view.setAccessibleDescription(
            tr("Arrow keys move, Ctrl+arrows leap, Shift extends, Ctrl+C copies, Alt+Down opens the column menu.")
        )
        self.search_box.setAccessibleName(tr("Search in {name}", name=name))
        self.setAccessibleName(name)

    # --- the table ----------------------------------------------------------------------------------------------

    @property
    def table(self) -> Table:
        """The table shown, edits included."""
        return self.model.table

    def set_table(self, table: Table) -> None:
        """Show a table; sorting, filters, widths, selection and scroll stay as far as the columns are the same."""
        known = self.state() if self.model.table.columns else None
        same = self.model.table.names == table.names
        self._fresh_table = True
        if not same:
            self.view.freeze(0)
            self.view.columns.forget_fields()
        self.model.set_table(table)
        self._fresh_table = False
        if not same:
            self.fit_columns()
            if known is not None:
                self._restore_columns(known)
        self._show_indicator()
        self.view.columns.place_fields()

    def table_as_seen(self) -> Table:
        """The table as it is on screen: visible columns in their order, rows filtered and sorted."""
        table = self.model.table
        columns = tuple(table.columns[c].take(self.model.records) for c in self.view.visible_columns())
        keys = None if table.keys is None else table.keys[self.model.records]
        return Table(table.title, columns, table.entity, keys, table.notes)

    def set_editable(self, columns: Iterable[str]) -> None:
        """Let these columns (by name) be changed by typing and pasting."""
        self.model.editable = frozenset(columns)

    def set_locale(self, locale: QLocale) -> None:
        """Write numbers and dates as ``locale`` does."""
        self.model.set_locale(locale)

    # --- selection ----------------------------------------------------------------------------------------------

    def pick_rows(self) -> None:
        """Pick whole rows, as in a list that leads to details; figures of different columns are then not summed."""
        self.view.setSelectionBehavior(GridView.SelectionBehavior.SelectRows)
        self._sums = False
        self._status.hide()

    def selected_records(self) -> list[int]:
        """Places in the table of the rows with a selected cell, in screen order."""
        return [int(r) for r in self.model.records[selected_rows(self.view)]]

    def selected_keys(self) -> list[int]:
        """Keys of the rows with a selected cell; places in the table where it has none."""
        keys = self.model.table.keys
        records = self.selected_records()
        return records if keys is None else [int(keys[record]) for record in records]

    def select_keys(self, keys: Sequence[int]) -> None:
        """Select whole rows by key (or place in the table) and bring the first into sight."""
        ids = np.asarray(keys, dtype=np.int64)
        names = self.model.table.names
        first = (int(ids[0]), names[0]) if len(ids) and names else None
        has_keys = self.model.table.keys is not None
        HeldSelection((names,), (ids,), False, first, None, 0, has_keys).restore(self.view, scroll=False)  # noqa: FBT003

    def _selection_changed(self) -> None:
        if self._sums:
            self._summary_timer.start()
        self.selection_changed.emit()

    def _hold(self) -> None:
        self._held = HeldSelection.hold(self.view)
        self.view.selectionModel().clearSelection()

    def _restore(self) -> None:
        if self._held is not None:
            self._held.restore(self.view, scroll=self._fresh_table)
            self._held = None
        self._show_counts()
        self._summary_timer.start()

    # --- search and filters -------------------------------------------------------------------------------------

    def set_search(self, text: str) -> None:
        """Search for ``text`` in all columns."""
        self.search_box.setText(text)
        self._search_now()

    def set_filter(self, column: str, text: str) -> None:
        """Filter a column by name; empty text lets all rows through."""
        self.model.set_filter(column, text)
        self._show_filters()

    def edit_filter(self, column: int) -> None:
        """Show the filter row with the cursor in a column's field."""
        self.filter_button.setChecked(True)
        self.view.scrollTo(self.model.index(max(0, self.view.rowAt(0)), column))
        self.view.focus_filter(column)

    def clear_filters(self) -> None:
        """Let all rows through again."""
        self.search_box.clear()
        self._search_timer.stop()
        if self.is_filtered():
            self.model.search = ""
            self.model.set_filters({})
        self._show_filters()

    def is_filtered(self) -> bool:
        """Whether a filter or a search is in force."""
        return bool(self.model.filters or self.model.search)

    def _search_now(self) -> None:
        self._search_timer.stop()
        if self.search_box.text().strip() != self.model.search:
            self.model.set_search(self.search_box.text())

    def _search_and_leave(self) -> None:
        self._search_now()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_search(self) -> None:
        self.search_box.clear()
        self._search_and_leave()

    def _focus_search(self) -> None:
        self.search_box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search_box.selectAll()

    def _filter_typed(self, column: int, text: str) -> None:
        self.set_filter(self.model.table.columns[column].name, text)

    def _show_filters(self) -> None:
        places = {name: place for place, name in enumerate(self.model.table.names)}
        self.view.set_filter_texts(
            {places[name]: text for name, text in self.model.filters.items()},
            {places[name]: text for name, text in self.model.filter_faults.items()},
        )
        if self.model.filters and not self.filter_button.isChecked():
            self.filter_button.setChecked(True)

    def _show_counts(self) -> None:
        formats = self.model.formats
        shown, total = self.model.rowCount(), len(self.model.table)
        text = tr("{n} rows", n=formats.integer(total)) if total != 1 else tr("1 row")
        if self.is_filtered():
            text = tr("{shown} of {total} rows", shown=formats.integer(shown), total=formats.integer(total))
        self.count_label.setText(text)
        self.clear_button.setVisible(self.is_filtered())

    # --- columns ------------------------------------------------------------------------------------------------

    def hidden_columns(self) -> set[int]:
        """Model columns that are hidden."""
        return {c for c in range(self.model.columnCount()) if self.view.isColumnHidden(c)}

    def hide_column(self, column: int) -> None:
        """Hide a model column."""
        self.view.hideColumn(column)
        self._columns_changed()

    def show_column(self, column: int) -> None:
        """Show a model column again."""
        self.view.showColumn(column)
        self._columns_changed()

    def show_all_columns(self) -> None:
        """Show all columns."""
        for column in self.hidden_columns():
            self.view.showColumn(column)
        self._columns_changed()

    def _columns_changed(self) -> None:
        self.view.freeze(len(self.view.frozen_columns))
        self.view.columns.place_fields()
        self._summary_timer.start()

    def fit_columns(self, columns: Sequence[int] | None = None) -> None:
        """Set column widths (all, or some) from their labels and a sample of their cells.

        Where all of them leave room at the right, long texts get what they need of it, and the rest is spread evenly.
        """
        table = self.model.table
        wanted = range(len(table.columns)) if columns is None else columns
        rows = np.unique(np.linspace(0, max(0, len(self.model.records) - 1), _WIDTH_SAMPLE).astype(int))
        rows = rows[: len(self.model.records)].tolist()
        metrics = self.view.fontMetrics()
        em = metrics.horizontalAdvance("M")
        needs = []
        for place in wanted:
            texts = sorted({str(self.model.data(self.model.index(row, place))) for row in rows}, key=len)[-_LONGEST:]
            cells = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            label = self.view.columns.fontMetrics().horizontalAdvance(table.columns[place].label) + 2 * em
            needs.append(max(cells + em + 4, label, 4 * em))
        widths = [min(need, 28 * em) for need in needs]
        if columns is None:
            bar = self.view.verticalScrollBar()
            room = self.view.viewport().width() - (0 if bar.isVisible() else bar.sizeHint().width())
            widths = _spread(widths, needs, room)
        for place, width in zip(wanted, widths, strict=True):
            self.view.setColumnWidth(place, width)

    def _show_indicator(self) -> None:
        order = self.model.order
        places = {name: place for place, name in enumerate(self.model.table.names)}
        header = self.view.columns
        before = header.blockSignals(True)  # noqa: FBT003  # Qt's
        section = places[order[0].column] if order else -1
        down = bool(order) and order[0].descending
        header.setSortIndicator(section, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)
        header.blockSignals(before)
        header.viewport().update()

    # --- state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Widths, order, hidden and frozen columns, sorting and filters, as plain JSON-ready values."""
        names, header = self.model.table.names, self.view.columns
        ordered = [header.logicalIndex(v) for v in range(header.count())]
        hidden = self.hidden_columns()
        return {
            "columns": [{"name": names[c], "width": header.sectionSize(c), "hidden": c in hidden} for c in ordered],
            "frozen": len(self.view.frozen_columns),
            "order": [[o.column, o.descending] for o in self.model.order],
            "filters": dict(self.model.filters),
            "filter_row": header.filters_shown,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Bring back what :meth:`state` told; columns that no longer exist are passed over."""
        names = set(self.model.table.names)
        self._restore_columns(state)
        self.model.set_order([Order(str(n), bool(d)) for n, d in state.get("order", []) if n in names])
        self.model.set_filters({n: t for n, t in state.get("filters", {}).items() if n in names})
        self.filter_button.setChecked(bool(state.get("filter_row", False)))
        self._show_indicator()
        self._show_filters()

    def _restore_columns(self, state: Mapping[str, Any]) -> None:
        places = {name: place for place, name in enumerate(self.model.table.names)}
        header = self.view.columns
        known = [c for c in state.get("columns", []) if c.get("name") in places]
        for visual, entry in enumerate(known):
            column = places[entry["name"]]
            header.moveSection(header.visualIndex(column), visual)
            if entry.get("width", 0) > 0:
                header.resizeSection(column, int(entry["width"]))
            self.view.setColumnHidden(column, bool(entry.get("hidden", False)))
        self.view.freeze(int(state.get("frozen", 0)))

    # --- menus --------------------------------------------------------------------------------------------------

    def _column_menu_at(self, point: QPoint) -> None:
        column = self.view.columns.logicalIndexAt(point)
        if column >= 0:
            column_menu(self, column).popup(self.view.columns.mapToGlobal(point))

    def _column_menu(self, column: int) -> None:
        header = self.view.columns
        left = header.sectionViewportPosition(column)
        column_menu(self, column).popup(header.mapToGlobal(QPoint(left, header.height())))

    def _cell_menu_at(self, point: QPoint) -> None:
        cell_menu(self).popup(self.view.viewport().mapToGlobal(point))

    def export(self) -> None:
        """Ask for this view as a workbook."""
        self.export_requested.emit(self.table_as_seen())

    def _chosen(self, index: QModelIndex) -> None:
        record = int(self.model.records[index.row()])
        key = self.model.key_at(index.row())
        shown = record if key is None else key
        self.activated.emit(shown)
        self.cell_activated.emit(shown, self.model.table.columns[index.column()].name)

    # --- clipboard and editing ----------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the selection with headers, as shown."""
        self._clipboard.copy(raw=False)

    def copy_raw(self) -> None:
        """Copy the selection with headers, values as a program would write them."""
        self._clipboard.copy(raw=True)

    def paste(self) -> None:
        """Paste cells at the current one: all of them, or none and the list of faults."""
        self._clipboard.paste()

    def fill_down(self) -> None:
        """Copy the first selected row of each block into the rows below it."""
        self._clipboard.fill_down()

    def clear_cells(self) -> None:
        """Empty the selected cells."""
        self._clipboard.clear_cells()

    def _edited(self, edits: object) -> None:
        self.messages.clear()
        self._summary_timer.start()
        self.edited.emit(edits)

    def _refused(self, faults: Sequence[Fault]) -> None:
        self.messages.show_faults(tr("Nothing was changed."), faults)

    # --- figures of the selection -------------------------------------------------------------------------------

    def _start_summary(self) -> None:
        if not self._sums:
            return
        blocks = [(self.model.records[rows], columns) for rows, columns in selected_blocks(self.view)]
        if sum(len(rows) * len(columns) for rows, columns in blocks) < 2:
            self._figures.stop()
            self._status.setText("")
            return
        self._figures.start(summarise(self.model.table, blocks), self._show_summary)

    def _show_summary(self, last: object) -> None:
        if isinstance(last, Summary):
            self._status.setText(last.text(self.model.formats))


def _spread(widths: Sequence[int], needs: Sequence[int], room: int) -> list[int]:
    """Widths of columns that fill the room, as far as that looks well; as they are where there is none."""
    found = list(widths)
    for place, need in enumerate(needs):
        found[place] += max(0, min(need - found[place], room - sum(found)))
    total = sum(found)
    if 0 < total < room:
        share = min(room / total, _WIDER)
        found = [int(width * share) for width in found]
    return found
