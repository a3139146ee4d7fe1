"""A place of a fixed height for a label whose words change many times a second.

Qt asks every layout up to the window for room again whenever a label's text changes, and paints all of them anew: a
thousand times the work of painting the label. Inside this place nobody is asked.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Still(QWidget):
    """Holds a label.

    Args:
        label: fills the place.
        lines: of text that find room.
    """

    def __init__(self, label: QLabel, lines: int = 1) -> None:
        super().__init__()
        self._label, self._lines = label, lines
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._settle()

    def sizeHint(self) -> QSize:  # noqa: N802  # Qt's name
        """As wide as there is room."""
        return QSize(self._label.minimumSizeHint().width(), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """The label fills the place."""
        super().resizeEvent(event)
        self._label.setGeometry(self.rect())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  # Qt's name
        """Larger letters need higher lines."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._settle()

    def _settle(self) -> None:
        self.setFixedHeight(self._lines * self._label.fontMetrics().lineSpacing() + 4)
