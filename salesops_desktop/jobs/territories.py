"""Territory scenarios: design, show, move accounts by hand, make current."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_inputs import load_territory_inputs, named
from salesops_desktop.jobs.territory_problems import ScenarioProblem, assemble, stored_seats
from salesops_desktop.jobs.territory_reports import (
    Scenarios,
    TerritoryReport,
    due_sentences,
    list_scenarios,
    report_of,
    territory_colours,
)
from salesops_desktop.jobs.territory_scenarios import make_current
from salesops_desktop.jobs.territory_solving import plan_seats, solve, store_design
from salesops_desktop.jobs.territory_units import make_units
from salesops_desktop.jobs.territory_watching import WatchedContext
from salesops_desktop.jobs.territory_wishes import Boundary, Compactness, DesignWishes, Effort, UnitKind
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.errors import InputRefusedError

__all__ = [
    "Boundary",
    "Compactness",
    "DesignWishes",
    "Effort",
    "Scenarios",
    "TerritoryReport",
    "UnitKind",
    "design_territories",
    "make_current",
    "move_accounts",
    "scenarios",
    "show_territories",
    "territory_colours",
]


@job(
    "territories design",
    title="Design territories",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories design company.salesops",
        "territories design company.salesops --name 'FY27 draft' --tolerance 5 --stability 2",
        "territories design company.salesops --measures potential workload:5 'open_pipeline + won_last_year:20'",
        "territories design company.salesops --units counties --boundary none --vacancies 2",
        "territories design company.salesops --based-on 1 --name 'The rest anew'",
    ),
)
def design_territories(
    context: JobContext,
    *,
    name: str = "",
    measures: list[str] | None = None,
    tolerance: float = 10.0,
    stability: float = 0.5,
    budget: float | None = None,
    units: UnitKind = UnitKind.ACCOUNTS,
    boundary: Boundary = Boundary.REGION,
    within_regions: bool = True,
    keep_parents: bool = True,
    keep_metros: bool = False,
    compactness: Compactness = Compactness.DISTANCE,
    connected: bool = True,
    territories: int = 0,
    vacancies: int = 0,
    date: dt.date | None = None,
    capacity: bool = True,
    keep: list[int] | None = None,
    based_on: int = 0,
    effort: Effort = Effort.QUICK,
    seed: int = 1,
) -> TerritoryReport:
    """Divide the accounts among the reps: balanced, in one piece, near the reps' homes, with little changing hands.

    Accounts that are locked, or named for a person, stay; those forbidden to a person go elsewhere.

    Args:
        name: what to call the scenario; "Design 1" and so on by default.
        measures: what to balance: fields of accounts, accounts, open_pipeline, won_last_year, or formulas over them,
            each with a tolerance of its own after a colon where wanted; potential and workload by default.
        tolerance: per cent by which a territory may lie off its target of each measure.
        stability: what moving an account away from its owner costs; 0 moves freely, 1 as much as the mean distance.
        budget: at most this per cent of the first measure may change hands; no limit by default.
        units: hand out accounts one by one, or whole postal codes, counties, states or countries.
        boundary: the line no account crosses: the region, country or segment of its people, or none.
        within_regions: respect the boundary at all.
        keep_parents: keep accounts under one parent together.
        keep_metros: keep accounts of one city together.
        compactness: keep the distances to the centres short, or the largest distance within a territory.
        connected: keep territories in one piece.
        territories: how many; one per person by default.
        vacancies: how many of them without a person, beside one per person.
        date: the first day: who is in service, and what they can carry in the year from then on; the newest day of the
            data by default.
        capacity: give part-time people, newcomers on their ramp and absentees less.
        keep: row ids of accounts that stay with their present owners.
        based_on: a scenario whose territories, locked territories and locked accounts are kept; the rest is made anew.
        effort: how long to search: quick takes a second or so, thorough a quarter of a minute, long a minute.
        seed: of what is left to chance.
    """
    wishes = DesignWishes(
        measures=tuple(measures or ()),
        tolerance=tolerance,
        stability=stability,
        units=units,
        boundary=boundary if within_regions else Boundary.NONE,
        keep_parents=keep_parents,
        keep_metros=keep_metros,
        compactness=compactness,
        connected=connected,
        territories=territories,
        vacancies=vacancies,
        date=date,
        capacity=capacity,
        keep=tuple(keep or ()),
        budget=budget,
        effort=effort,
    )
    wishes.check()
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        whole = _asked(connection, wishes, based_on, context)
    watch = context.watch if isinstance(context, WatchedContext) else None
    solved = solve(whole, seed, context.progress, watch)
    whole = dataclasses.replace(whole, assignment=solved.assignment)
    proof = solved.certificate
    figures: dict[str, object] = {
        "sentences": [*whole.notes, *solved.sentences],
        "certificate": None if proof is None else proof.to_json(),
    }
    with context.workspace.action(f"Design territories{': ' + name if name else ''}", kind="job") as unit:
        scenario = store_design(unit.connection, whole, solved, name, seed, figures)
    context.changed("scenario", "territory", "assignment", "area_assignment")
    context.progress(0, 0, "Reporting")
    with context.workspace.read() as connection:
        return report_of(connection, scenario, inputs=whole.inputs)


def _asked(connection: Connection, wishes: DesignWishes, based_on: int, context: JobContext) -> ScenarioProblem:
    """The problem of a new design: from a scenario's territories and locks, or from the people."""
    inputs = load_territory_inputs(connection, boundary=wishes.boundary, date=wishes.date, progress=context.progress)
    rows = np.arange(len(inputs.accounts), dtype=np.intp)
    units = make_units(inputs.accounts, rows, wishes.units, context.progress)
    notes: tuple[str, ...]
    if based_on:
        name = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (based_on,)).scalar()
        if name is None:
            raise InputRefusedError(f"There is no scenario {based_on}.", way_out="See the list: territories list.")
        seats, seat, locked = stored_seats(connection, inputs, based_on)
        wishes = dataclasses.replace(wishes, based_on=str(name))
        whole = assemble(connection, inputs, wishes, seats, units, seat, locked=locked, strict=True)
        kept = int(whole.problem.locks.sum())
        notes = (f"Made from {name}: {kept:,} of {len(units):,} {wishes.units.value} were locked and stay.",)
    else:
        seats, notes = plan_seats(inputs, wishes)
        who = {each.person: i for i, each in enumerate(seats) if each.person >= 0}
        seat = np.array([who.get(int(row), -1) for row in inputs.owner], dtype=np.intp)
        stay = inputs.accounts["id"].isin(wishes.keep).to_numpy(np.bool_)
        whole = assemble(connection, inputs, wishes, seats, units, seat, locked=stay, strict=True)
    return dataclasses.replace(whole, notes=(*due_sentences(connection), *inputs.notes, *notes, *whole.notes))


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
            int(account): str(name) if locked else ""
            for account, name, locked in connection.exec_driver_sql(
                "SELECT s.account_id, a.name, s.locked OR t.locked FROM assignment s "
                "JOIN account a ON a.id = s.account_id JOIN territory t ON t.id = s.territory_id "
                f"WHERE s.scenario_id = ? AND s.account_id IN ({marks})",
                (scenario,),
            )
        }
    if target is None:
        raise InputRefusedError(f"Scenario {scenario} has no territory called {territory!r}.")
    strange = sorted(set(accounts) - set(known))
    if strange:
        listed = ", ".join(map(str, strange[:10])) + (" …" if len(strange) > 10 else "")
        raise InputRefusedError(f"Scenario {scenario} has no account {listed}.", way_out="Design territories anew.")
    shut = sorted(name for name in known.values() if name)
    if shut:
        raise InputRefusedError(f"These are locked: {named(shut)}.", way_out="Unlock them first: territories lock.")
    count = len(accounts)
    with context.workspace.action(f"Move {count:,} account{'s' if count != 1 else ''} to {territory}") as unit:
        moved = unit.connection.exec_driver_sql(
            "UPDATE assignment SET territory_id = ?, reason = 'by hand' "
            f"WHERE scenario_id = ? AND territory_id <> ? AND account_id IN ({marks})",
            (target, scenario, target),
        ).rowcount
    context.changed("assignment")
    return Sentences((f"{moved:,} account{'s' if moved != 1 else ''} moved to {territory}.",))
