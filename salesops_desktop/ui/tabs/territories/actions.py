"""What menus and palette ask of the Territories tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.commands import Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.territories.view import TerritoriesView


def _view(shell: Shell) -> TerritoriesView | None:
    from salesops_desktop.ui.tabs.territories.view import TerritoriesView  # noqa: PLC0415  # built when first shown

    view = shell.show_tab("territories")
    return view if isinstance(view, TerritoriesView) else None


def show_settings(shell: Shell) -> None:
    """Bring the tab to the front with the settings of a design unfolded."""
    view = _view(shell)
    if view is not None:
        view.show_settings()


def make_current(shell: Shell) -> None:
    """Ask from which day the scenario shown is to be current."""
    view = _view(shell)
    if view is not None:
        view.ask_make_current()


def _export(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.ask_export()


def commands(shell: Shell) -> Sequence[Command]:
    """Export the hand-over; the jobs themselves are commands already."""
    return (
        Command(
            "territories export",
            tr("Export hand-over workbook…"),
            lambda: _export(shell),
            "territories",
            icon="export",
            enabled=lambda: shell.session.is_open,
            section=3,
        ),
    )
