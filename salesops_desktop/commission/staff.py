"""The people of one plan: what its components count for them, and what that pays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.calculation import Calculation
from salesops_desktop.commission.counting import WINDOW_PERIOD, Business, Counted, converted, count, window_of
from salesops_desktop.commission.extras import cases, extras
from salesops_desktop.commission.levels import (
    STATELESS,
    Level,
    Levels,
    levelled,
    stateless,
    tables_in_force,
    terms_of,
)
from salesops_desktop.commission.lines import Lines, Stored, Windows, narrow
from salesops_desktop.commission.lint import measures_of
from salesops_desktop.commission.notices import State
from salesops_desktop.commission.plan import (
    Component,
    RateTable,
    Source,
    Window,
)
from salesops_desktop.commission.records import Days, Extra, Ints
from salesops_desktop.commission.spans import Spans
from salesops_desktop.commission.tiers import Terms, lines_pay, multiplied, payout
from salesops_desktop.expressions.rational import Rational, product, to_int64, total, whole
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import Period

Rows = npt.NDArray[np.intp]


class Staff:
    """The people of one plan."""

    def __init__(self, run: Calculation, number: int, spans: Spans) -> None:
        self.run, self.number, self.plan, self.spans = run, number, run.plans[number], spans
        self._business: dict[tuple[Source, int | None], Business] = {}
        self._history: dict[str, dict[tuple[int, dt.date], tuple[Days, Ints]]] = {}
        self._windows: dict[tuple[Window, dt.date], Period] = {}
        self._counted: tuple[object, Counted] | None = None
        self._due: tuple[Counted, Counted] | None = None
        self._narrow: tuple[Counted, dict[str, Ints]] | None = None
        self._levels = Levels(run.quotas, run.targets, run.scores, self._attained)

    def business(self, component: Component) -> Business:
        """The credits that ``component`` may count."""
        key = (component.source, component.depth)
        if key not in self._business:
            self._business[key] = self._read(component)
        return self._business[key]

    def _read(self, component: Component) -> Business:
        run = self.run
        start = self._earliest()
        days = run.dates[run.order]
        inside = (days >= start) & (days <= run.last)
        rows, days = (run.order, days) if inside.all() else (run.order[inside], days[inside])
        person = run.credits.person[rows]
        if component.source is Source.TEAM_CREDITS:
            at, person = run.hierarchy.managers(person, days, component.depth)
            rows, days = rows[at], days[at]
        held = self.spans.find(person, days) >= 0
        rows, person = run.ordered(rows[held], person[held])
        business, unknown = converted(run.table, run.dates, self.plan, rows, person, run.rates_of(self.plan))
        if component.source is Source.OWN:
            run.mark(rows, State.FILTERED)
        run.mark(unknown, State.NO_RATE)
        return business

    def _earliest(self) -> np.datetime64:
        run = self.run
        starts = [run.first]
        for component in self.plan.components:
            kind = WINDOW_PERIOD.get(component.window)
            if component.window is Window.CONTRACT:
                starts.append(np.datetime64("0001-01-01"))
            elif kind is not None:
                starts.append(np.datetime64(run.calendar.containing(run.period.start, kind).start))
        return min(starts)

    def count(self, component: Component) -> Counted:
        """What ``component`` counts; often the one before it counts the same."""
        run = self.run
        key = (
            component.source, component.depth, component.window, component.contract, component.filter,
            component.measure, component.lookup, measures_of(component),
        )  # fmt: skip
        if self._counted is None or self._counted[0] != key:
            business = self.business(component)
            self._counted = None  # its memory is needed
            found = count(component, self.plan, business, run.dates, run.schema, run.calendar, run.period)
            self._counted = key, found
        return self._counted[1]

    def component(self, place: int) -> Lines:
        """The lines that one component pays in the period; its extras are kept."""
        component = self.plan.components[place]
        counted = self.count(component)
        self.run.mark(counted.undefined, State.UNDEFINED)
        lines = self.lines(place, counted)
        if levelled(component) and component.window in WINDOW_PERIOD:
            self.run.extras += self._extras(place, counted)
        return lines

    def lines(self, place: int, counted: Counted) -> Lines:
        """The payout lines of what was counted."""
        run, component = self.run, self.plan.components[place]
        counted = self._in_period(counted)
        rows, person, window = counted.rows, counted.person, counted.window
        if not len(rows):
            return Lines.empty(run.credits)
        levels, inverse = self._levels_of(component, person, window)
        lacking = np.array([bool(level.missing) for level in levels])
        if lacking.any():
            for level, at in zip(levels, _members(inverse, len(levels)), strict=True):
                for reason in level.missing:
                    state = State.of(reason)
                    run.lack(int(person[at[0]]), state)
                    run.mark(rows[at], state)
            stay = ~lacking[inverse]
            counted, inverse = counted.take(stay), inverse[stay]
            rows, person = counted.rows, counted.person
            if not len(rows):
                return Lines.empty(run.credits)
        terms, columns = terms_of(levels, inverse)
        amount, before = counted.amount, counted.before
        after = to_int64(total(before, amount), "A total")
        pay, tier, rate = self.paid(component, counted, after, terms, columns.open[inverse])
        if component.source is not Source.TEAM_CREDITS:
            run.mark(rows, State.PAID)
        first = np.flatnonzero(np.r_[True, inverse[1:] != inverse[:-1]])
        many, of = len(first), inverse[first]
        windows = Windows(
            person=person[first],
            plan=np.full(many, self.number, dtype=np.int64),
            component=np.full(many, place, dtype=np.int64),
            quota=columns.quota[of],
            target=columns.target[of],
            factor=columns.factor[of],
            factor_of=columns.factor_of[of],
            open=columns.open[of],
        )
        window = np.repeat(np.arange(many), np.diff(np.r_[first, len(rows)]))
        stored = Stored(window=window, tier=tier, rate=rate, pay=pay, **self._columns(counted))
        return Lines.of(run.credits, windows, stored)

    def _in_period(self, counted: Counted) -> Counted:
        """What of it the period pays; the component before often counted the same."""
        if self._due is None or self._due[0] is not counted:
            self._due = counted, counted.take(self.run.in_period[counted.rows])
        return self._due[1]

    def _columns(self, counted: Counted) -> dict[str, Ints]:
        """The columns of lines that follow from what was counted; lines that count the same share them."""
        if self._narrow is None or self._narrow[0] is not counted:
            columns = {
                "row": counted.rows, "exchange_rate": counted.fx, "amount": counted.amount, "before": counted.before,
                "start": counted.window.astype(np.int64),
            }  # fmt: skip
            self._narrow = counted, {name: narrow(values) for name, values in columns.items()}
        return self._narrow[1]

    def paid(
        self, component: Component, counted: Counted, after: Ints, terms: Terms, is_open: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """Pay, tier and rate of each line; nothing where a closed gate leaves no rates."""
        if is_open.all() and counted.value is None:
            pay, tier = payout(component, component.rates, counted.before, after, terms)
            return pay, tier, _rates(component.rates)[tier + 1]
        pay, rate = np.zeros(len(after), dtype=np.int64), np.zeros(len(after), dtype=np.int64)
        tier = np.full(len(after), -1, dtype=np.int64)
        for table, at in tables_in_force(component, is_open):
            if counted.value is None:
                pay[at], tier[at] = payout(component, table, counted.before[at], after[at], terms.take(at))
                rate[at] = _rates(table)[tier[at] + 1]
            else:
                rate[at] = counted.value[at]
                pay[at] = _looked_up(component, counted.amount[at], rate[at], terms.take(at))
        return pay, tier, rate

    def _levels_of(self, component: Component, person: Ints, window: Days) -> tuple[list[Level], Rows]:
        """The state of each window at the end of the period, and the window of each row."""
        kind = WINDOW_PERIOD.get(component.window)
        new = person[1:] != person[:-1]
        if kind is not None:  # a person's windows follow each other
            new = new | (window[1:] != window[:-1])
        edges = np.r_[True, new]
        first = np.flatnonzero(edges)
        if stateless(component):
            return [STATELESS] * len(first), np.cumsum(edges) - 1
        starts = window[first].astype(object) if kind is not None else [dt.date(1970, 1, 1)] * len(first)
        levels = [
            self._level(component, who, start, self.run.period.end)
            for who, start in zip(person[first].tolist(), starts, strict=True)
        ]
        return levels, np.cumsum(edges) - 1

    def _level(self, component: Component, person: int, start: dt.date, day: dt.date) -> Level:
        key = (component.window, start)
        if key not in self._windows:
            self._windows[key] = window_of(component, start, self.run.calendar, self.run.period)
        window = self._windows[key]
        return self._levels.level(self.plan, component, person, window, min(day, window.end))

    def _attained(self, person: int, name: str, day: dt.date) -> Fraction | None:
        """What the component called ``name`` has attained of its quota on ``day``."""
        component = next(c for c in self.plan.components if c.name == name)
        window = window_of(component, day, self.run.calendar, self.run.period)
        quota = self.run.quotas.target(person, component.quota, window, self.plan.currency)
        if quota == 0:
            return None
        if name not in self._history:
            self._history[name] = self._totals(component)
        days, sums = self._history[name].get((person, window.start), (None, None))
        if days is None or sums is None:
            return Fraction(0)
        at = int(np.searchsorted(days, np.datetime64(day), side="right"))
        return Fraction(int(sums[at - 1]) if at else 0, quota)

    def _totals(self, component: Component) -> dict[tuple[int, dt.date], tuple[Days, Ints]]:
        """The days and running totals of each (person, window)."""
        counted = self.count(component)
        edges = np.r_[True, (counted.person[1:] != counted.person[:-1]) | (counted.window[1:] != counted.window[:-1])]
        starts = np.flatnonzero(edges[: len(counted.rows)])
        ends = np.r_[starts[1:], len(counted.rows)] if len(starts) else starts
        found = {}
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            sums = counted.before[start:end] + counted.amount[start:end]
            key = (int(counted.person[start]), counted.window[start].astype(object))
            found[key] = (self.run.dates[counted.rows[start:end]], sums)
        return found

    def _extras(self, place: int, counted: Counted) -> Iterator[Extra]:
        """What each person's windows pay apart from credits; who lacks something is told."""
        run, component = self.run, self.plan.components[place]

        def level(person: int, start: dt.date, day: dt.date) -> Level:
            return self._level(component, person, start, day)

        sound = []
        for case in cases(component, counted, run.dates, self.spans, run.period, run.calendar, level):
            for reason in case.now.missing:
                run.lack(case.person, State.of(reason))
            if not case.now.missing:
                sound.append(case)
        return extras(component, self.number, place, sound)


def _rates(table: RateTable) -> Ints:
    """The rate of each tier; first that of no tier."""
    return np.array([0, *(entry.rate for entry in table.tiers)], dtype=np.int64)


def _looked_up(component: Component, amount: Ints, rate: Ints, terms: Terms) -> Ints:
    """The pay of lines that stand alone, each at its own rate."""
    pay = multiplied(component, Rational(product(amount, rate), whole(PPM)), terms)
    return lines_pay(component, Rational(np.zeros(len(amount), dtype=np.int64), whole(1)), pay)


def _members(inverse: Rows, count_of: int) -> Iterator[Rows]:
    order = np.argsort(inverse, kind="stable")
    edges = np.searchsorted(inverse[order], np.arange(count_of + 1))
    for i in range(count_of):
        yield order[edges[i] : edges[i + 1]]
