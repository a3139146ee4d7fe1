"""What a component pays as sales rise, by asking the real pay curve: falls, jumps, tiers never reached, the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.levels import needs_quota
from salesops_desktop.commission.plan import Basis, Component, Pays, Plan, RateTable, TierMode
from salesops_desktop.commission.tiers import Terms, bounds, earned, multiplied
from salesops_desktop.expressions.rational import divide
from salesops_desktop.model.money import PPM, Money

Ints = npt.NDArray[np.int64]
Name = TypeVar("Name", int, str)
_UNIT = PPM * 100
"""A quota of this size makes bounds by attainment whole."""


def pays_at(component: Component, table: RateTable, measured: Ints, quota: int = _UNIT, target: int = _UNIT) -> Ints:
    """What ``component`` pays for these totals by ``table``, its cap included and its factors at 100 %."""
    terms = Terms(np.array([quota], dtype=np.int64), np.array([target], dtype=np.int64))
    pay = multiplied(component, earned(table, terms, measured), terms)
    return np.broadcast_to(divide(pay.num, pay.den), measured.shape).astype(np.int64)


def at_quota(component: Component, quota: int, target: int) -> int | None:
    """What reaching the quota pays without the cap; None where the quota plays no part."""
    table = component.rates
    if not needs_quota(table):
        return None
    free = Component(component.name, table)
    return int(pays_at(free, table, np.array([quota], dtype=np.int64), quota, target)[0])


def pay_findings(plan: Plan, component: Component) -> Iterator[Finding]:
    """Falls, jumps, tiers out of reach, and the target at 100 %; the rate table is sound."""
    table = component.rates
    if component.lookup is not None or not table.tiers:
        return
    where = f"{component.name} › rates"
    terms = Terms(np.array([_UNIT], dtype=np.int64), np.array([_UNIT], dtype=np.int64))
    lowers = [int(np.asarray(lower)[0]) for lower in bounds(table, terms).lower]
    free = Component(component.name, table)
    if table.mode not in (TierMode.RETROACTIVE, TierMode.OWN_OUTPUT):
        yield from _falls(plan, component, table, lowers)
    if (
        component.cap is not None
        and component.cap > 0
        and table.basis is Basis.AMOUNT
        and table.pays is not Pays.TARGET
    ):
        before = pays_at(free, table, np.array(lowers, dtype=np.int64) - 1)
        for i, (lower, pay) in enumerate(zip(lowers, before.tolist(), strict=True)):
            if i and lower and pay >= component.cap:
                what = f"The cap of {Money(component.cap, plan.currency)} is reached before this tier begins."
                place = f"{where}, tier {i + 1}"
                yield Finding(Severity.WARNING, "unreachable", place, what, "Raise the cap, or drop the tier.")
                break
    if table.pays is Pays.TARGET and table.basis is Basis.ATTAINMENT:
        reached = int(pays_at(free, table, np.array([_UNIT], dtype=np.int64))[0])
        if reached != _UNIT:
            what = f"At 100 % of the quota {reached / _UNIT:.2%} of the target incentive are paid."
            way_out = "Let the tiers up to 100 % come to 100 % of the target incentive, or mean it."
            yield Finding(Severity.WARNING, "target", where, what, way_out)
    for i in range(1, len(table.tiers)):
        if table.tiers[i].rate == table.tiers[i - 1].rate and table.mode is not TierMode.CURVE:
            what = "The tier pays as the one before."
            yield Finding(Severity.NOTE, "idle tier", f"{where}, tier {i + 1}", what, "Join the two.")


def _falls(plan: Plan, component: Component, table: RateTable, lowers: list[int]) -> Iterator[Finding]:
    top = lowers[-1] * 2 + 10
    points = sorted({p for low in lowers for p in (low - 1, low, low + 1, low + 1000) if p >= 0} | {0, top})
    spread = sorted({*points, *(int(p) for p in np.linspace(0, top, 41))})
    pays = pays_at(component, table, np.array(spread, dtype=np.int64)).tolist()
    # Rounding may move neighbours by one minor unit.
    for low, high, before, after in zip(spread, spread[1:], pays, pays[1:], strict=False):
        if after < before - 1:
            at = f"{high / _UNIT:.2%}" if table.basis is Basis.ATTAINMENT else str(Money(high, plan.currency))
            what = f"Pay falls when sales reach {at}."
            tier = sum(lower <= high for lower in lowers)
            place = f"{component.name} › rates, tier {max(tier, 1)}"
            yield Finding(Severity.WARNING, "falling", place, what, "Let the values rise with the tiers.")
            return
        if low + 1 == high and high in lowers and table.mode is TierMode.WHOLE_OVERAGE and after - before > 100:
            what = f"One more unit of money raises the pay by {Money(after - before, plan.currency)}."
            place = f"{component.name} › rates, tier {lowers.index(high) + 1}"
            yield Finding(Severity.NOTE, "cliff", place, what)


def weight_findings(plan: Plan) -> Iterator[Finding]:
    """Parts of the target incentive that do not make the whole."""
    parts = [c for c in plan.components if c.rates.pays is Pays.TARGET]
    together = sum(c.weight for c in parts)
    if parts and together != PPM:
        what = f"The weights of the components that pay the target incentive add up to {together / PPM:.2%}."
        yield Finding(Severity.WARNING, "weights", "components", what, "Let them add up to 100 %.")


def circles(plan: Plan) -> Iterator[Finding]:
    """Components whose gates wait for each other, however many stand in the circle.

    A hurdle that several components share names them all, itself included: that is no circle.
    """
    gates = {c.name: set(c.gate.components) if c.gate else set() for c in plan.components}
    waits = {name: {other for other in named if other in gates} for name, named in gates.items() if name not in named}
    for ring in rings(waits):
        if len(ring) == 2:
            what = f"{ring[0]} and {ring[1]} each wait for the other."
        else:
            pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
            what = f"{', '.join(f'{one} waits for {other}' for one, other in pairs)}."
        yield Finding(Severity.WARNING, "circular", f"{ring[0]} › gate", what, "Let one of them go first.")


def rings(waits: Mapping[Name, Collection[Name]]) -> list[list[Name]]:
    """Circles in who waits for whom: a shortest one through the first of each knot, from its smallest member on."""
    found: list[list[Name]] = []
    told: set[Name] = set()
    for start in sorted(waits):
        if start in told:
            continue
        came: dict[Name, Name] = {}
        queue = [start]
        for at in queue:
            for other in sorted(waits.get(at, ())):
                if other == start:
                    ring = [at]
                    while ring[-1] != start:
                        ring.append(came[ring[-1]])
                    ring.reverse()
                    found.append(ring)
                    told.update(ring)
                    queue.clear()
                    break
                if other not in came and other in waits:
                    came[other] = at
                    queue.append(other)
    return found
