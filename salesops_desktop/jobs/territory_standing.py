"""Who stands where: the territories with their people, as planned, as stored, and as the owners are today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs
from salesops_desktop.jobs.territory_units import Units

Indices = npt.NDArray[np.intp]
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Seat:
    """A territory: its person or vacancy.

    Attributes:
        name: what it is called.
        person: row in the inputs' people, -1 for a vacancy.
        person_id: the person's row id, None for a vacancy.
        latitude: degrees: where its person lives; NaN where not known.
        longitude: degrees.
        capacity: what it can carry, in full-time people.
        part: the boundary it lies in.
        locked: whether a new design leaves it as it is.
        territory_id: its row id; 0 where it is not stored.
    """

    name: str
    person: int
    person_id: int | None
    latitude: float
    longitude: float
    capacity: float
    part: str
    locked: bool = False
    territory_id: int = 0


def todays(inputs: TerritoryInputs) -> tuple[tuple[Seat, ...], Indices]:
    """One seat per owner by name, and the seat of each account."""
    owners = np.unique(inputs.owner[inputs.owner >= 0])
    names = inputs.people["name"].astype(str).tolist()
    order = sorted(owners.tolist(), key=lambda row: names[row])
    seat = np.full(len(inputs.people) + 1, NOBODY, dtype=np.intp)
    seat[order] = np.arange(len(order))
    return tuple(seats_for(inputs, order)), seat[inputs.owner]


def seats_for(inputs: TerritoryInputs, rows: Sequence[int]) -> list[Seat]:
    """A seat for each of some people, called after them; namesakes are numbered."""
    wanted = ("name", "id", "latitude", "longitude", "capacity", "part")
    names, ids, latitude, longitude, capacity, part = (inputs.people[column].tolist() for column in wanted)
    seen: dict[str, int] = {}
    made = []
    for row in rows:
        name = str(names[row])
        seen[name] = seen.get(name, 0) + 1
        called = name if seen[name] == 1 else f"{name} ({seen[name]})"
        home = float(latitude[row]), float(longitude[row])
        made.append(Seat(called, row, int(ids[row]), *home, float(capacity[row]), str(part[row])))
    return made


def stored_seats(
    connection: Connection, inputs: TerritoryInputs, scenario: int
) -> tuple[tuple[Seat, ...], Indices, npt.NDArray[np.bool_]]:
    """The territories by name, the seat of each account, and which accounts are locked."""
    rows = connection.exec_driver_sql(
        "SELECT id, name, person_id, latitude, longitude, capacity, locked FROM territory WHERE scenario_id = ? "
        "ORDER BY name",
        (scenario,),
    ).fetchall()
    place = {int(row[0]): i for i, row in enumerate(rows)}
    assigned = {
        int(account): (place[int(territory)], bool(lock))
        for account, territory, lock in connection.exec_driver_sql(
            "SELECT account_id, territory_id, locked FROM assignment WHERE scenario_id = ?", (scenario,)
        )
    }
    found = [assigned.get(int(account), (NOBODY, False)) for account in inputs.accounts["id"]]
    seat = np.array([each[0] for each in found], dtype=np.intp)
    people = {int(person): i for i, person in enumerate(inputs.people["id"])}
    most = _usual_parts(inputs, seat, len(rows))
    usual, full = inputs.people["part"].tolist(), inputs.people["capacity"].tolist()
    seats = []
    for i, (number, name, person, latitude, longitude, capacity, locked) in enumerate(rows):
        row = people.get(int(person), NOBODY) if person is not None else NOBODY
        part = most[i] if most[i] is not None else (usual[row] if row >= 0 else "")
        own = float(full[row]) if row >= 0 else 1.0
        seats.append(
            Seat(
                str(name), row, None if person is None else int(person), _known(latitude), _known(longitude),
                own if capacity is None else capacity / _PPM, str(part), bool(locked), int(number),
            )
        )  # fmt: skip
    return tuple(seats), seat, np.array([each[1] for each in found], dtype=np.bool_)


def _usual_parts(inputs: TerritoryInputs, seat: Indices, count: int) -> list[str | None]:
    """The boundary in which most accounts of each seat lie; None for seats without accounts."""
    here = np.flatnonzero(seat >= 0)
    code, parts = pd.factorize(inputs.accounts["part"], sort=True)
    held = np.bincount(seat[here] * len(parts) + code[here], minlength=count * len(parts)).reshape(count, len(parts))
    return [str(parts[int(row.argmax())]) if row.any() else None for row in held]


def _known(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def area_seats(connection: Connection, scenario: int, seats: Sequence[Seat], units: Units) -> Indices:
    """The seat of each unit that is an area, as stored; -1 for the others."""
    place = {seat.territory_id: i for i, seat in enumerate(seats)}
    stored = {
        str(code): place[int(territory)]
        for code, territory in connection.exec_driver_sql(
            "SELECT code, territory_id FROM area_assignment WHERE scenario_id = ?", (scenario,)
        )
    }
    return np.array([stored.get(code, NOBODY) if code else NOBODY for code in units.codes], dtype=np.intp)


def moved_out(inputs: TerritoryInputs, units: Units, seat: Indices, areas: Indices) -> Units:
    """Accounts that were moved out of their area's territory by hand become units of their own."""
    of_account = units.of_account.copy()
    held = np.where(of_account >= 0, areas[of_account], NOBODY)
    apart = np.flatnonzero((of_account >= 0) & (held >= 0) & (held != seat))
    of_account[apart] = len(units) + np.arange(len(apart))
    lone = inputs.accounts.iloc[apart]
    return Units(
        of_account,
        units.names + lone["name"].astype(str).tolist(),
        np.concatenate([units.latitude, lone["latitude"].to_numpy(np.float64)]),
        np.concatenate([units.longitude, lone["longitude"].to_numpy(np.float64)]),
        np.concatenate([units.part, lone["part"].to_numpy(object)]),
        [*units.codes, *[""] * len(apart)],
        units.edges,
    )
