"""Five sliders of what could be otherwise; the picture beside them follows each move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSlider, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats

STEP = 5
"""Per cent between two places of a slider."""


@dataclass(frozen=True, slots=True)
class Lever:
    """One assumption: its name in the engine, on screen, its ends in per cent, and what it means."""

    name: str
    label: str
    low: int
    high: int
    meaning: str


def levers() -> tuple[Lever, ...]:
    """The assumptions, in their order."""
    return (
        Lever("win_rate", tr("Win rate"), 50, 150, tr("How readily deals are won, against what the past teaches.")),
        Lever("deal_size", tr("Deal size"), 50, 150, tr("Amounts still to be won, against what is written.")),
        Lever("cycle", tr("Sales cycle"), 50, 200, tr("How long deals take: at 200 % half as much is done by then.")),
        Lever("heads", tr("Head count"), 50, 150, tr("Sellers against today: new deals are created in proportion.")),
        Lever("ramp", tr("Ramp of new heads"), 0, 100, tr("What an added seller creates, against a settled one.")),
    )


class ScenarioPane(QWidget):
    """Sliders, each with its value, and a way back to what the past teaches.

    Args:
        formats: how figures are written.
    """

    changed = Signal(object)
    """The assumptions by name, 1.0 is as the past teaches."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self.sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        self.effect = QLabel()
        self.effect.setWordWrap(True)
        self.effect.setAccessibleName(tr("What the scenario does"))
        self.reset_button = QPushButton(theme.icon("undo"), tr("As the past teaches"))
        self.reset_button.setAccessibleName(tr("Put all sliders back"))
        self.reset_button.clicked.connect(lambda _checked=False: self.reset())
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.tokens().spacing["m"])
        grid.setVerticalSpacing(theme.tokens().spacing["s"])
        for row, lever in enumerate(levers()):
            self._add(grid, row, lever)
        grid.addWidget(self.effect, len(self.sliders), 0, 1, 3)
        grid.addWidget(self.reset_button, len(self.sliders) + 1, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(self.sliders) + 2, 1)

    def _add(self, grid: QGridLayout, row: int, lever: Lever) -> None:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(lever.low // STEP, lever.high // STEP)
        slider.setValue(100 // STEP)
        slider.setPageStep(2)
        slider.setTickInterval((lever.high - lever.low) // STEP // 4)
        slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        slider.setAccessibleName(lever.label)
        slider.setToolTip(lever.meaning)
        slider.setMinimumWidth(90)
        label = QLabel(lever.label)
        label.setBuddy(slider)
        label.setToolTip(lever.meaning)
        value = QLabel()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setMinimumWidth(value.fontMetrics().horizontalAdvance(self._formats.percent(2.0, 0)) + 4)
        self.sliders[lever.name], self._values[lever.name] = slider, value
        slider.valueChanged.connect(lambda _value: self._moved())
        for column, widget in enumerate((label, slider, value)):
            grid.addWidget(widget, row, column)
        self._write(lever.name)

    @property
    def values(self) -> dict[str, float]:
        """The assumptions as they stand."""
        return {name: slider.value() * STEP / 100 for name, slider in self.sliders.items()}

    def set_values(self, values: Mapping[str, float]) -> None:
        """Put the sliders somewhere, and say so once."""
        for name, slider in self.sliders.items():
            with QSignalBlocker(slider):
                slider.setValue(round(values.get(name, 1.0) * 100 / STEP))
        self._moved()

    def reset(self) -> None:
        """As the past teaches."""
        self.set_values({})

    def show_effect(self, text: str) -> None:
        """Say what the scenario does."""
        self.effect.setText(text)
        self.effect.setAccessibleDescription(text)

    def _moved(self) -> None:
        for name in self.sliders:
            self._write(name)
        self.reset_button.setEnabled(any(value != 1.0 for value in self.values.values()))
        self.changed.emit(self.values)

    def _write(self, name: str) -> None:
        slider = self.sliders[name]
        shown = self._formats.percent(slider.value() * STEP / 100, 0)
        self._values[name].setText(shown)
        slider.setAccessibleDescription(f"{shown}. {slider.toolTip()}")
