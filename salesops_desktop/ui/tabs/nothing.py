"""A page that explains itself: a picture, a title, a sentence, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from salesops_desktop.ui.theme import icon, scaled_font, theme


class Nothing(QWidget):
    """Shown in place of rows that are not there.

    Args:
        icon_name: the picture.
        title: a few words.
        text: a sentence.
        actions: (label, what it does) for up to three buttons.
    """

    def __init__(
        self, icon_name: str, title: str, text: str, actions: Sequence[tuple[str, Callable[[], None]]] = ()
    ) -> None:
        super().__init__()
        self._icon_name = icon_name
        self._picture = QLabel()
        self._title = QLabel(title)
        self._title.setFont(scaled_font(self._title.font(), "title", bold=True))
        words = QLabel(text)
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words.setMinimumWidth(320)
        words.setMaximumWidth(520)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        middle = Qt.AlignmentFlag.AlignHCenter
        for widget in (self._picture, self._title, words):
            layout.addWidget(widget, 0, middle)
        for label, act in actions[:3]:
            button = QPushButton(label)
            button.setAccessibleName(label)
            button.clicked.connect(lambda _=False, act=act: act())
            layout.addWidget(button, 0, middle)
        layout.addStretch(3)
        theme().changed.connect(self._paint)
        self._paint()

    def set_title(self, title: str) -> None:
        """Say something else."""
        self._title.setText(title)

    def _paint(self) -> None:
        self._picture.setPixmap(icon(self._icon_name, "text_muted").pixmap(QSize(48, 48)))
