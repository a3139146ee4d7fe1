"""The life of territory scenarios: copied, named, annotated, compared, staffed, made current, deleted."""

from __future__ import annotations

import datetime as dt

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_comparison import compare_scenarios
from salesops_desktop.jobs.territory_problems import ScenarioProblem, build_problem
from salesops_desktop.jobs.territory_reports import TODAY, named_scenario
from salesops_desktop.jobs.territory_solving import free_name
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "bring_up_to_date",
    "compare_scenarios",
    "copy_scenario",
    "delete_scenario",
    "make_current",
    "named_scenario",
    "note_scenario",
    "person_called",
    "rename_scenario",
    "staff_territory",
]

_COPIED = {
    "assignment": "account_id, territory_id, locked, reason",
    "area_assignment": "kind, code, territory_id, locked",
    "routing_rule": "position, kind, definition, territory_id",
}
"""What goes with a copy, beside the territories themselves."""


@job(
    "territories copy",
    title="Copy a territory scenario",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories copy company.salesops 1 'FY27 second try'",
        "territories copy company.salesops 0 'As it is'",
    ),
)
def copy_scenario(context: JobContext, scenario: int, name: str = "") -> Sentences:
    """Copy a scenario with its territories, accounts, areas, locks and routing rules, to change the copy.

    Args:
        scenario: its number in the list; 0 for today's owners as a scenario.
        name: what to call the copy; "Copy 1" and so on by default.
    """
    with context.workspace.read() as connection:
        origin = named_scenario(connection, scenario) if scenario else TODAY
        today = None if scenario else build_problem(connection, 0, progress=context.progress)
    with context.workspace.action(f"Copy {origin}") as unit:
        called = free_name(unit.connection, name, "Copy")
        if today is None:
            number = _copied(unit.connection, scenario, called, origin)
        else:
            number = _as_scenario(unit.connection, today, called)
    context.changed("scenario", "territory", "assignment", "area_assignment", "routing_rule")
    return Sentences((f"{called} is scenario {number}, a copy of {origin}.",))


def _copied(connection: Connection, scenario: int, name: str, origin: str) -> int:
    made = connection.exec_driver_sql(
        "INSERT INTO scenario (name, status, created_at, seed, design, figures, note, copied_from) "
        "SELECT ?, 'draft', ?, seed, design, figures, note, ? FROM scenario WHERE id = ?",
        (name, stored_now(), origin, scenario),
    )
    number = int(made.lastrowid)
    connection.exec_driver_sql(
        "INSERT INTO territory (scenario_id, name, person_id, latitude, longitude, locked, capacity) "
        "SELECT ?, name, person_id, latitude, longitude, locked, capacity FROM territory WHERE scenario_id = ?",
        (number, scenario),
    )
    for table, columns in _COPIED.items():
        values = ", ".join("n.id" if each == "territory_id" else f"x.{each}" for each in columns.split(", "))
        connection.exec_driver_sql(
            f"INSERT INTO {table} (scenario_id, {columns}) SELECT ?, {values} FROM {table} x "
            "LEFT JOIN territory o ON o.id = x.territory_id "
            "LEFT JOIN territory n ON n.scenario_id = ? AND n.name = o.name WHERE x.scenario_id = ? ORDER BY x.id",
            (number, number, scenario),
        )
    return number


def _as_scenario(connection: Connection, today: ScenarioProblem, name: str) -> int:
    """Today's owners, written as a scenario."""
    made = connection.exec_driver_sql(
        "INSERT INTO scenario (name, status, created_at, design, copied_from) VALUES (?, 'draft', ?, ?, ?)",
        (name, stored_now(), today.wishes.to_json(), TODAY),
    )
    number = int(made.lastrowid)
    ids = []
    for seat in today.seats:
        place = (None if np.isnan(v) else v for v in (seat.latitude, seat.longitude))
        stored = connection.exec_driver_sql(
            "INSERT INTO territory (scenario_id, name, person_id, latitude, longitude, locked, capacity) "
            "VALUES (?, ?, ?, ?, ?, 0, ?)",
            (number, seat.name, seat.person_id, *place, round(seat.capacity * 1_000_000)),
        )
        ids.append(int(stored.lastrowid))
    accounts, seats = today.inputs.accounts["id"].to_numpy(np.int64), today.seat_of_account
    rows = np.flatnonzero(seats >= 0)
    connection.exec_driver_sql(
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked) VALUES (?, ?, ?, 0)",
        [(number, int(accounts[row]), ids[int(seats[row])]) for row in rows],
    )
    return number


@job(
    "territories rename",
    title="Rename a territory scenario",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories rename company.salesops 1 'FY27 final'",),
)
def rename_scenario(context: JobContext, scenario: int, name: str) -> Sentences:
    """Give a scenario another name.

    Args:
        scenario: its number in the list.
        name: the new name.
    """
    if not name.strip():
        raise InputRefusedError("A scenario needs a name.", way_out="Give it one.")
    with context.workspace.read() as connection:
        old = named_scenario(connection, scenario)
        if name != old:
            free_name(connection, name, "")
    with context.workspace.action(f"Rename {old}") as unit:
        unit.connection.exec_driver_sql("UPDATE scenario SET name = ? WHERE id = ?", (name, scenario))
    context.changed("scenario")
    return Sentences((f"{old} is called {name} now.",))


@job(
    "territories note",
    title="Write a note on a territory scenario",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories note company.salesops 1 'Agreed with EMEA on 12 October'",),
)
def note_scenario(context: JobContext, scenario: int, note: str) -> Sentences:
    """Write a note on a scenario, in place of the one it has; an empty one takes it away.

    Args:
        scenario: its number in the list.
        note: the words.
    """
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
    with context.workspace.action(f"Note on {name}") as unit:
        unit.connection.exec_driver_sql("UPDATE scenario SET note = ? WHERE id = ?", (note.strip() or None, scenario))
    context.changed("scenario")
    return Sentences((f"{name}: {note.strip() or 'no note'}",))


@job(
    "territories delete",
    title="Delete a territory scenario",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories delete company.salesops 2",),
)
def delete_scenario(context: JobContext, scenario: int) -> Sentences:
    """Delete a scenario with its territories, proposals and rules; owners stay as they are. It can be undone.

    Args:
        scenario: its number in the list.
    """
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
    with context.workspace.action(f"Delete {name}") as unit:
        unit.connection.exec_driver_sql("DELETE FROM scenario WHERE id = ?", (scenario,))
    context.changed("scenario", "territory", "assignment", "area_assignment", "proposal", "routing_rule", "quota")
    return Sentences((f"{name} is deleted; undo brings it back.",))


@job(
    "territories staff",
    title="Give a territory to a person",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories staff company.salesops 1 'Vacancy 1' 'Ana Weller'",),
)
def staff_territory(context: JobContext, scenario: int, territory: str, person: str = "") -> Sentences:
    """Give a territory of a scenario to a person, or make it vacant.

    Args:
        scenario: its number in the list.
        territory: its name.
        person: the person's name; nobody by default.
    """
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
        target = connection.exec_driver_sql(
            "SELECT id FROM territory WHERE scenario_id = ? AND name = ?", (scenario, territory)
        ).scalar()
        who = person_called(connection, person) if person else None
        other = connection.exec_driver_sql(
            "SELECT name FROM territory WHERE scenario_id = ? AND person_id = ? AND id <> ?",
            (scenario, who, target or 0),
        ).scalar()
    if target is None:
        raise InputRefusedError(f"{name} has no territory called {territory!r}.")
    if other is not None:
        raise InputRefusedError(f"{person} has {other} already.", way_out="Make that one vacant first.")
    with context.workspace.action(f"Give {territory} to {person or 'nobody'}") as unit:
        unit.connection.exec_driver_sql(
            "UPDATE territory SET person_id = ?, latitude = (SELECT latitude FROM person WHERE id = ?), "
            "longitude = (SELECT longitude FROM person WHERE id = ?) WHERE id = ?",
            (who, who, who, target),
        )
    context.changed("territory")
    return Sentences((f"{territory} is {person + chr(39) + 's' if person else 'vacant'} in {name}.",))


def person_called(connection: Connection, name: str) -> int:
    """The row id of the one person of that name.

    Raises:
        InputRefusedError: there is none, or more than one.
    """
    found = connection.exec_driver_sql("SELECT id FROM person WHERE name = ?", (name,)).scalars().all()
    if len(found) != 1:
        many = "Several people are" if found else "Nobody is"
        raise InputRefusedError(f"{many} called {name!r}.", way_out="See the list: show person.")
    return int(found[0])


@job(
    "territories make-current",
    title="Make a scenario current",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories make-current company.salesops 1 --effective-from 2027-01-01",),
)
def make_current(context: JobContext, scenario: int, *, effective_from: dt.date | None = None) -> Sentences:
    """Make a scenario's people the owners of its accounts, now or on a day to come.

    A day to come plans it: owners stay as they are until that day, when the command "territories due" (the window does
    the same on opening) makes it current. Accounts of a vacancy stay with their owners until somebody is hired, and
    open opportunities with theirs. The scenario that was current until then becomes a past one and keeps its days, so
    that who owned what on any day can be told.

    Args:
        scenario: its number in the list.
        effective_from: from which day; today by default.
    """
    today = dt.datetime.now(dt.UTC).date()
    day = effective_from or today
    with context.workspace.read() as connection:
        name = named_scenario(connection, scenario)
    with context.workspace.action(
        f"{'Plan' if day > today else 'Make'} {name} {'' if day > today else 'current'}".strip()
    ) as unit:
        if day > today:
            unit.connection.exec_driver_sql(
                "UPDATE scenario SET status = 'planned', effective_from = ?, effective_to = NULL WHERE id = ?",
                (day.isoformat(), scenario),
            )
            said = f"{name} is planned: its people become the owners on {day}."
        else:
            said = _take_over(unit.connection, scenario, name, day)
    context.changed("account", "scenario")
    return Sentences((said,))


def _take_over(connection: Connection, scenario: int, name: str, day: dt.date) -> str:
    moved = connection.exec_driver_sql(
        "UPDATE account AS a SET owner_id = t.person_id FROM assignment s "
        "JOIN territory t ON t.id = s.territory_id "
        "WHERE s.scenario_id = ? AND s.account_id = a.id AND t.person_id IS NOT NULL "
        "AND a.owner_id IS NOT t.person_id",
        (scenario,),
    ).rowcount
    waiting = connection.exec_driver_sql(
        "SELECT count(*) FROM assignment s JOIN territory t ON t.id = s.territory_id "
        "WHERE s.scenario_id = ? AND t.person_id IS NULL",
        (scenario,),
    ).scalar()
    connection.exec_driver_sql(
        "UPDATE scenario SET status = 'past', effective_to = max(effective_from, ?) "
        "WHERE status = 'current' AND id <> ?",
        ((day - dt.timedelta(days=1)).isoformat(), scenario),
    )
    connection.exec_driver_sql(
        "UPDATE scenario SET status = 'current', effective_from = ?, effective_to = NULL WHERE id = ?",
        (day.isoformat(), scenario),
    )
    rest = f" {waiting:,} accounts of vacancies stay with their owners until somebody is hired." if waiting else ""
    return f"{name} is current from {day}: {moved:,} accounts changed hands.{rest}"


@job(
    "territories due",
    title="Make planned scenarios current whose day has come",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories due company.salesops",),
)
def bring_up_to_date(context: JobContext) -> Sentences:
    """Make the scenarios current that were planned for a day up to today, in the order of their days."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    with context.workspace.read() as connection:
        due = connection.exec_driver_sql(
            "SELECT id, name, effective_from FROM scenario WHERE status = 'planned' AND effective_from <= ? "
            "ORDER BY effective_from, id",
            (today,),
        ).fetchall()
    if not due:
        return Sentences(("No planned scenario is due.",))
    said = []
    with context.workspace.action(f"Make {due[-1][1]} current") as unit:
        for number, name, day in due:
            said.append(_take_over(unit.connection, int(number), str(name), dt.date.fromisoformat(day)))
    context.changed("account", "scenario")
    return Sentences(tuple(said))
