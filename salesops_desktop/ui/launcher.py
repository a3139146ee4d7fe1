"""What the command line is handed to reach the window; imports Qt only when it is used."""

from __future__ import annotations

import builtins
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def _import_qt() -> None:
    """Load Qt's Python binding without the import hook it leaves behind.

    The hook reads the source of every module imported later, to offer snake_case names nobody here uses; it costs a
    fifth of the start-up.
    """
    plain = builtins.__import__
    import PySide6.QtCore  # noqa: F401, PLC0415  # commands without a window load no Qt

    builtins.__import__ = plain


class Launcher:
    """Opens the window and takes pictures of it."""

    def __init__(self) -> None:
        self._pictured = False

    def open(self, path: Path | None) -> int:
        """Show the window, run until it is closed.

        Args:
            path: the workspace to open; the last one where none is given.

        Returns:
            The exit status.
        """
        if self._pictured:  # this process draws off screen and cannot change its mind
            frozen = getattr(sys, "frozen", False)
            program = [sys.executable] if frozen else [sys.executable, "-m", "salesops_desktop"]
            import subprocess  # noqa: PLC0415  # slow to import, and not needed to open the window

            plain = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
            return subprocess.call([*program, "open", *([str(path)] if path else [])], env=plain)  # noqa: S603
        gc.disable()  # nothing imported becomes garbage; on again when the workspace is there
        _import_qt()
        from salesops_desktop.ui.app import run  # noqa: PLC0415  # commands without a window load no Qt

        return run(path)

    def screens(
        self, workspace: Path, out: Path, sizes: Sequence[tuple[int, int]], themes: Sequence[str]
    ) -> list[Path]:
        """Take pictures of all tabs and of the main dialogs; always off screen, so that they are the same everywhere.

        Args:
            workspace: what they show.
            out: where the PNG files go; made when absent.
            sizes: (width, height) of the window.
            themes: ``light`` and ``dark``.

        Returns:
            The files written.
        """
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        self._pictured = True
        from salesops_desktop.ui.screens import take  # noqa: PLC0415  # commands without a window load no Qt

        return take(workspace, out, sizes, themes)
