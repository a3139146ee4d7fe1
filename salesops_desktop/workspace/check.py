"""Checking an open workspace from the pages up to the change log, told in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.workspace.changelog import missing_triggers, watched
from salesops_desktop.workspace.content import content_hash

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found."""

    faults: tuple[str, ...]
    """One sentence each; empty when all is well."""
    content: str
    """The content hash of all data: equal for equal data."""
    actions: int
    changes: int

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def check_workspace(connection: Connection, progress: Progress = silent) -> CheckReport:
    """Check pages and indexes, references, the change log and its triggers.

    Args:
        connection: inside a read.
        progress: told each step; may cancel.
    """
    steps = 5
    progress(0, steps, "Checking pages and indexes")
    faults = [
        f"The file is damaged: {row[0]}."
        for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")
        if row[0] != "ok"
    ]
    progress(1, steps, "Checking references")
    faults += _references(connection)
    progress(2, steps, "Checking the change log")
    faults += _log(connection)
    progress(3, steps, "Checking the triggers of the change log")
    faults += [f"The change log's trigger {name} is missing or differs." for name in missing_triggers(connection)]
    progress(4, steps, "Reading all rows")
    content = content_hash(connection)
    progress(steps, steps, "Checked")
    return CheckReport(
        tuple(faults),
        content,
        connection.exec_driver_sql("SELECT count(*) FROM action").scalar() or 0,
        connection.exec_driver_sql("SELECT count(*) FROM change").scalar() or 0,
    )


def _references(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
    return [f"Row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there." for row in rows]


def _log(connection: Connection) -> list[str]:
    faults = []
    under_way = connection.exec_driver_sql("SELECT count(*) FROM current_action WHERE action_id IS NOT NULL").scalar()
    if under_way:
        faults.append("An action is written down as under way, but none is.")
    stray = connection.exec_driver_sql(
        "SELECT count(*) FROM change c LEFT JOIN action a ON a.id = c.action_id "
        "AND c.id BETWEEN a.first_change AND a.last_change WHERE a.id IS NULL"
    ).scalar()
    if stray:
        faults.append(f"{stray:,} logged changes belong to no action.")
    for table in watched(connection):
        lost = connection.exec_driver_sql(
            f'SELECT count(*) FROM change c LEFT JOIN "{table.before}" b ON b.change_id = c.id '
            "WHERE c.table_number = :number AND c.operation <> 'I' AND b.change_id IS NULL",
            {"number": table.number},
        ).scalar()
        if lost:
            faults.append(f"{lost:,} rows of {table.name} are logged as changed, but how they were is not.")
    return faults
