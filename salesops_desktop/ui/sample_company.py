"""Opens the sample company; the first time it is made from spreadsheets, as a person's own data would be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths

from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.ui.window import Window

FILE_NAME = "Sample company.salesops"


def sample_path() -> Path:
    """Where the sample company lives: the person's documents."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(folder or Path.home()) / FILE_NAME


def open_sample_company(window: Window, path: Path | None = None) -> None:
    """Open the sample company, made when it is not there yet.

    Args:
        window: shows it.
        path: the workspace file; in the person's documents where none is given.
    """
    target = path or sample_path()
    if target.exists():
        window.open_workspace(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    window.start_page.set_busy(tr("Making the sample company…"))

    def made(_report: object) -> None:
        window.open_workspace(target)

    def failed(error: SalesOpsError) -> None:
        window.start_page.set_busy("")
        window.fail(error)

    task = window.run_job("sample", {"path": target}, on_done=made, on_error=failed)
    if task is not None:
        task.on_cancelled = lambda: window.start_page.set_busy("")
