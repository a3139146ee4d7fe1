"""What every job is given: the workspace, progress, cancellation, and a place to say what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_desktop.model.errors import WorkspaceError
from salesops_desktop.model.progress import Progress, silent

if TYPE_CHECKING:
    from salesops_desktop.workspace.workspace import Workspace


def nobody(tables: frozenset[str]) -> None:  # the null subscriber
    """Tell nobody."""


@dataclass(slots=True)
class JobContext:
    """The first argument of every job.

    Attributes:
        current: the open workspace, or None for jobs that need none.
        progress: call it often; it raises :class:`~salesops_desktop.model.errors.Cancelled` when asked to stop.
        publish: told the names of the tables a job changed, after its commit.
    """

    current: Workspace | None = None
    progress: Progress = silent
    publish: Callable[[frozenset[str]], None] = nobody
    _changed: set[str] = field(default_factory=set)

    @property
    def workspace(self) -> Workspace:
        """The open workspace.

        Raises:
            WorkspaceError: none is open.
        """
        if self.current is None:
            raise WorkspaceError("No workspace is open.", way_out="Open one, or make a new one.")
        return self.current

    @property
    def path(self) -> Path:
        """The file of the open workspace."""
        return self.workspace.path

    def changed(self, *tables: str) -> None:
        """Say which tables this job changed; published once, when the job has ended well."""
        self._changed.update(tables)

    def finish(self) -> None:
        """Publish what changed. Called by the job's declaration, not by jobs."""
        if self._changed:
            self.publish(frozenset(self._changed))
            self._changed.clear()
