"""What a component counts: which credits of whom, converted, filtered, measured and added up as they accumulate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.lint import NUMBERS, measures_of
from salesops_desktop.commission.lookups import cells
from salesops_desktop.commission.plan import Component, Plan, Window
from salesops_desktop.commission.records import Days, Ints
from salesops_desktop.expressions import Kind, Schema, compile_filter, compile_formula
from salesops_desktop.expressions.formula import Outcome
from salesops_desktop.expressions.rational import BoolArray, IntArray, Rational, divide, product, to_int64, whole
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.tables import Column, Table, ValueKind

Rows = npt.NDArray[np.intp]
_DENSE: Final = 200_000
"""So many days are looked up in a table."""
WINDOW_PERIOD: Final[Mapping[Window, PeriodKind]] = {
    Window.MONTH: PeriodKind.MONTH,
    Window.QUARTER: PeriodKind.QUARTER,
    Window.YEAR: PeriodKind.YEAR,
}


@dataclass(frozen=True, slots=True)
class Business:
    """Credits that count for somebody, by person, then as they accumulate.

    Attributes:
        rows: rows of the credits.
        person: who they count for (the team's manager, or the credited person), per row.
        columns: what formulas see of them, all money in the plan's currency.
        fx: exchange rate of the amount, × 1e9.
    """

    rows: Rows
    person: Ints
    columns: Mapping[str, Column]
    fx: Ints


class Sight(Mapping[str, Column]):
    """Columns of some rows, taken and converted when a formula first names them.

    Args:
        given: all credits.
        rows: the rows seen.
        currency: of all money seen.
        rates: exchange rates.
        dates: of ``rows``.
    """

    def __init__(self, given: Table, rows: Rows, currency: str, rates: ExchangeRates, dates: Days) -> None:
        self._given = {column.name: column for column in given.columns}
        self._rows, self._currency, self._rates, self._dates = rows, currency, rates, dates
        self._seen: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._seen:
            column = self._given[name].take(self._rows)
            if column.kind is ValueKind.MONEY:
                column = _in_currency(column, self._currency, self._rates, self._dates)
            self._seen[name] = column
        return self._seen[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one component counts, by person, window, then as it accumulates.

    Attributes:
        rows: rows of the credits.
        person: who each counts for.
        fx: exchange rate of the amount, × 1e9.
        window: first day of the window (of the contract), per row.
        amount: what is measured: minor units, or millionths of a unit.
        before: the window's total before the row.
        value: the rate a lookup gives each row; None without one.
        undefined: rows of the credits for which a formula divides by zero.
    """

    rows: Rows
    person: Ints
    fx: Ints
    window: Days
    amount: Ints
    before: Ints
    value: Ints | None
    undefined: Rows

    def take(self, keep: BoolArray) -> Counted:
        """The rows that are kept."""
        if keep.all():
            return self
        value = None if self.value is None else self.value[keep]
        return Counted(
            self.rows[keep], self.person[keep], self.fx[keep], self.window[keep], self.amount[keep],
            self.before[keep], value, self.undefined,
        )  # fmt: skip


def plain(table: Table) -> Table:
    """The same table, a column of money in one currency saying so once instead of per row."""
    columns = []
    for column in table.columns:
        if column.currencies is not None and len(column):
            first = column.currencies[0]
            # An array without strides repeats its one element.
            if not any(column.currencies.strides) or bool(np.all(column.currencies == first)):
                code = None if first is None or str(first) == "" else str(first)
                columns.append(replace(column, currency=code, currencies=None))
                continue
        columns.append(column)
    return replace(table, columns=tuple(columns))


def converted(
    table: Table, days: Days, plan: Plan, rows: Rows, person: Ints, rates: ExchangeRates
) -> tuple[Business, Rows]:
    """The business of ``rows`` in the plan's currency, and the rows left out for want of an exchange rate.

    A row whose amount, or any other money, has no exchange rate on its date is left out.

    Args:
        table: all credits, columns :func:`plain`.
        days: their dates.
        plan: for its currency.
        rows: those that count.
        person: whom each of ``rows`` counts for.
        rates: exchange rates.
    """
    days = days[rows]
    fx = _exchange(table["Amount"], rows, plan.currency, rates, days)
    known: BoolArray = fx > 0
    for column in table.columns:
        if column.kind is not ValueKind.MONEY or column.name == "Amount" or _only(column, plan.currency):
            continue
        own = _exchange(column, rows, plan.currency, rates, days) > 0
        known = known & (own if column.missing is None else own | column.missing[rows])
    if known.all():
        return Business(rows, person, Sight(table, rows, plan.currency, rates, days), fx), rows[:0]
    picked = np.flatnonzero(known)
    sight = Sight(table, rows[picked], plan.currency, rates, days[picked])
    return Business(rows[picked], person[picked], sight, fx[picked]), rows[~known]


def count(
    component: Component,
    plan: Plan,
    business: Business,
    dates: Days,
    schema: Schema,
    calendar: FiscalCalendar,
    period: Period,
) -> Counted:
    """What ``component`` counts of ``business`` from the start of its earliest window that the period touches.

    Args:
        component: of ``plan``.
        plan: for its currency.
        business: the credits.
        dates: of all credits.
        schema: what formulas may name.
        calendar: for the windows.
        period: what is paid.

    Raises:
        InputRefusedError: a total exceeds 64 bits.
    """
    rows, length = business.rows, len(business.rows)
    columns = business.columns
    keep = np.ones(length, dtype=np.bool_)
    if component.filter.strip():
        keep &= compile_filter(component.filter, schema).evaluate(columns, length).truth()
    group, windows = _windows(component, columns, schema, calendar, dates[rows], business.person)
    if component.window in WINDOW_PERIOD:
        start = calendar.containing(period.start, WINDOW_PERIOD[component.window]).start
        keep &= windows >= np.datetime64(start)
    measured = compile_formula(component.measure, schema, wants=measures_of(component)).evaluate(columns, length)
    bad = measured.divided_by_zero
    value: Ints | None = None
    if component.lookup is not None:
        axes = [
            compile_formula(axis.by, schema, wants=NUMBERS).evaluate(columns, length) for axis in component.lookup.axes
        ]
        for axis in axes:
            bad = bad | axis.divided_by_zero
        value = cells(component.lookup, [_exact(axis) for axis in axes], length)
    undefined = rows[keep & bad]
    keep &= ~bad
    amount = units(measured, exponent(plan.currency))
    at = np.flatnonzero(keep)
    if component.window is Window.CONTRACT:  # a contract's credits lie apart in time
        at = at[np.argsort(business.person[at] * np.int64(len(rows) + 1) + group[at], kind="stable")]
    everything = len(at) == length and component.window is not Window.CONTRACT

    def picked(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values if everything else values[at]

    amount, person = picked(amount), picked(business.person)
    before = np.zeros(len(at), dtype=np.int64)
    if component.window is not Window.LINE:
        before = to_int64(running(amount, person, picked(group)) - amount, "A total")
    value = None if value is None else picked(value)
    return Counted(picked(rows), person, picked(business.fx), picked(windows), amount, before, value, undefined)


def units(measured: Outcome, digits: int) -> Ints:
    """Money in minor units, any other number in millionths, rounded half up."""
    if measured.kind is Kind.MONEY:
        return measured.minor(digits)
    exact = _exact(measured)
    scaled = divide(product(exact.num, whole(PPM)), exact.den)
    return np.where(measured.divided_by_zero, 0, np.broadcast_to(to_int64(scaled, "A measure"), (measured.rows,)))


def _exact(measured: Outcome) -> Rational:
    """The values as exact numbers; floating-point ones to the millionth."""
    if isinstance(measured.values, Rational):
        return measured.values
    floats = np.broadcast_to(np.nan_to_num(measured.floats()), (measured.rows,))
    if len(floats) and float(np.abs(floats).max()) > 9e12:
        raise InputRefusedError("A measure is too large to be counted.", way_out="Check the numbers it is made of.")
    return Rational(np.rint(floats * PPM).astype(np.int64), whole(PPM))


def _windows(
    component: Component,
    columns: Mapping[str, Column],
    schema: Schema,
    calendar: FiscalCalendar,
    dates: Days,
    person: Ints,
) -> tuple[Ints, Days]:
    """A number and the first day of each row's window."""
    if component.window is Window.LINE:
        return np.arange(len(dates), dtype=np.int64), dates
    if component.window is Window.CONTRACT:
        import pandas as pd  # noqa: PLC0415  # slow to load, and the package is imported early

        outcome = compile_formula(component.contract, schema).evaluate(columns, len(dates))
        texts = np.broadcast_to(_spelled(outcome), (len(dates),)).astype(str)
        group = pd.factorize(texts, sort=True)[0].astype(np.int64)
        first = pd.Series(dates).groupby([person, group]).transform("min")
        return group, first.to_numpy(dtype="datetime64[D]")
    if not len(dates):
        return np.zeros(0, dtype=np.int64), dates
    kind = WINDOW_PERIOD[component.window]
    day = dates.astype(np.int64)
    low, high = int(day.min()), int(day.max())
    if high - low > _DENSE:
        days, inverse = np.unique(dates, return_inverse=True)
    else:  # a table of days is quicker than sorting them
        days = np.flatnonzero(np.bincount(day - low)).astype("timedelta64[D]") + np.datetime64(low, "D")
        places = np.zeros(high - low + 1, dtype=np.intp)
        places[days.astype(np.int64) - low] = np.arange(len(days))
        inverse = places[day - low]
    starts: list[dt.date] = []
    window: Period | None = None
    for one in days.astype(object):
        if window is None or one not in window:
            window = calendar.containing(one, kind)
        starts.append(window.start)
    windows = np.array(starts, dtype="datetime64[D]")[inverse]
    return windows.view(np.int64), windows


def _spelled(outcome: Outcome) -> npt.NDArray[Any]:
    """What tells contracts apart; numbers in lowest terms."""
    if not isinstance(outcome.values, Rational):
        return np.asarray(outcome.values)
    num, den = np.broadcast_arrays(outcome.values.num, outcome.values.den)
    if outcome.values.den.size == 1:
        return outcome.values.num
    return np.array([Fraction(int(a), int(b)) for a, b in zip(num, den, strict=True)], dtype=object)


def _only(column: Column, currency: str) -> bool:
    """Whether all of a column is money of ``currency``."""
    return column.currencies is None and (column.currency or currency) == currency


def _currencies(column: Column, otherwise: str) -> npt.NDArray[np.str_]:
    """Each row's currency; ``otherwise`` where the column says none."""
    if column.currencies is None:
        return np.full(len(column), column.currency or otherwise)
    codes = column.currencies.astype(str)
    return np.where((codes == "None") | (codes == ""), otherwise, codes).astype(str)


def _exchange(column: Column, rows: Rows, currency: str, rates: ExchangeRates, days: Days) -> Ints:
    """The exchange rate of each of ``rows`` to ``currency``, × 1e9; 0 where none is known."""
    if column.currencies is None:
        return rates.lookup(column.currency or currency, currency, days)
    codes = _currencies(column.take(rows), currency)
    fx = np.zeros(len(rows), dtype=np.int64)
    for code in np.unique(codes):
        at = codes == code
        fx[at] = rates.lookup(str(code), currency, days[at])
    return fx


def _in_currency(column: Column, currency: str, rates: ExchangeRates, days: Days) -> Column:
    """A column of money in ``currency``, each row at the rate of its day."""
    if _only(column, currency):
        return replace(column, currency=currency, currencies=None)
    codes = _currencies(column, currency)
    values = column.values.astype(np.int64)
    for code in np.unique(codes):
        if code != currency:
            at = codes == code
            fx = rates.lookup(str(code), currency, days[at])
            values[at] = convert_column(values[at], str(code), currency, fx)
    return replace(column, values=values, currency=currency, currencies=None)


def running(amount: IntArray, person: Ints, group: Ints) -> IntArray:
    """Running totals, starting again with each (person, window); the rows are sorted by both."""
    if not len(amount):
        return amount
    if amount.dtype != object and float(np.abs(amount.astype(np.float64)).sum()) > 9e18:
        amount = amount.astype(object)
    sums = np.cumsum(amount)
    new = np.r_[True, (person[1:] != person[:-1]) | (group[1:] != group[:-1])]
    first = np.flatnonzero(new)
    offset = sums[first] - amount[first]
    return np.asarray(sums - np.repeat(offset, np.diff(np.r_[first, len(amount)])))


def window_of(component: Component, start: dt.date, calendar: FiscalCalendar, period: Period) -> Period:
    """The period whose quota, target and scores hold for a window; of single credits and contracts the run's own."""
    kind = WINDOW_PERIOD.get(component.window)
    return period if kind is None else calendar.containing(start, kind)
