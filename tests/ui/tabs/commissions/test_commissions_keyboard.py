"""Every room of the Commissions tab by keyboard alone: calculated, traced, compared, dragged, assigned."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.ui.tabs.commissions.driving import asked, press_enter, rest

REP = "Rep plan USD"
STEPS = 60
"""Most presses of Tab that may lead to anything in a room."""


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key where the focus is."""
    target = QApplication.focusWidget() or window
    qtbot.keyClick(target, key, modifier)
    QApplication.processEvents()


def reach(qtbot, window, widget):
    """Press Tab until the focus is in a widget."""
    for _ in range(STEPS):
        focused = QApplication.focusWidget()
        if focused is not None and (focused is widget or widget.isAncestorOf(focused)):
            return
        press(qtbot, window, Qt.Key.Key_Tab)
    name = widget.accessibleName() or type(widget).__name__
    pytest.fail(f"Tab never leads to {name}.")


def go(qtbot, window, view, letter, room):
    press(qtbot, window, letter, Qt.KeyboardModifier.AltModifier)
    assert view.rooms.currentWidget() is room
    rest(window, qtbot)


def answer(qtbot, window):
    """Say yes to what is asked."""
    press_enter(window, qtbot)
    window.activateWindow()  # as a window manager does when a dialog closes
    qtbot.waitUntil(window.isActiveWindow, timeout=30_000)


def test_runs_are_calculated_traced_and_compared(tab, qtbot):
    window, view = tab
    reach(qtbot, window, view.people.view)
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_Return)
    assert view.lines.view.hasFocus()
    person = view.presenter.state.people["person"].values[view.presenter.state.person]
    assert view.lines_title.text().startswith(str(person))
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(view.trace.table.hasFocus, timeout=30_000)
    number = int(view.lines.table["number"].values[view.lines.selected_records()[0]])
    assert view.presenter.state.trace.line == number

    reach(qtbot, window, view.calculate_button)
    press(qtbot, window, Qt.Key.Key_Space)
    dialog = asked(window)
    assert dialog.form.fields["period"].input.currentText() == "2026-09"
    for name in ("pay_on", "cliffs", "waive"):
        reach(qtbot, dialog, dialog.form.fields[name].input)
    answer(qtbot, window)
    assert {run.period for run in view.presenter.state.desk.runs} == {"2026-08", "2026-09"}

    pane = view.compare
    go(qtbot, window, view, Qt.Key.Key_M, pane)
    qtbot.waitUntil(lambda: pane.found is not None, timeout=30_000)
    before = (pane.found.first, pane.found.second)
    reach(qtbot, window, pane.first)
    press(qtbot, window, Qt.Key.Key_Up if pane.first.currentIndex() else Qt.Key.Key_Down)
    reach(qtbot, window, pane.second)
    press(qtbot, window, Qt.Key.Key_Up if pane.second.currentIndex() else Qt.Key.Key_Down)
    rest(window, qtbot)
    qtbot.waitUntil(lambda: (pane.found.first, pane.found.second) == before[::-1], timeout=30_000)
    for widget in (pane.kind, pane.export_button, pane.tabs.tabBar(), pane.grids["people"].view):
        reach(qtbot, window, widget)


def test_a_slider_is_moved_and_a_person_assigned(tab, qtbot):
    window, view = tab
    what_if = view.what_if
    go(qtbot, window, view, Qt.Key.Key_W, what_if)
    qtbot.waitUntil(lambda: what_if.presenter.state.people is not None, timeout=30_000)
    slider = what_if.levers.sliders["rates"]
    reach(qtbot, window, slider)
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: all(c.then > c.now for c in what_if.presenter.state.look.currencies), timeout=30_000)
    for widget in (what_if.period, what_if.plan, what_if.reset_button, what_if.take_button, what_if.people.view):
        reach(qtbot, window, widget)

    people = view.assignments
    go(qtbot, window, view, Qt.Key.Key_L, people)
    reach(qtbot, window, people.people.view)
    press(qtbot, window, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    name = people.selected_names()[0]
    reach(qtbot, window, people.assign_button)
    press(qtbot, window, Qt.Key.Key_Space)
    dialog = asked(window)
    plan = dialog.form.fields["plan"].read()
    answer(qtbot, window)
    rows = [i for i, who in enumerate(people.found.people["person"].values) if who == name]
    assert plan in {people.found.people["plan"].values[i] for i in rows}

    plans = view.plans
    go(qtbot, window, view, Qt.Key.Key_N, plans)
    qtbot.waitUntil(plans.tree.isVisible, timeout=30_000)
    for widget in (plans.tree, plans.new_button, plans.version_button, plans.component_blocks):
        reach(qtbot, window, widget)
    reach(qtbot, window, plans.tree)
    before = plans.presenter.state.place
    press(qtbot, window, Qt.Key.Key_Down)
    assert plans.presenter.state.place != before
