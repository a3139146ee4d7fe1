"""What was done: actions, how many rows they touched, and the rows themselves."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from salesops_desktop.workspace.changelog import watched
from salesops_desktop.workspace.connect import raw
from salesops_desktop.workspace.text import quoted, stored_now

if TYPE_CHECKING:
    from sqlalchemy import Connection


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
    chosen = "" if ids is None else f"WHERE id IN ({', '.join(str(int(i)) for i in ids)}) "
    actions = connection.exec_driver_sql(
        f"SELECT id, name, kind, who, at, undone_by_id, logged, details FROM action {chosen}ORDER BY id DESC LIMIT ?",
        (limit,),
    ).all()
    counts: dict[int, list[RowCounts]] = defaultdict(list)
    for row in connection.exec_driver_sql(
        "SELECT r.action_id, t.name, r.inserted, r.updated, r.deleted FROM action_rows r "
        "JOIN logged_table t ON t.number = r.table_number WHERE r.action_id BETWEEN ? AND ? ORDER BY t.name",
        (actions[-1].id, actions[0].id) if actions else (0, 0),
    ):
        counts[row.action_id].append(RowCounts(row.name, row.inserted, row.updated, row.deleted))
    return [
        ActionRecord(
            id=action.id,
            name=action.name,
            kind=action.kind,
            who=action.who,
            at=dt.datetime.fromisoformat(action.at).replace(tzinfo=dt.UTC),
            tables=tuple(counts[action.id]),
            undone=action.undone_by_id is not None,
            logged=bool(action.logged),
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
    changes = connection.exec_driver_sql(
        "SELECT c.id, t.name, c.table_number, c.row_id, c.operation FROM action a "
        "CROSS JOIN change c ON c.id BETWEEN a.first_change AND a.last_change "
        "JOIN logged_table t ON t.number = c.table_number WHERE a.id = ? ORDER BY c.id LIMIT ?",
        (action_id, limit),
    ).all()
    if not changes:
        return []
    befores: dict[int, Mapping[str, object]] = {}
    tables = {table.number: table for table in watched(connection)}
    for number in {change.table_number for change in changes if change.operation != "I"} & tables.keys():
        table = tables[number]
        names = ", ".join(f"b.{quoted(name)}" for name in table.kept if name != "row_number")
        rows = connection.exec_driver_sql(
            f"SELECT b.change_id, {names} FROM {quoted(table.before)} b WHERE b.change_id BETWEEN ? AND ?",
            (changes[0].id, changes[-1].id),
        )
        befores.update({row[0]: dict(zip(table.columns, row[1:], strict=True)) for row in rows})
    return [ChangeRecord(c.name, c.row_id, c.operation, befores.get(c.id)) for c in changes]


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
    first = (connection.exec_driver_sql("SELECT max(id) FROM change").scalar() or 0) + 1
    action_id: int = connection.exec_driver_sql(
        "INSERT INTO action (name, kind, who, at, logged, origin_id, reverts_id, details) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            wording.name,
            wording.kind,
            who,
            stored_now(),
            log,
            wording.origin_id,
            wording.reverts_id,
            json.dumps(wording.details, default=str) if wording.details else None,
        ),
    ).scalar_one()
    connection.exec_driver_sql("UPDATE current_action SET action_id = ?, logged = ?", (action_id, log))
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
    connection.exec_driver_sql("UPDATE current_action SET action_id = NULL, logged = 1")
    if not books.logged:
        return touched
    first = books.first
    action_id = books.action_id
    last: int | None = connection.exec_driver_sql("SELECT max(id) FROM change").scalar()
    if last is None or last < first:
        return books.reversal
    connection.exec_driver_sql(
        "UPDATE action SET first_change = ?, last_change = ? WHERE id = ?", (first, last, action_id)
    )
    tallies = connection.exec_driver_sql(
        "SELECT table_number, operation, count(*) FROM change WHERE id BETWEEN ? AND ? GROUP BY 1, 2", (first, last)
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
            connection.exec_driver_sql("INSERT INTO action_rows VALUES (?, ?, ?, ?, ?)", (action_id, number, *net))
    return True


def _net_counts(connection: Connection, number: int, first: int, last: int) -> tuple[int, int, int]:
    """Rows inserted, updated, deleted, judged by each row's first and last change."""
    row = connection.exec_driver_sql(
        "WITH span AS (SELECT row_id, operation, id FROM change WHERE id BETWEEN :first AND :last "
        "AND table_number = :number), "
        "opening AS (SELECT row_id, operation, min(id) FROM span GROUP BY row_id), "
        "closing AS (SELECT row_id, operation, max(id) FROM span GROUP BY row_id) "
        "SELECT total(o.operation = 'I' AND c.operation <> 'D'), "
        "total(o.operation <> 'I' AND c.operation <> 'D'), "
        "total(o.operation <> 'I' AND c.operation = 'D') "
        "FROM opening o JOIN closing c USING (row_id)",
        {"first": first, "last": last, "number": number},
    ).one()
    return int(row[0]), int(row[1]), int(row[2])
