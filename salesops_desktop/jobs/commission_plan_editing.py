"""Incentive plans read for editing, checked, and stored: in place, or as a new version from a day on."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pandas as pd
from sqlalchemy import Connection

from salesops_desktop.commission import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    DayCount,
    Factor,
    Finding,
    Gate,
    Lookup,
    Pays,
    PayTerms,
    Plan,
    Proration,
    RateTable,
    Rounding,
    RoundingStage,
    Severity,
    Source,
    Tier,
    TierMode,
    Window,
    cliff_findings,
    definition,
    lint,
    plan_from,
    plan_json,
    read_plan,
)
from salesops_desktop.commission.clawbacks import Clawback, ClawbackRate
from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.commission.timing import Timing
from salesops_desktop.expressions import Schema
from salesops_desktop.jobs.commission_curves import PayCurve, pay_curve, rounded_to_two
from salesops_desktop.jobs.commission_facts import Facts, Part
from salesops_desktop.jobs.commission_inputs import inputs_of
from salesops_desktop.jobs.commission_wording import component_sentence, formula_phrase, plan_sentences
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import Needs, job
from salesops_desktop.jobs.workspaces import Sentences
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = [
    "Axis", "AxisKind", "Basis", "BoundarySide", "Clawback", "ClawbackRate", "Component", "DayCount", "Draw",
    "DrawKind", "Factor", "Finding", "Gate", "Lookup", "Measure", "PayCurve", "PayTerms", "Pays", "Plan",
    "PlanBook", "PlanEntry", "Proration", "RateDay", "RateTable", "Rounding", "RoundingStage", "Severity", "Source",
    "Tier", "TierMode", "Timing", "Window", "component_sentence", "credit_schema", "formula_phrase", "list_plans",
    "pay_curve", "plan_findings", "plan_sentences", "remove_plan", "save_plan", "save_plan_file", "write_plan_file",
]  # fmt: skip

_DAYS = {Window.MONTH: 365 / 12, Window.QUARTER: 365 / 4, Window.YEAR: 365.0}
_COLUMNS = (
    "credit_id", "transaction_id", "person", "day", "external_id", "amount", "currency", "kind", "margin", "quantity",
    "share", "role", "product", "family", "account", "industry", "segment", "stage", "original_id",
)  # fmt: skip


def credit_schema() -> Schema:
    """The fields that formulas of plans may name, and what they hold."""
    nothing = Facts("booking", {part: [] for part in Part}, pd.DataFrame(columns=list(_COLUMNS)), {})
    return inputs_of(nothing).credits.schema


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """A plan of the workspace.

    Attributes:
        id: its row id.
        plan: what it says.
        people: how many people it pays.
        quotas: (measure, minor units a day) of each quota of those people, in the plan's currency.
        targets: minor units a day of each target incentive of those people, in the plan's currency.
        findings: what the linter finds in the plan.
    """

    id: int
    plan: Plan
    people: int
    quotas: tuple[tuple[Measure, float], ...] = ()
    targets: tuple[float, ...] = ()
    findings: tuple[Finding, ...] = ()

    def typical_quota(self, component: Component) -> int:
        """A middling quota of a window of ``component``, minor units; 0 where nobody has one."""
        daily = [amount for measure, amount in self.quotas if measure is component.quota]
        return rounded_to_two(median(daily) * _DAYS.get(component.window, 365 / 4)) if daily else 0

    def typical_target(self, component: Component) -> int:
        """A middling target incentive of a window of ``component``, minor units; 0 where nobody has one."""
        return rounded_to_two(median(self.targets) * _DAYS.get(component.window, 365 / 4)) if self.targets else 0


@dataclass(frozen=True, slots=True)
class PlanBook:
    """All plans of the workspace."""

    entries: tuple[PlanEntry, ...]
    schema: Mapping[str, ValueKind]
    """The fields formulas may name."""

    def summary(self) -> Sequence[str]:
        """How many there are, and how many have faults."""
        if not self.entries:
            return ["There are no incentive plans yet."]
        said = [f"{len(self.entries):,} incentive plans for {sum(e.people for e in self.entries):,} people."]
        for entry in self.entries:
            said += [_said(entry.plan, f) for f in entry.findings if f.severity is not Severity.NOTE]
        return said

    def tables(self) -> Sequence[Table]:
        """One row per component."""
        specs = [
            ColumnSpec("plan", "Plan", ValueKind.TEXT),
            ColumnSpec("currency", "Currency", ValueKind.TEXT),
            ColumnSpec("from", "From", ValueKind.DATE),
            ColumnSpec("to", "To", ValueKind.DATE),
            ColumnSpec("people", "People", ValueKind.INTEGER),
            ColumnSpec("component", "Component", ValueKind.TEXT),
            ColumnSpec("sentence", "What it says", ValueKind.TEXT),
        ]
        rows = [
            (p.name, p.currency, p.effective_from, p.effective_to, e.people, c.name,
             component_sentence(c, p.currency, self.schema))
            for e in self.entries
            for p in (e.plan,)
            for c in p.components
        ]  # fmt: skip
        return [build_table("Plans", specs, rows)]


def _said(plan: Plan, finding: Finding) -> str:
    return f"{plan.name} › {finding.where}: {finding.what} {finding.way_out}".rstrip()


def plan_findings(plan: Plan, schema: Schema) -> tuple[Finding, ...]:
    """What the linter finds."""
    return tuple(lint(plan, schema))


@job(
    "commissions plans",
    title="List incentive plans",
    group="commissions",
    examples=("commissions plans company.salesops",),
)
def list_plans(context: JobContext, *, cliffs_above: int = 0) -> PlanBook:
    """List the incentive plans with a sentence for each component, and what the linter finds in them.

    Args:
        cliffs_above: warn of leaps of pay of so many units of the plan's currency or more, by middling quotas and
            target incentives of a plan's people; 0 warns of none.
    """
    with context.workspace.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT id, name, currency, effective_from, effective_to, definition, "
            "(SELECT count(DISTINCT person_id) FROM plan_assignment a WHERE a.plan_id = p.id) FROM plan p ORDER BY name"
        ).fetchall()
        quotas = _daily(connection, "quota", "q.measure")
        targets = _daily(connection, "target_incentive", "''")
    entries, schema = [], credit_schema()
    for number, name, currency, start, end, text, people in rows:
        last = None if end is None else dt.date.fromisoformat(end)
        plan = plan_from(name, currency, dt.date.fromisoformat(start), last, json.loads(text))
        entry = PlanEntry(
            int(number), plan, int(people),
            tuple((Measure(m), amount) for m, code, amount in quotas.get(number, ()) if code == currency),
            tuple(amount for _, code, amount in targets.get(number, ()) if code == currency),
            plan_findings(plan, schema),
        )  # fmt: skip
        entries.append(_with_cliffs(entry, cliffs_above) if cliffs_above > 0 else entry)
    return PlanBook(tuple(entries), schema)


def _with_cliffs(entry: PlanEntry, least: int) -> PlanEntry:
    """The entry with the leaps of pay that are large enough, instead of notes of them all."""
    plan, found = entry.plan, [f for f in entry.findings if f.code != "cliff"]
    if any(f.severity is Severity.ERROR for f in found):
        return entry
    stakes = {
        c.name: [(entry.typical_quota(c), entry.typical_target(c), "middling targets")]
        for c in plan.components
        if entry.typical_quota(c) or entry.typical_target(c)
    }
    found += cliff_findings(plan, least * 10 ** exponent(plan.currency), stakes)
    return replace(entry, findings=tuple(found))


def _daily(connection: Connection, table: str, measure: str) -> dict[int, list[tuple[str, str, float]]]:
    """(measure, currency, minor units a day) of what the people of each plan are to reach."""
    found: dict[int, list[tuple[str, str, float]]] = {}
    rows = connection.exec_driver_sql(
        f"SELECT a.plan_id, {measure}, q.currency, q.amount, q.period_start, q.period_end FROM {table} q "
        "JOIN (SELECT DISTINCT plan_id, person_id FROM plan_assignment) a ON a.person_id = q.person_id"
    )
    for plan, what, currency, amount, start, end in rows:
        days = (dt.date.fromisoformat(end) - dt.date.fromisoformat(start)).days + 1
        found.setdefault(int(plan), []).append((str(what), str(currency), amount / max(days, 1)))
    return found


# ---------------------------------------------------------------------- storing


def save_plan(context: JobContext, draft: Plan, *, number: int = 0, since: dt.date | None = None) -> Sentences:
    """Store a plan as one step that can be undone. Runs keep the plans they were calculated with.

    Args:
        draft: what it says.
        number: the row id of the plan it replaces; 0 for a new one.
        since: from this day on as a new version: the old one ends the day before, and its people go on by the new.

    Raises:
        FaultsError: the plan cannot be calculated; every fault at its field.
        InputRefusedError: the name is taken, or the day lies outside the plan.
    """
    _refuse_faulty(draft)
    if since is not None and number:
        return _new_version(context, draft, number, since)
    with context.workspace.action(f"Edit {draft.name}" if number else f"New plan {draft.name}", kind="job") as unit:
        _refuse_taken(unit.connection, draft.name, number)
        if number:
            unit.connection.exec_driver_sql(
                "UPDATE plan SET name = ?, currency = ?, effective_from = ?, effective_to = ?, definition = ? "
                "WHERE id = ?",
                (*_columns(draft), number),
            )
        else:
            insert_plan(unit.connection, draft)
    context.changed("plan")
    return Sentences((f"Saved {draft.name}." if number else f"Made {draft.name}.",))


def insert_plan(connection: Connection, plan: Plan) -> int:
    """Store a new plan; its row id."""
    result = connection.exec_driver_sql(
        "INSERT INTO plan (name, currency, effective_from, effective_to, definition) VALUES (?, ?, ?, ?, ?)",
        _columns(plan),
    )
    return int(result.lastrowid)


def _columns(plan: Plan) -> tuple[str, str, str, str | None, str]:
    end = None if plan.effective_to is None else plan.effective_to.isoformat()
    return plan.name, plan.currency, plan.effective_from.isoformat(), end, json.dumps(definition(plan))


def _refuse_faulty(draft: Plan) -> None:
    faults = [
        Fault(f.where, f.what, f.way_out)
        for f in plan_findings(draft, credit_schema())
        if f.severity is Severity.ERROR
    ]  # fmt: skip
    if not draft.name.strip():
        faults.insert(0, Fault("name", "The plan needs a name."))
    if faults:
        raise FaultsError(f"{draft.name or 'The plan'} cannot be saved: {faults[0].where}: {faults[0].what}", faults)


def _refuse_taken(connection: Connection, name: str, number: int) -> None:
    taken = connection.exec_driver_sql("SELECT id FROM plan WHERE name = ? AND id <> ?", (name, number)).first()
    if taken is not None:
        raise InputRefusedError(f"There is a plan called {name!r} already.", way_out="Choose another name.")


def _new_version(context: JobContext, draft: Plan, number: int, since: dt.date) -> Sentences:
    base = re.sub(r" from \d{4}-\d{2}-\d{2}$", "", draft.name)
    version = replace(draft, name=f"{base} from {since}", effective_from=since)
    with context.workspace.action(f"New version of {base} from {since}", kind="job") as unit:
        old = unit.connection.exec_driver_sql(
            "SELECT name, effective_from, effective_to FROM plan WHERE id = ?", (number,)
        ).first()
        if old is None:
            raise InputRefusedError("The plan is gone.", way_out="Read the plans anew.")
        if since.isoformat() <= old[1] or (old[2] is not None and since.isoformat() > old[2]):
            until = f" to {old[2]}" if old[2] else " on"
            raise InputRefusedError(
                f"{old[0]} holds from {old[1]}{until}; a new version begins after its first day and before its end.",
                way_out="Choose another day, or save the plan itself.",
            )
        _refuse_taken(unit.connection, version.name, 0)
        last, first = (since - dt.timedelta(days=1)).isoformat(), since.isoformat()
        made = insert_plan(unit.connection, version)
        unit.connection.exec_driver_sql("UPDATE plan SET effective_to = ? WHERE id = ?", (last, number))
        going_on = "plan_id = ? AND (end_date IS NULL OR end_date >= ?)"
        moved = unit.connection.exec_driver_sql(
            "INSERT INTO plan_assignment (plan_id, person_id, start_date, end_date) "
            f"SELECT ?, person_id, max(start_date, ?), end_date FROM plan_assignment WHERE {going_on}",
            (made, first, number, first),
        ).rowcount
        unit.connection.exec_driver_sql(
            f"DELETE FROM plan_assignment WHERE {going_on} AND start_date >= ?", (number, first, first)
        )
        unit.connection.exec_driver_sql(
            f"UPDATE plan_assignment SET end_date = ? WHERE {going_on}", (last, number, first)
        )
    context.changed("plan", "plan_assignment")
    return Sentences((
        f"{version.name}: {moved:,} people go on by it; {old[0]} ends on {last}.",
        "What accumulates begins anew with the version: let it begin with a window (a quarter, a year).",
    ))  # fmt: skip


@job(
    "commissions remove-plan",
    title="Remove an incentive plan",
    group="commissions",
    needs=Needs.WRITE,
    examples=("commissions remove-plan company.salesops 'Overlay plan USD'",),
)
def remove_plan(context: JobContext, plan: str) -> Sentences:
    """Remove a plan and end that people are paid by it. Runs calculated with it stay as they are.

    Args:
        plan: its name.
    """
    with context.workspace.action(f"Remove {plan}", kind="job") as unit:
        number = plan_number(unit.connection, plan)
        people = unit.connection.exec_driver_sql("DELETE FROM plan_assignment WHERE plan_id = ?", (number,)).rowcount
        unit.connection.exec_driver_sql("DELETE FROM plan WHERE id = ?", (number,))
    context.changed("plan", "plan_assignment")
    return Sentences((f"Removed {plan}, by which {people:,} people were paid.",))


def plan_number(connection: Connection, name: str) -> int:
    """The row id of a plan.

    Raises:
        InputRefusedError: there is none of this name.
    """
    row = connection.exec_driver_sql("SELECT id FROM plan WHERE name = ?", (name,)).first()
    if row is None:
        known = [str(n) for (n,) in connection.exec_driver_sql("SELECT name FROM plan ORDER BY name")]
        way_out = f"There are: {', '.join(known)}." if known else "There are none yet."
        raise InputRefusedError(f"There is no plan called {name!r}.", way_out=way_out)
    return int(row[0])


# ---------------------------------------------------------------------- plans as files


@job(
    "commissions write-plan",
    title="Write an incentive plan to a file",
    group="commissions",
    examples=("commissions write-plan company.salesops 'Rep plan USD' plan.json",),
)
def write_plan_file(context: JobContext, plan: str, out: Path) -> Sentences:
    """Write a plan as JSON, to be edited elsewhere, kept, or saved in another workspace.

    Args:
        plan: its name.
        out: the file.
    """
    with context.workspace.read() as connection:
        number = plan_number(connection, plan)
        row = connection.exec_driver_sql(
            "SELECT name, currency, effective_from, effective_to, definition FROM plan WHERE id = ?", (number,)
        ).one()
    last = None if row[3] is None else dt.date.fromisoformat(row[3])
    found = plan_from(row[0], row[1], dt.date.fromisoformat(row[2]), last, json.loads(row[4]))
    out.write_text(json.dumps(plan_json(found), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Sentences((f"Wrote {plan} to {out}.",))


@job(
    "commissions save-plan",
    title="Save an incentive plan from a file",
    group="commissions",
    needs=Needs.WRITE,
    examples=(
        "commissions save-plan company.salesops plan.json",
        "commissions save-plan company.salesops plan.json --since 2026-10-01",
    ),
)
def save_plan_file(context: JobContext, file: Path, *, since: dt.date | None = None) -> Sentences:
    """Save a plan from JSON: in place of the plan of that name, or as a new plan. A plan with faults is refused.

    Args:
        file: as "commissions write-plan" writes it.
        since: from this day on, as a new version: the plan of that name ends the day before.
    """
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputRefusedError(f"{file.name} is no plan that can be read.", way_out="Write one first.") from error
    if not isinstance(stored, dict):
        raise InputRefusedError(f"{file.name} holds no plan.", way_out="Write one first (commissions write-plan).")
    draft = read_plan(stored)
    with context.workspace.read() as connection:
        row = connection.exec_driver_sql("SELECT id FROM plan WHERE name = ?", (draft.name,)).first()
    if row is None and since is not None:
        raise InputRefusedError(f"There is no plan called {draft.name!r} to make a version of.")
    return save_plan(context, draft, number=0 if row is None else int(row[0]), since=since)
