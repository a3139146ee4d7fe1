"""The open workspace: the only way to its rows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from salesops_desktop.model.errors import NothingToDoError, ReadOnlyError, SalesOpsError, WorkspaceError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.workspace import history
from salesops_desktop.workspace import undo as undoing
from salesops_desktop.workspace.admission import admit, check_pages
from salesops_desktop.workspace.backups import BackupRecord, list_backups, write_backup
from salesops_desktop.workspace.check import CheckReport, check_workspace
from salesops_desktop.workspace.connect import WRITE, Access, connect, engine_for, raw
from salesops_desktop.workspace.faults import database_faults_told, told_as_sentences
from salesops_desktop.workspace.history import ActionRecord, ChangeRecord, Wording, close_books, open_books
from salesops_desktop.workspace.lock import WorkspaceLock, me
from salesops_desktop.workspace.opening import (
    MigratedCopy,
    access_for,
    create_file,
    fold,
    migrate_if_older,
    migrated_copy,
    restore_file,
)
from salesops_desktop.workspace.unit import UnitOfWork, interruptible

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class Workspace:
    """One open ``*.salesops`` file.

    Attributes:
        path: the file.
        read_only: whether changes are refused.
        who: the name under which actions are written down.
    """

    def __init__(
        self,
        path: Path,
        access: Access,
        *,
        read_only: bool,
        who: str,
        lock: WorkspaceLock | None = None,
        copy: MigratedCopy | None = None,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.who = who or me()
        self._access = access
        self._lock = lock
        self._copy = copy
        self._made: Engine | None = None
        self._making = threading.Lock()
        self._watch = threading.local()
        self._writing = threading.RLock()
        self._busy = False
        self._closed = False

    @classmethod
    def create(
        cls, path: Path, *, currency: str = "USD", fiscal_start_month: int = 1, company: str = "", who: str = ""
    ) -> Workspace:
        """Make a new workspace and open it.

        Args:
            path: a file that does not exist yet, in a folder that does.
            currency: the company's currency, ISO 4217.
            fiscal_start_month: 1-12.
            company: the company's name.
            who: the name under which actions are written down; the system's user by default.

        Raises:
            WorkspaceError: the file exists, or cannot be made.
            DiskFullError: there is no room.
        """
        create_file(path, currency=currency, fiscal_start_month=fiscal_start_month, company=company)
        return cls.open(path, who=who)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, who: str = "", progress: Progress = silent) -> Workspace:
        """Open a workspace; bring it to this program's form when it is older.

        Args:
            path: the file.
            read_only: only look; works in read-only folders and while somebody else has the file open.
            who: the name under which actions are written down; the system's user by default.
            progress: told about a migration.

        Raises:
            WorkspaceLockedError: somebody else has it open.
            WorkspaceError: it is no workspace, damaged, cut short, or newer than the program. It was not touched.
        """
        path = Path(path)
        admission = admit(path)
        if read_only:
            with told_as_sentences(path):
                access = access_for(path, admission)
                copy = migrated_copy(path, access, check_pages(path, admission), progress)
                return cls(path, access if copy is None else Access.READ, read_only=True, who=who, copy=copy)
        lock = WorkspaceLock(path)
        with told_as_sentences(path):
            lock.acquire(who)
        try:
            with told_as_sentences(path):
                # Again, now that nobody else can write: another opener may have folded or migrated it meanwhile.
                version = check_pages(path, admit(path))
                migrate_if_older(path, version, progress)
                return cls(path, Access.WRITE, read_only=False, who=who, lock=lock)
        except BaseException:
            lock.release()
            raise

    @property
    def _file(self) -> Path:
        """The file that is read: the workspace, or a copy of it in this program's form."""
        return self.path if self._copy is None else self._copy.path

    @property
    def _engine(self) -> Engine:
        """Made when first needed, so that a window can show rows before SQLAlchemy is loaded."""
        with self._making:
            if self._made is None:
                self._made = engine_for(self._file, self._access)
            return self._made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def must_be_writable(self) -> None:
        """Refuse where changes are not possible.

        Raises:
            ReadOnlyError: the workspace was opened read-only.
        """
        if self.read_only:
            raise ReadOnlyError(
                "The workspace is open read-only.",
                where=self.path.name,
                way_out="Close it and open it for changing, or save a copy of it elsewhere.",
            )

    @contextmanager
    def action(
        self, name: str, *, kind: str = "edit", details: dict[str, object] | None = None, log: bool = True
    ) -> Iterator[UnitOfWork]:
        """Change data: everything inside the block or nothing.

        An action that changed no row leaves no trace, not even in the history.

        Args:
            name: what a person would call it: ``Import accounts.xlsx``.
            kind: ``edit``, ``import``, ``job``, or ``record`` for what is kept without anybody asking: undo passes
                over records.
            details: kept with the action as JSON.
            log: False keeps no change log; neither this action nor earlier ones can then be undone.

        Raises:
            ReadOnlyError: the workspace was opened read-only.
            DiskFullError: there was no room; nothing was changed.
            WorkspaceError: an action is already under way in this thread.
        """
        with self._perform(Wording(name, kind, details), log=log) as unit:
            yield unit

    @contextmanager
    def rehearsal(self, name: str) -> Iterator[UnitOfWork]:
        """Try an action and take it back at once: a preview is the real thing, rolled back.

        Args:
            name: as for :meth:`action`.
        """
        with self._perform(Wording(name), keep=False) as unit:
            yield unit

    @contextmanager
    def _perform(
        self, wording: Wording, *, log: bool = True, keep: bool = True, foreign_keys: bool = True
    ) -> Iterator[UnitOfWork]:
        """One write transaction with its action; committed at the end when ``keep`` and something was changed."""
        self.must_be_writable()
        with self._alone(), database_faults_told(self.path), self._engine.connect() as opened:
            connection = opened.execution_options(**{WRITE: True})
            driver = raw(connection)
            if not foreign_keys:  # SQLite takes this outside of a transaction only
                driver.execute("PRAGMA foreign_keys=OFF")
            unit: UnitOfWork | None = None
            try:
                with connection.begin() as transaction:
                    books = open_books(connection, wording, self.who, log=log)
                    unit = UnitOfWork(connection, books.action_id)
                    yield unit
                    unit.flush()
                    if not (close_books(connection, books) and keep):
                        transaction.rollback()
            finally:
                if unit is not None:
                    unit.finish()
                driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._writing:
            self._must_be_open()
            if self._busy:
                raise WorkspaceError("Another action is still under way.", way_out="Let it end first.")
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    @contextmanager
    def watching(self, progress: Progress) -> Iterator[None]:
        """Let every read of this thread inside the block be cancelled, however long its statements take.

        Args:
            progress: asked every few milliseconds; its ``Cancelled`` ends the statement and leaves the block.
        """
        before = self._progress
        self._watch.progress = progress
        try:
            yield
        finally:
            self._watch.progress = before

    @property
    def _progress(self) -> Progress:
        """Who is asked during the reads of this thread."""
        progress: Progress = getattr(self._watch, "progress", silent)
        return progress

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the data, undisturbed by actions that commit meanwhile.

        Raises:
            WorkspaceError: the file is damaged or gone.
        """
        self._must_be_open()
        with database_faults_told(self.path), self._engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql("SELECT id FROM current_action")  # the view is fixed by the first look
            with interruptible(raw(connection), self._progress):
                yield connection
            transaction.rollback()

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """As :meth:`read`, over the driver's own connection: for showing rows before SQLAlchemy is loaded.

        Raises:
            WorkspaceError: the file is damaged or gone.
        """
        self._must_be_open()
        access = Access.FROZEN if self._access is Access.FROZEN else Access.READ
        with database_faults_told(self.path), closing(connect(self._file, access)) as driver:
            driver.execute("BEGIN")
            driver.execute("SELECT id FROM current_action")  # the view is fixed by the first look
            with interruptible(driver, self._progress):
                yield driver

    def undo(self, action_id: int | None = None, *, progress: Progress = silent) -> ActionRecord:
        """Take back an action, as a new action.

        Args:
            action_id: which one; the last one in force by default. An undo is taken back by redoing what it undid.
            progress: may cancel.

        Returns:
            The undo, as the history has it.

        Raises:
            NothingToDoError: there is nothing to undo, or it is undone already.
            WorkspaceError: later actions build on it; the sentence names them.
        """
        with self.read() as connection:
            if action_id is not None:
                reversal = undoing.reversal_of(connection, action_id)
            else:
                reversal = undoing.last_in_force(connection)
        while True:
            try:
                return self._reverse(reversal, progress)
            except WorkspaceError:
                with self.read() as connection:
                    record = undoing.newest_record(connection, reversal.reverts_id)
                if record is None:
                    raise
                self._reverse(record, progress)  # what was kept of data that go goes with them

    def redo(self, *, progress: Progress = silent) -> ActionRecord:
        """Do again what was undone last.

        Args:
            progress: may cancel.

        Returns:
            The redo, as the history has it.

        Raises:
            NothingToDoError: nothing was undone, or something new was done since.
        """
        with self.read() as connection:
            reversal = undoing.next_redo(connection)
        if reversal is None:
            raise NothingToDoError("There is nothing to redo.")
        return self._reverse(reversal, progress)

    def _reverse(self, reversal: undoing.Reversal, progress: Progress) -> ActionRecord:
        wording = Wording(reversal.name, reversal.kind, None, reversal.origin_id, reversal.reverts_id)
        with self._perform(wording, foreign_keys=False) as unit:
            with unit.watched(progress, reversal.name):
                undoing.reverse(unit.connection, reversal)
            unit.connection.exec_driver_sql(
                "UPDATE action SET undone_by_id = ? WHERE id = ?",
                (unit.action_id if reversal.kind == "undo" else None, reversal.origin_id),
            )
        return self._record(unit.action_id)

    def _record(self, action_id: int) -> ActionRecord:
        with self.read() as connection:
            return history.records(connection, ids=[action_id])[0]

    @property
    def undo_name(self) -> str | None:
        """What the Edit menu offers to undo: ``Undo Import accounts.xlsx``."""
        with self.read() as connection:
            reversal = undoing.next_undo(connection)
        return reversal.name if reversal else None

    @property
    def redo_name(self) -> str | None:
        """What the Edit menu offers to redo."""
        with self.read() as connection:
            reversal = undoing.next_redo(connection)
        return reversal.name if reversal else None

    def history(self, limit: int = 200) -> list[ActionRecord]:
        """The newest ``limit`` actions, newest first."""
        with self.read() as connection:
            return history.records(connection, limit=limit)

    def changes_of(self, action_id: int, limit: int = 1000) -> list[ChangeRecord]:
        """The first ``limit`` rows an action touched, as they were before it."""
        with self.read() as connection:
            return history.changes_of(connection, action_id, limit)

    def backup(self, reason: str, *, progress: Progress = silent) -> Path:
        """Copy the workspace beside itself and check the copy.

        Args:
            reason: what it is taken before, e.g. ``import``.
            progress: called with bytes copied; may cancel.

        Raises:
            DiskFullError: there is no room; nothing was changed.
        """
        return write_backup(self.path, reason, progress=progress)

    def backups(self) -> list[BackupRecord]:
        """The backups there are, newest first."""
        return list_backups(self.path)

    def check(self, progress: Progress = silent) -> CheckReport:
        """Check pages, references, the change log and the triggers; see :class:`CheckReport`."""
        with self.read() as connection:
            return check_workspace(connection, progress)

    @staticmethod
    def restore(backup: Path, target: Path, *, progress: Progress = silent) -> Path | None:
        """Put a backup in the place of a workspace that nobody has open.

        Args:
            backup: one of :meth:`backups`, or any whole workspace.
            target: the workspace to replace; may be damaged or missing.
            progress: may cancel.

        Returns:
            Where the replaced file was kept: a backup when it was whole, else beside it; None when there was none.

        Raises:
            WorkspaceLockedError: somebody has the target open.
            WorkspaceError: the backup is no whole workspace.
        """
        return restore_file(backup, target, progress)

    def close(self) -> None:
        """Fold everything into the one file and release the lock. May be called again."""
        with self._writing:  # an action of another thread comes to its end first
            self._closed = True
            if self._made is not None:
                self._made.dispose()
            if self._copy is not None:
                self._copy.remove()
            if self._lock is not None:
                lock, self._lock = self._lock, None
                try:
                    with suppress(SalesOpsError):  # nothing is lost: the next opening folds
                        fold(self.path)
                finally:
                    lock.release()

    def _must_be_open(self) -> None:
        if self._closed:  # the lock may be somebody else's by now
            raise WorkspaceError("The workspace was closed.", where=self.path.name, way_out="Open it again.")
