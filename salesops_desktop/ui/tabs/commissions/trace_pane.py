"""How a line comes about: its steps, numbered, each with where it comes from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.models import TraceModel
from salesops_desktop.ui.tabs.commissions.presenter import CommissionState
from salesops_desktop.ui.widgets.elided_label import ElidedLabel
from salesops_desktop.ui.widgets.formats import Formats

_HOW = 2


class TracePane(QWidget):
    """Shows the trace of the selected line.

    Args:
        formats: how figures are written.
    """

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.model = TraceModel(formats, self)
        self.title = ElidedLabel()
        theme.dress(self.title, role="strong")
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.again = QPushButton(theme.icon("refresh"), tr("Calculate again"))
        self.again.setAccessibleName(tr("Calculate this period again"))
        self.filler = QWidget()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(tr("Steps of the line"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        for column in range(self.model.columnCount()):
            header.setSectionResizeMode(
                column,
                QHeaderView.ResizeMode.Stretch if column == _HOW else QHeaderView.ResizeMode.ResizeToContents,
            )
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.note, 1)
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self.filler, 1)

    def render_state(self, state: CommissionState, *, writable: bool) -> None:
        """Show a state."""
        self.model.set_trace(state.trace)
        fault = state.trace_fault
        self.again.setVisible(bool(fault) and writable)
        self.table.setVisible(state.trace is not None)
        self.filler.setVisible(state.trace is None)
        note = ""
        if state.trace is not None:
            pay = self.model.result(state.trace.steps[-1])
            self.title.setText(tr("How line {n} comes to {amount}", n=state.trace.line, amount=pay))
        else:
            self.title.setText(tr("Trace"))
            note = fault or (tr("Working out the steps…") if state.tracing else tr("Select a line to see its steps."))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        theme.dress(self.note, tone="error" if fault else "text_muted")

    def copy(self) -> None:
        """Copy all steps with their labels."""
        QGuiApplication.clipboard().setText(self.model.text())
