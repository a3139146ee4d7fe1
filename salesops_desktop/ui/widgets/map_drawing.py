"""Has plates drawn on a thread of its own, the newest wish only."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from salesops_desktop.model.tokens import ThemeTokens
from salesops_desktop.ui.widgets.map_render import Plate, Scene, draw_plate
from salesops_desktop.ui.widgets.map_scene import Window


class Draughtsman(QObject):
    """Draws one plate at a time; a plain thread, as Qt's pool waits for its workers while it holds the interpreter."""

    ready = Signal(object)
    """A Plate, or None where drawing failed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._next: Callable[[], None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a plate is being drawn."""
        return self._thread is not None

    def draw(self, scene: Scene, window: Window, ratio: float, tokens: ThemeTokens, old: Plate | None) -> None:
        """Have a plate drawn; while one is at work, only the newest wish is remembered."""
        if self._thread is not None:
            self._next = lambda: self._start(scene, window, ratio, tokens, old)
        else:
            self._start(scene, window, ratio, tokens, old)

    def _start(self, scene: Scene, window: Window, ratio: float, tokens: ThemeTokens, old: Plate | None) -> None:
        def work() -> None:
            plate = None
            try:
                plate = draw_plate(scene, window, ratio, tokens, old)
            finally:
                with contextlib.suppress(RuntimeError):  # the map is gone
                    self.ready.emit(plate)

        self._thread = threading.Thread(target=work, name="map-drawing", daemon=True)
        self._thread.start()

    def take(self) -> None:
        """The plate has arrived: begin the one that was wished for meanwhile."""
        if self._thread is not None:
            self._thread.join()  # it has told and is about to end
            self._thread = None
        wish, self._next = self._next, None
        if wish is not None:
            wish()

    def stop(self) -> None:
        """Begin nothing more; wait for the one at work."""
        self._next = None
        if self._thread is not None:
            self._thread.join(5.0)
