"""What a tab is to the window, and what the window is to a tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from salesops_desktop.model.errors import SalesOpsError
    from salesops_desktop.model.tables import Table
    from salesops_desktop.ui.commands import Command, CommandBook
    from salesops_desktop.ui.messages import Level
    from salesops_desktop.ui.preferences import Preferences
    from salesops_desktop.ui.session import Session
    from salesops_desktop.ui.tasks import Runner, Task


class Shell(Protocol):
    """What a tab may ask of the window."""

    @property
    def runner(self) -> Runner:
        """Runs jobs off the UI thread."""

    @property
    def session(self) -> Session:
        """The open workspace."""

    @property
    def preferences(self) -> Preferences:
        """What the window remembers between starts."""

    @property
    def commands(self) -> CommandBook:
        """All commands."""

    @property
    def dialog_parent(self) -> QWidget:
        """The parent for dialogs."""

    def show_tab(self, name: str) -> TabView | None:
        """Bring a tab to the front and return its view; None while no workspace is open."""

    def say(self, text: str, *, kind: Level = "info", actions: Sequence[tuple[str, Callable[[], None]]] = ()) -> None:
        """Show a message above the tabs. ``kind``: info, success, warning, error."""

    def fail(self, error: SalesOpsError, actions: Sequence[tuple[str, Callable[[], None]]] = ()) -> None:
        """Show an error as a sentence with its details folded away."""

    def run_job(
        self,
        command: str,
        params: Mapping[str, object] | None = None,
        *,
        topic: str = "",
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[SalesOpsError], None] | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        quiet: bool = False,
    ) -> Task | None:
        """Run a declared job by its command in its lane; without ``on_error`` the window shows errors itself."""

    def ask_job(self, command: str, given: Mapping[str, object] | None = None) -> None:
        """Open the form of a job, filled with ``given``; the window shows what the job reports."""

    def show_report(self, title: str, report: object) -> None:
        """Show what a job returned: its sentences and its tables."""

    def import_files(self, paths: Sequence[Path]) -> None:
        """Begin the import of spreadsheets."""

    def export_table(self, table: Table) -> None:
        """Ask for a file and write ``table`` to it."""


class TabView(QWidget):
    """The widget of a tab. Override what concerns it; the window calls these on the UI thread."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shell = shell

    def workspace_opened(self) -> None:
        """A workspace is open: ask for what the tab shows. Called once after the view is built, too."""

    def workspace_closed(self) -> None:
        """The workspace is gone: show nothing of it, hold nothing of it."""

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows of these tables have changed. Called when the tab is shown, with all that changed meanwhile."""

    def theme_changed(self) -> None:
        """The theme is another one: redraw what does not follow the palette by itself."""


def no_commands(_shell: Shell) -> Sequence[Command]:
    """A tab without commands of its own."""
    return ()


@dataclass(frozen=True, slots=True)
class TabSpec:
    """One tab, known to the window before anything of it is imported."""

    name: str
    """Also the group of its jobs in the menus: data, territories, commissions, forecast, performance."""
    title: str
    icon: str
    factory: Callable[[Shell], TabView]
    """Builds the view; called when the tab is first shown, so it may import what it likes inside."""
    commands: Callable[[Shell], Sequence[Command]] = no_commands
    """Commands for menus and palette; called once after start-up. They bring the tab to the front themselves."""
    forms: Mapping[str, Callable[[Shell], None]] = field(default_factory=dict)
    """Jobs the tab asks for in its own way: what menus and palette do instead of opening the job's plain form."""
