"""One record as a card: every field with its value, to read and to copy."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats


class RecordCard(QDialog):
    """Shows one row of a table.

    Args:
        table: the rows.
        row: which one.
        parent: the owning widget.
    """

    def __init__(self, table: Table, row: int, parent: QWidget) -> None:
        super().__init__(parent)
        formats = Formats(QLocale())
        self._values: list[tuple[QLabel, QLabel, bool]] = []
        inner = QWidget()
        form = QFormLayout(inner)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        name = ""
        for column in table.columns:
            missing = column.is_missing(row)
            text = "—" if missing else formats.cell(column)(row)
            if column.name == "name":
                name = text
            label, value = QLabel(tr(column.label)), QLabel(text)
            value.setWordWrap(True)
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            value.setAccessibleName(tr("{label}: {value}", label=column.label, value=text))
            form.addRow(label, value)
            self._values.append((label, value, missing))
        self.setWindowTitle(name or table.title)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(tr("Fields"))
        self.blanks = QCheckBox(tr("Show empty fields"))
        self.blanks.setAccessibleName(tr("Show empty fields"))
        self.blanks.toggled.connect(self._show_blanks)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.blanks)
        layout.addWidget(buttons)
        self._show_blanks(on=False)
        self.resize(520, 560)

    def _show_blanks(self, on: bool) -> None:  # Qt's signal
        for label, value, missing in self._values:
            label.setVisible(on or not missing)
            value.setVisible(on or not missing)
