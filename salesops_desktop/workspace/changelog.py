"""The change log's triggers and before-images, generated from the tables that stand in the file.

Each watched table gets three triggers (insert, update, delete) and one table ``before_<name>`` with its columns and no
types, so that a row is kept exactly as it was stored. An insert logs its key only. Every change outside an action is
refused by the log itself: the row of ``current_action`` names none, and a change must name one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_desktop.workspace.text import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNLOGGED = frozenset({"action", "action_rows", "change", "logged_table", "current_action", "alembic_version"})
"""Tables the change log does not watch: the log itself and what migrations keep."""

BEFORE = "before_"
_TRIGGER = "log_"
_FEW = 2_000
"""Fewer new rows are not worth building indexes anew."""
_BULK_CACHE = -131_072
"""Kibibytes of pages kept while many rows come (the minus is SQLite's)."""


@dataclass(frozen=True, slots=True)
class WatchedTable:
    """A table the change log watches."""

    number: int
    name: str
    columns: tuple[str, ...]
    key: str
    """The column that is the row's number, or ``rowid`` where the primary key is no integer."""

    @property
    def before(self) -> str:
        """The table of its before-images."""
        return BEFORE + self.name

    @property
    def restored(self) -> tuple[str, ...]:
        """The columns that bring a row back as it was, its number included."""
        return self.columns if self.key in self.columns else (*self.columns, self.key)

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of :attr:`restored` in the table of before-images."""
        return tuple("row_number" if name == "rowid" else name for name in self.restored)


@dataclass(frozen=True, slots=True)
class _ColumnInfo:
    name: str
    type: str
    default: str | None
    key: int


def _columns(connection: Connection, table: str) -> tuple[_ColumnInfo, ...]:
    rows = connection.exec_driver_sql(f"PRAGMA table_info({quoted(table)})")
    return tuple(_ColumnInfo(row[1], row[2].upper(), row[4], row[5]) for row in rows)


def _key(columns: tuple[_ColumnInfo, ...]) -> str:
    keys = [column for column in columns if column.key]
    return keys[0].name if len(keys) == 1 and keys[0].type == "INTEGER" else "rowid"


def tables_in(connection: Connection) -> tuple[str, ...]:
    """The names of all tables but SQLite's own, sorted."""
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    return tuple(connection.exec_driver_sql(sql).scalars())


def data_tables(connection: Connection) -> tuple[str, ...]:
    """The tables the change log watches, sorted."""
    return tuple(name for name in tables_in(connection) if name not in UNLOGGED and not name.startswith(BEFORE))


def watched(connection: Connection) -> tuple[WatchedTable, ...]:
    """The watched tables under the numbers the log knows them by."""
    numbers: dict[str, int] = {
        row.name: row.number for row in connection.exec_driver_sql("SELECT number, name FROM logged_table")
    }
    present = set(tables_in(connection))
    tables = []
    for name in sorted(numbers, key=numbers.__getitem__):
        if name in present:
            columns = _columns(connection, name)
            tables.append(WatchedTable(numbers[name], name, tuple(c.name for c in columns), _key(columns)))
    return tuple(tables)


def drop_triggers(connection: Connection) -> None:
    """Stop logging, e.g. for the time of a migration, whose work is not an action."""
    for name in trigger_sql_in(connection):
        connection.exec_driver_sql(f"DROP TRIGGER {quoted(name)}")


def regenerate(connection: Connection) -> None:
    """Bring numbers, before-images and triggers into line with the tables in the file.

    A column that a migration added appears in the before-images with the column's default, so that actions from
    before the migration can still be undone.
    """
    for name in data_tables(connection):
        connection.exec_driver_sql(
            "INSERT INTO logged_table (name) SELECT :name WHERE NOT EXISTS "
            "(SELECT 1 FROM logged_table WHERE name = :name)",
            {"name": name},
        )
    connection.exec_driver_sql(
        "INSERT INTO current_action (id, action_id, logged) SELECT 1, NULL, 1 "
        "WHERE NOT EXISTS (SELECT 1 FROM current_action)"
    )
    drop_triggers(connection)
    for table in watched(connection):
        _align_before(connection, table)
        for sql in triggers_of(table).values():
            connection.exec_driver_sql(sql)


def _align_before(connection: Connection, table: WatchedTable) -> None:
    there = {column.name for column in _columns(connection, table.before)}
    if not there:
        names = ", ".join(quoted(name) for name in table.kept)
        connection.exec_driver_sql(f"CREATE TABLE {quoted(table.before)} (change_id INTEGER PRIMARY KEY, {names})")
        return
    defaults = {column.name: column.default for column in _columns(connection, table.name)}
    for name in table.kept:
        if name not in there:
            default = defaults.get(name)
            clause = f" DEFAULT {default}" if default is not None else ""
            connection.exec_driver_sql(f"ALTER TABLE {quoted(table.before)} ADD COLUMN {quoted(name)}{clause}")


def triggers_of(table: WatchedTable) -> dict[str, str]:
    """The triggers of a table: name → statement.

    The statements read the current action from its one row instead of calling into Python for each row.
    """
    key = quoted(table.key) if table.key != "rowid" else "rowid"
    changed = " OR ".join(f"OLD.{quoted(c)} IS NOT NEW.{quoted(c)} COLLATE BINARY" for c in table.columns)
    return {
        f"{_TRIGGER}{table.name}_insert": _trigger(table, "insert", "INSERT", "", _log(table, "I", f"NEW.{key}")),
        f"{_TRIGGER}{table.name}_delete": _trigger(
            table, "delete", "DELETE", "", _log(table, "D", f"OLD.{key}") + _keep(table)
        ),
        f"{_TRIGGER}{table.name}_update": _trigger(
            table,
            "update",
            "UPDATE",
            f"WHEN OLD.{key} = NEW.{key} AND ({changed})",
            _log(table, "U", f"OLD.{key}") + _keep(table),
        ),
        f"{_TRIGGER}{table.name}_rekey": _trigger(
            table,
            "rekey",
            "UPDATE",
            f"WHEN OLD.{key} <> NEW.{key}",
            _log(table, "D", f"OLD.{key}") + _keep(table) + _log(table, "I", f"NEW.{key}"),
        ),
    }


def _trigger(table: WatchedTable, suffix: str, event: str, when: str, body: str) -> str:
    name = quoted(f"{_TRIGGER}{table.name}_{suffix}")
    return f"CREATE TRIGGER {name} AFTER {event} ON {quoted(table.name)} {when} BEGIN {body} END"


def _log(table: WatchedTable, operation: str, row: str) -> str:
    return (
        f"INSERT INTO change (action_id, table_number, row_id, operation) "  # our own names
        f"SELECT action_id, {table.number}, {row}, '{operation}' FROM current_action WHERE logged; "
    )


def _keep(table: WatchedTable) -> str:
    names = ", ".join(quoted(name) for name in table.kept)
    values = ", ".join("OLD.rowid" if name == "rowid" else f"OLD.{quoted(name)}" for name in table.restored)
    return (
        f"INSERT INTO {quoted(table.before)} (change_id, {names}) "  # our own names
        f"SELECT last_insert_rowid(), {values} FROM current_action WHERE logged; "
    )


@contextmanager
def bulk_insert(connection: Connection, name: str, rows: int) -> Iterator[int]:
    """Insert many rows into one table inside the block, and nothing else; logged, checked and indexed all the same.

    The log is written for all rows at once, and indexes are built anew where the new rows are the most: row by row both
    cost several times what the rows do. It is part of the action's transaction: whoever else reads sees none of it.

    Args:
        connection: inside an action.
        name: a table whose key is a number that SQLite gives.
        rows: how many are to come.

    Yields:
        The key of the last row before; the new ones take greater keys.
    """
    table = next(table for table in watched(connection) if table.name == name)
    key, trigger = quoted(table.key), f"{_TRIGGER}{name}_insert"
    there, last = connection.exec_driver_sql(f"SELECT count(*), coalesce(max({key}), 0) FROM {quoted(name)}").one()
    indexes = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (name,)
    ).fetchall()
    indexes = indexes if rows > max(there, _FEW) else []
    cache = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    connection.exec_driver_sql(f"PRAGMA cache_size={_BULK_CACHE}")  # parents are looked up all over the file
    for what, named in (("TRIGGER", trigger), *(("INDEX", row.name) for row in indexes)):
        connection.exec_driver_sql(f"DROP {what} {quoted(named)}")
    yield int(last)
    connection.exec_driver_sql(
        f"INSERT INTO change (action_id, table_number, row_id, operation) SELECT a.action_id, {table.number}, t.{key}, "
        f"'I' FROM current_action a CROSS JOIN {quoted(name)} t WHERE a.logged AND t.{key} > ? ORDER BY t.{key}",
        (last,),
    )
    for sql in (triggers_of(table)[trigger], *(row.sql for row in indexes)):
        connection.exec_driver_sql(sql)
    connection.exec_driver_sql(f"PRAGMA cache_size={cache}")


def trigger_sql_in(connection: Connection) -> dict[str, str]:
    """The log's triggers as they stand in the file: name → statement."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    return {row.name: row.sql for row in rows if row.name.startswith(_TRIGGER)}


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """The names of triggers that are absent, or differ from what the tables call for."""
    there = trigger_sql_in(connection)
    wanted = {name: sql for table in watched(connection) for name, sql in triggers_of(table).items()}
    return tuple(sorted(name for name, sql in wanted.items() if there.get(name) != sql))
