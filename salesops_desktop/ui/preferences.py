"""What the window remembers between starts: places, sizes, theme, recent files. One INI file in the user's folder."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

RECENT_LIMIT = 10


def default_folder() -> Path:
    """The folder for settings and crash reports; ``SALESOPS_CONFIG`` moves it (portable installations)."""
    moved = os.environ.get("SALESOPS_CONFIG")
    if moved:
        return Path(moved)
    kind = QStandardPaths.StandardLocation.GenericConfigLocation
    return Path(QStandardPaths.writableLocation(kind)) / "SalesOps Desktop"


class Preferences:
    """Typed reading and writing of the window's settings.

    Args:
        folder: where the INI file and the crash reports live.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()
        self._file = QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat)

    @property
    def crash_folder(self) -> Path:
        """Where crash reports are kept."""
        return self.folder / "crash-reports"

    @property
    def theme(self) -> str:
        """``system``, ``light`` or ``dark``."""
        value = str(self._file.value("window/theme", "system"))
        return value if value in {"system", "light", "dark"} else "system"

    @theme.setter
    def theme(self, mode: str) -> None:
        self._file.setValue("window/theme", mode)

    def recent(self) -> list[Path]:
        """Recently opened workspaces that still exist, newest first."""
        raw = self._file.value("files/recent", [])
        names = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, list) else []
        return [path for path in (Path(str(name)) for name in names if name) if path.is_file()]

    def add_recent(self, path: Path) -> None:
        """Put ``path`` first in the list of recent workspaces."""
        path = path.resolve()
        others = [other for other in self.recent() if other != path]
        self._file.setValue("files/recent", [str(p) for p in [path, *others][:RECENT_LIMIT]])

    @property
    def last_workspace(self) -> Path | None:
        """The workspace that was open when the window closed."""
        name = str(self._file.value("files/last", ""))
        return Path(name) if name and Path(name).is_file() else None

    @last_workspace.setter
    def last_workspace(self, path: Path | None) -> None:
        self._file.setValue("files/last", "" if path is None else str(path.resolve()))

    @property
    def last_folder(self) -> Path:
        """The folder file dialogs start in."""
        name = str(self._file.value("files/folder", ""))
        return Path(name) if name and Path(name).is_dir() else Path.home()

    @last_folder.setter
    def last_folder(self, folder: Path) -> None:
        self._file.setValue("files/folder", str(folder))

    def state(self, name: str) -> QByteArray | None:
        """A remembered geometry or splitter state."""
        value = self._file.value(f"state/{name}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_state(self, name: str, value: QByteArray) -> None:
        """Remember a geometry or splitter state."""
        self._file.setValue(f"state/{name}", value)

    def text(self, name: str, default: str = "") -> str:
        """A remembered text."""
        return str(self._file.value(f"text/{name}", default))

    def set_text(self, name: str, value: str) -> None:
        """Remember a text."""
        self._file.setValue(f"text/{name}", value)

    def save(self) -> None:
        """Write everything to the disk now."""
        self._file.sync()
