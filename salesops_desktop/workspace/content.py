"""The content of a workspace as one number: equal exactly when all rows of all data tables are equal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from salesops_desktop.workspace.changelog import data_tables
from salesops_desktop.workspace.text import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ROWS = 2000


def content_hash(connection: Connection, tables: Sequence[str] | None = None) -> str:
    """The SHA-256 of all rows of the data tables, in the order of their keys.

    The order in which rows or columns happen to be stored plays no part; the stored type of each value does.

    Args:
        connection: inside a read.
        tables: only these; all data tables by default. Bookkeeping of the change log never counts.
    """
    total = hashlib.sha256()
    for table in sorted(data_tables(connection) if tables is None else tables):
        total.update(f"{table}={table_hash(connection, table)}\n".encode())
    return total.hexdigest()


def table_hash(connection: Connection, table: str) -> str:
    """The SHA-256 of the rows of one table, in the order of their keys."""
    info = connection.exec_driver_sql(f"PRAGMA table_info({quoted(table)})").all()
    columns = sorted(row[1] for row in info)
    keys = [row[1] for row in sorted((row for row in info if row[5]), key=lambda row: row[5])] or ["rowid"]
    rows = connection.exec_driver_sql(
        f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(table)} ORDER BY {', '.join(map(quoted, keys))}"
    )
    digest = hashlib.sha256(json.dumps(columns).encode())
    while chunk := rows.fetchmany(_ROWS):
        # JSON as Python writes it keeps every double, integer and character apart; blobs are told from text by a list.
        digest.update(json.dumps([list(row) for row in chunk], default=_blob).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def _blob(value: object) -> list[str]:
    if isinstance(value, bytes):
        return [value.hex()]
    message = f"SQLite stores no {type(value).__name__}"
    raise TypeError(message)
