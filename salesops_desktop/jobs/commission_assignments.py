"""Who is paid by which plan, from when to when: seen as a whole, assigned and ended in bulk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salesops_desktop.jobs.commission_plan_editing import plan_number
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_scenarios import person_called
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import PersonRole
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError, NothingToDoError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = ["Assignments", "assign_people", "list_assignments", "unassign_people"]

_EVER = dt.date(9999, 12, 31)
_DAY = dt.timedelta(days=1)
_COLUMNS = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("role", "Role", ValueKind.TEXT),
    ColumnSpec("team", "Team", ValueKind.TEXT),
    ColumnSpec("manager", "Manager", ValueKind.TEXT),
    ColumnSpec("plan", "Plan", ValueKind.TEXT),
    ColumnSpec("from", "From", ValueKind.DATE),
    ColumnSpec("to", "To", ValueKind.DATE),
    ColumnSpec("finding", "To be seen to", ValueKind.TEXT),
)


@dataclass(frozen=True, slots=True)
class Assignments:
    """Everybody on the roster on a day, with the plans that pay them."""

    day: dt.date
    people: Table
    """One row per person and plan, one with no plan for those without; keys are the people's row ids."""
    plans: tuple[str, ...]
    """Those in force on the day."""
    without: int
    """People who sell and have no plan."""
    several: int
    """People with more than one."""

    def summary(self) -> Sequence[str]:
        """How many have a plan, none, or several."""
        there = len(set(self.people.keys.tolist())) if self.people.keys is not None else 0
        return [
            f"{there:,} people on {self.day}.",
            f"{self.without:,} who sell have no plan; {self.several:,} have more than one.",
        ]

    def tables(self) -> Sequence[Table]:
        """The people."""
        return [self.people]


@job(
    "commissions assignments",
    title="List who is paid by which plan",
    group="commissions",
    examples=(
        "commissions assignments company.salesops",
        "commissions assignments company.salesops --day 2026-10-01",
    ),
)
def list_assignments(context: JobContext, *, day: dt.date | None = None) -> Assignments:
    """List everybody on the roster with the plans that pay them; who sells without a plan, and who has two.

    Args:
        day: on this day; the last day with transactions by default.
    """
    with context.workspace.read() as connection:
        on = day or _last_day(connection)
        rows = connection.exec_driver_sql(
            "SELECT p.id, p.name AS person, p.role, p.team, m.name AS manager, l.name AS plan, a.start_date AS 'from', "
            "min(coalesce(a.end_date, l.effective_to), coalesce(l.effective_to, a.end_date)) AS 'to', "
            "EXISTS (SELECT 1 FROM credit c WHERE c.person_id = p.id) OR "
            "EXISTS (SELECT 1 FROM \"transaction\" t WHERE t.owner_id = p.id) AS sells "
            "FROM person p LEFT JOIN person m ON m.id = p.manager_id "
            "LEFT JOIN (plan_assignment a JOIN plan l ON l.id = a.plan_id AND l.effective_from <= ?1 "
            "AND coalesce(l.effective_to, '9999') >= ?1) "
            "ON a.person_id = p.id AND a.start_date <= ?1 AND coalesce(a.end_date, '9999') >= ?1 "
            "WHERE coalesce(p.start_date, '') <= ?1 AND coalesce(p.end_date, '9999') >= ?1 ORDER BY p.name, l.name",
            (on.isoformat(),),
        ).mappings().all()  # fmt: skip
        plans = connection.exec_driver_sql(
            "SELECT name FROM plan WHERE effective_from <= ?1 AND coalesce(effective_to, '9999') >= ?1 ORDER BY name",
            (on.isoformat(),),
        ).scalars().all()  # fmt: skip
    counts: dict[int, int] = {}
    for row in rows:
        counts[row["id"]] = counts.get(row["id"], 0) + (row["plan"] is not None)
    shown, without, several = [], set(), set()
    for row in rows:
        finding = None
        if not counts[row["id"]] and _paid_to_sell(row["role"], sells=bool(row["sells"])):
            finding = "no plan"
            without.add(row["id"])
        elif counts[row["id"]] > 1:
            finding = f"{counts[row['id']]} plans"
            several.add(row["id"])
        shown.append({**row, "finding": finding})
    return Assignments(
        on,
        build_table("People and plans", _COLUMNS, shown, entity="person", key="id"),
        tuple(str(name) for name in plans),
        len(without),
        len(several),
    )


def _paid_to_sell(role: str | None, *, sells: bool) -> bool:
    return sells or role in (PersonRole.REP, PersonRole.OVERLAY, PersonRole.SDR)


def _last_day(connection: Connection) -> dt.date:
    last = connection.exec_driver_sql('SELECT max(booked_on) FROM "transaction"').scalar()
    return dt.date.fromisoformat(str(last)) if last else dt.datetime.now(dt.UTC).date()


@job(
    "commissions assign",
    title="Assign people to a plan",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions assign company.salesops 'Rep plan USD' 2026-10-01 --people 'Ana Weller; Ben Okafor'",
        "commissions assign company.salesops 'Overlay plan USD' 2026-10-01 --role overlay",
        "commissions assign company.salesops 'SPIFF Q4' 2026-10-01 --team West --until 2026-12-31 --beside",
    ),
)
def assign_people(
    context: JobContext,
    plan: str,
    since: dt.date,
    *,
    people: str = "",
    role: PersonRole | None = None,
    team: str = "",
    until: dt.date | None = None,
    beside: bool = False,
) -> Sentences:
    """Pay people by a plan from a day on, in place of the plans they have, as one step that can be undone.

    Args:
        plan: its name.
        since: the first day.
        people: names, with semicolons between them.
        role: everybody who has this role and is there in those days.
        team: everybody of this team, or under the manager of this name.
        until: the last day; until further notice by default.
        beside: the plans they have go on beside it.
    """
    last = until or _EVER
    if last < since:
        raise InputRefusedError(f"{until} is before {since}.", way_out="Let it end after it begins.")
    with context.workspace.action(f"Assign people to {plan}", kind="job") as unit:
        connection = unit.connection
        number = _plan_for(connection, plan, since, last)
        chosen = _people(connection, people, role, team, since, last)
        ended = 0
        for person in chosen:
            first, end = since, last
            for held, start, stop, row in _held(connection, person):
                if held == number and start <= _after(end) and _after(stop) >= first:
                    first, end = min(first, start), max(end, stop)  # the same plan: one stretch
                    connection.exec_driver_sql("DELETE FROM plan_assignment WHERE id = ?", (row,))
                elif held != number and not beside and start <= last and stop >= since:
                    _cut(connection, row, held, person, start, stop, since, last)
                    ended += 1
            _insert(connection, number, person, first, end)
    context.changed("plan_assignment")
    said = [f"{plan} pays {len(chosen):,} people from {since}" + (f" to {until}." if until else " on.")]
    if ended:
        said.append(f"{ended:,} stretches under other plans end for it.")
    return Sentences(tuple(said))


@job(
    "commissions unassign",
    title="End that people are paid by a plan",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions unassign company.salesops 'Rep plan USD' 2026-10-01 --people 'Ana Weller'",),
)
def unassign_people(
    context: JobContext,
    plan: str,
    since: dt.date,
    *,
    people: str = "",
    role: PersonRole | None = None,
    team: str = "",
) -> Sentences:
    """End that people are paid by a plan, from a day on, as one step that can be undone.

    Args:
        plan: its name.
        since: the first day without it.
        people: names, with semicolons between them.
        role: everybody who has this role.
        team: everybody of this team, or under the manager of this name.
    """
    with context.workspace.action(f"End {plan} for people", kind="job") as unit:
        connection = unit.connection
        number = plan_number(connection, plan)
        ended = 0
        for person in _people(connection, people, role, team, since, _EVER):
            for held, start, stop, row in _held(connection, person):
                if held == number and stop >= since:
                    _cut(connection, row, held, person, start, stop, since, _EVER)
                    ended += 1
        if not ended:
            raise NothingToDoError(f"{plan} pays none of them from {since} on.")
    context.changed("plan_assignment")
    return Sentences((f"{plan} pays {ended:,} people no longer from {since} on.",))


def _plan_for(connection: Connection, plan: str, since: dt.date, last: dt.date) -> int:
    """The plan's row id.

    Raises:
        InputRefusedError: there is none of this name, or it holds on none of those days.
    """
    number = plan_number(connection, plan)
    start, end = connection.exec_driver_sql(
        "SELECT effective_from, effective_to FROM plan WHERE id = ?", (number,)
    ).one()
    if last.isoformat() < start or (end is not None and since.isoformat() > end):
        held = f"from {start} to {end}" if end else f"from {start} on"
        raise InputRefusedError(f"{plan} holds {held}.", way_out="Choose days on which it holds.")
    return number


def _people(
    connection: Connection, names: str, role: PersonRole | None, team: str, since: dt.date, last: dt.date
) -> list[int]:
    """Those who are meant, each once.

    Raises:
        FaultsError: names that nobody, or several people, have; all of them.
        InputRefusedError: nobody is meant.
    """
    found: list[int] = []
    faults = []
    for name in dict.fromkeys(part.strip() for part in names.split(";") if part.strip()):
        try:
            found.append(person_called(connection, name))
        except InputRefusedError as error:
            faults.append(Fault(name, error.sentence, error.way_out or ""))
    if faults:
        raise FaultsError(f"{len(faults)} of the people are not known: {faults[0].where}.", faults)
    if role is not None or team:
        found += connection.exec_driver_sql(
            "SELECT p.id FROM person p LEFT JOIN person m ON m.id = p.manager_id "
            "WHERE (?1 IS NULL OR p.role = ?1) AND (?2 = '' OR p.team = ?2 OR m.name = ?2) "
            "AND coalesce(p.start_date, '') <= ?4 AND coalesce(p.end_date, '9999') >= ?3 ORDER BY p.id",
            (None if role is None else role.value, team, since.isoformat(), last.isoformat()),
        ).scalars().all()  # fmt: skip
    if not found:
        meant = "Nobody of that role or team is there then." if role is not None or team else "Nobody is named."
        raise InputRefusedError(meant, way_out="Name people (--people), a role (--role) or a team (--team).")
    return list(dict.fromkeys(found))


def _held(connection: Connection, person: int) -> list[tuple[int, dt.date, dt.date, int]]:
    """(plan, first day, last day, row id) of a person's assignments."""
    rows = connection.exec_driver_sql(
        "SELECT plan_id, start_date, end_date, id FROM plan_assignment WHERE person_id = ? ORDER BY start_date, id",
        (person,),
    ).fetchall()
    day = dt.date.fromisoformat
    return [(int(plan), day(start), day(end) if end else _EVER, int(row)) for plan, start, end, row in rows]


def _after(day: dt.date) -> dt.date:
    return day if day == _EVER else day + _DAY


def _cut(
    connection: Connection, row: int, plan: int, person: int,
    start: dt.date, stop: dt.date, since: dt.date, last: dt.date,
) -> None:  # fmt: skip
    """Take the days from ``since`` to ``last`` out of an assignment; what is left on either side stays."""
    connection.exec_driver_sql("DELETE FROM plan_assignment WHERE id = ?", (row,))
    if start < since:
        _insert(connection, plan, person, start, since - _DAY)
    if stop > last:
        _insert(connection, plan, person, last + _DAY, stop)


def _insert(connection: Connection, plan: int, person: int, start: dt.date, end: dt.date) -> None:
    connection.exec_driver_sql(
        "INSERT INTO plan_assignment (plan_id, person_id, start_date, end_date) VALUES (?, ?, ?, ?)",
        (plan, person, start.isoformat(), None if end == _EVER else end.isoformat()),
    )
