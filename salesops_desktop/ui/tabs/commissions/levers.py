"""Sliders of what could be otherwise, each with its value beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats

CAP = "cap"
_STEPS = 50
"""Places of the cap's slider; the last one leaves the plans' caps."""
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Lever:
    """One slider: its name in the engine, on screen, its ends in per cent, and what it means."""

    name: str
    label: str
    low: int
    high: int
    meaning: str


def levers() -> tuple[Lever, ...]:
    """The levers, in their order."""
    return (
        Lever("rates", tr("Rates"), 50, 150, tr("Every rate of the plans.")),
        Lever("accelerators", tr("Accelerators"), 50, 200, tr("The rates of all tiers but the first, on top of that.")),
        Lever("quotas", tr("Quotas"), 50, 150, tr("The quotas of the people.")),
        Lever("volume", tr("Sales volume"), 50, 150, tr("What is sold in the period.")),
    )


class LeverBox(QWidget):
    """The sliders.

    Args:
        formats: how figures are written.
    """

    moved = Signal(object, object)
    """Ppm by name, and the cap in minor units or None."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._formats = formats
        self._most, self._currency = 0, ""
        self.sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        self._write: dict[str, Callable[[], str]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.tokens().spacing["m"])
        grid.setVerticalSpacing(theme.tokens().spacing["m"])
        for row, lever in enumerate(levers()):
            slider = self._slider(grid, row, lever.name, lever.label, lever.meaning)
            slider.setRange(lever.low, lever.high)
            slider.setValue(100)
            slider.setPageStep(5)
            self._write[lever.name] = partial(self._percent, slider)
        cap = self._slider(
            grid, len(self.sliders), CAP, tr("At most a window"), tr("Most that each component pays for a window.")
        )
        cap.setRange(0, _STEPS)
        cap.setValue(_STEPS)
        cap.setPageStep(5)
        self._write[CAP] = self._cap_text
        grid.setColumnStretch(1, 1)
        for name, slider in self.sliders.items():
            slider.valueChanged.connect(lambda _value, name=name: self._changed(name))
        self._show_all()

    def _slider(self, grid: QGridLayout, row: int, name: str, text: str, meaning: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(text)
        slider.setToolTip(meaning)
        slider.setMinimumWidth(110)
        slider.setMinimumHeight(24)
        label = QLabel(text)
        label.setBuddy(slider)
        label.setToolTip(meaning)
        value = QLabel()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setMinimumWidth(value.fontMetrics().horizontalAdvance("as in the plan") + 4)
        self.sliders[name], self._values[name] = slider, value
        for column, widget in enumerate((label, slider, value)):
            grid.addWidget(widget, row, column)
        return slider

    @property
    def cap(self) -> int | None:
        """The cap, minor units; None for the plans' own."""
        place = self.sliders[CAP].value()
        return None if place == _STEPS or not self._most else _two_digits(self._most * place // _STEPS)

    @property
    def shares(self) -> dict[str, int]:
        """Ppm of every lever."""
        return {name: slider.value() * _PPM // 100 for name, slider in self.sliders.items() if name != CAP}

    def set_cap_range(self, most: int, currency: str) -> None:
        """What the cap's slider spans: nothing to the most that somebody is paid; no currency, no cap."""
        if (most, currency) != (self._most, self._currency):
            self._most, self._currency = most, currency
            self._put(CAP, _STEPS)
        self.sliders[CAP].setEnabled(bool(currency) and most > 0)

    def reset(self) -> None:
        """Everything as it stands."""
        for name in self.sliders:
            self._put(name, _STEPS if name == CAP else 100)
        self.moved.emit(self.shares, self.cap)

    def _put(self, name: str, value: int) -> None:
        slider = self.sliders[name]
        with QSignalBlocker(slider):
            slider.setValue(value)
        self._show(name)

    def _changed(self, name: str) -> None:
        self._show(name)
        self.moved.emit(self.shares, self.cap)

    def _show_all(self) -> None:
        for name in self.sliders:
            self._show(name)

    def _show(self, name: str) -> None:
        text = self._write[name]()
        self._values[name].setText(text)
        slider = self.sliders[name]
        slider.setAccessibleDescription(f"{text}. {slider.toolTip()}")

    def _percent(self, slider: QSlider) -> str:
        return self._formats.percent(slider.value() / 100, 0)

    def _cap_text(self) -> str:
        cap = self.cap
        return tr("as in the plan") if cap is None else self._formats.money(cap, self._currency)


def _two_digits(amount: int) -> int:
    """A round figure, for a cap is one."""
    size: int = 10 ** max(len(str(amount)) - 2, 0)
    return amount // size * size
