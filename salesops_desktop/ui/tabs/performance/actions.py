"""What menus and palette ask of the Performance tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.commands import Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.performance.view import PerformanceView


def _view(shell: Shell) -> PerformanceView | None:
    from salesops_desktop.ui.tabs.performance.view import PerformanceView  # noqa: PLC0415  # built when first shown

    view = shell.show_tab("performance")
    return view if isinstance(view, PerformanceView) else None


def show_kpis(shell: Shell) -> None:
    """Bring the tab to the front; it calculates by itself."""
    _view(shell)


def _export(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.ask_export()


def commands(shell: Shell) -> Sequence[Command]:
    """Export the workbook; the jobs themselves are commands already."""
    return (
        Command(
            "performance export",
            tr("Export KPI workbook…"),
            lambda: _export(shell),
            "performance",
            icon="export",
            enabled=lambda: shell.session.is_open,
            section=3,
        ),
    )
