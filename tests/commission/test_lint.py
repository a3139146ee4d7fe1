"""What the linter finds, and that it keeps quiet about a sound plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from salesops_desktop.commission import (
    Basis,
    BoundarySide,
    Component,
    PlanAssignment,
    RateTable,
    Severity,
    Tier,
    TierMode,
    Window,
    lint,
    lint_assignments,
)
from salesops_desktop.model.tables import ValueKind
from tests.commission.plan_cases import plan_of

SCHEMA = {"Amount": ValueKind.MONEY, "Region": ValueKind.TEXT, "Probability": ValueKind.FRACTION}
SOUND = Component("Tiers", RateTable.of([(0, 30_000), (100_00, 50_000)]), filter='Region = "West"')
CLIFF = RateTable.of([(0, 50_000), (1_000_000, 80_000)], TierMode.RETROACTIVE, Basis.ATTAINMENT)


def tiers(*entries, mode=TierMode.MARGINAL):
    return Component("C", RateTable(tuple(Tier(*entry) for entry in entries), mode))


def test_a_sound_plan_has_no_findings():
    assert lint(plan_of(SOUND), SCHEMA) == ()


@pytest.mark.parametrize(
    ("component", "severity", "code", "words"),
    [
        (tiers(), Severity.ERROR, "tiers", "empty"),
        (tiers((0, 100, 1), (200, None, 2)), Severity.ERROR, "gap", "between 1.00 USD and 2.00 USD"),
        (tiers((0, 300, 1), (200, None, 2)), Severity.ERROR, "overlap", "2.00 USD to 3.00 USD"),
        (tiers((0, None, 1), (200, None, 2)), Severity.ERROR, "bound", "last tier"),
        (tiers((100, 100, 1)), Severity.ERROR, "bound", "ends before"),
        (tiers((-1, None, 1)), Severity.ERROR, "bound", "below zero"),
        (tiers((1, None, 1), mode=TierMode.FLAT), Severity.ERROR, "tiers", "flat rate"),
        (tiers((0, None, -1)), Severity.WARNING, "rate", "negative"),
        (tiers((100, None, 1)), Severity.NOTE, "threshold", "below 1.00 USD"),
        (tiers((0, 100, 1)), Severity.WARNING, "ceiling", "above 1.00 USD"),
        (tiers((0, 100, 2), (100, None, 1), mode=TierMode.RETROACTIVE), Severity.WARNING, "falling", "1.00 USD"),
        (Component("C", CLIFF), Severity.NOTE, "cliff", "raises the pay by 3 % of the quota"),
        (replace(SOUND, cap=-1), Severity.ERROR, "cap", "negative"),
        (Component("C", CLIFF, window=Window.LINE), Severity.ERROR, "window", "no quota"),
        (replace(SOUND, measure="Amount * Probability"), Severity.ERROR, "formula", "estimated"),
        (replace(SOUND, measure="Region"), Severity.ERROR, "formula", "must yield"),
        (replace(SOUND, filter="Regio = 1"), Severity.ERROR, "formula", "[Regio]"),
        (
            Component("C", RateTable.of([(0, 1), (5, 2)], TierMode.RETROACTIVE, boundary=BoundarySide.LOWER)),
            Severity.NOTE,
            "boundary",
            "lower tier",
        ),
    ],
)
def test_findings(component, severity, code, words):
    found = [f for f in lint(plan_of(component), SCHEMA) if (f.severity, f.code) == (severity, code)]
    assert len(found) == 1
    assert words in found[0].what
    assert found[0].where.startswith(component.name)


def test_faults_of_the_plan_itself():
    plan = replace(plan_of(SOUND, SOUND), effective_to=dt.date(2019, 1, 1))
    assert [f.code for f in lint(plan, SCHEMA)] == ["dates", "name"]
    assert [f.code for f in lint(plan_of(), SCHEMA)] == ["empty"]
    assert [f.code for f in lint(plan_of(SOUND, currency="ABC"), SCHEMA)] == ["currency"]


def test_faults_of_assignments():
    plans = [plan_of(SOUND, name="A"), plan_of(SOUND, name="B")]
    day = dt.date
    entries = [
        PlanAssignment(1, "A", day(2026, 1, 1), day(2026, 3, 31)),
        PlanAssignment(1, "B", day(2026, 4, 1)),
        PlanAssignment(2, "A", day(2026, 1, 1)),
        PlanAssignment(2, "B", day(2026, 2, 1)),
        PlanAssignment(3, "C", day(2026, 1, 1)),
        PlanAssignment(4, "A", day(2026, 1, 2), day(2026, 1, 1)),
    ]
    found = [(f.severity, f.code, f.where) for f in lint_assignments(entries, plans, {2: "Ana"})]
    assert found == [
        (Severity.WARNING, "two plans", "Ana"),
        (Severity.ERROR, "plan", "person 3"),
        (Severity.ERROR, "dates", "person 4"),
    ]
