"""Managers' parts carved out of the pool: its total stays the same, to the minor unit, whatever the shares."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salesops_desktop.commission import (
    Component,
    Credits,
    ExchangeRate,
    ExchangeRates,
    Plan,
    PlanAssignment,
    RateTable,
    Reporting,
    Source,
    Window,
    calculate,
    lint,
    recompute,
    reference,
    trace,
)
from salesops_desktop.commission.lint_carving import keepers
from salesops_desktop.commission.recalculate import recalculate
from salesops_desktop.commission.stored import definition, plan_from
from salesops_desktop.commission.what_if import Given, WhatIf
from salesops_desktop.commission.what_if_edits import Scenario
from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.model.periods import FiscalCalendar

START = dt.date(2026, 1, 1)
Q1 = FiscalCalendar().parse("2026-Q1")
WHOLE = RateTable.flat(1_000_000)
GIVEN = Component("Given up", WHOLE, window=Window.LINE, source=Source.GIVEN_UP)


def seller(rate=100_000, *more):
    return Plan("Seller", "USD", START, (Component("Tenth", RateTable.flat(rate), window=Window.LINE), GIVEN, *more))


def manager(name, share, currency="USD", **more):
    part = Component("Part", WHOLE, window=Window.LINE, source=Source.TEAM_PAY, carve=share, **more)
    return Plan(name, currency, START, (part,))


def sold(*amounts):
    n = len(amounts)
    return Credits(
        np.arange(1, n + 1), np.full(n, 1), np.full(n, np.datetime64("2026-02-03")),
        np.array([f"T-{i}" for i in range(n)], dtype=object), np.array(amounts, dtype=np.int64),
        np.full(n, "USD", dtype=object),
    )  # fmt: skip


CHAIN = [Reporting(person, person + 1, START) for person in (1, 2, 3)]


def staff(*plans):
    """Person 1 sells; those above have a plan each."""
    return [PlanAssignment(i, plan.name, START) for i, plan in enumerate(plans, 1)]


def pays(result):
    return {(line.person, line.component, line.credit): line.pay.minor for line in result}


def test_a_fifth_for_the_manager_is_taken_off_the_seller():
    plans = (seller(), manager("Manager", 200_000))
    result = calculate(plans, staff(*plans), sold(10_000_00, -5_000_00), [], Q1, reports=CHAIN)
    assert pays(result) == {
        (1, "Tenth", 1): 1_000_00, (1, "Tenth", 2): -500_00, (1, "Given up", 1): -200_00, (1, "Given up", 2): 100_00,
        (2, "Part", 1): 200_00, (2, "Part", 2): -100_00,
    }  # fmt: skip
    steps = [trace(result, i) for i in range(len(result))]
    assert [recompute(one) for one in steps] == result.lines.pay.tolist()
    assert any("20 % of what this credit earns its seller" in one[0].formula for one in steps)


def test_a_cent_is_not_paid_twice():
    """Two managers of a half each: a cent goes to one of them, where rounding each alone would pay two."""
    plans = (seller(), manager("A", 500_000), manager("B", 500_000))
    result = calculate(plans, staff(*plans), sold(10, -10), [], Q1, reports=CHAIN)
    assert pays(result) == {
        (1, "Tenth", 1): 1, (1, "Tenth", 2): -1, (1, "Given up", 1): -1, (1, "Given up", 2): 1,
        (2, "Part", 1): 1, (2, "Part", 2): -1, (3, "Part", 1): 0, (3, "Part", 2): 0,
    }  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    amounts=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8),
    shares=st.lists(st.integers(1, 333_333), min_size=1, max_size=3),
    rate=st.integers(1, 400_000),
    depth=st.sampled_from([None, 1, 2]),
)
def test_the_pool_stays_the_same(amounts, shares, rate, depth):
    plans = (seller(rate), *(manager(f"M{i}", share, depth=depth) for i, share in enumerate(shares)))
    credits_in, people = sold(*amounts), staff(*plans)
    result = calculate(plans, people, credits_in, [], Q1, reports=CHAIN)
    assert {(p, c, k): v for (p, _, c, k), v in
            reference(plans, people, credits_in, [], Q1, reports=CHAIN).lines.items()} == pays(result)  # fmt: skip
    pool, net = defaultdict(int), defaultdict(int)
    for (_, component, credit), pay in pays(result).items():
        net[credit] += pay
        pool[credit] += pay if component == "Tenth" else 0
        if component == "Part":  # nobody is more than a minor unit off the exact part, nor on the other side of nought
            share = shares[int(next(line.plan for line in result if line.credit == credit and line.pay.minor == pay
                                    and line.component == component)[1:])]  # fmt: skip
            assert abs(pay) <= abs(pool[credit]) * share // 1_000_000 + 1 or depth != 1
    assert net == pool
    mirrored = calculate(plans, people, sold(*(-a for a in amounts)), [], Q1, reports=CHAIN)
    assert pays(mirrored) == {key: -pay for key, pay in pays(result).items()}
    assert pays(recalculate([1], plans, people, credits_in, [], Q1, reports=CHAIN)) == {
        key: pay for key, pay in pays(result).items() if key[0] == 1
    }
    asked = WhatIf(Given(plans, people, credits_in, [], Q1, FiscalCalendar(), ExchangeRates(), (), (), CHAIN)).under(
        Scenario()
    )
    assert sum(asked.pay.tolist()) == sum(pool.values())


def test_a_part_in_another_currency_is_converted_and_the_seller_gives_up_what_it_was():
    plans = (seller(), manager("Manager", 200_000, "EUR"))
    rates = ExchangeRates([ExchangeRate("USD", "EUR", START, 900_000_000)])
    credits_in, people = sold(10_000_00), staff(*plans)
    result = calculate(plans, people, credits_in, [], Q1, reports=CHAIN, rates=rates)
    assert (pays(result)[2, "Part", 1], pays(result)[1, "Given up", 1]) == (180_00, -200_00)
    without = calculate(plans, people, credits_in, [], Q1, reports=CHAIN)
    assert pays(without) == {(1, "Tenth", 1): 1_000_00}
    assert any("exchange rate" in notice.sentence for notice in without.notices)


def test_more_than_the_whole_cannot_be_carved():
    plans = (seller(), manager("A", 600_000), manager("B", 600_000))
    with pytest.raises(InputRefusedError, match=r"120\.0000%"):
        calculate(plans, staff(*plans), sold(1_00), [], Q1, reports=CHAIN)


def test_whoever_gives_nothing_up_keeps_it():
    plain = Plan("Seller", "USD", START, (Component("Tenth", RateTable.flat(100_000), window=Window.LINE),))
    plans = (plain, manager("Manager", 200_000))
    result = calculate(plans, staff(*plans), sold(10_000_00), [], Q1, reports=CHAIN)
    assert pays(result) == {(1, "Tenth", 1): 1_000_00}
    (said,) = keepers(plans, staff(*plans), CHAIN, Q1, {1: "Ann"})
    assert (said.where, "Ann" in said.what) == ("Seller", True)
    assert keepers((seller(), plans[1]), staff(*plans), CHAIN, Q1) == ()


def test_it_is_stored_and_its_faults_are_found():
    plan = manager("Manager", 200_000)
    assert plan_from(plan.name, "USD", START, None, definition(plan)) == plan
    half = RateTable.flat(500_000)
    wrong = (
        manager("M", 0), manager("M", 1_000_001), manager("M", 1, cap=5),
        seller(1, Component("Again", WHOLE, window=Window.LINE, source=Source.GIVEN_UP)),
        seller(1, Component("Own", half, carve=5)),
        Plan("S", "USD", START, (Component("Half", half, window=Window.LINE, source=Source.GIVEN_UP),)),
    )  # fmt: skip
    assert [[f.code for f in lint(one) if f.code == "carve"] for one in wrong] == [["carve"]] * len(wrong)
    assert [f for one in (plan, seller()) for f in lint(one) if f.severity.value == "error"] == []
