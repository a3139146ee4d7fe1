"""What other rates, quotas, volumes and caps would pay: one period prepared once, then asked as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from salesops_desktop.commission import Plan, Severity, lint
from salesops_desktop.commission.what_if import Given, Outlook, Scenario, WhatIf, prepare
from salesops_desktop.commission.what_if_edits import edited_credits, edited_plans, edited_quotas, people_of
from salesops_desktop.jobs.commission_facts import load_facts
from salesops_desktop.jobs.commission_inputs import Inputs, PayOn, inputs_of, relevant
from salesops_desktop.jobs.commission_items import exact_minor
from salesops_desktop.jobs.company import company
from salesops_desktop.jobs.context import JobContext
from salesops_desktop.jobs.declare import job
from salesops_desktop.model.enums import CreditRole
from salesops_desktop.model.errors import Fault, FaultsError, InputRefusedError
from salesops_desktop.model.money import Money
from salesops_desktop.model.periods import FiscalCalendar, Period
from salesops_desktop.model.tables import ColumnSpec, Table, ValueKind, build_table

__all__ = [
    "CurrencyLook", "Look", "PreparedPeriod", "Scenario", "ScenarioReport", "edited_plans", "prepare_period",
    "what_if",
]  # fmt: skip

BINS = 16
"""Bars of the distribution of pay."""
_PERCENT = 10_000
"""Ppm in one per cent."""


@dataclass(frozen=True, slots=True, eq=False)
class CurrencyLook:
    """What a scenario does to those who are paid in one currency. Money in minor units."""

    currency: str
    now: int
    then: int
    sales_now: int
    sales_then: int
    people: int
    """With a quota."""
    above_now: int
    """Who reach their quota."""
    above_then: int
    gain: int
    lose: int
    edges: npt.NDArray[np.int64]
    """Ends of the bars of the distribution of pay, one more than there are bars."""
    bars_now: npt.NDArray[np.int64]
    """People in each bar."""
    bars_then: npt.NDArray[np.int64]

    @property
    def cost_now(self) -> float | None:
        """Pay over sales; None without sales."""
        return self.now / self.sales_now if self.sales_now > 0 else None

    @property
    def cost_then(self) -> float | None:
        """Pay over sales under the scenario."""
        return self.then / self.sales_then if self.sales_then > 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A scenario beside things as they stand."""

    scenario: Scenario
    currencies: tuple[CurrencyLook, ...]
    outlook: Outlook


_PEOPLE = (
    ColumnSpec("person", "Person", ValueKind.TEXT),
    ColumnSpec("now", "Now", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("then", "Then", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("change", "Change", ValueKind.MONEY, currency_from="currency"),
    ColumnSpec("attained", "Attainment now", ValueKind.FRACTION, digits=1),
    ColumnSpec("attains", "Attainment then", ValueKind.FRACTION, digits=1),
)


class PreparedPeriod:
    """One period, ready to be asked.

    Args:
        inputs: of a run of it.
        period: which.
        calendar: the company's.
        model: made of the same.
    """

    def __init__(self, inputs: Inputs, period: Period, calendar: FiscalCalendar, model: WhatIf) -> None:
        self._inputs, self._calendar, self._model = inputs, calendar, model
        self.period = period
        self._now = model.under(Scenario())
        self._currencies = np.array([code for _, code in model.people], dtype=object)
        self._edges: dict[str, npt.NDArray[np.int64]] = {}

    @property
    def label(self) -> str:
        """The period's name."""
        return self.period.label

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans as they stand."""
        return tuple(sorted(self._inputs.plans, key=lambda p: p.name))

    @property
    def payees(self) -> tuple[tuple[str, str], ...]:
        """Whom the period pays and in which currency, by name."""
        names = self._inputs.names
        return tuple(sorted((names.get(who, str(who)), code) for who, code in self._model.people))

    def plan_called(self, name: str) -> Plan:
        """A plan as it stands.

        Raises:
            InputRefusedError: there is none of this name.
        """
        found = next((p for p in self._inputs.plans if p.name == name), None)
        if found is None:
            raise InputRefusedError(f"There is no plan called {name!r}.", way_out="See the list: commissions plans.")
        return found

    def currency_of(self, plan: str) -> str:
        """The currency of a plan, or of all plans where they share one; empty where they do not."""
        codes = {p.currency for p in self._inputs.plans if plan in ("", p.name)}
        return next(iter(codes)) if len(codes) == 1 else ""

    def most_paid(self, plan: str) -> int:
        """The largest pay of one person now, minor units: where a cap may begin to bite."""
        people = people_of(self._inputs.assignments, plan)
        mine = [
            int(pay)
            for (who, _), pay in zip(self._model.people, self._now.pay, strict=True)
            if people is None or who in people
        ]
        return max([0, *mine])

    def faults(self, scenario: Scenario) -> tuple[str, ...]:
        """What keeps the plans, as the scenario has them, from being calculated."""
        schema = self._inputs.credits.schema
        return tuple(
            f"{plan.name} › {f.where}: {f.what} {f.way_out}".rstrip()
            for plan in edited_plans(self.plans, scenario)
            for f in lint(plan, schema)
            if f.severity is Severity.ERROR
        )

    def look(self, scenario: Scenario) -> Look:
        """A scenario beside things as they stand; quick enough to follow a slider."""
        then = self._model.under(scenario)
        codes = sorted(set(self._currencies.tolist()))
        return Look(scenario, tuple(self._of(code, then) for code in codes), then)

    def _of(self, currency: str, then: Outlook) -> CurrencyLook:
        here = np.flatnonzero(self._currencies == currency)
        before, after = self._now.pay[here], then.pay[here]
        with_quota = ~np.isnan(self._now.attained[here])
        if currency not in self._edges:
            top = max(int(before.max(initial=0)), 1)
            self._edges[currency] = np.linspace(0, top * 1.25, BINS + 1).astype(np.int64)
        edges = self._edges[currency]
        return CurrencyLook(
            currency,
            int(before.sum()),
            int(after.sum()),
            self._now.sales.get(currency, 0),
            then.sales.get(currency, 0),
            int(with_quota.sum()),
            int((self._now.attained[here][with_quota] >= 1).sum()),
            int((then.attained[here][with_quota] >= 1).sum()),
            int((after > before).sum()),
            int((after < before).sum()),
            edges,
            _bars(before, edges),
            _bars(after, edges),
        )

    def people(self, look: Look, *, changed_only: bool = True) -> Table:
        """Who is paid what, now and then; the largest changes first. Keys are the people's row ids."""
        then, rows = look.outlook, []
        for i, (who, currency) in enumerate(self._model.people):
            before, after = int(self._now.pay[i]), int(then.pay[i])
            if before == after and (changed_only or not before):
                continue
            attained, attains = (None if np.isnan(v) else float(v) for v in (self._now.attained[i], then.attained[i]))
            rows.append(
                {
                    "id": who, "person": self._inputs.names.get(who, str(who)), "now": before, "then": after,
                    "change": after - before, "currency": currency, "attained": attained, "attains": attains,
                }
            )  # fmt: skip
        rows.sort(key=lambda row: (-abs(int(str(row["change"]))), str(row["person"])))
        return build_table("People", _PEOPLE, rows, entity="person", key="id")

    def check(self, scenario: Scenario, context: JobContext | None = None) -> str:
        """Calculate the edited plans by the engine, and say that it pays the same.

        Raises:
            FaultsError: the edited plans cannot be calculated, or somebody is paid otherwise.
        """
        inputs, people = self._inputs, people_of(self._inputs.assignments, scenario.plan)
        edited = replace(
            inputs,
            plans=edited_plans(inputs.plans, scenario),
            quotas=edited_quotas(inputs.quotas, scenario.quotas, people),
            credits=edited_credits(inputs.credits, self.period, scenario.volume, people),
        )
        result = edited.calculate(self.period, self._calendar) if context is None else (
            edited.calculate(self.period, self._calendar, context.progress)
        )  # fmt: skip
        wanted = result.totals()
        found = dict(zip(self._model.people, self._model.under(scenario).pay.tolist(), strict=True))
        off = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key, 0) != found.get(key, 0))
        if off:
            faults = [
                Fault(
                    inputs.names.get(key[0], str(key[0])),
                    f"a run pays {Money(wanted.get(key, 0), key[1])}, the sliders {Money(found.get(key, 0), key[1])}.",
                )
                for key in off
            ]
            raise FaultsError(f"A run of the edited plans pays {len(off)} people otherwise.", faults)
        paid = sum(1 for amount in found.values() if amount)
        return f"A run of the edited plans pays all {paid:,} people the same, to the last minor unit."


def _bars(pay: npt.NDArray[np.int64], edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many are paid within each bar; what is beyond the ends counts in the last ones."""
    inside = np.clip(pay[pay != 0], edges[0], edges[-1])
    return np.histogram(inside, edges)[0].astype(np.int64)


def prepare_period(context: JobContext, period: str, pay_on: PayOn = PayOn.BOOKING) -> PreparedPeriod:
    """Make a period ready to be asked.

    Args:
        context: for the workspace and progress.
        period: such as 2026-09.
        pay_on: booking, invoice or payment: which transactions earn.
    """
    context.progress(0, 0, "Reading")
    with context.workspace.read() as connection:
        inputs, wanted, calendar = _inputs(connection, period, pay_on)
    roles = inputs.credits.table()["Credit role"].values
    sales = np.array([role != CreditRole.OVERLAY.value for role in roles], dtype=np.bool_)
    given = Given(
        inputs.plans, inputs.assignments, inputs.credits, inputs.quotas, wanted, calendar, inputs.rates,
        inputs.targets, inputs.scores, inputs.reports, sales,
    )  # fmt: skip
    return PreparedPeriod(inputs, wanted, calendar, prepare(given, context.progress))


def _inputs(connection: Connection, period: str, pay_on: PayOn) -> tuple[Inputs, Period, FiscalCalendar]:
    calendar = company(connection).calendar
    wanted = calendar.parse(period)
    return inputs_of(relevant(load_facts(connection, pay_on.value), wanted, calendar)), wanted, calendar


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """What a scenario would pay."""

    label: str
    look: Look
    people: Table
    """One row per person whose pay changes; keys are the people's row ids."""
    checked: str = ""

    def summary(self) -> Sequence[str]:
        """Who gains, who loses, and what selling would cost."""
        gain, lose = (sum(getattr(c, name) for c in self.look.currencies) for name in ("gain", "lose"))
        said = [f"{gain:,} people gain, {lose:,} lose; {self.label} stays as it is."]
        for one in self.look.currencies:
            if not one.now and not one.then:
                continue
            change = f", {(one.then - one.now) / one.now:+.2%}" if one.now else ""
            said.append(f"{Money(one.now, one.currency)} become {Money(one.then, one.currency)}{change}.")
            if one.cost_now is not None and one.cost_then is not None:
                said.append(f"Selling costs {one.cost_now:.2%} now and {one.cost_then:.2%} then.")
            if one.people:
                said.append(
                    f"Of {one.people:,} with a quota, {one.above_now:,} reach it now and {one.above_then:,} then."
                )
        return [*said, self.checked] if self.checked else said

    def tables(self) -> Sequence[Table]:
        """The people whose pay changes."""
        return [self.people]


@job(
    "commissions what-if",
    title="Try other rates and quotas",
    group="commissions",
    examples=(
        "commissions what-if company.salesops 2026-09 --rates 110",
        "commissions what-if company.salesops 2026-Q3 --quotas 95 --plan 'Rep plan USD'",
        "commissions what-if company.salesops 2026-Q3 --accelerators 80 --cap 20000 --plan 'Rep plan USD' --check",
    ),
)
def what_if(
    context: JobContext,
    period: str,
    *,
    rates: float = 100.0,
    accelerators: float = 100.0,
    quotas: float = 100.0,
    volume: float = 100.0,
    cap: str = "",
    plan: str = "",
    pay_on: PayOn = PayOn.BOOKING,
    check: bool = False,
) -> ScenarioReport:
    """Compare what a period pays with what it would pay by other rates, quotas, volumes or caps. Nothing is changed.

    Args:
        period: such as 2026-09.
        rates: per cent of the present rates.
        accelerators: per cent of the rates of all tiers but the first, on top of that.
        quotas: per cent of the present quotas.
        volume: per cent of what is sold in the period.
        cap: most that a window of each component pays, in the plans' currency; as the plans say by default.
        plan: only this plan's rates, and its people's quotas and sales; all plans by default.
        pay_on: booking, invoice or payment: which transactions earn.
        check: calculate the edited plans by the engine too, and compare.
    """
    if not (0 <= rates <= 1000 and 0 <= accelerators <= 1000 and 0 < quotas <= 1000 and 0 <= volume <= 1000):
        raise InputRefusedError("That is no per cent of rates, quotas or sales.", way_out="Give up to 1000.")
    prepared = prepare_period(context, period, pay_on)
    if plan:
        prepared.plan_called(plan)
    currency = prepared.currency_of(plan)
    if cap and not currency:
        raise InputRefusedError("The plans have several currencies.", way_out="Say which plan the cap is for (--plan).")
    scenario = Scenario(
        rates=round(rates * _PERCENT),
        accelerators=round(accelerators * _PERCENT),
        quotas=round(quotas * _PERCENT),
        volume=round(volume * _PERCENT),
        cap=exact_minor(cap, currency) if cap else None,
        plan=plan,
    )
    refuse_faults(prepared.faults(scenario))
    look = prepared.look(scenario)
    return ScenarioReport(
        prepared.label, look, prepared.people(look), prepared.check(scenario, context) if check else ""
    )


def refuse_faults(faults: Sequence[str]) -> None:
    """Stop where the linter refuses what a scenario makes of the plans.

    Raises:
        FaultsError: with all of them.
    """
    if faults:
        raise FaultsError(
            f"The plans as edited cannot be calculated: {faults[0]}",
            [Fault(*fault.partition(": ")[::2]) for fault in faults],
        )
