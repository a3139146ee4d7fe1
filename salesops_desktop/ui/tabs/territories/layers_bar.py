"""What the map shows: a colour per territory or the heat of a measure, and what the size of an account means."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.territories.layers import COLOURS, SIZES


class LayersBar(QWidget):
    """Two choices in the corner of the map."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = _choice(tr("What colours show"), [(tr(layer.label), layer.name) for layer in COLOURS])
        self.sizes = _choice(tr("What sizes show"), [(tr(layer.label), layer.name) for layer in SIZES])
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.setSpacing(theme.tokens().spacing["s"])
        for text, box in ((tr("Colour"), self.colour), (tr("Size"), self.sizes)):
            label = QLabel(text)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box)
            box.activated.connect(lambda _place: self.changed.emit())
        self.adjustSize()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """A ground of its own on the map."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = theme.color("surface_raised")
        ground.setAlpha(232)
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)
        painter.end()


def _choice(name: str, entries: list[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for text, value in entries:
        box.addItem(text, value)
    return box
