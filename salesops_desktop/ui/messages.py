"""The messages above the tabs: newest on top, a few at a time, each closed by the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from salesops_desktop.ui.widgets.message_strip import MessageStrip

Level = Literal["info", "success", "warning", "error"]
Actions = Sequence[tuple[str, Callable[[], None]]]

LIMIT = 3
"""How many messages are shown at once."""
VANISH_AFTER = 12_000
"""Milliseconds good news stays."""


class MessageArea(QWidget):
    """Stacks messages; an error is never pushed out by news."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(8, 8, 8, 8)
        self._layout.setSpacing(4)
        self.hide()

    @property
    def messages(self) -> list[MessageStrip]:
        """What is shown, newest first."""
        items = [self._layout.itemAt(i) for i in range(self._layout.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, MessageStrip)]

    def show_message(
        self, text: str, *, kind: Level = "info", details: str = "", actions: Actions = ()
    ) -> MessageStrip:
        """Show a message; the same text again takes the place of the earlier one.

        Args:
            text: the sentence.
            kind: how serious it is.
            details: technical text for the fold.
            actions: (label, what it does); each becomes a button that also closes the message.
        """
        for old in self.messages:
            if old.text == text or (old.level == "success" and kind == "success"):
                self._drop(old)
        strip = MessageStrip()

        def closing(act: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                self._drop(strip)
                act()

            return run

        ways = [(label, closing(act)) for label, act in actions]
        label, first = ways[0] if ways else ("", None)
        strip.closed.connect(lambda: self._drop(strip))
        self._layout.insertWidget(0, strip)
        self.show()
        strip.show_message(kind, text, action=label, on_action=first, more=ways[1:], details=details)
        shown = self.messages
        oldest_first = shown[::-1]
        spare = sorted(oldest_first, key=lambda each: each.level == "error")[: max(0, len(shown) - LIMIT)]
        for extra in spare:
            self._drop(extra)
        if kind == "success" and not actions:
            fade = QTimer(strip)
            fade.setSingleShot(True)
            fade.timeout.connect(lambda: self._drop(strip))
            fade.start(VANISH_AFTER)
        return strip

    def _drop(self, strip: MessageStrip) -> None:
        strip.hide()
        self._layout.removeWidget(strip)
        strip.setParent(None)
        strip.deleteLater()
        self.setVisible(bool(self.messages))

    def clear(self) -> None:
        """Close all messages."""
        for strip in self.messages:
            self._drop(strip)
