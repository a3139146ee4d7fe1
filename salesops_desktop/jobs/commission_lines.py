"""The lines of a run as blocks that a statement workbook can recompute: one per person, component and window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from salesops_desktop.commission import Basis, Component, Pays, RateTable, RoundingStage, RunResult, TierMode, trace
from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.tiers import Terms, bound_in_money, earned, multiplied, slide
from salesops_desktop.expressions.rational import Rational, divide, product, to_int64, whole
from salesops_desktop.jobs.commission_recipes import Cookbook, table_of
from salesops_desktop.model.money import PPM
from salesops_desktop.model.tables import Column, ValueKind
from salesops_desktop.sheets.writing.commission_records import (
    Credits,
    Field,
    Figures,
    Ints,
    LineBlock,
    Texts,
    WindowFacts,
)

_SAME = ("person", "plan", "component", "window_start", "quota", "target", "factor", "factor_of", "open")
_NOWHERE: Ints = np.zeros(0, dtype=np.int64)


def block_edges(result: RunResult) -> Ints:
    """Where a new person, component or window begins among the lines, and their number at the end."""
    lines = result.lines
    if not len(lines):
        return _NOWHERE
    differs = np.zeros(len(lines), dtype=np.bool_)
    differs[0] = True
    for name in _SAME:
        column = getattr(lines, name)
        differs[1:] |= column[1:] != column[:-1]
    return np.append(np.flatnonzero(differs), len(lines)).astype(np.int64)


def block(result: RunResult, start: int, end: int, number: int, credit: Ints, book: Cookbook) -> LineBlock:
    """The lines from ``start`` up to ``end`` as one block.

    Args:
        result: the run.
        start: its first line.
        end: the line after its last.
        number: of its component in the workbook.
        credit: the place of each line's credit in the statement.
        book: where recipes are kept.
    """
    lines, here = result.lines, slice(start, end)
    plan = result.plans[int(lines.plan[start])]
    component = result.component(start)
    is_open = bool(lines.open[start])
    table = table_of(component, is_open=is_open)
    place = book.place(plan, component, is_open=is_open)
    terms = Terms(
        lines.quota[start : start + 1],
        lines.target[start : start + 1],
        Rational(lines.factor[start : start + 1], lines.factor_of[start : start + 1]),
    )
    limits = _bounds(table, terms, lookup=component.lookup is not None)
    before, after, amount = lines.before[here], lines.after[here], lines.amount[here]
    rate = lines.rate[here] if component.lookup is not None else None
    values = [_owed(component, table, terms, total, rate) for total in (before, after)]
    recipe = book.recipes[place]
    parts = _parts(table, limits, before, after) if recipe.parts and table is not None else ()
    axes: tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...] = ()
    if component.lookup is not None:
        axes = _axes(result, range(start, end), len(component.lookup.axes))
    facts = WindowFacts(
        lines.window_start[start].astype("datetime64[D]").astype(object),
        int(lines.quota[start]), int(lines.target[start]), int(lines.factor[start]), int(lines.factor_of[start]),
        is_open, tuple(limits[: len(recipe.bounds)]) if recipe.bounds else (),
    )  # fmt: skip
    return LineBlock(
        number, place, facts, credit, amount, before, after, values[0], values[1], lines.pay[here], rate, axes, parts
    )


def _bounds(table: RateTable | None, terms: Terms, *, lookup: bool) -> list[float]:
    """Where each tier begins and the last one ends, in what is measured."""
    if table is None or lookup:
        return []
    if table.mode is TierMode.OWN_OUTPUT:
        sliding = slide(table)
        return [_number(Fraction(start, sliding.scale)) for start in sliding.starts]
    ends = [tier.lower for tier in table.tiers] + [t.upper for t in table.tiers[-1:] if t.upper is not None]
    if table.basis is Basis.ATTAINMENT:
        return [int(bound_in_money(terms.quota, end)[0]) for end in ends]
    return list(ends)


def _number(value: Fraction) -> float:
    return value.numerator if value.denominator == 1 else float(value)


def _owed(component: Component, table: RateTable | None, terms: Terms, total: Ints, rate: Ints | None) -> Figures:
    """What each total earns: rounded where lines telescope, else times what the pay is divided by."""
    if rate is not None:
        exact = Rational(product(total, rate), whole(PPM))
    elif table is None:
        return np.zeros(len(total), dtype=np.int64)
    else:
        exact = earned(table, terms, total)
    exact = multiplied(component, exact, terms)
    if component.stage is not RoundingStage.LINE:
        return to_int64(np.broadcast_to(divide(exact.num, exact.den, component.rounding), total.shape), "A total")
    scale = _divisor(table, terms, lookup=rate is not None) * (int(terms.factor.den[0]) if component.factors else 1)
    num = np.broadcast_to(exact.num, total.shape).tolist()
    den = np.broadcast_to(exact.den, total.shape).tolist()
    return np.array([int(n) * scale / int(d) for n, d in zip(num, den, strict=True)], dtype=np.float64)


def _divisor(table: RateTable | None, terms: Terms, *, lookup: bool) -> int:
    """What the recipe divides the pay of a window by, before factors."""
    if lookup or table is None:
        return PPM
    if table.pays is Pays.TARGET:
        return PPM if table.stepped else PPM * max(int(terms.quota[0]), 1)
    return PPM if table.pays is Pays.MEASURE or not table.stepped else 1


def _parts(table: RateTable, limits: Sequence[float], before: Ints, after: Ints) -> tuple[Ints, ...]:
    """How much of each line lies in each tier."""
    found = []
    for i, tier in enumerate(table.tiers):
        low = None if i == 0 and tier.lower == 0 else int(limits[i])
        high = None if tier.upper is None else int(limits[i + 1])
        found.append(np.clip(after, low, high) - np.clip(before, low, high))
    return tuple(found)


def _axes(result: RunResult, lines: range, count: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """What each lookup axis looks at, from the steps of each line."""
    columns: list[list[float]] = [[] for _ in range(count)]
    for i in lines:
        steps = {step.name: step.value for step in trace(result, i)}
        for n, column in enumerate(columns, 1):
            value = steps[f"axis_{n}"]
            assert isinstance(value, Fraction | int)
            column.append(float(value))
    return tuple(np.array(column, dtype=np.float64) for column in columns)


def credits_of(
    result: RunResult,
    rows: Ints,
    reasons: Texts,
    currency: str,
    accounts: Mapping[int, str],
    named: Sequence[str],
    rates: ExchangeRates,
) -> Credits:
    """The credits in ``rows`` as a statement shows them; ``reasons`` say why one pays nothing."""
    given = result.credits
    days = given.date[rows].astype("datetime64[D]")
    amount, own = given.amount[rows], given.currency[rows]
    rate, converted = _converted(rates, amount, own, currency, days)
    table = given.table()
    return Credits(
        given.transaction[rows],
        np.array([accounts.get(key) for key in given.key[rows].tolist()], dtype=object),
        days,
        amount,
        own,
        rate,
        converted,
        reasons,
        tuple(_field(rates, table[name], rows, currency, days) for name in named),
    )


def _converted(rates: ExchangeRates, amount: Ints, own: Texts, currency: str, days: np.ndarray) -> tuple[Ints, Ints]:
    rate, converted = np.zeros(len(amount), dtype=np.int64), np.zeros(len(amount), dtype=np.int64)
    for source in sorted({str(code) for code in own}):
        at = np.flatnonzero(own == source)
        rate[at] = rates.lookup(source, currency, days[at])
        converted[at] = amount[at] if source == currency else convert_column(amount[at], source, currency, rate[at])
    return rate, converted


def _field(rates: ExchangeRates, column: Column, rows: Ints, currency: str, days: np.ndarray) -> Field:
    if column.kind is ValueKind.MONEY:
        taken = column.take(rows.astype(np.intp))
        own = np.array([taken.currency_at(i) or currency for i in range(len(rows))], dtype=object)
        minor = taken.values.astype(np.int64)
        if taken.missing is not None:
            minor = np.where(taken.missing, 0, minor)
        return Field(column.name, column.label, tuple(_converted(rates, minor, own, currency, days)[1].tolist()))
    return Field(column.name, column.label, tuple(_value(column, row) for row in rows.tolist()))


def _value(column: Column, row: int) -> float | str | bool | dt.date | None:
    """A field as formulas see it: a missing number is nought, a missing text is empty."""
    if column.kind in (ValueKind.RATE, ValueKind.INTEGER):
        return 0 if column.is_missing(row) else int(column.values[row])
    if column.kind in (ValueKind.NUMBER, ValueKind.FRACTION):
        return 0 if column.is_missing(row) else float(column.values[row])
    value = column.cell(row)
    if value is None:
        return "" if column.kind is ValueKind.TEXT else False if column.kind is ValueKind.BOOLEAN else None
    assert isinstance(value, str | bool | dt.date)
    return value
