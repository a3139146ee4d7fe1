"""What menus and palette ask of the Forecast tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.commands import Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.forecast.view import ForecastView


def _view(shell: Shell) -> ForecastView | None:
    from salesops_desktop.ui.tabs.forecast.view import ForecastView  # noqa: PLC0415  # built when first shown

    view = shell.show_tab("forecast")
    return view if isinstance(view, ForecastView) else None


def forecast(shell: Shell) -> None:
    """Bring the tab to the front with the forecast, made anew."""
    view = _view(shell)
    if view is not None:
        view.rooms.setCurrentWidget(view.series)
        view.presenter.refresh()


def show_kept(shell: Shell) -> None:
    """Bring the tab to the front with the kept forecasts."""
    view = _view(shell)
    if view is not None:
        view.rooms.setCurrentWidget(view.accuracy)
        view.accuracy.sheets.setCurrentWidget(view.accuracy.kept_page)


def _export(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.ask_export()


def commands(shell: Shell) -> Sequence[Command]:
    """Export the workbook; the jobs themselves are commands already."""
    return (
        Command(
            "forecast export",
            tr("Export forecast workbook…"),
            lambda: _export(shell),
            "forecast",
            icon="export",
            enabled=lambda: shell.session.is_open,
            section=3,
        ),
    )
