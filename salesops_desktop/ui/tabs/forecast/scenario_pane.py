"""Five sliders of what could be otherwise, which the picture follows; sets of them are kept by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.widgets.formats import Formats
from salesops_desktop.ui.widgets.levers import Lever, Levers
from salesops_desktop.ui.widgets.still import Still

STEP = 5
"""Per cent between two places of a slider."""
_EFFECT_LINES = 2


def levers(formats: Formats) -> tuple[Lever, ...]:
    """The assumptions, in their order."""
    rows = (
        ("win_rate", tr("Win rate"), 50, 150, tr("How readily deals are won, against what the past teaches.")),
        ("deal_size", tr("Deal size"), 50, 150, tr("Amounts still to be won, against what is written.")),
        ("cycle", tr("Sales cycle"), 50, 200, tr("How long deals take: at 200 % half as much is done by then.")),
        ("heads", tr("Head count"), 50, 150, tr("Sellers against today: new deals are created in proportion.")),
        ("ramp", tr("Ramp of new heads"), 0, 100, tr("What an added seller creates, against a settled one.")),
    )
    write, longest = partial(_percent, formats), formats.percent(2.0, 0)
    return tuple(
        Lever(name, label, low // STEP, high // STEP, 100 // STEP, meaning, write, longest)
        for name, label, low, high, meaning in rows
    )


def _percent(formats: Formats, place: int) -> str:
    return formats.percent(place * STEP / 100, 0)


class ScenarioPane(QWidget):
    """Sliders, what they do, a way back to what the past teaches, and the sets that were kept.

    Args:
        formats: how figures are written.
    """

    changed = Signal(object)
    """The assumptions by name, 1.0 is as the past teaches."""
    keep_asked = Signal(str)
    """The assumptions that stand are to be kept under this name."""
    forget_asked = Signal(str)
    """Those of this name are to be forgotten."""

    def __init__(self, formats: Formats) -> None:
        super().__init__()
        self._stored: dict[str, Mapping[str, float]] = {}
        self._writable = False
        self.levers = Levers(levers(formats))
        self.sliders = self.levers.sliders
        self.effect = QLabel()
        self.effect.setWordWrap(True)
        self.effect.setAccessibleName(tr("What the scenario does"))
        self.effect.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.reset_button = QPushButton(theme.icon("undo"), tr("As the past teaches"))
        self.reset_button.setAccessibleName(tr("Put all sliders back"))
        self._make_keeping()
        self._lay_out()
        self.levers.moved.connect(self._moved)
        self.reset_button.clicked.connect(lambda _checked=False: self.reset())
        self.name.activated.connect(lambda _place: self._load())
        self.name.editTextChanged.connect(lambda _text: self._offer())
        self.keep_button.clicked.connect(lambda _checked=False: self.keep_asked.emit(self.called))
        self.forget_button.clicked.connect(lambda _checked=False: self.forget_asked.emit(self.called))
        self._offer()

    def _make_keeping(self) -> None:
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName(tr("Name of the assumptions"))
        self.name.setToolTip(tr("Choose assumptions that were kept, or name the ones that stand"))
        self.name.setMinimumWidth(90)
        field = self.name.lineEdit()
        if field is not None:
            field.setPlaceholderText(tr("Name to keep them by"))
        self.keep_button = QPushButton(tr("Keep"))
        self.keep_button.setAccessibleName(tr("Keep these assumptions under the name"))
        self.forget_button = QPushButton(tr("Forget"))
        self.forget_button.setAccessibleName(tr("Forget the assumptions of the name"))

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        label = QLabel(tr("Assumptions"))
        label.setBuddy(self.name)
        kept = QHBoxLayout()
        kept.setSpacing(space["s"])
        kept.addWidget(label)
        kept.addWidget(self.name, 1)
        for button in (self.keep_button, self.forget_button):
            kept.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space["s"])
        column.addWidget(self.levers)
        column.addLayout(kept)
        column.addWidget(Still(self.effect, _EFFECT_LINES))
        column.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    @property
    def values(self) -> dict[str, float]:
        """The assumptions as they stand."""
        return {name: place * STEP / 100 for name, place in self.levers.places.items()}

    @property
    def called(self) -> str:
        """The name that stands in the field."""
        return self.name.currentText().strip()

    def set_values(self, values: Mapping[str, float]) -> None:
        """Put the sliders somewhere, and say so once."""
        self.levers.put({name: round(value * 100 / STEP) for name, value in values.items()})
        self._moved()

    def reset(self) -> None:
        """As the past teaches."""
        self.set_values({})

    def set_stored(self, sets: Sequence[tuple[str, Mapping[str, float]]], *, writable: bool) -> None:
        """Offer the sets that are kept.

        Args:
            sets: name and assumptions of each.
            writable: more can be kept.
        """
        self._stored, self._writable = dict(sets), writable
        with QSignalBlocker(self.name):
            text = self.name.currentText()
            self.name.clear()
            self.name.addItems([name for name, _ in sets])
            self.name.setCurrentIndex(-1)
            self.name.setEditText(text)
        self._offer()

    def show_effect(self, text: str) -> None:
        """Say what the scenario does."""
        self.effect.setText(text)
        self.effect.setAccessibleDescription(text)

    def _load(self) -> None:
        values = self._stored.get(self.called)
        if values is not None:
            self.set_values(values)

    def _moved(self) -> None:
        self._offer()
        self.changed.emit(self.values)

    def _offer(self) -> None:
        """What can be done now."""
        moved = not self.levers.untouched
        self.reset_button.setEnabled(moved)
        same = self._stored.get(self.called) == self.values
        self.keep_button.setEnabled(self._writable and moved and bool(self.called) and not same)
        self.forget_button.setEnabled(self._writable and self.called in self._stored)
