"""What every room does that reads for itself what it shows: nothing before somebody looks at it. No Qt in here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from salesops_desktop.ui.tasks import RunsJobs

State = TypeVar("State")


class RoomPresenter(ABC, Generic[State]):
    """Reads when the room is looked at, and again when another workspace is open.

    Args:
        runner: runs jobs off the UI thread.
        render: shows a state.
        state: what a room shows that has read nothing.
    """

    behind: ClassVar[frozenset[str]] = frozenset()
    """Tables whose rows the room is made of."""

    def __init__(self, runner: RunsJobs, render: Callable[[State], None], state: State) -> None:
        self._runner = runner
        self._render = render
        self._open = False
        self._seen = False
        self._stale = True
        self.state = state

    @abstractmethod
    def _fresh(self) -> State:
        """The state of a workspace of which nothing has been read."""

    def _unread(self) -> bool:
        """Whether what is seen first has not been read, or has changed since."""
        return self._stale

    @abstractmethod
    def _read(self) -> None:
        """Ask for what the room shows; only called of an open workspace that is looked at."""

    def opened(self) -> None:
        """A workspace is open: what was read of another is gone."""
        self._open = self._stale = True
        self.state = self._fresh()
        self._read_if_seen()

    def closed(self) -> None:
        """No workspace is open."""
        self._open, self._stale = False, True
        self._become(self._fresh())

    def seen(self) -> None:
        """The room is looked at."""
        self._seen = True
        if self._unread():
            self._read_if_seen()

    def left(self) -> None:
        """Nobody looks at the room any more: what changes waits."""
        self._seen = False

    def tables_changed(self, tables: frozenset[str]) -> None:
        """Rows have changed: read again, now or when somebody looks; till then the room shows what it knows."""
        if tables & self.behind:
            self._stale = True
            if self._unread():
                self._read_if_seen()

    def _become(self, state: State) -> None:
        self.state = state
        self._render(state)

    def _read_if_seen(self) -> None:
        if self._open and self._seen:
            self._stale = False
            self._read()
