"""A lookup table of one or more dimensions, edited in place: its axes, where their cells begin, and every value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.model.money import PPM
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.wrap_row import WrapRow
from salesops_desktop.ui.widgets.formats import Formats

if TYPE_CHECKING:
    from salesops_desktop.jobs.commission_plan_editing import Axis, AxisKind, Lookup

_NAMES = {"formula": tr("formula"), "attainment": tr("attainment of"), "score": tr("score")}


class LookupTable(QWidget):
    """Edits a lookup; the last axis runs across, all others down.

    Args:
        formats: how figures are written and read.
        kinds: what axes may look at.
    """

    edited = Signal(object)
    """The Lookup as it is now."""

    def __init__(self, formats: Formats, kinds: Sequence[AxisKind]) -> None:
        super().__init__()
        self._formats, self._kinds = formats, tuple(kinds)
        self._lookup: Lookup | None = None
        self._axes: list[tuple[QComboBox, QLineEdit, QLineEdit]] = []
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        for place, title in ((1, tr("Looked up by")), (2, tr("Cells begin at"))):
            label = QLabel(title)
            theme.dress(label, tone="text_muted", role="small")
            self._grid.addWidget(label, 0, place)
        self.message = QLabel()
        self.message.setWordWrap(True)
        theme.dress(self.message, tone="error", role="small")
        self.message.hide()
        self.table = QTableWidget()
        self.table.setAccessibleName(tr("Values of the table"))
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemChanged.connect(self._cell_edited)
        self.add_button = QPushButton(theme.icon("add"), tr("Add axis"))
        self.remove_button = QPushButton(theme.icon("remove"), tr("Remove axis"))
        for button in (self.add_button, self.remove_button):
            button.setAccessibleName(button.text())
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        buttons = WrapRow()
        buttons.add(self.add_button, self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        column.addLayout(self._grid)
        column.addWidget(self.message)
        column.addWidget(self.table)
        column.addWidget(buttons)

    # ------------------------------------------------------------------ showing

    def show_lookup(self, lookup: Lookup, *, editable: bool) -> None:
        """Show another lookup."""
        self.setEnabled(editable)
        self.remove_button.setEnabled(len(lookup.axes) > 1)
        if lookup == self._lookup:
            return
        self._lookup = lookup
        while len(self._axes) < len(lookup.axes):
            self._make_axis(len(self._axes))
        for place, (kind, by, bounds) in enumerate(self._axes):
            there = place < len(lookup.axes)
            for widget in (kind, by, bounds):
                widget.setVisible(there and (widget is not kind or len(self._kinds) > 1))
            if there:
                axis = lookup.axes[place]
                with QSignalBlocker(kind):
                    kind.setCurrentIndex(max(kind.findData(axis.kind.value), 0))
                if not by.hasFocus():
                    by.setText(axis.by)
                if not bounds.hasFocus():
                    bounds.setText(self._bounds_text(axis))
        self._fill(lookup)

    def _make_axis(self, place: int) -> None:
        kind, by, bounds = QComboBox(), QLineEdit(), QLineEdit()
        for one in self._kinds:
            kind.addItem(_NAMES[one.value], one.value)
        number = place + 1
        kind.setAccessibleName(tr("Axis {n} looks at", n=number))
        by.setAccessibleName(tr("Axis {n}", n=number))
        by.setPlaceholderText(tr("Axis {n}: a formula or a name", n=number))
        bounds.setAccessibleName(tr("Axis {n} begins at", n=number))
        bounds.setPlaceholderText(tr("0; 10 %; > 25 %"))
        bounds.setToolTip(tr("Where cells begin, with semicolons between; > where it must be exceeded."))
        kind.activated.connect(lambda _i: self._axis_edited(place))
        by.editingFinished.connect(lambda: self._axis_edited(place))
        bounds.editingFinished.connect(lambda: self._axis_edited(place))
        for column, widget in enumerate((kind, by, bounds)):
            self._grid.addWidget(widget, place + 1, column)
        self._axes.append((kind, by, bounds))

    def _bounds_text(self, axis: Axis) -> str:
        return "; ".join(
            ("> " if i in axis.exceeded else "") + self._bound(axis, bound) for i, bound in enumerate(axis.bounds)
        )

    def _bound(self, axis: Axis, bound: int) -> str:
        if axis.kind.value == "formula":
            return self._formats.number(bound / PPM)
        return self._formats.rate(bound)

    def _fill(self, lookup: Lookup) -> None:
        down = [self._labels(axis) for axis in lookup.axes[:-1]]
        across = self._labels(lookup.axes[-1]) if lookup.axes else [tr("Value")]
        rows = [" · ".join(parts) for parts in product(*down)]
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(rows))
            self.table.setColumnCount(len(across))
            self.table.setVerticalHeaderLabels(rows if down else [tr("Value")])
            self.table.setHorizontalHeaderLabels(across)
            for i, value in enumerate(lookup.values[: len(rows) * len(across)]):
                cell = QTableWidgetItem(self._formats.rate(value))
                cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(i // len(across), i % len(across), cell)
        high = sum(self.table.rowHeight(i) for i in range(min(len(rows), 8)))
        self.table.setFixedHeight(
            high + self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth() + 2
        )

    def _labels(self, axis: Axis) -> list[str]:
        return [
            (tr("above {bound}", bound=text) if i in axis.exceeded else tr("from {bound}", bound=text))
            for i, text in enumerate(self._bound(axis, bound) for bound in axis.bounds)
        ]

    # ------------------------------------------------------------------ editing

    def _cell_edited(self, item: QTableWidgetItem) -> None:
        lookup = self._lookup
        if lookup is None:
            return
        place = item.row() * self.table.columnCount() + item.column()
        try:
            value = int(self._formats.parse_share(item.text()) * PPM)
        except SalesOpsError as error:
            self._say(error.sentence)
            self._fill(lookup)
            return
        self._say("")
        self._take(replace(lookup, values=(*lookup.values[:place], value, *lookup.values[place + 1 :])))

    def _axis_edited(self, place: int) -> None:
        lookup = self._lookup
        if lookup is None or place >= len(lookup.axes):
            return
        kind, by, bounds = self._axes[place]
        old = lookup.axes[place]
        chosen = next(one for one in self._kinds if one.value == kind.currentData())
        try:
            begins, exceeded = self._read_bounds(bounds.text(), formula=chosen.value == "formula")
        except SalesOpsError as error:
            self._say(error.sentence)
            return
        self._say("")
        axis = replace(old, kind=chosen, by=by.text().strip(), bounds=begins, exceeded=exceeded)
        if axis != old:
            axes = (*lookup.axes[:place], axis, *lookup.axes[place + 1 :])
            self._take(resized(lookup, axes))

    def _read_bounds(self, text: str, *, formula: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        begins: list[int] = []
        exceeded: list[int] = []
        for part in (piece.strip() for piece in text.split(";")):
            if not part:
                continue
            if part.startswith(">"):
                exceeded.append(len(begins))
            plain = part.removeprefix(">").strip()
            share = self._formats.parse_share if "%" in plain or not formula else self._formats.parse_number
            begins.append(int(share(plain) * PPM))
        return tuple(begins) or (0,), tuple(exceeded)

    def _add(self) -> None:
        lookup = self._lookup
        if lookup is not None and lookup.axes:
            last = lookup.axes[-1]
            self._take(resized(lookup, (*lookup.axes, replace(last, bounds=(0,), exceeded=()))))

    def _remove(self) -> None:
        lookup = self._lookup
        if lookup is not None and len(lookup.axes) > 1:
            shape = [len(axis.bounds) for axis in lookup.axes]
            kept = np.array(lookup.values, dtype=object).reshape(shape)[..., 0]
            self._take(replace(lookup, axes=lookup.axes[:-1], values=tuple(kept.reshape(-1).tolist())))

    def _take(self, lookup: Lookup) -> None:
        self.show_lookup(lookup, editable=True)
        self.edited.emit(lookup)

    def _say(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))


def resized(lookup: Lookup, axes: tuple[Axis, ...]) -> Lookup:
    """A lookup with other axes: cells keep their values, new ones take those of their neighbours before them."""
    shape = [len(axis.bounds) for axis in lookup.axes]
    values = np.array(lookup.values, dtype=object).reshape(shape)
    values = values.reshape(shape + [1] * (len(axes) - len(shape)))
    for place, axis in enumerate(axes):
        wanted, there = len(axis.bounds), values.shape[place]
        values = np.take(values, np.minimum(np.arange(wanted), there - 1), axis=place)
    return replace(lookup, axes=axes, values=tuple(values.reshape(-1).tolist()))
