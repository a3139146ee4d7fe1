"""What is wrong or surprising in a plan, found before any run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from salesops_desktop.commission.plan import (
    Basis,
    BoundarySide,
    Component,
    Plan,
    PlanAssignment,
    RateTable,
    TierMode,
    Window,
)
from salesops_desktop.commission.tiers import bounds, earned
from salesops_desktop.expressions import Kind, Schema, compile_filter, compile_formula
from salesops_desktop.model.errors import FaultsError
from salesops_desktop.model.money import PPM, Money, is_currency


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The plan cannot be calculated."""
    WARNING = "warning"
    """It can, but probably not as meant."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, at its place in the plan."""

    severity: Severity
    code: str
    where: str
    what: str
    way_out: str = ""


def lint(plan: Plan, schema: Schema | None = None) -> tuple[Finding, ...]:
    """Everything found in ``plan``; formulas are checked when the fields of the credits (``schema``) are given."""
    return tuple(_plan_findings(plan, schema))


def lint_assignments(
    assignments: Sequence[PlanAssignment], plans: Sequence[Plan], names: Mapping[int, str] | None = None
) -> tuple[Finding, ...]:
    """What is wrong with who is paid by which plan: unknown plans, ends before beginnings, two plans on one day."""
    known = {plan.name for plan in plans}
    people = names or {}
    found: list[Finding] = []
    kept: dict[int, list[PlanAssignment]] = {}
    for entry in sorted(assignments, key=lambda a: (a.person, a.start, a.plan)):
        who = people.get(entry.person, f"person {entry.person}")
        if entry.plan not in known:
            found.append(Finding(Severity.ERROR, "plan", who, f"There is no plan called {entry.plan!r}."))
        if entry.end is not None and entry.end < entry.start:
            found.append(Finding(Severity.ERROR, "dates", who, f"The time in {entry.plan} ends before it begins."))
            continue
        for other in kept.setdefault(entry.person, []):
            if other.plan != entry.plan and (other.end is None or entry.start <= other.end):
                what = f"{other.plan} and {entry.plan} both pay from {entry.start} on."
                found.append(Finding(Severity.WARNING, "two plans", who, what, "End one of them, or mean it."))
        kept[entry.person].append(entry)
    return tuple(found)


def _plan_findings(plan: Plan, schema: Schema | None) -> Iterator[Finding]:
    if not is_currency(plan.currency):
        yield Finding(Severity.ERROR, "currency", "currency", f"{plan.currency!r} is no ISO 4217 currency.")
        return
    if plan.effective_to is not None and plan.effective_to < plan.effective_from:
        yield Finding(Severity.ERROR, "dates", "effective dates", "The plan ends before it begins.")
    if not plan.components:
        yield Finding(Severity.ERROR, "empty", "components", "The plan has no component, so nothing can be earned.")
    names = [component.name for component in plan.components]
    for name in sorted(set(names)):
        if names.count(name) > 1:
            yield Finding(Severity.ERROR, "name", name, "Two components have this name.")
        if not name.strip():
            yield Finding(Severity.ERROR, "name", "components", "A component has no name.")
    for component in plan.components:
        yield from _component_findings(plan, component, schema)


def _component_findings(plan: Plan, component: Component, schema: Schema | None) -> Iterator[Finding]:
    if schema is not None:
        yield from _formula_findings(component, schema)
    structural = list(_table_findings(plan, component))
    yield from structural
    if component.cap is not None and component.cap < 0:
        yield Finding(Severity.ERROR, "cap", f"{component.name} › cap", "A cap cannot be negative.")
    if component.rates.basis is Basis.ATTAINMENT and component.window is Window.LINE:
        yield Finding(
            Severity.ERROR,
            "window",
            f"{component.name} › window",
            "A single credit has no quota to be measured against.",
            "Choose month, quarter or year, or tiers by amount.",
        )
    if not any(finding.severity is Severity.ERROR for finding in structural):
        yield from _curve_findings(plan, component)


def _formula_findings(component: Component, schema: Schema) -> Iterator[Finding]:
    formulas = [("measure", component.measure)]
    if component.filter.strip():
        formulas.append(("filter", component.filter))
    for field, text in formulas:
        try:
            if field == "filter":
                compile_filter(text, schema)
            else:
                compile_formula(text, schema, wants=Kind.MONEY)
        except FaultsError as error:
            for fault in error.faults:
                place = f"{component.name} › {field}, {fault.where}"
                yield Finding(Severity.ERROR, "formula", place, fault.what, fault.way_out)


def _bound(plan: Plan, table: RateTable, value: int) -> str:
    return percent(value) if table.basis is Basis.ATTAINMENT else str(Money(value, plan.currency))


def percent(ppm: int) -> str:
    """Ppm as percent, without trailing zeros."""
    text = f"{ppm // 10_000}.{ppm % 10_000:04d}" if ppm >= 0 else f"-{-ppm // 10_000}.{-ppm % 10_000:04d}"
    return f"{text.rstrip('0').rstrip('.')} %"


def _table_findings(plan: Plan, component: Component) -> Iterator[Finding]:
    table, where = component.rates, f"{component.name} › rates"
    tiers = table.tiers
    if not tiers:
        yield Finding(Severity.ERROR, "tiers", where, "The rate table is empty.")
        return
    if table.mode is TierMode.FLAT and (len(tiers) != 1 or tiers[0].lower != 0 or tiers[0].upper is not None):
        what = "A flat rate has one tier, from zero without end."
        yield Finding(Severity.ERROR, "tiers", where, what, "Choose marginal or retroactive tiers.")
    for i, tier in enumerate(tiers):
        place = f"{where}, tier {i + 1}"
        if tier.lower < 0:
            yield Finding(Severity.ERROR, "bound", place, "A tier cannot begin below zero.")
        if tier.upper is not None and tier.upper <= tier.lower:
            yield Finding(Severity.ERROR, "bound", place, "The tier ends before it begins.")
        if tier.upper is None and i < len(tiers) - 1:
            yield Finding(Severity.ERROR, "bound", place, "Only the last tier may have no end.")
        if tier.rate < 0:
            yield Finding(Severity.WARNING, "rate", place, "The rate is negative: sales cost the person money.")
    for i, (below, above) in enumerate(pairwise(tiers)):
        if below.upper is None or below.upper == above.lower:
            continue
        ends, begins = _bound(plan, table, below.upper), _bound(plan, table, above.lower)
        place = f"{where}, tiers {i + 1} and {i + 2}"
        way_out = "Let each tier begin where the one before ends."
        if below.upper < above.lower:
            yield Finding(Severity.ERROR, "gap", place, f"Nothing is said between {ends} and {begins}.", way_out)
        else:
            yield Finding(Severity.ERROR, "overlap", place, f"Two tiers claim {begins} to {ends}.", way_out)


def _curve_findings(plan: Plan, component: Component) -> Iterator[Finding]:
    """What the pay curve does: jumps, falls, ends."""
    table, where = component.rates, f"{component.name} › rates"
    tiers = table.tiers
    if tiers[0].lower > 0:
        what = f"Nothing is paid below {_bound(plan, table, tiers[0].lower)}."
        yield Finding(Severity.NOTE, "threshold", where, what)
    if tiers[-1].upper is not None:
        what = f"Nothing more is paid above {_bound(plan, table, tiers[-1].upper)}."
        yield Finding(Severity.WARNING, "ceiling", where, what, "Leave the end of the last tier open.")
    if table.mode is not TierMode.RETROACTIVE:
        return
    unit = PPM * 100  # a quota of this size makes bounds by attainment whole
    quota = np.array([unit], dtype=np.int64)
    for i, tier in enumerate(tiers):
        previous = tiers[i - 1].rate if i else 0
        if tier.rate == previous or tier.lower == 0:
            continue
        at = _bound(plan, table, tier.lower)
        place = f"{where}, tier {i + 1}"
        if tier.rate < previous:
            what = f"Pay falls when sales reach {at}: everything is then paid at {percent(tier.rate)}."
            yield Finding(Severity.WARNING, "falling", place, what, "Use marginal tiers, or let the rates rise.")
            continue
        limits = bounds(table, quota)
        edge = int(limits.lower[i][0]) + (1 if table.boundary is BoundarySide.LOWER else 0)
        ends = earned(table, limits, np.array([edge - 1, edge], dtype=np.int64))
        jump = int(ends[1] - ends[0]) // PPM
        size = percent(jump * PPM // unit) + " of the quota" if table.basis is Basis.ATTAINMENT else ""
        size = size or str(Money(jump, plan.currency))
        what = f"One more unit of money at {at} raises the pay by {size}."
        yield Finding(Severity.NOTE, "cliff", place, what)
    if table.basis is Basis.AMOUNT and table.boundary is BoundarySide.LOWER and len(tiers) > 1:
        yield Finding(Severity.NOTE, "boundary", where, "A total exactly on a bound is paid at the lower tier.")
