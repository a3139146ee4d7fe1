"""Staged sheets into the workspace, inside one transaction: order, sources, snapshots, issues, remembered mappings."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.import_draft import DraftFile, ImportDraft
from salesops_desktop.jobs.import_records import Decisions, ImportReport, Issue, SheetOutcome
from salesops_desktop.jobs.staging import Staging
from salesops_desktop.model.entities import ENTITIES, entity
from salesops_desktop.model.progress import Progress
from salesops_desktop.sheets.reading.inspection import PlanResult, SavedMapping, SheetInspection, SheetPlan
from salesops_desktop.workspace.merge import Merge, MergeResult, take_snapshot
from salesops_desktop.workspace.text import stored_now
from salesops_desktop.workspace.unit import UnitOfWork

KEPT_ISSUES = 1000
_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)")
_ORDER = {spec.name: number for number, spec in enumerate(ENTITIES)}


@dataclass(frozen=True, slots=True)
class _Step:
    """One staged sheet, in the order in which references find their records."""

    number: int
    file: DraftFile
    plan: SheetPlan
    index: int
    result: PlanResult


def _steps(draft: ImportDraft, staged: Sequence[Sequence[PlanResult]]) -> list[_Step]:
    steps = [
        _Step(number, file, plan, index, result)
        for number, (file, results) in enumerate(zip(draft.files, staged, strict=True))
        for index, (plan, result) in enumerate(
            zip([s.plan for s in file.sheets if s.plan is not None], results, strict=True)
        )
    ]
    return sorted(steps, key=lambda step: (_ORDER[step.plan.entity], step.number, step.index))


def merge_staged(
    context: JobContext,
    unit: UnitOfWork,
    draft: ImportDraft,
    decisions: Decisions,
    staging: Staging,
    staged: Sequence[Sequence[PlanResult]],
) -> tuple[ImportReport, frozenset[str]]:
    """Merge all staged sheets of a draft.

    Args:
        context: its progress may cancel, even inside a long statement.
        unit: the action (or rehearsal) it happens in.
        draft: what was planned.
        decisions: about references that do not match.
        staging: the staged rows.
        staged: what the reader said of each file's plans.

    Returns:
        The report, and the tables that changed.
    """
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
    now = stored_now()
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
            stored_now(),
        ),
    )  # fmt: skip
