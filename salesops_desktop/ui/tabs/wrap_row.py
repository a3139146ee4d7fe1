"""A row of widgets that wraps, at the height its lines need.

Qt asks a layout that trades height for width how high it is at its *narrowest*, and makes the window at least that
high. This row sets its own height instead whenever its width or its contents change.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.flow import FlowLayout


class WrapRow(QWidget):
    """Widgets side by side, wrapped where the row is full.

    Args:
        parent: Qt's parent.
        spacing: pixels between widgets and lines; a usual gap where left out.
        stretch: give each line's widgets the same share of its width.
    """

    def __init__(self, parent: QWidget | None = None, *, spacing: int | None = None, stretch: bool = False) -> None:
        super().__init__(parent)
        gap = theme.tokens().spacing["m"] if spacing is None else spacing
        self.flow = FlowLayout(self, spacing=gap, stretch=stretch)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, *widgets: QWidget) -> None:
        """Put widgets at the end."""
        for widget in widgets:
            self.flow.addWidget(widget)

    def hasHeightForWidth(self) -> bool:  # noqa: N802  # Qt's name
        """No: the height is set, not asked for."""
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  # Qt's name
        """Another width may need other lines."""
        super().resizeEvent(event)
        self._settle()

    def event(self, event: QEvent) -> bool:
        """So may other contents."""
        answer = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._settle()
        return answer

    def _settle(self) -> None:
        height = self.flow.heightForWidth(self.width())
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)
