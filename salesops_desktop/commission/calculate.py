"""The run: from credits to payout lines, exact to the minor unit and the same for any order of the input."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.carving import Carving, World, carvings
from salesops_desktop.commission.counting import WINDOW_PERIOD, Business, Counted, converted, count, plain, window_of
from salesops_desktop.commission.exchange import ExchangeRates, convert_column
from salesops_desktop.commission.extras import cases, extras
from salesops_desktop.commission.findings import Severity
from salesops_desktop.commission.levels import (
    STATELESS,
    Level,
    Levels,
    ScoreBook,
    TargetBook,
    levelled,
    stateless,
    tables_in_force,
    terms_of,
)
from salesops_desktop.commission.lines import Lines, Stored, Windows, narrow
from salesops_desktop.commission.lint import lint, measures_of
from salesops_desktop.commission.notices import REASON, State, notices
from salesops_desktop.commission.ordering import order_by, text_keys
from salesops_desktop.commission.plan import (
    Component,
    Plan,
    PlanAssignment,
    Quota,
    RateTable,
    Reporting,
    Score,
    Source,
    TargetIncentive,
    Window,
)
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import NO_PERSON, Credits, Days, Extra, Ints, RunResult
from salesops_desktop.commission.spans import Hierarchy, Spans, plan_spans
from salesops_desktop.commission.tiers import Terms, lines_pay, multiplied, payout
from salesops_desktop.expressions.rational import Rational, product, to_int64, total, whole
from salesops_desktop.model.errors import Fault, FaultsError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.progress import Progress, silent

Rows = npt.NDArray[np.intp]


def calculate(
    plans: Sequence[Plan],
    assignments: Sequence[PlanAssignment],
    credits_in: Credits,
    quotas: Sequence[Quota],
    period: Period,
    *,
    calendar: FiscalCalendar | None = None,
    rates: ExchangeRates | None = None,
    targets: Sequence[TargetIncentive] = (),
    scores: Sequence[Score] = (),
    reports: Sequence[Reporting] = (),
    names: Mapping[int, str] | None = None,
    progress: Progress = silent,
) -> RunResult:
    """Calculate what ``period`` pays.

    Credits accumulate in the order (credit date, transaction, line, split, amount, key) from the start of each
    component's window; those dated in the period pay. Credits outside the plan's dates or the assignment's dates do not
    count for it. What depends on attainments and scores is taken as it stands at the end of the period; the difference
    to what earlier periods of the window paid by their own state is an :class:`Extra`.

    Args:
        plans: the plans; names unique.
        assignments: who is paid by which plan, and when.
        credits_in: all credits from the earliest window's start on; others are ignored.
        quotas: for plans by attainment.
        period: what is paid.
        calendar: for the windows; the Gregorian year when omitted.
        rates: exchange rates; each credit uses that of its own date.
        targets: target incentives, for components that pay parts of them.
        scores: for factors.
        reports: who reports to whom, for components that count a team.
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
    run.targets, run.scores = TargetBook(targets, run.rates), ScoreBook(scores)
    run.hierarchy = Hierarchy(reports)
    steps = sum(len(plan.components) for plan in run.plans)
    done = 0
    parts: list[Lines] = []
    overrides: list[tuple[int, int]] = []
    for number, plan in enumerate(run.plans):
        staff = _Staff(run, number, plan_spans(assignments, plan))
        for place, component in enumerate(plan.components):
            progress(done, steps, f"Calculating {plan.name}: {component.name}")
            done += 1
            if not component.source.on_pay:
                parts.append(staff.component(place))
            elif component.source is Source.TEAM_PAY and not component.carves:
                overrides.append((number, place))
    if overrides or carvings(run.plans):
        base = Lines.concatenate(credits_in, parts)
        parts = [base]
        spans = [plan_spans(assignments, plan) for plan in run.plans]
        for number, place in overrides:
            parts.append(run.override(number, place, spans[number], base))
        parts += run.carved(spans, base)
    progress(steps, steps, "Adding up")
    lines = Lines.concatenate(credits_in, parts)
    return run.result(lines)


class _Run:
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

    def override(self, number: int, place: int, spans: Spans, base: Lines) -> Lines:
        """What managers earn on what their people's own credits earned in the period."""
        plan = self.plans[number]
        component = plan.components[place]
        own = np.flatnonzero(np.isin(base.person * 2**20 + base.plan * 2**10 + base.component, _own(self.plans, base)))
        line, person = self.hierarchy.managers(base.person[own], base.date[own], component.depth)
        held = spans.find(person, base.date[own][line]) >= 0
        line, person = own[line[held]], person[held]
        fx, amount = self._pay_in(plan, base, line)
        # One line per (manager, credit): what several components paid for the credit counts together.
        order = order_by([person, self.place[base.row[line]]], len(line))
        person, row, fx, amount = person[order], base.row[line][order], fx[order], amount[order]
        first = np.flatnonzero(np.r_[True, (person[1:] != person[:-1]) | (row[1:] != row[:-1])][: len(row)])
        sums = np.add.reduceat(amount, first) if len(first) else amount
        # Of several rates (plans in different currencies) the last component's is shown.
        rate = fx[np.r_[first[1:] - 1, len(row) - 1]] if len(first) else fx
        rows, people = row[first].astype(np.intp), person[first]
        zero = np.zeros(len(rows), dtype=np.int64)
        counted = Counted(rows, people, rate, self.dates[rows], sums, zero, None, rows[:0])
        counted = self._filtered(component, plan, counted)
        return _Staff(self, number, spans).lines(place, counted)

    def carving(self, spans: Sequence[Spans], person: Ints, plan: Ints, row: Rows) -> Carving:
        """Who carves what out of the pay of lines that rest on people's own credits."""
        world = World(self.plans, spans, self.hierarchy, self.dates, self.place, self.rates_of, self._filtered)
        return Carving(world, person, plan, row)

    def carved(self, spans: Sequence[Spans], base: Lines) -> Iterator[Lines]:
        """What managers carve out of what their people's own credits earned, and what those people give up."""
        if not carvings(self.plans):
            return
        own = np.flatnonzero(np.isin(base.person * 2**20 + base.plan * 2**10 + base.component, _own(self.plans, base)))
        made = self.carving(spans, base.person[own], base.plan[own], base.row[own].astype(np.intp))
        for manager in sorted(made.unknown):
            self.lack(manager, State.NO_RATE)
        for (number, place), amount in made.amounts(base.pay[own]).items():
            counted = replace(made.counted[number, place], amount=amount)
            yield _Staff(self, number, spans[number]).lines(place, counted)

    def _filtered(self, component: Component, plan: Plan, counted: Counted) -> Counted:
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

    def _pay_in(self, of: Plan, base: Lines, line: Rows) -> tuple[Ints, Ints]:
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


def _own(plans: Sequence[Plan], base: Lines) -> Ints:
    """Codes of the (person, plan, component) whose lines rest on the person's own credits."""
    codes = [
        p * 2**10 + c
        for p, plan in enumerate(plans)
        for c, component in enumerate(plan.components)
        if component.source is Source.OWN
    ]
    people = np.unique(base.person)
    return (people[:, None] * 2**20 + np.array(codes, dtype=np.int64)[None, :]).reshape(-1)


class _Staff:
    """The people of one plan."""

    def __init__(self, run: _Run, number: int, spans: Spans) -> None:
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

    def _count(self, component: Component) -> Counted:
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
        counted = self._count(component)
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
        pay, tier, rate = self._paid(component, counted, after, terms, columns.open[inverse])
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

    def _paid(
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
        counted = self._count(component)
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
