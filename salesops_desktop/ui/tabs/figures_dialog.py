"""The figures of a chart as a table, in a window of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.tabs.tab import Shell


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
