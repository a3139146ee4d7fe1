"""The Territories tab in a real window on a small sample company, clicked and typed through."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from salesops_desktop.jobs.workspaces import Workspace
from salesops_desktop.ui.tabs.confirming import Confirm
from salesops_desktop.ui.tabs.territories.compare_dialog import CompareDialog

LONGEST = 0.05
"""Seconds of the UI thread's own processor time between two ticks of its loop."""


@pytest.fixture
def tab(make_window, qtbot, small_sample):
    window = make_window(small_sample, size=(1366, 768))
    view = window.show_tab("territories")
    rest(window, qtbot)
    return window, view


def rest(window, qtbot):
    qtbot.waitUntil(lambda: not window.runner.busy, timeout=60_000)
    QApplication.processEvents()


def click(qtbot, button):
    assert button.isVisible(), button.text()
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def designed(window, view, qtbot):
    click(qtbot, view.design_button)
    qtbot.waitUntil(lambda: not view.presenter.state.designing, timeout=60_000)
    rest(window, qtbot)
    return view.presenter.state


def names_shown(view):
    return list(view.balance.grid.table["territory"].values)


def account_at(view, row):
    """Where an account is drawn, in the map's own pixels."""
    left, top = view.map.window_shown.to_screen(view.map._px, view.map._py)
    return QPoint(round(float(left[row])), round(float(top[row])))


def test_one_click_designs(tab, qtbot):
    window, view = tab
    assert view.picker.currentText() == "Today's owners"
    assert not view.current_button.isEnabled()
    state = designed(window, view, qtbot)
    assert view.picker.currentText() == "Design 1 (draft)"
    assert view.presenter.state.chosen == state.shown.report.scenario
    assert len(names_shown(view)) == len(state.shown.picture.names)
    assert window.commands.action("undo").text() == "Undo Design territories"
    assert {row.accessibleName().split(":")[0] for row in view.balance.figures.rows.values()} >= {
        "Potential off target, at most",
        "Accounts that change hands",
    }
    window.commands.trigger("undo")
    rest(window, qtbot)
    assert view.picker.currentText() == "Today's owners"
    assert view.picker.count() == 1


@pytest.mark.slow  # seconds of the processor: they mean something on a quiet machine only
def test_designing_leaves_the_window_awake(tab, qtbot, probe):
    window, view = tab
    probe.start()
    designed(window, view, qtbot)
    qtbot.wait(50)
    probe.stop()
    assert probe.busiest < LONGEST


def test_settings_reach_the_design(tab, qtbot):
    window, view = tab
    click(qtbot, view.rail.button("design"))
    click(qtbot, view.wishes.more)
    view.wishes.name.input.setText("Tight")
    tolerance = view.wishes.measures.tolerances["potential"]
    tolerance.input.setText("500")
    click(qtbot, view.design_button)
    assert not view.presenter.state.designing
    assert "0.5 to 100" in tolerance.message()
    tolerance.input.setText("30")
    view.wishes.measures.checks["workload"].input.setChecked(False)
    designed(window, view, qtbot)
    assert view.picker.currentText() == "Tight (draft)"
    assert view.wishes.name.input.text() == ""
    wishes = view.presenter.state.shown.report.wishes
    assert [(measure.text, measure.tolerance) for measure in wishes.asked()] == [("potential", 0.3)]


def test_a_territory_in_the_table_stands_out_on_the_map(tab, qtbot):
    _, view = tab
    grid = view.balance.grid.view
    index = view.balance.grid.model.index(1, 0)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualRect(index).center())
    picked = view.presenter.state.selection
    assert picked.territories == (names_shown(view)[1],)
    bright = np.isin(view.map.points.group, sorted(view.map._marks.bright))
    assert bright.sum() == len(picked.accounts)
    assert set(view.map.points.keys[bright]) == set(picked.accounts)
    assert names_shown(view)[1] in view.selection.words.text()
    click(qtbot, view.selection.clear_button)
    assert view.presenter.state.selection.accounts == ()
    assert view.balance.grid.selected_records() == []
    assert not view.map._marks.bright
    assert not view.selection.clear_button.isVisible()


def test_an_account_on_the_map_is_found_in_the_tables(tab, qtbot):
    _, view = tab
    qtbot.waitUntil(lambda: view.map.at_rest, timeout=20_000)
    row = next(r for r in range(len(view.map._px)) if view.map.point_at(QPointF(account_at(view, r))) == r)
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=account_at(view, row))
    key = int(view.presenter.state.shown.picture.keys[row])
    assert view.presenter.state.selection.accounts == (key,)
    held = view.presenter.state.selection.held_by[0][0]
    assert [names_shown(view)[r] for r in view.balance.grid.selected_records()] == [held]
    click(qtbot, view.rail.button("accounts"))
    assert view.tables.accounts.selected_keys() == [key]
    assert "1 account picked" in view.selection.words.text()


def test_accounts_drawn_around_are_moved_and_brought_back(tab, qtbot):
    window, view = tab
    designed(window, view, qtbot)
    qtbot.waitUntil(lambda: view.map.at_rest, timeout=20_000)
    view.map.set_tool("rectangle")
    size = view.map.rect()
    qtbot.mousePress(view.map, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    qtbot.mouseMove(view.map, QPoint(40, 40))
    qtbot.mouseMove(view.map, QPoint(size.width() - 2, size.height() - 2))
    qtbot.mouseRelease(view.map, Qt.MouseButton.LeftButton, pos=QPoint(size.width() - 2, size.height() - 2))
    picked = view.presenter.state.selection.accounts
    assert len(picked) > 10
    assert not view.selection.move_button.isEnabled()
    view.selection.target.setCurrentIndex(0)
    target = view.selection.target.currentText()
    click(qtbot, view.selection.move_button)
    rest(window, qtbot)
    assert view.presenter.state.selection.held_by == ((target, len(picked)),)
    assert target in window.commands.action("undo").text()
    window.commands.trigger("undo")
    rest(window, qtbot)
    assert len(view.presenter.state.selection.held_by) > 1


def test_the_hand_over_is_exported_with_a_picture_of_the_map(tab, qtbot, tmp_path):
    window, view = tab
    designed(window, view, qtbot)
    out = tmp_path / "handover.xlsx"
    view.export(out)
    rest(window, qtbot)
    with zipfile.ZipFile(out) as book:
        pictures = [name for name in book.namelist() if name.endswith(".png")]
        assert len(pictures) == 1
        assert len(set(QImage.fromData(book.read(pictures[0])).bits().tobytes())) > 50
    assert "Exported to" in window.messages.messages[0].text


def test_a_scenario_is_made_current_after_asking(tab, qtbot):
    window, view = tab
    state = designed(window, view, qtbot)
    moves = len(state.shown.report.handover)
    assert moves > 0
    click(qtbot, view.current_button)
    dialog = window.findChild(Confirm)
    assert f"{moves:,} accounts" in dialog.accessibleDescription()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    rest(window, qtbot)
    assert view.picker.currentText() == "Design 1 (current)"
    assert not view.current_button.isEnabled()
    assert len(view.presenter.state.shown.report.handover) == 0


def test_a_figure_leads_to_the_table_behind_it(tab, qtbot):
    window, view = tab
    designed(window, view, qtbot)
    qtbot.mouseClick(view.balance.figures.rows["Accounts that change hands"], Qt.MouseButton.LeftButton)
    assert view.tables.currentWidget() is view.tables.changes
    assert len(view.tables.changes.table) == len(view.presenter.state.shown.report.handover)
    click(qtbot, view.rail.button("balance"))
    card = view.balance.figures.rows["Largest deviation in potential"]
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert view.rail.current == "balance"
    shown = view.balance.grid.table_as_seen()["potential_off"].values
    assert list(shown) == sorted(shown, reverse=True)


def test_by_keyboard_alone(tab, qtbot):
    window, view = tab
    view.design_button.setFocus()
    qtbot.keyClick(view.design_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not view.presenter.state.designing, timeout=60_000)
    rest(window, qtbot)
    grid = view.balance.grid.view
    grid.setFocus()
    grid.setCurrentIndex(view.balance.grid.model.index(0, 0))
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    first = view.presenter.state.selection
    assert first.territories == (names_shown(view)[1],)
    target = view.selection.target
    target.setFocus()
    qtbot.keyClick(target, Qt.Key.Key_Down)
    view.selection.move_button.setFocus()
    qtbot.keyClick(view.selection.move_button, Qt.Key.Key_Space)
    rest(window, qtbot)
    assert view.presenter.state.selection.held_by == ((names_shown(view)[0], len(first.accounts)),)


def test_an_empty_workspace_says_what_is_needed(make_window, qtbot, tmp_path):
    path = tmp_path / "Empty.salesops"
    Workspace.create(path, currency="USD").close()
    window = make_window(path)
    view = window.show_tab("territories")
    rest(window, qtbot)
    assert view.pages.currentWidget() is view.nothing
    assert "Import accounts." in view.nothing.accessibleDescription()
    assert view.nothing.buttons[0].text() == "Import…"


def test_a_workspace_opened_for_reading_offers_no_change(make_window, qtbot, small_sample):
    window = make_window()
    window.open_workspace(small_sample, read_only=True)
    qtbot.waitUntil(lambda: window.session.is_open, timeout=30_000)
    view = window.show_tab("territories")
    rest(window, qtbot)
    assert not view.design_button.isEnabled()
    assert not view.selection.move_button.isVisible()


def test_a_selection_is_dragged_to_another_territory_and_every_figure_follows(tab, qtbot, probe):
    window, view = tab
    designed(window, view, qtbot)
    qtbot.waitUntil(lambda: view.presenter.state.editable and view.map.at_rest, timeout=60_000)
    shown = view.presenter.state.shown
    rows = [r for r in range(len(shown.picture.keys)) if view.map.point_at(QPointF(account_at(view, r))) == r]
    first = rows[0]
    other = next(r for r in rows if shown.picture.place[r] not in (shown.picture.place[first], -1))
    key, target = int(shown.picture.keys[first]), shown.picture.names[shown.picture.place[other]]
    qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=account_at(view, first))
    start, end = account_at(view, first), account_at(view, other)
    before = view.balance.grid.table
    probe.start()
    qtbot.mousePress(view.map, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view.map, (start + end) / 2)
    qtbot.mouseMove(view.map, end)
    card = view.map.carry.card
    assert target in card.title
    assert any("Distance" in text for text, _ in card.lines)
    qtbot.mouseRelease(view.map, Qt.MouseButton.LeftButton, pos=end)
    state = view.presenter.state
    assert state.live is not None  # at once: what is stored comes later
    assert state.selection.held_by == ((target, 1),)
    assert view.map.points.group[first] == shown.picture.place[other]
    assert view.balance.grid.table["accounts"].values.tolist() != before["accounts"].values.tolist()
    rest(window, qtbot)
    probe.stop()
    assert view.presenter.state.live is None
    assert view.presenter.state.editable
    accounts = view.presenter.state.shown.report.accounts
    assert accounts["territory"].values[list(accounts.keys).index(key)] == target
    window.commands.trigger("undo")
    rest(window, qtbot)
    assert view.presenter.state.shown.picture.place[first] == shown.picture.place[first]
    assert view.presenter.state.editable


def test_why_an_account_is_here_and_what_is_locked_stays(tab, qtbot):
    window, view = tab
    designed(window, view, qtbot)
    qtbot.waitUntil(lambda: view.presenter.state.editable, timeout=60_000)
    picture = view.presenter.state.shown.picture
    click(qtbot, view.rail.button("why"))
    pane = view.rail.pane("why")
    assert "Pick one account" in pane.said.text
    view.presenter.pick_accounts([int(picture.keys[0])])
    rest(window, qtbot)
    assert pane.title.text().endswith(picture.names[picture.place[0]])
    options = pane.grid.table["territory"].values
    assert len(options) > 0
    pane.grid.select_keys([0])
    click(qtbot, pane.move_button)
    rest(window, qtbot)
    assert view.presenter.state.selection.held_by[0][0] == options[0]
    click(qtbot, view.rail.button("balance"))
    view.presenter.pick_territories([picture.names[0]])
    click(qtbot, view.balance.lock_button)
    rest(window, qtbot)
    kept = set(view.presenter.state.shown.picture.keys_in([picture.names[0]]))
    click(qtbot, view.balance.redo_button)
    qtbot.waitUntil(lambda: not view.presenter.state.designing, timeout=60_000)
    rest(window, qtbot)
    assert view.picker.currentText() == "Design 2 (draft)"
    assert set(view.presenter.state.shown.picture.keys_in([picture.names[0]])) == kept


def test_scenarios_are_copied_named_compared_and_deleted(tab, qtbot):
    window, view = tab
    designed(window, view, qtbot)
    click(qtbot, view.rail.button("scenarios"))
    pane = view.rail.pane("scenarios")
    click(qtbot, pane.copy_button)
    rest(window, qtbot)
    assert list(pane.grid.table["name"].values) == ["Copy 1", "Design 1", "Today's owners"]
    pane.grid.select_keys([2])
    click(qtbot, pane.rename_button)
    dialog = next(d for d in window.findChildren(Confirm) if d.isVisible())
    dialog.form.fields["name"].input.setText("Plan B")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    rest(window, qtbot)
    assert pane.grid.table["name"].values[0] == "Plan B"
    pane.grid.select_keys([1, 0])
    click(qtbot, pane.compare_button)
    rest(window, qtbot)
    side = next(d for d in window.findChildren(CompareDialog) if d.isVisible())
    assert list(side.figures.table["scenario"].values) == ["Today's owners", "Design 1"]
    differing = side.table_of("differences")
    assert len(differing) == len(view.presenter.state.shown.report.handover) or len(differing) > 0
    side.tables.grids["differences"].select_keys([int(differing.keys[0])])
    assert side.maps[0].selected_keys() == side.maps[1].selected_keys() == [int(differing.keys[0])]
    side.maps[0].zoom(2.0)
    assert side.maps[1].window_shown.scale == side.maps[0].window_shown.scale
    side.close()
    pane.grid.select_keys([2])
    click(qtbot, pane.delete_button)
    rest(window, qtbot)
    assert view.picker.findText("Plan B (draft)") < 0


def test_quotas_rules_and_plans_of_a_scenario(tab, qtbot):
    window, view = tab
    designed(window, view, qtbot)
    click(qtbot, view.rail.button("quotas"))
    rest(window, qtbot)
    pane = view.rail.pane("quotas")
    lines = pane.tables.grids["lines"].table
    assert len(lines) == len(view.presenter.state.shown.picture.names)
    click(qtbot, pane.set_button)
    rest(window, qtbot)
    assert pane.presenter.state.report.stored > 0
    assert pane.presenter.state.report.total == int(lines["quota"].values.sum())
    click(qtbot, view.rail.button("rules"))
    rules = view.rail.pane("rules")
    click(qtbot, rules.make_button)
    rest(window, qtbot)
    assert len(rules.tables.grids["rules"].table) > 0
    click(qtbot, view.rail.button("scenarios"))
    scenarios = view.rail.pane("scenarios")
    click(qtbot, scenarios.plans_button)
    rest(window, qtbot)
    assert scenarios.strip.isVisible()
    qtbot.keyClick(scenarios.strip, Qt.Key.Key_Right)
    assert scenarios.strip.chosen == 1
    assert scenarios.strip.accessibleDescription().startswith("Plan 2")
    click(qtbot, scenarios.take_button)
    rest(window, qtbot)
    assert view.presenter.state.shown.report.scenario == 2


def test_settings_are_suggested_with_their_reasons(tab, qtbot):
    window, view = tab
    click(qtbot, view.rail.button("design"))
    click(qtbot, view.wishes.suggest_button)
    rest(window, qtbot)
    assert view.wishes.why.text()
    assert view.wishes.fields["boundary"].message()
    asked = view.wishes.wishes().asked
    assert any(measure.startswith("potential:") for measure in asked["measures"])


def test_heat_and_sizes_are_chosen_on_the_map(tab, qtbot):
    _, view = tab
    qtbot.waitUntil(lambda: view.map.at_rest, timeout=30_000)
    sizes = view.map.points.size.copy()
    qtbot.keyClick(view.map.layers.sizes, Qt.Key.Key_End)
    view.map.layers.changed.emit()
    assert len(set(view.map.points.size.tolist())) == 1 < len(set(sizes.tolist()))
    view.map.layers.colour.setCurrentIndex(view.map.layers.colour.findData("white_space"))
    view.map.layers.changed.emit()
    qtbot.waitUntil(lambda: view.map.at_rest, timeout=30_000)
    legend = view.map._legend_now()
    assert legend.title.startswith("White space per 1")
    assert legend.title.endswith("000 km²")
    assert "$" in legend.marks[-1]
