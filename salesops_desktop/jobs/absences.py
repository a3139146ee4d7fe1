"""When people are away: what they can carry in a year depends on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_scenarios import person_called
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Absences:
    """Who is away when."""

    table: Table
    """One row per absence; keys are their row ids."""

    def summary(self) -> Sequence[str]:
        """How many there are."""
        return [] if len(self.table) else ["No absence is written down."]

    def tables(self) -> Sequence[Table]:
        """The absences."""
        return [self.table]


@job("absences list", title="Show absences", group="territories", examples=("absences list company.salesops",))
def absences(context: JobContext) -> Absences:
    """Show who is away when."""
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT a.id, p.name, a.start_date, a.end_date, coalesce(a.share, 1000000), a.reason FROM absence a "
            "JOIN person p ON p.id = a.person_id ORDER BY a.start_date, p.name"
        ).fetchall()
    specs = [
        ColumnSpec("absence", "Absence", ValueKind.INTEGER),
        ColumnSpec("person", "Person", ValueKind.TEXT),
        ColumnSpec("start_date", "From", ValueKind.DATE),
        ColumnSpec("end_date", "To", ValueKind.DATE, description="The last day away; until further notice if empty."),
        ColumnSpec("share", "Share", ValueKind.RATE, description="Of the person's time."),
        ColumnSpec("reason", "Reason", ValueKind.TEXT),
    ]
    names = [spec.name for spec in specs]
    made = [dict(zip(names, row, strict=True)) for row in rows]
    return Absences(build_table("Absences", specs, made, entity="absence", key="absence"))


@job(
    "absences add",
    title="Write down an absence",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "absences add company.salesops 'Ana Weller' --start 2027-01-01 --end 2027-06-30 --reason 'Parental leave'",
        "absences add company.salesops 'Ana Weller' --start 2027-01-01 --share 20",
    ),
)
def add_absence(
    context: JobContext,
    person: str,
    *,
    start: dt.date,
    end: dt.date | None = None,
    share: float = 100.0,
    reason: str = "",
) -> Sentences:
    """Write down that a person is away, in whole or in part; designs then give less to that person.

    Args:
        person: the person's name.
        start: the first day away.
        end: the last day away; until further notice by default.
        share: per cent of the person's time.
        reason: why.
    """
    if end is not None and end < start:
        raise InputRefusedError(f"An absence cannot end on {end} before it starts on {start}.")
    if not 0 < share <= 100:
        raise InputRefusedError(f"{share:g} % of a person's time makes no sense.", way_out="Give per cent up to 100.")
    with context.workspace.read() as connection:
        who = person_called(connection, person)
        other = connection.exec_driver_sql(
            "SELECT start_date FROM absence WHERE person_id = ? AND start_date <= ? "
            "AND coalesce(end_date, '9999-12-31') >= ?",
            (who, "9999-12-31" if end is None else end.isoformat(), start.isoformat()),
        ).scalar()
    if other is not None:
        raise InputRefusedError(
            f"{person} has an absence from {other} that overlaps with this one.", way_out="Delete that one first."
        )
    with context.workspace.action(f"Absence of {person}") as unit:
        unit.connection.exec_driver_sql(
            "INSERT INTO absence (person_id, start_date, end_date, share, reason) VALUES (?, ?, ?, ?, ?)",
            (
                who, start.isoformat(), None if end is None else end.isoformat(), round(share / 100 * _PPM),
                reason or None,
            ),
        )  # fmt: skip
    context.changed("absence")
    until = f"until {end}" if end else "until further notice"
    return Sentences((f"{person} is away from {start} {until}, {share:g} % of the time.",))


@job(
    "absences delete",
    title="Delete an absence",
    group="territories",
    needs=Needs.WRITE,
    examples=("absences delete company.salesops 3",),
)
def delete_absence(context: JobContext, absence: int) -> Sentences:
    """Delete an absence.

    Args:
        absence: its number in the list.
    """
    with context.workspace.read() as connection:
        name = connection.exec_driver_sql(
            "SELECT p.name FROM absence a JOIN person p ON p.id = a.person_id WHERE a.id = ?", (absence,)
        ).scalar()
    if name is None:
        raise InputRefusedError(f"There is no absence {absence}.", way_out="See the list: absences list.")
    with context.workspace.action(f"Delete an absence of {name}") as unit:
        unit.connection.exec_driver_sql("DELETE FROM absence WHERE id = ?", (absence,))
    context.changed("absence")
    return Sentences((f"The absence of {name} is deleted.",))
