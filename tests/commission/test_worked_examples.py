"""Published examples from outside, rebuilt from plan blocks; the published-wrong ones at their correct value.

``COVERED`` and ``PAYMENTS`` together name every example, so that none is forgotten.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from salesops_desktop.commission import (
    Axis,
    AxisKind,
    Basis,
    Component,
    Factor,
    Gate,
    Lookup,
    Pays,
    PlanAssignment,
    Quota,
    RateTable,
    Reporting,
    Score,
    Severity,
    Source,
    TargetIncentive,
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
from salesops_desktop.model.tables import ValueKind
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
    "THEODOR-ACCEL",
    "PROWI-SDR",
    "BROKERMINT-CAP",
    "EHOW-GM",
    "SPARROW-MULT",
    "CICHELLI-HURDLE",
    "SEC-MATRIX",
    "PHONGNHA-OVERRIDE",
}
PAYMENTS = {
    "ORA-DRAW-BAL",
    "STUDY-DRAW-5W",
    "XACTLY-DRAW",
    "QCOMM-DRAW",
    "LEGAL-DRAW",
    "FE-ADVANCE",
    "INSURE-CHARGEBACK",
    "LASTING-MARK",
    "CORE8-CLAWBACK",
    "ORA-5050",
    "KDESK-ASC",
    "MASTERS-PRORATE",
    "QUICKBASE-PRORATE",
    "PROWI-RAMP",
    "BREAKEVEN-ROUND",
}
"""In test_payments.py."""


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
    assert set(examples) == COVERED | PAYMENTS


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
    assert f"{result.line(0).after.minor / quota.amount:.0%}" == example["expected"]["attainment"]
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


def run(plan, credits_in, quotas=(), people=(1,), period=Q1, **more):
    """A run whose every line is retraced."""
    result = calculate([plan], assigned(plan, *people), credits_in, quotas, period, **more)
    for i in range(len(result)):
        assert recompute(trace(result, i)) == result.lines.pay[i]
    assert not [notice for notice in result.notices if notice.blocking]
    return result


def quota(amount, measure=Measure.BOOKINGS, person=1):
    return Quota(person, measure, START, dt.date(2026, 3, 31), cents(amount), "USD")


def test_the_whole_overage_at_the_rate_reached(examples):
    example = examples["THEODOR-ACCEL"]
    for (sold, rate), expected in zip(example["inputs"]["cases"], example["expected"]["commission"], strict=True):
        base = Decimal(rate) * 1_000_000
        above = [(low * 10_000, int(base * Decimal(times))) for low, _, times in example["params"]["multipliers"]]
        steps = [(0, int(base)), *above]
        whole = Component("Over", RateTable.of(steps, TierMode.WHOLE_OVERAGE, Basis.ATTAINMENT))
        quotas = [quota(example["params"]["quota"])]
        assert payouts(whole, [sold], quotas) == [cents(expected)]
    marginal = Component("Over", RateTable.of(steps, basis=Basis.ATTAINMENT))
    assert payouts(marginal, [sold], quotas) == [cents(example["expected"]["marginal_variant_for_last"])]


def test_pay_per_event_and_by_share_of_the_credit(examples):
    example = examples["PROWI-SDR"]
    params, expected = example["params"], example["expected"]
    shares = np.array([ppm(params["splits"]["SDR"]), ppm(params["splits"]["AE"])])
    whole = np.array([cents(example["inputs"]["acv"])])
    parts = split_credits(whole, np.zeros(2, dtype=np.intp), np.array([1, 2]), shares).tolist()
    per_event = RateTable((Tier(0, None, cents(params["sdr"]["flat"])),), TierMode.FLAT, pays=Pays.AMOUNT)
    sdr = plan_of(
        Component("Meetings", per_event, measure="1"),
        Component("Share", RateTable.flat(ppm(params["sdr"]["rate"]))),
        name="SDR",
    )
    ae = plan_of(Component("Share", RateTable.flat(ppm(params["ae"]["rate"]))), name="AE")
    rows = [(1, START, "deal", parts[0], "USD"), (2, START, "deal", parts[1], "USD")]
    result = calculate([sdr, ae], [*assigned(sdr, 1), *assigned(ae, 2)], credits_of(rows), [], Q1)
    assert result.totals() == {(1, "USD"): cents(expected["SDR"]), (2, "USD"): cents(expected["AE"])}
    assert all(recompute(trace(result, i)) == result.lines.pay[i] for i in range(len(result)))


def test_a_scale_on_what_the_company_keeps(examples):
    example = examples["BROKERMINT-CAP"]
    tiers = tuple(
        Tier(cents(low), None if high is None else cents(high), ppm(rate))
        for low, high, rate in example["params"]["tiers_company_ytd"]
    )
    component = Component("Split", RateTable(tiers, TierMode.OWN_OUTPUT), window=Window.YEAR)
    earlier = Decimal(example["inputs"]["company_ytd"]) / (1 - Decimal("0.8"))  # of which the company kept a fifth
    parts = [Decimal(part) for part in example["expected"]["agent"]]
    sold = [parts[0] / Decimal("0.8"), parts[1] / Decimal("0.9"), parts[2]]
    assert sum(sold) == example["inputs"]["commission"]
    pays = payouts(component, [earlier, *sold])
    assert pays[1:] == [cents(part) for part in parts]
    assert payouts(component, [earlier, sum(sold)])[1] == cents(example["expected"]["agent_total"])


def test_tiers_by_gross_margin_not_markup(examples):
    example = examples["EHOW-GM"]
    price, cost = example["inputs"]["price"], example["inputs"]["cost"]
    # "<=35 %, 36-60 %, >=61 %" leave gaps; the middle one is taken to begin above 35 and the last above 60.
    axis = Axis(AxisKind.FORMULA, "Margin / Amount", (0, 350_000, 600_000), exceeded=(1, 2))
    rates = tuple(ppm(rate) for _, rate in example["params"]["tiers"])
    component = Component(
        "Margin", RateTable.flat(0), measure="Margin", window=Window.LINE, lookup=Lookup((axis,), rates)
    )
    rows = [(1, START, "sale", cents(price), "USD", cents(price - cost))]
    result = run(plan_of(component), credits_of(rows, [("Margin", ValueKind.MONEY, "USD")]))
    assert result.lines.pay.tolist() == [cents(example["expected"]["commission"])]


def test_multipliers(examples):
    example = examples["SPARROW-MULT"]
    names = ("Satisfaction", "Mix")
    component = Component(
        "Base", RateTable.flat(ppm(example["params"]["rate"])), factors=tuple(Factor(name) for name in names)
    )
    scores = [
        Score(1, name, START, dt.date(2026, 3, 31), int(Decimal(times) * 1_000_000))
        for name, times in zip(names, example["params"]["multipliers"], strict=True)
    ]
    result = run(plan_of(component), sales(cents(example["inputs"]["sales"])), scores=scores)
    assert result.lines.pay.tolist() == [cents(example["expected"]["commission"])]


def test_a_hurdle_across_components(examples):
    example = examples["CICHELLI-HURDLE"]
    inputs, rates = example["inputs"], example["params"]["rates"]
    measures = dict(zip("ABC", (Measure.BOOKINGS, Measure.MARGIN, Measure.REVENUE), strict=True))
    parts = []
    for name, (low, high) in rates.items():
        gate = Gate(tuple("ABC"), 950_000, RateTable.flat(ppm(low)))
        table = RateTable.of([(0, ppm(low)), (1_000_000, ppm(high))], basis=Basis.ATTAINMENT)
        parts.append(Component(name, table, filter=f'Line = "{name}"', quota=measures[name], gate=gate))
    plan = plan_of(*parts)
    quotas = [quota(amount, measures[name]) for name, amount in inputs["quota"].items()]

    def earned(sold):
        # a third a month, paid monthly: what was paid before the gate opened is settled when it does
        rows = []
        for name, amount in sold.items():
            third = cents(amount) // 3
            parts = (cents(amount) - 2 * third, third, third)
            rows += [(1, dt.date(2026, m, 5), f"{name}{m}", part, "USD", name) for m, part in enumerate(parts, 1)]
        given = credits_of(rows, [("Line", ValueKind.TEXT, None)])
        whole = run(plan, given, quotas).totals()[1, "USD"]
        months = [run(plan, given, quotas, period=CALENDAR.parse(f"2026-0{m}")) for m in (1, 2, 3)]
        assert sum(month.totals()[1, "USD"] for month in months) == whole
        return whole

    assert earned(inputs["sales"]) == cents(example["expected"]["with_C_at_80pct"])
    assert earned(inputs["sales"] | {"C": 95_000}) == cents(example["expected"]["if_C_were_95000"])


def test_a_matrix_of_two_attainments(examples):
    example = examples["SEC-MATRIX"]
    rows = example["params"]["rows"]
    columns = (800_000, 900_000, 1_000_000, 1_000_000, 1_100_000, 1_200_000)
    # ">100" begins where "=100" stands: one part in a million above it
    columns = (*columns[:3], columns[3] + 1, *columns[4:])
    matrix = Lookup(
        (
            Axis(AxisKind.SCORE, "Operating income", tuple(int(row) * 10_000 for row in rows)),
            Axis(AxisKind.SCORE, "Revenue", columns, exceeded=(0, 1, 4, 5)),
        ),
        tuple(cell * 10_000 for row in rows.values() for cell in row),
    )
    bonus = RateTable((Tier(0, None, 1_000_000),), TierMode.STEP, pays=Pays.TARGET)
    plan = plan_of(Component("Bonus", bonus, factors=(Factor("Matrix", matrix),)))
    for income, revenue, payout in zip(
        example["inputs"]["oi"], example["inputs"]["rev"], example["expected"]["payout_pct"], strict=True
    ):
        scores = [
            Score(1, name, START, dt.date(2026, 3, 31), value * 10_000)
            for name, value in (("Operating income", income), ("Revenue", revenue))
        ]
        targets = [TargetIncentive(1, START, dt.date(2026, 3, 31), 10_000_00, "USD")]
        result = run(plan, sales(), scores=scores, targets=targets)
        assert result.totals() == {(1, "USD"): int(payout) * 100_00}


def test_an_override_on_the_commission_not_the_sales(examples):
    example = examples["PHONGNHA-OVERRIDE"]
    rep = plan_of(Component("Rate", RateTable.flat(ppm(example["params"]["team_rate"]))), name="Rep")
    override = Component("Override", RateTable.flat(10_000), window=Window.LINE, source=Source.TEAM_PAY)
    manager = plan_of(override, name="Manager")
    people = [*assigned(rep, 1), *assigned(manager, 2)]
    sold = sales(cents(example["inputs"]["team_sales"]))
    result = calculate([rep, manager], people, sold, [], Q1, reports=[Reporting(1, 2, START)])
    expected = example["expected"]
    assert result.totals() == {(1, "USD"): cents(expected["team_commission"]), (2, "USD"): cents(expected["override"])}
    assert all(recompute(trace(result, i)) == result.lines.pay[i] for i in range(len(result)))
