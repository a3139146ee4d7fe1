"""The factors of a component: each a score, or looked up by attainments and scores, and what holds without a score."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from salesops_desktop.jobs.commission_plan_editing import Axis, AxisKind, Component, Factor, Lookup
from salesops_desktop.model.money import PPM
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.commissions.blocks import ppm, share
from salesops_desktop.ui.tabs.commissions.lookup_table import LookupTable
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.forms import Form, PercentField


class FactorBox(QWidget):
    """Edits one factor.

    Args:
        formats: how figures are written and read.
    """

    edited = Signal(object)
    """The Factor as it is now."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._factor: Factor | None = None
        self._showing = False
        self.from_table = QCheckBox()
        self.missing = PercentField(tr("Without a score"), placeholder=tr("the run names who lacks one"))
        self.form = Form({"missing": self.missing})
        self.table = LookupTable(formats, (AxisKind.ATTAINMENT, AxisKind.SCORE))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.tokens().spacing["s"])
        for widget in (self.from_table, self.table, self.form):
            column.addWidget(widget)
        self.from_table.toggled.connect(self._toggled)
        self.table.edited.connect(lambda lookup: self._take(table=lookup))
        self.missing.changed.connect(self._missing)

    def show_factor(self, factor: Factor, *, editable: bool) -> None:
        """Show another factor."""
        self._factor, self._showing = factor, True
        text = tr("{name}: from a table", name=factor.name)
        self.from_table.setText(text)
        self.from_table.setAccessibleName(text)
        self.from_table.setEnabled(editable)
        self.missing.setEnabled(editable)
        with QSignalBlocker(self.from_table):
            self.from_table.setChecked(factor.table is not None)
        self.table.setVisible(factor.table is not None)
        if factor.table is not None:
            self.table.show_lookup(factor.table, editable=editable)
        if not self.missing.fault() and self.missing.read() != share(factor.missing):
            self.missing.set_value(share(factor.missing))
        self._showing = False

    def _toggled(self, on: bool) -> None:  # Qt's signal
        assert self._factor is not None
        axis = Axis(AxisKind.SCORE, self._factor.name, (0,))
        self._take(table=Lookup((axis,), (PPM,)) if on else None)

    def _missing(self) -> None:
        if not self._showing and not self.missing.fault():
            self._take(missing=ppm(self.missing.value()))

    def _take(self, **changes: Any) -> None:
        if self._factor is not None:
            changed = replace(self._factor, **changes)
            if changed != self._factor:
                self.edited.emit(changed)


class FactorBoxes(QWidget):
    """Edits all factors of a component.

    Args:
        formats: how figures are written and read.
    """

    edited = Signal(object)
    """The Component as it is now."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._component: Component | None = None
        self.boxes: list[FactorBox] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.tokens().spacing["m"])

    def show_component(self, component: Component, *, editable: bool) -> None:
        """Show the factors of another component."""
        self._component = component
        while len(self.boxes) < len(component.factors):
            box = FactorBox(self._formats)
            box.edited.connect(partial(self._edited, len(self.boxes)))
            self.boxes.append(box)
            self._column.addWidget(box)
        for place, box in enumerate(self.boxes):
            there = place < len(component.factors)
            box.setVisible(there)
            if there:
                box.show_factor(component.factors[place], editable=editable)
        self.setVisible(bool(component.factors))

    def _edited(self, place: int, factor: Factor) -> None:
        component = self._component
        if component is not None and place < len(component.factors):
            factors = (*component.factors[:place], factor, *component.factors[place + 1 :])
            self.edited.emit(replace(component, factors=factors))
