"""What is wrong or surprising in a plan, found before any run."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.lint_carving import carving_findings
from salesops_desktop.commission.lint_pay import circles, pay_findings, weight_findings
from salesops_desktop.commission.lint_terms import term_findings
from salesops_desktop.commission.lookups import size
from salesops_desktop.commission.plan import (
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Lookup,
    Pays,
    Plan,
    RateTable,
    RoundingStage,
    TierMode,
    Window,
)
from salesops_desktop.commission.tiers import Terms, bounds, earned
from salesops_desktop.expressions import Kind, Schema, compile_formula
from salesops_desktop.model.errors import FaultsError
from salesops_desktop.model.money import PPM, Money, is_currency


def lint(plan: Plan, schema: Schema | None = None) -> tuple[Finding, ...]:
    """Everything found in ``plan``; formulas are checked when the fields of the credits (``schema``) are given."""
    return tuple(_plan_findings(plan, schema))


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
    yield from weight_findings(plan)
    yield from circles(plan)
    yield from term_findings(plan)


def _component_findings(plan: Plan, component: Component, schema: Schema | None) -> Iterator[Finding]:
    kind: Kind | None = None
    if schema is not None:
        faulty, kind = _formula_findings(component, schema)
        yield from faulty
    yield from _shape_findings(plan, component, kind)
    sound = True
    for place, table in _tables(component):
        structural = list(_table_findings(plan, place, table))
        yield from structural
        if not any(finding.severity is Severity.ERROR for finding in structural):
            yield from _curve_findings(plan, place, table)
        else:
            sound = False
    if sound:
        if component.cap is not None:
            yield from _cap_findings(component)
        yield from pay_findings(plan, component)


def _tables(component: Component) -> Iterator[tuple[str, RateTable]]:
    """The rate tables of a component, each with its place."""
    if component.lookup is None:
        yield f"{component.name} › rates", component.rates
    if component.gate is not None and component.gate.otherwise is not None:
        yield f"{component.name} › gate › rates", component.gate.otherwise


def _shape_findings(plan: Plan, component: Component, kind: Kind | None) -> Iterator[Finding]:
    """What does not go together in a component."""

    def fault(code: str, field: str, what: str, way_out: str = "") -> Finding:
        return Finding(Severity.ERROR, code, f"{component.name} › {field}", what, way_out)

    yield from _limit_findings(component, fault)
    tables = [table for _, table in _tables(component)]
    by_quota = any(t.basis is Basis.ATTAINMENT or (t.pays is Pays.TARGET and not t.stepped) for t in tables)
    alone = component.window in (Window.LINE, Window.CONTRACT)
    yield from _window_findings(component, tables, by_quota=by_quota, fault=fault)
    if component.weight < 0:
        yield fault("weight", "weight", "A weight cannot be negative.")
    if component.depth is not None and component.depth < 1:
        yield fault("depth", "depth", "A team has at least one level.")
    path_bound = component.deal_cap is not None or component.deal_floor is not None
    if (component.gate is not None or (component.factors and not alone)) and (
        path_bound or component.stage is RoundingStage.LINE
    ):
        what = "Pay that is settled up when attainments or scores change cannot be limited or rounded line by line."
        yield fault("settling", "rounding", what, "Let lines telescope, without limits of single lines.")
    if component.lookup is not None:
        yield from _lookup_findings(component, component.lookup, fault)
    if component.source.on_pay and (
        component.window is not Window.LINE or component.measure.strip().lstrip("=").strip("[]").casefold() != "amount"
    ):
        what = "An override on the team's pay counts that pay alone, each line by itself."
        yield fault("override", "measure", what, "Measure Amount, in the window of each line.")
    yield from carving_findings(plan, component, fault)
    yield from _gate_findings(plan, component, fault)
    if kind is not None:
        yield from _unit_findings(component, kind, tables, by_quota=by_quota, fault=fault)


Fault = Callable[..., Finding]


def _window_findings(
    component: Component, tables: Sequence[RateTable], *, by_quota: bool, fault: Fault
) -> Iterator[Finding]:
    alone = component.window in (Window.LINE, Window.CONTRACT)
    if by_quota and alone:
        what = "A single credit or a contract has no quota to be measured against."
        yield fault("window", "window", what, "Choose month, quarter or year, or tiers by amount.")
    if alone and any(t.pays is Pays.TARGET for t in tables):
        what = "A single credit or a contract has no target incentive."
        yield fault("window", "window", what, "Choose month, quarter or year.")
    if component.gate is not None and alone:
        yield fault("window", "gate", "A gate needs a window that ends.", "Choose month, quarter or year.")
    if (component.window is Window.CONTRACT) != bool(component.contract.strip()):
        what = "A formula of the contract belongs to the window by contract, and to no other."
        yield fault("contract", "contract", what, "Give the field that tells contracts apart.")


def _limit_findings(component: Component, fault: Fault) -> Iterator[Finding]:
    for field, value in (
        ("cap", component.cap),
        ("deal cap", component.deal_cap),
        ("deal floor", component.deal_floor),
    ):
        if value is not None and value < 0:
            yield fault("cap", field, f"A {field} cannot be negative.")
    if None not in (component.deal_cap, component.deal_floor) and (component.deal_floor or 0) > (
        component.deal_cap or 0
    ):
        yield fault("cap", "deal floor", "The least a line pays is more than the most it may pay.")


def _unit_findings(
    component: Component, kind: Kind, tables: Sequence[RateTable], *, by_quota: bool, fault: Fault
) -> Iterator[Finding]:
    if kind is Kind.MONEY:
        if any(table.pays is Pays.AMOUNT and not table.stepped for table in tables):
            what = "So much money per unit needs a measure that counts units, not money."
            yield fault("units", "measure", what, "Measure a number (1 counts events), or pay a share of the money.")
        return
    stepped = all(table.stepped for table in tables)
    if not stepped and component.lookup is None and any(table.pays is Pays.MEASURE for table in tables):
        what = "A share of units is no money."
        yield fault("units", "rates", what, "Pay an amount per unit, or measure money.")
    if by_quota:
        yield fault("units", "rates", "Quotas are money; units have none.", "Choose tiers by amount.")


def _lookup_findings(component: Component, lookup: Lookup, fault: Fault) -> Iterator[Finding]:
    if component.window is not Window.LINE:
        what = "Rates looked up per credit need the window of each line."
        yield fault("lookup", "window", what, "Choose line, or multiply tiers by a factor.")
    if any(axis.kind is not AxisKind.FORMULA for axis in lookup.axes):
        what = "The rate of a credit is looked up by what the credit says."
        yield fault("lookup", "lookup", what, "Use a factor for attainments and scores.")
    if component.rates.pays is not Pays.MEASURE:
        yield fault("lookup", "lookup", "A looked-up rate is a share of what is measured.", "Use a factor instead.")
    yield from _table_shape(lookup, "lookup", fault)


def _table_shape(lookup: Lookup, field: str, fault: Fault) -> Iterator[Finding]:
    if not lookup.axes:
        yield fault("lookup", field, "The table has no axis.")
    for number, axis in enumerate(lookup.axes, 1):
        if not axis.bounds or list(axis.bounds) != sorted(set(axis.bounds)):
            yield fault("lookup", f"{field}, axis {number}", "The bounds of an axis must rise.")
    if lookup.axes and size(lookup) != len(lookup.values):
        what = f"The table needs {size(lookup):,} values and has {len(lookup.values):,}."
        yield fault("lookup", field, what, "Fill every cell.")


def _gate_findings(plan: Plan, component: Component, fault: Fault) -> Iterator[Finding]:
    """Gates and factors that name components."""
    by_name = {other.name: other for other in plan.components}
    named = [("gate", name) for name in (component.gate.components if component.gate else ())]
    for factor in component.factors:
        if factor.table is None:
            continue
        yield from _table_shape(factor.table, f"factor {factor.name}", fault)
        for axis in factor.table.axes:
            if axis.kind is AxisKind.FORMULA:
                what = "A factor belongs to a whole window and cannot look at single credits."
                yield fault("factor", f"factor {factor.name}", what, "Use attainments or scores.")
            elif axis.kind is AxisKind.ATTAINMENT:
                named.append((f"factor {factor.name}", axis.by))
    if component.gate is not None and not component.gate.components:
        yield fault("gate", "gate", "A gate needs at least one component.")
    for field, name in named:
        other = by_name.get(name)
        if other is None:
            close = difflib.get_close_matches(name, by_name, 1)
            hint = f"Do you mean {close[0]}?" if close else ""
            yield fault("gate", field, f"There is no component called {name!r}.", hint)
        elif other.window in (Window.LINE, Window.CONTRACT):
            yield fault("gate", field, f"{name} has no window with a quota.", "Give it month, quarter or year.")
        elif other.source.on_pay:
            yield fault("circular", field, f"{name} is paid on the pay of others and has no attainment.")


def _cap_findings(component: Component) -> Iterator[Finding]:
    """A cap that takes away what the plan promises at target."""
    table = component.rates
    if component.cap is None or table.basis is not Basis.ATTAINMENT or table.pays is not Pays.MEASURE:
        return
    if component.cap == 0:
        what = "The cap is zero: nothing is ever paid."
        yield Finding(Severity.WARNING, "cap", f"{component.name} › cap", what, "Leave the cap empty, or raise it.")


def _formula_findings(component: Component, schema: Schema) -> tuple[list[Finding], Kind | None]:
    """The faults of the formulas, and what the measure yields."""
    wants: Kind | tuple[Kind, ...] | None = measures_of(component)
    formulas: list[tuple[str, str, Kind | tuple[Kind, ...] | None]] = [("measure", component.measure, wants)]
    if component.filter.strip():
        formulas.append(("filter", component.filter, Kind.TRUTH))
    if component.contract.strip():
        formulas.append(("contract", component.contract, None))
    for number, axis in enumerate(component.lookup.axes if component.lookup else (), 1):
        formulas.append((f"lookup, axis {number}", axis.by, NUMBERS))
    found: list[Finding] = []
    kind: Kind | None = None
    for field, text, wants in formulas:
        try:
            formula = compile_formula(text, schema, wants=wants)
            kind = formula.kind if field == "measure" else kind
        except FaultsError as error:
            for fault in error.faults:
                place = f"{component.name} › {field}, {fault.where}"
                found.append(Finding(Severity.ERROR, "formula", place, fault.what, fault.way_out))
    return found, kind


NUMBERS: Final = (Kind.MONEY, Kind.EXACT, Kind.FLOAT)
"""What the axis of a lookup may yield."""


def measures_of(component: Component) -> Kind | tuple[Kind, ...]:
    """What a component's measure may yield: money, or a number of units where units are paid."""
    units = any(t.pays is Pays.AMOUNT or (t.pays is Pays.TARGET and t.stepped) for _, t in _tables(component))
    return (Kind.MONEY, Kind.EXACT, Kind.FLOAT) if units else Kind.MONEY


def _bound(plan: Plan, table: RateTable, value: int) -> str:
    return percent(value) if table.basis is Basis.ATTAINMENT else str(Money(value, plan.currency))


def percent(ppm: int) -> str:
    """Ppm as percent, without trailing zeros."""
    text = f"{ppm // 10_000}.{ppm % 10_000:04d}" if ppm >= 0 else f"-{-ppm // 10_000}.{-ppm % 10_000:04d}"
    return f"{text.rstrip('0').rstrip('.')} %"


def _table_findings(plan: Plan, where: str, table: RateTable) -> Iterator[Finding]:
    tiers = table.tiers
    if not tiers:
        yield Finding(Severity.ERROR, "tiers", where, "The rate table is empty.")
        return
    if table.mode is TierMode.FLAT and (len(tiers) != 1 or tiers[0].lower != 0 or tiers[0].upper is not None):
        what = "A flat rate has one tier, from zero without end."
        yield Finding(Severity.ERROR, "tiers", where, what, "Choose marginal or retroactive tiers.")
    if table.mode is TierMode.OWN_OUTPUT:
        yield from _slide_findings(table, where)
    if table.stepped:
        yield from _step_findings(table, where)
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
    yield from _joint_findings(plan, where, table)


def _joint_findings(plan: Plan, where: str, table: RateTable) -> Iterator[Finding]:
    """Gaps and overlaps."""
    for i, (below, above) in enumerate(pairwise(table.tiers)):
        if below.upper is None or below.upper == above.lower:
            continue
        ends, begins = _bound(plan, table, below.upper), _bound(plan, table, above.lower)
        place = f"{where}, tiers {i + 1} and {i + 2}"
        way_out = "Let each tier begin where the one before ends."
        if below.upper < above.lower:
            yield Finding(Severity.ERROR, "gap", place, f"Nothing is said between {ends} and {begins}.", way_out)
        else:
            yield Finding(Severity.ERROR, "overlap", place, f"Two tiers claim {begins} to {ends}.", way_out)


def _step_findings(table: RateTable, where: str) -> Iterator[Finding]:
    if table.mode is TierMode.CURVE and len(table.tiers) < 2:
        yield Finding(Severity.ERROR, "tiers", where, "A curve needs at least two points.")
    if table.pays is Pays.MEASURE:
        what = "A step pays an amount or a share of the target incentive, not of what is measured."
        yield Finding(Severity.ERROR, "pays", where, what, "Choose marginal or retroactive tiers, or what steps pay.")


def _slide_findings(table: RateTable, where: str) -> Iterator[Finding]:
    """What a scale on the company's own share cannot be."""
    if table.basis is not Basis.AMOUNT or table.pays is not Pays.MEASURE:
        what = "A scale on the company's own share has bounds in money and pays shares of money."
        yield Finding(Severity.ERROR, "basis", where, what, "Choose tiers by amount.")
    if table.tiers[0].lower != 0:
        yield Finding(Severity.ERROR, "bound", where, "A scale on the company's own share begins at zero.")
    if any(tier.rate >= PPM for tier in table.tiers[:-1]) or table.tiers[-1].rate > PPM:
        what = "Where the person keeps everything, the company receives nothing and the next tier is never reached."
        yield Finding(Severity.ERROR, "unreachable", where, what, "Only the last tier may be 100 %.")


def _curve_findings(plan: Plan, where: str, table: RateTable) -> Iterator[Finding]:
    """What the pay curve does: jumps, falls, ends."""
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
        limits = bounds(table, Terms(quota))
        edge = int(limits.lower[i][0]) + (1 if table.boundary is BoundarySide.LOWER else 0)
        ends = earned(table, Terms(quota), np.array([edge - 1, edge], dtype=np.int64)).num
        jump = int(ends[1] - ends[0]) // PPM
        size = percent(jump * PPM // unit) + " of the quota" if table.basis is Basis.ATTAINMENT else ""
        size = size or str(Money(jump, plan.currency))
        what = f"One more unit of money at {at} raises the pay by {size}."
        yield Finding(Severity.NOTE, "cliff", place, what)
    if table.basis is Basis.AMOUNT and table.boundary is BoundarySide.LOWER and len(tiers) > 1:
        yield Finding(Severity.NOTE, "boundary", where, "A total exactly on a bound is paid at the lower tier.")
