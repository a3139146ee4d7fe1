"""Scenarios and wishes as the problems the engine solves: who may have what, and what must stay where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs, load_territory_inputs, named
from salesops_desktop.jobs.territory_links import unit_links
from salesops_desktop.jobs.territory_measures import Measure, measures_of
from salesops_desktop.jobs.territory_standing import (
    Seat,
    area_seats,
    moved_out,
    seats_for,
    stored_seats,
    todays,
)
from salesops_desktop.jobs.territory_units import Units, make_units, single_accounts
from salesops_desktop.jobs.territory_wishes import DesignWishes, UnitKind
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.territory import DesignProblem

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

__all__ = ["ScenarioProblem", "Seat", "assemble", "build_problem", "seats_for", "stored_seats", "todays", "wishes_of"]


@dataclass(frozen=True, slots=True)
class ScenarioProblem:
    """An engine problem with the way back to accounts, people and territories.

    Attributes:
        inputs: accounts and people.
        wishes: what was asked.
        seats: the territories in the problem's order.
        units: what is handed out, in the problem's order.
        measures: what is balanced, per account.
        problem: for the engine.
        assignment: seat per unit, [n]; today's where the problem is a plan for a new scenario, -1 for none.
        edges: the neighbourhood graph of the units within their parts, [m, 2].
        notes: what a reader must know.
    """

    inputs: TerritoryInputs
    wishes: DesignWishes
    seats: tuple[Seat, ...]
    units: Units
    measures: tuple[Measure, ...]
    problem: DesignProblem
    assignment: npt.NDArray[np.int32]
    edges: Indices
    notes: tuple[str, ...] = ()

    @property
    def unit_of_account(self) -> Indices:
        """The unit of each account, -1 for accounts that are in none."""
        return self.units.of_account

    @property
    def seat_of_account(self) -> Indices:
        """The seat of each account, -1 for none."""
        places = np.append(self.assignment.astype(np.intp), NOBODY)
        made: Indices = places[self.units.of_account]
        return made

    def accounts_of(self, unit: int) -> Indices:
        """Rows of the accounts in a unit."""
        return np.flatnonzero(self.units.of_account == unit)


def build_problem(
    connection: Connection, scenario: int, *, inputs: TerritoryInputs | None = None, progress: Progress = silent
) -> ScenarioProblem:
    """A stored scenario as the problem it answers, with its assignment; today's owners where ``scenario`` is 0.

    Args:
        connection: a read connection.
        scenario: its number.
        inputs: accounts and people where they have been read for these wishes already.
        progress: told between the steps; may cancel.

    Raises:
        InputRefusedError: there is no such scenario.
        FaultsError: there are no accounts or nobody to work them.
    """
    wishes = wishes_of(connection, scenario)
    inputs = inputs or load_territory_inputs(
        connection, boundary=wishes.boundary, date=wishes.date if scenario else None, progress=progress
    )
    if not scenario:
        seats, seat = todays(inputs)
        units = single_accounts(inputs.accounts, np.flatnonzero(seat >= 0))
        return assemble(connection, inputs, wishes, seats, units, seat)
    seats, seat, locked = stored_seats(connection, inputs, scenario)
    rows = np.flatnonzero(seat >= 0)
    units = make_units(inputs.accounts, rows, wishes.units, progress)
    areas = area_seats(connection, scenario, seats, units)
    if wishes.units is not UnitKind.ACCOUNTS:
        units = moved_out(inputs, units, seat, areas)
        areas = np.append(areas, np.full(len(units) - len(areas), NOBODY))
    return assemble(connection, inputs, wishes, seats, units, seat, locked=locked, areas=areas)


def wishes_of(connection: Connection, scenario: int) -> DesignWishes:
    """What was asked of a scenario; the usual wishes for today's owners.

    Raises:
        InputRefusedError: there is no such scenario.
    """
    if not scenario:
        return DesignWishes()
    row = connection.exec_driver_sql("SELECT design FROM scenario WHERE id = ?", (scenario,)).first()
    if row is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    return DesignWishes.from_json(row[0])


def assemble(
    connection: Connection,
    inputs: TerritoryInputs,
    wishes: DesignWishes,
    seats: Sequence[Seat],
    units: Units,
    seat: Indices,
    *,
    locked: npt.NDArray[np.bool_] | None = None,
    areas: Indices | None = None,
    strict: bool = False,
) -> ScenarioProblem:
    """The problem of handing ``units`` out to ``seats``.

    Args:
        connection: for the rules of accounts.
        inputs: accounts and people.
        wishes: what was asked.
        seats: the territories.
        units: what is handed out.
        seat: the seat of each account as it stands, -1 for none.
        locked: accounts that stay in their seat.
        areas: the seat of each unit as it stands, where it is known without its accounts.
        strict: refuse measures that cannot be balanced, and rules that contradict one another; else leave them out.

    Raises:
        FaultsError: locks and rules that contradict one another, measures that cannot be balanced.
    """
    measures = measures_of(inputs, wishes, strict=strict)
    standing = _majority(units, seat, measures[0].values, len(seats))
    if areas is not None:
        standing = np.where(areas >= 0, areas, standing)
    hold = np.zeros(len(seat), dtype=np.bool_) if locked is None else locked.copy()
    hold |= np.isin(seat, [i for i, each in enumerate(seats) if each.locked]) & (seat >= 0)
    owner, bound, forbidden, notes = _bindings(
        connection, inputs, seats, units, np.where(hold, seat, NOBODY), strict=strict
    )
    if areas is not None:
        shut = np.array([each.locked for each in seats], dtype=np.bool_)
        bound |= (areas >= 0) & shut[areas]
    who = {each.person: i for i, each in enumerate(seats) if each.person >= 0}
    mine = np.array([who.get(int(row), NOBODY) for row in inputs.owner], dtype=np.intp)
    today = _majority(units, mine, measures[0].values, len(seats))
    today = np.where(bound, np.where(owner >= 0, owner, standing), today)
    labels = sorted({*map(str, units.part), *(each.part for each in seats)})
    number = {label: i for i, label in enumerate(labels)}
    territory_part = np.array([number[each.part] for each in seats], dtype=np.intp)
    part = np.array([number[str(label)] for label in units.part], dtype=np.intp)
    part = np.where(bound & (today >= 0), territory_part[today], part)
    edges = unit_links(units, part)
    problem = DesignProblem(
        units.latitude,
        units.longitude,
        {measure.name: _by_unit(units, measure.values) for measure in measures},
        len(seats),
        tolerance={measure.name: measure.tolerance for measure in measures},
        home_latitude=np.array([each.latitude for each in seats], dtype=np.float64),
        home_longitude=np.array([each.longitude for each in seats], dtype=np.float64),
        owner=today,
        locked=bound,
        group=_unit_groups(inputs, wishes, units, part),
        disruption=wishes.stability,
        connected=wishes.connected,
        edges=edges,
        capacity=np.array([each.capacity for each in seats]) if wishes.capacity else None,
        forbidden=forbidden,
        part=part,
        territory_part=territory_part,
        compactness="span" if wishes.compactness.value == "span" else "distance",
        budget=None if wishes.budget is None else wishes.budget / 100,
        unit_names=units.names,
        territory_names=[each.name for each in seats],
    )
    return ScenarioProblem(
        inputs, wishes, tuple(seats), units, measures, problem, standing.astype(np.int32), edges, tuple(notes)
    )


def _by_unit(units: Units, values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    total = units.total(values)
    return total.astype(np.int64) if np.issubdtype(total.dtype, np.integer) else total.astype(np.float64)


def _majority(units: Units, seat: Indices, weight: npt.NDArray[np.generic], seats: int) -> Indices:
    """The seat with the most weight among each unit's accounts, -1 where none has a seat."""
    here = np.flatnonzero((units.of_account >= 0) & (seat >= 0))
    key = units.of_account[here] * seats + seat[here]
    pairs, place = np.unique(key, return_inverse=True)
    heavy = np.bincount(place.reshape(-1), weight[here].astype(np.float64) + 1e-9, len(pairs))
    order = np.argsort(heavy, kind="stable")  # the heaviest of a unit is written last
    made = np.full(len(units), NOBODY, dtype=np.intp)
    made[pairs[order] // seats] = pairs[order] % seats
    return made


def _bindings(
    connection: Connection, inputs: TerritoryInputs, seats: Sequence[Seat], units: Units, held: Indices, *, strict: bool
) -> tuple[Indices, npt.NDArray[np.bool_], npt.NDArray[np.int64] | None, list[str]]:
    """Which units must go where and which must not: locks, named accounts, forbidden pairs.

    Returns:
        The seat each unit is bound to (-1 for none), which are bound, the forbidden (unit, seat) pairs, and notes.
    """
    rows = {int(account): i for i, account in enumerate(inputs.accounts["id"])}
    place = {each.person_id: i for i, each in enumerate(seats) if each.person_id is not None}
    names = inputs.accounts["name"].astype(str).tolist()
    wanted = [(int(row), int(held[row]), "locked to") for row in np.flatnonzero(held >= 0)]
    pairs: list[tuple[int, int]] = []
    faults: list[Fault] = []
    absent: list[str] = []
    for account, person, kind, called in connection.exec_driver_sql(
        "SELECT r.account_id, r.person_id, r.kind, p.name FROM account_rule r JOIN person p ON p.id = r.person_id "
        "ORDER BY r.id"
    ):
        row, seat = rows.get(int(account), NOBODY), place.get(int(person))
        if row < 0 or units.of_account[row] < 0:
            continue
        if seat is None:
            if kind == "named":
                absent.append(f"{names[row]} ({called})")
        elif kind == "named":
            wanted.append((row, seat, "named for"))
        else:
            pairs.append((int(units.of_account[row]), seat))
    owner = np.full(len(units), NOBODY, dtype=np.intp)
    reason: dict[int, tuple[str, str]] = {}
    for row, seat, why in wanted:
        unit = int(units.of_account[row])
        if owner[unit] not in (NOBODY, seat):
            first, said = reason[unit]
            other = f"{names[row]} is {why} {seats[seat].name}"
            where = names[row] if first == names[row] else units.names[unit]
            faults.append(Fault(where, f"{first} is {said}, but {other}.", "Take one of the two back."))
            continue
        owner[unit] = seat
        reason[unit] = (names[row], f"{why} {seats[seat].name}")
    for unit, seat in pairs:
        if owner[unit] == seat:
            first, said = reason[unit]
            faults.append(Fault(first, f"It is {said}, who must not have it.", "Take one of the two back."))
    closed = np.bincount([unit for unit, _ in sorted(set(pairs))], minlength=len(units)) if pairs else np.zeros(0)
    for unit in np.flatnonzero(closed >= len(seats)).tolist():
        faults.append(Fault(units.names[unit], "Nobody may have it.", "Take a forbidden pair back."))  # noqa: PERF401
    if faults and strict:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise FaultsError(
            f"Locks and rules contradict one another: {faults[0].where}: {faults[0].what}{more}",
            faults,
            way_out=faults[0].way_out,
        )
    notes = (
        [f"Named for people who have no territory here, and free to go anywhere: {named(absent)}."] if absent else []
    )
    forbidden = np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2) if pairs else None
    return owner, owner >= 0, forbidden, notes


def _unit_groups(inputs: TerritoryInputs, wishes: DesignWishes, units: Units, part: Indices) -> Indices | None:
    """Units that stay together: families, cities, or both joined; None where nothing is asked."""
    if wishes.units is not UnitKind.ACCOUNTS or not (wishes.keep_parents or wishes.keep_metros):
        return None
    accounts = inputs.accounts
    keys = []
    if wishes.keep_parents and (inputs.group >= 0).any():
        keys.append([f"f{g}" if g >= 0 else None for g in inputs.group])
    if wishes.keep_metros:
        places = zip(accounts["country"], accounts["state"], accounts["city"], strict=True)
        keys.append([f"c{c}|{s}|{t}" if isinstance(t, str) and t else None for c, s, t in places])
    if not keys:
        return None
    root = list(range(len(units)))

    def find(unit: int) -> int:
        while root[unit] != unit:
            root[unit] = root[root[unit]]
            unit = root[unit]
        return unit

    for key in keys:
        first: dict[tuple[str, int], int] = {}
        for row, unit in enumerate(units.of_account.tolist()):
            text = key[row]
            if unit >= 0 and text is not None:
                root[find(unit)] = find(first.setdefault((text, int(part[unit])), unit))
    roots = np.array([find(unit) for unit in range(len(units))], dtype=np.intp)
    return np.where(np.bincount(roots, minlength=len(units))[roots] > 1, roots, NOBODY).astype(np.intp)
