"""The state of one calculation: what is given, in which order it counts, and why credits pay nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.carving import Carving, World
from salesops_desktop.commission.counting import Counted, converted, count, plain
from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.findings import Severity
from salesops_desktop.commission.levels import (
    ScoreBook,
    TargetBook,
)
from salesops_desktop.commission.lines import Lines
from salesops_desktop.commission.lint import lint
from salesops_desktop.commission.notices import REASON, State, notices
from salesops_desktop.commission.ordering import order_by, text_keys
from salesops_desktop.commission.plan import (
    Component,
    Plan,
)
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import NO_PERSON, Credits, Days, Extra, Ints, RunResult
from salesops_desktop.commission.spans import Hierarchy, Spans
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.periods import FiscalCalendar, Period

Rows = npt.NDArray[np.intp]


class Calculation:
    """The state of one calculation."""

    rates: ExchangeRates
    names: Mapping[int, str]
    quotas: QuotaBook
    targets: TargetBook
    scores: ScoreBook
    hierarchy: Hierarchy

    def __init__(self, plans: tuple[Plan, ...], given: Credits, period: Period, calendar: FiscalCalendar) -> None:
        self.plans = plans
        self.period = period
        self.calendar = calendar
        self.credits = given
        self.dates: Days = given.date.astype("datetime64[D]")
        self.first, self.last = np.datetime64(period.start), np.datetime64(period.end)
        self.order = self._order(given)
        self.place = np.empty(len(given), dtype=np.int64)
        self.place[self.order] = np.arange(len(given))
        self.table = plain(given.table())
        self.in_period = (self.dates >= self.first) & (self.dates <= self.last)
        self.state = np.full(len(given), State.NO_PLAN, dtype=np.int8)
        self.state[given.person == NO_PERSON] = State.NO_PERSON
        self.missing: dict[State, set[int]] = {}
        self.extras: list[Extra] = []
        self.schema = given.schema

    def _order(self, given: Credits) -> Rows:
        """The rows in the order in which credits accumulate; the first differing column decides."""
        columns = [self.dates.astype(np.int64), *text_keys(given.transaction)]
        columns += [c for c in (given.line, given.split, given.amount, given.key) if c is not None]
        return order_by(columns, len(given))

    def refuse_faulty_plans(self) -> None:
        """Stop before anything is calculated when a plan cannot be."""
        faults = [
            Fault(f"{plan.name} › {finding.where}", finding.what, finding.way_out)
            for plan in self.plans
            for finding in lint(plan, self.schema)
            if finding.severity is Severity.ERROR
        ]
        names = [plan.name for plan in self.plans]
        faults += [Fault(name, "Two plans have this name.") for name in sorted(set(names)) if names.count(name) > 1]
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            message = f"The plans cannot be calculated: {faults[0].where}: {faults[0].what}{more}"
            raise FaultsError(message, faults, way_out="Mend the plans first.")

    def mark(self, rows: Rows, state: State) -> None:
        """A credit pays, or says why not; the larger state wins."""
        self.state[rows] = np.maximum(self.state[rows], state)

    def lack(self, person: int, state: State) -> None:
        """Somebody lacks a quota, a target or a score without which the run must not be approved."""
        self.missing.setdefault(state, set()).add(person)

    def ordered(self, rows: Rows, person: Ints) -> tuple[Rows, Ints]:
        """By person, then as credits accumulate."""
        place = self.place[rows]
        by = [person] if (place[1:] >= place[:-1]).all() else [person, place]  # mostly they lie in order already
        order = order_by(by, len(rows))
        return rows[order], person[order]

    def carving(self, spans: Sequence[Spans], person: Ints, plan: Ints, row: Rows) -> Carving:
        """Who carves what out of the pay of lines that rest on people's own credits."""
        world = World(self.plans, spans, self.hierarchy, self.dates, self.place, self.rates_of, self.filtered)
        return Carving(world, person, plan, row)

    def filtered(self, component: Component, plan: Plan, counted: Counted) -> Counted:
        """What a component's filter leaves of what was counted."""
        if not component.filter.strip() or not len(counted.rows):
            return counted
        business, _ = converted(self.table, self.dates, plan, counted.rows, counted.person, self.rates_of(plan))
        kept = count(component, plan, business, self.dates, self.schema, self.calendar, self.period)
        stay = np.isin(counted.rows, kept.rows)
        return Counted(
            counted.rows[stay], counted.person[stay], counted.fx[stay], counted.window[stay], counted.amount[stay],
            counted.before[stay], None, counted.undefined,
        )  # fmt: skip

    def rates_of(self, plan: Plan) -> ExchangeRates:
        """The exchange rates as ``plan`` takes them, asked for with a credit's date."""
        return self.rates.on_days(plan.rate_day, plan.effective_from, self.calendar)

    def pay_in(self, of: Plan, base: Lines, line: Rows) -> tuple[Ints, Ints]:
        """The exchange rate and the pay in the currency of ``of`` of each base line; without a rate it is nothing."""
        currency, rates = of.currency, self.rates_of(of)
        fx, amount = np.zeros(len(line), dtype=np.int64), base.pay[line].copy()
        for number, plan in enumerate(self.plans):
            at = np.flatnonzero(base.plan[line] == number)
            fx[at] = rates.lookup(plan.currency, currency, base.date[line[at]])
            if plan.currency != currency:
                amount[at] = convert_column(amount[at], plan.currency, currency, fx[at])
        self.mark(base.row[line[fx == 0]].astype(np.intp), State.NO_RATE)
        return fx, np.where(fx > 0, amount, 0)

    def result(self, lines: Lines) -> RunResult:
        """The finished run."""
        open_rows = np.flatnonzero(self.in_period & (self.state != State.PAID))
        open_rows = open_rows[np.lexsort((self.credits.key[open_rows], self.dates[open_rows].astype(np.int64)))]
        unpaid = tuple((int(self.credits.key[row]), REASON[State(int(self.state[row]))]) for row in open_rows)
        said = notices(self.credits, open_rows, self.state, self.missing, self.names, self.period)
        extras = tuple(sorted(self.extras, key=lambda e: (e.person, e.plan, e.component, e.window_start)))
        return RunResult(self.period, self.plans, lines, self.credits, said, unpaid, self.rates, extras, self.calendar)
