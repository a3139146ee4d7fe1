"""Bringing an older file to this program's form, in one transaction or not at all."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from salesops_desktop.model.errors import WorkspaceError
from salesops_desktop.model.progress import Cancelled, Progress, silent
from salesops_desktop.workspace.changelog import drop_triggers, regenerate
from salesops_desktop.workspace.connect import WRITE, Access, engine_for, raw
from salesops_desktop.workspace.faults import as_sentence
from salesops_desktop.workspace.version import REVISION, SCHEMA_VERSION

FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(path: Path, progress: Progress = silent) -> None:
    """Run the missing migrations on a file whose lock the caller holds.

    The change log sleeps meanwhile: a migration is no action, and its triggers are made anew for the new tables.

    Args:
        path: the file.
        progress: told each step; may cancel, which leaves the file as it was.

    Raises:
        DiskFullError: there was no room; the file is as it was.
        WorkspaceError: a migration failed; the file is as it was.
    """
    engine = engine_for(path, Access.WRITE)
    try:
        with engine.connect().execution_options(**{WRITE: True}) as connection:
            # SQLite takes this outside of a transaction only; rebuilding a table must not cascade.
            raw(connection).execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                upgrade(connection, REVISION, progress)
    except (Cancelled, WorkspaceError):
        raise
    except Exception as error:
        sentence = as_sentence(error, path)
        if sentence is not None:
            raise sentence from error
        raise WorkspaceError(
            "The workspace could not be brought up to date; it is as it was.",
            where=str(path),
            way_out="Report this with the details below; the file still opens with the version that wrote it.",
            details=f"{type(error).__name__}: {error}",
        ) from error
    finally:
        engine.dispose()


def upgrade(connection: Connection, revision: str, progress: Progress = silent) -> None:
    """Run the migrations up to ``revision`` inside the caller's transaction.

    Args:
        connection: in a write transaction, with foreign keys off.
        revision: where to stop.
        progress: told each step; may cancel.

    Raises:
        WorkspaceError: the result breaks references.
    """
    config = configuration()
    config.attributes["connection"] = connection
    config.attributes["progress"] = progress
    drop_triggers(connection)
    progress(0, 0, "Bringing the workspace up to date")
    command.upgrade(config, revision)
    connection.exec_driver_sql(f"PRAGMA user_version={int(revision)}")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise WorkspaceError(
            f"Row {broken[1]} of {broken[0]} would refer to a row of {broken[2]} that is not there.",
            way_out="Report this; the file is as it was.",
        )
    regenerate(connection)
    progress(1, 1, f"The workspace is up to date (form {SCHEMA_VERSION})")
