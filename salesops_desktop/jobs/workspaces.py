"""Making, opening and looking after workspaces: new, history, undo, redo, backup, restore, check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.jobs.context import JobContext, nobody
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.history import ActionRecord
from salesops_desktop.workspace.workspace import Workspace

__all__ = ["History", "Sentences", "Workspace", "open_workspace", "opened"]


@dataclass(frozen=True, slots=True)
class Sentences:
    """The result of a job that has little to say."""

    text: tuple[str, ...]
    path: Path | None = None
    exit_status: int = 0

    def summary(self) -> Sequence[str]:
        """The sentences."""
        return self.text

    def tables(self) -> Sequence[Table]:
        """No tables."""
        return []


def open_workspace(path: Path, *, read_only: bool = False, progress: Progress = silent) -> Workspace:
    """Open a workspace for the window; everybody else uses :func:`opened`.

    Territories that were planned for a day up to today become current, as one action that can be undone; not where the
    workspace is opened for reading only.
    """
    workspace = Workspace.open(path, read_only=read_only, progress=progress)
    try:
        _make_due_current(workspace, progress)
    except BaseException:
        workspace.close()
        raise
    return workspace


def _make_due_current(workspace: Workspace, progress: Progress) -> None:
    if workspace.read_only:
        return
    today = dt.datetime.now(dt.UTC).date().isoformat()
    with workspace.look() as connection:  # before SQLAlchemy is loaded: the window should be there at once
        due = connection.execute(
            "SELECT 1 FROM scenario WHERE status = 'planned' AND effective_from <= ?", (today,)
        ).fetchone()
    if due is not None:
        from salesops_desktop.jobs.territory_scenarios import bring_up_to_date  # noqa: PLC0415  # heavy, and rarely due

        bring_up_to_date(JobContext(workspace, progress, nobody))


@contextmanager
def opened(path: Path, *, read_only: bool = False, progress: Progress = silent) -> Iterator[JobContext]:
    """Open a workspace, hand out a context on it, and close it whatever happens."""
    workspace = Workspace.open(path, read_only=read_only, progress=progress)
    try:
        yield JobContext(workspace, progress, nobody)
    finally:
        workspace.close()


@job(
    "new",
    title="New workspace",
    group="file",
    needs=Needs.NOTHING,
    examples=("new company.salesops", "new company.salesops --currency EUR --fiscal-start-month 7"),
)
def new(
    context: JobContext, path: Path, *, company: str = "", currency: str = "USD", fiscal_start_month: int = 1
) -> Sentences:
    """Make an empty workspace.

    Args:
        path: the file to make; its name should end in .salesops.
        company: the company's name, as workbooks will show it.
        currency: the company's currency, an ISO 4217 code.
        fiscal_start_month: the month (1-12) in which the fiscal year starts.
    """
    Workspace.create(path, currency=currency, fiscal_start_month=fiscal_start_month, company=company).close()
    return Sentences((f"Made {path}: empty, in {currency}.",), path)


@dataclass(frozen=True, slots=True)
class History:
    """The actions of a workspace, newest first."""

    actions: tuple[ActionRecord, ...]

    def summary(self) -> Sequence[str]:
        """How many there are."""
        if not self.actions:
            return ["Nothing has been done in this workspace yet."]
        return [f"{len(self.actions)} action{'s' if len(self.actions) > 1 else ''}, newest first."]

    def tables(self) -> Sequence[Table]:
        """One row per action: who, when, what, how many rows."""
        specs = [
            ColumnSpec("id", "Action", ValueKind.INTEGER),
            ColumnSpec("at", "When (UTC)", ValueKind.DATETIME),
            ColumnSpec("who", "Who", ValueKind.TEXT),
            ColumnSpec("name", "What", ValueKind.TEXT),
            ColumnSpec("inserted", "Added", ValueKind.INTEGER),
            ColumnSpec("updated", "Changed", ValueKind.INTEGER),
            ColumnSpec("deleted", "Removed", ValueKind.INTEGER),
            ColumnSpec("undone", "Undone", ValueKind.BOOLEAN),
        ]
        rows = [(a.id, a.at.replace(tzinfo=None), a.who, a.name, *totals(a), a.undone) for a in self.actions]
        return [build_table("History", specs, rows)]


@job("history", title="Show history", group="file", examples=("history company.salesops --limit 20",))
def history(context: JobContext, *, limit: int = 200) -> History:
    """Show who did what, when, and to how many rows.

    Args:
        limit: at most this many actions, newest first.
    """
    return History(tuple(context.workspace.history(limit)))


def totals(record: ActionRecord) -> tuple[int, int, int]:
    """How many rows an action added, changed and removed."""
    return (
        sum(count.inserted for count in record.tables),
        sum(count.updated for count in record.tables),
        sum(count.deleted for count in record.tables),
    )


@job(
    "undo",
    title="Undo",
    group="file",
    needs=Needs.WRITE,
    examples=("undo company.salesops", "undo company.salesops --action 12"),
)
def undo(context: JobContext, *, action: int | None = None) -> Sentences:
    """Take back the last action, or one action of the history.

    Args:
        action: the number of the action in the history; the last one where none is given.
    """
    record = context.workspace.undo(action, progress=context.progress)
    context.changed(*record.table_names)
    return Sentences((f"{record.name}: {_rows(record)}.",))


@job("redo", title="Redo", group="file", needs=Needs.WRITE, examples=("redo company.salesops",))
def redo(context: JobContext) -> Sentences:
    """Do again what was undone last."""
    record = context.workspace.redo(progress=context.progress)
    context.changed(*record.table_names)
    return Sentences((f"{record.name}: {_rows(record)}.",))


def _rows(record: ActionRecord) -> str:
    added, changed, removed = totals(record)
    return f"{added:,} rows added, {changed:,} changed, {removed:,} removed"


@job("backup", title="Back up now", group="file", examples=("backup company.salesops",))
def backup(context: JobContext) -> Sentences:
    """Write a verified copy of the workspace into its backup folder."""
    path = context.workspace.backup("asked for", progress=context.progress)
    return Sentences((f"Backed up to {path}.",), path)


@job(
    "restore",
    title="Restore a backup",
    group="file",
    needs=Needs.NOTHING,
    examples=("restore company.salesops-backups/2026-09-30T120000-import.salesops restored.salesops",),
)
def restore(context: JobContext, backup: Path, path: Path) -> Sentences:
    """Put a backup in the place of a workspace that nobody has open. What stood there is kept.

    Args:
        backup: the backup's file.
        path: the workspace to replace; may be damaged or missing.
    """
    kept = Workspace.restore(backup, path, progress=context.progress)
    said = [f"Restored {path} from {backup}."]
    if kept is not None:
        said.append(f"What stood there before is kept as {kept}.")
    return Sentences(tuple(said), path)


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of the workspace found."""

    sentences: tuple[str, ...]
    faults: tuple[str, ...]
    checked_at: dt.datetime

    @property
    def exit_status(self) -> int:
        """1 where something is wrong."""
        return 1 if self.faults else 0

    def summary(self) -> Sequence[str]:
        """What was checked and what is wrong."""
        return [*self.sentences, *self.faults]

    def tables(self) -> Sequence[Table]:
        """No tables."""
        return []


@job("check", title="Check the workspace", group="file", examples=("check company.salesops",))
def check(context: JobContext) -> Health:
    """Check the file: integrity, references, the change log, the seals of locked commission runs."""
    from salesops_desktop.jobs.commission_seals import broken_seals  # noqa: PLC0415  # opening a file must stay light

    report = context.workspace.check(context.progress)
    with context.workspace.read() as connection:
        broken, sealed = broken_seals(connection)
    faults = (*report.faults, *broken)
    state = "not sound" if faults else "sound"
    said = [f"The workspace is {state}: {report.actions:,} actions, {report.changes:,} logged changes."]
    if sealed:
        said.append(f"{sealed:,} locked runs are under seal{'' if broken else ' and as they were sealed'}.")
    return Health((*said, f"Content hash {report.content}."), faults, dt.datetime.now(dt.UTC))
