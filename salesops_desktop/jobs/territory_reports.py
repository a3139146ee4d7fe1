"""Territory scenarios as reports: territories, accounts, what changes hands, balance before and after."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.jobs.territory_inputs import NOBODY, TerritoryInputs
from salesops_desktop.jobs.territory_problems import ScenarioProblem, assemble, build_problem, todays
from salesops_desktop.jobs.territory_tables import (
    account_table,
    area_table,
    churn_table,
    deviation,
    handover_table,
    loss_table,
    moves,
    territory_table,
    unpositioned_table,
)
from salesops_desktop.jobs.territory_units import single_accounts
from salesops_desktop.jobs.territory_wishes import DesignWishes, UnitKind
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory import Design, evaluate

Indices = npt.NDArray[np.intp]
_T, _I, _N, _F, _D = ValueKind.TEXT, ValueKind.INTEGER, ValueKind.NUMBER, ValueKind.FRACTION, ValueKind.DATE

TODAY = "Today's owners"
EMPTY = Table("", ())


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
    """One row per territory with its sums and how far they lie off its target; keys are people's row ids."""
    accounts: Table
    """One row per account: where it is and in which territory; keys are account row ids."""
    handover: Table
    """The accounts that change hands."""
    balance: tuple[BeforeAfter, ...]
    sentences: tuple[str, ...]
    churn: Table = EMPTY
    """Who gives how much to whom."""
    losses: Table = EMPTY
    """What each person had and will have, those who lose most first."""
    unpositioned: Table = EMPTY
    """The accounts without a position, and the rule by which each found its territory."""
    areas: Table | None = None
    """The area of each unit of a design of areas; None for accounts one by one."""
    wishes: DesignWishes = field(default_factory=DesignWishes)
    measures: tuple[str, ...] = ()
    """What is balanced."""
    note: str = ""
    certificate: Mapping[str, object] | None = None
    """How far the design is from what is provably possible, as the engine wrote it; None where it is not known."""

    @property
    def unit_kind(self) -> UnitKind:
        """What was handed out."""
        return self.wishes.units

    def summary(self) -> Sequence[str]:
        """Balance, compactness, disruption."""
        size = f"{len(self.accounts):,} accounts in {len(self.territories):,} territories"
        said = [f"{self.name}: {size}, {len(self.handover):,} change hands."]
        for figure in self.balance:
            after, before = _shown(figure.after, figure.kind), _shown(figure.before, figure.kind)
            compared = self.scenario and figure.before is not None
            said.append(f"{figure.label}: {after}" + (f" (today {before})." if compared else "."))
        return [*said, *self.sentences, *self.proven]

    @property
    def proven(self) -> tuple[str, ...]:
        """The certificate in sentences."""
        said = (self.certificate or {}).get("sentences", ())
        return tuple(str(each) for each in said) if isinstance(said, Sequence) else ()

    def tables(self) -> Sequence[Table]:
        """Territories, what changes hands, who gives to whom, who loses, what has no position, the areas."""
        rest = [self.churn, self.losses, self.unpositioned, *([] if self.areas is None else [self.areas])]
        return [self.territories, self.handover, *(table for table in rest if len(table))]


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
    effective_to: str = ""
    copied_from: str = ""
    note: str = ""
    territories: int = 0
    accounts: int = 0
    moved: int = 0
    """Accounts whose person is not their owner today."""


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
            ColumnSpec("effective_to", "To", _T),
            ColumnSpec("copied_from", "Based on", _T),
            ColumnSpec("note", "Note", _T),
            ColumnSpec("territories", "Territories", _I),
            ColumnSpec("accounts", "Accounts", _I),
            ColumnSpec("moved", "Changing hands", _I),
        ]
        return [build_table("Scenarios", specs, [dataclasses.astuple(head) for head in self.heads])]


_HEADS = """
SELECT s.id, s.name, s.status, coalesce(s.effective_from, ''), s.created_at, coalesce(s.effective_to, ''),
       coalesce(s.copied_from, ''), coalesce(s.note, ''),
       (SELECT count(*) FROM territory t WHERE t.scenario_id = s.id),
       (SELECT count(*) FROM assignment x WHERE x.scenario_id = s.id),
       (SELECT count(*) FROM assignment x JOIN territory t ON t.id = x.territory_id
          JOIN account a ON a.id = x.account_id
         WHERE x.scenario_id = s.id AND a.owner_id IS NOT NULL AND a.owner_id IS NOT t.person_id)
FROM scenario s ORDER BY s.id DESC
"""


def list_scenarios(connection: Connection) -> Scenarios:
    """All scenarios, newest first."""
    rows = connection.exec_driver_sql(_HEADS)
    return Scenarios(
        tuple(
            ScenarioHead(
                int(number), name, status, str(first), str(made), str(last), origin, note, territories, accounts, moved
            )
            for number, name, status, first, made, last, origin, note, territories, accounts, moved in rows
        )
    )


def named_scenario(connection: Connection, scenario: int) -> str:
    """The name of a scenario.

    Raises:
        InputRefusedError: there is no such scenario.
    """
    name = connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (scenario,)).scalar()
    if name is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    return str(name)


def due_sentences(connection: Connection) -> tuple[str, ...]:
    """Which planned scenarios wait to be made current because their day has come."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    found = connection.exec_driver_sql(
        "SELECT name, effective_from FROM scenario WHERE status = 'planned' AND effective_from <= ? "
        "ORDER BY effective_from, id",
        (today,),
    )
    return tuple(f"{name} is due since {day}: territories due makes it current." for name, day in found)


def report_of(
    connection: Connection, scenario: int, *, inputs: TerritoryInputs | None = None, progress: Progress = silent
) -> TerritoryReport:
    """A stored scenario, or today's owners where ``scenario`` is 0.

    Args:
        connection: a read connection.
        scenario: its number.
        inputs: accounts and people where they have been read for the scenario already.
        progress: told between the steps; may cancel.

    Raises:
        InputRefusedError: there is no such scenario.
        FaultsError: there are no accounts or nobody to work them.
    """
    head = connection.exec_driver_sql(
        "SELECT name, status, figures, note FROM scenario WHERE id = ?", (scenario,)
    ).first()
    if scenario and head is None:
        raise InputRefusedError(f"There is no scenario {scenario}.", way_out="See the list: territories list.")
    whole = build_problem(connection, scenario, inputs=inputs, progress=progress)
    now = todays_problem(connection, whole) if scenario else whole
    progress(0, 0, "Measuring")
    after = evaluated(whole)
    before = evaluated(now) if scenario else None
    stored = json.loads(head[2] or "{}") if head else {}
    inputs = whole.inputs
    reasons = {
        int(account): str(reason)
        for account, reason in connection.exec_driver_sql(
            "SELECT account_id, reason FROM assignment WHERE scenario_id = ? AND reason IS NOT NULL", (scenario,)
        )
    }
    accounts = account_table(connection, whole, scenario, reasons)
    return TerritoryReport(
        scenario,
        str(head[0]) if head else TODAY,
        str(head[1]) if head else "current",
        inputs.facts.currency,
        territory_table(whole, after),
        accounts,
        handover_table(whole, accounts),
        balance_figures(whole, now if scenario else None, before, after),
        tuple(stored.get("sentences", ())) if head else (*due_sentences(connection), *inputs.notes, *whole.notes),
        churn_table(whole),
        loss_table(whole),
        unpositioned_table(whole, reasons),
        area_table(whole),
        whole.wishes,
        tuple(measure.name for measure in whole.measures),
        str(head[3] or "") if head else "",
        stored.get("certificate"),
    )


def todays_problem(connection: Connection, whole: ScenarioProblem) -> ScenarioProblem:
    """Today's owners of the same accounts, measured as a scenario asks."""
    inputs = whole.inputs
    seats, seat = todays(inputs)
    units = single_accounts(inputs.accounts, np.flatnonzero(seat >= 0))
    wishes = dataclasses.replace(whole.wishes, units=UnitKind.ACCOUNTS)
    return assemble(connection, inputs, wishes, seats, units, seat)


def evaluated(whole: ScenarioProblem) -> Design | None:
    """The engine's figures for the units that are in a territory; None where nothing is."""
    if not len(whole.assignment) or not whole.seats or (whole.assignment < 0).any():
        return None
    return evaluate(whole.problem, whole.assignment, whole.edges)


def balance_figures(
    whole: ScenarioProblem, now: ScenarioProblem | None, before: Design | None, after: Design | None
) -> tuple[BeforeAfter, ...]:
    """Balance, distance, wholeness and disruption, beside today's."""
    made = []
    past = {} if now is None or not now.seats else {m.name: deviation(now, m.values)[1] for m in now.measures}
    for measure in whole.measures:
        worst = float(np.abs(deviation(whole, measure.values)[1]).max(initial=0.0))
        old = float(np.abs(past[measure.name]).max(initial=0.0)) if measure.name in past else None
        made.append(BeforeAfter(f"Largest deviation in {measure.name}", old, worst, _F))
    if after is not None:
        km = None if before is None else before.mean_km
        made.append(BeforeAfter("Mean distance to the person's home or centre", km, after.mean_km, _N))
        once = None if before is None else float((before.pieces <= 1).mean())
        made.append(BeforeAfter("Territories in one piece", once, float((after.pieces <= 1).mean()), _F))
    moved = moves(whole)
    if whole.seats and len(moved):
        made.append(BeforeAfter("Accounts that change hands", None, float(moved.mean()), _F))
        for label, column in (("Potential", "potential_minor"), ("Open pipeline", "open_minor")):
            values = whole.inputs.accounts[column].to_numpy(np.float64)
            if values.sum() > 0:
                share = float(values[moved].sum() / values.sum())
                made.append(BeforeAfter(f"{label} that changes hands", None, share, _F))
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
