"""The people of one plan in the reference: what counts for them, and what it earns, one credit at a time."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.commission.plan import (
    Axis,
    AxisKind,
    Basis,
    Component,
    Pays,
    Plan,
    PlanAssignment,
    RateTable,
    RoundingStage,
    Source,
    Window,
)
from salesops_desktop.commission.records import Credits
from salesops_desktop.commission.reference_carving import Claim
from salesops_desktop.commission.reference_facts import (
    Everything,
    OneCredit,
    above,
    covered,
    in_currency,
    in_table,
    number,
    quota_of,
    rate_of,
    value_of,
)
from salesops_desktop.commission.reference_rates import PayTable, half_up, round_fraction
from salesops_desktop.expressions import Kind, Scalar, compile_formula
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import Period, PeriodKind

Members = list[tuple[OneCredit, int, Fraction]]
"""Credits of one window as they accumulate, with what is measured and the looked-up rate."""


class People:
    """Those who are paid by one plan."""

    def __init__(
        self,
        plan: Plan,
        assignments: Sequence[PlanAssignment],
        every: Sequence[OneCredit],
        credits_in: Credits,
        given: Everything,
    ) -> None:
        self.plan, self.assignments, self.every, self.given = plan, assignments, every, given
        self.schema = credits_in.schema
        self._periods: dict[tuple[dt.date, str], Period] = {}

    def rate(self, source: str, day: dt.date) -> Fraction | None:
        """What one unit of ``source`` is in the plan's currency for a credit of ``day``; None without a rate."""
        known, currency = self.given.rates, self.plan.currency
        if self.plan.rate_day is not RateDay.MONTH_AVERAGE or source == currency:
            return rate_of(known, source, currency, self.rate_day(day))
        month = self.given.calendar.containing(day, PeriodKind.MONTH)
        each = [rate_of(known, source, currency, month.start + dt.timedelta(days=i)) for i in range(month.days)]
        found = [rate for rate in each if rate is not None]
        return Fraction(half_up(sum(found, Fraction(0)) * 10**9 / len(found)), 10**9) if found else None

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
        scale = 10 ** exponent(self.plan.currency) if measure.kind is Kind.MONEY else 10**6
        for credit in self.every:
            if credit.date > self.given.period.end:
                continue
            people = [credit.person]
            if component.source is Source.TEAM_CREDITS:
                people = above(self.given.reports, credit.person, credit.date, component.depth)
            for person in people:
                if not covered(self.plan, self.assignments, person, credit.date):
                    continue
                row = in_currency(credit, self.plan.currency, self.rate)
                if row is None or (condition is not None and not value_of(condition, row)):
                    continue
                value, rate = value_of(measure, row), Fraction(0)
                if component.lookup is not None and value is not None:
                    points = [value_of(compile_formula(axis.by, self.schema), row) for axis in component.lookup.axes]
                    if any(point is None for point in points):
                        continue
                    rate = Fraction(in_table(component.lookup, [number(point) for point in points]))
                if value is None:
                    continue
                window = self.window(component, credit, row)
                found[person, window].append((credit, half_up(number(value) * scale), rate))
        return found

    def window(self, component: Component, credit: OneCredit, row: Mapping[str, Scalar]) -> object:
        """What tells one window from another."""
        if component.window is Window.CONTRACT:
            return str(value_of(compile_formula(component.contract, self.schema), row))
        if component.window is Window.LINE:
            return credit.key
        return self.containing(credit.date, component).start

    def containing(self, day: dt.date, component: Component) -> Period:
        """The window of a component that holds a day."""
        key = (day, component.window.value)
        if key not in self._periods:
            self._periods[key] = self.given.calendar.containing(day, PeriodKind(key[1]))
        return self._periods[key]

    def span(self, component: Component, window: object) -> Period:
        """The period whose quota, target and scores hold."""
        if isinstance(window, dt.date):
            return self.containing(window, component)
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
            total, weighted, low = 0, Fraction(0), None
            for credit, amount, rate in members:
                if credit.date in period:
                    low = owed(total, weighted) if low is None else low
                    total, weighted = total + amount, weighted + amount * rate
                    high = owed(total, weighted)
                    lines[person, credit.key] = line_pay(component, low, high)
                    low = high
                else:
                    total, weighted, low = total + amount, weighted + amount * rate, None
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
                if covered(self.plan, self.assignments, person, day):
                    found.add((person, self.containing(day, component)))
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
            for manager in above(self.given.reports, person, credit.date, component.depth):
                if not covered(self.plan, self.assignments, manager, credit.date):
                    continue
                row = in_currency(credit, self.plan.currency, self.rate)
                if condition is not None and (row is None or not value_of(condition, row)):
                    continue
                for pay, currency in pays:
                    rate = self.rate(currency, credit.date)
                    shift = Fraction(10) ** (exponent(self.plan.currency) - exponent(currency))
                    sums[manager, key] += 0 if rate is None else half_up(pay * rate * shift)
        lines = {}
        for (manager, key), amount in sums.items():
            owed = self.curve(component, manager, self.given.period, self.given.period.end)
            if owed is not None:
                lines[manager, key] = line_pay(component, owed(0, Fraction(0)), owed(amount, Fraction(0)))
        return lines

    def claims(self, person: int, key: int, currency: str) -> Iterator[Claim]:
        """Who of the plan's people carves how much out of what a credit earns ``person`` in ``currency``."""
        credit = next(credit for credit in self.every if credit.key == key)
        for component in self.plan.components:
            if not component.carves:
                continue
            condition = compile_formula(component.filter, self.schema) if component.filter.strip() else None
            rate = self.rate(currency, credit.date)
            row = in_currency(credit, self.plan.currency, self.rate)
            if rate is None or (condition is not None and (row is None or not value_of(condition, row))):
                continue
            shift = Fraction(10) ** (exponent(self.plan.currency) - exponent(currency))
            for manager in above(self.given.reports, person, credit.date, component.depth):
                if covered(self.plan, self.assignments, manager, credit.date):
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
            found = quota_of(component, self.given, person, span, self.plan.currency)
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
            factor *= numbers[0] if one.table is None else Fraction(in_table(one.table, numbers), 10**6)
        table: RateTable | None = component.rates
        if component.gate is not None:
            reached = [self.attained(person, name, day) for name in component.gate.components]
            if any(part is None for part in reached):
                return None
            if any((part or 0) * 10**6 < component.gate.attainment for part in reached):
                table = component.gate.otherwise
        paying = None if table is None else PayTable.of(table, quota, target)

        def owed(measured: int, weighted: Fraction) -> Fraction:
            if paying is None:
                return Fraction(0)
            pay = weighted / 10**6 if component.lookup is not None else paying.pay(measured)
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
        span = self.containing(day, component)
        quota = quota_of(component, self.given, person, span, self.plan.currency)
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
            rate = rate_of(self.given.rates, t.currency, self.plan.currency, t.start)
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


def line_pay(component: Component, low: Fraction, high: Fraction) -> int:
    """The pay of a line from what its window has earned before and after it."""
    if component.stage is RoundingStage.TELESCOPING:
        pay = round_fraction(high, component.rounding) - round_fraction(low, component.rounding)
    else:
        pay = round_fraction(high - low, component.rounding)
    if component.deal_floor is not None and pay > 0:
        pay = max(pay, component.deal_floor)
    if component.deal_cap is not None:
        pay = min(max(pay, -component.deal_cap), component.deal_cap)
    return pay
