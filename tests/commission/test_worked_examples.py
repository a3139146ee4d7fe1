"""Published examples from outside, rebuilt from plan blocks; the published-wrong ones at their correct value.

``COVERED`` and ``UNCOVERED`` together name every example, so that none is forgotten.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from salesops_desktop.commission import (
    Basis,
    Component,
    PlanAssignment,
    Quota,
    RateTable,
    Severity,
    Tier,
    TierMode,
    Window,
    calculate,
    lint,
    recompute,
    split_credits,
    trace,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import FiscalCalendar
from tests.commission.plan_cases import START, assigned, credits_of, plan_of, sales
from tests.conftest import shared_data

CALENDAR = FiscalCalendar()
Q1 = CALENDAR.parse("2026-Q1")

MARGINAL_TOTALS = {
    "SPARROW-MARG": ("sales", "total"),
    "REFERELLO": ("sales", "commission"),
    "SATIS-TIER": ("sales", "total"),
    "SALESTOOL": ("sales", "total"),
    "EXCELFORUM": ("sales", "total"),
    "GRAD-80K": ("sales", "total"),
    "GRAD-DRAW": ("sales", "earned"),
    "GRAD-9840": ("sales", "total"),
    "GRAD-55K": ("sales", "gross"),
    "GRAD-81500": ("sales", "total"),
    "ECLIPSE-GP": ("gp", "marginal"),
    "EARNBASE": ("sales", "marginal"),
    "CYNTEXA-PROG": ("sales", "commission"),
}
COVERED = {
    *MARGINAL_TOTALS,
    "ORA-STEP-IND",
    "MYTIME-TIER",
    "XACTLY-ATTAIN",
    "XACTLY-OUTOFSTEP",
    "JDE-BREAKPOINT",
    "PROWI-TERR",
    "PROWI-RESIDUAL",
    "MONEYPHP-ALLOC",
    "LAWINSIDER-GAPS",
}
UNCOVERED = {
    "ORA-DRAW-BAL": "draws",
    "STUDY-DRAW-5W": "draws",
    "XACTLY-DRAW": "draws",
    "QCOMM-DRAW": "draws",
    "LEGAL-DRAW": "draws",
    "SPARROW-MULT": "multipliers",
    "PROWI-SDR": "fixed pay per event",
    "PHONGNHA-OVERRIDE": "overrides on commission",
    "THEODOR-ACCEL": "the whole overage at one rate",
    "FE-ADVANCE": "advances",
    "INSURE-CHARGEBACK": "chargebacks",
    "LASTING-MARK": "advances",
    "CORE8-CLAWBACK": "clawbacks",
    "ORA-5050": "paying in instalments",
    "KDESK-ASC": "amortisation",
    "MASTERS-PRORATE": "proration",
    "QUICKBASE-PRORATE": "proration",
    "PROWI-RAMP": "ramps",
    "BROKERMINT-CAP": "scales on the own output",
    "CICHELLI-HURDLE": "hurdles",
    "SEC-MATRIX": "matrices",
    "EHOW-GM": "tiers by margin percent",
    "BREAKEVEN-ROUND": "goal seek",
}


@pytest.fixture(scope="module")
def examples():
    stored = json.loads(shared_data("commission", "worked_examples.json").read_text(encoding="utf-8"))
    return {example["id"]: example for example in stored["examples"]}


def cents(amount):
    exact = Decimal(str(amount)) * 100
    assert exact == int(exact)
    return int(exact)


def ppm(rate):
    exact = Decimal(rate.rstrip("%")) * 10_000
    assert exact == int(exact)
    return int(exact)


def table_of(tiers, mode=TierMode.MARGINAL):
    """Tiers as published; only their lower bounds count, so that "to 499.99" leaves no gap."""
    return RateTable.of([(cents(low), ppm(rate)) for low, _, rate in tiers], mode)


def payouts(component, amounts, quotas=(), start=START):
    plan = plan_of(component)
    result = calculate([plan], assigned(plan, 1), sales(*map(cents, amounts), start=start), quotas, Q1)
    for i in range(len(result)):
        assert recompute(trace(result, i)) == result.lines.pay[i]
    return result.lines.pay.tolist()


def test_every_example_is_accounted_for(examples):
    assert set(examples) == COVERED | set(UNCOVERED)
    assert not COVERED & set(UNCOVERED)


@pytest.mark.parametrize("name", sorted(MARGINAL_TOTALS))
def test_marginal_tiers(examples, name):
    example = examples[name]
    given, wanted = MARGINAL_TOTALS[name]
    component = Component("Tiers", table_of(example["params"]["tiers"]))
    sold, expected = example["inputs"][given], example["expected"][wanted]
    if not isinstance(sold, list):
        sold, expected = [sold], [expected]
    for amount, pay in zip(sold, expected, strict=True):
        assert payouts(component, [amount]) == [cents(pay)]
        # The same total in four uneven lines comes to the same cent.
        part = cents(amount) // 7 / Decimal(100)
        parts = [part, part * 3, part, Decimal(str(amount)) - 5 * part]
        assert sum(payouts(component, parts)) == cents(pay)


@pytest.mark.parametrize(
    ("name", "field"),
    [("SPARROW-MARG", "per_tier"), ("GRAD-80K", "per_tier"), ("EXCELFORUM", "parts"), ("SALESTOOL", "per_tier")],
)
def test_each_tier_pays_its_part(examples, name, field):
    """Lines that end exactly on the bounds earn exactly one tier each."""
    example = examples[name]
    bounds = [low for low, _, _ in example["params"]["tiers"]] + [example["inputs"]["sales"]]
    lines = [high - low for low, high in pairwise(bounds)]
    pays = payouts(Component("Tiers", table_of(example["params"]["tiers"])), lines)
    assert pays == [cents(pay) for pay in example["expected"][field]]


@pytest.mark.parametrize(("name", "given"), [("ECLIPSE-GP", "gp"), ("EARNBASE", "sales")])
def test_retroactive_tiers(examples, name, given):
    example = examples[name]
    component = Component("Cliff", table_of(example["params"]["tiers"], TierMode.RETROACTIVE))
    assert payouts(component, [example["inputs"][given]]) == [cents(example["expected"]["retroactive"])]


def test_each_transaction_from_the_first_tier(examples):
    example = examples["ORA-STEP-IND"]
    component = Component("Steps", table_of(example["params"]["tiers"]), window=Window.LINE)
    pays = payouts(component, example["inputs"]["transactions"])
    assert pays == [cents(pay) for pay in example["expected"]["per_txn"]]
    assert sum(pays) == cents(example["expected"]["total"])


def test_tiers_start_again_with_each_cycle(examples):
    example = examples["MYTIME-TIER"]
    table = RateTable.of([(0, 250_000), (500_00, 300_000), (3000_00, 400_000)])
    component = Component("Cycle", table, window=Window.MONTH)
    plan = plan_of(component)
    pays = []
    for month, amount in enumerate(example["inputs"]["cycles"], start=1):
        sold = sales(cents(amount), start=dt.date(2026, month, 3))
        result = calculate([plan], assigned(plan, 1), sold, [], CALENDAR.parse("2026"))
        pays += result.lines.pay.tolist()
    assert pays == [cents(pay) for pay in example["expected"]["per_cycle"]]


def test_attainment_of_a_yearly_quota(examples):
    example = examples["XACTLY-ATTAIN"]
    steps = [(low * 10_000, int(rate) * 10_000) for low, _, rate in example["params"]["rate_table"]]
    component = Component("YTD", RateTable.of(steps, basis=Basis.ATTAINMENT), window=Window.YEAR)
    quota = Quota(1, Measure.BOOKINGS, START, dt.date(2026, 12, 31), cents(example["params"]["quota"]), "USD")
    plan = plan_of(component)
    result = calculate([plan], assigned(plan, 1), sales(cents(example["inputs"]["ytd_credit"])), [quota], Q1)
    assert f"{result.line(0).attainment_after:.0%}" == example["expected"]["attainment"]
    assert result.line(0).rate == 20_000


def test_attainment_does_not_depend_on_the_batch(examples):
    example = examples["XACTLY-OUTOFSTEP"]
    rows = [(1, START, "before", 150_00, "USD")]
    for i, order in enumerate(example["inputs"]["orders"]):
        day = dt.date(2026, 3, 1 + i)
        rows += [(1, day, f"{order} revenue", 50_00, "USD"), (1, day, f"{order} bookings", 100_00, "USD")]
    plan = plan_of(Component("All", RateTable.flat(10_000)))
    march = CALENDAR.parse("2026-03")
    whole = calculate([plan], assigned(plan, 1), credits_of(rows), [], march)
    first_batch = calculate([plan], assigned(plan, 1), credits_of(rows[:3]), [], march)
    assert [line.after for line in first_batch] == [line.after for line in whole][:2]
    totals = [line.after.minor for line in whole if line.number % 2 == 0]  # after each order's two lines
    assert totals == [cents(total) for total in example["expected"]["partition_invariant_attainment_after"]]


def test_falling_rates_paid_less_what_was_paid_before(examples):
    example = examples["JDE-BREAKPOINT"]
    params = example["params"]
    points = [(cents(low), ppm(rate)) for low, rate in params["breakpoints"]]
    component = Component("Declining", RateTable.of(points), window=Window.YEAR)
    # The contract adds a growth amount to the base and takes a recapture off the first bill.
    totals = [Decimal(total) + params["growth"] for total in example["inputs"]["cumulative_sales"]]
    steps = [high - low for low, high in pairwise([Decimal(0), *totals])]
    pays = payouts(component, steps)
    pays[0] -= cents(params["recapture"])
    assert pays == [cents(bill) for bill in example["expected"]["period_billing"]]


def test_split_credit(examples):
    example = examples["PROWI-TERR"]
    shares = np.array([ppm(share) for share in example["params"]["splits"]])
    parts = split_credits(
        np.array([cents(example["inputs"]["deal"])]), np.zeros(2, dtype=np.intp), np.array([1, 2]), shares
    )
    rows = [(person, START, "deal", int(part), "USD") for person, part in zip((1, 2), parts, strict=True)]
    plan = plan_of(Component("Flat", RateTable.flat(ppm(example["params"]["rate"]))))
    people = [PlanAssignment(person, plan.name, START) for person in (1, 2)]
    pays = calculate([plan], people, credits_of(rows), [], Q1).lines.pay.tolist()
    assert pays == [cents(pay) for pay in example["expected"]["commission"]]


def test_allocation_without_the_luck_of_the_order(examples):
    example = examples["MONEYPHP-ALLOC"]
    for (amount, weights), published in zip(example["inputs"]["cases"], example["expected"]["result"], strict=True):
        total = sum(weights)
        shares = np.array([10**6 * weight // total for weight in weights])
        shares[0] += 10**6 - shares.sum()
        parts = split_credits(
            np.array([amount]), np.zeros(len(weights), dtype=np.intp), np.arange(len(weights)), shares
        )
        assert sorted(parts.tolist()) in (sorted(published), [1, 4])  # 70 % gets the odd cent wherever it stands
        assert parts.sum() == amount


def test_residual_is_a_rate_on_each_month(examples):
    example = examples["PROWI-RESIDUAL"]
    rate = RateTable.flat(ppm(example["params"]["rate"]))
    component = Component("Residual", rate, window=Window.LINE)
    pays = payouts(component, example["inputs"]["mrr_m1_m3_m6_m12"])
    assert pays == [cents(pay) for pay in example["expected"]["residual"]]


def test_undefined_bands_are_refused(examples):
    example = examples["LAWINSIDER-GAPS"]
    tiers = tuple(
        Tier(int(low.strip(">")) * 10_000, int(high) * 10_000, ppm(rate))
        for low, high, rate in example["params"]["bands"]
    )
    plan = plan_of(Component("Bands", RateTable(tiers, basis=Basis.ATTAINMENT)))
    gaps = [f.what for f in lint(plan) if f.code == "gap" and f.severity is Severity.ERROR]
    assert gaps == ["Nothing is said between 50 % and 51 %.", "Nothing is said between 60 % and 61 %."]
