"""Playing an action backwards, set-based, as a new action.

A row's first change within an action decides: a row the action inserted goes, a row it updated or deleted comes back
as it was. Rows are deleted and inserted whole with foreign keys off, so that neither the order of tables, cascades nor
values that change places can get in the way; afterwards the references of exactly these rows are checked.

Undoing an action that is not the last is allowed when nothing since has touched its rows. Actions that cancel out
(done and undone, undone and redone) do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_desktop.model.errors import NothingToDoError, WorkspaceError
from salesops_desktop.workspace.changelog import WatchedTable, watched
from salesops_desktop.workspace.text import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

RECORD = "record"
"""The kind of actions that nobody took: what was shown is kept. Undo passes over them."""
_DONE = f"kind NOT IN ('undo', 'redo', '{RECORD}') AND (first_change IS NOT NULL OR NOT logged)"
_NAMED = 5
"""How many later actions a refusal names."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """Which action is to be played backwards, and what that is called."""

    reverts_id: int
    origin_id: int
    kind: str
    """``undo`` or ``redo``."""
    name: str
    first: int | None
    last: int | None
    """The changes to play backwards; None when there are none left over."""


def next_undo(connection: Connection) -> Reversal | None:
    """The newest action in force, unless it kept no log."""
    row = connection.exec_driver_sql(
        f"SELECT id, name, logged, first_change, last_change FROM action WHERE {_DONE} "  # a constant
        "AND undone_by_id IS NULL ORDER BY id DESC LIMIT 1"
    ).first()
    if row is None or not row.logged:
        return None
    return Reversal(row.id, row.id, "undo", f"Undo {row.name}", row.first_change, row.last_change)


def newest_record(connection: Connection, after: int) -> Reversal | None:
    """The newest record in force that was kept after an action: it may stand in the way of taking that back."""
    row = connection.exec_driver_sql(
        "SELECT id, name, first_change, last_change FROM action WHERE kind = ? AND id > ? AND undone_by_id IS NULL "
        "AND first_change IS NOT NULL ORDER BY id DESC LIMIT 1",
        (RECORD, after),
    ).first()
    if row is None:
        return None
    return Reversal(row.id, row.id, "undo", f"Undo {row.name}", row.first_change, row.last_change)


def last_in_force(connection: Connection) -> Reversal:
    """As :func:`next_undo`.

    Raises:
        NothingToDoError: there is none; the sentence says why.
    """
    reversal = next_undo(connection)
    if reversal is not None:
        return reversal
    row = connection.exec_driver_sql(
        "SELECT name FROM action WHERE NOT logged AND undone_by_id IS NULL ORDER BY id DESC LIMIT 1"
    ).first()
    if row is not None:
        raise NothingToDoError(f"“{row.name}” kept no log and cannot be undone.")
    raise NothingToDoError("There is nothing to undo.")


def next_redo(connection: Connection) -> Reversal | None:
    """The newest undo in force, unless something new was done since."""
    row = connection.exec_driver_sql(
        "SELECT u.id, o.id AS origin_id, o.name, u.first_change, u.last_change FROM action u "
        "JOIN action o ON o.undone_by_id = u.id "
        f"WHERE u.id > coalesce((SELECT max(id) FROM action WHERE {_DONE}), 0) ORDER BY u.id DESC LIMIT 1"
    ).first()
    if row is None:
        return None
    return Reversal(row.id, row.origin_id, "redo", f"Redo {row.name}", row.first_change, row.last_change)


def reversal_of(connection: Connection, action_id: int) -> Reversal:
    """How to take back one particular action, last or not.

    Args:
        connection: inside a transaction.
        action_id: an action; an undo is taken back by redoing, a redo by undoing again.

    Raises:
        NothingToDoError: there is no such action, or its effect is not in force.
    """
    row = connection.exec_driver_sql(
        "SELECT a.id, a.name, a.kind, a.logged, a.first_change, a.last_change, o.id AS origin_id, o.name AS origin, "
        "o.undone_by_id, o.first_change AS origin_first, o.last_change AS origin_last FROM action a "
        "JOIN action o ON o.id = coalesce(a.origin_id, a.id) WHERE a.id = :id",
        {"id": action_id},
    ).first()
    if row is None:
        raise NothingToDoError(f"There is no action number {action_id} in the history.")
    if row.kind == "undo":
        if row.undone_by_id != row.id:
            raise NothingToDoError(f"“{row.name}” has already been taken back.")
        return Reversal(row.id, row.origin_id, "redo", f"Redo {row.origin}", row.first_change, row.last_change)
    if row.undone_by_id is not None:
        raise NothingToDoError(f"“{row.origin}” has already been undone.")
    if not row.logged:
        raise NothingToDoError(f"“{row.name}” kept no log and cannot be undone.")
    if row.origin_first is None:
        raise NothingToDoError(f"“{row.name}” changed nothing that could be undone.")
    return Reversal(row.origin_id, row.origin_id, "undo", f"Undo {row.origin}", row.origin_first, row.origin_last)


def reverse(connection: Connection, reversal: Reversal) -> None:
    """Bring the rows of an action back to what they were before it.

    Args:
        connection: inside the write transaction of the new action, with foreign keys off.
        reversal: what to play backwards.

    Raises:
        WorkspaceError: later actions stand in the way; the sentence names them. The caller rolls back.
    """
    _refuse_barrier(connection, reversal)
    if reversal.first is None:
        return
    tables = {table.number: table for table in watched(connection)}
    numbers = _collect(connection, reversal)
    _refuse_overlap(connection, reversal)
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415  # opening a workspace does without SQLAlchemy

    try:
        for number in numbers:
            _restore(connection, tables[number])
    except IntegrityError as error:
        raise _conflict(connection, reversal, numbers) from error
    referring = _broken_references(connection, [tables[n] for n in numbers], list(tables.values()))
    if referring:
        raise _conflict(connection, reversal, referring)
    connection.exec_driver_sql("DELETE FROM temp.reverted")


def _refuse_barrier(connection: Connection, reversal: Reversal) -> None:
    row = connection.exec_driver_sql(
        "SELECT name FROM action WHERE NOT logged AND id > :id LIMIT 1", {"id": reversal.reverts_id}
    ).first()
    if row is not None:
        raise WorkspaceError(
            f"“{row.name}” kept no log, so what was done before it can no longer be undone.",
            way_out="Restore a backup instead.",
        )


def _collect(connection: Connection, reversal: Reversal) -> list[int]:
    """Fill ``temp.reverted`` with each touched row's first change; the numbers of the tables touched."""
    connection.exec_driver_sql(
        "CREATE TEMP TABLE IF NOT EXISTS reverted (table_number INTEGER, row_id INTEGER, change_id INTEGER, "
        "operation TEXT, PRIMARY KEY (table_number, row_id)) WITHOUT ROWID"
    )
    connection.exec_driver_sql("DELETE FROM temp.reverted")
    # The first of several changes: SQLite takes the other columns of a lone min() from the row that holds it.
    connection.exec_driver_sql(
        "INSERT INTO temp.reverted (table_number, row_id, change_id, operation) "
        "SELECT table_number, row_id, min(id), operation FROM change WHERE id BETWEEN :first AND :last "
        "GROUP BY table_number, row_id",
        {"first": reversal.first, "last": reversal.last},
    )
    return list(connection.exec_driver_sql("SELECT DISTINCT table_number FROM temp.reverted").scalars())


def _restore(connection: Connection, table: WatchedTable) -> None:
    name, key = quoted(table.name), "rowid" if table.key == "rowid" else quoted(table.key)
    number = {"number": table.number}
    connection.exec_driver_sql(
        f"DELETE FROM {name} WHERE {key} IN (SELECT row_id FROM temp.reverted WHERE table_number = :number)",
        number,
    )
    columns = ", ".join("rowid" if column == "rowid" else quoted(column) for column in table.restored)
    kept = ", ".join(f"b.{quoted(column)}" for column in table.kept)
    connection.exec_driver_sql(
        f"INSERT INTO {name} ({columns}) SELECT {kept} FROM temp.reverted r "  # our own names
        f"CROSS JOIN {quoted(table.before)} b ON b.change_id = r.change_id "
        "WHERE r.table_number = :number AND r.operation <> 'I'",
        number,
    )


_LATER = (
    "SELECT coalesce(origin_id, id) AS origin FROM action WHERE id > :reverts_id "
    "AND id < (SELECT action_id FROM current_action) GROUP BY origin "
    "HAVING count(*) % 2 = 1"
)
"""Actions since, without those that cancel out: an action, its undo and its redo take turns."""


def _refuse_overlap(connection: Connection, reversal: Reversal) -> None:
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT o.name, o.id FROM change c "  # a constant
        "JOIN temp.reverted r ON r.table_number = c.table_number AND r.row_id = c.row_id "
        "JOIN action a ON a.id = c.action_id JOIN action o ON o.id = coalesce(a.origin_id, a.id) "
        f"WHERE c.id > :last AND o.id IN ({_LATER}) ORDER BY o.id DESC",
        {"last": reversal.last, "reverts_id": reversal.reverts_id},
    ).all()
    if rows:
        raise _named_conflict(reversal, [row.name for row in rows])


def _conflict(connection: Connection, reversal: Reversal, numbers: Iterable[int]) -> WorkspaceError:
    """The refusal that names what was done since to the tables with these numbers."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT o.name, o.id FROM change c "  # a constant
        "JOIN action a ON a.id = c.action_id JOIN action o ON o.id = coalesce(a.origin_id, a.id) "
        f"WHERE c.id > :last AND c.table_number IN ({', '.join(str(int(n)) for n in numbers)}) "
        f"AND o.id IN ({_LATER}) ORDER BY o.id DESC",
        {"last": reversal.last, "reverts_id": reversal.reverts_id},
    ).all()
    return _named_conflict(reversal, [row.name for row in rows])


def _named_conflict(reversal: Reversal, names: list[str]) -> WorkspaceError:
    listed = ", ".join(f"“{name}”" for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return WorkspaceError(
        f"“{reversal.name}” is not possible: later actions build on the same rows"
        + (f" ({listed}{more})." if names else "."),
        way_out="Undo those first." if names else "Undo the actions after it first.",
    )


def _broken_references(connection: Connection, touched: list[WatchedTable], tables: list[WatchedTable]) -> set[int]:
    """The numbers of tables with rows whose references lead nowhere after the reversal."""
    broken: set[int] = set()
    by_name = {table.name: table for table in touched}
    for table in tables:
        for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({quoted(table.name)})").all():
            parent = by_name.get(row.table)
            column = quoted(row[3])
            target = quoted(row[4] or "id")
            if parent is not None and _any(connection, _orphaned(table, column, parent, target), parent.number):
                broken.add(table.number)
            if table.name in by_name and _any(
                connection, _dangling(table, column, quoted(row.table), target), table.number
            ):
                broken.add(table.number)
    return broken


def _any(connection: Connection, sql: str, number: int) -> bool:
    return connection.exec_driver_sql(sql, {"number": number}).first() is not None


def _orphaned(child: WatchedTable, column: str, parent: WatchedTable, target: str) -> str:
    """A row of ``child`` that refers to a row of ``parent`` the reversal took away."""
    return (
        f"SELECT 1 FROM {quoted(child.name)} WHERE {column} IN (SELECT r.row_id FROM temp.reverted r "
        f"WHERE r.table_number = :number AND NOT EXISTS (SELECT 1 FROM {quoted(parent.name)} p "
        f"WHERE p.{target} = r.row_id)) LIMIT 1"
    )


def _dangling(child: WatchedTable, column: str, parent: str, target: str) -> str:
    """A row the reversal brought back to ``child`` that refers to a row that is no longer there."""
    key = "rowid" if child.key == "rowid" else quoted(child.key)
    return (
        f"SELECT 1 FROM temp.reverted r CROSS JOIN {quoted(child.name)} c ON c.{key} = r.row_id "
        f"WHERE r.table_number = :number AND c.{column} IS NOT NULL AND NOT EXISTS "
        f"(SELECT 1 FROM {parent} p WHERE p.{target} = c.{column}) LIMIT 1"
    )
