"""The state of many windows at once under other quotas and totals: what :mod:`levels` tells of one, as columns."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.counting import Counted, window_of
from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.levels import ScoreBook, TargetBook, needs_quota, tables_of
from salesops_desktop.commission.plan import Axis, AxisKind, Component, Factor, Lookup, Pays, Plan, Quota
from salesops_desktop.commission.quotas import making_up
from salesops_desktop.commission.tiers import Terms
from salesops_desktop.expressions.rational import IntArray, Rational, divide, product, to_int64, whole
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.money import PPM, divide_half_up
from salesops_desktop.model.periods import FiscalCalendar, Period

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
AfterOf = Callable[[int], Ints]
"""Place of a component in its plan → its running totals, one per counted row."""


class QuotaColumns:
    """The quotas of windows, each the sum of what makes it up, under any change of the quotas.

    Args:
        quotas: everybody's.
        rates: exchange rates.
    """

    def __init__(self, quotas: Sequence[Quota], rates: ExchangeRates) -> None:
        self._rates = rates
        self._known: dict[tuple[int, Measure], list[Quota]] = defaultdict(list)
        for quota in sorted(quotas, key=lambda q: (q.person, q.measure, q.start, q.end)):
            self._known[quota.person, quota.measure].append(quota)
        self._places: dict[tuple[int, Measure, Period, str], int] = {}
        self._records: list[tuple[int, int, int, str, str, int]] = []
        self._columns: tuple[npt.NDArray[np.object_], Ints] | None = None
        self._unknown: set[int] = set()

    def place(self, person: int, measure: Measure, window: Period, currency: str) -> int:
        """Where the quota of a window stands in :meth:`under`."""
        key = (person, measure, window, currency)
        if key not in self._places:
            group = self._places[key] = len(self._places)
            self._columns = None
            for quota in making_up(self._known.get((person, measure), []), window):
                rate = self._rates.on(quota.currency, currency, quota.start)
                if rate == 0:
                    self._unknown.add(group)
                self._records.append((group, person, quota.amount, quota.currency, currency, rate))
        return self._places[key]

    def under(self, share: int, people: Collection[int] | None) -> Ints:
        """All quotas that have a place, minor units.

        Args:
            share: ppm of what is entered, each entry rounded half up.
            people: only theirs; None for all.
        """
        if self._columns is None:
            whole_rows = np.array([(g, who, amount, rate) for g, who, amount, _, _, rate in self._records], np.int64)
            pair = np.array([f"{source}>{target}" for _, _, _, source, target, _ in self._records], dtype=object)
            self._columns = (pair, whole_rows.reshape(-1, 4))
        pairs, numbers = self._columns
        group, person, amount, rate = (numbers[:, i] for i in range(4))
        if share != PPM:
            changed = to_int64(divide(product(amount, whole(share)), whole(PPM)), "A quota")
            amount = changed if people is None else np.where(np.isin(person, list(people)), changed, amount)
        for pair in set(pairs):
            source, target = str(pair).split(">")
            if source != target:
                at = np.flatnonzero(pairs == pair)
                amount = amount.copy()
                amount[at] = convert_column(amount[at], source, target, rate[at])
        sums = np.zeros(len(self._places), dtype=np.int64)
        np.add.at(sums, group, amount)
        sums[list(self._unknown)] = 0
        return np.maximum(sums, 0)


class Totals:
    """Where the running total of each (person, window) stands on a day, as rows of what a component counts.

    Args:
        counted: by person, window, then as it accumulates.
        dates: of all credits.
    """

    def __init__(self, counted: Counted, dates: npt.NDArray[np.datetime64]) -> None:
        self._dates = dates[counted.rows]
        person, window = counted.person, counted.window
        new = np.r_[True, (person[1:] != person[:-1]) | (window[1:] != window[:-1])]
        starts = np.flatnonzero(new[: len(person)])
        ends = np.r_[starts[1:], len(person)][: len(starts)]
        keys = zip(person[starts].tolist(), window[starts].astype(object), strict=True)
        self._stretch = dict(zip(keys, zip(starts.tolist(), ends.tolist(), strict=True), strict=True))

    def row(self, person: int, start: dt.date, day: dt.date) -> int:
        """The last row that counts by the end of ``day`` in the window that begins on ``start``; -1 for none."""
        begin, end = self._stretch.get((person, start), (0, 0))
        at = int(np.searchsorted(self._dates[begin:end], np.datetime64(day), side="right"))
        return begin + at - 1 if at else -1


@dataclass(frozen=True, slots=True)
class Attained:
    """What a component has attained of its quota, for many windows: a row of its totals over a place of a quota."""

    place: int
    row: Rows
    quota: Rows

    def under(self, quotas: Ints, after: AfterOf) -> tuple[Ints, Ints]:
        """Totals and quotas; a quota of 0 is none."""
        totals = after(self.place)
        found = totals[np.maximum(self.row, 0)] if len(totals) else np.zeros(len(self.row), dtype=np.int64)
        return np.where(self.row >= 0, found, 0), quotas[self.quota]


@dataclass(frozen=True, slots=True)
class State:
    """The state of windows: as :class:`levels.Level`, in columns."""

    quota: Ints
    target: Ints
    factor: IntArray
    factor_of: IntArray
    open: Bools
    missing: Bools

    def terms(self, index: Rows) -> Terms:
        """What they bring to lines, each of which belongs to the window that ``index`` says."""
        factor = Rational(_one(self.factor), _one(self.factor_of))
        if len(factor.num) != len(factor.den):
            factor = Rational(self.factor, self.factor_of)
        return Terms(_one(self.quota), _one(self.target), factor, index)


def _one(values: IntArray) -> IntArray:
    return values[:1] if len(values) and bool((values == values[0]).all()) else values


@dataclass(frozen=True, slots=True)
class Books:
    """What windows are asked of.

    Attributes:
        quotas: of everybody, as columns.
        targets: of everybody.
        scores: of everybody.
        totals: of the component at a place of the plan.
        calendar: for the windows.
        period: that is paid.
    """

    quotas: QuotaColumns
    targets: TargetBook
    scores: ScoreBook
    totals: Callable[[int], Totals]
    calendar: FiscalCalendar
    period: Period


class States:
    """Many windows of one component, each at the end of a day of its own.

    Args:
        plan: the plan.
        component: one of its components.
        windows: (person, window, day).
        books: where their state is written.
    """

    def __init__(
        self, plan: Plan, component: Component, windows: Sequence[tuple[int, Period, dt.date]], books: Books
    ) -> None:
        self._plan, self._component, self._windows, self._books = plan, component, windows, books
        count = len(windows)
        self._missing: Bools = np.zeros(count, dtype=np.bool_)
        self._target = np.zeros(count, dtype=np.int64)
        self._quota: Rows | None = None
        tables = tables_of(component)
        if any(needs_quota(table) for table in tables):
            self._quota = np.array(
                [books.quotas.place(who, component.quota, window, plan.currency) for who, window, _ in windows],
                dtype=np.intp,
            )
        if any(table.pays is Pays.TARGET for table in tables):
            found = [books.targets.target(who, window, plan.currency) for who, window, _ in windows]
            self._missing |= np.array([amount is None for amount in found], dtype=np.bool_)
            self._target[:] = [divide_half_up((amount or 0) * component.weight, PPM) for amount in found]
        self._factors = [self._factor(factor) for factor in component.factors]
        gate = component.gate
        self._gates = [] if gate is None else [self._attained(name) for name in gate.components]

    def _attained(self, name: str) -> Attained:
        books, plan = self._books, self._plan
        place = next(i for i, c in enumerate(plan.components) if c.name == name)
        component, totals = plan.components[place], books.totals(place)
        rows, quotas = [], []
        for who, _, day in self._windows:
            window = window_of(component, day, books.calendar, books.period)
            rows.append(totals.row(who, window.start, day))
            quotas.append(books.quotas.place(who, component.quota, window, plan.currency))
        return Attained(place, np.array(rows, dtype=np.intp), np.array(quotas, dtype=np.intp))

    def _scores(self, name: str, otherwise: int | None) -> tuple[Ints, Ints]:
        """Numerators and denominators of everybody's scores; who has none is missing."""
        num, den = np.zeros(len(self._windows), dtype=np.int64), np.ones(len(self._windows), dtype=np.int64)
        for i, (who, _, day) in enumerate(self._windows):
            found = self._books.scores.score(who, name, day)
            if found is None and otherwise is None:
                self._missing[i] = True
            elif found is None:
                num[i], den[i] = otherwise or 0, PPM
            else:
                num[i], den[i] = found.numerator, found.denominator
        return num, den

    def _factor(self, factor: Factor) -> Callable[[Ints, AfterOf, Bools], tuple[IntArray, IntArray]]:
        if factor.table is None:
            fixed = self._scores(factor.name, factor.missing)
            return lambda _quotas, _after, _missing: fixed
        table, axes = factor.table, [self._axis(axis, factor) for axis in factor.table.axes]

        def looked_up(quotas: Ints, after: AfterOf, missing: Bools) -> tuple[IntArray, IntArray]:
            return _cells(table, [axis(quotas, after, missing) for axis in axes]), whole(PPM)

        return looked_up

    def _axis(self, axis: Axis, factor: Factor) -> Callable[[Ints, AfterOf, Bools], Ints]:
        """The cell of each window along an axis."""
        if axis.kind is AxisKind.SCORE:
            num, den = self._scores(axis.by, factor.missing)
            fixed = _places(axis, num, den)
            return lambda _quotas, _after, _missing: fixed
        attained = self._attained(axis.by)

        def along(quotas: Ints, after: AfterOf, missing: Bools) -> Ints:
            totals, quota = attained.under(quotas, after)
            missing |= quota == 0
            return _places(axis, totals, np.maximum(quota, 1))

        return along

    def under(self, quotas: Ints, after: AfterOf) -> State:
        """Their state.

        Args:
            quotas: as :meth:`QuotaColumns.under` gives them.
            after: the running totals of the plan's components.
        """
        missing = self._missing.copy()
        quota = np.zeros(len(self._windows), dtype=np.int64)
        if self._quota is not None:
            quota = quotas[self._quota]
            missing |= quota == 0
        num: IntArray = np.ones(len(self._windows), dtype=np.int64)
        den: IntArray = np.ones(len(self._windows), dtype=np.int64)
        for factor in self._factors:
            more, of = factor(quotas, after, missing)
            num, den = _reduced(product(num, more), product(den, of))
        is_open: Bools = np.ones(len(self._windows), dtype=np.bool_)
        for gate in self._gates:
            assert self._component.gate is not None
            totals, of = gate.under(quotas, after)
            missing |= of == 0
            reached = product(totals, whole(PPM)) >= product(of, whole(self._component.gate.attainment))
            is_open &= np.asarray(np.where(of == 0, self._component.gate.attainment <= 0, reached), dtype=np.bool_)
        return State(quota, self._target, num, den, is_open, missing)


def _places(axis: Axis, num: IntArray, den: IntArray) -> Ints:
    """As :func:`lookups.place_on`, for columns."""
    place = np.zeros(len(num), dtype=np.int64)
    scaled = product(num, whole(PPM))
    for i, bound in enumerate(axis.bounds):
        against = product(den, whole(bound))
        place = np.where(scaled > against if i in axis.exceeded else scaled >= against, i, place)
    return place


def _cells(table: Lookup, places: Sequence[Ints]) -> Ints:
    index = np.zeros(len(places[0]), dtype=np.int64)
    for axis, place in zip(table.axes, places, strict=True):
        index = index * len(axis.bounds) + place
    return np.array(table.values, dtype=np.int64)[index]


def _reduced(num: IntArray, den: IntArray) -> tuple[IntArray, IntArray]:
    """The same fractions in lowest terms, so that products stay within 64 bits as long as they can."""
    den = np.broadcast_to(den, num.shape)
    common = np.gcd(num, den)
    return num // common, den // common
