"""One unit of work: the connection of an action, and what may be attached to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.workspace.connect import raw, uri_of
from salesops_desktop.workspace.text import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

_STEPS = 20_000
"""How many steps of SQLite's machine lie between two looks at the progress: some milliseconds."""


class UnitOfWork:
    """What an action works with.

    Attributes:
        connection: inside the action's transaction.
        action_id: the action's number, for rows that want to name it.
    """

    def __init__(self, connection: Connection, action_id: int) -> None:
        self.connection = connection
        self.action_id = action_id
        self._session: Session | None = None
        self._attached: list[str] = []

    @property
    def session(self) -> Session:
        """An ORM session on the same transaction, for small edits; flushed before the commit."""
        if self._session is None:
            from sqlalchemy.orm import Session  # noqa: PLC0415  # most actions need none

            self._session = Session(self.connection, join_transaction_mode="rollback_only", autoflush=True)
        return self._session

    def flush(self) -> None:
        """Send what the session holds."""
        if self._session is not None:
            self._session.flush()

    def attach(self, path: Path, alias: str = "stage") -> None:
        """Make the tables of another SQLite file readable as ``alias.table``. It is detached after the action.

        Args:
            path: an existing SQLite file. What the action writes there is kept or rolled back with it.
            alias: the name in SQL.
        """
        uri = f"{uri_of(path)}?mode=rw"
        self.connection.exec_driver_sql(f"ATTACH DATABASE :file AS {quoted(alias)}", {"file": uri})
        self._attached.append(alias)

    @contextmanager
    def watched(self, progress: Progress, what: str = "") -> Iterator[None]:
        """Let a long statement inside the block be cancelled.

        Args:
            progress: asked every few milliseconds; its ``Cancelled`` ends the statement and leaves the block.
            what: the phrase for the status bar.
        """
        with interruptible(raw(self.connection), progress, what):
            yield

    def finish(self) -> None:
        """Let go of everything. Called by the workspace after commit or rollback."""
        if self._session is not None:
            self._session.close()
            self._session = None
        driver = raw(self.connection)
        while self._attached:
            driver.execute(f"DETACH DATABASE {quoted(self._attached.pop())}")


@contextmanager
def interruptible(driver: sqlite3.Connection, progress: Progress, what: str = "") -> Iterator[None]:
    """Ask ``progress`` every few milliseconds while SQLite works inside the block.

    Args:
        driver: the connection whose statements are watched.
        progress: may raise ``Cancelled``.
        what: the phrase for the status bar.
    """
    if progress is silent:
        yield
        return
    stopped: list[BaseException] = []

    def look() -> int:
        try:
            progress(0, 0, what)
        except BaseException as error:  # noqa: BLE001  # SQLite swallows what is raised here; it is raised again below
            stopped.append(error)
            return 1
        return 0

    driver.set_progress_handler(look, _STEPS)
    try:
        yield
    except Exception as error:
        if stopped:
            raise stopped[0] from error
        raise
    finally:
        driver.set_progress_handler(None, 0)
