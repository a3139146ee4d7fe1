"""The run: from credits to payout lines, exact to the minor unit and the same for any order of the input."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.lint import Severity, lint
from salesops_desktop.commission.plan import Basis, Component, Plan, PlanAssignment, Quota, Window
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import (
    NO_PERSON,
    Credits,
    Days,
    Ints,
    Lines,
    Notice,
    RunResult,
    Unpaid,
)
from salesops_desktop.commission.tiers import bounds, payout, tier_of
from salesops_desktop.expressions import Kind, compile_filter, compile_formula
from salesops_desktop.expressions.rational import to_int64, total
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import exponent
from salesops_desktop.model.periods import FiscalCalendar, Period, PeriodKind
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Column, Table, ValueKind

Rows = npt.NDArray[np.intp]
WINDOW_PERIOD: Final[Mapping[Window, PeriodKind]] = {
    Window.MONTH: PeriodKind.MONTH,
    Window.QUARTER: PeriodKind.QUARTER,
    Window.YEAR: PeriodKind.YEAR,
}


def calculate(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    credits_in: Credits,
    quotas: Sequence[Quota],
    period: Period,
    *,
    calendar: FiscalCalendar | None = None,
    rates: ExchangeRates | None = None,
    names: Mapping[int, str] | None = None,
    progress: Progress = silent,
) -> RunResult:
    """Calculate what ``period`` pays.

    Credits accumulate in the order (credit date, transaction, line, split, amount, key) from the start of each
    component's window; those dated in the period pay. Credits outside the plan's dates or the assignment's dates do not
    count for it.

    Args:
        plans: the plans; names unique.
        assignments: who is paid by which plan, and when.
        credits_in: all credits from the earliest window's start on; others are ignored.
        quotas: for plans by attainment.
        period: what is paid.
        calendar: for the windows; the Gregorian year when omitted.
        rates: exchange rates; each credit uses that of its own date.
        names: people's names for sentences.
        progress: called per component.

    Raises:
        FaultsError: a plan with faults, all of them listed.
        InputRefusedError: amounts that do not fit in 64 bits.
    """
    run = _Run(tuple(sorted(plans, key=lambda p: p.name)), credits_in, period, calendar or FiscalCalendar())
    run.rates = rates or ExchangeRates()
    run.names = names or {}
    run.refuse_faulty_plans()
    run.quotas = QuotaBook(quotas, run.rates)
    steps = sum(len(plan.components) for plan in run.plans)
    done = 0
    parts: list[Lines] = []
    for number, plan in enumerate(run.plans):
        rows = run.members(plan, assignments)
        converted, rows, fx = run.in_currency(plan, rows)
        for place, component in enumerate(plan.components):
            progress(done, steps, f"Calculating {plan.name}: {component.name}")
            parts.append(run.component(number, place, component, converted, rows, fx))
            done += 1
    progress(steps, steps, "Adding up")
    return run.result(Lines.concatenate(parts))


class _Run:
    """The state of one calculation."""

    rates: ExchangeRates
    names: Mapping[int, str]
    quotas: QuotaBook

    def __init__(self, plans: tuple[Plan, ...], given: Credits, period: Period, calendar: FiscalCalendar) -> None:
        import pandas as pd  # noqa: PLC0415  # slow to load, and the package is imported early

        self.plans = plans
        self.period = period
        self.calendar = calendar
        self.credits = given
        self.dates: Days = given.date.astype("datetime64[D]")
        self.first, self.last = np.datetime64(period.start), np.datetime64(period.end)
        # Text is compared once; from here on transactions are ranks.
        self.transaction: Ints = pd.factorize(given.transaction, sort=True)[0].astype(np.int64)
        self.place = self._places(given)
        self.in_period = (self.dates >= self.first) & (self.dates <= self.last)
        self.state = np.full(len(given), _NO_PLAN, dtype=np.int8)
        self.state[given.person == NO_PERSON] = _NO_PERSON
        self.no_quota: dict[tuple[int, str, dt.date], list[int]] = {}
        self.schema = given.schema

    def _places(self, given: Credits) -> Ints:
        """Each credit's place in the order in which credits accumulate; the first differing column decides."""
        columns = [self.dates.astype(np.int64), self.transaction, given.line, given.split, given.amount, given.key]
        differing = [c for c in columns if c is not None and len(c) and c.min() != c.max()]
        order = np.lexsort(tuple(reversed(differing))) if differing else np.arange(len(given))
        place = np.empty(len(given), dtype=np.int64)
        place[order] = np.arange(len(given))
        return place

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

    def members(self, plan: Plan, assignments: Sequence[PlanAssignment]) -> Rows:
        """The rows whose person is paid by ``plan`` on the credit date, by person, then as they accumulate."""
        spans = _merged(assignments, plan)
        start = self._earliest(plan)
        candidate = np.flatnonzero((self.dates >= start) & (self.dates <= self.last))
        if not spans or not len(candidate):
            return np.zeros(0, dtype=np.intp)
        # The last span of the same person that began on or before the date; spans of a person do not overlap.
        people = np.array([span[0] for span in spans], dtype=np.int64)
        begins = np.array([span[1] for span in spans], dtype="datetime64[D]").astype(np.int64)
        ends = np.array([span[2] for span in spans], dtype="datetime64[D]").astype(np.int64)
        stride = np.int64(10**7)  # days since 1970 of any date lie well within half of it
        days = self.dates[candidate].astype(np.int64)
        keys = np.searchsorted(np.unique(people), self.credits.person[candidate])
        codes = np.searchsorted(np.unique(people), people)
        place = np.searchsorted(codes * stride + begins, keys * stride + days, side="right") - 1
        safe = np.maximum(place, 0)
        inside = (place >= 0) & (people[safe] == self.credits.person[candidate]) & (days <= ends[safe])
        rows: Rows = candidate[inside]
        rows = rows[np.argsort(keys[inside] * np.int64(len(self.place)) + self.place[rows])]
        self._mark(rows, _FILTERED)
        return rows

    def _earliest(self, plan: Plan) -> np.datetime64:
        starts = [self.first]
        for component in plan.components:
            kind = WINDOW_PERIOD.get(component.window)
            if kind is not None:
                starts.append(np.datetime64(self.calendar.containing(self.period.start, kind).start))
        return min(starts)

    def _mark(self, rows: Rows, state: int) -> None:
        self.state[rows] = np.maximum(self.state[rows], state)

    def in_currency(self, plan: Plan, rows: Rows) -> tuple[Table, Rows, Ints]:
        """What formulas see of ``rows``, all money in the plan's currency; the rows with all rates; the rates.

        A row whose amount, or any other money, has no exchange rate on its date is left out and reported.
        """
        table = self.credits.table().take(rows)
        fx = self._rates(_currencies(table["Amount"], plan.currency), plan.currency, rows)
        known = fx > 0
        columns: list[Column] = []
        for column in table.columns:
            if column.kind is ValueKind.MONEY:
                codes = _currencies(column, plan.currency)
                rates = self._rates(codes, plan.currency, rows)
                known &= (rates > 0) | (False if column.missing is None else column.missing)
                columns.append(_converted(column, codes, plan.currency, rates))
            else:
                columns.append(column)
        self._mark(rows[~known], _NO_RATE)
        picked = np.flatnonzero(known)
        return Table(table.title, tuple(columns)).take(picked), rows[picked], fx[picked]

    def _rates(self, codes: npt.NDArray[np.str_], currency: str, rows: Rows) -> Ints:
        """The rate (× 1e9) from each row's currency on its date; 0 where there is none."""
        fx = np.zeros(len(rows), dtype=np.int64)
        for code in np.unique(codes):
            at = codes == code
            fx[at] = self.rates.lookup(str(code), currency, self.dates[rows[at]])
        return fx

    def component(self, number: int, place: int, component: Component, table: Table, rows: Rows, fx: Ints) -> Lines:
        """The lines that one component pays in the period."""
        plan = self.plans[number]
        if not len(rows):
            return Lines.empty()
        columns = {column.name: column for column in table.columns}
        keep = np.ones(len(rows), dtype=np.bool_)
        if component.filter.strip():
            keep &= compile_filter(component.filter, self.schema).evaluate(columns, len(rows)).truth()
        starts = self._window_starts(component.window, self.dates[rows])
        keep &= starts >= self._window_start_of_period(component.window)
        measured = compile_formula(component.measure, self.schema, wants=Kind.MONEY).evaluate(columns, len(rows))
        self._mark(rows[keep & measured.divided_by_zero], _UNDEFINED)
        keep &= ~measured.divided_by_zero
        amount = measured.minor(exponent(plan.currency))[keep]
        rows, fx, starts = rows[keep], fx[keep], starts[keep]
        if component.window is Window.LINE:
            before = np.zeros(len(rows), dtype=np.int64)
        else:
            before = _running(amount, self.credits.person[rows], starts) - amount
        quota = self._quotas(plan, component, rows, starts)
        pays = self.in_period[rows]
        if component.rates.basis is Basis.ATTAINMENT:
            self._mark(rows[pays & (quota == 0)], _NO_QUOTA)
            pays = pays & (quota > 0)
        picked = np.flatnonzero(pays)
        rows, fx, starts = rows[picked], fx[picked], starts[picked]
        amount, before, quota = amount[picked], before[picked], quota[picked]
        self._mark(rows, _PAID)
        after = to_int64(total(before, amount), "A total")
        pay = payout(component, before, after, quota)
        limits = bounds(component.rates, quota)
        tier = tier_of(component.rates, limits, after)
        table_rates = np.array([0, *(entry.rate for entry in component.rates.tiers)], dtype=np.int64)
        size = len(rows)
        return Lines(
            person=self.credits.person[rows],
            plan=np.full(size, number, dtype=np.int64),
            component=np.full(size, place, dtype=np.int64),
            credit=self.credits.key[rows],
            row=rows.astype(np.int64),
            date=self.dates[rows],
            credit_amount=self.credits.amount[rows],
            credit_currency=self.credits.currency[rows],
            exchange_rate=fx,
            amount=amount,
            before=before,
            after=after,
            quota=quota,
            tier=tier,
            rate=table_rates[tier + 1],
            window_start=starts,
            pay=pay,
        )

    def _window_starts(self, window: Window, dates: Days) -> Days:
        kind = WINDOW_PERIOD.get(window)
        if kind is None:
            return dates
        days, inverse = np.unique(dates, return_inverse=True)
        starts = [self.calendar.containing(day, kind).start for day in days.astype(object)]
        return np.array(starts, dtype="datetime64[D]")[inverse]

    def _window_start_of_period(self, window: Window) -> np.datetime64:
        """Totals of earlier windows concern nobody any more."""
        kind = WINDOW_PERIOD.get(window)
        start = self.period.start if kind is None else self.calendar.containing(self.period.start, kind).start
        return np.datetime64(start)

    def _quotas(self, plan: Plan, component: Component, rows: Rows, starts: Days) -> Ints:
        if component.rates.basis is Basis.AMOUNT:
            return np.zeros(len(rows), dtype=np.int64)
        kind = WINDOW_PERIOD[component.window]
        pairs = np.stack([self.credits.person[rows], starts.astype(np.int64)], axis=1)
        unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
        found = np.zeros(len(unique), dtype=np.int64)
        for i, (person, day) in enumerate(unique.tolist()):
            window = self.calendar.containing(dt.date(1970, 1, 1) + dt.timedelta(days=day), kind)
            found[i] = self.quotas.target(person, component.quota, window, plan.currency)
        return found[inverse.reshape(-1)]

    def result(self, lines: Lines) -> RunResult:
        """The finished run."""
        sequence = np.arange(len(lines))  # each component's lines are already in the order they accumulated
        order = np.lexsort((sequence, lines.component, lines.plan, lines.person))
        open_rows = np.flatnonzero(self.in_period & (self.state != _PAID))
        open_rows = open_rows[np.lexsort((self.credits.key[open_rows], self.dates[open_rows].astype(np.int64)))]
        unpaid = tuple((int(self.credits.key[row]), _REASON[int(self.state[row])]) for row in open_rows)
        notices = self._notices(open_rows)
        return RunResult(self.period, self.plans, lines.take(order), self.credits, notices, unpaid, self.rates)

    def _notices(self, rows: Rows) -> tuple[Notice, ...]:
        notices: list[Notice] = []
        for state, reason in sorted(_REASON.items()):
            at = rows[self.state[rows] == state]
            if reason is Unpaid.FILTERED or not len(at):
                continue
            keys = tuple(self.credits.key[at].tolist())
            notices.append(Notice(reason, self._sentence(reason, at), reason in _BLOCKING, keys))
        return tuple(notices)

    def _sentence(self, reason: Unpaid, rows: Rows) -> str:
        many = f"{len(rows):,} credit{'s' if len(rows) != 1 else ''} of {self.period.label}"
        people = sorted({self.names.get(p, f"person {p}") for p in self.credits.person[rows].tolist() if p >= 0})
        who = ", ".join(people[:10]) + (f" and {len(people) - 10} more" if len(people) > 10 else "")
        match reason:
            case Unpaid.NO_PERSON:
                return f"{many} name nobody and pay nobody."
            case Unpaid.NO_PLAN:
                return f"{many} pay nothing because their people had no plan on the credit date: {who}."
            case Unpaid.NO_RATE:
                codes = ", ".join(sorted(set(self.credits.currency[rows].astype(str).tolist())))
                return f"{many} in {codes} cannot be converted on the credit date. Import the exchange rates."
            case Unpaid.UNDEFINED:
                return f"{many} cannot be measured because the plan's formula divides by zero there: {who}."
            case _:
                return f"{many} pay nothing because there is no quota for the window: {who}. Import the quotas."


_NO_PERSON, _NO_PLAN, _FILTERED, _NO_RATE, _NO_QUOTA, _PAID, _UNDEFINED = range(7)
# A credit that one component pays and another cannot measure still blocks: the largest state wins.
_REASON: Final = {
    _NO_PERSON: Unpaid.NO_PERSON,
    _NO_PLAN: Unpaid.NO_PLAN,
    _FILTERED: Unpaid.FILTERED,
    _NO_RATE: Unpaid.NO_RATE,
    _NO_QUOTA: Unpaid.NO_QUOTA,
    _UNDEFINED: Unpaid.UNDEFINED,
}
_BLOCKING: Final = frozenset({Unpaid.NO_RATE, Unpaid.NO_QUOTA, Unpaid.UNDEFINED})
_FOREVER: Final = dt.date(9999, 12, 31)


def _currencies(column: Column, otherwise: str) -> npt.NDArray[np.str_]:
    """Each row's currency; ``otherwise`` where the column says none."""
    if column.currencies is None:
        return np.full(len(column), column.currency or otherwise)
    codes = column.currencies.astype(str)
    return np.where((codes == "None") | (codes == ""), otherwise, codes).astype(str)


def _converted(column: Column, codes: npt.NDArray[np.str_], currency: str, rates: Ints) -> Column:
    values = column.values.astype(np.int64)
    for code in np.unique(codes):
        if code != currency:
            at = codes == code
            values[at] = convert_column(values[at], str(code), currency, rates[at])
    return replace(column, values=values, currency=currency, currencies=None)


def _merged(assignments: Sequence[PlanAssignment], plan: Plan) -> list[tuple[int, dt.date, dt.date]]:
    """(person, first day, last day) by person and day, cut to the plan's dates, overlaps joined."""
    spans: list[tuple[int, dt.date, dt.date]] = []
    last = plan.effective_to or _FOREVER
    mine = [(a.person, a.start, a.end or _FOREVER) for a in assignments if a.plan == plan.name]
    for person, start, end in sorted(mine):
        begin, finish = max(start, plan.effective_from), min(end, last)
        if begin > finish:
            continue
        if spans and spans[-1][0] == person and spans[-1][2] >= begin:
            spans[-1] = (person, spans[-1][1], max(spans[-1][2], finish))
        else:
            spans.append((person, begin, finish))
    return spans


def _running(amount: Ints, person: Ints, starts: Days) -> Ints:
    """Running totals, starting again with each (person, window); the rows are sorted by both."""
    if not len(amount):
        return amount
    if float(np.abs(amount.astype(np.float64)).sum()) > 9e18:
        raise InputRefusedError(
            "The credits' total exceeds what 64 bits of minor units can hold.", way_out="Check the amounts."
        )
    sums = np.cumsum(amount)
    new = np.r_[True, (person[1:] != person[:-1]) | (starts[1:] != starts[:-1])]
    first = np.flatnonzero(new)
    offset = sums[first] - amount[first]
    return sums - np.repeat(offset, np.diff(np.r_[first, len(amount)]))
