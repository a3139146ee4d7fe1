"""Exports just what a grid shows: asks for a file, hands the table to the job that writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui.i18n import tr

if TYPE_CHECKING:
    from salesops_desktop.jobs.context import JobContext
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tabs.tab import Shell
    from salesops_desktop.ui.widgets.chart import Chart


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


def export_picture(shell: Shell, chart: Chart) -> None:
    """Ask for a file and write the picture of a chart to it, as SVG or PNG by the name's ending."""
    title = chart.content.title or chart.accessibleName()
    stem = "".join(c for c in title if c.isalnum() or c in " -_").strip() or tr("Chart")
    start = shell.preferences.last_folder / f"{stem}.svg"
    filters = ";;".join((tr("Sharp at any size (*.svg)"), tr("Picture (*.png)")))
    name, chosen = QFileDialog.getSaveFileName(shell.dialog_parent, tr("Save the picture"), str(start), filters)
    if name:
        path = Path(name)
        if path.suffix.lower() not in {".svg", ".png"}:
            path = path.with_name(path.name + (".png" if "png" in chosen else ".svg"))
        write_picture(shell, chart, path)


def write_picture(shell: Shell, chart: Chart, path: Path) -> None:
    """Write the picture of a chart and say where it is."""
    shell.preferences.last_folder = path.parent
    try:
        chart.save_picture(path)
    except SalesOpsError as fault:
        shell.fail(fault)
    else:
        shell.say(tr("Saved to {path}.", path=str(path)), kind="success", actions=open_file(path))


def _write(context: JobContext, table: Table, path: Path) -> object:
    from salesops_desktop.jobs.exports import export_view  # noqa: PLC0415  # heavy

    return export_view(context, table, path)


def open_file(path: Path) -> list[tuple[str, Callable[[], None]]]:
    """The action of a message that opens what was written."""
    return [(tr("Open it"), lambda: _open(path))]


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
