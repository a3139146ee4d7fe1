"""The tables of a territory report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY
from salesops_desktop.jobs.territory_problems import ScenarioProblem
from salesops_desktop.jobs.territory_units import AREA_KINDS, OUTLINES
from salesops_desktop.jobs.territory_wishes import UnitKind
from salesops_desktop.model.borders import load_borders
from salesops_desktop.model.outlines import load_outlines
from salesops_desktop.model.tables import Column, ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory import Design

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
_T, _I, _N, _M, _F, _D, _B = (
    ValueKind.TEXT,
    ValueKind.INTEGER,
    ValueKind.NUMBER,
    ValueKind.MONEY,
    ValueKind.FRACTION,
    ValueKind.DATE,
    ValueKind.BOOLEAN,
)

DETOUR = 1.3
"""Estimated road kilometres per great-circle kilometre."""
KMH = 70.0
"""Estimated speed on the road, for distances between accounts."""


def deviation(whole: ScenarioProblem, values: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
    """What each territory holds of a number per account, and how far that lies off its target, [k] each.

    A territory's target is its part of what its boundary holds, by capacity where that counts.
    """
    seat = whole.seat_of_account
    here = seat >= 0
    totals = np.bincount(seat[here], values[here].astype(np.float64), len(whole.seats)).astype(np.float64)
    capacity = whole.problem.capacity if whole.problem.capacity is not None else np.ones(len(whole.seats))
    parts = np.array([each.part for each in whole.seats], dtype=object)
    targets = np.zeros(len(whole.seats))
    for part in set(parts.tolist()):
        members = parts == part
        targets[members] = totals[members].sum() * capacity[members] / capacity[members].sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        off: Floats = np.where(targets > 0, totals / targets - 1, 0.0)
    return totals, off


def moves(whole: ScenarioProblem) -> npt.NDArray[np.bool_]:
    """Which accounts change hands: they had an owner among the people and get another."""
    people = np.array([*(each.person for each in whole.seats), NOBODY], dtype=np.intp)
    seat, owner = whole.seat_of_account, whole.inputs.owner
    moved: npt.NDArray[np.bool_] = (seat >= 0) & (owner >= 0) & (people[seat] != owner)
    return moved


def _sums(whole: ScenarioProblem, column: str, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return _added(
        whole.seat_of_account[where], whole.inputs.accounts[column].to_numpy(np.int64)[where], len(whole.seats)
    )


def _added(place: Indices, values: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The exact sum of whole numbers by place, [count]."""
    made = np.zeros(count, dtype=np.int64)
    np.add.at(made, place, values)
    return made


def territory_table(whole: ScenarioProblem, made: Design | None) -> Table:
    """One row per territory; keys are people's row ids, -1 for vacancies."""
    inputs, currency = whole.inputs, whole.inputs.facts.currency
    seat, moved = whole.seat_of_account, moves(whole)
    here = seat >= 0
    others = [m for m in whole.measures if m.name not in ("potential", "workload")]
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("manager", "Manager", _T),
        ColumnSpec("accounts", "Accounts", _I),
        ColumnSpec("potential", "Potential", _M, currency),
        ColumnSpec("potential_off", "Off target", _F, digits=1, description="Potential against its target."),
        ColumnSpec("workload", "Workload (h)", _N, digits=0),
        ColumnSpec("workload_off", "Workload off", _F, digits=1, description="Workload against its target."),
        ColumnSpec("open", "Open pipeline", _M, currency),
        ColumnSpec("km", "Mean distance (km)", _N, digits=0, description="Weighted, from the person's home."),
        ColumnSpec("moved_in", "Moved in", _I),
        ColumnSpec("at_risk", "Pipeline at risk", _M, currency, description="Open, and coming from another owner."),
        ColumnSpec("won", "Won last year", _M, currency),
        ColumnSpec("white_space", "White space", _M, currency, description="Potential less what was won last year."),
        ColumnSpec("capacity", "Capacity", _F, digits=0, description="Of one full-time person, over the coming year."),
        ColumnSpec("locked", "Locked", _B),
        ColumnSpec("pieces", "Pieces", _I, description="In how many pieces the territory lies; 1 is whole."),
        ColumnSpec(
            "drive_km", "Drive (km, estimate)", _N, digits=0,
            description="Mean distance times 1.3: an estimate of the road.",
        ),
        ColumnSpec("drive_hours", "Drive (h, estimate)", _N, digits=1, description="The same at 70 km/h, one way."),
        *[
            spec
            for i, m in enumerate(others)
            for spec in (
                ColumnSpec(f"m{i}", m.name.capitalize(), _M if m.money else _N, currency if m.money else None),
                ColumnSpec(f"m{i}_off", f"{m.name.capitalize()} off", _F, digits=1),
            )
        ],
        ColumnSpec("territory_id", "Territory row", _I),
    ]  # fmt: skip
    sums, off = deviation(whole, inputs.accounts["potential_minor"].to_numpy(np.float64))
    hours, hours_off = deviation(whole, inputs.accounts["workload"].to_numpy(np.float64))
    exact, won = _sums(whole, "potential_minor", here), _sums(whole, "won_minor", here)
    pipeline, risk = _sums(whole, "open_minor", here), _sums(whole, "open_minor", moved)
    counts = np.bincount(seat[here], minlength=len(whole.seats))
    arrived = np.bincount(seat[moved], minlength=len(whole.seats))
    extra = [deviation(whole, m.values) for m in others]
    rows = []
    for i, each in enumerate(whole.seats):
        person = inputs.people.iloc[each.person] if each.person >= 0 else None
        km = float("nan") if made is None else float(made.territory_km[i])
        rows.append(
            (
                each.name, None if person is None else person["name"], None if person is None else person["manager"],
                int(counts[i]), int(exact[i]), float(off[i]) if sums.any() else None, float(hours[i]),
                float(hours_off[i]) if hours.any() else None, int(pipeline[i]), km, int(arrived[i]), int(risk[i]),
                int(won[i]), int(exact[i] - won[i]) if exact[i] else None, each.capacity, each.locked,
                0 if made is None else int(made.pieces[i]), km * DETOUR, km * DETOUR / KMH,
                *(
                    cell
                    for m, (total, far) in zip(others, extra, strict=True)
                    for cell in (round(float(total[i])) if m.money else float(total[i]), float(far[i]))
                ),
                each.territory_id,
            )
        )  # fmt: skip
    table = build_table("Territories", specs, rows, entity="person")
    keys = np.array([NOBODY if each.person < 0 else each.person_id for each in whole.seats], dtype=np.int64)
    return dataclasses.replace(table, keys=keys)


def account_table(connection: Connection, whole: ScenarioProblem, scenario: int, reasons: Mapping[int, str]) -> Table:
    """One row per account; keys are account row ids."""
    inputs, currency = whole.inputs, whole.inputs.facts.currency
    a = inputs.accounts
    moved, seat = moves(whole), whole.seat_of_account
    locks = {
        int(row[0])
        for row in connection.exec_driver_sql(
            "SELECT account_id FROM assignment WHERE scenario_id = ? AND locked", (scenario,)
        )
    }
    specs = [
        ColumnSpec("account", "Account", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("from_person", "Owner today", _T),
        ColumnSpec("city", "City", _T),
        ColumnSpec("country", "Country", _T),
        ColumnSpec("potential", "Potential", _M, currency),
        ColumnSpec("workload", "Workload (h)", _N, digits=1),
        ColumnSpec("open", "Open pipeline", _M, currency),
        ColumnSpec("next_activity", "Next activity", _D),
        ColumnSpec("moves", "Changes hands", _B),
        ColumnSpec("latitude", "Latitude", _N, digits=4),
        ColumnSpec("longitude", "Longitude", _N, digits=4),
        ColumnSpec("external_id", "Account id", _T),
        ColumnSpec("won", "Won last year", _M, currency),
        ColumnSpec("white_space", "White space", _M, currency, description="Potential less what was won last year."),
        ColumnSpec("locked", "Locked", _B),
        ColumnSpec("reason", "Why here", _T),
        ColumnSpec("segment", "Segment", _T),
        ColumnSpec("state", "State", _T),
        ColumnSpec("postal_code", "Postal code", _T),
    ]
    potential, won = (a[name].to_numpy(np.int64) for name in ("potential_minor", "won_minor"))
    keys = a["id"].to_numpy(np.int64)
    territories = np.array([*(each.name for each in whole.seats), None], dtype=object)
    people = np.array([*inputs.people["name"].astype(str), None], dtype=object)
    why = np.array([reasons.get(key) for key in keys.tolist()], dtype=object)
    values = {
        "account": a["name"].astype(str).to_numpy(object), "territory": territories[seat],
        "from_person": people[inputs.owner], "city": _texts(a["city"]), "country": _texts(a["country"]),
        "potential": potential, "workload": a["workload"].to_numpy(np.float64),
        "open": a["open_minor"].to_numpy(np.int64),
        "next_activity": a["next_activity"].to_numpy(object), "moves": moved,
        "latitude": a["latitude"].to_numpy(np.float64), "longitude": a["longitude"].to_numpy(np.float64),
        "external_id": _texts(a["external_id"]), "won": won,
        "white_space": np.where(potential != 0, potential - won, 0),
        "locked": np.isin(keys, np.array(sorted(locks), dtype=np.int64)), "reason": why,
        "segment": _texts(a["segment"]), "state": _texts(a["state"]), "postal_code": _texts(a["postal_code"]),
    }  # fmt: skip
    values["next_activity"] = np.where(pd.isna(values["next_activity"]), "NaT", values["next_activity"]).astype("M8[D]")
    unknown = potential == 0
    columns = tuple(
        Column(
            spec.name, spec.label, spec.kind, values[spec.name],
            unknown if spec.name == "white_space" and unknown.any() else None,
            spec.currency, digits=spec.digits, description=spec.description,
        )
        for spec in specs
    )  # fmt: skip
    return Table("Accounts", columns, "account", keys)


def _texts(values: pd.Series[str]) -> npt.NDArray[np.object_]:
    """A column of text, None where there is none."""
    given = values.to_numpy(object)
    return np.array([value if isinstance(value, str) else None for value in given], dtype=object)


def churn_table(whole: ScenarioProblem) -> Table:
    """Who gives how much to whom, the largest potential first."""
    inputs, currency = whole.inputs, whole.inputs.facts.currency
    moved = np.flatnonzero(moves(whole))
    people = inputs.people["name"].astype(str).tolist()
    pairs, place = np.unique(
        np.stack([inputs.owner[moved], whole.seat_of_account[moved]], axis=1), axis=0, return_inverse=True
    )
    place = place.reshape(-1)
    a = inputs.accounts
    potential, pipeline = (a[name].to_numpy(np.int64)[moved] for name in ("potential_minor", "open_minor"))
    counts = np.bincount(place, minlength=len(pairs))
    given, risk = (_added(place, values, len(pairs)) for values in (potential, pipeline))
    rows = [
        (people[giver], whole.seats[taker].name, int(counts[i]), int(given[i]), int(risk[i]))
        for i, (giver, taker) in enumerate(pairs.tolist())
    ]
    rows.sort(key=lambda row: (-row[3], row[0], row[1]))
    specs = [
        ColumnSpec("from", "From", _T),
        ColumnSpec("to", "To", _T),
        ColumnSpec("accounts", "Accounts", _I),
        ColumnSpec("potential", "Potential", _M, currency),
        ColumnSpec("open", "Open pipeline", _M, currency),
    ]
    return build_table("Who gives to whom", specs, rows)


def loss_table(whole: ScenarioProblem) -> Table:
    """What each person has today and will have, those who lose the largest share first; keys are people's row ids."""
    inputs, currency = whole.inputs, whole.inputs.facts.currency
    people = np.array([*(each.person for each in whole.seats), NOBODY], dtype=np.intp)
    then = people[whole.seat_of_account]
    potential = inputs.accounts["potential_minor"].to_numpy(np.int64)
    pipeline = inputs.accounts["open_minor"].to_numpy(np.int64)
    count = len(inputs.people)
    had, has, changes = inputs.owner >= 0, then >= 0, inputs.owner != then
    owned, held = (np.bincount(at[at >= 0], minlength=count) for at in (inputs.owner, then))
    before, after = (_added(at[at >= 0], potential[at >= 0], count) for at in (inputs.owner, then))
    given, taken = had & changes, has & changes
    lost, gained = np.bincount(inputs.owner[given], minlength=count), np.bincount(then[taken], minlength=count)
    risk = _added(inputs.owner[given], pipeline[given], count)
    ids = inputs.people["id"].tolist()
    rows, keys = [], []
    for row, name in enumerate(inputs.people["name"].astype(str)):
        if owned[row] or held[row]:
            change = int(after[row]) / int(before[row]) - 1 if before[row] else None
            rows.append(
                (name, int(before[row]), int(after[row]), change, int(lost[row]), int(gained[row]), int(risk[row]))
            )
            keys.append(int(ids[row]))
    order = sorted(range(len(rows)), key=lambda i: (rows[i][3] is None, rows[i][3] or 0.0, rows[i][0]))
    specs = [
        ColumnSpec("person", "Person", _T),
        ColumnSpec("before", "Potential today", _M, currency),
        ColumnSpec("after", "Potential then", _M, currency),
        ColumnSpec("change", "Change", _F, digits=0),
        ColumnSpec("lost", "Accounts given", _I),
        ColumnSpec("gained", "Accounts taken", _I),
        ColumnSpec("open", "Open pipeline given", _M, currency),
    ]
    table = build_table("Who loses, who gains", specs, [rows[i] for i in order], entity="person")
    return dataclasses.replace(table, keys=np.array([keys[i] for i in order], dtype=np.int64))


def unpositioned_table(whole: ScenarioProblem, reasons: Mapping[int, str]) -> Table:
    """The accounts without a position, and the rule by which each found its territory; keys are account row ids."""
    accounts, seat = whole.inputs.accounts, whole.seat_of_account
    lost = np.flatnonzero(accounts["latitude"].isna().to_numpy())
    keys = accounts["id"].to_numpy(np.int64)[lost]
    rows = [
        (
            str(accounts["name"].iloc[row]),
            whole.seats[seat[row]].name if seat[row] >= 0 else None,
            reasons.get(int(key)),
            ", ".join(
                str(accounts[name].iloc[row])
                for name in ("city", "state", "postal_code", "country")
                if isinstance(accounts[name].iloc[row], str)
            ),
        )
        for row, key in zip(lost.tolist(), keys, strict=True)
    ]
    specs = [
        ColumnSpec("account", "Account", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("rule", "Why there", _T),
        ColumnSpec("address", "Address", _T),
    ]
    table = build_table("Accounts without a position", specs, rows, entity="account")
    return dataclasses.replace(table, keys=keys)


def area_table(whole: ScenarioProblem) -> Table | None:
    """The territory of each area; None for a design of accounts."""
    kind = whole.wishes.units
    if kind is UnitKind.ACCOUNTS:
        return None
    units = whole.units
    counts = np.bincount(units.of_account[units.of_account >= 0], minlength=len(units))
    potential = units.total(whole.inputs.accounts["potential_minor"].to_numpy(np.int64))
    rows = [
        (units.codes[u], units.names[u], whole.seats[whole.assignment[u]].name if whole.assignment[u] >= 0 else None,
         int(counts[u]), int(potential[u]), bool(whole.problem.locks[u]))
        for u in np.flatnonzero(units.is_area).tolist()
    ]  # fmt: skip
    specs = [
        ColumnSpec("code", AREA_KINDS[kind].capitalize(), _T),
        ColumnSpec("area", "Name", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("accounts", "Accounts", _I),
        ColumnSpec("potential", "Potential", _M, whole.inputs.facts.currency),
        ColumnSpec("locked", "Locked", _B),
    ]
    return build_table("Areas", specs, rows, notes=_roundness(whole))


def _roundness(whole: ScenarioProblem) -> list[str]:
    """How round the territories of areas are, where their outlines are known."""
    names = OUTLINES.get(whole.wishes.units, ())
    seat = {code: int(place) for code, place in zip(whole.units.codes, whole.assignment, strict=True) if code}
    scores: list[float] = []
    for name in names:
        group = np.array([seat.get(code, NOBODY) for code in load_outlines(name).codes], dtype=np.intp)
        found = load_borders(name).roundness(group, len(whole.seats))
        scores += found[np.isfinite(found)].tolist()
    return [f"Mean roundness of the territories (Polsby-Popper): {np.mean(scores):.2f}."] if scores else []


def handover_table(whole: ScenarioProblem, accounts: Table) -> Table:
    """The accounts that change hands, of the table of all; keys are account row ids."""
    table = accounts.take(np.flatnonzero(moves(whole)))
    return dataclasses.replace(table, title="Accounts that change hands")
