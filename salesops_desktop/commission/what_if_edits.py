"""What a scenario changes, written out: plans, quotas and credits as a run would be given them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.plan import Component, Lookup, Plan, PlanAssignment, Quota, RateTable, Source
from salesops_desktop.commission.records import Credits
from salesops_desktop.expressions.rational import divide, product, to_int64, whole
from salesops_desktop.model.money import PPM, divide_half_up
from salesops_desktop.model.periods import Period
from salesops_desktop.model.tables import Column, Table, ValueKind

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A change of what a period is paid by; shares in ppm, 1,000,000 leaves things as they are.

    Attributes:
        rates: of every rate, each rounded half up to the millionth.
        accelerators: of the rates of all tiers but the first, on top of ``rates``.
        quotas: of the quotas of the people concerned, each entry rounded half up to the minor unit.
        volume: of the money on the credits of those people in the period, each amount rounded half up.
        cap: most that a window of each component pays, minor units; None leaves the plans' caps.
        plan: only this plan and its people; all when empty.
    """

    rates: int = PPM
    accelerators: int = PPM
    quotas: int = PPM
    volume: int = PPM
    cap: int | None = None
    plan: str = ""


def people_of(assignments: Iterable[PlanAssignment], plan: str) -> frozenset[int] | None:
    """Whom a scenario concerns; None for everybody."""
    return frozenset(a.person for a in assignments if a.plan == plan) if plan else None


def edited_plans(plans: Sequence[Plan], scenario: Scenario) -> tuple[Plan, ...]:
    """The plans as a scenario has them."""
    return tuple(edited_plan(p, scenario) if scenario.plan in ("", p.name) else p for p in plans)


def edited_plan(plan: Plan, scenario: Scenario) -> Plan:
    """A plan as a scenario has it."""
    return replace(plan, components=tuple(_component(c, scenario) for c in plan.components))


def _component(component: Component, scenario: Scenario) -> Component:
    if component.carves or component.source is Source.GIVEN_UP:
        return component  # a pool is divided as before, whatever it comes to
    gate, lookup = component.gate, component.lookup
    if gate is not None and gate.otherwise is not None:
        gate = replace(gate, otherwise=_table(gate.otherwise, scenario))
    if lookup is not None:
        lookup = Lookup(lookup.axes, tuple(divide_half_up(v * scenario.rates, PPM) for v in lookup.values))
    cap = component.cap if scenario.cap is None else scenario.cap
    return replace(component, rates=_table(component.rates, scenario), gate=gate, lookup=lookup, cap=cap)


def _table(table: RateTable, scenario: Scenario) -> RateTable:
    def rate(place: int, value: int) -> int:
        more = scenario.accelerators if place else PPM
        return divide_half_up(value * scenario.rates * more, PPM * PPM)

    return replace(table, tiers=tuple(replace(t, rate=rate(i, t.rate)) for i, t in enumerate(table.tiers)))


def edited_quotas(quotas: Sequence[Quota], share: int, people: Collection[int] | None = None) -> tuple[Quota, ...]:
    """The quotas with those of ``people`` (None: of everybody) at ``share`` ppm of what is entered."""
    return tuple(
        replace(q, amount=divide_half_up(q.amount * share, PPM)) if people is None or q.person in people else q
        for q in quotas
    )


def sold_in(credits_in: Credits, period: Period, people: Collection[int] | None = None) -> npt.NDArray[np.bool_]:
    """Which credits a change of the volume concerns: those of ``people`` dated in ``period``."""
    days = credits_in.date.astype("datetime64[D]")
    found: npt.NDArray[np.bool_] = (days >= _day(period.start)) & (days <= _day(period.end))
    return found if people is None else found & np.isin(credits_in.person, list(people))


def edited_credits(credits_in: Credits, period: Period, volume: int, people: Collection[int] | None = None) -> Credits:
    """The credits with all money on those of ``people`` in ``period`` at ``volume`` ppm."""
    chosen = sold_in(credits_in, period, people)
    fields = credits_in.fields
    if fields is not None:
        fields = scaled_table(fields, chosen, volume)
    return replace(credits_in, amount=scaled(credits_in.amount, chosen, volume), fields=fields)


def scaled_table(table: Table, chosen: npt.NDArray[np.bool_], volume: int) -> Table:
    """A table with the money of the chosen rows at ``volume`` ppm."""
    return replace(table, columns=tuple(scaled_column(column, chosen, volume) for column in table.columns))


def scaled_column(column: Column, chosen: npt.NDArray[np.bool_], volume: int) -> Column:
    """A column, if of money with the chosen rows at ``volume`` ppm."""
    if column.kind is not ValueKind.MONEY:
        return column
    return replace(column, values=scaled(column.values.astype(np.int64), chosen, volume))


def scaled(amounts: Ints, chosen: npt.NDArray[np.bool_], volume: int) -> Ints:
    """Amounts with the chosen ones at ``volume`` ppm, each rounded half up."""
    changed = to_int64(divide(product(amounts, whole(volume)), whole(PPM)), "An amount")
    return changed if chosen.all() else np.where(chosen, changed, amounts)


def _day(day: date) -> np.datetime64:
    return np.datetime64(day)
