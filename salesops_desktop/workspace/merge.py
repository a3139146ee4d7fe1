"""Merging a staged sheet into the workspace: set-based, every row accounted for.

The staging file (written by :mod:`salesops_desktop.sheets.reading`) is attached as ``stage``. Everything here happens
inside the caller's transaction, so that a preview is the real thing rolled back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from salesops_desktop.model.entities import EntitySpec, FieldSpec, entity
from salesops_desktop.model.money import FX_SCALE
from salesops_desktop.model.stages import status_of_stage
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.workspace.references import Resolver, UnmatchedReference, target_of
from salesops_desktop.workspace.text import quoted

SAMPLE = 200
"""How many changed rows a preview shows cell by cell."""


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """One cell that the import changes."""

    row: int
    record: str
    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that the merge refused, and why."""

    row: int
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What became of the staged rows: new + changed + unchanged + rejected = staged."""

    staged: int
    new: int
    changed: int
    unchanged: int
    rejected: tuple[RejectedRow, ...]
    unmatched: tuple[UnmatchedReference, ...]
    taken: tuple[UnmatchedReference, ...]
    """Likely matches that were accepted in this import."""
    created: tuple[tuple[str, str], ...]
    """(entity, name) of records made because the file names them."""
    changes: tuple[ChangedCell, ...]
    tables: frozenset[str]


@dataclass(slots=True)
class Merge:
    """One staged sheet on its way into the workspace.

    Args:
        connection: inside a transaction, with the staging file attached as ``stage``.
        spec: the kind of record.
        staged: the staging table, e.g. ``staged_0``.
        source_id: the import source the rows come from.
        currency: for money whose currency the file does not say.
        accepted: entity → text → record id: references accepted by the person.
        accept_likely: accept every likely match.
        insert_only: leave records that exist as they are (an export older than the pipeline's newest snapshot).
    """

    connection: Connection
    spec: EntitySpec
    staged: str
    source_id: int
    currency: str
    accepted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    accept_likely: bool = False
    insert_only: bool = False
    _unmatched: list[UnmatchedReference] = field(default_factory=list)
    _taken: list[UnmatchedReference] = field(default_factory=list)
    _created: list[tuple[str, str]] = field(default_factory=list)
    _tables: set[str] = field(default_factory=set)

    def run(self) -> MergeResult:
        """Merge, and say what became of every row."""
        total = self._count("1")
        self._prepare()
        mapped = self._mapped()
        own = [f for f in mapped if f.reference == self.spec.name]
        for reference in mapped:
            if reference.reference and reference not in own:
                self._resolve(reference)
        self._reject_missing([f for f in mapped if f.reference and f not in own])
        self._supersede_keys()
        self._match_keys(mapped)
        self._say_superseded("_id", "_id IS NOT NULL")
        first_new = self._number_new()
        self._insert([f for f in mapped if f not in own])
        for reference in own:
            self._resolve(reference)
        changes = [] if self.insert_only else self._changed_cells(mapped)
        changed = 0 if self.insert_only else self._update(mapped, new=False)
        if own:
            self._update(own, new=True)
        new = self._count(f"_id >= {first_new} AND _reject IS NULL")
        refused = self._sql(f"SELECT row, _reject, _fix FROM {self._stage} WHERE _reject IS NOT NULL ORDER BY row")
        rejected = tuple(RejectedRow(int(str(row)), str(reason), str(fix or "")) for row, reason, fix in refused)
        if new or changed:
            self._tables.add(self.spec.name)
        return MergeResult(
            total,
            new,
            changed,
            total - new - changed - len(rejected),
            rejected,
            tuple(self._unmatched),
            tuple(self._taken),
            tuple(self._created),
            tuple(changes),
            frozenset(self._tables),
        )

    # --- the steps ---------------------------------------------------------------------------------------------

    @property
    def _stage(self) -> str:
        return f"stage.{quoted(self.staged)}"

    def _sql(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        result = self.connection.exec_driver_sql(statement, tuple(parameters))
        return [tuple(row) for row in result] if result.returns_rows else []

    def _change(self, statement: str, parameters: Sequence[object] = ()) -> int:
        return self.connection.exec_driver_sql(statement, tuple(parameters)).rowcount

    def _count(self, condition: str) -> int:
        return int(str(self._sql(f"SELECT count(*) FROM {self._stage} WHERE {condition}")[0][0]))

    def _columns(self) -> set[str]:
        return {str(row[1]) for row in self._sql(f"PRAGMA stage.table_info({quoted(self.staged)})")}

    def _mapped(self) -> list[FieldSpec]:
        present = self._columns()
        return [f for f in self.spec.fields if f.name in present]

    def _prepare(self) -> None:
        """Add the working columns and fill what the schema needs and the file leaves out."""
        for column in ("_id INTEGER", "_twins INTEGER", "_key INTEGER", "_reject TEXT", "_fix TEXT"):
            self._change(f"ALTER TABLE {self._stage} ADD COLUMN {column}")
        self._default_currency()
        match self.spec.name:
            case "opportunity" | "snapshot_line":
                self._derive_status()
            case "transaction":
                self._default("kind", "CASE WHEN amount < 0 THEN 'refund' ELSE 'booking' END")
            case "credit":
                self._default("role", "'direct'")
            case "quota":
                self._default("measure", "'bookings'")
            case "exchange_rate":
                self._change(f"UPDATE {self._stage} SET rate = CAST(round(rate * {FX_SCALE}) AS INTEGER)")

    def _default(self, name: str, expression: str) -> None:
        if name not in self._columns():
            self._change(f"ALTER TABLE {self._stage} ADD COLUMN {quoted(name)}")
        self._change(f"UPDATE {self._stage} SET {quoted(name)} = {expression} WHERE {quoted(name)} IS NULL")

    def _default_currency(self) -> None:
        name = self.spec.currency_field
        money = [f.name for f in self._mapped() if f.kind is ValueKind.MONEY]
        if name is not None and money:
            self._default(name, f"'{self.currency}'")

    def _derive_status(self) -> None:
        if "status" not in self._columns():
            self._change(f"ALTER TABLE {self._stage} ADD COLUMN status TEXT")
        stages = self._sql(f"SELECT DISTINCT stage FROM {self._stage} WHERE status IS NULL AND stage IS NOT NULL")
        for (stage,) in stages:
            self._change(
                f"UPDATE {self._stage} SET status = ? WHERE status IS NULL AND stage = ?",
                (status_of_stage(str(stage)).value, stage),
            )

    def _resolve(self, reference: FieldSpec) -> None:
        target = target_of(reference)
        column = quoted(reference.column)
        text = quoted(reference.name)
        rows = self._sql(
            f"SELECT {text}, count(*) FROM {self._stage} WHERE {text} IS NOT NULL AND _reject IS NULL GROUP BY 1"
        )
        counts = {str(value): int(str(number)) for value, number in rows}
        resolver = Resolver(
            self.connection, target, accepted=self.accepted.get(target.name), accept_likely=self.accept_likely
        )
        known, unmatched, create = resolver.resolve(counts, reference)
        for name in create:
            known[name] = self._create(target, name)
        self._unmatched.extend(unmatched)
        self._taken.extend(resolver.taken)
        if resolver.remember():
            self._tables.add("saved_match")
        self._change("CREATE TEMP TABLE IF NOT EXISTS known (text TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID")
        self._change("DELETE FROM temp.known")
        if known:
            self.connection.exec_driver_sql("INSERT INTO temp.known VALUES (?, ?)", list(known.items()))
        self._change(f"ALTER TABLE {self._stage} ADD COLUMN {column} INTEGER")
        self._change(f"UPDATE {self._stage} SET {column} = (SELECT id FROM temp.known WHERE text = {text})")
        if unmatched and not reference.required:
            self._change(  # the words are kept, so that nothing of the file is lost
                f"UPDATE {self._stage} SET attributes = json_set(coalesce(attributes, '{{}}'), ?, {text}) "
                f"WHERE {column} IS NULL AND {text} IS NOT NULL",
                (_kept_at(reference),),
            )

    def _create(self, target: EntitySpec, name: str) -> int:
        result = self.connection.exec_driver_sql(
            f"INSERT INTO {quoted(target.name)} ({quoted(target.name_field)}, source_id) VALUES (?, ?)",
            (name, self.source_id),
        )
        self._created.append((target.name, name))
        self._tables.add(target.name)
        return int(result.lastrowid)

    def _reject_missing(self, references: Sequence[FieldSpec]) -> None:
        for reference in references:
            if reference.required:
                label = target_of(reference).label.lower()
                self._change(
                    f"UPDATE {self._stage} SET "
                    f"_reject = 'There is no {label} called ' || {quoted(reference.name)} || '.', "
                    f"_fix = 'Import the {label} first, or accept the likely match.' "
                    f"WHERE {quoted(reference.column)} IS NULL AND _reject IS NULL"
                )

    def _match_keys(self, mapped: Sequence[FieldSpec]) -> None:
        """Find the record of each row by its best key; a weaker key only finds records that lack the better one."""
        present = {f.name: f for f in mapped}
        table = quoted(self.spec.name)
        better: list[str] = []
        for key in self.spec.keys:
            if not all(name in present for name in key):
                continue
            columns = [present[name].column for name in key]
            same = " AND ".join(f"t.{quoted(c)} = s.{quoted(c)}" for c in columns)
            lacking = "".join(f" AND t.{quoted(c)} IS NULL{self._not_claimed(c, same)}" for c in better)
            found = f"FROM {table} t WHERE {same}{lacking}"
            number = len(better)
            self._change(
                f"UPDATE {self._stage} AS s SET _id = (SELECT min(t.id) {found}), "
                f"_twins = (SELECT count(*) {found}), _key = {number} WHERE s._id IS NULL AND s._reject IS NULL"
            )
            if better:  # of several rows with better keys of their own, one adopts the record; the others are new
                self._change(
                    f"UPDATE {self._stage} AS s SET _id = NULL, _twins = NULL FROM (SELECT rowid AS r, row, min(row) "
                    f"OVER (PARTITION BY _id) AS first FROM {self._stage} WHERE _key = {number} AND _id IS NOT NULL "
                    f"AND {quoted(better[-1])} IS NOT NULL) AS d WHERE s.rowid = d.r AND d.row > d.first"
                )
            if len(columns) == 1:
                better.append(columns[0])
        best = self.spec.field(self.spec.keys[0][0]).label
        self._change(
            f"UPDATE {self._stage} SET _id = NULL, "
            f"_reject = 'There are ' || _twins || ' {self.spec.plural.lower()} of that name.', "
            f"_fix = 'Add the column {best} to say which one is meant.' WHERE _twins > 1"
        )

    def _not_claimed(self, better: str, same: str) -> str:
        """A row with a better key adopts a record without one only where no row without it stands for that record."""
        claims = same.replace("s.", "o.")
        standing = f"SELECT 1 FROM {self._stage} o WHERE o.{quoted(better)} IS NULL AND {claims}"
        return f" AND (s.{quoted(better)} IS NULL OR NOT EXISTS ({standing}))"

    def _supersede_keys(self) -> None:
        """Of rows with the same key, the last one counts; the earlier ones are told."""
        present = {f.name: f for f in self._mapped()}
        keys = [key for key in self.spec.keys if all(name in present for name in key)]
        if not keys:
            return
        columns = [present[name].column for name in keys[0]]
        filled = " AND ".join(f"{quoted(c)} IS NOT NULL" for c in columns)
        self._say_superseded(", ".join(quoted(c) for c in columns), filled)
        if len(keys[0]) == 1 and len(keys) > 1:  # rows without the better key are held apart by the next one
            column = quoted(present[keys[-1][0]].column)
            self._say_superseded(column, f"{quoted(columns[0])} IS NULL AND {column} IS NOT NULL")

    def _say_superseded(self, partition: str, condition: str) -> None:
        self._change(
            f"UPDATE {self._stage} AS s SET _reject = 'Row ' || d.last || ' has the same key; the later row counts.', "
            f"_fix = 'Remove one of the two rows.', _id = NULL FROM (SELECT rowid AS r, row, max(row) OVER "
            f"(PARTITION BY {partition}) AS last FROM {self._stage} WHERE _reject IS NULL AND {condition}) AS d "
            f"WHERE s.rowid = d.r AND d.row < d.last"
        )

    def _number_new(self) -> int:
        table = quoted(self.spec.name)
        first = int(str(self._sql(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0][0]))
        self._change(
            f"UPDATE {self._stage} AS s SET _id = ? + d.n FROM "
            f"(SELECT rowid AS r, row_number() OVER (ORDER BY row) - 1 AS n FROM {self._stage} "
            f"WHERE _id IS NULL AND _reject IS NULL) AS d WHERE s.rowid = d.r",
            (first,),
        )
        self._first_new = first
        return first

    def _insert(self, mapped: Sequence[FieldSpec]) -> None:
        columns = [quoted(f.column) for f in mapped]
        names = ", ".join(["id", *columns, "attributes", "source_id", "source_row"])
        values = ", ".join(["_id", *columns, "json(attributes)", str(self.source_id), "row"])
        self._change(
            f"INSERT INTO {quoted(self.spec.name)} ({names}) SELECT {values} FROM {self._stage} "
            f"WHERE _id >= {self._first_new} AND _reject IS NULL ORDER BY row"
        )

    def _differs(self, mapped: Sequence[FieldSpec]) -> str:
        parts = [f"t.{quoted(f.column)} IS NOT s.{quoted(f.column)}" for f in mapped]
        parts.append(
            "(s.attributes IS NOT NULL AND t.attributes IS NOT json_patch(coalesce(t.attributes, '{}'), s.attributes))"
        )
        return " OR ".join(parts)

    def _update(self, mapped: Sequence[FieldSpec], *, new: bool) -> int:
        table = quoted(self.spec.name)
        side = ">=" if new else "<"
        sets = [f"{quoted(f.column)} = s.{quoted(f.column)}" for f in mapped]
        if not new:
            attributes = "json_patch(coalesce(t.attributes, '{}'), coalesce(s.attributes, '{}'))"
            for reference in (f for f in mapped if f.reference):  # a match found at last needs its words no more
                path = f"CASE WHEN s.{quoted(reference.column)} IS NULL THEN '$.\"\"' ELSE '{_kept_at(reference)}' END"
                attributes = f"json_remove({attributes}, {path})"
            sets.append(f"attributes = nullif({attributes}, '{{}}')")
            sets += [f"source_id = {self.source_id}", "source_row = s.row"]
        return self._change(
            f"UPDATE {table} AS t SET {', '.join(sets)} FROM {self._stage} AS s "
            f"WHERE s._id = t.id AND s._reject IS NULL AND s._id {side} {self._first_new} AND ({self._differs(mapped)})"
        )

    def _changed_cells(self, mapped: Sequence[FieldSpec]) -> list[ChangedCell]:
        columns = [f.column for f in mapped]
        before = ", ".join(f"t.{quoted(c)}" for c in columns)
        after = ", ".join(f"s.{quoted(c)}" for c in columns)
        name = self.spec.field(self.spec.name_field)
        record = quoted("id" if name.reference else name.name)
        rows = self._sql(
            f"SELECT s.row, t.{record}, {before}, {after} "
            f"FROM {self._stage} AS s JOIN {quoted(self.spec.name)} AS t ON t.id = s._id "
            f"WHERE s._reject IS NULL AND s._id < {self._first_new} AND ({self._differs(mapped)}) "
            f"ORDER BY s.row LIMIT {SAMPLE}"
        )
        width = len(columns)
        cells = []
        for row, called, *values in rows:
            for spec, old, new in zip(mapped, values[:width], values[width:], strict=True):
                if old != new:
                    cells.append(ChangedCell(int(str(row)), str(called), spec.label, old, new))
        return cells

    _first_new: int = 0


def _kept_at(reference: FieldSpec) -> str:
    """The JSON path at which the words of a reference that did not match are kept."""
    return f'$."{reference.label} (not matched)"'


def take_snapshot(connection: Connection, taken_on: dt.date, staged: str, source_id: int) -> int:
    """Keep the pipeline as the staged opportunities show it on ``taken_on``.

    Must follow the merge of the same staged opportunities. Lines that are there already and equal stay untouched.

    Returns:
        How many snapshot lines were written.
    """
    day = taken_on.isoformat()
    present = {str(row[1]) for row in connection.exec_driver_sql(f"PRAGMA stage.table_info({quoted(staged)})")}
    spec = entity("snapshot_line")
    fields = [f for f in spec.fields if f.name not in ("taken_on", "opportunity")]
    columns = [f.column for f in fields if (f.column if f.reference else f.name) in present]
    names = ", ".join(quoted(c) for c in columns)
    differs = " OR ".join(f"{quoted(c)} IS NOT excluded.{quoted(c)}" for c in columns)
    updates = ", ".join(f"{quoted(c)} = excluded.{quoted(c)}" for c in columns)
    lines = connection.exec_driver_sql(
        f"INSERT INTO snapshot_line (taken_on, opportunity_id, {names}, source_id, source_row) "
        f"SELECT '{day}', _id, {names}, {source_id}, row FROM stage.{quoted(staged)} "
        f"WHERE _reject IS NULL AND _id IS NOT NULL "
        f"ON CONFLICT (taken_on, opportunity_id) DO UPDATE SET {updates} WHERE ({differs}) AND NOT EXISTS "
        # what a file of snapshots says of that day outranks an export of the pipeline as it stands
        f"(SELECT 1 FROM import_source i WHERE i.id = snapshot_line.source_id AND i.entity = 'snapshot_line')"
    ).rowcount
    if lines:
        connection.exec_driver_sql(
            "INSERT INTO snapshot (taken_on, source_id) VALUES (?, ?) ON CONFLICT (taken_on) DO NOTHING",
            (day, source_id),
        )
    return lines
