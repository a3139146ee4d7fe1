"""What must be sold to earn a sum, exact to the minor unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from salesops_desktop.commission import Credits, Plan, Source
from salesops_desktop.commission.goal_seek import least_for
from salesops_desktop.jobs.commission_facts import load_facts
from salesops_desktop.jobs.commission_inputs import Inputs, PayOn, inputs_of, relevant
from salesops_desktop.jobs.commission_items import exact_minor
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.jobs.territory_scenarios import person_called
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.tables import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """What pays a sum."""

    person: str
    period: str
    now: Money
    """What the period pays as things stand."""
    wanted: Money
    more: Money
    """The least further booking that pays it."""
    then: Money
    """What the period pays with it."""
    almost: Money
    """What it pays with one minor unit less."""

    def summary(self) -> Sequence[str]:
        """The answer, and the proof that it is the least."""
        if not self.more.minor:
            return [f"{self.period} pays {self.person} {self.now} already."]
        return [
            f"{self.period} pays {self.person} {self.now} so far.",
            f"{self.more} more, booked by its last day, pay {self.then}; one unit less pays {self.almost}.",
        ]

    def tables(self) -> Sequence[Table]:
        """No tables."""
        return []


@job(
    "commissions goal-seek",
    title="Find what pays a sum",
    group="commissions",
    examples=("commissions goal-seek company.salesops 2026-09 'Ana Weller' 8000",),
)
def goal_seek(context: JobContext, period: str, person: str, amount: str, *, plan: str = "") -> Goal:
    """Find the least further booking with which a period pays a person a sum, exact to the minor unit.

    The booking is taken to be like the person's latest one in everything but its amount.

    Args:
        period: such as 2026-09.
        person: the person's name.
        amount: what is to be earned in the period, in the plan's currency.
        plan: the plan, where several pay the person.
    """
    with context.workspace.read() as connection:
        who = person_called(connection, person)
        inputs, wanted, calendar = _inputs(connection, period)
    chosen = _plan_of(inputs, who, wanted, person, plan)
    goal = exact_minor(amount, chosen.currency)
    inputs = _about(inputs, who, chosen, wanted)
    known: dict[int, int] = {}

    def pay(more: int) -> int:
        if more not in known:
            context.progress(0, 0, "Trying")
            result = _with_booking(inputs, who, more, chosen.currency, wanted).calculate(wanted, calendar)
            known[more] = result.totals().get((who, chosen.currency), 0)
        return known[more]

    least = least_for(pay, goal, farthest=10**13)
    made = [Money(minor, chosen.currency) for minor in (pay(0), goal, least, pay(least), pay(max(least - 1, 0)))]
    return Goal(person, wanted.label, *made)


def _inputs(connection: Connection, period: str) -> tuple[Inputs, Period, FiscalCalendar]:
    calendar = company(connection).calendar
    wanted = calendar.parse(period)
    return inputs_of(relevant(load_facts(connection, PayOn.BOOKING.value), wanted, calendar)), wanted, calendar


def _plan_of(inputs: Inputs, who: int, period: Period, name: str, plan: str) -> Plan:
    held = {
        a.plan
        for a in inputs.assignments
        if a.person == who and a.start <= period.end and (a.end is None or a.end >= period.end)
    }
    found = [p for p in inputs.plans if p.name in held and plan in ("", p.name)]
    if len(found) != 1:
        said = f"{name} is paid by {len(found)} plans on {period.end}." if found else f"No plan pays {name} then."
        raise InputRefusedError(said, way_out="Say which plan (--plan), or another period.")
    return found[0]


def _about(inputs: Inputs, who: int, plan: Plan, period: Period) -> Inputs:
    """Only what one person's pay by one plan rests on, and one more credit at the end to vary."""
    credits_in = inputs.credits
    own = np.flatnonzero((credits_in.person == who) & (credits_in.date <= np.datetime64(period.end)))
    if not len(own):
        raise InputRefusedError(
            "The person has no booking yet in the year.", way_out="Take a period with bookings as an example."
        )
    latest = own[np.argmax(credits_in.date[own])]
    team = any(component.source is not Source.OWN for component in plan.components)
    rows = np.append(np.arange(len(credits_in)) if team else own, latest)
    kept = [a for a in inputs.assignments if team or (a.person == who and a.plan == plan.name)]
    plans = inputs.plans if team else (plan,)
    return replace(inputs, plans=plans, assignments=tuple(kept), credits=credits_in.take(rows))


def _with_booking(inputs: Inputs, who: int, amount: int, currency: str, period: Period) -> Inputs:
    given = inputs.credits
    key, person, date, number = given.key.copy(), given.person.copy(), given.date.copy(), given.transaction.copy()
    amounts, currencies = given.amount.copy(), given.currency.copy()
    key[-1], person[-1], date[-1] = int(key.max()) + 1, who, np.datetime64(period.end)
    number[-1], amounts[-1], currencies[-1] = "\uffff", amount, currency
    made = Credits(key, person, date, number, amounts, currencies, given.line, given.split, given.fields)
    return replace(inputs, credits=made)
