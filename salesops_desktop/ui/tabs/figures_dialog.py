"""What a person may take from a chart: its figures as a table in a window of their own, its picture as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_desktop.ui.exporting import export_picture

if TYPE_CHECKING:
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tabs.tab import Shell
    from salesops_desktop.ui.widgets.chart import Chart


@dataclass(frozen=True, slots=True)
class _Figures:
    """One table, as the window's report dialog wants it."""

    table: Table

    def summary(self) -> Sequence[str]:
        """Nothing to say beside the figures."""
        return []

    def tables(self) -> Sequence[Table]:
        """The figures."""
        return [self.table]


def show_figures(shell: Shell, table: Table) -> None:
    """Show the figures of a chart.

    Args:
        shell: the window.
        table: the figures, titled as the chart.
    """
    shell.show_report(table.title, _Figures(table))


def serve_chart(shell: Shell, chart: Chart) -> None:
    """Show the figures and save the picture of a chart whenever a person asks it to."""
    chart.table_requested.connect(lambda table: show_figures(shell, table))
    chart.picture_requested.connect(lambda each: export_picture(shell, each))
