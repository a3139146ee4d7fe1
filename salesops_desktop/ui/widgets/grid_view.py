"""The table view of the grid: Excel's keys, block selection, frozen columns, and no freeze at a million rows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QToolTip, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.grid_header import FilterHeader
from salesops_desktop.ui.widgets.grid_model import GridModel
from salesops_desktop.ui.widgets.grid_order import missing_mask
from salesops_desktop.ui.widgets.grid_paint import CellTable

_MOVES = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
}
_OWN_SEQUENCES = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Paste, QKeySequence.StandardKey.SelectAll)
_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class GridView(CellTable):
    """Shows a :class:`GridModel`; what keys ask for beyond moving goes out as signals."""

    copy_asked = Signal()
    raw_copy_asked = Signal()
    paste_asked = Signal()
    fill_asked = Signal()
    clear_asked = Signal()
    header_menu_asked = Signal(int)
    """The menu of a column, by keyboard."""
    chosen = Signal(QModelIndex)
    """Enter or double click on a cell that cannot be edited."""

    def __init__(self, model: GridModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._anchor: tuple[int, int] | None = None
        self.without_rows = ""
        """What is written where there are no rows; a plain sentence where left empty."""
        self._frozen: QTableView | None = None
        self._frozen_header: FilterHeader | None = None
        self.frozen_columns: list[int] = []
        self.columns = FilterHeader(self)
        self.setHorizontalHeader(self.columns)
        self.setModel(model)
        dress_view(self)
        # The header asks isColumnSelected for every section at each change of selection, which costs seconds at a
        # million rows; a selection model of its own that stays empty answers at once.
        self.columns.setSelectionModel(QItemSelectionModel(model, self.columns))
        self.columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().setAccessibleName(tr("Row numbers"))
        self.doubleClicked.connect(self._choose)
        self.horizontalScrollBar().valueChanged.connect(self.columns.place_fields)
        self.columns.sectionResized.connect(self._column_resized)
        self.columns.sectionMoved.connect(lambda *_: self.freeze(len(self.frozen_columns)))

    # --- columns ------------------------------------------------------------------------------------------------

    def visible_columns(self) -> list[int]:
        """Model columns in sight or scrollable into it, from left to right."""
        header = self.columns
        ordered = (header.logicalIndex(v) for v in range(header.count()))
        return [column for column in ordered if not header.isSectionHidden(column)]

    def freeze(self, count: int) -> None:
        """Keep the first ``count`` visible columns in place when scrolling sideways; 0 frees them."""
        self.frozen_columns = self.visible_columns()[:count]
        if not self.frozen_columns:
            if self._frozen is not None:
                self._frozen.hide()
                self._frozen.deleteLater()
                self._frozen = self._frozen_header = None
            return
        if self._frozen is None:
            self._frozen = self._make_frozen()
        self._frozen.horizontalHeader().restoreState(self.columns.saveState())
        for column in range(self.grid_model.columnCount()):
            self._frozen.setColumnHidden(column, column not in self.frozen_columns)
        if self._frozen_header is not None:
            self._frozen_header.set_texts(*self.columns.texts())
            self._frozen_header.show_filters(self.columns.filters_shown)
        self._place_frozen()
        self._frozen.show()

    def _make_frozen(self) -> QTableView:
        view = CellTable(self.grid_model, self)
        header = self._frozen_header = FilterHeader(view)
        view.setHorizontalHeader(header)
        view.setModel(self.grid_model)
        view.setSelectionModel(self.selectionModel())
        header.setSelectionModel(QItemSelectionModel(self.grid_model, header))
        header.setSectionsMovable(False)
        header.setSortIndicatorShown(True)
        header.sectionClicked.connect(self._sort_frozen)
        header.filter_typed.connect(self.columns.filter_typed)
        header.customContextMenuRequested.connect(self._frozen_menu)
        dress_view(view)
        view.verticalHeader().hide()
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName(tr("Frozen columns"))
        view.doubleClicked.connect(self._choose)
        self.verticalScrollBar().valueChanged.connect(view.verticalScrollBar().setValue)
        view.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.viewport().stackUnder(view)
        return view

    def show_filters(self, shown: bool = True) -> None:
        """Show or hide the filter fields of all columns."""
        for header in self._headers():
            header.show_filters(shown)
        self._place_frozen()

    def set_filter_texts(self, texts: dict[int, str], faults: dict[int, str]) -> None:
        """Show these filters (by column) and mark the faulty ones."""
        for header in self._headers():
            header.set_texts(texts, faults)

    def focus_filter(self, column: int) -> None:
        """Put the cursor into the filter field of a column."""
        frozen = self._frozen_header is not None and column in self.frozen_columns
        self.show_filters()
        (self._frozen_header if frozen and self._frozen_header else self.columns).focus_field(column)

    def _headers(self) -> list[FilterHeader]:
        return [self.columns] if self._frozen_header is None else [self.columns, self._frozen_header]

    def _frozen_menu(self, point: QPoint) -> None:
        if self._frozen_header is not None:
            self.header_menu_asked.emit(self._frozen_header.logicalIndexAt(point))

    def _sort_frozen(self, column: int) -> None:
        first = self.grid_model.order[0] if self.grid_model.order else None
        again = first is not None and first.column == self.grid_model.table.columns[column].name
        down = again and first is not None and not first.descending
        self.sortByColumn(column, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)

    def frozen_width(self) -> int:
        """Pixels that the frozen columns cover."""
        return sum(self.columnWidth(column) for column in self.frozen_columns)

    def _place_frozen(self) -> None:
        if self._frozen is None:
            return
        left = self.verticalHeader().width() + self.frameWidth()
        height = self.viewport().height() + self.columns.height()
        self._frozen.setGeometry(left, self.frameWidth(), self.frozen_width(), height)
        self._frozen.horizontalHeader().setFixedHeight(self.columns.height())
        self._frozen.verticalScrollBar().setValue(self.verticalScrollBar().value())

    def _column_resized(self, column: int, _old: int, width: int) -> None:
        if self._frozen is not None and column in self.frozen_columns:
            self._frozen.setColumnWidth(column, width)
            self._place_frozen()

    def updateGeometries(self) -> None:  # noqa: N802
        """Keep the frozen columns over the table."""
        super().updateGeometries()
        self._place_frozen()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the filter fields and frozen columns in place."""
        super().resizeEvent(event)
        self._place_frozen()
        self.columns.place_fields()

    def scrollTo(  # noqa: N802
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a cell into sight, and not behind the frozen columns."""
        super().scrollTo(index, hint)
        if self.frozen_columns and index.column() not in self.frozen_columns:
            hidden = self.frozen_width() - self.visualRect(index).left()
            if hidden > 0:
                bar = self.horizontalScrollBar()
                bar.setValue(bar.value() - hidden)

    # --- selection ----------------------------------------------------------------------------------------------

    def select_block(self, anchor: tuple[int, int], target: tuple[int, int]) -> None:
        """Select the rectangle between two cells (row, place among the visible columns)."""
        model, columns = self.grid_model, self.visible_columns()
        top, bottom = sorted((anchor[0], target[0]))
        first, last = sorted((anchor[1], target[1]))
        chosen = sorted(columns[first : last + 1])
        selection = QItemSelection()
        start = 0
        for place in range(1, len(chosen) + 1):
            if place == len(chosen) or chosen[place] != chosen[place - 1] + 1:
                selection.append(_range(model, top, bottom, chosen[start], chosen[place - 1]))
                start = place
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flags.ClearAndSelect)
        current = model.index(target[0], columns[target[1]])
        self.selectionModel().setCurrentIndex(current, flags.NoUpdate)
        self._anchor = anchor
        self.scrollTo(current)

    def go_to(self, row: int, column: int) -> None:
        """Make a cell (model column) current and the only one selected."""
        index = self.grid_model.index(row, column)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._anchor = None
        self.scrollTo(index)

    # --- keys ---------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Claim the grid's own keys before the window's shortcuts take them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            own = any(event.matches(sequence) for sequence in _OWN_SEQUENCES)
            if own or _is_raw_copy(event):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Excel's keys first, then Qt's."""
        if self._command_key(event) or self._move_key(event):
            event.accept()
            return
        if event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control):
            self._anchor = None
        super().keyPressEvent(event)

    def _command_key(self, event: QKeyEvent) -> bool:  # one branch per key
        key, modifiers, current = event.key(), event.modifiers(), self.currentIndex()
        if _is_raw_copy(event):
            self.raw_copy_asked.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_asked.emit()
        elif key == Qt.Key.Key_D and modifiers == _CONTROL:
            self.fill_asked.emit()
        elif key == Qt.Key.Key_Delete and self.grid_model.editable:
            self.clear_asked.emit()
        elif key == Qt.Key.Key_Space and current.isValid() and modifiers in (_CONTROL, _SHIFT):
            self._select_lines(rows=modifiers == _SHIFT)
        elif key == Qt.Key.Key_Down and modifiers == Qt.KeyboardModifier.AltModifier:
            self.header_menu_asked.emit(max(0, current.column()))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            return self._choose(current)
        else:
            return False
        return True

    def _choose(self, index: QModelIndex) -> bool:
        if self.state() == QAbstractItemView.State.EditingState or (
            self.grid_model.flags(index) & Qt.ItemFlag.ItemIsEditable
        ):
            return False
        self.chosen.emit(index)
        return True

    def _select_lines(self, *, rows: bool) -> None:
        columns = self.visible_columns()
        current = self.currentIndex()
        place = columns.index(current.column())
        last_row = self.grid_model.rowCount() - 1
        selection = QItemSelection()
        if rows:
            selection.append(
                _range(self.grid_model, current.row(), current.row(), 0, self.grid_model.columnCount() - 1)
            )
        else:
            selection.append(_range(self.grid_model, 0, last_row, columns[place], columns[place]))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _move_key(self, event: QKeyEvent) -> bool:
        current, modifiers = self.currentIndex(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        extend, leap = bool(modifiers & _SHIFT), bool(modifiers & _CONTROL)
        if event.key() not in _MOVES or not current.isValid() or modifiers & ~(_SHIFT | _CONTROL):
            return False
        columns = self.visible_columns()
        if current.column() not in columns:
            return False
        row, place = self._target(Qt.Key(event.key()), current.row(), columns.index(current.column()), leap=leap)
        if extend:
            anchor = self._anchor or (current.row(), columns.index(current.column()))
            self.select_block(anchor, (row, place))
        else:
            self.go_to(row, columns[place])
        return True

    def _target(self, key: Qt.Key, row: int, place: int, *, leap: bool) -> tuple[int, int]:
        columns, last_row = self.visible_columns(), self.grid_model.rowCount() - 1
        match key:
            case Qt.Key.Key_Home:
                return (0 if leap else row), 0
            case Qt.Key.Key_End:
                return (last_row if leap else row), len(columns) - 1
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                step = 1 if key == Qt.Key.Key_Down else -1
                if leap:
                    return leap_to_edge(self._filled_down(columns[place]), row, step), place
                return min(max(row + step, 0), last_row), place
            case _:
                step = 1 if key == Qt.Key.Key_Right else -1
                if leap:
                    return row, leap_to_edge(self._filled_across(row, columns), place, step)
                return row, min(max(place + step, 0), len(columns) - 1)

    def _filled_down(self, column: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        absent = missing_mask(self.grid_model.table.columns[column])
        records = self.grid_model.records
        return np.ones(len(records), dtype=np.bool_) if absent is None else ~absent[records]

    def _filled_across(self, row: int, columns: list[int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        record = int(self.grid_model.records[row])
        return np.array([not self.grid_model.table.columns[c].is_missing(record) for c in columns], dtype=np.bool_)

    # --- painting -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The table, or a sentence when no row is left."""
        super().paintEvent(event)
        if self.grid_model.rowCount() == 0:
            painter = QPainter(self.viewport())
            filtered = bool(self.grid_model.filters or self.grid_model.search)
            text = tr("No row fits the filters.") if filtered else self.without_rows or tr("There are no rows.")
            painter.setPen(theme.color("text_muted"))
            painter.drawText(self.viewport().rect(), int(Qt.AlignmentFlag.AlignCenter), text)
            painter.end()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        """Whole text on hover where a cell is too narrow for it."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            text = str(self.grid_model.data(index)) if index.isValid() else ""
            if self.fontMetrics().horizontalAdvance(text) > self.columnWidth(index.column()) - 8:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)


def dress_view(view: QTableView) -> None:
    """What the grid and its frozen columns have in common."""
    view.setWordWrap(False)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setAlternatingRowColors(True)
    height = view.fontMetrics().height() + 8
    view.verticalHeader().setSectionResizeMode(view.verticalHeader().ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(height)
    view.verticalHeader().setMinimumSectionSize(height)
    view.verticalHeader().setHighlightSections(False)
    view.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    view.verticalScrollBar().setSingleStep(height)


def leap_to_edge(filled: np.ndarray[tuple[int], np.dtype[np.bool_]], at: int, step: int) -> int:
    """Where Ctrl+arrow lands: the last filled cell before a gap, else the next filled cell, else the end."""
    line = filled[at:] if step > 0 else filled[at::-1]
    if len(line) <= 1:
        return at
    if line[0] and line[1]:
        gaps = np.flatnonzero(~line)
        reach = int(gaps[0]) - 1 if len(gaps) else len(line) - 1
    else:
        more = np.flatnonzero(line[1:])
        reach = int(more[0]) + 1 if len(more) else len(line) - 1
    return at + step * reach


def _range(model: GridModel, top: int, bottom: int, left: int, right: int) -> QItemSelectionRange:
    return QItemSelectionRange(model.index(top, left), model.index(bottom, right))


def _is_raw_copy(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_C and event.modifiers() == (_CONTROL | _SHIFT)
