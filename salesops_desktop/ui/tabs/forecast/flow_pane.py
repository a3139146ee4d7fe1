"""How the pipeline flows: conversion of stages, coverage, velocity, slippage, creation, ageing; a picture each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.figures_dialog import serve_chart
from salesops_desktop.ui.tabs.forecast.flow_charts import flow_charts
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.words_box import WordsBox, heading
from salesops_desktop.ui.widgets.chart import Chart
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid

if TYPE_CHECKING:
    from salesops_desktop.jobs.pipeline_flow import FlowReport
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.widgets.chart_marks import ChartContent


class FlowPane(QWidget):
    """A picture with its figures under it, chosen by name; the whole flow in words at the right.

    Args:
        shell: the window.
        formats: how figures are written.
    """

    def __init__(self, shell: Shell, formats: Formats) -> None:
        super().__init__()
        self._shell = shell
        self._formats = formats
        self._parts: list[tuple[Table, ChartContent | None]] = []
        self.picker = QComboBox()
        self.picker.setAccessibleName(tr("Figures of the flow"))
        self.chart = Chart()
        serve_chart(shell, self.chart)
        self.tables = QStackedWidget()
        self._grids: dict[int, Grid] = {}
        self.words = WordsBox(tr("The flow in words"))
        self.words.column.addWidget(heading(tr("In words")))
        self.words.end()
        self._lay_out()
        self.picker.currentIndexChanged.connect(self._show_part)

    def _lay_out(self) -> None:
        label = QLabel(tr("Show"))
        label.setBuddy(self.picker)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.picker)
        row.addStretch(1)
        space = theme.tokens().spacing
        self.rows = QSplitter(Qt.Orientation.Vertical)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["m"])
        column.addLayout(row)
        column.addWidget(self.rows, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self.words)
        self.rows.addWidget(self.chart)
        self.rows.addWidget(self.tables)
        for each, sizes in ((self.rows, [300, 190]), (split, [760, 330])):
            each.setSizes(sizes)
            each.setStretchFactor(0, 3)
            each.setStretchFactor(1, 1)
            each.setChildrenCollapsible(False)
            each.setHandleWidth(space["l"] if each is split else space["m"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, space["m"], 0, 0)
        layout.addWidget(split)

    def show_report(self, report: FlowReport) -> None:
        """Show a report of the flow, at the part that was looked at before."""
        before = self.picker.currentText()
        self._parts = flow_charts(report, self._formats)
        self.picker.blockSignals(True)  # noqa: FBT003  # Qt's
        self.picker.clear()
        self.picker.addItems([table.title for table, _ in self._parts])
        place = max(0, self.picker.findText(before))
        self.picker.setCurrentIndex(place)
        self.picker.blockSignals(False)  # noqa: FBT003
        self._show_part(place)
        self.words.set_sentences(list(report.summary()))

    def _show_part(self, place: int) -> None:
        if not 0 <= place < len(self._parts):
            return
        table, content = self._parts[place]
        grid = self._grid_of(place)
        grid.set_table(table)
        self.tables.setCurrentWidget(grid)
        self.chart.setVisible(content is not None)
        if content is not None:
            self.chart.set_content(content)

    def _grid_of(self, place: int) -> Grid:
        """The grid of a part, made when it is first looked at: each keeps its own columns."""
        if place not in self._grids:
            grid = Grid(name=tr("Flow of the pipeline"), searchable=False)
            grid.export_requested.connect(self._shell.export_table)
            self.tables.addWidget(grid)
            self._grids[place] = grid
        return self._grids[place]
