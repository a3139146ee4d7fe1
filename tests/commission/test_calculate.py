"""The engine against the reference, against itself in any order, and against what people expect of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.commission import (
    NO_PERSON,
    Basis,
    BoundarySide,
    Component,
    ExchangeRate,
    ExchangeRates,
    PlanAssignment,
    Quota,
    RateTable,
    Rounding,
    RoundingStage,
    Tier,
    TierMode,
    Unpaid,
    Window,
    calculate,
    recompute,
    reference,
    trace,
)
from salesops_desktop.commission.exchange import RateDay
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.errors import Cancelled, FaultsError, InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar
from tests.commission.plan_cases import EXTRA, MONTHS, RATES, START, assigned, credits_of, plan_of, runs, sales

CALENDAR = FiscalCalendar()
Q1 = CALENDAR.parse("2026-Q1")
TIERS = RateTable.of([(0, 30_000), (30_000_00, 50_000), (50_000_00, 70_000)])


def pays(component, credits_in, quotas=(), period=Q1, **options):
    plan = plan_of(component)
    people = set(credits_in.person.tolist())
    return calculate([plan], assigned(plan, *people), credits_in, quotas, period, **options).lines.pay.tolist()


@settings(deadline=None, max_examples=60)
@given(case=runs(), period=st.sampled_from(["2026-Q1", "2026-02", "2026-03", "2026"]))
def test_equals_the_reference_on_any_plan(case, period):
    plans, assignments, credits_in, quotas, more = case
    span = CALENDAR.parse(period)
    result = calculate(plans, assignments, credits_in, quotas, span, rates=ExchangeRates(RATES), **more)
    lines = {(line.person, line.plan, line.component, line.credit): line.pay.minor for line in result}
    assert len(lines) == len(result)
    expected = reference(plans, assignments, credits_in, quotas, span, rates=RATES, **more)
    assert lines == expected.lines
    extras = {
        (e.person, result.plans[e.plan].name, result.plans[e.plan].components[e.component].name, e.window_start): e.pay
        for e in result.extras
    }
    assert extras == expected.extras
    for i in range(len(result)):
        steps = trace(result, i)
        assert recompute(steps) == result.lines.pay[i]
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))


@settings(deadline=None, max_examples=40)
@given(case=runs(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_input_changes_nothing(case, seed):
    plans, assignments, credits_in, quotas, more = case
    shuffle = np.random.default_rng(seed).permutation
    rates = ExchangeRates(RATES)
    first = calculate(plans, assignments, credits_in, quotas, Q1, rates=rates, **more)
    second = calculate(
        [plans[i] for i in shuffle(len(plans))],
        [assignments[i] for i in shuffle(len(assignments))],
        credits_in.take(shuffle(len(credits_in))),
        [quotas[i] for i in shuffle(len(quotas))],
        Q1,
        rates=rates,
        **{name: [values[i] for i in shuffle(len(values))] for name, values in more.items()},
    )
    assert first.digest() == second.digest()
    assert first.unpaid == second.unpaid
    assert first.totals() == second.totals()


@settings(deadline=None, max_examples=40)
@given(amounts=st.lists(st.integers(-10_000_00, 40_000_00), min_size=1, max_size=20), cut=st.integers(0, 19))
def test_monthly_runs_of_a_quarter_add_up_to_the_quarter(amounts, cut):
    rows = [(1, MONTHS[i % 3][0] + dt.timedelta(days=i), f"T{i}", a, "USD") for i, a in enumerate(amounts)]
    credits_in = credits_of(rows)
    component = Component("Tiers", TIERS)
    whole = sum(pays(component, credits_in))
    parts = sum(sum(pays(component, credits_in, period=CALENDAR.parse(f"2026-0{m}"))) for m in (1, 2, 3))
    assert parts == whole


def test_lines_telescope_to_the_exact_total():
    component = Component("Flat", RateTable.flat(33_333))
    amounts = [10_01] * 300
    assert sum(pays(component, sales(*amounts[:90]))) == 3003  # 90,090 cents × 3.3333 % = 3,002.97
    each = replace(component, stage=RoundingStage.LINE)
    assert sum(pays(each, sales(*amounts[:90]))) == 90 * 33


def test_a_refund_takes_back_at_the_tier_it_leaves():
    component = Component("Tiers", TIERS)
    assert pays(component, sales(40_000_00, -15_000_00)) == [1_400_00, -650_00]
    assert pays(component, sales(10_000_00, -15_000_00)) == [300_00, -450_00]


def test_retroactive_tiers_pay_back_to_the_first_unit_and_mind_the_boundary():
    table = RateTable.of([(0, 50_000), (10_000_00, 100_000)], TierMode.RETROACTIVE)
    sold = sales(9_999_99, 1, 1)
    assert pays(Component("C", table), sold) == [500_00, 500_00, 0]
    table = replace(table, boundary=BoundarySide.LOWER)
    assert pays(Component("C", table), sold) == [500_00, 0, 500_00]
    assert pays(Component("C", table), sales(20_000_00, -15_000_00)) == [2_000_00, -1_750_00]


def test_attainment_is_measured_against_the_quota_of_the_window():
    table = RateTable.of([(0, 50_000), (1_000_000, 100_000)], basis=Basis.ATTAINMENT)
    component = Component("Accelerator", table)
    months = [Quota(1, Measure.BOOKINGS, *days, 1_000_00, "USD") for days in MONTHS]
    exact = Quota(1, Measure.BOOKINGS, START, dt.date(2026, 3, 31), 2_000_00, "USD")
    assert pays(component, sales(4_000_00), months) == [250_00]
    assert pays(component, sales(4_000_00), [*months, exact]) == [300_00]
    hired_in_february = months[1:]
    assert pays(component, sales(4_000_00), hired_in_february) == [300_00]
    euros = [replace(exact, currency="EUR")]
    rates = ExchangeRates([ExchangeRate("EUR", "USD", START, 1_500_000_000)])
    assert pays(component, sales(4_000_00), euros, rates=rates) == [250_00]


def test_a_missing_quota_blocks_and_names_the_person():
    plan = plan_of(Component("A", RateTable.of([(0, 1), (1_000_000, 2)], basis=Basis.ATTAINMENT)))
    result = calculate([plan], assigned(plan, 1), sales(100), [], Q1, names={1: "Ana Lima"})
    assert len(result) == 0
    (notice,) = result.notices
    assert notice.blocking
    assert notice.reason is Unpaid.NO_QUOTA
    assert "Ana Lima" in notice.sentence
    assert result.unpaid == ((1, Unpaid.NO_QUOTA),)


def test_every_credit_that_pays_nothing_says_why():
    rows = [
        (NO_PERSON, START, "a", 100, "USD"),
        (1, START, "b", 100, "USD"),
        (2, START, "c", 100, "USD"),
        (2, START, "d", 1, "USD"),
        (2, START, "e", 100, "GBP"),
        (2, dt.date(2025, 12, 31), "before the period", 100, "USD"),
    ]
    plan = plan_of(Component("C", RateTable.flat(100_000), filter="Amount > 0.50"))
    result = calculate([plan], assigned(plan, 2), credits_of(rows), [], Q1)
    assert dict(result.unpaid) == {1: Unpaid.NO_PERSON, 2: Unpaid.NO_PLAN, 4: Unpaid.FILTERED, 5: Unpaid.NO_RATE}
    assert [(n.reason, n.blocking, n.credits) for n in result.notices] == [
        (Unpaid.NO_PERSON, False, (1,)),
        (Unpaid.NO_PLAN, False, (2,)),
        (Unpaid.NO_RATE, True, (5,)),
    ]
    assert "GBP" in result.notices[2].sentence
    assert result.totals() == {(2, "USD"): 10}


def test_a_measure_that_divides_by_zero_blocks():
    plan = plan_of(Component("C", RateTable.flat(100_000), measure="Amount / Discount"))
    rows = [(1, START, "a", 100, "USD", None, None, 0), (1, START, "b", 100, "USD", None, None, 500_000)]
    result = calculate([plan], assigned(plan, 1), credits_of(rows, EXTRA), [], Q1)
    assert result.lines.pay.tolist() == [20]
    assert [(n.reason, n.blocking) for n in result.notices] == [(Unpaid.UNDEFINED, True)]


def test_credits_count_for_the_plan_of_their_date():
    old, new = (
        plan_of(Component("C", RateTable.flat(100_000)), name="Old"),
        plan_of(Component("C", RateTable.flat(200_000)), name="New"),
    )
    assignments = [
        PlanAssignment(1, "Old", dt.date(2025, 1, 1), dt.date(2026, 1, 31)),
        PlanAssignment(1, "Old", dt.date(2026, 1, 15), dt.date(2026, 1, 20)),
        PlanAssignment(1, "New", dt.date(2026, 2, 2)),
    ]
    rows = [(1, dt.date(2026, 1, 31), "a", 100, "USD"), (1, dt.date(2026, 2, 1), "b", 100, "USD")]
    rows += [(1, dt.date(2026, 2, 2), "c", 100, "USD")]
    result = calculate([old, new], assignments, credits_of(rows), [], Q1)
    assert [(line.plan, line.transaction, line.pay.minor) for line in result] == [("New", "c", 20), ("Old", "a", 10)]
    assert result.unpaid == ((2, Unpaid.NO_PLAN),)


def test_the_rate_of_the_credit_date_converts_and_stays_on_the_line():
    rows = [(1, dt.date(2026, 2, 9), "a", 100_00, "EUR"), (1, dt.date(2026, 2, 10), "b", 100_00, "EUR")]
    plan = plan_of(Component("C", RateTable.flat(1_000_000)))
    result = calculate([plan], assigned(plan, 1), credits_of(rows), [], Q1, rates=ExchangeRates(RATES))
    assert result.lines.exchange_rate.tolist() == [1_093_700_001, 1_120_333_333]
    assert result.lines.pay.tolist() == [109_37, 112_03]
    yen = plan_of(Component("C", RateTable.flat(1_000_000)), currency="JPY")
    result = calculate([yen], assigned(yen, 1), sales(100_00), [], Q1, rates=ExchangeRates(RATES))
    assert result.lines.pay.tolist() == [15_123]
    back = calculate([plan], assigned(plan, 1), sales(15_123, currency="JPY"), [], Q1, rates=ExchangeRates(RATES))
    assert back.lines.pay.tolist() == [100_00]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.HALF_UP, [1, 1, -1, -2]),
        (Rounding.HALF_EVEN, [0, 1, 0, -2]),
        (Rounding.DOWN, [0, 1, 0, -1]),
        (Rounding.UP, [1, 2, -1, -2]),
    ],
)
def test_rounding_modes_on_ties(rounding, expected):
    component = Component("C", RateTable.flat(100_000), window=Window.LINE, rounding=rounding)
    assert pays(component, sales(5, 14 if rounding is not Rounding.UP else 11, -5, -15)) == expected


def test_a_cap_ends_pay_and_a_refund_below_it_takes_back():
    component = Component("C", RateTable.flat(100_000), cap=150_00)
    assert pays(component, sales(1_000_00, 1_000_00, -1_000_00)) == [100_00, 50_00, -50_00]


def test_large_amounts_stay_exact_and_impossible_ones_are_refused():
    component = Component("C", RateTable.of([(0, 999_999), (10**15, 999_998)]))
    big = 4 * 10**15 + 1
    assert pays(component, sales(big)) == [(10**15 * 999_999 + (big - 10**15) * 999_998 + 500_000) // 10**6]
    with pytest.raises(InputRefusedError, match="64 bits"):
        pays(component, sales(*[9 * 10**18] * 2))


def test_faulty_plans_are_refused_with_all_their_faults():
    gap = RateTable((Tier(0, 10, 1), Tier(20, None, 2)))
    plan = plan_of(Component("A", gap, measure="Amont"), Component("B", RateTable.flat(1), filter="Amount +"))
    with pytest.raises(FaultsError) as caught:
        calculate([plan], [], sales(1), [], Q1)
    assert [fault.where for fault in caught.value.faults] == [
        "Plan › A › measure, character 1",
        "Plan › A › rates, tiers 1 and 2",
        "Plan › B › filter, character 9",
    ]


def test_cancel_passes_through():
    def stop(done, total, what=""):
        raise Cancelled

    plan = plan_of(Component("C", RateTable.flat(1)))
    with pytest.raises(Cancelled):
        calculate([plan], assigned(plan, 1), sales(1), [], Q1, progress=stop)


def test_a_tampered_step_is_noticed():
    plan = plan_of(Component("Tiers", TIERS))
    result = calculate([plan], assigned(plan, 1), sales(40_000_00), [], Q1)
    steps = trace(result, 0)
    assert recompute(steps) == 1_400_00
    assert steps[-1].text == "1,400.00 USD"
    changed = [replace(step, value=40_001) if step.name == "tier_1_rate" else step for step in steps]
    with pytest.raises(Exception, match="its formula gives"):
        recompute(changed)


@pytest.mark.parametrize(
    ("rule", "pay"),
    [
        (RateDay.CREDIT, 1_093_70), (RateDay.MONTH_END, 1_120_33), (RateDay.QUARTER_END, 1_120_33),
        (RateDay.YEAR_START, 1_093_70), (RateDay.PLAN_START, 0),
        (RateDay.MONTH_AVERAGE, 1_111_77),  # (9 days × 1.093700001 + 19 × 1.120333333) / 28
    ],
)  # fmt: skip
def test_the_plan_says_which_days_exchange_rate_holds(rule, pay):
    """A sale of 1,000 EUR two days before the rate changes; the plan began before any rate was known."""
    plan = replace(plan_of(Component("All", RateTable.flat(1_000_000))), rate_day=rule)
    sold = credits_of([(1, dt.date(2026, 2, 8), "T", 1_000_00, "EUR")])
    result = calculate([plan], assigned(plan, 1), sold, [], Q1, rates=ExchangeRates(RATES))
    assert result.totals() == ({(1, "USD"): pay} if pay else {})
    if pay:
        rates = {1_093_70: 1_093_700_001, 1_120_33: 1_120_333_333, 1_111_77: 1_111_772_619}
        assert result.line(0).exchange_rate == rates[pay]
        day = {RateDay.CREDIT: "2026-02-08", RateDay.MONTH_END: "2026-02-28", RateDay.YEAR_START: "2026-01-01",
               RateDay.MONTH_AVERAGE: "average of 2026-02"}  # fmt: skip
        said = [step for step in trace(result, 0) if step.name == "exchange_rate"]
        assert day.get(rule, "2026-03-31") in said[0].formula
        assert recompute(trace(result, 0)) == pay
