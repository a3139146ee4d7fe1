"""How the pipeline flows: coverage, velocity, slippage, conversion of stages, ageing; a table each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, heading
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.declare import Report
    from salesops_desktop.model.tables import Table


class FlowPane(QWidget):
    """The sentences of a report at the right, one of its tables at the left.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._tables: list[Table] = []
        self.picker = QComboBox()
        self.picker.setAccessibleName(tr("Figures of the flow"))
        self.grid = Grid(name=tr("Flow of the pipeline"))
        self.grid.export_requested.connect(shell.export_table)
        self.words = WordsBox(tr("The flow in words"))
        self.words.column.addWidget(heading(tr("In words")))
        self.words.end()
        label = QLabel(tr("Show"))
        label.setBuddy(self.picker)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.picker)
        row.addStretch(1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.grid, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.words)
        split.setSizes([700, 400])
        split.setChildrenCollapsible(False)
        split.setHandleWidth(theme.tokens().spacing["l"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.tokens().spacing["m"], 0, 0)
        layout.addWidget(split)
        self.picker.activated.connect(self._show_table)

    def show_report(self, report: Report) -> None:
        """Show a report of the flow, at the table that was looked at before."""
        before = self.picker.currentText()
        self._tables = [table for table in report.tables() if table.columns]
        self.picker.clear()
        self.picker.addItems([table.title for table in self._tables])
        place = max(0, self.picker.findText(before))
        self.picker.setCurrentIndex(place)
        self._show_table(place)
        self.words.set_sentences(list(report.summary()))

    def _show_table(self, place: int) -> None:
        if 0 <= place < len(self._tables):
            self.grid.set_table(self._tables[place])
