"""Editing territories: the desk, why an account is where it is, today's plan repaired, plans to choose from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.territory_desk import EditingDesk
from salesops_desktop.jobs.territory_inputs import load_territory_inputs
from salesops_desktop.jobs.territory_problems import ScenarioProblem, assemble, build_problem, todays
from salesops_desktop.jobs.territory_reports import TerritoryReport, report_of
from salesops_desktop.jobs.territory_solving import Solved, store_design
from salesops_desktop.jobs.territory_units import single_accounts
from salesops_desktop.jobs.territory_wishes import DesignWishes
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.progress import part_of
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table
from salesops_desktop.territory import evaluate
from salesops_desktop.territory.bounds import certify
from salesops_desktop.territory.bounds.moved import MovedNeed, moved_lower_bound
from salesops_desktop.territory.rebalance import rebalance
from salesops_desktop.territory.tradeoffs import TradeOff, tradeoffs
from salesops_desktop.territory.why import Why

__all__ = [
    "EditingDesk",
    "TradeOffReport",
    "WhyReport",
    "keep_plan",
    "open_desk",
    "rebalance_territories",
    "tradeoff_strip",
    "why",
]

_PROOF = 1.0
"""Seconds the proof of a repaired plan may take."""


def open_desk(context: JobContext, scenario: int = 0) -> EditingDesk:
    """Open a scenario for editing in memory.

    Args:
        context: with the workspace.
        scenario: its number; 0 for today's owners.

    Raises:
        InputRefusedError: there is no such scenario.
        FaultsError: there are no accounts or nobody to work them.
    """
    with context.workspace.read() as connection:
        whole = build_problem(connection, scenario, progress=context.progress)
        return EditingDesk(whole, scenario, _name_of(connection, scenario))


@dataclass(frozen=True, slots=True)
class WhyReport:
    """Why an account is where it is."""

    account: int
    """Its row id."""
    name: str
    territory: str
    why: Why
    territory_names: tuple[str, ...]

    def summary(self) -> Sequence[str]:
        """The reasons, the strongest first."""
        return [f"{self.name} is in {self.territory or 'no territory'}.", *self.why.sentences]

    def tables(self) -> Sequence[Table]:
        """Other places, the best first."""
        options = self.why.alternatives
        names = list(options[0].deviation) if options else []
        specs = [
            ColumnSpec("territory", "Territory", ValueKind.TEXT),
            ColumnSpec("km", "Away (km)", ValueKind.NUMBER, digits=1),
            ColumnSpec("change_km", "Mean distance (km)", ValueKind.NUMBER, digits=3),
            *(
                ColumnSpec(f"off{i}", f"{name} off target, then", ValueKind.FRACTION, digits=1)
                for i, name in enumerate(names)
            ),
            *(
                ColumnSpec(f"worst{i}", f"{name}, change of the worst", ValueKind.FRACTION, digits=1)
                for i, name in enumerate(names)
            ),
            ColumnSpec("tears", "Tears a territory", ValueKind.BOOLEAN),
            ColumnSpec("home", "Owner today", ValueKind.BOOLEAN),
            ColumnSpec("breaks", "Breaks", ValueKind.TEXT),
        ]
        rows = [
            (
                self.territory_names[each.territory], each.km, each.change_km,
                *(each.deviation[name] for name in names), *(each.change_balance[name] for name in names),
                each.tears, each.back_home, " ".join(issue.sentence for issue in each.breaks) or None,
            )
            for each in options
        ]  # fmt: skip
        return [build_table("Other places", specs, rows)] if rows else []


@job(
    "territories why",
    title="Explain an account's territory",
    group="territories",
    examples=("territories why company.salesops 1 'Acme Ltd'", "territories why company.salesops 0 A-1017"),
)
def why(context: JobContext, scenario: int, account: str) -> WhyReport:
    """Say why an account is in its territory, and what its next best places would cost.

    Args:
        scenario: its number in the list; 0 for today's owners.
        account: the account's name, its id in the CRM, or its row id.
    """
    desk = open_desk(context, scenario)
    with context.workspace.read() as connection:
        number, name = _account(connection, account)
    units = desk.units([number])
    if not len(units):
        raise InputRefusedError(f"{name} is in no territory of {desk.name}.", way_out="Design territories anew.")
    told = desk.why(int(units[0]))
    place = desk.territory_names[told.territory] if told.territory >= 0 else ""
    return WhyReport(number, name, place, told, desk.territory_names)


@dataclass(frozen=True, slots=True)
class TradeOffReport:
    """A strip of plans, the one that moves least first."""

    scenario: int
    whole: ScenarioProblem
    """The problem all plans answer."""
    plans: tuple[TradeOff, ...]
    need: MovedNeed
    """What must change hands at least."""
    kept: int = 0
    """The scenario made of one of them; 0 for none."""

    def summary(self) -> Sequence[str]:
        """The ends of the strip and the bound."""
        first, last = self.plans[0], self.plans[-1]
        what = self.need.measure or "the units"
        least = f"{first.moved * 100:.1f} % of {what} changing hands at a mean distance of {first.mean_km:,.1f} km"
        most = f"{last.moved * 100:.1f} % at {last.mean_km:,.1f} km"
        said = [f"{len(self.plans)} plans, from {least} to {most}."]
        if self.need.sentence:
            said.append(self.need.sentence)
        over = [plan for plan in self.plans if _beyond(self.whole, plan)]
        if over:
            said.append(f"{len(over)} of them do not come within every tolerance.")
        if self.kept:
            said.append(f"Kept as scenario {self.kept}.")
        return said

    def tables(self) -> Sequence[Table]:
        """One row per plan."""
        names = list(self.plans[0].balance)
        specs = [
            ColumnSpec("plan", "Plan", ValueKind.INTEGER),
            ColumnSpec("moved", "Changes hands", ValueKind.FRACTION, digits=1),
            ColumnSpec("accounts", "Accounts that change hands", ValueKind.INTEGER),
            ColumnSpec("km", "Mean distance (km)", ValueKind.NUMBER, digits=1),
            *(
                ColumnSpec(f"off{i}", f"Largest deviation in {name}", ValueKind.FRACTION, digits=1)
                for i, name in enumerate(names)
            ),
            ColumnSpec("torn", "Not in one piece", ValueKind.INTEGER),
        ]
        rows = [
            (number, plan.moved, plan.moved_count, plan.mean_km, *(plan.balance[name] for name in names), plan.torn)
            for number, plan in enumerate(self.plans, 1)
        ]
        return [build_table("Plans to choose from", specs, rows)]


@job(
    "territories tradeoffs",
    title="Compare how much may move",
    group="territories",
    examples=(
        "territories tradeoffs company.salesops",
        "territories tradeoffs company.salesops --tolerance 5 --keep 3 --name 'Moderate'",
    ),
)
def tradeoff_strip(
    context: JobContext,
    scenario: int = 0,
    *,
    tolerance: float = 0.0,
    points: int = 7,
    keep: int = 0,
    name: str = "",
    seed: int = 1,
) -> TradeOffReport:
    """Show plans from moving no more than balance needs to designing freely: none is better than another in all.

    Args:
        scenario: whose territories, measures and locks; 0 for today's owners.
        tolerance: per cent by which a territory may lie off its targets; as the scenario has it by default.
        points: how many plans.
        keep: the number of the plan to keep as a new scenario; none by default.
        name: what to call that scenario.
        seed: of what is left to chance.
    """
    if not 2 <= points <= 30:
        raise InputRefusedError(f"{points} plans cannot be compared.", way_out="Ask for 2 to 30.")
    if keep:
        context.workspace.must_be_writable()
    with context.workspace.read() as connection:
        whole = _todays_plan(connection, scenario, tolerance, context)
    plans = tradeoffs(whole.problem, points=points, seed=seed, progress=context.progress, edges=whole.edges)
    report = TradeOffReport(scenario, whole, plans, moved_lower_bound(whole.problem))
    return keep_plan(context, report, keep, name, seed=seed) if keep else report


def keep_plan(
    context: JobContext, report: TradeOffReport, number: int, name: str = "", *, seed: int = 1
) -> TradeOffReport:
    """Make a scenario of one plan of a strip.

    Args:
        context: with the workspace.
        report: the strip.
        number: of the plan, from 1.
        name: what to call it; "Design 1" and so on by default.
        seed: that the strip was made with.

    Raises:
        InputRefusedError: there is no such plan, or a scenario of that name.
    """
    if not 1 <= number <= len(report.plans):
        raise InputRefusedError(f"There is no plan {number}.", way_out=f"Choose 1 to {len(report.plans)}.")
    scenario = _store(context, report.whole, report.plans[number - 1].assignment, name, seed, "Keep a plan", ())
    context.finish()
    return dataclasses.replace(report, kept=scenario)


@job(
    "territories rebalance",
    title="Repair today's territories",
    group="territories",
    needs=Needs.WRITE,
    examples=(
        "territories rebalance company.salesops",
        "territories rebalance company.salesops --tolerance 5 --name 'FY27 repaired'",
    ),
)
def rebalance_territories(
    context: JobContext, scenario: int = 0, *, tolerance: float = 0.0, name: str = "", seed: int = 1
) -> TerritoryReport:
    """Make a scenario that brings today's plan back within the tolerances with as little changing hands as can be.

    Args:
        scenario: whose territories, measures and locks; 0 for today's owners.
        tolerance: per cent by which a territory may lie off its targets; as the scenario has it by default.
        name: what to call the new scenario; "Design 1" and so on by default.
        seed: of what is left to chance.
    """
    with context.workspace.read() as connection:
        whole = _todays_plan(connection, scenario, tolerance, context)
    made = rebalance(whole.problem, seed=seed, progress=part_of(context.progress, 0, 85), edges=whole.edges)
    need = moved_lower_bound(whole.problem)
    gone = made.moved_totals[need.measure] if need.measure else float(made.moved.sum())
    said = [f"{gone / (need.total or 1.0) * 100:.1f} % of {need.measure or 'the units'} changes hands."]
    if need.amount > 0:
        said.append(f"{need.sentence} This plan moves {gone / need.amount:.2f} times that.")
    number = _store(context, whole, made.assignment, name, seed, "Repair today's territories", tuple(said))
    with context.workspace.read() as connection:
        return report_of(connection, number)


def _todays_plan(connection: Connection, scenario: int, tolerance: float, context: JobContext) -> ScenarioProblem:
    """Today's plan among the territories of a scenario, with all accounts and the tolerance asked for."""
    if tolerance and not 0 < tolerance <= 100:
        raise InputRefusedError(f"A tolerance of {tolerance:g} % makes no sense.", way_out="Give per cent up to 100.")
    context.progress(0, 0, "Reading")
    if scenario:
        whole = build_problem(connection, scenario, progress=context.progress)
    else:
        wishes = DesignWishes()
        inputs = load_territory_inputs(connection, boundary=wishes.boundary, progress=context.progress)
        seats, seat = todays(inputs)
        units = single_accounts(inputs.accounts, np.arange(len(inputs.accounts), dtype=np.intp))
        whole = assemble(connection, inputs, wishes, seats, units, seat)
    wishes = dataclasses.replace(whole.wishes, budget=None)
    limits = dict(whole.problem.tolerance)
    if tolerance:
        wishes = dataclasses.replace(wishes, tolerance=tolerance)
        limits = dict.fromkeys(limits, tolerance / 100)
    problem = dataclasses.replace(whole.problem, tolerance=limits, budget=None)
    problem.check()
    return dataclasses.replace(whole, problem=problem, wishes=wishes)


def _store(
    context: JobContext,
    whole: ScenarioProblem,
    assignment: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    name: str,
    seed: int,
    action: str,
    said: tuple[str, ...],
) -> int:
    """Write an assignment as a new scenario with its certificate; its number."""
    made = evaluate(whole.problem, assignment, whole.edges)
    proof = certify(whole.problem, made, seconds=_PROOF, seed=seed, progress=part_of(context.progress, 85, 100))
    solved = Solved(made.assignment, (*said, *made.sentences), proof)
    figures: dict[str, object] = {
        "sentences": [*whole.inputs.notes, *whole.notes, *solved.sentences], "certificate": proof.to_json(),
    }  # fmt: skip
    stored = dataclasses.replace(whole, assignment=solved.assignment)
    with context.workspace.action(f"{action}{': ' + name if name else ''}", kind="job") as unit:
        scenario = store_design(unit.connection, stored, solved, name, seed, figures)
    context.changed("scenario", "territory", "assignment", "area_assignment")
    return scenario


def _beyond(whole: ScenarioProblem, plan: TradeOff) -> bool:
    return any(off > whole.problem.limit(name) + 1e-9 for name, off in plan.balance.items())


def _name_of(connection: Connection, scenario: int) -> str:
    if not scenario:
        return "Today's owners"
    return str(connection.exec_driver_sql("SELECT name FROM scenario WHERE id = ?", (scenario,)).scalar())


def _account(connection: Connection, text: str) -> tuple[int, str]:
    """The row id and name of an account named in words."""
    rows = connection.exec_driver_sql(
        "SELECT id, name, external_id FROM account WHERE external_id = ? OR name = ? COLLATE NOCASE OR id = ? "
        "ORDER BY external_id IS NOT ?, name IS NOT ? COLLATE NOCASE, id",
        (text, text, int(text) if text.isdecimal() else -1, text, text),
    ).fetchall()
    if not rows:
        raise InputRefusedError(f"There is no account called {text!r}.", way_out="Give its name, CRM id or row id.")
    exact = [row for row in rows if row[2] == text] or [row for row in rows if str(row[1]).lower() == text.lower()]
    if len(exact) > 1:
        ids = ", ".join(str(row[2] or row[0]) for row in exact[:5])
        raise InputRefusedError(f"{len(exact)} accounts are called {text!r} ({ids}).", way_out="Give one of these ids.")
    row = (exact or rows)[0]
    return int(row[0]), str(row[1])
