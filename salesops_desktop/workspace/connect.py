"""Connections to the file: every transaction is begun by us, never by the driver.

The driver's own transaction handling commits before schema changes and leaves half a migration behind; with
``isolation_level=None`` it keeps out, and :data:`WRITE` decides how SQLAlchemy's ``begin`` is spelt.
"""

from __future__ import annotations

import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


WRITE = "salesops_write"
"""Execution option of the connection that may write: its transactions begin with the write lock."""

BUSY_SECONDS = 5.0


class Access(StrEnum):
    """How a file is opened."""

    WRITE = "write"
    READ = "read"
    """Beside a possible writer; leaves nothing behind."""
    FROZEN = "frozen"
    """A file nobody can change, in a folder where nothing can be made."""


def uri_of(path: Path) -> str:
    """``path`` as SQLite wants it, drives and shares of Windows included."""
    uri = path.absolute().as_uri()
    return uri if uri.startswith("file:///") else uri.replace("file://", "file:////", 1)


def connect(path: Path, access: Access) -> sqlite3.Connection:
    """Open ``path`` with the settings every connection of ours has.

    Args:
        path: an existing file.
        access: see :class:`Access`.
    """
    query = {Access.WRITE: "mode=rw", Access.READ: "mode=rw", Access.FROZEN: "mode=ro&immutable=1"}[access]
    connection = sqlite3.connect(
        f"{uri_of(path)}?{query}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_SECONDS,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        # recursive_triggers: only then does REPLACE tell the change log what it deleted.
        connection.executescript(
            "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
            "PRAGMA cache_size=-32768; PRAGMA journal_size_limit=16777216;"
        )
        if access is not Access.WRITE:
            connection.execute("PRAGMA query_only=ON")
    except sqlite3.Error:  # a damaged page, say; who asked never sees the connection
        connection.close()
        raise
    return connection


def engine_for(path: Path, access: Access) -> Engine:
    """The engine of an open workspace."""
    from sqlalchemy import create_engine, event  # noqa: PLC0415  # slow to import: a window shows its rows without it
    from sqlalchemy.pool import QueuePool  # noqa: PLC0415

    engine = create_engine(
        "sqlite://", creator=lambda: connect(path, access), poolclass=QueuePool, pool_size=4, max_overflow=8
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's connection, for what must happen outside of a transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        message = "The connection is closed."
        raise TypeError(message)
    return driver
