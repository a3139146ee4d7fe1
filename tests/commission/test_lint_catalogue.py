"""Seeded defects: each is found under its code, at its field, with a sentence; sound plans stay quiet."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

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
    PayTerms,
    PlanAssignment,
    Proration,
    Quota,
    RateTable,
    Reporting,
    RoundingStage,
    Score,
    Severity,
    Source,
    TargetIncentive,
    Tier,
    TierMode,
    Window,
    cliff_findings,
    lint,
    lint_run,
    lint_splits,
)
from salesops_desktop.commission.clawbacks import Clawback
from salesops_desktop.commission.draws import Draw, DrawKind
from salesops_desktop.model.enums import Measure
from salesops_desktop.model.periods import FiscalCalendar
from salesops_desktop.model.tables import ValueKind
from tests.commission.plan_cases import START, assigned, plan_of, sales

SCHEMA = {"Amount": ValueKind.MONEY, "Region": ValueKind.TEXT, "Probability": ValueKind.FRACTION}
Q1 = FiscalCalendar().parse("2026-Q1")
END = dt.date(2026, 3, 31)
SOUND = Component("C", RateTable.of([(0, 30_000), (100_00, 50_000)]))
BY_QUOTA = replace(SOUND, rates=RateTable.of([(0, 50_000), (1_000_000, 80_000)], basis=Basis.ATTAINMENT))
PAID = RateTable.of(
    [(0, 1_000_000), (1_000_000, 1_500_000)], basis=Basis.ATTAINMENT, pays=Pays.TARGET
)  # all of the target incentive at 100 %
STEPS = RateTable.of([(0, 0), (500_000, 500_000), (1_000_000, 1_000_000)], TierMode.STEP, Basis.ATTAINMENT,
                     pays=Pays.TARGET)  # fmt: skip


def tiers(*entries, mode=TierMode.MARGINAL, **more):
    return replace(SOUND, rates=RateTable(tuple(Tier(*entry) for entry in entries), mode, **more))


def terms(**more):
    return replace(plan_of(SOUND), terms=PayTerms(**more))


def with_axis(*bounds, values=(1,), kind=AxisKind.FORMULA, by="Amount"):
    lookup = Lookup((Axis(kind, by, bounds),), values)
    return replace(SOUND, window=Window.LINE, rates=RateTable.flat(0), lookup=lookup)


def gated(name, *others, **more):
    return replace(BY_QUOTA, name=name, gate=Gate(others, 1_000_000), **more)


OF_PLANS = {
    "no tiers": (tiers(), "tiers", "C › rates"),
    "gap": (tiers((0, 100, 1), (200, None, 2)), "gap", "tiers 1 and 2"),
    "gap of a cent": (tiers((0, 100, 1), (101, None, 2)), "gap", "tiers 1 and 2"),
    "second gap": (tiers((0, 100, 1), (100, 200, 2), (300, None, 3)), "gap", "tiers 2 and 3"),
    "overlap": (tiers((0, 300, 1), (200, None, 2)), "overlap", "tiers 1 and 2"),
    "overlap of a cent": (tiers((0, 201, 1), (200, None, 2)), "overlap", "tiers 1 and 2"),
    "inner tier without end": (tiers((0, None, 1), (200, None, 2)), "bound", "tier 1"),
    "tier ends before it begins": (tiers((100, 100, 1)), "bound", "tier 1"),
    "tier below zero": (tiers((-1, None, 1)), "bound", "tier 1"),
    "flat with a bound": (tiers((1, None, 1), mode=TierMode.FLAT), "tiers", "C › rates"),
    "negative rate": (tiers((0, None, -1)), "rate", "tier 1"),
    "top closed": (tiers((0, 100, 1)), "ceiling", "C › rates"),
    "threshold": (tiers((100, None, 1)), "threshold", "C › rates"),
    "cliff falls": (tiers((0, 100, 2), (100, None, 1), mode=TierMode.RETROACTIVE), "falling", "tier 2"),
    "cliff": (tiers((0, 100_00, 10_000), (100_00, None, 90_000), mode=TierMode.RETROACTIVE), "cliff", "tier 2"),
    "overage falls": (
        tiers((0, 100_00, 1), (100_00, 900_00, 500_000), (900_00, None, 1), mode=TierMode.WHOLE_OVERAGE),
        "falling", "tier 3",
    ),
    "overage jumps": (
        tiers((0, 100_00, 1), (100_00, 900_00, 1), (900_00, None, 500_000), mode=TierMode.WHOLE_OVERAGE),
        "cliff", "tier 3",
    ),
    "bonus falls": (tiers((0, 100, 900), (100, None, 500), mode=TierMode.STEP, pays=Pays.AMOUNT), "falling", "tier 2"),
    "curve falls": (tiers((0, 99, 900), (99, None, 50), mode=TierMode.CURVE, pays=Pays.AMOUNT), "falling", "C › rates"),
    "negative tier falls": (tiers((0, 1000, 9000), (1000, None, -90_000)), "falling", "C › rates"),
    "curve of one point": (tiers((0, None, 1), mode=TierMode.CURVE, pays=Pays.AMOUNT), "tiers", "C › rates"),
    "step of the measure": (tiers((0, None, 1), mode=TierMode.STEP), "pays", "C › rates"),
    "own output by quota": (tiers((0, None, 1), mode=TierMode.OWN_OUTPUT, basis=Basis.ATTAINMENT), "basis", "rates"),
    "own output from above zero": (tiers((5, None, 1), mode=TierMode.OWN_OUTPUT), "bound", "C › rates"),
    "own output keeps all": (
        tiers((0, 10, 1_000_000), (10, None, 1), mode=TierMode.OWN_OUTPUT), "unreachable", "C › rates",
    ),
    "tier beyond the cap": (replace(SOUND, cap=2_00), "unreachable", "tier 2"),
    "tier like the one before": (tiers((0, 100, 5), (100, None, 5)), "idle tier", "tier 2"),
    "target missed": (
        replace(SOUND, rates=replace(PAID, tiers=(Tier(0, 1_000_000, 900_000), Tier(1_000_000, None, 1)))),
        "target", "C › rates",
    ),
    "step misses the target": (
        replace(SOUND, rates=replace(STEPS, tiers=(Tier(0, 1_000_001, 0), Tier(1_000_001, None, 1_000_000)))),
        "target", "C › rates",
    ),
    "weights": (replace(SOUND, rates=PAID, weight=600_000), "weights", "components"),
    "negative weight": (replace(SOUND, weight=-1), "weight", "C › weight"),
    "negative cap": (replace(SOUND, cap=-1), "cap", "C › cap"),
    "cap of zero": (replace(BY_QUOTA, cap=0), "cap", "C › cap"),
    "negative deal cap": (replace(SOUND, deal_cap=-1), "cap", "C › deal cap"),
    "negative deal floor": (replace(SOUND, deal_floor=-1), "cap", "C › deal floor"),
    "deal floor above its cap": (replace(SOUND, deal_floor=5, deal_cap=4), "cap", "C › deal floor"),
    "quota of a line": (replace(BY_QUOTA, window=Window.LINE), "window", "C › window"),
    "target of a line": (replace(SOUND, rates=STEPS, window=Window.LINE), "window", "C › window"),
    "gate of a line": (gated("C", "C", window=Window.LINE), "window", "C › gate"),
    "no contract": (replace(SOUND, window=Window.CONTRACT), "contract", "C › contract"),
    "stray contract": (replace(SOUND, contract="Region"), "contract", "C › contract"),
    "no level": (replace(SOUND, depth=0, source=Source.TEAM_CREDITS), "depth", "C › depth"),
    "settled line by line": (gated("C", "C", stage=RoundingStage.LINE), "settling", "C › rounding"),
    "override over a quarter": (replace(SOUND, source=Source.TEAM_PAY), "override", "C › measure"),
    "gate on nothing": (gated("C"), "gate", "C › gate"),
    "gate on a stranger": (gated("C", "Cc"), "gate", "C › gate"),
    "measure unknown": (replace(SOUND, measure="Amuont"), "formula", "C › measure"),
    "measure is text": (replace(SOUND, measure="Region"), "formula", "C › measure"),
    "measure estimated": (replace(SOUND, measure="Amount * Probability"), "formula", "C › measure"),
    "filter is money": (replace(SOUND, filter="Amount"), "formula", "C › filter"),
    "filter broken": (replace(SOUND, filter='Region = "'), "formula", "C › filter"),
    "share of units": (replace(BY_QUOTA, measure="1"), "formula", "C › measure"),
    "money per money": (tiers((0, None, 5), pays=Pays.AMOUNT), "units", "C › measure"),
    "units of a quota": (
        replace(SOUND, measure="1", rates=replace(STEPS, pays=Pays.AMOUNT)), "units", "C › rates",
    ),
    "lookup over a quarter": (replace(with_axis(1), window=Window.QUARTER), "lookup", "C › window"),
    "lookup of a score": (with_axis(1, kind=AxisKind.SCORE, by="Care"), "lookup", "C › lookup"),
    "lookup without cells": (with_axis(1, 2), "lookup", "C › lookup"),
    "lookup bounds fall": (with_axis(2, 1, values=(1, 2)), "lookup", "axis 1"),
    "lookup bounds twice": (with_axis(1, 1, values=(1, 2)), "lookup", "axis 1"),
    "lookup of nothing": (replace(with_axis(1), lookup=Lookup((), ())), "lookup", "C › lookup"),
    "factor by formula": (
        replace(SOUND, factors=(Factor("F", Lookup((Axis(AxisKind.FORMULA, "Amount", (1,)),), (1,))),)),
        "factor", "factor F",
    ),
    "factor of a stranger": (
        replace(SOUND, factors=(Factor("F", Lookup((Axis(AxisKind.ATTAINMENT, "X", (1,)),), (1,))),)),
        "gate", "factor F",
    ),
    "no component": (plan_of(), "empty", "components"),
    "same name": (plan_of(SOUND, SOUND), "name", "C"),
    "no name": (plan_of(replace(SOUND, name=" ")), "name", "components"),
    "no currency": (plan_of(SOUND, currency="ABC"), "currency", "currency"),
    "ends before": (replace(plan_of(SOUND), effective_to=dt.date(2019, 1, 1)), "dates", "effective dates"),
    "gates in a circle": (plan_of(gated("A", "B"), gated("B", "A")), "circular", "A › gate"),
    "three gates in a circle": (plan_of(*(gated(*p) for p in ("AB", "BC", "CA"))), "circular", "A › gate"),
    "a circle behind a gate": (plan_of(*(gated(*p) for p in ("AB", "BC", "CD", "DB"))), "circular", "B › gate"),
    "cap of pay negative": (terms(cap=-1), "cap", "terms › cap"),
    "floor negative": (terms(floor=-1), "floor", "terms › floor"),
    "floor above cap": (terms(cap=5, floor=6), "floor", "terms › floor"),
    "refund without cap": (terms(refundable=True), "cap", "terms › refundable"),
    "cap of lines": (terms(cap=5, cap_window=Window.LINE), "window", "terms › cap window"),
    "holdback above all": (terms(holdback=1_000_001), "holdback", "terms › holdback"),
    "holdback of all": (terms(holdback=1_000_000), "holdback", "terms › holdback"),
    "never released": (terms(holdback=100_000, release_after=0), "release", "terms › release after"),
    "draw never repaid": (terms(draw=Draw(5, recovery_share=0)), "draw", "recovery share"),
    "draw negative": (terms(draw=Draw(-5)), "draw", "draw › amount"),
    "draw ends before": (terms(draw=Draw(5, first=3, last=2)), "draw", "draw › last"),
    "draw without end": (terms(draw=Draw(5, DrawKind.ADDITIVE)), "draw", "draw › last"),
    "guarantee forgiven": (terms(draw=Draw(5, recoverable=False, forgiven_after=2)), "draw", "draw › limit"),
    "draw above the cap": (terms(draw=Draw(50), cap=5, cap_window=Window.MONTH), "draw", "draw › amount"),
    "clawback above all": (replace(plan_of(SOUND), clawback=Clawback(90, 1_000_001)), "clawback", "clawback › share"),
    "clawback window": (replace(plan_of(SOUND), clawback=Clawback(-1)), "clawback", "clawback › window"),
    "clawback pro rata": (replace(plan_of(SOUND), clawback=Clawback(pro_rata=True)), "clawback", "clawback › window"),
    "ramp falls": (replace(plan_of(SOUND), proration=Proration(ramp=(9, 5))), "ramp", "proration › ramp"),
    "ramp negative": (replace(plan_of(SOUND), proration=Proration(ramp=(-9, 5))), "ramp", "proration › ramp"),
}  # fmt: skip


@pytest.mark.parametrize("defect", OF_PLANS)
def test_a_defect_of_a_plan_is_found(defect):
    broken, code, where = OF_PLANS[defect]
    plan = plan_of(broken) if isinstance(broken, Component) else broken
    found = [f for f in lint(plan, SCHEMA) if f.code == code and where in f.where]
    assert found, lint(plan, SCHEMA)
    assert all(f.what.endswith((".", ":")) for f in found)
    assert all(f.way_out == "" or f.way_out.endswith((".", "?")) for f in found)


WEIGHTY = plan_of(replace(SOUND, rates=PAID, factors=(Factor("Care"),), cap=50_00))
QUOTA = Quota(1, Measure.BOOKINGS, START, END, 100_000, "USD")
TARGET = TargetIncentive(1, START, END, 40_00, "USD")
SCORE = Score(1, "Care", START, END, 1_000_000)
ALL = {"quotas": [QUOTA], "targets": [TARGET], "scores": [SCORE], "names": {1: "Ana"}}
OF_RUNS = {
    "no quota": ({"quotas": []}, "quota", "Ana"),
    "no target": ({"targets": []}, "target", "Ana"),
    "no score": ({"scores": []}, "score", "Ana"),
    "quota negative": ({"quotas": [QUOTA, replace(QUOTA, measure=Measure.MARGIN, amount=-1)]}, "quota", "Ana › quota"),
    "quota twice": ({"quotas": [QUOTA, QUOTA]}, "twice", "Ana › quota"),
    "quota ends before": ({"quotas": [QUOTA, replace(QUOTA, end=dt.date(2025, 1, 1))]}, "dates", "Ana › quota"),
    "target twice": ({"targets": [TARGET, TARGET]}, "twice", "Ana › target"),
    "score negative": ({"scores": [replace(SCORE, value=-1)]}, "score", "Ana › score"),
    "cap below target": ({"targets": [replace(TARGET, amount=50_01)]}, "cap below target", "Ana"),
    "orphan": ({"names": {2: "Bo"}}, "orphan", "person 1"),
    "no plan": ({"assignments": []}, "no plan", "Ana"),
    "unknown plan": ({"assignments": [PlanAssignment(1, "X", START)]}, "plan", "Ana"),
    "time ends before": ({"assignments": [PlanAssignment(1, "Plan", START, dt.date(2025, 1, 1))]}, "dates", "Ana"),
    "no rate": ({"credits_in": sales(5, currency="EUR")}, "exchange", "Plan"),
    "boss of oneself": ({"reports": [Reporting(1, 1, START)]}, "circular", "Ana"),
    "bosses of each other": ({"reports": [Reporting(1, 2, START), Reporting(2, 1, START)]}, "circular", "Ana"),
    "five bosses in a ring": (
        {"reports": [Reporting(p, p % 5 + 1, START) for p in range(1, 6)]},
        "circular",
        "Ana",
    ),
    "reports backwards": ({"reports": [Reporting(1, 2, START, dt.date(2025, 1, 1))]}, "dates", "Ana"),
}


def findings_of(**changed):
    given = {"assignments": assigned(WEIGHTY, 1), "credits_in": sales(100_00), **ALL, **changed}
    order = (given.pop("assignments"), given.pop("credits_in"), given.pop("quotas"))
    return lint_run([WEIGHTY], *order, Q1, **given)


@pytest.mark.parametrize("defect", OF_RUNS)
def test_a_defect_before_a_run_is_found(defect):
    changed, code, where = OF_RUNS[defect]
    found = findings_of(**changed)
    assert [f for f in found if f.code == code and where in f.where], found


def test_two_plans_on_a_day_are_found():
    other = replace(WEIGHTY, name="Other")
    people = [*assigned(WEIGHTY, 1), *assigned(other, 1)]
    found = lint_run([WEIGHTY, other], people, sales(100_00), [QUOTA], Q1, targets=[TARGET], scores=[SCORE])
    assert [f.code for f in found] == ["two plans"]


def test_sound_inputs_are_quiet():
    assert findings_of() == ()
    assert [
        f for f in lint(plan_of(SOUND, replace(BY_QUOTA, name="D")), SCHEMA) if f.severity is not Severity.NOTE
    ] == []


def test_a_hurdle_that_components_share_is_no_circle():
    table = RateTable.of([(0, 10_000)], basis=Basis.ATTAINMENT)
    joint = [Component(n, table, gate=Gate(("A", "B", "C"), 950_000), filter=f'Region = "{n}"') for n in "ABC"]
    assert not [f for f in lint(plan_of(*joint), SCHEMA) if f.code == "circular"]


def test_bosses_who_follow_each_other_are_no_ring():
    reports = [
        Reporting(1, 2, START, dt.date(2026, 1, 31)),
        Reporting(2, 3, START),
        Reporting(3, 1, dt.date(2026, 2, 1)),
    ]
    assert findings_of(reports=reports) == ()
    assert [f.code for f in findings_of(reports=[*reports, Reporting(1, 2, dt.date(2026, 3, 1))])] == ["circular"]


def test_what_is_missing_holds_nobody_up_who_is_paid_nothing():
    quiet = plan_of(BY_QUOTA)
    found = lint_run([quiet], assigned(quiet, 1, 2), sales(100_00), [QUOTA], Q1, names={1: "Ana", 2: "Bo"})
    assert [(f.severity, f.code) for f in found] == [(Severity.WARNING, "quota")]


def test_leaps_of_pay_above_a_chosen_size():
    """SATIS-QUOTA: a retroactive accelerator at quota."""
    steps = RateTable.of([(0, 50_000), (1_000_000, 75_000)], TierMode.RETROACTIVE, Basis.ATTAINMENT)
    plan = plan_of(Component("Cliff", steps), Component("Bonus", replace(STEPS, tiers=STEPS.tiers)))
    stakes = {"Cliff": [(100_030_00, 0, "Ana"), (50_000_00, 0, "Bo")]}
    by_component = {f.where.split(" ›")[0]: f.what for f in cliff_findings(plan, 100_00, stakes)}
    # the whole 100,030 at 2.5 points more, and the bound's own cent
    assert "2,500.75" in by_component["Cliff"]
    assert "Ana (2 people leap by 100.00 USD or more)" in by_component["Cliff"]
    assert [f.where for f in cliff_findings(plan, 2_500_76, stakes) if f.where.startswith("Cliff")] == []
    marginal = plan_of(Component("M", RateTable.of([(0, 50_000), (100_00, 900_000)])))
    assert cliff_findings(marginal, 2) == ()


STEPS = RateTable.of([(100_00, 50_00), (200_00, 150_00)], TierMode.STEP, pays=Pays.AMOUNT)


def test_shares_that_are_not_whole():
    names, shares = ["A", "A", "B", "B", "C"], [500_000, 400_000, 1_000_000, 300_000, -1]
    found = lint_splits(names, shares, [False, False, False, True, False])
    assert {(f.code, f.where) for f in found} == {
        ("split", "transaction A"), ("share", "transaction C"), ("split", "transaction C"),
    }  # fmt: skip


def test_there_are_more_than_sixty_defects():
    assert len(OF_PLANS) + len(OF_RUNS) >= 60
