"""The commands of the Data tab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.commands import Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.data.view import DataView


def _view(shell: Shell) -> DataView | None:
    from salesops_desktop.ui.tabs.data.view import DataView  # noqa: PLC0415  # built when first shown

    view = shell.show_tab("data")
    return view if isinstance(view, DataView) else None


def show_entity(shell: Shell, name: str) -> None:
    """Bring the tab to the front, with the records of one kind."""
    view = _view(shell)
    if view is not None:
        view.presenter.choose(name)


def show_rows(shell: Shell, name: str, ids: Sequence[int], why: str) -> None:
    """Bring the tab to the front with the rows behind a figure.

    Args:
        shell: the window.
        name: the entity.
        ids: the row ids.
        why: what they are, as a phrase.
    """
    view = _view(shell)
    if view is not None:
        view.presenter.show_only(name, ids, why)


def _find(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.focus_search()


def _export(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.export()


def _filter(shell: Shell) -> None:
    view = _view(shell)
    if view is not None:
        view.toggle_filters()


def commands(shell: Shell) -> Sequence[Command]:
    """Search, filter and export the records shown. Ctrl+F and Ctrl+Shift+L belong to the grid itself."""

    def is_open() -> bool:
        return shell.session.is_open

    return (
        Command("data find", tr("Find in the table"), lambda: _find(shell), "data", icon="search", enabled=is_open),
        Command(
            "data filter",
            tr("Filter columns"),
            lambda: _filter(shell),
            "data",
            icon="filter",
            enabled=is_open,
        ),
        Command(
            "data export",
            tr("Export this view…"),
            lambda: _export(shell),
            "data",
            "Ctrl+E",
            "export",
            enabled=is_open,
            section=1,
        ),
    )
