"""Rotating backups beside the workspace: the newest ten, then one a week for a year."""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.model.errors import WorkspaceError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.workspace.admission import admit, check_pages, side_file
from salesops_desktop.workspace.connect import Access, connect
from salesops_desktop.workspace.faults import need_room, told_as_sentences

KEEP_NEWEST = 10
KEEP_WEEKS = 52
_STAMP = "%Y-%m-%dT%H-%M-%S-%fZ"
_NAME = re.compile(r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{6}Z) (?P<reason>.*)\.salesops")
_PAGES = 1000
"""Pages copied between two looks at the progress: 4 MB, some milliseconds."""


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One backup."""

    path: Path
    taken_at: dt.datetime
    """UTC."""
    reason: str
    bytes: int


def folder_of(workspace: Path) -> Path:
    """Where the backups of ``workspace`` are kept: ``<name>.salesops-backups`` beside it."""
    return workspace.with_name(workspace.name + "-backups")


def list_backups(workspace: Path) -> list[BackupRecord]:
    """The backups of ``workspace``, newest first."""
    found = []
    with suppress(FileNotFoundError):
        for path in folder_of(workspace).iterdir():
            if match := _NAME.fullmatch(path.name):
                taken = dt.datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=dt.UTC)
                found.append(BackupRecord(path, taken, match["reason"], path.stat().st_size))
    return sorted(found, key=lambda record: record.taken_at, reverse=True)


def write_backup(workspace: Path, reason: str, *, progress: Progress = silent, now: dt.datetime | None = None) -> Path:
    """Copy the workspace as it was last committed, check the copy, and let old backups go.

    Args:
        workspace: an open or closed workspace file.
        reason: what it is taken before, e.g. ``import``; becomes part of the name.
        progress: called with bytes copied; may cancel, which leaves nothing behind.
        now: when it is taken, UTC; the present by default.

    Returns:
        The backup.

    Raises:
        DiskFullError: there is no room; nothing was changed.
        WorkspaceError: the copy is damaged, or the folder cannot be written.
    """
    moment = now or dt.datetime.now(dt.UTC)
    folder = folder_of(workspace)
    plain = re.sub(r"[^\w ,()+-]", "_", reason).strip()[:60] or "by hand"
    target = folder / f"{moment.strftime(_STAMP)} {plain}.salesops"
    with told_as_sentences(target):
        folder.mkdir(mode=0o700, exist_ok=True)
        for torn in folder.glob("*.partial*"):  # left by a process that was killed while it copied
            torn.unlink(missing_ok=True)
        need_room(target, workspace.stat().st_size + 1_000_000)
        copy_database(workspace, target, progress)
    rotate(workspace)
    return target


def copy_database(source: Path, target: Path, progress: Progress = silent, *, access: Access = Access.READ) -> None:
    """Copy a workspace as of its last commit to ``target``, whole or not at all, checked.

    Args:
        source: a workspace, open or not.
        target: the file to be; replaced when it exists.
        progress: called with bytes copied; may cancel.
        access: how the source can be read.

    Raises:
        WorkspaceError: the copy does not pass the checks an opening makes.
    """
    partial = target.with_name(target.name + ".partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(connect(source, access)) as reader, closing(sqlite3.connect(partial)) as writer:
            size = reader.execute("PRAGMA page_size").fetchone()[0]

            def tell(_status: int, remaining: int, total: int) -> None:
                progress((total - remaining) * size, total * size, "Backing up")

            # One snapshot for all pages, so that a commit in between does not start the copy anew.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            reader.backup(writer, pages=_PAGES, progress=tell)
            reader.execute("ROLLBACK")
        check_pages(partial, admit(partial))
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        for suffix in ("-journal", "-wal", "-shm"):
            side_file(partial, suffix).unlink(missing_ok=True)
        raise


def rotate(workspace: Path) -> list[Path]:
    """Remove the backups that are neither among the newest ten nor the newest of their week within a year.

    Returns:
        What was removed.
    """
    records = list_backups(workspace)
    older = records[KEEP_NEWEST:]
    weeks: dict[tuple[int, int], BackupRecord] = {}
    for record in older:
        weeks.setdefault(record.taken_at.isocalendar()[:2], record)
    horizon = records[0].taken_at - dt.timedelta(weeks=KEEP_WEEKS) if records else dt.datetime.now(dt.UTC)
    kept = {record.path for record in weeks.values() if record.taken_at >= horizon}
    removed = []
    for record in older:
        if record.path not in kept:
            with suppress(OSError):  # a backup somebody holds open goes next time
                record.path.unlink()
                removed.append(record.path)
    return removed


def refuse_missing(backup: Path) -> None:
    """Check that a backup is there and whole.

    Raises:
        WorkspaceError: it is not.
    """
    try:
        check_pages(backup, admit(backup))
    except WorkspaceError as error:
        raise WorkspaceError(
            "This backup cannot be used: " + error.what,
            where=str(backup),
            way_out="Choose another one.",
            details=error.details,
        ) from error
