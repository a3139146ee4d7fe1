"""Exports just what a grid shows: asks for a file, hands the table to the job that writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tabs.tab import Shell


def export_table(shell: Shell, table: Table) -> None:
    """Ask for a file and write the table to it, as a workbook or as csv by the name's ending.

    Args:
        shell: the window.
        table: the rows and columns as they are to be written.
    """
    stem = "".join(c for c in table.title if c.isalnum() or c in " -_").strip() or tr("Table")
    start = shell.preferences.last_folder / f"{stem}.xlsx"
    filters = ";;".join((tr("Workbook (*.xlsx)"), tr("Text, comma separated (*.csv)")))
    name, chosen = QFileDialog.getSaveFileName(shell.dialog_parent, tr("Export this view"), str(start), filters)
    if name:
        path = Path(name)
        if path.suffix.lower() not in {".xlsx", ".csv"}:
            path = path.with_name(path.name + (".csv" if "csv" in chosen else ".xlsx"))
        write_table(shell, table, path)


def write_table(shell: Shell, table: Table, path: Path) -> None:
    """Write the table to ``path`` and say where it is."""
    shell.preferences.last_folder = path.parent

    def done(_report: object) -> None:
        shell.say(tr("Exported to {path}.", path=str(path)), kind="success", actions=open_file(path))

    shell.runner.run(
        _write,
        {"table": table, "path": path},
        title=tr("Exporting {name}", name=path.name),
        on_done=done,
        on_error=shell.fail,
    )


def _write(context: JobContext, table: Table, path: Path) -> object:
    from salesops_desktop.jobs.exports import export_view  # noqa: PLC0415  # heavy

    return export_view(context, table, path)


def open_file(path: Path) -> list[tuple[str, Callable[[], None]]]:
    """The action of a message that opens what was written."""
    return [(tr("Open it"), lambda: _open(path))]


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
