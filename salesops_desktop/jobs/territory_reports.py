"""Territory scenarios as reports: territories, accounts, what changes hands, balance before and after."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs, load_territory_inputs
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory import Design, DesignProblem, edges_within, evaluate

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


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """One figure of the whole design, before and after."""

    label: str
    before: float | None
    after: float
    kind: ValueKind
    """FRACTION for deviations and shares, NUMBER for kilometres."""


@dataclass(frozen=True, slots=True)
class TerritoryReport:
    """A scenario, or today's owners (``scenario`` 0)."""

    scenario: int
    name: str
    status: str
    currency: str
    territories: Table
    """One row per territory with its sums and how far they lie off the mean; keys are people's row ids."""
    accounts: Table
    """One row per account: where it is and in which territory; keys are account row ids."""
    handover: Table
    """The accounts that change hands."""
    balance: tuple[BeforeAfter, ...]
    sentences: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """Balance, compactness, disruption."""
        size = f"{len(self.accounts):,} accounts in {len(self.territories):,} territories"
        said = [f"{self.name}: {size}, {len(self.handover):,} change hands."]
        for figure in self.balance:
            after, before = _shown(figure.after, figure.kind), _shown(figure.before, figure.kind)
            said.append(f"{figure.label}: {after}" + (f" (today {before})." if self.scenario else "."))
        return [*said, *self.sentences]

    def tables(self) -> Sequence[Table]:
        """Territories, then what changes hands."""
        return [self.territories, self.handover]


def _shown(value: float | None, kind: ValueKind) -> str:
    if value is None:
        return "not known"
    return f"{value:.1%}" if kind is ValueKind.FRACTION else f"{value:,.0f} km"


@dataclass(frozen=True, slots=True)
class ScenarioHead:
    """A scenario without its assignment."""

    id: int
    name: str
    status: str
    effective_from: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Scenarios:
    """All scenarios, newest first."""

    heads: tuple[ScenarioHead, ...]

    def summary(self) -> Sequence[str]:
        """How many there are."""
        return [] if self.heads else ["No territories have been designed yet."]

    def tables(self) -> Sequence[Table]:
        """One row per scenario."""
        specs = [
            ColumnSpec("id", "Scenario", _I),
            ColumnSpec("name", "Name", _T),
            ColumnSpec("status", "Status", _T),
            ColumnSpec("effective_from", "From", _T),
            ColumnSpec("created_at", "Made (UTC)", _T),
        ]
        return [build_table("Scenarios", specs, [dataclasses.astuple(head) for head in self.heads])]


def list_scenarios(connection: Connection) -> Scenarios:
    """All scenarios, newest first."""
    rows = connection.exec_driver_sql(
        "SELECT id, name, status, coalesce(effective_from, ''), created_at FROM scenario ORDER BY id DESC"
    )
    return Scenarios(tuple(ScenarioHead(int(r[0]), *(str(v) for v in r[1:])) for r in rows))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Who has what: one seat per territory."""

    names: tuple[str, ...]
    people: tuple[int, ...]
    """Row in the inputs' people per seat, -1 for a vacancy."""
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    seat: Indices
    """Seat per account, -1 for none."""


def report_of(connection: Connection, scenario: int) -> TerritoryReport:
    """A stored scenario, or today's owners where ``scenario`` is 0.

    Raises:
        InputRefusedError: there is no such scenario.
        FaultsError: there are no accounts or nobody to work them.
    """
    head = connection.exec_driver_sql(
        "SELECT name, status, design, figures FROM scenario WHERE id = ?", (scenario,)
    ).first()
    if scenario and head is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    asked = json.loads(head[2] or "{}") if head else {}
    inputs = load_territory_inputs(connection, within_regions=bool(asked.get("within_regions", True)))
    layout = _stored(connection, inputs, scenario) if scenario else _todays(inputs)
    now = _todays(inputs)
    families = bool(asked.get("keep_parents", True))
    after = _evaluated(inputs, layout, families=families)
    before = _evaluated(inputs, now, families=families) if scenario else None
    sentences = tuple(json.loads(head[3] or "{}").get("sentences", ())) if head else inputs.notes
    currency = inputs.facts.currency
    return TerritoryReport(
        scenario,
        str(head[0]) if head else "Today's owners",
        str(head[1]) if head else "current",
        currency,
        _territories(inputs, layout, after),
        _accounts(inputs, layout),
        _handover(inputs, layout),
        _balance(inputs, layout, before, after),
        sentences,
    )


def _stored(connection: Connection, inputs: TerritoryInputs, scenario: int) -> _Layout:
    rows = connection.exec_driver_sql(
        "SELECT id, name, person_id, latitude, longitude FROM territory WHERE scenario_id = ? ORDER BY name",
        (scenario,),
    ).fetchall()
    seats = {int(row[0]): i for i, row in enumerate(rows)}
    people = {int(person): i for i, person in enumerate(inputs.people["id"])}
    assigned = {
        int(account): seats[int(territory)]
        for account, territory in connection.exec_driver_sql(
            "SELECT account_id, territory_id FROM assignment WHERE scenario_id = ?", (scenario,)
        )
    }
    return _Layout(
        tuple(str(row[1]) for row in rows),
        tuple(people.get(int(row[2]), NOBODY) if row[2] is not None else NOBODY for row in rows),
        np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=np.float64),
        np.array([np.nan if row[4] is None else row[4] for row in rows], dtype=np.float64),
        np.array([assigned.get(int(account), NOBODY) for account in inputs.accounts["id"]], dtype=np.intp),
    )


def _todays(inputs: TerritoryInputs) -> _Layout:
    owners = np.unique(inputs.owner[inputs.owner >= 0])
    order = sorted(owners.tolist(), key=lambda row: str(inputs.people["name"].iloc[row]))
    seat = np.full(len(inputs.people) + 1, NOBODY, dtype=np.intp)
    seat[order] = np.arange(len(order))
    people = inputs.people.iloc[order]
    return _Layout(
        tuple(people["name"].astype(str)),
        tuple(order),
        people["latitude"].to_numpy(np.float64),
        people["longitude"].to_numpy(np.float64),
        np.where(inputs.owner >= 0, seat[inputs.owner], NOBODY).astype(np.intp),
    )


def _evaluated(inputs: TerritoryInputs, layout: _Layout, *, families: bool) -> Design | None:
    """The engine's figures for the accounts that are in a territory.

    Args:
        inputs: accounts and people.
        layout: who has what.
        families: whether a subsidiary that is with its parent, though far from it, leaves its territory in one piece.
    """
    rows = np.flatnonzero(layout.seat >= 0)
    if not len(rows):
        return None
    accounts = inputs.accounts.iloc[rows]
    measures: dict[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]] = {}
    if accounts["potential_minor"].sum() > 0:
        measures["potential"] = accounts["potential_minor"].to_numpy(np.int64)
    if accounts["workload"].sum() > 0:
        measures["workload"] = accounts["workload"].to_numpy(np.float64)
    if not measures:
        measures["accounts"] = np.ones(len(rows), dtype=np.int64)
    problem = DesignProblem(
        accounts["latitude"].to_numpy(np.float64),
        accounts["longitude"].to_numpy(np.float64),
        measures,
        len(layout.names),
        home_latitude=layout.latitude,
        home_longitude=layout.longitude,
        group=inputs.group[rows] if families else None,
    )
    part = np.unique(accounts["part"].to_numpy(str), return_inverse=True)[1].astype(np.intp)
    return evaluate(problem, layout.seat[rows], edges_within(problem, part))


def _part_means(inputs: TerritoryInputs, layout: _Layout, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean territory of each territory's own part: territories are compared with those they share accounts with."""
    parts = inputs.accounts["part"].to_numpy(object)
    part_of_seat = np.full(len(layout.names), "", dtype=object)
    here = layout.seat >= 0
    part_of_seat[layout.seat[here]] = parts[here]
    totals = np.bincount(layout.seat[here], values[here], len(layout.names))
    means = np.zeros(len(layout.names))
    for part in set(part_of_seat):
        members = part_of_seat == part
        means[members] = totals[members].mean()
    return means


def _deviation(inputs: TerritoryInputs, layout: _Layout, values: Floats) -> tuple[Floats, Floats]:
    here = layout.seat >= 0
    totals = np.bincount(layout.seat[here], values[here], len(layout.names)).astype(np.float64)
    means = _part_means(inputs, layout, values)
    with np.errstate(divide="ignore", invalid="ignore"):
        off: Floats = np.where(means > 0, totals / means - 1, 0.0)
    return totals, off


def _territories(inputs: TerritoryInputs, layout: _Layout, made: Design | None) -> Table:
    potential = inputs.accounts["potential_minor"].to_numpy(np.float64)
    workload = inputs.accounts["workload"].to_numpy(np.float64)
    here = layout.seat >= 0
    sums, off = _deviation(inputs, layout, potential)
    hours, hours_off = _deviation(inputs, layout, workload)
    pipeline = np.zeros(len(layout.names), dtype=np.int64)
    np.add.at(pipeline, layout.seat[here], inputs.accounts["open_minor"].to_numpy(np.int64)[here])
    exact = np.zeros(len(layout.names), dtype=np.int64)
    np.add.at(exact, layout.seat[here], inputs.accounts["potential_minor"].to_numpy(np.int64)[here])
    counts = np.bincount(layout.seat[here], minlength=len(layout.names))
    moved_in = np.bincount(layout.seat[_moves(inputs, layout)], minlength=len(layout.names))
    specs = [
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("person", "Person", _T),
        ColumnSpec("manager", "Manager", _T),
        ColumnSpec("accounts", "Accounts", _I),
        ColumnSpec("potential", "Potential", _M, inputs.facts.currency),
        ColumnSpec("potential_off", "Off the mean", _F, digits=1, description="Potential against the region's mean."),
        ColumnSpec("workload", "Workload (h)", _N, digits=0),
        ColumnSpec("workload_off", "Workload off", _F, digits=1, description="Workload against the region's mean."),
        ColumnSpec("open", "Open pipeline", _M, inputs.facts.currency),
        ColumnSpec("km", "Mean distance (km)", _N, digits=0, description="Weighted, from the person's home."),
        ColumnSpec("moved_in", "Moved in", _I),
    ]
    rows = []
    keys = []
    for i, name in enumerate(layout.names):
        row = layout.people[i]
        person = inputs.people.iloc[row] if row >= 0 else None
        km = float("nan") if made is None else float(made.territory_km[i])
        rows.append(
            (
                name, None if person is None else person["name"], None if person is None else person["manager"],
                int(counts[i]), int(exact[i]), float(off[i]) if sums.any() else None, float(hours[i]),
                float(hours_off[i]) if hours.any() else None, int(pipeline[i]), km, int(moved_in[i]),
            )
        )  # fmt: skip
        keys.append(-1 if person is None else int(person["id"]))
    table = build_table("Territories", specs, rows, entity="person")
    return dataclasses.replace(table, keys=np.array(keys, dtype=np.int64))


def _moves(inputs: TerritoryInputs, layout: _Layout) -> npt.NDArray[np.bool_]:
    """Which accounts change hands: they had an owner among the people and get another."""
    people = np.array([*layout.people, NOBODY], dtype=np.intp)
    moved: npt.NDArray[np.bool_] = (layout.seat >= 0) & (inputs.owner >= 0) & (people[layout.seat] != inputs.owner)
    return moved


def _accounts(inputs: TerritoryInputs, layout: _Layout) -> Table:
    a = inputs.accounts
    moves = _moves(inputs, layout)
    names = a["name"].astype(str).to_numpy()
    specs = [
        ColumnSpec("account", "Account", _T),
        ColumnSpec("territory", "Territory", _T),
        ColumnSpec("from_person", "Owner today", _T),
        ColumnSpec("city", "City", _T),
        ColumnSpec("country", "Country", _T),
        ColumnSpec("potential", "Potential", _M, inputs.facts.currency),
        ColumnSpec("workload", "Workload (h)", _N, digits=1),
        ColumnSpec("open", "Open pipeline", _M, inputs.facts.currency),
        ColumnSpec("next_activity", "Next activity", _D),
        ColumnSpec("moves", "Changes hands", _B),
        ColumnSpec("latitude", "Latitude", _N, digits=4),
        ColumnSpec("longitude", "Longitude", _N, digits=4),
        ColumnSpec("external_id", "Account id", _T),
    ]
    people = [*inputs.people["name"].astype(str), None]
    rows = [
        (
            names[i], layout.names[seat] if seat >= 0 else None, people[owner], _text(city), _text(country),
            int(potential), float(workload), int(pipeline), _text(activity), bool(moves[i]), latitude, longitude,
            _text(key),
        )
        for i, (seat, owner, city, country, potential, workload, pipeline, activity, latitude, longitude, key) in
        enumerate(
            zip(
                layout.seat, inputs.owner, a["city"], a["country"], a["potential_minor"], a["workload"],
                a["open_minor"], a["next_activity"], a["latitude"], a["longitude"], a["external_id"], strict=True,
            )
        )
    ]  # fmt: skip
    table = build_table("Accounts", specs, rows, entity="account")
    return dataclasses.replace(table, keys=a["id"].to_numpy(np.int64))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _handover(inputs: TerritoryInputs, layout: _Layout) -> Table:
    table = _accounts(inputs, layout).take(np.flatnonzero(_moves(inputs, layout)))
    return dataclasses.replace(table, title="Accounts that change hands")


def _balance(
    inputs: TerritoryInputs, layout: _Layout, before: Design | None, after: Design | None
) -> tuple[BeforeAfter, ...]:
    made = []
    now = _todays(inputs)
    for label, column in (("potential", "potential_minor"), ("workload", "workload")):
        values = inputs.accounts[column].to_numpy(np.float64)
        if not values.any():
            continue
        worst = float(np.abs(_deviation(inputs, layout, values)[1]).max(initial=0.0))
        past = float(np.abs(_deviation(inputs, now, values)[1]).max(initial=0.0)) if before else None
        made.append(BeforeAfter(f"Largest deviation in {label}", past, worst, _F))
    if after is not None:
        km = None if before is None else before.mean_km
        made.append(BeforeAfter("Mean distance to the person's home or centre", km, after.mean_km, _N))
        pieces = float((after.pieces <= 1).mean())
        past = None if before is None else float((before.pieces <= 1).mean())
        made.append(BeforeAfter("Territories in one piece", past, pieces, _F))
    moves = _moves(inputs, layout)
    if layout.names and len(moves):
        made.append(BeforeAfter("Accounts that change hands", None, float(moves.mean()), _F))
        potential = inputs.accounts["potential_minor"].to_numpy(np.float64)
        if potential.sum() > 0:
            share = float(potential[moves].sum() / potential.sum())
            made.append(BeforeAfter("Potential that changes hands", None, share, _F))
    return tuple(made)


def territory_colours(report: TerritoryReport, colours: int) -> npt.NDArray[np.intp]:
    """A colour number per account such that neighbouring territories differ; -1 where an account has no territory.

    Args:
        report: the territories.
        colours: how many colours there are.
    """
    names = [str(v) for v in report.territories["territory"].values]
    seat = {name: i for i, name in enumerate(names)}
    place = np.array([seat.get(str(v), NOBODY) for v in report.accounts["territory"].values], dtype=np.intp)
    latitude = report.accounts["latitude"].values.astype(np.float64)
    longitude = report.accounts["longitude"].values.astype(np.float64)
    centre = np.full((len(names), 2), np.nan)
    for i in range(len(names)):
        here = (place == i) & np.isfinite(latitude)
        if here.any():
            centre[i] = latitude[here].mean(), longitude[here].mean()
    colour = np.zeros(len(names), dtype=np.intp)
    for i in range(len(names)):  # the least used colour among the nearest territories already coloured
        gap = np.hypot(*(centre[:i] - centre[i]).T)
        near = np.argsort(gap, kind="stable")[: colours - 1]
        taken = set(colour[near].tolist())
        free = [c for c in range(colours) if c not in taken]
        usage = np.bincount(colour[:i], minlength=colours)
        colour[i] = min(free or range(colours), key=lambda c: (usage[c], c))
    return np.where(place >= 0, colour[place], NOBODY).astype(np.intp)
