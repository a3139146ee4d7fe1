"""What a period would pay by other rates, quotas, volumes and caps: prepared once, asked many times a second.

Everything a scenario leaves as it is (who has which plan, what a component counts, exchange rates, scores) is worked
out once by the engine's own code. Lines of a window whose rounding telescopes are then kept as one: they add up to the
window's total, whatever the rates. The answer is the engine's for the edited plan, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from salesops_desktop.commission.calculation import Calculation
from salesops_desktop.commission.counting import WINDOW_PERIOD, Counted, Sight, running, units, window_of
from salesops_desktop.commission.exchange import ExchangeRates
from salesops_desktop.commission.levels import ScoreBook, TargetBook
from salesops_desktop.commission.lint import measures_of
from salesops_desktop.commission.plan import (
    Component,
    Plan,
    PlanAssignment,
    Quota,
    Reporting,
    RoundingStage,
    Score,
    Source,
    TargetIncentive,
    Window,
)
from salesops_desktop.commission.quotas import QuotaBook
from salesops_desktop.commission.records import Credits, Days
from salesops_desktop.commission.spans import Hierarchy, plan_spans
from salesops_desktop.commission.staff import Staff
from salesops_desktop.commission.what_if_edits import (
    Scenario,
    edited_credits,
    edited_plans,
    people_of,
    scaled_column,
)
from salesops_desktop.commission.what_if_levels import Attained, Books, QuotaColumns, Totals
from salesops_desktop.commission.what_if_parts import Asked, Part
from salesops_desktop.commission.what_if_teams import Override, team_carving
from salesops_desktop.expressions import compile_filter, compile_formula
from salesops_desktop.expressions.rational import to_int64
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.money import PPM, exponent
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.progress import Progress, silent
from salesops_desktop.model.tables import Column, Table, ValueKind

__all__ = ["Outlook", "Scenario", "WhatIf", "prepare"]

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Outlook:
    """What a scenario pays; columns of one entry per person and currency, in the order of :attr:`WhatIf.people`.

    Attributes:
        pay: minor units.
        attained: what the first component with a quota attains of it by the period's end; NaN without one.
        sales: minor units credited in the period, by currency.
    """

    pay: Ints
    attained: npt.NDArray[np.float64]
    sales: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Given:
    """What a run is given; see :func:`salesops_desktop.commission.calculate.calculate`."""

    plans: Sequence[Plan]
    assignments: Sequence[PlanAssignment]
    credits: Credits
    quotas: Sequence[Quota]
    period: Period
    calendar: FiscalCalendar
    rates: ExchangeRates
    targets: Sequence[TargetIncentive] = ()
    scores: Sequence[Score] = ()
    reports: Sequence[Reporting] = ()
    sales: npt.NDArray[np.bool_] | None = None
    """Which credits are sales (overlays count a sale again); None for all."""


def prepare(given: Given, progress: Progress = silent) -> WhatIf:
    """Make a period ready to be asked.

    Args:
        given: as for a run.
        progress: called per component.

    Raises:
        FaultsError: a plan with faults, all of them listed.
    """
    return WhatIf(given, progress)


class WhatIf:
    """A period that can be asked what other rates, quotas, volumes and caps would pay.

    Args:
        given: as for a run.
        progress: called per component.
    """

    def __init__(self, given: Given, progress: Progress = silent) -> None:
        self.given = given
        self._places: dict[tuple[int, str], int] = {}
        self._books: dict[int, Books] = {}
        self._parts: list[Part] = []
        self._overrides: list[tuple[Part, Override]] = []
        self._carved: dict[tuple[int, int], Part] = {}
        self._flows: dict[tuple[int, str], Mapping[tuple[int, int], tuple[Ints, Ints]]] = {}
        self._anew: tuple[tuple[int, str], WhatIf] | None = None
        self._sums: tuple[tuple[int, str], Mapping[str, int]] | None = None
        self._columns: tuple[tuple[int, str], dict[str, Column]] = ((PPM, ""), {})
        run = self._run = Calculation(
            tuple(sorted(given.plans, key=lambda p: p.name)), given.credits, given.period, given.calendar
        )
        run.rates, run.names = given.rates, {}
        run.refuse_faulty_plans()
        run.quotas = QuotaBook(given.quotas, run.rates)
        run.targets, run.scores = TargetBook(given.targets, run.rates), ScoreBook(given.scores)
        run.hierarchy = Hierarchy(given.reports)
        self.quotas = QuotaColumns(given.quotas, run.rates)
        self._staff = [Staff(run, i, plan_spans(given.assignments, plan)) for i, plan in enumerate(run.plans)]
        self._counted: dict[tuple[int, int], Counted] = {}
        self._totals: dict[tuple[int, int], Totals] = {}
        self._build(progress)
        self._by_volume = self._scalable()
        self._sales = [self._sold(staff) for staff in self._staff]
        self._gauges = self._gauge()

    # ------------------------------------------------------------------ preparing

    def _build(self, progress: Progress) -> None:
        steps = sum(len(staff.plan.components) for staff in self._staff)
        teams = any(c.source.on_pay for staff in self._staff for c in staff.plan.components)
        for staff in self._staff:
            self.slots(staff.spans.people.tolist(), staff.plan.currency)
            for place, component in enumerate(staff.plan.components):
                progress(len(self._parts), steps, f"Preparing {staff.plan.name}: {component.name}")
                if component.source.on_pay:
                    continue
                counted = self.counted(staff, place)
                alone = (
                    component.window not in WINDOW_PERIOD
                    or component.stage is RoundingStage.LINE
                    or component.lookup is not None
                    or component.deal_cap is not None
                    or component.deal_floor is not None
                )
                lines = alone or (teams and component.source is Source.OWN)
                self._parts.append(Part(self, staff, place, counted, lines=lines))
        own = [part for part in self._parts if part.component.source is Source.OWN]
        for staff in self._staff:
            for place, component in enumerate(staff.plan.components):
                if component.source is Source.TEAM_PAY and not component.carves:
                    override = Override(self._run, staff, place, [(part.staff, part.counted) for part in own])
                    part = Part(self, staff, place, override.counted, lines=True)
                    self._overrides.append((part, override))
        self._carving = team_carving(self._run, [staff.spans for staff in self._staff],
                                     [(part.staff, part.counted) for part in own])  # fmt: skip
        for (number, place), counted in ({} if self._carving is None else self._carving.counted).items():
            self._carved[number, place] = Part(self, self._staff[number], place, counted, lines=True)

    def counted(self, staff: Staff, place: int) -> Counted:
        """What a component counts; a lookup gives the cell."""
        key = (staff.number, place)
        if key not in self._counted:
            component = staff.plan.components[place]
            if component.lookup is not None:  # each credit's cell instead of what stands in it
                cells = tuple(range(len(component.lookup.values)))
                component = replace(component, lookup=replace(component.lookup, values=cells))
            self._counted[key] = staff.count(component)
        return self._counted[key]

    def books(self, staff: Staff) -> Books:
        """Where the state of a plan's windows is written."""

        def totals(place: int) -> Totals:
            key = (staff.number, place)
            if key not in self._totals:
                self._totals[key] = Totals(self.counted(staff, place), self._run.dates)
            return self._totals[key]

        run = self._run
        if staff.number not in self._books:
            self._books[staff.number] = Books(self.quotas, run.targets, run.scores, totals, run.calendar, run.period)
        return self._books[staff.number]

    def slots(self, people: Sequence[int], currency: str) -> Rows:
        """The place of each (person, currency) in :attr:`people`."""
        return np.array([self._places.setdefault((who, currency), len(self._places)) for who in people], dtype=np.intp)

    @property
    def people(self) -> tuple[tuple[int, str], ...]:
        """(person, currency) of each entry of an outlook."""
        return tuple(self._places)

    def _scalable(self) -> bool:
        """Whether other amounts on credits change only what is measured, not which credits count, nor their rates."""
        money = {column.name for column in self._run.table.columns if column.kind is ValueKind.MONEY}
        for staff in self._staff:
            for component in staff.plan.components:
                texts = [component.contract] if component.window is Window.CONTRACT else []
                if component.window is Window.CONTRACT:
                    return False  # a contract's totals are kept by its text
                if component.lookup is not None:
                    texts += [axis.by for axis in component.lookup.axes]
                named = [compile_formula(text, self._run.schema).fields for text in texts]
                if component.filter.strip():
                    named.append(compile_filter(component.filter, self._run.schema).fields)
                if any(fields & money for fields in named):
                    return False
        return True

    def _sold(self, staff: Staff) -> Rows:
        """The sales of a plan's people in the period, as rows of the credits."""
        run = self._run
        rows = np.flatnonzero(run.in_period if self.given.sales is None else run.in_period & self.given.sales)
        held = staff.spans.find(run.credits.person[rows], run.dates[rows]) >= 0
        rows = rows[held]
        codes = run.credits.currency[rows].astype(str)
        known = np.zeros(len(rows), dtype=np.bool_)
        for code in np.unique(codes):
            at = codes == code
            known[at] = run.rates_of(staff.plan).lookup(str(code), staff.plan.currency, run.dates[rows[at]]) > 0
        return rows[known]

    def _gauge(self) -> list[tuple[Part, Rows, Attained]]:
        """What tells each person's attainment: their first component with a quota."""
        run, found, seen = self._run, [], set()
        for part in self._parts:
            component, staff = part.component, part.staff
            if component.window not in WINDOW_PERIOD:
                continue
            window = window_of(component, run.period.end, run.calendar, run.period)
            totals = self.books(staff).totals(part.place)
            people = [
                who
                for who in dict.fromkeys(staff.spans.people.tolist())
                if (who, staff.plan.currency) not in seen
                and run.quotas.target(who, component.quota, window, staff.plan.currency)
            ]
            seen |= {(who, staff.plan.currency) for who in people}
            rows = np.array([totals.row(who, window.start, run.period.end) for who in people], dtype=np.intp)
            places = [self.quotas.place(who, component.quota, window, staff.plan.currency) for who in people]
            attained = Attained(part.place, rows, np.array(places, dtype=np.intp))
            found.append((part, self.slots(people, staff.plan.currency), attained))
        return found

    # ------------------------------------------------------------------ asking

    def under(self, scenario: Scenario) -> Outlook:
        """What a scenario pays.

        Raises:
            InputRefusedError: there is no plan of this name, or amounts that do not fit in 64 bits.
        """
        if scenario.plan and scenario.plan not in {plan.name for plan in self._run.plans}:
            raise InputRefusedError(f"There is no plan called {scenario.plan!r}.", way_out="See: commissions plans.")
        people = people_of(self.given.assignments, scenario.plan)
        flows = self._flow(scenario)
        if flows is None:
            return self._with_other_credits(scenario).under(replace(scenario, volume=PPM))
        quotas = self.quotas.under(scenario.quotas, people)
        plans = edited_plans(self._run.plans, scenario)
        asked = Asked(flows)
        pay = np.zeros(len(self._places), dtype=np.int64)
        for part in self._parts:
            component = plans[part.staff.number].components[part.place]
            before, after = flows[part.staff.number, part.place]
            lines = self._lines(part, component, before[part.begin], after[part.end], quotas, asked)
            asked.paid[part.staff.number, part.place] = lines
            _add(pay, part.slots[part.index], lines)
            if part.extras is not None:
                _add(pay, part.extras.slots, part.extras.pay(component, quotas, asked))
        own = [(p.staff.number, p.place) for p in self._parts if p.component.source is Source.OWN]
        for part, override in self._overrides:
            component = plans[part.staff.number].components[part.place]
            amount = override.amounts([asked.paid[key] for key in own])
            lines = self._lines(part, component, np.zeros(len(amount), dtype=np.int64), amount, quotas, asked)
            _add(pay, part.slots[part.index], lines)
        if self._carving is not None:
            paid = np.concatenate([np.zeros(0, dtype=np.int64), *(asked.paid[key] for key in own)])
            for key, amount in self._carving.amounts(paid).items():
                part = self._carved[key]
                component = plans[part.staff.number].components[part.place]
                lines = self._lines(part, component, np.zeros(len(amount), dtype=np.int64), amount, quotas, asked)
                _add(pay, part.slots[part.index], lines)
        return Outlook(pay, self._attained(quotas, asked), self._sales_of(scenario))

    @staticmethod
    def _lines(part: Part, component: Component, before: Ints, after: Ints, quotas: Ints, asked: Asked) -> Ints:
        state = part.states.under(quotas, asked.after_of(part))
        return part.lines(component, before, after, state)

    def _attained(self, quotas: Ints, asked: Asked) -> npt.NDArray[np.float64]:
        found = np.full(len(self._places), np.nan)
        for part, slots, gauge in self._gauges:
            totals, quota = gauge.under(quotas, asked.after_of(part))
            with np.errstate(divide="ignore", invalid="ignore"):
                found[slots] = np.where(quota > 0, totals / quota, np.nan)
        return found

    # ------------------------------------------------------------------ volumes

    def _flow(self, scenario: Scenario) -> Mapping[tuple[int, int], tuple[Ints, Ints]] | None:
        """The totals before and after each counted credit; None where a volume changes more than amounts."""
        key = (scenario.volume, scenario.plan if scenario.volume != PPM else "")
        if key not in self._flows:
            if scenario.volume != PPM and not self._by_volume:
                return None
            made: dict[tuple[int, int], tuple[Ints, Ints]] = {}
            measured: dict[object, tuple[Ints, Ints] | None] = {}
            for part in self._parts:
                counted = part.counted
                before, amount = counted.before, counted.amount
                if scenario.volume != PPM:
                    c = part.component
                    alike = (part.staff.number, c.source, c.depth, c.measure, c.filter, c.window)
                    if alike not in measured:
                        measured[alike] = self._measured(part, scenario)
                    other = measured[alike]
                    if other is None:
                        return None
                    before, amount = other
                made[part.staff.number, part.place] = (before, to_int64(before + amount, "A total"))
            kept = {k: v for k, v in self._flows.items() if k[0] == PPM}
            self._flows = {**kept, key: made}
        return self._flows[key]

    def _measured(self, part: Part, scenario: Scenario) -> tuple[Ints, Ints] | None:
        """What a component counts at another volume: (totals before, amounts); None where it divides by zero."""
        counted, run, plan = part.counted, self._run, part.staff.plan
        sight = self._sight(counted.rows, plan.currency, scenario)
        formula = compile_formula(part.component.measure, run.schema, wants=measures_of(part.component))
        measured = formula.evaluate(sight, len(counted.rows))
        if measured.divided_by_zero.any() or len(counted.undefined):
            return None
        amount = units(measured, exponent(plan.currency))
        if part.component.window is Window.LINE:
            return np.zeros(len(amount), dtype=np.int64), amount
        window = counted.window.astype(np.int64)
        before = to_int64(running(amount, counted.person, window) - amount, "A total")
        return before, amount

    def _sight(self, rows: Rows, currency: str, scenario: Scenario) -> Sight:
        """What formulas see of some credits at a scenario's volume; each column is scaled once."""
        run, key = self._run, (scenario.volume, scenario.plan)
        if scenario.volume == PPM:
            return Sight(run.table, rows, currency, run.rates, run.dates[rows])
        if self._columns[0] != key:
            self._columns = (key, {})
        people = people_of(self.given.assignments, scenario.plan)
        chosen = self._run.in_period
        if people is not None:
            chosen = chosen & np.isin(run.credits.person, list(people))
        return _Scaled(run.table, rows, currency, run.rates, run.dates[rows], chosen, scenario.volume, self._columns[1])

    def _with_other_credits(self, scenario: Scenario) -> WhatIf:
        """The same period with the credits of another volume, prepared anew."""
        key = (scenario.volume, scenario.plan)
        if self._anew is None or self._anew[0] != key:
            people = people_of(self.given.assignments, scenario.plan)
            other = edited_credits(self.given.credits, self.given.period, scenario.volume, people)
            self._anew = (key, WhatIf(replace(self.given, credits=other)))
        return self._anew[1]

    def _sales_of(self, scenario: Scenario) -> Mapping[str, int]:
        key = (scenario.volume, scenario.plan if scenario.volume != PPM else "")
        if self._sums is not None and self._sums[0] == key:
            return self._sums[1]
        sums: dict[str, int] = {}
        seen: dict[str, Rows] = {}
        for staff, rows in zip(self._staff, self._sales, strict=True):
            currency = staff.plan.currency
            fresh = rows[~np.isin(rows, seen[currency])] if currency in seen else rows
            seen[currency] = np.concatenate([seen.get(currency, rows[:0]), fresh])
            amount = self._sight(fresh, currency, scenario)["Amount"].values.astype(np.int64)
            sums[currency] = sums.get(currency, 0) + int(amount.sum())
        self._sums = (key, sums)
        return sums


class _Scaled(Sight):
    """Columns of some rows with their money at another volume; ``made`` keeps them for the next who asks."""

    def __init__(
        self, given: Table, rows: Rows, currency: str, rates: ExchangeRates, dates: Days,
        chosen: npt.NDArray[np.bool_], volume: int, made: dict[str, Column],
    ) -> None:  # fmt: skip
        super().__init__(given, rows, currency, rates, dates)
        self._chosen, self._volume, self._made = chosen, volume, made

    def __getitem__(self, name: str) -> Column:
        if name not in self._made:
            self._made[name] = scaled_column(self._given[name], self._chosen, self._volume)
        self._given[name] = self._made[name]
        return super().__getitem__(name)


def _add(pay: Ints, slots: Rows, amounts: Ints) -> None:
    if float(np.abs(amounts.astype(np.float64)).sum()) > 9e18:
        raise InputRefusedError("A total exceeds what 64 bits of minor units can hold.")
    np.add.at(pay, slots, amounts)
