"""How tests drive the Commissions tab."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.ui.tabs.confirming import Confirm


def rest(window, qtbot):
    """Wait until nothing runs."""
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    QApplication.processEvents()


def click(qtbot, button):
    """Click a button that can be clicked."""
    assert button.isVisible(), button.text()
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def asked(window):
    """The question on screen."""
    return next(each for each in window.findChildren(Confirm) if each.isVisible())


def press_enter(window, qtbot):
    """Say yes to what is asked."""
    qtbot.keyClick(asked(window), Qt.Key.Key_Return)
    rest(window, qtbot)


def enter(view, room, window, qtbot):
    """Go to a room."""
    view.rooms.setCurrentWidget(room)
    QApplication.processEvents()
    rest(window, qtbot)


def traced(view, qtbot):
    """The trace, as soon as it is worked out."""
    qtbot.waitUntil(lambda: view.presenter.state.trace is not None, timeout=30_000)
    return view.presenter.state.trace
