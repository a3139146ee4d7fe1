"""The rows of the workspace as tables: what the Data tab's grid shows and the other jobs read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.entities import ENTITIES, EntitySpec, FieldSpec, entity
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import FX_SCALE
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Array, Column, ColumnSpec, Table, ValueKind, build_table, column_array
from salesops_desktop.workspace.text import quoted

__all__ = ["Browse", "Contents", "browse", "contents", "read_table"]


def _expression(spec: EntitySpec, field: FieldSpec) -> tuple[str, str]:
    """The SELECT expression of a field, and the join it needs: references show the record's name."""
    if field.reference is None:
        if spec.name == "exchange_rate" and field.name == "rate":
            return f"t.rate / {FX_SCALE}.0", ""
        return f"t.{quoted(field.column)}", ""
    target = entity(field.reference)
    name = target.field(target.name_field)
    alias = quoted(f"r_{field.name}")
    join = f" LEFT JOIN {quoted(target.name)} {alias} ON {alias}.id = t.{quoted(field.column)}"
    return f"{alias}.{quoted(name.column)}", join


CHUNK = 4096
"""Rows turned into arrays at once: more would keep the interpreter from the window for too long."""


def read_table(
    connection: sqlite3.Connection,
    spec: EntitySpec,
    *,
    where: str = "",
    parameters: Sequence[str | int | float | None] = (),
    progress: Progress = silent,
) -> Table:
    """All records of an entity as a table, references by name, with the row ids as keys.

    Args:
        connection: the driver's connection, inside a transaction.
        spec: the entity.
        where: an SQL condition on ``t``, the entity's table.
        parameters: the values of the condition's placeholders.
        progress: told how many rows have been read; may cancel.
    """
    parts = [_expression(spec, field) for field in spec.fields]
    selected = ", ".join(["t.id", *(expression for expression, _ in parts)])
    joins = "".join(join for _, join in parts)
    condition = f" WHERE {where}" if where else ""
    statement = f"SELECT {selected} FROM {quoted(spec.name)} t{joins}{condition} ORDER BY t.id"
    kinds = [ValueKind.INTEGER, *(field.kind for field in spec.fields)]
    parts_of: list[list[Part]] = [[] for _ in kinds]
    done = 0
    with closing(connection.execute(statement, tuple(parameters))) as cursor:
        for rows in _chunks(cursor):
            for column, kind, raw in zip(parts_of, kinds, zip(*rows, strict=True), strict=True):
                column.append(column_array(kind, raw))
            done += len(rows)
            progress(done, 0, f"Reading {spec.plural.lower()}")
    arrays = [_joined(kind, parts) for kind, parts in zip(kinds, parts_of, strict=True)]
    by_name = {field.name: array for field, array in zip(spec.fields, arrays[1:], strict=True)}
    currency = by_name.get(spec.currency_field or "")
    currencies = None if currency is None else currency[0]
    columns = []
    for field in spec.fields:
        values, missing = by_name[field.name]
        own = currencies if field.kind is ValueKind.MONEY else None
        digits = 6 if field.name == "rate" else None if field.grouped else 0
        columns.append(
            Column(field.name, field.label, field.kind, values, missing, None, own, digits, field.description)
        )
    return Table(spec.plural, tuple(columns), spec.name, arrays[0][0].astype(np.int64))


Part = tuple[Array, npt.NDArray[np.bool_] | None]
"""Values, and where they are missing."""


def _chunks(cursor: sqlite3.Cursor) -> Iterator[list[tuple[object, ...]]]:
    while rows := cursor.fetchmany(CHUNK):
        yield rows


def _joined(kind: ValueKind, parts: Sequence[Part]) -> Part:
    if not parts:
        return column_array(kind, [])
    values = np.concatenate([values for values, _ in parts])
    if all(missing is None for _, missing in parts):
        return values, None
    return values, np.concatenate([np.zeros(len(v), np.bool_) if m is None else m for v, m in parts])


@dataclass(frozen=True, slots=True)
class Browse:
    """The records of one entity."""

    table: Table

    def summary(self) -> Sequence[str]:
        """How many there are."""
        return [f"{len(self.table):,} {self.table.title.lower()}."]

    def tables(self) -> Sequence[Table]:
        """The records."""
        return [self.table]


@job("show", title="Show records", group="data", examples=("show company.salesops account",))
def browse(context: JobContext, entity_name: str, *, ids: list[int] | None = None) -> Browse:
    """Show the records of one kind.

    Args:
        entity_name: person, account, product, opportunity, snapshot_line, transaction, credit, lead, activity, quota,
            target_incentive, score, reporting or exchange_rate.
        ids: only the records with these row ids.
    """
    try:
        spec = entity(entity_name)
    except KeyError:
        known = ", ".join(each.name for each in ENTITIES)
        message = f"There are no records called {entity_name!r}."
        raise InputRefusedError(message, way_out=f"Choose one of {known}.") from None
    with context.workspace.look() as connection:
        if ids is None:
            return Browse(read_table(connection, spec, progress=context.progress))
        wanted = json.dumps([int(number) for number in ids])  # a placeholder each would reach SQLite's limit
        return Browse(
            read_table(
                connection,
                spec,
                where="t.id IN (SELECT value FROM json_each(?))",
                parameters=[wanted],
                progress=context.progress,
            )
        )


@dataclass(frozen=True, slots=True)
class EntityCount:
    """How many records of one kind there are."""

    name: str
    plural: str
    rows: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a workspace holds."""

    entities: tuple[EntityCount, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all."""
        return not any(each.rows for each in self.entities)

    def summary(self) -> Sequence[str]:
        """Whether there is anything."""
        return ["The workspace is empty. Import a spreadsheet."] if self.empty else []

    def tables(self) -> Sequence[Table]:
        """One row per kind of record."""
        specs = [ColumnSpec("plural", "Records", ValueKind.TEXT), ColumnSpec("rows", "Rows", ValueKind.INTEGER)]
        return [build_table("Contents", specs, [(each.plural, each.rows) for each in self.entities])]


@job("contents", title="Show what the workspace holds", group="data", examples=("contents company.salesops",))
def contents(context: JobContext) -> Contents:
    """Count the records of each kind."""
    with context.workspace.look() as connection:
        counts = [
            EntityCount(
                spec.name,
                spec.plural,
                int(connection.execute(f"SELECT count(*) FROM {quoted(spec.name)}").fetchone()[0]),
            )
            for spec in ENTITIES
        ]
    return Contents(tuple(counts))
