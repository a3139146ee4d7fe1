"""Pictures of the window: every tab, the start page and the main dialogs, in any size and theme."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui.app import make_application
from salesops_desktop.ui.preferences import Preferences
from salesops_desktop.ui.theme import Mode, apply_theme
from salesops_desktop.ui.window import Window

PATIENCE = 120.0
"""Seconds a tab may take to show what it shows."""
_EXAMPLE = (
    "Company,Billing City,Annual Revenue,Created\n"
    "North Mills,Leeds,1200000,2024-03-01\n"
    "Bay Works,Bristol,850000,2024-05-17\n"
)


def take(workspace: Path, out: Path, sizes: Sequence[tuple[int, int]], themes: Sequence[str]) -> list[Path]:
    """Take all pictures.

    Args:
        workspace: what they show; opened read-only.
        out: where the PNG files go.
        sizes: (width, height) of the window in pixels.
        themes: ``light`` and ``dark``.

    Returns:
        The files, in the order they were taken.

    Raises:
        SalesOpsError: the workspace cannot be opened, or a tab never came to rest.
    """
    app = make_application()
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="salesops-screens-", ignore_cleanup_errors=True) as scratch:
        for theme in themes:
            mode: Mode = "dark" if theme == "dark" else "light"
            apply_theme(app, mode)
            camera = _Camera(Path(scratch) / theme, out, theme)
            written += camera.shoot(workspace, sizes)
    return written


class _Camera:
    def __init__(self, scratch: Path, out: Path, theme: str) -> None:
        self._scratch, self._out, self._theme = scratch, out, theme
        self._refused: SalesOpsError | None = None

    def shoot(self, workspace: Path, sizes: Sequence[tuple[int, int]]) -> list[Path]:
        window = Window(Preferences(self._scratch))
        window.session.refused.connect(self._on_refused)
        try:
            window.show()
            window.wake(reopen=False)
            wait_until(lambda: window.awake)
            written = [self._grab(window, "start", size) for size in sizes]
            window.open_workspace(workspace, read_only=True)
            wait_until(lambda: window.session.is_open or self._refused is not None)
            if self._refused is not None:
                raise self._refused
            window.messages.clear()
            for spec in window.tabs.specs:
                window.show_tab(spec.name)
                written += [self._grab(window, spec.name, size) for size in sizes]
            written += [self._grab_dialog(name, dialog) for name, dialog in self._dialogs(window)]
            return written
        finally:
            window.close()
            window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _on_refused(self, _path: Path, error: SalesOpsError | None) -> None:
        self._refused = error

    def _grab(self, window: Window, name: str, size: tuple[int, int]) -> Path:
        window.resize(*size)
        _rest(window)
        return self._save(window, f"{name}-{self._theme}-{size[0]}x{size[1]}")

    def _grab_dialog(self, name: str, dialog: QWidget) -> Path:
        path = self._save(dialog, f"{name}-{self._theme}")
        dialog.close()
        return path

    def _save(self, widget: QWidget, name: str) -> Path:
        path = self._out / f"{name}.png"
        if not widget.grab().save(str(path), "PNG"):
            raise SalesOpsError("The picture could not be written.", where=str(path), way_out="Choose another folder.")
        return path

    def _dialogs(self, window: Window) -> Iterator[tuple[str, QWidget]]:
        from salesops_desktop.ui.tabs.data.import_dialog import begin_import  # noqa: PLC0415  # heavy

        example = self._scratch / "accounts.csv"
        example.write_text(_EXAMPLE, encoding="utf-8")
        dialog = begin_import(window, [example])
        _rest(window)
        yield "import", dialog
        for command in ("new", "shortcuts", "about"):
            window.commands.trigger(command)
            _rest(window)
            for each in window.findChildren(QDialog):
                if each.isVisible():
                    yield command, each
        window.open_palette()
        _rest(window)
        if window.palette_dialog is not None:
            yield "palette", window.palette_dialog


def wait_until(ready: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let the window work until ``ready``.

    Raises:
        SalesOpsError: it never became so.
    """
    end = time.monotonic() + patience
    while not ready():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.001)
        if time.monotonic() > end:
            raise SalesOpsError("The window did not come to rest.", way_out="Try again with less running beside it.")


def _rest(window: Window) -> None:
    """Wait until nothing runs, maps are drawn and the timers of search and summary have fired."""
    from salesops_desktop.ui.widgets.map_surface import MapSurface  # noqa: PLC0415  # only where a map is shown

    quiet_since = time.monotonic()

    def quiet() -> bool:
        nonlocal quiet_since
        if window.runner.busy or not all(each.at_rest for each in window.findChildren(MapSurface)):
            quiet_since = time.monotonic()
        return time.monotonic() - quiet_since > 0.4

    wait_until(quiet)
