"""Rows of sliders: what could be otherwise, each with its name before it and its value behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from salesops_desktop.ui import theme

_NARROWEST = 90
"""Pixels of a slider."""
_HEIGHT = 24
"""Pixels of a slider, for a finger or an unsteady hand."""


@dataclass(frozen=True, slots=True)
class Lever:
    """One slider.

    Attributes:
        name: what the engine calls it.
        label: what it is called on screen.
        low: its first place.
        high: its last place.
        start: the place where nothing is otherwise.
        meaning: what it does, in a sentence.
        write: a place in words: ``105 %``.
        longest: the longest that ``write`` says; the column of values is as wide.
        page: places that a page key moves it.
    """

    name: str
    label: str
    low: int
    high: int
    start: int
    meaning: str
    write: Callable[[int], str]
    longest: str
    page: int = 2


class Levers(QWidget):
    """Sliders under each other, their names and values aligned.

    Args:
        levers: from top to bottom.
    """

    moved = Signal()
    """A person has moved one."""

    def __init__(self, levers: Sequence[Lever]) -> None:
        super().__init__()
        self.sliders: dict[str, QSlider] = {}
        self._levers = {lever.name: lever for lever in levers}
        self._values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.tokens().spacing["m"])
        grid.setVerticalSpacing(theme.tokens().spacing["s"])
        grid.setColumnStretch(1, 1)
        for row, lever in enumerate(levers):
            self._add(grid, row, lever)

    def _add(self, grid: QGridLayout, row: int, lever: Lever) -> None:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(lever.low, lever.high)
        slider.setValue(lever.start)
        slider.setPageStep(lever.page)
        slider.setAccessibleName(lever.label)
        slider.setToolTip(lever.meaning)
        slider.setMinimumSize(_NARROWEST, _HEIGHT)
        label = QLabel(lever.label)
        label.setBuddy(slider)
        label.setToolTip(lever.meaning)
        value = QLabel()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        # Of a fixed size, so that no layout is asked for room at every step: that paints the whole window anew.
        value.setFixedSize(value.fontMetrics().horizontalAdvance(lever.longest) + 4, _HEIGHT)
        self.sliders[lever.name], self._values[lever.name] = slider, value
        slider.valueChanged.connect(lambda _place, name=lever.name: self._changed(name))
        for column, widget in enumerate((label, slider, value)):
            grid.addWidget(widget, row, column)
        self.rewrite(lever.name)

    @property
    def places(self) -> dict[str, int]:
        """Where each slider stands."""
        return {name: slider.value() for name, slider in self.sliders.items()}

    @property
    def untouched(self) -> bool:
        """Whether every slider stands where nothing is otherwise."""
        return all(slider.value() == self._levers[name].start for name, slider in self.sliders.items())

    def put(self, places: Mapping[str, int]) -> None:
        """Put sliders somewhere, and those not named back to their start; nothing is said of it."""
        for name, slider in self.sliders.items():
            with QSignalBlocker(slider):
                slider.setValue(places.get(name, self._levers[name].start))
            self.rewrite(name)

    def rewrite(self, name: str) -> None:
        """Write the value of a slider anew: what a place means has changed."""
        slider = self.sliders[name]
        text = self._levers[name].write(slider.value())
        self._values[name].setText(text)
        slider.setAccessibleDescription(f"{text}. {slider.toolTip()}")

    def _changed(self, name: str) -> None:
        self.rewrite(name)
        self.moved.emit()
