"""Territory scenarios: design, show, move accounts by hand, make current."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs, load_territory_inputs
from salesops_desktop.jobs.territory_reports import (
    Scenarios,
    TerritoryReport,
    list_scenarios,
    report_of,
    territory_colours,
)
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import part_of
from salesops_desktop.territory import DesignProblem, design
from salesops_desktop.workspace.text import stored_now

__all__ = [
    "Scenarios",
    "TerritoryReport",
    "design_territories",
    "make_current",
    "move_accounts",
    "scenarios",
    "show_territories",
    "territory_colours",
]

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Placed:
    """The outcome of all parts together."""

    place: Indices
    """Row in the people of each account's new territory."""
    sentences: tuple[str, ...]


@job(
    "territories design",
    title="Design territories",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories design company.salesops",
        "territories design company.salesops --name 'FY27 draft' --tolerance 5 --stability 2",
    ),
)
def design_territories(
    context: JobContext,
    *,
    name: str = "",
    tolerance: float = 10.0,
    stability: float = 0.5,
    within_regions: bool = True,
    keep_parents: bool = True,
    seed: int = 1,
) -> TerritoryReport:
    """Divide the accounts among the reps: balanced in potential and workload, in one piece, near the reps' homes.

    Args:
        name: what to call the scenario; "Design 1" and so on by default.
        tolerance: per cent by which a territory may lie off the mean of each measure.
        stability: what moving an account away from its owner costs; 0 moves freely, 1 as much as the mean distance.
        within_regions: keep accounts in the region of their people, where people have regions.
        keep_parents: keep accounts under one parent together.
        seed: of what is left to chance.
    """
    if not 0 < tolerance <= 100:
        raise InputRefusedError(f"A tolerance of {tolerance} % makes no sense.", way_out="Give per cent from 1 to 100.")
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        inputs = load_territory_inputs(connection, within_regions=within_regions, progress=context.progress)
    placed = _designed(
        context, inputs, tolerance=tolerance / 100, disruption=stability, keep_parents=keep_parents, seed=seed
    )
    asked: dict[str, object] = {
        "tolerance": tolerance, "stability": stability, "within_regions": within_regions, "keep_parents": keep_parents,
    }  # fmt: skip
    with context.workspace.action(f"Design territories{': ' + name if name else ''}", kind="job") as unit:
        scenario_id = _store(unit.connection, inputs, placed, name, asked, seed)
    context.changed("scenario", "territory", "assignment")
    with context.workspace.read() as connection:
        return report_of(connection, scenario_id)


def _designed(
    context: JobContext, inputs: TerritoryInputs, *, tolerance: float, disruption: float, keep_parents: bool, seed: int
) -> _Placed:
    accounts, people = inputs.accounts, inputs.people
    place = np.full(len(accounts), NOBODY, dtype=np.intp)
    sentences: list[str] = []
    parts = sorted(set(accounts["part"]))
    for number, part in enumerate(parts):
        rows = np.flatnonzero((accounts["part"] == part).to_numpy())
        members = np.flatnonzero((people["part"] == part).to_numpy())
        members = members[: len(rows)]  # more people than accounts: the rest stay without a territory
        context.progress(100 * number / len(parts), 100, "Designing territories")
        problem = _problem(inputs, rows, members, tolerance, disruption, keep_parents=keep_parents)
        share = 100 / len(parts)
        made = design(problem, seed=seed, progress=part_of(context.progress, number * share, (number + 1) * share))
        place[rows] = members[made.assignment]
        sentences += [f"{part}: {said}" if part else said for said in made.sentences]
    return _Placed(place, (*inputs.notes, *sentences))


def _problem(
    inputs: TerritoryInputs, rows: Indices, members: Indices, tolerance: float, disruption: float, *, keep_parents: bool
) -> DesignProblem:
    accounts, people = inputs.accounts.iloc[rows], inputs.people.iloc[members]
    measures: dict[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]] = {}
    if accounts["potential_minor"].sum() > 0:
        measures["potential"] = accounts["potential_minor"].to_numpy(np.int64)
    if accounts["workload"].sum() > 0:
        measures["workload"] = accounts["workload"].to_numpy(np.float64)
    if not measures:
        measures["accounts"] = np.ones(len(accounts), dtype=np.int64)
    seat = np.full(len(inputs.people), NOBODY, dtype=np.intp)
    seat[members] = np.arange(len(members))
    owner = np.where(inputs.owner[rows] >= 0, seat[inputs.owner[rows]], NOBODY)
    return DesignProblem(
        accounts["latitude"].to_numpy(np.float64),
        accounts["longitude"].to_numpy(np.float64),
        measures,
        len(members),
        tolerance=dict.fromkeys(measures, tolerance),
        home_latitude=people["latitude"].to_numpy(np.float64),
        home_longitude=people["longitude"].to_numpy(np.float64),
        owner=owner,
        group=inputs.group[rows] if keep_parents else None,
        disruption=disruption,
        unit_names=accounts["name"].astype(str).tolist(),
        territory_names=people["name"].astype(str).tolist(),
    )


def _store(
    connection: Connection, inputs: TerritoryInputs, placed: _Placed, name: str, asked: dict[str, object], seed: int
) -> int:
    taken = {str(row[0]) for row in connection.exec_driver_sql("SELECT name FROM scenario")}
    if name in taken:
        raise InputRefusedError(f"There is a scenario called {name!r} already.", way_out="Give it another name.")
    called = name or next(f"Design {i}" for i in range(1, len(taken) + 2) if f"Design {i}" not in taken)
    result = connection.exec_driver_sql(
        "INSERT INTO scenario (name, status, effective_from, created_at, seed, design, figures) "
        "VALUES (?, 'draft', NULL, ?, ?, ?, ?)",
        (
            called, stored_now(), seed, json.dumps(asked),
            json.dumps({"sentences": placed.sentences}, ensure_ascii=False),
        ),
    )  # fmt: skip
    scenario_id = int(result.lastrowid)
    people = inputs.people
    names = _territory_names(people["name"].astype(str).tolist())
    territory_ids: dict[int, int] = {}
    for row in sorted(set(placed.place.tolist())):
        made = connection.exec_driver_sql(
            "INSERT INTO territory (scenario_id, name, person_id, latitude, longitude) VALUES (?, ?, ?, ?, ?)",
            (
                scenario_id, names[row], int(people["id"].iloc[row]),
                _number(people["latitude"].iloc[row]), _number(people["longitude"].iloc[row]),
            ),
        )  # fmt: skip
        territory_ids[row] = int(made.lastrowid)
    connection.exec_driver_sql(
        "INSERT INTO assignment (scenario_id, account_id, territory_id, locked, reason) VALUES (?, ?, ?, 0, NULL)",
        [
            (scenario_id, int(account), territory_ids[int(row)])
            for account, row in zip(inputs.accounts["id"], placed.place, strict=True)
        ],
    )
    return scenario_id


def _territory_names(people: list[str]) -> list[str]:
    """A territory is called after its person; namesakes are numbered."""
    seen: dict[str, int] = {}
    names = []
    for person in people:
        seen[person] = seen.get(person, 0) + 1
        names.append(person if seen[person] == 1 else f"{person} ({seen[person]})")
    return names


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@job(
    "territories list", title="List territory scenarios", group="territories", examples=("territories list a.salesops",)
)
def scenarios(context: JobContext) -> Scenarios:
    """List the territory scenarios, newest first."""
    with context.workspace.read() as connection:
        return list_scenarios(connection)


@job(
    "territories show",
    title="Show territories",
    group="territories",
    examples=("territories show company.salesops", "territories show company.salesops 1"),
)
def show_territories(context: JobContext, scenario: int = 0) -> TerritoryReport:
    """Show the territories of a scenario, or who owns what today.

    Args:
        scenario: its number in the list; 0 for today's owners.
    """
    with context.workspace.read() as connection:
        return report_of(connection, scenario)


@job(
    "territories move",
    title="Move accounts to another territory",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories move company.salesops 1 'Ana Weller' 17 18 19",),
)
def move_accounts(context: JobContext, scenario: int, territory: str, accounts: list[int]) -> Sentences:
    """Move accounts of a scenario into another of its territories.

    Args:
        scenario: its number in the list.
        territory: the name of the territory they go to.
        accounts: the accounts' row ids.
    """
    with context.workspace.read() as connection:
        target = connection.exec_driver_sql(
            "SELECT id FROM territory WHERE scenario_id = ? AND name = ?", (scenario, territory)
        ).scalar()
        marks = ",".join(str(int(account)) for account in accounts)
        known = {
            int(account)
            for (account,) in connection.exec_driver_sql(
                f"SELECT account_id FROM assignment WHERE scenario_id = ? AND account_id IN ({marks})", (scenario,)
            )
        }
    if target is None:
        raise InputRefusedError(f"Scenario {scenario} has no territory called {territory!r}.")
    strange = sorted(set(accounts) - known)
    if strange:
        listed = ", ".join(map(str, strange[:10])) + (" …" if len(strange) > 10 else "")
        raise InputRefusedError(f"Scenario {scenario} has no account {listed}.", way_out="Design territories anew.")
    count = len(accounts)
    with context.workspace.action(f"Move {count:,} account{'s' if count != 1 else ''} to {territory}") as unit:
        moved = unit.connection.exec_driver_sql(
            "UPDATE assignment SET territory_id = ?, reason = 'by hand' "
            f"WHERE scenario_id = ? AND territory_id <> ? AND account_id IN ({marks})",
            (target, scenario, target),
        ).rowcount
    context.changed("assignment")
    return Sentences((f"{moved:,} account{'s' if moved != 1 else ''} moved to {territory}.",))


@job(
    "territories make-current",
    title="Make a scenario current",
    group="territories",
    needs=Needs.WRITE,
    examples=("territories make-current company.salesops 1 --effective-from 2027-01-01",),
)
def make_current(context: JobContext, scenario: int, *, effective_from: dt.date | None = None) -> Sentences:
    """Make a scenario's people the owners of its accounts.

    Args:
        scenario: its number in the list.
        effective_from: from which day; today by default.
    """
    day = effective_from or dt.datetime.now(dt.UTC).date()
    with context.workspace.read() as connection:
        name = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (scenario,)).scalar()
    if name is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    with context.workspace.action(f"Make {name} current") as unit:
        moved = unit.connection.exec_driver_sql(
            "UPDATE account AS a SET owner_id = t.person_id FROM assignment s "
            "JOIN territory t ON t.id = s.territory_id "
            "WHERE s.scenario_id = ? AND s.account_id = a.id AND a.owner_id IS NOT t.person_id",
            (scenario,),
        ).rowcount
        unit.connection.exec_driver_sql("UPDATE scenario SET status = 'past' WHERE status = 'current'")
        unit.connection.exec_driver_sql(
            "UPDATE scenario SET status = 'current', effective_from = ? WHERE id = ?", (day.isoformat(), scenario)
        )
    context.changed("account", "scenario")
    return Sentences((f"{name} is current from {day}: {moved:,} accounts changed hands.",))
