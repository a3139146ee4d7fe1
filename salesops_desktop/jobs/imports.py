"""Importing spreadsheets: inspect, preview (the real thing rolled back), import as one action."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.frames import company
from salesops_desktop.jobs.import_draft import DraftFile, ImportDraft, draft_of, reader
from salesops_desktop.jobs.staging import Staging
from salesops_desktop.model.entities import ENTITIES, entity
from salesops_desktop.model.errors import Fault, FaultsError, NothingToDoError
from salesops_desktop.model.progress import Progress, part_of
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.sheets.reading.inspection import (
    PlanResult,
    SavedMapping,
    SheetInspection,
    SheetPlan,
    StageRequest,
)
from salesops_desktop.workspace.merge import ChangedCell, Merge, MergeResult, take_snapshot
from salesops_desktop.workspace.references import UnmatchedReference
from salesops_desktop.workspace.unit import UnitOfWork

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

KEPT_ISSUES = 1000
_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)")
_ORDER = {spec.name: number for number, spec in enumerate(ENTITIES)}


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the person decided about references that did not match."""

    accepted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Entity → spelling in the file → the record meant."""
    accept_likely: bool = False
    """Accept every likely match that is offered."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A cell or row that was not taken as it stands."""

    file: str
    sheet: str
    row: int
    cell: str
    header: str
    value: str
    reason: str
    fix: str
    severity: str
    """``reject`` (the row is left out), ``blank`` (the cell is left empty) or ``note``."""


@dataclass(frozen=True, slots=True)
class SheetOutcome:
    """What becomes of one sheet. rows = new + changed + unchanged + rejected."""

    file: str
    sheet: str
    entity: str
    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    skipped: int
    """Rows that are no data: title lines, blank rows, totals, footers."""
    as_of: dt.date | None
    snapshot_lines: int
    historic: bool
    """An export older than the newest snapshot: it adds to the past and leaves today's pipeline alone."""
    changes: tuple[ChangedCell, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    outcomes: tuple[SheetOutcome, ...]
    unmatched: tuple[UnmatchedReference, ...]
    taken: tuple[UnmatchedReference, ...]
    """Likely matches that were accepted in this import and are remembered."""
    created: tuple[tuple[str, str], ...]
    issues: tuple[Issue, ...]
    dry_run: bool
    action_id: int | None
    """None where nothing was changed."""
    backup: Path | None

    @property
    def rejected(self) -> int:
        """Rows left out, over all sheets."""
        return sum(outcome.rejected for outcome in self.outcomes)

    @property
    def changes_anything(self) -> bool:
        """Whether the workspace becomes another."""
        return bool(self.created) or any(o.new or o.changed or o.snapshot_lines for o in self.outcomes)

    def summary(self) -> Sequence[str]:
        """What happened, in sentences."""
        would = "would be " if self.dry_run else ""
        said = []
        for o in self.outcomes:
            line = (
                f"{o.file}{' / ' + o.sheet if o.sheet else ''}: {o.rows:,} rows as {entity(o.entity).plural.lower()}; "
                f"{o.new:,} {would}new, {o.changed:,} {would}changed, {o.unchanged:,} unchanged, "
                f"{o.rejected:,} {would}rejected."
            )
            said.append(line)
            if o.snapshot_lines and o.as_of:
                said.append(f"  A pipeline snapshot of {o.as_of} {would or 'was '}kept ({o.snapshot_lines:,} lines).")
            if o.historic:
                said.append("  It is older than the newest snapshot: today's opportunities are left as they are.")
        for kind, name in self.created:
            said.append(f"{entity(kind).label} {name!r} {would or 'was '}made, because the file names it.")
        for t in self.taken:
            kind = entity(t.entity).label
            said.append(
                f"{kind} {t.text!r} ({t.rows:,} rows) {would or 'was '}taken as {t.candidate!r} and remembered."
            )
        for u in self.unmatched:
            likely = f"; likely {u.candidate!r} ({u.score:.0f} %)" if u.candidate_id is not None else ""
            said.append(f"No {entity(u.entity).label.lower()} is called {u.text!r} ({u.rows:,} rows){likely}.")
        if any(u.candidate_id is not None for u in self.unmatched):
            said.append("Accept the likely matches with --accept-matches; they are then remembered.")
        if not self.changes_anything:
            said.append("Nothing changes: the workspace holds all of this already.")
        elif self.dry_run:
            said.append("Nothing was written: this was a dry run.")
        return said

    def tables(self) -> Sequence[Table]:
        """The cells and rows that were not taken as they stand."""
        specs = [
            ColumnSpec(name, label, ValueKind.INTEGER if name == "row" else ValueKind.TEXT)
            for name, label in (
                ("file", "File"), ("sheet", "Sheet"), ("row", "Row"), ("cell", "Cell"), ("header", "Column"),
                ("value", "Value"), ("reason", "What is wrong"), ("fix", "What to do"), ("severity", "Result"),
            )
        ]  # fmt: skip
        rows = [dataclasses.astuple(issue) for issue in self.issues]
        return [build_table("Cells and rows not taken as they stand", specs, rows)]


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an import would do; carries the staged rows so that the import need not parse again."""

    draft: ImportDraft
    decisions: Decisions
    report: ImportReport
    staged: tuple[tuple[PlanResult, ...], ...]
    staging: Staging


@dataclass(frozen=True, slots=True)
class _Step:
    """One staged sheet, in the order in which references find their records."""

    number: int
    file: DraftFile
    plan: SheetPlan
    index: int
    result: PlanResult


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
        report, _ = _merge(context, unit, draft, decisions, staging, staged)
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
            report, tables = _merge(rest, unit, draft, decisions, staging, staged)
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


def _steps(draft: ImportDraft, staged: Sequence[Sequence[PlanResult]]) -> list[_Step]:
    steps = [
        _Step(number, file, plan, index, result)
        for number, (file, results) in enumerate(zip(draft.files, staged, strict=True))
        for index, (plan, result) in enumerate(
            zip([s.plan for s in file.sheets if s.plan is not None], results, strict=True)
        )
    ]
    return sorted(steps, key=lambda step: (_ORDER[step.plan.entity], step.number, step.index))


def _merge(
    context: JobContext,
    unit: UnitOfWork,
    draft: ImportDraft,
    decisions: Decisions,
    staging: Staging,
    staged: Sequence[Sequence[PlanResult]],
) -> tuple[ImportReport, frozenset[str]]:
    outcomes: list[SheetOutcome] = []
    results: list[MergeResult] = []
    issues: list[Issue] = []
    connection = unit.connection
    steps = _steps(draft, staged)
    unit.attach(staging.combined([number for number, results in enumerate(staged) if results]), "stage")
    for done, step in enumerate(steps):
        label = f"Importing {step.file.path.name}"
        context.progress(done, len(steps), label)
        with unit.watched(_at(context.progress, done, len(steps)), label):
            outcome, result, found = _merge_step(connection, staging, step, draft, decisions)
        outcomes.append(outcome)
        results.append(result)
        issues.extend(found)
    context.progress(len(steps), len(steps), "")
    tables = frozenset().union(*(result.tables for result in results)) | {
        "import_source",
        "saved_match",
        "saved_mapping",
    }
    if any(outcome.snapshot_lines for outcome in outcomes):
        tables |= {"snapshot", "snapshot_line"}
    unmatched = tuple(u for result in results for u in result.unmatched)
    taken = tuple(t for result in results for t in result.taken)
    created = tuple(dict.fromkeys(c for result in results for c in result.created))
    report = ImportReport(tuple(outcomes), unmatched, taken, created, tuple(issues), False, unit.action_id, None)  # noqa: FBT003
    return report, tables


def _at(progress: Progress, done: int, total: int) -> Progress:
    """While one statement works, only the question whether to stop passes; the bar stays where it is."""

    def look(_done: float, _total: float, what: str = "") -> None:
        progress(done, total, what)

    return look


def _merge_step(
    connection: Connection, staging: Staging, step: _Step, draft: ImportDraft, decisions: Decisions
) -> tuple[SheetOutcome, MergeResult, list[Issue]]:
    spec = entity(step.plan.entity)
    staged = staging.table(step.number, f"staged_{step.index}")
    pipeline = spec.name == "opportunity"
    as_of = _as_of(connection, step.file, draft.as_of) if pipeline else None
    newest = connection.exec_driver_sql("SELECT max(taken_on) FROM snapshot").scalar()
    historic = pipeline and newest is not None and str(as_of) < str(newest)
    source_id = _source(connection, step, as_of)
    merge = Merge(
        connection, spec, staged, source_id, company(connection).currency,
        accepted=decisions.accepted, accept_likely=decisions.accept_likely, insert_only=historic,
    )  # fmt: skip
    result = merge.run()
    lines = take_snapshot(connection, as_of, staged, source_id) if as_of is not None else 0
    if spec.name == "snapshot_line":
        _head_snapshots(connection, source_id)
    issues = _issues(connection, staging.table(step.number, "issue"), step) + [
        Issue(step.file.path.name, step.plan.sheet, r.row, "", "", "", r.reason, r.fix, "reject")
        for r in result.rejected
    ]
    rejected = step.result.rejected + len(result.rejected)
    outcome = SheetOutcome(
        step.file.path.name, step.plan.sheet, spec.name, step.result.rows, result.new, result.changed,
        result.unchanged, rejected, step.result.skipped, as_of, lines, historic, result.changes,
    )  # fmt: skip
    _close_source(connection, source_id, outcome, issues)
    if result.new or result.changed or lines:
        _remember(connection, step)
    return outcome, result, issues


def _as_of(connection: Connection, file: DraftFile, asked: dt.date | None) -> dt.date:
    """The day a pipeline export speaks of: as asked, as last time, as its name says, or the day it was saved."""
    if asked is not None:
        return asked
    known = connection.exec_driver_sql(
        "SELECT as_of FROM import_source WHERE sha256 = ? AND as_of IS NOT NULL ORDER BY id DESC LIMIT 1",
        (file.inspection.sha256,),
    ).scalar()
    if known is not None:
        return dt.date.fromisoformat(str(known))
    match = _DAY_IN_NAME.search(file.path.stem)
    if match:
        with contextlib.suppress(ValueError):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    return dt.datetime.fromtimestamp(file.path.stat().st_mtime, tz=dt.UTC).date()


def _source(connection: Connection, step: _Step, as_of: dt.date | None) -> int:
    headers = {column.index: column.header for column in _sheet(step).columns}
    mapping = {headers[index]: name for index, name in step.plan.mapping.items()}
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    result = connection.exec_driver_sql(
        "INSERT INTO import_source (file_name, sha256, sheet, entity, as_of, imported_at, rows, new, changed, "
        "unchanged, rejected, mapping) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)",
        (
            step.file.path.name, step.file.inspection.sha256, step.plan.sheet, step.plan.entity,
            as_of.isoformat() if as_of else None, now, step.result.rows, json.dumps(mapping, ensure_ascii=False),
        ),
    )  # fmt: skip
    return int(result.lastrowid)


def _sheet(step: _Step) -> SheetInspection:
    return next(s.inspection for s in step.file.sheets if s.inspection.name == step.plan.sheet)


def _close_source(connection: Connection, source_id: int, outcome: SheetOutcome, issues: Sequence[Issue]) -> None:
    kept = json.dumps([dataclasses.asdict(i) for i in issues[:KEPT_ISSUES]], ensure_ascii=False) if issues else None
    connection.exec_driver_sql(
        "UPDATE import_source SET new = ?, changed = ?, unchanged = ?, rejected = ?, issues = ? WHERE id = ?",
        (outcome.new, outcome.changed, outcome.unchanged, outcome.rejected, kept, source_id),
    )


def _head_snapshots(connection: Connection, source_id: int) -> None:
    """Imported snapshot lines bring snapshots that have no head yet."""
    connection.exec_driver_sql(
        "INSERT INTO snapshot (taken_on, source_id) SELECT DISTINCT taken_on, ? FROM snapshot_line "
        "WHERE source_id = ? ON CONFLICT (taken_on) DO NOTHING",
        (source_id, source_id),
    )


def _issues(connection: Connection, table: str, step: _Step) -> list[Issue]:
    rows = connection.exec_driver_sql(
        f'SELECT sheet, "row", cell, column_header, value, reason, fix, severity FROM stage.{table} WHERE plan = ? '
        'ORDER BY "row", cell',
        (step.index,),
    )
    name = step.file.path.name
    return [Issue(name, r[0], int(r[1] or 0), *(str(v) if v is not None else "" for v in r[2:])) for r in rows]


def _remember(connection: Connection, step: _Step) -> None:
    sheet = _sheet(step)
    saved = SavedMapping.of(sheet, step.plan)
    options = json.dumps(
        {"default_currency": saved.default_currency, "date_orders": dict(saved.date_orders)}, ensure_ascii=False
    )
    connection.exec_driver_sql(
        "INSERT INTO saved_mapping (signature, entity, mapping, options, used_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (signature) DO UPDATE SET entity = excluded.entity, mapping = excluded.mapping, "
        "options = excluded.options, used_at = excluded.used_at WHERE mapping IS NOT excluded.mapping "
        "OR options IS NOT excluded.options OR entity IS NOT excluded.entity",
        (
            SavedMapping.signature(sheet.headers), saved.entity,
            json.dumps(dict(saved.fields), ensure_ascii=False), options,
            dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S"),
        ),
    )  # fmt: skip
