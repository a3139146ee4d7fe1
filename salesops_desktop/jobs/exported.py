"""What every export says of itself: where its figures come from, and which files it wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop import __version__
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.writing.book import Provenance, Saved
from salesops_desktop.workspace.content import content_hash

__all__ = ["Exported", "provenance"]


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that were written."""

    files: tuple[Saved, ...]

    def summary(self) -> Sequence[str]:
        """Where they are, and what could not be stored as it was."""
        said = [f"Wrote {saved.path} ({saved.size / 1024:,.0f} KiB)." for saved in self.files[:10]]
        if len(self.files) > 10:
            said.append(f"… and {len(self.files) - 10} more files in {self.files[0].path.parent}.")
        changed = sum(len(saved.changes) for saved in self.files)
        if changed:
            said.append(f"{changed:,} cells could not be stored exactly as they are; see their notes.")
        return said

    def tables(self) -> Sequence[Table]:
        """One row per file, with its fingerprint for the audit trail."""
        specs = [
            ColumnSpec("path", "File", ValueKind.TEXT),
            ColumnSpec("size", "Bytes", ValueKind.INTEGER),
            ColumnSpec("sha256", "SHA-256", ValueKind.TEXT),
        ]
        return [build_table("Files", specs, [(str(s.path), s.size, s.sha256) for s in self.files])]


def provenance(context: JobContext, connection: Connection, title: str, period: str) -> Provenance:
    """Where a workbook's figures come from: company, file, last action, content hash."""
    action = connection.exec_driver_sql("SELECT max(id) FROM action").scalar()
    return Provenance(
        title,
        company(connection).name,
        period,
        dt.datetime.now(dt.UTC),
        context.path.name,
        None if action is None else int(action),
        content_hash(connection),
        f"SalesOps Desktop {__version__}",
    )
