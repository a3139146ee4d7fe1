"""One writer per workspace: an operating-system lock beside the file, and a note saying who holds it.

The lock goes with its process, however it ends; only the note may stay behind, and the next opener overwrites it.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_desktop.model.errors import WorkspaceLockedError

if TYPE_CHECKING:
    from filelock import BaseFileLock


def me() -> str:
    """The name of the person at the machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user in the system's list
        return "somebody"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the workspace open."""

    who: str
    host: str
    pid: int
    since: str
    """ISO 8601, UTC."""

    def __str__(self) -> str:
        start = dt.datetime.fromisoformat(self.since).astimezone()
        today = dt.datetime.now(dt.UTC).astimezone().date()
        when = f"{start:%H:%M}" if start.date() == today else f"{start:%Y-%m-%d %H:%M}"
        return f"{self.who} on {self.host} since {when}"


class WorkspaceLock:
    """The lock of one workspace file."""

    def __init__(self, path: Path) -> None:
        self._workspace = path
        self._path = path.with_name(path.name + "-lock")
        self._note = path.with_name(path.name + "-lock.json")
        self._lock: BaseFileLock | None = None

    def acquire(self, who: str = "") -> None:
        """Take the lock.

        Raises:
            WorkspaceLockedError: somebody else holds it; the sentence names them.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415  # costs as much as the rest of an opening

        lock = FileLock(self._path, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise self.refusal() from error
        self._lock = lock
        note = Holder(who or me(), socket.gethostname(), os.getpid(), dt.datetime.now(dt.UTC).isoformat("T", "seconds"))
        with suppress(OSError):  # the note is a courtesy; a full disk must not keep anybody out
            self._note.write_text(json.dumps(asdict(note)), encoding="utf-8")

    def release(self) -> None:
        """Give the lock back and leave nothing beside the workspace. Does nothing when it is not held."""
        if self._lock is None:
            return
        with suppress(OSError):
            self._note.unlink(missing_ok=True)
        # Unlinked while held: the next opener notices a lock without a name and takes a new one. Windows forbids it
        # and then the file is removed after the release, where nobody can hold it open.
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self._lock.release()
        self._lock = None
        if os.name == "nt":
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def holder(self) -> Holder | None:
        """Who wrote the note, if there is one."""
        try:
            return Holder(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def refusal(self) -> WorkspaceLockedError:
        """The sentence for the second opener."""
        holder = self.holder()
        by = f"open by {holder}" if holder else "open in another window or on another machine"
        return WorkspaceLockedError(
            f"{self._workspace.name} is {by}.", way_out="Open it read-only, or close it there.", details=str(self._path)
        )
