"""Sentences to read: a heading and a list of them, in a box that scrolls when it must."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.grid import Grid


def heading(text: str) -> QLabel:
    """A heading inside a page."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    theme.dress(label, role="strong")
    return label


def words(text: str = "", *, muted: bool = True) -> QLabel:
    """A text that wraps and can be copied."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if muted:
        theme.dress(label, tone="text_muted")
    return label


class WordsBox(QScrollArea):
    """Widgets and sentences under each other; scrolls when there is more than fits.

    Args:
        name: what they are about, for screen readers.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._inner = QWidget()
        self._inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.column = QVBoxLayout(self._inner)
        self.column.setContentsMargins(0, 0, theme.tokens().spacing["m"], 0)
        self.column.setSpacing(theme.tokens().spacing["m"])
        self._sentences: list[QLabel] = []
        self._tail = self.column
        self.setWidget(self._inner)
        self.viewport().setAutoFillBackground(False)
        self._inner.setAutoFillBackground(False)

    def set_sentences(self, sentences: Sequence[str]) -> None:
        """Show these sentences at the end, one a paragraph."""
        if [label.text() for label in self._sentences] == list(sentences):
            return
        while len(self._sentences) > len(sentences):
            gone = self._sentences.pop()
            self._tail.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self._sentences) < len(sentences):
            label = words(muted=False)
            self._sentences.append(label)
            self._tail.addWidget(label)
        for label, sentence in zip(self._sentences, sentences, strict=True):
            label.setText(sentence)

    def end(self) -> None:
        """Nothing comes but sentences: what room is left stays under them."""
        self._tail = QVBoxLayout()
        self._tail.setSpacing(theme.tokens().spacing["m"])
        self.column.addLayout(self._tail)
        self.column.addStretch(1)


def fit_rows(grid: Grid) -> None:
    """Make a short table as high as its rows: inside a page that scrolls it must not scroll too."""
    view = grid.view
    rows = sum(view.rowHeight(row) for row in range(view.model().rowCount()))
    around = view.horizontalHeader().sizeHint().height() + view.horizontalScrollBar().sizeHint().height()
    view.setFixedHeight(rows + around + 2 * view.frameWidth() + 2)
    grid.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
