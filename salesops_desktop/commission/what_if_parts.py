"""One component under scenarios: what it counts, by window, and what that pays at other terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.counting import WINDOW_PERIOD, Counted, window_of
from salesops_desktop.commission.extras import windows_now
from salesops_desktop.commission.levels import levelled, tables_in_force
from salesops_desktop.commission.plan import (
    Component,
    Source,
)
from salesops_desktop.commission.staff import Staff
from salesops_desktop.commission.tiers import earned, multiplied
from salesops_desktop.commission.what_if_levels import Books, State, States
from salesops_desktop.expressions.rational import divide, to_int64

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


class Model(Protocol):
    """What a part asks of the whole it belongs to."""

    def slots(self, people: Sequence[int], currency: str) -> Rows:
        """The place of each (person, currency) in what a scenario pays."""

    def books(self, staff: Staff) -> Books:
        """Where the state of a plan's windows is written."""


class Part:
    """One component: what it counts in the period, by window."""

    def __init__(self, model: Model, staff: Staff, place: int, counted: Counted, *, lines: bool) -> None:
        self.staff, self.place, self.counted = staff, place, counted
        self.component = component = staff.plan.components[place]
        run = staff.run
        inside = np.flatnonzero(run.in_period[counted.rows])
        person, window = counted.person[inside], counted.window[inside]
        kind = WINDOW_PERIOD.get(component.window)
        new = person[1:] != person[:-1]
        if kind is not None:
            new = new | (window[1:] != window[:-1])
        first = np.flatnonzero(np.r_[True, new][: len(inside)])
        self.index: Rows = (np.cumsum(np.r_[True, new][: len(inside)]) - 1).astype(np.intp)
        self.begin = self.end = inside
        if not lines and len(inside):
            self.begin, self.end = inside[first], inside[np.r_[first[1:], len(inside)] - 1]
            self.index = np.arange(len(first), dtype=np.intp)
        self.cell = None if counted.value is None else counted.value[self.begin]
        starts = window[first].astype(object) if kind is not None else [run.period.start] * len(first)
        windows = []
        for who, start in zip(person[first].tolist(), starts, strict=True):
            one = window_of(component, start, run.calendar, run.period)
            windows.append((int(who), one, min(run.period.end, one.end)))
        self.slots = model.slots([who for who, _, _ in windows], staff.plan.currency)
        books = model.books(staff)
        self.states = States(staff.plan, component, windows, books)
        self.extras = None
        if component.source is not Source.TEAM_PAY and levelled(component) and kind is not None:
            self.extras = PartExtras(model, self, books)

    def lines(self, component: Component, before: Ints, after: Ints, state: State) -> Ints:
        """What each line (or window) pays."""
        nothing = np.zeros(len(before), dtype=np.int64)
        if not len(before):
            return nothing
        lacking = state.missing[self.index]
        here = np.flatnonzero(~lacking)
        index = self.index[here]
        none = nothing[:0].astype(np.intp)
        value = None
        if self.cell is not None and component.lookup is not None:
            value = np.array(component.lookup.values, dtype=np.int64)[self.cell[here]]
        counted = Counted(
            none, none, none, none.astype("datetime64[D]"), after[here] - before[here], before[here], value, none
        )
        opened = state.open[index].astype(np.int64)
        pay = self.staff.paid(component, counted, after[here], state.terms(index), opened)[0]
        nothing[here] = pay
        return nothing


class PartExtras:
    """What windows pay apart from credits; see :class:`salesops_desktop.commission.records.Extra`."""

    def __init__(self, model: Model, part: Part, books: Books) -> None:
        staff, component = part.staff, part.component
        run, totals = staff.run, books.totals(part.place)
        self._part = part
        windows = list(windows_now(component, staff.spans, staff.run.period, staff.run.calendar))
        yesterday = run.period.start - dt.timedelta(days=1)
        self._rows = np.array([totals.row(who, window.start, yesterday) for who, window in windows], dtype=np.intp)
        self._running = np.array([run.period.start > window.start for _, window in windows], dtype=np.bool_)
        now = [(who, window, min(run.period.end, window.end)) for who, window in windows]
        then = [(who, window, min(yesterday, window.end)) for who, window in windows]
        self._now = States(staff.plan, component, now, books)
        self._then = States(staff.plan, component, then, books)
        self.slots = model.slots([who for who, _ in windows], staff.plan.currency)

    def pay(self, component: Component, quotas: Ints, asked: Asked) -> Ints:
        """Of each window."""
        after = asked.after_of(self._part)
        totals = after(self._part.place)
        found = totals[np.maximum(self._rows, 0)] if len(totals) else np.zeros(len(self._rows), dtype=np.int64)
        measured = np.where(self._rows >= 0, found, 0)
        now = self._now.under(quotas, after)
        owed = self._owed(component, now, measured)
        then = self._then.under(quotas, after)
        before = np.where(self._running & ~then.missing, self._owed(component, then, measured), 0)
        return np.where(now.missing, 0, owed - before)

    def _owed(self, component: Component, state: State, measured: Ints) -> Ints:
        owed = np.zeros(len(measured), dtype=np.int64)
        terms = state.terms(np.arange(len(measured), dtype=np.intp))
        for table, at in tables_in_force(component, state.open.astype(np.int64)):
            exact = multiplied(component, earned(table, terms.take(at), measured[at]), terms.take(at))
            owed[at] = to_int64(divide(exact.num, exact.den, component.rounding), "A commission")
        return owed


class Asked:
    """One scenario on its way: totals under its volume, the pay of lines once it is known."""

    def __init__(self, flows: Mapping[tuple[int, int], tuple[Ints, Ints]]) -> None:
        self.flows = flows
        self.paid: dict[tuple[int, int], Ints] = {}

    def after_of(self, part: Part) -> Any:
        """The running totals of the components of a part's plan."""
        return lambda place: self.flows[part.staff.number, place][1]
