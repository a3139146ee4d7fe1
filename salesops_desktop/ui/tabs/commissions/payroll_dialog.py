"""Which columns payroll wants: each with its own heading, in its own order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.wrap_row import WrapRow

FIELDS: Final = {
    "person id": "number of the person",
    "name": "name",
    "email": "e-mail address",
    "plan": "plan",
    "period": "period",
    "from": "first day of the period",
    "to": "last day of the period",
    "earned": "earned",
    "paid": "to be paid",
    "ahead": "of it paid ahead (draw)",
    "currency": "currency of the plan",
    "run": "run",
    "payout": "to be paid, in the person's currency",
    "payout currency": "the person's currency",
    "payout rate": "its exchange rate",
    "reported": "to be paid, in the company's currency",
    "reporting currency": "the company's currency",
    "reporting rate": "its exchange rate",
}
"""Fields of the payroll file in words, in the order they are offered."""
_USUAL: Final = 12
"""How many are chosen where nothing is remembered: all but what is converted."""


class PayrollDialog(QDialog):
    """Asks for the columns.

    Args:
        run: the run's name.
        columns: ``header=field`` as they were chosen last; empty for the usual ones.
        parent: Qt's parent.
    """

    chosen = Signal(object)
    """The columns as ``header=field``, in order."""

    def __init__(self, run: str, columns: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export for payroll"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = QLabel(
            tr("{run} as a csv file. Tick the columns that payroll wants and give them the headings it knows.", run=run)
        )
        words.setWordWrap(True)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([tr("What"), tr("Heading")])
        self.table.setAccessibleName(tr("Columns of the payroll file"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.up = QPushButton(tr("Move up"))
        self.down = QPushButton(tr("Move down"))
        self.usual = QPushButton(theme.icon("undo"), tr("The usual columns"))
        row = WrapRow()
        row.add(self.up, self.down, self.usual)
        self.buttons = QDialogButtonBox()
        self.yes = self.buttons.addButton(tr("Write the file…"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.no = self.buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.up, self.down, self.usual, self.yes, self.no):
            button.setAccessibleName(button.text().rstrip("…"))
            button.setAutoDefault(button in (self.yes, self.no))
        self.yes.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.tokens().spacing["l"]] * 4)
        layout.setSpacing(theme.tokens().spacing["m"])
        for widget in (words, self.table, row, self.buttons):
            layout.addWidget(widget)
        self.resize(560, 560)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.usual.clicked.connect(lambda: self._fill(()))
        self.table.itemChanged.connect(lambda _item: self.yes.setEnabled(bool(self.columns())))
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self._fill(columns)
        self.table.setFocus()

    def _fill(self, columns: Sequence[str]) -> None:
        named = {field: header for header, _, field in (text.rpartition("=") for text in columns) if field in FIELDS}
        usual = list(FIELDS)[:_USUAL]
        ticked = list(named) or usual
        self.table.setRowCount(0)
        for field in [*ticked, *(field for field in FIELDS if field not in ticked)]:
            self._add(self.table.rowCount(), field, named.get(field, field.capitalize()), on=field in ticked)
        self.table.setCurrentCell(0, 0)

    def _add(self, row: int, field: str, header: str, *, on: bool) -> None:
        what, heading = QTableWidgetItem(tr(FIELDS[field])), QTableWidgetItem(header)
        what.setData(Qt.ItemDataRole.UserRole, field)
        what.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        what.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.table.insertRow(row)
        self.table.setItem(row, 0, what)
        self.table.setItem(row, 1, heading)

    def _move(self, step: int) -> None:
        row = self.table.currentRow()
        if 0 <= row + step < self.table.rowCount():
            field, header, on = self._rows()[row]
            self.table.removeRow(row)
            self._add(row + step, field, header, on=on)
            self.table.setCurrentCell(row + step, 0)

    def _rows(self) -> list[tuple[str, str, bool]]:
        found = []
        for row in range(self.table.rowCount()):
            what, heading = self.table.item(row, 0), self.table.item(row, 1)
            if what is not None and heading is not None:
                field = str(what.data(Qt.ItemDataRole.UserRole))
                found.append((field, heading.text().strip(), what.checkState() is Qt.CheckState.Checked))
        return found

    def columns(self) -> list[str]:
        """The columns ticked as ``header=field``, in order."""
        return [f"{header or field}={field}" for field, header, on in self._rows() if on]

    def _accept(self) -> None:
        columns = self.columns()
        self.accept()
        self.chosen.emit(columns)
