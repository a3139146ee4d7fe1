"""Checked rows into the staging file: one table per plan, every bad cell with its reason, no row lost."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from pathlib import Path

from salesops_desktop.model.entities import EntitySpec, FieldSpec, entity
from salesops_desktop.model.errors import DiskFullError, InputRefusedError
from salesops_desktop.model.tables import ValueKind
from salesops_desktop.sheets.reading.columns import ColumnFacts
from salesops_desktop.sheets.reading.conversion import Converter, Fault, Priced, Stored, converter, currency_of
from salesops_desktop.sheets.reading.inspection import PlanResult, SheetPlan
from salesops_desktop.sheets.reading.limits import CACHE_CAP, MAX_ISSUES_PER_COLUMN
from salesops_desktop.sheets.reading.preflight import column_letters
from salesops_desktop.sheets.reading.shapes import Cell, shown
from salesops_desktop.sheets.reading.survey import Chunk, Sheet, Survey, data_chunks

REJECT, BLANK, NOTE = "reject", "blank", "note"

_SQL_TYPES = {
    ValueKind.MONEY: "INTEGER",
    ValueKind.RATE: "INTEGER",
    ValueKind.INTEGER: "INTEGER",
    ValueKind.BOOLEAN: "INTEGER",
    ValueKind.NUMBER: "REAL",
    ValueKind.FRACTION: "REAL",
}
_SCHEMA = """
CREATE TABLE issue (
    plan INTEGER, sheet TEXT, row INTEGER, cell TEXT, column_header TEXT, field TEXT, value TEXT, reason TEXT,
    fix TEXT, severity TEXT
);
CREATE TABLE rejected (plan INTEGER, sheet TEXT, row INTEGER, "values" TEXT);
"""


class StagingFile:
    """The SQLite file that staged rows go to. Not durable on purpose: an import that dies starts anew."""

    def __init__(self, target: Path) -> None:
        self.target = target
        target.unlink(missing_ok=True)
        self.connection = sqlite3.connect(target, isolation_level=None)
        self.connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-32000;"
        )
        self.connection.execute("BEGIN")
        for statement in _SCHEMA.strip().split(";\n"):
            if statement.strip():
                self.connection.execute(statement)

    def close(self) -> None:
        """Commit and close.

        Raises:
            DiskFullError: no room left.
        """
        try:
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise disk_error(self.target, error) from None
        finally:
            self.connection.close()


def disk_error(target: Path, error: sqlite3.OperationalError) -> Exception:
    """The error to tell for a write that failed."""
    if "full" in str(error) or "disk I/O" in str(error):
        return DiskFullError(
            "There is no room left for the staged rows.", where=str(target.parent), way_out="Free some space."
        )
    return error


@dataclass(slots=True)
class _Field:
    """One mapped column on its way in."""

    spec: FieldSpec
    index: int
    header: str
    facts: ColumnFacts
    order: str
    convert: Converter
    issues: int = 0
    untold: int = 0


@dataclass(slots=True)
class _Stage:
    """One plan being staged."""

    number: int
    plan: SheetPlan
    spec: EntitySpec
    survey: Survey
    fields: list[_Field]
    spare: list[int]
    """Columns kept as attributes."""
    fragments: dict[int, _Fragments]
    money_currency: str | None
    """The field that holds the row's currency, where a column or the cells themselves name one."""
    currency_at: int | None
    """Place in ``fields`` of the mapped currency column."""
    issues: list[tuple[object, ...]] = field(default_factory=list)
    by_currency: dict[tuple[int, str], Converter] = field(default_factory=dict)
    staged: int = 0
    rejected: int = 0
    told: int = 0

    @property
    def columns(self) -> list[str]:
        """The staged columns after sheet and row."""
        names = [f.spec.name for f in self.fields]
        if self.money_currency and self.currency_at is None:
            names.append(self.money_currency)
        return names


class _Fragments(dict[Cell, str]):
    """A spare column's values as pieces of a JSON object."""

    def __init__(self, header: str) -> None:
        super().__init__()
        self.key = json.dumps(header, ensure_ascii=False)
        self.many = False

    def pieces(self, cells: Sequence[Cell], *, text: bool) -> list[str]:
        """The pieces of a chunk; built outright where the values are mostly different."""
        if text and not self.many:
            self.many = len(cells) > 4_000 and len(set(cells)) * 4 > len(cells)
        if text and self.many:
            key, encode = self.key, encode_basestring
            return [f"{key}: {encode(c.strip())}" if c and not c.isspace() else "" for c in cells]  # type: ignore[union-attr]
        return list(map(self.__getitem__, cells))

    def __missing__(self, value: Cell) -> str:
        text = (value if isinstance(value, str) else shown(value)).strip()
        piece = f"{self.key}: {encode_basestring(text)}" if text else ""
        if len(self) >= CACHE_CAP:
            self.clear()
        self[value] = piece
        return piece


def stage_plan(
    file: StagingFile,
    number: int,
    plan: SheetPlan,
    sheet: Sheet,
    survey: Survey,
    tick: Callable[[int, int], None],
) -> PlanResult:
    """Stage one sheet.

    Args:
        file: where to.
        number: the plan's place in the request.
        plan: what to make of the sheet.
        sheet: the sheet.
        survey: what was found in it.
        tick: told rows done and rows in all.

    Raises:
        InputRefusedError: the plan names an unknown entity, field or column.
        DiskFullError: no room left.
    """
    stage = _prepare(number, plan, survey)
    names = stage.columns
    types = {f.spec.name: _SQL_TYPES.get(f.spec.kind, "TEXT") for f in stage.fields}
    declared = "".join(f', "{name}" {types.get(name, "TEXT")}' for name in names)
    marks = ", ".join("?" * (len(names) + 3))
    insert = f"INSERT INTO staged_{number} VALUES ({marks})"  # noqa: S608  # a number and question marks
    try:
        file.connection.execute(f"CREATE TABLE staged_{number} (sheet TEXT, row INTEGER{declared}, attributes TEXT)")
        for chunk in data_chunks(sheet, survey):
            rows, rejects = _convert(stage, chunk)
            file.connection.executemany(insert, rows)
            if rejects:
                file.connection.executemany("INSERT INTO rejected VALUES (?, ?, ?, ?)", rejects)
            _flush(file, stage)
            tick(stage.staged + stage.rejected, survey.data_rows)
        _last_lines(stage)
        _flush(file, stage)
    except sqlite3.OperationalError as error:
        raise disk_error(file.target, error) from None
    return PlanResult(
        plan.sheet,
        plan.entity,
        stage.staged + stage.rejected,
        stage.staged,
        stage.rejected,
        stage.told,
        len(survey.skip) + survey.blank_rows,
    )


def _prepare(number: int, plan: SheetPlan, survey: Survey) -> _Stage:
    try:
        spec = entity(plan.entity)
        chosen = [(index, spec.field(name)) for index, name in sorted(plan.mapping.items())]
    except KeyError as error:
        raise InputRefusedError(f"There is no {error} to import into.", where=plan.sheet) from None
    if any(index < 0 or index >= survey.width for index, _ in chosen):
        raise InputRefusedError(
            "The mapping names a column the sheet does not have.", where=plan.sheet, way_out="Map the columns again."
        )
    if len({f.name for _, f in chosen}) < len(chosen):
        raise InputRefusedError("Two columns are mapped to the same field.", where=plan.sheet)
    fields = []
    for index, f in chosen:
        facts = survey.facts[index]
        order = plan.date_orders.get(index) or facts.date_order or "undecidable"
        header = survey.headers[index]
        fields.append(
            _Field(
                f,
                index,
                header,
                facts,
                order,
                converter(
                    f,
                    facts,
                    header=header,
                    order=order,
                    currency=_unit(facts, plan.default_currency),
                    chosen=bool(plan.date_orders.get(index)),
                ),
            )
        )
    spare = [i for i in survey.kept if i not in plan.mapping] if plan.keep_unmapped else []
    currency_at = next((i for i, f in enumerate(fields) if f.spec.name == spec.currency_field), None)
    has_money = any(f.spec.kind is ValueKind.MONEY and (f.facts.priced or currency_at is not None) for f in fields)
    return _Stage(
        number,
        plan,
        spec,
        survey,
        fields,
        spare,
        {i: _Fragments(survey.headers[i]) for i in spare},
        spec.currency_field if has_money else None,
        currency_at,
    )


def _unit(facts: ColumnFacts, default: str) -> str:
    """The currency of a column whose number format or values name one and the same."""
    return currency_of(facts.currency, default) if facts.currency else default


def _convert(stage: _Stage, chunk: Chunk) -> tuple[list[tuple[Stored, ...]], list[tuple[object, ...]]]:
    """Turn a chunk of cells into rows to insert and rows to reject."""
    bad: set[int] = set()
    count = len(chunk.rows)
    columns: list[Sequence[Stored]] = []
    currencies: list[Stored] | None = None
    if stage.currency_at is not None:
        currencies = _column(stage, stage.fields[stage.currency_at], chunk, bad, None)
    own: list[str | None] = [None] * count if stage.money_currency else []
    for place, each in enumerate(stage.fields):
        if place == stage.currency_at and currencies is not None:
            columns.append(currencies)
        elif each.spec.kind is ValueKind.MONEY and stage.money_currency:
            columns.append(_money_column(stage, each, chunk, bad, currencies, own))
        else:
            columns.append(_column(stage, each, chunk, bad, None))
    if stage.money_currency:
        _fill_currencies(stage, columns, currencies, own)
    for each, column in zip(stage.fields, columns, strict=False):
        if each.spec.required and None in column:
            _require(stage, each, chunk, column, bad)
    attributes = _attributes(stage, chunk)
    rows = list(zip([stage.plan.sheet] * count, chunk.rows, *columns, attributes, strict=True))
    rejects: list[tuple[object, ...]] = []
    if bad:
        kept = [c for c in stage.survey.kept if c < len(chunk.columns)]
        for i in sorted(bad):
            values = {stage.survey.headers[c]: shown(chunk.columns[c][i]) for c in kept}
            rejects.append((stage.number, stage.plan.sheet, chunk.rows[i], json.dumps(values, ensure_ascii=False)))
        rows = [row for i, row in enumerate(rows) if i not in bad]
    stage.staged += len(rows)
    stage.rejected += len(rejects)
    return rows, rejects


def _fill_currencies(
    stage: _Stage, columns: list[Sequence[Stored]], currencies: list[Stored] | None, own: Sequence[str | None]
) -> None:
    """Give rows without a currency the one their cells named, in a column of its own where none is mapped."""
    if currencies is None:
        units = {_unit(f.facts, stage.plan.default_currency) for f in stage.fields if f.spec.kind is ValueKind.MONEY}
        unit = next(iter(units)) if len(units) == 1 else stage.plan.default_currency
        columns.append([code or unit for code in own])
        return
    for i, code in enumerate(own):
        if currencies[i] is None:
            currencies[i] = code


def _column(stage: _Stage, each: _Field, chunk: Chunk, bad: set[int], convert: Converter | None) -> list[Stored]:
    cells = chunk.cells(each.index)
    table = convert or each.convert
    if chunk.text and (quick := table.quick(cells)) is not None:
        return quick
    values = list(map(table.__getitem__, cells))
    if not table.faulty and not table.priced:
        return values  # type: ignore[return-value]  # neither faults nor priced amounts can be in it
    return [_settled(stage, each, chunk, cells, bad, i, v) for i, v in enumerate(values)]


def _settled(
    stage: _Stage, each: _Field, chunk: Chunk, cells: Sequence[Cell], bad: set[int], i: int, value: object
) -> Stored:
    if isinstance(value, Fault):
        severity = REJECT if each.spec.required else BLANK
        _issue(stage, each, chunk.rows[i], cells[i], value.reason, value.fix, severity)
        if each.spec.required:
            bad.add(i)
        return None
    if isinstance(value, Priced):
        return value.minor
    return value  # type: ignore[return-value]  # what is left is stored as it is


def _money_column(
    stage: _Stage,
    each: _Field,
    chunk: Chunk,
    bad: set[int],
    currencies: Sequence[Stored] | None,
    own: list[str | None],
) -> list[Stored]:
    """Amounts by the currency of their row; ``own`` collects the currencies that cells name themselves."""
    cells = chunk.cells(each.index)
    default = _unit(each.facts, stage.plan.default_currency)
    if currencies is None:
        units: Sequence[str] = ()
        tables = {default: each.convert}
        quick = each.convert.quick(cells) if chunk.text else None
        if quick is not None:
            return quick
        values = list(map(each.convert.__getitem__, cells))
    else:
        units = [str(code) if code else default for code in currencies]
        tables = {unit: _table(stage, each, unit, default) for unit in set(units)}
        if len(tables) == 1:
            table = next(iter(tables.values()))
            quick = table.quick(cells) if chunk.text else None
            if quick is not None:
                return quick
            values = list(map(table.__getitem__, cells))
        else:
            values = [tables[unit][cell] for unit, cell in zip(units, cells, strict=True)]
    if not any(table.faulty or table.priced for table in tables.values()):
        return values  # type: ignore[return-value]  # neither faults nor priced amounts can be in it
    result: list[Stored] = []
    for i, value in enumerate(values):
        settled = _settled(stage, each, chunk, cells, bad, i, value)
        if isinstance(value, Priced):
            known = (currencies[i] if currencies is not None else None) or own[i]
            if known and known != value.currency:
                reason = f"is in {value.currency}, its row in {known}"
                _issue(stage, each, chunk.rows[i], cells[i], reason, "Put one currency in a row.", BLANK)
                settled = None
                if each.spec.required:
                    bad.add(i)
            else:
                own[i] = value.currency
        result.append(settled)
    return result


def _table(stage: _Stage, each: _Field, unit: str, default: str) -> Converter:
    if unit == default:
        return each.convert
    key = each.index, unit
    if key not in stage.by_currency:
        stage.by_currency[key] = converter(each.spec, each.facts, header=each.header, order=each.order, currency=unit)
    return stage.by_currency[key]


def _require(stage: _Stage, each: _Field, chunk: Chunk, column: Sequence[Stored], bad: set[int]) -> None:
    for i, value in enumerate(column):
        if value is None and i not in bad:
            bad.add(i)
            cell = chunk.columns[each.index][i]
            reason = f"{each.spec.label} is missing"
            _issue(stage, each, chunk.rows[i], cell, reason, "Fill the cell, or map another column.", REJECT)


def _issue(stage: _Stage, each: _Field, row: int, cell: Cell, reason: str, fix: str, severity: str) -> None:
    each.issues += 1
    if each.issues > MAX_ISSUES_PER_COLUMN:
        each.untold += 1
        return
    place = f"{column_letters(each.index)}{row}"
    stage.issues.append(
        (
            stage.number,
            stage.plan.sheet,
            row,
            place,
            each.header,
            each.spec.name,
            shown(cell)[:200],
            reason,
            fix,
            severity,
        )
    )


def _last_lines(stage: _Stage) -> None:
    for each in stage.fields:
        if each.untold:
            reason = f"{each.untold:,} further bad cells of this column are not listed one by one"
            stage.issues.append(
                (stage.number, stage.plan.sheet, 0, "", each.header, each.spec.name, "", reason, "", NOTE)
            )


def _flush(file: StagingFile, stage: _Stage) -> None:
    if stage.issues:
        file.connection.executemany("INSERT INTO issue VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", stage.issues)
        stage.told += len(stage.issues)
        stage.issues.clear()


def _attributes(stage: _Stage, chunk: Chunk) -> Sequence[str | None]:
    """The unmapped values of each row as a JSON object; None where there are none."""
    count = len(chunk.rows)
    if not stage.spare:
        result: list[str | None] = [None] * count
    else:
        pieces = [stage.fragments[i].pieces(chunk.cells(i), text=chunk.text) for i in stage.spare]
        result = []
        for parts in zip(*pieces, strict=True):
            body = ", ".join(filter(None, parts))
            result.append(f"{{{body}}}" if body else None)
    if chunk.extras and stage.plan.keep_unmapped:
        _add_extras(stage, chunk, result)
    return result


def _add_extras(stage: _Stage, chunk: Chunk, result: list[str | None]) -> None:
    places = {row: i for i, row in enumerate(chunk.rows)}
    for row, cells in chunk.extras.items():
        i = places[row]
        held: dict[str, str] = json.loads(result[i] or "{}")
        for offset, cell in enumerate(cells):
            text = shown(cell).strip()
            if text:
                held[f"Column {column_letters(stage.survey.width + offset)}"] = text
        result[i] = json.dumps(held, ensure_ascii=False) if held else None
        stage.issues.append(
            (
                stage.number,
                stage.plan.sheet,
                row,
                "",
                "",
                "",
                " | ".join(shown(c) for c in cells)[:200],
                "the row has more fields than the header; the extra ones were kept as attributes",
                "",
                NOTE,
            )
        )
