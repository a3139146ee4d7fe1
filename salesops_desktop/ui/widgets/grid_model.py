"""The one item model: column arrays behind a permutation of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QLocale, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from salesops_desktop.model.errors import Fault, SalesOpsError
from salesops_desktop.model.money import PPM, to_minor
from salesops_desktop.model.tables import Cell, Column, Table, ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import NUMERIC, Formats, raw_text
from salesops_desktop.ui.widgets.grid_filters import filter_mask, search_mask
from salesops_desktop.ui.widgets.grid_order import Key, Mask, Rows, TextIndex, missing_mask, sort_key, sorted_rows

Index = QModelIndex | QPersistentModelIndex

DISPLAY: Final = Qt.ItemDataRole.DisplayRole
ALIGNMENT: Final = Qt.ItemDataRole.TextAlignmentRole
EDIT: Final = Qt.ItemDataRole.EditRole
SPOKEN: Final = Qt.ItemDataRole.AccessibleTextRole
# Plain integers and ready-made flags: Qt asks for them again and again.
RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_FIXED: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_OPEN: Final = _FIXED | Qt.ItemFlag.ItemIsEditable

EMPTY: Final = Table("", ())
_MOST_ORDERS: Final = 3


@dataclass(frozen=True, slots=True)
class Order:
    """One level of sorting."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """One cell that a person changed.

    Attributes:
        record: the row's place in the table that was set.
        key: the table's key of the row, or None.
        column: the column's name.
        old: the value before.
        new: the value wanted: money in major units, rates as fractions, None for emptied.
    """

    record: int
    key: int | None
    column: str
    old: Cell
    new: Cell


class GridModel(QAbstractTableModel):
    """A :class:`Table` as Qt sees it.

    A *record* is a row's place in the table, a *row* its place on screen.
    """

    about_to_change = Signal()
    """Rows are about to move, appear or vanish; remember the selection now."""
    rows_changed = Signal()
    """Rows have moved, appeared or vanished."""
    edited = Signal(object)
    """A person changed cells: list[Edit]; the table shown already holds them."""
    refused = Signal(object)
    """What a person typed or pasted does not fit: list[Fault]; nothing was changed."""

    def __init__(self, parent: QObject | None = None, locale: QLocale | None = None) -> None:
        super().__init__(parent)
        self.formats = Formats(locale)
        self.table = EMPTY
        self.order: tuple[Order, ...] = ()
        self.filters: dict[str, str] = {}
        self.filter_faults: dict[str, str] = {}
        self.search = ""
        self.editable: frozenset[str] = frozenset()
        self.records: Rows = np.arange(0)
        self._sorted: Rows = self.records
        self._mask: Mask | None = None
        self._shown: list[Callable[[int], str]] = []
        self._alignment: list[int] = []
        self._texts: dict[str, TextIndex] = {}
        self._keys: dict[str, Key] = {}

    # --- what Qt asks -------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """Rows let through by filters and search."""
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """Columns of the table."""
        return 0 if parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """One cell; painting does not come here, see :class:`CellTable`."""
        if role == DISPLAY:
            return self._shown[index.column()](self.records.item(index.row()))
        if role == ALIGNMENT:
            return self._alignment[index.column()]
        if role == EDIT:
            return self._edit_text(index.row(), index.column())
        if role == SPOKEN:
            column = index.column()
            shown = self._shown[column](int(self.records[index.row()]))
            return f"{self.table.columns[column].label}: {shown or tr('blank')}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:  # noqa: N802
        """Column labels and row numbers."""
        if orientation == Qt.Orientation.Vertical:
            return self.formats.integer(section + 1) if role == DISPLAY else None
        if not 0 <= section < len(self.table.columns):
            return None
        column = self.table.columns[section]
        if role == DISPLAY:
            return column.label
        if role == ALIGNMENT:
            return self._alignment[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.label}\n{column.description}" if column.description else column.label
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Selectable; editable where the column is."""
        if self.editable and index.isValid() and self.table.columns[index.column()].name in self.editable:
            return _OPEN
        return _FIXED

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column first, by the earlier ones after it; column -1 returns to the table's own order."""
        if column < 0:
            self.set_order(())
            return
        name = self.table.columns[column].name
        first = Order(name, order == Qt.SortOrder.DescendingOrder)
        self.set_order((first, *(o for o in self.order if o.column != name))[:_MOST_ORDERS])

    def setData(self, index: Index, value: object, role: int = EDIT) -> bool:  # noqa: N802
        """Take what a person typed into a cell, or refuse it with a fault."""
        if role != EDIT:
            return False
        return self.put([(index.row(), index.column(), str(value))])

    # --- the table ----------------------------------------------------------------------------------------------

    def set_table(self, table: Table) -> None:
        """Show another table; sorting, filters and search stay where its columns have the same names."""
        self.about_to_change.emit()
        self.beginResetModel()
        self.table = table
        self._texts.clear()
        self._keys.clear()
        self._shown = [self.formats.cell(column) for column in table.columns]
        self._alignment = [RIGHT if column.kind in NUMERIC else LEFT for column in table.columns]
        names = set(table.names)
        self.order = tuple(o for o in self.order if o.column in names)
        self.filters = {name: text for name, text in self.filters.items() if name in names}
        self._replay_order()
        self._recompute_mask()
        self._apply()
        self.endResetModel()
        self.rows_changed.emit()

    def set_locale(self, locale: QLocale) -> None:
        """Write numbers and dates as ``locale`` does."""
        self.formats = Formats(locale)
        self.set_table(self.table)

    def set_order(self, order: Sequence[Order]) -> None:
        """Sort; the first entry matters most."""
        wanted = tuple(order)
        if wanted == self.order:
            return
        self.about_to_change.emit()
        self.layoutAboutToBeChanged.emit()
        builds_on = wanted[1:] == self.order[: len(wanted) - 1] and len(wanted) > 0
        dropped = wanted and any(o.column == wanted[0].column for o in self.order)
        self.order = wanted
        if builds_on and not dropped:
            self._sorted = self._sort_by(self._sorted, wanted[0])
        else:
            self._replay_order()
        before = self.persistentIndexList()
        held = [(i, int(self.records[i.row()])) for i in before]
        self._apply()
        self._move_persistent(held)
        self.layoutChanged.emit()
        self.rows_changed.emit()

    def set_filters(self, filters: Mapping[str, str]) -> None:
        """Replace the column filters (texts by column name); faulty ones let everything through and are told in
        :attr:`filter_faults`.
        """  # noqa: D205  # one sentence
        self._refilter(filters={name: text for name, text in filters.items() if text.strip()})

    def set_filter(self, name: str, text: str) -> None:
        """Set or clear (empty text) the filter of one column."""
        self.set_filters({**self.filters, name: text})

    def set_search(self, text: str) -> None:
        """Show only rows in which some column holds ``text``."""
        self._refilter(search=text.strip())

    def _refilter(self, *, filters: dict[str, str] | None = None, search: str | None = None) -> None:
        self.about_to_change.emit()
        self.beginResetModel()
        self.filters = self.filters if filters is None else filters
        self.search = self.search if search is None else search
        self._recompute_mask()
        self._apply()
        self.endResetModel()
        self.rows_changed.emit()

    def _sort_by(self, rows: Rows, order: Order) -> Rows:
        column = self.table[order.column]
        if order.column not in self._keys:
            self._keys[order.column] = sort_key(column, self._texts.get(order.column))
        return sorted_rows(rows, self._keys[order.column], missing_mask(column), descending=order.descending)

    def _replay_order(self) -> None:
        rows: Rows = np.arange(len(self.table))
        for order in reversed(self.order):
            rows = self._sort_by(rows, order)
        self._sorted = rows

    def _recompute_mask(self) -> None:
        self.filter_faults = {}
        mask: Mask | None = None
        for name, text in self.filters.items():
            try:
                part = filter_mask(self.table[name], text, self.formats, self.text_index)
            except SalesOpsError as fault:
                self.filter_faults[name] = fault.sentence
                continue
            mask = part if mask is None else mask & part
        if self.search and self.table.columns:
            part = search_mask(self.table.columns, self.search, self.formats, self.text_index)
            mask = part if mask is None else mask & part
        self._mask = mask

    def _apply(self) -> None:
        self.records = self._sorted if self._mask is None else self._sorted[self._mask[self._sorted]]

    def _move_persistent(self, held: list[tuple[QModelIndex, int]]) -> None:
        if not held:
            return
        rows = self.rows_of(np.array([record for _, record in held], dtype=np.intp))
        for (index, _), row in zip(held, rows.tolist(), strict=True):
            self.changePersistentIndex(index, self.index(row, index.column()) if row >= 0 else QModelIndex())

    def text_index(self, column: Column) -> TextIndex:
        """The folded texts of a column, built once."""
        index = self._texts.get(column.name)
        if index is None:
            index = self._texts[column.name] = TextIndex(column.values)
        return index

    def writer_of(self, column: int) -> Callable[[int], str]:
        """A function from a record to the text of its cell in ``column``."""
        return self._shown[column]

    def alignment_of(self, column: int) -> int:
        """:data:`RIGHT` or :data:`LEFT`."""
        return self._alignment[column]

    # --- rows and values ----------------------------------------------------------------------------------------

    def rows_of(self, records: Rows) -> Rows:
        """Where records are on screen; -1 for those filtered out."""
        place = np.full(len(self.table), -1, dtype=np.intp)
        place[self.records] = np.arange(len(self.records))
        inside = (records >= 0) & (records < len(place))
        return np.where(inside, place[np.where(inside, records, 0)], -1) if len(place) else np.full(len(records), -1)

    def key_at(self, row: int) -> int | None:
        """The table's key of a row on screen, or None when the table has no keys."""
        keys = self.table.keys
        return None if keys is None else int(keys[self.records[row]])

    def value_at(self, row: int, column: int) -> Cell:
        """The typed value of a cell on screen."""
        return self.table.columns[column].cell(int(self.records[row]))

    def _edit_text(self, row: int, column: int) -> str:
        record = int(self.records[row])
        field = self.table.columns[column]
        if field.is_missing(record):
            return ""
        if field.kind is ValueKind.MONEY:
            return f"{field.cell(record)}".replace(".", self.formats.point)
        return self._shown[column](record)

    def raw_at(self, row: int, column: int) -> str:
        """The value of a cell as a program would write it."""
        return raw_text(self.value_at(row, column))

    # --- editing ------------------------------------------------------------------------------------------------

    def put(self, cells: Sequence[tuple[int, int, str]]) -> bool:
        """Take texts for cells (row, column, text): all of them, or none and the faults of all."""
        edits: list[Edit] = []
        faults: list[Fault] = []
        for row, place, text in cells:
            column, record = self.table.columns[place], int(self.records[row])
            where = tr("{column}, row {row}", column=column.label, row=row + 1)
            if column.name not in self.editable:
                faults.append(Fault(where, tr("This column cannot be changed here.")))
                continue
            try:
                new = self.formats.parse(text, column, record)
            except SalesOpsError as fault:
                faults.append(Fault(where, fault.what, fault.way_out))
                continue
            old = column.cell(record)
            if new != old:
                edits.append(Edit(record, self.key_at(row), column.name, old, new))
        if faults:
            self.refused.emit(faults)
            return False
        if edits:
            self._take(edits)
            self.edited.emit(edits)
        return True

    def _take(self, edits: Sequence[Edit]) -> None:
        by_column: dict[str, list[Edit]] = {}
        for edit in edits:
            by_column.setdefault(edit.column, []).append(edit)
        columns = tuple(changed_column(c, by_column[c.name]) if c.name in by_column else c for c in self.table.columns)
        self.table = replace(self.table, columns=columns)
        for place, column in enumerate(columns):
            if column.name in by_column:
                self._shown[place] = self.formats.cell(column)
                self._texts.pop(column.name, None)
                self._keys.pop(column.name, None)
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1), [])


def changed_column(column: Column, edits: Sequence[Edit]) -> Column:
    """The column with the new values of ``edits`` in a copy of its arrays."""
    values = column.values.copy()
    missing = None if column.missing is None else column.missing.copy()
    masked = column.kind in (ValueKind.INTEGER, ValueKind.MONEY, ValueKind.RATE, ValueKind.BOOLEAN)
    if masked and missing is None:
        missing = np.zeros(len(values), dtype=np.bool_)
    for edit in edits:
        values[edit.record] = stored_value(column, edit.record, edit.new)
        if masked and missing is not None:
            missing[edit.record] = edit.new is None
    return replace(column, values=values, missing=missing)


def stored_value(column: Column, record: int, value: Cell) -> Any:  # one return per kind
    """A typed value as the column's array stores it."""
    match column.kind:
        case ValueKind.MONEY:
            return 0 if value is None else to_minor(Decimal(str(value)), column.currency_at(record) or "USD")
        case ValueKind.RATE:
            return 0 if value is None else int(Decimal(str(value)) * PPM)
        case ValueKind.INTEGER | ValueKind.BOOLEAN:
            return value or 0
        case ValueKind.NUMBER | ValueKind.FRACTION:
            return np.nan if value is None else value
        case ValueKind.DATE | ValueKind.DATETIME:
            assert value is None or isinstance(value, dt.date)
            return np.datetime64("NaT" if value is None else value.isoformat()).astype(column.values.dtype)
        case _:
            return value
