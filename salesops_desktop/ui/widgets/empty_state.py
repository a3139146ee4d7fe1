"""What a page shows while there is nothing to show: why, and the ways on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from salesops_desktop.ui import theme
from salesops_desktop.ui.widgets.flow import FlowLayout

_MOST_ACTIONS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """A way on: a button's label, what it does, and its icon's name."""

    label: str
    action: Callable[[], object]
    icon: str = ""


class EmptyState(QWidget):
    """An icon, a title, a sentence and up to three buttons, in the middle of the page.

    Args:
        icon: the icon's name.
        title: a few words.
        sentence: what to do, or what it needs.
        ways: up to three; the first is the default.
        parent: Qt's parent.
    """

    def __init__(
        self, icon: str, title: str, sentence: str, ways: Sequence[Way] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self.buttons: list[QPushButton] = []
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = _centred(role="title")
        self._sentence = _centred(tone="text_muted")
        self._row = QWidget()
        self._flow = FlowLayout(self._row)
        self._row.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self.set_content(icon, title, sentence, ways)
        theme.theme().changed.connect(self._dress)

    def _lay_out(self) -> None:
        space = theme.tokens().spacing
        column = QVBoxLayout(self)
        column.setContentsMargins(*[space["xl"]] * 4)
        column.setSpacing(space["m"])
        column.addStretch(2)
        for label in (self._icon, self._title, self._sentence):
            column.addWidget(label)
        column.addSpacing(space["m"])
        column.addWidget(self._row, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def set_content(self, icon: str, title: str, sentence: str, ways: Sequence[Way] = ()) -> None:
        """Say something else."""
        self._icon_name = icon
        self._title.setText(title)
        self._sentence.setText(sentence)
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        for button in self.buttons:
            self._flow.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(way, first=place == 0) for place, way in enumerate(ways[:_MOST_ACTIONS])]
        widths = sum(b.sizeHint().width() for b in self.buttons) + self._flow.spacing() * max(0, len(self.buttons) - 1)
        self._row.setMinimumWidth(min(widths, 600))
        self._row.setVisible(bool(self.buttons))
        self._dress()

    def _button(self, way: Way, *, first: bool) -> QPushButton:
        button = QPushButton(way.label, self._row)
        button.setAccessibleName(way.label.replace("&", ""))
        button.setDefault(first)
        button.clicked.connect(lambda _checked=False: way.action())
        if way.icon:
            button.setIcon(theme.icon(way.icon))
        self._flow.addWidget(button)
        button.show()
        return button

    def _dress(self) -> None:
        pixmap = theme.icon(self._icon_name, "text_muted").pixmap(48, 48)
        self._icon.setPixmap(pixmap)
        self._icon.setVisible(not pixmap.isNull())


def _centred(**looks: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    theme.dress(label, **looks)
    return label
