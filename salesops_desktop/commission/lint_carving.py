"""What does not go together where managers' parts are carved out of what their people earn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from salesops_desktop.commission.findings import Finding, Severity
from salesops_desktop.commission.plan import (
    Component,
    Pays,
    Plan,
    PlanAssignment,
    Reporting,
    RoundingStage,
    Source,
    TierMode,
)
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period


def carving_findings(plan: Plan, component: Component, fault: Callable[..., Finding]) -> Iterator[Finding]:
    """The faults of a component that carves a part out, or says that parts are given up."""
    gives = component.source is Source.GIVEN_UP
    if component.carve is not None and component.source is not Source.TEAM_PAY:
        yield fault("carve", "carve", "Only the pay of the team can be carved.", "Count the pay of the team.")
    elif component.carve is not None and not 0 < component.carve <= PPM:
        yield fault("carve", "carve", "A part of a pool lies between 0 and 100 %.")
    if not (gives or component.carves):
        return
    if not _whole(component):
        what = "What is carved out for one is taken off another: it is paid as it is, at 100 %, without limits."
        yield fault("carve", "rates", what, "Let it pay one rate of 100 %, without caps, floors, gates or factors.")
    if gives and next(c.name for c in plan.components if c.source is Source.GIVEN_UP) != component.name:
        yield fault("carve", "source", "A second component says what is given up.", "Keep one of them.")
    if gives and component.filter.strip():
        what = "Which credits are carved is said by the managers' component."
        yield fault("carve", "filter", what, "Leave the filter empty here.")


def keepers(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    reports: Sequence[Reporting],
    period: Period,
    names: Mapping[int, str] | None = None,
) -> tuple[Finding, ...]:
    """Plans that give nothing up although somebody above their people carves: those people keep all they earn."""
    carving = {plan.name for plan in plans if any(c.carves for c in plan.components)}
    closed = {p.name for p in plans if all(c.source is not Source.GIVEN_UP for c in p.components)}
    now = [a for a in assignments if a.start <= period.end and (a.end is None or a.end >= period.start)]
    above = {a.person for a in now if a.plan in carving}
    lines = [r for r in reports if r.start <= period.end and (r.end is None or r.end >= period.start)]
    below: set[int] = set()
    edge = above
    while edge:
        edge = {line.person for line in lines if line.manager in edge} - below
        below |= edge
    found = []
    for name in sorted(closed & {a.plan for a in now if a.person in below}):
        who = sorted(
            {(names or {}).get(a.person, f"person {a.person}") for a in now if a.plan == name and a.person in below}
        )
        shown = ", ".join(who[:10]) + (f" and {len(who) - 10} more" if len(who) > 10 else "")
        what = f"Managers carve a part out of what {shown} earn, but the plan gives nothing up: they keep it all."
        way_out = "Add a component that counts what is given up to managers, or mean it."
        found.append(Finding(Severity.WARNING, "carve", name, what, way_out))
    return tuple(found)


def _whole(component: Component) -> bool:
    rates = component.rates
    return (
        rates.mode is TierMode.FLAT
        and [tier.rate for tier in rates.tiers] == [PPM]
        and rates.pays is Pays.MEASURE
        and component.lookup is None
        and not component.factors
        and component.gate is None
        and component.cap is component.deal_cap is component.deal_floor is None
        and component.stage is RoundingStage.TELESCOPING
        and component.timing is None
    )
