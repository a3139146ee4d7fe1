"""Pages of which one is shown. Qt's own stack is as high as its highest page; this one as the page in front."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget


class Sheets(QWidget):
    """Shows one of several widgets."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.front: QWidget | None = None

    def add(self, page: QWidget) -> None:
        """Put a page behind the one in front."""
        page.hide()
        self._column.addWidget(page)

    def bring(self, page: QWidget) -> bool:
        """Bring a page to the front; whether another was there."""
        if page is self.front:
            return False
        if self.front is not None:
            self.front.hide()
        self.front = page
        page.show()
        return True
