"""Leaps of pay: where one more minor unit of sales, or one person's quota reached, brings more than a chosen sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.levels import needs_quota
from salesops_desktop.commission.plan import Basis, BoundarySide, Component, Pays, Plan, RateTable
from salesops_desktop.commission.tiers import Terms, bounds, earned
from salesops_desktop.expressions.rational import divide
from salesops_desktop.model.money import PPM, Money, divide_half_up

Ints = npt.NDArray[np.int64]
Stakes = Sequence[tuple[int, int, str]]
"""(quota, target incentive, whose) in minor units of the plan's currency; whose may be empty."""


def leaps(component: Component, table: RateTable, quota: Ints, target: Ints) -> list[Ints]:
    """How much more each tier pays at its lower bound than one minor unit (or millionth) below it.

    Args:
        component: its factors at 100 %, its cap left out.
        table: sound rates of it.
        quota: minor units, [n].
        target: the target incentive it stands for, minor units, [n].

    Returns:
        Minor units per tier, each [n].
    """
    terms = Terms(quota, target)
    limits = bounds(table, terms)
    step = 1 if table.boundary is BoundarySide.LOWER else 0
    found = []
    for tier in range(len(table.tiers)):
        edge = np.broadcast_to(limits.lower[tier], quota.shape).astype(np.int64) + step
        ends = []
        for measured in (edge - 1, edge):
            pay = earned(table, terms, measured)
            ends.append(np.broadcast_to(divide(pay.num, pay.den, component.rounding), quota.shape).astype(np.int64))
        found.append(ends[1] - ends[0])
    return found


def cliff_findings(plan: Plan, least: int, stakes: Mapping[str, Stakes] | None = None) -> tuple[Finding, ...]:
    """Every tier of ``plan`` at whose bound the pay leaps by ``least`` or more.

    Args:
        plan: with sound rate tables.
        least: minor units of the plan's currency, above zero.
        stakes: component's name → the quotas and target incentives to try; tables that need them are left out
            without any.
    """
    found = []
    for component in plan.components:
        if component.lookup is not None:
            continue
        tables = [("rates", component.rates)]
        if component.gate is not None and component.gate.otherwise is not None:
            tables.append(("gate › rates", component.gate.otherwise))
        for field, table in tables:
            found += _of_table(plan, component, field, table, least, (stakes or {}).get(component.name, ()))
    return tuple(found)


def _of_table(
    plan: Plan, component: Component, field: str, table: RateTable, least: int, stakes: Stakes
) -> list[Finding]:
    if not needs_quota(table) and table.pays is not Pays.TARGET:
        stakes = ((0, 0, ""),)
    if not stakes or not table.tiers:
        return []
    quota = np.array([q for q, _, _ in stakes], dtype=np.int64)
    target = np.array([divide_half_up(t * component.weight, PPM) for _, t, _ in stakes], dtype=np.int64)
    found = []
    for i, leap in enumerate(leaps(component, table, quota, target)):
        at = int(np.argmax(leap))
        if int(leap[at]) < least:
            continue
        whose = f" for {stakes[at][2]}" if stakes[at][2] else ""
        many = int((leap >= least).sum())
        others = f" ({many:,} people leap by {Money(least, plan.currency)} or more)" if many > 1 else ""
        bound = table.tiers[i].lower
        where = f"{bound / 10_000:g} %" if table.basis is Basis.ATTAINMENT else "the bound"
        what = f"Reaching {where} raises the pay by {Money(int(leap[at]), plan.currency)} at once{whose}{others}."
        place = f"{component.name} › {field}, tier {i + 1}"
        found.append(Finding(Severity.WARNING, "cliff", place, what, "Use marginal tiers, or mean it."))
    return found
