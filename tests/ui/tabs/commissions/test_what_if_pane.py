"""What-if, comparison and assignment in a real window: dragged, clicked, typed, undone."""

from __future__ import annotations

import time

import openpyxl
import pytest
from PySide6.QtCore import Qt

from tests.ui.tabs.commissions.driving import asked, click, enter, press_enter, rest

REP, OVERLAY = "Rep plan USD", "Overlay plan USD"


@pytest.fixture
def sliders(tab, qtbot):
    window, view = tab
    enter(view, view.what_if, window, qtbot)
    qtbot.waitUntil(lambda: view.what_if.presenter.state.people is not None, timeout=30_000)
    return window, view, view.what_if


def pull(pane, name, value, qtbot):
    """Move a slider by the keyboard, and wait for the answer that is its position's."""
    slider = pane.levers.sliders[name]
    slider.setFocus()
    while slider.value() != value:
        qtbot.keyClick(slider, Qt.Key.Key_Right if slider.value() < value else Qt.Key.Key_Left)
    awaited(pane, qtbot)


def awaited(pane, qtbot):
    state = lambda: pane.presenter.state  # noqa: E731  # read as one line
    qtbot.waitUntil(lambda: state().look.scenario == pane.presenter._scenario(), timeout=30_000)


def test_sliders_show_pay_cost_and_people_at_once(sliders, qtbot):
    window, _view, pane = sliders
    before = pane.presenter.state.look.currencies[0]
    assert before.now == before.then
    pull(pane, "rates", 110, qtbot)
    one = next(c for c in pane.presenter.state.look.currencies if c.currency == pane.presenter.state.currency)
    assert one.then > one.now
    card = pane.strip.cards[f"pay {one.currency}"]
    assert pane.presenter.state.look.currencies
    assert card.isVisible()
    assert pane.strip.cards["cost"].isVisible()
    qtbot.waitUntil(lambda: len(pane.people.table) > 0, timeout=30_000)
    gain = sum(c.gain for c in pane.presenter.state.look.currencies)
    assert len(pane.people.table) == gain
    click(qtbot, pane.check_button)
    rest(window, qtbot)
    assert "to the last minor unit" in pane.note.text()
    click(qtbot, pane.reset_button)
    awaited(pane, qtbot)
    assert pane.presenter.state.look.currencies[0].then == before.now
    assert not pane.take_button.isEnabled()


def test_what_pays_a_sum_is_found_for_the_person_in_view(tab, qtbot):
    window, view = tab
    person = str(view.presenter.state.people["person"].values[0])
    click(qtbot, view.goal_button)
    goal = view.what_if.goal
    qtbot.waitUntil(lambda: goal.person.isVisible() and goal.person.read() == person, timeout=30_000)
    rest(window, qtbot)
    goal.amount.input.setText("900000")
    click(qtbot, goal.find_button)
    rest(window, qtbot)
    assert "one unit less pays" in goal.answer.text()


def test_a_drag_is_answered_on_the_way_and_ends_where_it_ends(sliders, qtbot):
    _window, _view, pane = sliders
    answers = []
    become = pane.presenter._become  # what is shown is counted

    def counted(state):
        if state.look is not pane.presenter.state.look:
            answers.append(time.perf_counter())
        become(state)

    pane.presenter._become = counted
    slider = pane.levers.sliders["quotas"]
    for value in range(100, 140):
        slider.setValue(value)
        qtbot.wait(5)
    awaited(pane, qtbot)
    assert pane.presenter.state.look.scenario.quotas == 1_390_000
    assert len(answers) >= 2  # how many a second is measured by the benchmark


def test_one_plan_with_a_cap_is_taken_into_the_editor_and_saved(sliders, qtbot):
    window, view, pane = sliders
    pane.plan.setCurrentIndex(pane.plan.findData(REP))
    pane.plan.activated.emit(pane.plan.currentIndex())
    awaited(pane, qtbot)
    assert pane.levers.sliders["cap"].isEnabled()
    pull(pane, "cap", 20, qtbot)
    cap = pane.levers.cap
    assert cap is not None
    promised = {c.currency: c.then for c in pane.presenter.state.look.currencies}
    click(qtbot, pane.take_button)
    rest(window, qtbot)
    assert view.rooms.currentWidget() is view.plans
    assert view.plans.presenter.state.plan.components[0].cap == cap
    assert view.plans.presenter.state.dirty
    qtbot.waitUntil(view.plans.save_button.isVisible, timeout=30_000)  # blocks are built one in each turn of the loop
    click(qtbot, view.plans.save_button)
    rest(window, qtbot)
    before = pane.presenter.state.prepared
    enter(view, view.what_if, window, qtbot)
    qtbot.waitUntil(lambda: pane.presenter.state.prepared is not before, timeout=30_000)
    qtbot.waitUntil(lambda: pane.presenter.state.look is not None, timeout=30_000)
    assert {c.currency: c.now for c in pane.presenter.state.look.currencies} == promised


def test_two_runs_and_two_plans_stand_side_by_side(tab, qtbot, tmp_path):
    window, view = tab
    pane = view.compare
    enter(view, pane, window, qtbot)
    qtbot.waitUntil(lambda: pane.found is not None, timeout=30_000)
    assert (pane.found.first, pane.found.second) == ("2026-08", "2026-09")
    assert len(pane.grids["people"].table) == len(pane.found.people)
    assert "people gain" in pane.sentence.text()
    assert pane.found.people["deals"].values[0].startswith("T-")
    pane.kind.setCurrentIndex(1)
    pane.kind.activated.emit(1)
    rest(window, qtbot)
    assert pane.period.isVisible()
    pane.first.setCurrentIndex(pane.first.findData(REP))
    pane.second.setCurrentIndex(pane.second.findData(OVERLAY))
    pane.second.activated.emit(pane.second.currentIndex())
    rest(window, qtbot)
    assert (pane.found.first, pane.found.second) == (REP, OVERLAY)
    pane.export(tmp_path / "Compared.xlsx")
    rest(window, qtbot)
    book = openpyxl.load_workbook(tmp_path / "Compared.xlsx", read_only=True)
    assert {"Totals", "People", "Components", "Checks"} <= set(book.sheetnames)
    assert pane.export_button.isEnabled()


def test_people_are_assigned_in_bulk_found_without_a_plan_and_it_is_undone(tab, qtbot):
    window, view = tab
    pane = view.assignments
    enter(view, pane, window, qtbot)
    before = pane.found
    rows = [i for i, plan in enumerate(before.people["plan"].values) if plan == REP][:2]
    assert not pane.assign_button.isEnabled()
    pane.people.select_keys(rows)
    names = [str(before.people["person"].values[i]) for i in rows]
    assert pane.selected_names() == names
    click(qtbot, pane.end_button)
    press_enter(window, qtbot)
    assert pane.found.without == before.without + 2
    click(qtbot, pane.strip.cards["no plan"])
    assert pane.people.is_filtered()
    click(qtbot, pane.strip.cards["no plan"])
    assert not pane.people.is_filtered()
    window.commands.trigger("undo")
    rest(window, qtbot)
    assert pane.found.without == before.without
    click(qtbot, pane.bulk_button)
    dialog = asked(window)
    dialog.form.fields["role"].set_value("overlay")
    dialog.form.fields["plan"].set_value(REP)
    dialog.form.fields["beside"].set_value(True)
    press_enter(window, qtbot)
    assert pane.found.several > before.several
