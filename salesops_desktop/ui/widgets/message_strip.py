"""A message inside the page: information, warning or error, with an action and a fold for details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from salesops_desktop.model.errors import Fault, SalesOpsError
from salesops_desktop.ui import theme
from salesops_desktop.ui.i18n import tr, trn

Level = Literal["info", "success", "warning", "error"]
_ICONS = {"info": "info", "success": "check", "warning": "warning", "error": "error"}
_MOST_LINES = 8


class MessageStrip(QWidget):
    """Hidden until there is something to say."""

    closed = Signal()
    """The person closed the message."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: Level = "info"
        self._action: Callable[[], None] | None = None
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row = QHBoxLayout()
        self._others: list[QPushButton] = []
        self._button = QPushButton()
        self._button.clicked.connect(self._act)
        self._fold = QToolButton()
        self._fold.setCheckable(True)
        self._fold.setText(tr("Details"))
        self._fold.setAccessibleName(tr("Show details"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setArrowType(Qt.ArrowType.RightArrow)
        self._fold.setAutoRaise(True)
        self._fold.toggled.connect(self._unfold)
        self._close = QToolButton()
        self._close.setText("✕")
        self._close.setAutoRaise(True)
        self._close.setAccessibleName(tr("Close message"))
        self._close.setToolTip(tr("Close message"))
        self._close.clicked.connect(self._dismiss)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName(tr("Details of the message"))
        self._details.hide()
        self._lay_out()
        self.hide()
        theme.theme().changed.connect(self._dress)

    def _lay_out(self) -> None:
        row = self._row
        row.setSpacing(8)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        for button in (self._button, self._fold, self._close):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.addLayout(row)
        column.addWidget(self._details)

    @property
    def level(self) -> Level:
        """How serious the message is."""
        return self._level

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def show_message(
        self,
        level: Level,
        text: str,
        *,
        action: str = "",
        on_action: Callable[[], None] | None = None,
        more: Sequence[tuple[str, Callable[[], None]]] = (),
        details: str = "",
        closable: bool = True,
    ) -> None:
        """Say something.

        Args:
            level: how serious it is.
            text: the sentence.
            action: the label of the button; none when empty.
            on_action: called when the button is pressed.
            more: other ways on, each a button of its own: (label, what it does).
            details: technical text behind a fold; none when empty.
            closable: whether the person may close the strip.
        """
        self._level = level
        self._text.setText(text)
        self._action = on_action
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._offer(more)
        self._fold.setVisible(bool(details))
        self._fold.setChecked(False)
        self._details.setPlainText(details)
        lines = min(details.count("\n") + 1, _MOST_LINES)
        self._details.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 18)
        self._close.setVisible(closable)
        self.setAccessibleName(text)
        self._dress()
        self.show()

    def _offer(self, more: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Show a button for each further way on, before the fold."""
        for old in self._others:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._others = []
        for label, act in more:
            button = QPushButton(label)
            button.clicked.connect(act)
            self._row.insertWidget(self._row.indexOf(self._fold), button, 0, Qt.AlignmentFlag.AlignTop)
            self._others.append(button)

    def show_error(self, error: SalesOpsError) -> None:
        """Show an error's sentence, its details behind the fold."""
        self.show_message("error", error.sentence, details=error.details)

    def show_faults(self, text: str, faults: Sequence[Fault]) -> None:
        """Show a sentence with the list of faults behind the fold; a single fault is shown at once."""
        lines = [f"{f.where}: {f.what} {f.way_out}".strip() for f in faults]
        if len(lines) == 1:
            self.show_message("error", f"{text} {lines[0]}")
            return
        count = trn("{n} fault.", "{n} faults.", len(lines))
        self.show_message("error", f"{text} {count}", details="\n".join(lines))

    def clear(self) -> None:
        """Hide the strip."""
        self._action = None
        self.hide()

    def _act(self) -> None:
        if self._action is not None:
            self._action()

    def _dismiss(self) -> None:
        self.clear()
        self.closed.emit()

    def _unfold(self, shown: bool) -> None:  # Qt's signal
        self._fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._details.setVisible(shown)

    def _dress(self) -> None:
        pixmap = theme.icon(_ICONS[self._level], self._level).pixmap(18, 18)
        self._icon.setPixmap(pixmap)
        self._icon.setVisible(not pixmap.isNull())
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """A tinted ground with a bar in the colour of the level."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = theme.tokens().radius["s"]
        painter.setPen(QPen(theme.color("border"), 1))
        painter.setBrush(theme.color(f"{self._level}_surface"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), radius, radius)
        painter.fillRect(0, 1, 4, self.height() - 2, theme.color(self._level))
        painter.end()
