"""The one place where faults of SQLite and the disk become sentences."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from salesops_desktop.model.errors import (
    DiskFullError,
    ReadOnlyError,
    SalesOpsError,
    WorkspaceError,
    WorkspaceLockedError,
)

_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_WRITE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
        sqlite3.SQLITE_IOERR_SHMMAP,
    }
)
"""What SQLite answers besides SQLITE_FULL when a file may not grow: quotas, file-size limits, a full shared-memory
file."""

_LITTLE = 1 << 20
"""Bytes: a disk with less free space is taken for full."""

RESTORE = "Restore one of its backups, or ask for the file to be recovered."


def disk_of(path: Path) -> Path:
    """The mount point of the disk that holds ``path``."""
    place = path.absolute()
    while not place.is_mount() and place != place.parent:
        place = place.parent
    return place


def _fuller_disk(path: Path) -> Path:
    """The disk that is full: the one of ``path``, unless only the one for temporary files has no room."""
    temporary = Path(tempfile.gettempdir())
    with suppress(OSError):
        if shutil.disk_usage(temporary).free < _LITTLE < shutil.disk_usage(path.parent).free:
            return temporary
    return path


def disk_full(path: Path, details: str = "") -> DiskFullError:
    """The sentence for a disk without room for ``path``."""
    disk = disk_of(path)
    free = ""
    with suppress(OSError):
        free = f" ({shutil.disk_usage(disk).free / 1e6:,.1f} MB free)"
    return DiskFullError(
        f"The disk {disk}{free} has no room for {path.name}, or this file may not grow.",
        way_out="Nothing was changed; make room there and try again.",
        details=details,
    )


def need_room(path: Path, needed: int) -> None:
    """Check that ``needed`` bytes fit beside ``path``.

    Raises:
        DiskFullError: they do not.
    """
    with suppress(OSError):
        if shutil.disk_usage(path.parent).free < needed:
            raise disk_full(path, f"{needed:,} bytes are needed")


def as_sentence(error: BaseException, path: Path) -> SalesOpsError | None:
    """The sentence for a fault of SQLite or the disk, or None when it is no such fault.

    Args:
        error: what was raised; SQLAlchemy's wrapping is looked through.
        path: the workspace or backup being worked on.
    """
    wrapped = getattr(error, "orig", None)
    if isinstance(wrapped, BaseException):
        return as_sentence(wrapped, path)
    if isinstance(error, OSError):
        return _disk_sentence(error, path)
    if isinstance(error, sqlite3.Error):
        return _database_sentence(error, path)
    return None


def _disk_sentence(error: OSError, path: Path) -> SalesOpsError | None:
    if error.errno in _FULL_ERRNOS:
        return disk_full(path, str(error))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnlyError(
            "The folder or file may not be written to.",
            where=str(path),
            way_out="Open the workspace read-only, or copy it to a folder of your own.",
            details=str(error),
        )
    return None


def _database_sentence(error: sqlite3.Error, path: Path) -> SalesOpsError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    details = f"{getattr(error, 'sqlite_errorname', code)}: {error}"
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_FULL or code in _WRITE_FAULTS:
        return disk_full(_fuller_disk(path), details)
    sentences: dict[int, SalesOpsError] = {
        sqlite3.SQLITE_BUSY: WorkspaceLockedError(
            "Another program is writing to the workspace.",
            where=str(path),
            way_out="Close it there, then try again.",
            details=details,
        ),
        sqlite3.SQLITE_READONLY: ReadOnlyError(
            "The workspace may not be written to.",
            where=str(path),
            way_out="Copy it to a folder of your own to change it.",
            details=details,
        ),
        sqlite3.SQLITE_CORRUPT: WorkspaceError(
            "The workspace is damaged.", where=str(path), way_out=RESTORE, details=details
        ),
        sqlite3.SQLITE_NOTADB: WorkspaceError(
            "The file is damaged, or no workspace.", where=str(path), way_out=RESTORE, details=details
        ),
        sqlite3.SQLITE_CANTOPEN: WorkspaceError(
            "The workspace, or a file beside it, cannot be opened.",
            where=str(path),
            way_out="Check that the folder still exists and that you may write to it.",
            details=details,
        ),
        sqlite3.SQLITE_IOERR: WorkspaceError(
            "The disk did not answer as it should while the workspace was read or written.",
            where=str(path),
            way_out="Check the disk or the network connection; what was saved before is kept.",
            details=details,
        ),
    }
    return sentences.get(primary)


@contextmanager
def database_faults_told(path: Path) -> Iterator[None]:
    """As :func:`told_as_sentences`, for blocks that hold the work of others: their files are not ours to explain."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        sentence = as_sentence(error, path)
        if sentence is None:
            raise
        raise sentence from error


@contextmanager
def told_as_sentences(path: Path) -> Iterator[None]:
    """Turn faults of SQLite and the disk inside the block into sentences about ``path``."""
    try:
        yield
    except Exception as error:
        sentence = as_sentence(error, path)
        if sentence is None:
            raise
        raise sentence from error
