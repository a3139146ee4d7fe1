"""The columns of a sheet and the fields they go into: a table with a choice in each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from salesops_desktop.model.entities import EntitySpec, entity
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.data.import_presenter import DATE_ORDERS, DECIMAL_MARKS

if TYPE_CHECKING:
    from salesops_desktop.jobs.import_draft import DraftSheet

HEADER, FIELD, READ_AS, SAMPLES, EVIDENCE = range(5)
CHOICES = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex
_LABELS = ("Column", "Goes into", "Read as", "Samples", "Why")
_ORDER_WORDS = {"dmy": "day month year", "mdy": "month day year", "ymd": "year month day"}
_MARK_WORDS = {".": "decimal point", ",": "decimal comma"}
_KIND_WORDS = {
    ValueKind.TEXT: "text",
    ValueKind.INTEGER: "whole numbers",
    ValueKind.NUMBER: "numbers",
    ValueKind.MONEY: "money",
    ValueKind.RATE: "percentages",
    ValueKind.FRACTION: "percentages",
    ValueKind.DATE: "dates",
    ValueKind.DATETIME: "dates and times",
    ValueKind.BOOLEAN: "yes or no",
}


def _read_as(sheet: DraftSheet, place: int, value: object) -> str:
    column = sheet.inspection.columns[place]
    if column.date_order is not None:
        return tr(_ORDER_WORDS.get(str(value), "dates: please choose"))
    if column.decimal_mark:
        return tr(_MARK_WORDS.get(str(value), "numbers"))
    return tr(_KIND_WORDS[column.kind])


def _evidence(sheet: DraftSheet, place: int) -> str:
    column, plan = sheet.inspection.columns[place], sheet.plan
    guess = next((g for g in sheet.inspection.suggestions if plan is not None and g.entity == plan.entity), None)
    why = guess.why.get(column.index, "") if guess else ""
    why = f"{why[:1].upper()}{why[1:]}." if why else ""
    return " ".join(part for part in (why, column.evidence, *column.notices) if part)


class ColumnModel(QAbstractTableModel):
    """The columns of one sheet."""

    field_chosen = Signal(int, object)
    """(column index, field name or None)."""
    order_chosen = Signal(int, str)
    mark_chosen = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sheet: DraftSheet | None = None

    def set_sheet(self, sheet: DraftSheet | None) -> None:
        """Show the columns of another sheet, or of the same one planned otherwise."""
        same = (
            sheet is not None
            and self._sheet is not None
            and sheet.inspection.headers == self._sheet.inspection.headers
            and sheet.inspection.name == self._sheet.inspection.name
        )
        if same:
            self._sheet = sheet
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(_LABELS) - 1))
            return
        self.beginResetModel()
        self._sheet = sheet
        self.endResetModel()

    @property
    def spec(self) -> EntitySpec | None:
        """The kind of record the sheet becomes."""
        plan = self._sheet.plan if self._sheet else None
        return entity(plan.entity) if plan is not None else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """One row for each column of the sheet."""
        return 0 if parent.isValid() or self._sheet is None else len(self._sheet.inspection.columns)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802  # Qt's signature
        """Header, field, how it is read, samples, evidence."""
        return 0 if parent.isValid() else len(_LABELS)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """The labels of the columns."""
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_LABELS[section])
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """What can be chosen is editable."""
        plain = super().flags(index)
        return plain | Qt.ItemFlag.ItemIsEditable if self.choices(index) else plain

    def choices(self, index: _Index) -> list[tuple[str, object]]:
        """(words, value) of what a cell offers; empty where there is nothing to choose."""
        if self._sheet is None or self._sheet.plan is None or not index.isValid():
            return []
        column = self._sheet.inspection.columns[index.row()]
        if index.column() == FIELD and self.spec is not None:
            fields: list[tuple[str, object]] = [(tr(f.label), f.name) for f in self.spec.fields]
            return [(tr("(keep as an extra column)"), None), *fields]
        if index.column() == READ_AS and column.date_order is not None:
            return [(tr(_ORDER_WORDS[order]), order) for order in DATE_ORDERS]
        if index.column() == READ_AS and column.decimal_mark:
            return [(tr(_MARK_WORDS[mark]), mark) for mark in DECIMAL_MARKS]
        return []

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts to show, the value to edit, whether there is a choice."""
        if self._sheet is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(index)
        if role == Qt.ItemDataRole.EditRole:
            return self._value(index)
        if role == CHOICES:
            return bool(self.choices(index))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{tr(_LABELS[index.column()])}: {self._text(index)}"
        return None

    def _value(self, index: _Index) -> object:
        sheet = self._sheet
        if sheet is None or sheet.plan is None:
            return None
        column = sheet.inspection.columns[index.row()]
        if index.column() == FIELD:
            return sheet.plan.mapping.get(column.index)
        if index.column() == READ_AS:
            order = sheet.plan.date_orders.get(column.index, column.date_order)
            return order if column.date_order is not None else column.decimal_mark
        return None

    def _text(self, index: _Index) -> str:
        sheet = self._sheet
        if sheet is None:
            return ""
        column = sheet.inspection.columns[index.row()]
        match index.column():
            case 0:
                return column.header
            case 1:
                name = self._value(index)
                plain = tr("(keep as an extra column)") if self.spec is not None else ""
                return tr(self.spec.field(str(name)).label) if name and self.spec is not None else plain
            case 2:
                return _read_as(sheet, index.row(), self._value(index))
            case 3:
                return " · ".join(column.samples[:3])
            case _:
                return _evidence(sheet, index.row())

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Ask for what was chosen; the presenter answers with another plan."""
        if self._sheet is None or role != Qt.ItemDataRole.EditRole or value == self._value(index):
            return False
        column = self._sheet.inspection.columns[index.row()]
        if index.column() == FIELD:
            self.field_chosen.emit(column.index, value)
        elif column.date_order is not None:
            self.order_chosen.emit(column.index, str(value))
        else:
            self.mark_chosen.emit(column.index, str(value))
        return True


class ChoiceDelegate(QStyledItemDelegate):
    """Shows a cell with choices as a closed box, and opens it for editing."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """A combo box where there is a choice, plain text elsewhere."""
        if not index.data(CHOICES):
            super().paint(painter, option, index)
            return
        box = QStyleOptionComboBox()
        box.rect = option.rect.adjusted(2, 2, -2, -2)
        box.palette = option.palette
        box.state = QStyle.StateFlag.State_Enabled
        if option.state & QStyle.StateFlag.State_HasFocus:
            box.state |= QStyle.StateFlag.State_HasFocus
        metrics = option.fontMetrics
        box.currentText = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, box.rect.width() - 32)
        style = QApplication.style()
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, box, painter)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, box, painter)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:  # noqa: N802
        """A box with the choices, open."""
        model = index.model()
        if not isinstance(model, ColumnModel):
            return super().createEditor(parent, option, index)
        combo = QComboBox(parent)
        combo.setAccessibleName(f"{model.headerData(index.column(), Qt.Orientation.Horizontal)}")
        for words, value in model.choices(index):
            combo.addItem(words, value)
        combo.activated.connect(lambda _row: self._commit(combo))
        return combo

    def _commit(self, combo: QComboBox) -> None:
        self.commitData.emit(combo)
        self.closeEditor.emit(combo)

    def setEditorData(self, editor: QWidget, index: _Index) -> None:  # noqa: N802  # Qt's name
        """Put the present choice into the box."""
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(index.data(Qt.ItemDataRole.EditRole))))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:  # noqa: N802
        """Hand the choice to the model."""
        if isinstance(editor, QComboBox) and isinstance(model, ColumnModel):
            model.setData(index, editor.currentData())


class ColumnTable(QTableView):
    """The table of columns and fields."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns = ColumnModel(self)
        self.setModel(self.columns)
        self.setItemDelegate(ChoiceDelegate(self))
        self.setAccessibleName(tr("Columns and the fields they go into"))
        self.setEditTriggers(QTableView.EditTrigger.EditKeyPressed | QTableView.EditTrigger.AnyKeyPressed)
        self.clicked.connect(self._open)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 14)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for section, letters in ((HEADER, 20), (FIELD, 26), (READ_AS, 25), (SAMPLES, 30)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(section, letters * self.fontMetrics().averageCharWidth())

    def _open(self, index: QModelIndex) -> None:
        """One click opens the choice; the keyboard has F2 and the arrows."""
        if self.columns.choices(index):
            self.edit(index)
            combo = self.viewport().findChild(QComboBox)
            if isinstance(combo, QComboBox):
                combo.showPopup()
