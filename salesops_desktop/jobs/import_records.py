"""What imports are told and what they tell: decisions, issues, outcomes, the report."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from salesops_desktop.model.entities import entity
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.workspace.merge import ChangedCell
from salesops_desktop.workspace.references import UnmatchedReference

FEW = 5
"""How many spellings of one kind are told in sentences."""


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
                f"{kind} {t.text!r} ({_rows(t.rows)}) {would or 'was '}taken as {t.candidate!r} and remembered."
            )
        said += self._unmatched_sentences()
        if any(u.candidate_id is not None for u in self.unmatched):
            said.append("Accept the likely matches with --accept-matches; they are then remembered.")
        if not self.changes_anything:
            said.append("Nothing changes: the workspace holds all of this already.")
        elif self.dry_run:
            said.append("Nothing was written: this was a dry run.")
        return said

    def _unmatched_sentences(self) -> list[str]:
        """One sentence per spelling where there are few, else how many there are; the table has them all."""
        said = []
        for kind in dict.fromkeys(u.entity for u in self.unmatched):
            own = [u for u in self.unmatched if u.entity == kind]
            label = entity(kind).label.lower()
            for u in own[:FEW]:
                likely = f"; likely {u.candidate!r} ({u.score:.0f} %)" if u.candidate_id is not None else ""
                said.append(f"No {label} is called {u.text!r} ({_rows(u.rows)}){likely}.")
            if len(own) > FEW:
                likely_ones = sum(u.candidate_id is not None for u in own)
                said.append(
                    f"  … and {len(own) - FEW:,} more {label} spellings without a match; "
                    f"{likely_ones:,} of all {len(own):,} have a likely one."
                )
        return said

    def tables(self) -> Sequence[Table]:
        """The references without a match, then the cells and rows that were not taken as they stand."""
        return [table for table in (self.unmatched_table(), self.issue_table()) if len(table)]

    def unmatched_table(self) -> Table:
        """One row per spelling that means no record."""
        specs = [
            ColumnSpec("entity", "Records", ValueKind.TEXT),
            ColumnSpec("text", "In the file", ValueKind.TEXT),
            ColumnSpec("rows", "Rows", ValueKind.INTEGER),
            ColumnSpec("candidate", "Likely", ValueKind.TEXT),
            ColumnSpec("score", "Likeness", ValueKind.FRACTION, digits=0),
        ]
        rows = [
            (entity(u.entity).plural, u.text, u.rows, u.candidate or None, u.score / 100 if u.candidate else None)
            for u in self.unmatched
        ]
        return build_table("References without a match", specs, rows)

    def issue_table(self) -> Table:
        """One row per cell or row that was not taken as it stands."""
        specs = [
            ColumnSpec(name, label, ValueKind.INTEGER if name == "row" else ValueKind.TEXT)
            for name, label in (
                ("file", "File"), ("sheet", "Sheet"), ("row", "Row"), ("cell", "Cell"), ("header", "Column"),
                ("value", "Value"), ("reason", "What is wrong"), ("fix", "What to do"), ("severity", "Result"),
            )
        ]  # fmt: skip
        rows = [dataclasses.astuple(issue) for issue in self.issues]
        return build_table("Cells and rows not taken as they stand", specs, rows)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
