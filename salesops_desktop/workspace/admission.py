"""Who is let in: what an opening refuses, before anything is written.

Everything here only reads. The header is read as bytes, and the pages are checked over a connection that may not
write, so that a refused file stays as it is to the last byte and nothing appears beside it.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.model.errors import SalesOpsError, WorkspaceError
from salesops_desktop.workspace.connect import Access, connect, uri_of
from salesops_desktop.workspace.faults import RESTORE, as_sentence
from salesops_desktop.workspace.version import APPLICATION_ID, SCHEMA_VERSION

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100


@dataclass(frozen=True, slots=True)
class Admission:
    """What the header says of a file that may be opened."""

    schema_version: int
    """As the header has it; a file that was not closed properly may be ahead of its header."""
    unfolded: bool
    """Whether a log of the last session stands beside the file, because its program was killed."""


def side_file(path: Path, suffix: str) -> Path:
    """SQLite's file beside ``path``: ``-wal`` or ``-shm``."""
    return path.with_name(path.name + suffix)


def admit(path: Path) -> Admission:
    """Check that ``path`` is a whole, undamaged workspace of a version we know, without writing.

    Raises:
        WorkspaceError: it is not; the sentence says why.
    """
    header, size = _read_header(path)
    wal = side_file(path, "-wal")
    unfolded = wal.exists() and wal.stat().st_size > 0
    if not header.startswith(_MAGIC):
        raise _refusal(path, "This is not a workspace.", "Choose a file that SalesOps Desktop made.")
    (application_id,) = struct.unpack_from(">I", header, 68)
    (version,) = struct.unpack_from(">I", header, 60)
    if application_id != APPLICATION_ID:
        raise _refusal(
            path,
            "This is a database of another program, not a workspace.",
            "Choose a file that SalesOps Desktop made.",
        )
    _refuse_newer(path, version)
    if not unfolded:
        _refuse_truncated(path, header, size)
    return Admission(version, unfolded)


def check_pages(path: Path, admission: Admission) -> int:
    """Check every page and the tables without writing.

    Args:
        path: an admitted file, whose lock we hold or which nobody writes.
        admission: what :func:`admit` said.

    Returns:
        The schema version the file has when its last session is counted.

    Raises:
        WorkspaceError: pages or tables are damaged, or the file is newer than the program.
    """
    try:
        with closing(_reader(path, admission)) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            tables = connection.execute(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('action', 'change', 'setting')"
            ).fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _no_answer(path, error) from error
    if faults != ["ok"]:
        raise _damaged(path, "\n".join(map(str, faults)))
    _refuse_newer(path, version)
    if tables != 3:
        raise _refusal(path, "Tables of the workspace are missing.", RESTORE)
    return version


def _no_answer(path: Path, error: sqlite3.DatabaseError) -> SalesOpsError:
    """Damage, unless the disk or another program kept SQLite from reading."""
    sentence = as_sentence(error, path)
    damage = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    if sentence is None or getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in damage:
        return _damaged(path, str(error))
    return sentence


def _reader(path: Path, admission: Admission) -> sqlite3.Connection:
    if not admission.unfolded:
        return connect(path, Access.FROZEN)
    # The last session's log is part of the file: read it too. A reader in this mode never folds it in.
    connection = sqlite3.connect(f"{uri_of(path)}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _read_header(path: Path) -> tuple[bytes, int]:
    try:
        if path.is_dir():
            raise _refusal(path, "This is a folder, not a workspace.", "Choose a file that ends in .salesops.")
        if not path.exists():
            raise _refusal(path, "There is no such file.", "Check the name, or make a new workspace.")
        if not path.is_file():
            raise _refusal(path, "This is no ordinary file.", "Choose a file that ends in .salesops.")
        with path.open("rb") as file:
            header = file.read(_HEADER)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise _refusal(
            path, "The file cannot be read.", "Ask its owner for the right to read it.", str(error)
        ) from error
    if size == 0:
        raise _refusal(path, "The file is empty (0 bytes): its content is lost.", RESTORE)
    if header.startswith(_MAGIC) and len(header) < _HEADER:
        raise _refusal(path, "The file is cut short.", RESTORE)
    return header, size


def _refuse_truncated(path: Path, header: bytes, size: int) -> None:
    (page,) = struct.unpack_from(">H", header, 16)
    page = 65536 if page == 1 else page
    (pages,) = struct.unpack_from(">I", header, 28)
    (changes,) = struct.unpack_from(">I", header, 24)
    (valid_for,) = struct.unpack_from(">I", header, 92)
    if page and changes == valid_for and size < page * pages:
        raise _refusal(path, f"The file is cut short: {size:,} of {page * pages:,} bytes are there.", RESTORE)


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise _refusal(
            path,
            f"This workspace was written by a newer SalesOps Desktop (form {version}; this program knows "
            f"{SCHEMA_VERSION}).",
            "Update the program to open it.",
        )


def _damaged(path: Path, details: str) -> WorkspaceError:
    return _refusal(path, "The file is damaged.", RESTORE, details)


def _refusal(path: Path, what: str, way_out: str, details: str = "") -> WorkspaceError:
    return WorkspaceError(what, where=str(path), way_out=way_out, details=details)
