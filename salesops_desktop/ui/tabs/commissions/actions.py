"""What menus and palette ask of the Commissions tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from salesops_desktop.ui.commands import Command
from salesops_desktop.ui.i18n import tr
from salesops_desktop.ui.tabs.tab import Shell

if TYPE_CHECKING:
    from salesops_desktop.ui.tabs.commissions.view import CommissionsView


def _view(shell: Shell) -> CommissionsView | None:
    from salesops_desktop.ui.tabs.commissions.view import CommissionsView  # noqa: PLC0415  # built when first shown

    view = shell.show_tab("commissions")
    return view if isinstance(view, CommissionsView) else None


def calculate(shell: Shell) -> None:
    """Ask which period is to be calculated."""
    view = _view(shell)
    if view is not None:
        view.asks.calculate()


def starter_plans(shell: Shell) -> None:
    """Ask for the rate of starter plans."""
    view = _view(shell)
    if view is not None:
        view.asks.plans()


def commands(shell: Shell) -> Sequence[Command]:
    """The exports of the run that is shown."""

    def on_view(act: Callable[[CommissionsView], None]) -> Callable[[], None]:
        def run() -> None:
            view = _view(shell)
            if view is not None:
                act(view)

        return run

    def is_open() -> bool:
        return shell.session.is_open

    return (
        Command(
            "commissions export run", tr("Export run workbook…"), on_view(lambda view: view.asks.export_run()),
            "commissions", icon="export", enabled=is_open, section=3,
        ),
        Command(
            "commissions export statements", tr("Export statements…"),
            on_view(lambda view: view.asks.export_statements()), "commissions", icon="export", enabled=is_open,
            section=3,
        ),
    )  # fmt: skip
