"""Scenarios side by side: maps, measures, disruption, quota, the accounts that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from salesops_desktop.model.tables import Table
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell
from salesops_desktop.ui.tabs.territories.map_pane import MapPane
from salesops_desktop.ui.tabs.territories.models import without_cents
from salesops_desktop.ui.tabs.territories.presenter import Shown, TerritoryState
from salesops_desktop.ui.tabs.territories.report_pane import GridTabs
from salesops_desktop.ui.tabs.words_box import fit_rows
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.grid import Grid


class CompareDialog(QDialog):
    """Two maps that move together above the figures of all scenarios compared.

    Args:
        shell: the window.
        formats: how figures are written.
        comparison: what the job says.
        shown: the first and the last of the scenarios, as pictures.
    """

    def __init__(self, shell: Shell, formats: Formats, comparison: Any, shown: Sequence[Shown]) -> None:
        super().__init__(shell.dialog_parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Scenarios side by side"))
        self.resize(shell.dialog_parent.size() * 0.94)
        self.maps = [MapPane(formats) for _ in shown]
        self._shown = list(shown)
        self._leading = False
        maps = QSplitter(Qt.Orientation.Horizontal)
        maps.setChildrenCollapsible(False)
        for view, each in zip(self.maps, shown, strict=True):
            maps.addWidget(_titled(each.report.name, view))
            view.render_state(TerritoryState(shown=each))
            view.setAccessibleName(tr("Map of {name}", name=each.report.name))
            if view is not self.maps[0]:  # one set of buttons does for all
                view.tools.hide()
                view.layers.setEnabled(False)
                view.layers.hide()
            view.looked.connect(lambda view=view: self._follow(view))
        self.maps[0].colored.connect(self._share_colors)
        self.maps[0].layers.changed.connect(self._share_layers)
        self.figures = Grid(name=tr("Scenarios side by side"), searchable=False)
        self.figures.set_table(without_cents(comparison.figures))
        self.figures.view.freeze(1)
        self.figures.export_requested.connect(shell.export_table)
        fit_rows(self.figures)
        self.tables = GridTabs(
            shell, tr("What differs"), {"differences": tr("Accounts that differ"), "territories": tr("People")}
        )
        self.tables.show_tables({"differences": comparison.differences, "territories": comparison.territories})
        differing = self.tables.grids["differences"]
        differing.pick_rows()
        differing.selection_changed.connect(lambda: self._mark(differing.selected_keys()))
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        lower = QWidget()
        under = QVBoxLayout(lower)
        under.setContentsMargins(0, 0, 0, 0)
        under.addWidget(self.figures)
        under.addWidget(self.tables, 1)
        split.addWidget(maps)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[theme.tokens().spacing["m"]] * 4)
        column.addWidget(split)
        self.maps[0].setFocus()

    def _follow(self, leader: MapPane) -> None:
        """The other map shows the same part of the earth."""
        if not self._leading:
            self._leading = True
            try:
                for view in self.maps:
                    if view is not leader:
                        view.look_as(leader)
            finally:
                self._leading = False

    def _share_colors(self) -> None:
        """A territory has the colour of its namesake on the first map."""
        first = self.maps[0]
        known = first.group_colors
        if known is None:
            return
        color = dict(zip(first.group_names, known.tolist(), strict=False))
        for view, each in zip(self.maps[1:], self._shown[1:], strict=True):
            names = each.picture.names
            free = len(theme.tokens().palette)
            view.set_groups(names, np.array([color.get(name, i % free) for i, name in enumerate(names)]))

    def _share_layers(self) -> None:
        """What colours and sizes show on the first map, they show on all."""
        first = self.maps[0].layers
        for view in self.maps[1:]:
            view.layers.colour.setCurrentIndex(first.colour.currentIndex())
            view.layers.sizes.setCurrentIndex(first.sizes.currentIndex())
            view.layers.changed.emit()

    def _mark(self, keys: Sequence[int]) -> None:
        for view in self.maps:
            view.set_selection(keys)

    def done(self, result: int) -> None:
        """Let the workers of the maps finish."""
        for view in self.maps:
            view.stop()
        super().done(result)

    def table_of(self, name: str) -> Table:
        """One of the tables shown."""
        return self.tables.grids[name].table


def _titled(text: str, widget: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    theme.dress(label, role="strong")
    row = QHBoxLayout()
    row.addWidget(label)
    row.addStretch(1)
    column.addLayout(row)
    column.addWidget(widget, 1)
    return box
