"""What a prepared period answers is what a run of the edited plans pays, to the minor unit."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.commission import Basis, Component, ExchangeRates, Quota, RateTable, calculate
from salesops_desktop.commission.what_if import Given, prepare
from salesops_desktop.commission.what_if_edits import (
    Scenario,
    edited_credits,
    edited_plans,
    edited_quotas,
    people_of,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import FaultsError, InputRefusedError
from salesops_desktop.model.money import PPM
from salesops_desktop.model.periods import FiscalCalendar
from tests.commission.plan_cases import RATES, assigned, plan_of, runs, sales

SHARES = st.sampled_from([PPM, PPM, 0, 1, 333_333, 950_000, 1_100_000, 1_500_001, 3_000_000])


@st.composite
def scenarios(draw, plans):
    return Scenario(
        draw(SHARES), draw(SHARES), draw(SHARES), draw(SHARES), draw(st.none() | st.integers(0, 500_000)),
        draw(st.sampled_from(["", *(plan.name for plan in plans)])),
    )  # fmt: skip


def paid(result):
    return {key: amount for key, amount in result.totals().items() if amount}


def answered(model, scenario):
    pay = model.under(scenario).pay.tolist()
    return {key: amount for key, amount in zip(model.people, pay, strict=True) if amount}


def run_of(asked, scenario):
    """The same by a run of everything edited."""
    people = people_of(asked.assignments, scenario.plan)
    return calculate(
        edited_plans(asked.plans, scenario), asked.assignments,
        edited_credits(asked.credits, asked.period, scenario.volume, people),
        edited_quotas(asked.quotas, scenario.quotas, people), asked.period, calendar=asked.calendar,
        rates=asked.rates, targets=asked.targets, scores=asked.scores, reports=asked.reports,
    )  # fmt: skip


@settings(deadline=None)
@given(data=st.data())
def test_any_plan_under_any_scenario_pays_what_a_run_pays(data):
    plans, assignments, credits_in, quotas, more = data.draw(runs())
    period = FiscalCalendar().parse(data.draw(st.sampled_from(["2026-02", "2026-03", "2026-Q1"])))
    asked = Given(
        plans, assignments, credits_in, quotas, period, FiscalCalendar(), ExchangeRates(RATES),
        more["targets"], more["scores"], more["reports"],
    )  # fmt: skip
    model = prepare(asked)
    assert answered(model, Scenario()) == paid(run_of(asked, Scenario()))
    for _ in range(3):
        scenario = data.draw(scenarios(plans))
        try:
            wanted = paid(run_of(asked, scenario))
        except FaultsError:
            continue  # the linter refuses what the scenario makes of a plan
        assert answered(model, scenario) == wanted


QUARTER = FiscalCalendar().parse("2026-Q1")


def small():
    """One person who sells 1,000.00 and then 1,500.01 against a quota of 2,000.00."""
    plan = plan_of(Component("C", RateTable.of([(0, 100_000), (1_000_000, 200_000)], basis=Basis.ATTAINMENT)))
    quota = Quota(1, Measure.BOOKINGS, QUARTER.start, QUARTER.end, 200_000, "USD")
    credits_in = sales(100_000, 150_001)
    return Given([plan], assigned(plan, 1), credits_in, [quota], QUARTER, FiscalCalendar(), ExchangeRates())


@pytest.mark.parametrize(
    ("scenario", "cents"),
    [
        (Scenario(), 20_000 + 10_000),
        (Scenario(rates=2 * PPM), 60_000),
        (Scenario(accelerators=PPM * 3 // 2), 20_000 + 15_000),
        (Scenario(quotas=PPM // 2), 10_000 + 30_000),
        (Scenario(volume=PPM // 2), 12_500),
        (Scenario(cap=25_000), 25_000),
        (Scenario(plan="Plan", rates=0), 0),
    ],
)
def test_each_change_pays_what_one_reckons_by_hand(scenario, cents):
    model = prepare(small())
    assert model.people == ((1, "USD"),)
    assert model.under(scenario).pay.tolist() == [cents]


def test_sales_and_attainment_follow_the_volume():
    model = prepare(small())
    now, half = model.under(Scenario()), model.under(Scenario(volume=PPM // 2, quotas=2 * PPM))
    assert now.sales == {"USD": 250_001}
    assert half.sales == {"USD": 50_000 + 75_001}
    assert now.attained.tolist() == [250_001 / 200_000]
    assert half.attained.tolist() == [125_001 / 400_000]


def test_what_is_no_sale_is_not_counted_as_one():
    asked = small()
    once = Given(*(getattr(asked, name) for name in Given.__slots__[:-1]), sales=np.array([True, False]))
    assert prepare(once).under(Scenario()).sales == {"USD": 100_000}


def test_a_plan_that_does_not_exist_and_faulty_plans_are_refused():
    with pytest.raises(InputRefusedError, match="Nowhere"):
        prepare(small()).under(Scenario(plan="Nowhere"))
    asked = small()
    broken = plan_of(Component("C", RateTable.flat(1), measure="Nonsense"))
    with pytest.raises(FaultsError):
        prepare(Given([broken], *(getattr(asked, name) for name in Given.__slots__[1:])))


def test_only_what_is_sold_in_the_period_follows_the_volume():
    asked = small()
    before = sales(100_000, 150_001, start=dt.date(2026, 1, 31))
    february = FiscalCalendar().parse("2026-02")
    model = prepare(
        Given(asked.plans, asked.assignments, before, asked.quotas, february, FiscalCalendar(), ExchangeRates())
    )
    assert model.under(Scenario()).pay.tolist() == [10_000 + 10_000]
    assert model.under(Scenario(volume=2 * PPM)).pay.tolist() == [10_000 + 40_000]
