"""The rows of the workspace as tables: what the Data tab's grid shows and the other jobs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.entities import ENTITIES, EntitySpec, FieldSpec, entity
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import FX_SCALE
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table, column_array

__all__ = ["Browse", "Contents", "browse", "contents", "read_table"]


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


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


def read_table(
    connection: Connection, spec: EntitySpec, *, where: str = "", parameters: Sequence[object] = ()
) -> Table:
    """All records of an entity as a table, references by name, with the row ids as keys.

    Args:
        connection: a read connection.
        spec: the entity.
        where: an SQL condition on ``t``, the entity's table.
        parameters: the values of the condition's placeholders.
    """
    parts = [_expression(spec, field) for field in spec.fields]
    selected = ", ".join(["t.id", *(expression for expression, _ in parts)])
    joins = "".join(join for _, join in parts)
    condition = f" WHERE {where}" if where else ""
    statement = f"SELECT {selected} FROM {quoted(spec.name)} t{joins}{condition} ORDER BY t.id"
    rows = connection.exec_driver_sql(statement, tuple(parameters)).fetchall()
    raw: list[Sequence[object]] = list(zip(*rows, strict=True)) if rows else [()] * (len(spec.fields) + 1)
    by_name = {field.name: values for field, values in zip(spec.fields, raw[1:], strict=True)}
    currency = by_name.get(spec.currency_field or "")
    currencies = None if currency is None else np.array(currency, dtype=object)
    columns = []
    for field in spec.fields:
        values, missing = column_array(field.kind, by_name[field.name])
        own = currencies if field.kind is ValueKind.MONEY else None
        digits = 6 if field.name == "rate" else None
        columns.append(
            Column(field.name, field.label, field.kind, values, missing, None, own, digits, field.description)
        )
    return Table(spec.plural, tuple(columns), spec.name, np.array(raw[0], dtype=np.int64))


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
        entity_name: person, account, product, opportunity, snapshot_line, transaction, credit, lead, activity, quota
            or exchange_rate.
        ids: only the records with these row ids.
    """
    try:
        spec = entity(entity_name)
    except KeyError:
        known = ", ".join(each.name for each in ENTITIES)
        message = f"There are no records called {entity_name!r}."
        raise InputRefusedError(message, way_out=f"Choose one of {known}.") from None
    with context.workspace.read() as connection:
        if ids is None:
            return Browse(read_table(connection, spec))
        wanted = json.dumps([int(number) for number in ids])  # a placeholder each would reach SQLite's limit
        return Browse(
            read_table(connection, spec, where="t.id IN (SELECT value FROM json_each(?))", parameters=[wanted])
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
    with context.workspace.read() as connection:
        counts = [
            EntityCount(
                spec.name,
                spec.plural,
                int(connection.exec_driver_sql(f"SELECT count(*) FROM {quoted(spec.name)}").scalar_one()),
            )
            for spec in ENTITIES
        ]
    return Contents(tuple(counts))
