"""The same calculation once more: one credit at a time, in fractions, sharing nothing with the array engine.

Slow on purpose. Tests and runs compare it with :func:`~salesops_desktop.commission.calculate.calculate`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from salesops_desktop.commission.exchange import ExchangeRate, RateDay
from salesops_desktop.commission.plan import (
    Axis,
    AxisKind,
    Basis,
    Component,
    Lookup,
    Pays,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    Reporting,
    RoundingStage,
    Score,
    Source,
    TargetIncentive,
    Window,
)
from salesops_desktop.commission.records import Credits
from salesops_desktop.commission.reference_carving import Claim, divided
from salesops_desktop.commission.reference_rates import half_up, pay_for, round_fraction
from salesops_desktop.expressions import KIND_OF, Formula, Kind, Scalar, compile_formula
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import Column, ValueKind

Key = tuple[int, str, str, int]
"""(person, plan, component, credit key)."""


@dataclass(frozen=True, slots=True)
class _Credit:
    key: int
    person: int
    date: dt.date
    transaction: str
    line: int
    split: int
    amount: int
    row: dict[str, tuple[Scalar, str | None]]
    """Values in major units with the currency of money."""


@dataclass(frozen=True, slots=True)
class Everything:
    """All that the reference is given besides plans, people and credits."""

    quotas: Sequence[Quota]
    period: Period
    calendar: FiscalCalendar
    rates: list[ExchangeRate]
    targets: Sequence[TargetIncentive]
    scores: Sequence[Score]
    reports: Sequence[Reporting]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a run pays."""

    lines: dict[Key, int]
    extras: dict[tuple[int, str, str, dt.date], int]
    """By (person, plan, component, first day of the window)."""


Members = list[tuple[_Credit, int, Fraction]]
"""Credits of one window as they accumulate, with what is measured and the looked-up rate."""


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
    every = sorted((_credit(credits_in, i) for i in range(len(credits_in))), key=_place)
    earned: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    late: list[tuple[Plan, Component]] = []
    for plan in plans:
        people = _People(plan, assignments, every, credits_in, given)
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
        people = _People(plan, assignments, every, credits_in, given)
        for (person, key), pay in people.override(component, earned).items():
            result.lines[person, plan.name, component.name, key] = pay
    _carve(
        result, plans, [_People(p, assignments, every, credits_in, given) for p in sorted(plans, key=lambda p: p.name)]
    )
    return result


def _carve(result: Reference, plans: Sequence[Plan], people: Sequence[_People]) -> None:
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
            pay = _between(paying, owed(0, Fraction(0)), owed(amount, Fraction(0)))
            result.lines[person, plan, component, key] = pay


def _place(credit: _Credit) -> tuple[object, ...]:
    return (credit.date, credit.transaction, credit.line, credit.split, credit.amount, credit.key)


class _People:
    """Those who are paid by one plan."""

    def __init__(
        self,
        plan: Plan,
        assignments: Sequence[PlanAssignment],
        every: Sequence[_Credit],
        credits_in: Credits,
        given: Everything,
    ) -> None:
        self.plan, self.assignments, self.every, self.given = plan, assignments, every, given
        self.schema = credits_in.schema

    def rate_day(self, day: dt.date) -> dt.date:
        """The day whose exchange rates hold for a credit."""
        match self.plan.rate_day:
            case RateDay.PLAN_START:
                return self.plan.effective_from
            case RateDay.YEAR_START:
                return self.given.calendar.containing(day, PeriodKind.YEAR).start
            case RateDay.QUARTER_END:
                return self.given.calendar.containing(day, PeriodKind.QUARTER).end
            case RateDay.MONTH_END:
                return self.given.calendar.containing(day, PeriodKind.MONTH).end
        return day

    def windows(self, component: Component) -> dict[tuple[int, object], Members]:
        """What counts, by (person, window)."""
        found: dict[tuple[int, object], Members] = defaultdict(list)
        measure = compile_formula(component.measure, self.schema)
        condition = compile_formula(component.filter, self.schema) if component.filter.strip() else None
        for credit in self.every:
            if credit.date > self.given.period.end:
                continue
            people = [credit.person]
            if component.source is Source.TEAM_CREDITS:
                people = _above(self.given.reports, credit.person, credit.date, component.depth)
            for person in people:
                if not _covered(self.plan, self.assignments, person, credit.date):
                    continue
                row = _in_currency(credit, self.plan.currency, self.given.rates, self.rate_day(credit.date))
                if row is None or (condition is not None and not _value(condition, row)):
                    continue
                value, rate = _value(measure, row), Fraction(0)
                if component.lookup is not None and value is not None:
                    points = [_value(compile_formula(axis.by, self.schema), row) for axis in component.lookup.axes]
                    if any(point is None for point in points):
                        continue
                    rate = Fraction(_in_table(component.lookup, [_number(point) for point in points]))
                if value is None:
                    continue
                scale = 10 ** exponent(self.plan.currency) if measure.kind is Kind.MONEY else 10**6
                window = self.window(component, credit, row)
                found[person, window].append((credit, half_up(_number(value) * scale), rate))
        return found

    def window(self, component: Component, credit: _Credit, row: Mapping[str, Scalar]) -> object:
        """What tells one window from another."""
        if component.window is Window.CONTRACT:
            return str(_value(compile_formula(component.contract, self.schema), row))
        if component.window is Window.LINE:
            return credit.key
        return self.given.calendar.containing(credit.date, PeriodKind(component.window.value)).start

    def span(self, component: Component, window: object) -> Period:
        """The period whose quota, target and scores hold."""
        if isinstance(window, dt.date):
            return self.given.calendar.containing(window, PeriodKind(component.window.value))
        return self.given.period

    def component(
        self, component: Component
    ) -> tuple[dict[tuple[int, int], int], dict[tuple[int, str, str, dt.date], int]]:
        """Pay by (person, credit key), and the extras."""
        period = self.given.period
        windows = self.windows(component)
        lines: dict[tuple[int, int], int] = {}
        for (person, window), members in windows.items():
            span = self.span(component, window)
            owed = self.curve(component, person, span, min(period.end, span.end))
            if owed is None:
                continue
            before, weighted = 0, Fraction(0)
            for credit, amount, rate in members:
                after, heavier = before + amount, weighted + amount * rate
                if credit.date in period:
                    low, high = owed(before, weighted), owed(after, heavier)
                    lines[person, credit.key] = _between(component, low, high)
                before, weighted = after, heavier
        extras = {}
        if component.window in (Window.MONTH, Window.QUARTER, Window.YEAR):
            for person, span in self.present(component):
                pay = self.worth(component, person, span, windows.get((person, span.start), []))
                if pay:
                    extras[person, self.plan.name, component.name, span.start] = pay
        return lines, extras

    def present(self, component: Component) -> set[tuple[int, Period]]:
        """Everybody who is paid by the plan on a day of the period, with the window of that day."""
        found = set()
        for person in {a.person for a in self.assignments}:
            for i in range(self.given.period.days):
                day = self.given.period.start + dt.timedelta(days=i)
                if _covered(self.plan, self.assignments, person, day):
                    found.add((person, self.given.calendar.containing(day, PeriodKind(component.window.value))))
        return found

    def worth(self, component: Component, person: int, span: Period, members: Members) -> int:
        """What the window's total before the period is worth now, less what it was worth the day before."""
        period = self.given.period
        measured, weighted = 0, Fraction(0)
        for credit, amount, rate in members:
            if credit.date < period.start:
                measured, weighted = measured + amount, weighted + amount * rate
        now = self.curve(component, person, span, min(period.end, span.end))
        if now is None:
            return 0
        value = round_fraction(now(measured, weighted), component.rounding)
        if period.start > span.start:
            then = self.curve(component, person, span, period.start - dt.timedelta(days=1))
            return value - (0 if then is None else round_fraction(then(measured, weighted), component.rounding))
        if component.gate is None and not component.factors and not _pays_nothing_sold(component):
            return 0
        return value

    def override(
        self, component: Component, earned: Mapping[tuple[int, int], list[tuple[int, str]]]
    ) -> dict[tuple[int, int], int]:
        """What managers earn on the pay of their people."""
        sums: dict[tuple[int, int], int] = defaultdict(int)
        by_key = {credit.key: credit for credit in self.every}
        condition = compile_formula(component.filter, self.schema) if component.filter.strip() else None
        for (person, key), pays in earned.items():
            credit = by_key[key]
            for manager in _above(self.given.reports, person, credit.date, component.depth):
                if not _covered(self.plan, self.assignments, manager, credit.date):
                    continue
                row = _in_currency(credit, self.plan.currency, self.given.rates, self.rate_day(credit.date))
                if condition is not None and (row is None or not _value(condition, row)):
                    continue
                for pay, currency in pays:
                    rate = _rate(self.given.rates, currency, self.plan.currency, self.rate_day(credit.date))
                    shift = Fraction(10) ** (exponent(self.plan.currency) - exponent(currency))
                    sums[manager, key] += 0 if rate is None else half_up(pay * rate * shift)
        lines = {}
        for (manager, key), amount in sums.items():
            owed = self.curve(component, manager, self.given.period, self.given.period.end)
            if owed is not None:
                lines[manager, key] = _between(component, owed(0, Fraction(0)), owed(amount, Fraction(0)))
        return lines

    def claims(self, person: int, key: int, currency: str) -> Iterator[Claim]:
        """Who of the plan's people carves how much out of what a credit earns ``person`` in ``currency``."""
        credit = next(credit for credit in self.every if credit.key == key)
        day = self.rate_day(credit.date)
        for component in self.plan.components:
            if not component.carves:
                continue
            condition = compile_formula(component.filter, self.schema) if component.filter.strip() else None
            rate = _rate(self.given.rates, currency, self.plan.currency, day)
            row = _in_currency(credit, self.plan.currency, self.given.rates, day)
            if rate is None or (condition is not None and (row is None or not _value(condition, row))):
                continue
            shift = Fraction(10) ** (exponent(self.plan.currency) - exponent(currency))
            for manager in _above(self.given.reports, person, credit.date, component.depth):
                if _covered(self.plan, self.assignments, manager, credit.date):
                    yield Claim(
                        manager, self.plan.name, component.name, Fraction(component.carve or 0, 10**6), rate * shift
                    )

    def curve(
        self, component: Component, person: int, span: Period, day: dt.date
    ) -> Callable[[int, Fraction], Fraction] | None:
        """Exact pay for a window's total by the state of affairs on ``day``; None where something is missing."""
        tables = [component.rates] + ([component.gate.otherwise] if component.gate and component.gate.otherwise else [])
        quota = target = 0
        if any(t.basis is Basis.ATTAINMENT or (t.pays is Pays.TARGET and not t.stepped) for t in tables):
            found = _quota(component, self.given, person, span, self.plan.currency)
            if found is None:
                return None
            quota = found
        if any(t.pays is Pays.TARGET for t in tables):
            incentive = self.target(person, span)
            if incentive is None:
                return None
            target = half_up(Fraction(incentive * component.weight, 10**6))
        factor = Fraction(1)
        for one in component.factors:
            axes = (Axis(AxisKind.SCORE, one.name, (0,)),) if one.table is None else one.table.axes
            points = [self.point(axis, person, day, one.missing) for axis in axes]
            if any(point is None for point in points):
                return None
            numbers = [point or Fraction(0) for point in points]
            factor *= numbers[0] if one.table is None else Fraction(_in_table(one.table, numbers), 10**6)
        table: RateTable | None = component.rates
        if component.gate is not None:
            reached = [self.attained(person, name, day) for name in component.gate.components]
            if any(part is None for part in reached):
                return None
            if any((part or 0) * 10**6 < component.gate.attainment for part in reached):
                table = component.gate.otherwise

        def owed(measured: int, weighted: Fraction) -> Fraction:
            if table is None:
                return Fraction(0)
            looked_up = component.lookup is not None
            pay = weighted / 10**6 if looked_up else pay_for(table, quota, target, measured)
            pay *= factor
            return pay if component.cap is None else min(pay, Fraction(component.cap))

        return owed

    def point(self, axis: Axis, person: int, day: dt.date, missing: int | None) -> Fraction | None:
        """Where a person stands on an axis; None where that is not known."""
        if axis.kind is AxisKind.ATTAINMENT:
            return self.attained(person, axis.by, day)
        mine = [s for s in self.given.scores if (s.person, s.name) == (person, axis.by) and s.start <= day <= s.end]
        if mine:
            return Fraction(min(mine, key=lambda s: (s.end - s.start, s.start)).value, 10**6)
        return None if missing is None else Fraction(missing, 10**6)

    def attained(self, person: int, name: str, day: dt.date) -> Fraction | None:
        """A component's total by ``day`` over its quota; None without one."""
        component = next(c for c in self.plan.components if c.name == name)
        span = self.given.calendar.containing(day, PeriodKind(component.window.value))
        quota = _quota(component, self.given, person, span, self.plan.currency)
        if not quota:
            return None
        members = self.windows(component).get((person, span.start), [])
        return Fraction(sum(amount for credit, amount, _ in members if credit.date <= day), quota)

    def target(self, person: int, span: Period) -> int | None:
        """The target incentive of exactly those days."""
        mine = [t for t in self.given.targets if t.person == person]
        chosen = [t for t in mine if (t.start, t.end) == (span.start, span.end)][:1]
        if not chosen:
            free = set(range(span.days))
            for t in sorted(mine, key=lambda t: (t.end - t.start, t.start)):
                if t.start in span and t.end in span:
                    days = {(t.start - span.start).days + i for i in range((t.end - t.start).days + 1)}
                    if days <= free:
                        free -= days
                        chosen.append(t)
        amounts = []
        for t in chosen:
            rate = _rate(self.given.rates, t.currency, self.plan.currency, t.start)
            if rate is None:
                return None
            amounts.append(
                half_up(t.amount * rate * Fraction(10) ** (exponent(self.plan.currency) - exponent(t.currency)))
            )
        return sum(amounts) if amounts else None


def _pays_nothing_sold(component: Component) -> bool:
    """Whether a step or curve pays without any sale."""
    tables = [component.rates] + ([component.gate.otherwise] if component.gate and component.gate.otherwise else [])
    return any(t.stepped and t.tiers[0].lower == 0 and t.tiers[0].rate != 0 for t in tables)


def _between(component: Component, low: Fraction, high: Fraction) -> int:
    if component.stage is RoundingStage.TELESCOPING:
        pay = round_fraction(high, component.rounding) - round_fraction(low, component.rounding)
    else:
        pay = round_fraction(high - low, component.rounding)
    if component.deal_floor is not None and pay > 0:
        pay = max(pay, component.deal_floor)
    if component.deal_cap is not None:
        pay = min(max(pay, -component.deal_cap), component.deal_cap)
    return pay


def _in_table(lookup: Lookup, points: Sequence[Fraction]) -> int:
    place = 0
    for axis, point in zip(lookup.axes, points, strict=True):
        inside = [
            i
            for i, bound in enumerate(axis.bounds)
            if point > Fraction(bound, 10**6) or (point == Fraction(bound, 10**6) and i not in axis.exceeded)
        ]
        place = place * len(axis.bounds) + (inside[-1] if inside else 0)
    return lookup.values[place]


def _number(value: Scalar) -> Fraction:
    assert isinstance(value, Fraction | int)
    return Fraction(value)


def _above(reports: Sequence[Reporting], person: int, day: dt.date, depth: int | None) -> list[int]:
    """Everyone a person reports to on a day, nearest first."""
    chain: list[int] = []
    at = person
    while depth is None or len(chain) < depth:
        lines = [r for r in reports if r.person == at and r.start <= day and (r.end is None or day <= r.end)]
        if not lines:
            break
        at = max(lines, key=lambda r: (r.start, r.manager)).manager
        if at == person or at in chain:
            break
        chain.append(at)
    return chain


def _covered(plan: Plan, assignments: Sequence[PlanAssignment], person: int, day: dt.date) -> bool:
    if day < plan.effective_from or (plan.effective_to is not None and day > plan.effective_to):
        return False
    return any(
        a.plan == plan.name and a.person == person and a.start <= day and (a.end is None or day <= a.end)
        for a in assignments
    )


def _value(formula: Formula, row: Mapping[str, Scalar]) -> Scalar:
    """The formula's value; None where it divides by zero."""
    try:
        return formula.row(row)
    except ZeroDivisionError:
        return None


def _credit(credits_in: Credits, i: int) -> _Credit:
    row = {column.name: _cell(column, i) for column in credits_in.table().columns}
    return _Credit(
        key=int(credits_in.key[i]),
        person=int(credits_in.person[i]),
        date=credits_in.date[i].astype("datetime64[D]").astype(object),
        transaction=str(credits_in.transaction[i]),
        line=0 if credits_in.line is None else int(credits_in.line[i]),
        split=0 if credits_in.split is None else int(credits_in.split[i]),
        amount=int(credits_in.amount[i]),
        row=row,
    )


def _cell(column: Column, i: int) -> tuple[Scalar, str | None]:
    value = column.cell(i)
    if value is None:
        return None, None
    if column.kind is ValueKind.MONEY:
        currency = column.currency_at(i)
        return Fraction(int(column.values[i]), 10 ** exponent(currency or "USD")), currency
    kind = KIND_OF[column.kind]
    if kind in (Kind.EXACT, Kind.FLOAT):
        return Fraction(str(value)), None
    if isinstance(value, dt.datetime):
        return value.date(), None
    assert isinstance(value, str | bool | dt.date)
    return value, None


def _in_currency(credit: _Credit, currency: str, rates: list[ExchangeRate], day: dt.date) -> dict[str, Scalar] | None:
    """The credit's values with money in ``currency`` at ``day``'s rate, whole minor units; None without a rate."""
    row: dict[str, Scalar] = {}
    for name, (value, source) in credit.row.items():
        if source in (None, currency) or not isinstance(value, Fraction):
            row[name] = value
            continue
        rate = _rate(rates, str(source), currency, day)
        if rate is None:
            return None
        scale = 10 ** exponent(currency)
        row[name] = Fraction(half_up(value * rate * scale), scale)
    return row


def _rate(rates: list[ExchangeRate], source: str, target: str, day: dt.date) -> Fraction | None:
    def latest(a: str, b: str) -> int | None:
        known = [r for r in rates if (r.source, r.target) == (a, b) and r.valid_from <= day]
        return max(known, key=lambda r: r.valid_from).rate if known else None

    if source == target:
        return Fraction(1)
    if any((r.source, r.target) == (source, target) for r in rates):
        direct = latest(source, target)
        return None if direct is None else Fraction(direct, 10**9)
    other = latest(target, source)
    return None if other is None else Fraction(half_up(Fraction(10**18, other)), 10**9)


def _quota(component: Component, given: Everything, person: int, window: Period, currency: str) -> int | None:
    """The window's quota; None where it is missing."""
    mine = [q for q in given.quotas if q.person == person and q.measure is component.quota]
    chosen = [q for q in mine if (q.start, q.end) == (window.start, window.end)][:1]
    if not chosen:
        free = np.ones(window.days, dtype=bool)
        for q in sorted(mine, key=lambda q: (q.end - q.start, q.start)):
            if q.start in window and q.end in window:
                days = slice((q.start - window.start).days, (q.end - window.start).days + 1)
                if free[days].all():
                    free[days] = False
                    chosen.append(q)
    total = 0
    for q in chosen:
        rate = _rate(given.rates, q.currency, currency, q.start)
        if rate is None:
            return None
        major = Fraction(q.amount, 10 ** exponent(q.currency))
        total += half_up(major * rate * 10 ** exponent(currency))
    return total if total > 0 else None
