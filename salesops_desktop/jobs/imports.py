"""Importing spreadsheets: inspect, preview (the real thing rolled back), import as one action."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.import_draft import ImportDraft, draft_of, reader
from salesops_desktop.jobs.import_merge import merge_staged
from salesops_desktop.jobs.import_records import Decisions, ImportReport, Issue, SheetOutcome
from salesops_desktop.jobs.staging import Staging
from salesops_desktop.model.errors import Fault, FaultsError, NothingToDoError
from salesops_desktop.model.progress import Progress, part_of
from salesops_desktop.sheets.reading.inspection import PlanResult, StageRequest
from salesops_desktop.workspace.references import UnmatchedReference

__all__ = [
    "Decisions",
    "ImportDraft",
    "ImportPreview",
    "ImportReport",
    "Issue",
    "SheetOutcome",
    "UnmatchedReference",
    "import_files",
    "inspect",
    "preview_import",
    "run_import",
]


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would do; carries the staged rows so that the import need not parse again."""

    draft: ImportDraft
    decisions: Decisions
    report: ImportReport
    staged: tuple[tuple[PlanResult, ...], ...]
    staging: Staging


def preview_import(context: JobContext, draft: ImportDraft, decisions: Decisions | None = None) -> ImportPreview:
    """Do the whole import and take it back: what it would change, reject and fail to match.

    Raises:
        FaultsError: questions of the files are still open; all of them are listed.
        NothingToDoError: no sheet is planned.
    """
    decisions = decisions or Decisions()
    staging, staged = _stage(draft, part_of(context.progress, 0, 60))
    rest = dataclasses.replace(context, progress=part_of(context.progress, 60, 100))
    return _rehearsed(rest, draft, decisions, staging, staged)


def repreview(context: JobContext, preview: ImportPreview, decisions: Decisions) -> ImportPreview:
    """The preview of the same draft with other decisions; nothing is parsed again."""
    return _rehearsed(context, preview.draft, decisions, preview.staging, preview.staged)


def _rehearsed(
    context: JobContext,
    draft: ImportDraft,
    decisions: Decisions,
    staging: Staging,
    staged: tuple[tuple[PlanResult, ...], ...],
) -> ImportPreview:
    with context.workspace.rehearsal(_name(draft)) as unit:
        report, _ = merge_staged(context, unit, draft, decisions, staging, staged)
    return ImportPreview(draft, decisions, dataclasses.replace(report, dry_run=True, action_id=None), staged, staging)


def run_import(context: JobContext, preview: ImportPreview) -> ImportReport:
    """Import what was previewed, as one action with a backup before it."""
    if not preview.report.changes_anything:
        return dataclasses.replace(preview.report, dry_run=False)
    return _written(context, preview.draft, preview.decisions, preview.staging, preview.staged)


class _NothingNewError(Exception):
    """Takes back an import that found everything there already."""


def _written(
    context: JobContext,
    draft: ImportDraft,
    decisions: Decisions,
    staging: Staging,
    staged: Sequence[Sequence[PlanResult]],
) -> ImportReport:
    context.workspace.must_be_writable()
    backup = context.workspace.backup("import", progress=part_of(context.progress, 0, 10))
    rest = dataclasses.replace(context, progress=part_of(context.progress, 10, 100))
    try:
        with context.workspace.action(_name(draft), kind="import", details=_details(draft)) as unit:
            report, tables = merge_staged(rest, unit, draft, decisions, staging, staged)
            if not report.changes_anything:
                raise _NothingNewError  # noqa: TRY301  # it must leave the action
    except _NothingNewError:
        backup.unlink(missing_ok=True)
        return dataclasses.replace(report, action_id=None)
    finally:
        staging.close()
    context.changed(*tables)
    return dataclasses.replace(report, backup=backup)


@job(
    "inspect",
    title="Look into spreadsheets",
    group="data",
    examples=("inspect company.salesops accounts.csv pipeline.xlsx",),
)
def inspect(
    context: JobContext, files: list[Path], *, as_: str | None = None, password: list[str] | None = None
) -> ImportDraft:
    """Show what is in spreadsheets and how they would be imported. Nothing is written.

    Args:
        files: csv, tsv, xlsx, xlsm, xls, xlsb or ods files.
        as_: take every sheet as this kind of record (account, opportunity, …).
        password: the files' passwords, in their order; the last one serves the rest.
    """
    return draft_of(context, files, passwords=password or (), as_=as_)


@job(
    "import",
    title="Import spreadsheets",
    group="data",
    needs=Needs.WRITE,
    examples=(
        "import company.salesops sales_teams.csv products.csv accounts.csv sales_pipeline.csv --accept-matches",
        "import company.salesops pipeline.xlsx --as opportunity --as-of 2026-09-30 --dry-run",
        "import company.salesops export.csv --mapping accounts.json",
    ),
)
def import_files(
    context: JobContext,
    files: list[Path],
    *,
    dry_run: bool = False,
    as_: str | None = None,
    mapping: Path | None = None,
    as_of: dt.date | None = None,
    accept_matches: bool = False,
    password: list[str] | None = None,
) -> ImportReport:
    """Import spreadsheets as one action that can be undone.

    Args:
        files: csv, tsv, xlsx, xlsm, xls, xlsb or ods files, in any order.
        dry_run: say what would change and write nothing.
        as_: take every sheet as this kind of record (account, opportunity, …).
        mapping: a JSON file that says which column is which field.
        as_of: the day a pipeline export speaks of; else the date in its name, else the day it was saved.
        accept_matches: accept the likely match of every reference that does not match, and remember it.
        password: the files' passwords, in their order; the last one serves the rest.
    """
    looking = dataclasses.replace(context, progress=part_of(context.progress, 0, 25))
    draft = draft_of(looking, files, passwords=password or (), as_=as_, mapping=mapping, as_of=as_of)
    decisions = Decisions(accept_likely=accept_matches)
    staging, staged = _stage(draft, part_of(context.progress, 25, 60))
    rest = dataclasses.replace(context, progress=part_of(context.progress, 60, 100))
    if dry_run:
        return _rehearsed(rest, draft, decisions, staging, staged).report
    return _written(rest, draft, decisions, staging, staged)


def _name(draft: ImportDraft) -> str:
    names = [file.path.name for file in draft.files if any(s.plan is not None for s in file.sheets)]
    return f"Import {names[0]}" if len(names) == 1 else f"Import {len(names)} files"


def _details(draft: ImportDraft) -> dict[str, object]:
    return {"files": [{"name": f.path.name, "sha256": f.inspection.sha256} for f in draft.files]}


def _stage(draft: ImportDraft, progress: Progress) -> tuple[Staging, tuple[tuple[PlanResult, ...], ...]]:
    if not draft.planned:
        raise NothingToDoError(
            "No sheet of these files could be recognised as records.",
            way_out="Say what they are (--as account, or choose it in the window), or map the columns by hand.",
        )
    if draft.questions:
        faults = [
            Fault(
                f"{draft.files[number].path.name}{' / ' + sheet if sheet else ''}",
                f"{question.text} ({' or '.join(option.label for option in question.options)})",
            )
            for number, sheet, question in draft.questions
        ]
        raise FaultsError(
            "The files leave something open that must not be guessed.",
            faults,
            way_out="Answer in the window's import, or give a mapping file with date_orders.",
        )
    staging = Staging()
    share = 100 / len(draft.files)
    staged: list[tuple[PlanResult, ...]] = []
    for number, file in enumerate(draft.files):
        plans = tuple(sheet.plan for sheet in file.sheets if sheet.plan is not None)
        if not plans:
            staged.append(())
            continue
        request = StageRequest(file.path, plans, file.password, file.options)
        part = part_of(progress, number * share, (number + 1) * share)
        staged.append(reader().stage(request, staging.file(number), part).plans)
    return staging, tuple(staged)
