"""Starts the window: paints first, imports later."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QEvent,
    QLocale,
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

import salesops_desktop
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.theme import apply_theme
from salesops_desktop.ui.window import Window


class FirstPaint(QObject):
    """Calls ``then`` once, after a widget's first paint has reached the screen.

    Args:
        window: the window or part of it to watch.
        then: what to do.
    """

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then: Callable[[], None] | None = then
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Wait for the paint event, then let the event loop finish it before anything else begins."""
        if event.type() == QEvent.Type.Paint and self._then is not None:
            then, self._then = self._then, None
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._window, then)
        return super().eventFilter(watched, event)


def _quieten_offscreen() -> None:
    """Keep one empty remark of the offscreen platform off the terminal; everything else Qt says still gets there."""

    def on_message(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if "propagateSizeHints" not in text and sys.stderr is not None:
            sys.stderr.write(f"{text}\n")

    qInstallMessageHandler(on_message)


def make_application(arguments: Sequence[str] = ()) -> QApplication:
    """The one application object, named and dressed."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    _quieten_offscreen()
    app = QApplication(["salesops-desktop", *arguments])
    if QLocale.system().language() == QLocale.Language.C:
        # A machine without a locale groups no digits and writes dates nobody reads.
        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    app.setApplicationName("SalesOps Desktop")
    app.setApplicationDisplayName("SalesOps Desktop")
    app.setApplicationVersion(salesops_desktop.__version__)
    app.setDesktopFileName("salesops-desktop")
    return app


def open_window(
    path: Path | None,
    *,
    on_first_paint: Callable[[], None] | None = None,
    on_furnished: Callable[[], None] | None = None,
) -> tuple[QApplication, Window]:
    """Show the window; what it holds, and then everything heavy, comes after its first paint.

    Args:
        path: the workspace to open; the last one where none is given.
        on_first_paint: told when the first paint is done (benchmarks and tests).
        on_furnished: told when bars, pages and tabs have been painted too.
    """
    app = make_application()
    preferences = Preferences()
    mode = preferences.theme
    apply_theme(app, "light" if mode == "light" else "dark" if mode == "dark" else "system")
    window = Window(preferences, furnished=False)

    def painted() -> None:
        if on_first_paint is not None:
            on_first_paint()
        window.furnish()
        FirstPaint(window.start_page, furnished)

    def furnished() -> None:
        if on_furnished is not None:
            on_furnished()
        window.wake(path)

    # What has been loaded by then stays; looking through it for garbage would hold up the event loop each time.
    window.usable.connect(gc.enable)
    window.ready.connect(gc.freeze)
    FirstPaint(window, painted)
    window.show()
    return app, window


def run(path: Path | None) -> int:
    """Run the window until it is closed; the exit status."""
    hooked: list[Callable[[], None]] = []

    def hook() -> None:
        from salesops_desktop.ui.crash import install_hooks  # noqa: PLC0415  # after the first paint

        hooked.append(install_hooks(window.preferences.crash_folder, window.fail))

    app, window = open_window(path, on_furnished=hook)
    # Ctrl+C in the terminal ends the window as a close would; the timer lets Python see the signal.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    heartbeat = QTimer(window)
    heartbeat.start(500)
    heartbeat.timeout.connect(lambda: None)
    try:
        return int(app.exec())
    finally:
        for restore in hooked:
            restore()
        sys.stdout.flush()
