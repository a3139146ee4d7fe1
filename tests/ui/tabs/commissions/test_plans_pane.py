"""The plan editor in a real window: clicked, typed in, saved, undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from salesops_desktop.ui.tabs.commissions.plan_presenter import WHOLE
from salesops_desktop.ui.tabs.commissions.tier_table import FROM, PAYS, UP_TO
from tests.ui.tabs.commissions.driving import asked, click, rest

LONGEST = 0.05
"""Seconds of the UI thread's own processor time between two ticks of its loop."""


@pytest.fixture
def pane(tab, qtbot):
    window, view = tab
    view.rooms.setCurrentWidget(view.plans)
    qtbot.waitUntil(lambda: on_screen(view.plans), timeout=30_000)
    take(view.plans, "Rep plan USD", 0)
    return window, view.plans


def on_screen(plans):
    """Whether the tree shows what the presenter has in hand."""
    item, state = plans.tree.currentItem(), plans.presenter.state
    return item is not None and item.data(0, Qt.ItemDataRole.UserRole) == (state.number, state.place)


def take(plans, name, place):
    entry = next(e for e in plans.presenter.state.book.entries if e.plan.name == name)
    for i in range(plans.tree.topLevelItemCount()):
        top = plans.tree.topLevelItem(i)
        if top.data(0, Qt.ItemDataRole.UserRole)[0] == entry.id:
            plans.tree.setCurrentItem(top if place == WHOLE else top.child(place))
    assert plans.presenter.state.number == entry.id
    assert plans.presenter.state.place == place
    for _ in range(8):  # blocks are built one in each turn of the loop
        QApplication.processEvents()
    return entry


def type_into(qtbot, field, text, delay=-1):
    field.input.setFocus()
    field.input.selectAll()
    qtbot.keyClicks(field.input, text, delay=delay)


def bound(plans, block, name):
    return plans.component_blocks.blocks[block].bound[name].field


def type_cell(plans, row, column, text):
    model = plans.component_blocks.tiers.model
    return model.setData(model.index(row, column), text)


def test_a_rate_is_edited_seen_saved_and_undone(pane, qtbot):
    window, plans = pane
    before = plans.presenter.state.entry.plan
    drawn = plans.curve.chart.content.series[0].y[-1]
    assert not plans.save_button.isEnabled()
    assert type_cell(plans, 0, PAYS, "10 %")
    assert plans.presenter.state.plan.components[0].rates.tiers[0].rate == 100_000
    assert "pays 10 % up to 100 %" in plans.curve.sentence.text()
    assert plans.curve.chart.content.series[0].y[-1] > drawn
    assert [mark.text for mark in plans.curve.chart.content.markers] == ["100\xa0%", "120\xa0%"]
    assert plans.tree.currentItem().parent().text(0).endswith("•")
    click(qtbot, plans.save_button)
    rest(window, qtbot)
    assert not plans.presenter.state.dirty
    assert plans.presenter.state.entry.plan.components[0].rates.tiers[0].rate == 100_000
    window.commands.trigger("undo")
    rest(window, qtbot)
    assert plans.presenter.state.entry.plan == before


def test_a_formula_is_checked_as_it_is_typed(pane, qtbot):
    _window, plans = pane
    field = bound(plans, 0, "filter")
    type_into(qtbot, field, "[Prodct] = 1")
    assert "no field called [Prodct]" in field.message()
    assert plans.presenter.state.errors
    assert not plans.save_button.isEnabled()
    type_into(qtbot, field, '[Product] = "Core"')
    assert field.message() == "Product is “Core”"
    assert "where Product is “Core”" in plans.curve.sentence.text()
    assert plans.save_button.isEnabled()
    click(qtbot, plans.discard_button)
    assert not plans.presenter.state.dirty
    assert field.read() is None


def test_bounds_that_touch_move_together_and_tiers_come_and_go(pane, qtbot):
    _window, plans = pane
    tiers = plans.component_blocks.tiers
    assert type_cell(plans, 0, UP_TO, "90 %")
    assert tiers.model.tiers[1].lower == 900_000
    assert type_cell(plans, 2, FROM, "150 %")
    assert tiers.model.tiers[1].upper == 1_500_000
    assert not type_cell(plans, 0, PAYS, "much")
    assert "much" in plans.component_blocks.tier_message.text()
    click(qtbot, tiers.add_button)
    assert tiers.model.rowCount() == 4
    tiers.view.setCurrentIndex(tiers.model.index(1, 0))
    click(qtbot, tiers.remove_button)
    found = plans.presenter.state.component.rates.tiers
    assert [(t.lower, t.upper) for t in found] == [(0, 1_500_000), (1_500_000, 1_750_000), (1_750_000, None)]
    assert not plans.presenter.state.errors


def test_a_finding_stands_beside_its_field(pane):
    _window, plans = pane
    window_field = bound(plans, 0, "window")
    window_field.input.setCurrentText("line, each alone")
    assert "no quota" in window_field.message()
    mode = bound(plans, 1, "mode")
    window_field.input.setCurrentText("quarter")
    assert window_field.message() == ""
    mode.input.setCurrentText("the rate reached for all (retroactive)")
    assert "raises the pay" in plans.component_blocks.blocks[1].notes.text()


def test_a_plan_is_made_from_a_template_and_removed(pane, qtbot):
    window, plans = pane
    click(qtbot, plans.new_button)
    dialog = asked(window)
    dialog.form.fields["template"].input.setCurrentText("New hire with a draw")
    click(qtbot, dialog.yes)
    rest(window, qtbot)
    assert plans.presenter.state.plan.name == "New hire with a draw"
    take(plans, "New hire with a draw", WHOLE)
    assert "topped up to it in periods 1 to 6" in plans.curve.sentence.text()
    draw = plans.plan_blocks.blocks[2].bound["draw"].field
    type_into(qtbot, draw, "3500")
    assert plans.presenter.state.plan.terms.draw.amount == 350_000
    click(qtbot, plans.save_button)
    rest(window, qtbot)
    click(qtbot, plans.remove_button)
    click(qtbot, asked(window).yes)
    rest(window, qtbot)
    assert "New hire with a draw" not in [e.plan.name for e in plans.presenter.state.book.entries]


def test_a_plan_goes_to_a_file_and_comes_back(pane, qtbot, tmp_path):
    window, plans = pane
    before = plans.presenter.state.entry.plan
    plans.asks.write_to(tmp_path / "plan.json")
    rest(window, qtbot)
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    (tmp_path / "other.json").write_text(text.replace(before.name, "Copied plan"), encoding="utf-8")
    plans.asks.read_from(tmp_path / "other.json")
    rest(window, qtbot)
    found = {e.plan.name: e.plan for e in plans.presenter.state.book.entries}
    assert found["Copied plan"].components == before.components


def test_a_component_is_added_named_and_taken_out(pane, qtbot):
    _window, plans = pane
    click(qtbot, plans.add_button)
    assert plans.presenter.state.component.name == "New component"
    type_into(qtbot, bound(plans, 0, "name"), "Bonus")
    assert plans.tree.currentItem().text(0) == "Bonus"
    click(qtbot, plans.remove_button)
    assert not plans.presenter.state.dirty


def test_a_version_begins_on_its_day(pane, qtbot):
    window, plans = pane
    assert type_cell(plans, 0, PAYS, "6 %")
    click(qtbot, plans.version_button)
    click(qtbot, asked(window).yes)
    rest(window, qtbot)
    names = [e.plan.name for e in plans.presenter.state.book.entries]
    assert sum(name.startswith("Rep plan USD") for name in names) == 2


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_editing_leaves_the_window_awake(pane, qtbot, probe):
    _window, plans = pane
    qtbot.wait(100)
    probe.start()
    for rate in ("5 %", "6 %", "7 %"):
        assert type_cell(plans, 0, PAYS, rate)
        qtbot.wait(20)
    type_into(qtbot, bound(plans, 0, "filter"), '[Family] = "Services"', delay=10)
    qtbot.wait(50)
    probe.stop()
    assert probe.busiest < LONGEST
