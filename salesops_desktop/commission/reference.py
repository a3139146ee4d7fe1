"""The same calculation once more: one credit at a time, in fractions, sharing nothing with the array engine.

Slow on purpose. Tests and runs compare it with :func:`~salesops_desktop.commission.calculate.calculate`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from salesops_desktop.commission.exchange import ExchangeRate
from salesops_desktop.commission.plan import (
    Basis,
    BoundarySide,
    Component,
    Plan,
    PlanAssignment,
    Quota,
    RoundingStage,
    TierMode,
    Window,
)
from salesops_desktop.commission.records import Credits
from salesops_desktop.expressions import KIND_OF, Formula, Kind, Rounding, Scalar, compile_formula
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import Column, ValueKind

Key = tuple[int, str, str, int]
"""(person, plan, component, credit key)."""


def round_fraction(value: Fraction, mode: Rounding) -> int:
    """``value`` as a whole number; negative ones as the mirror image of positive ones."""
    size = abs(value)
    floor = size.numerator // size.denominator
    rest = size - floor
    half = Fraction(1, 2)
    up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: rest >= half,
        Rounding.HALF_EVEN: rest > half or (rest == half and floor % 2 == 1),
    }[mode]
    return (floor + up) * (-1 if value < 0 else 1)


def half_up(value: Fraction) -> int:
    """``value`` rounded half away from zero."""
    return round_fraction(value, Rounding.HALF_UP)


def pay_for(component: Component, quota: int, measured: int) -> Fraction:
    """Exact pay in minor units for a window's total of ``measured`` minor units."""
    table = component.rates
    rows: list[tuple[int, int | None, Fraction]] = []
    for tier in table.tiers:
        bounds = [tier.lower, tier.upper]
        if table.basis is Basis.ATTAINMENT:
            bounds = [None if b is None else half_up(Fraction(quota) * b / 10**6) for b in bounds]
        rows.append((bounds[0] or 0, bounds[1], Fraction(tier.rate, 10**6)))
    from_zero = table.tiers[0].lower == 0
    pay = Fraction(0)
    if table.mode is TierMode.RETROACTIVE:
        rate = rows[0][2] if from_zero else Fraction(0)
        for lower, _, tier_rate in rows[1:] if from_zero else rows:
            if measured > lower or (measured == lower and table.boundary is BoundarySide.UPPER):
                rate = tier_rate
        ceiling = rows[-1][1]
        pay = rate * (measured if ceiling is None else min(measured, ceiling))
    elif measured < 0:
        pay = rows[0][2] * measured if from_zero else pay
    else:
        for lower, upper, tier_rate in rows:
            if measured > lower:
                pay += tier_rate * ((measured if upper is None else min(measured, upper)) - lower)
    return pay if component.cap is None else min(pay, Fraction(component.cap))


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


def reference(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    credits_in: Credits,
    quotas: Sequence[Quota],
    period: Period,
    *,
    calendar: FiscalCalendar | None = None,
    rates: Iterable[ExchangeRate] = (),
) -> dict[Key, int]:
    """Minor units per payout line; the arguments are those of the engine, exchange rates as plain records."""
    days = calendar or FiscalCalendar()
    known = list(rates)
    result: dict[Key, int] = {}
    every = [_credit(credits_in, i) for i in range(len(credits_in))]
    for plan in plans:
        for component in plan.components:
            measure = compile_formula(component.measure, credits_in.schema)
            condition = compile_formula(component.filter, credits_in.schema) if component.filter.strip() else None
            windows: dict[tuple[int, object], list[tuple[tuple[object, ...], _Credit, int]]] = defaultdict(list)
            for credit in every:
                if credit.date > period.end or not _covered(plan, assignments, credit):
                    continue
                row = _in_currency(credit, plan.currency, known)
                if row is None or (condition is not None and not _value(condition, row)):
                    continue
                value = _value(measure, row)
                if value is None:
                    continue
                assert isinstance(value, Fraction)
                amount = half_up(value * 10 ** exponent(plan.currency))
                place = (credit.date, credit.transaction, credit.line, credit.split, credit.amount, credit.key)
                windows[credit.person, _window(component, credit, days)].append((place, credit, amount))
            for (person, start), members in windows.items():
                quota = _quota(component, quotas, known, person, start, plan.currency, days)
                if quota is not None:
                    result.update(_pay_window(plan, component, sorted(members, key=lambda m: m[0]), quota, period))
    return result


def _pay_window(
    plan: Plan,
    component: Component,
    members: list[tuple[tuple[object, ...], _Credit, int]],
    quota: int,
    period: Period,
) -> dict[Key, int]:
    pays: dict[Key, int] = {}
    before = 0
    for _, credit, amount in members:
        after = before + amount
        high, low = pay_for(component, quota, after), pay_for(component, quota, before)
        if component.stage is RoundingStage.TELESCOPING:
            pay = round_fraction(high, component.rounding) - round_fraction(low, component.rounding)
        else:
            pay = round_fraction(high - low, component.rounding)
        if credit.date in period:
            pays[credit.person, plan.name, component.name, credit.key] = pay
        before = after
    return pays


def _window(component: Component, credit: _Credit, calendar: FiscalCalendar) -> object:
    if component.window is Window.LINE:
        return credit.key
    return calendar.containing(credit.date, PeriodKind(component.window.value)).start


def _covered(plan: Plan, assignments: Sequence[PlanAssignment], credit: _Credit) -> bool:
    if credit.date < plan.effective_from or (plan.effective_to is not None and credit.date > plan.effective_to):
        return False
    return any(
        a.plan == plan.name
        and a.person == credit.person
        and a.start <= credit.date
        and (a.end is None or credit.date <= a.end)
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


def _in_currency(credit: _Credit, currency: str, rates: list[ExchangeRate]) -> dict[str, Scalar] | None:
    """The credit's values with money in ``currency``, whole minor units; None without an exchange rate."""
    row: dict[str, Scalar] = {}
    for name, (value, source) in credit.row.items():
        if source in (None, currency) or not isinstance(value, Fraction):
            row[name] = value
            continue
        rate = _rate(rates, str(source), currency, credit.date)
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


def _quota(
    component: Component,
    quotas: Sequence[Quota],
    rates: list[ExchangeRate],
    person: int,
    start: object,
    currency: str,
    calendar: FiscalCalendar,
) -> int | None:
    """The window's quota; 0 where the component needs none, None where it is missing."""
    if component.rates.basis is Basis.AMOUNT:
        return 0
    assert isinstance(start, dt.date)
    window = calendar.containing(start, PeriodKind(component.window.value))
    mine = [q for q in quotas if q.person == person and q.measure is component.quota]
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
        rate = _rate(rates, q.currency, currency, q.start)
        if rate is None:
            return None
        major = Fraction(q.amount, 10 ** exponent(q.currency))
        total += half_up(major * rate * 10 ** exponent(currency))
    return total if total > 0 else None
