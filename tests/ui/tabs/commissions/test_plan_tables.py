"""Lookup tables, factors, gates with other rates: edited as blocks, without code, and saved."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.commission_plan_editing import (
    Axis,
    AxisKind,
    Basis,
    BoundarySide,
    Clawback,
    Component,
    Draw,
    Factor,
    Lookup,
    PayTerms,
    Plan,
    Proration,
    RateDay,
    RateTable,
    TierMode,
    Timing,
    plan_findings,
)
from salesops_desktop.ui.tabs.commissions.component_blocks import ComponentBlocks
from salesops_desktop.ui.tabs.commissions.lookup_table import LookupTable, resized
from salesops_desktop.ui.tabs.commissions.plan_blocks import PlanBlocks
from salesops_desktop.ui.widgets.formats import Formats

SCHEMA = {}


@pytest.fixture
def blocks(qtbot):
    made = ComponentBlocks(Formats())
    qtbot.addWidget(made)
    while made.build_next():
        pass
    made.resize(560, 900)
    made.show()
    kept = []

    def follow(component):
        kept.append(component)
        made.show_component(component, "USD", (), SCHEMA, editable=True)

    made.edited.connect(follow)

    def begin(component):
        follow(component)
        return made, lambda: kept[-1]

    return begin


def field(blocks, block, name):
    return blocks.blocks[block].bound[name].field


def type_into(qtbot, line, text):
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()


def test_rates_are_looked_up_in_two_dimensions(blocks, qtbot):
    made, now = blocks(Component("C", RateTable.flat(50_000)))
    assert not made.lookup.isVisible()
    field(made, 1, "lookup").input.click()
    assert now().lookup is not None
    assert made.lookup.isVisible()
    assert not made.tiers.isVisible()
    _kind, by, bounds = made.lookup._axes[0]  # what a person types into
    type_into(qtbot, by, "[Share]")
    type_into(qtbot, bounds, "0; > 0.1; 0.5")
    assert now().lookup.axes[0] == Axis(AxisKind.FORMULA, "[Share]", (0, 100_000, 500_000), (1,))
    assert now().lookup.values == (50_000,) * 3
    qtbot.mouseClick(made.lookup.add_button, Qt.MouseButton.LeftButton)
    _kind, by, bounds = made.lookup._axes[1]
    type_into(qtbot, by, "[Quantity]")
    type_into(qtbot, bounds, "0; 10")
    assert made.lookup.table.rowCount() == 3
    assert made.lookup.table.columnCount() == 2
    made.lookup.table.item(2, 1).setText("12.5 %")
    assert now().lookup.values == (50_000,) * 5 + (125_000,)
    made.lookup.table.item(0, 0).setText("much")
    assert made.lookup.message.isVisible()
    assert now().lookup.values[0] == 50_000
    qtbot.mouseClick(made.lookup.remove_button, Qt.MouseButton.LeftButton)
    assert len(now().lookup.axes) == 1
    field(made, 1, "lookup").input.click()
    assert now().lookup is None
    assert made.tiers.isVisible()


def test_a_factor_is_looked_up_by_scores_and_attainments(blocks, qtbot):
    made, now = blocks(Component("C", RateTable.flat(50_000), factors=(Factor("Care"),)))
    (box,) = [b for b in made.factors.boxes if b.isVisible()]
    box.from_table.click()
    assert now().factors[0].table == Lookup((Axis(AxisKind.SCORE, "Care", (0,)),), (1_000_000,))
    kind, by, bounds = box.table._axes[0]
    kind.setCurrentIndex(kind.findData("attainment"))
    kind.activated.emit(kind.currentIndex())
    type_into(qtbot, by, "C")
    type_into(qtbot, bounds, "0 %; 80 %")
    box.table.table.item(0, 0).setText("50 %")
    assert now().factors[0].table == Lookup((Axis(AxisKind.ATTAINMENT, "C", (0, 800_000)),), (500_000, 1_000_000))
    type_into(qtbot, box.missing.input, "90")
    assert now().factors[0].missing == 900_000


def test_a_closed_gate_may_leave_other_rates(blocks, qtbot):
    made, now = blocks(Component("C", RateTable.flat(50_000)))
    gate = field(made, 3, "gate")
    gate.input.setFocus()
    qtbot.keyClicks(gate.input, "80")
    assert now().gate.attainment == 800_000
    field(made, 3, "otherwise").input.click()
    assert now().gate.otherwise == RateTable.flat(50_000)
    assert made.otherwise.isVisible()
    model = made.otherwise.model
    assert model.setData(model.index(0, 2), "2 %")
    assert now().gate.otherwise == RateTable.flat(20_000)
    assert now().rates == RateTable.flat(50_000)
    modes = field(made, 3, "other mode").input
    modes.setCurrentText("each tier's rate for its part (marginal)")
    bases = field(made, 3, "other basis").input
    assert bases.isVisible()
    bases.setCurrentText("attainment of quota")
    assert (now().gate.otherwise.mode, now().gate.otherwise.basis) == (TierMode.MARGINAL, Basis.ATTAINMENT)
    assert now().rates.mode is TierMode.FLAT
    assert not field(made, 3, "other boundary").isVisible()
    modes.setCurrentText("the rate reached for all (retroactive)")
    field(made, 3, "other boundary").input.setCurrentText("exceeded")
    assert now().gate.otherwise.boundary is BoundarySide.LOWER


def test_what_is_due_later_takes_from_what_is_due_at_booking(blocks, qtbot):
    made, now = blocks(Component("C", RateTable.flat(50_000)))
    field(made, 5, "timing").input.click()
    assert now().timing == Timing()
    type_into(qtbot, field(made, 5, "due payment").input, "40")
    assert now().timing == Timing(booking=600_000, payment=400_000)
    assert field(made, 5, "due booking").read() * 100 == 60
    assert not field(made, 5, "due months").isVisible()
    type_into(qtbot, field(made, 5, "due kept").input, "60")
    type_into(qtbot, field(made, 5, "due months").input, "12")
    assert now().timing == Timing(booking=0, payment=400_000, kept=600_000, months=12)
    findings = plan_findings(Plan("P", "USD", dt.date(2026, 1, 1), (replace(now(), timing=Timing(kept=250_000)),)), {})
    told = [f for f in findings if "timing" in f.where]
    made.show_component(replace(now(), timing=Timing(kept=250_000, months=0)), "USD", told, SCHEMA, editable=True)
    assert "belong together" in field(made, 5, "due months").message()
    assert "125 % together" in field(made, 5, "timing").message()
    field(made, 5, "timing").input.click()
    assert now().timing is None


@pytest.fixture
def terms(qtbot):
    made = PlanBlocks(Formats())
    qtbot.addWidget(made)
    while made.build_next():
        pass
    made.show()
    kept = [Plan("P", "USD", dt.date(2026, 1, 1), (Component("C", RateTable.flat(50_000)),))]

    def follow(plan):
        kept.append(plan)
        made.show_plan(plan, plan_findings(plan, SCHEMA), editable=True)

    made.edited.connect(follow)
    follow(kept[-1])
    return made, lambda: kept[-1]


def test_the_day_of_the_exchange_rate_is_chosen(terms):
    made, now = terms
    field(made, 0, "rate day").input.setCurrentText("the end of the quarter")
    assert now().rate_day is RateDay.QUARTER_END


def test_months_of_a_clawback_and_the_ramp_of_the_roster(terms, qtbot):
    made, now = terms
    field(made, 3, "clawback").input.click()
    type_into(qtbot, field(made, 3, "clawback months").input, "12")
    assert now().clawback.months == 12
    field(made, 4, "proration").input.click()
    field(made, 4, "roster ramp").input.click()
    assert now().proration.roster_ramp
    type_into(qtbot, field(made, 4, "ramp").input, "25; 50")
    assert not field(made, 4, "roster ramp").isVisible()


def test_a_fault_of_the_terms_stands_beside_its_field(terms, qtbot):
    made, _now = terms
    type_into(qtbot, field(made, 1, "instalments").input, "50; 25")
    assert "75 % together" in field(made, 1, "instalments").message()
    type_into(qtbot, field(made, 2, "draw").input, "1000")
    type_into(qtbot, field(made, 2, "draw first").input, "0")
    assert "Periods count from 1" in field(made, 2, "draw first").message()


def every_field(kind):
    """The names of the fields of a record's class."""
    return {each.name for each in dataclasses.fields(kind)}


def test_everything_a_plan_can_say_has_a_field(blocks, terms):
    made, _now = blocks(Component("C", RateTable.flat(50_000)))
    bound = {name.replace(" ", "_") for block in made.blocks for name in block.bound}
    elsewhere = {"rates", "factors"}  # the tables of tiers and factors
    assert every_field(Component) - elsewhere <= bound
    assert {f"due_{name}" for name in every_field(Timing)} <= bound
    assert {f"other_{name}" for name in every_field(RateTable) - {"tiers"}} <= bound
    whole = {name.replace(" ", "_") for block in terms[0].blocks for name in block.bound}
    renamed = {"effective_to": "effective_dates", "release_after": "release"}
    for name in every_field(Plan) - {"components", "terms"} | every_field(PayTerms):
        assert renamed.get(name, name) in whole, name
    for kind, names in (
        (Draw, {"amount": "draw", "kind": "draw_kind", "first": "draw_first", "last": "draw_last",
                "forgiven_after": "forgiven"}),
        (Clawback, {"window_days": "clawback_window", "share": "clawback_share", "rate": "clawback_rate",
                    "months": "clawback_months"}),
        (Proration, {"quota": "of_quotas", "target": "of_targets"}),
    ):  # fmt: skip
        for name in every_field(kind):
            assert names.get(name, name) in whole, (kind, name)


def test_more_cells_take_what_stood_before_them():
    old = Lookup((Axis(AxisKind.FORMULA, "a", (0, 1)), Axis(AxisKind.FORMULA, "b", (0, 1))), (1, 2, 3, 4))
    wider = resized(old, (old.axes[0], Axis(AxisKind.FORMULA, "b", (0, 1, 2))))
    assert wider.values == (1, 2, 2, 3, 4, 4)
    assert resized(wider, old.axes).values == old.values
    assert LookupTable(Formats(), (AxisKind.FORMULA,)).table.rowCount() == 0


def test_pay_in_parts_is_typed_as_shares(qtbot):
    made = PlanBlocks(Formats())
    qtbot.addWidget(made)
    while made.build_next():
        pass
    made.show()
    kept = []
    made.edited.connect(kept.append)
    plan = Plan("P", "USD", dt.date(2026, 1, 1), (Component("C", RateTable.flat(50_000)),))
    made.show_plan(plan, (), editable=True)
    parts = made.blocks[1].bound["instalments"].field
    assert parts.read() == ()
    parts.input.setFocus()
    qtbot.keyClicks(parts.input, "50; 25; 25")
    assert kept[-1].terms.instalments == (500_000, 250_000, 250_000)
