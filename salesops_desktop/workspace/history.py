"""What was done: actions, how many rows they touched, and the rows themselves."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select, text, update

from salesops_desktop.workspace.changelog import quoted, watched
from salesops_desktop.workspace.connect import raw
from salesops_desktop.workspace.schema import Action, ActionRows, Change, CurrentAction, LoggedTable


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows of one table an action inserted, updated and deleted, in the end."""

    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One line of the history."""

    id: int
    name: str
    kind: str
    who: str
    at: dt.datetime
    """UTC."""
    tables: tuple[RowCounts, ...]
    undone: bool
    """Whether its effect has been taken back."""
    logged: bool
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows it touched."""
        return sum(count.inserted + count.updated + count.deleted for count in self.tables)

    @property
    def table_names(self) -> frozenset[str]:
        """The tables it touched."""
        return frozenset(count.table for count in self.tables)


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One row an action touched."""

    table: str
    row_id: int
    operation: str
    """``I``, ``U`` or ``D``."""
    before: Mapping[str, object] | None
    """The row as it was; None for an insert."""


def records(connection: Connection, *, limit: int = 200, ids: Sequence[int] | None = None) -> list[ActionRecord]:
    """The newest actions first.

    Args:
        connection: inside a read.
        limit: at most so many.
        ids: only these actions.
    """
    query = select(Action.__table__).order_by(Action.id.desc()).limit(limit)
    if ids is not None:
        query = query.where(Action.id.in_(ids))
    actions = connection.execute(query).all()
    counts: dict[int, list[RowCounts]] = defaultdict(list)
    rows = connection.execute(
        select(ActionRows.action_id, LoggedTable.name, ActionRows.inserted, ActionRows.updated, ActionRows.deleted)
        .join(LoggedTable, LoggedTable.number == ActionRows.table_number)
        .where(ActionRows.action_id.in_([action.id for action in actions]))
        .order_by(LoggedTable.name)
    )
    for row in rows:
        counts[row.action_id].append(RowCounts(row.name, row.inserted, row.updated, row.deleted))
    return [
        ActionRecord(
            id=action.id,
            name=action.name,
            kind=action.kind,
            who=action.who,
            at=action.at.replace(tzinfo=dt.UTC),
            tables=tuple(counts[action.id]),
            undone=action.undone_by_id is not None,
            logged=action.logged,
            details=json.loads(action.details) if action.details else {},
        )
        for action in actions
    ]


def changes_of(connection: Connection, action_id: int, limit: int = 1000) -> list[ChangeRecord]:
    """The rows an action touched, in the order in which it touched them.

    Args:
        connection: inside a read.
        action_id: the action.
        limit: at most so many.
    """
    span = connection.execute(select(Action.first_change, Action.last_change).where(Action.id == action_id)).first()
    if span is None or span.first_change is None:
        return []
    changes = connection.execute(
        select(Change.__table__)
        .where(Change.id.between(span.first_change, span.last_change))
        .order_by(Change.id)
        .limit(limit)
    ).all()
    if not changes:
        return []
    befores: dict[int, Mapping[str, object]] = {}
    tables = {table.number: table for table in watched(connection)}
    for number in {change.table_number for change in changes if change.operation != "I"} & tables.keys():
        table = tables[number]
        names = ", ".join(f"b.{quoted(name)}" for name in table.kept if name != "row_number")
        rows = connection.execute(
            text(
                f"SELECT b.change_id AS change_id_, {names} FROM {quoted(table.before)} b "  # our names
                "WHERE b.change_id BETWEEN :first AND :last"
            ),
            {"first": changes[0].id, "last": changes[-1].id},
        )
        befores.update({row[0]: dict(zip(table.columns, row[1:], strict=True)) for row in rows})
    names_by_number = dict(connection.execute(select(LoggedTable.number, LoggedTable.name)).all())
    return [ChangeRecord(names_by_number[c.table_number], c.row_id, c.operation, befores.get(c.id)) for c in changes]


@dataclass(frozen=True, slots=True)
class Wording:
    """What an action is called, and what it reverses."""

    name: str
    kind: str = "edit"
    details: Mapping[str, object] | None = None
    origin_id: int | None = None
    reverts_id: int | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """An action under way."""

    action_id: int
    logged: bool
    reversal: bool
    first: int
    """The number its first change will have."""
    total_changes: int
    """How many rows the connection had changed when the action began."""


def open_books(connection: Connection, wording: Wording, who: str, *, log: bool) -> Books:
    """Write the action down and make it the one the triggers log for.

    Args:
        connection: inside the write transaction that is the action.
        wording: what it is called.
        who: the person.
        log: whether its changes are logged.
    """
    first = (connection.execute(select(func.max(Change.id))).scalar() or 0) + 1
    action_id = connection.execute(
        insert(Action).returning(Action.id),
        {
            "name": wording.name,
            "kind": wording.kind,
            "who": who,
            "at": dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
            "logged": log,
            "origin_id": wording.origin_id,
            "reverts_id": wording.reverts_id,
            "details": json.dumps(wording.details, default=str) if wording.details else None,
        },
    ).scalar_one()
    connection.execute(update(CurrentAction).values(action_id=action_id, logged=log))
    return Books(action_id, log, wording.reverts_id is not None, first, raw(connection).total_changes)


def close_books(connection: Connection, books: Books) -> bool:
    """Write down which changes belong to the action and how many rows they come to.

    Args:
        connection: the action's own, before its commit.
        books: what :func:`open_books` returned.

    Returns:
        Whether the action is worth keeping: it changed something, or is an undo or redo.
    """
    touched = raw(connection).total_changes != books.total_changes
    connection.execute(update(CurrentAction).values(action_id=None, logged=True))
    if not books.logged:
        return touched
    first = books.first
    action_id = books.action_id
    last = connection.execute(select(func.max(Change.id))).scalar()
    if last is None or last < first:
        return books.reversal
    connection.execute(update(Action).where(Action.id == action_id).values(first_change=first, last_change=last))
    tallies = connection.execute(
        select(Change.table_number, Change.operation, func.count())
        .where(Change.id.between(first, last))
        .group_by(Change.table_number, Change.operation)
    )
    operations: dict[int, dict[str, int]] = defaultdict(dict)
    for number, operation, count in tallies:
        operations[number][operation] = count
    for number, found in operations.items():
        if found.keys() == {"I"}:  # no row can be inserted twice: the common case of an import needs no grouping
            net = (found["I"], 0, 0)
        elif found.keys() == {"D"}:
            net = (0, 0, found["D"])
        else:
            net = _net_counts(connection, number, first, last)
        if any(net):
            connection.execute(
                insert(ActionRows),
                {
                    "action_id": action_id,
                    "table_number": number,
                    "inserted": net[0],
                    "updated": net[1],
                    "deleted": net[2],
                },
            )
    return True


def _net_counts(connection: Connection, number: int, first: int, last: int) -> tuple[int, int, int]:
    """Rows inserted, updated, deleted, judged by each row's first and last change."""
    row = connection.execute(
        text(
            "WITH span AS (SELECT row_id, operation, id FROM change WHERE id BETWEEN :first AND :last "
            "AND table_number = :number), "
            "opening AS (SELECT row_id, operation, min(id) FROM span GROUP BY row_id), "
            "closing AS (SELECT row_id, operation, max(id) FROM span GROUP BY row_id) "
            "SELECT total(o.operation = 'I' AND c.operation <> 'D'), "
            "total(o.operation <> 'I' AND c.operation <> 'D'), "
            "total(o.operation <> 'I' AND c.operation = 'D') "
            "FROM opening o JOIN closing c USING (row_id)"
        ),
        {"first": first, "last": last, "number": number},
    ).one()
    return int(row[0]), int(row[1]), int(row[2])
