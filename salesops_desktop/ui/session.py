"""The open workspace: opening, making and closing it off the UI thread, and what the menus need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.errors import SalesOpsError
from salesops_desktop.ui.tasks import Runner

if TYPE_CHECKING:
    from salesops_desktop.jobs.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class UndoNames:
    """What the next undo and redo would do, in the words of the actions."""

    undo: str | None = None
    redo: str | None = None


def _open(context: JobContext, path: Path, *, read_only: bool) -> Workspace:
    from salesops_desktop.jobs.workspaces import open_workspace  # noqa: PLC0415  # heavy: after the first paint

    return open_workspace(path, read_only=read_only, progress=context.progress)


def _create(context: JobContext, path: Path, currency: str, company: str, fiscal_start_month: int) -> Workspace:
    from salesops_desktop.jobs.workspaces import new, open_workspace  # noqa: PLC0415  # heavy: after the first paint

    new(context, path, currency=currency, company=company, fiscal_start_month=fiscal_start_month)
    return open_workspace(path, progress=context.progress)


def _close(_context: JobContext, workspace: Workspace) -> None:
    workspace.close()


def _undo_names(context: JobContext) -> UndoNames:
    workspace = context.workspace
    return UndoNames(workspace.undo_name, workspace.redo_name)


class Session(QObject):
    """Holds the one open workspace of the window.

    Args:
        runner: runs the work in the file lane.
        parent: the owning object.
    """

    opening = Signal(object)
    """The path that is being opened."""
    opened = Signal()
    closed = Signal()
    refused = Signal(object, object)
    """(path, error): the workspace could not be opened or made."""
    undo_changed = Signal()

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self.names = UndoNames()
        self.is_opening = False
        runner.changed.connect(lambda _tables: self.refresh_names())

    @property
    def workspace(self) -> Workspace | None:
        """The open workspace."""
        return self._runner.workspace

    @property
    def path(self) -> Path | None:
        """The file of the open workspace."""
        return None if self.workspace is None else self.workspace.path

    @property
    def is_open(self) -> bool:
        """Whether a workspace is open."""
        return self.workspace is not None

    @property
    def writable(self) -> bool:
        """Whether a workspace is open and may be changed."""
        return self.workspace is not None and not self.workspace.read_only

    def open(self, path: Path, *, read_only: bool = False) -> None:
        """Open ``path`` in place of what is open now; answers by :attr:`opened` or :attr:`refused`."""
        self._begin(
            path,
            _open,
            {"path": path, "read_only": read_only},
            title=f"Opening {path.name}",
        )

    def create(self, path: Path, *, currency: str = "USD", company: str = "", fiscal_start_month: int = 1) -> None:
        """Make a workspace at ``path`` and open it."""
        params = {"path": path, "currency": currency, "company": company, "fiscal_start_month": fiscal_start_month}
        self._begin(path, _create, params, title=f"Making {path.name}")

    def _begin(self, path: Path, work: Callable[..., Workspace], params: dict[str, object], *, title: str) -> None:
        same = self.path is not None and self.path.resolve() == path.resolve()
        if same:
            self.close()  # the file's own lock would refuse us
        self.is_opening = True
        self.opening.emit(path)
        self._runner.run(
            work,
            params,
            title=title,
            topic="session.open",
            on_done=self._took,
            on_error=lambda error: self._refused(path, error),
            on_cancelled=lambda: self._refused(path, None),
        )

    def _took(self, workspace: Workspace) -> None:
        self.is_opening = False
        self.close()
        self._runner.workspace = workspace
        self.names = UndoNames()
        self.opened.emit()

    def _refused(self, path: Path, error: SalesOpsError | None) -> None:
        self.is_opening = False
        self.refused.emit(path, error)

    def close(self) -> None:
        """Close the open workspace: running work is stopped first; the file is folded on the file lane."""
        workspace = self._runner.workspace
        if workspace is None:
            return
        self._runner.cancel_all()
        self._runner.workspace = None
        self.names = UndoNames()
        self._runner.run(_close, {"workspace": workspace}, title=f"Closing {workspace.path.name}")
        self.closed.emit()
        self.undo_changed.emit()

    def refresh_names(self) -> None:
        """Ask the file again what undo and redo would do."""
        if self.is_open:
            topic = "session.names"
            self._runner.run(_undo_names, topic=topic, on_done=self._named)

    def _named(self, names: UndoNames) -> None:
        self.names = names
        self.undo_changed.emit()
