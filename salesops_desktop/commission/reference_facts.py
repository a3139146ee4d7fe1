"""What the reference knows of credits, people, quotas and exchange rates: looked up one by one, with no arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from salesops_desktop.commission.exchange import ExchangeRate
from salesops_desktop.commission.plan import (
    Component,
    Lookup,
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    Score,
    TargetIncentive,
)
from salesops_desktop.commission.records import Credits
from salesops_desktop.commission.reference_rates import half_up
from salesops_desktop.expressions import KIND_OF, Formula, Kind, Scalar
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.tables import Column, ValueKind


@dataclass(frozen=True, slots=True)
class OneCredit:
    """A credit with all that formulas may name."""

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


def in_table(lookup: Lookup, points: Sequence[Fraction]) -> int:
    """The cell of a table in which the points lie."""
    place = 0
    for axis, point in zip(lookup.axes, points, strict=True):
        inside = [
            i
            for i, bound in enumerate(axis.bounds)
            if point > Fraction(bound, 10**6) or (point == Fraction(bound, 10**6) and i not in axis.exceeded)
        ]
        place = place * len(axis.bounds) + (inside[-1] if inside else 0)
    return lookup.values[place]


def number(value: Scalar) -> Fraction:
    """The value of a formula that yields a number."""
    assert isinstance(value, Fraction | int)
    return Fraction(value)


def above(reports: Sequence[Reporting], person: int, day: dt.date, depth: int | None) -> list[int]:
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


def covered(plan: Plan, assignments: Sequence[PlanAssignment], person: int, day: dt.date) -> bool:
    """Whether a person is paid by a plan on a day."""
    if day < plan.effective_from or (plan.effective_to is not None and day > plan.effective_to):
        return False
    return any(
        a.plan == plan.name and a.person == person and a.start <= day and (a.end is None or day <= a.end)
        for a in assignments
    )


def value_of(formula: Formula, row: Mapping[str, Scalar]) -> Scalar:
    """The formula's value; None where it divides by zero."""
    try:
        return formula.row(row)
    except ZeroDivisionError:
        return None


def every_credit(credits_in: Credits) -> list[OneCredit]:
    """All credits, in the order in which they accumulate."""
    columns = credits_in.table().columns
    names = [column.name for column in columns]
    cells = zip(*(_cells(column) for column in columns), strict=True)
    nothing = [0] * len(credits_in)
    made = map(
        OneCredit,
        credits_in.key.tolist(),
        credits_in.person.tolist(),
        credits_in.date.astype("datetime64[D]").tolist(),
        map(str, credits_in.transaction.tolist()),
        nothing if credits_in.line is None else credits_in.line.tolist(),
        nothing if credits_in.split is None else credits_in.split.tolist(),
        credits_in.amount.tolist(),
        (dict(zip(names, row, strict=True)) for row in cells),
    )
    return sorted(made, key=_place)


def _place(credit: OneCredit) -> tuple[object, ...]:
    return (credit.date, credit.transaction, credit.line, credit.split, credit.amount, credit.key)


def _cells(column: Column) -> Iterator[tuple[Scalar, str | None]]:
    """Each value of a column with the currency of money, in major units."""
    for i in range(len(column)):
        if column.is_missing(i):
            yield None, None
        elif column.kind is ValueKind.MONEY:
            currency = column.currency_at(i)
            yield Fraction(int(column.values[i]), 10 ** exponent(currency or "USD")), currency
        else:
            yield _scalar(column, i), None


def _scalar(column: Column, i: int) -> Scalar:
    if column.kind is ValueKind.TEXT:
        return str(column.values[i])
    value = column.cell(i)
    if KIND_OF[column.kind] in (Kind.EXACT, Kind.FLOAT):
        return Fraction(str(value))
    if isinstance(value, dt.datetime):
        return value.date()
    assert isinstance(value, str | bool | dt.date)
    return value


def in_currency(
    credit: OneCredit, currency: str, rate_on: Callable[[str, dt.date], Fraction | None]
) -> dict[str, Scalar] | None:
    """The credit's values with money in ``currency``, whole minor units; None without a rate.

    ``rate_on`` tells what one unit of a currency is for a credit of a day.
    """
    row: dict[str, Scalar] = {}
    for name, (value, source) in credit.row.items():
        if source in (None, currency) or not isinstance(value, Fraction):
            row[name] = value
            continue
        rate = rate_on(str(source), credit.date)
        if rate is None:
            return None
        scale = 10 ** exponent(currency)
        row[name] = Fraction(half_up(value * rate * scale), scale)
    return row


def rate_of(rates: list[ExchangeRate], source: str, target: str, day: dt.date) -> Fraction | None:
    """What one unit of ``source`` is in ``target`` on a day; None where nobody says."""

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


def quota_of(component: Component, given: Everything, person: int, window: Period, currency: str) -> int | None:
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
        rate = rate_of(given.rates, q.currency, currency, q.start)
        if rate is None:
            return None
        major = Fraction(q.amount, 10 ** exponent(q.currency))
        total += half_up(major * rate * 10 ** exponent(currency))
    return total if total > 0 else None
