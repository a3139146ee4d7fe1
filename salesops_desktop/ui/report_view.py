"""Shows what a job returned: its sentences, and its tables in the one grid."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTabWidget, QVBoxLayout, QWidget

from salesops_desktop.jobs.declare import Report
from salesops_desktop.model.tables import Table
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.grid import Grid


class ReportDialog(QDialog):
    """A job's report in a window of its own; not modal.

    Args:
        title: the job's title.
        report: what it returned.
        export: asked to write a table to a file.
        parent: the window.
    """

    def __init__(self, title: str, report: Report, export: Callable[[Table], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        layout = QVBoxLayout(self)
        for sentence in report.summary():
            label = QLabel(sentence)
            label.setWordWrap(True)
            layout.addWidget(label)
        tables = [table for table in report.tables() if table.columns]
        self.grids = [self._grid(table, export) for table in tables]
        if len(self.grids) == 1:
            layout.addWidget(self.grids[0], 1)
        elif self.grids:
            pages = QTabWidget()
            pages.setAccessibleName(tr("Tables"))
            for table, grid in zip(tables, self.grids, strict=True):
                pages.addTab(grid, table.title)
            layout.addWidget(pages, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)
        self.resize(900 if tables else 480, 560 if tables else 160)

    @staticmethod
    def _grid(table: Table, export: Callable[[Table], None]) -> Grid:
        grid = Grid(name=table.title)
        grid.set_table(table)
        grid.export_requested.connect(export)
        return grid
