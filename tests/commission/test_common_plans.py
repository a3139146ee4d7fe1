"""Plans as they are commonly written, each built from plan blocks; the answers were worked out by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from salesops_desktop.commission import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Component,
    Factor,
    Gate,
    Lookup,
    Pays,
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
    reference,
)
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import ValueKind
from tests.commission.plan_cases import START, assigned, credits_of, plan_of, sales

CALENDAR = FiscalCalendar()
Q1 = CALENDAR.parse("2026-Q1")
YEAR_END = dt.date(2026, 12, 31)


def quota(amount, person=1, last=Q1.end, measure=Measure.BOOKINGS):
    return Quota(person, measure, START, last, amount * 100, "USD")


def target(amount, person=1, last=Q1.end):
    return TargetIncentive(person, START, last, amount * 100, "USD")


def units(*steps, mode=TierMode.MARGINAL):
    """Dollars per unit from so many units on."""
    return RateTable.of([(low * 1_000_000, pay * 100) for low, pay in steps], mode, pays=Pays.AMOUNT)


def pays(parts, credits_in, quotas=(), period=Q1, people=(1,), **more):
    """Dollars by person; the reference must say the same."""
    plan = plan_of(*parts)
    faults = [finding for finding in lint(plan, credits_in.schema) if finding.severity is Severity.ERROR]
    assert not faults
    result = calculate([plan], assigned(plan, *people), credits_in, quotas, period, **more)
    told = reference([plan], assigned(plan, *people), credits_in, quotas, period, **more)
    assert sum(result.lines.pay.tolist()) == sum(told.lines.values())
    assert {(e.person, e.pay) for e in result.extras} == {(key[0], pay) for key, pay in told.extras.items() if pay}
    assert not result.notices
    return {person: pay / 100 for (person, _), pay in result.totals().items()}


def units_sold(count):
    return sales(*[1_000] * count)


@pytest.mark.parametrize(("mode", "dollars"), [(TierMode.MARGINAL, 1_750), (TierMode.RETROACTIVE, 2_500)])
def test_dollars_per_unit_rise_with_units(mode, dollars):
    # 25 units at 50 up to 10, 75 up to 20, 100 above: 500 + 750 + 500; by the last rate for all 25 × 100.
    table = units((0, 50), (10, 75), (20, 100), mode=mode)
    assert pays([Component("Units", table, measure="1")], units_sold(25)) == {1: dollars}


def test_meetings_are_paid_after_the_tenth():
    # 14 meetings, the first ten for nothing, 40 for each after.
    assert pays([Component("Meetings", units((0, 0), (10, 40)), measure="1")], units_sold(14)) == {1: 160}


def test_a_kicker_for_a_reached_year_comes_once():
    # 80,000 + 30,000 of 100,000: 5 % of all, and 2,500 on reaching the quota.
    base = Component("Base", RateTable.flat(50_000), window=Window.YEAR)
    table = RateTable.of([(0, 0), (1_000_000, 250_000)], TierMode.STEP, Basis.ATTAINMENT, pays=Pays.AMOUNT)
    kicker = Component("Kicker", table, window=Window.YEAR)
    given = sales(8_000_000, 3_000_000)
    assert pays([base, kicker], given, [quota(100_000, last=YEAR_END)]) == {1: 5_500 + 2_500}


def test_a_decelerator_below_eighty_percent():
    # 70 % of 100,000: 70,000 × 3 %; 90 %: all of it × 5 %; 120 %: 100,000 × 5 % + 20,000 × 8 %.
    table = RateTable.of([(0, 30_000), (800_000, 50_000)], TierMode.RETROACTIVE, Basis.ATTAINMENT, BoundarySide.UPPER)
    parts = [Component("Base", table), Component("More", RateTable((Tier(1_000_000, None, 30_000),),
                                                                  basis=Basis.ATTAINMENT))]  # fmt: skip
    for sold, dollars in ((70_000, 2_100), (90_000, 4_500), (120_000, 6_000 + 600)):
        assert pays(parts, sales(sold * 100), [quota(100_000)]) == {1: dollars}


def test_two_measures_share_a_target_by_weight():
    # Target 10,000: 70 % on bookings at 110 % (curve to 150 % at 120 %), 30 % on margin at 90 % (linear).
    curve = RateTable.of([(0, 0), (1_000_000, 1_000_000), (1_200_000, 1_500_000)], TierMode.CURVE, Basis.ATTAINMENT,
                         pays=Pays.TARGET)  # fmt: skip
    linear = RateTable.of([(0, 0), (1_000_000, 1_000_000)], TierMode.CURVE, Basis.ATTAINMENT, pays=Pays.TARGET)
    given = credits_of([(1, START, "T1", 11_000_000, "USD", 3_600_000)], [("Margin", ValueKind.MONEY, "USD")])
    parts = [
        Component("Bookings", curve, weight=700_000),
        Component("Margin", linear, measure="Margin", quota=Measure.MARGIN, weight=300_000),
    ]
    quotas = [quota(100_000), quota(40_000, measure=Measure.MARGIN)]
    assert pays(parts, given, quotas, targets=[target(10_000)]) == {1: 7_000 * 1.25 + 3_000 * 0.9}


def test_the_rate_follows_the_margin_of_each_deal():
    # 10,000 at 35 % margin: 8 %; 20,000 at 22 %: 5 %; 5,000 at 10 %: 2 %.
    rows = [(1, START, f"T{i}", sold * 100, "USD", margin * 100)
            for i, (sold, margin) in enumerate([(10_000, 3_500), (20_000, 4_400), (5_000, 500)])]  # fmt: skip
    lookup = Lookup((Axis(AxisKind.FORMULA, "Margin / Amount", (0, 200_000, 300_000)),), (20_000, 50_000, 80_000))
    part = Component("Margin", RateTable.flat(0), window=Window.LINE, lookup=lookup)
    given = credits_of(rows, [("Margin", ValueKind.MONEY, "USD")])
    assert pays([part], given) == {1: 800 + 1_000 + 100}


def test_a_long_contract_counts_more():
    # 12 months 50,000 once, 36 months 40,000 × 1.25: 100,000 × 6 %.
    rows = [(1, START, "A", 5_000_000, "USD", 12), (1, START, "B", 4_000_000, "USD", 36)]
    part = Component("Bookings", RateTable.flat(60_000), measure="IF(Term >= 24, Amount * 1.25, Amount)")
    assert pays([part], credits_of(rows, [("Term", ValueKind.INTEGER, None)])) == {1: 6_000}


def test_two_levels_of_override():
    # 1 reports to 2, 2 to 3: 1 sells 100,000. 5 % of it, 2 % to the manager, 1 % to the manager's manager.
    own = Component("Own", RateTable.flat(50_000))
    near = Component("Near", RateTable.flat(10_000), source=Source.TEAM_CREDITS, depth=1)
    far = Component("Far", RateTable.flat(10_000), source=Source.TEAM_CREDITS, depth=2)
    reports = [Reporting(1, 2, START), Reporting(2, 3, START)]
    paid = pays([own, near, far], sales(10_000_000), people=(1, 2, 3), reports=reports)
    assert paid == {1: 5_000, 2: 2_000, 3: 1_000}


def test_quarters_are_trued_up_over_the_year():
    # 4 % to 200,000 a year, 6 % beyond; 150,000 in the first quarter, 150,000 in the second.
    table = RateTable.of([(0, 40_000), (20_000_000, 60_000)])
    given = credits_of([(1, START, "A", 15_000_000, "USD"), (1, dt.date(2026, 5, 1), "B", 15_000_000, "USD")])
    part = Component("Year", table, window=Window.YEAR)
    assert pays([part], given) == {1: 6_000}
    assert pays([part], given, period=CALENDAR.parse("2026-Q2")) == {1: 2_000 + 6_000}


def test_a_gate_on_one_measure_opens_another():
    # Renewals at 3 % once bookings reach 90 %, 1 % before; the bookings themselves pay 5 %.
    rows = [(1, START, "A", 9_500_000, "USD", "new"), (1, START, "B", 4_000_000, "USD", "renewal")]
    bookings = RateTable.of([(0, 50_000), (2_000_000, 50_000)], basis=Basis.ATTAINMENT)
    parts = [
        Component("Bookings", bookings, filter='Kind = "new"'),
        Component("Renewals", RateTable.flat(30_000), filter='Kind = "renewal"',
                  gate=Gate(("Bookings",), 900_000, RateTable.flat(10_000))),
    ]  # fmt: skip
    given = credits_of(rows, [("Kind", ValueKind.TEXT, None)])
    assert pays(parts, given, [quota(100_000)]) == {1: 4_750 + 1_200}
    assert pays(parts, given, [quota(110_000)]) == {1: 4_750 + 400}


def test_objectives_scale_a_bonus():
    # A bonus of 4,000, two objectives of 60 and 40 %: done 100 and 50 %, a score of 80 %; below 50 % nothing.
    table = RateTable.of([(0, 1_000_000)], TierMode.STEP, pays=Pays.TARGET)
    cut = Lookup((Axis(AxisKind.SCORE, "MBO", (0, 500_000, 800_000, 1_000_000)),), (0, 500_000, 800_000, 1_000_000))
    part = Component("MBO", table, window=Window.QUARTER, factors=(Factor("MBO"),))
    given, aims = credits_of([]), [target(4_000)]
    for score, dollars, stepped in ((800_000, 3_200, 3_200), (400_000, 1_600, 0), (990_000, 3_960, 3_200)):
        scores = [Score(1, "MBO", START, Q1.end, score)]
        assert pays([part], given, targets=aims, scores=scores).get(1, 0) == dollars
        table_part = replace(part, factors=(Factor("Steps", cut),))
        assert pays([table_part], given, targets=aims, scores=scores).get(1, 0) == stepped


def test_a_prize_by_rank():
    # The ranks come as scores: first 5,000, second 3,000, third 1,000, nobody else anything.
    prizes = Lookup((Axis(AxisKind.SCORE, "Rank", (1_000_000, 2_000_000, 3_000_000, 4_000_000)),),
                    (5_000_000_000, 3_000_000_000, 1_000_000_000, 0))  # fmt: skip
    table = RateTable.of([(0, 100)], TierMode.STEP, pays=Pays.AMOUNT)
    part = Component("Contest", table, factors=(Factor("Prize", prizes),))
    scores = [Score(p, "Rank", START, Q1.end, p * 1_000_000) for p in (1, 2, 3, 4)]
    paid = pays([part], credits_of([]), people=(1, 2, 3, 4), scores=scores)
    assert {p: paid.get(p, 0) for p in (1, 2, 3, 4)} == {1: 5_000, 2: 3_000, 3: 1_000, 4: 0}


def test_a_refund_takes_back_at_the_tier_it_leaves():
    # 90,000 and 20,000 at 5 % to 100,000 and 10 % beyond; 15,000 come back: 10,000 at 10 % and 5,000 at 5 %.
    part = Component("Tiers", RateTable.of([(0, 50_000), (10_000_000, 100_000)]))
    assert pays([part], sales(9_000_000, 2_000_000)) == {1: 6_000}
    assert pays([part], sales(9_000_000, 2_000_000, -1_500_000)) == {1: 6_000 - 1_000 - 250}


def test_caps_of_deal_and_component():
    # 10 % of 100,000 and 20,000, at most 6,000 a deal, at most 7,500 altogether.
    part = Component("Capped", RateTable.flat(100_000), deal_cap=600_000)
    assert pays([part], sales(10_000_000, 2_000_000)) == {1: 8_000}
    assert pays([replace(part, deal_cap=None, cap=750_000)], sales(10_000_000, 2_000_000)) == {1: 7_500}


def test_a_hurdle_pays_what_exceeds_it():
    # Profit share: 20 % of what exceeds a hurdle of 50,000.
    part = Component("Over", RateTable((Tier(5_000_000, None, 200_000),)))
    assert pays([part], sales(8_000_000)) == {1: 6_000}
    assert pays([part], sales(4_000_000)).get(1, 0) == 0
