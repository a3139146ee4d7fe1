"""Making, opening, folding and replacing workspace files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.model.errors import InputRefusedError, ReadOnlyError, SalesOpsError, WorkspaceError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.progress import Progress
from salesops_desktop.workspace.admission import Admission, admit, check_pages, side_file
from salesops_desktop.workspace.backups import copy_database, folder_of, refuse_missing, write_backup
from salesops_desktop.workspace.changelog import regenerate
from salesops_desktop.workspace.connect import WRITE, Access, connect, engine_for
from salesops_desktop.workspace.faults import told_as_sentences
from salesops_desktop.workspace.lock import WorkspaceLock
from salesops_desktop.workspace.settings import write_first_settings
from salesops_desktop.workspace.version import APPLICATION_ID, REVISION, SCHEMA_VERSION

_SHARED_MEMORY = 1 << 16
"""Bytes a reader beside a writer needs on the disk for the file the two share."""


def create_file(path: Path, *, currency: str, fiscal_start_month: int, company: str) -> None:
    """Make a new workspace file, whole or not at all.

    Args:
        path: a file that does not exist yet.
        currency: the company's currency, ISO 4217.
        fiscal_start_month: 1-12.
        company: the company's name.

    Raises:
        WorkspaceError: the file exists, or its folder does not.
        InputRefusedError: the currency or the month makes no sense.
        DiskFullError: there is no room.
    """
    if path.exists():
        raise WorkspaceError("This file exists already.", where=str(path), way_out="Open it, or choose another name.")
    if not path.parent.is_dir():
        raise WorkspaceError(
            f"There is no folder {path.parent}.", where=path.name, way_out="Make the folder, or choose another one."
        )
    _refuse_nonsense(currency, fiscal_start_month)
    with told_as_sentences(path):
        # Readable by its owner only, as the workspace will be.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=".partial")
        os.close(handle)
        partial = Path(name)
        try:
            _fill(partial, currency, fiscal_start_month, company)
            # A link fails where a rename would replace a file that somebody else made meanwhile.
            _move_without_replacing(partial, path)
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                side_file(partial, suffix).unlink(missing_ok=True)


def _refuse_nonsense(currency: str, fiscal_start_month: int) -> None:
    try:
        exponent(currency)
    except (KeyError, ValueError) as error:
        raise InputRefusedError(
            f"{currency!r} is no currency.", way_out="Give a code of three letters as in ISO 4217, e.g. USD."
        ) from error
    if not 1 <= fiscal_start_month <= 12:
        raise InputRefusedError(
            f"A fiscal year cannot start in month {fiscal_start_month}.", way_out="Give a number from 1 to 12."
        )


def _fill(path: Path, currency: str, fiscal_start_month: int, company: str) -> None:
    with closing(connect(path, Access.WRITE)) as driver:
        driver.execute(f"PRAGMA application_id={APPLICATION_ID}")
        driver.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        driver.execute("PRAGMA journal_mode=WAL")
    from salesops_desktop.workspace.schema import Base  # noqa: PLC0415  # openings do without the typed models

    engine = engine_for(path, Access.WRITE)
    try:
        with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL "
                "CONSTRAINT alembic_version_pkc PRIMARY KEY)"
            )
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (REVISION,))
            write_first_settings(connection, currency=currency, fiscal_start_month=fiscal_start_month, company=company)
            regenerate(connection)
    finally:
        engine.dispose()
    fold(path)


def _move_without_replacing(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileExistsError as error:
        raise WorkspaceError(
            "This file exists already.", where=str(target), way_out="Open it, or choose another name."
        ) from error
    except OSError:  # a file system without links
        source.rename(target)


def fold(path: Path) -> None:
    """Fold SQLite's log into the one file. The caller holds the lock or owns the file."""
    with told_as_sentences(path), closing(connect(path, Access.WRITE)) as driver:
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def access_for(path: Path, admission: Admission) -> Access:
    """How a file can be read.

    Raises:
        ReadOnlyError: its last session was not folded in, and here that cannot be done.
    """
    writable = os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
    if writable and (admission.unfolded or shutil.disk_usage(path.parent).free > _SHARED_MEMORY):
        return Access.READ
    if admission.unfolded:
        raise ReadOnlyError(
            "The workspace was not closed properly, and its folder cannot be written to.",
            where=str(path),
            way_out=f"Copy it together with {side_file(path, '-wal').name} to a folder of your own and open it there.",
        )
    return Access.FROZEN


def migrate_if_older(path: Path, version: int, progress: Progress) -> None:
    """Bring a file to this program's form, after a backup. The caller holds the lock.

    Args:
        path: the file.
        version: its form.
        progress: told about it.

    Raises:
        WorkspaceError: the migration failed; the file is as it was.
        DiskFullError: there is no room for the backup or the migration; the file is as it was.
    """
    if version == SCHEMA_VERSION:
        return
    from salesops_desktop.workspace.migrating import migrate  # noqa: PLC0415  # Alembic is slow to import

    progress(0, 0, "Making a backup before the file is brought up to date")
    write_backup(path, f"migration from form {version}", progress=progress)
    migrate(path, progress)


@dataclass(frozen=True, slots=True)
class MigratedCopy:
    """A copy of an older file in this program's form, for reading."""

    path: Path
    folder: tempfile.TemporaryDirectory[str]

    def remove(self) -> None:
        """Remove it from the disk. May be called again."""
        self.folder.cleanup()


def migrated_copy(path: Path, access: Access, version: int, progress: Progress) -> MigratedCopy | None:
    """A copy for reading, brought to this program's form, where the file itself is older and must not be touched.

    Args:
        path: the file.
        access: how it can be read.
        version: its form.
        progress: told about copying and migrating.

    Raises:
        DiskFullError: there is no room for temporary files.
    """
    if version == SCHEMA_VERSION:
        return None
    from salesops_desktop.workspace.migrating import migrate  # noqa: PLC0415  # Alembic is slow to import

    folder = tempfile.TemporaryDirectory(prefix="salesops-", ignore_cleanup_errors=True)
    try:
        copy = Path(folder.name) / path.name
        with told_as_sentences(copy):
            copy_database(path, copy, progress, access=access)
        migrate(copy, progress)
    except BaseException:
        folder.cleanup()
        raise
    return MigratedCopy(copy, folder)


def restore_file(backup: Path, target: Path, progress: Progress) -> Path | None:
    """See :meth:`salesops_desktop.workspace.Workspace.restore`."""
    lock = WorkspaceLock(target)
    with told_as_sentences(target):
        refuse_missing(backup)
        lock.acquire()
        try:
            fresh = target.with_name(target.name + ".restoring")
            copy_database(backup, fresh, progress)
            try:
                kept = _set_aside(target)
            except BaseException:
                fresh.unlink(missing_ok=True)
                raise
            fresh.replace(target)
            return kept
        finally:
            lock.release()


def _set_aside(target: Path) -> Path | None:
    """Keep what a restore replaces, and clear its place."""
    if not target.exists():
        return None
    try:
        check_pages(target, admit(target))
        kept = write_backup(target, "restore")
        fold(target)
    except (SalesOpsError, sqlite3.Error):
        return _keep_damaged(target)
    return kept


def _keep_damaged(target: Path) -> Path:
    folder = folder_of(target)
    folder.mkdir(mode=0o700, exist_ok=True)
    number = 1
    while (kept := folder / f"damaged {number}{target.suffix}").exists():
        number += 1
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            side_file(target, suffix).replace(side_file(kept, suffix))
    target.replace(kept)
    return kept
