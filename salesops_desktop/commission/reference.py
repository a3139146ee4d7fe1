"""The same calculation once more: one credit at a time, in fractions, sharing nothing with the array engine.

Slow on purpose. Tests and runs compare it with :func:`~salesops_desktop.commission.calculate.calculate`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from salesops_desktop.commission.exchange import ExchangeRate
from salesops_desktop.commission.plan import (
    Component,
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    Score,
    Source,
    TargetIncentive,
)
from salesops_desktop.commission.records import Credits
from salesops_desktop.commission.reference_carving import divided
from salesops_desktop.commission.reference_facts import Everything, every_credit
from salesops_desktop.commission.reference_people import People, line_pay
from salesops_desktop.commission.reference_rates import half_up
from salesops_desktop.model.periods import FiscalCalendar, Period

Key = tuple[int, str, str, int]
"""(person, plan, component, credit key)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a run pays."""

    lines: dict[Key, int]
    extras: dict[tuple[int, str, str, dt.date], int]
    """By (person, plan, component, first day of the window)."""


def reference(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    credits_in: Credits,
    quotas: Sequence[Quota],
    period: Period,
    *,
    calendar: FiscalCalendar | None = None,
    rates: Iterable[ExchangeRate] = (),
    targets: Sequence[TargetIncentive] = (),
    scores: Sequence[Score] = (),
    reports: Sequence[Reporting] = (),
) -> Reference:
    """Minor units per payout line; the arguments are those of the engine, exchange rates as plain records."""
    given = Everything(quotas, period, calendar or FiscalCalendar(), list(rates), targets, scores, reports)
    result = Reference({}, {})
    every = every_credit(credits_in)
    earned: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    late: list[tuple[Plan, Component]] = []
    for plan in plans:
        people = People(plan, assignments, every, credits_in, given)
        for component in plan.components:
            if component.source.on_pay:
                if component.source is Source.TEAM_PAY and not component.carves:
                    late.append((plan, component))
                continue
            lines, extras = people.component(component)
            result.extras.update(extras)
            for (person, key), pay in lines.items():
                result.lines[person, plan.name, component.name, key] = pay
                if component.source is Source.OWN:
                    earned[person, key].append((pay, plan.currency))
    for plan, component in late:
        people = People(plan, assignments, every, credits_in, given)
        for (person, key), pay in people.override(component, earned).items():
            result.lines[person, plan.name, component.name, key] = pay
    _carve(
        result, plans, [People(p, assignments, every, credits_in, given) for p in sorted(plans, key=lambda p: p.name)]
    )
    return result


def _carve(result: Reference, plans: Sequence[Plan], people: Sequence[People]) -> None:
    """Add what managers carve out of the pools, and what their people give up."""
    own = {(plan.name, c.name) for plan in plans for c in plan.components if c.source is Source.OWN}
    giving = {plan.name: c for plan in plans for c in plan.components if c.source is Source.GIVEN_UP}
    pools: dict[tuple[int, str, int], int] = defaultdict(int)
    for (person, plan, component, key), pay in result.lines.items():
        if (plan, component) in own and plan in giving:
            pools[person, plan, key] += pay
    sums: dict[Key, int] = defaultdict(int)
    for (person, plan, key), pool in pools.items():
        currency = next(p.currency for p in plans if p.name == plan)
        claims = [claim for one in people for claim in one.claims(person, key, currency)]
        for claim, part in divided(pool, person, claims):
            sums[claim.person, claim.plan, claim.component, key] += half_up(part * claim.rate)
            sums[person, plan, giving[plan].name, key] -= part
    for (person, plan, component, key), amount in sums.items():
        one = next(one for one in people if one.plan.name == plan)
        paying = next(c for c in one.plan.components if c.name == component)
        owed = one.curve(paying, person, one.given.period, one.given.period.end)
        if owed is not None:
            pay = line_pay(paying, owed(0, Fraction(0)), owed(amount, Fraction(0)))
            result.lines[person, plan, component, key] = pay
